#define LOG_MODULE "bench"
#include "client/bench/bench_video.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <SDL.h>

#include "base/clock.h"
#include "base/cpu_wait.h"
#include "base/ending.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/bench/bench_video_internal.h"
#include "client/platform/rtkit.h"
#include "client/recorder/recorder.h"

#define RECORDING_END_NS (5 * NS_PER_S)
#define WARM_UP_NS       (2 * NS_PER_S)
#define FIRST_FRAME_NS   (10 * NS_PER_S)
#define SETTLE_NS        (300 * NS_PER_MS) /* for the last frames to arrive */
#define TICK_MS          100 /* what the window and signals wait for; reports come at once */
#define DEFAULT_S        10.0
#define TORN_S           3.0
#define FLOOR_S          3.0
#define COMPARE_S        3.0
#define PLAY_S           3.0
#define STRIPE_ROWS      16

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
	pump_reports(bench, timeout_ms);
	pump_window(bench);
	(void)loop_run_once(bench->loop, 0);
	if (ending_signalled() > 0) {
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
		struct latest *latest, struct bench_result *result) {
	int r = wait_first_frame(bench);
	if (r < 0) {
		pthread_mutex_lock(&latest->lock);
		log_error("no picture: %s", latest->status.part.reason);
		pthread_mutex_unlock(&latest->lock);
		return r;
	}
	const uint64_t start_ns = process_start_ns();
	result->start_ms =
			(double)(bench->record.first_shown_ns - start_ns - bench->player_ns) / 1e6;
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
	result->cpu_percent = (double)(cpu_end_ns - cpu_ns) / (double)(to_ns - from_ns) * 100;
	result->lgmp_cpu_percent =
			(double)(result->after.lgmp_cpu_ns - result->before.lgmp_cpu_ns) /
			(double)(to_ns - from_ns) * 100;
	pthread_mutex_lock(&latest->lock);
	result->status = latest->status;
	pthread_mutex_unlock(&latest->lock);
	return 0;
}

/* NULL: nothing is to be recorded. */
static int begin_recording(struct bench *bench, struct recorder **ret_recorder) {
	const struct config *config = bench->config;
	*ret_recorder = NULL;
	if (!bench->records) {
		return 0;
	}
	const int r = recorder_create(ret_recorder, config->record_path,
			(unsigned)config->record_limit_mib, (uint32_t)config->guest.width,
			(uint32_t)config->guest.height);
	if (r == 0) {
		video_record(bench->video, recorder_memory(*ret_recorder));
	}
	return r;
}

static void end_recording(struct recorder *recorder, struct bench_result *result) {
	if (recorder) {
		(void)recorder_look(recorder, &result->recording);
		recorder_destroy(recorder, RECORDING_END_NS);
	}
}

static int measure(struct bench *bench, const struct video_config *config, double seconds,
		uint64_t warm_up_ns, struct bench_result *result) {
	struct latest latest = { .bench = bench };
	struct video_config video = *config;
	video.broker = (struct scheduling_broker){ rtkit_ask, bench->rtkit };
	const struct video_events events = {
		.status = on_status, .shown = on_shown, .data = &latest
	};
	memset(result, 0, sizeof *result);
	bench_record_reset(&bench->record);
	pthread_mutex_init(&latest.lock, NULL);
	int r = video_start(&bench->video, &video, bench->surface, NULL, &events);
	if (r == 0) {
		struct recorder *recorder;
		r = begin_recording(bench, &recorder);
		if (r == 0) {
			r = measure_started(bench, seconds, warm_up_ns, &latest, result);
		}
		video_stop(bench->video);
		bench->video = NULL;
		end_recording(recorder, result);
	}
	pthread_mutex_destroy(&latest.lock);
	return r;
}

/* --- compositions ------------------------------------------------------------------------- */

static double wanted_seconds(const struct bench *bench, double otherwise) {
	return bench->config->seconds > 0 ? bench->config->seconds : otherwise;
}

static double at_most(double seconds, double limit) {
	return seconds < limit ? seconds : limit;
}

static void on_followed(uint32_t serial, uint64_t seen_ns, uint64_t given_back_ns, void *data) {
	struct bench *bench = data;
	const struct video_frame_times times = {
		.serial = serial, .seen_ns = seen_ns, .uploaded_ns = given_back_ns
	};
	bench_record_shown(&times, &bench->record);
}

