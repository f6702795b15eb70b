#include "input/device.h"

#include <linux/input-event-codes.h>

#include "base/i18n.h"
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

bool device_forwards(unsigned code) {
	unsigned button;
	return device_button(code, &button) || (code > 0 && code < BTN_MISC) ||
	       (code >= KEY_OK && code < BTN_DPAD_UP) || (code > BTN_DPAD_RIGHT && code <= KEY_MAX);
}

const char *device_reach(const struct device_info *info) {
	if (info->keyboard && info->mouse) {
		return _("keys, motion, wheel up and down, buttons: left, middle, right, back, forward");
	}
	if (info->keyboard) {
		return _("keys");
	}
	if (info->mouse) {
		return _("motion, wheel up and down, buttons: left, middle, right, back, forward");
	}
	if (info->media) {
		return _("media keys, with its keyboard");
	}
	return info->absolute ? _("nothing: it reports positions; use it through the window")
			      : _("nothing");
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

/* The end of a report: motion, then the wheel. */
static unsigned flush_report(struct translator *translator, struct guest_input_event *ret_events) {
	unsigned n = flush_motion(translator, ret_events);
	const struct guest_input_event wheel = {
		.time_ns = translator->time_ns,
		.kind = INPUT_WHEEL,
		.source = translator->source,
		.x = translator->fine ? translator->tilt_fine : translator->tilt,
		.y = translator->fine ? translator->wheel_fine : translator->wheel,
	};
	translator->wheel = translator->wheel_fine = translator->tilt = translator->tilt_fine = 0;
	translator->fine = false;
	if (wheel.x || wheel.y) {
		ret_events[n++] = wheel;
	}
	return n;
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
	} else if (device_forwards(raw->code)) {
		event.kind = INPUT_KEY;
		event.code = raw->code;
	} else {
		return 0; /* a button that guests do not have */
	}
	unsigned n = flush_motion(translator, ret_events);
	ret_events[n++] = event;
	return n;
}

static int32_t plus(int32_t sum, int32_t value, int32_t unit) {
	const int32_t max = NOTCHES_MAX * NOTCH;
	return clamp(sum + (int64_t)clamp(value, max) * unit, max);
}

static void collect_relative(struct translator *translator, const struct raw_event *raw) {
	switch (raw->code) {
	case REL_X:
		translator->dx = clamp((int64_t)translator->dx + raw->value, MOTION_MAX);
		break;
	case REL_Y:
		translator->dy = clamp((int64_t)translator->dy + raw->value, MOTION_MAX);
		break;
	case REL_WHEEL:
		translator->wheel = plus(translator->wheel, raw->value, NOTCH);
		break;
	case REL_HWHEEL:
		translator->tilt = plus(translator->tilt, raw->value, NOTCH);
		break;
	case REL_WHEEL_HI_RES:
		translator->fine = true;
		translator->wheel_fine = plus(translator->wheel_fine, raw->value, 1);
		break;
	case REL_HWHEEL_HI_RES:
		translator->fine = true;
		translator->tilt_fine = plus(translator->tilt_fine, raw->value, 1);
		break;
	default:
		break;
	}
}

unsigned device_translate(struct translator *translator, const struct raw_event *raw,
		struct guest_input_event *ret_events) {
	translator->time_ns = raw->time_ns;
	switch (raw->type) {
	case EV_KEY:
		return translate_key(translator, raw, ret_events);
	case EV_REL:
		collect_relative(translator, raw);
		return 0;
	case EV_SYN:
		return raw->code == SYN_REPORT ? flush_report(translator, ret_events) : 0;
	default:
		return 0;
	}
}
