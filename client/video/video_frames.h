/*
 * Brings frames in: the newest frame of Looking Glass, or the SPICE surface, into the renderer,
 * with the changes that follow in the window. On pg-video; the frame's message goes back to the
 * host the moment its pixels were read.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pixel_way;
struct source_lgmp;
struct spice_surface;
struct thread_place;
struct video_canvas;
struct video_config;
struct video_drawing;
struct video_report;

struct video_frames {
	/* constant; not owned */
	const struct video_config *config;
	struct source_lgmp *lgmp;
	struct spice_surface *spice_surface; /* may be NULL */
	struct video_canvas *canvas;
	struct pixel_way *way;
	struct video_drawing *drawing;
	struct video_report *report;
	struct thread_place *place; /* of the thread */
	const atomic_bool *stop;

	uint64_t slept_ns, woke_ns; /* the thread's last wait */
	uint64_t wanted_ns; /* none is counted as older than the wish to see it; 0 = no matter */
	unsigned char *verify_row; /* NULL until needed */
};

void video_frames_finish(struct video_frames *frames);

/* Tells the thread's last wait, from and until: a frame may have come in it. */
void video_frames_woke(struct video_frames *frames, uint64_t slept_ns, uint64_t woke_ns);
/* Uploads the newest frame of Looking Glass, if there is a new one. */
void video_frames_take(struct video_frames *frames);
/* Uploads what changed of the SPICE surface. */
void video_frames_take_spice(struct video_frames *frames);
