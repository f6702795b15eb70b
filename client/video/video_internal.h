/*
 * What video.c (calls from outside, status) and the files of pg-video share: video_thread.c (its
 * loop), video_frames.c (pixels in), video_pointer.c, video_draw.c and video_shots.c.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "client/gl/egl.h"
#include "client/gl/region.h"
#include "client/gl/spice_surface.h"
#include "client/gl/window_surface.h"
#include "client/render/layout.h"
#include "client/render/overlay.h"
#include "client/render/renderer.h"
#include "client/video/screenshot.h"
#include "client/video/source_lgmp.h"
#include "client/video/upload_choice.h"
#include "client/video/video.h"

#include "base/mailbox.h"
#include "base/thread_place.h"

#define VIDEO_SWAPS_KEPT 512u
#define VIDEO_HISTORY    4u

struct video_shot { /* a request for a screenshot */
	char path[1024];
	bool with_pointer;
	void (*done)(int result, void *data);
	void *data;
	uint64_t since_ns;
};

/* What stands in the texture. */
struct video_picture {
	enum video_source source; /* AUTO = nothing yet */
	uint64_t generation;      /* of the LGMP subscription, or of the SPICE surface */
	uint32_t serial;
	bool torn; /* an upload ended early: show nothing of it until a whole frame came */
	uint32_t width, height; /* of the image */
	uint32_t desktop_width, desktop_height;
	unsigned rotation;
};

struct video {
	/* constant after video_start() */
	struct video_config config;
	struct video_events events;
	struct window_surface *surface;
	struct spice_surface *spice_surface;
	struct source_lgmp *lgmp;
	pthread_t thread;
	int wake_fd;

	atomic_bool stop;
	atomic_bool redraw; /* the window's size or content changed */
	struct mailbox settings_box, overlay_box;

	pthread_mutex_t lock;
	/* under the lock */
	struct video_status status, told; /* told: what the program knows */
	struct lgmp_status lgmp_status;
	char gl_failure[PART_REASON_BYTES]; /* "" = none */
	enum video_source wanted;           /* of the settings */
	bool have_lgmp_frame;               /* of the current session */
	bool shot_wanted;
	struct video_shot shot;
	struct video_stats stats;
	uint64_t swap_ns[VIDEO_SWAPS_KEPT];
	bool swap_new[VIDEO_SWAPS_KEPT]; /* with a new frame in it */
	unsigned swap_at;
	struct video_frame_times recent[VIDEO_TIMES_KEPT]; /* a ring */
	uint64_t recent_count;                             /* ever */

	/* pg-video only */
	struct thread_place place;
	uint64_t slept_ns, woke_ns; /* the last wait, from and until */
	struct egl *egl;
	struct renderer *renderer;
	struct upload_choice upload_choice; /* of the driver that is named there */
	char upload_driver[64];
	uint64_t gl_retry_ns;
	uint64_t trim_step_ns;
	uint64_t trim_ns; /* when what starting GL left behind is given back; 0 = nothing is */
	struct video_settings settings;
	struct overlay overlay;
	struct overlay_quad *quads;
	size_t quad_count;
	int width, height; /* of the surface, as drawn last */
	struct video_picture picture;
	bool picture_begun; /* the renderer has textures of it */
	struct layout layout;
	struct video_geometry geometry;
	struct region dirty;
	struct region history[VIDEO_HISTORY];
	unsigned history_count;
	struct cursor_shape *shape;
	uint32_t shape_serial; /* in the renderer, with shape_source */
	enum video_source shape_source;
	bool pointer_drawn;
	float pointer_rect[4];
	uint64_t drawn_ns; /* the newest swap */
	unsigned resize_redraws;
	bool frame_pending; /* uploaded, not swapped yet */
	struct video_frame_times times;
	struct screenshot *writing;
	struct video_shot writing_shot;
	bool has_writing;
	unsigned char *verify_row;
	struct dmabuf *dmabuf; /* NULL until needed */
	bool import_refused;   /* for frames like this: */
	uint64_t import_generation;
	enum frame_format import_format;
};

/* video.c, any thread */
void video_wake_thread(struct video *video);
/* Composes the status anew from what is known and tells it if it differs. Takes the lock. */
void video_publish(struct video *video);

/* Everything below: on pg-video. */

/* video_thread.c */
void *video_thread(void *data);
void video_close_gl(struct video *video);
/* The renderer uploads another way from now on: tells it in the figures. */
void video_note_upload(struct video *video);
/* "" = none. */
void video_set_failure(struct video *video, const char *text);

/* video_frames.c */
/* Uploads the newest frame of Looking Glass, if there is a new one. */
void video_take_frame(struct video *video);
/* For video_upload.h: whether a frame's pixels are still worth waiting for. */
struct video_waiting {
	struct video *video;
	const struct source_frame *frame;
};
bool video_go_on(void *data);
bool video_fallback_wanted(struct video *video);
void video_take_fallback(struct video *video);

/* video_import.c */
/* Whether this frame is to be imported; the renderer is told. */
bool video_import_wanted(struct video *video, const struct source_frame *taken);
/* Brings the frame into the renderer, read by the GPU when it returns. 0; -EAGAIN: its pixels did
 * not come. Another errno: it cannot be imported, which was said; upload it. */
int video_import(struct video *video, const struct source_frame *taken, bool all);
/* What comes next is uploaded. */
void video_import_leave(struct video *video);
/* The context goes. */
void video_import_close(struct video *video);

/* video_pointer.c */
/* Compares the pointer with what was drawn and marks both places if it differs. */
void video_take_pointer(struct video *video);
/* Its rectangle on the upright picture of that size, for screenshots; whether or not it is drawn in
 * the window now. False: the guest shows none. Loads its shape into the renderer. */
bool video_pointer_upright(struct video *video, uint32_t width, uint32_t height, float ret_rect[4]);

/* video_draw.c */
void video_lay_out(struct video *video);
void video_lay_out_overlay(struct video *video);
void video_draw(struct video *video);

/* video_shots.c */
/* Tells of a file that was written. */
void video_finish_shot(struct video *video);
/* fresh: a new frame was uploaded just now. Returns when to look again, UINT64_MAX = not. */
uint64_t video_serve_shot(struct video *video, bool fresh);
