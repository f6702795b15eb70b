#include "input/device.h"

#include <linux/input-event-codes.h>

#include "input/event.h"

#define NOTCH       120
#define NOTCHES_MAX 100
#define MOTION_MAX  65535

static int32_t clamp(int64_t value, int32_t max) {
	if (value > max) {
		return max;
	}
	return value < -max ? -max : (int32_t)value;
}

bool device_button(unsigned code, unsigned *ret_button) {
	switch (code) {
	case BTN_LEFT:
		*ret_button = INPUT_BUTTON_LEFT;
		return true;
	case BTN_RIGHT:
		*ret_button = INPUT_BUTTON_RIGHT;
		return true;
	case BTN_MIDDLE:
		*ret_button = INPUT_BUTTON_MIDDLE;
		return true;
	case BTN_SIDE:
	case BTN_BACK:
		*ret_button = INPUT_BUTTON_SIDE;
		return true;
	case BTN_EXTRA:
	case BTN_FORWARD:
		*ret_button = INPUT_BUTTON_EXTRA;
		return true;
	default:
		return false;
	}
}

static unsigned flush_motion(struct translator *translator, struct guest_input_event *ret_event) {
	if (translator->dx == 0 && translator->dy == 0) {
		return 0;
	}
	*ret_event = (struct guest_input_event){
		.time_ns = translator->time_ns,
		.kind = INPUT_MOTION,
		.source = translator->source,
		.x = translator->dx,
		.y = translator->dy,
	};
	translator->dx = translator->dy = 0;
	return 1;
}

static unsigned translate_key(struct translator *translator, const struct raw_event *raw,
		struct guest_input_event *ret_events) {
	if (raw->value != 0 && raw->value != 1) {
		return 0; /* 2 = repeat: the guest makes its own */
	}
	struct guest_input_event event = {
		.time_ns = raw->time_ns,
		.source = translator->source,
		.pressed = raw->value != 0,
	};
	if (device_button(raw->code, &event.code)) {
		event.kind = INPUT_BUTTON;
	} else if (raw->code < BTN_MISC || raw->code >= KEY_OK) {
		event.kind = INPUT_KEY;
		event.code = raw->code;
	} else {
		return 0; /* a button that guests do not have */
	}
	unsigned n = flush_motion(translator, ret_events);
	ret_events[n++] = event;
	return n;
}

static unsigned translate_relative(struct translator *translator, const struct raw_event *raw,
		struct guest_input_event *ret_events) {
	struct guest_input_event event = {
		.time_ns = raw->time_ns,
		.kind = INPUT_WHEEL,
		.source = translator->source,
	};
	switch (raw->code) {
	case REL_X:
		translator->dx = clamp((int64_t)translator->dx + raw->value, MOTION_MAX);
		return 0;
	case REL_Y:
		translator->dy = clamp((int64_t)translator->dy + raw->value, MOTION_MAX);
		return 0;
	case REL_WHEEL:
		event.y = translator->fine_wheel ? 0 : clamp(raw->value, NOTCHES_MAX) * NOTCH;
		break;
	case REL_HWHEEL:
		event.x = translator->fine_wheel ? 0 : clamp(raw->value, NOTCHES_MAX) * NOTCH;
		break;
	case REL_WHEEL_HI_RES:
		event.y = translator->fine_wheel ? clamp(raw->value, NOTCHES_MAX * NOTCH) : 0;
		break;
	case REL_HWHEEL_HI_RES:
		event.x = translator->fine_wheel ? clamp(raw->value, NOTCHES_MAX * NOTCH) : 0;
		break;
	default:
		break;
	}
	if (event.x == 0 && event.y == 0) {
		return 0;
	}
	unsigned n = flush_motion(translator, ret_events);
	ret_events[n++] = event;
	return n;
}

unsigned device_translate(struct translator *translator, const struct raw_event *raw,
		struct guest_input_event *ret_events) {
	translator->time_ns = raw->time_ns;
	switch (raw->type) {
	case EV_KEY:
		return translate_key(translator, raw, ret_events);
	case EV_REL:
		return translate_relative(translator, raw, ret_events);
	case EV_SYN:
		return raw->code == SYN_REPORT ? flush_motion(translator, ret_events) : 0;
	default:
		return 0;
	}
}
