#include "tests/support/check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "client/video/frame_predictor.h"

struct result {
	unsigned looks;
	unsigned prompt; /* frames seen within 100 us */
	double mean_us, worst_us;
};

/* Frames at the given times; looks where the frame_predictor says. A sleep takes 50 us longer than
 * asked. Each `blocked`th time the CPU is the producer's until 1.6 ms after a frame that came
 * meanwhile.
 */
static struct result simulate_blocked(struct frame_predictor *frame_predictor,
		const uint64_t *frames, unsigned count, unsigned blocked) {
	struct result result = { 0 };
	unsigned chances = 0;
	uint64_t now_ns = frames[0];
	unsigned next = 0;
	double sum = 0;
	while (next < count) {
		result.looks++;
		while (next < count && frames[next] <= now_ns) {
			const double late = (double)(now_ns - frames[next]) / 1e3;
			if (next >= count / 4) { /* learned by then */
				sum += late;
				result.prompt += late < 100;
				result.worst_us = late > result.worst_us ? late : result.worst_us;
			}
			frame_predictor_frame(frame_predictor, now_ns);
			next++;
		}
		const uint64_t at_ns = frame_predictor_next(frame_predictor, now_ns);
		CHECK(at_ns > now_ns);
		now_ns = at_ns + 50 * NS_PER_US;
		if (blocked && next < count && frames[next] <= now_ns &&
				frames[next] + NS_PER_MS > now_ns && ++chances % blocked == 0) {
			now_ns = frames[next] + 1600 * NS_PER_US;
		}
	}
	result.mean_us = sum / (count - count / 4);
	return result;
}

static struct result simulate(
		struct frame_predictor *frame_predictor, const uint64_t *frames, unsigned count) {
	return simulate_blocked(frame_predictor, frames, count, 0);
}

#define FRAMES 1200

static uint64_t *regular(double hz, unsigned jitter_us) {
	uint64_t *frames = calloc(FRAMES, sizeof *frames);
	unsigned seed = 1;
	for (unsigned i = 0; i < FRAMES; i++) {
		seed = seed * 1103515245 + 12345;
		frames[i] = NS_PER_S + (uint64_t)(i * 1e9 / hz) +
			    (jitter_us ? seed / 65536 % jitter_us * NS_PER_US : 0);
	}
	return frames;
}

static void regular_frames_are_met(void **state) {
	(void)state;
	static const double rates[] = { 30, 59.94, 60, 120, 144, 240 };
	for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
		uint64_t *frames = regular(rates[i], 40);
		struct frame_predictor phase, plain;
		frame_predictor_init(&phase, false, 0);
		frame_predictor_init(&plain, true, 0);
		const struct result a = simulate(&phase, frames, FRAMES);
		const struct result b = simulate(&plain, frames, FRAMES);
		CHECK(a.mean_us < 60);
		CHECK(b.mean_us > 300);
		CHECK(rates[i] > 100 || a.looks < b.looks);
		/* Some around the moment at which it is due, and one each 8 ms before. */
		CHECK(a.looks < FRAMES * (3 + 1000 / rates[i] / 8));
		free(frames);
	}
}

/* Frames that come anywhere in a millisecond are not looked for each 30 us of it. */
static void uneven_frames_cost_few_looks(void **state) {
	(void)state;
	uint64_t *frames = regular(60, 1000);
	struct frame_predictor frame_predictor;
	frame_predictor_init(&frame_predictor, false, 0);
	const struct result result = simulate(&frame_predictor, frames, FRAMES);
	print_message("mean %.0f us in %u looks\n", result.mean_us, result.looks);
	CHECK(result.mean_us < 120 && result.looks < FRAMES * 7);
	free(frames);
}

static void irregular_frames_cost_no_more(void **state) {
	(void)state;
	uint64_t *frames = regular(90, 9000);
	struct frame_predictor phase, plain;
	frame_predictor_init(&phase, false, 0);
	frame_predictor_init(&plain, true, 0);
	const struct result a = simulate(&phase, frames, FRAMES);
	const struct result b = simulate(&plain, frames, FRAMES);
	CHECK(a.mean_us < b.mean_us * 1.2);
	CHECK(a.looks < b.looks * 2);
	free(frames);
}

