#include "input/router.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>

#include "input/guest_output.h"
#include "input/keystrokes.h"

#define OWN_SOURCE  ROUTER_SOURCES /* router_send_keys() and router_type() */
#define NOTCH       120
#define NOTCHES_MAX 32
#define TYPE_EVENTS 4u /* of one step: PS/2 and USB queues hold no more (spice.md 5.3) */

struct source {
	bool grabbed;        /* a device: its events are ours alone */
	struct key_set down; /* on the keyboard */
	unsigned buttons_down;
	struct guest_held sent; /* of these, those the guest was told */
	int32_t wheel;          /* rest of a notch, 1/120 */
};

struct router {
	/* constant after router_create() */
	struct router_config config;
	struct router_events events;
	bool tap_toggles; /* the toggle is the escape key: only a tap of it counts */

	struct router_grabber grabber;
	struct guest_output out;
	bool enabled;
	bool seat_active;
	unsigned leds;

	struct source sources[ROUTER_SOURCES + 1];

	/* All devices together, grabbed or not. */
	struct key_set device_keys;
	uint8_t device_key_holders[KEYMAP_CODES];
	unsigned device_buttons_down;

	bool wanted;  /* the user's wish */
	bool grabbed; /* what the grabber was told */
	bool pending; /* the toggle was pressed; waits until all is up on the devices it came from
		       */
	bool pending_on;
	bool toggled_by[ROUTER_SOURCES]; /* those devices */
	struct escape escape;

	int32_t rest_x, rest_y; /* of the sensitivity, in tenths */

	struct keystrokes keystrokes;
};

static void tell(struct router *router, enum router_action action, unsigned code) {
	if (router->events.action) {
		router->events.action(action, code, router->events.data);
	}
}

static void release_sent(struct router *router, struct source *source) {
	guest_output_release(&router->out, &source->sent);
	source->wheel = 0;
}

static bool is_device(unsigned source) {
	return source != INPUT_SOURCE_WINDOW && source < ROUTER_SOURCES;
}

static bool forwarding(const struct router *router) {
	return router->out.has_guest && router->enabled;
}

static bool forwards(const struct router *router, unsigned index) {
	if (!forwarding(router)) {
		return false;
	}
	return !is_device(index) || (router->grabbed && router->sources[index].grabbed);
}

/* The grab. */

static void let_go(struct router *router) {
	router->grabbed = false;
	guest_output_send_motion(&router->out);
	for (unsigned i = 1; i < ROUTER_SOURCES; i++) {
		release_sent(router, &router->sources[i]);
		router->sources[i].grabbed = false;
	}
	router_flush(router);
	if (escape_cancel(&router->escape)) {
		tell(router, ROUTER_ESCAPE_UP, 0);
	}
	if (router->grabber.grab) {
		router->grabber.grab(router->grabber.data, false);
	}
	tell(router, ROUTER_GRAB_CHANGED, 0);
}

static bool source_idle(const struct source *source) {
	return source->down.count == 0 && source->buttons_down == 0;
}

/* A key that is held elsewhere (a pedal that something lies on) is no reason to wait: its device is
 * taken when it is let go. */
static bool toggle_is_up(const struct router *router) {
	for (unsigned i = 1; i < ROUTER_SOURCES; i++) {
		if (router->toggled_by[i] && !source_idle(&router->sources[i])) {
			return false;
		}
	}
	return true;
}

/* Brings the grab to what is wanted and possible. The only place where it changes. */
static void settle(struct router *router) {
	if (router->pending && toggle_is_up(router)) {
		router->pending = false;
		router->wanted = router->pending_on;
	}
	bool on = router->wanted && forwarding(router) && router->seat_active;
	if (!on && router->grabbed) {
		let_go(router);
	} else if (on && !router->grabbed) {
		router->grabbed = true;
		if (router->grabber.grab) {
			router->grabber.grab(router->grabber.data, true);
		}
		tell(router, ROUTER_GRAB_CHANGED, 1);
	}
}

static bool holds_any(const struct source *source, const struct chord *chord) {
	for (unsigned i = 0; i < chord->count; i++) {
		if (key_set_has(&source->down, chord->keys[i][0]) ||
				(chord->keys[i][1] &&
						key_set_has(&source->down, chord->keys[i][1]))) {
			return true;
		}
	}
	return false;
}

/* chord: what was pressed for it. */
static void toggle_pressed(struct router *router, const struct chord *chord) {
	if (!router->seat_active || (!router->wanted && !forwarding(router))) {
		return;
	}
	if (router->pending) {
		/* Asked twice: some key seems to be stuck, do not wait for it. */
		router->pending = false;
		router->wanted = router->pending_on;
		return;
	}
	router->pending = true;
	router->pending_on = !router->wanted;
	for (unsigned i = 1; i < ROUTER_SOURCES; i++) {
		router->toggled_by[i] = holds_any(&router->sources[i], chord);
	}
}

