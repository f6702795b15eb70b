/*
 * Main, inputs, cursor, playback and record: the first byte chooses.
 *
 * Covers: host-proto/spice/cursor.c host-proto/spice/inputs.c host-proto/spice/main.c
 * host-proto/spice/playback.c
 */
#include "host-proto/cursor.h"
#include "host-proto/spice/cursor.h"
#include "host-proto/spice/inputs.h"
#include "host-proto/spice/main.h"
#include "host-proto/spice/playback.h"
#include "tests/fuzz/spice_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sum;

static void touch(const void *bytes, size_t len) {
	const uint8_t *p = bytes;
	if (p && len > 0) {
		sum += p[0] + p[len - 1];
	}
}

static int on_main(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct spice_main_message message;
	(void)data;
	int r = spice_main_read(type, body, len, &message);
	if (r == 0) {
		touch(message.data, message.len);
	}
	return r;
}

static int on_inputs(unsigned type, const uint8_t *body, size_t len, void *data) {
	return spice_inputs_message(data, type, body, len);
}

static void on_shape(const struct cursor_shape *shape, void *data) {
	(void)data;
	if (shape) {
		sum += shape->color[0] + shape->color[shape->width * shape->height - 1] +
		       shape->invert[shape->width * shape->height - 1];
	}
}

static void on_move(int x, int y, bool visible, void *data) {
	(void)data;
	sum += (unsigned)x + (unsigned)y + visible;
}

static int on_cursor(unsigned type, const uint8_t *body, size_t len, void *data) {
	return spice_cursor_message(data, type, body, len);
}

static int on_sound(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct spice_sound *sound = data;
	struct spice_sound_event event;
	int r = spice_playback_message(sound, type, body, len, &event);
	if (event.kind == SPICE_SOUND_DATA) {
		touch(event.samples, (size_t)event.frames * sound->channels * 2);
	}
	if (event.kind == SPICE_SOUND_PACKET) {
		touch(event.packet, event.packet_len);
	}
	return r < 0 ? r : spice_record_message(sound, type, body, len, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < 1) {
		return 0;
	}
	struct spice_inputs inputs;
	struct spice_sound sound;
	struct spice_cursor *cursor;
	const struct spice_cursor_target target = { on_shape, on_move, NULL };
	switch (data[0] % 4) {
	case 0:
		each_message(data + 1, size - 1, on_main, NULL);
		break;
	case 1:
		spice_inputs_init(&inputs, 0);
		each_message(data + 1, size - 1, on_inputs, &inputs);
		break;
	case 2:
		if (spice_cursor_create(&cursor, &target) == 0) {
			each_message(data + 1, size - 1, on_cursor, cursor);
			spice_cursor_destroy(cursor);
		}
		break;
	default:
		spice_sound_init(&sound);
		each_message(data + 1, size - 1, on_sound, &sound);
		break;
	}
	return 0;
}
