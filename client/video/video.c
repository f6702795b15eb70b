#define LOG_MODULE "video"
#include "client/video/video.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/gl/egl.h"
#include "client/gl/gl_memory.h"
#include "client/gl/gpu.h"
#include "client/gl/spice_surface.h"
#include "client/gl/window_surface.h"
#include "client/render/renderer.h"
#include "client/video/pixel_way.h"
#include "client/video/source_lgmp.h"
#include "client/video/video_canvas.h"
#include "client/video/video_draw.h"
#include "client/video/video_frames.h"
#include "client/video/video_pointer.h"
#include "client/video/video_recording.h"
#include "client/video/video_report.h"
#include "client/video/video_shots.h"

#include "base/deadline.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "base/thread_place.h"

#define GL_RETRY_NS (2 * NS_PER_S)
/* Following the producer's copy: a stripe's upload is about as long. */
#define SLICE_US 200
/* The first malloc_trim(): by then the first pictures were drawn and their shaders compiled. Other
 * kinds of pointers and overlays compile more of them later, so memory is trimmed again, each time
 * after twice as long. */
#define TRIM_NS        (1 * NS_PER_S)
#define HIDDEN_STEP_NS (50 * NS_PER_MS)
/* The display's own pace is part of a picture's age. */
#define IDLE_MIN_NS (500 * NS_PER_MS)

/* The part as a whole: what its thread turns around, and the parts of which each owns what its
 * header says. */
struct video {
	/* constant after video_start() */
	struct video_config config;
	struct video_events events;
	struct window_surface *surface;
	struct spice_surface *spice_surface;
	struct source_lgmp *lgmp;
	pthread_t thread;
	int wake_fd;

	atomic_bool stop;
	atomic_bool redraw; /* the window's size or content changed */
	/* pg-video sleeps, and looks by itself by the time at which a new pointer may be drawn. */
	atomic_bool looks_for_pointer;
	struct mailbox settings_box, overlay_box;
	struct video_report report;       /* any thread */
	struct video_shots shots;         /* asked for on any thread */
	struct video_recording recording; /* begun and ended on any thread */

	/* pg-video only */
	struct video_settings settings;
	struct thread_place place;
	struct video_canvas canvas;
	struct pixel_way way;
	struct video_frames frames;
	struct video_drawn_pointer pointer;
	struct video_drawing drawing;
	unsigned resize_redraws;
	uint64_t gl_retry_ns;
	uint64_t idle_since_ns; /* frames are not taken since then; 0 = they are */
	uint64_t trim_step_ns;
	uint64_t trim_ns; /* when what starting GL left behind is given back; 0 = nothing is */
};

/* Wakes pg-video, from any thread. */
static void wake(void *data) {
	const struct video *video = data;
	const uint64_t one = 1;
	ssize_t n = write(video->wake_fd, &one, sizeof one);
	(void)n; /* full = it will wake anyway */
}

/* On pg-lgmp. A guest's pointer moves as often as its picture or more: each time would be another
 * turn of pg-video for nothing. */
static void wake_for_pointer(void *data) {
	struct video *video = data;
	if (!atomic_load(&video->looks_for_pointer)) {
		wake(video);
	}
}

/* ---- pg-video: GL comes and goes ---- */

static void close_gl(struct video *video) {
	struct video_canvas *canvas = &video->canvas;
	pixel_way_end(&video->way);
	video_recording_forget(&video->recording);
	video_pointer_forget(&video->pointer);
	video_draw_forget(&video->drawing);
	renderer_destroy(canvas->renderer);
	egl_destroy(canvas->egl);
	*canvas = (struct video_canvas){ .picture = canvas->picture };
	canvas->picture.source = VIDEO_SOURCE_AUTO;
}

/* All of the newest frame is shown once more, as of now. */
static void reoffer(struct video *video) {
	video->frames.wanted_ns = clock_now_ns();
	newest_frame_reoffer(source_lgmp_newest(video->lgmp));
}

