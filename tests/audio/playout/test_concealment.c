/* What stands in for missing sound: no step in it, no more of it than was asked for. */
#include "audio/playout/concealment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

#define RATE  48000
#define HERTZ 440.0

struct sound {
	struct concealment concealment;
	unsigned at; /* frame of the tone */
	float last;
};

static void make_tone(struct sound *s, float *frames, unsigned count) {
	for (unsigned i = 0; i < count; i++, s->at++) {
		frames[2 * i] = frames[2 * i + 1] =
				(float)(0.5 * sin(2 * M_PI * HERTZ * s->at / RATE));
	}
}

static void start(struct sound *s) {
	float frames[480 * 2];
	memset(s, 0, sizeof *s);
	concealment_init(&s->concealment, RATE, 2);
	for (int i = 0; i < 5; i++) {
		make_tone(s, frames, 480);
		concealment_apply(&s->concealment, frames, 480);
	}
	s->last = frames[479 * 2];
}

/* The largest step from one frame to the next; 0.5 sin steps by at most 0.029. */
static float largest_step(float before, const float *frames, unsigned count) {
	float most = 0;
	for (unsigned i = 0; i < count; i++) {
		most = fmaxf(most, fabsf(frames[2 * i] - before));
		before = frames[2 * i];
	}
	return most;
}

static void a_tail_fades_to_nothing(void **state) {
	static struct sound s;
	float tail[240 * 2];
	(void)state;
	start(&s);
	assert_int_equal(concealment_tail(&s.concealment, tail, 240), 240);
	CHECK(largest_step(s.last, tail, 240) < 0.04F);
	CHECK(fabsf(tail[239 * 2]) < 0.01F);
	assert_int_equal(concealment_tail(&s.concealment, tail, 240), 0); /* it is silent already */
}

static void sound_is_carried_on_without_a_step(void **state) {
	static struct sound s;
	float more[288 * 2];
	(void)state;
	start(&s);
	assert_int_equal(concealment_extend(&s.concealment, more, 288, 1, 1), 288);
	CHECK(largest_step(s.last, more, 288) < 0.05F);
}

static void a_hole_is_patched_to_its_size(void **state) {
	static struct sound s;
	float patch[CONCEALMENT_HISTORY_FRAMES * 2];
	float next[288 * 2];
	(void)state;
	start(&s);
	s.at += 288; /* one packet is lost */
	make_tone(&s, next, 288);
	const unsigned n = concealment_patch(&s.concealment, next, 288, patch, 288);
	CHECK(n > 288 - 110 && n < 288 + 110);
	CHECK(largest_step(patch[0], patch, n) < 0.06F);
}

/* A packet of a tone on the left and of what is asked for on the right, in the middle of it. */
static void make_both(float *frames, unsigned count, double hertz, float noise) {
	uint32_t random = 1;
	for (unsigned i = 0; i < count; i++) {
		random = random * 1664525 + 1013904223;
		frames[2 * i] = (float)(0.5 * sin(2 * M_PI * HERTZ * i / RATE));
		frames[2 * i + 1] = (float)(0.5 * sin(2 * M_PI * hertz * i / RATE)) +
				    noise * ((float)(int32_t)random / 2147483648.0F);
	}
}

static void only_what_repeats_itself_gets_shorter(void **state) {
	static const struct {
		const char *name;
		double hertz;
		float noise;
		bool shorter;
	} cases[] = {
		{ "the same on both", HERTZ, 0, true },
		{ "an octave", 2 * HERTZ, 0, true },
		{ "silence beside it", 0, 0, true },
		{ "hardly a noise", 0, 2e-4F, true },
		{ "a noise", 0, 0.01F, false },
		{ "a loud noise", HERTZ, 0.3F, false },
		{ "a deep tone", 45, 0, false },
		{ "another tone", 617, 0, false },
	};
	static float frames[288 * 2];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		static struct sound s;
		start(&s);
		make_both(frames, 288, cases[i].hertz, cases[i].noise);
		const float first = frames[0];
		const float last = frames[287 * 2];
		const unsigned left = concealment_shorten(&s.concealment, frames, 288);
		if ((left < 288) != cases[i].shorter || left < 96) {
			fail_msg("%s: %u frames are left", cases[i].name, left);
		}
		CHECK(fabsf(frames[0] - first) < 1e-3F);
		CHECK(fabsf(frames[(left - 1) * 2] - last) < 1e-6F);
		CHECK(largest_step(frames[0], frames, left) < 0.032F);
	}
	/* Never in a fade, nor in what is too short for it. */
	static struct sound s;
	start(&s);
	make_both(frames, 288, HERTZ, 0);
	assert_int_equal(concealment_shorten(&s.concealment, frames, 96), 96);
	concealment_fade_in(&s.concealment, 0);
	assert_int_equal(concealment_shorten(&s.concealment, frames, 288), 288);
}

static void a_beginning_fades_in(void **state) {
	static struct sound s;
	float frames[480 * 2];
	(void)state;
	start(&s);
	concealment_fade_in(&s.concealment, 48);
	make_tone(&s, frames, 480);
	concealment_apply(&s.concealment, frames, 480);
	for (unsigned i = 0; i < 48; i++) {
		CHECK_EQ(frames[2 * i], 0.0F);
	}
	CHECK(largest_step(0, frames, 480) < 0.04F);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tail_fades_to_nothing),
		cmocka_unit_test(sound_is_carried_on_without_a_step),
		cmocka_unit_test(a_hole_is_patched_to_its_size),
		cmocka_unit_test(a_beginning_fades_in),
		cmocka_unit_test(only_what_repeats_itself_gets_shorter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
