#include "audio/receive/scream_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/i18n.h"

#define POLL_NS        (2 * NS_PER_MS)
#define POLL_SILENT_NS (5 * NS_PER_MS)
#define POLL_ABSENT_NS (500 * NS_PER_MS)
#define SILENT_NS      NS_PER_S
#define CHECK_NS       NS_PER_S
#define PIECE_BYTES    1152
#define BEHIND_MAX     3 /* slots: further behind, only the newest two are played */

struct scream_shm {
	char path[256];
	struct owners owners;
	int fd;
	uint64_t size;
	uint64_t checked_ns;
	uint64_t heard_ns;
	deadline poll;
	bool running;
	struct scream_shm_header header;
	unsigned next; /* slot to play next */
	uint8_t slot[SCREAM_SHM_SLOT_MAX];
	bool cutting;   /* the slot is being cut into packets */
	size_t cut;     /* bytes of it that are given away */
	unsigned later; /* slots that came with it and are younger */
};

int scream_shm_create(struct scream_shm **ret_shm, const char *path, const struct owners *owners) {
	struct scream_shm *shm = calloc(1, sizeof *shm);
	if (!shm) {
		return -ENOMEM;
	}
	shm->poll = DEADLINE_NOW;
	snprintf(shm->path, sizeof shm->path, "%s", path);
	shm->owners = *owners;
	shm->fd = -1;
	*ret_shm = shm;
	return 0;
}

static void close_file(struct scream_shm *shm) {
	if (shm->fd >= 0) {
		close(shm->fd);
		shm->fd = -1;
	}
	shm->running = false;
}

void scream_shm_destroy(struct scream_shm *shm) {
	if (shm) {
		close_file(shm);
		free(shm);
	}
}

/* The file may be made anew, or shrink. */
static int check_file(struct scream_shm *shm, uint64_t now_ns) {
	struct stat by_name;
	struct stat ours;
	if (shm->fd >= 0 && now_ns - shm->checked_ns < CHECK_NS) {
		return 0;
	}
	shm->checked_ns = now_ns;
	if (stat(shm->path, &by_name) < 0) {
		int r = -errno;
		close_file(shm);
		return r;
	}
	if (shm->fd >= 0 && (fstat(shm->fd, &ours) < 0 || ours.st_ino != by_name.st_ino ||
					    ours.st_dev != by_name.st_dev)) {
		close_file(shm);
	}
	if (shm->fd < 0) {
		shm->fd = open(shm->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (shm->fd < 0) {
			return -errno;
		}
		if (fstat(shm->fd, &ours) < 0 || !owners_trust(&shm->owners, ours.st_uid)) {
			close_file(shm);
			return -OWNER_REFUSED;
		}
	}
	shm->size = by_name.st_size > 0 ? (uint64_t)by_name.st_size : 0;
	return 0;
}

static int read_header(struct scream_shm *shm, struct scream_shm_header *ret_header) {
	uint8_t bytes[SCREAM_SHM_HEADER_BYTES];
	if (pread(shm->fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
		return -EAGAIN;
	}
	return scream_shm_parse(bytes, shm->size, ret_header);
}

static bool same_stream(const struct scream_shm_header *a, const struct scream_shm_header *b) {
	return scream_format_equal(&a->format, &b->format) && a->slots == b->slots &&
	       a->slot_bytes == b->slot_bytes && a->offset == b->offset;
}

/* Copies the next slot that the last poll saw. */
static bool read_slot(struct scream_shm *shm, uint64_t now_ns) {
	const struct scream_shm_header *header = &shm->header;
	struct scream_shm_header after;
	if (!shm->running || shm->next == (header->newest + 1) % header->slots) {
		return false;
	}
	const off_t at = (off_t)(header->offset + (uint64_t)shm->next * header->slot_bytes);
	if (pread(shm->fd, shm->slot, header->slot_bytes, at) != (ssize_t)header->slot_bytes ||
			read_header(shm, &after) < 0 || !same_stream(header, &after)) {
		shm->running = false; /* it changed under the copy */
		return false;
	}
	shm->later = (header->newest + header->slots - shm->next) % header->slots;
	shm->next = (shm->next + 1) % header->slots;
	shm->cut = 0;
	shm->cutting = true;
	shm->heard_ns = now_ns;
	return true;
}

bool scream_shm_next(struct scream_shm *shm, uint64_t now_ns, struct scream_packet *ret_packet,
		uint64_t *ret_arrived_ns) {
	if (!shm->cutting && !read_slot(shm, now_ns)) {
		return false;
	}
	const size_t bytes = shm->header.slot_bytes;
	const size_t frame = scream_frame_bytes(&shm->header.format);
	const size_t piece = PIECE_BYTES / frame * frame;
	const size_t left = bytes - shm->cut;
	*ret_packet = (struct scream_packet){
		.format = shm->header.format,
		.pcm = shm->slot + shm->cut,
		.frames = (unsigned)((left < piece ? left : piece) / frame),
	};
	/* The slot came whole: its pieces are stamped as if they had come one by one. */
	const size_t after =
			(left > piece ? left - piece : 0) / frame + shm->later * (bytes / frame);
	*ret_arrived_ns = now_ns - after * NS_PER_S / shm->header.format.rate;
	shm->cut += piece;
	shm->cutting = shm->cut < bytes;
	return true;
}

int scream_shm_poll(struct scream_shm *shm, uint64_t now_ns, char *ret_reason, size_t reason_room) {
	struct scream_shm_header header;
	shm->cutting = false;
	shm->poll = now_ns + POLL_ABSENT_NS;
	int r = check_file(shm, now_ns);
	if (r < 0) {
		snprintf(ret_reason, reason_room,
				r == -OWNER_REFUSED
						? _("%.80s belongs to a user who is not the VM's: see "
						    "--vm-owner")
						: _("no Scream memory file %.80s yet"),
				shm->path);
		return r;
	}
	shm->poll = now_ns + (now_ns - shm->heard_ns > SILENT_NS ? POLL_SILENT_NS : POLL_NS);
	r = read_header(shm, &header);
	if (r < 0) {
		shm->running = false;
		snprintf(ret_reason, reason_room,
				r == -EAGAIN ? _("no sender in %.80s")
					     : _("no Scream sound in %.80s"),
				shm->path);
		return r;
	}
	if (!shm->running || !same_stream(&header, &shm->header)) {
		shm->running = true;
		shm->header = header;
		shm->next = (header.newest + 1) % header.slots; /* what is there is of the past */
	}
	snprintf(ret_reason, reason_room, _("reading %.80s"), shm->path);
	shm->header.newest = header.newest;
	const unsigned behind = (header.newest + 1 + header.slots - shm->next) % header.slots;
	if (behind > BEHIND_MAX) {
		shm->next = (header.newest + header.slots - 1) % header.slots;
	}
	return 0;
}

deadline scream_shm_deadline(const struct scream_shm *shm) {
	return shm->poll;
}
