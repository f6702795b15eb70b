#include "client/bench/bench_sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audio/codec/scream.h"
#include "base/clock.h"
#include "base/thread.h"

#define LEVEL 0.5

struct bench_sender {
	/* constant after bench_sender_start() */
	struct bench_scenario scenario;
	struct sockaddr_in to;
	int fd;
	uint64_t start_ns;
	uint64_t packets; /* to be sent */
	float tone[BENCH_RATE];
	pthread_t thread;

	/* from any thread */
	atomic_bool stop;
	atomic_uint_fast64_t cpu_ns;
	atomic_uint_fast64_t *sent_ns; /* by packet */

	/* its thread */
	uint64_t random;
};

static double next_random(struct bench_sender *s) {
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(s->random >> 11) * 0x1p-53;
}

static void send_packet(struct bench_sender *s, uint64_t number) {
	static const struct scream_format format = { BENCH_RATE, 16, 2, 3 };
	uint8_t packet[SCREAM_DATAGRAM_MAX];
	float frames[BENCH_FRAMES * 2];
	for (unsigned i = 0; i < BENCH_FRAMES; i++) {
		uint64_t frame = number * BENCH_FRAMES + i;
		frames[i * 2] = (float)((double)(frame % BENCH_RAMP) / BENCH_RAMP * 2 - 1);
		frames[i * 2 + 1] = s->tone[frame % BENCH_RATE];
	}
	scream_pack_header(packet, &format);
	scream_from_float(packet + 5, frames, BENCH_FRAMES, &format);
	if (sendto(s->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL,
			    (const struct sockaddr *)&s->to, sizeof s->to) > 0) {
		atomic_store(&s->sent_ns[number], clock_now_ns());
	}
}

static double send_time_s(struct bench_sender *s, double due_s) {
	const struct bench_scenario *how = &s->scenario;
	double t = due_s;
	if (how->burst_ms > 0) {
		t = ceil(t / (how->burst_ms * 1e-3)) * how->burst_ms * 1e-3;
	}
	t += next_random(s) * how->jitter_ms * 1e-3;
	if (how->stall_every_s > 0 && t > how->stall_every_s) {
		double start = floor(t / how->stall_every_s) * how->stall_every_s;
		double end = start + how->stall_ms * 1e-3;
		t = t < end ? end : t;
	}
	return t;
}

static void *run(void *data) {
	struct bench_sender *s = data;
	double rate = BENCH_RATE * (1 + s->scenario.ppm * 1e-6);
	thread_ask_realtime(7, NULL);
	for (uint64_t i = 0; i < s->packets && !atomic_load(&s->stop); i++) {
		double at_s = send_time_s(s, (double)((i + 1) * BENCH_FRAMES) / rate);
		bool lost = next_random(s) < s->scenario.loss;
		clock_sleep_until_ns(s->start_ns + (uint64_t)(at_s * 1e9));
		if (!lost) {
			send_packet(s, i);
		}
	}
	atomic_store(&s->cpu_ns, clock_thread_cpu_ns());
	return NULL;
}

static void sender_free(struct bench_sender *s) {
	if (s->fd >= 0) {
		close(s->fd);
	}
	free(s->sent_ns);
	free(s);
}

static int open_socket(struct bench_sender *s, const char *group, uint16_t port) {
	const struct ip_mreqn by = { .imr_ifindex = (int)if_nametoindex("lo") };
	s->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	if (inet_pton(AF_INET, group, &s->to.sin_addr) != 1) {
		return -EINVAL;
	}
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) < 0) {
		return -errno;
	}
	return 0;
}

int bench_sender_start(struct bench_sender **ret_sender, const struct bench_scenario *scenario,
		const char *group, uint16_t port, double seconds) {
	struct bench_sender *s = calloc(1, sizeof *s);
	if (!s) {
		return -ENOMEM;
	}
	s->fd = -1;
	s->scenario = *scenario;
	s->random = 12345;
	s->packets = (uint64_t)(seconds * BENCH_RATE / BENCH_FRAMES);
	s->sent_ns = calloc(s->packets, sizeof *s->sent_ns);
	for (unsigned i = 0; i < BENCH_RATE; i++) {
		s->tone[i] = (float)(LEVEL * sin(2 * M_PI * BENCH_TONE_HZ * i / BENCH_RATE));
	}
	int r = s->sent_ns ? open_socket(s, group, port) : -ENOMEM;
	if (r == 0) {
		s->start_ns = clock_now_ns();
		r = thread_start(&s->thread, "bench-sender", run, s);
	}
	if (r < 0) {
		sender_free(s);
		return r;
	}
	*ret_sender = s;
	return 0;
}

void bench_sender_stop(struct bench_sender *s, uint64_t *ret_cpu_ns) {
	if (!s) {
		return;
	}
	atomic_store(&s->stop, true);
	pthread_join(s->thread, NULL);
	if (ret_cpu_ns) {
		*ret_cpu_ns = atomic_load(&s->cpu_ns);
	}
	sender_free(s);
}

uint64_t bench_sender_sent_ns(const struct bench_sender *s, uint64_t packet) {
	return packet < s->packets ? atomic_load(&s->sent_ns[packet]) : 0;
}

uint64_t bench_sender_start_ns(const struct bench_sender *s) {
	return s->start_ns;
}