static void apply_hdr(struct video *video) {
	const struct renderer_hdr hdr = {
		.map = video->settings.map_hdr,
		.peak_nits = video->settings.peak_nits,
		.max_cll_nits = video->settings.max_cll_nits,
	};
	if (renderer_set_hdr(video->canvas.renderer, &hdr)) {
		video->canvas.picture.source = VIDEO_SOURCE_AUTO; /* all of it must come again */
		reoffer(video);
	}
}

/* A driver that the sandbox stops is passed over for Mesa's of the CPU, silently. */
static void warn_of_sandbox(const struct video *video) {
	char gpu[64];
	if (video->config.confined && egl_is_software(video->canvas.egl) &&
			egl_has_gl(video->canvas.egl) &&
			gpu_find("/sys", "/dev", gpu, sizeof gpu)) {
		log_warn("the CPU draws, although this machine has the GPU %s: if --no-sandbox draws with it, its "
			 "driver needs what the sandbox refuses",
				gpu);
	}
}

static const char *why_no_gl(const struct video *video) {
	struct rlimit space;
	const bool little = getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY;
	return little ? _("the graphics driver does not start where addresses are bounded: ulimit -v unlimited")
	       : video->config.confined
			       ? _("this machine draws no OpenGL ES 3 in the sandbox: try --no-sandbox, or install the graphics driver's EGL (Mesa: libegl1, libgl1-mesa-dri)")
			       : _("this machine draws no OpenGL ES 3: install the graphics driver's EGL (Mesa: libegl1, libgl1-mesa-dri)");
}

static int open_driver(struct video *video) {
	struct video_canvas *canvas = &video->canvas;
	int r = egl_create(&canvas->egl, video->surface);
	if (r == 0) {
		r = renderer_create(
				&canvas->renderer, egl_is_software(canvas->egl), VIDEO_UPLOAD_AUTO);
	}
	if (r < 0) {
		close_gl(video);
	}
	return r;
}

/* Without a driver: the picture all the same, and the reason once in the log. */
static int open_memory(struct video *video) {
	struct video_canvas *canvas = &video->canvas;
	int r = egl_create_memory(&canvas->egl, video->surface);
	if (r == 0) {
		r = renderer_create_memory(&canvas->renderer);
	}
	if (r < 0) {
		close_gl(video);
	} else if (video->config.draw == VIDEO_DRAW_AUTO) {
		log_warn("%s; until then the CPU draws the picture, in plain quality",
				why_no_gl(video));
	}
	return r;
}

static void open_gl(struct video *video) {
	struct video_canvas *canvas = &video->canvas;
	thread_place_leave(&video->place); /* the driver starts threads of its own */
	int r = video->config.draw == VIDEO_DRAW_CPU ? -ENODEV : open_driver(video);
	if (r < 0 && video->config.draw != VIDEO_DRAW_GL) {
		r = open_memory(video);
	}
	if (r < 0) {
		video->gl_retry_ns = clock_now_ns() + GL_RETRY_NS;
		video_report_failure(&video->report, why_no_gl(video));
		return;
	}
	warn_of_sandbox(video);
	egl_set_vsync(canvas->egl, video->settings.vsync);
	renderer_set_font(canvas->renderer, video->config.ui_font);
	pixel_way_begin(&video->way);
	apply_hdr(video);
	video_draw_forget(&video->drawing);
	/* The newest frame was perhaps uploaded into the context that is gone. */
	reoffer(video);
	video_report_gl(&video->report, egl_renderer_name(canvas->egl), egl_kind(canvas->egl));
	video->trim_step_ns = TRIM_NS;
	video->trim_ns = egl_is_software(canvas->egl) ? clock_now_ns() + TRIM_NS : 0;
	video_report_failure(&video->report, "");
	video_report_no_gl(&video->report,
			!egl_has_gl(canvas->egl) && video->config.draw == VIDEO_DRAW_AUTO);
}

/* ---- pg-video: mail ---- */

