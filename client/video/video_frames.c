#define LOG_MODULE "video"
#include "client/video/video_frames.h"

#include <errno.h>
#include <stdlib.h>

#include "client/gl/egl.h"
#include "client/gl/spice_surface.h"
#include "client/render/renderer.h"
#include "client/video/pixel_way.h"
#include "client/video/source_lgmp.h"
#include "client/video/video_canvas.h"
#include "client/video/video_draw.h"
#include "client/video/video_report.h"
#include "client/video/video_upload.h"
#include "host-proto/stamp.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/thread_place.h"

void video_frames_finish(struct video_frames *frames) {
	free(frames->verify_row);
}

void video_frames_woke(struct video_frames *frames, uint64_t slept_ns, uint64_t woke_ns) {
	frames->slept_ns = slept_ns;
	frames->woke_ns = woke_ns;
}

/* ---- a picture in the texture ---- */

/* A window that takes pixels from memory takes a picture of its size as it is. */
static void keep(struct video_frames *frames) {
	const struct video_canvas *canvas = frames->canvas;
	const struct layout *layout = &frames->drawing->layout;
	const bool wanted = canvas->begun && egl_takes_pixels(canvas->egl) &&
			    frames->config->upload == VIDEO_UPLOAD_AUTO && layout->exact &&
			    layout->rotation == 0;
	const struct rect at = { layout->x, layout->y, layout->width, layout->height };
	const bool before = renderer_keeps(canvas->renderer);
	if (renderer_keep(canvas->renderer, wanted ? &at : NULL, canvas->egl)) {
		region_add_all(&frames->drawing->dirty);
	}
	if (before != renderer_keeps(canvas->renderer)) {
		video_report_upload(frames->report, renderer_upload_name(canvas->renderer));
	}
}

/* Notes what stands in the texture now; lays out anew if its geometry differs. */
static void note_picture(struct video_frames *frames, const struct video_picture *picture) {
	struct video_canvas *canvas = frames->canvas;
	const struct video_picture before = canvas->picture;
	canvas->picture = *picture;
	const bool same = canvas->begun && before.source == picture->source &&
			  before.width == picture->width && before.height == picture->height &&
			  before.desktop_width == picture->desktop_width &&
			  before.desktop_height == picture->desktop_height &&
			  before.rotation == picture->rotation;
	if (same) {
		return;
	}
	canvas->begun = true;
	video_draw_lay_out(frames->drawing);
	video_report_picture(frames->report, picture);
}

/* ---- a frame of Looking Glass ---- */

/* Makes the renderer ready for the frame's geometry. Returns 1 if all of it must be uploaded, 0 if
 * not, or a negative errno. */
static int begin_frame(struct video_frames *frames, const struct source_frame *taken) {
	const struct frame *frame = &taken->frame;
	const struct renderer_picture picture = {
		.format = frame->format,
		.width = frame->width,
		.height = frame->height,
		.data_width = frame->data_width,
		.rows = frame->rows,
		.hdr = (frame->flags & FRAME_HDR) != 0,
		.pq = (frame->flags & FRAME_HDR_PQ) != 0,
		.max_cll_nits = frame->hdr.max_cll_nits,
	};
	int r = renderer_set_picture(frames->canvas->renderer, &picture);
	if (r < 0) {
		video_report_failure(frames->report,
				_("the guest's picture is larger than this GPU can draw"));
		return r;
	}
	if (r == 1) {
		video_report_failure(frames->report, "");
	}
	keep(frames);
	const struct video_picture *before = &frames->canvas->picture;
	return r == 1 || before->source != VIDEO_SOURCE_LG || before->torn || taken->repeated ||
	       before->generation != taken->message.generation ||
	       before->serial != frame->damage_since || frame->damage_count == 0;
}

/* Whether a frame's pixels are still worth waiting for. */
struct waiting {
	const struct video_frames *frames;
	const struct source_frame *taken;
};

static bool go_on(void *data) {
	const struct waiting *waiting = data;
	return !atomic_load(waiting->frames->stop) &&
	       source_lgmp_alive(waiting->frames->lgmp, waiting->taken);
}

/* Whether every stripe of the texture carries the frame's serial (host-proto/stamp.h). */
static bool is_torn(struct video_frames *frames, const struct frame *frame) {
	if (frame->width < STAMP_WIDTH_PX) {
		return false;
	}
	if (!frames->verify_row) {
		frames->verify_row = malloc(STAMP_WIDTH_PX * 4);
		if (!frames->verify_row) {
			return false;
		}
	}
	for (unsigned stripe = 0; (stripe + 1) * STAMP_STRIPE_ROWS <= frame->rows; stripe++) {
		uint32_t serial = 0;
		if (renderer_read_rows(frames->canvas->renderer, stamp_row(stripe), 1,
				    STAMP_WIDTH_PX, frames->verify_row) < 0 ||
				!stamp_read(frames->verify_row, 4, stripe, &serial) ||
				serial != frame->serial) {
			return true;
		}
	}
	return false;
}

/* How long it took this thread to run when the frame was there. */
static void note_wake(struct video_frames *frames, const struct source_frame *taken) {
	if (frames->slept_ns < taken->seen_ns && frames->woke_ns > taken->seen_ns) {
		thread_place_late(frames->place, frames->woke_ns - taken->seen_ns, frames->woke_ns);
	}
}

