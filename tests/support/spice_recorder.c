/*
 * spice-recorder: a SPICE server whose guest records, for tests.
 *
 *   spice-recorder SOCKET [HERTZ]
 *
 * Lines on stdin: "start", "stop", "mute 0|1", "volume 0..65535", "play SECONDS" (of a 440 Hz
 * tone, on the playback channel, each time), "play-marked SECONDS" (on the right a marker each
 * second instead, and {"sent_ns": ...} on stdout when its packet was sent), "play-level 0..32767",
 * "stop-play", "play-volume 0..65535", "play-mute 0|1", "report", "quit".
 * "report" answers with one line of JSON about what came of the microphone since the last report:
 * frames, silence, glitches and frequency of the tone that it must carry.
 */
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "host-proto/sim/peer.h"
#include "host-proto/spice/reader.h"
#include "tests/support/tone_judge.h"

#define RATE        48000
#define PLAY_HERTZ  440.0
#define PLAY_FRAMES 480

struct recorder {
	struct spice_peer *peer;
	double hertz;
	struct tone_judge tone;
	uint64_t frames, messages, marks, modes, wrong, zeros;
	uint64_t last_ns;
	double longest_wait_ms;
	uint64_t playing_until_ns, play_ns, played;
	bool play_started;
	bool marked;
	double level;
};

static void reset(struct recorder *r) {
	tone_judge_init(&r->tone, r->hertz, RATE);
	r->frames = r->messages = r->marks = r->modes = r->wrong = r->zeros = 0;
	r->last_ns = 0;
	r->longest_wait_ms = 0;
}

static void on_data(struct recorder *r, const uint8_t *body, size_t len) {
	struct reader in = reader_of(body, len);
	uint64_t now = clock_now_ns();
	read_u32(&in);
	r->messages++;
	r->wrong += in.left % 4 != 0 || in.left == 0;
	double wait_ms = r->last_ns ? (double)(now - r->last_ns) * 1e-6 : 0;
	r->longest_wait_ms = fmax(r->longest_wait_ms, wait_ms);
	r->last_ns = now;
	while (in.left >= 4) {
		int16_t left = (int16_t)read_u16(&in);
		int16_t right = (int16_t)read_u16(&in);
		r->zeros += left == 0 && right == 0;
		r->frames++;
		tone_judge_frame(&r->tone, left / 32768.0);
	}
}

static void on_message(enum spice_channel_type channel, unsigned type, const uint8_t *body,
		size_t len, void *data) {
	struct recorder *r = data;
	if (channel != SPICE_CHANNEL_RECORD) {
		return;
	}
	r->marks += type == SPICE_RECORD_START_MARK;
	r->modes += type == SPICE_RECORD_MODE;
	if (type == SPICE_RECORD_DATA) {
		on_data(r, body, len);
	}
}

static void send_start(struct recorder *r, enum spice_channel_type channel, unsigned type) {
	uint8_t body[14];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, 2);
	write_u16(&w, SPICE_AUDIO_S16);
	write_u32(&w, RATE);
	if (channel == SPICE_CHANNEL_PLAYBACK) {
		write_u32(&w, 0);
	}
	(void)spice_peer_send(r->peer, channel, type, body, writer_len(&w));
}

static void send_volume(struct recorder *r, enum spice_channel_type channel, unsigned type,
		uint16_t volume) {
	uint8_t body[5];
	struct writer w = writer_of(body, sizeof body);
	write_u8(&w, 2);
	write_u16(&w, volume);
	write_u16(&w, volume);
	(void)spice_peer_send(r->peer, channel, type, body, sizeof body);
}

/* As scream-send's: 2 ms of 3 kHz. */
static double marker(uint64_t frame) {
	const double at = (double)(frame % RATE);
	return at < 0.002 * RATE ? 16000 * sin(2 * M_PI * 3000 * at / RATE) : 0;
}

static void tell_marker(const struct recorder *r) {
	struct json json;
	if (r->marked && r->played % RATE == 0) {
		json_begin(&json, stdout);
		json_int(&json, "sent_ns", (int64_t)clock_now_ns());
		json_finish(&json);
	}
}

/* Every 10 ms, as QEMU does. */
static void play_due(struct recorder *r, uint64_t now_ns) {
	while (r->playing_until_ns && r->play_ns <= now_ns) {
		uint8_t body[4 + PLAY_FRAMES * 4];
		struct writer w = writer_of(body, sizeof body);
		if (r->play_ns >= r->playing_until_ns) {
			r->playing_until_ns = 0;
			return;
		}
		write_u32(&w, 0);
		tell_marker(r);
		for (int i = 0; i < PLAY_FRAMES; i++, r->played++) {
			double phase = fmod(PLAY_HERTZ * (double)r->played / RATE, 1);
			uint16_t sample = (uint16_t)(int16_t)(r->level * sin(2 * M_PI * phase));
			write_u16(&w, sample);
			write_u16(&w, r->marked ? (uint16_t)(int16_t)marker(r->played) : sample);
		}
		(void)spice_peer_send(r->peer, SPICE_CHANNEL_PLAYBACK, SPICE_PLAYBACK_DATA, body,
				sizeof body);
		r->play_ns += 10 * NS_PER_MS;
	}
}