/* Returns whether the key is the router's own business and the guest must not see it. */
static bool escape_key(struct router *router, const struct guest_input_event *event) {
	bool quiet = !router->grabbed;
	switch (escape_feed(&router->escape, &router->device_keys, event->code, event->pressed,
			event->time_ns)) {
	case ESCAPE_PASS:
		return false;
	case ESCAPE_SWALLOW:
		break;
	case ESCAPE_DOWN:
		if (!quiet) {
			tell(router, ROUTER_ESCAPE_DOWN, 0);
		}
		break;
	case ESCAPE_KEY:
		if (!quiet) {
			tell(router, ROUTER_ESCAPE_KEY, event->code);
		}
		break;
	case ESCAPE_UP:
		if (!quiet) {
			tell(router, ROUTER_ESCAPE_UP, 0);
		}
		break;
	case ESCAPE_TAP:
		if (!quiet) {
			tell(router, ROUTER_ESCAPE_UP, 0);
		}
		toggle_pressed(router, &router->config.escape);
		break;
	}
	return true;
}

static void device_key_down(struct router *router, unsigned code, bool pressed) {
	if (pressed) {
		router->device_key_holders[code]++;
		key_set_add(&router->device_keys, code);
	} else if (--router->device_key_holders[code] == 0) {
		key_set_remove(&router->device_keys, code);
	}
}

/* A key of a device, already noted as down or up. */
static void device_key(struct router *router, const struct guest_input_event *event) {
	struct source *source = &router->sources[event->source];
	bool ours = false;
	if (!router->tap_toggles && event->pressed &&
			chord_complete(&router->config.grab_toggle, &router->device_keys,
					event->code)) {
		toggle_pressed(router, &router->config.grab_toggle);
		/* Modifiers reach the guest (they are released before the switch); the key that
		 * means nothing but the toggle does not. */
		ours = !keymap_is_modifier(event->code);
	} else if (router->grabbed || router->tap_toggles) {
		ours = escape_key(router, event);
	}
	if (!event->pressed) {
		guest_output_key(&router->out, &source->sent, event->code, false);
	} else if (!ours && forwards(router, event->source) &&
			!(router->config.ignore_windows_keys && keymap_is_meta(event->code))) {
		guest_output_key(&router->out, &source->sent, event->code, true);
	}
	settle(router);
}

static void key_event(struct router *router, const struct guest_input_event *event) {
	struct source *source = &router->sources[event->source];
	if (event->code == 0 || event->code >= KEYMAP_CODES) {
		return;
	}
	/* Repeats, and the release of something that was never pressed, change nothing. */
	if (!(event->pressed ? key_set_add(&source->down, event->code)
			     : key_set_remove(&source->down, event->code))) {
		return;
	}
	if (is_device(event->source)) {
		device_key_down(router, event->code, event->pressed);
		device_key(router, event);
		return;
	}
	bool ignored = router->config.ignore_windows_keys && keymap_is_meta(event->code);
	if (!event->pressed || (!ignored && forwards(router, event->source))) {
		guest_output_key(&router->out, &source->sent, event->code, event->pressed);
	}
}

static void button_event(struct router *router, const struct guest_input_event *event) {
	struct source *source = &router->sources[event->source];
	if (event->code == INPUT_BUTTON_NONE || event->code >= INPUT_BUTTON_COUNT) {
		return;
	}
	unsigned bit = 1u << event->code;
	if (event->pressed == ((source->buttons_down & bit) != 0)) {
		return;
	}
	source->buttons_down ^= bit;
	if (is_device(event->source)) {
		router->device_buttons_down += event->pressed ? 1u : -1u;
	}
	if (!event->pressed || forwards(router, event->source)) {
		guest_output_button(&router->out, &source->sent, event->code, event->pressed);
	}
	if (is_device(event->source)) {
		settle(router);
	}
}

static int32_t clamp_motion(int64_t value) {
	if (value > GUEST_MOTION_MAX) {
		return GUEST_MOTION_MAX;
	}
	return value < -GUEST_MOTION_MAX ? -GUEST_MOTION_MAX : (int32_t)value;
}

static int32_t scaled(int32_t value, int sensitivity, int32_t *rest) {
	if (sensitivity == 0) {
		return clamp_motion(value);
	}
	int64_t tenths = (int64_t)clamp_motion(value) * (sensitivity + 10) + *rest;
	int64_t whole = tenths / 10;
	*rest = (int32_t)(tenths - whole * 10);
	return clamp_motion(whole);
}

static void motion_event(struct router *router, const struct guest_input_event *event) {
	const int sensitivity = router->config.sensitivity;
	guest_output_motion(&router->out, scaled(event->x, sensitivity, &router->rest_x),
			scaled(event->y, sensitivity, &router->rest_y));
}

