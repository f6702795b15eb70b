#include "client/gl/dmabuf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "host-proto/shm.h"

/* The host has two blocks; more than these only a strange one uses in turn. */
#define IMAGES 4u

struct imported {
	void *image; /* NULL = free */
	uint64_t offset;
	enum frame_format format;
	struct dmabuf_plane plane; /* without its descriptor */
};

struct dmabuf {
	struct dmabuf_ops ops;
	GLuint texture;
	uint64_t generation;
	struct imported images[IMAGES];
	unsigned next; /* to be replaced */
	char why[128];
};

/* kvmfr.md 3.3. The names are those of little endian words: the first byte is the last letter. The
 * packed pixels are to be read as R, G, B, A of their texels, one after the other. */
static uint32_t fourcc_of(enum frame_format format) {
	static const char names[][5] = {
		[FRAME_FORMAT_NONE] = "",
		[FRAME_FORMAT_BGRA] = "XR24",
		[FRAME_FORMAT_RGBA] = "XB24",
		[FRAME_FORMAT_RGBA10] = "XB30",
		[FRAME_FORMAT_RGBA16F] = "XB4H",
		[FRAME_FORMAT_BGR_32] = "AB24",
		[FRAME_FORMAT_RGB_24] = "BG24",
	};
	const char *n = names[format];
	return (uint32_t)(unsigned char)n[0] | (uint32_t)(unsigned char)n[1] << 8 |
	       (uint32_t)(unsigned char)n[2] << 16 | (uint32_t)(unsigned char)n[3] << 24;
}

static void forget(struct dmabuf *dmabuf) {
	for (unsigned i = 0; i < IMAGES; i++) {
		if (dmabuf->images[i].image) {
			dmabuf->ops.destroy_image(dmabuf->images[i].image, dmabuf->ops.data);
			dmabuf->images[i].image = NULL;
		}
	}
}

int dmabuf_create(struct dmabuf **ret_dmabuf, const struct dmabuf_ops *ops) {
	struct dmabuf *dmabuf = calloc(1, sizeof *dmabuf);
	if (!dmabuf) {
		return -ENOMEM;
	}
	dmabuf->ops = *ops;
	*ret_dmabuf = dmabuf;
	return 0;
}

void dmabuf_destroy(struct dmabuf *dmabuf) {
	if (!dmabuf) {
		return;
	}
	glDeleteTextures(1, &dmabuf->texture);
	forget(dmabuf);
	free(dmabuf);
}

static int import(struct dmabuf *dmabuf, const struct shm *shm, const struct frame *frame,
		struct imported *place, const char **ret_why) {
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t bytes = (uint64_t)frame->pitch * frame->rows;
	if (frame->pixels_offset % page != 0) {
		*ret_why = "the frame does not begin at a page of the memory";
		return -EINVAL;
	}
	const int fd = dmabuf->ops.export_bytes(shm, frame->pixels_offset,
			(bytes + page - 1) / page * page, dmabuf->ops.data);
	if (fd < 0) {
		snprintf(dmabuf->why, sizeof dmabuf->why, "the memory gives no dma-buf: %s",
				fd == -ENOTSUP ? "it is not a kvmfr device" : strerrordesc_np(-fd));
		*ret_why = dmabuf->why;
		return fd;
	}
	place->plane.fd = fd;
	place->image = dmabuf->ops.create_image(&place->plane, ret_why, dmabuf->ops.data);
	place->plane.fd = -1;
	close(fd); /* the image holds the memory */
	return !place->image ? -EIO : 0;
}

static bool same_plane(const struct dmabuf_plane *a, const struct dmabuf_plane *b) {
	return a->fourcc == b->fourcc && a->width == b->width && a->height == b->height &&
	       a->pitch == b->pitch;
}

static int find(struct dmabuf *dmabuf, const struct shm *shm, const struct frame *frame,
		struct imported **ret_place, const char **ret_why) {
	const struct imported wanted = {
		.offset = frame->pixels_offset,
		.format = frame->format,
		.plane = { .fd = -1,
				.fourcc = fourcc_of(frame->format),
				.width = frame->format == FRAME_FORMAT_BGR_32 ? frame->data_width
									      : frame->width,
				.height = frame->rows,
				.pitch = frame->pitch },
	};
	for (unsigned i = 0; i < IMAGES; i++) {
		struct imported *place = &dmabuf->images[i];
		if (place->image && place->offset == wanted.offset &&
				same_plane(&place->plane, &wanted.plane)) {
			*ret_place = place;
			return 0;
		}
	}
	struct imported *place = &dmabuf->images[dmabuf->next];
	dmabuf->next = (dmabuf->next + 1) % IMAGES;
	if (place->image) {
		dmabuf->ops.destroy_image(place->image, dmabuf->ops.data);
	}
	*place = wanted;
	*ret_place = place;
	return import(dmabuf, shm, frame, place, ret_why);
}

static void new_texture(struct dmabuf *dmabuf) {
	glGenTextures(1, &dmabuf->texture);
	glBindTexture(GL_TEXTURE_2D, dmabuf->texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
}

int dmabuf_texture(struct dmabuf *dmabuf, const struct shm *shm, uint64_t generation,
		const struct frame *frame, unsigned *ret_texture, const char **ret_why) {
	if (generation != dmabuf->generation) {
		forget(dmabuf); /* perhaps another mapping at the same places */
		dmabuf->generation = generation;
	}
	struct imported *place;
	int r = find(dmabuf, shm, frame, &place, ret_why);
	if (r < 0) {
		return r;
	}
	glActiveTexture(GL_TEXTURE0);
	if (dmabuf->texture == 0) {
		new_texture(dmabuf);
	}
	glBindTexture(GL_TEXTURE_2D, dmabuf->texture);
	/* For each frame anew: only then must the driver see what was written meanwhile. */
	gl_clear_errors();
	r = dmabuf->ops.attach(place->image, dmabuf->ops.data);
	if (r < 0 || gl_clear_errors() != 0) {
		*ret_why = "the driver makes no texture of the imported memory";
		return r < 0 ? r : -EIO;
	}
	*ret_texture = dmabuf->texture;
	return 0;
}
