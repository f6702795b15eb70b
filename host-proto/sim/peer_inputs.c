#include "host-proto/sim/peer_inputs.h"

#include <errno.h>

#include "host-proto/spice/reader.h"

static void set_key(struct spice_peer_state *state, const struct spice_peer_events *events,
		unsigned index, bool pressed) {
	const uint8_t bit = (uint8_t)(1u << (index % 8));
	const bool was = (state->keys[index / 8] & bit) != 0;
	if (pressed && !was) {
		state->keys_held++;
	} else if (!pressed && was) {
		state->keys_held--;
	}
	if (pressed) {
		state->keys[index / 8] |= bit;
	} else {
		state->keys[index / 8] &= (uint8_t)~bit;
	}
	state->key_events++;
	if (events->key) {
		events->key((index & 0x80) ? 0xe000u | (index & 0x7f) : index, pressed,
				events->data);
	}
}

/* The lock keys. A server looks at every byte that passes and turns its idea of them with each
 * press (5.3), which a Pause turns wrong. */
static const struct {
	unsigned led, scancode;
} lock_keys[] = { { SPICE_SCROLL_LOCK, 0x46 }, { SPICE_NUM_LOCK, 0x45 },
	{ SPICE_CAPS_LOCK, 0x3a } };

static void follow_locks(struct spice_peer_state *state, uint8_t byte) {
	for (size_t i = 0; i < sizeof lock_keys / sizeof *lock_keys; i++) {
		if (byte == lock_keys[i].scancode) {
			state->leds ^= lock_keys[i].led;
		}
	}
}

static void scancode_byte(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, uint8_t byte) {
	follow_locks(state, byte);
	if (byte == 0xe0) {
		inputs->prefix = true;
		return;
	}
	unsigned index = (byte & 0x7fu) | (inputs->prefix ? 0x80u : 0u);
	inputs->prefix = false;
	set_key(state, events, index, (byte & 0x80) == 0);
}

static void set_buttons(struct spice_peer_state *state, const struct spice_peer_events *events,
		unsigned mask) {
	static const struct {
		unsigned mask, button;
	} table[] = {
		{ SPICE_MASK_LEFT, SPICE_BUTTON_LEFT },
		{ SPICE_MASK_MIDDLE, SPICE_BUTTON_MIDDLE },
		{ SPICE_MASK_RIGHT, SPICE_BUTTON_RIGHT },
		{ SPICE_MASK_SIDE, SPICE_BUTTON_SIDE },
		{ SPICE_MASK_EXTRA, SPICE_BUTTON_EXTRA },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const unsigned bit = 1u << table[i].button;
		const bool pressed = (mask & table[i].mask) != 0;
		if (pressed == ((state->buttons & bit) != 0)) {
			continue;
		}
		state->buttons ^= bit;
		state->button_events++;
		if (events->button) {
			events->button(table[i].button, pressed, events->data);
		}
	}
}

static void wheel(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, unsigned button, bool pressed) {
	if (button != SPICE_BUTTON_UP && button != SPICE_BUTTON_DOWN) {
		return;
	}
	const unsigned bit = button == SPICE_BUTTON_UP ? 1u : 2u;
	if (!pressed) {
		inputs->wheel &= ~bit;
		return;
	}
	if (inputs->wheel & bit) {
		return; /* a second press without a release is no notch (5.4) */
	}
	inputs->wheel |= bit;
	state->wheel_notches++;
	if (events->wheel) {
		events->wheel(button == SPICE_BUTTON_UP ? 1 : -1, events->data);
	}
}

static int count_motion(struct peer_inputs *inputs) {
	inputs->wheel = 0;
	if (++inputs->motions < SPICE_MOTION_ACK_BUNCH) {
		return 0;
	}
	inputs->motions = 0;
	return 1;
}

static int on_motion(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, struct reader *r) {
	int32_t dx = read_i32(r);
	int32_t dy = read_i32(r);
	unsigned buttons = read_u16(r);
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	if (!state->absolute) { /* else ignored, but counted */
		state->motions++;
		state->motion_x += dx;
		state->motion_y += dy;
		set_buttons(state, events, buttons);
		if (events->motion && (dx != 0 || dy != 0)) {
			events->motion(dx, dy, events->data);
		}
	}
	return count_motion(inputs);
}

static int on_position(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, struct reader *r) {
	uint32_t x = read_u32(r);
	uint32_t y = read_u32(r);
	unsigned buttons = read_u16(r);
	read_u8(r); /* display */
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	if (state->absolute) {
		state->positions++;
		state->x = x;
		state->y = y;
		set_buttons(state, events, buttons);
		if (events->position) {
			events->position(x, y, events->data);
		}
	}
	return count_motion(inputs);
}

static int on_button(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, struct reader *r, bool pressed) {
	unsigned button = read_u8(r);
	unsigned buttons = read_u16(r);
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	set_buttons(state, events, buttons);
	wheel(inputs, state, events, button, pressed);
	return 0;
}

/* The server toggles what differs from its idea by pressing the lock keys itself (5.3). */
static int on_modifiers(struct spice_peer_state *state, const struct spice_peer_events *events,
		struct reader *r) {
	unsigned leds = read_u16(r);
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	for (size_t i = 0; i < sizeof lock_keys / sizeof *lock_keys; i++) {
		if ((leds ^ state->leds) & lock_keys[i].led) {
			state->leds ^= lock_keys[i].led;
			set_key(state, events, lock_keys[i].scancode, true);
			set_key(state, events, lock_keys[i].scancode, false);
		}
	}
	return 0;
}

int peer_inputs_message(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events, unsigned type, const uint8_t *body,
		size_t len) {
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_INPUTS_KEY_DOWN:
	case SPICE_INPUTS_KEY_UP: {
		uint32_t code = read_u32(&r);
		for (; reader_ok(&r) && code != 0 && (code & 0xff) != 0; code >>= 8) {
			scancode_byte(inputs, state, events, (uint8_t)code);
		}
		break;
	}
	case SPICE_INPUTS_KEY_SCANCODE:
		if (len == 0) {
			return -EBADMSG;
		}
		for (size_t i = 0; i < len; i++) {
			scancode_byte(inputs, state, events, body[i]);
		}
		break;
	case SPICE_INPUTS_KEY_MODIFIERS:
		return on_modifiers(state, events, &r);
	case SPICE_INPUTS_MOTION:
		return on_motion(inputs, state, events, &r);
	case SPICE_INPUTS_POSITION:
		return on_position(inputs, state, events, &r);
	case SPICE_INPUTS_PRESS:
		return on_button(inputs, state, events, &r, true);
	case SPICE_INPUTS_RELEASE:
		return on_button(inputs, state, events, &r, false);
	default:
		return -EBADMSG;
	}
	return reader_ok(&r) ? 0 : -EBADMSG;
}

void peer_inputs_closed(struct peer_inputs *inputs, struct spice_peer_state *state,
		const struct spice_peer_events *events) {
	for (unsigned index = 0; index < 256; index++) {
		if (state->keys[index / 8] & (1u << (index % 8))) {
			set_key(state, events, index, false);
		}
	}
	*inputs = (struct peer_inputs){ 0 };
}
