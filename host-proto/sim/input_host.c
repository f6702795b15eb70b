#include "host-proto/sim/input_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host-proto/kvmfr_input.h"
#include "host-proto/shm.h"
#include "host-proto/spice/wire.h"

#define LEASE_NS    (500 * NS_PER_MS)
#define MAX_BUTTONS 5u
#define READS_MAX   512u        /* in one step and stream */
#define SOMEBODY    0xfffffffeu /* a client that is none */

/* What Windows makes of a USB keyboard's usages from 4 on: scancodes of set 1, as the SPICE server
 * numbers them. */
/* clang-format off */
static const uint16_t scancodes[] = {
	[0x04] = 0x1e, 0x30, 0x2e, 0x20, 0x12, 0x21, 0x22, 0x23, 0x17, 0x24, 0x25, 0x26, 0x32,
	[0x11] = 0x31, 0x18, 0x19, 0x10, 0x13, 0x1f, 0x14, 0x16, 0x2f, 0x11, 0x2d, 0x15, 0x2c,
	[0x1e] = 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
	[0x28] = 0x1c, 0x01, 0x0e, 0x0f, 0x39, 0x0c, 0x0d, 0x1a, 0x1b, 0x2b, 0x2b, 0x27, 0x28,
	[0x35] = 0x29, 0x33, 0x34, 0x35, 0x3a,
	[0x3a] = 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44, 0x57, 0x58,
	[0x46] = 0xe037, 0x46, 0xe046, 0xe052, 0xe047, 0xe049, 0xe053, 0xe04f, 0xe051,
	[0x4f] = 0xe04d, 0xe04b, 0xe050, 0xe048,
	[0x53] = 0x45, 0xe035, 0x37, 0x4a, 0x4e, 0xe01c,
	[0x59] = 0x4f, 0x50, 0x51, 0x4b, 0x4c, 0x4d, 0x47, 0x48, 0x49, 0x52, 0x53,
	[0x64] = 0x56, 0xe05d, 0, 0x59,
	[0x68] = 0x5d, 0x5e, 0x5f, 0x55, 0xe003, 0xe077, 0xe004, 0x5a, 0x74, 0xe079, 0x6d, 0x6f,
	[0x85] = 0x7e, 0, 0x73, 0x70, 0x7d, 0x79, 0x7b, 0x5c,
	[0x90] = 0x72, 0x71, 0x78, 0x77, 0x76,
	[0xe0] = 0x1d, 0x2a, 0x38, 0xe05b, 0xe01d, 0x36, 0xe038, 0xe05c,
};
/* clang-format on */

struct endpoint {
	struct lgmp_stream stream;
	struct lgmp_stream_place place;
	uint32_t client_id; /* 0 = unbound */
	uint32_t binding_generation;
};

struct block {
	uint64_t offset;
	uint32_t size;
};

struct input_host {
	struct shm *shm;
	struct lgmp_host *host;
	struct input_host_events events;
	struct input_host_state state;
	unsigned queue;
	bool begun, dirty;
	bool stalled, off, busy;
	uint64_t now_ns;
	struct block blocks[KVMFR_LENGTH_INPUT];
	unsigned next_block;
	struct endpoint endpoints[KVMFR_INPUT_ENDPOINTS];

	uint32_t owner, owner_generation, owner_sequence;
	uint64_t lease_ns;
	uint8_t keys[256 / 8]; /* by usage */
};

unsigned input_host_scancode(uint8_t usage) {
	return usage < sizeof scancodes / sizeof *scancodes ? scancodes[usage] : 0;
}

/* ---- what is held ---- */

static void follow_locks(struct input_host *input, uint8_t usage) {
	const unsigned led = usage == 0x39   ? KVMFR_LED_CAPS
			     : usage == 0x53 ? KVMFR_LED_NUM
			     : usage == 0x47 ? KVMFR_LED_SCROLL
					     : 0u;
	if (led) {
		input->state.leds ^= led;
		input->dirty = true;
		if (input->events.leds) {
			input->events.leds(input->state.leds, input->events.data);
		}
	}
}

static void set_key(struct input_host *input, uint8_t usage, bool pressed) {
	const uint8_t bit = (uint8_t)(1u << (usage % 8));
	if (((input->keys[usage / 8] & bit) != 0) == pressed) {
		return;
	}
	input->keys[usage / 8] ^= bit;
	input->state.keys_held += pressed ? 1u : -1u;
	input->state.key_events++;
	if (pressed) {
		follow_locks(input, usage);
	}
	if (input->events.key && input_host_scancode(usage)) {
		input->events.key(input_host_scancode(usage), pressed, input->events.data);
	}
}

