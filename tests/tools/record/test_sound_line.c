/* The sound of a recording as one line: holes, times that swing, other rates. */
#include "tools/record/sound_line.h"

#include <math.h>

#include "base/clock.h"
#include "recording/recording_memory.h"
#include "tests/support/check.h"

#define ZERO_NS (7 * NS_PER_S)
#define PIECE   SOUND_LINE_PIECE_FRAMES

static void put(struct sound_line *line, uint64_t at_ms, unsigned rate, unsigned frames) {
	static struct recording_block block;
	block = (struct recording_block){
		.at_ns = at_ms ? ZERO_NS + at_ms * NS_PER_MS : 0, .rate = rate, .frames = frames
	};
	for (unsigned i = 0; i < 2 * frames; i++) {
		block.stereo[i] = 0.5f;
	}
	sound_line_put(line, &block);
}

/* How many of the next piece's frames sound; -1: there is none before that time. */
static int take(struct sound_line *line, uint64_t until_ms, uint64_t *ret_at_ms) {
	static float piece[2 * PIECE];
	if (!sound_line_take(line, ZERO_NS + until_ms * NS_PER_MS, ret_at_ms, piece)) {
		return -1;
	}
	int sounding = 0;
	for (unsigned i = 0; i < PIECE; i++) {
		sounding += fabsf(piece[2 * i]) > 0.4f;
	}
	return sounding;
}

static struct sound_line *make(void) {
	struct sound_line *line;
	CHECK_EQ(sound_line_create(&line, ZERO_NS), 0);
	return line;
}

static void silence_comes_only_when_it_is_over(void **state) {
	struct sound_line *line = make();
	uint64_t at_ms = 99;
	(void)state;
	CHECK_EQ(take(line, 0, &at_ms), -1);
	CHECK_EQ(take(line, 10, &at_ms), 0);
	CHECK_EQ(at_ms, 0);
	CHECK_EQ(take(line, 20, &at_ms), -1);
	CHECK_EQ(take(line, 21, &at_ms), 0);
	CHECK_EQ(at_ms, 20);
	sound_line_destroy(line);
}

static void a_sound_stands_where_it_is_heard(void **state) {
	struct sound_line *line = make();
	uint64_t at_ms;
	(void)state;
	put(line, 100, 48000, 480);
	put(line, 0, 48000, 480); /* follows on */
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(take(line, 0, &at_ms), 0);
	}
	CHECK_EQ(take(line, 0, &at_ms), PIECE);
	CHECK_EQ(at_ms, 100);
	CHECK_EQ(take(line, 0, &at_ms), -1);
	sound_line_destroy(line);
}

static void a_time_that_swings_cuts_nothing(void **state) {
	struct sound_line *line = make();
	uint64_t at_ms;
	(void)state;
	put(line, 1, 48000, 480);
	put(line, 45, 48000, 480); /* 35 ms late, and then early */
	put(line, 2, 48000, 480);
	put(line, 30, 48000, 480);
	CHECK_EQ(take(line, 0, &at_ms), PIECE);
	CHECK_EQ(take(line, 0, &at_ms), PIECE);
	sound_line_destroy(line);
}

static void what_is_long_over_is_left_out(void **state) {
	struct sound_line *line = make();
	uint64_t at_ms;
	(void)state;
	while (take(line, 1000, &at_ms) == 0) {
	}
	put(line, 500, 48000, 480);
	CHECK_EQ(take(line, 1001, &at_ms), 0);
	sound_line_destroy(line);
}

static void another_rate_lasts_as_long(void **state) {
	struct sound_line *line = make();
	uint64_t at_ms;
	int pieces = 0;
	(void)state;
	for (int i = 0; i < 100; i++) {
		put(line, i == 0 ? 1 : 0, 44100, 441); /* a second */
	}
	while (take(line, 0, &at_ms) >= 0) {
		pieces++;
	}
	CHECK(pieces >= 48 && pieces <= 50); /* of 20 ms; the converter holds some back */
	sound_line_destroy(line);
}

static void a_rate_of_nonsense_is_nothing(void **state) {
	struct sound_line *line = make();
	uint64_t at_ms;
	(void)state;
	put(line, 1, 0, 480);
	put(line, 1, UINT32_MAX, 480);
	CHECK_EQ(take(line, 0, &at_ms), -1);
	sound_line_destroy(line);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_comes_only_when_it_is_over),
		cmocka_unit_test(a_sound_stands_where_it_is_heard),
		cmocka_unit_test(a_time_that_swings_cuts_nothing),
		cmocka_unit_test(what_is_long_over_is_left_out),
		cmocka_unit_test(another_rate_lasts_as_long),
		cmocka_unit_test(a_rate_of_nonsense_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
