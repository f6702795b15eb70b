/*
 * The window's input on SDL's dummy driver: a window and a mouse, and nobody behind them. All
 * events are made here; what window_input did with them is a line of words, which expect()
 * compares.
 */
#pragma once

#include "client/window/window_input.h"

#include <SDL.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/check.h"

struct fixture {
	SDL_Window *window;
	struct window_input *input;
	struct window_input_state view;
	uint64_t now_ns;
	uint32_t ms;
	bool can_move;
	unsigned locks_reported, leds, locks;
	bool other_motion; /* there is one */
	bool full;         /* the queue to the guest has no room */
	char log[2048];
};

__attribute__((format(printf, 2, 3))) static inline void note(
		struct fixture *f, const char *format, ...) {
	size_t len = strlen(f->log);
	va_list args;
	va_start(args, format);
	vsnprintf(f->log + len, sizeof f->log - len, format, args);
	va_end(args);
}

static inline int on_input(const struct guest_input_event *event, void *data) {
	struct fixture *f = data;
	CHECK(event->source == INPUT_SOURCE_WINDOW && event->time_ns == f->now_ns);
	if (f->full) {
		return -ENOBUFS;
	}
	switch (event->kind) {
	case INPUT_KEY:
		note(f, "%c%u ", event->pressed ? '+' : '-', event->code);
		break;
	case INPUT_BUTTON:
		note(f, "b%c%u ", event->pressed ? '+' : '-', event->code);
		break;
	case INPUT_MOTION:
		note(f, "m%d,%d ", event->x, event->y);
		break;
	case INPUT_POSITION:
		note(f, "p%d,%d ", event->x, event->y);
		break;
	case INPUT_WHEEL:
		note(f, "w%d,%d ", event->x, event->y);
		break;
	case INPUT_NONE:
		fail();
	}
	return 0;
}

static inline void on_release(void *data) {
	note(data, "release ");
}

static inline void on_mouse_mode(bool absolute, void *data) {
	note(data, absolute ? "absolute " : "relative ");
}

static inline void on_locks(unsigned leds, unsigned locks, void *data) {
	struct fixture *f = data;
	f->locks_reported++;
	f->leds = leds;
	f->locks = locks;
}

static inline int on_move(int x, int y, void *data) {
	struct fixture *f = data;
	if (!f->can_move) {
		return -EOPNOTSUPP;
	}
	note(f, "set%d,%d ", x, y);
	return 0;
}

static inline bool on_other_motion(bool on, unsigned rotation, void *data) {
	struct fixture *f = data;
	if (f->other_motion) {
		note(f, "other%d,%u ", on, rotation);
	}
	return f->other_motion;
}

static inline void on_request(
		enum window_request request, int value, bool shift, bool quiet, void *data) {
	static const char *const names[] = { "capture", "help", "key", "refused" };
	note(data, "%s%d%s%s ", names[request], value, shift ? "S" : "", quiet ? "q" : "");
}

static inline void setup_with(struct fixture *f, struct window_input_config config) {
	memset(f, 0, sizeof *f);
	f->now_ns = 1000 * NS_PER_S;
	f->ms = 5000;
	f->can_move = true;
	window_input_hints();
	setenv("SDL_VIDEODRIVER", "dummy", 1);
	CHECK_EQ(SDL_InitSubSystem(SDL_INIT_VIDEO), 0);
	/* Hidden: in SDL 2.32 a shown one has the focus at once. */
	f->window = SDL_CreateWindow("test", 0, 0, 640, 360, SDL_WINDOW_HIDDEN);
	CHECK(f->window);
	if (!config.escape_key[0]) {
		snprintf(config.escape_key, sizeof config.escape_key, "scrolllock");
	}
	config.help_delay_ms = 200;
	const struct window_input_hooks hooks = { on_release, on_mouse_mode, on_locks, on_move,
		on_other_motion, on_request, f };
	CHECK_EQ(window_input_create(&f->input, f->window, &config, &hooks), 0);
	window_input_connect(f->input, on_input, f);
	f->view = (struct window_input_state){ .window_width = 640,
		.window_height = 360,
		.pixel_width = 640,
		.pixel_height = 360,
		.picture = { 0, 0, 640, 360, 0 },
		.desktop_width = 1280,
		.desktop_height = 720,
		.connected = true,
		.enabled = true };
	window_input_set_state(f->input, &f->view);
	f->log[0] = 0;
}

static inline void setup(struct fixture *f) {
	setup_with(f, (struct window_input_config){ .scale_cursor = true, .hide_cursor = true });
}

static inline void teardown(struct fixture *f) {
	window_input_destroy(f->input);
	SDL_DestroyWindow(f->window);
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

static inline bool feed(struct fixture *f, SDL_Event event) {
	f->now_ns += NS_PER_MS;
	f->ms += 5;
	event.common.timestamp = f->ms;
	return window_input_event(f->input, &event, f->now_ns);
}

static inline bool key(struct fixture *f, SDL_Scancode scancode, bool pressed) {
	SDL_Event event = { .key = { .type = pressed ? SDL_KEYDOWN : SDL_KEYUP } };
	event.key.keysym.scancode = scancode;
	return feed(f, event);
}

static inline bool motion(struct fixture *f, int x, int y, int dx, int dy) {
	SDL_Event event = {
		.motion = { .type = SDL_MOUSEMOTION, .x = x, .y = y, .xrel = dx, .yrel = dy }
	};
	return feed(f, event);
}

static inline bool button(struct fixture *f, unsigned number, bool pressed, int x, int y) {
	SDL_Event event = { .button = { .type = pressed ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP,
					    .button = (Uint8)number,
					    .x = x,
					    .y = y } };
	return feed(f, event);
}

static inline void window_event(struct fixture *f, unsigned what) {
	SDL_Event event = { .window = { .type = SDL_WINDOWEVENT, .event = (Uint8)what } };
	CHECK(!feed(f, event));
}

static inline void expect(struct fixture *f, const char *log) {
	assert_string_equal(f->log, log);
	f->log[0] = 0;
}

static inline void tap_escape(struct fixture *f) {
	CHECK(key(f, SDL_SCANCODE_SCROLLLOCK, true) && key(f, SDL_SCANCODE_SCROLLLOCK, false));
}