static void take_messages(struct video *video) {
	struct video_drawing *drawing = &video->drawing;
	const struct video_settings before = video->settings;
	if (mailbox_take(&video->settings_box, &video->settings)) {
		region_add_all(&drawing->dirty);
		if (video->canvas.egl) {
			if (before.vsync != video->settings.vsync) {
				egl_set_vsync(video->canvas.egl, video->settings.vsync);
			}
			apply_hdr(video);
		}
		drawing->width = 0; /* lay out anew */
		video_report_again(&video->report);
	}
	if (mailbox_take(&video->overlay_box, &drawing->overlay)) {
		video_draw_lay_out_overlay(drawing);
	}
	if (atomic_exchange(&video->redraw, false)) {
		region_add_all(&drawing->dirty);
		video->resize_redraws = 2;
	}
}

/* ---- pg-video: the loop ---- */

/* A pointer that moves alone is drawn once per refresh of the display, and a little later than
 * that: the next frame of a guest of the same rate takes it along. */
static uint64_t pointer_step_ns(const struct video *video) {
	const int hz = atomic_load(&video->surface->refresh_hz);
	return NS_PER_S * 115 / 100 / (uint64_t)(hz >= 24 && hz <= 1000 ? hz : 60);
}

/* When everything is drawn again though nothing changed (fps_min). */
static deadline redraw_due(const struct video *video) {
	const int per_second = video->settings.fps_min;
	return per_second > 0 ? video->drawing.drawn_ns + NS_PER_S / (uint64_t)per_second
			      : DEADLINE_NONE;
}

static bool takes_frames(const struct video *video) {
	return !video->settings.hidden && !video->settings.paused &&
	       video->settings.source != VIDEO_SOURCE_SPICE && video->canvas.egl != NULL;
}

static bool takes_spice(struct video *video) {
	if (!video->spice_surface || video->settings.source == VIDEO_SOURCE_LG) {
		return false;
	}
	return video->settings.source == VIDEO_SOURCE_SPICE ||
	       !video_report_has_frames(&video->report);
}

/* A context to draw with. False: not now; ret_next: when to look again. */
static bool has_gl(struct video *video, deadline *ret_next) {
	if (!video->canvas.egl && clock_now_ns() < video->gl_retry_ns) {
		newest_frame_discard(source_lgmp_newest(video->lgmp), true);
	} else if (!video->canvas.egl) {
		open_gl(video);
	}
	*ret_next = video->gl_retry_ns;
	return video->canvas.egl != NULL;
}

/* A frame that waited while none was taken (paused, hidden, under other windows) is no older on the
 * display than the wish to see it. */
static void note_taking(struct video *video, bool takes) {
	const uint64_t now_ns = clock_now_ns();
	if (!takes) {
		video->idle_since_ns = video->idle_since_ns ? video->idle_since_ns : now_ns;
	} else {
		if (video->idle_since_ns && now_ns - video->idle_since_ns > IDLE_MIN_NS) {
			video->frames.wanted_ns = now_ns;
		}
		video->idle_since_ns = 0;
	}
}

/* When a pointer that moves alone may be drawn. */
static deadline pointer_due(const struct video *video) {
	return video->settings.mouse_redraw ? video->drawing.drawn_ns + pointer_step_ns(video)
					    : DEADLINE_NONE; /* with the next frame */
}

/* Whether anything may have changed in the window. False: look again at ret_soon, for the
 * pointer. */
static bool may_draw(const struct video *video, deadline *ret_soon) {
	const struct video_drawing *drawing = &video->drawing;
	*ret_soon = pointer_due(video);
	return drawing->frame_pending || !region_empty(&drawing->dirty) ||
	       deadline_is_over(*ret_soon, clock_now_ns());
}

/* What the compositor has said of pictures that came onto the display. */
static void note_shown(struct video *video) {
	video->drawing.every_shown = source_lgmp_wants_shown(video->lgmp);
	struct egl_shown shown;
	if (egl_take_shown(video->canvas.egl, &shown) && shown.at_ns > shown.tag) {
		video_report_presented(&video->report, shown.at_ns - shown.tag);
		source_lgmp_shown(video->lgmp, shown.tag, shown.at_ns, shown.refresh_ns);
	}
}