static void play(struct recorder *r, double seconds) {
	uint64_t now = clock_now_ns();
	if (!r->play_started) {
		send_start(r, SPICE_CHANNEL_PLAYBACK, SPICE_PLAYBACK_START);
		r->play_started = true;
	}
	r->play_ns = r->playing_until_ns ? r->play_ns : now;
	r->playing_until_ns = now + (uint64_t)(seconds * 1e9);
}

static void report(struct recorder *r) {
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "frames", (int64_t)r->frames);
	json_int(&json, "zeros", (int64_t)r->zeros);
	json_int(&json, "messages", (int64_t)r->messages);
	json_int(&json, "wrong", (int64_t)r->wrong);
	json_int(&json, "marks", (int64_t)r->marks);
	json_int(&json, "modes", (int64_t)r->modes);
	json_number(&json, "hertz", tone_judge_hertz(&r->tone));
	json_int(&json, "glitches", r->tone.glitch_count);
	json_int(&json, "gaps", r->tone.gap_count);
	json_number(&json, "longest_wait_ms", r->longest_wait_ms);
	json_int(&json, "errors", (int64_t)spice_peer_state(r->peer)->errors);
	json_finish(&json);
	reset(r);
}

static bool run_line(struct recorder *r, const char *line) {
	double value = strchr(line, ' ') ? strtod(strchr(line, ' '), NULL) : 0;
	if (strncmp(line, "start", 5) == 0) {
		send_start(r, SPICE_CHANNEL_RECORD, SPICE_RECORD_START);
	} else if (strncmp(line, "stop-play", 9) == 0) {
		r->playing_until_ns = 0;
		r->play_started = false;
		(void)spice_peer_send(
				r->peer, SPICE_CHANNEL_PLAYBACK, SPICE_PLAYBACK_STOP, NULL, 0);
	} else if (strncmp(line, "stop", 4) == 0) {
		(void)spice_peer_send(r->peer, SPICE_CHANNEL_RECORD, SPICE_RECORD_STOP, NULL, 0);
	} else if (strncmp(line, "mute", 4) == 0) {
		uint8_t mute = value != 0;
		(void)spice_peer_send(r->peer, SPICE_CHANNEL_RECORD, SPICE_RECORD_MUTE, &mute, 1);
	} else if (strncmp(line, "volume", 6) == 0) {
		send_volume(r, SPICE_CHANNEL_RECORD, SPICE_RECORD_VOLUME, (uint16_t)value);
	} else if (strncmp(line, "play-volume", 11) == 0) {
		send_volume(r, SPICE_CHANNEL_PLAYBACK, SPICE_PLAYBACK_VOLUME, (uint16_t)value);
	} else if (strncmp(line, "play-mute", 9) == 0) {
		uint8_t mute = value != 0;
		(void)spice_peer_send(
				r->peer, SPICE_CHANNEL_PLAYBACK, SPICE_PLAYBACK_MUTE, &mute, 1);
	} else if (strncmp(line, "play-level", 10) == 0) {
		r->level = value;
	} else if (strncmp(line, "play", 4) == 0) {
		r->marked = strncmp(line, "play-marked", 11) == 0;
		play(r, value > 0 ? value : 1);
	} else if (strncmp(line, "report", 6) == 0) {
		report(r);
	}
	return strncmp(line, "quit", 4) != 0;
}

static bool read_lines(struct recorder *r) {
	char text[512];
	ssize_t n = read(STDIN_FILENO, text, sizeof text - 1);
	if (n <= 0) {
		return false;
	}
	text[n] = '\0';
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!run_line(r, line)) {
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv) {
	static struct recorder r;
	if (argc < 2) {
		fprintf(stderr, "usage: spice-recorder SOCKET [HERTZ]\n");
		return 2;
	}
	r.hertz = argc > 2 ? strtod(argv[2], NULL) : 997;
	r.level = 16000;
	const struct sched_param param = { .sched_priority = 5 }; /* as a guest's own would be */
	(void)!sched_setscheduler(0, SCHED_RR, &param);
	reset(&r);
	const struct spice_peer_config config = {
		.unix_path = argv[1],
		.name = "recorder",
		.channels = 1u << SPICE_CHANNEL_RECORD | 1u << SPICE_CHANNEL_PLAYBACK,
	};
	const struct spice_peer_events events = { .message = on_message, .data = &r };
	if (spice_peer_create(&r.peer, &config, &events) < 0) {
		return 1;
	}
	for (bool more = true; more;) {
		struct pollfd fds[] = {
			{ .fd = spice_peer_fd(r.peer), .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};
		if (poll(fds, 2, r.playing_until_ns ? 2 : 1000) < 0 ||
				spice_peer_step(r.peer) < 0) {
			break;
		}
		play_due(&r, clock_now_ns());
		more = !(fds[1].revents & (POLLIN | POLLHUP)) || read_lines(&r);
	}
	spice_peer_destroy(r.peer);
	return 0;
}
