#include "audio/playout/latency_target.h"

#include "base/clock.h"
#include "tests/support/check.h"

#define PACKET_NS (6 * NS_PER_MS)

/* A stream whose packets come evenly, second by second. */
struct stream {
	struct latency_target target;
	uint64_t now_ns;
};

static void start(struct stream *s, unsigned fixed_ms) {
	s->now_ns = NS_PER_S;
	latency_target_init(&s->target, fixed_ms);
	latency_target_restart(&s->target, PACKET_NS, 0);
	latency_target_set_reserve(&s->target, 8e6);
}

static void play_for(struct stream *s, unsigned seconds, double late_ms) {
	for (unsigned second = 0; second < seconds; second++) {
		for (unsigned i = 0; i < 167; i++) {
			latency_target_late(&s->target, late_ms * 1e6);
		}
		s->now_ns += NS_PER_S;
		latency_target_update(&s->target, s->now_ns);
	}
}

static double target_ms(const struct stream *s) {
	return latency_target_ns(&s->target) * 1e-6;
}

static void it_is_what_server_and_packets_need(void **state) {
	(void)state;
	struct stream s;
	start(&s, 0);
	CHECK_EQ(target_ms(&s), LATENCY_TARGET_START_MS);
	play_for(&s, 200, 0.1); /* 8 + half a packet + 0.5 + 4 */
	CHECK(target_ms(&s) > 15.4 && target_ms(&s) < 15.6);
	play_for(&s, 40, 10.1);
	CHECK(target_ms(&s) > 25.4 && target_ms(&s) < 25.6);
	start(&s, 40);
	play_for(&s, 100, 10.1);
	latency_target_underrun(&s.target, s.now_ns);
	CHECK_EQ(target_ms(&s), 40);
}

/* How far it is above what it needs without underruns. */
static double added_ms(const struct stream *s) {
	return target_ms(s) - 15.5;
}

static void an_underrun_adds_for_a_while(void **state) {
	(void)state;
	struct stream s;
	start(&s, 0);
	play_for(&s, 200, 0.1);
	latency_target_underrun(&s.target, s.now_ns);
	latency_target_underrun(&s.target, s.now_ns + 100 * NS_PER_MS); /* the same one */
	CHECK(added_ms(&s) > 4.9 && added_ms(&s) < 5.1);
	play_for(&s, 59, 0.1);
	CHECK(added_ms(&s) > 4.9);
	play_for(&s, 120, 0.1);
	CHECK(added_ms(&s) < 0.1);
}

static void what_was_given_up_too_soon_is_held_for_longer(void **state) {
	(void)state;
	struct stream s;
	start(&s, 0);
	play_for(&s, 200, 0.1);
	latency_target_underrun(&s.target, s.now_ns);
	play_for(&s, 30, 0.1); /* while it is held: more is needed, not for longer */
	latency_target_underrun(&s.target, s.now_ns);
	CHECK(added_ms(&s) > 9.9);
	play_for(&s, 70, 0.1);
	CHECK(added_ms(&s) < 9.1);
	latency_target_underrun(&s.target, s.now_ns);
	play_for(&s, 119, 0.1);
	CHECK(added_ms(&s) > 12.5);
	play_for(&s, 30, 0.1);
	CHECK(added_ms(&s) < 12);
	/* An hour without one: as at first. */
	play_for(&s, 3700, 0.1);
	CHECK(added_ms(&s) < 0.1);
	latency_target_underrun(&s.target, s.now_ns);
	play_for(&s, 59, 0.1);
	CHECK(added_ms(&s) > 4.9);
	play_for(&s, 120, 0.1);
	CHECK(added_ms(&s) < 0.1);
}

/* Something takes the CPU for a moment every five minutes: where the target is below 27 ms then, it
 * is heard. */
static void a_machine_is_learned(void **state) {
	(void)state;
	struct stream s;
	unsigned heard[6];
	start(&s, 0);
	play_for(&s, 200, 0.1);
	for (unsigned hour = 0; hour < 6; hour++) {
		heard[hour] = 0;
		for (unsigned i = 0; i < 12; i++) {
			play_for(&s, 300, 0.1);
			if (target_ms(&s) < 27) {
				heard[hour]++;
				latency_target_underrun(&s.target, s.now_ns);
			}
		}
		print_message("hour %u: %u of 12 heard\n", hour + 1, heard[hour]);
	}
	CHECK(heard[3] <= 2 && heard[4] <= 2 && heard[5] <= 2);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_server_and_packets_need),
		cmocka_unit_test(an_underrun_adds_for_a_while),
		cmocka_unit_test(what_was_given_up_too_soon_is_held_for_longer),
		cmocka_unit_test(a_machine_is_learned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
