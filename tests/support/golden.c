#include "tests/support/golden.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/clock.h"
#include "host-proto/lgmp_layout.h"
#include "host-proto/sim/lgmp_host.h"

#define PACKED_MAX (1u << 20)
#define FRAMES     0u /* descriptor */
#define POINTERS   1u

static int unpack(const char *folder, const char *name, void *image) {
	char path[512];
	snprintf(path, sizeof path, "%s/lgmp-%s.shm.zst", folder, name);
	FILE *file = fopen(path, "rbe");
	if (!file) {
		return -errno;
	}
	void *packed = malloc(PACKED_MAX);
	const size_t size = packed ? fread(packed, 1, PACKED_MAX, file) : 0;
	fclose(file);
	const size_t got = ZSTD_decompress(image, GOLDEN_BYTES, packed, size);
	free(packed);
	return got == GOLDEN_BYTES ? 0 : -EBADMSG;
}

static uint64_t now_ms(const struct golden *golden, uint64_t now_ns) {
	return golden->base_ms + (now_ns - golden->start_ns) / NS_PER_MS;
}

/* All entries of a ring that were ever written, oldest position first. */
static unsigned collect(const struct golden *golden, const struct lgmp_layout *layout,
		unsigned queue, struct golden_message *messages) {
	unsigned char *base = shm_base(golden->shm);
	const uint64_t at = layout->queues + (uint64_t)queue * layout->queue_bytes;
	const uint32_t length = lgmp_load32(lgmp_at32(base, at + layout->ring_length));
	const uint32_t ring = lgmp_load32(lgmp_at32(base, at + layout->ring_offset));
	unsigned count = 0;
	for (uint32_t i = 0; i < length && count < GOLDEN_MESSAGES_MAX; i++) {
		const uint64_t entry = ring + (uint64_t)i * layout->entry_bytes;
		struct golden_message message = {
			.udata = lgmp_load32(lgmp_at32(base, entry + layout->entry_udata)),
			.offset = lgmp_load32(lgmp_at32(base, entry + layout->entry_offset)),
			.size = lgmp_load32(lgmp_at32(base, entry + layout->entry_size)),
		};
		if (message.size == 0 || !shm_in_range(golden->shm, message.offset, 8)) {
			continue;
		}
		message.serial = lgmp_load32(lgmp_at32(base, message.offset + 4));
		messages[count++] = message;
	}
	return count;
}

static int by_serial(const void *a, const void *b) {
	const struct golden_message *x = a;
	const struct golden_message *y = b;
	return (x->serial > y->serial) - (x->serial < y->serial);
}

/* A host that re-sends posts one frame in several entries. */
static unsigned drop_doubles(struct golden_message *messages, unsigned count) {
	unsigned kept = 0;
	for (unsigned i = 0; i < count; i++) {
		if (kept == 0 || messages[kept - 1].serial != messages[i].serial) {
			messages[kept++] = messages[i];
		}
	}
	return kept;
}

static int write_image(const char *path, const void *image) {
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return -errno;
	}
	const bool good = write(fd, image, GOLDEN_BYTES) == (ssize_t)GOLDEN_BYTES;
	close(fd);
	return good ? 0 : -EIO;
}

int golden_open(struct golden *golden, const char *folder, const char *name, const char *path,
		uint64_t now_ns) {
	memset(golden, 0, sizeof *golden);
	void *image = malloc(GOLDEN_BYTES);
	if (!image) {
		return -ENOMEM;
	}
	int r = unpack(folder, name, image);
	if (r == 0) {
		r = write_image(path, image);
	}
	free(image);
	if (r == 0) {
		r = shm_map(&golden->shm, path);
	}
	if (r < 0) {
		return r;
	}
	unsigned char *base = shm_base(golden->shm);
	const unsigned version = lgmp_load32(lgmp_at32(base, 4));
	const struct lgmp_layout *layout = lgmp_layout_find(version);
	r = layout ? lgmp_host_create(&golden->host, golden->shm, version) : -EBADMSG;
	if (r == 0) {
		r = lgmp_host_attach(golden->host);
	}
	if (r < 0) {
		golden_close(golden);
		return r;
	}
	golden->base_ms = lgmp_load64(lgmp_at64(base, layout->timestamp));
	golden->start_ns = now_ns;
	golden->frame_count = collect(golden, layout, FRAMES, golden->frames);
	golden->pointer_count = collect(golden, layout, POINTERS, golden->pointers);
	qsort(golden->frames, golden->frame_count, sizeof golden->frames[0], by_serial);
	golden->frame_count = drop_doubles(golden->frames, golden->frame_count);
	return 0;
}

void golden_close(struct golden *golden) {
	lgmp_host_destroy(golden->host);
	shm_unref(golden->shm);
	golden->host = NULL;
	golden->shm = NULL;
}

int golden_beat(struct golden *golden, uint64_t now_ns) {
	return lgmp_host_periodic(golden->host, now_ms(golden, now_ns));
}

bool golden_has_subscribers(const struct golden *golden) {
	return lgmp_host_has_subscribers(golden->host, FRAMES);
}

bool golden_new_subscribers(struct golden *golden) {
	return lgmp_host_take_new_subscribers(golden->host, POINTERS) > 0;
}

static int post(struct golden *golden, unsigned queue, const struct golden_message *message,
		uint64_t now_ns) {
	const struct lgmp_host_message out = {
		.udata = message->udata, .offset = message->offset, .size = message->size
	};
	return lgmp_host_post(golden->host, queue, &out, now_ms(golden, now_ns), NULL);
}

int golden_post_frame(struct golden *golden, unsigned index, uint64_t now_ns) {
	return post(golden, FRAMES, &golden->frames[index], now_ns);
}

int golden_post_pointer(struct golden *golden, unsigned index, uint64_t now_ns) {
	return post(golden, POINTERS, &golden->pointers[index], now_ns);
}
