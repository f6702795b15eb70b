/*
 * A made-up world for the playout: the built-in sink and made-up clocks, a guest that sends too
 * fast, too slow, in bursts, with stalls and losses; hours in milliseconds. What is heard is judged
 * sample by sample: left is a ramp that tells the source time of every frame (so its latency),
 * right a pure tone (so its glitches).
 */
#pragma once

#include "audio/playout/playout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/server/sink_null.h"
#include "audio/server/sink_null_fault.h"
#include "base/deadline.h"
#include "base/samples.h"
#include "tests/support/check.h"

#define RATE     48000
#define RAMP     65536 /* frames; the ramp's period, one frame = one step of 16 bits */
#define TONE_HZ  997.0
#define START_NS (1000 * NS_PER_S)
#define MS       NS_PER_MS

struct fault {
	uint64_t at_ns; /* after the start; 0 = end of the list */
	enum {
		GUEST_STALL,
		GUEST_LOSES_TIME,
		RECEIVER_STALL,
		SINK_STALL,
		SERVER_AWAY,
		SILENCE,
		PAUSE
	} kind;
	uint64_t for_ns;
};

struct world {
	/* what is simulated */
	double guest_ppm;
	double burst_ns;  /* sends at multiples of this; 0 = each packet when it is due */
	unsigned frames;  /* in a packet; 0 = as Scream does */
	bool reliable;    /* playout_set_reliable() */
	double jitter_ns; /* each arrival up to so much later */
	double loss;
	unsigned broken_each; /* so many packets: the sound in one is broken, in four ways */
	double sink_ppm;
	unsigned quantum;
	double seconds;
	struct scream_format format;
	struct playout_config config;
	const struct fault *faults;
	double settle_s; /* not judged */
	uint64_t seed;   /* 0 = always the same */

	/* its state */
	struct playout *playout;
	struct sink *sink;
	uint64_t now;
	uint64_t random;
	uint64_t packet; /* number of the next one */
	double guest_lost_ns;
	uint64_t blocked_until; /* the receiver does not run */
	uint64_t pickup;        /* packets wait until then */
	unsigned pickups;       /* times that packets were taken */
	unsigned rounds;        /* that something woke up */
	uint64_t pause_until;
	uint64_t next_packet;
	uint64_t start_ns; /* so long until it plays */
	uint64_t idle_ns;  /* the device suspends when it is idle for so long; 0 = never */
	bool zeros;        /* the guest sends digital silence */
	unsigned fault;
	uint64_t skipped_frames; /* of the tone, at its breaks */

	/* what was heard */
	double latency_ns_sum;
	uint64_t latency_count;
	double latency_min, latency_max, latency_last;
	double latency_at[4000]; /* mean of each 100 ms; 0 = nothing */
	double latency_sum_now;
	unsigned latency_count_now;
	unsigned slot;
	unsigned glitches;
	uint64_t last_glitch_ns;
	double before[2];
	double left_before;
	unsigned tone_run;
	uint64_t silence_frames, gap_longest, gap_now;
	uint64_t tone_frames; /* on the right, from the first frame on */
	double max_rate_ppm;
};

static double next_random(struct world *w) {
	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(w->random >> 11) * 0x1p-53;
}

static unsigned packet_frames(const struct world *w) {
	return w->frames ? w->frames : scream_packet_frames(&w->format);
}

/* When the guest's clock says that frame number f is due. */
static double due_ns(const struct world *w, double frame) {
	return (double)START_NS + w->guest_lost_ns +
	       frame * 1e9 / (w->format.rate * (1 + w->guest_ppm * 1e-6));
}

static double sent_ns(const struct world *w, uint64_t packet) {
	double due = due_ns(w, (double)(packet + 1) * packet_frames(w));
	if (w->burst_ns > 0) {
		due = ceil(due / w->burst_ns) * w->burst_ns;
	}
	return due;
}

/* ---- what is heard ---- */

