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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
