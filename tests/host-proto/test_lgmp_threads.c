/*
 * Client and host as they really run: a producer thread, the thread that drains, and one that
 * finishes the frames. Under TSan this shows that the memory orders are the ones that are needed.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "tests/support/guest.h"

#define FRAMES 3000u
#define WIDTH  32u
#define HEIGHT 8u
#define BYTES  (WIDTH * HEIGHT * 4)

struct run {
	struct guest guest;
	struct lgmp_client *client;
	atomic_bool connected, stop;
	atomic_uint posted;

	/* the held frame, from the draining to the finishing thread */
	pthread_mutex_t lock;
	bool has_held;
	struct lgmp_message held;

	unsigned finished, bad;
};

static void fill_frame(unsigned char *pixels, uint32_t serial) {
	for (unsigned i = 0; i < BYTES; i += 4) {
		memcpy(pixels + i, &serial, 4);
	}
}

static void *produce(void *data) {
	struct run *run = data;
	struct frame frame = guest_frame(WIDTH, HEIGHT);
	struct kvmfr_host_frame at;
	uint64_t beat_ns = 0;
	while (!atomic_load(&run->stop)) {
		const uint64_t now_ns = clock_now_ns();
		if (now_ns >= beat_ns) {
			beat_ns = now_ns + 2 * NS_PER_MS;
			kvmfr_host_periodic(run->guest.host, now_ns / NS_PER_MS);
		}
		if (!atomic_load(&run->connected) || frame.serial == FRAMES) {
			sched_yield();
			continue;
		}
		if (kvmfr_host_post_frame(run->guest.host, &frame, now_ns / NS_PER_MS, &at) == 0) {
			fill_frame(at.pixels, frame.serial);
			kvmfr_host_written(&at, BYTES);
			frame.serial++;
			atomic_store(&run->posted, frame.serial);
		} else {
			sched_yield();
		}
	}
	return NULL;
}

/* Every pixel of a frame must carry its serial, as long as we have not finished it. */
static bool whole(const struct lgmp_message *message) {
	struct frame frame;
	uint32_t pixel;
	if (frame_read(message->shm, message->kvmfr, message->offset, message->size, &frame) < 0) {
		return false;
	}
	while (frame_written(&frame) < BYTES) {
		sched_yield();
	}
	for (unsigned i = 0; i < BYTES; i += 4) {
		memcpy(&pixel, frame.pixels + i, 4);
		if (pixel != frame.serial) {
			return false;
		}
	}
	return true;
}

static void *finish(void *data) {
	struct run *run = data;
	while (!atomic_load(&run->stop)) {
		struct lgmp_message message;
		pthread_mutex_lock(&run->lock);
		const bool some = run->has_held;
		message = run->held;
		run->has_held = false;
		pthread_mutex_unlock(&run->lock);
		if (!some) {
			sched_yield();
			continue;
		}
		run->bad += !whole(&message);
		lgmp_client_finish(run->client, &message);
		run->finished++;
	}
	return NULL;
}

/* pg-lgmp's part: newest wins, older ones are finished unread. */
static void drain(struct run *run) {
	struct lgmp_message message;
	while (lgmp_client_next(run->client, LGMP_QUEUE_FRAME, &message) > 0) {
		pthread_mutex_lock(&run->lock);
		const bool older = run->has_held;
		const struct lgmp_message old = run->held;
		run->held = message;
		run->has_held = true;
		pthread_mutex_unlock(&run->lock);
		if (older) {
			lgmp_client_finish(run->client, &old);
		}
	}
}

