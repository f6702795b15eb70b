#include "client/session/spice_input.h"

#include "input/keymap.h"

static void on_key(void *data, unsigned key_code, bool pressed) {
	struct spice_input *sink = data;
	spice_inputs_key(&sink->inputs, keymap_scancode(key_code), pressed);
}

static void on_button(void *data, enum input_button button, bool pressed, unsigned buttons) {
	struct spice_input *sink = data;
	(void)buttons; /* spice_inputs keeps the same state */
	switch (button) {
	case INPUT_BUTTON_LEFT:
		spice_inputs_button(&sink->inputs, SPICE_BUTTON_LEFT, pressed);
		break;
	case INPUT_BUTTON_MIDDLE:
		spice_inputs_button(&sink->inputs, SPICE_BUTTON_MIDDLE, pressed);
		break;
	case INPUT_BUTTON_RIGHT:
		spice_inputs_button(&sink->inputs, SPICE_BUTTON_RIGHT, pressed);
		break;
	case INPUT_BUTTON_SIDE:
		spice_inputs_button(&sink->inputs, SPICE_BUTTON_SIDE, pressed);
		break;
	case INPUT_BUTTON_EXTRA:
		spice_inputs_button(&sink->inputs, SPICE_BUTTON_EXTRA, pressed);
		break;
	case INPUT_BUTTON_NONE:
	case INPUT_BUTTON_COUNT:
		break;
	}
}

static void on_motion(void *data, int32_t dx, int32_t dy, unsigned buttons) {
	struct spice_input *sink = data;
	(void)buttons;
	sink->has_position = false;
	sink->moved = true;
	spice_inputs_motion(&sink->inputs, dx, dy);
}

static int32_t place(int32_t at, int32_t from, int32_t to) {
	at = at < 0 ? 0 : at;
	return to > from && at >= to - from ? to - 1 : from + at;
}

static void on_position(void *data, int32_t x, int32_t y, unsigned buttons) {
	struct spice_input *sink = data;
	(void)buttons;
	x = place(x, sink->screen.left, sink->screen.right);
	y = place(y, sink->screen.top, sink->screen.bottom);
	sink->moved = true;
	if (sink->absolute) {
		spice_inputs_position(&sink->inputs, (uint32_t)x, (uint32_t)y);
	} else if (sink->has_position) {
		spice_inputs_motion(&sink->inputs, x - sink->x, y - sink->y);
	}
	sink->has_position = true;
	sink->x = x;
	sink->y = y;
}

static void on_wheel(void *data, int notches, unsigned buttons) {
	struct spice_input *sink = data;
	(void)buttons;
	spice_inputs_wheel(&sink->inputs, notches);
}

static void on_flush(void *data) {
	struct spice_input *sink = data;
	spice_inputs_flush(&sink->inputs);
	if (sink->flushed) {
		sink->flushed(sink->data);
	}
}

void spice_input_init(struct spice_input *sink, void (*flushed)(void *data), void *data) {
	*sink = (struct spice_input){ .flushed = flushed, .data = data };
	spice_inputs_init(&sink->inputs, 0);
}

struct guest_input spice_input_table(struct spice_input *sink) {
	return (struct guest_input){
		.data = sink,
		.key = on_key,
		.button = on_button,
		.motion = on_motion,
		.position = on_position,
		.wheel = on_wheel,
		.flush = on_flush,
	};
}

void spice_input_set_absolute(struct spice_input *sink, bool absolute) {
	sink->absolute = absolute;
	sink->has_position = false;
}

bool spice_input_take_moved(struct spice_input *sink) {
	bool moved = sink->moved;
	sink->moved = false;
	return moved;
}
