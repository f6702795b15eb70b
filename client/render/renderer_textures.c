#define LOG_MODULE "renderer"
#include "client/render/renderer_textures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "client/render/renderer_shaders.h"
#include "client/render/unpack.h"

#include "base/log.h"

/* A few rows of the widest picture. */
#define UNPACK_BYTES ((size_t)256 * 1024)

enum convert_kind {
	CONVERT_NONE,
	CONVERT_PACKED,
	CONVERT_SCRGB,
	CONVERT_LINEAR,
	CONVERT_PQ,
	CONVERT_AS_IS,
};

/* A CPU draws: it turns these into B, G, R, x itself, on the way in. */
static bool unpacks(const struct renderer_textures *textures, enum frame_format format) {
	return textures->software && !textures->imports && textures->has_bgra &&
	       unpack_knows(format);
}

static struct texture_format texture_format(
		const struct renderer_textures *textures, enum frame_format format) {
	switch (unpacks(textures, format) ? FRAME_FORMAT_BGRA : format) {
	case FRAME_FORMAT_BGRA:
		if (textures->has_bgra) {
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

static enum convert_kind own_kind(const struct renderer_textures *textures) {
	const struct renderer_picture *picture = &textures->picture;
	switch (picture->format) {
	case FRAME_FORMAT_BGR_32:
		return unpacks(textures, picture->format) ? CONVERT_NONE : CONVERT_PACKED;
	case FRAME_FORMAT_RGBA16F:
		/* Always linear light; release B6 has no flag for it. */
		return textures->hdr.map ? CONVERT_SCRGB : CONVERT_AS_IS;
	case FRAME_FORMAT_RGBA10:
		if (!picture->hdr || !textures->hdr.map) {
			return CONVERT_NONE;
		}
		return picture->pq ? CONVERT_PQ : CONVERT_LINEAR;
	default:
		return CONVERT_NONE;
	}
}

/* What is imported is always brought into a texture of ours (client/gl/dmabuf.h). */
static enum convert_kind convert_kind(const struct renderer_textures *textures) {
	const enum convert_kind kind = own_kind(textures);
	return kind == CONVERT_NONE && textures->imports ? CONVERT_AS_IS : kind;
}

/* 3-byte pixels in a texture of 4-byte texels (kvmfr.md 3.3). */
static bool carried_in_texels(const struct renderer_textures *textures) {
	return textures->picture.format == FRAME_FORMAT_BGR_32 &&
	       !unpacks(textures, FRAME_FORMAT_BGR_32);
}

static void free_picture(struct renderer_textures *textures) {
	if (textures->shown != textures->raw) {
		glDeleteTextures(1, &textures->shown);
	}
	if (!textures->imports) {
		glDeleteTextures(1, &textures->raw);
	}
	textures->raw = 0;
	textures->shown = 0;
	textures->has_picture = false;
}

void renderer_textures_create(
		struct renderer_textures *textures, bool software, enum video_upload upload) {
	textures->software = software;
	textures->hdr = (struct renderer_hdr){
		.map = true, .peak_nits = 250, .max_cll_nits = 10000
	};
	glGetIntegerv(GL_MAX_TEXTURE_SIZE, &textures->side_max);
	textures->has_bgra = gl_has_extension("GL_EXT_texture_format_BGRA8888");
	glGenFramebuffers(1, &textures->read_framebuffer);
	glGenVertexArrays(1, &textures->empty_array);
	renderer_textures_set_upload(textures, upload);
}

void renderer_textures_finish(struct renderer_textures *textures) {
	free_picture(textures);
	renderer_buffers_free(&textures->buffers);
	free(textures->unpacked);
	glDeleteFramebuffers(1, &textures->read_framebuffer);
	glDeleteVertexArrays(1, &textures->empty_array);
	glDeleteProgram(textures->convert_program);
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
static void clear_shown(struct renderer_textures *textures) {
	glBindFramebuffer(GL_FRAMEBUFFER, textures->read_framebuffer);
	glFramebufferTexture2D(
			GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures->shown, 0);
	textures->shown_readable =
			glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
	if (textures->shown_readable) {
		glDisable(GL_SCISSOR_TEST);
		glClearColor(0, 0, 0, 1);
		glClear(GL_COLOR_BUFFER_BIT);
	}
}

static bool same_picture(const struct renderer_picture *a, const struct renderer_picture *b) {
	return a->format == b->format && a->width == b->width && a->height == b->height &&
	       a->data_width == b->data_width && a->rows == b->rows && a->hdr == b->hdr &&
	       a->pq == b->pq && a->max_cll_nits == b->max_cll_nits;
}

static int make_textures(struct renderer_textures *textures) {
	const struct renderer_picture *picture = &textures->picture;
	const struct texture_format format = texture_format(textures, picture->format);
	const bool packed = carried_in_texels(textures);
	gl_clear_errors();
	if (!textures->imports) {
		textures->raw = new_texture(&format, packed ? picture->data_width : picture->width,
				packed ? picture->rows : picture->height);
	}
	textures->shown = textures->raw;
	textures->converts = convert_kind(textures) != CONVERT_NONE;
	textures->shown_bgra = format.format == GL_BGRA_EXT;
	if (textures->converts) {
		const enum frame_format like =
				textures->has_bgra ? FRAME_FORMAT_BGRA : FRAME_FORMAT_RGBA;
		const struct texture_format shown = texture_format(textures, like);
		textures->shown = new_texture(&shown, picture->width, picture->height);
		textures->shown_bgra = textures->has_bgra;
	}
	clear_shown(textures);
	if (textures->converts && !textures->shown_readable) {
		/* Not drawable as BGRA: RGBA always is. */
		glDeleteTextures(1, &textures->shown);
		const struct texture_format shown = texture_format(textures, FRAME_FORMAT_RGBA);
		textures->shown = new_texture(&shown, picture->width, picture->height);
		textures->shown_bgra = false;
		clear_shown(textures);
	}
	const unsigned error = gl_clear_errors();
	if (error != 0) {
		log_error("no texture of %ux%u pixels (%s): GL error 0x%x", picture->width,
				picture->height, frame_format_name(picture->format), error);
		free_picture(textures);
		return -ENOMEM;
	}
	textures->has_picture = true;
	return 0;
}

int renderer_textures_set_picture(
		struct renderer_textures *textures, const struct renderer_picture *picture) {
	if (textures->has_picture && same_picture(picture, &textures->picture)) {
		return 0;
	}
	const uint32_t limit = (uint32_t)textures->side_max;
	if (picture->width == 0 || picture->height == 0 || picture->rows == 0 ||
			picture->rows > picture->height || picture->width > limit ||
			picture->height > limit || picture->data_width > limit) {
		return -EINVAL;
	}
	free_picture(textures);
	renderer_buffers_free(&textures->buffers);
	textures->picture = *picture;
	if (unpacks(textures, picture->format) && !textures->unpacked) {
		textures->unpacked = malloc(UNPACK_BYTES);
		if (!textures->unpacked) {
			return -ENOMEM;
		}
	}
	int r = make_textures(textures);
	return r < 0 ? r : 1;
}

bool renderer_textures_set_hdr(struct renderer_textures *textures, const struct renderer_hdr *hdr) {
	const struct renderer_hdr before = textures->hdr;
	textures->hdr = *hdr;
	if (!textures->has_picture ||
			(before.map == hdr->map && before.peak_nits == hdr->peak_nits &&
					before.max_cll_nits == hdr->max_cll_nits)) {
		return false;
	}
	if ((convert_kind(textures) != CONVERT_NONE) != textures->converts) {
		free_picture(textures); /* begun anew with the next frame */
		return true;
	}
	return textures->converts;
}

/* ---- upload ---- */

void renderer_textures_set_upload(struct renderer_textures *textures, enum video_upload way) {
	if (way == VIDEO_UPLOAD_AUTO) {
		way = VIDEO_UPLOAD_DIRECT;
	}
	if (way == VIDEO_UPLOAD_PERSISTENT && !gl_has_extension("GL_EXT_buffer_storage")) {
		log_warn("no persistent mapping with this driver, uploading through a buffer");
		way = VIDEO_UPLOAD_PBO;
	}
	if (way != textures->upload) {
		renderer_buffers_free(&textures->buffers);
		if (textures->imports != (way == VIDEO_UPLOAD_DMABUF)) {
			free_picture(textures);
			textures->imports = way == VIDEO_UPLOAD_DMABUF;
		}
		textures->upload = way;
		textures->buffers.persistent = way == VIDEO_UPLOAD_PERSISTENT;
	}
}

static void upload_direct(const struct texture_format *format, const unsigned char *first,
		uint32_t pitch, const struct frame_rect *rect) {
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	if (pitch % format->bytes == 0) {
		glPixelStorei(GL_UNPACK_ROW_LENGTH, (GLint)(pitch / format->bytes));
		renderer_sub_image(format, rect, first);
		glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
		return;
	}
	for (uint32_t row = 0; row < rect->height; row++) {
		const struct frame_rect line = { rect->x, rect->y + row, rect->width, 1 };
		renderer_sub_image(format, &line, first + (size_t)row * pitch);
	}
}

bool renderer_textures_clamp(const struct renderer_textures *textures,
		const struct frame_rect *rect, struct frame_rect *ret_rect) {
	const struct renderer_picture *picture = &textures->picture;
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
	if (carried_in_texels(textures)) {
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
static void upload_unpacked(struct renderer_textures *textures, const struct texture_format *format,
		const unsigned char *pixels, uint32_t pitch, const struct frame_rect *rect) {
	const enum frame_format from = textures->picture.format;
	const size_t bytes = frame_bytes_per_pixel(from);
	const size_t row_bytes = (size_t)rect->width * 4;
	uint32_t rows = (uint32_t)(UNPACK_BYTES / row_bytes);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, textures->raw);
	glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
	for (uint32_t y = 0; y < rect->height; y += rows) {
		rows = rect->height - y < rows ? rect->height - y : rows;
		for (uint32_t i = 0; i < rows; i++) {
			unpack_row(from,
					pixels + (size_t)(rect->y + y + i) * pitch +
							rect->x * bytes,
					textures->unpacked + i * row_bytes, rect->width);
		}
		const struct frame_rect part = { rect->x, rect->y + y, rect->width, rows };
		renderer_sub_image(format, &part, textures->unpacked);
	}
}

void renderer_textures_upload(struct renderer_textures *textures, const unsigned char *pixels,
		uint32_t pitch, const struct frame_rect *rect) {
	struct frame_rect texels;
	if (!textures->has_picture || textures->imports ||
			!renderer_textures_clamp(textures, rect, &texels)) {
		return;
	}
	const struct texture_format format = texture_format(textures, textures->picture.format);
	if (unpacks(textures, textures->picture.format)) {
		upload_unpacked(textures, &format, pixels, pitch, &texels);
		return;
	}
	const unsigned char *first =
			pixels + (size_t)texels.y * pitch + (size_t)texels.x * format.bytes;
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, textures->raw);
	const bool buffered = textures->upload == VIDEO_UPLOAD_PBO ||
			      textures->upload == VIDEO_UPLOAD_PERSISTENT;
	const uint32_t texture_width = carried_in_texels(textures) ? textures->picture.data_width
								   : textures->picture.width;
	if (buffered && renderer_buffers_upload(&textures->buffers, &format, first, pitch, &texels,
					texture_width, textures->picture.height)) {
		return;
	}
	if (buffered) {
		log_warn("uploads through a buffer do not work here, going without");
		textures->upload = VIDEO_UPLOAD_DIRECT;
		renderer_buffers_free(&textures->buffers);
	}
	upload_direct(&format, first, pitch, &texels);
}

void renderer_textures_upload_texture(struct renderer_textures *textures, unsigned texture) {
	if (textures->imports) {
		textures->raw = texture;
	}
}

int renderer_textures_wait(struct renderer_textures *textures, uint64_t timeout_ns) {
	GLsync fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	const GLenum r = glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, timeout_ns);
	glDeleteSync(fence);
	if (textures->imports) {
		textures->raw = 0;
	}
	return r == GL_ALREADY_SIGNALED || r == GL_CONDITION_SATISFIED ? 0 : -ETIMEDOUT;
}

/* ---- conversion ---- */

static bool prepare_convert(struct renderer_textures *textures) {
	const enum convert_kind kind = convert_kind(textures);
	if (textures->convert_program != 0 && textures->convert_key == (unsigned)kind) {
		return true;
	}
	glDeleteProgram(textures->convert_program);
	char defines[32];
	snprintf(defines, sizeof defines, "#define KIND %d\n", (int)kind);
	textures->convert_program = gl_program(defines, "", shader_cover, shader_convert);
	textures->convert_key = (unsigned)kind;
	return textures->convert_program != 0;
}

/* What the guest tells of its content is closer than what the user set, and never above it. */
static uint32_t max_cll_nits(const struct renderer_textures *textures) {
	const uint32_t set = (uint32_t)textures->hdr.max_cll_nits;
	const uint32_t reported = textures->picture.max_cll_nits;
	return reported > 0 && reported < set ? reported : set;
}

static void convert(struct renderer_textures *textures, const struct frame_rect *rects,
		unsigned count) {
	if (!prepare_convert(textures)) {
		return;
	}
	const struct renderer_picture *picture = &textures->picture;
	glBindFramebuffer(GL_FRAMEBUFFER, textures->read_framebuffer);
	glViewport(0, 0, (GLsizei)picture->width, (GLsizei)picture->height);
	glUseProgram(textures->convert_program);
	glUniform1f(glGetUniformLocation(textures->convert_program, "peak"),
			(float)(textures->hdr.peak_nits > 0 ? textures->hdr.peak_nits : 250));
	glUniform1f(glGetUniformLocation(textures->convert_program, "max_cll"),
			(float)max_cll_nits(textures));
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, textures->raw);
	glBindVertexArray(textures->empty_array);
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

void renderer_textures_uploaded(struct renderer_textures *textures, const struct frame_rect *rects,
		unsigned count) {
	renderer_buffers_next(&textures->buffers);
	if (textures->has_picture && textures->converts && textures->raw != 0) {
		convert(textures, rects, count);
	}
}
