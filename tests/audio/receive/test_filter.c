#include "audio/receive/filter.h"

#include <string.h>

#include "base/clock.h"
#include "tests/support/check.h"

#define MS      NS_PER_MS
#define GUEST   0x32
#define ANOTHER 0x33

struct line {
	struct filter filter;
	uint64_t now;
};

static const struct scream_format stereo = { 48000, 16, 2, 3 };
static const struct scream_format other = { 96000, 24, 2, 3 };

static enum filter_verdict put_value(struct line *l, const struct scream_format *format,
		uint32_t source, uint16_t port, uint8_t value) {
	uint8_t data[SCREAM_DATAGRAM_MAX];
	memset(data, value, sizeof data);
	struct scream_packet packet;
	assert_int_equal(scream_pack_header(data, format), 0);
	size_t len = 5 + scream_packet_frames(format) * scream_frame_bytes(format);
	return filter_judge(&l->filter, data, len, source, port, l->now, &packet);
}

static enum filter_verdict put(struct line *l, const struct scream_format *format, uint32_t source,
		uint16_t port) {
	return put_value(l, format, source, port, 0x11);
}

static enum filter_verdict put_silence(struct line *l, uint32_t source) {
	return put_value(l, &stereo, source, 1000, 0);
}

static void start(struct line *l, bool any_sender) {
	memset(l, 0, sizeof *l);
	l->now = 1000 * NS_PER_S;
	filter_init(&l->filter, any_sender);
}

/* Good packets for so long: all but the first are played. */
static void play_for(struct line *l, const struct scream_format *format, unsigned ms,
		uint32_t source, uint16_t port) {
	for (unsigned i = 0; i < ms / 6; i++, l->now += 6 * MS) {
		enum filter_verdict verdict = put(l, format, source, port);
		CHECK(verdict == FILTER_PLAY || i == 0);
	}
}

static void one_sender_at_a_time(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	play_for(&l, &stereo, 600, GUEST, 1000);
	CHECK_EQ(put(&l, &stereo, ANOTHER, 1000), FILTER_OTHER_SENDER);
	l.now += 990 * MS;
	CHECK_EQ(put(&l, &stereo, ANOTHER, 1000), FILTER_OTHER_SENDER);
	l.now += 20 * MS; /* silent for more than a second: it may take over */
	CHECK_EQ(put(&l, &stereo, ANOTHER, 1000), FILTER_PLAY);
	CHECK_EQ(put(&l, &stereo, GUEST, 1000), FILTER_OTHER_SENDER);

	start(&l, true);
	play_for(&l, &stereo, 600, GUEST, 1000);
	CHECK_EQ(put(&l, &stereo, ANOTHER, 1000), FILTER_PLAY);
}

/* Windows sends silence for as long as a program holds the device. */
static void silence_takes_no_lock_and_keeps_none(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	play_for(&l, &stereo, 600, GUEST, 1000);
	l.now += 1500 * MS; /* it pauses */
	CHECK_EQ(put_silence(&l, ANOTHER), FILTER_OTHER_SENDER);
	CHECK_EQ(put(&l, &stereo, GUEST, 1000), FILTER_PLAY);

	start(&l, false);
	for (int i = 0; i < 200; i++, l.now += 6 * MS) {
		CHECK_EQ(put_silence(&l, ANOTHER), FILTER_PLAY);
	}
	(void)put(&l, &stereo, GUEST, 1000); /* it sounds: it is heard, whoever was first */
	CHECK_EQ(put(&l, &stereo, GUEST, 1000), FILTER_PLAY);
	CHECK_EQ(put_silence(&l, ANOTHER), FILTER_OTHER_SENDER);
}

static void the_wanted_sender_is_heard(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	play_for(&l, &stereo, 600, ANOTHER, 1000);
	filter_choose(&l.filter, true);
	CHECK_EQ(put(&l, &stereo, ANOTHER, 1000), FILTER_PLAY); /* nobody knows whose it is */
	CHECK_EQ(l.filter.sender_count, 1);
	CHECK_EQ(l.filter.senders[0].source, ANOTHER);
	CHECK_EQ(put(&l, &stereo, GUEST, 1000), FILTER_OTHER_SENDER);
	filter_judge_sender(&l.filter, 1, FILTER_SENDER_WANTED);
	CHECK_EQ(put_silence(&l, GUEST), FILTER_OTHER_SENDER);
	CHECK_EQ(put(&l, &stereo, GUEST, 1000), FILTER_PLAY); /* at once */
	filter_judge_sender(&l.filter, 0, FILTER_SENDER_UNWANTED);
	l.now += 10 * NS_PER_S;
	CHECK_EQ(put(&l, &stereo, ANOTHER, 1000), FILTER_NOT_WANTED);
	/* Many pretend to be somebody: the one that plays is not forgotten for them. */
	for (uint32_t i = 0; i < 1000; i++, l.now += 6 * MS) {
		(void)put(&l, &stereo, 1000 + i, 1000);
		CHECK_EQ(put(&l, &stereo, GUEST, 1000), FILTER_PLAY);
	}
	CHECK_EQ(l.filter.sender_count, FILTER_SENDERS);
	filter_choose(&l.filter, false);
	CHECK(put(&l, &stereo, ANOTHER, 1000) != FILTER_NOT_WANTED);
}

