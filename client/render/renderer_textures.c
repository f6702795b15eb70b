#define LOG_MODULE "renderer"
#include "client/render/renderer_internal.h"

#include <EGL/egl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "client/render/renderer_shaders.h"
#include "client/render/unpack.h"

#include "base/log.h"

enum convert_kind {
	CONVERT_NONE,
	CONVERT_PACKED,
	CONVERT_SCRGB,
	CONVERT_LINEAR,
	CONVERT_PQ,
	CONVERT_AS_IS,
};

/* How a format goes into a texture. */
struct texture_format {
	GLenum internal, format, type;
	unsigned bytes; /* of a texel */
	bool swap;      /* red and blue change places by the texture's swizzle */
};

/* A CPU draws: it turns these into B, G, R, x itself, on the way in. */
static bool unpacks(const struct renderer *renderer, enum frame_format format) {
	return renderer->software && !renderer->imports && renderer->has_bgra &&
	       unpack_knows(format);
}

static struct texture_format texture_format(
		const struct renderer *renderer, enum frame_format format) {
	switch (unpacks(renderer, format) ? FRAME_FORMAT_BGRA : format) {
	case FRAME_FORMAT_BGRA:
		if (renderer->has_bgra) {
			return (struct texture_format){ GL_BGRA_EXT, GL_BGRA_EXT, GL_UNSIGNED_BYTE,
				4, false };
		}
		return (struct texture_format){ GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, true };
	case FRAME_FORMAT_RGBA10:
		return (struct texture_format){ GL_RGB10_A2, GL_RGBA,
			GL_UNSIGNED_INT_2_10_10_10_REV, 4, false };
	case FRAME_FORMAT_RGBA16F:
		return (struct texture_format){ GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT, 8, false };
	case FRAME_FORMAT_RGB_24:
		return (struct texture_format){ GL_RGB8, GL_RGB, GL_UNSIGNED_BYTE, 3, false };
	case FRAME_FORMAT_RGBA:
	case FRAME_FORMAT_BGR_32:
	case FRAME_FORMAT_NONE:
		break;
	}
	return (struct texture_format){ GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, 4, false };
}

static enum convert_kind own_kind(const struct renderer *renderer) {
	const struct renderer_picture *picture = &renderer->picture;
	switch (picture->format) {
	case FRAME_FORMAT_BGR_32:
		return unpacks(renderer, picture->format) ? CONVERT_NONE : CONVERT_PACKED;
	case FRAME_FORMAT_RGBA16F:
		/* Always linear light; release B6 has no flag for it. */
		return renderer->hdr.map ? CONVERT_SCRGB : CONVERT_AS_IS;
	case FRAME_FORMAT_RGBA10:
		if (!picture->hdr || !renderer->hdr.map) {
			return CONVERT_NONE;
		}
		return picture->pq ? CONVERT_PQ : CONVERT_LINEAR;
	default:
		return CONVERT_NONE;
	}
}

/* What is imported is always brought into a texture of ours (client/gl/dmabuf.h). */
static enum convert_kind convert_kind(const struct renderer *renderer) {
	const enum convert_kind kind = own_kind(renderer);
	return kind == CONVERT_NONE && renderer->imports ? CONVERT_AS_IS : kind;
}

/* 3-byte pixels in a texture of 4-byte texels (kvmfr.md 3.3). */
static bool carried_in_texels(const struct renderer *renderer) {
	return renderer->picture.format == FRAME_FORMAT_BGR_32 &&
	       !unpacks(renderer, FRAME_FORMAT_BGR_32);
}

static void free_picture(struct renderer *renderer) {
	if (renderer->shown != renderer->raw) {
		glDeleteTextures(1, &renderer->shown);
	}
	if (!renderer->imports) {
		glDeleteTextures(1, &renderer->raw);
	}
	renderer->raw = 0;
	renderer->shown = 0;
	renderer->has_picture = false;
	renderer_kept_forget(renderer);
}