static void wheel_event(struct router *router, const struct guest_input_event *event) {
	struct source *source = &router->sources[event->source];
	int32_t turn = event->y; /* the guest has no horizontal wheel (spice.md 5.4) */
	if (turn == 0) {
		return;
	}
	if ((turn > 0) != (source->wheel > 0)) {
		source->wheel = 0; /* turned back: the rest of the other way does not count */
	}
	int64_t sum = (int64_t)source->wheel + turn;
	int64_t notches = sum / NOTCH;
	source->wheel = (int32_t)(sum - notches * NOTCH);
	if (notches == 0) {
		return;
	}
	if (notches > NOTCHES_MAX) {
		notches = NOTCHES_MAX;
	} else if (notches < -NOTCHES_MAX) {
		notches = -NOTCHES_MAX;
	}
	guest_output_wheel(&router->out, (int)notches);
}

void router_event(struct router *router, const struct guest_input_event *event) {
	if (event->source >= ROUTER_SOURCES) {
		return;
	}
	switch (event->kind) {
	case INPUT_NONE:
		return;
	case INPUT_KEY:
		key_event(router, event);
		return;
	case INPUT_BUTTON:
		button_event(router, event);
		return;
	case INPUT_MOTION:
	case INPUT_POSITION:
	case INPUT_WHEEL:
		break;
	}
	if (!forwards(router, event->source)) {
		return;
	}
	if (event->kind == INPUT_MOTION) {
		motion_event(router, event);
	} else if (event->kind == INPUT_POSITION) {
		guest_output_position(&router->out, event->x, event->y);
	} else {
		wheel_event(router, event);
	}
}

void router_flush(struct router *router) {
	guest_output_flush(&router->out);
}

void router_release(struct router *router, unsigned source) {
	if (source >= ROUTER_SOURCES) {
		return;
	}
	release_sent(router, &router->sources[source]);
	if (!is_device(source)) {
		router->sources[source].down = (struct key_set){ 0 };
		router->sources[source].buttons_down = 0;
	}
	router_flush(router);
}

void router_release_all(struct router *router) {
	release_sent(router, &router->sources[OWN_SOURCE]);
	for (unsigned i = 0; i < ROUTER_SOURCES; i++) {
		router_release(router, i);
	}
}

/* Devices. */

void router_device_grabbed(struct router *router, unsigned source, bool grabbed) {
	if (!is_device(source)) {
		return;
	}
	if (!grabbed) {
		guest_output_send_motion(&router->out);
		release_sent(router, &router->sources[source]);
		router_flush(router);
	}
	router->sources[source].grabbed = grabbed;
}

void router_device_held(
		struct router *router, unsigned source, enum input_kind kind, unsigned code) {
	if (!is_device(source)) {
		return;
	}
	struct source *s = &router->sources[source];
	if (kind == INPUT_KEY && code && key_set_add(&s->down, code)) {
		device_key_down(router, code, true);
	} else if (kind == INPUT_BUTTON && code && code < INPUT_BUTTON_COUNT &&
			!(s->buttons_down & 1u << code)) {
		s->buttons_down |= 1u << code;
		router->device_buttons_down++;
	}
}

void router_device_gone(struct router *router, unsigned source) {
	if (!is_device(source)) {
		return;
	}
	struct source *s = &router->sources[source];
	guest_output_send_motion(&router->out);
	release_sent(router, s);
	for (unsigned code = key_set_next(&s->down, 1); code;
			code = key_set_next(&s->down, code + 1)) {
		device_key_down(router, code, false);
		if (router->escape.down && code == router->escape.code) {
			/* The escape key left with its device. */
			escape_cancel(&router->escape);
			if (router->grabbed) {
				tell(router, ROUTER_ESCAPE_UP, 0);
			}
		}
	}
	router->device_buttons_down -= (unsigned)__builtin_popcount(s->buttons_down);
	*s = (struct source){ 0 };
	router_flush(router);
	settle(router);
}

bool router_device_idle(const struct router *router, unsigned source) {
	return !is_device(source) || source_idle(&router->sources[source]);
}

/* Keys that nobody pressed. */

int router_send_keys(struct router *router, const unsigned *keys, unsigned count) {
	if (count == 0 || count > 8) {
		return -EINVAL;
	}
	for (unsigned i = 0; i < count; i++) {
		if (keys[i] == 0 || keys[i] >= KEYMAP_CODES) {
			return -EINVAL;
		}
	}
	if (!forwarding(router)) {
		return -ENOTCONN;
	}
	struct source *own = &router->sources[OWN_SOURCE];
	for (unsigned i = 0; i < count; i++) {
		guest_output_key(&router->out, &own->sent, keys[i], true);
	}
	for (unsigned i = count; i-- > 0;) {
		guest_output_key(&router->out, &own->sent, keys[i], false);
	}
	router_flush(router);
	return 0;
}

