/* The whole picture part against a producer in the same process, offscreen: what it says, what it
 * shows, and how it heals. Needs EGL; without it the test is skipped. */
#include "support/check.h"
#include "support/egl_loaded.h"

#include <png.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/egl.h"
#include "client/fallback.h"
#include "client/overlay.h"
#include "client/video.h"
#include "client/window.h"
#include "host-proto/demo_guest.h"
#include "host-proto/shm.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#define PATIENCE_NS (8 * NS_PER_S)

/* ---- the guest, on a thread of its own ---- */

struct guest {
	char path[128];
	struct shm *shm;
	struct demo_guest *demo;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock;
	/* under the lock */
	uint64_t *posted_ns;
};

static void *guest_run(void *data) {
	struct guest *guest = data;
	while (!atomic_load(&guest->stop)) {
		pthread_mutex_lock(&guest->lock);
		demo_guest_step(guest->demo, clock_now_ns());
		pthread_mutex_unlock(&guest->lock);
		clock_sleep_ns(500 * NS_PER_US);
	}
	return NULL;
}

#define KEPT 4096u /* frames, by serial */

static void on_released(const struct demo_guest_times *times, void *data) {
	struct guest *guest = data;
	guest->posted_ns[times->serial % KEPT] = times->posted_ns;
}

static void guest_start(struct guest *guest, const char *name, struct demo_guest_config config) {
	memset(guest, 0, sizeof *guest);
	guest->posted_ns = calloc(KEPT, sizeof *guest->posted_ns);
	CHECK(guest->posted_ns != NULL);
	snprintf(guest->path, sizeof guest->path, "%s/pierglass-test-%d-%s",
			access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid(), name);
	FILE *file = fopen(guest->path, "wb");
	CHECK(file != NULL);
	CHECK(ftruncate(fileno(file), (off_t)demo_guest_memory_bytes(&config)) == 0);
	CHECK(fclose(file) == 0);
	CHECK(shm_map(&guest->shm, guest->path) == 0);
	const struct demo_guest_events events = { .released = on_released, .data = guest };
	CHECK(demo_guest_create(&guest->demo, guest->shm, &config, &events) == 0);
	pthread_mutex_init(&guest->lock, NULL);
	CHECK(thread_start(&guest->thread, "guest", guest_run, guest) == 0);
}

static void guest_stop_thread(struct guest *guest) {
	atomic_store(&guest->stop, true);
	pthread_join(guest->thread, NULL);
}

static void guest_free(struct guest *guest) {
	demo_guest_destroy(guest->demo);
	shm_unref(guest->shm);
	pthread_mutex_destroy(&guest->lock);
	unlink(guest->path);
	free(guest->posted_ns);
}

static void guest_stop(struct guest *guest) {
	guest_stop_thread(guest);
	guest_free(guest);
}

static void guest_command(struct guest *guest, const char *command) {
	pthread_mutex_lock(&guest->lock);
	CHECK(demo_guest_command(guest->demo, command) == 0);
	pthread_mutex_unlock(&guest->lock);
}

static struct demo_guest_config small(void) {
	struct demo_guest_config config = demo_guest_defaults();
	config.width = 320;
	config.height = 176;
	config.cursor = DEMO_CURSOR_COLOR;
	config.accepts_cursor_position = true;
	return config;
}

/* ---- the viewer ---- */

struct viewer {
	struct video *video;
	struct window_surface *surface;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	struct video_status status;
	struct video_pointer pointer;
	uint64_t shown, torn;
	uint32_t serial;
	int shot; /* 1 = not done */
	unsigned frame_count;
	struct video_frame_times frames[256]; /* the first ones that were shown */
};

static void on_status(const struct video_status *status, void *data) {
	struct viewer *viewer = data;
	pthread_mutex_lock(&viewer->lock);
	viewer->status = *status;
	pthread_cond_broadcast(&viewer->changed);
	pthread_mutex_unlock(&viewer->lock);
}