static void free_buffers(struct renderer *renderer) {
	for (unsigned i = 0; i < RENDERER_BUFFERS; i++) {
		if (renderer->fences[i]) {
			glDeleteSync(renderer->fences[i]);
			renderer->fences[i] = NULL;
		}
		renderer->mapped[i] = NULL; /* goes with its buffer */
	}
	glDeleteBuffers(RENDERER_BUFFERS, renderer->buffers);
	memset(renderer->buffers, 0, sizeof renderer->buffers);
	renderer->buffer_bytes = 0;
}

void renderer_textures_finish(struct renderer *renderer) {
	free_picture(renderer);
	free_buffers(renderer);
	free(renderer->unpacked);
	glDeleteFramebuffers(1, &renderer->read_framebuffer);
	glDeleteFramebuffers(1, &renderer->convert_framebuffer);
	glDeleteProgram(renderer->convert_program);
}

static GLuint new_texture(const struct texture_format *format, uint32_t width, uint32_t height) {
	GLuint texture = 0;
	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, (GLint)format->internal, (GLsizei)width, (GLsizei)height, 0,
			format->format, format->type, NULL);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	if (format->swap) {
		glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_R, GL_BLUE);
		glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_SWIZZLE_B, GL_RED);
	}
	return texture;
}

/* Black, so that rows which never come show nothing of older memory. */
static void clear_shown(struct renderer *renderer) {
	glBindFramebuffer(GL_FRAMEBUFFER, renderer->read_framebuffer);
	glFramebufferTexture2D(
			GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, renderer->shown, 0);
	renderer->shown_readable =
			glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
	if (renderer->shown_readable) {
		glDisable(GL_SCISSOR_TEST);
		glClearColor(0, 0, 0, 1);
		glClear(GL_COLOR_BUFFER_BIT);
	}
}

static bool same_picture(const struct renderer_picture *a, const struct renderer_picture *b) {
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->data_width == b->data_width && a->rows == b->rows && a->hdr == b->hdr &&
	       a->pq == b->pq;
}

static int make_textures(struct renderer *renderer) {
	const struct renderer_picture *picture = &renderer->picture;
	const struct texture_format format = texture_format(renderer, picture->format);
	const bool packed = carried_in_texels(renderer);
	gl_clear_errors();
	if (!renderer->imports) {
		renderer->raw = new_texture(&format, packed ? picture->data_width : picture->width,
				packed ? picture->rows : picture->height);
	}
	renderer->shown = renderer->raw;
	renderer->converts = convert_kind(renderer) != CONVERT_NONE;
	renderer->shown_bgra = format.format == GL_BGRA_EXT;
	if (renderer->converts) {
		const enum frame_format like =
				renderer->has_bgra ? FRAME_FORMAT_BGRA : FRAME_FORMAT_RGBA;
		const struct texture_format shown = texture_format(renderer, like);
		renderer->shown = new_texture(&shown, picture->width, picture->height);
		renderer->shown_bgra = renderer->has_bgra;
	}
	clear_shown(renderer);
	if (renderer->converts && !renderer->shown_readable) {
		/* Not drawable as BGRA: RGBA always is. */
		glDeleteTextures(1, &renderer->shown);
		const struct texture_format shown = texture_format(renderer, FRAME_FORMAT_RGBA);
		renderer->shown = new_texture(&shown, picture->width, picture->height);
		renderer->shown_bgra = false;
		clear_shown(renderer);
	}
	const unsigned error = gl_clear_errors();
	if (error != 0) {
		log_error("no texture of %ux%u pixels (%s): GL error 0x%x", picture->width,
				picture->height, frame_format_name(picture->format), error);
		free_picture(renderer);
		return -ENOMEM;
	}
	renderer->has_picture = true;
	return 0;
}

int renderer_set_picture(struct renderer *renderer, const struct renderer_picture *picture) {
	if (renderer->has_picture && same_picture(picture, &renderer->picture)) {
		return 0;
	}
	const uint32_t limit = (uint32_t)renderer->texture_side_max;
	if (picture->width == 0 || picture->height == 0 || picture->rows == 0 ||
			picture->rows > picture->height || picture->width > limit ||
			picture->height > limit || picture->data_width > limit) {
		return -EINVAL;
	}
	free_picture(renderer);
	free_buffers(renderer);
	renderer->picture = *picture;
	if (unpacks(renderer, picture->format) && !renderer->unpacked) {
		renderer->unpacked = malloc(RENDERER_UNPACK_BYTES);
		if (!renderer->unpacked) {
			return -ENOMEM;
		}
	}
	int r = make_textures(renderer);
	return r < 0 ? r : 1;
}

