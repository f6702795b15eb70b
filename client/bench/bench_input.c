#define LOG_MODULE "bench"
#include "client/bench/bench_input.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ending.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/samples.h"
#include "base/thread.h"
#include "client/bench/bench_device.h"
#include "client/bench/bench_wire.h"
#include "client/config/config.h"
#include "client/session/guest_link.h"
#include "client/video/video.h"
#include "client/vm/demo.h"
#include "client/window/window.h"

#define DEFAULT_S  10.0
#define LONGEST_S  3600.0
#define START_NS   (10 * NS_PER_S)
#define WARM_UP_NS (NS_PER_S)
#define PERIOD_NS  (NS_PER_MS) /* of the mouse */
#define KEY_EVERY  10u         /* motions */
#define SWAP_EVERY 50u
#define DRAIN_NS   (2 * NS_PER_S)

struct bench {
	struct config *config;
	char folder[64];
	char socket[80];
	struct bench_wire *wire;
	struct bench_device *device;
	struct device_finder finder;
	struct loop *loop;
	struct guest_link *session;
	pthread_t io_thread;
	bool io_runs;
	atomic_bool ready; /* grabbed, and the way to the guest is there */

	struct demo *demo;
	struct window_surface *surface;
	struct video *video;
	atomic_uint_fast64_t frames;

	uint32_t count;                          /* motions and floor events; keys are fewer */
	uint64_t *motion_ns, *key_ns, *floor_ns; /* when they were sent */
	uint32_t motions, keys, floors;
	uint64_t io_cpu_ns;
};

/* The session, as play runs it. */

static void on_status(const struct guest_link_status *status, void *data) {
	struct bench *bench = data;
	atomic_store(&bench->ready, status->connected && status->grabbed);
}

static void on_action(enum guest_link_action action, unsigned code, void *data) {
	(void)action;
	(void)code;
	(void)data;
}

static void on_moved(void *data) {
	struct bench *bench = data;
	if (bench->video) {
		video_input_moved(bench->video);
	}
}

static void *run_io(void *data) {
	struct bench *bench = data;
	thread_ask_priority(NULL); /* as when playing */
	int r = loop_run(bench->loop);
	bench->io_cpu_ns = clock_thread_cpu_ns();
	if (r < 0) {
		log_error("the event loop ended: %s", strerrordesc_np(-r));
	}
	return NULL;
}

static int start_session(struct bench *bench) {
	struct guest_link_config config = bench->config->session;
	snprintf(config.uri, sizeof config.uri, "unix:%s", bench->socket);
	config.input = true;
	config.clipboard_to_vm = config.clipboard_to_local = CLIPBOARD_NO;
	config.display = config.playback = false;
	config.microphone = GUEST_LINK_MICROPHONE_OFF;
	config.evdev_count = 1;
	snprintf(config.evdev[0], sizeof config.evdev[0], "all");
	config.finder = &bench->finder;
	config.grab_on_start = true;
	config.sensitivity = 0;
	const struct guest_link_events events = {
		.status = on_status, .action = on_action, .moved = on_moved, .data = bench
	};
	int r = guest_link_create(&bench->session, bench->loop, &config, NULL, NULL, &events);
	if (r == 0) {
		r = thread_start(&bench->io_thread, "pg-io", run_io, bench);
		bench->io_runs = r == 0;
	}
	return r;
}

/* The video that plays meanwhile: the embedded guest, drawn without a window. */

static void on_shown(const struct video_frame_times *times, void *data) {
	(void)times;
	atomic_fetch_add(&((struct bench *)data)->frames, 1);
}

static void on_video_status(const struct video_status *status, void *data) {
	(void)status;
	(void)data;
}

static void on_geometry(const struct video_geometry *geometry, void *data) {
	(void)geometry;
	(void)data;
}

static void on_pointer(const struct video_pointer *pointer, void *data) {
	(void)pointer;
	(void)data;
}

