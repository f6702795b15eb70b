#define LOG_MODULE "app"
#include "client/ui/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/deadline.h"
#include "base/log.h"
#include "client/platform/instance.h"
#include "client/recorder/recorder.h"
#include "client/ui/app_decide.h"
#include "client/ui/app_internal.h"
#include "client/ui/app_title.h"
#include "client/ui/stats.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

/* ---- life ---- */

/* Each piece gets those that it works on. */
static void join(struct app *app) {
	app->actions = (struct app_actions){
		.config = app->config,
		.window = app->window,
		.inbox = &app->inbox,
		.parts = &app->parts,
		.hud = &app->hud,
		.vm = &app->vm,
		.recorder_ns = DEADLINE_NONE,
	};
	app->panel = (struct app_panel){
		.config = app->config,
		.window = app->window,
		.parts = &app->parts,
		.hud = &app->hud,
		.actions = &app->actions,
		.vm = &app->vm,
		.machines = &app->first,
	};
	app->hud.now.first = &app->first;
}

int app_create(struct app **ret_app, struct config *config, struct window *window, bool demo) {
	struct app *app = calloc(1, sizeof *app);
	if (!app) {
		return -ENOMEM;
	}
	app->config = config;
	app->window = window;
	join(app);
	app_parts_init(&app->parts, config);
	app_hud_init(&app->hud, config, demo);
	int r = app_inbox_init(&app->inbox);
	if (r == 0) {
		r = app_create_input(app);
	}
	if (r < 0) {
		app_destroy(app);
		return r;
	}
	*ret_app = app;
	return 0;
}

void app_destroy(struct app *app) {
	if (!app) {
		return;
	}
	window_input_destroy(app->input);
	recorder_destroy(app->actions.recorder, RECORDER_PATIENCE_NS);
	app_inbox_finish(&app->inbox);
	app_password_wipe(&app->password);
	first_screen_finish(&app->first);
	bytes_finish(&app->drop);
	free(app);
}

void app_attach(struct app *app, struct video *video, struct guest_link *session,
		struct audio *audio, struct clipboard *clipboard, struct discovery *discovery) {
	app->inbox.video = video;
	app->parts.video = video;
	app->parts.session = session;
	app->parts.audio = audio;
	app->parts.discovery = discovery;
	app->parts.clipboard = clipboard;
	app->vm.video = video;
	app->vm.session = session;
	app->vm.audio = audio;
	window_input_connect(app->input, session ? guest_link_input : NULL, session);
	if (video && app->config->window.set_guest_size) {
		int width;
		int height;
		window_size_px(app->window, &width, &height);
		video_set_guest_size(video, width, height);
	}
}

/* ---- from other threads ---- */

struct video_events app_video_events(struct app *app) {
	return app_inbox_video_events(&app->inbox);
}

struct guest_link_events app_session_events(struct app *app) {
	return app_inbox_session_events(&app->inbox);
}

struct clipboard_events app_clipboard_events(struct app *app) {
	return app_inbox_clipboard_events(&app->inbox);
}

struct audio_events app_audio_events(struct app *app) {
	return app_inbox_audio_events(&app->inbox);
}

void app_on_discovery(const struct discovery_info *info, void *data) {
	mailbox_put(&((struct app *)data)->inbox.vm_found, info);
}

void app_on_signal(int number, void *data) {
	log_info("signal %d: leaving", number);
	app_quit(data);
}

void app_on_raise(struct app *app, int reply_fd) {
	const struct app_event event = { .kind = APP_RAISE, .code = reply_fd };
	if (app_inbox_push(&app->inbox, &event) < 0) {
		instance_answer(reply_fd);
	}
}

void app_quit(struct app *app) {
	app_inbox_quit(&app->inbox);
}

void app_wake_no_more(struct app *app) {
	atomic_store(&app->inbox.wake_no_more, true);
}

/* ---- what follows from a change ---- */

/* Whoever plays with devices of their own touches them at least so often. */
#define PLAYED_NS (60 * NS_PER_S)

/* Nothing to hear is no fault of anybody's until the guest sends something. It may begin while the
 * sound waits for its server, which is no change of the part's state. */
#define SOUND_LOOK_NS (2 * NS_PER_S)

