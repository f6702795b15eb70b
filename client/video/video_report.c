#define LOG_MODULE "video"
#include "client/video/video_report.h"

#include <stdio.h>
#include <string.h>

#include "client/video/video_canvas.h"
#include "host-proto/frame.h"
#include "host-proto/host_facts.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

/* ---- status ---- */

/* With the lock held: what the program and its user hear about the part. */
static void compose_part(const struct video_report *report, struct part_status *part) {
	const struct lgmp_status *lgmp = &report->lgmp;
	if (report->failure[0] != '\0') {
		part->state = PART_FAILED;
		snprintf(part->reason, sizeof part->reason, "%s", report->failure);
		return;
	}
	if (report->status.showing == VIDEO_SOURCE_SPICE && report->wanted == VIDEO_SOURCE_SPICE) {
		part->state = PART_RUNNING;
		snprintf(part->reason, sizeof part->reason, _("the SPICE display is shown"));
		return;
	}
	if (lgmp->state != LGMP_STATE_RUNNING) {
		part->state = PART_WAITING;
		snprintf(part->reason, sizeof part->reason, "%s", lgmp->reason);
		return;
	}
	if (!report->have_frame) {
		part->state = PART_WAITING;
		snprintf(part->reason, sizeof part->reason,
				_("connected to the Looking Glass host, waiting for its first frame"));
		return;
	}
	part->state = PART_RUNNING;
	snprintf(part->reason, sizeof part->reason, _("%ux%u from Looking Glass host %s"),
			report->status.width, report->status.height, lgmp->info.host_version);
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
	host->keeps_recovery = lgmp->recovery;
	host->audio_claim = kvmfr_audio_result_name(lgmp->audio);
	host->audio_protocol = lgmp->audio_protocol;
	host->offers_audio = (info->features & KVMFR_FEATURE_AUDIO) != 0;
	host->unused_files = host->offers_clipboard ? HOST_FACTS_UNUSED_FILES : NULL;
	host->unused_sound = host->offers_audio ? HOST_FACTS_UNUSED_SOUND : NULL;
	host->unused_software = info->version >= KVMFR_OFFERS ? HOST_FACTS_UNUSED_SOFTWARE : NULL;
	host->cpus = info->cpus;
	host->cores = info->cores;
	host->sockets = info->sockets;
}

/* With the lock held: composes the status anew from what is known, and tells it if it differs. */
static void publish(struct video_report *report) {
	const struct video_status *before = &report->reported;
	struct video_status *status = &report->status;
	compose_host(&status->host, &report->lgmp);
	compose_part(report, &status->part);
	status->stale = status->showing == VIDEO_SOURCE_LG &&
			(report->lgmp.state != LGMP_STATE_RUNNING || !report->have_frame);
	const bool changed = memcmp(before, status, sizeof *before) != 0;
	if (changed && !part_status_equal(&before->part, &status->part)) {
		log_info("%s%s", part_state_prefix(status->part.state), status->part.reason);
	}
	memcpy(&report->reported, status, sizeof report->reported);
	if (changed && report->events->status) {
		report->events->status(status, report->events->data);
	}
}

void video_report_wanted(struct video_report *report, enum video_source wanted) {
	pthread_mutex_lock(&report->lock);
	report->wanted = wanted;
	pthread_mutex_unlock(&report->lock);
}

void video_report_again(struct video_report *report) {
	pthread_mutex_lock(&report->lock);
	publish(report);
	pthread_mutex_unlock(&report->lock);
}

void video_report_lgmp(struct video_report *report, const struct lgmp_status *lgmp) {
	pthread_mutex_lock(&report->lock);
	if (lgmp->state != LGMP_STATE_RUNNING) {
		report->have_frame = false;
	}
	report->lgmp = *lgmp;
	publish(report);
	pthread_mutex_unlock(&report->lock);
}

void video_report_failure(struct video_report *report, const char *text) {
	pthread_mutex_lock(&report->lock);
	snprintf(report->failure, sizeof report->failure, "%s", text);
	publish(report);
	pthread_mutex_unlock(&report->lock);
}

/* What a host would need to send the whole picture: what it has, and for each of the frames that it
 * keeps what the block of this one lacks (kvmfr.md 4.1, A.1); a power of two. */
static unsigned needed_mib(const struct frame *frame, const struct lgmp_status *lgmp) {
	const uint64_t frames = lgmp->kvmfr >= KVMFR_OFFERS ? 3 : 2;
	const uint64_t rows = lgmp->kvmfr < 20 ? frame->screen_height : frame->height;
	const uint64_t whole = frame->pixels_offset - frame->block_offset + frame->pitch * rows;
	uint64_t bytes = lgmp->memory_bytes + 1;
	if (whole > frame->block_bytes) {
		bytes = lgmp->memory_bytes + frames * (whole - frame->block_bytes);
	}
	unsigned needed = 1;
	while ((uint64_t)needed << 20 < bytes && needed < 1u << 20) {
		needed *= 2;
	}
	return needed;
}

