#include "client/bench_floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/samples.h"
#include "client/bench_plain.h"
#include "host-proto/frame.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/shm.h"

#define COPIES     31u
#define WARM_UP    10u /* frames */
#define PATIENCE   (3 * NS_PER_S)
#define LOOK_NS    NS_PER_MS
#define SAMPLES    4096u
#define WRITING_NS (100 * NS_PER_MS)

struct run {
	struct lgmp_client *client;
	struct bench_plain *plain;
	struct samples wall;
	struct samples copies;
	unsigned shown;
	uint64_t cpu_start_ns;
	unsigned char *copy;
	size_t copy_size;
};

static bool wait_written(const struct frame *frame) {
	const uint64_t all = (uint64_t)frame->pitch * frame->rows;
	const uint64_t give_up_ns = clock_now_ns() + WRITING_NS;
	while (frame_written(frame) < all) {
		if (clock_now_ns() > give_up_ns) {
			return false;
		}
		clock_sleep_ns(50 * NS_PER_US);
	}
	return true;
}

static void copy_out(struct run *run, const struct frame *frame) {
	const size_t bytes = (size_t)frame->pitch * frame->rows;
	if (run->copies.total >= COPIES) {
		return;
	}
	if (run->copy_size < bytes) {
		free(run->copy);
		run->copy = malloc(bytes);
		run->copy_size = run->copy ? bytes : 0;
		if (!run->copy) {
			return;
		}
		memset(run->copy, 1, bytes); /* its pages exist before the clock runs */
	}
	const uint64_t start_ns = clock_now_ns();
	memcpy(run->copy, frame->pixels, bytes);
	samples_add(&run->copies, (double)(clock_now_ns() - start_ns) / 1e3);
}

/* One frame: as plain as it gets. */
static int show(struct run *run, const struct lgmp_message *message) {
	struct frame frame;
	int r = frame_read(message->shm, message->kvmfr, message->offset, message->size, &frame);
	if (r < 0 || !wait_written(&frame)) {
		lgmp_client_finish(run->client, message);
		return 0;
	}
	if (run->copies.total < COPIES) {
		/* Before the frames that are timed. */
		copy_out(run, &frame);
		lgmp_client_finish(run->client, message);
		return 0;
	}
	if (run->shown == WARM_UP) {
		run->cpu_start_ns = clock_process_cpu_ns();
	}
	const unsigned bytes = frame_bytes_per_pixel(frame.format);
	const uint64_t start_ns = clock_now_ns();
	bench_plain_upload(
			run->plain, frame.pixels, frame.width * bytes / 4, frame.rows, frame.pitch);
	lgmp_client_finish(run->client, message);
	r = bench_plain_show(run->plain);
	if (run->shown >= WARM_UP) {
		samples_add(&run->wall, (double)(clock_now_ns() - start_ns) / 1e3);
	}
	run->shown++;
	return r;
}

/* The newest frame, older ones are given back unread. */
static bool newest(struct lgmp_client *client, struct lgmp_message *ret_message) {
	struct lgmp_message message;
	bool some = false;
	while (lgmp_client_next(client, LGMP_QUEUE_POINTER, &message) > 0) {
		lgmp_client_finish(client, &message);
	}
	while (lgmp_client_next(client, LGMP_QUEUE_FRAME, &message) > 0) {
		if (some) {
			lgmp_client_finish(client, ret_message);
		}
		*ret_message = message;
		some = true;
	}
	return some;
}

static int loop(struct run *run, uint64_t duration_ns, bool (*tick)(void *data), void *data) {
	uint64_t end_ns = clock_now_ns() + PATIENCE;
	bool timed = false;
	while (clock_now_ns() < end_ns) {
		struct lgmp_message message;
		lgmp_client_step(run->client, clock_now_ns());
		if (newest(run->client, &message)) {
			if (!timed) {
				timed = true;
				end_ns = clock_now_ns() + duration_ns;
			}
			int r = show(run, &message);
			if (r < 0) {
				return r;
			}
		} else {
			clock_sleep_ns(LOOK_NS);
		}
		if (!tick(data)) {
			return -EINTR;
		}
	}
	return 0;
}

int bench_floor_measure(struct bench_floor *ret_floor, const char *shm_path,
		struct window_surface *surface, uint64_t duration_ns, bool (*tick)(void *data),
		void *data) {
	struct run run = { .shown = 0 };
	int r = lgmp_client_create(&run.client, shm_path);
	if (r == 0) {
		r = samples_init(&run.wall, SAMPLES);
	}
	if (r == 0) {
		r = samples_init(&run.copies, COPIES);
	}
	if (r == 0) {
		r = bench_plain_create(&run.plain, surface);
	}
	if (r == 0) {
		r = loop(&run, duration_ns, tick, data);
	}
	if (r == 0 && run.shown > WARM_UP) {
		const unsigned frames = run.shown - WARM_UP;
		*ret_floor = (struct bench_floor){ .copy_us = samples_percentile(&run.copies, 0.5),
			.us = samples_percentile(&run.wall, 0.5),
			.cpu_us = (double)(clock_process_cpu_ns() - run.cpu_start_ns) / 1e3 /
				  frames,
			.frames = frames };
	} else if (r == 0) {
		r = -ETIMEDOUT;
	}
	bench_plain_destroy(run.plain);
	lgmp_client_destroy(run.client);
	samples_finish(&run.wall);
	samples_finish(&run.copies);
	free(run.copy);
	return r;
}
