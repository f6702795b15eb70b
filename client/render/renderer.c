#define LOG_MODULE "renderer"
#include "client/render/renderer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/egl.h"
#include "client/gl/gl.h"
#include "client/gl/gl_util.h"
#include "client/render/layout.h"
#include "client/render/renderer_internal.h"
#include "client/render/renderer_shaders.h"

#include "base/log.h"

void renderer_make_program(struct renderer_program *program, const char *defines,
		const char *common, const char *fragment) {
	if (program->tried) {
		return;
	}
	program->tried = true;
	program->id = gl_program(defines, common, shader_cover, fragment);
	if (program->id == 0) {
		return;
	}
	glUseProgram(program->id);
	program->at = (struct renderer_uniforms){
		.flip = glGetUniformLocation(program->id, "flip"),
		.to_image = glGetUniformLocation(program->id, "to_image"),
		.to_image_b = glGetUniformLocation(program->id, "to_image_b"),
		.size = glGetUniformLocation(program->id, "size"),
		.shrink = glGetUniformLocation(program->id, "shrink"),
		.dim = glGetUniformLocation(program->id, "dim"),
		.pointer = glGetUniformLocation(program->id, "pointer"),
		.pointer_b = glGetUniformLocation(program->id, "pointer_b"),
		.under_at = glGetUniformLocation(program->id, "under_at"),
	};
	glUniform1i(glGetUniformLocation(program->id, "picture"), 0);
	glUniform1i(glGetUniformLocation(program->id, "under"), 0);
	glUniform1i(glGetUniformLocation(program->id, "pointer_color"), 1);
	glUniform1i(glGetUniformLocation(program->id, "pointer_invert"), 2);
}

bool renderer_make_layer(GLuint texture, GLuint framebuffer, GLenum format, int width, int height) {
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, (GLint)format, width, height, 0, GL_RGBA,
			format == GL_RGBA16F ? GL_HALF_FLOAT : GL_UNSIGNED_BYTE, NULL);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
	return glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
}

int renderer_create(struct renderer **ret_renderer, bool software, enum video_upload upload) {
	struct renderer *renderer = calloc(1, sizeof *renderer);
	if (!renderer) {
		return -ENOMEM;
	}
	renderer->software = software;
	renderer_set_upload(renderer, upload);
	renderer->hdr = (struct renderer_hdr){
		.map = true, .peak_nits = 250, .max_cll_nits = 10000
	};
	glGetIntegerv(GL_MAX_TEXTURE_SIZE, &renderer->texture_side_max);
	renderer->has_bgra = gl_has_extension("GL_EXT_texture_format_BGRA8888");
	glGenVertexArrays(1, &renderer->empty_array);
	glGenFramebuffers(1, &renderer->read_framebuffer);
	glGenSamplers(2, renderer->samplers);
	for (int i = 0; i < 2; i++) {
		const GLint filter = i == 0 ? GL_NEAREST : GL_LINEAR;
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_MIN_FILTER, filter);
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_MAG_FILTER, filter);
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
		glSamplerParameteri(renderer->samplers[i], GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	}
	glDisable(GL_DITHER);
	glDisable(GL_DEPTH_TEST);
	if (!renderer_overlay_create(renderer)) {
		renderer_destroy(renderer);
		return -EIO;
	}
	*ret_renderer = renderer;
	return 0;
}

void renderer_destroy(struct renderer *renderer) {
	if (!renderer) {
		return;
	}
	renderer_textures_finish(renderer);
	renderer_scale_finish(renderer);
	renderer_pointer_finish(renderer);
	renderer_overlay_finish(renderer);
	glDeleteVertexArrays(1, &renderer->empty_array);
	glDeleteSamplers(2, renderer->samplers);
	free(renderer);
}

/* ---- drawing ---- */

void renderer_scissor(const struct egl_target *target, const struct rect *rect) {
	const int y = target->top_first ? rect->y : target->height - rect->y - rect->height;
	glScissor(rect->x, y, rect->width, rect->height);
}