/* Each program may set another format: five of them in a few seconds are no fault. */
static void a_change_that_stays_is_heard(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	for (int i = 0; i < 12; i++) {
		const struct scream_format *format = i % 2 ? &other : &stereo;
		unsigned unheard_ms = 0;
		for (int k = 0; k < 200; k++, l.now += 5 * MS) {
			unheard_ms += put(&l, format, GUEST, 1) == FILTER_PLAY ? 0 : 5;
		}
		CHECK(unheard_ms <= (i < 4 ? 5 : 210));
	}
}

static void a_new_port_is_a_new_stream_once_the_old_is_silent(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	play_for(&l, &stereo, 600, GUEST, 1000);
	CHECK_EQ(put(&l, &stereo, GUEST, 1001), FILTER_OTHER_STREAM);
	l.now += 21 * MS;
	CHECK_EQ(put(&l, &stereo, GUEST, 1001), FILTER_PLAY);
}

static void a_single_packet_changes_nothing(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	CHECK_EQ(put(&l, &stereo, GUEST, 1), FILTER_PLAY); /* there is nothing to change yet */
	for (int i = 0; i < 50; i++, l.now += 6 * MS) {
		CHECK_EQ(put(&l, &other, GUEST, 1), FILTER_UNAGREED);
		CHECK_EQ(put(&l, &stereo, GUEST, 1), FILTER_PLAY);
	}
	CHECK_EQ(put(&l, &other, GUEST, 1), FILTER_UNAGREED);
	CHECK_EQ(put(&l, &other, GUEST, 1), FILTER_PLAY);
	CHECK(scream_format_equal(&l.filter.format, &other));
}

static void too_many_changes_are_muted(void **state) {
	struct line l;
	unsigned changes = 0;
	unsigned muted = 0;
	(void)state;
	start(&l, false);
	for (int i = 0; i < 1000; i++, l.now += 5 * MS) {
		/* Two packets of each, for five seconds. */
		enum filter_verdict verdict = put(&l, i & 2 ? &other : &stereo, GUEST, 1);
		changes += verdict == FILTER_PLAY;
		muted += verdict == FILTER_MUTED;
	}
	CHECK(changes <= 4 + 500 && muted > 200);
	l.now += 6 * NS_PER_S; /* and then it is heard again */
	put(&l, &stereo, GUEST, 1);
	CHECK_EQ(put(&l, &stereo, GUEST, 1), FILTER_PLAY);
}

static void changes_now_and_then_are_heard(void **state) {
	struct line l;
	(void)state;
	start(&l, false);
	for (int i = 0; i < 40; i++, l.now += 3 * NS_PER_S) {
		const struct scream_format *format = i % 2 ? &other : &stereo;
		CHECK_EQ(put(&l, format, GUEST, 1), (i == 0 ? FILTER_PLAY : FILTER_UNAGREED));
		CHECK_EQ(put(&l, format, GUEST, 1), FILTER_PLAY);
	}
}

static void malformed_ones_touch_nothing(void **state) {
	struct line l;
	struct scream_packet packet;
	uint8_t data[SCREAM_DATAGRAM_MAX] = { 0x40, 16, 2, 3, 0 };
	(void)state;
	start(&l, false);
	play_for(&l, &stereo, 600, GUEST, 1);
	struct filter before = l.filter;
	for (int i = 0; i < 1000; i++) {
		data[0] = (uint8_t)(0x05 | i << 3);
		CHECK_EQ(filter_judge(&l.filter, data, (size_t)i, ANOTHER, 9, l.now, &packet),
				FILTER_MALFORMED);
	}
	CHECK_EQ(l.filter.source, before.source);
	CHECK_EQ(l.filter.tokens, before.tokens);
	CHECK_EQ(l.filter.heard_ns, before.heard_ns);
	CHECK_EQ(filter_rejected(&l.filter), filter_rejected(&before) + 1000);
	CHECK_EQ(put(&l, &stereo, GUEST, 1), FILTER_PLAY);
}

static void the_rate_is_bounded(void **state) {
	struct line l;
	unsigned played = 0;
	(void)state;
	start(&l, false);
	play_for(&l, &stereo, 600, GUEST, 1);
	for (int i = 0; i < 10000; i++, l.now += MS / 10) { /* sixty times too many, for 1 s */
		played += put(&l, &stereo, GUEST, 1) == FILTER_PLAY;
	}
	/* 1.05 s worth and 0.3 s of grace, of 167 a second. */
	CHECK(played > 170 && played < 230);
	/* A backlog after a stall of 150 ms is within it. */
	l.now += NS_PER_S;
	for (int i = 0; i < 25; i++) {
		CHECK_EQ(put(&l, &stereo, GUEST, 1), FILTER_PLAY);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_sender_at_a_time),
		cmocka_unit_test(silence_takes_no_lock_and_keeps_none),
		cmocka_unit_test(the_wanted_sender_is_heard),
		cmocka_unit_test(a_change_that_stays_is_heard),
		cmocka_unit_test(a_new_port_is_a_new_stream_once_the_old_is_silent),
		cmocka_unit_test(a_single_packet_changes_nothing),
		cmocka_unit_test(too_many_changes_are_muted),
		cmocka_unit_test(changes_now_and_then_are_heard),
		cmocka_unit_test(malformed_ones_touch_nothing),
		cmocka_unit_test(the_rate_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
