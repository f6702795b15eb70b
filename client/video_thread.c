/* pg-video: owns the GL context; takes the newest frame, uploads it, draws, swaps. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client/gl.h"
#include "client/video_internal.h"
#include "client/video_upload.h"
#include "host-proto/stamp.h"

#define LOG_MODULE "video"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

#define GL_RETRY_NS      (2 * NS_PER_S)
#define SHOT_PATIENCE_NS (300 * NS_PER_MS)
#define HIDDEN_STEP_NS   (50 * NS_PER_MS)

/* ---- GL comes and goes ---- */

static void close_gl(struct video *video) {
	renderer_destroy(video->renderer);
	video->renderer = NULL;
	egl_destroy(video->egl);
	video->egl = NULL;
	video->picture_begun = false;
	video->picture.source = VIDEO_SOURCE_AUTO;
	video->shape_serial = 0;
	video->frame_pending = false;
}

static void set_failure(struct video *video, const char *text) {
	pthread_mutex_lock(&video->lock);
	snprintf(video->gl_failure, sizeof video->gl_failure, "%s", text);
	pthread_mutex_unlock(&video->lock);
	video_publish(video);
}

static void apply_hdr(struct video *video) {
	const struct renderer_hdr hdr = {
		.map = video->settings.map_hdr,
		.peak_nits = video->settings.peak_nits,
		.max_cll_nits = video->settings.max_cll_nits,
	};
	if (renderer_set_hdr(video->renderer, &hdr)) {
		video->picture.source = VIDEO_SOURCE_AUTO; /* all of it must come again */
		source_lgmp_discard(video->lgmp, true);
		source_lgmp_discard(video->lgmp, false);
	}
}

static void open_gl(struct video *video) {
	int r = egl_create(&video->egl, video->surface);
	if (r == 0) {
		r = renderer_create(&video->renderer, egl_is_software(video->egl),
				video->config.upload);
	}
	if (r < 0) {
		close_gl(video);
		video->gl_retry_ns = clock_now_ns() + GL_RETRY_NS;
		set_failure(video,
				_("this machine draws no OpenGL ES 3: install the graphics driver's EGL (Mesa: libegl1, libgl1-mesa-dri)"));
		return;
	}
	egl_set_vsync(video->egl, video->settings.vsync);
	apply_hdr(video);
	region_add_all(&video->dirty);
	video->history_count = 0;
	/* The newest frame was perhaps uploaded into the context that is gone. */
	source_lgmp_discard(video->lgmp, true);
	source_lgmp_discard(video->lgmp, false);
	pthread_mutex_lock(&video->lock);
	snprintf(video->stats.renderer, sizeof video->stats.renderer, "%s",
			egl_renderer_name(video->egl));
	snprintf(video->stats.window, sizeof video->stats.window, "%s", egl_kind(video->egl));
	snprintf(video->stats.upload, sizeof video->stats.upload, "%s",
			renderer_upload_name(video->renderer));
	pthread_mutex_unlock(&video->lock);
	set_failure(video, "");
}

/* ---- mail ---- */

static void lay_out_overlay(struct video *video) {
	video->quad_count = overlay_layout(&video->overlay, video->width, video->height,
			video->quads, OVERLAY_QUADS_MAX);
}

static void take_mail(struct video *video) {
	struct video_settings before = video->settings;
	if (mailbox_take(&video->settings_box, &video->settings)) {
		region_add_all(&video->dirty);
		if (video->egl != NULL) {
			if (before.vsync != video->settings.vsync) {
				egl_set_vsync(video->egl, video->settings.vsync);
			}
			apply_hdr(video);
		}
		video->width = 0; /* lay out anew */
	}
	if (mailbox_take(&video->overlay_box, &video->overlay)) {
		lay_out_overlay(video);
		region_add_all(&video->dirty);
	}
	if (atomic_exchange(&video->redraw, false)) {
		region_add_all(&video->dirty);
		video->resize_redraws = 2;
	}
}

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
	if (video->events.geometry != NULL) {
		video->events.geometry(&geometry, video->events.data);
	}
}

