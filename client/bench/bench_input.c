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
#include "client/bench/bench_stream.h"
#include "client/bench/bench_wire.h"
#include "client/config/config.h"
#include "client/session/guest_link.h"
#include "client/video/video.h"
#include "client/vm/demo.h"
#include "client/window/window.h"
#include "host-proto/input_port.h"

#define DEFAULT_S  10.0
#define LONGEST_S  3600.0
#define START_NS   (10 * NS_PER_S)
#define WARM_UP_NS (NS_PER_S)
#define PERIOD_NS  (NS_PER_MS) /* of the mouse */
#define KEY_EVERY  10u         /* motions */
#define SWAP_EVERY 50u
#define DRAIN_NS   (2 * NS_PER_S)
#define SWITCH_NS  (5 * NS_PER_S)
#define BLOCKS     6u /* the two ways take turns, so that what the machine does hits both */

enum way { WAY_SPICE, WAY_STREAM, WAYS };

/* What was sent by one way, and when. */
struct sent {
	uint64_t *motion_ns, *key_ns;
	uint32_t motions, keys;
};

struct bench {
	struct config *config;
	char folder[64];
	char socket[80];
	struct bench_wire *wire;
	struct input_port *port;
	struct bench_stream_end *stream;
	struct bench_device *device;
	struct device_finder finder;
	struct loop *loop;
	struct guest_link *session;
	pthread_t io_thread;
	bool io_runs;
	atomic_bool ready;       /* grabbed, and the way to the guest is there */
	atomic_bool over_stream; /* … which is the host's stream */

	struct demo *demo;
	struct window_surface *surface;
	struct video *video;
	atomic_uint_fast64_t frames;

	uint32_t count; /* motions and floor events; keys are fewer */
	enum way way;
	struct sent sent[WAYS];
	atomic_uint over_stream_sent; /* motions of WAY_STREAM that were sent */
	uint64_t *written_ns; /* when these could be read in the memory; pg-io's until it ended */
	uint32_t written;
	uint64_t *floor_ns; /* when they were sent */
	uint32_t floors;
	uint64_t io_cpu_ns;
};

/* The session, as play runs it. */

static void on_status(const struct guest_link_status *status, void *data) {
	struct bench *bench = data;
	atomic_store(&bench->ready, status->connected && status->grabbed);
	atomic_store(&bench->over_stream, status->host_input);
}

static void on_action(enum guest_link_action action, unsigned code, void *data) {
	(void)action;
	(void)code;
	(void)data;
}

