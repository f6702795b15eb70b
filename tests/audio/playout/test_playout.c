/* The drift loop against made-up clocks. PG_LONG=1: the same for as long as the figures are stated
 * for. */
#include "tests/support/sound_world.h"

static double seconds(double normal, double full) {
	return getenv("PG_LONG") ? full : normal;
}

/* ---- the tests ---- */

#define CHECK_THAT(condition, name, world)                    \
	do {                                                  \
		if (!(condition)) {                           \
			tell(name, world);                    \
			fail_msg("%s: %s", name, #condition); \
		}                                             \
	} while (0)

static void drift_is_held(void **state) {
	(void)state;
	static const struct {
		double ppm, sink_ppm, burst_ns;
		unsigned latency_ms;
		bool only_long;
	} cases[] = {
		{ 300, 150, 0, 40, false },
		{ -300, 150, 0, 40, false },
		{ 300, -150, 10e6, 40, false },
		{ 0, 0, 0, 40, true },
		{ -300, 150, 15.6e6, 40, true },
		{ 300, 150, 0, 20, true },
		/* Timers that are a little slow for the packets: later and later, then two at once.
		 */
		{ 0, 150, 6.1e6, 40, false },
		{ 0, 150, 6.05e6, 40, true },
		{ 0, 150, 12.1e6, 40, true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (cases[i].only_long && !getenv("PG_LONG")) {
			continue;
		}
		struct world *w = calloc(1, sizeof *w);
		w->guest_ppm = cases[i].ppm;
		w->sink_ppm = cases[i].sink_ppm;
		w->burst_ns = cases[i].burst_ns;
		w->jitter_ns = 300e3;
		w->config.latency_ms = cases[i].latency_ms;
		w->seconds = seconds(25, 200);
		world_run(w);
		char name[64];
		snprintf(name, sizeof name, "%+.0f ppm, burst %.1f, target %u", cases[i].ppm,
				cases[i].burst_ns * 1e-6, cases[i].latency_ms);
		tell(name, w);
		struct playout_stats s;
		playout_get_stats(w->playout, w->now, &s);
		CHECK_THAT(fabs(mean_ms(w) - cases[i].latency_ms) < 1.5, name, w);
		CHECK_THAT(fabs(s.latency_us * 1e-3 - mean_ms(w)) < 2, name, w);
		CHECK_THAT(w->glitches == 0 && w->silence_frames == 0 && s.lost == 0, name, w);
		CHECK_THAT(fabs(s.sink_ppm - cases[i].sink_ppm) < 10, name, w);
		CHECK_THAT(w->max_rate_ppm < 2000, name, w);
		world_end(w);
		free(w);
	}
}

/* QEMU sends 480 frames when a timer of 10 ms fires, each 10.2 ms as measured: blocks come later
 * and later, and twice a second there are two of them. */
static void a_slow_timer_is_no_loss(void **state) {
	(void)state;
	for (unsigned latency_ms = 0; latency_ms <= 60; latency_ms += 60) {
		struct world *w = calloc(1, sizeof *w);
		w->frames = 480;
		w->burst_ns = 10.2e6;
		w->reliable = true;
		w->jitter_ns = 300e3;
		w->config.latency_ms = latency_ms;
		w->settle_s = 10;
		w->seconds = seconds(40, 200);
		world_run(w);
		struct playout_stats s;
		playout_get_stats(w->playout, w->now, &s);
		const char *name = latency_ms ? "a slow timer, 60 ms" : "a slow timer, auto";
		tell(name, w);
		CHECK_THAT(w->glitches == 0 && w->silence_frames == 0 && s.lost == 0, name, w);
		CHECK_THAT(fabs(mean_ms(w) - s.target_us * 1e-3) < 3, name, w);
		CHECK_THAT(fabs(s.latency_us * 1e-3 - mean_ms(w)) < 3, name, w);
		CHECK_THAT(w->max_rate_ppm < 1500, name, w);
		world_end(w);
		free(w);
	}
}

static void the_target_adapts(void **state) {
	(void)state;
	struct world *w = calloc(1, sizeof *w);
	w->jitter_ns = 300e3;
	w->seconds = seconds(20, 300);
	world_run(w);
	struct playout_stats s;
	playout_get_stats(w->playout, w->now, &s);
	tell("auto, even", w);
	CHECK_THAT(s.target_us < 24.5e3 && s.target_us >= 10e3 && w->glitches == 0, "auto, even",
			w);
	double even_us = s.target_us;
	world_end(w);
	memset(w, 0, sizeof *w);
	w->burst_ns = 40e6;
	w->jitter_ns = 2e6;
	w->seconds = 20;
	w->settle_s = 10;
	world_run(w);
	playout_get_stats(w->playout, w->now, &s);
	tell("auto, bursts of 40 ms", w);
	CHECK_THAT(s.target_us > even_us + 8e3 && s.target_us < 60e3, "bursts", w);
	CHECK_THAT(w->glitches == 0, "bursts", w);
	world_end(w);
	free(w);
}

/* The panel's delay, while it plays: what is heard follows, with one resync each. */
static void the_target_is_changed(void **state) {
	(void)state;
	static const struct {
		unsigned ms;
		double until_s;
	} steps[] = { { 100, 40 }, { 40, 70 } };
	struct world *w = calloc(1, sizeof *w);
	w->jitter_ns = 300e3;
	world_begin(w);
	world_until(w, START_NS + 10 * (uint64_t)1e9);
	for (unsigned i = 0; i < 2; i++) {
		playout_set_latency(w->playout, steps[i].ms);
		world_until(w, START_NS + (uint64_t)(steps[i].until_s * 1e9));
		struct playout_stats s;
		playout_get_stats(w->playout, w->now, &s);
		tell("changed while it plays", w);
		CHECK_THAT(fabs(s.target_us - steps[i].ms * 1e3) < 1, "target", w);
		CHECK_THAT(fabs(w->latency_last * 1e-6 - steps[i].ms) < 3, "heard", w);
	}
	playout_set_latency(w->playout, 0);
	world_until(w, START_NS + 100 * (uint64_t)1e9);
	struct playout_stats s;
	playout_get_stats(w->playout, w->now, &s);
	CHECK_THAT(s.target_us < 39e3, "adapts again", w);
	CHECK_THAT(w->glitches <= 2, "glitches", w);
	world_end(w);
	free(w);
}

/* Packets are left waiting for one another only where enough is in flight: a wake-up that is late
 * by what an adapting target allows for is not heard. */
static void packets_are_picked_up_together(void **state) {
	(void)state;
	static struct fault late[40];
	for (unsigned i = 0; i < 39; i++) {
		late[i] = (struct fault){ (uint64_t)(8e9 + i * 0.5007e9), RECEIVER_STALL,
			5 * MS / 2 };
	}
	static const struct {
		const char *name;
		struct scream_format format;
		unsigned latency_ms;
		bool saves_power;
		double burst_ns;
		double each_time[2]; /* packets, at least and at most */
		double more_ms[2];   /* of target than the first adapting one */
	} cases[] = {
		{ "40 ms", { RATE, 16, 2, 3 }, 40, false, 0, { 1.8, 2.1 }, { 0, 99 } },
		{ "15 ms: no room", { RATE, 16, 2, 3 }, 15, false, 0, { 1, 1.1 }, { -99, 0 } },
		{ "auto", { RATE, 16, 2, 3 }, 0, false, 0, { 1, 1.1 }, { 0, 0 } },
		{ "auto, saves_power", { RATE, 16, 2, 3 }, 0, true, 0, { 2.8, 3.1 }, { 11, 13.5 } },
		{ "auto, saves_power, short packets", { RATE, 32, 2, 3 }, 0, true, 0, { 4.5, 5.1 },
				{ 10, 13 } },
		{ "auto, saves_power, 44.1 kHz", { 44100, 16, 2, 3 }, 0, true, 0, { 2.8, 3.1 },
				{ 11, 14.5 } },
		{ "40 ms, bursts", { RATE, 16, 2, 3 }, 40, false, 10.02e6, { 1.4, 1.8 },
				{ 0, 99 } },
		{ "auto, bursts", { RATE, 16, 2, 3 }, 0, false, 10.02e6, { 1.4, 1.8 }, { 1, 8 } },
		{ "auto, saves_power, bursts", { RATE, 16, 2, 3 }, 0, true, 10.02e6, { 3.0, 3.5 },
				{ 11, 18 } },
		/* So few that there is nothing to save: it costs no latency. */
		{ "auto, long bursts", { RATE, 16, 2, 3 }, 0, false, 15.6e6, { 2.4, 2.8 },
				{ 1, 12 } },
		{ "auto, saves_power, long bursts", { RATE, 16, 2, 3 }, 0, true, 15.6e6,
				{ 2.4, 2.8 }, { 1, 12 } },
	};
	double adapted_us = 0;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world *w = calloc(1, sizeof *w);
		w->format = cases[i].format;
		w->config.latency_ms = cases[i].latency_ms;
		w->config.saves_power = cases[i].saves_power;
		w->burst_ns = cases[i].burst_ns;
		w->guest_ppm = 200;
		w->jitter_ns = w->burst_ns > 0 ? 0 : 200e3;
		w->faults = late;
		w->settle_s = 7;
		w->seconds = w->config.latency_ms > 0 ? 28 : 120;
		world_run(w);
		tell(cases[i].name, w);
		struct playout_stats s;
		playout_get_stats(w->playout, w->now, &s);
		const double each = (double)s.packets / w->pickups;
		if (each < cases[i].each_time[0] || each > cases[i].each_time[1]) {
			fail_msg("%s: %.2f packets at a time", cases[i].name, each);
		}
		CHECK_THAT(w->rounds < 600 * w->seconds, cases[i].name, w);
		if (w->format.rate == RATE) { /* what the tone's judge knows */
			CHECK_THAT(w->glitches == 0 && w->silence_frames == 0, cases[i].name, w);
		}
		CHECK_THAT(s.underruns == 0 && s.skips == 0 && s.gaps == 0, cases[i].name, w);
		CHECK_THAT(fabs(s.latency_us - s.target_us) < 1.5e3, cases[i].name, w);
		if (cases[i].latency_ms == 0) {
			adapted_us = adapted_us > 0 ? adapted_us : s.target_us;
			const double more_ms = (s.target_us - adapted_us) * 1e-3;
			if (more_ms < cases[i].more_ms[0] || more_ms > cases[i].more_ms[1]) {
				fail_msg("%s: a target %.1f ms higher", cases[i].name, more_ms);
			}
		}
		world_end(w);
		free(w);
	}
}

/* Back within 5 ms of the target 2 s after each of the faults, which come 10 s apart. */
static void check_recovery(const char *name, const struct fault *faults, double within_s) {
	struct world *w = calloc(1, sizeof *w);
	w->guest_ppm = 300;
	w->sink_ppm = 150;
	w->jitter_ns = 300e3;
	w->config.latency_ms = 40;
	w->faults = faults;
	w->seconds = 0;
	for (const struct fault *f = faults; f->at_ns; f++) {
		w->seconds = (double)f->at_ns * 1e-9 + within_s + 1;
	}
	world_run(w);
	tell(name, w);
	CHECK_THAT(w->rounds < 600 * w->seconds, name, w); /* or it looked without waiting */
	for (const struct fault *f = faults; f->at_ns; f++) {
		unsigned slot = (unsigned)(((double)f->at_ns * 1e-9 + within_s) * 10);
		for (unsigned i = slot; i < slot + 5; i++) {
			if (w->latency_at[i] == 0 || fabs(w->latency_at[i] * 1e-6 - 40) > 5) {
				fail_msg("%s: %.1f ms at %.1f s", name, w->latency_at[i] * 1e-6,
						i * 0.1);
			}
		}
	}
	world_end(w);
	free(w);
}

static void stalls_leave_no_trace(void **state) {
	(void)state;
	check_recovery("guest stalls",
			(const struct fault[]){ { 6 * NS_PER_S, GUEST_STALL, 150 * MS },
					{ 10 * NS_PER_S, GUEST_STALL, 150 * MS },
					{ 14 * NS_PER_S, GUEST_STALL, 30 * MS },
					{ 18 * NS_PER_S, GUEST_STALL, 400 * MS }, { 0 } },
			2);
	check_recovery("receiver stalls",
			(const struct fault[]){ { 6 * NS_PER_S, RECEIVER_STALL, 100 * MS },
					{ 10 * NS_PER_S, RECEIVER_STALL, 20 * MS },
					{ 14 * NS_PER_S, RECEIVER_STALL, 300 * MS }, { 0 } },
			2);
	check_recovery("guest loses time",
			(const struct fault[]){ { 6 * NS_PER_S, GUEST_LOSES_TIME, 150 * MS },
					{ 10 * NS_PER_S, GUEST_LOSES_TIME, 3000 * MS }, { 0 } },
			3);
	check_recovery("guest loses a little time",
			(const struct fault[]){ { 6 * NS_PER_S, GUEST_LOSES_TIME, 20 * MS },
					{ 12 * NS_PER_S, GUEST_LOSES_TIME, 9 * MS }, { 0 } },
			5);
	check_recovery("sink stalls",
			(const struct fault[]){ { 6 * NS_PER_S, SINK_STALL, 100 * MS },
					{ 10 * NS_PER_S, SINK_STALL, 60 * MS }, { 0 } },
			2);
}

static double heard_after_ms(const struct world *w, double seconds) {
	return w->latency_at[(unsigned)(seconds * 10)] * 1e-6;
}

/* What a device that begins late, or a server that stands still, leaves in flight is soon gone, and
 * nobody hears how. */
static void latency_is_regained_unheard(void **state) {
	(void)state;
	for (unsigned quantum = 128; quantum <= 1024; quantum *= 2) {
		struct world *w = calloc(1, sizeof *w);
		w->quantum = quantum;
		w->start_ns = 20 * MS;
		w->jitter_ns = 300e3;
		w->sink_ppm = 100;
		w->config.latency_ms = 40;
		w->settle_s = 0.5;
		w->faults = (const struct fault[]){ { 10 * NS_PER_S, SINK_STALL, 25 * MS }, { 0 } };
		w->seconds = 16.5;
		world_run(w);
		char name[40];
		snprintf(name, sizeof name, "a stop of 25 ms, steps of %u", quantum);
		tell(name, w);
		CHECK_THAT(heard_after_ms(w, 0.5) > 50 && heard_after_ms(w, 10.2) > 60, name, w);
		CHECK_THAT(fabs(heard_after_ms(w, 3) - 40) < 3, name, w);
		CHECK_THAT(fabs(heard_after_ms(w, 16) - 40) < 4, name, w);
		CHECK_THAT(w->glitches == 0 && w->silence_frames == 0, name, w);
		CHECK_THAT(w->max_rate_ppm < 2001, name, w);
		world_end(w);
		free(w);
	}
}

static void loss_is_bridged(void **state) {
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct world *w = calloc(1, sizeof *w);
		w->seed = 12345 + (uint64_t)(i / 2) * 7919;
		w->sink_ppm = 150;
		w->jitter_ns = 300e3;
		w->loss = 0.01;
		w->config.latency_ms = i & 1 ? 0 : 40;
		w->seconds = seconds(30, 200);
		world_run(w);
		const char *name = i & 1 ? "loss, auto" : "loss, 40 ms";
		tell(name, w);
		double lost_ms = 0.01 * w->seconds * 1e3;
		CHECK_THAT((double)w->silence_frames / 48 <= lost_ms, name, w);
		CHECK_THAT((double)w->gap_longest / 48 <= 14, name, w);
		/* Nothing that was lost may be taken for time that has passed, or made up. */
		CHECK_THAT(i & 1 || fabs(mean_ms(w) - 40) < 2.5, name, w);
		world_end(w);
		free(w);
	}
}

