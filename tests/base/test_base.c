#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/cpu_wait.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/parse.h"
#include "base/queue.h"
#include "base/samples.h"
#include "base/stream_copy.h"
#include "base/thread.h"
#include "base/thread_place.h"
#include "base/utf8.h"
#include "tests/support/check.h"

static void a_mailbox_keeps_the_latest(void **state) {
	(void)state;
	struct mailbox box;
	int value = 0;
	CHECK_EQ(mailbox_init(&box, sizeof value, NULL, NULL), 0);
	CHECK(!mailbox_take(&box, &value) && !mailbox_peek(&box, &value));
	mailbox_put(&box, &(int){ 1 });
	mailbox_put(&box, &(int){ 2 });
	CHECK(mailbox_peek(&box, &value));
	CHECK_EQ(value, 2);
	CHECK(mailbox_take(&box, &value));
	CHECK_EQ(value, 2);
	CHECK(!mailbox_take(&box, &value));
	CHECK(mailbox_peek(&box, &value));
	CHECK_EQ(value, 2);
	mailbox_finish(&box);
}

static void a_queue_refuses_when_full_and_keeps_order(void **state) {
	(void)state;
	struct queue queue;
	int value;
	CHECK_EQ(queue_init(&queue, sizeof value, 3, NULL, NULL), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(queue_push(&queue, &i), 0);
		}
		CHECK_EQ(queue_push(&queue, &(int){ 9 }), -ENOBUFS);
		for (int i = 0; i < 3; i++) {
			CHECK(queue_pop(&queue, &value));
			CHECK_EQ(value, i);
		}
		CHECK(!queue_pop(&queue, &value));
	}
	CHECK_EQ(queue_push_sparing(&queue, &value, 2), 0);
	CHECK_EQ(queue_push_sparing(&queue, &value, 2), -ENOBUFS);
	CHECK_EQ(queue_push(&queue, &value), 0);
	queue_finish(&queue);
}

#define PUSHES 20000

struct pusher {
	struct queue *queue;
	struct mailbox *box;
	int from;
};

static void *push_many(void *data) {
	struct pusher *pusher = data;
	for (int i = 0; i < PUSHES; i++) {
		int value = pusher->from + i;
		while (queue_push(pusher->queue, &value) < 0) {
			sched_yield(); /* the reader may wait for this very core */
		}
		int pair[2] = { value, ~value };
		mailbox_put(pusher->box, pair);
	}
	return NULL;
}

static void threads_lose_nothing_and_tear_nothing(void **state) {
	(void)state;
	struct queue queue;
	struct mailbox box;
	CHECK_EQ(queue_init(&queue, sizeof(int), 64, NULL, NULL), 0);
	CHECK_EQ(mailbox_init(&box, sizeof(int[2]), NULL, NULL), 0);
	struct pusher pushers[2] = { { &queue, &box, 0 }, { &queue, &box, 1000000 } };
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(thread_start(&threads[i], "pusher", push_many, &pushers[i]), 0);
	}
	int next[2] = { 0, 1000000 };
	for (int got = 0; got < 2 * PUSHES;) {
		int value;
		int pair[2];
		if (queue_pop(&queue, &value)) {
			CHECK_EQ(value, next[value >= 1000000]++);
			got++;
		} else {
			sched_yield();
		}
		if (mailbox_take(&box, pair)) {
			CHECK_EQ(pair[0], ~pair[1]);
		}
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
	}
	queue_finish(&queue);
	mailbox_finish(&box);
}