/* One look at everything. Returns when to look again without being woken. */
static deadline work(struct video *video) {
	struct video_drawing *drawing = &video->drawing;
	deadline next, soon;
	take_messages(video);
	video_shots_collect(&video->shots);
	video_recording_look(&video->recording);
	if (!has_gl(video, &next)) {
		note_taking(video, false);
		return next;
	}
	const bool takes = takes_frames(video);
	newest_frame_discard(source_lgmp_newest(video->lgmp), !takes);
	if (video->settings.hidden) {
		note_taking(video, false);
		return DEADLINE_NONE;
	}
	const bool wanted = egl_wants_frame(video->canvas.egl);
	note_taking(video, takes && wanted);
	note_shown(video);
	if (!wanted) {
		/* The wait below ends when the compositor asks; this is for one that does not. */
		return clock_now_ns() + HIDDEN_STEP_NS;
	}
	const bool pending = drawing->frame_pending;
	const uint64_t drawn_ns = drawing->drawn_ns;
	if (takes) {
		video_frames_take(&video->frames);
	}
	if (takes_spice(video)) {
		video_frames_take_spice(&video->frames);
	}
	next = video_shots_serve(&video->shots, drawing->frame_pending && !pending);
	if (deadline_is_over(redraw_due(video), clock_now_ns())) {
		region_add_all(&drawing->dirty);
	}
	if (!may_draw(video, &soon)) {
		next = deadline_first(next, video_recording_serve(&video->recording));
		return deadline_first(deadline_first(next, soon), redraw_due(video));
	}
	const bool moved = video_draw_pointer(drawing);
	if (!region_empty(&drawing->dirty)) {
		if (video_draw(drawing) < 0) {
			close_gl(video);
		}
		if (!region_empty(&drawing->dirty)) {
			return clock_now_ns(); /* the size changed meanwhile */
		}
	}
	if (video->resize_redraws > 0) {
		/* Some drivers take a new window size one swap late. */
		video->resize_redraws--;
		region_add_all(&drawing->dirty);
		next = clock_now_ns() + 16 * NS_PER_MS;
	}
	if (drawing->drawn_ns != drawn_ns) {
		video_recording_shown(&video->recording, drawing->drawn_ns);
	}
	if (moved) {
		next = deadline_first(next, pointer_due(video)); /* it moves on */
	}
	next = deadline_first(next, video_recording_serve(&video->recording));
	return deadline_first(next, redraw_due(video));
}

/* Sleeps. A pointer that is new after work() has looked for it wakes us, or finds us awake. */
static void wait_until(struct video *video, deadline next) {
	const deadline due = pointer_due(video);
	atomic_store(&video->looks_for_pointer,
			!video->settings.mouse_redraw || (deadline_is_set(next) && next <= due));
	egl_wait(video->canvas.egl, video->wake_fd, next);
	atomic_store(&video->looks_for_pointer, false);
}

static void *run(void *data) {
	struct video *video = data;
	thread_be_prompt(SLICE_US);
	thread_place_init(&video->place);
	while (!atomic_load(&video->stop)) {
		if (video->trim_ns != 0 && clock_now_ns() >= video->trim_ns) {
			gl_memory_trim();
			video->trim_step_ns *= 2;
			video->trim_ns += video->trim_step_ns;
		}
		const deadline next = work(video);
		const uint64_t slept_ns = clock_now_ns();
		if (!deadline_is_over(next, slept_ns)) {
			wait_until(video, next);
		}
		const uint64_t woke_ns = clock_now_ns();
		video_frames_woke(&video->frames, slept_ns, woke_ns);
		thread_place_tick(&video->place, woke_ns);
		uint64_t count;
		ssize_t n = read(video->wake_fd, &count, sizeof count);
		(void)n;
	}
	video_shots_wait(&video->shots);
	close_gl(video);
	return NULL;
}

