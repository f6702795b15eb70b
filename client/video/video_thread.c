/* pg-video: owns the GL context; takes the newest frame, uploads it, draws, swaps. */
#define LOG_MODULE "video"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/gl/gl_memory.h"
#include "client/video/video_internal.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/thread.h"

#define GL_RETRY_NS (2 * NS_PER_S)
/* Following the producer's copy: a stripe's upload is about as long. */
#define SLICE_US 200
/* The first malloc_trim(): by then the first pictures were drawn and their shaders compiled. Other
 * kinds of pointers and overlays compile more of them later, so memory is trimmed again, each time
 * after twice as long. */
#define TRIM_NS        (1 * NS_PER_S)
#define HIDDEN_STEP_NS (50 * NS_PER_MS)

/* ---- GL comes and goes ---- */

void video_close_gl(struct video *video) {
	video_import_close(video);
	renderer_destroy(video->renderer);
	video->renderer = NULL;
	egl_destroy(video->egl);
	video->egl = NULL;
	video->picture_begun = false;
	video->picture.source = VIDEO_SOURCE_AUTO;
	video->shape_serial = 0;
	video->frame_pending = false;
}

void video_set_failure(struct video *video, const char *text) {
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

void video_note_upload(struct video *video) {
	log_debug("the picture goes up by way of: %s", renderer_upload_name(video->renderer));
	pthread_mutex_lock(&video->lock);
	snprintf(video->stats.upload, sizeof video->stats.upload, "%s",
			renderer_upload_name(video->renderer));
	pthread_mutex_unlock(&video->lock);
}

/* What was measured with this driver before holds for the whole session. */
static void choose_upload(struct video *video) {
	const char *driver = egl_renderer_name(video->egl);
	if (strncmp(driver, video->upload_driver, sizeof video->upload_driver - 1) != 0) {
		snprintf(video->upload_driver, sizeof video->upload_driver, "%s", driver);
		/* A CPU that draws would only copy twice (figures.md has it measured). */
		const bool known = video->config.upload != VIDEO_UPLOAD_PBO &&
				   video->config.upload != VIDEO_UPLOAD_PERSISTENT &&
				   egl_is_software(video->egl);
		/* For frames that cannot be imported there must be a way, too. */
		const enum video_upload wanted = video->config.upload == VIDEO_UPLOAD_DMABUF
								 ? VIDEO_UPLOAD_AUTO
								 : video->config.upload;
		upload_choice_init(&video->upload_choice, known ? VIDEO_UPLOAD_DIRECT : wanted,
				renderer_can_map());
	}
	renderer_set_upload(video->renderer, upload_choice_way(&video->upload_choice));
}

static void open_gl(struct video *video) {
	thread_place_leave(&video->place); /* the driver starts threads of its own */
	int r = egl_create(&video->egl, video->surface);
	if (r == 0) {
		r = renderer_create(
				&video->renderer, egl_is_software(video->egl), VIDEO_UPLOAD_AUTO);
	}
	if (r < 0) {
		video_close_gl(video);
		video->gl_retry_ns = clock_now_ns() + GL_RETRY_NS;
		video_set_failure(video,
				_("this machine draws no OpenGL ES 3: install the graphics driver's EGL (Mesa: libegl1, libgl1-mesa-dri)"));
		return;
	}
	egl_set_vsync(video->egl, video->settings.vsync);
	renderer_set_font(video->renderer, video->config.ui_font);
	choose_upload(video);
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
	pthread_mutex_unlock(&video->lock);
	video_note_upload(video);
	video->trim_step_ns = TRIM_NS;
	video->trim_ns = egl_is_software(video->egl) ? clock_now_ns() + TRIM_NS : 0;
	video_set_failure(video, "");
}

/* ---- mail ---- */

static void take_messages(struct video *video) {
	struct video_settings before = video->settings;
	if (mailbox_take(&video->settings_box, &video->settings)) {
		region_add_all(&video->dirty);
		if (video->egl) {
			if (before.vsync != video->settings.vsync) {
				egl_set_vsync(video->egl, video->settings.vsync);
			}
			apply_hdr(video);
		}
		video->width = 0; /* lay out anew */
	}
	if (mailbox_take(&video->overlay_box, &video->overlay)) {
		video_lay_out_overlay(video);
		region_add_all(&video->dirty);
	}
	if (atomic_exchange(&video->redraw, false)) {
		region_add_all(&video->dirty);
		video->resize_redraws = 2;
	}
}

/* ---- the loop ---- */

/* A pointer that moves alone is drawn once per refresh of the display, and a little later than
 * that: the next frame of a guest of the same rate takes it along. */
static uint64_t pointer_step_ns(const struct video *video) {
	const int hz = atomic_load(&video->surface->refresh_hz);
	return NS_PER_S * 115 / 100 / (uint64_t)(hz >= 24 && hz <= 1000 ? hz : 60);
}

/* When everything is drawn again though nothing changed (fps_min). */
static uint64_t redraw_due_ns(const struct video *video) {
	const int per_second = video->settings.fps_min;
	return per_second > 0 ? video->drawn_ns + NS_PER_S / (uint64_t)per_second : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
	return a < b ? a : b;
}

static bool takes_frames(const struct video *video) {
	return !video->settings.hidden && !video->settings.paused &&
	       video->settings.source != VIDEO_SOURCE_SPICE && video->egl != NULL;
}

/* One look at everything. Returns when to look again without being woken. */
static uint64_t work(struct video *video) {
	take_messages(video);
	video_finish_shot(video);
	if (!video->egl) {
		if (clock_now_ns() < video->gl_retry_ns) {
			source_lgmp_discard(video->lgmp, true);
			return video->gl_retry_ns;
		}
		open_gl(video);
		if (!video->egl) {
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
		video_take_frame(video);
	}
	if (video_fallback_wanted(video)) {
		video_take_fallback(video);
	}
	uint64_t next_ns = video_serve_shot(video, video->frame_pending && !pending);
	if (redraw_due_ns(video) <= clock_now_ns()) {
		region_add_all(&video->dirty);
	}
	if (!video->frame_pending && region_empty(&video->dirty)) {
		const uint64_t soon_ns = video->settings.mouse_redraw
							 ? video->drawn_ns + pointer_step_ns(video)
							 : UINT64_MAX; /* with the next frame */
		if (clock_now_ns() < soon_ns) {
			return earlier(earlier(next_ns, soon_ns), redraw_due_ns(video));
		}
	}
	video_take_pointer(video);
	if (!region_empty(&video->dirty)) {
		video_draw(video);
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
	return earlier(next_ns, redraw_due_ns(video));
}

void *video_thread(void *data) {
	struct video *video = data;
	thread_be_prompt(SLICE_US);
	thread_place_init(&video->place);
	while (!atomic_load(&video->stop)) {
		if (video->trim_ns != 0 && clock_now_ns() >= video->trim_ns) {
			gl_memory_trim();
			video->trim_step_ns *= 2;
			video->trim_ns += video->trim_step_ns;
		}
		const uint64_t next_ns = work(video);
		video->slept_ns = clock_now_ns();
		if (next_ns > video->slept_ns) {
			egl_wait(video->egl, video->wake_fd, next_ns);
		}
		video->woke_ns = clock_now_ns();
		thread_place_tick(&video->place, video->woke_ns);
		uint64_t count;
		ssize_t n = read(video->wake_fd, &count, sizeof count);
		(void)n;
	}
	if (video->has_writing) {
		const int r = screenshot_wait(video->writing);
		if (video->writing_shot.done) {
			video->writing_shot.done(r, video->writing_shot.data);
		}
	}
	video_close_gl(video);
	return NULL;
}