static int measure_floors(struct bench *bench, double seconds, struct bench_floors *floors) {
	const struct bench_floor_events events = {
		.tick = tick, .followed = on_followed, .data = bench
	};
	bench_record_reset(&bench->record);
	int r = bench_floor_measure(&floors->plain, bench->shm_path, bench->surface,
			(uint64_t)(at_most(seconds, FLOOR_S) * 1e9), &events);
	if (r < 0) {
		return r == -EINTR ? r : 0; /* a missing floor is said as null */
	}
	struct bench_sum followed;
	if (bench->demo && bench_record_sum(&bench->record, 0, UINT64_MAX, true, &followed) == 0) {
		struct samples *samples = &followed.stages[BENCH_WRITTEN_TO_UPLOADED];
		floors->follow_us = samples->total > 0 ? samples_percentile(samples, 0.5) : 0;
		bench_sum_finish(&followed);
	}
	return 0;
}

static int bench_once(struct bench *bench) {
	struct config *config = bench->config;
	struct bench_result result;
	struct bench_result torn = { .seconds = 0 };
	struct bench_floors floors = { .follow_us = 0 };
	const double seconds = wanted_seconds(bench, DEFAULT_S);
	bench->records = config->record_path[0] != '\0';
	int r = measure(bench, &config->video, seconds, WARM_UP_NS, &result);
	bench->records = false;
	/* The stamp of every stripe exists only in pictures that change everywhere. */
	const bool stamped = bench->demo && config->guest.damage == GUEST_DAMAGE_FULL &&
			     config->guest.format <= GUEST_FORMAT_RGBA;
	if (r == 0 && stamped) {
		struct video_config verify = config->video;
		verify.verify_stripe_rows = STRIPE_ROWS;
		r = measure(bench, &verify, at_most(seconds, TORN_S), NS_PER_S / 2, &torn);
	}
	/* Without frames there is no floor. */
	if (r == 0 && config->guest.damage != GUEST_DAMAGE_NONE) {
		r = measure_floors(bench, seconds, &floors);
	}
	if (r == 0) {
		bench_report(bench, &result, &torn, &floors);
	}
	bench_sum_finish(&torn.sum);
	bench_sum_finish(&result.sum);
	return r;
}

