#include "input/guest_output.h"

void guest_output_send_motion(struct guest_output *out) {
	if (out->motion_waits) {
		out->motion_waits = false;
		int32_t dx = out->dx;
		int32_t dy = out->dy;
		out->dx = out->dy = 0;
		if (out->has_guest && (dx || dy)) {
			out->guest.motion(out->guest.data, dx, dy, out->buttons_held);
			out->unflushed = true;
		}
	}
	if (out->position_waits) {
		out->position_waits = false;
		if (out->has_guest) {
			out->guest.position(out->guest.data, out->x, out->y, out->buttons_held);
			out->unflushed = true;
		}
	}
}

static void key_out(struct guest_output *out, unsigned code, bool pressed) {
	guest_output_send_motion(out);
	out->keys_held += pressed ? 1u : -1u;
	if (out->has_guest) {
		out->guest.key(out->guest.data, code, pressed);
		out->unflushed = true;
	}
}

static void button_out(struct guest_output *out, unsigned button, bool pressed) {
	guest_output_send_motion(out);
	if (pressed) {
		out->buttons_held |= 1u << button;
	} else {
		out->buttons_held &= ~(1u << button);
	}
	if (out->has_guest) {
		out->guest.button(out->guest.data, (enum input_button)button, pressed,
				out->buttons_held);
		out->unflushed = true;
	}
}

void guest_output_key(
		struct guest_output *out, struct guest_held *held, unsigned code, bool pressed) {
	if (pressed) {
		if (key_set_add(&held->keys, code) && out->key_holders[code]++ == 0) {
			key_out(out, code, true);
		}
	} else if (key_set_remove(&held->keys, code) && --out->key_holders[code] == 0) {
		key_out(out, code, false);
	}
}

void guest_output_button(
		struct guest_output *out, struct guest_held *held, unsigned button, bool pressed) {
	unsigned bit = 1u << button;
	if (pressed) {
		if (!(held->buttons & bit)) {
			held->buttons |= bit;
			if (out->button_holders[button]++ == 0) {
				button_out(out, button, true);
			}
		}
	} else if (held->buttons & bit) {
		held->buttons &= ~bit;
		if (--out->button_holders[button] == 0) {
			button_out(out, button, false);
		}
	}
}

void guest_output_release(struct guest_output *out, struct guest_held *held) {
	for (unsigned code = key_set_next(&held->keys, 1); code;
			code = key_set_next(&held->keys, code + 1)) {
		guest_output_key(out, held, code, false);
	}
	for (unsigned button = 1; button < INPUT_BUTTON_COUNT; button++) {
		guest_output_button(out, held, button, false);
	}
}

static bool out_of_range(int32_t sum) {
	return sum > GUEST_MOTION_MAX || sum < -GUEST_MOTION_MAX;
}

void guest_output_motion(struct guest_output *out, int32_t dx, int32_t dy) {
	if (out->position_waits ||
			(out->motion_waits && (out_of_range(out->dx + dx) ||
							      out_of_range(out->dy + dy)))) {
		guest_output_send_motion(out);
	}
	out->motion_waits = true;
	out->dx += dx;
	out->dy += dy;
}

void guest_output_position(struct guest_output *out, int32_t x, int32_t y) {
	if (out->motion_waits) {
		guest_output_send_motion(out);
	}
	out->position_waits = true;
	out->x = x;
	out->y = y;
}

void guest_output_wheel(struct guest_output *out, int notches) {
	guest_output_send_motion(out);
	if (out->has_guest) {
		out->guest.wheel(out->guest.data, notches, out->buttons_held);
		out->unflushed = true;
	}
}

void guest_output_flush(struct guest_output *out) {
	guest_output_send_motion(out);
	if (out->unflushed) {
		out->unflushed = false;
		if (out->has_guest) {
			out->guest.flush(out->guest.data);
		}
	}
}

void guest_output_set(struct guest_output *out, const struct guest_input *guest) {
	out->guest = *guest;
	out->has_guest = true;
}

void guest_output_lose(struct guest_output *out) {
	out->has_guest = false;
	out->motion_waits = out->position_waits = false;
	out->dx = out->dy = 0;
}

void guest_output_forget(struct guest_output *out) {
	out->unflushed = false;
}

void guest_output_switch(struct guest_output *out, const struct guest_input *guest,
		const struct key_set *but) {
	out->guest = *guest;
	out->unflushed = false; /* on the old way */
	for (unsigned code = 1; code < KEYMAP_CODES && out->keys_held > 0; code++) {
		if (out->key_holders[code] > 0 && !(but && key_set_has(but, code))) {
			guest->key(guest->data, code, true);
			out->unflushed = true;
		}
	}
	unsigned buttons = 0;
	for (unsigned button = 1; button < INPUT_BUTTON_COUNT; button++) {
		if (out->buttons_held & 1u << button) {
			buttons |= 1u << button;
			guest->button(guest->data, (enum input_button)button, true, buttons);
			out->unflushed = true;
		}
	}
}
