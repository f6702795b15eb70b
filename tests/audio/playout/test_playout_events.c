/* Every state of the playout with every event of the server, pair by pair; the watch; and sounds
 * that begin after pauses. What is heard is judged by the made-up world. */
#include "tests/support/sound_world.h"

#define TARGET_MS 40

enum event {
	READY_AGAIN, /* the server comes back */
	GONE,
	KILLED, /* gone, and at once there again */
	MOVED,
	SUSPENDED,
	RESUMED,
	PERIOD,
	STUCK,
	STUCK_FOR_GOOD,
	EVENTS,
};

static const char *const state_names[] = { "idle", "opening", "corked", "syncing", "playing", "gap",
	"suspended" };
static const char *const event_names[] = { "ready", "gone", "killed", "moved", "suspended",
	"resumed", "period", "stuck", "stuck for good" };

/* The state just after the event; sound comes again from all of them. */
static const enum playout_state expected[][EVENTS] = {
#define I PLAYOUT_IDLE
#define O PLAYOUT_OPENING
#define C PLAYOUT_CORKED
#define S PLAYOUT_SYNCING
#define P PLAYOUT_PLAYING
#define G PLAYOUT_GAP
#define H PLAYOUT_SUSPENDED
	/*                      ready gone kill moved susp resum period stuck for good */
	[PLAYOUT_IDLE] = { I, I, I, I, I, I, I, I, I },
	[PLAYOUT_OPENING] = { S, O, S, O, O, O, O, O, O },
	[PLAYOUT_CORKED] = { C, O, C, C, C, C, C, C, C },
	[PLAYOUT_SYNCING] = { S, O, C, S, H, S, S, S, S },
	[PLAYOUT_PLAYING] = { P, O, C, S, H, P, P, P, P },
	[PLAYOUT_GAP] = { G, O, C, S, H, G, G, G, G },
	[PLAYOUT_SUSPENDED] = { H, O, C, O, H, O, H, H, H },
};

static enum playout_state state_of(const struct world *w) {
	return playout_state(w->playout);
}

static void run_for(struct world *w, uint64_t ns) {
	world_until(w, w->now + ns);
}

static void pause_guest(struct world *w, uint64_t ns) {
	w->pause_until = w->now + ns;
}

/* Brings it there, packets coming or not as the state has it. */
static void reach(struct world *w, enum playout_state state) {
	switch (state) {
	case PLAYOUT_IDLE:
		pause_guest(w, 100 * NS_PER_S);
		run_for(w, 100 * MS);
		break;
	case PLAYOUT_OPENING:
		sink_null_set_away(w->sink, true, w->now);
		run_for(w, 100 * MS);
		break;
	case PLAYOUT_CORKED:
		run_for(w, 6 * NS_PER_S);
		pause_guest(w, 100 * NS_PER_S);
		run_for(w, 4 * NS_PER_S);
		break;
	case PLAYOUT_SYNCING:
		while (state_of(w) != PLAYOUT_SYNCING) {
			run_for(w, MS);
		}
		break;
	case PLAYOUT_PLAYING:
		run_for(w, 6 * NS_PER_S);
		break;
	case PLAYOUT_GAP:
		run_for(w, 6 * NS_PER_S);
		pause_guest(w, 100 * NS_PER_S);
		run_for(w, 150 * MS);
		break;
	case PLAYOUT_SUSPENDED:
		run_for(w, 6 * NS_PER_S);
		sink_null_suspend(w->sink, true);
		run_for(w, 300 * MS);
		break;
	}
	if (state_of(w) != state) {
		fail_msg("%s was not reached: %s", state_names[state], state_names[state_of(w)]);
	}
}

static void happen(struct world *w, enum event event) {
	switch (event) {
	case READY_AGAIN:
		sink_null_set_away(w->sink, false, w->now);
		break;
	case GONE:
		sink_null_set_away(w->sink, true, w->now);
		break;
	case KILLED:
		sink_null_set_away(w->sink, true, w->now);
		sink_null_run(w->sink, w->now);
		sink_null_set_away(w->sink, false, w->now);
		break;
	case MOVED:
		sink_null_move(w->sink, 400);
		break;
	case SUSPENDED:
	case RESUMED:
		sink_null_suspend(w->sink, event == SUSPENDED);
		break;
	case PERIOD:
		sink_null_set_quantum(w->sink, 1024);
		break;
	case STUCK:
	case STUCK_FOR_GOOD:
		sink_null_stick(w->sink,
				event == STUCK ? STUCK_UNTIL_UNCORKED : STUCK_UNTIL_OPENED);
		break;
	case EVENTS:
		break;
	}
	sink_null_run(w->sink, w->now);
}

