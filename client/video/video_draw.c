/* pg-video: layout, what must be drawn, drawing and swapping. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "client/gl/gl.h"
#include "client/video/video_internal.h"

#include "base/clock.h"

/* ---- geometry ---- */

static void tell_geometry(struct video *video) {
	const struct video_geometry geometry = {
		.x = video->layout.x,
		.y = video->layout.y,
		.width = video->layout.width,
		.height = video->layout.height,
		.rotation = video->layout.pointer_rotation,
	};
	if (memcmp(&geometry, &video->geometry, sizeof geometry) == 0) {
		return;
	}
	video->geometry = geometry;
	if (video->events.geometry) {
		video->events.geometry(&geometry, video->events.data);
	}
}

void video_lay_out(struct video *video) {
	const struct layout_input input = {
		.image_width = video->picture.width,
		.image_height = video->picture.height,
		.desktop_width = video->picture.desktop_width,
		.desktop_height = video->picture.desktop_height,
		.guest_rotation = video->picture.rotation,
		.user_rotation = video->settings.rotate,
		.window_width = video->width,
		.window_height = video->height,
		.keep_aspect = video->settings.keep_aspect,
		.integer_upscale = video->settings.integer_upscale,
		.no_upscale = video->settings.no_upscale,
	};
	layout_compute(&video->layout, &input);
	region_add_all(&video->dirty);
	if (video->picture_begun) {
		tell_geometry(video);
	}
}

void video_lay_out_overlay(struct video *video) {
	video->quad_count = overlay_layout(&video->overlay, video->width, video->height,
			video->quads, OVERLAY_QUADS_MAX);
}

/* ---- drawing ---- */

static void push_history(struct video *video) {
	memmove(&video->history[1], &video->history[0],
			(VIDEO_HISTORY - 1) * sizeof video->history[0]);
	video->history[0] = video->dirty;
	if (video->history_count < VIDEO_HISTORY) {
		video->history_count++;
	}
}

/* What must be drawn into a back buffer of that age. */
static void region_for_age(const struct video *video, unsigned age, struct region *ret_region) {
	*ret_region = video->dirty;
	if (age == 0 || age - 1 > video->history_count) {
		region_add_all(ret_region);
		return;
	}
	for (unsigned i = 0; i + 1 < age; i++) {
		region_add_region(ret_region, &video->history[i]);
	}
}

static void note_swap(struct video *video, uint64_t swapped_ns) {
	const bool frame = video->frame_pending;
	pthread_mutex_lock(&video->lock);
	video->swap_ns[video->swap_at] = swapped_ns;
	video->swap_new[video->swap_at] = frame;
	video->swap_at = (video->swap_at + 1) % VIDEO_SWAPS_KEPT;
	if (frame) {
		struct video_stats *stats = &video->stats;
		stats->shown++;
		stats->torn += video->times.torn ? 1 : 0;
		stats->newest_swapped_ns = swapped_ns;
		stats->seen_to_uploaded_us =
				(double)(video->times.uploaded_ns - video->times.seen_ns) / 1e3;
		stats->seen_to_swapped_us = (double)(swapped_ns - video->times.seen_ns) / 1e3;
	}
	if (frame) {
		video->times.swapped_ns = swapped_ns;
		video->recent[video->recent_count++ % VIDEO_TIMES_KEPT] = video->times;
	}
	pthread_mutex_unlock(&video->lock);
	if (frame && video->events.shown) {
		video->events.shown(&video->times, video->events.data);
	}
	video->frame_pending = false;
}

static void resize_to(struct video *video, const struct egl_target *target) {
	if (target->width == video->width && target->height == video->height) {
		return;
	}
	video->width = target->width;
	video->height = target->height;
	video->history_count = 0;
	video_lay_out(video);
	video_lay_out_overlay(video);
	video_take_pointer(video); /* its place follows the layout */
	region_add_all(&video->dirty);
}

