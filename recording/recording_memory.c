#include "recording/recording_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC  0x31434552u /* "REC1" */
#define SLOTS  3u          /* one is repeated, one waits, one is filled */
#define BLOCKS 256u        /* 2.5 s of 10 ms */
#define PAGE   4096u

enum slot_state { SLOT_FREE, SLOT_FILLED, SLOT_TAKEN };

struct slot {
	atomic_uint state; /* enum slot_state; a free one is the player's, the others the recorder's
			    */
	uint32_t rgba;
	uint64_t at_ns;
	uint64_t serial;
};

struct header {
	/* constant */
	uint32_t magic, width, height;

	/* the player writes */
	atomic_uint asked_to_end;
	_Atomic uint64_t offered, missed, sound_missed;
	_Atomic uint64_t put; /* blocks of sound */

	/* the recorder writes */
	atomic_uint ready;
	_Atomic uint64_t taken; /* blocks of sound */
	_Atomic uint64_t bytes;
	atomic_uint end; /* enum recording_end; the two below are written before */
	int32_t code;
	char text[RECORDING_TEXT_BYTES];

	struct slot slots[SLOTS];
	struct recording_block blocks[BLOCKS];
};

struct recording_memory {
	struct header *header;
	unsigned char *pixels; /* of all slots */
	size_t slot_bytes, bytes;
	uint32_t width, height;
	int fd, wake_fd;
	atomic_uint references;

	/* pg-video only */
	unsigned filling;
	uint64_t serial;
};

static size_t round_up(size_t bytes) {
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

static int map(struct recording_memory *memory, int fd, uint32_t width, uint32_t height) {
	memory->width = width;
	memory->height = height;
	memory->slot_bytes = round_up((size_t)width * height * 4);
	memory->bytes = round_up(sizeof *memory->header) + SLOTS * memory->slot_bytes;
	void *all = mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (all == MAP_FAILED) {
		return -errno;
	}
	memory->header = all;
	memory->pixels = (unsigned char *)all + round_up(sizeof *memory->header);
	return 0;
}

static bool fits(uint32_t width, uint32_t height) {
	return width > 0 && height > 0 && width <= RECORDING_SIDE_MAX &&
	       height <= RECORDING_SIDE_MAX;
}

/* ---- life ---- */

static int make(struct recording_memory *memory, uint32_t width, uint32_t height) {
	memory->fd = memfd_create("pierglass-recording", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory->fd < 0) {
		return -errno;
	}
	const size_t bytes = round_up(sizeof *memory->header) +
			     SLOTS * round_up((size_t)width * height * 4);
	if (ftruncate(memory->fd, (off_t)bytes) < 0 ||
			fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
					0) {
		return -errno;
	}
	int r = map(memory, memory->fd, width, height);
	if (r == 0) {
		memory->header->width = width;
		memory->header->height = height;
		memory->header->magic = MAGIC;
	}
	return r;
}

int recording_memory_create(struct recording_memory **ret_memory, uint32_t width, uint32_t height) {
	if (!fits(width, height)) {
		return -EINVAL;
	}
	struct recording_memory *memory = calloc(1, sizeof *memory);
	if (!memory) {
		return -ENOMEM;
	}
	memory->fd = -1;
	memory->wake_fd = -1;
	atomic_init(&memory->references, 1);
	int r = make(memory, width, height);
	if (r < 0) {
		recording_memory_unref(memory);
		return r;
	}
	*ret_memory = memory;
	return 0;
}

int recording_memory_open(struct recording_memory **ret_memory, int fd) {
	struct header header;
	struct stat st;
	const ssize_t n = pread(fd, &header, sizeof header, 0);
	if (n != (ssize_t)sizeof header || header.magic != MAGIC ||
			!fits(header.width, header.height) || fstat(fd, &st) < 0) {
		return -EBADMSG;
	}
	struct recording_memory *memory = calloc(1, sizeof *memory);
	if (!memory) {
		return -ENOMEM;
	}
	memory->fd = -1;
	memory->wake_fd = -1;
	atomic_init(&memory->references, 1);
	int r = map(memory, fd, header.width, header.height);
	if (r == 0 && (size_t)st.st_size < memory->bytes) {
		r = -EBADMSG;
	}
	if (r < 0) {
		recording_memory_unref(memory);
		return r;
	}
	*ret_memory = memory;
	return 0;
}

struct recording_memory *recording_memory_ref(struct recording_memory *memory) {
	atomic_fetch_add(&memory->references, 1);
	return memory;
}

void recording_memory_unref(struct recording_memory *memory) {
	if (!memory || atomic_fetch_sub(&memory->references, 1) > 1) {
		return;
	}
	if (memory->header) {
		munmap(memory->header, memory->bytes);
	}
	if (memory->fd >= 0) {
		close(memory->fd);
	}
	if (memory->wake_fd >= 0) {
		close(memory->wake_fd);
	}
	free(memory);
}

int recording_memory_fd(const struct recording_memory *memory) {
	return memory->fd;
}

void recording_memory_set_wake(struct recording_memory *memory, int fd) {
	memory->wake_fd = fd;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void recording_memory_size(
		const struct recording_memory *memory, uint32_t *ret_width, uint32_t *ret_height) {
	*ret_width = memory->width;
	*ret_height = memory->height;
}

static void wake(const struct recording_memory *memory) {
	if (memory->wake_fd >= 0) {
		(void)!write(memory->wake_fd, "", 1); /* full = it will look anyway */
	}
}

/* ---- pictures ---- */

unsigned char *recording_frame_begin(struct recording_memory *memory) {
	if (!atomic_load(&memory->header->ready)) {
		return NULL;
	}
	atomic_fetch_add(&memory->header->offered, 1);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (atomic_load(&memory->header->slots[i].state) == SLOT_FREE) {
			memory->filling = i;
			return memory->pixels + i * memory->slot_bytes;
		}
	}
	atomic_fetch_add(&memory->header->missed, 1);
	return NULL;
}

void recording_frame_end(struct recording_memory *memory, uint64_t at_ns, bool rgba) {
	struct slot *slot = &memory->header->slots[memory->filling];
	slot->at_ns = at_ns;
	slot->rgba = rgba;
	slot->serial = ++memory->serial;
	atomic_store(&slot->state, SLOT_FILLED);
	wake(memory);
}

void recording_frame_drop(struct recording_memory *memory) {
	atomic_fetch_add(&memory->header->missed, 1);
}

bool recording_frame_take(struct recording_memory *memory, struct recording_frame *ret_frame) {
	struct slot *oldest = NULL;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *slot = &memory->header->slots[i];
		if (atomic_load(&slot->state) == SLOT_FILLED &&
				(!oldest || slot->serial < oldest->serial)) {
			oldest = slot;
		}
	}
	if (!oldest) {
		return false;
	}
	const unsigned i = (unsigned)(oldest - memory->header->slots);
	*ret_frame = (struct recording_frame){
		.slot = i,
		.pixels = memory->pixels + i * memory->slot_bytes,
		.at_ns = oldest->at_ns,
		.rgba = oldest->rgba != 0,
	};
	atomic_store(&oldest->state, SLOT_TAKEN);
	return true;
}