static uint64_t look_for_sound(struct app *app) {
	struct app_status *now = &app->hud.now;
	const bool missing = now->audio.state == PART_WAITING || now->audio.state == PART_FAILED;
	if (now->sound_came || !missing || !app->config->sound) {
		return 0;
	}
	app_parts_read_stats(&app->parts, now);
	now->sound_came = now->audio_stats.packets > 0 || now->audio_stats.rate > 0;
	return now->sound_came ? 0 : now->now_ns + SOUND_LOOK_NS;
}

/* Into the status: what keys and window have chosen. Returns when that changes by itself. */
static uint64_t gather(struct app_status *now, const struct app_parts *parts, struct window *window,
		uint64_t input_ns) {
	now->now_ns = clock_now_ns();
	now->source = parts->settings.source;
	now->paused = parts->settings.paused;
	now->full_screen = window_is_full_screen(window);
	now->focused = window_has_focus(window);
	now->text_scale = window_text_scale(window);
	now->device_input = input_ns != 0 && now->now_ns < input_ns + PLAYED_NS;
	return now->session.grabbed && now->device_input ? input_ns + PLAYED_NS : 0;
}

/* No picture for a while: what is there to choose, and what is wrong? */
static void look_around(struct app *app) {
	bool changed;
	const struct discovery_config wanted = { .domain = app->config->domain,
		.owner = app->config->vm_owner,
		.uri = app->config->connect_uri };
	app->first_ns = first_screen_look(
			&app->first, app->no_picture_ns, clock_now_ns(), &wanted, &changed);
	if (changed) {
		app->panel.panel.vm_count = app->first.vm_count;
		app->hud.dirty = true;
	}
}

static void watch_picture(struct app *app) {
	const struct app_status *now = &app->hud.now;
	const bool missing = now->video.showing == VIDEO_SOURCE_AUTO && !now->demo;
	if (missing != (app->no_picture_ns != 0)) {
		app->no_picture_ns = missing ? now->now_ns : 0;
		app->first_ns = missing ? DEADLINE_NOW : app->first_ns;
	}
}

static void watch_waits(struct app_status *now) {
	const struct part_status *parts[] = { &now->discovery, &now->video.part,
		&now->session.spice, &now->audio };
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const bool waits = parts[i]->state == PART_WAITING;
		if (waits != (now->waits_since_ns[i] != 0)) {
			now->waits_since_ns[i] = waits ? now->now_ns : 0;
		}
	}
}

static void show_title(struct app *app) {
	char title[sizeof app->title];
	const char *vm = app->vm.last.domain[0] ? app->vm.last.domain : app->config->domain;
	app_title(&app->hud.now, app->config, vm, title, sizeof title);
	if (strcmp(title, app->title) != 0) {
		memcpy(app->title, title, sizeof title);
		window_set_title(app->window, title);
	}
}

void app_settle(struct app *app) {
	struct app_decision decision;
	struct app_status *now = &app->hud.now;
	app->settle_ns = gather(
			now, &app->parts, app->window, atomic_load(&app->inbox.device_input_ns));
	const uint64_t sound_ns = look_for_sound(app);
	if (sound_ns != 0 && (app->settle_ns == 0 || sound_ns < app->settle_ns)) {
		app->settle_ns = sound_ns;
	}
	watch_picture(app);
	watch_waits(now);
	app_decide(now, app->config, &decision);
	const unsigned began = decision.signs & ~now->decision.signs;
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		if (began & 1u << sign) {
			now->sign_since_ns[sign] = now->now_ns;
		}
	}
	if (memcmp(&decision, &now->decision, sizeof decision) != 0) {
		app->hud.dirty = true;
	}
	now->decision = decision;
	if (decision.screensaver_off != app->parts.applied.screensaver_off) {
		window_keep_awake(app->window, decision.screensaver_off);
	}
	app_parts_apply(&app->parts, &decision);
	show_title(app);
}

/* ---- the loop ---- */

#define WAIT_MOST_MS 60000

static void show(struct app *app) {
	struct overlay_panel panel;
	const struct app_status *now = &app->hud.now;
	if (now->show_fps || now->show_stats || now->show_graphs) {
		app_parts_read_stats(&app->parts, &app->hud.now);
	}
	app_panel_fill(&app->panel, &panel);
	app_hud_show(&app->hud, app->config, &panel, app->parts.video);
}