static void on_moved(void *data) {
	struct bench *bench = data;
	/* On the stream's way: the record stands in the memory now, for whoever reads it. */
	if (atomic_load(&bench->over_stream)) {
		const uint64_t now_ns = clock_now_ns();
		const uint32_t sent = atomic_load_explicit(
				&bench->over_stream_sent, memory_order_acquire);
		while (bench->written < sent) {
			bench->written_ns[bench->written++] = now_ns;
		}
	}
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
	config.host_input = bench->port;
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
	struct sent *sent = &bench->sent[bench->way];
	if (bench->way == WAY_STREAM) { /* before: pg-io may be faster than we are */
		atomic_store_explicit(
				&bench->over_stream_sent, sent->motions + 1, memory_order_release);
	}
	int r = send_motion(bench, &sent->motion_ns[sent->motions++]);
	if (r == 0 && i % KEY_EVERY == KEY_EVERY / 2) {
		bool pressed = sent->keys % 2 == 0;
		r = send_key(bench, pressed, &sent->key_ns[sent->keys++]);
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
	struct sent *sent = &bench->sent[bench->way];
	if (sent->keys % 2) {
		return send_key(bench, false, &sent->key_ns[sent->keys++]);
	}
	return 0;
}

static uint32_t arrived(const struct bench *bench, enum way way, enum bench_stream stream) {
	return way == WAY_SPICE ? bench_wire_arrived(bench->wire, stream)
				: bench_stream_arrived(bench->stream, stream);
}

static uint64_t arrival_ns(
		const struct bench *bench, enum way way, enum bench_stream stream, uint32_t i) {
	return way == WAY_SPICE ? bench_wire_time_ns(bench->wire, stream, i)
				: bench_stream_time_ns(bench->stream, stream, i);
}

static bool all_arrived(const struct bench *bench) {
	for (enum way way = 0; way < WAYS; way++) {
		if (arrived(bench, way, BENCH_MOTION) < bench->sent[way].motions ||
				arrived(bench, way, BENCH_KEY) < bench->sent[way].keys) {
			return false;
		}
	}
	return bench_wire_arrived(bench->wire, BENCH_FLOOR) >= bench->floors;
}

static void drain(const struct bench *bench) {
	const uint64_t end_ns = clock_now_ns() + DRAIN_NS;
	while (!all_arrived(bench) && clock_now_ns() < end_ns) {
		clock_sleep_ns(NS_PER_MS);
	}
}

/* Nothing is under way, then it goes the other way. */
static int switch_way(struct bench *bench, enum way way) {
	drain(bench);
	bench_stream_offer(bench->stream, way == WAY_STREAM);
	const uint64_t end_ns = clock_now_ns() + SWITCH_NS;
	while (atomic_load(&bench->over_stream) != (way == WAY_STREAM)) {
		if (clock_now_ns() > end_ns) {
			return -ETIMEDOUT;
		}
		clock_sleep_ns(NS_PER_MS);
	}
	bench->way = way;
	return 0;
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
	struct samples both[WAYS], motion[WAYS], key[WAYS], floor;
	struct samples written; /* motions of WAY_STREAM: until they could be read */
	uint32_t events, lost, merged;
	double seconds;
	double io_cpu_percent;
	bool video;
	uint64_t frames;
};

/* own and both get the times from sending to arrival. Where one seems to have come before it was
 * sent, one more came than was sent and the order is lost: returns how many are left out. */
static uint32_t add_sent(const struct bench *bench, enum way way, enum bench_stream stream,
		uint32_t from, uint32_t to, struct samples *own, struct samples *both) {
	const struct sent *sent = &bench->sent[way];
	const uint64_t *sent_ns = stream == BENCH_MOTION ? sent->motion_ns : sent->key_ns;
	const uint32_t there = arrived(bench, way, stream);
	const uint32_t end = to < there ? to : there;
	for (uint32_t i = from; i < end; i++) {
		const uint64_t arrival = arrival_ns(bench, way, stream, i);
		if (arrival < sent_ns[i]) {
			return end - i;
		}
		double us = (double)(arrival - sent_ns[i]) / NS_PER_US;
		samples_add(own, us);
		samples_add(both, us);
	}
	return 0;
}

static void add_written(const struct bench *bench, uint32_t from, struct samples *written) {
	const struct sent *sent = &bench->sent[WAY_STREAM];
	for (uint32_t i = from; i < sent->motions && i < bench->written; i++) {
		if (bench->written_ns[i] > sent->motion_ns[i]) {
			samples_add(written, (double)(bench->written_ns[i] - sent->motion_ns[i]) /
							     NS_PER_US);
		}
	}
}

static void add_floor(const struct bench *bench, uint32_t from, struct samples *floor) {
	const uint32_t there = bench_wire_arrived(bench->wire, BENCH_FLOOR);
	for (uint32_t i = from; i < bench->floors && i < there; i++) {
		samples_add(floor, (double)(bench_wire_time_ns(bench->wire, BENCH_FLOOR, i) -
						   bench->floor_ns[i]) /
						   NS_PER_US);
	}
}

static uint32_t missing(const struct bench *bench, enum way way) {
	const struct sent *sent = &bench->sent[way];
	const uint32_t motions = arrived(bench, way, BENCH_MOTION);
	const uint32_t keys = arrived(bench, way, BENCH_KEY);
	return (motions < sent->motions ? sent->motions - motions : 0) +
	       (keys < sent->keys ? sent->keys - keys : 0);
}

static void print_json(const struct bench *bench, struct result *result) {
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "bench", "input");
	json_object(&json, "us");
	samples_json(&result->both[WAY_SPICE], &json, "event_to_wire");
	samples_json(&result->motion[WAY_SPICE], &json, "motion_to_wire");
	samples_json(&result->key[WAY_SPICE], &json, "key_to_wire");
	samples_json(&result->written, &json, "motion_to_stream");
	samples_json(&result->both[WAY_STREAM], &json, "event_to_read");
	samples_json(&result->motion[WAY_STREAM], &json, "motion_to_read");
	samples_json(&result->key[WAY_STREAM], &json, "key_to_read");
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
	print_row("event to wire", &result->both[WAY_SPICE]);
	print_row("  motion", &result->motion[WAY_SPICE]);
	print_row("  key", &result->key[WAY_SPICE]);
	print_row("motion to stream", &result->written);
	print_row("event to read", &result->both[WAY_STREAM]);
	print_row("  motion", &result->motion[WAY_STREAM]);
	print_row("  key", &result->key[WAY_STREAM]);
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
	const uint32_t warm_up = WARM_UP_NS / PERIOD_NS;
	int r = switch_way(bench, WAY_STREAM);
	r = r < 0 ? r : send_all(bench, warm_up / 2);
	r = r < 0 ? r : switch_way(bench, WAY_SPICE);
	r = r < 0 ? r : send_all(bench, warm_up / 2);
	if (r < 0) {
		return r;
	}
	const struct sent before[WAYS] = { bench->sent[0], bench->sent[1] };
	const uint32_t floors = bench->floors;
	const uint64_t frames = atomic_load(&bench->frames);
	const uint64_t start_ns = clock_now_ns();
	for (uint32_t i = 0; i < BLOCKS; i++) {
		r = switch_way(bench, i % WAYS ? WAY_STREAM : WAY_SPICE);
		r = r < 0 ? r : send_all(bench, (bench->count - warm_up) / BLOCKS);
		if (r < 0) {
			return r;
		}
	}
	result->seconds = (double)(clock_now_ns() - start_ns) / NS_PER_S;
	result->frames = atomic_load(&bench->frames) - frames;
	drain(bench);
	for (enum way way = 0; way < WAYS; way++) {
		const struct sent *sent = &bench->sent[way];
		result->events +=
				sent->motions - before[way].motions + sent->keys - before[way].keys;
		result->lost += missing(bench, way);
		result->lost += add_sent(bench, way, BENCH_MOTION, before[way].motions,
				sent->motions, &result->motion[way], &result->both[way]);
		result->lost += add_sent(bench, way, BENCH_KEY, before[way].keys, sent->keys,
				&result->key[way], &result->both[way]);
	}
	const uint32_t messages = bench_wire_motion_messages(bench->wire);
	const uint32_t there = bench_wire_arrived(bench->wire, BENCH_MOTION);
	result->merged = there > messages ? there - messages : 0;
	add_written(bench, before[WAY_STREAM].motions, &result->written);
	add_floor(bench, floors, &result->floor);
	return 0;
}