static void set_keyboard(struct input_host *input, const struct kvmfr_keyboard_wire *wire) {
	uint8_t now[256 / 8] = { 0 };
	now[0xe0 / 8] = wire->modifiers;
	for (unsigned i = 0; i < sizeof wire->usages; i++) {
		if (wire->usages[i] >= 4 && wire->usages[i] < 0xe0) {
			now[wire->usages[i] / 8] |= (uint8_t)(1u << (wire->usages[i] % 8));
		}
	}
	for (unsigned pass = 0; pass < 2; pass++) { /* releases first, as a keyboard's driver */
		for (unsigned usage = 0; usage < 256; usage++) {
			const bool pressed = (now[usage / 8] & 1u << usage % 8) != 0;
			if (pressed == (pass == 1)) {
				set_key(input, (uint8_t)usage, pressed);
			}
		}
	}
}

static void set_buttons(struct input_host *input, uint32_t hid) {
	static const unsigned buttons[MAX_BUTTONS] = { SPICE_BUTTON_LEFT, SPICE_BUTTON_RIGHT,
		SPICE_BUTTON_MIDDLE, SPICE_BUTTON_SIDE, SPICE_BUTTON_EXTRA };
	for (unsigned i = 0; i < MAX_BUTTONS; i++) {
		const unsigned bit = 1u << buttons[i];
		const bool pressed = (hid & 1u << i) != 0;
		if (((input->state.buttons & bit) != 0) == pressed) {
			continue;
		}
		input->state.buttons ^= bit;
		if (input->events.button) {
			input->events.button(buttons[i], pressed, input->events.data);
		}
	}
}

static void all_up(struct input_host *input) {
	const struct kvmfr_keyboard_wire none = { .modifiers = 0 };
	set_keyboard(input, &none);
	set_buttons(input, 0);
}

static void set_owner(struct input_host *input, uint32_t client, uint32_t generation) {
	if (input->owner != client) {
		all_up(input);
	}
	const bool owned = client != 0;
	if (owned != input->state.owned && input->events.owner) {
		input->events.owner(owned, input->events.data);
	}
	input->owner = client;
	input->owner_generation = generation;
	input->state.owned = owned;
	input->dirty = true;
}

/* ---- records ---- */

static void on_relative(struct input_host *input, const struct kvmfr_relative_wire *wire) {
	set_buttons(input, wire->buttons);
	if (wire->dx || wire->dy) {
		input->state.motion_x += wire->dx;
		input->state.motion_y += wire->dy;
		if (input->events.motion) {
			input->events.motion(wire->dx, wire->dy, input->events.data);
		}
	}
	if (wire->wheel && input->events.wheel) {
		input->events.wheel(wire->wheel > 32    ? 32
				    : wire->wheel < -32 ? -32
							: wire->wheel,
				input->events.data);
	}
}

static bool owner_says(struct input_host *input, const struct kvmfr_input_record_wire *wire) {
	struct kvmfr_relative_wire relative;
	struct kvmfr_keyboard_wire keyboard;
	switch (wire->type) {
	case KVMFR_INPUT_TYPE_RELEASE:
		set_owner(input, 0, 0);
		return true;
	case KVMFR_INPUT_TYPE_KEEP_ALIVE:
		return true;
	case KVMFR_INPUT_TYPE_RESET:
		all_up(input);
		return true;
	case KVMFR_INPUT_TYPE_RELATIVE:
		memcpy(&relative, wire->payload, sizeof relative);
		on_relative(input, &relative);
		return true;
	case KVMFR_INPUT_TYPE_KEYBOARD:
		memcpy(&keyboard, wire->payload, sizeof keyboard);
		set_keyboard(input, &keyboard);
		return true;
	default:
		return false;
	}
}

static void on_record(struct input_host *input, uint32_t client,
		const struct kvmfr_input_record_wire *wire) {
	input->state.records++;
	if (wire->type == KVMFR_INPUT_TYPE_CLAIM) {
		if (input->owner && input->owner != client) {
			input->state.refused++;
			return;
		}
		input->state.claims++;
		set_owner(input, client, wire->generation);
		input->owner_sequence = wire->sequence;
		input->lease_ns = input->now_ns + LEASE_NS;
		return;
	}
	if (client != input->owner || wire->generation != input->owner_generation ||
			wire->sequence != input->owner_sequence + 1) {
		input->state.refused++;
		return;
	}
	input->owner_sequence = wire->sequence;
	input->lease_ns = input->now_ns + LEASE_NS;
	input->state.refused += !owner_says(input, wire);
}