static void another_rate_is_learned(void **state) {
	(void)state;
	uint64_t *frames = calloc(FRAMES, sizeof *frames);
	uint64_t at_ns = NS_PER_S;
	for (unsigned i = 0; i < FRAMES; i++) {
		frames[i] = at_ns;
		at_ns += i < FRAMES / 8 ? 33333333 : i < FRAMES / 6 ? 8333333 : 16666666;
	}
	struct frame_predictor frame_predictor;
	frame_predictor_init(&frame_predictor, false, 0);
	CHECK(simulate(&frame_predictor, frames, FRAMES).mean_us < 60);
	free(frames);
}

/* Whatever was learned first, the true period is found: none of them holds by every third frame, or
 * because frames come when every second or eighth is due. */
static void a_wrong_period_is_given_up(void **state) {
	(void)state;
	static const double wrong[] = { 1.5, 0.75, 1.25, 2, 0.6, 1.4, 0.5, 0.334, 0.25, 0.126,
		0.24 };
	uint64_t *right = regular(60, 40);
	struct frame_predictor learned;
	frame_predictor_init(&learned, false, 0);
	const unsigned looks = simulate(&learned, right, FRAMES).looks;
	free(right);
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		uint64_t *frames = regular(60, 40);
		struct frame_predictor frame_predictor;
		frame_predictor_init(&frame_predictor, false, 0);
		frame_predictor_frame(
				&frame_predictor, frames[0] - (uint64_t)(wrong[i] * 1e9 / 60));
		const struct result result = simulate(&frame_predictor, frames, FRAMES);
		print_message("first %.3f of the period: mean %.0f us in %u looks, %u where it is right\n",
				wrong[i], result.mean_us, result.looks, looks);
		CHECK(result.mean_us < 60);
		CHECK(result.looks < looks * 11 / 10);
		free(frames);
	}
}

/* A film at half the rate now and then: the way back is found within some frames. */
static void half_the_rate_comes_and_goes(void **state) {
	(void)state;
	uint64_t *frames = calloc(FRAMES, sizeof *frames);
	uint64_t at_ns = NS_PER_S;
	for (unsigned i = 0; i < FRAMES; i++) {
		frames[i] = at_ns;
		at_ns += i / 60 % 2 ? 33333333 : 16666667;
	}
	struct frame_predictor phase, plain;
	frame_predictor_init(&phase, false, 0);
	frame_predictor_init(&plain, true, 0);
	const struct result a = simulate(&phase, frames, FRAMES);
	const struct result b = simulate(&plain, frames, FRAMES);
	print_message("mean %.0f us (worst %.0f, %u prompt) in %u looks; plain %.0f us in %u\n",
			a.mean_us, a.worst_us, a.prompt, a.looks, b.mean_us, b.looks);
	CHECK(a.prompt > FRAMES * 3 / 4 * 98 / 100 && a.looks < FRAMES * 10);
	free(frames);
}

/* One frame in ten comes late, or not at all. */
static void late_frames_are_met(void **state) {
	(void)state;
	uint64_t *frames = regular(60, 40);
	for (unsigned i = 0; i < FRAMES; i += 10) {
		frames[i] += i % 20 ? 5 * NS_PER_MS : 0;
	}
	unsigned kept = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		if (i % 20 != 5) {
			frames[kept++] = frames[i];
		}
	}
	struct frame_predictor phase, plain;
	frame_predictor_init(&phase, false, 0);
	frame_predictor_init(&plain, true, 0);
	const struct result a = simulate(&phase, frames, kept);
	const struct result b = simulate(&plain, frames, kept);
	print_message("mean %.0f us (worst %.0f) in %u looks; plain %.0f us in %u\n", a.mean_us,
			a.worst_us, a.looks, b.mean_us, b.looks);
	CHECK(a.mean_us < b.mean_us / 2 && a.looks < b.looks);
	free(frames);
}

/* That a look came late says nothing of the frames: the next ones are met as before. */
static void own_delays_teach_nothing(void **state) {
	(void)state;
	uint64_t *frames = regular(60, 40);
	struct frame_predictor frame_predictor;
	frame_predictor_init(&frame_predictor, false, 0);
	const struct result result = simulate_blocked(&frame_predictor, frames, FRAMES, 6);
	print_message("%u of %u within 100 us\n", result.prompt, FRAMES * 3 / 4);
	CHECK(result.prompt > FRAMES * 3 / 4 * 80 / 100);
	free(frames);
}

