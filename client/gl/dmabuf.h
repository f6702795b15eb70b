/*
 * Frames of a kvmfr device as textures, without a copy by the CPU (doc/protocol/kvmfr.md 9.2). On
 * pg-video, with the context current.
 *
 * How long the guest's memory is used. An imported texture is that memory: drawn later, it would
 * show what the host wrote there meanwhile, and a message that is held until the next frame counts
 * as unread, for which the host evicts after a second (an idle desktop sends none for minutes). So
 * the imported texture is read once: one pass on the GPU, of the damaged rectangles only, brings
 * the frame into the picture's own texture (the pass that converts HDR and packed formats anyway),
 * a fence tells when the reading is over, and then the message is finished. Everything that is
 * drawn later, larger, turned or again, reads the picture's texture. The price is one reading and
 * one writing of the changed pixels by the GPU; the gain is that no slot is ever held for a swap
 * and that no pixel crosses the bus twice.
 *
 * Where any part of this fails, frames are uploaded as from a plain file, and the reason is logged
 * once.
 *
 * The functions that make images are a table, so that the rest can be tested on a machine with
 * neither the module nor a GPU.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/frame.h"

struct dmabuf;
struct shm;

struct dmabuf_plane { /* one plane, linear, from the first byte of the descriptor */
	int fd;
	uint32_t fourcc; /* of DRM */
	uint32_t width, height, pitch;
};

struct dmabuf_ops {
	/* A descriptor of these bytes (page multiples), or a negative errno. */
	int (*export_bytes)(const struct shm *shm, uint64_t offset, uint64_t bytes, void *data);
	/* NULL = it cannot; ret_why: a static text. The descriptor is not taken over. */
	void *(*create_image)(const struct dmabuf_plane *plane, const char **ret_why, void *data);
	/* The bound GL_TEXTURE_2D becomes the image. 0 or a negative errno. */
	int (*attach)(void *image, void *data);
	void (*destroy_image)(void *image, void *data);
	void *data;
};

/* Those of EGL_EXT_image_dma_buf_import; display: an EGLDisplay. False if it lacks the extensions.
 */
bool dmabuf_egl_ops(void *display, struct dmabuf_ops *ret_ops);

/* Copies ops. Returns 0 or -ENOMEM. */
int dmabuf_create(struct dmabuf **ret_dmabuf, const struct dmabuf_ops *ops);
void dmabuf_destroy(struct dmabuf *dmabuf); /* accepts NULL */

/* The frame's pixels as a texture, valid until the next call. The same places in the memory are
 * imported once per session (generation) and geometry. BGR_32: of 4-byte texels.
 * Returns 0, or a negative errno with *ret_why a text for the log, static or of the dmabuf. */
int dmabuf_texture(struct dmabuf *dmabuf, const struct shm *shm, uint64_t generation,
		const struct frame *frame, unsigned *ret_texture, const char **ret_why);