void recording_frame_give_back(struct recording_memory *memory, unsigned slot) {
	atomic_store(&memory->header->slots[slot].state, SLOT_FREE);
}

/* ---- sound ---- */

static void put_block(struct header *header, const float *stereo, unsigned frames, unsigned rate,
		uint64_t at_ns) {
	const uint64_t put = atomic_load(&header->put);
	if (put - atomic_load(&header->taken) >= BLOCKS) {
		atomic_fetch_add(&header->sound_missed, frames);
		return;
	}
	struct recording_block *block = &header->blocks[put % BLOCKS];
	block->at_ns = at_ns;
	block->rate = rate;
	block->frames = frames;
	memcpy(block->stereo, stereo, frames * 2 * sizeof *stereo);
	atomic_store(&header->put, put + 1);
}

void recording_sound_put(struct recording_memory *memory, const float *stereo, unsigned frames,
		unsigned rate, uint64_t at_ns) {
	while (frames > 0 && atomic_load(&memory->header->ready)) {
		const unsigned n =
				frames < RECORDING_BLOCK_FRAMES ? frames : RECORDING_BLOCK_FRAMES;
		put_block(memory->header, stereo, n, rate, at_ns);
		stereo += (size_t)2 * n;
		frames -= n;
		at_ns = 0;
	}
}

bool recording_sound_take(struct recording_memory *memory, struct recording_block *ret_block) {
	struct header *header = memory->header;
	const uint64_t taken = atomic_load(&header->taken);
	if (atomic_load(&header->put) == taken) {
		return false;
	}
	*ret_block = header->blocks[taken % BLOCKS];
	if (ret_block->frames > RECORDING_BLOCK_FRAMES) {
		ret_block->frames = 0;
	}
	atomic_store(&header->taken, taken + 1);
	return true;
}

/* ---- beginning and end ---- */

void recording_memory_finish(struct recording_memory *memory) {
	atomic_store(&memory->header->asked_to_end, 1);
	wake(memory);
}

bool recording_is_asked_to_end(const struct recording_memory *memory) {
	return atomic_load(&memory->header->asked_to_end) != 0;
}

void recording_tell_ready(struct recording_memory *memory) {
	atomic_store(&memory->header->ready, 1);
}

void recording_tell_bytes(struct recording_memory *memory, uint64_t bytes) {
	atomic_store(&memory->header->bytes, bytes);
}

void recording_tell_end(struct recording_memory *memory, enum recording_end end, int code,
		const char *text) {
	struct header *header = memory->header;
	size_t len = strnlen(text, sizeof header->text - 1);
	memcpy(header->text, text, len);
	header->text[len] = '\0';
	header->code = code;
	atomic_store(&header->end, (unsigned)end);
}

void recording_memory_state(
		const struct recording_memory *memory, struct recording_state *ret_state) {
	struct header *header = memory->header;
	const unsigned end = atomic_load(&header->end);
	*ret_state = (struct recording_state){
		.end = end < RECORDING_END_COUNT ? (enum recording_end)end
						 : RECORDING_ENCODER_ENDED,
		.bytes = atomic_load(&header->bytes),
		.offered = atomic_load(&header->offered),
		.missed = atomic_load(&header->missed),
		.sound_missed = atomic_load(&header->sound_missed),
	};
	if (end == RECORDING_GOES_ON) {
		return;
	}
	ret_state->code = header->code;
	/* Another program wrote it: one copy, and nothing that a terminal or a font stumbles over.
	 */
	memcpy(ret_state->text, header->text, sizeof ret_state->text);
	ret_state->text[sizeof ret_state->text - 1] = '\0';
	for (char *c = ret_state->text; *c; c++) {
		if (*c < ' ' || *c > '~') {
			*c = '?';
		}
	}
}