static int start_video(struct bench *bench) {
	struct demo_info info;
	const struct guest_options *guest = &bench->config->guest;
	int r = demo_start(&bench->demo, guest, 0, &info);
	if (r < 0) {
		return r;
	}
	r = window_surface_create_offscreen(&bench->surface, guest->width, guest->height);
	if (r < 0) {
		return r;
	}
	struct video_config config = bench->config->video;
	snprintf(config.shm_path, sizeof config.shm_path, "%s", info.shm_path);
	config.settings.source = VIDEO_SOURCE_LG;
	const struct video_events events = { .status = on_video_status,
		.geometry = on_geometry,
		.pointer = on_pointer,
		.shown = on_shown,
		.data = bench };
	return video_start(&bench->video, &config, bench->surface, NULL, &events);
}

/* Sending. */

static int send_motion(struct bench *bench, uint64_t *ret_sent_ns) {
	uint64_t now_ns = clock_now_ns();
	const struct raw_event report[] = { { now_ns, EV_REL, REL_X, 1 },
		{ now_ns, EV_SYN, SYN_REPORT, 0 } };
	*ret_sent_ns = now_ns;
	return bench_device_send(bench->device, report, 2);
}

static int send_key(struct bench *bench, bool pressed, uint64_t *ret_sent_ns) {
	uint64_t now_ns = clock_now_ns();
	const struct raw_event report[] = { { now_ns, EV_KEY, KEY_A, pressed },
		{ now_ns, EV_SYN, SYN_REPORT, 0 } };
	*ret_sent_ns = now_ns;
	return bench_device_send(bench->device, report, 2);
}

static int send_events(struct bench *bench, uint32_t i) {
	int r = send_motion(bench, &bench->motion_ns[bench->motions++]);
	if (r == 0 && i % KEY_EVERY == KEY_EVERY / 2) {
		bool pressed = bench->keys % 2 == 0;
		r = send_key(bench, pressed, &bench->key_ns[bench->keys++]);
	}
	return r;
}

static int send_floor(struct bench *bench) {
	bench->floor_ns[bench->floors++] = clock_now_ns();
	return bench_wire_send_floor(bench->wire);
}

/* A motion every millisecond, a key every ten; between two of them one for the floor. They change
 * places now and then, so that what else happens every millisecond hits both. */
static int send_all(struct bench *bench, uint32_t count) {
	uint64_t next_ns = clock_now_ns();
	for (uint32_t i = 0; i < count; i++) {
		bool floor_first = i / SWAP_EVERY % 2;
		clock_sleep_until_ns(next_ns);
		int r = floor_first ? send_floor(bench) : send_events(bench, i);
		if (r < 0) {
			return r;
		}
		clock_sleep_until_ns(next_ns + PERIOD_NS / 2);
		r = floor_first ? send_events(bench, i) : send_floor(bench);
		if (r < 0) {
			return r;
		}
		next_ns += PERIOD_NS;
		if (i % 100 == 0 && ending_signalled() > 0) {
			return -EINTR;
		}
	}
	if (bench->keys % 2) {
		return send_key(bench, false, &bench->key_ns[bench->keys++]);
	}
	return 0;
}

static bool all_arrived(const struct bench *bench) {
	return bench_wire_arrived(bench->wire, BENCH_MOTION) >= bench->motions &&
	       bench_wire_arrived(bench->wire, BENCH_KEY) >= bench->keys &&
	       bench_wire_arrived(bench->wire, BENCH_FLOOR) >= bench->floors;
}

static int wait_ready(const struct bench *bench) {
	uint64_t end_ns = clock_now_ns() + START_NS;
	while (!atomic_load(&bench->ready) || (bench->video && atomic_load(&bench->frames) == 0)) {
		if (clock_now_ns() > end_ns) {
			return -ETIMEDOUT;
		}
		clock_sleep_ns(NS_PER_MS);
	}
	return 0;
}

/* The report. */

struct result {
	struct samples both, motion, key, floor;
	uint32_t events, lost, merged;
	double seconds;
	double io_cpu_percent;
	bool video;
	uint64_t frames;
};

