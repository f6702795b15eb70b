#define LOG_MODULE "renderer"
#include "client/render/renderer_scale.h"

#include <math.h>
#include <stdio.h>

#include "client/gl/egl.h"
#include "client/gl/gl_util.h"
#include "client/render/layout.h"
#include "client/render/renderer_shaders.h"
#include "client/render/renderer_textures.h"

#include "base/log.h"

void renderer_scale_create(struct renderer_scale *scale) {
	glGenVertexArrays(1, &scale->empty_array);
	glGenSamplers(2, scale->samplers);
	for (int i = 0; i < 2; i++) {
		const GLint filter = i == 0 ? GL_NEAREST : GL_LINEAR;
		glSamplerParameteri(scale->samplers[i], GL_TEXTURE_MIN_FILTER, filter);
		glSamplerParameteri(scale->samplers[i], GL_TEXTURE_MAG_FILTER, filter);
		glSamplerParameteri(scale->samplers[i], GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
		glSamplerParameteri(scale->samplers[i], GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	}
}

static struct renderer_program *picture_program(
		struct renderer_scale *scale, enum renderer_filter filter) {
	struct renderer_program *program = &scale->programs[filter];
	char defines[32];
	snprintf(defines, sizeof defines, "#define FILTER %d\n", (int)filter);
	renderer_make_program(program, defines, shader_sample, shader_picture);
	return program;
}

/* Sides of the picture in the window before it is turned. */
static void unturned_sides(const struct layout *layout, int *ret_width, int *ret_height) {
	const bool turned = layout->rotation % 2 != 0;
	*ret_width = turned ? layout->height : layout->width;
	*ret_height = turned ? layout->width : layout->height;
}

static enum renderer_filter choose_filter(const struct renderer_scale *scale, bool software,
		const struct renderer_scene *scene) {
	const struct layout *layout = scene->layout;
	int width, height;
	unturned_sides(layout, &width, &height);
	const int image_width = (int)layout->image_width, image_height = (int)layout->image_height;
	const bool grows = width >= image_width && height >= image_height;
	const enum renderer_filter down = scale->layer_failed ? FILTER_LINEAR : FILTER_DOWN_LAST;
	const enum renderer_filter fsr = scale->layer_failed ? FILTER_UP : FILTER_FSR_LAST;
	if (layout->exact) {
		return FILTER_NEAREST;
	}
	switch (scene->scale) {
	case VIDEO_SCALE_NEAREST:
		return FILTER_NEAREST;
	case VIDEO_SCALE_LINEAR:
		return FILTER_LINEAR;
	case VIDEO_SCALE_SHARP:
		return grows ? FILTER_UP : down;
	case VIDEO_SCALE_FSR:
		return grows ? fsr : down;
	case VIDEO_SCALE_AUTO:
		break;
	}
	if (grows && width % image_width == 0 && height % image_height == 0) {
		return FILTER_NEAREST; /* whole factors stay crisp */
	}
	/* More than that costs a CPU too much. The cubic is never worse than linear, FSR only with
	 * hard edges better than the cubic (tests/client/render/test_renderer_scale.c): that is for
	 * the user. */
	return software ? FILTER_LINEAR : grows ? FILTER_UP : down;
}

/* The picture as a program sees it: of width x height pixels, the image's or those of a first pass.
 */
struct view {
	float width, height;
	float to_view[6]; /* window pixels -> its pixels */
};

static struct view image_view(const struct layout *layout) {
	struct view view = { (float)layout->image_width, (float)layout->image_height, { 0 } };
	for (int i = 0; i < 6; i++) {
		view.to_view[i] = layout->to_image[i];
	}
	return view;
}

static struct view layer_view(const struct layout *layout, int width, int height) {
	struct view view = { (float)width, (float)height, { 0 } };
	for (int i = 0; i < 6; i++) {
		view.to_view[i] = layout->to_image[i] *
				  (i < 3 ? (float)width / (float)layout->image_width
					 : (float)height / (float)layout->image_height);
	}
	return view;
}

static void draw_view(struct renderer_scale *scale, enum renderer_filter filter, GLuint texture,
		const struct view *view, const struct egl_target *target,
		const struct renderer_scene *scene) {
	const struct renderer_program *program = picture_program(scale, filter);
	const float *m = view->to_view;
	const struct layout *layout = scene->layout;
	int width, height;
	unturned_sides(layout, &width, &height);
	glUseProgram(program->id);
	glUniform2f(program->at.flip, target->top_first ? 0.0f : (float)target->height,
			target->top_first ? 1.0f : -1.0f);
	glUniform4f(program->at.to_image, m[0], m[1], m[3], m[4]);
	glUniform2f(program->at.to_image_b, m[2], m[5]);
	glUniform2f(program->at.size, view->width, view->height);
	glUniform2f(program->at.shrink, (float)layout->image_width / (float)width,
			(float)layout->image_height / (float)height);
	glUniform1f(program->at.dim, scene->dim);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, texture);
	glBindSampler(0, scale->samplers[filter == FILTER_LINEAR]);
	glBindVertexArray(scale->empty_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glBindSampler(0, 0);
}

/* ---- two passes ---- */

/* Of that size; half floats keep what a first pass overshoots and does not round yet. */
static bool make_layer(
		struct renderer_scale *scale, GLint side_max, bool half, int width, int height) {
	const GLenum format = half ? GL_RGBA16F : GL_RGBA8;
	if (scale->layer != 0 && scale->layer_width == width && scale->layer_height == height &&
			scale->layer_format == format) {
		return true;
	}
	if (scale->layer == 0) {
		glGenTextures(1, &scale->layer);
		glGenFramebuffers(1, &scale->layer_framebuffer);
	}
	scale->layer_width = width;
	scale->layer_height = height;
	scale->layer_format = format;
	gl_clear_errors();
	glActiveTexture(GL_TEXTURE0);
	bool ok = width <= side_max && height <= side_max &&
		  renderer_make_layer(
				  scale->layer, scale->layer_framebuffer, format, width, height);
	if (!ok && half) {
		ok = renderer_make_layer(
				scale->layer, scale->layer_framebuffer, GL_RGBA8, width, height);
	}
	return ok && gl_clear_errors() == 0;
}

/* A rectangle of the window, inside the picture, -> of the picture before it is turned. */
static struct rect unturn_rect(const struct layout *layout, const struct rect *rect) {
	int width, height;
	unturned_sides(layout, &width, &height);
	const int x = rect->x - layout->x, y = rect->y - layout->y;
	switch (layout->rotation % 4) {
	case 1:
		return (struct rect){ y, height - x - rect->width, rect->height, rect->width };
	case 2:
		return (struct rect){ width - x - rect->width, height - y - rect->height,
			rect->width, rect->height };
	case 3:
		return (struct rect){ width - y - rect->height, x, rect->height, rect->width };
	default:
		return (struct rect){ x, y, rect->width, rect->height };
	}
}

/* What the second pass reads of the layer to draw the rectangle. */
static struct rect layer_rect(const struct layout *layout, enum renderer_filter filter,
		const struct rect *part, int layer_width, int layer_height) {
	struct rect r = unturn_rect(layout, part);
	int width, height;
	unturned_sides(layout, &width, &height);
	if (filter == FILTER_DOWN_LAST) {
		/* Columns are final, rows still the image's. */
		const double scale = (double)layout->image_height / height;
		const double reach = 2 * (scale > 1 ? scale : 1) + 1;
		const int top = (int)floor(r.y * scale - reach);
		const int bottom = (int)ceil((r.y + r.height) * scale + reach);
		r.y = top;
		r.height = bottom - top;
	} else {
		r = (struct rect){ r.x - 1, r.y - 1, r.width + 2, r.height + 2 };
	}
	const struct rect all = { 0, 0, layer_width, layer_height };
	struct rect inside = { 0, 0, 0, 0 };
	renderer_intersect(&r, &all, &inside);
	return inside;
}

/* Makes the part of the layer that is read for `part`, every time anew: nothing of it is kept that
 * could be out of date. False: not with this driver. */
static bool first_pass(struct renderer_scale *scale, const struct renderer_textures *textures,
		enum renderer_filter filter, const struct renderer_scene *scene,
		const struct rect *part) {
	const struct layout *layout = scene->layout;
	const bool down = filter == FILTER_DOWN_LAST;
	int width, height;
	unturned_sides(layout, &width, &height);
	const int layer_height = down ? (int)layout->image_height : height;
	struct renderer_program *program = down ? &scale->shrink_program : &scale->easu_program;
	renderer_make_program(program, "", "", down ? shader_shrink : shader_easu);
	if (program->id == 0 || !make_layer(scale, textures->side_max, true, width, layer_height)) {
		log_warn("this driver cannot scale well: using linear");
		scale->layer_failed = true;
		return false;
	}
	const struct rect r = layer_rect(layout, filter, part, width, layer_height);
	glBindFramebuffer(GL_FRAMEBUFFER, scale->layer_framebuffer);
	glViewport(0, 0, width, layer_height);
	glScissor(r.x, r.y, r.width, r.height);
	glUseProgram(program->id);
	glUniform2f(program->at.size, (float)layout->image_width, (float)layout->image_height);
	glUniform2f(program->at.shrink, (float)layout->image_width / (float)width,
			(float)layout->image_height / (float)height);
	glActiveTexture(GL_TEXTURE0);
	glBindTexture(GL_TEXTURE_2D, textures->shown);
	glBindSampler(0, scale->samplers[0]);
	glBindVertexArray(scale->empty_array);
	glDrawArrays(GL_TRIANGLES, 0, 3);
	glBindSampler(0, 0);
	return true;
}

/* ---- the picture ---- */

/* Without a shader: rows are copied. Only 1:1, upright, in the target's own memory order. */
static bool can_copy(const struct renderer_textures *textures, const struct egl_target *target,
		const struct renderer_scene *scene) {
	return scene->layout->exact && scene->layout->rotation == 0 && scene->dim >= 1.0f &&
	       textures->shown_readable && textures->shown_bgra == target->bgra &&
	       (textures->shown_bgra || textures->converts ||
			       textures->picture.format == FRAME_FORMAT_RGBA);
}

static void copy_rect(const struct renderer_textures *textures, const struct egl_target *target,
		const struct layout *layout, const struct rect *rect) {
	const int x = rect->x - layout->x;
	const int y = rect->y - layout->y;
	const int top = target->top_first ? rect->y : target->height - rect->y;
	const int bottom = target->top_first ? rect->y + rect->height
					     : target->height - rect->y - rect->height;
	glBindFramebuffer(GL_READ_FRAMEBUFFER, textures->read_framebuffer);
	glBlitFramebuffer(x, y, x + rect->width, y + rect->height, rect->x, top,
			rect->x + rect->width, bottom, GL_COLOR_BUFFER_BIT, GL_NEAREST);
	glBindFramebuffer(GL_READ_FRAMEBUFFER, target->framebuffer);
}

bool renderer_scale_needs(const struct renderer_scene *scene, const struct rect *rect,
		struct rect *ret_image_rect, bool *ret_all) {
	const struct layout *layout = scene->layout;
	const struct rect area = { layout->x, layout->y, layout->width, layout->height };
	struct rect part;
	if (!renderer_intersect(rect, &area, &part)) {
		return false;
	}
	*ret_all = !layout->exact || layout->rotation != 0;
	*ret_image_rect = (struct rect){ part.x - layout->x, part.y - layout->y, part.width,
		part.height };
	return true;
}

void renderer_scale_draw(struct renderer_scale *scale, const struct renderer_textures *textures,
		const struct egl_target *target, const struct renderer_scene *scene,
		const struct rect *rect) {
	const struct layout *layout = scene->layout;
	const struct rect area = { layout->x, layout->y, layout->width, layout->height };
	struct rect part;
	const bool any = renderer_intersect(rect, &area, &part);
	if (!any || part.width != rect->width || part.height != rect->height) {
		renderer_scissor(target, rect);
		glClearColor(0, 0, 0, 1);
		glClear(GL_COLOR_BUFFER_BIT);
	}
	if (!any) {
		return;
	}
	glDisable(GL_BLEND);
	if (can_copy(textures, target, scene)) {
		renderer_scissor(target, &part);
		copy_rect(textures, target, layout, &part);
		return;
	}
	enum renderer_filter filter = choose_filter(scale, textures->software, scene);
	struct view view = image_view(layout);
	GLuint texture = textures->shown;
	if (filter == FILTER_DOWN_LAST || filter == FILTER_FSR_LAST) {
		if (first_pass(scale, textures, filter, scene, &part)) {
			view = layer_view(layout, scale->layer_width, scale->layer_height);
			texture = scale->layer;
		} else {
			filter = choose_filter(scale, textures->software, scene);
		}
		glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
		glViewport(0, 0, target->width, target->height);
	}
	renderer_scissor(target, &part);
	draw_view(scale, filter, texture, &view, target, scene);
}

void renderer_scale_finish(struct renderer_scale *scale) {
	for (int i = 0; i < FILTER_COUNT; i++) {
		glDeleteProgram(scale->programs[i].id);
	}
	glDeleteProgram(scale->shrink_program.id);
	glDeleteProgram(scale->easu_program.id);
	glDeleteVertexArrays(1, &scale->empty_array);
	glDeleteSamplers(2, scale->samplers);
	glDeleteTextures(1, &scale->layer);
	glDeleteFramebuffers(1, &scale->layer_framebuffer);
}
