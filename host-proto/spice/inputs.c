#include "host-proto/spice/inputs.h"

#include <errno.h>

#include "host-proto/spice/channel.h"
#include "host-proto/spice/reader.h"

#define WINDOW_MAX  32u
#define MOTION_MAX  32767
#define NOTCHES_MAX 64
#define KEY_CAPS    0x3au
#define KEY_NUM     0x45u
#define KEY_SCROLL  0x46u
#define PREFIX      0xe000u
#define PAUSE       0xe046u
#define LOCKS       (SPICE_SCROLL_LOCK | SPICE_NUM_LOCK | SPICE_CAPS_LOCK)
#define BODY_BYTES  16u

void spice_inputs_init(struct spice_inputs *inputs, unsigned window) {
	*inputs = (struct spice_inputs){ 0 };
	inputs->window = window == 0           ? SPICE_MOTION_WINDOW
			 : window > WINDOW_MAX ? WINDOW_MAX
					       : window;
}

static void send(struct spice_inputs *inputs, unsigned type, const struct writer *w) {
	/* A channel that cannot take it is dead, and everything held is released by that. */
	(void)spice_channel_send(inputs->channel, type, w->start, writer_len(w));
}

static void send_button(struct spice_inputs *inputs, unsigned type, enum spice_button button) {
	uint8_t body[BODY_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_u8(&w, (uint8_t)button);
	write_u16(&w, (uint16_t)inputs->buttons);
	send(inputs, type, &w);
}

static void send_motion(struct spice_inputs *inputs, int32_t dx, int32_t dy) {
	uint8_t body[BODY_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_i32(&w, dx);
	write_i32(&w, dy);
	write_u16(&w, (uint16_t)inputs->buttons);
	send(inputs, SPICE_INPUTS_MOTION, &w);
	inputs->outstanding++;
	inputs->sent++;
}

static void send_position(struct spice_inputs *inputs, uint32_t x, uint32_t y) {
	uint8_t body[BODY_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, x);
	write_u32(&w, y);
	write_u16(&w, (uint16_t)inputs->buttons);
	write_u8(&w, 0);
	send(inputs, SPICE_INPUTS_POSITION, &w);
	inputs->outstanding++;
	inputs->sent++;
}

static int32_t clamp_motion(int64_t value) {
	return value > MOTION_MAX ? MOTION_MAX : value < -MOTION_MAX ? -MOTION_MAX : (int32_t)value;
}

/* What was held back, whatever the window says. */
static void send_pending(struct spice_inputs *inputs) {
	if (inputs->pending_motion) {
		inputs->pending_motion = false;
		send_motion(inputs, clamp_motion(inputs->dx), clamp_motion(inputs->dy));
		inputs->dx = 0;
		inputs->dy = 0;
	}
	if (inputs->pending_position) {
		inputs->pending_position = false;
		send_position(inputs, inputs->x, inputs->y);
	}
}

void spice_inputs_linked(struct spice_inputs *inputs, struct spice_channel *channel) {
	unsigned window = inputs->window;
	spice_inputs_init(inputs, window);
	inputs->channel = channel;
	send_button(inputs, SPICE_INPUTS_RELEASE, SPICE_BUTTON_LEFT);
	/* The release alone would not do where a tablet is active: a motion of 0 sets the buttons
	 * of the relative pointer as well (5.4). */
	send_motion(inputs, 0, 0);
	spice_inputs_flush(inputs);
}

void spice_inputs_closed(struct spice_inputs *inputs) {
	spice_inputs_init(inputs, inputs->window);
}

static int on_leds(struct spice_inputs *inputs, const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	unsigned leds = read_u16(&r) & LOCKS;
	if (!reader_ok(&r)) {
		return -EBADMSG;
	}
	unsigned before = spice_inputs_leds(inputs);
	/* A report that repeats what Pause made of it says nothing new; any other is the guest's
	 * own word. */
	if (leds != inputs->server_leds) {
		inputs->scroll_is_wrong = false;
	}
	inputs->server_leds = leds;
	if (!inputs->leds_reported) {
		inputs->leds_reported = true;
		spice_inputs_set_leds(inputs, inputs->wanted_leds, inputs->wanted_locks);
	}
	return spice_inputs_leds(inputs) != before;
}

int spice_inputs_message(
		struct spice_inputs *inputs, unsigned type, const uint8_t *body, size_t len) {
	switch (type) {
	case SPICE_INPUTS_INIT:
		inputs->scroll_is_wrong = false;
		return on_leds(inputs, body, len) < 0 ? -EBADMSG : 1;
	case SPICE_INPUTS_MODIFIERS:
		return on_leds(inputs, body, len);
	case SPICE_INPUTS_MOTION_ACK:
		inputs->outstanding -= inputs->outstanding < SPICE_MOTION_ACK_BUNCH
						       ? inputs->outstanding
						       : SPICE_MOTION_ACK_BUNCH;
		if (inputs->outstanding < inputs->window) {
			send_pending(inputs);
			spice_inputs_flush(inputs);
		}
		return 0;
	default:
		return 0;
	}
}

/* The server looks at every byte that passes and flips its idea of the lock keys (5.3). */
static void follow_locks(struct spice_inputs *inputs, uint16_t scancode) {
	if (scancode == PAUSE) {
		inputs->server_leds ^= SPICE_SCROLL_LOCK;
		inputs->scroll_is_wrong = !inputs->scroll_is_wrong;
	} else if (scancode == KEY_SCROLL) {
		inputs->server_leds ^= SPICE_SCROLL_LOCK;
	} else if (scancode == KEY_NUM) {
		inputs->server_leds ^= SPICE_NUM_LOCK;
	} else if (scancode == KEY_CAPS) {
		inputs->server_leds ^= SPICE_CAPS_LOCK;
	}
}

void spice_inputs_key(struct spice_inputs *inputs, uint16_t scancode, bool pressed) {
	if (!inputs->channel || scancode == 0) {
		return;
	}
	const unsigned up = pressed ? 0 : 0x80;
	/* Bytes lowest first: the prefix goes out before the code. */
	uint32_t code = (scancode & 0xff00u) == PREFIX ? ((scancode & 0x7fu) | up) << 8 | 0xe0
						       : (scancode & 0x7fu) | up;
	uint8_t body[BODY_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, code);
	send(inputs, pressed ? SPICE_INPUTS_KEY_DOWN : SPICE_INPUTS_KEY_UP, &w);
	if (pressed) {
		follow_locks(inputs, scancode);
	}
}

static unsigned mask_of(enum spice_button button) {
	switch (button) {
	case SPICE_BUTTON_LEFT:
		return SPICE_MASK_LEFT;
	case SPICE_BUTTON_MIDDLE:
		return SPICE_MASK_MIDDLE;
	case SPICE_BUTTON_RIGHT:
		return SPICE_MASK_RIGHT;
	case SPICE_BUTTON_SIDE:
		return SPICE_MASK_SIDE;
	case SPICE_BUTTON_EXTRA:
		return SPICE_MASK_EXTRA;
	case SPICE_BUTTON_NONE:
	case SPICE_BUTTON_UP:
	case SPICE_BUTTON_DOWN:
		break;
	}
	return 0;
}

void spice_inputs_button(struct spice_inputs *inputs, enum spice_button button, bool pressed) {
	unsigned mask = mask_of(button);
	if (!inputs->channel || mask == 0) {
		return;
	}
	send_pending(inputs);
	if (pressed) {
		inputs->buttons |= mask;
	} else {
		inputs->buttons &= ~mask;
	}
	send_button(inputs, pressed ? SPICE_INPUTS_PRESS : SPICE_INPUTS_RELEASE, button);
}

void spice_inputs_wheel(struct spice_inputs *inputs, int notches) {
	if (!inputs->channel) {
		return;
	}
	send_pending(inputs);
	enum spice_button button = notches > 0 ? SPICE_BUTTON_UP : SPICE_BUTTON_DOWN;
	unsigned count = notches > 0 ? (unsigned)notches : 0u - (unsigned)notches;
	for (unsigned i = 0; i < count && i < NOTCHES_MAX; i++) {
		/* A press without its release makes QEMU swallow the next notch (5.4). */
		send_button(inputs, SPICE_INPUTS_PRESS, button);
		send_button(inputs, SPICE_INPUTS_RELEASE, button);
	}
}

void spice_inputs_motion(struct spice_inputs *inputs, int32_t dx, int32_t dy) {
	if (!inputs->channel) {
		return;
	}
	if (inputs->pending_position) {
		send_pending(inputs);
	}
	if (inputs->outstanding < inputs->window && !inputs->pending_motion) {
		send_motion(inputs, clamp_motion(dx), clamp_motion(dy));
		return;
	}
	inputs->merged += inputs->pending_motion;
	inputs->pending_motion = true;
	inputs->dx += dx;
	inputs->dy += dy;
}

void spice_inputs_position(struct spice_inputs *inputs, uint32_t x, uint32_t y) {
	if (!inputs->channel) {
		return;
	}
	if (inputs->pending_motion) {
		send_pending(inputs);
	}
	if (inputs->outstanding < inputs->window && !inputs->pending_position) {
		send_position(inputs, x, y);
		return;
	}
	inputs->merged += inputs->pending_position;
	inputs->pending_position = true;
	inputs->x = x;
	inputs->y = y;
}

void spice_inputs_flush(struct spice_inputs *inputs) {
	if (inputs->channel) {
		spice_channel_flush(inputs->channel);
	}
}

unsigned spice_inputs_leds(const struct spice_inputs *inputs) {
	return inputs->server_leds ^ (inputs->scroll_is_wrong ? SPICE_SCROLL_LOCK : 0u);
}

void spice_inputs_set_leds(struct spice_inputs *inputs, unsigned leds, unsigned locks) {
	unsigned toggle = (leds ^ spice_inputs_leds(inputs)) & locks & LOCKS;
	if (!inputs->leds_reported) {
		inputs->wanted_leds = leds;
		inputs->wanted_locks = locks;
		return;
	}
	if (!inputs->channel || toggle == 0) {
		return;
	}
	/* Relative to the server's idea, right or wrong: only what is to change may differ. */
	inputs->server_leds ^= toggle;
	uint8_t body[BODY_BYTES];
	struct writer w = writer_of(body, sizeof body);
	write_u16(&w, (uint16_t)inputs->server_leds);
	send(inputs, SPICE_INPUTS_KEY_MODIFIERS, &w);
	spice_inputs_flush(inputs);
}
