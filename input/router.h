/*
 * The router: events of the window and of all evdev devices go in, messages for the guest come out.
 * Only the router knows which keys and buttons are held, so every loss (of focus, grab, device,
 * socket, seat, life) can release them.
 *
 * Pure: no clock, no file, no thread, no log; allocates only in router_create() and router_type().
 * One thread at a time (pg-io).
 *
 * What holds after every call: the keys and buttons that the guest was told are held are exactly
 * those that some source holds and that were forwarded; after a release none of them is held.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "input/chord.h"
#include "input/event.h"
#include "input/guest_input.h"

#define ROUTER_SOURCES 33u /* INPUT_SOURCE_WINDOW and devices 1..32 */

struct router;

struct router_config {
	struct chord grab_toggle;
	struct chord escape;
	uint64_t escape_hold_ns; /* ESCAPE_HOLD_NS */
	bool grab_on_start;      /* wants the grab whenever a way to the guest appears */
	bool ignore_windows_keys;
	int sensitivity; /* -9..9: factor (n + 10) / 10 on relative motion */
};

enum router_action {
	ROUTER_ESCAPE_DOWN,  /* the escape key on a grabbed device: help after the hold time */
	ROUTER_ESCAPE_UP,    /* (a tap has also let the grab go, which grab_changed told) */
	ROUTER_ESCAPE_KEY,   /* code = the key pressed with it */
	ROUTER_GRAB_CHANGED, /* code = 1 grabbed, 0 not */
};

struct router_events {
	void (*action)(enum router_action action, unsigned code, void *data);
	void *data;
};

/* Who takes and gives back the devices: input/devices.h; in tests, anyone. */
struct router_grabber {
	/* Takes or lets go of all devices. router_device_grabbed() tells which are taken. */
	void (*grab)(void *data, bool on);
	/* The guest's lock lights changed. */
	void (*leds)(void *data, unsigned leds);
	void *data;
};

/* Copies both; events may be NULL. -EINVAL for a sensitivity outside the range. */
int router_create(struct router **ret_router, const struct router_config *config,
		const struct router_events *events);
/* Releases everything and lets the devices go first. Accepts NULL. */
void router_destroy(struct router *router);

/* Another escape key from now on, by its name (chord_parse()). -EINVAL: no key has that name, and
 * the old one stays. */
int router_set_escape(struct router *router, const char *name);

/* NULL: none. Copied. */
void router_set_grabber(struct router *router, const struct router_grabber *grabber);

/* The way to the guest is there (copied), or NULL: it is lost. Losing it forgets what was held (the
 * server releases keys; the session clears buttons when it connects again), lets the grab go, and
 * does not take it again by itself unless grab_on_start. */
void router_set_guest(struct router *router, const struct guest_input *guest);

/* Another way to the same guest, which is there (copied): the grab and what is held stay. What is
 * held is pressed on it, but for the keys in `but` (NULL: none of them), which its owner presses;
 * nobody releases it on the old way. */
void router_switch_guest(
		struct router *router, const struct guest_input *guest, const struct key_set *but);

/* Forward anything at all (starts on). Off releases everything and lets the grab go; the wish for
 * it stays. */
void router_set_enabled(struct router *router, bool on);
/* The user's session is the active one and is not locked (starts true). Inactive lets the grab
 * go; it comes back. What the window sends is not touched: it has no focus then. */
void router_set_seat(struct router *router, bool active);

void router_set_sensitivity(struct router *router, int sensitivity);

/* At once. A device on which a key is held is taken when it is up. */
void router_request_grab(struct router *router, bool on);
bool router_grabbed(const struct router *router);
bool router_grab_wanted(const struct router *router);

/* The guest's lock lights (enum input_led). */
void router_set_leds(struct router *router, unsigned leds);
unsigned router_leds(const struct router *router);

/* Devices. Sources 1..32. A device's events are forwarded only while it is grabbed; before that
 * they only tell which keys are down and whether the toggle was pressed. */
void router_device_grabbed(struct router *router, unsigned source, bool grabbed);
/* A key or button that was down when the device was opened. */
void router_device_held(
		struct router *router, unsigned source, enum input_kind kind, unsigned code);
/* Unplugged: what it held is released. */
void router_device_gone(struct router *router, unsigned source);
/* Nothing is down on it: it may be grabbed without leaving the host with a held key. */
bool router_device_idle(const struct router *router, unsigned source);

/* One event. Motion is collected until router_flush() or the next key, button or notch; those go to
 * the guest at once and in order. */
void router_event(struct router *router, const struct guest_input_event *event);
/* The end of a wake-up: collected motion goes out, and is written. */
void router_flush(struct router *router);

/* Releases what this source holds and forgets that it was down (the window lost its focus or its
 * capture; its key-ups, should they still come, mean nothing). Flushes. */
void router_release(struct router *router, unsigned source);
/* The same for all sources, and keys of router_send_keys(). The devices' own keys stay known as
 * down, but the guest is told they are up. */
void router_release_all(struct router *router);

/* Presses the keys in order and releases them in reverse, e.g. Ctrl, Alt, Delete. 1..8 keys.
 * Returns -ENOTCONN without a way to the guest or while not enabled, -EINVAL for a bad count or
 * key. */
int router_send_keys(struct router *router, const unsigned *keys, unsigned count);

/* Types UTF-8 text on a US layout. Copies the text (at most 64 KiB, -E2BIG), releases what is held,
 * and returns the number of characters that have no key and will be left out. Then call
 * router_type_step() every 20 ms or slower: each sends at most four events and returns whether
 * there is more. Another router_type() replaces the rest. */
int router_type(struct router *router, const char *text);
bool router_type_step(struct router *router);
void router_type_cancel(struct router *router);

/* How many keys and buttons the guest believes are held. */
unsigned router_held(const struct router *router);