static void parsing_is_strict(void **state) {
	(void)state;
	int64_t i = -1;
	double d = -1;
	bool b = false;
	int w = 0;
	int h = 0;
	CHECK(parse_int("42", 0, 100, &i));
	CHECK_EQ(i, 42);
	CHECK(parse_int("0", 0, 100, &i));
	CHECK_EQ(i, 0);
	CHECK(parse_int("100", 0, 100, &i));
	CHECK_EQ(i, 100);
	CHECK(parse_int("-3", -5, 0, &i));
	CHECK_EQ(i, -3);
	static const char *const bad_ints[] = { "", " 1", "1 ", "0x10", "1e3", "101", "-1",
		"99999999999999999999", "-" };
	for (size_t k = 0; k < sizeof bad_ints / sizeof *bad_ints; k++) {
		CHECK(!parse_int(bad_ints[k], 0, 100, &i));
		CHECK_EQ(i, -3);
	}
	CHECK(parse_double("1.5", 0, 2, &d) && d > 1.4 && d < 1.6);
	CHECK(parse_double("0", 0, 2, &d));
	CHECK_EQ(d, 0);
	CHECK(parse_double("2", 0, 2, &d));
	CHECK_EQ(d, 2);
	CHECK(!parse_double("2.1", 0, 2, &d) && !parse_double("-0.1", 0, 2, &d));
	CHECK(!parse_double("nan", 0, 2, &d) && !parse_double("1,5", 0, 2, &d) &&
			!parse_double("", 0, 2, &d));
	CHECK(parse_bool("Yes", &b) && b && parse_bool("off", &b) && !b && !parse_bool("ja", &b));
	CHECK(parse_size("1920x1080", 16384, &w, &h));
	CHECK_EQ(w, 1920);
	CHECK_EQ(h, 1080);
	CHECK(parse_position("-1920x0", 32768, &w, &h));
	CHECK(w == -1920 && h == 0);
	CHECK(!parse_position("-1920", 32768, &w, &h) &&
			!parse_position("0x-40000", 32768, &w, &h));
	CHECK(!parse_size("0x10", 16384, &w, &h) && !parse_size("10", 16384, &w, &h) &&
			!parse_size("1x2x3", 9, &w, &h));
	char good[] = "%41b%2f%C3%a4", bad[] = "a%4", nul[] = "a%00b";
	CHECK(parse_percent(good));
	CHECK_EQ(strcmp(good, "Ab/\xc3\xa4"), 0);
	CHECK(!parse_percent(bad) && !parse_percent(nul));
	CHECK_EQ(parse_distance("fulscreen", "full-screen"), 2);
	CHECK_EQ(parse_distance("sihze", "size"), 1);
	CHECK_EQ(parse_distance("isze", "size"), 1);
	CHECK_EQ(parse_distance("", "abc"), 3);
}

static void percentiles_are_of_what_was_added(void **state) {
	(void)state;
	struct samples samples;
	CHECK_EQ(samples_init(&samples, 100), 0);
	CHECK_EQ(samples_percentile(&samples, 0.5), 0);
	for (int i = 100; i >= 1; i--) {
		samples_add(&samples, i);
	}
	CHECK_EQ(samples_percentile(&samples, 0.50), 50);
	CHECK_EQ(samples_percentile(&samples, 0.99), 99);
	CHECK_EQ(samples_percentile(&samples, 1), 100);
	CHECK_EQ(samples.max, 100);
	/* Past its room the median stays that of the whole run. */
	for (int i = 0; i < 100000; i++) {
		samples_add(&samples, 1000);
	}
	CHECK_EQ(samples.total, 100100);
	CHECK_EQ(samples_percentile(&samples, 0.5), 1000);
	samples_finish(&samples);
}

static void json_is_escaped_and_closed(void **state) {
	(void)state;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct json json;
	json_begin(&json, out);
	json_string(&json, "a\"b", "x\ny\\");
	json_number(&json, "n", 12.5);
	json_number(&json, "bad", 0.0 / 0.0);
	json_array(&json, "list");
	json_int(&json, NULL, -1);
	json_int(&json, NULL, 2);
	json_end(&json);
	json_object(&json, "o");
	json_bool(&json, "t", true);
	json_end(&json);
	json_finish(&json);
	fclose(out);
	assert_string_equal(text,
			"{\"a\\\"b\":\"x\\u000ay\\\\\",\"n\":12.5,\"bad\":null,\"list\":[-1,2],\"o\":{\"t\":true}}\n");
	free(text);
}

static void foreign_text_is_made_printable(void **state) {
	(void)state;
	char out[32];
	utf8_printable(out, sizeof out, "B7\x1b[31m", 7);
	assert_string_equal(out, "B7?[31m");
	utf8_printable(out, sizeof out, "\xe4\xb8\xad\xff\xc2\x9bx", 7);
	assert_string_equal(out, "\xe4\xb8\xad??x");
	utf8_printable(out, 4, "\xe4\xb8\xad\xe6\x96\x87", 6); /* never half a character */
	assert_string_equal(out, "\xe4\xb8\xad");
	utf8_printable(out, sizeof out, "ab", 2); /* no NUL in the source */
	assert_string_equal(out, "ab");
}

static void *ring_later(void *data) {
	clock_sleep_ns(2 * NS_PER_MS);
	__atomic_store_n((uint32_t *)data, 8, __ATOMIC_RELEASE);
	return NULL;
}

