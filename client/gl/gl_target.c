#include "client/gl/gl_target.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/gl.h"
#include "client/gl/gl_util.h"

struct gl_target {
	int width, height;
	bool plain;       /* in memory: */
	uint32_t *memory; /* rows of width */
	GLuint texture, framebuffer;
	bool bgra;      /* storage */
	bool read_bgra; /* glReadPixels delivers BGRA */
};

static bool attach(struct gl_target *target, bool bgra) {
	glBindTexture(GL_TEXTURE_2D, target->texture);
	if (bgra) {
		glTexImage2D(GL_TEXTURE_2D, 0, GL_BGRA_EXT, target->width, target->height, 0,
				GL_BGRA_EXT, GL_UNSIGNED_BYTE, NULL);
	} else {
		glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, target->width, target->height, 0, GL_RGBA,
				GL_UNSIGNED_BYTE, NULL);
	}
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glFramebufferTexture2D(
			GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target->texture, 0);
	return glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE &&
	       gl_clear_errors() == 0;
}

int gl_target_resize(struct gl_target *target, int width, int height) {
	target->width = width;
	target->height = height;
	if (target->plain) {
		free(target->memory);
		target->memory = calloc((size_t)width * (size_t)height, sizeof *target->memory);
		return target->memory ? 0 : -ENOMEM;
	}
	gl_clear_errors();
	target->bgra = gl_has_extension("GL_EXT_texture_format_BGRA8888") && attach(target, true);
	if (!target->bgra && !attach(target, false)) {
		return -EIO;
	}
	target->read_bgra = gl_has_extension("GL_EXT_read_format_bgra");
	return 0;
}

int gl_target_create(struct gl_target **ret_target, int width, int height) {
	struct gl_target *target = calloc(1, sizeof *target);
	if (!target) {
		return -ENOMEM;
	}
	glGenTextures(1, &target->texture);
	glGenFramebuffers(1, &target->framebuffer);
	int r = gl_target_resize(target, width, height);
	if (r < 0) {
		gl_target_destroy(target);
		return r;
	}
	*ret_target = target;
	return 0;
}

int gl_target_create_memory(struct gl_target **ret_target, int width, int height) {
	struct gl_target *target = calloc(1, sizeof *target);
	if (!target) {
		return -ENOMEM;
	}
	target->plain = true;
	int r = gl_target_resize(target, width, height);
	if (r < 0) {
		gl_target_destroy(target);
		return r;
	}
	*ret_target = target;
	return 0;
}

void gl_target_destroy(struct gl_target *target) {
	if (!target) {
		return;
	}
	if (target->plain) {
		free(target->memory);
		free(target);
		return;
	}
	glDeleteFramebuffers(1, &target->framebuffer);
	glDeleteTextures(1, &target->texture);
	free(target);
}

uint32_t *gl_target_memory(const struct gl_target *target) {
	return target->memory;
}

unsigned gl_target_bind(struct gl_target *target) {
	if (target->plain) {
		return 0;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	return target->framebuffer;
}

bool gl_target_is_bgra(const struct gl_target *target) {
	return target->plain || target->bgra;
}

void gl_target_read_bgra(struct gl_target *target, int x, int y, int width, int height,
		void *pixels, int stride_px) {
	if (target->plain) {
		const uint32_t *from =
				target->memory + (size_t)y * (size_t)target->width + (size_t)x;
		uint32_t *to = pixels;
		for (int row = 0; row < height; row++) {
			memcpy(to, from, (size_t)width * 4);
			from += target->width;
			to += stride_px;
		}
		return;
	}
	glBindFramebuffer(GL_READ_FRAMEBUFFER, target->framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glPixelStorei(GL_PACK_ROW_LENGTH, stride_px);
	glReadPixels(x, y, width, height, target->read_bgra ? GL_BGRA_EXT : GL_RGBA,
			GL_UNSIGNED_BYTE, pixels);
	glPixelStorei(GL_PACK_ROW_LENGTH, 0);
	if (target->read_bgra) {
		return;
	}
	for (int row = 0; row < height; row++) {
		uint32_t *p = (uint32_t *)pixels + (size_t)row * (size_t)stride_px;
		for (int i = 0; i < width; i++) {
			const uint32_t v = p[i];
			p[i] = (v & 0xff00ff00u) | (v & 0xffu) << 16 | (v >> 16 & 0xffu);
		}
	}
}
