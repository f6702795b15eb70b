/* pg-video: pixels into the texture, of the guest's newest frame or of the SPICE surface. */
#define LOG_MODULE "video"
#include <errno.h>
#include <stdlib.h>

#include "client/video/video_internal.h"
#include "client/video/video_upload.h"
#include "host-proto/stamp.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

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

/* A window that takes pixels from memory takes a picture of its size as it is. */
static void keep(struct video *video) {
	const struct layout *layout = &video->layout;
	const bool wanted = video->picture_begun && egl_takes_pixels(video->egl) &&
			    video->config.upload == VIDEO_UPLOAD_AUTO && layout->exact &&
			    layout->rotation == 0;
	const bool before = renderer_keeps(video->renderer);
	renderer_keep(video->renderer, wanted);
	if (before != renderer_keeps(video->renderer)) {
		video_note_upload(video);
	}
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
		video_set_failure(video, _("the guest's picture is larger than this GPU can draw"));
		return r;
	}
	if (r == 1 && video->gl_failure[0] != '\0') {
		video_set_failure(video, "");
	}
	keep(video);
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
		video_lay_out(video);
	}
	publish_picture(video, picture->source);
}

static void dirty_image(struct video *video, const struct frame_rect *rects, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		struct rect rect;
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
	if (!video->verify_row) {
		video->verify_row = malloc(STAMP_WIDTH_PX * 4);
		if (!video->verify_row) {
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

bool video_go_on(void *data) {
	const struct video_waiting *waiting = data;
	return !atomic_load(&waiting->video->stop) &&
	       source_lgmp_alive(waiting->video->lgmp, waiting->frame);
}

/* A whole frame went up: the first ones of a session tell which way is the best. */
static void judge_upload(struct video *video, const struct frame *frame, uint64_t spent_ns) {
	const uint64_t begin_ns = clock_now_ns();
	renderer_finish(video->renderer);
	spent_ns += clock_now_ns() - begin_ns;
	const double bytes = (double)frame->pitch * frame->rows;
	if (upload_choice_note(&video->upload_choice, renderer_get_upload(video->renderer),
			    (double)spent_ns / bytes)) {
		renderer_set_upload(video->renderer, video->upload_choice.chosen);
		log_info("uploads: %s is the best way with %s",
				renderer_upload_name(video->renderer), video->upload_driver);
	} else {
		renderer_set_upload(video->renderer, upload_choice_way(&video->upload_choice));
	}
	video_note_upload(video);
}

/* How long it took us to run when the frame was there. */
static void note_wake(struct video *video, const struct source_frame *taken) {
	if (video->slept_ns < taken->seen_ns && video->woke_ns > taken->seen_ns) {
		thread_place_late(&video->place, video->woke_ns - taken->seen_ns, video->woke_ns);
	}
}

void video_take_frame(struct video *video) {
	struct source_frame taken;
	if (!source_lgmp_take(video->lgmp, &taken)) {
		return;
	}
	note_wake(video, &taken);
	uint64_t spent_ns = 0;
	bool imported = video_import_wanted(video, &taken);
	int all = begin_frame(video, &taken);
	bool ok = all >= 0;
	if (ok && imported) {
		const int r = video_import(video, &taken, all != 0);
		ok = r == 0;
		if (r < 0 && r != -EAGAIN) {
			imported = false;
			all = begin_frame(video, &taken);
			ok = all >= 0;
		}
	}
	if (ok && !imported) {
		struct video_waiting waiting = { video, &taken };
		const struct video_follow follow = { video_go_on, &waiting, &video->place };
		ok = video_upload(video->renderer, &taken.frame, all != 0, &follow, &spent_ns);
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
	if (!imported) {
		renderer_uploaded(video->renderer, frame.damage, all ? 0 : frame.damage_count);
	}
	if (all && !imported && !video->upload_choice.decided) {
		judge_upload(video, &frame, spent_ns);
	}

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

/* ---- the SPICE surface ---- */

bool video_fallback_wanted(struct video *video) {
	if (!video->spice_surface || video->settings.source == VIDEO_SOURCE_LG) {
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

void video_take_fallback(struct video *video) {
	struct spice_surface_view view;
	spice_surface_take(video->spice_surface, &view);
	const bool shown = video->picture.source == VIDEO_SOURCE_SPICE;
	if (!view.pixels) {
		spice_surface_take_done(video->spice_surface, false);
		return;
	}
	const bool all = !shown || video->picture.generation != view.generation;
	if (!all && view.damage_count == 0) {
		spice_surface_take_done(video->spice_surface, false);
		return;
	}
	const struct renderer_picture want = {
		.format = FRAME_FORMAT_BGRA,
		.width = view.width,
		.height = view.height,
		.data_width = view.width,
		.rows = view.height,
	};
	video_import_leave(video);
	if (renderer_set_picture(video->renderer, &want) < 0) {
		spice_surface_take_done(video->spice_surface, true);
		return;
	}
	keep(video);
	const struct frame_rect whole = { 0, 0, view.width, view.height };
	const struct frame_rect *rects = all ? &whole : view.damage;
	const unsigned count = all ? 1 : view.damage_count;
	for (unsigned i = 0; i < count; i++) {
		renderer_upload(video->renderer, (const unsigned char *)view.pixels,
				view.stride * 4, &rects[i]);
	}
	spice_surface_take_done(video->spice_surface, true);
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