static void lay_out(struct video *video) {
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

static void publish_picture(struct video *video, enum video_source showing) {
	const struct video_picture *picture = &video->picture;
	const bool turned = picture->rotation % 2 != 0;
	pthread_mutex_lock(&video->lock);
	struct video_status *status = &video->status;
	status->showing = showing;
	status->width = turned ? picture->height : picture->width;
	status->height = turned ? picture->width : picture->height;
	status->desktop_width = picture->desktop_width;
	status->desktop_height = picture->desktop_height;
	pthread_mutex_unlock(&video->lock);
	video_publish(video);
}

/* ---- a frame of Looking Glass ---- */

static void note_frame_flags(struct video *video, const struct frame *frame) {
	pthread_mutex_lock(&video->lock);
	struct video_status *status = &video->status;
	const bool changed = status->block_screensaver !=
					     ((frame->flags & FRAME_BLOCK_SCREENSAVER) != 0) ||
			     status->truncated != ((frame->flags & FRAME_TRUNCATED) != 0) ||
			     status->hdr != ((frame->flags & FRAME_HDR) != 0) ||
			     !video->have_lgmp_frame ||
			     (frame->flags & FRAME_REQUEST_ACTIVATION) != 0;
	status->block_screensaver = (frame->flags & FRAME_BLOCK_SCREENSAVER) != 0;
	status->truncated = (frame->flags & FRAME_TRUNCATED) != 0;
	status->hdr = (frame->flags & FRAME_HDR) != 0;
	status->needed_mib = 0;
	if (status->truncated) {
		/* kvmfr.md 4.1: 2^ceil(log2(height x pitch x 2 / MiB + 10)) */
		const double mib = (double)frame->screen_height * frame->pitch * 2 / 1048576 + 10;
		status->needed_mib = 1;
		while (status->needed_mib < mib && status->needed_mib < 1u << 20) {
			status->needed_mib *= 2;
		}
	}
	if ((frame->flags & FRAME_REQUEST_ACTIVATION) != 0) {
		status->activation_requests++;
	}
	video->have_lgmp_frame = true;
	pthread_mutex_unlock(&video->lock);
	if (changed && video->picture.source == VIDEO_SOURCE_LG) {
		video_publish(video); /* else note_picture() does it, with the size */
	}
}

static void upload_failed(struct video *video, const char *what) {
	video->picture.torn = true;
	log_debug_limited("frame left out: %s", what);
}

/* Makes the renderer ready for the frame's geometry. Returns 1 if all of it must be uploaded, 0 if
 * not, or a negative errno. */
static int begin_frame(struct video *video, const struct source_frame *taken) {
	const struct frame *frame = &taken->frame;
	const struct renderer_picture picture = {
		.format = frame->format,
		.width = frame->width,
		.height = frame->height,
		.data_width = frame->data_width,
		.rows = frame->rows,
		.hdr = (frame->flags & FRAME_HDR) != 0,
		.pq = (frame->flags & FRAME_HDR_PQ) != 0,
	};
	int r = renderer_set_picture(video->renderer, &picture);
	if (r < 0) {
		set_failure(video, _("the guest's picture is larger than this GPU can draw"));
		return r;
	}
	if (r == 1 && video->gl_failure[0] != '\0') {
		set_failure(video, "");
	}
	const struct video_picture *before = &video->picture;
	return r == 1 || before->source != VIDEO_SOURCE_LG || before->torn || taken->repeated ||
	       before->generation != taken->message.generation ||
	       before->serial != frame->damage_since || frame->damage_count == 0;
}

/* Notes what stands in the texture now; lays out anew if its geometry differs. */
static void note_picture(struct video *video, const struct video_picture *picture) {
	const struct video_picture before = video->picture;
	video->picture = *picture;
	const bool same = video->picture_begun && before.source == picture->source &&
			  before.width == picture->width && before.height == picture->height &&
			  before.desktop_width == picture->desktop_width &&
			  before.desktop_height == picture->desktop_height &&
			  before.rotation == picture->rotation;
	if (same) {
		return;
	}
	video->picture_begun = true;
	if (video->width > 0) {
		lay_out(video);
	}
	publish_picture(video, picture->source);
}

static void dirty_image(struct video *video, const struct frame_rect *rects, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		struct egl_rect rect;
		if (layout_image_rect(&video->layout, &rects[i], &rect)) {
			region_add(&video->dirty, &rect);
		}
	}
}

