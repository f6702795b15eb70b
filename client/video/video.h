/*
 * The video part: the guest's picture on a surface.
 *
 * Two threads: "pg-lgmp" owns the mapping and the LGMP session, drains its queues and holds the
 * newest frame message; "pg-video" owns the GL context, takes the held message, uploads its pixels
 * behind the producer's write pointer, releases it, draws and swaps. Other threads may call only
 * the functions below; none of them waits for a frame or a swap.
 */
#pragma once

#include <stdbool.h>

#include "client/video/video_types.h"

struct spice_surface;
struct overlay;
struct recording_memory;
struct video;
struct window_surface;

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

/* What is shown goes into that memory, too, where its reader is free; NULL = no more. Takes a
 * reference of its own. */
void video_record(struct video *video, struct recording_memory *memory);

void video_get_stats(struct video *video, struct video_stats *ret_stats);
/* Of the newest frames that were shown, oldest first: at most max and VIDEO_TIMES_KEPT. Returns how
 * many. Where the swap returns before the GPU is done, so do the times. */
unsigned video_get_times(struct video *video, struct video_frame_times *ret_times, unsigned max);