static void on_pointer(const struct video_pointer *pointer, void *data) {
	struct viewer *viewer = data;
	pthread_mutex_lock(&viewer->lock);
	viewer->pointer = *pointer;
	pthread_cond_broadcast(&viewer->changed);
	pthread_mutex_unlock(&viewer->lock);
}

static void on_shown(const struct video_frame_times *times, void *data) {
	struct viewer *viewer = data;
	CHECK(times->seen_ns <= times->uploaded_ns && times->uploaded_ns <= times->released_ns);
	CHECK(times->released_ns <= times->swapped_ns);
	pthread_mutex_lock(&viewer->lock);
	viewer->shown++;
	viewer->torn += times->torn ? 1 : 0;
	viewer->serial = times->serial;
	if (viewer->frame_count < sizeof viewer->frames / sizeof viewer->frames[0]) {
		viewer->frames[viewer->frame_count++] = *times;
	}
	pthread_cond_broadcast(&viewer->changed);
	pthread_mutex_unlock(&viewer->lock);
}

static void on_shot(int result, void *data) {
	struct viewer *viewer = data;
	pthread_mutex_lock(&viewer->lock);
	viewer->shot = result;
	pthread_cond_broadcast(&viewer->changed);
	pthread_mutex_unlock(&viewer->lock);
}

static const struct video_settings plain_settings = {
	.keep_aspect = true,
	.map_hdr = true,
	.peak_nits = 250,
	.max_cll_nits = 10000,
	.guest_cursor = true,
	.scale_pointer = true,
	.mouse_redraw = true,
};

static void viewer_start_slow(struct viewer *viewer, const char *path, struct fallback *fallback,
		unsigned swap_delay_ms) {
	memset(viewer, 0, sizeof *viewer);
	pthread_mutex_init(&viewer->lock, NULL);
	pthread_cond_init(&viewer->changed, NULL);
	CHECK(window_surface_create_offscreen(&viewer->surface, 320, 176) == 0);
	struct video_config config = {
		.verify_stripe_rows = 16, .swap_delay_ms = swap_delay_ms, .settings = plain_settings
	};
	snprintf(config.shm_path, sizeof config.shm_path, "%s", path);
	const struct video_events events = {
		.status = on_status,
		.pointer = on_pointer,
		.shown = on_shown,
		.data = viewer,
	};
	CHECK(video_start(&viewer->video, &config, viewer->surface, fallback, &events) == 0);
}

static void viewer_start(struct viewer *viewer, const char *path, struct fallback *fallback) {
	viewer_start_slow(viewer, path, fallback, 0);
}

static void viewer_stop(struct viewer *viewer) {
	video_stop(viewer->video);
	window_surface_destroy(viewer->surface);
	pthread_mutex_destroy(&viewer->lock);
	pthread_cond_destroy(&viewer->changed);
}

