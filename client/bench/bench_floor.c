#include "client/bench/bench_floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu_wait.h"
#include "base/samples.h"
#include "client/bench/bench_plain.h"
#include "host-proto/frame.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/shm.h"

#define UNSHOWN    31u /* frames of each phase before */
#define PHASE_NS   NS_PER_S
#define WARM_UP    10u /* frames */
#define PATIENCE   (3 * NS_PER_S)
#define LOOK_NS    NS_PER_MS
#define SAMPLES    4096u
#define WRITING_NS (100 * NS_PER_MS)

/* One after the other, each so many frames or so long: a guest that draws little is not waited
 * for. */
enum phase { COPY, FOLLOW, SHOW };

struct run {
	struct lgmp_client *client;
	struct bench_plain *plain;
	struct samples wall;
	struct samples copies;
	enum phase phase;
	unsigned frames;       /* of this phase */
	uint64_t phase_end_ns; /* 0 = no frame came yet */
	uint64_t show_ns;      /* how long the last one is */
	const struct bench_floor_events *events;
	unsigned shown;
	uint64_t cpu_start_ns;
	unsigned char *copy;
	size_t copy_size;
};

/* True when the last phase is over. */
static bool is_over(struct run *run, uint64_t now_ns) {
	const bool time_is_up = now_ns >= run->phase_end_ns;
	if (run->phase == SHOW) {
		return time_is_up;
	}
	if (run->frames < UNSHOWN && !time_is_up) {
		return false;
	}
	run->phase = run->phase == COPY ? FOLLOW : SHOW;
	run->phase_end_ns = now_ns + (run->phase == SHOW ? run->show_ns : PHASE_NS);
	run->frames = 0;
	return false;
}

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

static bool make_room(struct run *run, size_t bytes) {
	if (run->copy_size < bytes) {
		free(run->copy);
		run->copy = malloc(bytes);
		run->copy_size = run->copy ? bytes : 0;
		if (!run->copy) {
			return false;
		}
		memset(run->copy, 1, bytes); /* its pages exist before the clock runs */
	}
	return true;
}

static void copy_out(struct run *run, const struct frame *frame) {
	const size_t bytes = (size_t)frame->pitch * frame->rows;
	if (!make_room(run, bytes)) {
		return;
	}
	const uint64_t start_ns = clock_now_ns();
	memcpy(run->copy, frame->pixels, bytes);
	samples_add(&run->copies, (double)(clock_now_ns() - start_ns) / 1e3);
}

static void upload(struct run *run, const struct frame *frame, const unsigned char *pixels) {
	const unsigned bytes = frame_bytes_per_pixel(frame->format);
	bench_plain_upload(run->plain, pixels, frame->width * bytes / 4, frame->rows, frame->pitch);
}

/* Whatever is there, at once, until all of it was. False when it did not come. */
static bool copy_behind(struct run *run, const struct frame *frame, size_t bytes) {
	const uint64_t give_up_ns = clock_now_ns() + WRITING_NS;
	for (size_t done = 0; done < bytes;) {
		uint64_t written = frame_written(frame);
		written = written < bytes ? written : bytes;
		if (written > done) {
			memcpy(run->copy + done, frame->pixels + done, written - done);
			done = written;
		} else if (clock_now_ns() > give_up_ns) {
			return false;
		} else {
			cpu_pause();
		}
	}
	return true;
}

static int follow(struct run *run, const struct lgmp_message *message, const struct frame *frame) {
	const uint64_t seen_ns = clock_now_ns();
	const size_t bytes = (size_t)frame->pitch * frame->rows;
	/* One that came while the last one was shown tells nothing. */
	const bool whole = frame_written(frame) == 0 && make_room(run, bytes) &&
			   copy_behind(run, frame, bytes);
	lgmp_client_finish(run->client, message);
	if (!whole) {
		return 0;
	}
	run->events->followed(frame->serial, seen_ns, clock_now_ns(), run->events->data);
	upload(run, frame, run->copy);
	return bench_plain_show(run->plain);
}

/* As plain as it gets. */
static int show(struct run *run, const struct lgmp_message *message, const struct frame *frame) {
	if (run->shown == WARM_UP) {
		run->cpu_start_ns = clock_process_cpu_ns();
	}
	const uint64_t start_ns = clock_now_ns();
	upload(run, frame, frame->pixels);
	lgmp_client_finish(run->client, message);
	const int r = bench_plain_show(run->plain);
	if (run->shown >= WARM_UP) {
		samples_add(&run->wall, (double)(clock_now_ns() - start_ns) / 1e3);
	}
	run->shown++;
	return r;
}

static int take(struct run *run, const struct lgmp_message *message) {
	struct frame frame;
	int r = frame_read(message->shm, message->kvmfr, message->offset, message->size, &frame);
	if (r == 0 && run->phase == FOLLOW) {
		return follow(run, message, &frame);
	}
	const bool whole = r == 0 && wait_written(&frame);
	if (whole && run->phase == SHOW) {
		return show(run, message, &frame);
	}
	if (whole) {
		copy_out(run, &frame);
	}
	lgmp_client_finish(run->client, message);
	return 0;
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

static int loop(struct run *run) {
	const uint64_t give_up_ns = clock_now_ns() + PATIENCE;
	for (;;) {
		struct lgmp_message message;
		const uint64_t now_ns = clock_now_ns();
		if (run->phase_end_ns == 0 ? now_ns >= give_up_ns : is_over(run, now_ns)) {
			return 0;
		}
		lgmp_client_step(run->client, now_ns);
		if (newest(run->client, &message)) {
			if (run->phase_end_ns == 0) {
				run->phase_end_ns = now_ns + PHASE_NS;
			}
			int r = take(run, &message);
			if (r < 0) {
				return r;
			}
			run->frames++;
		} else if (run->phase == FOLLOW) {
			cpu_pause();
		} else {
			clock_sleep_ns(LOOK_NS);
		}
		if (!run->events->tick(run->events->data)) {
			return -EINTR;
		}
	}
}

int bench_floor_measure(struct bench_floor *ret_floor, const char *shm_path,
		struct window_surface *surface, uint64_t duration_ns,
		const struct bench_floor_events *events) {
	struct run run = { .phase = COPY, .show_ns = duration_ns, .events = events };
	int r = lgmp_client_create(&run.client, shm_path);
	if (r == 0) {
		r = samples_init(&run.wall, SAMPLES);
	}
	if (r == 0) {
		r = samples_init(&run.copies, UNSHOWN);
	}
	if (r == 0) {
		r = bench_plain_create(&run.plain, surface);
	}
	if (r == 0) {
		r = loop(&run);
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
