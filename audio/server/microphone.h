/*
 * The microphone: captures a PulseAudio source in blocks of 512 frames, 16 bit stereo. The
 * connection and the stream exist only while the microphone is wanted and not muted.
 *
 * On pg-audio's main loop (pulse_loop.h): call microphone_tick() when microphone_deadline() has
 * passed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pulse/mainloop-api.h>

#include "base/deadline.h"

#define MICROPHONE_FRAMES 512 /* in a block: 10.7 ms at 48 kHz */

struct microphone;

struct microphone_request {
	bool on;
	unsigned rate; /* frames a second, 8000..192000 */
	bool mute;     /* the guest's own: nothing is captured */
	/* The guest's volume, 0..65535 of left and right, as the mixer shows it then; 0 = leave it
	 * to the mixer. */
	unsigned volume_channels;
	uint16_t volume[2];
};

struct microphone_block {
	unsigned frames; /* MICROPHONE_FRAMES, once it is whole */
	int16_t samples[MICROPHONE_FRAMES * 2];
};

struct microphone_events {
	/* On pg-audio, from within its callbacks. */
	void (*block)(const struct microphone_block *block, void *data);
	void *data;
};

/* server: "" = libpulse's choice. Returns 0 or -ENOMEM. Wanted only after microphone_set(). */
int microphone_create(struct microphone **ret_microphone, pa_mainloop_api *api, const char *server,
		const struct microphone_events *events);
/* Accepts NULL. */
void microphone_destroy(struct microphone *microphone);

/* No block comes after it returned, if the wish is not on. */
void microphone_set(struct microphone *microphone, const struct microphone_request *request);

void microphone_tick(struct microphone *microphone, uint64_t now_ns);
deadline microphone_deadline(const struct microphone *microphone);
/* A stream is there, or is being looked for. */
bool microphone_is_wanted(const struct microphone *microphone);
/* A stream captures. */
bool microphone_captures(const struct microphone *microphone);