/* ---- start and stop ---- */

static void lgmp_changed(const struct lgmp_status *lgmp, void *data) {
	struct video *video = data;
	video_report_lgmp(&video->report, lgmp);
}

static void pointer_moved(const struct video_pointer *pointer, void *data) {
	struct video *video = data;
	if (video->events.pointer) {
		video->events.pointer(pointer, video->events.data);
	}
}

static void video_free(struct video *video) {
	if (video->wake_fd >= 0) {
		close(video->wake_fd);
	}
	mailbox_finish(&video->settings_box);
	mailbox_finish(&video->overlay_box);
	video_frames_finish(&video->frames);
	video_draw_finish(&video->drawing);
	video_pointer_finish(&video->pointer);
	video_shots_finish(&video->shots);
	recording_seat_finish(&video->recording.seat);
	video_report_finish(&video->report);
	free(video);
}

static int start_source(struct video *video) {
	struct source_lgmp_config config = {
		.poll = video->config.poll,
		.poll_us = video->config.poll_us,
		.straight_alpha = video->config.straight_alpha,
		.owners = video->config.owners,
		.broker = video->config.broker,
		.input = video->config.host_input,
		.clipboard = video->config.host_clipboard,
		.schedule = video->config.host_schedule,
	};
	snprintf(config.path, sizeof config.path, "%s", video->config.shm_path);
	const struct source_lgmp_events events = {
		.wake = wake,
		.wake_for_pointer = wake_for_pointer,
		.status = lgmp_changed,
		.pointer = pointer_moved,
		.data = video,
	};
	return source_lgmp_start(&video->lgmp, &config, &events);
}

/* What each part knows of the others, once the source is there. */
static void join_parts(struct video *video) {
	const struct video_config *config = &video->config;
	video->way.wanted = config->upload;
	video->way.allow_dma = config->allow_dma;
	video->way.ops = config->dmabuf;
	video->way.canvas = &video->canvas;
	video->way.report = &video->report;

	video->pointer.lgmp = video->lgmp;
	video->pointer.spice_surface = video->spice_surface;
	video->pointer.canvas = &video->canvas;
	video->pointer.settings = &video->settings;

	video->drawing.canvas = &video->canvas;
	video->drawing.settings = &video->settings;
	video->drawing.events = &video->events;
	video->drawing.pointer = &video->pointer;
	video->drawing.report = &video->report;
	video->drawing.swap_delay_ms = config->swap_delay_ms;

	video->frames.config = config;
	video->frames.lgmp = video->lgmp;
	video->frames.spice_surface = video->spice_surface;
	video->frames.canvas = &video->canvas;
	video->frames.way = &video->way;
	video->frames.drawing = &video->drawing;
	video->frames.report = &video->report;
	video->frames.place = &video->place;
	video->frames.stop = &video->stop;

	video->shots.canvas = &video->canvas;
	video->shots.pointer = &video->pointer;
	video->shots.wake = wake;
	video->shots.wake_data = video;

	video->recording.canvas = &video->canvas;
	video->recording.pointer = &video->pointer;
}

static int make_parts(struct video *video) {
	video_report_init(&video->report, &video->events, video->settings.source);
	video_shots_init(&video->shots);
	recording_seat_init(&video->recording.seat);
	video->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = video->wake_fd < 0 ? -errno : 0;
	if (r == 0) {
		r = mailbox_init(&video->settings_box, sizeof(struct video_settings), wake, video);
	}
	if (r == 0) {
		r = mailbox_init(&video->overlay_box, sizeof(struct overlay), wake, video);
	}
	if (r == 0) {
		r = video_pointer_init(&video->pointer);
	}
	if (r == 0) {
		r = video_draw_init(&video->drawing);
	}
	return r;
}