/* What the scene has over the picture. */
static unsigned covers(const struct renderer_scene *scene, struct rect ret_rects[2]) {
	unsigned count = 0;
	if (scene->pointer) {
		const float *r = scene->pointer_rect;
		const int x = (int)floorf(r[0]), y = (int)floorf(r[1]);
		ret_rects[count++] = (struct rect){ x, y, (int)ceilf(r[0] + r[2]) - x,
			(int)ceilf(r[1] + r[3]) - y };
	}
	if (scene->quad_count > 0) {
		float left = INFINITY, top = INFINITY, right = 0, bottom = 0;
		for (size_t i = 0; i < scene->quad_count; i++) {
			const struct overlay_quad *quad = &scene->quads[i];
			left = fminf(left, quad->x);
			top = fminf(top, quad->y);
			right = fmaxf(right, quad->x + quad->width);
			bottom = fmaxf(bottom, quad->y + quad->height);
		}
		const int x = (int)floorf(left), y = (int)floorf(top);
		ret_rects[count++] = (struct rect){ x, y, (int)ceilf(right) - x,
			(int)ceilf(bottom) - y };
	}
	return count;
}

/* Takes what the window can have from memory out of the region. */
static bool put_kept(
		struct video *video, const struct renderer_scene *scene, struct region *region) {
	struct egl_pixels pixels;
	struct region drawn = *region, kept = { .count = 0 };
	struct rect over[2];
	if (!renderer_kept_at(video->renderer, scene, &pixels) ||
			!region_cut(&drawn, &pixels.at, &kept)) {
		return false;
	}
	const unsigned count = covers(scene, over);
	for (unsigned i = 0; i < count; i++) {
		if (!region_cut(&kept, &over[i], &drawn)) {
			return false;
		}
	}
	if (kept.count == 0 || egl_put(video->egl, &pixels, kept.rects, kept.count) < 0) {
		return false;
	}
	*region = drawn;
	return true;
}

/* ret_drawn: what must be read from the target: all that is dirty, or what was not put
 * on the window otherwise. */
static void draw_scene(
		struct video *video, const struct egl_target *target, struct region *ret_drawn) {
	struct region region;
	region_for_age(video, target->age, &region);
	region_finish(&region, target->width, target->height);
	region_finish(&video->dirty, target->width, target->height);
	struct renderer_scene scene = {
		.layout = video->picture_begun && !video->overlay.splash ? &video->layout : NULL,
		.scale = video->settings.scale,
		.dim = video->overlay.dim ? 0.5f : 1.0f,
		.pointer = video->pointer_drawn,
		.pointer_rotation = video->layout.pointer_rotation,
		.quads = video->quads,
		.quad_count = video->quad_count,
	};
	memcpy(scene.pointer_rect, video->pointer_rect, sizeof scene.pointer_rect);
	*ret_drawn = video->dirty;
	if (put_kept(video, &scene, &region)) {
		*ret_drawn = region;
	}
	renderer_draw(video->renderer, target, &scene, region.rects, region.count);
}

void video_draw(struct video *video) {
	struct egl_target target;
	if (egl_begin(video->egl, &target) < 0) {
		video_close_gl(video);
		return;
	}
	resize_to(video, &target);
	struct region drawn;
	draw_scene(video, &target, &drawn);
	GLsync fence = NULL;
	if (video->events.shown && video->frame_pending) {
		fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	}
	video->times.swap_ns = clock_now_ns();
	const int r = egl_swap(video->egl, drawn.rects, drawn.count);
	if (video->config.swap_delay_ms > 0) {
		clock_sleep_ns(video->config.swap_delay_ms * NS_PER_MS);
	}
	if (fence) {
		glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, NS_PER_S);
		glDeleteSync(fence);
	}
	if (r == -EAGAIN) {
		region_add_all(&video->dirty);
		return;
	}
	if (r < 0) {
		video_close_gl(video);
		region_add_all(&video->dirty);
		return;
	}
	push_history(video);
	region_clear(&video->dirty);
	video->drawn_ns = clock_now_ns();
	note_swap(video, video->drawn_ns);
}