/* Whether every stripe of the texture carries the frame's serial (host-proto/stamp.h). */
static bool is_torn(struct video *video, const struct frame *frame) {
	if (frame->width < STAMP_WIDTH_PX) {
		return false;
	}
	if (video->verify_row == NULL) {
		video->verify_row = malloc(STAMP_WIDTH_PX * 4);
		if (video->verify_row == NULL) {
			return false;
		}
	}
	for (unsigned stripe = 0; (stripe + 1) * STAMP_STRIPE_ROWS <= frame->rows; stripe++) {
		uint32_t serial = 0;
		if (renderer_read_rows(video->renderer, stamp_row(stripe), 1, STAMP_WIDTH_PX,
				    video->verify_row) < 0 ||
				!stamp_read(video->verify_row, 4, stripe, &serial) ||
				serial != frame->serial) {
			return true;
		}
	}
	return false;
}

static void note_times(struct video *video, const struct source_frame *taken, uint64_t uploaded_ns,
		uint64_t released_ns, bool torn) {
	if (video->frame_pending) {
		pthread_mutex_lock(&video->lock);
		video->stats.superseded++;
		pthread_mutex_unlock(&video->lock);
	}
	video->frame_pending = true;
	video->times = (struct video_frame_times){
		.serial = taken->frame.serial,
		.seen_ns = taken->seen_ns,
		.uploaded_ns = uploaded_ns,
		.released_ns = released_ns,
		.torn = torn,
	};
}

static void take_frame(struct video *video) {
	struct source_frame taken;
	if (!source_lgmp_take(video->lgmp, &taken)) {
		return;
	}
	int all = begin_frame(video, &taken);
	bool ok = all >= 0;
	if (ok) {
		ok = video_upload(video->renderer, video->lgmp, &taken, all != 0, &video->stop);
	}
	const uint64_t uploaded_ns = clock_now_ns();
	const struct frame frame = taken.frame;
	const uint64_t generation = taken.message.generation;
	const bool trusted = source_lgmp_release(video->lgmp, &taken) == 0;
	const uint64_t released_ns = clock_now_ns();
	if (!ok || !trusted) {
		upload_failed(video, all < 0 ? "too large"
				     : ok    ? "evicted while it was read"
					     : "its pixels did not come");
		return;
	}
	renderer_uploaded(video->renderer, frame.damage, all ? 0 : frame.damage_count);

	const bool turned = frame.rotation % 2 != 0;
	const struct video_picture picture = {
		.source = VIDEO_SOURCE_LG,
		.generation = generation,
		.serial = frame.serial,
		.width = frame.width,
		.height = frame.height,
		.desktop_width = turned ? frame.screen_height : frame.screen_width,
		.desktop_height = turned ? frame.screen_width : frame.screen_height,
		.rotation = frame.rotation,
	};
	note_frame_flags(video, &frame);
	note_picture(video, &picture);
	const struct frame_rect whole = { 0, 0, frame.width, frame.height };
	if (all) {
		dirty_image(video, &whole, 1);
	} else {
		dirty_image(video, frame.damage, frame.damage_count);
	}
	const bool torn = video->config.verify_stripe_rows > 0 && is_torn(video, &frame);
	note_times(video, &taken, uploaded_ns, released_ns, torn);
}

/* ---- the fallback ---- */

static bool fallback_wanted(struct video *video) {
	if (video->fallback == NULL || video->settings.source == VIDEO_SOURCE_LG) {
		return false;
	}
	if (video->settings.source == VIDEO_SOURCE_SPICE) {
		return true;
	}
	pthread_mutex_lock(&video->lock);
	const bool lgmp = video->lgmp_status.state == LGMP_STATE_RUNNING && video->have_lgmp_frame;
	pthread_mutex_unlock(&video->lock);
	return !lgmp;
}

static void take_fallback(struct video *video) {
	struct fallback_view view;
	fallback_take(video->fallback, &view);
	const bool shown = video->picture.source == VIDEO_SOURCE_SPICE;
	if (view.pixels == NULL) {
		fallback_take_done(video->fallback, false);
		return;
	}
	const bool all = !shown || video->picture.generation != view.generation;
	if (!all && view.damage_count == 0) {
		fallback_take_done(video->fallback, false);
		return;
	}
	const struct renderer_picture want = {
		.format = FRAME_FORMAT_BGRA,
		.width = view.width,
		.height = view.height,
		.data_width = view.width,
		.rows = view.height,
	};
	if (renderer_set_picture(video->renderer, &want) < 0) {
		fallback_take_done(video->fallback, true);
		return;
	}
	const struct frame_rect whole = { 0, 0, view.width, view.height };
	const struct frame_rect *rects = all ? &whole : view.damage;
	const unsigned count = all ? 1 : view.damage_count;
	for (unsigned i = 0; i < count; i++) {
		renderer_upload(video->renderer, (const unsigned char *)view.pixels,
				view.stride * 4, &rects[i]);
	}
	fallback_take_done(video->fallback, true);
	renderer_uploaded(video->renderer, rects, count);
	const struct video_picture picture = {
		.source = VIDEO_SOURCE_SPICE,
		.generation = view.generation,
		.width = view.width,
		.height = view.height,
		.desktop_width = view.width,
		.desktop_height = view.height,
	};
	note_picture(video, &picture);
	dirty_image(video, rects, count);
}

