#define LOG_MODULE "bench"
#include "client/bench_video.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "client/bench_floor.h"
#include "client/bench_record.h"
#include "client/config.h"
#include "client/demo.h"
#include "client/video.h"
#include "client/window.h"
#include "client/window_surface.h"

#define WARM_UP_NS     (2 * NS_PER_S)
#define FIRST_FRAME_NS (10 * NS_PER_S)
#define SETTLE_NS      (300 * NS_PER_MS) /* for the last frames to arrive */
#define TICK_MS        5
#define DEFAULT_S      10.0
#define TORN_S         3.0
#define FLOOR_S        3.0
#define COMPARE_S      3.0
#define STRIPE_ROWS    16

struct bench {
	struct config *config;
	struct demo *demo; /* NULL: somebody else's memory */
	struct window *window;
	struct window_surface *surface;
	struct window_surface *offscreen;
	bool window_system;
	struct video *video;
	struct bench_record record;
	char shm_path[256];
	sigset_t signals;
	bool interrupted;
};

/* One measured run of the video part. */
struct result {
	struct bench_sum sum;
	struct video_stats before, after;
	struct video_status status;
	enum video_poll poll;
	double seconds;
	double cpu_us;
	double lgmp_cpu_percent;
	long rss_kib;
	double start_ms;
	long steal_ms;
};

/* NOLINTBEGIN(cert-err34-c): numbers of the kernel's */
/* --- the machine -------------------------------------------------------------------------- */

static long steal_ms(void) {
	long values[8] = { 0 };
	FILE *file = fopen("/proc/stat", "re");
	if (!file) {
		return 0;
	}
	const int n = fscanf(file, "cpu %ld %ld %ld %ld %ld %ld %ld %ld", &values[0], &values[1],
			&values[2], &values[3], &values[4], &values[5], &values[6], &values[7]);
	fclose(file);
	return n == 8 ? values[7] * 1000 / sysconf(_SC_CLK_TCK) : 0;
}

static long rss_kib(void) {
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file) {
		return 0;
	}
	if (fscanf(file, "%*d %ld", &pages) != 1) {
		pages = 0;
	}
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* When this process was started, on CLOCK_MONOTONIC; good to a clock tick (10 ms). */
static uint64_t process_start_ns(void) {
	char text[1024];
	unsigned long long ticks = 0;
	FILE *file = fopen("/proc/self/stat", "re");
	if (!file) {
		return 0;
	}
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	const char *after = strrchr(text, ')');
	if (!after || sscanf(after + 1,
				      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
				      "%*d %*d %*d %*d %llu",
				      &ticks) != 1) {
		return 0;
	}
	/* Its clock also counts the time the machine slept. */
	struct timespec boot;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	const uint64_t boot_ns = (uint64_t)boot.tv_sec * NS_PER_S + (uint64_t)boot.tv_nsec;
	const uint64_t start_ns = ticks * (NS_PER_S / (unsigned long)sysconf(_SC_CLK_TCK));
	return clock_now_ns() - (boot_ns - start_ns);
}

/* NOLINTEND(cert-err34-c) */

/* --- keeping everything alive while we wait ------------------------------------------------ */

static void pump_window(struct bench *bench) {
	SDL_Event event;
	if (!bench->window) {
		return;
	}
	while (SDL_PollEvent(&event)) {
		int width;
		int height;
		if (event.type == SDL_QUIT) {
			bench->interrupted = true;
		} else if (event.type == SDL_WINDOWEVENT &&
				event.window.event == SDL_WINDOWEVENT_SIZE_CHANGED &&
				bench->video) {
			window_size_px(bench->window, &width, &height);
			video_resize(bench->video, width, height);
		}
	}
}

static void pump_reports(struct bench *bench, int timeout_ms) {
	char bytes[16384];
	struct pollfd fd = { .fd = bench->demo ? demo_report_fd(bench->demo) : -1,
		.events = POLLIN };
	(void)poll(&fd, 1, timeout_ms);
	while (fd.revents & POLLIN) {
		const ssize_t got = read(fd.fd, bytes, sizeof bytes);
		if (got <= 0) {
			break;
		}
		bench_record_report(&bench->record, bytes, (unsigned)got);
	}
	bench_record_drain(&bench->record);
}

static bool pump(struct bench *bench, int timeout_ms) {
	const struct timespec now = { 0, 0 };
	pump_reports(bench, timeout_ms);
	pump_window(bench);
	if (sigtimedwait(&bench->signals, NULL, &now) > 0) {
		bench->interrupted = true;
	}
	return !bench->interrupted;
}