bool renderer_intersect(const struct rect *a, const struct rect *b, struct rect *ret_rect) {
	const int left = a->x > b->x ? a->x : b->x;
	const int top = a->y > b->y ? a->y : b->y;
	const int right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
	const int bottom =
			a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;
	*ret_rect = (struct rect){ left, top, right - left, bottom - top };
	return left < right && top < bottom;
}

void renderer_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rects, unsigned count) {
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glViewport(0, 0, target->width, target->height);
	glEnable(GL_SCISSOR_TEST);
	if (scene->quad_count > 0) {
		renderer_overlay_load(renderer, scene);
	}
	for (unsigned i = 0; i < count; i++) {
		if (scene->layout && renderer->has_picture) {
			renderer_scale_draw(renderer, target, scene, &rects[i]);
			renderer_pointer_draw(renderer, target, scene, &rects[i]);
		} else {
			renderer_scissor(target, &rects[i]);
			glClearColor(0.05f, 0.06f, 0.09f, 1);
			glClear(GL_COLOR_BUFFER_BIT);
		}
		if (scene->quad_count > 0) {
			renderer_overlay_draw(renderer, target, scene, &rects[i]);
		}
	}
}

const char *renderer_upload_name(const struct renderer *renderer) {
	if (renderer->keeps) {
		return "memory";
	}
	switch (renderer->upload) {
	case VIDEO_UPLOAD_PBO:
		return "pbo";
	case VIDEO_UPLOAD_PERSISTENT:
		return "persistent";
	case VIDEO_UPLOAD_DMABUF:
		return "dmabuf";
	case VIDEO_UPLOAD_AUTO:
	case VIDEO_UPLOAD_DIRECT:
		break;
	}
	return "direct";
}

/* ---- reading back ---- */

int renderer_read_rows(struct renderer *renderer, uint32_t y, uint32_t height, uint32_t width,
		unsigned char *ret_pixels) {
	if (!renderer->has_picture || !renderer->shown_readable) {
		return -ENODATA;
	}
	if (renderer_kept_read(renderer, y, height, width, ret_pixels)) {
		return 0;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, renderer->read_framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, (GLint)y, (GLsizei)width, (GLsizei)height, GL_RGBA, GL_UNSIGNED_BYTE,
			ret_pixels);
	return gl_clear_errors() == 0 ? 0 : -EIO;
}

int renderer_read(struct renderer *renderer, unsigned rotation, const float *pointer,
		unsigned char *ret_rgb) {
	if (!renderer->has_picture) {
		return -ENODATA;
	}
	const struct renderer_picture *picture = &renderer->picture;
	const bool turned = rotation % 2 != 0;
	const int width = (int)(turned ? picture->height : picture->width);
	const int height = (int)(turned ? picture->width : picture->height);
	unsigned char *rgba = malloc((size_t)width * (size_t)height * 4);
	GLuint texture = 0, framebuffer = 0;
	int r = -ENOMEM;
	if (!rgba) {
		return r;
	}
	gl_clear_errors();
	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	glGenFramebuffers(1, &framebuffer);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);

	struct layout layout;
	const struct layout_input input = {
		.image_width = picture->width,
		.image_height = picture->height,
		.user_rotation = rotation,
		.window_width = width,
		.window_height = height,
		.keep_aspect = true,
	};
	layout_compute(&layout, &input);
	struct renderer_scene scene = { .layout = &layout, .scale = VIDEO_SCALE_NEAREST, .dim = 1 };
	if (pointer) {
		scene.pointer = true;
		memcpy(scene.pointer_rect, pointer, sizeof scene.pointer_rect);
	}
	const struct egl_target target = {
		.width = width, .height = height, .framebuffer = framebuffer, .top_first = true
	};
	const struct rect all = { 0, 0, width, height };
	renderer_draw(renderer, &target, &scene, &all, 1);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
	glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
	r = gl_clear_errors() == 0 ? 0 : -EIO;
	if (r == 0) {
		const size_t count = (size_t)width * (size_t)height;
		for (size_t i = 0; i < count; i++) {
			memcpy(ret_rgb + 3 * i, rgba + 4 * i, 3);
		}
	}
	glDeleteFramebuffers(1, &framebuffer);
	glDeleteTextures(1, &texture);
	free(rgba);
	return r;
}