static double last_latency_ms(const struct world *w, unsigned slots) {
	double sum = 0;
	for (unsigned i = w->slot - slots; i < w->slot; i++) {
		if (w->latency_at[i] == 0) {
			return 0;
		}
		sum += w->latency_at[i];
	}
	return sum / slots * 1e-6;
}

/* The device is well again, the guest plays: 25 s later what it should be is heard, but for what
 * the beginning held back. */
static void check_that_it_plays(struct world *w, const char *state, const char *event) {
	char name[100];
	snprintf(name, sizeof name, "%s, %s", state, event);
	sink_null_set_away(w->sink, false, w->now);
	sink_null_suspend(w->sink, false);
	w->pause_until = 0;
	if (IS_SANITIZED) { /* which sees more of the code, not of the sound */
		run_for(w, 10 * NS_PER_S);
		assert_int_equal(state_of(w), PLAYOUT_PLAYING);
		return;
	}
	run_for(w, 25 * NS_PER_S);
	const double held_ms = last_latency_ms(w, 15) - TARGET_MS;
	run_for(w, held_ms > 4 && held_ms < 120 ? (uint64_t)(held_ms / 2 * 1.1e9) : 0);
	const uint64_t silent = w->silence_frames;
	run_for(w, 2 * NS_PER_S);
	const double ms = last_latency_ms(w, 15);
	if (state_of(w) != PLAYOUT_PLAYING || w->silence_frames != silent || ms < TARGET_MS - 5 ||
			ms > TARGET_MS + 8) {
		tell(name, w);
		fail_msg("%s: %s, %.1f ms heard", name, state_names[state_of(w)], ms);
	}
}

static void each_pair_is_answered(void **test) {
	(void)test;
	for (enum playout_state state = PLAYOUT_IDLE; state <= PLAYOUT_SUSPENDED; state++) {
		for (enum event event = 0; event < EVENTS; event++) {
			struct world *w = calloc(1, sizeof *w);
			w->jitter_ns = 300e3;
			w->config.latency_ms = TARGET_MS;
			world_begin(w);
			reach(w, state);
			happen(w, event);
			if (state_of(w) != expected[state][event]) {
				fail_msg("%s, %s: %s instead of %s", state_names[state],
						event_names[event], state_names[state_of(w)],
						state_names[expected[state][event]]);
			}
			run_for(w, 700 * MS);
			check_that_it_plays(w, state_names[state], event_names[event]);
			world_end(w);
			free(w);
		}
	}
}

/* PulseAudio as distributions ship it: a device that nothing plays to is suspended after 5 s, and
 * wakes up for who uncorks a stream. */
static void a_device_that_sleeps_wakes_up(void **test) {
	(void)test;
	for (int zeros = 0; zeros < 2; zeros++) {
		struct world *w = calloc(1, sizeof *w);
		w->config.latency_ms = TARGET_MS;
		w->idle_ns = 5 * NS_PER_S;
		world_begin(w);
		run_for(w, 3 * NS_PER_S);
		if (zeros) {
			w->zeros = true;
		} else {
			pause_guest(w, 12 * NS_PER_S);
		}
		run_for(w, 20 * NS_PER_S);
		w->zeros = false;
		check_that_it_plays(
				w, zeros ? "zeros for 20 s" : "nothing for 12 s", "sound again");
		world_end(w);
		free(w);
	}
}

