#include "client/video/video_pointer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/region.h"
#include "client/gl/spice_surface.h"
#include "client/render/layout.h"
#include "client/render/renderer.h"
#include "client/video/source_lgmp.h"
#include "client/video/video_canvas.h"
#include "client/video/video_types.h"

struct pointer_state {
	bool visible; /* the guest shows one, and its shape is known */
	bool at_hot_spot;
	int x, y; /* on the desktop: of the hot spot, else of the shape's top left corner */
	uint32_t shape_serial;
};

static struct pointer_state look_at(const struct video_drawn_pointer *drawn) {
	if (drawn->canvas->picture.source == VIDEO_SOURCE_SPICE) {
		struct spice_surface_pointer pointer;
		spice_surface_get_pointer(drawn->spice_surface, &pointer);
		return (struct pointer_state){
			.visible = pointer.known && pointer.visible && pointer.shape_serial != 0,
			.at_hot_spot = true,
			.x = pointer.x,
			.y = pointer.y,
			.shape_serial = pointer.shape_serial,
		};
	}
	struct source_pointer pointer;
	source_lgmp_get_pointer(drawn->lgmp, &pointer);
	return (struct pointer_state){
		.visible = pointer.known && pointer.visible && pointer.shape_serial != 0,
		.x = pointer.x,
		.y = pointer.y,
		.shape_serial = pointer.shape_serial,
	};
}

static bool load_shape(struct video_drawn_pointer *drawn, uint32_t serial) {
	const enum video_source source = drawn->canvas->picture.source;
	if (serial == 0 || (serial == drawn->shape_serial && drawn->shape_source == source)) {
		return false;
	}
	const bool has = source == VIDEO_SOURCE_SPICE
					 ? spice_surface_get_cursor(
							   drawn->spice_surface, drawn->shape)
					 : source_lgmp_get_cursor(drawn->lgmp, drawn->shape);
	renderer_set_cursor(drawn->canvas->renderer, has ? drawn->shape : NULL);
	drawn->shape_serial = serial;
	drawn->shape_source = source;
	return true;
}

/* With the shape loaded: its top left corner on the desktop. */
static void top_left(const struct video_drawn_pointer *drawn, const struct pointer_state *state,
		int *ret_x, int *ret_y) {
	*ret_x = state->x - (state->at_hot_spot ? drawn->shape->hot_x : 0);
	*ret_y = state->y - (state->at_hot_spot ? drawn->shape->hot_y : 0);
}

static void add_to(struct region *dirty, const float r[4]) {
	const struct rect rect = { (int)floorf(r[0]) - 1, (int)floorf(r[1]) - 1,
		(int)ceilf(r[2]) + 3, (int)ceilf(r[3]) + 3 };
	region_add(dirty, &rect);
}

bool video_pointer_update(struct video_drawn_pointer *drawn, const struct layout *layout,
		struct region *dirty) {
	struct pointer_state state = look_at(drawn);
	state.visible = state.visible && drawn->settings->guest_cursor && drawn->canvas->begun &&
			layout;
	bool changed = false;
	float rect[4] = { 0 };
	if (state.visible) {
		changed = load_shape(drawn, state.shape_serial);
		const struct cursor_shape *shape = drawn->shape;
		struct layout_pointer pointer = {
			.hot_x = shape->hot_x,
			.hot_y = shape->hot_y,
			.width = (int)shape->width,
			.height = (int)shape->height,
			.keeps_size = drawn->settings->scale_pointer,
		};
		top_left(drawn, &state, &pointer.x, &pointer.y);
		layout_pointer_rect(layout, &pointer, rect);
	}
	if (!changed && state.visible == drawn->shown &&
			memcmp(rect, drawn->rect, sizeof rect) == 0) {
		return false;
	}
	if (drawn->shown) {
		add_to(dirty, drawn->rect);
	}
	drawn->shown = state.visible;
	memcpy(drawn->rect, rect, sizeof rect);
	if (state.visible) {
		add_to(dirty, drawn->rect);
	}
	return true;
}

bool video_pointer_upright(struct video_drawn_pointer *drawn, uint32_t width, uint32_t height,
		float ret_rect[4]) {
	const struct video_picture *picture = &drawn->canvas->picture;
	const struct pointer_state state = look_at(drawn);
	if (!state.visible || !drawn->canvas->begun) {
		return false;
	}
	const float sx = (float)width / (float)picture->desktop_width;
	const float sy = (float)height / (float)picture->desktop_height;
	int x, y;
	load_shape(drawn, state.shape_serial);
	top_left(drawn, &state, &x, &y);
	ret_rect[0] = (float)x * sx;
	ret_rect[1] = (float)y * sy;
	ret_rect[2] = (float)drawn->shape->width * sx;
	ret_rect[3] = (float)drawn->shape->height * sy;
	return true;
}

int video_pointer_init(struct video_drawn_pointer *drawn) {
	drawn->shape = calloc(1, sizeof *drawn->shape);
	return drawn->shape ? 0 : -ENOMEM;
}

void video_pointer_finish(struct video_drawn_pointer *drawn) {
	free(drawn->shape);
}

void video_pointer_forget(struct video_drawn_pointer *drawn) {
	drawn->shape_serial = 0;
}
