/* The frame schedule against a display and a host that are arithmetic. */
#include "client/video/frame_schedule.h"

#include <errno.h>

#include "base/clock.h"
#include "host-proto/frame.h"
#include "tests/support/check.h"

#define T 16667000ull /* the display's period */

/* A host that makes a frame each period and does what it is told of the phase, and a compositor
 * that shows what came `latch` before its refresh. */
struct world {
	struct frame_schedule schedule;
	uint64_t now_ns, next_ns, period_ns, latch_ns, refresh_ns;
	uint64_t jitter_ns;
	uint32_t serial, epoch, deadline, fed;
	uint32_t generation; /* of the owner; 0 = nobody's */
	bool refuses, tells_no_times, deaf;
	bool has_no_phase; /* of the display: pictures are on it when it likes */
	unsigned messages, releases, feedback, late;
	uint64_t after_ns; /* of the newest frame */
	uint64_t random;
};

static uint64_t dice(struct world *w, uint64_t below) {
	w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
	return below ? (w->random >> 33) % below : 0;
}

static void hear(struct world *w, const struct kvmfr_schedule *said) {
	uint8_t bytes[KVMFR_SCHEDULE_BYTES];
	struct kvmfr_schedule heard;
	w->messages++;
	kvmfr_schedule_write(said, bytes);
	CHECK_EQ(kvmfr_schedule_read(bytes, sizeof bytes, &heard), 0);
	if (heard.flags & KVMFR_SCHEDULE_RELEASE) {
		w->releases++;
		w->generation = 0;
		return;
	}
	CHECK_EQ(heard.flags, KVMFR_SCHEDULE_ACTIVE);
	CHECK_EQ(heard.lease_ms, 1000);
	if (w->refuses) {
		return;
	}
	if (w->generation != heard.generation) {
		w->epoch++;
		w->fed = 0;
		w->deadline = 0;
	}
	w->generation = heard.generation;
	w->period_ns = heard.period_ns;
	if (heard.deadline_serial != 0 && heard.epoch == w->epoch &&
			heard.deadline_serial != w->fed) {
		w->fed = heard.deadline_serial;
		w->feedback++;
		CHECK(heard.frame_serial != 0);
		const int64_t most = (int64_t)w->period_ns / 4;
		int64_t step = heard.phase_error_ns;
		step = step > most ? most : step < -most ? -most : step;
		w->next_ns += w->deaf ? 0 : (uint64_t)step;
	}
}

static void frame(struct world *w) {
	struct frame f = { .serial = ++w->serial };
	if (w->generation) {
		f.schedule_generation = w->generation;
		f.schedule_epoch = w->epoch;
		f.schedule_deadline = ++w->deadline;
	}
	const uint64_t seen_ns = w->next_ns + dice(w, w->jitter_ns);
	frame_schedule_frame(&w->schedule, &f, w->generation != 0, seen_ns);
	const uint64_t k = (seen_ns + w->latch_ns + T - 1) / T;
	const uint64_t shown_ns = w->has_no_phase ? seen_ns + w->latch_ns + dice(w, T) : k * T;
	w->after_ns = shown_ns - seen_ns;
	w->late += w->after_ns > T;
	if (!w->tells_no_times) {
		frame_schedule_shown(&w->schedule, seen_ns, shown_ns, w->refresh_ns);
	}
	w->next_ns += w->period_ns;
}

static void run(struct world *w, uint64_t ns) {
	struct kvmfr_schedule message;
	for (const uint64_t end_ns = w->now_ns + ns; w->now_ns < end_ns; w->now_ns += NS_PER_MS) {
		if (w->now_ns >= w->next_ns) {
			frame(w);
		}
		if (frame_schedule_due(&w->schedule, w->now_ns, &message)) {
			hear(w, &message);
		}
	}
}

static struct world world(uint64_t latch_ns, uint64_t phase_ns) {
	struct world w = {
		.now_ns = 1000 * T, .period_ns = T, .latch_ns = latch_ns, .refresh_ns = T
	};
	w.next_ns = w.now_ns + phase_ns;
	w.random = latch_ns ^ phase_ns;
	frame_schedule_offer(&w.schedule, true, w.now_ns);
	return w;
}