/* A user suspends it: that is told while the guest plays, and forgotten when it does not. */
static void a_suspended_device_is_told(void **test) {
	(void)test;
	struct world *w = calloc(1, sizeof *w);
	w->config.latency_ms = TARGET_MS;
	world_begin(w);
	reach(w, PLAYOUT_CORKED);
	sink_null_suspend(w->sink, true);
	run_for(w, NS_PER_S);
	assert_int_equal(state_of(w), PLAYOUT_CORKED);
	w->pause_until = 0;
	run_for(w, 2 * NS_PER_S);
	assert_int_equal(state_of(w), PLAYOUT_SUSPENDED);
	run_for(w, 60 * NS_PER_S);
	assert_int_equal(state_of(w), PLAYOUT_SUSPENDED);
	pause_guest(w, 3 * NS_PER_S);
	run_for(w, 2500 * MS);
	assert_int_equal(state_of(w), PLAYOUT_IDLE);
	check_that_it_plays(w, "suspended by hand", "and on again");
	world_end(w);
	free(w);
}

static unsigned opened;

static void (*real_open)(struct sink *sink, const struct sink_format *format);

static void count_open(struct sink *sink, const struct sink_format *format) {
	opened++;
	real_open(sink, format);
}

/* Nothing that is done about a server that plays nothing is done without end. */
static void the_watch_is_patient(void **test) {
	(void)test;
	struct world *w = calloc(1, sizeof *w);
	struct playout_stats stats;
	w->config.latency_ms = TARGET_MS;
	world_begin(w);
	reach(w, PLAYOUT_PLAYING);
	struct sink_ops ops = *w->sink->ops;
	real_open = ops.open;
	ops.open = count_open;
	w->sink->ops = &ops;
	opened = 0;
	sink_null_stick(w->sink, STUCK_ALWAYS);
	run_for(w, 120 * NS_PER_S);
	playout_get_stats(w->playout, w->now, &stats);
	assert_int_equal(stats.trouble, PLAYOUT_STUCK);
	CHECK(opened >= 2 && opened <= 6);
	world_end(w);
	free(w);
}

static double heard_ms(struct world *w) {
	return (double)w->tone_frames * 1000 / RATE;
}

/* Nothing of a sound that follows silence is lost, and what it costs in latency is regained. */
static void short_sounds_are_heard_whole(void **test) {
	(void)test;
	static const unsigned pauses_ms[] = { 700, 1500, 3000, 8000, 12000, 35000 };
	const size_t pauses = IS_SANITIZED ? 3 : sizeof pauses_ms / sizeof *pauses_ms;
	static const unsigned lengths_ms[] = { 60, 102, 300 };
	for (unsigned quantum = 0; quantum <= 1024; quantum += 1024) {
		struct world *w = calloc(1, sizeof *w);
		w->quantum = quantum;
		w->idle_ns = 5 * NS_PER_S;
		world_begin(w);
		for (size_t i = 0; i < pauses; i++) {
			for (size_t k = 0; k < sizeof lengths_ms / sizeof *lengths_ms; k++) {
				pause_guest(w, pauses_ms[i] * MS);
				run_for(w, pauses_ms[i] * MS);
				const double before = heard_ms(w);
				run_for(w, lengths_ms[k] * MS);
				pause_guest(w, 500 * MS);
				run_for(w, 500 * MS);
				const double heard = heard_ms(w) - before;
				/* The end of it is carried on for up to 18 ms, then fades. */
				if (heard < lengths_ms[k] - 8 || heard > lengths_ms[k] + 36) {
					fail_msg("quantum %u: of %u ms after a pause of %u ms, %.1f "
						 "were heard",
							quantum, lengths_ms[k], pauses_ms[i],
							heard);
				}
			}
		}
		world_end(w);
		free(w);
	}
}

/* Also the first of all, by when nobody has told how much the server takes at a time. */
static void the_first_sound_is_heard_whole(void **test) {
	(void)test;
	for (unsigned quantum = 256; quantum <= 4096; quantum *= 4) {
		struct world *w = calloc(1, sizeof *w);
		struct playout_stats stats;
		w->quantum = quantum;
		world_begin(w);
		pause_guest(w, 3 * NS_PER_S);
		playout_warm(w->playout, w->now);
		playout_get_stats(w->playout, w->now, &stats);
		CHECK(stats.warming);
		run_for(w, 3 * NS_PER_S);
		CHECK_EQ(heard_ms(w), 0);
		run_for(w, 300 * MS);
		playout_get_stats(w->playout, w->now, &stats);
		CHECK(!stats.warming);
		pause_guest(w, 700 * MS);
		run_for(w, 700 * MS);
		if (heard_ms(w) < 292 || heard_ms(w) > 340) {
			fail_msg("quantum %u: %.1f of 300 ms", quantum, heard_ms(w));
		}
		world_end(w);
		free(w);
	}
}

