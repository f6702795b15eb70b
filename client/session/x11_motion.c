#define LOG_MODULE "session"
#include "client/session/x11_motion.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>
#include <xcb/xinput.h>

#include "base/log.h"
#include "base/loop.h"

#define DEVICES 256u      /* ids are below; the server's own limit */
#define MOST    1000000.0 /* counts at once: whatever a driver says */

struct axis {
	bool absolute;
	double scale; /* absolute: pixels of the desktop per unit */
	double last;  /* absolute: where it was */
	bool has_last;
};

struct device {
	bool known;
	struct axis axes[2];
};

struct x11_motion {
	struct loop *loop;
	struct loop_source *source;
	struct x11_motion_events events;
	xcb_connection_t *connection;
	xcb_window_t root, window;
	double root_size[2]; /* px */
	uint8_t opcode;

	bool wanted;
	unsigned rotation;
	uint16_t master;       /* whose motion is selected; 0 = none */
	double rest_x, rest_y; /* of motion below a count, as the guest sees it */

	/* One question to the server at a time; events wait for its answer. */
	enum { NOTHING, MASTER, DEVICE } asked;
	unsigned sequence;
	bool ask_master_again;
	uint16_t asked_device;
	xcb_generic_event_t *waiting; /* the event of that device */
	struct device devices[DEVICES];
};

static double number_of(xcb_input_fp3232_t value) {
	return (double)value.integral + (double)value.frac / 4294967296.0;
}

static void select_events(struct x11_motion *motion, uint16_t device, uint32_t mask) {
	const struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} chosen = { .head = { .deviceid = device, .mask_len = 1 }, .mask = mask };
	xcb_input_xi_select_events(motion->connection, motion->root, 1, &chosen.head);
}

static void forget_devices(struct x11_motion *motion) {
	for (unsigned i = 0; i < DEVICES; i++) {
		motion->devices[i].known = false;
	}
}

/* Questions. */

static void ask_master(struct x11_motion *motion) {
	if (motion->asked != NOTHING) {
		motion->ask_master_again = true;
		return;
	}
	motion->asked = MASTER;
	motion->sequence = xcb_input_xi_get_client_pointer(motion->connection, motion->window)
					   .sequence;
	xcb_flush(motion->connection);
}

static void ask_device(struct x11_motion *motion, uint16_t device, xcb_generic_event_t *event) {
	motion->asked = DEVICE;
	motion->asked_device = device;
	motion->waiting = event;
	motion->sequence = xcb_input_xi_query_device(motion->connection, device).sequence;
	xcb_flush(motion->connection);
}

/* With several pointers, the one that is locked is the window's; others play elsewhere. */
static void on_master(
		struct x11_motion *motion, const xcb_input_xi_get_client_pointer_reply_t *is) {
	const uint16_t master = is && is->set ? is->deviceid : XCB_INPUT_DEVICE_ALL_MASTER;
	if (!motion->wanted || master == motion->master) {
		return;
	}
	if (motion->master) {
		select_events(motion, motion->master, 0);
	}
	motion->master = master;
	select_events(motion, master, XCB_INPUT_XI_EVENT_MASK_RAW_MOTION);
	select_events(motion, XCB_INPUT_DEVICE_ALL,
			XCB_INPUT_XI_EVENT_MASK_HIERARCHY | XCB_INPUT_XI_EVENT_MASK_DEVICE_CHANGED);
	xcb_flush(motion->connection);
	log_debug("motion comes from X11's pointer %u", master);
}

static void on_axis(struct x11_motion *motion, const xcb_input_valuator_class_t *class) {
	if (class->number > 1) {
		return;
	}
	struct axis *axis = &motion->devices[motion->asked_device].axes[class->number];
	const double range = number_of(class->max) - number_of(class->min);
	axis->absolute = class->mode == XCB_INPUT_VALUATOR_MODE_ABSOLUTE;
	/* Of a tablet, a virtual one above all: the server spreads it over the desktop. */
	axis->scale = range > 0 ? motion->root_size[class->number] / (range + 1) : 1;
}