/* From every phase, for compositors of every kind, frames come just in time, and stay there. */
static void frames_come_just_in_time(void **state) {
	(void)state;
	for (uint64_t latch_ns = NS_PER_MS; latch_ns < 17 * NS_PER_MS; latch_ns += NS_PER_MS) {
		for (uint64_t phase_ns = 0; phase_ns < T; phase_ns += T / 8) {
			struct world w = world(latch_ns, phase_ns);
			run(&w, 30 * NS_PER_S);
			CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
			const uint64_t misses = w.schedule.misses;
			uint64_t worst_ns = 0;
			for (unsigned i = 0; i < 100; i++) {
				run(&w, T);
				worst_ns = w.after_ns > worst_ns ? w.after_ns : worst_ns;
			}
			CHECK(worst_ns <= latch_ns + 2 * NS_PER_MS);
			CHECK(misses <= 4);
			CHECK(w.messages < 30 * 25);
			CHECK_EQ(w.releases, 0);
		}
	}
}

/* Frames that do not come evenly are given room enough. */
static void jitter_is_given_room(void **state) {
	(void)state;
	struct world w = world(5 * NS_PER_MS, T / 3);
	w.jitter_ns = 2 * NS_PER_MS;
	run(&w, 60 * NS_PER_S);
	w.late = 0;
	run(&w, 60 * NS_PER_S);
	CHECK(w.late < 60 * 60 / 100); /* of 3600 frames */
	CHECK(w.after_ns < 12 * NS_PER_MS);
}