/* What came while a device began is in flight beside what was written before: less is, next time.
 */
static void a_device_that_begins_late_is_known(void **test) {
	(void)test;
	for (unsigned start_ms = 0; start_ms <= 30; start_ms += 10) {
		struct world *w = calloc(1, sizeof *w);
		struct playout_stats stats;
		double more_ms[3];
		w->quantum = 256;
		w->frames = 480;
		w->reliable = true;
		w->start_ns = start_ms * MS;
		world_begin(w);
		for (unsigned i = 0; i < 3; i++) {
			pause_guest(w, 4 * NS_PER_S);
			run_for(w, 4 * NS_PER_S);
			const double before = heard_ms(w);
			run_for(w, 400 * MS);
			playout_get_stats(w->playout, w->now, &stats);
			CHECK_EQ(stats.state, PLAYOUT_PLAYING);
			more_ms[i] = (stats.latency_us - stats.target_us) * 1e-3;
			pause_guest(w, 500 * MS);
			run_for(w, 500 * MS);
			CHECK(heard_ms(w) - before > 388);
		}
		printf("begins after %u ms: %.1f, %.1f, %.1f ms more than wanted in flight\n",
				start_ms, more_ms[0], more_ms[1], more_ms[2]);
		CHECK(more_ms[2] < start_ms * 0.4 + 4);
		CHECK(more_ms[2] > -4);
		world_end(w);
		free(w);
	}
}

/* Also in the first second that somebody listens; by when nobody would have begun before. */
static void the_first_second_is_heard_whole(void **test) {
	(void)test;
	struct world *w = calloc(1, sizeof *w);
	w->quantum = 1024;
	w->start_ns = 40 * MS;
	world_begin(w);
	pause_guest(w, 300 * MS);
	playout_listens(w->playout, w->now);
	playout_warm(w->playout, w->now);
	run_for(w, 300 * MS);
	run_for(w, 300 * MS);
	pause_guest(w, 700 * MS);
	run_for(w, 700 * MS);
	if (heard_ms(w) < 292) {
		fail_msg("%.1f of 300 ms", heard_ms(w));
	}
	world_end(w);
	free(w);
}

/* What the server takes at a time is followed: nothing is missing, what is told is heard. */
static void any_quantum_is_followed(void **test) {
	(void)test;
	static const unsigned quanta[] = { 32, 128, 256, 1024, 2048, 4096, 8192 };
	for (size_t i = 0; i < sizeof quanta / sizeof *quanta; i++) {
		struct world *w = calloc(1, sizeof *w);
		struct playout_stats stats;
		char name[40];
		w->quantum = quanta[i];
		w->jitter_ns = 300e3;
		w->settle_s = 15;
		w->seconds = IS_SANITIZED ? 17 : 40;
		world_run(w);
		snprintf(name, sizeof name, "quantum %u", quanta[i]);
		tell(name, w);
		playout_get_stats(w->playout, w->now, &stats);
		CHECK(w->glitches == 0 && w->silence_frames == 0);
		const double block_ms = quanta[i] * 1e3 / RATE;
		CHECK(stats.target_us * 1e-3 >= block_ms + 6);
		CHECK(fabs(stats.latency_us * 1e-3 - last_latency_ms(w, 8)) < 3);
		world_end(w);
		free(w);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pair_is_answered),
		cmocka_unit_test(a_device_that_sleeps_wakes_up),
		cmocka_unit_test(a_suspended_device_is_told),
		cmocka_unit_test(the_watch_is_patient),
		cmocka_unit_test(short_sounds_are_heard_whole),
		cmocka_unit_test(the_first_sound_is_heard_whole),
		cmocka_unit_test(a_device_that_begins_late_is_known),
		cmocka_unit_test(the_first_second_is_heard_whole),
		cmocka_unit_test(any_quantum_is_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