bool renderer_set_hdr(struct renderer *renderer, const struct renderer_hdr *hdr) {
	const struct renderer_hdr before = renderer->hdr;
	renderer->hdr = *hdr;
	if (!renderer->has_picture ||
			(before.map == hdr->map && before.peak_nits == hdr->peak_nits &&
					before.max_cll_nits == hdr->max_cll_nits)) {
		return false;
	}
	if ((convert_kind(renderer) != CONVERT_NONE) != renderer->converts) {
		free_picture(renderer); /* begun anew with the next frame */
		return true;
	}
	return renderer->converts;
}

/* ---- upload ---- */

bool renderer_can_map(void) {
	return gl_has_extension("GL_EXT_buffer_storage");
}

void renderer_set_upload(struct renderer *renderer, enum video_upload way) {
	if (way == VIDEO_UPLOAD_AUTO) {
		way = VIDEO_UPLOAD_DIRECT;
	}
	if (way == VIDEO_UPLOAD_PERSISTENT && !renderer_can_map()) {
		log_warn("no persistent mapping with this driver, uploading through a buffer");
		way = VIDEO_UPLOAD_PBO;
	}
	if (way != renderer->upload) {
		free_buffers(renderer);
		if (renderer->imports != (way == VIDEO_UPLOAD_DMABUF)) {
			free_picture(renderer);
			renderer->imports = way == VIDEO_UPLOAD_DMABUF;
		}
		renderer->upload = way;
	}
}

enum video_upload renderer_get_upload(const struct renderer *renderer) {
	return renderer->upload;
}

void renderer_finish(struct renderer *renderer) {
	(void)renderer;
	glFinish();
}

static void sub_image(const struct texture_format *format, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height, const void *pixels) {
	glTexSubImage2D(GL_TEXTURE_2D, 0, (GLint)x, (GLint)y, (GLsizei)width, (GLsizei)height,
			format->format, format->type, pixels);
}

static void upload_direct(const struct texture_format *format, const unsigned char *first,
		uint32_t pitch, const struct frame_rect *rect) {
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	if (pitch % format->bytes == 0) {
		glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)(pitch / format->bytes));
		sub_image(format, rect->x, rect->y, rect->width, rect->height, first);
		glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
		return;
	}
	for (uint32_t row = 0; row < rect->height; row++) {
		sub_image(format, rect->x, rect->y + row, rect->width, 1,
				first + (size_t)row * pitch);
	}
}

static bool make_buffers(struct renderer *renderer, size_t bytes) {
	PFNGLBUFFERSTORAGEEXTPROC storage = NULL;
	if (renderer->upload == VIDEO_UPLOAD_PERSISTENT) {
		storage = (PFNGLBUFFERSTORAGEEXTPROC)(void *)eglGetProcAddress(
				"glBufferStorageEXT");
	}
	free_buffers(renderer);
	glGenBuffers(RENDERER_BUFFERS, renderer->buffers);
	for (unsigned i = 0; i < RENDERER_BUFFERS; i++) {
		glBindBuffer(GL_PIXEL_UNPACK_BUFFER, renderer->buffers[i]);
		if (!storage) {
			glBufferData(GL_PIXEL_UNPACK_BUFFER, (GLsizeiptr)bytes, NULL,
					GL_STREAM_DRAW);
			continue;
		}
		const GLbitfield flags = GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT_EXT |
					 GL_MAP_COHERENT_BIT_EXT;
		storage(GL_PIXEL_UNPACK_BUFFER, (GLsizeiptr)bytes, NULL, flags);
		renderer->mapped[i] = glMapBufferRange(
				GL_PIXEL_UNPACK_BUFFER, 0, (GLsizeiptr)bytes, flags);
		if (!renderer->mapped[i]) {
			glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
			return false;
		}
	}
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	renderer->buffer_bytes = bytes;
	return gl_clear_errors() == 0;
}

