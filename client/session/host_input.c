#define LOG_MODULE "session"
#include "client/session/host_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "host-proto/input_port.h"
#include "host-proto/shm.h"
#include "input/hid_usage.h"
#include "input/led.h"

#define REPORTS       512u              /* not read by the host yet */
#define KEEP_ALIVE_NS (200 * NS_PER_MS) /* the lease is 500 ms */
#define ROOM_NS       (NS_PER_MS)       /* the stream is full: look again */
#define LOOK_NS       (5 * NS_PER_MS)   /* whether the host has read a key */
#define STALL_NS      (300 * NS_PER_MS) /* the host reads nothing */
#define CLAIM_NS      (500 * NS_PER_MS) /* for the host's answer */
#define AGAIN_NS      (NS_PER_S)        /* after a stall or a claim without an answer */
#define END_NS        (50 * NS_PER_MS)

enum state {
	AWAY,     /* nothing is offered */
	IDLE,     /* the host has bound a stream to this client */
	CLAIMING, /* … and this client claims the input */
	OWNED,
};

struct report {
	enum kvmfr_input_type type;
	union {
		struct kvmfr_relative relative;
		struct kvmfr_keyboard keyboard;
	};
	/* What it came from, for a replay: KEY, BUTTON, or NONE. */
	enum input_kind kind;
	unsigned code;
	bool pressed;
};

struct host_input {
	/* constant */
	struct loop *loop;
	struct input_port *port;
	struct host_input_events events;
	struct loop_source *wake, *timer;

	struct input_offer offer; /* with a reference to its shm */
	struct kvmfr_input_writer writer;
	enum state state;
	bool wanted, moved;
	bool key_waits;       /* there may be a key that was not read yet: it is looked soon */
	uint64_t deadline_ns; /* CLAIMING: for the answer */
	uint64_t again_ns;    /* IDLE: not before */
	uint64_t alive_ns;    /* OWNED: the next keep-alive */

	/* Reports by number: read by the host before `read`, in the stream before `written`. */
	struct report reports[REPORTS];
	uint64_t read, written, made;
	uint64_t first;    /* the number that was written first after opening */
	uint32_t first_at; /* … and its place in the stream */
	uint64_t read_ns;  /* when the host read last, or had nothing to read */

	struct report unread[REPORTS + 1]; /* after the end, for the replay */
	unsigned unread_count;
	struct key_set settled; /* after the end: keys that are not to be pressed again */
	struct report event;    /* being added: it may find no room and end the stream */

	struct hid_keyboard keyboard;
	uint32_t buttons; /* HID bits */
	struct guest_input fallback;
	bool has_fallback, fallback_waits; /* for a flush */
	struct key_set fallback_keys;
	unsigned fallback_buttons; /* bits of enum input_button */
};

static struct report *report_at(struct host_input *input, uint64_t number) {
	return &input->reports[number % REPORTS];
}

static void look_at_read(struct host_input *input, uint64_t now_ns) {
	uint32_t taken;
	if (lgmp_stream_taken(&input->writer.stream, &taken) == 0) {
		const uint64_t read = input->first + (uint32_t)(taken - input->first_at);
		if (read > input->read && read <= input->written) {
			input->read = read;
			input->read_ns = now_ns;
		}
	}
	if (input->read == input->written) {
		input->read_ns = now_ns;
	}
}

/* ---- ending ---- */

static void keep_unread(struct host_input *input, uint64_t from) {
	input->unread_count = 0;
	input->settled = input->fallback_keys;
	for (uint64_t i = from; i <= input->made; i++) {
		const struct report *report = i < input->made ? report_at(input, i) : &input->event;
		/* A key that the fallback holds by now stays as it is. */
		if (report->kind == INPUT_KEY &&
				!key_set_has(&input->fallback_keys, report->code)) {
			input->unread[input->unread_count++] = *report;
			key_set_add(&input->settled, report->code);
		}
	}
	input->event.kind = INPUT_NONE;
}

static void forget(struct host_input *input) {
	if (input->fallback_waits && input->has_fallback) {
		input->fallback_waits = false; /* in the middle of on_flush() */
		input->fallback.flush(input->fallback.data);
	}
	input->read = input->written = input->first = input->made;
	input->first_at = input->writer.stream.sequence;
	input->keyboard = (struct hid_keyboard){ .count = 0 };
	input->buttons = 0;
	/* What the fallback holds, the router presses and releases on it from now on. */
	input->fallback_keys = (struct key_set){ .count = 0 };
	input->fallback_buttons = 0;
	input->fallback_waits = false;
}

