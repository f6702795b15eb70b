/*
 * A sink that is a guest: it knows what is held by what it was told, and objects to whatever a
 * guest would be confused by (a press of a held key, a release of a free one, buttons that do not
 * add up, motion after a flush is due). Also writes down what happened, for the tests that look.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "input/guest_input.h"
#include "input/keymap.h"
#include "tests/support/check.h"

struct held_sink {
	bool keys[KEYMAP_CODES];
	unsigned held_keys;
	unsigned buttons;
	int64_t dx, dy; /* sum of all motion */
	int32_t x, y;
	int notches;
	unsigned long events;
	unsigned long flushes;
	bool dirty; /* something came since the last flush */
	char log[4096];
	size_t log_len;
};

__attribute__((format(printf, 2, 3))) static inline void held_log(
		struct held_sink *sink, const char *format, ...) {
	sink->events++;
	sink->dirty = true;
	char word[64];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(word, sizeof word, format, args);
	va_end(args);
	if (sink->log_len + (size_t)len < sizeof sink->log) {
		memcpy(sink->log + sink->log_len, word, (size_t)len + 1);
		sink->log_len += (size_t)len;
	}
}

static inline void held_key(void *data, unsigned code, bool pressed) {
	struct held_sink *sink = data;
	CHECK(code > 0 && code < KEYMAP_CODES);
	CHECK(sink->keys[code] != pressed);
	sink->keys[code] = pressed;
	sink->held_keys += pressed ? 1u : -1u;
	held_log(sink, "%c%u ", pressed ? '+' : '-', code);
}

static inline void held_button(
		void *data, enum input_button button, bool pressed, unsigned buttons) {
	struct held_sink *sink = data;
	unsigned bit = 1u << button;
	CHECK(button > INPUT_BUTTON_NONE && button < INPUT_BUTTON_COUNT);
	CHECK(pressed == !(sink->buttons & bit));
	sink->buttons ^= bit;
	CHECK(sink->buttons == buttons);
	held_log(sink, "b%c%d ", pressed ? '+' : '-', (int)button);
}

static inline void held_motion(void *data, int32_t dx, int32_t dy, unsigned buttons) {
	struct held_sink *sink = data;
	CHECK(sink->buttons == buttons);
	CHECK(dx >= -32767 && dx <= 32767 && dy >= -32767 && dy <= 32767);
	sink->dx += dx;
	sink->dy += dy;
	held_log(sink, "m%d,%d ", dx, dy);
}

static inline void held_position(void *data, int32_t x, int32_t y, unsigned buttons) {
	struct held_sink *sink = data;
	CHECK(sink->buttons == buttons);
	sink->x = x;
	sink->y = y;
	held_log(sink, "p%d,%d ", x, y);
}

static inline void held_wheel(void *data, int notches, unsigned buttons) {
	struct held_sink *sink = data;
	CHECK(sink->buttons == buttons && notches != 0);
	sink->notches += notches;
	held_log(sink, "w%d ", notches);
}

static inline void held_flush(void *data) {
	struct held_sink *sink = data;
	CHECK(sink->dirty); /* an empty write is a wasted system call */
	sink->dirty = false;
	sink->flushes++;
}

static inline struct guest_input held_sink_init(struct held_sink *sink) {
	*sink = (struct held_sink){ .log = "" };
	return (struct guest_input){ sink, held_key, held_button, held_motion, held_position,
		held_wheel, held_flush };
}

/* What was written down since the last call. */
static inline const char *held_log_take(struct held_sink *sink, char *buffer, size_t size) {
	snprintf(buffer, size, "%s", sink->log);
	sink->log_len = 0;
	sink->log[0] = 0;
	return buffer;
}
