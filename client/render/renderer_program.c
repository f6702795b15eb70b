#include "client/render/renderer_program.h"

#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/renderer_shaders.h"

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