static void read_stream(struct input_host *input, struct endpoint *endpoint) {
	struct kvmfr_input_record_wire wire;
	for (unsigned i = 0; i < READS_MAX; i++) {
		int r = lgmp_stream_read(&endpoint->stream, &wire, sizeof wire);
		if (r == -EAGAIN || r == -ENOTCONN) {
			return;
		}
		if (r == (int)sizeof wire) {
			on_record(input, endpoint->client_id, &wire);
		} else {
			input->state.refused++;
			if (r < 0) {
				return;
			}
		}
	}
}

/* ---- binding ---- */

static void unbind(struct input_host *input, struct endpoint *endpoint) {
	if (input->owner == endpoint->client_id) {
		set_owner(input, 0, 0);
	}
	lgmp_stream_unbind(&endpoint->stream);
	endpoint->client_id = 0;
	input->dirty = true;
}

static void bind_to(struct input_host *input, uint32_t client_id) {
	for (unsigned i = 0; i < KVMFR_INPUT_ENDPOINTS; i++) {
		struct endpoint *endpoint = &input->endpoints[i];
		if (endpoint->client_id == 0) {
			lgmp_stream_bind(&endpoint->stream, client_id);
			endpoint->client_id = client_id;
			endpoint->binding_generation++;
			input->dirty = true;
			return;
		}
	}
}

static void follow_clients(struct input_host *input) {
	uint32_t ids[KVMFR_INPUT_ENDPOINTS];
	const unsigned count =
			lgmp_host_clients(input->host, input->queue, ids, KVMFR_INPUT_ENDPOINTS);
	for (unsigned i = 0; i < KVMFR_INPUT_ENDPOINTS; i++) {
		struct endpoint *endpoint = &input->endpoints[i];
		bool there = false;
		for (unsigned k = 0; k < count; k++) {
			there = there || ids[k] == endpoint->client_id;
		}
		if (endpoint->client_id && (!there || input->off)) {
			unbind(input, endpoint);
		}
	}
	for (unsigned k = 0; k < count && !input->off; k++) {
		bool bound = false;
		for (unsigned i = 0; i < KVMFR_INPUT_ENDPOINTS; i++) {
			bound = bound || input->endpoints[i].client_id == ids[k];
		}
		if (!bound) {
			bind_to(input, ids[k]);
		}
	}
	if (lgmp_host_take_new_subscribers(input->host, input->queue) > 0) {
		input->dirty = true;
	}
}

static void describe(const struct input_host *input, struct kvmfr_input_status_wire *wire) {
	*wire = (struct kvmfr_input_status_wire){ .version = KVMFR_INPUT_VERSION,
		.capabilities = KVMFR_INPUT_RELATIVE | KVMFR_INPUT_KEYBOARD,
		.flags = KVMFR_INPUT_LEDS_VALID | (input->off ? 0u : KVMFR_INPUT_AVAILABLE) |
			 (input->owner || input->busy ? KVMFR_INPUT_HAS_OWNER : 0u),
		.generation = 1,
		.owner_client_id = input->busy ? SOMEBODY : input->owner,
		.owner_generation = input->owner_generation,
		.lease_ms = (uint32_t)(LEASE_NS / NS_PER_MS),
		.max_buttons = MAX_BUTTONS,
		.stream_version = 1,
		.endpoint_count = KVMFR_INPUT_ENDPOINTS,
		.stream_generation = 1,
		.leds = (uint8_t)input->state.leds };
	for (unsigned i = 0; i < KVMFR_INPUT_ENDPOINTS; i++) {
		const struct endpoint *endpoint = &input->endpoints[i];
		lgmp_stream_describe(&endpoint->place, wire->endpoints[i].descriptor);
		wire->endpoints[i].bound_client_id = endpoint->client_id;
		wire->endpoints[i].binding_generation = endpoint->binding_generation;
		wire->endpoints[i].flags = KVMFR_ENDPOINT_AVAILABLE |
					   (endpoint->client_id ? KVMFR_ENDPOINT_BOUND : 0u);
	}
}

