/*
 * The inputs channel of our server peer, fed by a client that says anything.
 *
 * Covers: host-proto/sim/peer_inputs.c
 */

#include "host-proto/sim/peer_inputs.h"
#include "tests/fuzz/spice_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct peer_inputs inputs;
	struct spice_peer_state state;
	struct spice_peer_events events;
};

static volatile unsigned sum;

static void on_code(unsigned code, bool pressed, void *data) {
	(void)data;
	sum += code + pressed;
}

static void on_wheel(int notches, void *data) {
	(void)data;
	sum += (unsigned)notches;
}

static void on_motion(int32_t dx, int32_t dy, void *data) {
	(void)data;
	sum += (unsigned)dx + (unsigned)dy;
}

static void on_position(uint32_t x, uint32_t y, void *data) {
	(void)data;
	sum += x + y;
}

static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct fuzz *fuzz = data;
	return peer_inputs_message(&fuzz->inputs, &fuzz->state, &fuzz->events, type, body, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct fuzz fuzz = { .events = { .key = on_code,
					     .button = on_code,
					     .wheel = on_wheel,
					     .motion = on_motion,
					     .position = on_position } };
	if (size > 0) {
		fuzz.state.absolute = data[0] & 1;
		each_message(data + 1, size - 1, on_message, &fuzz);
	}
	peer_inputs_closed(&fuzz.inputs, &fuzz.state, &fuzz.events);
	if (fuzz.state.keys_held != 0) {
		abort();
	}
	return 0;
}
