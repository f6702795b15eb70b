#include "client/video/video_draw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/egl.h"
#include "client/gl/gl.h"
#include "client/render/renderer.h"
#include "client/video/video_canvas.h"
#include "client/video/video_pointer.h"
#include "client/video/video_report.h"

#include "base/clock.h"

/* How often the time of a picture on the display is asked for, which is told as one figure. */
#define WATCH_NS (100 * NS_PER_MS)

int video_draw_init(struct video_drawing *drawing) {
	drawing->quads = calloc(OVERLAY_QUADS_MAX, sizeof *drawing->quads);
	region_add_all(&drawing->dirty);
	return drawing->quads ? 0 : -ENOMEM;
}

void video_draw_finish(struct video_drawing *drawing) {
	free(drawing->quads);
}

void video_draw_forget(struct video_drawing *drawing) {
	drawing->frame_pending = false;
	drawing->history_count = 0;
	drawing->signs_drawn = false;
	region_add_all(&drawing->dirty);
}

/* ---- geometry ---- */

static void tell_geometry(struct video_drawing *drawing) {
	const struct video_geometry geometry = {
		.x = drawing->layout.x,
		.y = drawing->layout.y,
		.width = drawing->layout.width,
		.height = drawing->layout.height,
		.rotation = drawing->layout.pointer_rotation,
	};
	if (memcmp(&geometry, &drawing->reported, sizeof geometry) == 0) {
		return;
	}
	drawing->reported = geometry;
	if (drawing->events->geometry) {
		drawing->events->geometry(&geometry, drawing->events->data);
	}
}

void video_draw_lay_out(struct video_drawing *drawing) {
	if (drawing->width == 0) {
		return; /* with the first drawing */
	}
	const struct video_picture *picture = &drawing->canvas->picture;
	const struct video_settings *settings = drawing->settings;
	const struct layout_input input = {
		.image_width = picture->width,
		.image_height = picture->height,
		.desktop_width = picture->desktop_width,
		.desktop_height = picture->desktop_height,
		.guest_rotation = picture->rotation,
		.user_rotation = settings->rotate,
		.window_width = drawing->width,
		.window_height = drawing->height,
		.keep_aspect = settings->keep_aspect,
		.integer_upscale = settings->integer_upscale,
		.no_upscale = settings->no_upscale,
	};
	layout_compute(&drawing->layout, &input);
	region_add_all(&drawing->dirty);
	if (drawing->canvas->begun) {
		tell_geometry(drawing);
	}
}

void video_draw_lay_out_overlay(struct video_drawing *drawing) {
	drawing->quad_count = overlay_layout(&drawing->overlay, drawing->width, drawing->height,
			drawing->quads, OVERLAY_QUADS_MAX);
	drawing->sign_count = overlay_cover(drawing->quads, drawing->quad_count, drawing->signs);
	for (unsigned i = 0; i < drawing->sign_count; i++) {
		drawing->hides[i] = overlay_hides(
				drawing->quads, drawing->quad_count, &drawing->signs[i]);
	}
	drawing->signs_drawn = false;
	region_add_all(&drawing->dirty);
}

static void resize_to(struct video_drawing *drawing, const struct egl_target *target) {
	if (target->width == drawing->width && target->height == drawing->height) {
		return;
	}
	drawing->width = target->width;
	drawing->height = target->height;
	drawing->history_count = 0;
	renderer_resized(drawing->canvas->renderer);
	video_draw_lay_out(drawing);
	video_draw_lay_out_overlay(drawing);
	(void)video_draw_pointer(drawing); /* its place follows the layout */
}

/* ---- damage ---- */

void video_draw_damage(
		struct video_drawing *drawing, const struct frame_rect *rects, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		struct rect rect;
		if (layout_image_rect(&drawing->layout, &rects[i], &rect)) {
			region_add(&drawing->dirty, &rect);
		}
	}
}

void video_draw_frame(struct video_drawing *drawing, const struct video_frame_times *times) {
	if (drawing->frame_pending) {
		video_report_superseded(drawing->report);
	}
	drawing->frame_pending = true;
	drawing->times = *times;
}