static void post_status(struct input_host *input) {
	struct kvmfr_input_status_wire wire;
	const struct block *block = &input->blocks[input->next_block];
	if (!input->dirty || lgmp_host_count(input->host, input->queue) >= KVMFR_LENGTH_INPUT) {
		return;
	}
	describe(input, &wire);
	memcpy(shm_base(input->shm) + block->offset, &wire, sizeof wire);
	const struct lgmp_host_message message = { .offset = block->offset, .size = sizeof wire };
	int r = lgmp_host_post(
			input->host, input->queue, &message, input->now_ns / NS_PER_MS, NULL);
	if (r >= 0) {
		input->dirty = false;
		input->next_block = (input->next_block + 1) % KVMFR_LENGTH_INPUT;
	}
}

void input_host_step(struct input_host *input, uint64_t now_ns) {
	if (!input->begun) {
		return;
	}
	input->now_ns = now_ns;
	follow_clients(input);
	for (unsigned i = 0; i < KVMFR_INPUT_ENDPOINTS && !input->stalled; i++) {
		if (input->endpoints[i].client_id) {
			read_stream(input, &input->endpoints[i]);
		}
	}
	if (input->owner && now_ns > input->lease_ns) {
		set_owner(input, 0, 0);
	}
	post_status(input);
}

/* ---- life ---- */

static int make_endpoint(struct input_host *input, struct endpoint *endpoint, uint32_t session) {
	uint64_t offset;
	uint32_t size;
	const uint32_t bytes = lgmp_stream_region_bytes(KVMFR_INPUT_SLOTS, KVMFR_INPUT_SLOT_BYTES);
	int r = lgmp_host_allocate(input->host, bytes, 64, &offset, &size);
	if (r < 0) {
		return r;
	}
	*endpoint = (struct endpoint){ .place = { .offset = (uint32_t)offset,
						       .region_bytes = size,
						       .slot_count = KVMFR_INPUT_SLOTS,
						       .slot_bytes = KVMFR_INPUT_SLOT_BYTES,
						       .direction = LGMP_STREAM_TO_HOST } };
	lgmp_stream_make(&endpoint->stream, input->shm, 12, &endpoint->place, session);
	return 0;
}

int input_host_begin(struct input_host *input, uint32_t session) {
	all_up(input);
	input->owner = 0;
	input->state.owned = false;
	int r = lgmp_host_add_queue(
			input->host, KVMFR_QUEUE_INPUT, KVMFR_LENGTH_INPUT, KVMFR_QUEUE_TIMEOUT);
	if (r < 0) {
		return r;
	}
	input->queue = (unsigned)r;
	r = 0;
	for (unsigned i = 0; r == 0 && i < KVMFR_LENGTH_INPUT; i++) {
		r = lgmp_host_allocate(input->host, sizeof(struct kvmfr_input_status_wire), 64,
				&input->blocks[i].offset, &input->blocks[i].size);
	}
	for (unsigned i = 0; r == 0 && i < KVMFR_INPUT_ENDPOINTS; i++) {
		r = make_endpoint(input, &input->endpoints[i], session);
	}
	input->begun = r == 0;
	input->dirty = true;
	return r;
}

int input_host_create(struct input_host **ret_input, struct shm *shm, struct lgmp_host *host,
		const struct input_host_events *events) {
	struct input_host *input = calloc(1, sizeof *input);
	if (!input) {
		return -ENOMEM;
	}
	input->shm = shm;
	input->host = host;
	if (events) {
		input->events = *events;
	}
	*ret_input = input;
	return 0;
}

void input_host_destroy(struct input_host *input) {
	free(input);
}

const struct input_host_state *input_host_state(const struct input_host *input) {
	return &input->state;
}

void input_host_set_leds(struct input_host *input, unsigned leds) {
	input->dirty = input->dirty || leds != input->state.leds;
	input->state.leds = leds;
}

void input_host_set_stalled(struct input_host *input, bool on) {
	input->stalled = on;
}

void input_host_set_off(struct input_host *input, bool on) {
	input->off = on;
	input->dirty = true;
}

void input_host_set_busy(struct input_host *input, bool on) {
	input->busy = on;
	set_owner(input, 0, 0);
}

void input_host_rebind(struct input_host *input) {
	for (unsigned i = 0; i < KVMFR_INPUT_ENDPOINTS; i++) {
		if (input->endpoints[i].client_id) {
			unbind(input, &input->endpoints[i]);
		}
	}
}
