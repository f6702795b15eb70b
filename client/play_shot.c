/* One picture of the guest into a file, without any display: --screenshot. */
#define LOG_MODULE "play"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ending.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/config/config.h"
#include "client/play.h"
#include "client/play_parts.h"
#include "client/video/video.h"
#include "client/vm/vm_apply.h"
#include "client/window/window.h"

struct shot {
	struct loop *loop;
	struct loop_source *wake;
	struct video *video;
	struct config *config;
	struct vm_apply vm;
	atomic_int width, height; /* of the guest, once known */
	atomic_int result;        /* 1 = not done yet */
	bool asked;
	char waiting_for[PART_REASON_BYTES];
};

static void shot_status(const struct video_status *status, void *data) {
	struct shot *shot = data;
	if (status->showing != VIDEO_SOURCE_AUTO && !status->stale) {
		atomic_store(&shot->width, (int)status->width);
		atomic_store(&shot->height, (int)status->height);
	} else {
		/* Read again only when that thread has ended. */
		snprintf(shot->waiting_for, sizeof shot->waiting_for, "%s", status->part.reason);
	}
	loop_wake(shot->wake);
}

static void shot_geometry(const struct video_geometry *geometry, void *data) {
	(void)geometry;
	(void)data;
}

static void shot_pointer(const struct video_pointer *pointer, void *data) {
	(void)pointer;
	(void)data;
}

static void shot_done(int result, void *data) {
	struct shot *shot = data;
	atomic_store(&shot->result, result);
	loop_wake(shot->wake);
}

/* On the main thread: ask once there is a frame, leave once it is written. */
static void shot_look(void *data) {
	struct shot *shot = data;
	int result = atomic_load(&shot->result);
	if (result <= 0) {
		loop_quit(shot->loop, result);
		return;
	}
	if (!shot->asked && shot->video && atomic_load(&shot->width) > 0) {
		shot->asked = true;
		int r = video_screenshot(shot->video, shot->config->screenshot_path,
				shot->config->screenshot_pointer, shot_done, shot);
		if (r < 0) {
			loop_quit(shot->loop, r);
		}
	}
}

static void shot_discovery(const struct discovery_info *info, void *data) {
	struct shot *shot = data;
	if (info->status != DISCOVERY_FOUND && shot->config->domain[0]) {
		log_info("VM: %s", info->reason);
	}
	vm_apply_info(&shot->vm, shot->config, info);
}

static void shot_signal(int number, void *data) {
	(void)number;
	loop_quit(((struct shot *)data)->loop, -EINTR);
}

static void shot_timeout(void *data) {
	loop_quit(((struct shot *)data)->loop, -ETIMEDOUT);
}

static int take_shot(struct play *play, struct shot *shot, struct window_surface *surface) {
	const struct video_events events = {
		.status = shot_status,
		.geometry = shot_geometry,
		.pointer = shot_pointer,
		.data = shot,
	};
	struct config *config = play->config;
	config->video.settings.source = VIDEO_SOURCE_LG;
	int r = video_start(&play->video, &config->video, surface, NULL, &events);
	if (r < 0) {
		log_error("no renderer: %s (is EGL installed?)", strerrordesc_np(-r));
		return r;
	}
	shot->video = play->video;
	shot->vm.video = play->video;
	loop_wake(shot->wake);
	vm_apply_start(&play->discovery, play->loop, config, shot_discovery, shot);
	if (config->seconds > 0) {
		struct loop_source *end = loop_add_timer(play->loop, shot_timeout, shot);
		loop_set_timer(end,
				clock_now_ns() + (uint64_t)(config->seconds * (double)NS_PER_S));
	}
	r = loop_run(play->loop);
	discovery_stop(play->discovery);
	play->discovery = NULL;
	video_stop(play->video);
	play->video = NULL;
	return r;
}

/* Better now than after a minute's wait for a picture. */
static int folder_is_writable(const char *path) {
	char folder[sizeof((struct config *)NULL)->screenshot_path];
	snprintf(folder, sizeof folder, "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash) {
		slash[slash == folder] = '\0';
	}
	return access(slash ? folder : ".", W_OK) < 0 ? -errno : 0;
}

int run_screenshot(struct config *config) {
	struct play play = { .config = config };
	struct shot shot = { .config = config, .result = 1 };
	struct window_surface *surface = NULL;
	int r = folder_is_writable(config->screenshot_path);
	if (r < 0) {
		log_error("%s cannot be written: %s", config->screenshot_path, strerrordesc_np(-r));
		return 1;
	}
	r = loop_create(&play.loop);
	if (r == 0 && config->demo) {
		r = play_start_demo(&play);
	}
	if (r == 0) {
		shot.loop = play.loop;
		shot.wake = loop_add_wake(play.loop, shot_look, &shot);
		r = shot.wake ? ending_ask(play.loop, shot_signal, &shot) : -ENOMEM;
	}
	if (r == 0) {
		r = window_surface_create_offscreen(&surface, 64, 64);
	}
	if (r == 0) {
		r = take_shot(&play, &shot, surface);
	}
	window_surface_destroy(surface);
	play_stop(&play);
	if (r == -ETIMEDOUT) {
		log_error("no screenshot within %g s: %s", config->seconds,
				shot.waiting_for[0] ? shot.waiting_for : strerrordesc_np(-r));
		return 1;
	}
	if (r < 0) {
		log_error("no screenshot: %s: %s", config->screenshot_path, strerrordesc_np(-r));
		return 1;
	}
	log_info("%dx%d written to %s", atomic_load(&shot.width), atomic_load(&shot.height),
			config->screenshot_path);
	return 0;
}