static void nothing_is_asked_without_times(void **state) {
	(void)state;
	struct world w = world(NS_PER_MS, 0);
	w.tells_no_times = true;
	run(&w, 5 * NS_PER_S);
	CHECK_EQ(w.messages, 0);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_NO_TIMES);
	w.tells_no_times = false;
	w.refresh_ns = 0; /* a display of a variable rate */
	run(&w, 5 * NS_PER_S);
	CHECK_EQ(w.messages, 0);
	w.refresh_ns = T;
	run(&w, NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
	/* The window is hidden: frames come, and none is shown. */
	w.tells_no_times = true;
	run(&w, 2 * NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_NO_TIMES);
	CHECK_EQ(w.releases, 1);
	w.tells_no_times = false;
	run(&w, NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
}

static void a_refusal_costs_little(void **state) {
	(void)state;
	struct world w = world(NS_PER_MS, 0);
	w.refuses = true;
	run(&w, 3 * NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_UNANSWERED);
	CHECK_EQ(w.releases, 1);
	run(&w, 60 * NS_PER_S);
	CHECK(w.messages < 80);
	CHECK_EQ(w.feedback, 0);
	w.refuses = false; /* the other client is gone */
	run(&w, 12 * NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
}

static void a_still_desktop_keeps_it(void **state) {
	(void)state;
	struct world w = world(NS_PER_MS, 0);
	struct kvmfr_schedule message;
	run(&w, 2 * NS_PER_S);
	const unsigned before = w.messages;
	for (unsigned i = 0; i < 5000; i++) { /* five seconds without a frame */
		w.now_ns += NS_PER_MS;
		if (frame_schedule_due(&w.schedule, w.now_ns, &message)) {
			hear(&w, &message);
		}
	}
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
	CHECK(w.messages - before >= 19 && w.messages - before <= 21); /* four times a second */
	CHECK_EQ(w.releases, 0);
	w.next_ns = w.now_ns;
	run(&w, NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
}

/* The first frame after a silence is not on the display yet: that is no display without times. */
static void a_frame_after_a_silence_changes_nothing(void **state) {
	(void)state;
	struct world w = world(NS_PER_MS, 0);
	struct kvmfr_schedule message;
	run(&w, 2 * NS_PER_S);
	const uint32_t generation = w.generation;
	for (unsigned round = 0; round < 3; round++) {
		w.now_ns += 5 * NS_PER_S;
		const struct frame f = { .serial = ++w.serial,
			.schedule_generation = w.generation,
			.schedule_epoch = w.epoch,
			.schedule_deadline = ++w.deadline };
		frame_schedule_frame(&w.schedule, &f, true, w.now_ns);
		if (frame_schedule_due(&w.schedule, w.now_ns, &message)) {
			hear(&w, &message);
		}
		CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
		w.next_ns = w.now_ns += T;
		run(&w, NS_PER_S);
		CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
	}
	CHECK_EQ(w.generation, generation);
	CHECK_EQ(w.releases, 0);
}

/* A window on two displays: their periods are told in turn, and the host is not asked anew by
 * each picture. */
static void two_displays_in_turn_are_one_schedule(void **state) {
	(void)state;
	struct world w = world(NS_PER_MS, 0);
	run(&w, NS_PER_S);
	const uint32_t generation = w.generation;
	const unsigned messages = w.messages;
	for (unsigned i = 0; i < 600; i++) {
		w.refresh_ns = i % 3 ? NS_PER_S / 144 : T;
		run(&w, T);
	}
	CHECK_EQ(w.generation, generation);
	CHECK(w.messages - messages < 11 * 25);
}

/* What the compositor needs is known when the window was hidden for a while. */
static void what_was_learned_stays(void **state) {
	(void)state;
	struct world w = world(3 * NS_PER_MS, 0);
	run(&w, 10 * NS_PER_S);
	const uint64_t lead_ns = w.schedule.lead_ns;
	w.tells_no_times = true;
	run(&w, 3 * NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_NO_TIMES);
	w.tells_no_times = false;
	run(&w, 100 * NS_PER_MS);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
	CHECK(w.schedule.lead_ns <= lead_ns + NS_PER_MS);
	/* A display of 59.94 Hz in place of one of 60. */
	const uint32_t generation = w.generation;
	w.refresh_ns = T + T / 1000;
	run(&w, NS_PER_S);
	CHECK_EQ(w.generation, generation + 1);
}

/* A display without a phase does not push the guest about; one that finds it is followed again. */
static void no_phase_is_followed_by_nobody(void **state) {
	(void)state;
	struct world w = world(3 * NS_PER_MS, 0);
	w.has_no_phase = true;
	run(&w, 3 * NS_PER_S);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
	CHECK(w.schedule.restless);
	const unsigned feedback = w.feedback;
	const uint64_t misses = w.schedule.misses;
	CHECK(feedback < 30);
	run(&w, 30 * NS_PER_S);
	CHECK(w.feedback - feedback < 30); /* of 600 */
	CHECK_EQ(w.schedule.misses, misses);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OURS);
	w.has_no_phase = false;
	run(&w, 30 * NS_PER_S);
	CHECK(!w.schedule.restless);
	CHECK(w.feedback - feedback > 300);
	CHECK(w.after_ns <= 5 * NS_PER_MS);
}

static void another_display_is_another_schedule(void **state) {
	(void)state;
	struct world w = world(NS_PER_MS, 0);
	run(&w, NS_PER_S);
	const uint32_t generation = w.generation;
	w.refresh_ns = NS_PER_S / 144;
	run(&w, NS_PER_S);
	CHECK_EQ(w.generation, generation + 1);
	CHECK_EQ(w.period_ns, NS_PER_S / 144);
	frame_schedule_offer(&w.schedule, false, w.now_ns);
	CHECK_EQ(w.schedule.state, FRAME_SCHEDULE_OFF);
	const unsigned before = w.messages;
	run(&w, NS_PER_S);
	CHECK_EQ(w.messages, before);
}

static void nonsense_is_no_schedule(void **state) {
	(void)state;
	struct kvmfr_schedule said = { .generation = 1,
		.flags = KVMFR_SCHEDULE_ACTIVE,
		.period_ns = T,
		.phase_error_ns = -5 };
	struct kvmfr_schedule heard;
	uint8_t bytes[KVMFR_SCHEDULE_BYTES];
	kvmfr_schedule_write(&said, bytes);
	CHECK_EQ(kvmfr_schedule_read(bytes, sizeof bytes, &heard), 0);
	CHECK_EQ(heard.phase_error_ns, -5);
	CHECK_EQ(kvmfr_schedule_read(bytes, sizeof bytes - 1, &heard), -EBADMSG);
	said.period_ns = 1000;
	kvmfr_schedule_write(&said, bytes);
	CHECK_EQ(kvmfr_schedule_read(bytes, sizeof bytes, &heard), -EBADMSG);
	said.period_ns = T;
	said.phase_error_ns = INT64_MIN;
	kvmfr_schedule_write(&said, bytes);
	CHECK_EQ(kvmfr_schedule_read(bytes, sizeof bytes, &heard), -EBADMSG);
	bytes[0] = 3;
	CHECK_EQ(kvmfr_schedule_read(bytes, sizeof bytes, &heard), -EBADMSG);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_just_in_time),
		cmocka_unit_test(jitter_is_given_room),
		cmocka_unit_test(nothing_is_asked_without_times),
		cmocka_unit_test(a_refusal_costs_little),
		cmocka_unit_test(a_still_desktop_keeps_it),
		cmocka_unit_test(a_frame_after_a_silence_changes_nothing),
		cmocka_unit_test(two_displays_in_turn_are_one_schedule),
		cmocka_unit_test(what_was_learned_stays),
		cmocka_unit_test(no_phase_is_followed_by_nobody),
		cmocka_unit_test(another_display_is_another_schedule),
		cmocka_unit_test(nonsense_is_no_schedule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