static void set_state(struct host_input *input, enum state state) {
	input->state = state;
	input->events.changed(input->events.data);
}

/* The stream is not ours any more, or nobody reads it. */
static void lose(struct host_input *input, const char *why) {
	const uint64_t now_ns = clock_now_ns();
	const bool over = !lgmp_stream_is_bound(&input->writer.stream);
	if (input->state == OWNED) {
		look_at_read(input, now_ns);
		/* What is in a stream that still is bound to us may yet be read. */
		keep_unread(input, over ? input->read : input->written);
		log_info("input goes to SPICE: %s", why);
	}
	if (!over) {
		(void)kvmfr_input_write(&input->writer, KVMFR_INPUT_TYPE_RESET);
		(void)kvmfr_input_write(&input->writer, KVMFR_INPUT_TYPE_RELEASE);
	}
	forget(input);
	input->again_ns = now_ns + AGAIN_NS;
	set_state(input, over ? AWAY : IDLE);
	loop_set_timer(input->timer, input->again_ns);
}

/* ---- sending ---- */

static int write_report(struct host_input *input, const struct report *report) {
	switch (report->type) {
	case KVMFR_INPUT_TYPE_RELATIVE:
		return kvmfr_input_write_relative(&input->writer, &report->relative);
	case KVMFR_INPUT_TYPE_KEYBOARD:
		return kvmfr_input_write_keyboard(&input->writer, &report->keyboard);
	default:
		return kvmfr_input_write(&input->writer, report->type);
	}
}

static void pump(struct host_input *input) {
	const uint64_t now_ns = clock_now_ns();
	while (input->written < input->made) {
		int r = write_report(input, report_at(input, input->written));
		if (r == -EAGAIN) {
			break;
		}
		if (r < 0) {
			lose(input, r == -ENOTCONN ? "the host let its stream go"
						   : "the host's stream makes no sense");
			return;
		}
		if (input->read == input->written) {
			input->read_ns = now_ns; /* it had nothing to read until now */
		}
		input->written++;
	}
	if (input->written < input->made) {
		loop_set_timer(input->timer, now_ns + ROOM_NS);
	} else if (input->key_waits) {
		loop_set_timer(input->timer, now_ns + LOOK_NS);
	}
}

static struct report *add(struct host_input *input, enum kvmfr_input_type type) {
	if (input->made - input->read == REPORTS) {
		look_at_read(input, clock_now_ns());
	}
	if (input->made - input->read == REPORTS) {
		lose(input, "the host does not read its stream");
		return NULL;
	}
	struct report *report = report_at(input, input->made++);
	*report = (struct report){ .type = type, .kind = INPUT_NONE };
	return report;
}

static void add_keyboard(struct host_input *input, unsigned code, bool pressed) {
	input->event = (struct report){ .kind = INPUT_KEY, .code = code, .pressed = pressed };
	struct report *report = add(input, KVMFR_INPUT_TYPE_KEYBOARD);
	if (report) {
		report->kind = INPUT_KEY;
		report->code = code;
		report->pressed = pressed;
		report->keyboard.modifiers = input->keyboard.modifiers;
		memcpy(report->keyboard.usages, input->keyboard.held,
				sizeof report->keyboard.usages);
		input->key_waits = true;
	}
	input->event.kind = INPUT_NONE;
}

static struct report *add_relative(struct host_input *input, int32_t dx, int32_t dy, int wheel) {
	const struct kvmfr_relative relative = {
		.buttons = input->buttons, .dx = dx, .dy = dy, .wheel = wheel
	};
	struct report *report = add(input, KVMFR_INPUT_TYPE_RELATIVE);
	if (report) {
		report->relative = relative;
	}
	return report;
}

/* Motion that is not in the stream yet, and of which nothing but motion is known, takes more. */
static bool merge_motion(struct host_input *input, int32_t dx, int32_t dy) {
	struct report *report = report_at(input, input->made - 1);
	struct kvmfr_relative *sum = &report->relative;
	if (input->made == input->written || report->type != KVMFR_INPUT_TYPE_RELATIVE ||
			report->kind != INPUT_NONE || sum->wheel || sum->dx > INT16_MAX ||
			sum->dx < -INT16_MAX || sum->dy > INT16_MAX || sum->dy < -INT16_MAX) {
		return false;
	}
	sum->dx += dx;
	sum->dy += dy;
	return true;
}

static bool has(const struct host_input *input, unsigned capability) {
	return input->state == OWNED && (input->offer.status.capabilities & capability) != 0;
}

