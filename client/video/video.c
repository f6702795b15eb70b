#define LOG_MODULE "video"
#include "client/video/video.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/gl/window_surface.h"
#include "client/video/video_internal.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/thread.h"

void video_wake_thread(struct video *video) {
	const uint64_t one = 1;
	ssize_t n = write(video->wake_fd, &one, sizeof one);
	(void)n; /* full = it will wake anyway */
}

static void wake(void *data) {
	video_wake_thread(data);
}

/* ---- status ---- */

/* With the lock held: what the program and its user hear about the part. */
static void compose_part(struct video *video, struct part_status *part) {
	const struct lgmp_status *lgmp = &video->lgmp_status;
	if (video->gl_failure[0] != '\0') {
		part->state = PART_FAILED;
		snprintf(part->reason, sizeof part->reason, "%s", video->gl_failure);
		return;
	}
	if (video->status.showing == VIDEO_SOURCE_SPICE && video->wanted == VIDEO_SOURCE_SPICE) {
		part->state = PART_RUNNING;
		snprintf(part->reason, sizeof part->reason, _("the SPICE display is shown"));
		return;
	}
	if (lgmp->state != LGMP_STATE_RUNNING) {
		part->state = PART_WAITING;
		snprintf(part->reason, sizeof part->reason, "%s", lgmp->reason);
		return;
	}
	if (!video->have_lgmp_frame) {
		part->state = PART_WAITING;
		snprintf(part->reason, sizeof part->reason,
				_("connected to the Looking Glass host, waiting for its first frame"));
		return;
	}
	part->state = PART_RUNNING;
	snprintf(part->reason, sizeof part->reason, _("%ux%u from Looking Glass host %s"),
			video->status.width, video->status.height, lgmp->info.host_version);
}

static void compose_host(struct video_host *host, const struct lgmp_status *lgmp) {
	static const char *const names[] = { "Linux", "BSD", "macOS", "Windows", "other" };
	const struct kvmfr_info *info = &lgmp->info;
	host->session = lgmp->state == LGMP_STATE_RUNNING;
	host->lgmp = lgmp->lgmp;
	host->kvmfr = lgmp->kvmfr;
	snprintf(host->version, sizeof host->version, "%s", info->host_version);
	snprintf(host->capture, sizeof host->capture, "%s", info->capture);
	snprintf(host->model, sizeof host->model, "%s", info->model);
	host->os[0] = '\0';
	if (info->has_os) {
		const char *name = info->os < 5 ? names[info->os] : "unknown";
		snprintf(host->os, sizeof host->os, "%.50s",
				info->os_name[0] != '\0' ? info->os_name : name);
	}
	memcpy(host->uuid, info->uuid, sizeof host->uuid);
	host->accepts_cursor_position = (info->features & KVMFR_FEATURE_SET_CURSOR_POS) != 0;
	host->accepts_window_size = (info->features & KVMFR_FEATURE_WINDOW_SIZE) != 0;
	host->offers_schedule = (info->features & KVMFR_FEATURE_FRAME_SCHEDULE) != 0;
	host->offers_input = (info->features & KVMFR_FEATURE_INPUT) != 0;
	host->offers_clipboard = (info->features & KVMFR_FEATURE_CLIPBOARD) != 0;
	host->offers_audio = (info->features & KVMFR_FEATURE_AUDIO) != 0;
	host->cpus = info->cpus;
	host->cores = info->cores;
	host->sockets = info->sockets;
}

void video_publish(struct video *video) {
	pthread_mutex_lock(&video->lock);
	const struct video_status *before = &video->told;
	struct video_status *status = &video->status;
	compose_host(&status->host, &video->lgmp_status);
	compose_part(video, &status->part);
	status->stale = status->showing == VIDEO_SOURCE_LG &&
			(video->lgmp_status.state != LGMP_STATE_RUNNING || !video->have_lgmp_frame);
	const bool changed = memcmp(before, status, sizeof *before) != 0;
	if (changed && !part_status_equal(&before->part, &status->part)) {
		log_info("%s: %s", part_state_name(status->part.state), status->part.reason);
	}
	memcpy(&video->told, status, sizeof video->told);
	/* Under the lock, so that two threads cannot tell it in the wrong order. */
	if (changed && video->events.status) {
		video->events.status(status, video->events.data);
	}
	pthread_mutex_unlock(&video->lock);
}

static void lgmp_changed(const struct lgmp_status *lgmp, void *data) {
	struct video *video = data;
	pthread_mutex_lock(&video->lock);
	if (lgmp->state != LGMP_STATE_RUNNING) {
		video->have_lgmp_frame = false;
	}
	video->lgmp_status = *lgmp;
	pthread_mutex_unlock(&video->lock);
	video_publish(video);
}

static void pointer_moved(const struct video_pointer *pointer, void *data) {
	struct video *video = data;
	if (video->events.pointer) {
		video->events.pointer(pointer, video->events.data);
	}
}

