/* pg-lgmp itself, against a producer on a thread of its own. */
#include "client/video/source_lgmp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/support/find_thread.h"
#include "tests/support/guest.h"

#define SHAPE_SIDE 512u

struct flood {
	struct guest guest;
	atomic_bool flooding, stop;
	atomic_uint posted;
	atomic_bool running;
};

/* Pointer shapes as fast as they are taken: each is a quarter of a million pixels to convert. */
static void *produce(void *data) {
	struct flood *flood = data;
	unsigned char *pixels = calloc(SHAPE_SIDE * SHAPE_SIDE, 4);
	const struct kvmfr_host_shape shape = { .type = 0,
		.width = SHAPE_SIDE,
		.height = SHAPE_SIDE,
		.pitch = SHAPE_SIDE * 4,
		.data = pixels };
	uint64_t beat_ns = 0;
	while (pixels && !atomic_load(&flood->stop)) {
		const uint64_t now_ns = clock_now_ns();
		if (now_ns >= beat_ns) {
			beat_ns = now_ns + 2 * NS_PER_MS;
			kvmfr_host_periodic(flood->guest.host, now_ns / NS_PER_MS);
		}
		if (!atomic_load(&flood->flooding) ||
				kvmfr_host_post_pointer(flood->guest.host, true, true, 1, 1, &shape,
						now_ns / NS_PER_MS) < 0) {
			clock_sleep_ns(200 * NS_PER_US);
			continue;
		}
		atomic_fetch_add(&flood->posted, 1);
	}
	free(pixels);
	return NULL;
}

static void on_wake(void *data) {
	(void)data;
}

static void on_status(const struct lgmp_status *status, void *data) {
	struct flood *flood = data;
	atomic_store(&flood->running, status->state == LGMP_STATE_RUNNING);
}

static bool comes_true(atomic_bool *condition, uint64_t seconds) {
	const uint64_t until_ns = clock_now_ns() + seconds * NS_PER_S;
	while (!atomic_load(condition) && clock_now_ns() < until_ns) {
		clock_sleep_ns(5 * NS_PER_MS);
	}
	return atomic_load(condition);
}

static void a_guest_that_floods_us_costs_us_real_time(void **state) {
	(void)state;
	struct flood flood = { .posted = 0 };
	struct source_lgmp *source;
	struct source_lgmp_config config = { .poll = VIDEO_POLL_AUTO };
	const struct source_lgmp_events events = {
		.wake = on_wake, .status = on_status, .data = &flood
	};
	pthread_t producer;
	log_set_level(LOG_NONE);
	guest_open(&flood.guest, 20, 32 << 20);
	snprintf(config.path, sizeof config.path, "%s", flood.guest.path);
	CHECK_EQ(pthread_create(&producer, NULL, produce, &flood), 0);
	CHECK_EQ(source_lgmp_start(&source, &config, &events), 0);
	CHECK(comes_true(&flood.running, 10));
	const pid_t thread = find_thread(getpid(), "pg-lgmp");
	CHECK(thread != 0);
	const bool had = is_realtime(thread);

	atomic_store(&flood.flooding, true);
	const uint64_t until_ns = clock_now_ns() + 8 * NS_PER_S;
	while ((is_realtime(thread) || !had) && clock_now_ns() < until_ns &&
			(had || atomic_load(&flood.posted) < 100)) {
		clock_sleep_ns(20 * NS_PER_MS);
	}
	struct source_lgmp_counts counts;
	source_lgmp_get_counts(source, &counts);
	print_message("%u shapes, real-time before: %d\n", atomic_load(&flood.posted), had);
	CHECK(atomic_load(&flood.posted) > 20);
	CHECK(!is_realtime(thread));
	CHECK(atomic_load(&flood.running));
	CHECK_EQ(counts.sessions, 1); /* and goes on */

	source_lgmp_stop(source);
	atomic_store(&flood.stop, true);
	pthread_join(producer, NULL);
	guest_close(&flood.guest);
}

/* Beats, until so many frames were seen. */
static void until_seen(struct flood *flood, struct source_lgmp *source, uint64_t seen) {
	struct source_lgmp_counts counts = { .seen = UINT64_MAX };
	const uint64_t until_ns = clock_now_ns() + 10 * NS_PER_S;
	while ((counts.seen != seen || !atomic_load(&flood->running)) &&
			clock_now_ns() < until_ns) {
		kvmfr_host_periodic(flood->guest.host, clock_now_ns() / NS_PER_MS);
		clock_sleep_ns(5 * NS_PER_MS);
		source_lgmp_get_counts(source, &counts);
	}
	CHECK_EQ(counts.seen, seen);
	CHECK(atomic_load(&flood->running));
}

/* To the client alone, on its own queue, or to all. */
static void post(struct flood *flood, uint32_t serial, uint32_t client_id) {
	const struct kvmfr_host_owner owner = { .client_id = client_id };
	kvmfr_host_set_owner(flood->guest.host, &owner);
	flood->guest.serial = serial;
	flood->guest.now_ns = clock_now_ns();
	CHECK_EQ(guest_post(&flood->guest, 64, 32), 0);
}

/* What a client gets on queues of its own and on that of all is one sequence by the serials. */
static void frames_of_all_queues_are_one_sequence(void **state) {
	(void)state;
	struct flood flood = { .posted = 0 };
	struct source_lgmp *source;
	struct source_lgmp_config config = { .poll = VIDEO_POLL_AUTO, .schedule = true };
	const struct source_lgmp_events events = {
		.wake = on_wake, .status = on_status, .data = &flood
	};
	struct source_frame newest;
	uint32_t client_id = 0;
	struct kvmfr_info info = guest_info(34);
	info.features |= KVMFR_FEATURE_FRAME_SCHEDULE;
	guest_file(&flood.guest, 32 << 20);
	CHECK_EQ(shm_map(&flood.guest.shm, flood.guest.path), 0);
	CHECK_EQ(kvmfr_host_create(&flood.guest.host, flood.guest.shm, &info), 0);
	CHECK_EQ(kvmfr_host_begin(flood.guest.host, 77, clock_now_ns() / NS_PER_MS), 0);
	snprintf(config.path, sizeof config.path, "%s", flood.guest.path);
	CHECK_EQ(source_lgmp_start(&source, &config, &events), 0);
	until_seen(&flood, source, 0);
	CHECK_EQ(lgmp_host_clients(kvmfr_host_lgmp(flood.guest.host),
				 kvmfr_host_frame_queue(flood.guest.host), &client_id, 1),
			1);
	newest_frame_discard(source_lgmp_newest(source), true); /* given back at once */

	post(&flood, 10, client_id);
	until_seen(&flood, source, 1);
	post(&flood, 11, 0);
	until_seen(&flood, source, 2);
	post(&flood, 9, client_id); /* older than what the other queue gave */
	post(&flood, 12, client_id);
	until_seen(&flood, source, 3);
	newest_frame_discard(source_lgmp_newest(source), false);
	CHECK(newest_frame_take(source_lgmp_newest(source), &newest));
	CHECK_EQ(newest.frame.serial, 12);
	CHECK(source_lgmp_alive(source, &newest));
	newest_frame_release(source_lgmp_newest(source), &newest);
	source_lgmp_stop(source);
	guest_close(&flood.guest);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_that_floods_us_costs_us_real_time),
		cmocka_unit_test(frames_of_all_queues_are_one_sequence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