static void to_fallback(struct host_input *input, unsigned code, bool pressed) {
	if (!(pressed ? key_set_add(&input->fallback_keys, code)
		      : key_set_remove(&input->fallback_keys, code))) {
		return;
	}
	if (input->has_fallback) {
		input->fallback_waits = true;
		input->fallback.key(input->fallback.data, code, pressed);
	}
}

static void on_key(void *data, unsigned code, bool pressed) {
	struct host_input *input = data;
	const uint8_t usage = has(input, KVMFR_INPUT_KEYBOARD) ? hid_usage(code) : 0;
	if (usage && pressed && hid_keyboard_press(&input->keyboard, usage)) {
		add_keyboard(input, code, true);
	} else if (pressed || key_set_has(&input->fallback_keys, code)) {
		to_fallback(input, code, pressed);
	} else if (usage) {
		hid_keyboard_release(&input->keyboard, usage);
		add_keyboard(input, code, false);
	}
}

static uint32_t button_bit(enum input_button button) {
	switch (button) {
	case INPUT_BUTTON_LEFT:
		return 1u << 0;
	case INPUT_BUTTON_RIGHT:
		return 1u << 1;
	case INPUT_BUTTON_MIDDLE:
		return 1u << 2;
	case INPUT_BUTTON_SIDE:
		return 1u << 3;
	case INPUT_BUTTON_EXTRA:
		return 1u << 4;
	case INPUT_BUTTON_NONE:
	case INPUT_BUTTON_COUNT:
		break;
	}
	return 0;
}

static void on_button(void *data, enum input_button button, bool pressed, unsigned buttons) {
	struct host_input *input = data;
	const uint32_t bit = button_bit(button);
	const uint32_t most = input->offer.status.max_buttons;
	(void)buttons;
	if (has(input, KVMFR_INPUT_RELATIVE) && bit && (most > 31 || bit < 1u << most) &&
			!(input->fallback_buttons & 1u << button)) {
		input->buttons = pressed ? input->buttons | bit : input->buttons & ~bit;
		struct report *report = add_relative(input, 0, 0, 0);
		if (report) {
			report->kind = INPUT_BUTTON;
			report->code = button;
			report->pressed = pressed;
		}
		return;
	}
	if (!pressed && !(input->fallback_buttons & 1u << button)) {
		return;
	}
	input->fallback_buttons = pressed ? input->fallback_buttons | 1u << button
					  : input->fallback_buttons & ~(1u << button);
	if (input->has_fallback) {
		input->fallback_waits = true;
		input->fallback.button(
				input->fallback.data, button, pressed, input->fallback_buttons);
	}
}

static void on_motion(void *data, int32_t dx, int32_t dy, unsigned buttons) {
	struct host_input *input = data;
	(void)buttons;
	input->moved = true;
	if (has(input, KVMFR_INPUT_RELATIVE)) {
		if (!merge_motion(input, dx, dy)) {
			(void)add_relative(input, dx, dy, 0);
		}
	} else if (input->has_fallback) {
		input->fallback_waits = true;
		input->fallback.motion(input->fallback.data, dx, dy, input->fallback_buttons);
	}
}

/* Positions are those of the SPICE picture, and come only while it is shown. */
static void on_position(void *data, int32_t x, int32_t y, unsigned buttons) {
	struct host_input *input = data;
	(void)buttons;
	input->moved = true;
	if (input->has_fallback) {
		input->fallback_waits = true;
		input->fallback.position(input->fallback.data, x, y, input->fallback_buttons);
	}
}

static void on_wheel(void *data, int notches, unsigned buttons) {
	struct host_input *input = data;
	(void)buttons;
	if (has(input, KVMFR_INPUT_RELATIVE)) {
		(void)add_relative(input, 0, 0, notches);
	} else if (input->has_fallback) {
		input->fallback_waits = true;
		input->fallback.wheel(input->fallback.data, notches, input->fallback_buttons);
	}
}

static void on_flush(void *data) {
	struct host_input *input = data;
	if (input->state == OWNED) {
		pump(input);
	}
	if (input->fallback_waits && input->has_fallback) {
		input->fallback_waits = false;
		input->fallback.flush(input->fallback.data);
	}
	if (input->moved) {
		input->moved = false;
		input->events.moved(input->events.data);
	}
}

struct guest_input host_input_table(struct host_input *input) {
	return (struct guest_input){ .data = input,
		.key = on_key,
		.button = on_button,
		.motion = on_motion,
		.position = on_position,
		.wheel = on_wheel,
		.flush = on_flush };
}

/* ---- claiming ---- */

