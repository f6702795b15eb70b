/* pg-video: where the guest's pointer is to be drawn, and what must be drawn anew for it. */
#include <math.h>
#include <string.h>

#include "client/video_internal.h"

struct video_pointer_state video_look_at_pointer(struct video *video) {
	struct video_pointer_state state = { 0 };
	if (video->picture.source == VIDEO_SOURCE_SPICE) {
		struct fallback_pointer pointer;
		fallback_get_pointer(video->fallback, &pointer);
		state.visible = pointer.known && pointer.visible && pointer.shape_serial != 0;
		state.shape_serial = pointer.shape_serial;
		state.x = pointer.x;
		state.y = pointer.y;
	} else {
		struct source_pointer pointer;
		source_lgmp_get_pointer(video->lgmp, &pointer);
		state.visible = pointer.known && pointer.visible && pointer.shape_serial != 0;
		state.shape_serial = pointer.shape_serial;
		state.x = pointer.x;
		state.y = pointer.y;
	}
	/* Without a layout there is no place for it yet. */
	state.visible = state.visible && video->settings.guest_cursor && video->picture_begun &&
			video->width > 0;
	return state;
}

bool video_load_shape(struct video *video, uint32_t serial) {
	if (serial == 0 || (serial == video->shape_serial &&
					   video->shape_source == video->picture.source)) {
		return false;
	}
	const bool has = video->picture.source == VIDEO_SOURCE_SPICE
					 ? fallback_get_cursor(video->fallback, video->shape)
					 : source_lgmp_get_cursor(video->lgmp, video->shape);
	renderer_set_cursor(video->renderer, has ? video->shape : NULL);
	video->shape_serial = serial;
	video->shape_source = video->picture.source;
	return true;
}

static void dirty_pointer(struct video *video) {
	const float *r = video->pointer_rect;
	const struct egl_rect rect = { (int)floorf(r[0]) - 1, (int)floorf(r[1]) - 1,
		(int)ceilf(r[2]) + 3, (int)ceilf(r[3]) + 3 };
	region_add(&video->dirty, &rect);
}

void video_take_pointer(struct video *video) {
	const struct video_pointer_state state = video_look_at_pointer(video);
	bool changed = false;
	if (state.visible) {
		changed = video_load_shape(video, state.shape_serial);
	}
	float rect[4] = { 0 };
	if (state.visible) {
		int x = state.x, y = state.y;
		if (video->picture.source == VIDEO_SOURCE_SPICE) {
			x -= video->shape->hot_x; /* SPICE tells the hot spot's place */
			y -= video->shape->hot_y;
		}
		layout_desktop_rect(&video->layout, (float)x, (float)y, (float)video->shape->width,
				(float)video->shape->height, rect);
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