/* An emulated card breaks the sound itself: that is heard as it is sent, and no more. */
static void breaks_of_the_guest_are_heard_once(void **state) {
	(void)state;
	struct world *w = calloc(1, sizeof *w);
	struct playout_stats s;
	w->reliable = true;
	w->frames = 480;
	w->burst_ns = 10e6;
	w->jitter_ns = 5e6;
	w->broken_each = 30; /* of 10 ms each: one left out, one empty, two again */
	w->seconds = seconds(23, 203);
	world_run(w);
	tell("a card that breaks the sound", w);
	playout_get_stats(w->playout, w->now, &s);
	/* Two packets that come again begin and end. */
	const double sent = (w->seconds - w->settle_s) / 0.9 * 4;
	printf("%.0f breaks sent, %u heard\n", sent, w->glitches);
	CHECK_THAT(fabs(w->glitches - sent) <= 2, "breaks", w);
	CHECK_THAT(s.underruns == 0 && s.gaps == 0 && s.skips == 0, "breaks", w);
	world_end(w);
	free(w);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drift_is_held),
		cmocka_unit_test(a_slow_timer_is_no_loss),
		cmocka_unit_test(the_target_adapts),
		cmocka_unit_test(the_target_is_changed),
		cmocka_unit_test(packets_are_picked_up_together),
		cmocka_unit_test(stalls_leave_no_trace),
		cmocka_unit_test(latency_is_regained_unheard),
		cmocka_unit_test(loss_is_bridged),
		cmocka_unit_test(breaks_of_the_guest_are_heard_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
