#include "client/bench/bench_wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "host-proto/sim/peer.h"
#include "input/device.h"

/* What the player writes for a motion: a data header of 18 bytes or a mini header of 6, and 10. */
#define FLOOR_BYTES 16

struct arrivals {
	uint64_t *times_ns;
	uint32_t room;
	atomic_uint count; /* released after the time was written */
};

struct bench_wire {
	/* constant */
	struct spice_peer *peer;
	int stop;         /* eventfd: all threads end */
	int floor_in[2];  /* device -> loop */
	int floor_out[2]; /* loop -> far end */
	int floor_epoll;  /* its far end, watched as the peer's sockets are */
	pthread_t threads[3];
	unsigned started;

	struct arrivals arrivals[BENCH_STREAMS]; /* each written by one thread */
	atomic_uint motion_messages;
	uint64_t readable_ns; /* bench-guest's; 0 = for what came after */
};

static void arrive(struct arrivals *arrivals, uint64_t now_ns) {
	uint32_t i = atomic_load_explicit(&arrivals->count, memory_order_relaxed);
	if (i < arrivals->room) {
		arrivals->times_ns[i] = now_ns;
		atomic_store_explicit(&arrivals->count, i + 1, memory_order_release);
	}
}

/* When the message that is being read could be read. The first one of a step had made the socket
 * readable; the others may have come since. */
static uint64_t arrival_ns(struct bench_wire *wire) {
	uint64_t readable_ns = wire->readable_ns ? wire->readable_ns : clock_now_ns();
	wire->readable_ns = 0;
	return readable_ns;
}

static void on_motion(int32_t dx, int32_t dy, void *data) {
	struct bench_wire *wire = data;
	uint64_t now_ns = arrival_ns(wire);
	(void)dy;
	if (dx > 0) {
		atomic_fetch_add(&wire->motion_messages, 1);
	}
	for (int32_t i = 0; i < dx; i++) {
		arrive(&wire->arrivals[BENCH_MOTION], now_ns);
	}
}

static void on_key(unsigned scancode, bool pressed, void *data) {
	struct bench_wire *wire = data;
	(void)scancode;
	(void)pressed;
	arrive(&wire->arrivals[BENCH_KEY], arrival_ns(wire));
}

/* Waits for the fd; false when it is time to end. */
static bool wait_readable(const struct bench_wire *wire, int fd) {
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
		{ .fd = wire->stop, .events = POLLIN } };
	while (poll(fds, 2, -1) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return fds[1].revents == 0;
}

static void *run_guest(void *data) {
	struct bench_wire *wire = data;
	thread_ask_realtime(BENCH_PRIORITY + 1, NULL);
	while (wait_readable(wire, spice_peer_fd(wire->peer))) {
		/* Taken to have arrived when it could be read, here and for the floor: how a server
		 * reads is not ours. */
		wire->readable_ns = clock_now_ns();
		if (spice_peer_step(wire->peer) < 0) {
			break;
		}
	}
	return NULL;
}

static void *run_floor_loop(void *data) {
	struct bench_wire *wire = data;
	thread_ask_realtime(BENCH_PRIORITY, NULL);
	struct raw_event events[2];
	const char message[FLOOR_BYTES] = { 0 };
	while (wait_readable(wire, wire->floor_in[1])) {
		if (read(wire->floor_in[1], events, sizeof events) <= 0 ||
				write(wire->floor_out[0], message, sizeof message) <= 0) {
			break;
		}
	}
	return NULL;
}

static void *run_floor_end(void *data) {
	struct bench_wire *wire = data;
	thread_ask_realtime(BENCH_PRIORITY + 1, NULL);
	char message[FLOOR_BYTES];
	while (wait_readable(wire, wire->floor_epoll)) {
		uint64_t now_ns = clock_now_ns();
		if (recv(wire->floor_out[1], message, sizeof message, MSG_WAITALL) <= 0) {
			break;
		}
		arrive(&wire->arrivals[BENCH_FLOOR], now_ns);
	}
	return NULL;
}