static bool tick(void *data) {
	return pump(data, 0);
}

static int wait_until(struct bench *bench, uint64_t until_ns) {
	while (clock_now_ns() < until_ns) {
		if (!pump(bench, TICK_MS)) {
			return -EINTR;
		}
	}
	return 0;
}

static int wait_first_frame(struct bench *bench) {
	const uint64_t give_up_ns = clock_now_ns() + FIRST_FRAME_NS;
	while (bench->record.first_shown_ns == 0) {
		if (!pump(bench, 1)) {
			return -EINTR;
		}
		if (clock_now_ns() > give_up_ns) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

/* --- one run ------------------------------------------------------------------------------ */

struct latest {
	struct bench *bench;
	pthread_mutex_t lock;
	struct video_status status;
};

static void on_status(const struct video_status *status, void *data) {
	struct latest *latest = data;
	pthread_mutex_lock(&latest->lock);
	latest->status = *status;
	pthread_mutex_unlock(&latest->lock);
}

static void on_shown(const struct video_frame_times *times, void *data) {
	struct latest *latest = data;
	bench_record_shown(times, &latest->bench->record);
}

static int measure_started(struct bench *bench, double seconds, uint64_t warm_up_ns,
		struct latest *latest, struct result *result) {
	int r = wait_first_frame(bench);
	if (r < 0) {
		pthread_mutex_lock(&latest->lock);
		log_error("no picture: %s", latest->status.part.reason);
		pthread_mutex_unlock(&latest->lock);
		return r;
	}
	const uint64_t start_ns = process_start_ns();
	result->start_ms = (double)(bench->record.first_shown_ns - start_ns) / 1e6;
	r = wait_until(bench, clock_now_ns() + warm_up_ns);
	if (r < 0) {
		return r;
	}
	const uint64_t from_ns = clock_now_ns();
	const uint64_t cpu_ns = clock_process_cpu_ns();
	const long steal = steal_ms();
	video_get_stats(bench->video, &result->before);
	r = wait_until(bench, from_ns + (uint64_t)(seconds * 1e9));
	const uint64_t to_ns = clock_now_ns();
	const uint64_t cpu_end_ns = clock_process_cpu_ns();
	result->steal_ms = steal_ms() - steal;
	result->rss_kib = rss_kib();
	video_get_stats(bench->video, &result->after);
	if (r == 0) {
		r = wait_until(bench, to_ns + SETTLE_NS);
	}
	if (r < 0) {
		return r;
	}
	r = bench_record_sum(&bench->record, from_ns, to_ns, bench->demo != NULL, &result->sum);
	if (r < 0) {
		return r;
	}
	result->seconds = (double)(to_ns - from_ns) / 1e9;
	result->cpu_us = result->sum.shown > 0 ? (double)(cpu_end_ns - cpu_ns) / 1e3 /
								 (double)result->sum.shown
					       : 0;
	result->lgmp_cpu_percent =
			(double)(result->after.lgmp_cpu_ns - result->before.lgmp_cpu_ns) /
			(double)(to_ns - from_ns) * 100;
	pthread_mutex_lock(&latest->lock);
	result->status = latest->status;
	pthread_mutex_unlock(&latest->lock);
	return 0;
}

static int measure(struct bench *bench, const struct video_config *config, double seconds,
		uint64_t warm_up_ns, struct result *result) {
	struct latest latest = { .bench = bench };
	const struct video_events events = {
		.status = on_status, .shown = on_shown, .data = &latest
	};
	memset(result, 0, sizeof *result);
	result->poll = config->poll;
	bench_record_reset(&bench->record);
	pthread_mutex_init(&latest.lock, NULL);
	int r = video_start(&bench->video, config, bench->surface, NULL, &events);
	if (r == 0) {
		r = measure_started(bench, seconds, warm_up_ns, &latest, result);
		video_stop(bench->video);
		bench->video = NULL;
	}
	pthread_mutex_destroy(&latest.lock);
	return r;
}

/* --- the report --------------------------------------------------------------------------- */

static const char *poll_name(enum video_poll poll) {
	switch (poll) {
	case VIDEO_POLL_AUTO:
		return "auto";
	case VIDEO_POLL_SLEEP:
		return "sleep";
	case VIDEO_POLL_PHASE:
		return "phase";
	case VIDEO_POLL_UMWAIT:
		return "umwait";
	}
	return "auto";
}

static void json_setup(const struct bench *bench, const struct result *result, struct json *json) {
	const struct guest_options *guest = &bench->config->guest;
	const struct video_host *host = &result->status.host;
	json_string(json, "bench", "video");
	json_string(json, "host", host->lgmp == 5 ? "B6" : host->lgmp == 6 ? "B7" : host->version);
	json_int(json, "kvmfr", host->kvmfr);
	json_int(json, "width", result->status.width);
	json_int(json, "height", result->status.height);
	if (bench->demo) {
		json_string(json, "format", demo_format_name(guest->format));
		json_number(json, "fps", guest->fps);
	} else {
		json_null(json, "format"); /* whatever the VM sends */
		json_null(json, "fps");
	}
	json_number(json, "seconds", result->seconds);
	/* "x11 shm": an X11 window whose pixels are put there through shared memory. */
	char window[sizeof result->after.window];
	snprintf(window, sizeof window, "%s", result->after.window);
	char *how = strchr(window, ' ');
	if (how) {
		*how++ = '\0';
	}
	json_string(json, "window", window);
	json_string(json, "present", how ? how : "egl");
	json_string(json, "renderer", result->after.renderer);
	json_string(json, "upload", result->after.upload);
	json_string(json, "poll", poll_name(result->poll));
}

static uint64_t dropped(const struct bench_sum *sum) {
	return sum->posted > sum->shown ? sum->posted - sum->shown : 0;
}

static void json_result(const struct bench *bench, struct result *result, struct json *json) {
	struct bench_sum *sum = &result->sum;
	if (bench->demo) {
		json_int(json, "posted", (int64_t)sum->posted);
		json_int(json, "refused", (int64_t)sum->refused);
	} else {
		json_null(json, "posted");
		json_null(json, "refused");
	}
	json_int(json, "superseded",
			(int64_t)(result->after.superseded - result->before.superseded));
	json_int(json, "shown", (int64_t)sum->shown);
	if (bench->demo) {
		json_int(json, "dropped", (int64_t)dropped(sum));
	} else {
		json_null(json, "dropped");
	}
}

static void json_rest(struct result *result, struct json *json) {
	json_object(json, "us");
	for (unsigned i = 0; i < BENCH_STAGES; i++) {
		samples_json(&result->sum.stages[i], json, bench_stage_names[i]);
	}
	json_end(json);
	json_number(json, "cpu_us_per_frame", result->cpu_us);
	json_number(json, "poll_cpu_percent", result->lgmp_cpu_percent);
}

static void json_floor(const struct bench_floor *floor, struct json *json) {
	if (floor->frames == 0) {
		json_null(json, "copy_us");
		json_null(json, "floor_us");
		json_null(json, "floor_cpu_us");
		return;
	}
	json_number(json, "copy_us", floor->copy_us);
	json_number(json, "floor_us", floor->us);
	json_number(json, "floor_cpu_us", floor->cpu_us);
}

/* torn: the run of its own that read the pixels back; its shown count is 0 when there was none. */
static void print_json(const struct bench *bench, struct result *result, const struct result *torn,
		const struct bench_floor *floor) {
	struct json json;
	json_begin(&json, stdout);
	json_setup(bench, result, &json);
	json_result(bench, result, &json);
	if (torn->sum.shown > 0) {
		json_int(&json, "torn", (int64_t)torn->sum.torn);
		json_int(&json, "torn_checked", (int64_t)torn->sum.shown);
	} else {
		json_null(&json, "torn");
		json_int(&json, "torn_checked", 0);
	}
	json_rest(result, &json);
	json_floor(floor, &json);
	json_number(&json, "start_ms", result->start_ms);
	json_int(&json, "rss_kib", result->rss_kib);
	json_int(&json, "machine_steal_ms", result->steal_ms);
	json_finish(&json);
}

static void print_stages(struct bench_sum *sum) {
	printf("\n%-22s %10s %10s %10s %10s\n", "microseconds", "p50", "p95", "p99", "max");
	for (unsigned i = 0; i < BENCH_STAGES; i++) {
		struct samples *samples = &sum->stages[i];
		if (samples->total == 0) {
			continue;
		}
		printf("%-22s %10.0f %10.0f %10.0f %10.0f\n", bench_stage_names[i],
				samples_percentile(samples, 0.5), samples_percentile(samples, 0.95),
				samples_percentile(samples, 0.99), samples->max);
	}
}

static void print_table(const struct bench *bench, struct result *result, const struct result *torn,
		const struct bench_floor *floor) {
	const struct video_status *status = &result->status;
	struct bench_sum *sum = &result->sum;
	printf("%ux%u, LGMP %u, KVMFR %u, %s, upload %s, poll %s, %.1f s\n%s\n\n", status->width,
			status->height, status->host.lgmp, status->host.kvmfr, result->after.window,
			result->after.upload, poll_name(result->poll), result->seconds,
			result->after.renderer);
	if (bench->demo) {
		printf("posted %llu, refused %llu, dropped %llu, ", (unsigned long long)sum->posted,
				(unsigned long long)sum->refused, (unsigned long long)dropped(sum));
	}
	printf("shown %llu, superseded %llu", (unsigned long long)sum->shown,
			(unsigned long long)(result->after.superseded - result->before.superseded));
	if (torn->sum.shown > 0) {
		printf(", torn %llu of %llu", (unsigned long long)torn->sum.torn,
				(unsigned long long)torn->sum.shown);
	}
	putchar('\n');
	print_stages(sum);
	printf("\nCPU per shown frame    %10.0f us", result->cpu_us);
	if (floor->frames > 0 && floor->cpu_us > 0) {
		printf("   %.2f of the floor's %.0f us\n", result->cpu_us / floor->cpu_us,
				floor->cpu_us);
		printf("floor, wall            %10.0f us\n", floor->us);
		printf("copy of one frame      %10.0f us", floor->copy_us);
	}
	printf("\nlooking for frames     %10.2f %% of a core\n", result->lgmp_cpu_percent);
	printf("start to first picture %10.0f ms\nmemory                 %10ld KiB\n"
	       "stolen by other VMs    %10ld ms\n",
			result->start_ms, result->rss_kib, result->steal_ms);
}

/* --- compositions ------------------------------------------------------------------------- */

static double wanted_seconds(const struct bench *bench, double otherwise) {
	return bench->config->seconds > 0 ? bench->config->seconds : otherwise;
}

static double at_most(double seconds, double limit) {
	return seconds < limit ? seconds : limit;
}

static int bench_once(struct bench *bench) {
	struct config *config = bench->config;
	struct result result;
	struct result torn = { .seconds = 0 };
	struct bench_floor floor = { .frames = 0 };
	const double seconds = wanted_seconds(bench, DEFAULT_S);
	int r = measure(bench, &config->video, seconds, WARM_UP_NS, &result);
	/* The stamp of every stripe exists only in pictures that change everywhere. */
	const bool stamped = bench->demo && config->guest.damage == GUEST_DAMAGE_FULL &&
			     config->guest.format <= GUEST_FORMAT_RGBA;
	if (r == 0 && stamped) {
		struct video_config verify = config->video;
		verify.verify_stripe_rows = STRIPE_ROWS;
		r = measure(bench, &verify, at_most(seconds, TORN_S), NS_PER_S / 2, &torn);
	}
	if (r == 0) {
		r = bench_floor_measure(&floor, bench->shm_path, bench->surface,
				(uint64_t)(at_most(seconds, FLOOR_S) * 1e9), tick, bench);
		if (r != -EINTR) {
			r = 0; /* a missing floor is said as null */
		}
	}
	if (r == 0 && config->json) {
		print_json(bench, &result, &torn, &floor);
	} else if (r == 0) {
		print_table(bench, &result, &torn, &floor);
	}
	bench_sum_finish(&torn.sum);
	bench_sum_finish(&result.sum);
	return r;
}

static void print_compared(const struct bench *bench, struct result *result, struct json *json) {
	if (bench->config->json) {
		json_object(json, NULL);
		json_setup(bench, result, json);
		json_result(bench, result, json);
		json_rest(result, json);
		json_end(json);
		return;
	}
	struct samples *stages = result->sum.stages;
	printf("%-8s %-11s %8llu %8llu %10.0f %10.0f %10.0f %9.0f %7.2f\n", poll_name(result->poll),
			result->after.upload, (unsigned long long)result->sum.posted,
			(unsigned long long)result->sum.shown, samples_percentile(&stages[0], 0.5),
			samples_percentile(&stages[2], 0.5), samples_percentile(&stages[5], 0.5),
			result->cpu_us, result->lgmp_cpu_percent);
}

/* Every way of looking with every way of uploading. */
static int bench_compare(struct bench *bench) {
	static const enum video_poll polls[] = { VIDEO_POLL_SLEEP, VIDEO_POLL_PHASE,
		VIDEO_POLL_UMWAIT };
	static const enum video_upload uploads[] = { VIDEO_UPLOAD_DIRECT, VIDEO_UPLOAD_PBO,
		VIDEO_UPLOAD_PERSISTENT };
	struct json json;
	int r = 0;
	if (bench->config->json) {
		json_begin(&json, stdout);
		json_string(&json, "bench", "video-compare");
		json_array(&json, "runs");
	} else {
		printf("%-8s %-11s %8s %8s %10s %10s %10s %9s %7s\n", "poll", "upload", "posted",
				"shown", "seen us", "release us", "swapped us", "cpu us", "poll %");
	}
	for (unsigned p = 0; r == 0 && p < 3; p++) {
		for (unsigned u = 0; r == 0 && u < 3; u++) {
			struct video_config config = bench->config->video;
			struct result result;
			config.poll = polls[p];
			config.upload = uploads[u];
			r = measure(bench, &config, wanted_seconds(bench, COMPARE_S), NS_PER_S,
					&result);
			if (r == 0) {
				print_compared(bench, &result, &json);
			}
			bench_sum_finish(&result.sum);
		}
	}
	if (bench->config->json) {
		json_end(&json);
		json_finish(&json);
	}
	return r;
}

static int open_surface(struct bench *bench) {
	const struct window_options *options = &bench->config->window;
	const struct guest_options *guest = &bench->config->guest;
	const char *error = NULL;
	if (options->driver == WINDOW_WAYLAND || options->driver == WINDOW_X11) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread yet */
		setenv("SDL_VIDEODRIVER", options->driver == WINDOW_X11 ? "x11" : "wayland", 1);
	}
	if (options->driver != WINDOW_OFFSCREEN &&
			window_system_start(options->app_id, &error) == 0) {
		/* 1:1, unless the guest is a VM whose size we do not know. */
		const struct window_config window = { .title = "pierglass --bench",
			.width = guest->width,
			.height = guest->height,
			.borderless = true,
			.resizable = true };
		bench->window_system = true;
		int r = window_create(&bench->window, &window);
		if (r == 0) {
			bench->surface = window_get_surface(bench->window);
			return 0;
		}
	}
	if (options->driver == WINDOW_WAYLAND || options->driver == WINDOW_X11) {
		log_error("no window: %s", error ? error : "the display refuses it");
		return -ENODEV;
	}
	int r = window_surface_create_offscreen(&bench->offscreen, guest->width, guest->height);
	bench->surface = bench->offscreen;
	return r;
}

static int open_guest(struct bench *bench) {
	struct demo_info info;
	if (bench->config->bench.real) {
		snprintf(bench->shm_path, sizeof bench->shm_path, "%s",
				bench->config->video.shm_path);
		return 0;
	}
	int r = demo_start(&bench->demo, &bench->config->guest, DEMO_REPORT, &info);
	if (r < 0) {
		log_error("the demo guest does not start: %s", strerrordesc_np(-r));
		return r;
	}
	snprintf(bench->shm_path, sizeof bench->shm_path, "%s", info.shm_path);
	snprintf(bench->config->video.shm_path, sizeof bench->config->video.shm_path, "%s",
			info.shm_path);
	return 0;
}

int run_bench_video(struct config *config) {
	static struct bench bench;
	char error[CONFIG_ERROR_BYTES];
	bench.config = config;
	/* Everything changes in every frame, unless the user says otherwise. */
	(void)config_apply_discovery(config, "demo-damage", "full", error);
	config->video.settings.source = VIDEO_SOURCE_LG;
	sigemptyset(&bench.signals);
	sigaddset(&bench.signals, SIGINT);
	sigaddset(&bench.signals, SIGTERM);
	int r = bench_record_init(&bench.record);
	if (r < 0) {
		return 1;
	}
	r = open_guest(&bench);
	if (r == 0) {
		r = open_surface(&bench);
	}
	if (r == 0) {
		r = config->bench.compare ? bench_compare(&bench) : bench_once(&bench);
	}
	if (r < 0) {
		log_error("no figures (%s)", strerrordesc_np(-r));
	}
	window_destroy(bench.window);
	window_surface_destroy(bench.offscreen);
	if (bench.window_system) {
		window_system_stop();
	}
	demo_stop(bench.demo);
	bench_record_finish(&bench.record);
	return r < 0 ? 1 : 0;
}