static void add_stream(const struct bench *bench, enum bench_stream stream, const uint64_t *sent_ns,
		uint32_t from, uint32_t to, struct samples *own, struct samples *both) {
	uint32_t arrived = bench_wire_arrived(bench->wire, stream);
	for (uint32_t i = from; i < to && i < arrived; i++) {
		double us = (double)(bench_wire_time_ns(bench->wire, stream, i) - sent_ns[i]) /
			    NS_PER_US;
		samples_add(own, us);
		if (both) {
			samples_add(both, us);
		}
	}
}

static uint32_t missing(const struct bench *bench, enum bench_stream stream, uint32_t sent) {
	uint32_t arrived = bench_wire_arrived(bench->wire, stream);
	return arrived < sent ? sent - arrived : 0;
}

static void print_json(const struct bench *bench, struct result *result) {
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "bench", "input");
	json_object(&json, "us");
	samples_json(&result->both, &json, "event_to_wire");
	samples_json(&result->motion, &json, "motion_to_wire");
	samples_json(&result->key, &json, "key_to_wire");
	samples_json(&result->floor, &json, "floor");
	json_end(&json);
	json_int(&json, "events", result->events);
	json_int(&json, "merged", result->merged);
	json_int(&json, "lost", result->lost);
	json_number(&json, "seconds", result->seconds);
	json_number(&json, "io_cpu_percent", result->io_cpu_percent);
	if (result->video) {
		json_object(&json, "video");
		json_int(&json, "width", bench->config->guest.width);
		json_int(&json, "height", bench->config->guest.height);
		json_number(&json, "shown_fps", (double)result->frames / result->seconds);
		json_end(&json);
	} else {
		json_null(&json, "video");
	}
	json_finish(&json);
}

static void print_row(const char *name, struct samples *samples) {
	printf("%-16s %9.1f %9.1f %9.1f %9.1f\n", name, samples_percentile(samples, 0.5),
			samples_percentile(samples, 0.95), samples_percentile(samples, 0.99),
			samples->max);
}

static void print_table(const struct bench *bench, struct result *result) {
	printf("%-16s %9s %9s %9s %9s\n", "microseconds", "p50", "p95", "p99", "max");
	print_row("event to wire", &result->both);
	print_row("  motion", &result->motion);
	print_row("  key", &result->key);
	print_row("floor", &result->floor);
	printf("%u events in %.1f s, %u merged, %u lost; the thread used %.1f %% of a CPU\n",
			result->events, result->seconds, result->merged, result->lost,
			result->io_cpu_percent);
	if (result->video) {
		printf("meanwhile %.1f frames a second of %dx%d were shown\n",
				(double)result->frames / result->seconds,
				bench->config->guest.width, bench->config->guest.height);
	} else {
		printf("no video played meanwhile\n");
	}
}

static int measure(struct bench *bench, struct result *result) {
	uint32_t warm_up = WARM_UP_NS / PERIOD_NS;
	int r = send_all(bench, warm_up);
	if (r < 0) {
		return r;
	}
	uint32_t motions = bench->motions;
	uint32_t keys = bench->keys;
	uint32_t floors = bench->floors;
	uint64_t frames = atomic_load(&bench->frames);
	uint64_t start_ns = clock_now_ns();
	r = send_all(bench, bench->count - warm_up);
	if (r < 0) {
		return r;
	}
	result->seconds = (double)(clock_now_ns() - start_ns) / NS_PER_S;
	result->frames = atomic_load(&bench->frames) - frames;
	uint64_t end_ns = clock_now_ns() + DRAIN_NS;
	while (!all_arrived(bench) && clock_now_ns() < end_ns) {
		clock_sleep_ns(NS_PER_MS);
	}
	result->events = bench->motions - motions + bench->keys - keys;
	result->lost = missing(bench, BENCH_MOTION, bench->motions) +
		       missing(bench, BENCH_KEY, bench->keys);
	uint32_t messages = bench_wire_motion_messages(bench->wire);
	uint32_t arrived = bench_wire_arrived(bench->wire, BENCH_MOTION);
	result->merged = arrived > messages ? arrived - messages : 0;
	add_stream(bench, BENCH_MOTION, bench->motion_ns, motions, bench->motions, &result->motion,
			&result->both);
	add_stream(bench, BENCH_KEY, bench->key_ns, keys, bench->keys, &result->key, &result->both);
	add_stream(bench, BENCH_FLOOR, bench->floor_ns, floors, bench->floors, &result->floor,
			NULL);
	return 0;
}

