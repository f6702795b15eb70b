#include "client/ui/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/line_writer.h"
#include "client/ui/app_status.h"

bool app_status_av_offset(const struct app_status *status, double *ret_us) {
	uint64_t seen = status->video_stats.newest_swapped_ns;
	uint64_t heard = status->audio_stats.heard_ns;
	if (seen == 0 || heard == 0 || !status->audio_stats.playing) {
		return false;
	}
	/*
	 * Sound that arrives now is heard at `heard`; a frame that arrives now is on the screen
	 * after the time that the newest one took. Both counted from arrival.
	 */
	double sound_us = status->audio_stats.latency_us;
	double picture_us = status->video_stats.seen_to_swapped_us;
	*ret_us = sound_us - picture_us;
	return true;
}

static void write_part(struct json *json, const char *name, const struct part_status *part) {
	json_object(json, name);
	json_string(json, "state", part_state_name(part->state));
	json_string(json, "reason", part->reason);
	json_end(json);
}

static const char *source_name(enum video_source source) {
	switch (source) {
	case VIDEO_SOURCE_AUTO:
		return "none";
	case VIDEO_SOURCE_LG:
		return "lg";
	case VIDEO_SOURCE_SPICE:
		return "spice";
	}
	return "?";
}

/* What the host offers over the shared memory. "input" and "clipboard" tell which way those go;
 * sound goes another way all the same: its streams are not spoken. */
static void write_offers(struct json *json, const struct video_host *host) {
	json_object(json, "offers");
	json_bool(json, "pointer", host->session && host->accepts_cursor_position);
	json_bool(json, "window_size", host->session && host->accepts_window_size);
	json_bool(json, "frame_schedule", host->session && host->offers_schedule);
	json_bool(json, "input", host->session && host->offers_input);
	json_bool(json, "clipboard", host->session && host->offers_clipboard);
	json_bool(json, "audio", host->session && host->offers_audio);
	json_bool(json, "recovery", host->session && host->keeps_recovery);
	json_end(json);
}

/* What the host has and the player does not use, with the reason; null where it has none. */
static void write_unused(struct json *json, const struct video_host *host) {
	json_object(json, "not_used");
	json_string(json, "files", host->session ? host->unused_files : NULL);
	json_string(json, "sound", host->session ? host->unused_sound : NULL);
	json_string(json, "software_mode", host->session ? host->unused_software : NULL);
	json_end(json);
}

static void write_video(struct json *json, const struct app_status *s) {
	json_object(json, "video");
	json_string(json, "showing", source_name(s->video.showing));
	json_string(json, "host", s->video.host.version);
	json_int(json, "kvmfr", s->video.host.kvmfr);
	write_offers(json, &s->video.host);
	write_unused(json, &s->video.host);
	json_object(json, "schedule");
	json_string(json, "state", s->video_stats.schedule ? s->video_stats.schedule : "off");
	json_bool(json, "phase", s->video_stats.schedule_ours && !s->video_stats.schedule_restless);
	json_int(json, "followed", (int64_t)s->video_stats.schedule_followed);
	json_int(json, "missed", (int64_t)s->video_stats.schedule_missed);
	json_end(json);
	json_string(json, "audio_claim",
			s->video.host.audio_claim ? s->video.host.audio_claim : "not-asked");
	json_int(json, "width", s->video.width);
	json_int(json, "height", s->video.height);
	json_bool(json, "hdr", s->video.hdr);
	if (s->video.hdr_metadata) {
		json_object(json, "hdr_metadata");
		json_int(json, "max_nits", s->video.hdr_max_nits);
		json_int(json, "max_cll_nits", s->video.hdr_max_cll_nits);
		json_int(json, "max_fall_nits", s->video.hdr_max_fall_nits);
		json_end(json);
	} else {
		json_null(json, "hdr_metadata");
	}
	json_number(json, "fps", s->video_stats.fps);
	json_number(json, "ups", s->video_stats.ups);
	json_int(json, "seen", (int64_t)s->video_stats.seen);
	json_int(json, "superseded", (int64_t)s->video_stats.superseded);
	json_int(json, "shown", (int64_t)s->video_stats.shown);
	json_int(json, "resubscriptions", (int64_t)s->video_stats.resubscriptions);
	json_int(json, "lost_sessions", (int64_t)s->video_stats.lost_sessions);
	json_object(json, "us");
	json_number(json, "seen_to_uploaded", s->video_stats.seen_to_uploaded_us);
	json_number(json, "seen_to_swapped", s->video_stats.seen_to_swapped_us);
	if (s->video_stats.seen_to_presented_us > 0) {
		json_number(json, "seen_to_presented", s->video_stats.seen_to_presented_us);
	} else {
		json_null(json, "seen_to_presented");
	}
	json_end(json);
	json_end(json);
}