int router_type(struct router *router, const char *text) {
	if (!forwarding(router)) {
		return -ENOTCONN;
	}
	int r = keystrokes_set(&router->keystrokes, text);
	if (r >= 0) {
		router_release_all(router);
	}
	return r;
}

bool router_type_step(struct router *router) {
	struct source *own = &router->sources[OWN_SOURCE];
	bool caps = router->leds & INPUT_LED_CAPS;
	struct stroke stroke;
	for (unsigned left = TYPE_EVENTS; keystrokes_next(&router->keystrokes, left, caps, &stroke);
			left -= stroke.shift ? 4 : 2) {
		if (stroke.shift) {
			guest_output_key(&router->out, &own->sent, KEY_LEFTSHIFT, true);
		}
		guest_output_key(&router->out, &own->sent, stroke.code, true);
		guest_output_key(&router->out, &own->sent, stroke.code, false);
		if (stroke.shift) {
			guest_output_key(&router->out, &own->sent, KEY_LEFTSHIFT, false);
		}
	}
	router_flush(router);
	return keystrokes_more(&router->keystrokes);
}

void router_type_cancel(struct router *router) {
	keystrokes_clear(&router->keystrokes);
}

/* States. */

void router_set_grabber(struct router *router, const struct router_grabber *grabber) {
	router->grabber = grabber ? *grabber : (struct router_grabber){ 0 };
}

void router_set_guest(struct router *router, const struct guest_input *guest) {
	if (router->out.has_guest) {
		/* It is gone: what is released now reaches nobody, but the books stay right. */
		guest_output_lose(&router->out);
		router_type_cancel(router);
		router_release_all(router);
		router->wanted = router->pending = false;
		settle(router);
		guest_output_forget(&router->out);
	}
	if (guest) {
		guest_output_set(&router->out, guest);
		router->wanted = router->config.grab_on_start;
		settle(router);
	}
}

void router_switch_guest(
		struct router *router, const struct guest_input *guest, const struct key_set *but) {
	if (!router->out.has_guest) {
		router_set_guest(router, guest);
		return;
	}
	guest_output_switch(&router->out, guest, but);
}

void router_set_enabled(struct router *router, bool on) {
	if (!on) {
		router_type_cancel(router);
		router_release_all(router);
	}
	router->enabled = on;
	settle(router);
}

void router_set_seat(struct router *router, bool active) {
	if (!active) {
		router->pending = false;
	}
	router->seat_active = active;
	settle(router);
}

void router_set_sensitivity(struct router *router, int sensitivity) {
	if (sensitivity >= -9 && sensitivity <= 9) {
		router->config.sensitivity = sensitivity;
		router->rest_x = router->rest_y = 0;
	}
}

void router_request_grab(struct router *router, bool on) {
	router->pending = false;
	router->wanted = on && router->out.has_guest;
	settle(router);
}

bool router_grabbed(const struct router *router) {
	return router->grabbed;
}

bool router_grab_wanted(const struct router *router) {
	return router->wanted;
}

void router_set_leds(struct router *router, unsigned leds) {
	router->leds = leds;
	if (router->grabber.leds) {
		router->grabber.leds(router->grabber.data, leds);
	}
}

unsigned router_leds(const struct router *router) {
	return router->leds;
}

unsigned router_held(const struct router *router) {
	return router->out.keys_held + (unsigned)__builtin_popcount(router->out.buttons_held);
}

static void start_escape(struct router *router) {
	const struct router_config *config = &router->config;
	router->tap_toggles = config->grab_toggle.count &&
			      chord_equal(&config->grab_toggle, &config->escape);
	escape_init(&router->escape, &config->escape, config->escape_hold_ns);
}

int router_create(struct router **ret_router, const struct router_config *config,
		const struct router_events *events) {
	if (config->sensitivity < -9 || config->sensitivity > 9) {
		return -EINVAL;
	}
	struct router *router = calloc(1, sizeof *router);
	if (!router) {
		return -ENOMEM;
	}
	router->config = *config;
	if (events) {
		router->events = *events;
	}
	router->enabled = true;
	router->seat_active = true;
	start_escape(router);
	*ret_router = router;
	return 0;
}

int router_set_escape(struct router *router, const char *name) {
	struct chord chord;
	const int r = name ? chord_parse(name, &chord) : -EINVAL;
	if (r == 0) {
		(void)escape_cancel(&router->escape);
		router->config.escape = chord;
		start_escape(router);
	}
	return r;
}

void router_destroy(struct router *router) {
	if (!router) {
		return;
	}
	router_type_cancel(router);
	router_release_all(router);
	router->wanted = router->pending = false;
	settle(router);
	free(router);
}
