/*
 * The video part: the guest's picture on a surface.
 *
 * Two threads: "pg-lgmp" owns the mapping and the LGMP session, drains both queues and holds the
 * newest frame message; "pg-video" owns the GL context, takes the held message, uploads its pixels
 * behind the producer's write pointer, releases it, draws and swaps. Other threads may call only
 * the functions below; none of them waits for a frame or a swap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/owners.h"
#include "base/part.h"
#include "base/thread.h"
#include "client/gl/picture_types.h"

struct dmabuf_ops;
struct spice_surface;
struct overlay;
struct samples;
struct video;
struct window_surface;

/* What may change while it runs: keys and options. */
struct video_settings {
	enum video_source source;
	enum video_scale scale;
	bool keep_aspect;
	bool integer_upscale;
	bool no_upscale;
	unsigned rotate; /* 0..3 quarter turns clockwise, by the user */
	bool vsync;
	bool map_hdr;
	int peak_nits;    /* of the display */
	int max_cll_nits; /* of the content */
	bool paused;      /* keep the last frame, take no new one */
	bool hidden;      /* minimised or fully covered: upload and draw nothing, stay subscribed */
	bool guest_cursor;  /* draw the guest's pointer */
	bool scale_pointer; /* it keeps its size where the picture is shrunk */
	bool mouse_redraw;  /* it is drawn as soon as it moves, else with the next frame */
	int fps_min;        /* redraws a second at least; 0 or less = none while nothing changes */
};

struct video_config {
	char shm_path[256];
	struct owners owners; /* whose file may be the VM's memory */
	enum video_poll poll;
	unsigned poll_us; /* longest sleep between two looks; 0 = choose */
	enum video_upload upload;
	bool allow_dma;                  /* with AUTO: import frames of a kvmfr device */
	const struct dmabuf_ops *dmabuf; /* NULL = those of EGL; tests have others */
	bool straight_alpha;             /* of colour pointers */
	struct scheduling_broker broker; /* asked for real-time scheduling where limits refuse it */
	char ui_font[128];               /* family for texts in other scripts; "" = the desktop's */
	unsigned swap_delay_ms;          /* for tests: every swap takes this much longer */
	unsigned verify_stripe_rows; /* bench and tests: read back the stamp of every n rows; 0 = do
					not */
	struct video_settings settings;
};

/* What is known of the guest through the shared memory. Texts are printable and terminated. */
struct video_host {
	bool session;         /* a host is alive and its versions are ours */
	unsigned lgmp, kvmfr; /* versions found, also when they are not ours */
	char version[33];
	char capture[33];
	char os[64];
	char model[64];
	uint8_t uuid[16]; /* zero = unknown */
	bool accepts_cursor_position, accepts_window_size;
	bool offers_schedule, offers_input, offers_clipboard, offers_audio; /* not used yet */
	unsigned cpus, cores, sockets;
};

struct video_status {
	struct part_status part;
	struct video_host host;
	enum video_source showing; /* AUTO = neither: nothing has been shown yet */
	bool stale;                /* the last frame stays on the screen, but its source is lost */
	uint32_t width, height;    /* of the upright guest picture; 0 = none */
	uint32_t desktop_width, desktop_height; /* upright; pointer coordinates refer to it */
	bool truncated;
	unsigned needed_mib; /* with truncated: the memory size that would do */
	bool hdr;
	bool block_screensaver;
	unsigned activation_requests; /* counts up */
};

/* Counters and times of the run; samples in microseconds. */
struct video_stats {
	uint64_t seen, superseded, shown, torn, resubscriptions, lost_sessions;
	uint64_t newest_swapped_ns; /* when the newest guest frame was swapped; 0 = none */
	double fps, ups;            /* swaps with a new frame / all swaps, over the last second */
	double seen_to_uploaded_us, seen_to_swapped_us; /* of the newest frame */
	char renderer[64];                              /* GL_RENDERER */
	char window[16];      /* "x11", "x11 shm", "wayland", "offscreen" */
	char upload[16];      /* "direct", "pbo", "persistent", "dmabuf" */
	char poll[16];        /* "sleep", "phase", "umwait", "mwaitx" */
	uint64_t lgmp_cpu_ns; /* CPU time of pg-lgmp: what looking for frames costs */
};

struct video_frame_times { /* one shown frame; all CLOCK_MONOTONIC */
	uint32_t serial;
	uint64_t seen_ns, uploaded_ns, released_ns;
	uint64_t swap_ns, swapped_ns; /* when the swap began, when it was done */
	bool torn;
};

struct video_events {
	/* On pg-lgmp or pg-video; must not block. status whenever it changed. */
	void (*status)(const struct video_status *status, void *data);
	void (*geometry)(const struct video_geometry *geometry, void *data);
	void (*pointer)(const struct video_pointer *pointer, void *data);
	/* For --bench: every frame that was shown. May be NULL. */
	void (*shown)(const struct video_frame_times *times, void *data);
	void *data;
};

/* spice_surface (may be NULL): the SPICE picture, shown while there is no session. Copies config
 * and events. Returns 0 or a negative errno. */
int video_start(struct video **ret_video, const struct video_config *config,
		struct window_surface *surface, struct spice_surface *spice_surface,
		const struct video_events *events);

/* Joins both threads; the GL context goes on pg-video. Accepts NULL. */
void video_stop(struct video *video);

void video_resize(struct video *video, int width_px, int height_px);
void video_set(struct video *video, const struct video_settings *settings);
void video_set_overlay(struct video *video, const struct overlay *overlay);
/* Another file, or the same one anew: the old session is left cleanly, the new one is waited for.
 */
void video_set_shm_path(struct video *video, const char *path);
/* The SPICE picture changed: draw it. From pg-io. */
void video_wake(struct video *video);

/* Asks the host to put the guest's pointer there (kvmfr.md 7). -EOPNOTSUPP if it cannot. */
int video_move_pointer(struct video *video, int x, int y);
/* The window's size for the guest's monitor (kvmfr.md A.8): told now or when a session begins that
 * takes it, each size once. */
void video_set_guest_size(struct video *video, int width_px, int height_px);
/* Own input moved the guest's pointer just now: look sooner. */
void video_input_moved(struct video *video);

/* Writes the next frame's true pixels, upright and without our overlay, to a PNG. done runs on
 * pg-video with 0 or a negative errno. */
int video_screenshot(struct video *video, const char *path, bool with_pointer,
		void (*done)(int result, void *data), void *data);

void video_get_stats(struct video *video, struct video_stats *ret_stats);
/* Of the newest frames that were shown, oldest first: at most max and VIDEO_TIMES_KEPT. Returns how
 * many. Where the swap returns before the GPU is done, so do the times. */
#define VIDEO_TIMES_KEPT 192
unsigned video_get_times(struct video *video, struct video_frame_times *ret_times, unsigned max);