static void hear_latency(struct world *w, double left, double at_ns) {
	/* The ramp tells the frame modulo its period; the present tells which period. */
	double phase = (left + 1) / 2 * RAMP;
	double now_frame = (at_ns - (double)START_NS - w->guest_lost_ns) * 1e-9 * w->format.rate *
			   (1 + w->guest_ppm * 1e-6);
	double frame = floor((now_frame - phase) / RAMP) * RAMP + phase;
	double packet = floor(frame / packet_frames(w));
	double latency = at_ns - sent_ns(w, (uint64_t)fmax(packet, 0));
	if (latency > 0.6e9 || at_ns < (double)START_NS + w->settle_s * 1e9) {
		return; /* where the ramp falls back, or is not yet judged */
	}
	w->latency_ns_sum += latency;
	w->latency_count++;
	w->latency_min = fmin(w->latency_min, latency);
	w->latency_max = fmax(w->latency_max, latency);
	w->latency_last = latency;
	w->latency_sum_now += latency;
	w->latency_count_now++;
}

static void turn_slot(struct world *w, uint64_t at_ns) {
	unsigned slot = (unsigned)((at_ns - START_NS) / (100 * MS));
	if (slot != w->slot && w->slot < 4000) {
		w->latency_at[w->slot] = w->latency_count_now
							 ? w->latency_sum_now / w->latency_count_now
							 : 0;
		w->latency_sum_now = 0;
		w->latency_count_now = 0;
		w->slot = slot;
	}
}

/* A pure tone obeys x[n] = 2 cos(w) x[n-1] - x[n-2]. */
static void hear_tone(struct world *w, double right, uint64_t at_ns) {
	static double turn;
	turn = turn != 0 ? turn : 2 * cos(2 * M_PI * TONE_HZ / RATE);
	double residual = fabs(right - turn * w->before[0] + w->before[1]);
	w->before[1] = w->before[0];
	w->before[0] = right;
	w->tone_frames += fabs(w->before[0]) > 0.02 || fabs(w->before[1]) > 0.02;
	if (at_ns < START_NS + (uint64_t)(w->settle_s * 1e9)) {
		return;
	}
	if (residual > 0.01 && at_ns - w->last_glitch_ns > 10 * MS) {
		w->glitches++;
		w->last_glitch_ns = at_ns;
	}
	if (fabs(right) < 1e-4 && fabs(w->before[1]) < 1e-4) {
		w->silence_frames++;
		w->gap_now++;
	} else {
		w->gap_longest = w->gap_now > w->gap_longest ? w->gap_now : w->gap_longest;
		w->gap_now = 0;
	}
}

static void heard(const float *frames, unsigned count, unsigned channels, uint64_t at_ns,
		double frame_ns, void *data) {
	struct world *w = data;
	for (unsigned i = 0; i < count; i++) {
		double at = (double)at_ns + i * frame_ns;
		double left = (double)frames[(size_t)i * channels];
		double right = channels > 1 ? (double)frames[(size_t)i * channels + 1] : 0;
		turn_slot(w, (uint64_t)at);
		hear_tone(w, right, (uint64_t)at);
		bool rising = left > w->left_before && left - w->left_before < 4.0 / RAMP;
		w->left_before = left;
		if (rising && fabs(left) > 1e-3 && fabs(left) < 0.98) {
			hear_latency(w, left, at);
		}
	}
}

/* ---- the guest ---- */

static float ramp_value(uint64_t frame) {
	return (float)((double)(frame % RAMP) / RAMP * 2 - 1);
}

/* The tone repeats every second. */
static float tone_value(const struct world *w, uint64_t frame) {
	static float table[RATE];
	if (w->format.rate != RATE) {
		return (float)(0.5 * sin(2 * M_PI * TONE_HZ * (double)(frame % w->format.rate) /
						     w->format.rate));
	}
	if (table[1] == 0) {
		for (unsigned i = 0; i < RATE; i++) {
			table[i] = (float)(0.5 * sin(2 * M_PI * TONE_HZ * i / RATE));
		}
	}
	return table[frame % RATE];
}

/* As an emulated sound card does that was not run in time (QEMU's AC97): what it had is played
 * again, something is left out, or the card has nothing for a while. */