static bool is_ours(const struct host_input *input) {
	const struct kvmfr_input_status *status = &input->offer.status;
	return (status->flags & KVMFR_INPUT_HAS_OWNER) &&
	       status->owner_client_id == input->offer.host.client_id &&
	       status->owner_generation == input->writer.generation;
}

static bool is_usable(const struct input_offer *offer) {
	return offer->host.session && (offer->status.flags & KVMFR_INPUT_AVAILABLE) &&
	       offer->status.has_endpoint &&
	       (offer->status.capabilities & (KVMFR_INPUT_KEYBOARD | KVMFR_INPUT_RELATIVE)) != 0;
}

static void open_stream(struct host_input *input) {
	const struct input_offer *offer = &input->offer;
	const uint32_t generation = input->writer.generation;
	int r = lgmp_stream_open(&input->writer.stream, offer->host.shm, offer->host.lgmp,
			&offer->status.place, offer->host.session_id, offer->host.client_id);
	if (r < 0) {
		log_debug("the host's input stream cannot be used (%s)", strerrordesc_np(-r));
		return;
	}
	input->writer.generation = generation; /* goes on: an old answer is none to a new claim */
	input->first = input->made;
	input->first_at = input->writer.stream.sequence;
	input->read_ns = clock_now_ns();
	input->again_ns = 0;
	set_state(input, IDLE);
}

static void claim(struct host_input *input, uint64_t now_ns) {
	if (input->state != IDLE || !input->wanted || now_ns < input->again_ns ||
			(input->offer.status.flags & KVMFR_INPUT_HAS_OWNER)) {
		return;
	}
	if (!add(input, KVMFR_INPUT_TYPE_CLAIM)) {
		return;
	}
	input->deadline_ns = now_ns + CLAIM_NS;
	input->state = CLAIMING;
	pump(input);
	if (input->state == CLAIMING) {
		loop_set_timer(input->timer, input->deadline_ns);
	}
}

static void on_owned(struct host_input *input, uint64_t now_ns) {
	input->alive_ns = now_ns + KEEP_ALIVE_NS;
	loop_set_timer(input->timer, input->alive_ns);
	log_info("input goes to the host program's own stream");
	set_state(input, OWNED);
}

/* A new status of the host, or none any more. */
static void on_offer(struct host_input *input) {
	const uint64_t now_ns = clock_now_ns();
	const bool open = input->state != AWAY;
	if (!is_usable(&input->offer)) {
		if (open) {
			lose(input, input->offer.host.session
							? "the host does not offer it any more"
							: "the host is gone");
			set_state(input, AWAY);
		}
		return;
	}
	if (open && !lgmp_stream_is_bound(&input->writer.stream)) {
		lose(input, "the host bound its stream anew");
	}
	if (input->state == AWAY) {
		open_stream(input);
	}
	if (input->state == OWNED && !is_ours(input)) {
		lose(input, "the host gave the input to another client");
	} else if (input->state == CLAIMING && is_ours(input)) {
		on_owned(input, now_ns);
	}
	input->events.changed(input->events.data); /* lights, another owner */
	claim(input, now_ns);
}

static void on_wake(void *data) {
	struct host_input *input = data;
	struct input_offer offer;
	if (!input_port_take(input->port, &offer)) {
		return;
	}
	/* The stream's memory stays until it is left. */
	struct shm *before = input->offer.host.shm;
	input->offer = offer;
	on_offer(input);
	shm_unref(before);
}

static void wake_loop(void *data) {
	struct host_input *input = data;
	loop_wake(input->wake);
}

static void on_timer(void *data) {
	struct host_input *input = data;
	const uint64_t now_ns = clock_now_ns();
	switch (input->state) {
	case AWAY:
		if (is_usable(&input->offer)) {
			on_offer(input); /* bound meanwhile? */
		}
		return;
	case IDLE:
		claim(input, now_ns);
		return;
	case CLAIMING:
		if (now_ns >= input->deadline_ns) {
			log_debug("the host does not answer the claim to its input");
			lose(input, "");
		}
		return;
	case OWNED:
		break;
	}
	look_at_read(input, now_ns);
	input->key_waits = input->key_waits && input->read < input->written;
	if (now_ns - input->read_ns > STALL_NS) {
		lose(input, "the host does not read its stream");
		return;
	}
	if (now_ns >= input->alive_ns && add(input, KVMFR_INPUT_TYPE_KEEP_ALIVE)) {
		input->alive_ns = now_ns + KEEP_ALIVE_NS;
	}
	if (input->state == OWNED) {
		loop_set_timer(input->timer, input->alive_ns);
		pump(input);
	}
}

/* ---- life ---- */