bool video_draw_pointer(struct video_drawing *drawing) {
	return video_pointer_update(drawing->pointer, drawing->width > 0 ? &drawing->layout : NULL,
			&drawing->dirty);
}

static void push_history(struct video_drawing *drawing) {
	memmove(&drawing->history[1], &drawing->history[0],
			(VIDEO_HISTORY - 1) * sizeof drawing->history[0]);
	drawing->history[0] = drawing->dirty;
	if (drawing->history_count < VIDEO_HISTORY) {
		drawing->history_count++;
	}
}

/* What must be drawn into a back buffer of that age. */
static void region_for_age(
		const struct video_drawing *drawing, unsigned age, struct region *ret_region) {
	*ret_region = drawing->dirty;
	if (age == 0 || age - 1 > drawing->history_count) {
		region_add_all(ret_region);
		return;
	}
	for (unsigned i = 0; i + 1 < age; i++) {
		region_add_region(ret_region, &drawing->history[i]);
	}
}

/* ---- drawing ---- */

static void scene_of(const struct video_drawing *drawing, struct renderer_scene *ret_scene) {
	const bool picture = drawing->canvas->begun && !drawing->overlay.splash;
	*ret_scene = (struct renderer_scene){
		.layout = picture ? &drawing->layout : NULL,
		.scale = drawing->settings->scale,
		.dim = drawing->overlay.dim ? 0.5f : 1.0f,
		.pointer = drawing->pointer->shown,
		.pointer_rotation = drawing->layout.pointer_rotation,
		.quads = drawing->quads,
		.quad_count = drawing->quad_count,
	};
	memcpy(ret_scene->pointer_rect, drawing->pointer->rect, sizeof ret_scene->pointer_rect);
}

static struct rect pointer_cover(const struct renderer_scene *scene) {
	const float *r = scene->pointer_rect;
	const int x = (int)floorf(r[0]), y = (int)floorf(r[1]);
	return (struct rect){ x, y, (int)ceilf(r[0] + r[2]) - x, (int)ceilf(r[1] + r[3]) - y };
}

/* What is shown, and where it comes from. */
struct parts {
	struct region kept;   /* the picture's memory */
	struct region drawn;  /* the target, after it is drawn there */
	struct region steady; /* the target, where it is since an earlier swap */
};

/* Moves what the scene has over the picture, each at its place, out of what is kept. False: the
 * rest would be too many rectangles. */
static bool cut_covers(const struct video_drawing *drawing, const struct renderer_scene *scene,
		struct parts *parts) {
	const struct rect pointer = pointer_cover(scene);
	for (unsigned i = 0; i < drawing->sign_count; i++) {
		const bool steady = drawing->signs_drawn && drawing->hides[i];
		if (!region_cut(&parts->kept, &drawing->signs[i],
				    steady ? &parts->steady : &parts->drawn)) {
			return false;
		}
	}
	return !scene->pointer || region_cut(&parts->kept, &pointer, &parts->drawn);
}

static struct rect bounding_box(const struct rect *rects, unsigned count) {
	if (count == 0) {
		return (struct rect){ 0 };
	}
	int left = rects[0].x, top = rects[0].y, right = left, bottom = top;
	for (unsigned i = 0; i < count; i++) {
		const struct rect *r = &rects[i];
		left = r->x < left ? r->x : left;
		top = r->y < top ? r->y : top;
		right = r->x + r->width > right ? r->x + r->width : right;
		bottom = r->y + r->height > bottom ? r->y + r->height : bottom;
	}
	return (struct rect){ left, top, right - left, bottom - top };
}

/* Pieces without number: all that lies over the picture, at once, is fewer. */
static bool cut_box(const struct video_drawing *drawing, const struct renderer_scene *scene,
		struct parts *parts) {
	const struct rect box = bounding_box(drawing->signs, drawing->sign_count);
	const struct rect pointer = pointer_cover(scene);
	return (drawing->sign_count == 0 || region_cut(&parts->kept, &box, &parts->drawn)) &&
	       (!scene->pointer || region_cut(&parts->kept, &pointer, &parts->drawn));
}

/* Puts on the window what it can have from memory. Leaves in `region` what is to be drawn, and in
 * ret_shown what the target then has for the window. False: nothing, and nothing changed. */