/* The frame stands in the texture: what the window and the program are to know of it. */
static void note_frame(struct video_frames *frames, const struct source_frame *taken, bool all) {
	const struct frame *frame = &taken->frame;
	const bool turned = frame->rotation % 2 != 0;
	const struct video_picture picture = {
		.source = VIDEO_SOURCE_LG,
		.generation = taken->message.generation,
		.serial = frame->serial,
		.width = frame->width,
		.height = frame->height,
		.desktop_width = turned ? frame->screen_height : frame->screen_width,
		.desktop_height = turned ? frame->screen_width : frame->screen_height,
		.rotation = frame->rotation,
	};
	video_report_frame(
			frames->report, frame, frames->canvas->picture.source == VIDEO_SOURCE_LG);
	note_picture(frames, &picture);
	const struct frame_rect whole = { 0, 0, frame->width, frame->height };
	video_draw_damage(frames->drawing, all ? &whole : frame->damage,
			all ? 1 : frame->damage_count);
}

/* While no picture is wanted, none gets old. */
static uint64_t wanted_and_seen_ns(
		const struct video_frames *frames, const struct source_frame *taken) {
	return taken->seen_ns > frames->wanted_ns ? taken->seen_ns : frames->wanted_ns;
}

void video_frames_take(struct video_frames *frames) {
	struct source_frame taken;
	if (!newest_frame_take(source_lgmp_newest(frames->lgmp), &taken)) {
		return;
	}
	note_wake(frames, &taken);
	const struct frame *frame = &taken.frame;
	struct waiting waiting = { frames, &taken };
	const struct video_follow follow = { go_on, &waiting, frames->place };
	uint64_t spent_ns = 0;
	bool imported = pixel_way_imports(frames->way, &taken);
	int all = begin_frame(frames, &taken);
	bool ok = all >= 0;
	if (ok && imported) {
		const int r = pixel_way_import(frames->way, &taken, all != 0, &follow);
		ok = r == 0;
		if (r < 0 && r != -EAGAIN) {
			imported = false;
			all = begin_frame(frames, &taken);
			ok = all >= 0;
		}
	}
	if (ok && !imported) {
		ok = video_upload(frames->canvas->renderer, frame, all != 0, &follow, &spent_ns);
	}
	struct video_frame_times times = {
		.serial = frame->serial,
		.seen_ns = wanted_and_seen_ns(frames, &taken),
		.uploaded_ns = clock_now_ns(),
	};
	const bool trusted = newest_frame_release(source_lgmp_newest(frames->lgmp), &taken) == 0;
	times.released_ns = clock_now_ns();
	if (!ok || !trusted) {
		frames->canvas->picture.torn = true;
		renderer_drop(frames->canvas->renderer);
		log_debug_limited("frame left out: %s", all < 0 ? "too large"
							: ok    ? "evicted while it was read"
								: "its pixels did not come");
		return;
	}
	if (!imported) {
		renderer_uploaded(frames->canvas->renderer, frame->damage,
				all ? 0 : frame->damage_count);
		if (all) {
			pixel_way_judge(frames->way, frame, spent_ns);
		}
	}
	note_frame(frames, &taken, all != 0);
	times.torn = frames->config->verify_stripe_rows > 0 && is_torn(frames, frame);
	video_draw_frame(frames->drawing, &times);
}

/* ---- the SPICE surface ---- */

void video_frames_take_spice(struct video_frames *frames) {
	struct video_canvas *canvas = frames->canvas;
	struct spice_surface_view view;
	spice_surface_take(frames->spice_surface, &view);
	const bool shown = canvas->picture.source == VIDEO_SOURCE_SPICE;
	const bool all = !shown || canvas->picture.generation != view.generation;
	if (!view.pixels || (!all && view.damage_count == 0)) {
		spice_surface_take_done(frames->spice_surface, false);
		return;
	}
	const struct renderer_picture want = {
		.format = FRAME_FORMAT_BGRA,
		.width = view.width,
		.height = view.height,
		.data_width = view.width,
		.rows = view.height,
	};
	pixel_way_leave_import(frames->way);
	if (renderer_set_picture(canvas->renderer, &want) < 0) {
		spice_surface_take_done(frames->spice_surface, true);
		return;
	}
	keep(frames);
	const struct frame_rect whole = { 0, 0, view.width, view.height };
	const struct frame_rect *rects = all ? &whole : view.damage;
	const unsigned count = all ? 1 : view.damage_count;
	for (unsigned i = 0; i < count; i++) {
		renderer_upload(canvas->renderer, (const unsigned char *)view.pixels,
				view.stride * 4, &rects[i]);
	}
	spice_surface_take_done(frames->spice_surface, true);
	renderer_uploaded(canvas->renderer, rects, count);
	const struct video_picture picture = {
		.source = VIDEO_SOURCE_SPICE,
		.generation = view.generation,
		.width = view.width,
		.height = view.height,
		.desktop_width = view.width,
		.desktop_height = view.height,
	};
	note_picture(frames, &picture);
	video_draw_damage(frames->drawing, rects, count);
}
