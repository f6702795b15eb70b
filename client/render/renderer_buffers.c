#include "client/render/renderer_buffers.h"

#include <EGL/egl.h>
#include <string.h>

#include "client/gl/gl_util.h"
#include "host-proto/frame.h"

void renderer_sub_image(const struct texture_format *format, const struct frame_rect *rect,
		const void *pixels) {
	glTexSubImage2D(GL_TEXTURE_2D, 0, (GLint)rect->x, (GLint)rect->y, (GLsizei)rect->width,
			(GLsizei)rect->height, format->format, format->type, pixels);
}

void renderer_buffers_free(struct renderer_buffers *buffers) {
	for (unsigned i = 0; i < RENDERER_BUFFERS; i++) {
		if (buffers->fences[i]) {
			glDeleteSync(buffers->fences[i]);
			buffers->fences[i] = NULL;
		}
		buffers->mapped[i] = NULL; /* goes with its buffer */
	}
	glDeleteBuffers(RENDERER_BUFFERS, buffers->buffers);
	memset(buffers->buffers, 0, sizeof buffers->buffers);
	buffers->bytes = 0;
}

static bool make(struct renderer_buffers *buffers, size_t bytes) {
	PFNGLBUFFERSTORAGEEXTPROC storage = NULL;
	if (buffers->persistent) {
		storage = (PFNGLBUFFERSTORAGEEXTPROC)(void *)eglGetProcAddress(
				"glBufferStorageEXT");
	}
	renderer_buffers_free(buffers);
	glGenBuffers(RENDERER_BUFFERS, buffers->buffers);
	for (unsigned i = 0; i < RENDERER_BUFFERS; i++) {
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffers->buffers[i]);
		if (!storage) {
			glBufferData(GL_PIXEL_UNPACK_BUFFER, (GLsizeiptr)bytes, NULL,
					GL_STREAM_DRAW);
			continue;
		}
		const GLbitfield flags = GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT_EXT |
					 GL_MAP_COHERENT_BIT_EXT;
		storage(GL_PIXEL_UNPACK_BUFFER, (GLsizeiptr)bytes, NULL, flags);
		buffers->mapped[i] = glMapBufferRange(
				GL_PIXEL_UNPACK_BUFFER, 0, (GLsizeiptr)bytes, flags);
		if (!buffers->mapped[i]) {
			glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
			return false;
		}
	}
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	buffers->bytes = bytes;
	return gl_clear_errors() == 0;
}

/* The buffer for this frame: not read by the GPU any more. */
static void begin(struct renderer_buffers *buffers) {
	if (buffers->used) {
		return;
	}
	buffers->used = true;
	const unsigned i = buffers->at;
	if (buffers->fences[i]) {
		glClientWaitSync(buffers->fences[i], GL_SYNC_FLUSH_COMMANDS_BIT, 1000000000);
		glDeleteSync(buffers->fences[i]);
		buffers->fences[i] = NULL;
	}
}

bool renderer_buffers_upload(struct renderer_buffers *buffers, const struct texture_format *format,
		const unsigned char *first, uint32_t pitch, const struct frame_rect *rect,
		uint32_t texture_width, uint32_t texture_height) {
	const size_t row_bytes = (size_t)texture_width * format->bytes;
	const size_t all = row_bytes * texture_height;
	if (buffers->bytes < all && !make(buffers, all)) {
		return false;
	}
	begin(buffers);
	const size_t offset = rect->y * row_bytes + (size_t)rect->x * format->bytes;
	const size_t rect_bytes = (size_t)rect->width * format->bytes;
	const size_t span = (rect->height - 1) * row_bytes + rect_bytes;
	const unsigned i = buffers->at;
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, buffers->buffers[i]);
	unsigned char *to =
			buffers->mapped[i] != NULL
					? (unsigned char *)buffers->mapped[i] + offset
					: glMapBufferRange(GL_PIXEL_UNPACK_BUFFER, (GLintptr)offset,
							  (GLsizeiptr)span,
							  GL_MAP_WRITE_BIT |
									  GL_MAP_INVALIDATE_RANGE_BIT |
									  GL_MAP_UNSYNCHRONIZED_BIT);
	if (!to) {
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
		return false;
	}
	if (rect_bytes == row_bytes && pitch == row_bytes) {
		memcpy(to, first, span);
	} else {
		for (uint32_t row = 0; row < rect->height; row++) {
			memcpy(to + row * row_bytes, first + (size_t)row * pitch, rect_bytes);
		}
	}
	if (!buffers->mapped[i]) {
		glUnmapBuffer(GL_PIXEL_UNPACK_BUFFER);
	}
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)texture_width);
	/* With a buffer bound this "pointer" is an offset into it. */
	renderer_sub_image(format, rect,
			(const void *)(uintptr_t)offset); // NOLINT(performance-no-int-to-ptr)
	glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	return true;
}

void renderer_buffers_next(struct renderer_buffers *buffers) {
	if (buffers->used) {
		buffers->used = false;
		buffers->fences[buffers->at] = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
		buffers->at = (buffers->at + 1) % RENDERER_BUFFERS;
	}
}