static bool put_kept(const struct video_drawing *drawing, const struct renderer_scene *scene,
		struct region *region, struct region *ret_shown) {
	const struct video_canvas *canvas = drawing->canvas;
	struct egl_pixels pixels;
	struct parts begin = { .drawn = *region };
	if (!renderer_kept_at(canvas->renderer, scene, &pixels) ||
			!region_cut(&begin.drawn, &pixels.at, &begin.kept)) {
		return false;
	}
	struct parts parts = begin;
	if (!cut_covers(drawing, scene, &parts)) {
		parts = begin;
		if (!cut_box(drawing, scene, &parts)) {
			return false;
		}
	}
	if (parts.kept.count == 0 ||
			egl_put(canvas->egl, &pixels, parts.kept.rects, parts.kept.count) < 0) {
		return false;
	}
	region_finish(&parts.drawn, drawing->width, drawing->height);
	*region = parts.drawn;
	region_add_region(&parts.steady, &parts.drawn);
	region_finish(&parts.steady, drawing->width, drawing->height);
	*ret_shown = parts.steady;
	return true;
}

static void note_swap(struct video_drawing *drawing) {
	const bool frame = drawing->frame_pending;
	drawing->times.swapped_ns = drawing->drawn_ns;
	video_report_swap(drawing->report, drawing->drawn_ns, frame ? &drawing->times : NULL);
	if (frame && drawing->events->shown) {
		drawing->events->shown(&drawing->times, drawing->events->data);
	}
	drawing->frame_pending = false;
}

/* For the bench, which is told when the GPU was done. NULL: nobody asks, or what GL has drawn is
 * read before it is shown, so that it is done then. */
static GLsync begin_wait(const struct video_drawing *drawing) {
	const struct egl *egl = drawing->canvas->egl;
	return drawing->events->shown && drawing->frame_pending && egl_has_gl(egl) &&
					       !egl_takes_pixels(egl)
			       ? glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
			       : NULL;
}

static void end_wait(const struct video_drawing *drawing, GLsync fence) {
	if (drawing->swap_delay_ms > 0) {
		clock_sleep_ns(drawing->swap_delay_ms * NS_PER_MS);
	}
	if (fence) {
		glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, NS_PER_S);
		glDeleteSync(fence);
	}
}

/* Each answer of a compositor wakes every thread that reads its connection. */
static void watch(struct video_drawing *drawing, uint64_t now_ns) {
	if (drawing->frame_pending &&
			(drawing->every_shown || now_ns - drawing->watched_ns >= WATCH_NS)) {
		egl_watch(drawing->canvas->egl, drawing->times.seen_ns);
		drawing->watched_ns = now_ns;
	}
}

int video_draw(struct video_drawing *drawing) {
	const struct video_canvas *canvas = drawing->canvas;
	struct egl_target target;
	if (egl_begin(canvas->egl, &target) < 0) {
		return -EIO;
	}
	resize_to(drawing, &target);
	struct renderer_scene scene;
	scene_of(drawing, &scene);
	struct region region;
	region_for_age(drawing, target.age, &region);
	region_finish(&region, target.width, target.height);
	region_finish(&drawing->dirty, target.width, target.height);
	/* What must be read from the target: all that is dirty, or what was not put on the window
	 * otherwise. */
	struct region shown = drawing->dirty;
	drawing->signs_drawn = drawing->signs_drawn && target.age == 1;
	(void)put_kept(drawing, &scene, &region, &shown);
	renderer_draw(canvas->renderer, &target, &scene, region.rects, region.count);
	GLsync fence = begin_wait(drawing);
	drawing->times.swap_ns = clock_now_ns();
	watch(drawing, drawing->times.swap_ns);
	const int r = egl_swap(canvas->egl, shown.rects, shown.count);
	end_wait(drawing, fence);
	drawing->signs_drawn = r == 0;
	if (r < 0) {
		region_add_all(&drawing->dirty);
		return r == -EAGAIN ? 0 : -EIO;
	}
	push_history(drawing);
	region_clear(&drawing->dirty);
	drawing->drawn_ns = clock_now_ns();
	note_swap(drawing);
	return 0;
}
