#define LOG_MODULE "app"
#include "client/ui/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/ui/app_state.h"
#include "client/ui/hud_text.h"
#include "client/ui/stats.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

/* One SDL event for any number of wakes until the app has looked. */
void app_wake(void *data) {
	struct app *app = data;
	if (!atomic_exchange(&app->woken, true) && !atomic_load(&app->wake_no_more)) {
		SDL_Event event = { .type = app->wake_event };
		SDL_PushEvent(&event);
	}
}

void app_wake_no_more(struct app *app) {
	atomic_store(&app->wake_no_more, true);
}

/* ---- life ---- */

static int init_boxes(struct app *app) {
	struct {
		struct mailbox *box;
		size_t size;
	} const boxes[] = {
		{ &app->video_status, sizeof(struct video_status) },
		{ &app->geometry, sizeof(struct video_geometry) },
		{ &app->pointer, sizeof(struct video_pointer) },
		{ &app->guest_link_status, sizeof(struct guest_link_status) },
		{ &app->audio_status, sizeof(struct part_status) },
		{ &app->vm_found, sizeof(struct discovery_info) },
	};
	for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
		int r = mailbox_init(boxes[i].box, boxes[i].size, app_wake, app);
		if (r < 0) {
			return r;
		}
	}
	return queue_init(&app->happenings, sizeof(struct app_event), 256, app_wake, app);
}

int app_create(struct app **ret_app, struct config *config, struct window *window, bool demo) {
	struct app *app = calloc(1, sizeof *app);
	if (!app) {
		return -ENOMEM;
	}
	app->config = config;
	app->window = window;
	app->settings = config->video.settings;
	app->sensitivity = config->session.sensitivity;
	app->mic_policy = config->session.microphone;
	app->mic_allowed = config->session.microphone == GUEST_LINK_MICROPHONE_ON;
	app->now.demo = demo;
	app->now.start_ns = clock_now_ns();
	app->now.input_on = config->session.input;
	app->now.show_fps = config->window.show_fps;
	app->now.show_stats = config->window.show_graphs;
	app->now.video.part.state = PART_WAITING;
	app->applied.display = config->session.display;
	app->applied.input = config->session.input;
	app->now.sign_pointed_at = -1;
	app->wake_event = SDL_RegisterEvents(1);
	int r = app->wake_event == UINT32_MAX ? -ENOMEM : init_boxes(app);
	if (r < 0) {
		app_destroy(app);
		return r;
	}
	r = app_create_input(app);
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
	struct app_event happening;
	while (app->happenings.items && queue_pop(&app->happenings, &happening)) {
		free(happening.text);
	}
	queue_finish(&app->happenings);
	mailbox_finish(&app->vm_found);
	mailbox_finish(&app->audio_status);
	mailbox_finish(&app->guest_link_status);
	mailbox_finish(&app->pointer);
	mailbox_finish(&app->geometry);
	mailbox_finish(&app->video_status);
	explicit_bzero(app->password, sizeof app->password);
	free(app);
}

void app_attach(struct app *app, struct video *video, struct guest_link *session,
		struct audio *audio, struct discovery *discovery) {
	app->video = video;
	app->session = session;
	app->audio = audio;
	app->discovery = discovery;
	app->vm.video = video;
	app->vm.session = session;
	app->vm.audio = audio;
	if (video && app->config->window.set_guest_size) {
		int width;
		int height;
		window_size_px(app->window, &width, &height);
		video_set_guest_size(video, width, height);
	}
}

/* ---- the loop ---- */

static void read_figures(struct app *app) {
	if (app->video) {
		video_get_stats(app->video, &app->now.video_stats);
	}
	if (app->audio) {
		audio_get_stats(app->audio, &app->now.audio_stats);
	}
}

static void show(struct app *app) {
	struct overlay overlay;
	if (app->now.show_fps || app->now.show_stats) {
		read_figures(app);
	}
	hud_text_overlay(&app->now, app->config, &overlay);
	app_fill_panel(app, &overlay.panel);
	if (app->video && (!app->overlay_sent || !overlay_equal(&overlay, &app->shown))) {
		video_set_overlay(app->video, &overlay);
		app->shown = overlay;
		app->overlay_sent = true;
	}
	app->dirty = false;
}

static void print_stats(struct app *app) {
	read_figures(app);
	stats_write(stats_stdout(), &app->now);
	app->stats_ns += (uint64_t)(app->config->stats_period * (double)NS_PER_S);
	if (app->stats_ns < app->now.now_ns) {
		app->stats_ns = app->now.now_ns; /* the machine slept: not a burst of lines */
	}
}

static uint64_t earliest(uint64_t a, uint64_t b) {
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

/* What is due now; returns when the next thing is. */
static uint64_t run_timers(struct app *app) {
	uint64_t now = clock_now_ns();
	app->now.now_ns = now;
	uint64_t deadline = window_input_deadline_ns(app->input);
	if (deadline != 0 && deadline <= now) {
		window_input_tick(app->input, now);
	}
	if (app->resize_ns != 0 && app->resize_ns <= now) {
		app_resize_settled(app);
	}
	if (app->settle_ns != 0 && app->settle_ns <= now) {
		app_settle(app);
	}
	if (app->agent_ns != 0 && app->agent_ns <= now) {
		app_tell_no_agent(app);
	}
	if (app->stats_ns != 0 && app->stats_ns <= now) {
		print_stats(app);
	}
	if (app->end_ns != 0 && app->end_ns <= now) {
		app->running = false;
	}
	uint64_t changes_ns = hud_text_next_change_ns(&app->now);
	if (app->dirty || app->text_changes_ns == 0 || app->text_changes_ns <= now) {
		show(app);
		app->text_changes_ns = changes_ns ? changes_ns : UINT64_MAX;
	} else {
		app->text_changes_ns = earliest(app->text_changes_ns, changes_ns);
	}
	uint64_t next = app->text_changes_ns == UINT64_MAX ? 0 : app->text_changes_ns;
	next = earliest(next, window_input_deadline_ns(app->input));
	next = earliest(next, app->resize_ns);
	next = earliest(next, app->settle_ns);
	next = earliest(next, app->agent_ns);
	next = earliest(next, app->stats_ns);
	return earliest(next, app->end_ns);
}

static int timeout_ms(uint64_t deadline_ns) {
	uint64_t now = clock_now_ns();
	if (deadline_ns == 0) {
		return -1;
	}
	if (deadline_ns <= now) {
		return 0;
	}
	uint64_t ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	return ms > 60000 ? 60000 : (int)ms;
}

int app_run(struct app *app) {
	const struct config *config = app->config;
	uint64_t now = clock_now_ns();
	app->running = true;
	app->dirty = true;
	app->end_ns = config->seconds > 0 ? now + (uint64_t)(config->seconds * (double)NS_PER_S)
					  : 0;
	app->stats_ns = config->stats ? now + (uint64_t)(config->stats_period * (double)NS_PER_S)
				      : 0;
	app_tell_input(app);
	app_settle(app);
	while (app->running) {
		SDL_Event event;
		int wait_ms = timeout_ms(run_timers(app));
		int got = wait_ms < 0 ? SDL_WaitEvent(&event)
				      : SDL_WaitEventTimeout(&event, wait_ms);
		while (got) {
			if (event.type != app->wake_event) {
				app_handle_event(app, &event);
			}
			got = SDL_PollEvent(&event);
		}
		app_look(app);
		if (app->dirty) {
			app_settle(app);
		}
		app_show_guest_pointer(app);
	}
	return 0;
}