static void three_threads_lose_nothing(void **state) {
	(void)state;
	static const unsigned versions[] = { 19, 20, 34 };
	for (unsigned v = 0; v < 3; v++) {
		struct run run = { .finished = 0 };
		pthread_t producer;
		pthread_t finisher;
		pthread_mutex_init(&run.lock, NULL);
		guest_open(&run.guest, versions[v], 8 << 20);
		CHECK_EQ(lgmp_client_create(&run.client, run.guest.path), 0);
		CHECK_EQ(pthread_create(&producer, NULL, produce, &run), 0);
		CHECK_EQ(pthread_create(&finisher, NULL, finish, &run), 0);
		const uint64_t give_up_ns = clock_now_ns() + 40 * NS_PER_S;
		while (atomic_load(&run.posted) < FRAMES && clock_now_ns() < give_up_ns) {
			lgmp_client_step(run.client, clock_now_ns());
			if (client_state(run.client) == LGMP_STATE_RUNNING) {
				atomic_store(&run.connected, true);
			}
			drain(&run);
			sched_yield();
		}
		drain(&run);
		while (lgmp_host_count(kvmfr_host_lgmp(run.guest.host), 0) > 0 &&
				clock_now_ns() < give_up_ns) {
			sched_yield();
		}
		atomic_store(&run.stop, true);
		pthread_join(producer, NULL);
		pthread_join(finisher, NULL);
		CHECK_EQ(atomic_load(&run.posted), FRAMES);
		CHECK_EQ(run.bad, 0);
		CHECK(run.finished > 0);
		CHECK_EQ(lgmp_client_status(run.client)->resubscriptions, 0);
		CHECK_EQ(lgmp_client_status(run.client)->lost, 0);
		CHECK_EQ(lgmp_client_status(run.client)->corrupt, 0);
		lgmp_client_destroy(run.client);
		guest_close(&run.guest);
		pthread_mutex_destroy(&run.lock);
	}
}

/* Frames of dead sessions are finished while new ones begin: nothing of it may reach the memory of
 * the new session. */
static void *finish_for_ever(void *data) {
	struct run *run = data;
	while (!atomic_load(&run->stop)) {
		struct lgmp_message message;
		pthread_mutex_lock(&run->lock);
		message = run->held;
		const bool some = run->has_held;
		pthread_mutex_unlock(&run->lock);
		if (some) {
			lgmp_client_finish(run->client, &message);
		}
		sched_yield();
	}
	return NULL;
}

static void a_stale_finish_is_no_harm(void **state) {
	(void)state;
	struct run run = { .finished = 0 };
	pthread_t finisher;
	pthread_mutex_init(&run.lock, NULL);
	guest_open(&run.guest, 20, 8 << 20);
	CHECK_EQ(lgmp_client_create(&run.client, run.guest.path), 0);
	CHECK_EQ(pthread_create(&finisher, NULL, finish_for_ever, &run), 0);
	for (unsigned round = 0; round < 50; round++) {
		struct lgmp_message message;
		CHECK_EQ(kvmfr_host_begin(run.guest.host, 100 + round, guest_ms(&run.guest)), 0);
		for (unsigned i = 0; i < 30; i++) {
			guest_tick(&run.guest, run.client);
		}
		CHECK_EQ(client_state(run.client), LGMP_STATE_RUNNING);
		CHECK_EQ(guest_post(&run.guest, 8, 8), 0);
		/* Only finishes of older sessions run now: they may not retire this one. */
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(run.guest.host), 0), 1);
		CHECK_EQ(lgmp_client_next(run.client, LGMP_QUEUE_FRAME, &message), 1);
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(run.guest.host), 0), 1);
		pthread_mutex_lock(&run.lock);
		run.held = message;
		run.has_held = true;
		pthread_mutex_unlock(&run.lock);
		const uint64_t give_up_ns = clock_now_ns() + 10 * NS_PER_S;
		while (lgmp_host_count(kvmfr_host_lgmp(run.guest.host), 0) > 0 &&
				clock_now_ns() < give_up_ns) {
			sched_yield();
		}
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(run.guest.host), 0), 0);
	}
	atomic_store(&run.stop, true);
	pthread_join(finisher, NULL);
	lgmp_client_destroy(run.client);
	guest_close(&run.guest);
	pthread_mutex_destroy(&run.lock);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_threads_lose_nothing),
		cmocka_unit_test(a_stale_finish_is_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