int host_input_create(struct host_input **ret_input, struct loop *loop, struct input_port *port,
		const struct host_input_events *events) {
	struct host_input *input = calloc(1, sizeof *input);
	if (!input) {
		return -ENOMEM;
	}
	input->loop = loop;
	input->port = port;
	input->events = *events;
	input->wake = loop_add_wake(loop, on_wake, input);
	input->timer = loop_add_timer(loop, on_timer, input);
	*ret_input = input;
	if (!input->wake || !input->timer) {
		loop_remove(input->wake);
		loop_remove(input->timer);
		free(input);
		return -ENOMEM;
	}
	input_port_listen(port, wake_loop, input);
	return 0;
}

/* Everything up and the claim given back, when there is room for it. */
static void give_back(struct host_input *input, uint64_t wait_ns) {
	const uint64_t end_ns = clock_now_ns() + wait_ns;
	if (input->state != OWNED && input->state != CLAIMING) {
		return;
	}
	if (add(input, KVMFR_INPUT_TYPE_RELEASE)) {
		pump(input);
	}
	while (input->written < input->made && clock_now_ns() < end_ns) {
		clock_sleep_ns(ROOM_NS);
		pump(input);
	}
}

void host_input_destroy(struct host_input *input) {
	if (!input) {
		return;
	}
	input_port_listen(input->port, NULL, NULL);
	give_back(input, END_NS);
	shm_unref(input->offer.host.shm);
	loop_remove(input->wake);
	loop_remove(input->timer);
	free(input);
}

void host_input_want(struct host_input *input, bool wanted) {
	if (input->wanted == wanted) {
		return;
	}
	input->wanted = wanted;
	if (wanted) {
		claim(input, clock_now_ns());
		return;
	}
	if (input->state == OWNED || input->state == CLAIMING) {
		give_back(input, 0);
	}
	if (input->state == OWNED || input->state == CLAIMING) {
		/* What found no room: the lease ends it. */
		keep_unread(input, input->written);
		forget(input);
		set_state(input, IDLE);
	}
}

bool host_input_is_up(const struct host_input *input) {
	return input->state == OWNED;
}

bool host_input_is_offered(const struct host_input *input) {
	const struct kvmfr_input_status *status = &input->offer.status;
	if (input->state == IDLE && (status->flags & KVMFR_INPUT_HAS_OWNER)) {
		return status->owner_client_id ==
		       input->offer.host.client_id; /* given back just now */
	}
	return input->state != AWAY;
}

bool host_input_leds(const struct host_input *input, unsigned *ret_leds) {
	const struct kvmfr_input_status *status = &input->offer.status;
	if (input->state != OWNED || !(status->flags & KVMFR_INPUT_LEDS_VALID)) {
		return false;
	}
	*ret_leds = (status->leds & KVMFR_LED_NUM ? INPUT_LED_NUM : 0u) |
		    (status->leds & KVMFR_LED_CAPS ? INPUT_LED_CAPS : 0u) |
		    (status->leds & KVMFR_LED_SCROLL ? INPUT_LED_SCROLL : 0u);
	return true;
}

void host_input_set_fallback(struct host_input *input, const struct guest_input *fallback) {
	input->has_fallback = fallback != NULL;
	if (!fallback) {
		return;
	}
	input->fallback = *fallback;
	/* It is a new one, and knows of nothing. */
	for (unsigned code = key_set_next(&input->fallback_keys, 1); code;
			code = key_set_next(&input->fallback_keys, code + 1)) {
		fallback->key(fallback->data, code, true);
		input->fallback_waits = true;
	}
	unsigned buttons = 0;
	for (unsigned button = 1; button < INPUT_BUTTON_COUNT; button++) {
		if (input->fallback_buttons & 1u << button) {
			buttons |= 1u << button;
			fallback->button(fallback->data, (enum input_button)button, true, buttons);
			input->fallback_waits = true;
		}
	}
	on_flush(input);
}

const struct key_set *host_input_settled(const struct host_input *input) {
	return &input->settled;
}

bool host_input_replay(struct host_input *input, const struct guest_input *to) {
	struct key_set down = { .count = 0 };
	bool any = false;
	for (unsigned i = 0; i < input->unread_count; i++) {
		const struct report *report = &input->unread[i];
		/* The release of a key that the host has seen pressed is nothing to anybody else.
		 */
		if (report->pressed ? key_set_add(&down, report->code)
				    : key_set_remove(&down, report->code)) {
			to->key(to->data, report->code, report->pressed);
			any = true;
		}
	}
	input->unread_count = 0;
	input->settled = (struct key_set){ .count = 0 };
	return any;
}