/* An unknown device is taken for a mouse. */
static void on_device(struct x11_motion *motion, const xcb_input_xi_query_device_reply_t *is) {
	struct device *device = &motion->devices[motion->asked_device];
	*device = (struct device){ .known = true };
	if (!is) {
		return;
	}
	xcb_input_xi_device_info_iterator_t info = xcb_input_xi_query_device_infos_iterator(is);
	if (info.rem == 0) {
		return;
	}
	xcb_input_device_class_iterator_t class =
			xcb_input_xi_device_info_classes_iterator(info.data);
	for (; class.rem > 0; xcb_input_device_class_next(&class)) {
		if (class.data->type == XCB_INPUT_DEVICE_CLASS_TYPE_VALUATOR) {
			on_axis(motion, (const void *)class.data);
		}
	}
}

/* Events. */

static void move(struct x11_motion *motion, const double by[2]) {
	static const signed char turned[4][2][2] = {
		{ { 1, 0 }, { 0, 1 } },
		{ { 0, 1 }, { -1, 0 } },
		{ { -1, 0 }, { 0, -1 } },
		{ { 0, -1 }, { 1, 0 } },
	};
	const signed char(*turn)[2] = turned[motion->rotation % 4];
	const double x = motion->rest_x + turn[0][0] * by[0] + turn[0][1] * by[1];
	const double y = motion->rest_y + turn[1][0] * by[0] + turn[1][1] * by[1];
	if (!(fabs(x) < MOST && fabs(y) < MOST)) {
		return;
	}
	motion->rest_x = x - trunc(x);
	motion->rest_y = y - trunc(y);
	if (trunc(x) != 0 || trunc(y) != 0) {
		motion->events.moved((int32_t)x, (int32_t)y, motion->events.data);
	}
}

/* How far the axis went by this value. */
static double axis_went(struct axis *axis, double value) {
	if (!axis->absolute) {
		return value;
	}
	const double went = axis->has_last ? (value - axis->last) * axis->scale : 0;
	axis->last = value;
	axis->has_last = true;
	return went;
}

/* Takes the event over. */
static void on_motion(struct x11_motion *motion, xcb_generic_event_t *event) {
	const xcb_input_raw_button_press_event_t *raw = (const void *)event;
	struct device *device = &motion->devices[raw->sourceid % DEVICES];
	if (!device->known) {
		ask_device(motion, raw->sourceid % DEVICES, event);
		return;
	}
	const int words = xcb_input_raw_button_press_valuator_mask_length(raw);
	const int count = xcb_input_raw_button_press_axisvalues_raw_length(raw);
	const uint32_t *mask = xcb_input_raw_button_press_valuator_mask(raw);
	const xcb_input_fp3232_t *values = xcb_input_raw_button_press_axisvalues_raw(raw);
	double by[2] = { 0, 0 };
	/* Only axes that moved have a value. */
	for (int axis = 0, next = 0; axis < 2 && words > 0 && next < count; axis++) {
		if (mask[0] >> axis & 1u) {
			by[axis] = axis_went(&device->axes[axis], number_of(values[next++]));
		}
	}
	free(event);
	if (motion->wanted) {
		move(motion, by);
	}
}

static void on_event(struct x11_motion *motion, xcb_generic_event_t *event) {
	const xcb_ge_generic_event_t *ge = (const void *)event;
	if ((event->response_type & 0x7f) == XCB_GE_GENERIC && ge->extension == motion->opcode) {
		switch (ge->event_type) {
		case XCB_INPUT_RAW_MOTION:
			on_motion(motion, event);
			return;
		case XCB_INPUT_HIERARCHY: /* plugged, unplugged, given to another pointer */
			forget_devices(motion);
			ask_master(motion);
			break;
		case XCB_INPUT_DEVICE_CHANGED:
			if (((const xcb_input_device_changed_event_t *)ge)->reason ==
					XCB_INPUT_CHANGE_REASON_DEVICE_CHANGE) {
				forget_devices(motion);
			}
			break;
		default:
			break;
		}
	}
	free(event); /* errors too: of a device that has just gone */
}