/* ---- start and stop ---- */

static void video_free(struct video *video) {
	if (video->wake_fd >= 0) {
		close(video->wake_fd);
	}
	mailbox_finish(&video->settings_box);
	mailbox_finish(&video->overlay_box);
	pthread_mutex_destroy(&video->lock);
	free(video->quads);
	free(video->shape);
	free(video->verify_row);
	free(video);
}

static int start_source(struct video *video) {
	struct source_lgmp_config config = {
		.poll = video->config.poll,
		.poll_us = video->config.poll_us,
		.straight_alpha = video->config.straight_alpha,
		.owners = video->config.owners,
		.broker = video->config.broker,
	};
	snprintf(config.path, sizeof config.path, "%s", video->config.shm_path);
	const struct source_lgmp_events events = {
		.wake = wake,
		.status = lgmp_changed,
		.pointer = pointer_moved,
		.data = video,
	};
	return source_lgmp_start(&video->lgmp, &config, &events);
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
	video->wanted = config->settings.source;
	pthread_mutex_init(&video->lock, NULL);
	region_add_all(&video->dirty);
	video->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	video->quads = calloc(OVERLAY_QUADS_MAX, sizeof *video->quads);
	video->shape = calloc(1, sizeof *video->shape);
	int r = mailbox_init(&video->settings_box, sizeof(struct video_settings), wake, video);
	if (r == 0) {
		r = mailbox_init(&video->overlay_box, sizeof(struct overlay), wake, video);
	}
	if (video->wake_fd < 0 || !video->quads || !video->shape) {
		r = -ENOMEM;
	}
	if (r < 0) {
		goto fail;
	}
	r = start_source(video);
	if (r < 0) {
		goto fail;
	}
	r = thread_start(&video->thread, "pg-video", video_thread, video);
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
	video_wake_thread(video);
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
	video_wake_thread(video);
}

void video_set(struct video *video, const struct video_settings *settings) {
	pthread_mutex_lock(&video->lock);
	video->wanted = settings->source;
	pthread_mutex_unlock(&video->lock);
	mailbox_put(&video->settings_box, settings);
}

void video_set_overlay(struct video *video, const struct overlay *overlay) {
	mailbox_put(&video->overlay_box, overlay);
}

void video_set_shm_path(struct video *video, const char *path) {
	source_lgmp_set_path(video->lgmp, path);
}

void video_wake(struct video *video) {
	video_wake_thread(video);
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
	if (strlen(path) >= sizeof video->shot.path) {
		return -ENAMETOOLONG;
	}
	int r = 0;
	pthread_mutex_lock(&video->lock);
	if (video->shot_wanted) {
		r = -EBUSY;
	} else {
		video->shot_wanted = true;
		snprintf(video->shot.path, sizeof video->shot.path, "%s", path);
		video->shot.with_pointer = with_pointer;
		video->shot.done = done;
		video->shot.data = data;
		video->shot.since_ns = clock_now_ns();
	}
	pthread_mutex_unlock(&video->lock);
	video_wake_thread(video);
	return r;
}

unsigned video_get_times(struct video *video, struct video_frame_times *ret_times, unsigned max) {
	pthread_mutex_lock(&video->lock);
	const uint64_t end = video->recent_count;
	uint64_t count = end < VIDEO_TIMES_KEPT ? end : VIDEO_TIMES_KEPT;
	count = count < max ? count : max;
	for (uint64_t i = 0; i < count; i++) {
		ret_times[i] = video->recent[(end - count + i) % VIDEO_TIMES_KEPT];
	}
	pthread_mutex_unlock(&video->lock);
	return (unsigned)count;
}

void video_get_stats(struct video *video, struct video_stats *ret_stats) {
	struct source_lgmp_counts counts;
	source_lgmp_get_counts(video->lgmp, &counts);
	const uint64_t now_ns = clock_now_ns();
	pthread_mutex_lock(&video->lock);
	*ret_stats = video->stats;
	unsigned swaps = 0, frames = 0;
	for (unsigned i = 0; i < VIDEO_SWAPS_KEPT; i++) {
		if (video->swap_ns[i] != 0 && now_ns - video->swap_ns[i] <= NS_PER_S) {
			swaps++;
			frames += video->swap_new[i] ? 1 : 0;
		}
	}
	pthread_mutex_unlock(&video->lock);
	snprintf(ret_stats->poll, sizeof ret_stats->poll, "%s", source_lgmp_poll_name(video->lgmp));
	ret_stats->fps = frames;
	ret_stats->ups = swaps;
	ret_stats->seen = counts.seen;
	ret_stats->superseded += counts.superseded;
	ret_stats->lgmp_cpu_ns = counts.cpu_ns;
	ret_stats->lost_sessions = counts.lost;
	ret_stats->resubscriptions = counts.resubscriptions;
}
