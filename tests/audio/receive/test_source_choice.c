/* Two ways of a guest's sound, of which one is played. */
#include "audio/receive/source_choice.h"

#include "base/clock.h"
#include "tests/support/check.h"

#define MS NS_PER_MS

struct world {
	struct source_choice choice;
	uint64_t now_ns;
};

/* Both send for a while, each 10 ms, or not at all ('-'), or zeros ('0'), or sound ('x'). Returns
 * how many milliseconds passed until another was played; 0 = none. */
static unsigned run(struct world *w, char scream, char spice, unsigned ms) {
	const enum sound_source before = w->choice.now;
	unsigned changed = 0;
	for (unsigned t = 10; t <= ms; t += 10) {
		w->now_ns += 10 * MS;
		bool played = false;
		if (scream != '-') {
			played = source_choice_block(
					&w->choice, SOURCE_SCREAM, scream == '0', w->now_ns);
		}
		if (spice != '-') {
			/* Never both of one moment, but where one takes over from the other. */
			const bool second = source_choice_block(
					&w->choice, SOURCE_SPICE, spice == '0', w->now_ns);
			CHECK(!(played && second) || w->choice.now == SOURCE_SPICE);
		}
		if (w->choice.now != before && changed == 0) {
			changed = t;
		}
	}
	return changed;
}

static void whichever_sounds_is_played(void **state) {
	struct world w = { .now_ns = 100 * NS_PER_S };
	(void)state;
	CHECK(run(&w, '0', '-', 1000) > 0);
	CHECK_EQ(w.choice.now, SOURCE_SCREAM);
	CHECK_EQ(run(&w, '0', 'x', 1000), 10);
	CHECK_EQ(w.choice.now, SOURCE_SPICE);
	/* Who sounds keeps it. */
	CHECK_EQ(run(&w, 'x', 'x', 5000), 0);
	CHECK_EQ(run(&w, '0', 'x', 5000), 0);
	/* Both deliver: within 50 ms. */
	const unsigned ms = run(&w, 'x', '0', 1000);
	CHECK(ms > 0);
	CHECK(ms <= 40);
	CHECK_EQ(w.choice.now, SOURCE_SCREAM);
	/* Silence takes nothing, and a pause of the sound is no reason either. */
	CHECK_EQ(run(&w, '0', '0', 60000), 0);
	CHECK_EQ(run(&w, 'x', '0', 1000), 0);
}

static void one_that_stalls_gives_way(void **state) {
	struct world w = { .now_ns = 100 * NS_PER_S };
	(void)state;
	CHECK(run(&w, 'x', 'x', 1000) > 0);
	CHECK_EQ(w.choice.now, SOURCE_SCREAM);
	CHECK_EQ(run(&w, '-', 'x', 190), 0); /* held up, and goes on */
	CHECK_EQ(run(&w, 'x', 'x', 1000), 0);
	const unsigned ms = run(&w, '-', 'x', 1000);
	CHECK(ms > 190);
	CHECK(ms <= 250);
	CHECK_EQ(w.choice.now, SOURCE_SPICE);
	/* It says that it stops. */
	source_choice_stopped(&w.choice, SOURCE_SPICE);
	CHECK_EQ(run(&w, 'x', '-', 100), 10);
	CHECK_EQ(w.choice.now, SOURCE_SCREAM);
	/* It is away for good: the other's silence is what there is. */
	CHECK_EQ(run(&w, '-', '0', 1500), 0);
	CHECK(run(&w, '-', '0', 1000) > 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whichever_sounds_is_played),
		cmocka_unit_test(one_that_stalls_gives_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