/* Waits, with the lock held while `is` looks. */
static bool wait_for(struct viewer *viewer, bool (*is)(struct viewer *viewer, uint64_t value),
		uint64_t value) {
	const uint64_t end_ns = clock_now_ns() + PATIENCE_NS;
	pthread_mutex_lock(&viewer->lock);
	bool ok = is(viewer, value);
	while (!ok && clock_now_ns() < end_ns) {
		struct timespec at;
		clock_gettime(CLOCK_REALTIME, &at);
		at.tv_nsec += 50 * 1000 * 1000;
		if (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
		pthread_cond_timedwait(&viewer->changed, &viewer->lock, &at);
		ok = is(viewer, value);
	}
	if (!ok) {
		print_error("showing %d stale %d %s: %s, %ux%u, shown %llu\n",
				viewer->status.showing, viewer->status.stale,
				part_state_name(viewer->status.part.state),
				viewer->status.part.reason, viewer->status.width,
				viewer->status.height, (unsigned long long)viewer->shown);
	}
	pthread_mutex_unlock(&viewer->lock);
	return ok;
}

static bool is_running(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.part.state == PART_RUNNING && !viewer->status.stale;
}
static bool is_waiting(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.part.state == PART_WAITING;
}
static bool is_stale(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.stale;
}
static bool is_spice(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.showing == VIDEO_SOURCE_SPICE;
}
static bool is_lg(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.showing == VIDEO_SOURCE_LG;
}
static bool has_shown(struct viewer *viewer, uint64_t value) {
	return viewer->shown >= value;
}
static bool has_width(struct viewer *viewer, uint64_t value) {
	return viewer->status.width == value;
}
static bool has_shot(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->shot != 1;
}
static bool pointer_known(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->pointer.known;
}

static uint64_t shown_so_far(struct viewer *viewer) {
	pthread_mutex_lock(&viewer->lock);
	const uint64_t shown = viewer->shown;
	pthread_mutex_unlock(&viewer->lock);
	return shown;
}

struct image {
	png_image png;
	unsigned char *rgb;
};

static struct image take_shot(struct viewer *viewer) {
	char path[64];
	snprintf(path, sizeof path, "/tmp/pierglass-test-%d.png", (int)getpid());
	viewer->shot = 1;
	CHECK(video_screenshot(viewer->video, path, false, on_shot, viewer) == 0);
	CHECK(wait_for(viewer, has_shot, 0));
	CHECK(viewer->shot == 0);
	struct image image = { .png = { .version = PNG_IMAGE_VERSION } };
	CHECK(png_image_begin_read_from_file(&image.png, path));
	image.png.format = PNG_FORMAT_RGB;
	image.rgb = malloc(PNG_IMAGE_SIZE(image.png));
	CHECK(image.rgb != NULL);
	CHECK(png_image_finish_read(&image.png, NULL, image.rgb, 0, NULL));
	unlink(path);
	return image;
}

static void check_background(const struct image *image, int tolerance) {
	const uint32_t w = image->png.width, h = image->png.height;
	unsigned wrong = 0, looked = 0;
	for (uint32_t y = 0; y < h; y += 3) {
		for (uint32_t x = 0; x < w; x += 5) {
			const uint32_t want = demo_background(w, h, x, y);
			const unsigned char *p = image->rgb + 3 * ((size_t)y * w + x);
			looked++;
			for (int i = 0; i < 3; i++) {
				const int difference = (int)(want >> (16 - 8 * i) & 255) - p[i];
				if (abs(difference) > tolerance) {
					wrong++;
					break;
				}
			}
		}
	}
	/* Stamp, counter, box and text cover some of it. */
	CHECK(wrong < looked * 2 / 3 && looked > 1000);
	const unsigned char *corner = image->rgb + 3 * ((size_t)(h - 1) * w + w - 1);
	const uint32_t want = demo_background(w, h, w - 1, h - 1);
	CHECK(abs((int)(want >> 16 & 255) - corner[0]) <= tolerance);
}

/* ---- tests ---- */

static void shows_frames_and_heals(void **state) {
	(void)state;
	struct guest guest;
	struct viewer viewer;
	viewer_start(&viewer, "/nowhere/at/all", NULL);
	CHECK(wait_for(&viewer, is_waiting, 0));
	CHECK(viewer.status.part.reason[0] != '\0');

	guest_start(&guest, "heal", small());
	video_set_shm_path(viewer.video, guest.path);
	CHECK(wait_for(&viewer, is_running, 0));
	CHECK(wait_for(&viewer, has_shown, 20));
	CHECK(wait_for(&viewer, pointer_known, 0));
	CHECK(viewer.status.width == 320 && viewer.status.height == 176);
	CHECK(viewer.status.host.kvmfr == 20 && viewer.status.host.accepts_cursor_position);
	CHECK(video_move_pointer(viewer.video, 10, 10) == 0);
	CHECK(viewer.torn == 0);

	struct image image = take_shot(&viewer);
	CHECK(image.png.width == 320 && image.png.height == 176);
	check_background(&image, 0);
	free(image.rgb);

	/* A new mode, a new session of the host, a heart that stops. */
	guest_command(&guest, "size 512x288");
	CHECK(wait_for(&viewer, has_width, 512));
	uint64_t shown = shown_so_far(&viewer);
	guest_command(&guest, "session");
	CHECK(wait_for(&viewer, has_shown, shown + 30));
	guest_command(&guest, "freeze");
	CHECK(wait_for(&viewer, is_stale, 0));
	CHECK(wait_for(&viewer, is_waiting, 0));
	CHECK(viewer.status.width == 512); /* the last frame stays */
	guest_command(&guest, "thaw");
	CHECK(wait_for(&viewer, is_running, 0));

	/* Frames that are never finished are left out, nothing hangs. */
	shown = shown_so_far(&viewer);
	guest_command(&guest, "stall 3");
	CHECK(wait_for(&viewer, has_shown, shown + 30));
	CHECK(viewer.torn == 0);
	viewer_stop(&viewer);
	guest_stop(&guest);
}

static void every_format_arrives(void **state) {
	(void)state;
	static const char *const names[] = { "rgba", "rgba10", "rgb_24", "bgr_32", "rgba16f",
		"bgra" };
	struct guest guest;
	struct viewer viewer;
	struct demo_guest_config config = small();
	config.width = 322; /* no multiple of anything */
	guest_start(&guest, "format", config);
	viewer_start(&viewer, guest.path, NULL);
	CHECK(wait_for(&viewer, is_running, 0));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char command[64];
		snprintf(command, sizeof command, "format %s", names[i]);
		guest_command(&guest, command);
		CHECK(wait_for(&viewer, has_shown, shown_so_far(&viewer) + 10));
		if (strcmp(names[i], "rgba16f") == 0) {
			continue; /* tone-mapped: test_renderer compares it */
		}
		struct image image = take_shot(&viewer);
		check_background(&image, 1);
		free(image.rgb);
	}
	viewer_stop(&viewer);
	guest_stop(&guest);
}