static void a_word_that_changes_ends_the_wait(void **state) {
	(void)state;
	const enum cpu_wait kind = cpu_wait_find();
	print_message("this processor waits for a word by: %s\n", cpu_wait_name(kind));
	uint32_t word = 7;
	const uint64_t begin_ns = clock_now_ns();
	CHECK_EQ(cpu_wait_change(kind, &word, 6, begin_ns + NS_PER_S), 7);
	CHECK_EQ(cpu_wait_change(kind, &word, 7, begin_ns + NS_PER_MS), 7);
	CHECK(clock_now_ns() >= begin_ns + NS_PER_MS);
	CHECK(clock_now_ns() < begin_ns + NS_PER_S);
	pthread_t thread;
	CHECK_EQ(thread_start(&thread, "later", ring_later, &word), 0);
	CHECK_EQ(cpu_wait_change(kind, &word, 7, clock_now_ns() + 10 * NS_PER_S), 8);
	pthread_join(thread, NULL);
}

static void *be_prompt(void *data) {
	thread_be_prompt(100);
	*(int *)data = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
	return NULL;
}

static void a_prompt_thread_has_no_slack(void **state) {
	(void)state;
	pthread_t thread;
	int slack = 0;
	CHECK_EQ(thread_start(&thread, "prompt", be_prompt, &slack), 0);
	pthread_join(thread, NULL);
	CHECK_EQ(slack, 1);
	CHECK(prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL) != 1); /* ours stays */
}

struct scheduling {
	bool granted;
	int policy, nice, policy_after, nice_after;
};

static void *go_and_leave(void *data) {
	struct scheduling *seen = data;
	seen->granted = thread_ask_realtime(1, NULL);
	seen->policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	seen->nice = getpriority(PRIO_PROCESS, 0);
	thread_leave_realtime();
	seen->policy_after = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	seen->nice_after = getpriority(PRIO_PROCESS, 0);
	return NULL;
}

static void real_time_is_given_back(void **state) {
	(void)state;
	pthread_t thread;
	struct scheduling seen;
	const int nice_before = getpriority(PRIO_PROCESS, 0);
	CHECK_EQ(thread_start(&thread, "realtime", go_and_leave, &seen), 0);
	pthread_join(thread, NULL);
	print_message("real-time was %s\n", seen.granted ? "granted" : "refused");
	CHECK_EQ(seen.granted, (seen.policy == SCHED_RR || seen.nice < nice_before));
	CHECK_EQ(seen.policy_after, SCHED_OTHER);
	CHECK(seen.nice_after >= nice_before);
}

static void *note_scheduling(void *data) {
	struct scheduling *seen = data;
	seen->policy_after = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	seen->nice_after = getpriority(PRIO_PROCESS, 0);
	return NULL;
}

static void *go_ahead(void *data) {
	struct scheduling *seen = data;
	pthread_t child;
	seen->granted = thread_ask_priority(NULL);
	seen->policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	seen->nice = getpriority(PRIO_PROCESS, 0);
	CHECK_EQ(thread_start(&child, "child", note_scheduling, seen), 0);
	pthread_join(child, NULL);
	return NULL;
}

static void priority_is_no_real_time_and_not_inherited(void **state) {
	(void)state;
	pthread_t thread;
	struct scheduling seen;
	const int nice_before = getpriority(PRIO_PROCESS, 0);
	CHECK_EQ(thread_start(&thread, "ahead", go_ahead, &seen), 0);
	pthread_join(thread, NULL);
	print_message("priority was %s\n", seen.granted ? "granted" : "refused");
	CHECK_EQ(seen.granted, (seen.nice < nice_before));
	CHECK_EQ(seen.policy, SCHED_OTHER);
	CHECK_EQ(seen.policy_after, SCHED_OTHER);
	CHECK(seen.nice_after >= 0 || !seen.granted);
}

static bool may_run_on(int cpu) {
	cpu_set_t set;
	CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
	return CPU_ISSET((unsigned)cpu, &set);
}

static int allowed_count(void) {
	cpu_set_t set;
	CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
	return CPU_COUNT(&set);
}