void video_report_frame(struct video_report *report, const struct frame *frame, bool shown) {
	pthread_mutex_lock(&report->lock);
	struct video_status *status = &report->status;
	const bool block = (frame->flags & FRAME_BLOCK_SCREENSAVER) != 0;
	const bool truncated = (frame->flags & FRAME_TRUNCATED) != 0;
	const bool hdr = (frame->flags & FRAME_HDR) != 0;
	const bool metadata = (frame->flags & FRAME_HDR_METADATA) != 0;
	const bool activate = (frame->flags & FRAME_REQUEST_ACTIVATION) != 0;
	const bool changed = status->block_screensaver != block || status->truncated != truncated ||
			     status->hdr != hdr || status->hdr_metadata != metadata ||
			     status->hdr_max_cll_nits != frame->hdr.max_cll_nits ||
			     status->hdr_max_nits != frame->hdr.max_nits || !report->have_frame ||
			     activate;
	status->block_screensaver = block;
	status->truncated = truncated;
	status->hdr = hdr;
	status->hdr_metadata = metadata;
	status->hdr_max_nits = frame->hdr.max_nits;
	status->hdr_max_cll_nits = frame->hdr.max_cll_nits;
	status->hdr_max_fall_nits = frame->hdr.max_fall_nits;
	status->needed_mib = truncated ? needed_mib(frame, &report->lgmp) : 0;
	status->activation_requests += activate ? 1 : 0;
	report->have_frame = true;
	if (changed && shown) {
		publish(report);
	}
	pthread_mutex_unlock(&report->lock);
}

void video_report_picture(struct video_report *report, const struct video_picture *picture) {
	const bool turned = picture->rotation % 2 != 0;
	pthread_mutex_lock(&report->lock);
	struct video_status *status = &report->status;
	status->showing = picture->source;
	status->width = turned ? picture->height : picture->width;
	status->height = turned ? picture->width : picture->height;
	status->desktop_width = picture->desktop_width;
	status->desktop_height = picture->desktop_height;
	publish(report);
	pthread_mutex_unlock(&report->lock);
}

bool video_report_has_frames(struct video_report *report) {
	pthread_mutex_lock(&report->lock);
	const bool has = report->lgmp.state == LGMP_STATE_RUNNING && report->have_frame;
	pthread_mutex_unlock(&report->lock);
	return has;
}

void video_report_no_gl(struct video_report *report, bool no_gl) {
	pthread_mutex_lock(&report->lock);
	report->status.no_gl = no_gl;
	publish(report);
	pthread_mutex_unlock(&report->lock);
}

/* ---- counters ---- */

void video_report_gl(struct video_report *report, const char *renderer, const char *window) {
	pthread_mutex_lock(&report->lock);
	snprintf(report->stats.renderer, sizeof report->stats.renderer, "%s", renderer);
	snprintf(report->stats.window, sizeof report->stats.window, "%s", window);
	pthread_mutex_unlock(&report->lock);
}

void video_report_upload(struct video_report *report, const char *way) {
	log_debug("the picture goes up by way of: %s", way);
	pthread_mutex_lock(&report->lock);
	snprintf(report->stats.upload, sizeof report->stats.upload, "%s", way);
	pthread_mutex_unlock(&report->lock);
}

void video_report_superseded(struct video_report *report) {
	pthread_mutex_lock(&report->lock);
	report->stats.superseded++;
	pthread_mutex_unlock(&report->lock);
}

void video_report_swap(struct video_report *report, uint64_t swapped_ns,
		const struct video_frame_times *times) {
	pthread_mutex_lock(&report->lock);
	report->swap_ns[report->swap_at] = swapped_ns;
	report->swap_new[report->swap_at] = times != NULL;
	report->swap_at = (report->swap_at + 1) % VIDEO_SWAPS_KEPT;
	if (times) {
		struct video_stats *stats = &report->stats;
		stats->shown++;
		stats->torn += times->torn ? 1 : 0;
		stats->newest_swapped_ns = swapped_ns;
		stats->seen_to_uploaded_us = (double)(times->uploaded_ns - times->seen_ns) / 1e3;
		stats->seen_to_swapped_us = (double)(swapped_ns - times->seen_ns) / 1e3;
		report->recent[report->recent_count++ % VIDEO_TIMES_KEPT] = *times;
	}
	pthread_mutex_unlock(&report->lock);
}

void video_report_presented(struct video_report *report, uint64_t after_ns) {
	pthread_mutex_lock(&report->lock);
	report->stats.seen_to_presented_us = (double)after_ns / 1e3;
	pthread_mutex_unlock(&report->lock);
}

void video_report_stats(struct video_report *report, struct video_stats *ret_stats) {
	const uint64_t now_ns = clock_now_ns();
	pthread_mutex_lock(&report->lock);
	*ret_stats = report->stats;
	unsigned swaps = 0, frames = 0;
	for (unsigned i = 0; i < VIDEO_SWAPS_KEPT; i++) {
		if (report->swap_ns[i] != 0 && now_ns - report->swap_ns[i] <= NS_PER_S) {
			swaps++;
			frames += report->swap_new[i] ? 1 : 0;
		}
	}
	pthread_mutex_unlock(&report->lock);
	ret_stats->fps = frames;
	ret_stats->ups = swaps;
}

unsigned video_report_times(
		struct video_report *report, struct video_frame_times *ret_times, unsigned max) {
	pthread_mutex_lock(&report->lock);
	const uint64_t end = report->recent_count;
	uint64_t count = end < VIDEO_TIMES_KEPT ? end : VIDEO_TIMES_KEPT;
	count = count < max ? count : max;
	for (uint64_t i = 0; i < count; i++) {
		ret_times[i] = report->recent[(end - count + i) % VIDEO_TIMES_KEPT];
	}
	pthread_mutex_unlock(&report->lock);
	return (unsigned)count;
}

void video_report_init(struct video_report *report, const struct video_events *events,
		enum video_source wanted) {
	report->events = events;
	report->wanted = wanted;
	pthread_mutex_init(&report->lock, NULL);
}

void video_report_finish(struct video_report *report) {
	pthread_mutex_destroy(&report->lock);
}
