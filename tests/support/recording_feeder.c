/*
 * The player's end of a recording alone: a grey picture and silence, and three seconds after the
 * first picture a white flash and a tone of 1 kHz, both of 200 ms, through the real
 * pierglass-record.
 *
 * usage: recording-feeder FILE SECONDS [LIMIT_MIB [RATE [ahead]]]   says how it ended
 * ahead: all of it at once, before its time, each picture as soon as there is room: what is in the
 * file then depends on no clock.
 */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "client/recorder/recorder.h"

#define WIDTH    320u
#define HEIGHT   240u
#define STEP_NS  (NS_PER_S / 30)
#define AHEAD_NS (50 * NS_PER_MS) /* sound is given so long before it is heard */
#define MARK_NS  (3 * NS_PER_S)
#define FLASH_NS (200 * NS_PER_MS)
#define PIECE_NS (10 * NS_PER_MS)

static bool is_marked(uint64_t at_ns, uint64_t begin_ns) {
	return at_ns >= begin_ns + MARK_NS && at_ns < begin_ns + MARK_NS + FLASH_NS;
}

static bool put_picture(struct recording_memory *memory, uint64_t at_ns, uint64_t begin_ns) {
	unsigned char *pixels = recording_frame_begin(memory);
	if (!pixels) {
		return false;
	}
	memset(pixels, is_marked(at_ns, begin_ns) ? 250 : 60, (size_t)WIDTH * HEIGHT * 4);
	recording_frame_end(memory, at_ns, false);
	return true;
}

static void put_sound(
		struct recording_memory *memory, uint64_t at_ns, uint64_t begin_ns, unsigned rate) {
	float stereo[2 * RECORDING_BLOCK_FRAMES];
	const unsigned frames = rate / 100;
	for (unsigned i = 0; i < frames; i++) {
		const uint64_t heard_ns = at_ns + NS_PER_S * i / rate;
		const double phase = (double)(heard_ns % NS_PER_MS) * 1e-6; /* 1 kHz */
		const bool on = is_marked(heard_ns, begin_ns);
		stereo[2 * i] = stereo[2 * i + 1] =
				on ? (float)(0.5 * sin(2 * M_PI * phase)) : 0.0f;
	}
	recording_sound_put(memory, stereo, frames, rate, at_ns);
}

static void feed(struct recorder *recorder, double seconds, unsigned rate) {
	struct recording_memory *memory = recorder_memory(recorder);
	struct recording_state state;
	uint64_t begin_ns = 0, picture_ns = 0, sound_ns = 0;
	while (!recorder_look(recorder, &state)) {
		const uint64_t now_ns = clock_now_ns();
		if (begin_ns == 0) {
			if (put_picture(memory, now_ns, now_ns)) {
				begin_ns = now_ns;
				picture_ns = now_ns + STEP_NS;
				sound_ns = now_ns;
			}
		} else if ((double)(now_ns - begin_ns) * 1e-9 >= seconds) {
			break;
		}
		for (; begin_ns != 0 && picture_ns <= now_ns; picture_ns += STEP_NS) {
			(void)put_picture(memory, picture_ns, begin_ns);
		}
		for (; begin_ns != 0 && sound_ns <= now_ns + AHEAD_NS; sound_ns += PIECE_NS) {
			put_sound(memory, sound_ns, begin_ns, rate);
		}
		clock_sleep_ns(5 * NS_PER_MS);
	}
}

/* Before it is due: after the first picture those around the mark. */
static void feed_ahead(struct recorder *recorder, double seconds, unsigned rate) {
	struct recording_memory *memory = recorder_memory(recorder);
	struct recording_state state;
	uint64_t begin_ns = 0;
	while (begin_ns == 0 && !recorder_look(recorder, &state)) {
		const uint64_t now_ns = clock_now_ns();
		if (put_picture(memory, now_ns, now_ns)) {
			begin_ns = now_ns;
		}
		clock_sleep_ns(1 * NS_PER_MS);
	}
	const uint64_t from_ns = begin_ns + MARK_NS - 6 * STEP_NS;
	const uint64_t end_ns = begin_ns + (uint64_t)(seconds * 1e9);
	for (uint64_t heard_ns = from_ns; heard_ns < end_ns; heard_ns += PIECE_NS) {
		put_sound(memory, heard_ns, begin_ns, rate);
	}
	for (uint64_t at_ns = from_ns; at_ns < end_ns; at_ns += STEP_NS) {
		while (!put_picture(memory, at_ns, begin_ns)) {
			if (recorder_look(recorder, &state)) {
				return;
			}
			clock_sleep_ns(1 * NS_PER_MS);
		}
	}
}

int main(int argc, char **argv) {
	struct recorder *recorder;
	struct recording_state state;
	char text[1024];
	double seconds;
	int64_t limit = 1024, rate = 48000;
	if (argc < 3 || !parse_double(argv[2], 0, 1e6, &seconds) ||
			(argc > 3 && !parse_int(argv[3], 1, INT32_MAX, &limit)) ||
			(argc > 4 && !parse_int(argv[4], 1, INT32_MAX, &rate))) {
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	const int r = recorder_create(&recorder, argv[1], (unsigned)limit, WIDTH, HEIGHT);
	if (r < 0) {
		printf("no recorder: %d\n", r);
		return 1;
	}
	(argc > 5 ? feed_ahead : feed)(recorder, seconds, (unsigned)rate);
	recorder_finish(recorder);
	while (!recorder_look(recorder, &state)) {
		clock_sleep_ns(10 * NS_PER_MS);
	}
	recorder_text(&state, argv[1], text, sizeof text);
	printf("end %d offered %llu missed %llu sound %llu: %s\n", (int)state.end,
			(unsigned long long)state.offered, (unsigned long long)state.missed,
			(unsigned long long)state.sound_missed, text);
	recorder_destroy(recorder, 0);
	return 0;
}
