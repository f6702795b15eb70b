/* pg-video: the guest's pointer over the picture. Where it is drawn, and what must be drawn again
 * when it moved, changed or went. */
#include <math.h>
#include <string.h>

#include "client/video/video_internal.h"

struct pointer_state {
	bool visible; /* the guest shows one, and its shape is known */
	bool at_hot_spot;
	int x, y; /* on the desktop: of the hot spot, else of the shape's top left corner */
	uint32_t shape_serial;
};

static struct pointer_state look_at_pointer(struct video *video) {
	if (video->picture.source == VIDEO_SOURCE_SPICE) {
		struct spice_surface_pointer pointer;
		spice_surface_get_pointer(video->spice_surface, &pointer);
		return (struct pointer_state){
			.visible = pointer.known && pointer.visible && pointer.shape_serial != 0,
			.at_hot_spot = true,
			.x = pointer.x,
			.y = pointer.y,
			.shape_serial = pointer.shape_serial,
		};
	}
	struct source_pointer pointer;
	source_lgmp_get_pointer(video->lgmp, &pointer);
	return (struct pointer_state){
		.visible = pointer.known && pointer.visible && pointer.shape_serial != 0,
		.x = pointer.x,
		.y = pointer.y,
		.shape_serial = pointer.shape_serial,
	};
}

static bool load_shape(struct video *video, uint32_t serial) {
	if (serial == 0 || (serial == video->shape_serial &&
					   video->shape_source == video->picture.source)) {
		return false;
	}
	const bool has = video->picture.source == VIDEO_SOURCE_SPICE
					 ? spice_surface_get_cursor(
							   video->spice_surface, video->shape)
					 : source_lgmp_get_cursor(video->lgmp, video->shape);
	renderer_set_cursor(video->renderer, has ? video->shape : NULL);
	video->shape_serial = serial;
	video->shape_source = video->picture.source;
	return true;
}

/* With the shape loaded: its top left corner on the desktop. */
static void top_left(const struct video *video, const struct pointer_state *state, int *ret_x,
		int *ret_y) {
	*ret_x = state->x - (state->at_hot_spot ? video->shape->hot_x : 0);
	*ret_y = state->y - (state->at_hot_spot ? video->shape->hot_y : 0);
}

static void dirty_pointer(struct video *video) {
	const float *r = video->pointer_rect;
	const struct rect rect = { (int)floorf(r[0]) - 1, (int)floorf(r[1]) - 1,
		(int)ceilf(r[2]) + 3, (int)ceilf(r[3]) + 3 };
	region_add(&video->dirty, &rect);
}

void video_take_pointer(struct video *video) {
	struct pointer_state state = look_at_pointer(video);
	/* Without a layout there is no place for it yet. */
	state.visible = state.visible && video->settings.guest_cursor && video->picture_begun &&
			video->width > 0;
	bool changed = false;
	float rect[4] = { 0 };
	if (state.visible) {
		changed = load_shape(video, state.shape_serial);
		const struct cursor_shape *shape = video->shape;
		struct layout_pointer pointer = {
			.hot_x = shape->hot_x,
			.hot_y = shape->hot_y,
			.width = (int)shape->width,
			.height = (int)shape->height,
			.keeps_size = video->settings.scale_pointer,
		};
		top_left(video, &state, &pointer.x, &pointer.y);
		layout_pointer_rect(&video->layout, &pointer, rect);
	}
	if (!changed && state.visible == video->pointer_drawn &&
			memcmp(rect, video->pointer_rect, sizeof rect) == 0) {
		return;
	}
	if (video->pointer_drawn) {
		dirty_pointer(video);
	}
	video->pointer_drawn = state.visible;
	memcpy(video->pointer_rect, rect, sizeof rect);
	if (state.visible) {
		dirty_pointer(video);
	}
}

bool video_pointer_upright(
		struct video *video, uint32_t width, uint32_t height, float ret_rect[4]) {
	const struct pointer_state state = look_at_pointer(video);
	if (!state.visible || !video->picture_begun) {
		return false;
	}
	const float sx = (float)width / (float)video->picture.desktop_width;
	const float sy = (float)height / (float)video->picture.desktop_height;
	int x, y;
	load_shape(video, state.shape_serial);
	top_left(video, &state, &x, &y);
	ret_rect[0] = (float)x * sx;
	ret_rect[1] = (float)y * sy;
	ret_rect[2] = (float)video->shape->width * sx;
	ret_rect[3] = (float)video->shape->height * sy;
	return true;
}