/* Every way of looking with every way of uploading. */
static int bench_compare(struct bench *bench) {
	static const enum video_poll polls[] = { VIDEO_POLL_SLEEP, VIDEO_POLL_PHASE,
		VIDEO_POLL_UMWAIT };
	const unsigned poll_count = cpu_wait_find() == CPU_WAIT_NONE ? 2 : 3;
	/* The first chooses: another way than those that can be asked for only on X11. */
	static const enum video_upload uploads[] = { VIDEO_UPLOAD_AUTO, VIDEO_UPLOAD_DIRECT,
		VIDEO_UPLOAD_PBO, VIDEO_UPLOAD_PERSISTENT };
	const unsigned first = bench->surface->kind == WINDOW_SURFACE_X11 ? 0 : 1;
	struct json json;
	int r = 0;
	if (bench->config->json) {
		json_begin(&json, stdout);
		json_string(&json, "bench", "video-compare");
		json_array(&json, "runs");
	} else {
		bench_report_head();
	}
	for (unsigned p = 0; r == 0 && p < poll_count; p++) {
		for (unsigned u = first; r == 0 && u < 4; u++) {
			struct video_config config = bench->config->video;
			struct bench_result result;
			config.poll = polls[p];
			config.upload = uploads[u];
			r = measure(bench, &config, wanted_seconds(bench, COMPARE_S), NS_PER_S,
					&result);
			if (r == 0 && (u > 0 || strcmp(result.after.upload, "memory") == 0)) {
				bench_report_row(bench, &result, &json);
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

/* Every thread that runs by now; one that is started later inherits it. One that ends meanwhile
 * needs no CPU, and the entries that are no thread ("." and "..") read as 0. */
static int pin_threads(const cpu_set_t *some) {
	DIR *tasks = opendir("/proc/self/task");
	if (!tasks) {
		return -errno;
	}
	int r = 0;
	struct dirent *entry;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a folder of its own */
	while (r == 0 && (entry = readdir(tasks))) {
		const pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		if (thread > 0 && sched_setaffinity(thread, sizeof *some, some) != 0 &&
				errno != ESRCH) {
			r = -errno;
		}
	}
	closedir(tasks);
	return r;
}

/* The first CPU is the guest's, which inherits it from the thread that starts it; then all others
 * are those of every thread of this program. */
static int pin_to(bool guest) {
	static cpu_set_t all;
	static int first = -1;
	if (first < 0) {
		if (sched_getaffinity(0, sizeof all, &all) != 0) {
			return -errno;
		}
		if (CPU_COUNT(&all) < 2) {
			log_error("--bench-pin needs two CPUs, this process may use one");
			return -ENODEV;
		}
		first = 0;
		while (!CPU_ISSET((size_t)first, &all)) {
			first++;
		}
	}
	cpu_set_t some = all;
	if (guest) {
		CPU_ZERO(&some);
		CPU_SET((size_t)first, &some);
		return sched_setaffinity(0, sizeof some, &some) == 0 ? 0 : -errno;
	}
	CPU_CLR((size_t)first, &some);
	return pin_threads(&some);
}

static int open_guest(struct bench *bench) {
	const bool pin = bench->config->bench.pin && !bench->config->bench.real;
	const struct guest_options *guest = &bench->config->guest;
	/* As a VM has them. Where nothing moves nothing sounds either: that is what idle is. */
	const unsigned sound = bench->config->sound && guest->damage != GUEST_DAMAGE_NONE
					       ? DEMO_SOUND
					       : 0u;
	if (bench->config->bench.real) {
		snprintf(bench->shm_path, sizeof bench->shm_path, "%s",
				bench->config->video.shm_path);
		return 0;
	}
	int r = pin ? pin_to(true) : 0;
	if (r < 0) {
		return r;
	}
	r = demo_start(&bench->demo, guest, DEMO_REPORT | DEMO_SPICE | sound, &bench->guest);
	if (r < 0) {
		log_error("the demo guest does not start: %s", strerrordesc_np(-r));
		return r;
	}
	r = pin ? pin_to(false) : 0;
	if (r < 0) {
		return r;
	}
	snprintf(bench->shm_path, sizeof bench->shm_path, "%s", bench->guest.shm_path);
	snprintf(bench->config->video.shm_path, sizeof bench->config->video.shm_path, "%s",
			bench->guest.shm_path);
	return 0;
}

/* Before there is a window of ours, beside which its window would be laid. */
static int play(struct bench *bench) {
	const struct config *config = bench->config;
	const bool display = getenv("DISPLAY") || // NOLINT(concurrency-mt-unsafe): nobody sets it
			     getenv("WAYLAND_DISPLAY"); // NOLINT(concurrency-mt-unsafe)
	if (!bench->demo || config->bench.compare || !config->discover || !display ||
			config->window.driver == WINDOW_OFFSCREEN) {
		return 0;
	}
	const uint64_t from_ns = clock_now_ns();
	const int r = bench_player_measure(&bench->player, config, &bench->guest,
			at_most(wanted_seconds(bench, DEFAULT_S), PLAY_S), tick, bench);
	bench->player_ns = clock_now_ns() - from_ns;
	return r;
}

int run_bench_video(struct config *config) {
	static struct bench bench;
	char error[CONFIG_ERROR_BYTES];
	bench.config = config;
	/* Everything changes in every frame, unless the user says otherwise. */
	(void)config_apply_discovery(config, "demo-damage", "full", error);
	config->video.settings.source = VIDEO_SOURCE_LG;
	int r = bench_record_init(&bench.record);
	if (r < 0) {
		return 1;
	}
	r = loop_create(&bench.loop);
	if (r == 0) {
		r = rtkit_create(&bench.rtkit, bench.loop);
	}
	if (r == 0) {
		r = open_guest(&bench);
	}
	if (r == 0) {
		r = play(&bench);
	}
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
	rtkit_destroy(bench.rtkit);
	loop_destroy(bench.loop);
	bench_record_finish(&bench.record);
	return r < 0 ? 1 : 0;
}