static void hidden_window_stays_subscribed(void **state) {
	(void)state;
	struct guest guest;
	struct viewer viewer;
	guest_start(&guest, "hidden", small());
	viewer_start(&viewer, guest.path, NULL);
	CHECK(wait_for(&viewer, has_shown, 10));
	struct video_settings settings = plain_settings;
	settings.hidden = true;
	video_set(viewer.video, &settings);
	clock_sleep_ns(200 * NS_PER_MS);
	const uint64_t shown = shown_so_far(&viewer);
	struct video_stats before, after;
	video_get_stats(viewer.video, &before);
	clock_sleep_ns(1300 * NS_PER_MS); /* more than the host's patience */
	video_get_stats(viewer.video, &after);
	CHECK(shown_so_far(&viewer) <= shown + 1);
	CHECK(after.seen > before.seen + 30);
	CHECK(after.resubscriptions == 0 && after.lost_sessions == 0);

	/* What came last is there at once, also when the guest is still. */
	guest_command(&guest, "pause");
	clock_sleep_ns(700 * NS_PER_MS);
	settings.hidden = false;
	video_set(viewer.video, &settings);
	CHECK(wait_for(&viewer, has_shown, shown + 1));
	viewer_stop(&viewer);
	guest_stop(&guest);
}

/* Swaps over a second with the given settings, while the guest sends pointers but no frames. */
static double swaps_with(struct viewer *viewer, const struct video_settings *settings) {
	struct video_stats stats;
	video_set(viewer->video, settings);
	clock_sleep_ns(1200 * NS_PER_MS);
	video_get_stats(viewer->video, &stats);
	return stats.ups;
}