int video_start(struct video **ret_video, const struct video_config *config,
		struct window_surface *surface, struct spice_surface *spice_surface,
		const struct video_events *events) {
	struct video *video = calloc(1, sizeof *video);
	if (!video) {
		return -ENOMEM;
	}
	video->config = *config;
	video->events = *events;
	video->surface = surface;
	video->spice_surface = spice_surface;
	video->settings = config->settings;
	int r = make_parts(video);
	if (r == 0) {
		r = start_source(video);
	}
	if (r < 0) {
		goto fail;
	}
	join_parts(video);
	r = thread_start(&video->thread, "pg-video", run, video);
	if (r < 0) {
		source_lgmp_stop(video->lgmp);
		goto fail;
	}
	if (spice_surface) {
		spice_surface_set_wake(spice_surface, wake, video);
	}
	*ret_video = video;
	return 0;

fail:
	video_free(video);
	return r;
}

void video_stop(struct video *video) {
	if (!video) {
		return;
	}
	if (video->spice_surface) {
		spice_surface_set_wake(video->spice_surface, NULL, NULL);
	}
	atomic_store(&video->stop, true);
	wake(video);
	pthread_join(video->thread, NULL);
	source_lgmp_stop(video->lgmp);
	video_free(video);
}

/* ---- from other threads ---- */

void video_resize(struct video *video, int width_px, int height_px) {
	if (width_px > 0 && height_px > 0) {
		pthread_mutex_lock(&video->surface->lock);
		if (video->surface->kind == WINDOW_SURFACE_OFFSCREEN) {
			video->surface->width_px = width_px;
			video->surface->height_px = height_px;
		}
		pthread_mutex_unlock(&video->surface->lock);
	}
	atomic_store(&video->redraw, true);
	wake(video);
}

void video_set(struct video *video, const struct video_settings *settings) {
	video_report_wanted(&video->report, settings->source);
	mailbox_put(&video->settings_box, settings);
}

void video_set_overlay(struct video *video, const struct overlay *overlay) {
	mailbox_put(&video->overlay_box, overlay);
}

void video_set_shm_path(struct video *video, const char *path) {
	source_lgmp_set_path(video->lgmp, path);
}

void video_wake(struct video *video) {
	wake(video);
}

int video_move_pointer(struct video *video, int x, int y) {
	return source_lgmp_move_pointer(video->lgmp, x, y);
}

void video_set_guest_size(struct video *video, int width_px, int height_px) {
	source_lgmp_window_size(video->lgmp, (uint32_t)width_px, (uint32_t)height_px);
}

void video_input_moved(struct video *video) {
	source_lgmp_input_moved(video->lgmp);
}

int video_screenshot(struct video *video, const char *path, bool with_pointer,
		void (*done)(int result, void *data), void *data) {
	const int r = video_shots_ask(&video->shots, path, with_pointer, done, data);
	wake(video);
	return r;
}

void video_record(struct video *video, struct recording_memory *memory) {
	recording_seat_put(&video->recording.seat, memory);
	wake(video);
}

unsigned video_get_times(struct video *video, struct video_frame_times *ret_times, unsigned max) {
	return video_report_times(&video->report, ret_times, max);
}

void video_get_stats(struct video *video, struct video_stats *ret_stats) {
	struct source_lgmp_counts counts;
	source_lgmp_get_counts(video->lgmp, &counts);
	video_report_stats(&video->report, ret_stats);
	snprintf(ret_stats->poll, sizeof ret_stats->poll, "%s", source_lgmp_poll_name(video->lgmp));
	ret_stats->seen = counts.seen;
	ret_stats->superseded += counts.superseded;
	ret_stats->lgmp_cpu_ns = counts.cpu_ns;
	ret_stats->schedule = frame_schedule_name(counts.schedule);
	ret_stats->schedule_ours = counts.schedule == FRAME_SCHEDULE_OURS;
	ret_stats->schedule_followed = counts.followed;
	ret_stats->schedule_restless = counts.restless;
	ret_stats->schedule_missed = counts.missed;
	ret_stats->lost_sessions = counts.lost;
	ret_stats->resubscriptions = counts.resubscriptions;
}
