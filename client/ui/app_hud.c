#define LOG_MODULE "app"
#include "client/ui/app_hud.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/deadline.h"
#include "base/log.h"
#include "client/config/config.h"
#include "client/ui/hud_text.h"
#include "client/video/video.h"

void app_hud_init(struct app_hud *hud, const struct config *config, bool demo) {
	hud->alerts = config->window.alerts;
	hud->dirty = true;
	hud->now.demo = demo;
	hud->now.confined = config->confined;
	hud->now.start_ns = clock_now_ns();
	hud->now.input_on = config->session.input;
	hud->now.show_fps = config->window.show_fps;
	hud->now.show_graphs = config->window.show_graphs;
	hud->now.video.part.state = PART_WAITING;
	hud->now.sign_pointed_at = -1;
}

void app_alert(struct app_hud *hud, int level, const char *format, ...) {
	va_list args;
	va_start(args, format);
	vsnprintf(hud->now.alert, sizeof hud->now.alert, format, args);
	va_end(args);
	log_debug("%s", hud->now.alert);
	if (hud->alerts) {
		hud->now.alert_level = level;
		hud->now.alert_until_ns = clock_now_ns() + HUD_TEXT_ALERT_NS;
		hud->dirty = true;
	}
}

bool app_hud_is_due(const struct app_hud *hud) {
	return hud->dirty || deadline_is_over(hud->text_changes, hud->now.now_ns);
}

static void fill_graphs(struct app_hud *hud, struct video *video, struct overlay *overlay) {
	struct video_frame_times times[VIDEO_TIMES_KEPT];
	const unsigned count = video ? video_get_times(video, times, VIDEO_TIMES_KEPT) : 0;
	if (hud->now.now_ns >= hud->graphs_ns + GRAPHS_PERIOD_NS) {
		hud->graphs_ns = hud->now.now_ns;
		graphs_add_sound(&hud->graphs, &hud->now.audio_stats);
	}
	graphs_fill(&hud->graphs, times, count, overlay);
}

void app_hud_show(struct app_hud *hud, const struct config *config,
		const struct overlay_panel *panel, struct video *video) {
	struct overlay overlay;
	hud_text_overlay(&hud->now, config, &overlay);
	overlay.panel = *panel;
	if (hud->now.show_graphs) {
		fill_graphs(hud, video, &overlay);
	}
	if (video && (!hud->sent || !overlay_equal(&overlay, &hud->shown))) {
		video_set_overlay(video, &overlay);
		hud->shown = overlay;
		hud->sent = true;
	}
	hud->dirty = false;
	hud->text_changes = DEADLINE_NONE;
}

deadline app_hud_deadline(struct app_hud *hud) {
	hud->text_changes = deadline_first(hud->text_changes, hud_text_next_change(&hud->now));
	return hud->text_changes;
}