/* The buffer for this frame: not read by the GPU any more. */
static void begin_buffer(struct renderer *renderer) {
	if (renderer->buffer_used) {
		return;
	}
	renderer->buffer_used = true;
	const unsigned i = renderer->buffer;
	if (renderer->fences[i]) {
		glClientWaitSync(renderer->fences[i], GL_SYNC_FLUSH_COMMANDS_BIT, 1000000000);
		glDeleteSync(renderer->fences[i]);
		renderer->fences[i] = NULL;
	}
}

static bool upload_buffered(struct renderer *renderer, const struct texture_format *format,
		const unsigned char *first, uint32_t pitch, const struct frame_rect *rect,
		uint32_t texture_width) {
	const size_t row_bytes = (size_t)texture_width * format->bytes;
	const size_t all = row_bytes * renderer->picture.height;
	if (renderer->buffer_bytes < all && !make_buffers(renderer, all)) {
		return false;
	}
	begin_buffer(renderer);
	const size_t offset = rect->y * row_bytes + (size_t)rect->x * format->bytes;
	const size_t rect_bytes = (size_t)rect->width * format->bytes;
	const size_t span = (rect->height - 1) * row_bytes + rect_bytes;
	const unsigned i = renderer->buffer;
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, renderer->buffers[i]);
	unsigned char *to =
			renderer->mapped[i] != NULL
					? (unsigned char *)renderer->mapped[i] + offset
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
	if (!renderer->mapped[i]) {
		glUnmapBuffer(GL_PIXEL_UNPACK_BUFFER);
	}
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)texture_width);
	/* With a buffer bound this "pointer" is an offset into it. */
	sub_image(format, rect->x, rect->y, rect->width, rect->height,
			(const void *)(uintptr_t)offset); // NOLINT(performance-no-int-to-ptr)
	glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
	glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
	return true;
}

/* Image pixels -> texels of the raw texture, clamped to what exists. */
static bool texel_rect(const struct renderer *renderer, const struct frame_rect *rect,
		struct frame_rect *ret_rect) {
	const struct renderer_picture *picture = &renderer->picture;
	if (rect->x >= picture->width || rect->y >= picture->rows) {
		return false;
	}
	*ret_rect = *rect;
	if (ret_rect->width > picture->width - rect->x) {
		ret_rect->width = picture->width - rect->x;
	}
	if (ret_rect->height > picture->rows - rect->y) {
		ret_rect->height = picture->rows - rect->y;
	}
	if (carried_in_texels(renderer)) {
		const uint32_t left = 3 * ret_rect->x / 4;
		uint32_t right = (3 * (ret_rect->x + ret_rect->width) + 3) / 4;
		right = right > picture->data_width ? picture->data_width : right;
		if (left >= right) {
			return false;
		}
		ret_rect->x = left;
		ret_rect->width = right - left;
	}
	return ret_rect->width > 0 && ret_rect->height > 0;
}

/* Through a buffer that stays in the cache. */
static void upload_unpacked(struct renderer *renderer, const struct texture_format *format,
		const unsigned char *pixels, uint32_t pitch, const struct frame_rect *rect) {
	const enum frame_format from = renderer->picture.format;
	const size_t bytes = frame_bytes_per_pixel(from);
	const size_t row_bytes = (size_t)rect->width * 4;
	uint32_t rows = (uint32_t)(RENDERER_UNPACK_BYTES / row_bytes);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->raw);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
	for (uint32_t y = 0; y < rect->height; y += rows) {
		rows = rect->height - y < rows ? rect->height - y : rows;
		for (uint32_t i = 0; i < rows; i++) {
			unpack_row(from,
					pixels + (size_t)(rect->y + y + i) * pitch +
							rect->x * bytes,
					renderer->unpacked + i * row_bytes, rect->width);
		}
		sub_image(format, rect->x, rect->y + y, rect->width, rows, renderer->unpacked);
	}
}

void renderer_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect) {
	struct frame_rect texels;
	if (!renderer->keeps) {
		renderer_texture_upload(renderer, pixels, pitch, rect);
	} else if (texel_rect(renderer, rect, &texels)) {
		renderer_kept_upload(renderer, pixels, pitch, &texels);
	}
}