/* ---- the pointer ---- */

struct pointer_state {
	bool visible;
	int x, y; /* top left of the shape on the desktop */
	uint32_t shape_serial;
};

static struct pointer_state look_at_pointer(struct video *video) {
	struct pointer_state state = { 0 };
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

static bool load_shape(struct video *video, uint32_t serial) {
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

/* Compares the pointer with what was drawn and marks both places if it differs. */
static void take_pointer(struct video *video) {
	const struct pointer_state state = look_at_pointer(video);
	bool changed = false;
	if (state.visible) {
		changed = load_shape(video, state.shape_serial);
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
	pthread_mutex_unlock(&video->lock);
	if (frame && video->events.shown != NULL) {
		video->times.swapped_ns = swapped_ns;
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
	lay_out(video);
	lay_out_overlay(video);
	take_pointer(video); /* its place follows the layout */
	region_add_all(&video->dirty);
}

static void draw_scene(struct video *video, const struct egl_target *target) {
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
	renderer_draw(video->renderer, target, &scene, region.rects, region.count);
}

static void draw(struct video *video) {
	struct egl_target target;
	if (egl_begin(video->egl, &target) < 0) {
		close_gl(video);
		return;
	}
	resize_to(video, &target);
	draw_scene(video, &target);
	GLsync fence = NULL;
	if (video->events.shown != NULL && video->frame_pending) {
		fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
	}
	const int r = egl_swap(video->egl, video->dirty.rects, video->dirty.count);
	if (video->config.swap_delay_ms > 0) {
		clock_sleep_ns(video->config.swap_delay_ms * NS_PER_MS);
	}
	if (fence != NULL) {
		glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, NS_PER_S);
		glDeleteSync(fence);
	}
	if (r == -EAGAIN) {
		region_add_all(&video->dirty);
		return;
	}
	if (r < 0) {
		close_gl(video);
		region_add_all(&video->dirty);
		return;
	}
	push_history(video);
	region_clear(&video->dirty);
	video->drawn_ns = clock_now_ns();
	note_swap(video, video->drawn_ns);
}

/* ---- screenshots ---- */

static void finish_writing(struct video *video) {
	if (!video->has_writing) {
		return;
	}
	const int r = screenshot_finish(video->writing);
	if (r == -EAGAIN) {
		return;
	}
	video->has_writing = false;
	if (video->writing_shot.done != NULL) {
		video->writing_shot.done(r, video->writing_shot.data);
	}
}

static void wake_video(void *data) {
	video_wake_thread(data);
}

static int read_and_write(struct video *video, const struct video_shot *shot) {
	const struct video_picture *picture = &video->picture;
	const unsigned rotation = (4 - picture->rotation % 4) % 4;
	const bool turned = rotation % 2 != 0;
	const uint32_t width = turned ? picture->height : picture->width;
	const uint32_t height = turned ? picture->width : picture->height;
	unsigned char *rgb = malloc((size_t)width * height * 3);
	if (rgb == NULL) {
		return -ENOMEM;
	}
	const struct pointer_state state = look_at_pointer(video);
	float rect[4];
	const bool pointer = shot->with_pointer && state.visible;
	if (pointer) {
		const bool spice = picture->source == VIDEO_SOURCE_SPICE;
		const float sx = (float)width / (float)picture->desktop_width;
		const float sy = (float)height / (float)picture->desktop_height;
		load_shape(video, state.shape_serial);
		rect[0] = (float)(state.x - (spice ? video->shape->hot_x : 0)) * sx;
		rect[1] = (float)(state.y - (spice ? video->shape->hot_y : 0)) * sy;
		rect[2] = (float)video->shape->width * sx;
		rect[3] = (float)video->shape->height * sy;
	}
	int r = renderer_read(video->renderer, rotation, pointer ? rect : NULL, rgb);
	if (r == 0) {
		r = screenshot_start(
				&video->writing, shot->path, width, height, rgb, wake_video, video);
	}
	if (r < 0) {
		free(rgb);
	}
	return r;
}

/* fresh: a new frame was uploaded just now. */
static void serve_shot(struct video *video, bool fresh) {
	if (video->has_writing || !video->picture_begun || video->picture.torn) {
		return;
	}
	pthread_mutex_lock(&video->lock);
	bool wanted = video->shot_wanted;
	if (wanted && !fresh && clock_now_ns() - video->shot.since_ns < SHOT_PATIENCE_NS) {
		wanted = false; /* the next frame is asked for; an idle guest sends none */
	}
	const struct video_shot shot = video->shot;
	if (wanted) {
		video->shot_wanted = false;
	}
	pthread_mutex_unlock(&video->lock);
	if (!wanted) {
		return;
	}
	const int r = read_and_write(video, &shot);
	if (r < 0) {
		if (shot.done != NULL) {
			shot.done(r, shot.data);
		}
		return;
	}
	video->has_writing = true;
	video->writing_shot = shot;
}

/* ---- the loop ---- */

/* A pointer that moves alone is drawn once per refresh of the display, and a little later than
 * that: the next frame of a guest of the same rate takes it along. */
static uint64_t pointer_step_ns(const struct video *video) {
	const int hz = atomic_load(&video->surface->refresh_hz);
	return NS_PER_S * 115 / 100 / (uint64_t)(hz >= 24 && hz <= 1000 ? hz : 60);
}

static bool takes_frames(const struct video *video) {
	return !video->settings.hidden && !video->settings.paused &&
	       video->settings.source != VIDEO_SOURCE_SPICE && video->egl != NULL;
}

/* One look at everything. Returns when to look again without being woken. */
static uint64_t work(struct video *video) {
	take_mail(video);
	finish_writing(video);
	uint64_t next_ns = UINT64_MAX;
	if (video->egl == NULL) {
		if (clock_now_ns() < video->gl_retry_ns) {
			source_lgmp_discard(video->lgmp, true);
			return video->gl_retry_ns;
		}
		open_gl(video);
		if (video->egl == NULL) {
			return video->gl_retry_ns;
		}
	}
	source_lgmp_discard(video->lgmp, !takes_frames(video));
	if (video->settings.hidden) {
		return UINT64_MAX;
	}
	if (!egl_wants_frame(video->egl)) {
		/* The wait below ends when the compositor asks; this is for one that does not. */
		return clock_now_ns() + HIDDEN_STEP_NS;
	}
	const bool pending = video->frame_pending;
	if (takes_frames(video)) {
		take_frame(video);
	}
	if (fallback_wanted(video)) {
		take_fallback(video);
	}
	serve_shot(video, video->frame_pending && !pending);
	if (video->shot_wanted) {
		next_ns = clock_now_ns() + SHOT_PATIENCE_NS / 3;
	}
	if (!video->frame_pending && region_empty(&video->dirty)) {
		const uint64_t soon_ns = video->drawn_ns + pointer_step_ns(video);
		if (clock_now_ns() < soon_ns) {
			return next_ns < soon_ns ? next_ns : soon_ns;
		}
	}
	take_pointer(video);
	if (!region_empty(&video->dirty)) {
		draw(video);
		if (!region_empty(&video->dirty)) {
			return clock_now_ns(); /* the size changed meanwhile */
		}
	}
	if (video->resize_redraws > 0) {
		/* Some drivers take a new window size one swap late. */
		video->resize_redraws--;
		region_add_all(&video->dirty);
		next_ns = clock_now_ns() + 16 * NS_PER_MS;
	}
	return next_ns;
}

void *video_thread(void *data) {
	struct video *video = data;
	prctl(PR_SET_TIMERSLACK, 1);
	while (!atomic_load(&video->stop)) {
		const uint64_t next_ns = work(video);
		if (next_ns > clock_now_ns()) {
			egl_wait(video->egl, video->wake_fd, next_ns);
		}
		uint64_t count;
		ssize_t n = read(video->wake_fd, &count, sizeof count);
		(void)n;
	}
	if (video->has_writing) {
		const int r = screenshot_wait(video->writing);
		if (video->writing_shot.done != NULL) {
			video->writing_shot.done(r, video->writing_shot.data);
		}
	}
	close_gl(video);
	return NULL;
}
