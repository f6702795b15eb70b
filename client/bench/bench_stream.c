#include "client/bench/bench_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "host-proto/input_port.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/shm.h"
#include "host-proto/sim/input_host.h"
#include "host-proto/sim/kvmfr_host.h"

#define MEMORY  (8 << 20)
#define LOOK_NS (200 * NS_PER_US)

struct arrived {
	uint64_t *times_ns;
	atomic_uint count; /* released after the time was written */
};

struct bench_stream_end {
	/* constant */
	char path[128];
	struct shm *shm;
	struct input_port *port;
	uint32_t room;
	pthread_t thread;
	bool started;

	/* any thread */
	atomic_bool quit, offered;
	struct arrived arrived[BENCH_FLOOR]; /* written by bench-stream */

	/* bench-stream only */
	struct kvmfr_host *host;
	struct input_host *service;
	struct lgmp_client *client;
	bool is_offered;
};

static void arrive(struct bench_stream_end *end, enum bench_stream stream) {
	struct arrived *arrived = &end->arrived[stream];
	const uint32_t i = atomic_load_explicit(&arrived->count, memory_order_relaxed);
	if (i < end->room) {
		arrived->times_ns[i] = clock_now_ns();
		atomic_store_explicit(&arrived->count, i + 1, memory_order_release);
	}
}

static void on_motion(int32_t dx, int32_t dy, void *data) {
	(void)dy;
	for (int32_t i = 0; i < dx; i++) {
		arrive(data, BENCH_MOTION);
	}
}

static void on_key(unsigned scancode, bool pressed, void *data) {
	(void)scancode;
	(void)pressed;
	arrive(data, BENCH_KEY);
}

/* What pg-lgmp does with the host's status. */
static void hand_over(struct bench_stream_end *end) {
	struct lgmp_message message;
	while (lgmp_client_next(end->client, LGMP_QUEUE_INPUT, &message) > 0) {
		struct input_offer offer = {
			.host = { .session = true, .shm = message.shm, .lgmp = 12 }
		};
		lgmp_client_identity(end->client, &offer.host.session_id, &offer.host.client_id);
		const int r = kvmfr_input_status_read(message.shm, message.offset, message.size,
				offer.host.client_id, &offer.status);
		if (lgmp_client_finish(end->client, &message) == 0 && r == 0) {
			input_port_put(end->port, &offer);
		}
	}
}

static void *run(void *data) {
	struct bench_stream_end *end = data;
	uint64_t slow_ns = 0;
	thread_ask_realtime(BENCH_PRIORITY + 1, NULL);
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	while (!atomic_load(&end->quit)) {
		const uint64_t now_ns = clock_now_ns();
		const bool offered = atomic_load(&end->offered);
		if (offered != end->is_offered) {
			end->is_offered = offered;
			input_host_set_off(end->service, !offered);
		}
		input_host_step(end->service, now_ns);
		if (now_ns >= slow_ns) {
			slow_ns = now_ns + NS_PER_MS;
			(void)kvmfr_host_periodic(end->host, now_ns / NS_PER_MS);
			lgmp_client_step(end->client, now_ns);
			hand_over(end);
		}
		clock_sleep_ns(offered ? LOOK_NS : NS_PER_MS);
	}
	return NULL;
}

static int make_memory(struct bench_stream_end *end, const char *folder) {
	snprintf(end->path, sizeof end->path, "%s/memory", folder);
	int fd = open(end->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		const int r = -errno;
		end->path[0] = '\0';
		return r;
	}
	int r = ftruncate(fd, MEMORY) < 0 ? -errno : shm_map_fd(&end->shm, fd);
	close(fd);
	return r;
}

static int make_host(struct bench_stream_end *end) {
	const struct kvmfr_info info = {
		.version = 34, .host_version = "bench", .features = KVMFR_FEATURE_INPUT
	};
	const struct input_host_events events = { .key = on_key, .motion = on_motion, .data = end };
	int r = kvmfr_host_create(&end->host, end->shm, &info);
	if (r == 0) {
		r = input_host_create(&end->service, end->shm, kvmfr_host_lgmp(end->host), &events);
	}
	if (r < 0) {
		return r;
	}
	input_host_set_off(end->service, true);
	kvmfr_host_set_input(end->host, end->service);
	r = kvmfr_host_begin(end->host, 1, clock_now_ns() / NS_PER_MS);
	if (r == 0) {
		r = lgmp_client_create(&end->client, end->path);
	}
	if (r == 0) {
		lgmp_client_want(end->client, LGMP_QUEUE_INPUT);
	}
	return r;
}

int bench_stream_create(struct bench_stream_end **ret_end, const char *folder,
		struct input_port *port, uint32_t events) {
	struct bench_stream_end *end = calloc(1, sizeof *end);
	if (!end) {
		return -ENOMEM;
	}
	end->port = port;
	end->room = events;
	int r = 0;
	for (unsigned i = 0; i < BENCH_FLOOR; i++) {
		end->arrived[i].times_ns = calloc(events, sizeof(uint64_t));
		r = end->arrived[i].times_ns ? r : -ENOMEM;
	}
	if (r == 0) {
		r = make_memory(end, folder);
	}
	if (r == 0) {
		r = make_host(end);
	}
	if (r == 0) {
		r = thread_start(&end->thread, "bench-stream", run, end);
		end->started = r == 0;
	}
	if (r < 0) {
		bench_stream_destroy(end);
		return r;
	}
	*ret_end = end;
	return 0;
}

void bench_stream_destroy(struct bench_stream_end *end) {
	if (!end) {
		return;
	}
	if (end->started) {
		atomic_store(&end->quit, true);
		pthread_join(end->thread, NULL);
	}
	lgmp_client_destroy(end->client);
	input_host_destroy(end->service);
	kvmfr_host_destroy(end->host);
	shm_unref(end->shm);
	if (end->path[0]) {
		(void)unlink(end->path);
	}
	for (unsigned i = 0; i < BENCH_FLOOR; i++) {
		free(end->arrived[i].times_ns);
	}
	free(end);
}

void bench_stream_offer(struct bench_stream_end *end, bool on) {
	atomic_store(&end->offered, on);
}

uint32_t bench_stream_arrived(const struct bench_stream_end *end, enum bench_stream stream) {
	return atomic_load_explicit(&end->arrived[stream].count, memory_order_acquire);
}

uint64_t bench_stream_time_ns(
		const struct bench_stream_end *end, enum bench_stream stream, uint32_t i) {
	return end->arrived[stream].times_ns[i];
}