/* false: it is still on its way. */
static bool take_answer(struct x11_motion *motion) {
	void *reply = NULL;
	xcb_generic_error_t *error = NULL;
	if (!xcb_poll_for_reply(motion->connection, motion->sequence, &reply, &error)) {
		return false;
	}
	const bool master = motion->asked == MASTER;
	motion->asked = NOTHING;
	if (master) {
		on_master(motion, reply);
	} else {
		on_device(motion, reply);
	}
	free(reply);
	free(error);
	xcb_generic_event_t *event = motion->waiting;
	motion->waiting = NULL;
	if (event) {
		on_motion(motion, event);
	}
	if (motion->ask_master_again && motion->asked == NOTHING) {
		motion->ask_master_again = false;
		ask_master(motion);
	}
	return true;
}

void x11_motion_read(struct x11_motion *motion) {
	while (motion->source) {
		if (motion->asked != NOTHING) {
			if (!take_answer(motion)) {
				break;
			}
			continue;
		}
		xcb_generic_event_t *event = xcb_poll_for_event(motion->connection);
		if (!event) {
			break;
		}
		on_event(motion, event);
	}
	if (motion->source && xcb_connection_has_error(motion->connection)) {
		loop_remove(motion->source);
		motion->source = NULL;
		log_debug("X11's motion has ended");
	}
}

static void on_readable(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	struct x11_motion *motion = data;
	x11_motion_read(motion);
	motion->events.rested(motion->events.data);
}

void x11_motion_want(struct x11_motion *motion, bool on, unsigned rotation) {
	if (!motion->source) {
		return;
	}
	x11_motion_read(motion); /* what was moved before is under the old rule */
	if (on != motion->wanted) {
		motion->rest_x = motion->rest_y = 0;
		forget_devices(motion); /* an absolute one begins where it is then */
	}
	motion->rotation = rotation;
	motion->wanted = on;
	if (on) {
		ask_master(motion);
	} else if (motion->master) {
		select_events(motion, motion->master, 0);
		select_events(motion, XCB_INPUT_DEVICE_ALL, 0);
		motion->master = 0;
		xcb_flush(motion->connection);
	}
	x11_motion_read(motion);
}

/* Life. */

static int find_extension(struct x11_motion *motion) {
	const xcb_query_extension_reply_t *extension =
			xcb_get_extension_data(motion->connection, &xcb_input_id);
	if (!extension || !extension->present) {
		return -EPROTONOSUPPORT;
	}
	motion->opcode = extension->major_opcode;
	xcb_input_xi_query_version_reply_t *version =
			xcb_input_xi_query_version_reply(motion->connection,
					xcb_input_xi_query_version(motion->connection, 2, 2), NULL);
	/* In 2.0 nobody hears raw motion while a client has the pointer. */
	const bool usable = version && (version->major_version > 2 ||
						       (version->major_version == 2 &&
								       version->minor_version > 0));
	free(version);
	return usable ? 0 : -EPROTONOSUPPORT;
}

int x11_motion_create(struct x11_motion **ret_motion, struct loop *loop, const char *display,
		uint32_t window, const struct x11_motion_events *events) {
	struct x11_motion *motion = calloc(1, sizeof *motion);
	if (!motion) {
		return -ENOMEM;
	}
	motion->loop = loop;
	motion->window = window;
	motion->events = *events;
	int screen = 0;
	int r = -ENODEV;
	motion->connection = xcb_connect(display, &screen);
	if (xcb_connection_has_error(motion->connection)) {
		goto fail;
	}
	r = find_extension(motion);
	if (r < 0) {
		goto fail;
	}
	xcb_screen_iterator_t at = xcb_setup_roots_iterator(xcb_get_setup(motion->connection));
	for (; screen > 0 && at.rem > 1; screen--) {
		xcb_screen_next(&at);
	}
	motion->root = at.data->root;
	motion->root_size[0] = at.data->width_in_pixels;
	motion->root_size[1] = at.data->height_in_pixels;
	motion->source = loop_add_fd(loop, xcb_get_file_descriptor(motion->connection), EPOLLIN,
			on_readable, motion);
	if (!motion->source) {
		r = -ENOMEM;
		goto fail;
	}
	*ret_motion = motion;
	return 0;

fail:
	x11_motion_destroy(motion);
	return r;
}

void x11_motion_destroy(struct x11_motion *motion) {
	if (!motion) {
		return;
	}
	loop_remove(motion->source);
	free(motion->waiting);
	xcb_disconnect(motion->connection);
	free(motion);
}