static void *be_late(void *data) {
	struct thread_place place;
	uint64_t now_ns = 1000 * NS_PER_S;
	const int all = allowed_count();
	*(bool *)data = all > 1;
	thread_place_init(&place);
	thread_place_late(&place, 100 * NS_PER_US, now_ns);
	CHECK_EQ(allowed_count(), all); /* that is nothing */
	if (all == 1) {
		thread_place_late(&place, 5 * NS_PER_MS, now_ns);
		CHECK_EQ(allowed_count(), 1);
		return NULL;
	}
	/* Away for a second, then back; sooner late again, away for longer. */
	for (unsigned seconds = 1; seconds <= 4; seconds *= 2) {
		const int cpu = sched_getcpu();
		thread_place_late(&place, 2 * NS_PER_MS, now_ns);
		CHECK(!may_run_on(cpu));
		CHECK_EQ(allowed_count(), all - 1);
		CHECK(sched_getcpu() != cpu);
		thread_place_tick(&place, now_ns + seconds * NS_PER_S - 1);
		CHECK_EQ(allowed_count(), all - 1);
		now_ns += seconds * NS_PER_S;
		thread_place_tick(&place, now_ns);
		CHECK_EQ(allowed_count(), all);
		now_ns += 20 * NS_PER_MS;
	}
	/* Late where it went: to another one. */
	thread_place_late(&place, 2 * NS_PER_MS, now_ns);
	const int second = sched_getcpu();
	thread_place_late(&place, 2 * NS_PER_MS, now_ns + NS_PER_MS);
	CHECK(may_run_on(second)); /* not so soon */
	thread_place_late(&place, 2 * NS_PER_MS, now_ns + 20 * NS_PER_MS);
	CHECK(!may_run_on(second));
	CHECK_EQ(allowed_count(), all - 1);
	thread_place_leave(&place);
	CHECK_EQ(allowed_count(), all);
	/* What somebody else has set meanwhile stays. */
	now_ns += 100 * NS_PER_S;
	thread_place_late(&place, 2 * NS_PER_MS, now_ns);
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	CHECK_EQ(sched_setaffinity(0, sizeof one, &one), 0);
	thread_place_tick(&place, now_ns + 100 * NS_PER_S);
	CHECK_EQ(allowed_count(), (all == 2 ? 2 : 1)); /* of two it cannot be told apart */
	return NULL;
}

static void a_late_thread_goes_elsewhere_for_a_while(void **state) {
	(void)state;
	pthread_t thread;
	bool several = false;
	const int before = allowed_count();
	CHECK_EQ(thread_start(&thread, "late", be_late, &several), 0);
	pthread_join(thread, NULL);
	CHECK_EQ(allowed_count(), before);
	if (!several) {
		print_message("one CPU only: nowhere to go\n");
	}
}

/* Wherever the blocks begin and end, all of it is copied and nothing beside it. */
static void stream_copies_are_whole(void **state) {
	(void)state;
	static unsigned char from[60000], to[60000];
	static const size_t sizes[] = { 0, 1, 15, 16, 63, 64, 65, 127, 128, 200, 4095, 4096, 4200,
		9000, 16383, 16384, 19000, 50001 };
	for (size_t i = 0; i < sizeof from; i++) {
		from[i] = (unsigned char)(i * 131 + i / 251);
	}
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
		for (size_t f = 0; f < 3; f++) {
			for (size_t t = 0; t < 70; t++) {
				memset(to, 0xee, sizeof to);
				stream_copy(to + 100 + t, from + 7 * f, sizes[s]);
				CHECK_EQ(memcmp(to + 100 + t, from + 7 * f, sizes[s]), 0);
				CHECK_EQ(to[99 + t], 0xee);
				CHECK_EQ(to[100 + t + sizes[s]], 0xee);
			}
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_copies_are_whole),
		cmocka_unit_test(a_late_thread_goes_elsewhere_for_a_while),
		cmocka_unit_test(a_word_that_changes_ends_the_wait),
		cmocka_unit_test(a_prompt_thread_has_no_slack),
		cmocka_unit_test(real_time_is_given_back),
		cmocka_unit_test(priority_is_no_real_time_and_not_inherited),
		cmocka_unit_test(a_mailbox_keeps_the_latest),
		cmocka_unit_test(a_queue_refuses_when_full_and_keeps_order),
		cmocka_unit_test(threads_lose_nothing_and_tear_nothing),
		cmocka_unit_test(parsing_is_strict),
		cmocka_unit_test(percentiles_are_of_what_was_added),
		cmocka_unit_test(json_is_escaped_and_closed),
		cmocka_unit_test(foreign_text_is_made_printable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