enum breach { WHOLE, LEFT_OUT, NOTHING_IN_IT, AGAIN };

static enum breach breach_of(struct world *w, uint64_t number) {
	const unsigned each = w->broken_each;
	if (each == 0 || number % each > 1 || number < each) {
		return WHOLE;
	}
	const uint64_t turn = number / each % 3;
	if (number % each == 1) {
		return turn == 2 ? AGAIN : WHOLE;
	}
	return turn == 0 ? LEFT_OUT : turn == 1 ? NOTHING_IN_IT : AGAIN;
}

static void make_packet(
		struct world *w, uint64_t number, uint8_t *pcm, struct scream_packet *ret_packet) {
	float samples[SCREAM_FRAMES_MAX * 2];
	unsigned frames = packet_frames(w);
	const enum breach breach = breach_of(w, number);
	w->skipped_frames += breach == LEFT_OUT ? 137 : 0;
	for (unsigned i = 0; i < frames; i++) {
		uint64_t frame = number * frames + i;
		const uint64_t back = breach == AGAIN ? 2 * frames : 0;
		const bool nothing = breach == NOTHING_IN_IT && i >= 200 && i < 400;
		float *to = samples + (size_t)i * w->format.channels;
		to[0] = ramp_value(frame);
		for (unsigned c = 1; c < w->format.channels; c++) {
			to[c] = nothing ? 0 : tone_value(w, frame + w->skipped_frames - back);
		}
	}
	scream_from_float(pcm, samples, frames, &w->format);
	*ret_packet = (struct scream_packet){ .format = w->format, .pcm = pcm, .frames = frames };
}

static void send(struct world *w, uint64_t at_ns) {
	static uint8_t pcm[PLAYOUT_BLOCK_BYTES];
	struct scream_packet packet;
	uint64_t number = w->packet++;
	if (next_random(w) < w->loss || at_ns < w->pause_until) {
		return;
	}
	make_packet(w, number, pcm, &packet);
	if (w->zeros) {
		memset(pcm, 0, (size_t)packet.frames * scream_frame_bytes(&packet.format));
	}
	playout_packet(w->playout, &packet, at_ns, w->now);
}

static void start_fault(struct world *w) {
	const struct fault *fault = &w->faults[w->fault++];
	switch (fault->kind) {
	case GUEST_LOSES_TIME:
		w->guest_lost_ns += (double)fault->for_ns;
		break;
	case SINK_STALL:
		sink_null_stall(w->sink, fault->for_ns);
		break;
	case SERVER_AWAY:
		sink_null_set_away(w->sink, fault->for_ns > 0, w->now);
		break;
	case PAUSE:
		w->pause_until = w->now + fault->for_ns;
		break;
	case SILENCE:
	case GUEST_STALL:
	case RECEIVER_STALL:
		w->blocked_until = w->now + fault->for_ns;
		break;
	}
}

static bool stalled(const struct world *w, int kind) {
	return w->now < w->blocked_until && w->fault > 0 &&
	       (int)w->faults[w->fault - 1].kind == kind;
}