static int start(struct bench *bench) {
	snprintf(bench->folder, sizeof bench->folder, "/tmp/pierglass-bench-XXXXXX");
	if (!mkdtemp(bench->folder)) {
		bench->folder[0] = 0;
		return -errno;
	}
	snprintf(bench->socket, sizeof bench->socket, "%s/spice", bench->folder);
	bench->motion_ns = calloc(bench->count, sizeof(uint64_t));
	bench->key_ns = calloc(bench->count, sizeof(uint64_t));
	bench->floor_ns = calloc(bench->count, sizeof(uint64_t));
	if (!bench->motion_ns || !bench->key_ns || !bench->floor_ns) {
		return -ENOMEM;
	}
	int r = bench_wire_create(&bench->wire, bench->socket, bench->count);
	if (r < 0 || (r = bench_device_create(&bench->device)) < 0 ||
			(r = loop_create(&bench->loop)) < 0) {
		return r;
	}
	bench->finder = bench_device_finder(bench->device);
	r = start_video(bench);
	if (r < 0) {
		log_warn("no video meanwhile: %s", strerrordesc_np(-r));
		video_stop(bench->video);
		bench->video = NULL;
	}
	r = start_session(bench);
	return r < 0 ? r : wait_ready(bench);
}

static void stop(struct bench *bench) {
	if (bench->io_runs) {
		loop_quit(bench->loop, 0);
		pthread_join(bench->io_thread, NULL);
	}
	guest_link_destroy(bench->session);
	loop_destroy(bench->loop);
	video_stop(bench->video);
	window_surface_destroy(bench->surface);
	demo_stop(bench->demo);
	bench_device_destroy(bench->device);
	bench_wire_destroy(bench->wire);
	free(bench->motion_ns);
	free(bench->key_ns);
	free(bench->floor_ns);
	if (bench->folder[0]) {
		unlink(bench->socket);
		rmdir(bench->folder);
	}
}

static int init_samples(struct result *result, uint32_t count) {
	struct samples *all[] = { &result->both, &result->motion, &result->key, &result->floor };
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof all / sizeof all[0]; i++) {
		r = samples_init(all[i], 2 * (size_t)count);
	}
	return r;
}

static void finish_samples(struct result *result) {
	samples_finish(&result->both);
	samples_finish(&result->motion);
	samples_finish(&result->key);
	samples_finish(&result->floor);
}

int run_bench_input(struct config *config) {
	double seconds = config->seconds > 0 ? config->seconds : DEFAULT_S;
	seconds = seconds < LONGEST_S ? seconds : LONGEST_S;
	struct bench bench = { .config = config };
	struct result result = { .events = 0 };
	bench.count = (uint32_t)((seconds * (double)NS_PER_S + (double)WARM_UP_NS) /
				      (double)PERIOD_NS) +
		      2;
	int r = init_samples(&result, bench.count);
	if (r == 0) {
		r = start(&bench);
	}
	uint64_t start_ns = clock_now_ns();
	if (r == 0) {
		r = measure(&bench, &result);
	}
	uint64_t took_ns = clock_now_ns() - start_ns;
	result.video = bench.video != NULL;
	stop(&bench);
	if (r < 0) {
		log_error("the bench did not finish: %s", strerrordesc_np(-r));
	} else {
		result.io_cpu_percent = 100.0 * (double)bench.io_cpu_ns / (double)took_ns;
		if (config->json) {
			print_json(&bench, &result);
		} else {
			print_table(&bench, &result);
		}
	}
	finish_samples(&result);
	return r < 0 || result.lost ? 1 : 0;
}
