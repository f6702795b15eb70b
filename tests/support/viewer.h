/*
 * The whole picture part and a producer for it in one process, offscreen: for the tests of what is
 * shown. They need EGL (software will do) and libpng.
 */
#pragma once

#include <png.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/gl/egl.h"
#include "client/gl/spice_surface.h"
#include "client/render/overlay.h"
#include "client/video/video.h"
#include "client/window/window.h"
#include "host-proto/shm.h"
#include "host-proto/sim/demo_guest.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "tests/support/check.h"
#include "tests/support/egl_loaded.h"

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

static inline void *guest_run(void *data) {
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

static inline void on_released(const struct demo_guest_times *times, void *data) {
	struct guest *guest = data;
	guest->posted_ns[times->serial % KEPT] = times->posted_ns;
}

static inline void guest_start(
		struct guest *guest, const char *name, struct demo_guest_config config) {
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

static inline void guest_stop_thread(struct guest *guest) {
	atomic_store(&guest->stop, true);
	pthread_join(guest->thread, NULL);
}

static inline void guest_free(struct guest *guest) {
	demo_guest_destroy(guest->demo);
	shm_unref(guest->shm);
	pthread_mutex_destroy(&guest->lock);
	unlink(guest->path);
	free(guest->posted_ns);
}

static inline void guest_stop(struct guest *guest) {
	guest_stop_thread(guest);
	guest_free(guest);
}

static inline void guest_command(struct guest *guest, const char *command) {
	pthread_mutex_lock(&guest->lock);
	CHECK(demo_guest_command(guest->demo, command) == 0);
	pthread_mutex_unlock(&guest->lock);
}

static inline struct demo_guest_config small(void) {
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

static inline void on_status(const struct video_status *status, void *data) {
	struct viewer *viewer = data;
	pthread_mutex_lock(&viewer->lock);
	viewer->status = *status;
	pthread_cond_broadcast(&viewer->changed);
	pthread_mutex_unlock(&viewer->lock);
}

static inline void on_pointer(const struct video_pointer *pointer, void *data) {
	struct viewer *viewer = data;
	pthread_mutex_lock(&viewer->lock);
	viewer->pointer = *pointer;
	pthread_cond_broadcast(&viewer->changed);
	pthread_mutex_unlock(&viewer->lock);
}

static inline void on_shown(const struct video_frame_times *times, void *data) {
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

static inline void on_shot(int result, void *data) {
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

static inline void viewer_start_as(struct viewer *viewer, const char *path,
		struct spice_surface *spice_surface, struct video_config config) {
	memset(viewer, 0, sizeof *viewer);
	pthread_mutex_init(&viewer->lock, NULL);
	pthread_cond_init(&viewer->changed, NULL);
	CHECK(window_surface_create_offscreen(&viewer->surface, 320, 176) == 0);
	config.verify_stripe_rows = 16;
	config.settings = plain_settings;
	snprintf(config.shm_path, sizeof config.shm_path, "%s", path);
	const struct video_events events = {
		.status = on_status,
		.pointer = on_pointer,
		.shown = on_shown,
		.data = viewer,
	};
	CHECK(video_start(&viewer->video, &config, viewer->surface, spice_surface, &events) == 0);
}

static inline void viewer_start(
		struct viewer *viewer, const char *path, struct spice_surface *spice_surface) {
	viewer_start_as(viewer, path, spice_surface, (struct video_config){ 0 });
}

static inline void viewer_stop(struct viewer *viewer) {
	video_stop(viewer->video);
	window_surface_destroy(viewer->surface);
	pthread_mutex_destroy(&viewer->lock);
	pthread_cond_destroy(&viewer->changed);
}

/* Waits, with the lock held while `is` looks. */
static inline bool wait_for(struct viewer *viewer,
		bool (*is)(struct viewer *viewer, uint64_t value), uint64_t value) {
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

static inline bool is_running(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.part.state == PART_RUNNING && !viewer->status.stale;
}
static inline bool is_waiting(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.part.state == PART_WAITING;
}
static inline bool is_stale(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.stale;
}
static inline bool is_spice(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.showing == VIDEO_SOURCE_SPICE;
}
static inline bool is_lg(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->status.showing == VIDEO_SOURCE_LG;
}
static inline bool has_shown(struct viewer *viewer, uint64_t value) {
	return viewer->shown >= value;
}
static inline bool has_width(struct viewer *viewer, uint64_t value) {
	return viewer->status.width == value;
}
static inline bool has_shot(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->shot != 1;
}
static inline bool pointer_known(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->pointer.known;
}

static inline uint64_t shown_so_far(struct viewer *viewer) {
	pthread_mutex_lock(&viewer->lock);
	const uint64_t shown = viewer->shown;
	pthread_mutex_unlock(&viewer->lock);
	return shown;
}

struct image {
	png_image png;
	unsigned char *rgb;
};

static inline struct image take_shot(struct viewer *viewer) {
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

static inline bool is_background(const struct image *image, uint32_t x, uint32_t y, int tolerance) {
	const uint32_t want = demo_background(image->png.width, image->png.height, x, y);
	const unsigned char *p = image->rgb + 3 * ((size_t)y * image->png.width + x);
	for (int i = 0; i < 3; i++) {
		if (abs((int)(want >> (16 - 8 * i) & 255) - p[i]) > tolerance) {
			return false;
		}
	}
	return true;
}

static inline void check_background(const struct image *image, int tolerance) {
	const uint32_t w = image->png.width, h = image->png.height;
	unsigned wrong = 0, looked = 0;
	for (uint32_t y = 0; y < h; y += 3) {
		for (uint32_t x = 0; x < w; x += 5) {
			looked++;
			wrong += !is_background(image, x, y, tolerance);
		}
	}
	/* Stamps, counter, box and text cover 14 to 17 % of it. */
	CHECK(wrong < looked / 5 && looked > 1000);
	CHECK(is_background(image, w - 1, h - 1, tolerance));
}

/* First in main(). False, and said: there is no EGL to test with. */
static inline bool has_viewer(void) {
	struct window_surface *surface;
	struct egl *egl;
	log_set_level(LOG_ERROR);
	keep_egl_loaded();
	if (window_surface_create_offscreen(&surface, 16, 16) < 0) {
		return false;
	}
	const bool ok = egl_create(&egl, surface) == 0;
	if (ok) {
		egl_destroy(egl);
	} else {
		puts("no EGL with OpenGL ES 3 on this machine");
	}
	window_surface_destroy(surface);
	return ok;
}