void renderer_texture_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect) {
	struct frame_rect texels;
	if (!renderer->has_picture || renderer->imports || !texel_rect(renderer, rect, &texels)) {
		return;
	}
	const struct texture_format format = texture_format(renderer, renderer->picture.format);
	if (unpacks(renderer, renderer->picture.format)) {
		upload_unpacked(renderer, &format, pixels, pitch, &texels);
		return;
	}
	const unsigned char *first =
			pixels + (size_t)texels.y * pitch + (size_t)texels.x * format.bytes;
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->raw);
	const bool buffered = renderer->upload == VIDEO_UPLOAD_PBO ||
			      renderer->upload == VIDEO_UPLOAD_PERSISTENT;
	const uint32_t texture_width = carried_in_texels(renderer) ? renderer->picture.data_width
								   : renderer->picture.width;
	if (buffered && upload_buffered(renderer, &format, first, pitch, &texels, texture_width)) {
		return;
	}
	if (buffered) {
		log_warn("uploads through a buffer do not work here, going without");
		renderer->upload = VIDEO_UPLOAD_DIRECT;
		free_buffers(renderer);
	}
	upload_direct(&format, first, pitch, &texels);
}

void renderer_upload_texture(struct renderer *renderer, unsigned texture) {
	if (renderer->imports) {
		renderer->raw = texture;
	}
}

int renderer_wait_uploaded(struct renderer *renderer, uint64_t timeout_ns) {
	GLsync fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	const GLenum r = glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, timeout_ns);
	glDeleteSync(fence);
	if (renderer->imports) {
		renderer->raw = 0;
	}
	return r == GL_ALREADY_SIGNALED || r == GL_CONDITION_SATISFIED ? 0 : -ETIMEDOUT;
}

/* ---- conversion ---- */

static bool prepare_convert(struct renderer *renderer) {
	const enum convert_kind kind = convert_kind(renderer);
	if (renderer->convert_program != 0 && renderer->convert_key == (unsigned)kind) {
		return true;
	}
	glDeleteProgram(renderer->convert_program);
	char defines[32];
	snprintf(defines, sizeof defines, "#define KIND %d\n", (int)kind);
	renderer->convert_program = gl_program(defines, "", shader_cover, shader_convert);
	renderer->convert_key = (unsigned)kind;
	return renderer->convert_program != 0;
}

static void convert(struct renderer *renderer, const struct frame_rect *rects, unsigned count) {
	if (!prepare_convert(renderer)) {
		return;
	}
	const struct renderer_picture *picture = &renderer->picture;
	glBindFramebuffer(GL_FRAMEBUFFER, renderer->read_framebuffer);
	glViewport(0, 0, (GLsizei)picture->width, (GLsizei)picture->height);
	glUseProgram(renderer->convert_program);
	glUniform1f(glGetUniformLocation(renderer->convert_program, "peak"),
			(float)(renderer->hdr.peak_nits > 0 ? renderer->hdr.peak_nits : 250));
	glUniform1f(glGetUniformLocation(renderer->convert_program, "max_cll"),
			(float)renderer->hdr.max_cll_nits);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, renderer->raw);
	glBindVertexArray(renderer->empty_array);
	glDisable(GL_BLEND);
	glEnable(GL_SCISSOR_TEST);
	const struct frame_rect all = { 0, 0, picture->width, picture->rows };
	for (unsigned i = 0; i < (count > 0 ? count : 1); i++) {
		const struct frame_rect *rect = count > 0 ? &rects[i] : &all;
		if (rect->y >= picture->rows) {
			continue;
		}
		const uint32_t left = picture->rows - rect->y;
		glScissor((GLint)rect->x, (GLint)rect->y, (GLsizei)rect->width,
				(GLsizei)(rect->height < left ? rect->height : left));
		glDrawArrays(GL_TRIANGLES, 0, 3);
	}
}

void renderer_uploaded(struct renderer *renderer, const struct frame_rect *rects, unsigned count) {
	if (renderer->buffer_used) {
		renderer->buffer_used = false;
		renderer->fences[renderer->buffer] = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
		renderer->buffer = (renderer->buffer + 1) % RENDERER_BUFFERS;
	}
	if (renderer->has_picture && renderer->converts && renderer->raw != 0) {
		convert(renderer, rects, count);
	}
}