static void pointer_alone_is_drawn_as_wanted(void **state) {
	(void)state;
	struct guest guest;
	struct viewer viewer;
	struct demo_guest_config config = small();
	config.cursor_moves = true;
	guest_start(&guest, "pointer", config);
	viewer_start(&viewer, guest.path, NULL);
	CHECK(wait_for(&viewer, has_shown, 10));
	guest_command(&guest, "pause");
	struct video_settings settings = plain_settings;
	/* At the display's rate, not at that of the messages (2000 a second here). */
	const double moving = swaps_with(&viewer, &settings);
	settings.mouse_redraw = false;
	const double held = swaps_with(&viewer, &settings);
	settings.mouse_redraw = true;
	settings.guest_cursor = false;
	const double hidden = swaps_with(&viewer, &settings);
	settings.fps_min = 20;
	const double forced = swaps_with(&viewer, &settings);
	settings.fps_min = -1;
	const double still = swaps_with(&viewer, &settings);
	print_message("swaps a second: pointer %.0f, with frames only %.0f, not drawn %.0f, "
		      "fps-min 20 %.0f, -1 %.0f\n",
			moving, held, hidden, forced, still);
	CHECK(moving > 15 && moving <= 62);
	CHECK(held <= 2 && hidden <= 2 && still <= 2);
	CHECK(forced >= 12 && forced <= 23);
	viewer_stop(&viewer);
	guest_stop(&guest);
}

static void fallback_is_shown_meanwhile(void **state) {
	(void)state;
	struct guest guest;
	struct viewer viewer;
	struct fallback *fallback;
	CHECK(fallback_create(&fallback) == 0);
	CHECK(fallback_resize(fallback, 200, 100) == 0);
	viewer_start(&viewer, "/nowhere/at/all", fallback);
	CHECK(wait_for(&viewer, is_spice, 0));
	CHECK(wait_for(&viewer, has_width, 200));
	struct fallback_surface surface;
	fallback_lock(fallback, &surface);
	surface.pixels[50 * surface.stride + 100] = 0x123456;
	fallback_damage(fallback, 100, 50, 1, 1);
	fallback_unlock(fallback);
	clock_sleep_ns(100 * NS_PER_MS);
	struct image image = take_shot(&viewer);
	CHECK(image.png.width == 200 && image.png.height == 100);
	const unsigned char *p = image.rgb + 3 * (50 * 200 + 100);
	CHECK(p[0] == 0x12 && p[1] == 0x34 && p[2] == 0x56);
	free(image.rgb);

	guest_start(&guest, "fallback", small());
	video_set_shm_path(viewer.video, guest.path);
	CHECK(wait_for(&viewer, is_lg, 0));
	CHECK(wait_for(&viewer, has_width, 320));
	guest_command(&guest, "freeze");
	CHECK(wait_for(&viewer, is_spice, 0));
	guest_command(&guest, "thaw");
	CHECK(wait_for(&viewer, is_lg, 0));

	/* By choice. */
	struct video_settings settings = plain_settings;
	settings.source = VIDEO_SOURCE_SPICE;
	video_set(viewer.video, &settings);
	CHECK(wait_for(&viewer, is_spice, 0));
	settings.source = VIDEO_SOURCE_LG;
	video_set(viewer.video, &settings);
	CHECK(wait_for(&viewer, is_lg, 0));
	viewer_stop(&viewer);
	guest_stop(&guest);
	fallback_destroy(fallback);
}