static void print_stats(struct app *app) {
	app_parts_read_stats(&app->parts, &app->hud.now);
	stats_write(stats_stdout(), &app->hud.now);
	app->stats_ns += (uint64_t)(app->config->stats_period * (double)NS_PER_S);
	if (app->stats_ns < app->hud.now.now_ns) {
		app->stats_ns = app->hud.now.now_ns; /* the machine slept: not a burst of lines */
	}
}

/* What is due now; returns when the next thing is. */
static deadline run_timers(struct app *app) {
	uint64_t now = clock_now_ns();
	app->hud.now.now_ns = now;
	if (deadline_is_over(window_input_deadline(app->input), now)) {
		window_input_tick(app->input, now);
	}
	window_tick(app->window, now);
	if (deadline_is_over(app->size.settled_ns, now)) {
		app_size_settled(&app->size, app->config, &app->parts, &app->hud.now.video,
				app->window);
	}
	if (deadline_is_over(app->settle_ns, now)) {
		app_settle(app);
	}
	if (deadline_is_over(app->seen_ns, now)) {
		app->seen_ns = app_look_whether_seen(app);
	}
	if (deadline_is_over(app->tab_ns, now)) {
		app_turn_tab(app);
	}
	if (deadline_is_over(app->first_ns, now)) {
		look_around(app);
	}
	if (deadline_is_over(app->notices.agent_ns, now)) {
		app_notices_no_agent(&app->notices, &app->hud);
	}
	if (deadline_is_over(app->stats_ns, now)) {
		print_stats(app);
	}
	if (deadline_is_over(app->actions.recorder_ns, now)) {
		app_actions_look_at_recording(&app->actions);
	}
	if (deadline_is_over(app->end_ns, now)) {
		app->running = false;
	}
	if (app_hud_is_due(&app->hud)) {
		show(app);
	}
	deadline next = app_hud_deadline(&app->hud);
	next = deadline_first(next, window_input_deadline(app->input));
	next = deadline_first(next, window_deadline(app->window));
	next = deadline_first(next, app->size.settled_ns);
	next = deadline_first(next, app->settle_ns);
	next = deadline_first(next, app->notices.agent_ns);
	next = deadline_first(next, app->seen_ns);
	next = deadline_first(next, app->tab_ns);
	next = deadline_first(next, app->first_ns);
	next = deadline_first(next, app->stats_ns);
	next = deadline_first(next, app->actions.recorder_ns);
	return deadline_first(next, app->end_ns);
}

int app_run(struct app *app) {
	const struct config *config = app->config;
	uint64_t now = clock_now_ns();
	app->running = true;
	app->seen_ns = DEADLINE_NOW; /* it may open without the focus, or on another workspace */
	app->hud.dirty = true;
	app->end_ns = config->seconds > 0 ? now + (uint64_t)(config->seconds * (double)NS_PER_S)
					  : 0;
	app->stats_ns = config->stats ? now + (uint64_t)(config->stats_period * (double)NS_PER_S)
				      : 0;
	app_tell_input(app);
	if (window_lacks_frame(app->window)) {
		app_notices_no_frame(&app->hud, config);
	}
	app_settle(app);
	while (app->running) {
		SDL_Event event;
		app_look_at_pointer(app);
		const deadline next = run_timers(app);
		const int wait_ms = deadline_wait_ms(next, clock_now_ns(), WAIT_MOST_MS);
		int got = wait_ms < 0 ? SDL_WaitEvent(&event)
				      : SDL_WaitEventTimeout(&event, wait_ms);
		app_look_at_pointer(app);
		while (got) {
			if (event.type != app->inbox.wake_event) {
				app_handle_event(app, &event);
			}
			got = SDL_PollEvent(&event);
		}
		app_look(app);
		if (!app->actions.recorder) {
			app_actions_look_at_recording(&app->actions);
		}
		if (app->hud.dirty) {
			app_settle(app);
		}
		app_show_guest_pointer(app);
	}
	app_actions_end_recording(&app->actions);
	return 0;
}