static void world_step(struct world *w, uint64_t end) {
	uint64_t *next_packet = &w->next_packet;
	uint64_t next = end;
	bool receiver_stalled = stalled(w, RECEIVER_STALL);
	bool guest_stalled = stalled(w, GUEST_STALL);
	if (receiver_stalled || guest_stalled) {
		next = deadline_first(next, w->blocked_until);
	}
	if (!receiver_stalled && w->pickup > 0) {
		next = deadline_first(next, w->pickup);
	} else if (!receiver_stalled && !guest_stalled) {
		next = deadline_first(next, *next_packet);
	}
	if (!receiver_stalled) {
		next = deadline_first(next, playout_deadline(w->playout));
	}
	next = deadline_first(next, sink_null_deadline(w->sink));
	if (w->faults && w->faults[w->fault].at_ns) {
		next = deadline_first(next, START_NS + w->faults[w->fault].at_ns);
	}
	w->now = next > w->now ? next : w->now + 1000;
	w->rounds++;

	if (w->faults && w->faults[w->fault].at_ns &&
			w->now >= START_NS + w->faults[w->fault].at_ns) {
		start_fault(w);
	}
	sink_null_run(w->sink, w->now);
	if (stalled(w, RECEIVER_STALL)) {
		return;
	}
	const uint64_t due = playout_due(w->playout);
	if (w->now < w->pickup && !(due && due <= w->now)) {
		return; /* they wait in the socket */
	}
	w->pickups += *next_packet <= w->now;
	while (!stalled(w, GUEST_STALL) && *next_packet <= w->now) {
		/* A guest that stalled sends its backlog at once; a receiver that stalled finds
		 * what came with the kernel's times. */
		bool backlog = w->blocked_until && *next_packet < w->blocked_until &&
			       w->faults[w->fault - 1].kind == GUEST_STALL;
		send(w, backlog ? w->blocked_until : *next_packet);
		*next_packet = (uint64_t)(sent_ns(w, w->packet) + next_random(w) * w->jitter_ns);
	}
	const uint64_t tick = playout_due(w->playout);
	if (tick && tick <= w->now) {
		playout_tick(w->playout, w->now);
	}
	w->pickup = playout_pickup(w->playout, w->now);
	struct playout_stats stats;
	playout_get_stats(w->playout, w->now, &stats);
	if (w->now > START_NS + (uint64_t)(w->settle_s * 1e9)) {
		w->max_rate_ppm = fmax(w->max_rate_ppm, fabs(stats.rate_ppm));
	}
}

static void world_begin(struct world *w) {
	if (w->format.rate == 0) {
		w->format = (struct scream_format){ RATE, 16, 2, 3 };
	}
	const struct sink_null_config config = {
		.rate = RATE,
		.block_frames = w->quantum ? w->quantum : 240,
		.quantum_frames = w->quantum,
		.ppm = w->sink_ppm,
		.idle_ns = w->idle_ns,
		.start_ns = w->start_ns,
		.heard = heard,
		.data = w,
	};
	w->now = START_NS;
	w->random = w->seed ? w->seed : 12345;
	w->latency_min = HUGE_VAL;
	if (w->settle_s == 0) {
		w->settle_s = 5;
	}
	CHECK(sink_null_create(&w->sink, &config) == 0);
	CHECK(playout_create(&w->playout, &w->config, w->sink) == 0);
	playout_set_reliable(w->playout, w->reliable);
	w->next_packet = (uint64_t)sent_ns(w, 0);
}

static void world_until(struct world *w, uint64_t end) {
	while (w->now < end) {
		world_step(w, end);
	}
}

static void world_run(struct world *w) {
	world_begin(w);
	world_until(w, START_NS + (uint64_t)(w->seconds * 1e9));
}

static void world_end(struct world *w) {
	playout_destroy(w->playout);
	w->sink->ops->destroy(w->sink);
}

static double mean_ms(const struct world *w) {
	return w->latency_count ? w->latency_ns_sum / (double)w->latency_count * 1e-6 : -1;
}

static void tell(const char *name, const struct world *w) {
	struct playout_stats s;
	playout_get_stats(w->playout, w->now, &s);
	printf("%-34s heard %.2f ms (%.2f..%.2f, last %.2f), told %.2f, target %.1f, glitches %u, "
	       "silence %.1f ms (longest %.1f), source %+.0f sink %+.0f rate %+.0f (most %.0f) ppm, "
	       "underruns %llu, skips %llu, gaps %llu, lost %llu, dropped %llu\n",
			name, mean_ms(w), w->latency_min * 1e-6, w->latency_max * 1e-6,
			w->latency_last * 1e-6, s.latency_us * 1e-3, s.target_us * 1e-3,
			w->glitches, (double)w->silence_frames / 48, (double)w->gap_longest / 48,
			s.source_ppm, s.sink_ppm, s.rate_ppm, w->max_rate_ppm,
			(unsigned long long)s.underruns, (unsigned long long)s.skips,
			(unsigned long long)s.gaps, (unsigned long long)s.lost,
			(unsigned long long)s.dropped);
}