static int compare_times(const void *a, const void *b) {
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

#define SLOW_FPS      240
#define SLOW_SWAP_MS  16
#define SLOW_UPLOAD   NS_PER_MS /* of so small a frame, with the draw */
#define SLOW_FRAMES   100
#define SLOW_ATTEMPTS 4

/* One try; whether the frames were as young as they should be, and the guest never kept waiting. */
static bool slow_swaps_show_young_frames(void) {
	struct guest guest;
	struct viewer viewer;
	struct demo_guest_config config = small();
	config.fps = SLOW_FPS;
	guest_start(&guest, "slow", config);
	viewer_start_slow(&viewer, guest.path, NULL, SLOW_SWAP_MS);
	CHECK(wait_for(&viewer, has_shown, 20));
	struct demo_guest_counters before, after;
	pthread_mutex_lock(&guest.lock);
	demo_guest_counters(guest.demo, &before);
	pthread_mutex_unlock(&guest.lock);
	CHECK(wait_for(&viewer, has_shown, 20 + SLOW_FRAMES));
	pthread_mutex_lock(&guest.lock);
	demo_guest_counters(guest.demo, &after);
	pthread_mutex_unlock(&guest.lock);
	struct video_stats stats;
	video_get_stats(viewer.video, &stats);
	viewer_stop(&viewer);
	guest_stop_thread(&guest);

	uint64_t ages[SLOW_FRAMES];
	unsigned count = 0;
	for (unsigned i = 20; i < 20 + SLOW_FRAMES; i++) {
		const struct video_frame_times *times = &viewer.frames[i];
		const uint64_t posted_ns = guest.posted_ns[times->serial % KEPT];
		CHECK(times->swapped_ns - times->swap_ns >= SLOW_SWAP_MS * NS_PER_MS);
		if (posted_ns != 0 && posted_ns < times->swap_ns) {
			ages[count++] = times->swap_ns - posted_ns;
		}
	}
	guest_free(&guest);
	CHECK(count > SLOW_FRAMES * 9 / 10);
	qsort(ages, count, sizeof ages[0], compare_times);
	const uint64_t refused = after.refused - before.refused;
	print_message("age of a frame when its swap starts: p50 %.2f p95 %.2f max %.2f ms; guest kept "
		      "waiting %llu times in %llu frames; evicted %llu times\n",
			(double)ages[count / 2] / 1e6, (double)ages[count * 95 / 100] / 1e6,
			(double)ages[count - 1] / 1e6, (unsigned long long)refused,
			(unsigned long long)(after.posted - before.posted),
			(unsigned long long)stats.resubscriptions);
	CHECK(stats.resubscriptions == 0 && viewer.torn == 0);
	/* Far fewer swaps than frames: the guest ran on. */
	CHECK(after.posted - before.posted > 2 * SLOW_FRAMES);
	return ages[count * 95 / 100] <= NS_PER_S / SLOW_FPS + SLOW_UPLOAD && refused == 0;
}

static void a_slow_swap_ages_nothing(void **state) {
	(void)state;
	bool young = false;
	for (unsigned i = 0; !young && i < SLOW_ATTEMPTS; i++) {
		young = slow_swaps_show_young_frames();
	}
#ifndef PG_SANITIZED /* those take their time */
	CHECK(young);
#endif
}

static void starts_and_stops_at_any_time(void **state) {
	(void)state;
	struct guest guest;
	guest_start(&guest, "cycle", small());
	for (unsigned i = 0; i < 12; i++) {
		struct viewer viewer;
		viewer_start(&viewer, guest.path, NULL);
		clock_sleep_ns(i * 20 * NS_PER_MS);
		video_resize(viewer.video, (int)(100 + i * 31), (int)(60 + i * 17));
		struct overlay *overlay = calloc(1, sizeof *overlay);
		CHECK(overlay != NULL);
		overlay->splash = true;
		strcpy(overlay->title, "pierglass");
		video_set_overlay(viewer.video, overlay);
		free(overlay);
		video_input_moved(viewer.video);
		viewer_stop(&viewer);
	}
	guest_stop(&guest);
}

static bool has_egl(void) {
	struct window_surface *surface;
	struct egl *egl;
	if (window_surface_create_offscreen(&surface, 16, 16) < 0) {
		return false;
	}
	const bool ok = egl_create(&egl, surface) == 0;
	if (ok) {
		egl_destroy(egl);
	}
	window_surface_destroy(surface);
	return ok;
}

int main(void) {
	log_set_level(LOG_ERROR);
	keep_egl_loaded();
	if (!has_egl()) {
		puts("no EGL with OpenGL ES 3 on this machine");
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_frames_and_heals),
		cmocka_unit_test(every_format_arrives),
		cmocka_unit_test(hidden_window_stays_subscribed),
		cmocka_unit_test(pointer_alone_is_drawn_as_wanted),
		cmocka_unit_test(fallback_is_shown_meanwhile),
		cmocka_unit_test(a_slow_swap_ages_nothing),
		cmocka_unit_test(starts_and_stops_at_any_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