static int make_room(struct bench *bench) {
	bool all = true;
	for (enum way way = 0; way < WAYS; way++) {
		bench->sent[way].motion_ns = calloc(bench->count, sizeof(uint64_t));
		bench->sent[way].key_ns = calloc(bench->count, sizeof(uint64_t));
		all = all && bench->sent[way].motion_ns && bench->sent[way].key_ns;
	}
	bench->floor_ns = calloc(bench->count, sizeof(uint64_t));
	bench->written_ns = calloc(bench->count, sizeof(uint64_t));
	return all && bench->floor_ns && bench->written_ns ? 0 : -ENOMEM;
}

static int start(struct bench *bench) {
	snprintf(bench->folder, sizeof bench->folder, "/tmp/pierglass-bench-XXXXXX");
	if (!mkdtemp(bench->folder)) {
		bench->folder[0] = 0;
		return -errno;
	}
	snprintf(bench->socket, sizeof bench->socket, "%s/spice", bench->folder);
	int r = make_room(bench);
	if (r < 0 || (r = bench_wire_create(&bench->wire, bench->socket, bench->count)) < 0 ||
			(r = input_port_create(&bench->port)) < 0 ||
			(r = bench_stream_create(&bench->stream, bench->folder, bench->port,
					 bench->count)) < 0 ||
			(r = bench_device_create(&bench->device)) < 0 ||
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
	bench_stream_destroy(bench->stream);
	input_port_destroy(bench->port);
	bench_wire_destroy(bench->wire);
	for (enum way way = 0; way < WAYS; way++) {
		free(bench->sent[way].motion_ns);
		free(bench->sent[way].key_ns);
	}
	free(bench->floor_ns);
	free(bench->written_ns);
	if (bench->folder[0]) {
		unlink(bench->socket);
		rmdir(bench->folder);
	}
}

/* The n-th of them; NULL after the last. */
static struct samples *samples_at(struct result *result, unsigned n) {
	struct samples *all[] = { &result->both[0], &result->both[1], &result->motion[0],
		&result->motion[1], &result->key[0], &result->key[1], &result->floor,
		&result->written };
	return n < sizeof all / sizeof all[0] ? all[n] : NULL;
}

static int init_samples(struct result *result, uint32_t count) {
	int r = 0;
	for (unsigned i = 0; r == 0 && samples_at(result, i); i++) {
		r = samples_init(samples_at(result, i), 2 * (size_t)count);
	}
	return r;
}

static void finish_samples(struct result *result) {
	for (unsigned i = 0; samples_at(result, i); i++) {
		samples_finish(samples_at(result, i));
	}
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
