/*
 * What goes into the video part, and what comes out: settings, status, counters, events. Values; no
 * functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/owners.h"
#include "base/part.h"
#include "base/thread.h"
#include "client/gl/picture_types.h"

struct dmabuf_ops;
struct clipboard_port;
struct input_port;

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
	enum video_draw draw;
	enum video_upload upload;
	bool allow_dma;                  /* with AUTO: import frames of a kvmfr device */
	const struct dmabuf_ops *dmabuf; /* NULL = those of EGL; tests have others */
	bool straight_alpha;             /* of colour pointers */
	bool confined; /* --no-sandbox may help a driver (client/platform/sandbox.h) */
	struct scheduling_broker broker; /* asked for real-time scheduling where limits refuse it */
	struct input_port *host_input;   /* told of the host's input stream; NULL = nobody is */
	struct clipboard_port *host_clipboard; /* … of its clipboard */
	bool host_schedule;                    /* its frames may follow the display */
	char ui_font[128];           /* family for texts in other scripts; "" = the desktop's */
	unsigned swap_delay_ms;      /* for tests: every swap takes this much longer */
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
	bool offers_input;
	bool offers_schedule, offers_clipboard, offers_audio;
	const char *audio_claim; /* its answer: a name of kvmfr_audio_result_name() */
	unsigned audio_protocol; /* … and the version of the sound's protocol; 0 = none */
	bool keeps_recovery;     /* a region at the end of the memory that tells its versions */
	/* Why that is not used: texts for gettext; NULL = it has none. */
	const char *unused_files, *unused_sound, *unused_software;
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
	bool hdr_metadata; /* the guest tells what its content is: */
	uint32_t hdr_max_nits, hdr_max_cll_nits, hdr_max_fall_nits;
	bool no_gl; /* the CPU draws though it was not chosen: OpenGL ES does not start */
	bool block_screensaver;
	unsigned activation_requests; /* counts up */
};

/* Counters and times of the run; samples in microseconds. */
struct video_stats {
	uint64_t seen, superseded, shown, torn, resubscriptions, lost_sessions;
	uint64_t newest_swapped_ns; /* when the newest guest frame was swapped; 0 = none */
	double fps, ups;            /* swaps with a new frame / all swaps, over the last second */
	double seen_to_uploaded_us, seen_to_swapped_us; /* of the newest frame */
	double seen_to_presented_us; /* on the display, as its server reports; 0 = it does not */
	char renderer[64];           /* GL_RENDERER */
	char window[16];             /* "x11", "x11 shm", "wayland", "offscreen" */
	char upload[16];             /* "direct", "pbo", "persistent", "dmabuf" */
	char poll[16];               /* "sleep", "phase", "umwait", "mwaitx" */
	uint64_t lgmp_cpu_ns;        /* CPU time of pg-lgmp: what looking for frames costs */
	const char *schedule; /* whether the host's frames follow the display: frame_schedule_name()
			       */
	bool schedule_ours;   /* they do */
	bool schedule_restless; /* … in period alone: the display has no phase */
	uint64_t schedule_followed,
			schedule_missed; /* frames that did; refreshes that one missed */
};

#define VIDEO_TIMES_KEPT 192 /* frames whose times are remembered */

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