static void silence_is_cheap(void **state) {
	(void)state;
	struct frame_predictor frame_predictor;
	frame_predictor_init(&frame_predictor, false, 0);
	uint64_t now_ns = NS_PER_S;
	for (int i = 0; i < 100; i++) {
		frame_predictor_frame(&frame_predictor, now_ns);
		now_ns += 16666666;
	}
	/* Frames flowed a moment ago: at most 8 ms between looks. */
	for (int i = 0; i < 100; i++) {
		const uint64_t next_ns = frame_predictor_next(&frame_predictor, now_ns);
		CHECK(next_ns - now_ns <= 8 * NS_PER_MS);
		now_ns = next_ns;
	}
	now_ns += 5 * NS_PER_S;
	CHECK_EQ(frame_predictor_next(&frame_predictor, now_ns) - now_ns, 25 * NS_PER_MS);
	frame_predictor_input(&frame_predictor, now_ns);
	CHECK(frame_predictor_next(&frame_predictor, now_ns) - now_ns <= NS_PER_MS);
	now_ns += NS_PER_S;
	CHECK_EQ(frame_predictor_next(&frame_predictor, now_ns) - now_ns, 25 * NS_PER_MS);
	frame_predictor_reset(&frame_predictor);
	CHECK(frame_predictor_next(&frame_predictor, now_ns) > now_ns);
}

static void what_is_due_is_known(void **state) {
	(void)state;
	struct frame_predictor frame_predictor;
	frame_predictor_init(&frame_predictor, false, 0);
	uint64_t now_ns = NS_PER_S;
	CHECK(!frame_predictor_watch(&frame_predictor, now_ns));
	for (int i = 0; i < 50; i++) {
		(void)frame_predictor_next(&frame_predictor, now_ns - 20 * NS_PER_US);
		frame_predictor_frame(&frame_predictor, now_ns);
		now_ns += 10 * NS_PER_MS;
	}
	CHECK(frame_predictor_watch(&frame_predictor, now_ns) &&
			frame_predictor_watch(&frame_predictor, now_ns + 10 * NS_PER_MS));
	CHECK(!frame_predictor_watch(&frame_predictor, now_ns - 5 * NS_PER_MS));
	CHECK(!frame_predictor_watch(&frame_predictor, now_ns + 5 * NS_PER_MS));
	CHECK(!frame_predictor_watch(
			&frame_predictor, now_ns + 2 * NS_PER_S)); /* nothing came for long */
}

/* However uneven the frames are: what is watched without sleeping is a fortieth of the time. */
static void watching_is_bounded(void **state) {
	(void)state;
	for (unsigned jitter_us = 10; jitter_us < 2000; jitter_us *= 2) {
		struct frame_predictor frame_predictor;
		frame_predictor_init(&frame_predictor, false, 0);
		uint64_t *frames = regular(100, jitter_us);
		uint64_t watched_ns = 0;
		for (unsigned i = 0; i + 1 < FRAMES; i++) {
			frame_predictor_frame(&frame_predictor, frames[i]);
			for (uint64_t now_ns = frames[i] + 1; now_ns < frames[i + 1];
					now_ns += 10 * NS_PER_US) {
				const uint64_t until_ns =
						frame_predictor_watch(&frame_predictor, now_ns);
				CHECK(until_ns == 0 || until_ns > now_ns);
				watched_ns += until_ns ? 10 * NS_PER_US : 0;
			}
		}
		const uint64_t all_ns = frames[FRAMES - 1] - frames[0];
		print_message("jitter %u us: %.2f %% of the time\n", jitter_us,
				100.0 * (double)watched_ns / (double)all_ns);
		CHECK(watched_ns > 0 && watched_ns < all_ns / 40);
		free(frames);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regular_frames_are_met),
		cmocka_unit_test(uneven_frames_cost_few_looks),
		cmocka_unit_test(irregular_frames_cost_no_more),
		cmocka_unit_test(another_rate_is_learned),
		cmocka_unit_test(a_wrong_period_is_given_up),
		cmocka_unit_test(half_the_rate_comes_and_goes),
		cmocka_unit_test(late_frames_are_met),
		cmocka_unit_test(own_delays_teach_nothing),
		cmocka_unit_test(silence_is_cheap),
		cmocka_unit_test(what_is_due_is_known),
		cmocka_unit_test(watching_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
