/*
 * Keyboard and mouse over the host's own input stream (doc/protocol/kvmfr.md A.5): the host's
 * status, and the records of the stream. The status is hostile input; what is returned was checked.
 * Pure but for the stream.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/lgmp_stream.h"

enum kvmfr_input_capability {
	KVMFR_INPUT_RELATIVE = 0x1,
	KVMFR_INPUT_ABSOLUTE = 0x2,
	KVMFR_INPUT_KEYBOARD = 0x4,
};

enum kvmfr_input_flag {
	KVMFR_INPUT_AVAILABLE = 0x1,
	KVMFR_INPUT_HAS_OWNER = 0x2,
	KVMFR_INPUT_LEDS_VALID = 0x4,
};

enum kvmfr_input_led {
	KVMFR_LED_NUM = 0x1,
	KVMFR_LED_CAPS = 0x2,
	KVMFR_LED_SCROLL = 0x4,
};

enum kvmfr_input_type {
	KVMFR_INPUT_TYPE_NONE,
	KVMFR_INPUT_TYPE_CLAIM,
	KVMFR_INPUT_TYPE_RELEASE,
	KVMFR_INPUT_TYPE_KEEP_ALIVE,
	KVMFR_INPUT_TYPE_RESET,
	KVMFR_INPUT_TYPE_RELATIVE,
	KVMFR_INPUT_TYPE_ABSOLUTE,
	KVMFR_INPUT_TYPE_KEYBOARD,
};

struct kvmfr_input_status {
	unsigned capabilities; /* enum kvmfr_input_capability */
	unsigned flags;        /* enum kvmfr_input_flag */
	unsigned leds;         /* enum kvmfr_input_led */
	uint32_t owner_client_id, owner_generation;
	uint32_t max_buttons;
	bool has_endpoint; /* a stream is bound to the client that asked */
	struct lgmp_stream_place place;
	uint32_t binding_generation;
};

/* A status message, as that client sees it. -ERANGE (outside the mapping), -EBADMSG,
 * -EPROTONOSUPPORT (another version; ret_status is zero). */
int kvmfr_input_status_read(const struct shm *shm, uint64_t offset, uint32_t size,
		uint32_t client_id, struct kvmfr_input_status *ret_status);
/* In one line, whatever it is: what could not be understood. */
void kvmfr_input_status_describe(
		const struct shm *shm, uint64_t offset, uint32_t size, char *text, uint32_t room);

/* The client's end of the input: one per binding. */
struct kvmfr_input_writer {
	struct lgmp_stream stream;
	uint32_t generation; /* of the claim */
	uint32_t sequence;
};

struct kvmfr_relative {
	uint32_t buttons; /* bit n: HID button n + 1 */
	int32_t dx, dy, wheel;
};
struct kvmfr_keyboard {
	uint8_t modifiers; /* bit n: usage 0xe0 + n */
	uint8_t usages[6]; /* 0 = none */
};

/* A claim (which begins a generation), release, keep-alive or reset; as lgmp_stream_write(). */
int kvmfr_input_write(struct kvmfr_input_writer *writer, enum kvmfr_input_type type);
int kvmfr_input_write_relative(
		struct kvmfr_input_writer *writer, const struct kvmfr_relative *relative);
int kvmfr_input_write_keyboard(
		struct kvmfr_input_writer *writer, const struct kvmfr_keyboard *keyboard);