static const char *silenced_name(enum audio_silenced silenced) {
	static const char *const names[] = {
		[AUDIO_AUDIBLE] = "no",
		[AUDIO_STREAM_MUTED] = "stream muted",
		[AUDIO_DEVICE_MUTED] = "device muted",
		[AUDIO_STREAM_ZERO] = "stream volume 0",
		[AUDIO_DEVICE_ZERO] = "device volume 0",
	};
	return names[silenced];
}

static void write_audio(struct json *json, const struct app_status *s) {
	const struct audio_stats *a = &s->audio_stats;
	json_object(json, "audio");
	json_bool(json, "playing", a->playing);
	json_string(json, "source", !a->playing ? "none" : a->is_spice ? "spice" : "scream");
	json_int(json, "rate", a->rate);
	json_int(json, "bits", a->bits);
	json_int(json, "channels", a->channels);
	json_number(json, "target_us", a->target_us);
	json_number(json, "latency_us", a->latency_us);
	json_number(json, "rate_ppm", a->rate_ppm);
	json_number(json, "sink_ppm", a->sink_ppm);
	json_number(json, "source_ppm", a->source_ppm);
	json_number(json, "jitter_us", a->jitter_us);
	json_int(json, "packets", (int64_t)a->packets);
	json_int(json, "lost", (int64_t)a->lost);
	json_int(json, "rejected", (int64_t)a->rejected);
	json_int(json, "underruns", (int64_t)a->underruns);
	json_int(json, "skips", (int64_t)a->skips);
	json_int(json, "gaps", (int64_t)a->gaps);
	json_int(json, "missing", (int64_t)a->missing);
	json_string(json, "silenced", silenced_name(a->silenced));
	json_end(json);
}

static const char *microphone_name(enum guest_link_microphone_state state) {
	static const char *const names[] = {
		[GUEST_LINK_MIC_OFF] = "off",
		[GUEST_LINK_MIC_READY] = "ready",
		[GUEST_LINK_MIC_ASKING] = "asking",
		[GUEST_LINK_MIC_DECLINED] = "declined",
		[GUEST_LINK_MIC_MUTED] = "muted",
		[GUEST_LINK_MIC_OPEN] = "open",
	};
	return names[state];
}

static void write_microphone(struct json *json, const struct app_status *s) {
	json_object(json, "microphone");
	json_string(json, "state", microphone_name(s->session.microphone));
	json_bool(json, "captures", s->audio_stats.microphone);
	json_int(json, "frames", (int64_t)s->audio_stats.microphone_frames);
	json_end(json);
}

struct line_writer *stats_stdout(void) {
	static struct line_writer out = LINE_WRITER(STDOUT_FILENO);
	return &out;
}

struct line_writer *stats_stderr(void) {
	static struct line_writer out = LINE_WRITER(STDERR_FILENO);
	return &out;
}

static void write_sandbox(struct json *json, const struct app_status *s) {
	json_object(json, "sandbox");
	json_bool(json, "privileges", s->confined.privileges);
	json_bool(json, "calls", s->confined.calls);
	json_int(json, "files", s->confined.files);
	json_end(json);
}

char *stats_line(const struct app_status *s) {
	struct json json;
	double offset;
	char *line = NULL;
	size_t len = 0;
	FILE *text = open_memstream(&line, &len);
	if (!text) {
		return NULL;
	}
	json_begin(&json, text);
	json_number(&json, "time_s", (double)(s->now_ns - s->start_ns) / 1e9);
	json_object(&json, "sources");
	write_part(&json, "picture", &s->video.part);
	write_part(&json, "session", &s->session.spice);
	write_part(&json, "devices", &s->session.evdev);
	write_part(&json, "sound", &s->audio);
	json_end(&json);
	write_sandbox(&json, s);
	write_video(&json, s);
	write_audio(&json, s);
	if (app_status_av_offset(s, &offset)) {
		json_number(&json, "av_offset_us", offset);
	} else {
		json_null(&json, "av_offset_us");
	}
	write_microphone(&json, s);
	json_object(&json, "input");
	json_bool(&json, "connected", s->session.connected);
	json_string(&json, "way",
			!s->session.connected   ? "none"
			: s->session.host_input ? "host"
						: "spice");
	json_bool(&json, "grabbed", s->session.grabbed);
	json_bool(&json, "captured", s->captured);
	json_bool(&json, "absolute", s->session.absolute);
	json_bool(&json, "agent", s->session.agent);
	json_int(&json, "devices", s->session.devices);
	json_end(&json);
	json_object(&json, "clipboard");
	json_string(&json, "way",
			s->session.host_clipboard ? "host"
			: s->session.agent        ? "spice"
						  : "none");
	json_end(&json);
	json_finish(&json);
	if (fclose(text) != 0) {
		free(line);
		return NULL;
	}
	return line;
}

void stats_write(struct line_writer *out, const struct app_status *s) {
	char *line = stats_line(s);
	if (line) {
		line_writer_put(out, line, strlen(line));
	}
	free(line);
}