static int start_threads(struct bench_wire *wire) {
	static const struct {
		const char *name;
		void *(*run)(void *data);
	} threads[] = {
		{ "bench-guest", run_guest },
		{ "bench-loop", run_floor_loop },
		{ "bench-floor", run_floor_end },
	};
	int r = 0;
	for (unsigned i = 0; r == 0 && i < sizeof threads / sizeof threads[0]; i++) {
		r = thread_start(&wire->threads[i], threads[i].name, threads[i].run, wire);
		wire->started += r == 0;
	}
	return r;
}

static int open_all(struct bench_wire *wire, const char *unix_path, uint32_t events) {
	const struct spice_peer_config config = { .unix_path = unix_path, .name = "bench" };
	const struct spice_peer_events peer_events = {
		.key = on_key, .motion = on_motion, .data = wire
	};
	for (unsigned i = 0; i < BENCH_STREAMS; i++) {
		wire->arrivals[i].room = events;
		wire->arrivals[i].times_ns = calloc(events, sizeof(uint64_t));
		if (!wire->arrivals[i].times_ns) {
			return -ENOMEM;
		}
	}
	wire->stop = eventfd(0, EFD_CLOEXEC);
	if (wire->stop < 0 ||
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, wire->floor_in) < 0 ||
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire->floor_out) < 0) {
		return -errno;
	}
	struct epoll_event event = { .events = EPOLLIN };
	wire->floor_epoll = epoll_create1(EPOLL_CLOEXEC);
	if (wire->floor_epoll < 0 || epoll_ctl(wire->floor_epoll, EPOLL_CTL_ADD, wire->floor_out[1],
						     &event) < 0) {
		return -errno;
	}
	return spice_peer_create(&wire->peer, &config, &peer_events);
}

int bench_wire_create(struct bench_wire **ret_wire, const char *unix_path, uint32_t events) {
	struct bench_wire *wire = calloc(1, sizeof *wire);
	if (!wire) {
		return -ENOMEM;
	}
	wire->stop = wire->floor_in[0] = wire->floor_in[1] = -1;
	wire->floor_out[0] = wire->floor_out[1] = wire->floor_epoll = -1;
	int r = open_all(wire, unix_path, events);
	if (r == 0) {
		r = start_threads(wire);
	}
	if (r < 0) {
		bench_wire_destroy(wire);
		return r;
	}
	*ret_wire = wire;
	return 0;
}

static void close_if_open(int fd) {
	if (fd >= 0) {
		close(fd);
	}
}

void bench_wire_destroy(struct bench_wire *wire) {
	if (!wire) {
		return;
	}
	if (wire->started) {
		const uint64_t one = 1;
		ssize_t n = write(wire->stop, &one, sizeof one);
		(void)n;
	}
	for (unsigned i = 0; i < wire->started; i++) {
		pthread_join(wire->threads[i], NULL);
	}
	spice_peer_destroy(wire->peer);
	close_if_open(wire->stop);
	close_if_open(wire->floor_epoll);
	for (unsigned i = 0; i < 2; i++) {
		close_if_open(wire->floor_in[i]);
		close_if_open(wire->floor_out[i]);
	}
	for (unsigned i = 0; i < BENCH_STREAMS; i++) {
		free(wire->arrivals[i].times_ns);
	}
	free(wire);
}

int bench_wire_send_floor(struct bench_wire *wire) {
	const struct raw_event events[2] = { { 0 } };
	return send(wire->floor_in[0], events, sizeof events, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

uint32_t bench_wire_arrived(const struct bench_wire *wire, enum bench_stream stream) {
	return atomic_load_explicit(&wire->arrivals[stream].count, memory_order_acquire);
}

uint64_t bench_wire_time_ns(const struct bench_wire *wire, enum bench_stream stream, uint32_t i) {
	return wire->arrivals[stream].times_ns[i];
}

uint32_t bench_wire_motion_messages(const struct bench_wire *wire) {
	return atomic_load(&wire->motion_messages);
}
