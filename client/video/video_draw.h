/*
 * Drawing and damage: how the picture, the pointer and the signs lie in the window, what of it must
 * be drawn again, drawing it, and the swap. On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/gl/region.h"
#include "client/render/layout.h"
#include "client/render/overlay.h"
#include "client/video/video_types.h"

struct video_canvas;
struct video_drawn_pointer;
struct video_report;

#define VIDEO_HISTORY 4u

struct video_drawing {
	/* constant; not owned */
	const struct video_canvas *canvas;
	const struct video_settings *settings;
	const struct video_events *events;
	struct video_drawn_pointer *pointer;
	struct video_report *report;
	unsigned swap_delay_ms; /* for tests */

	int width, height; /* of the surface, as drawn last; 0 = lay out anew */
	struct layout layout;
	struct video_geometry reported; /* what the program knows of the layout */
	struct overlay overlay;
	struct overlay_quad *quads;
	size_t quad_count;
	struct rect signs[OVERLAY_COVERS_MAX]; /* what the quads cover */
	bool hides[OVERLAY_COVERS_MAX];        /* nothing of the picture shows through that sign */
	unsigned sign_count;
	bool signs_drawn; /* as they are now, in the target */

	struct region dirty;
	struct region history[VIDEO_HISTORY];
	unsigned history_count;

	bool frame_pending; /* uploaded, not swapped yet */
	struct video_frame_times times;
	uint64_t drawn_ns;   /* the newest swap */
	bool every_shown;    /* the time on the display of every picture is wanted; else of some */
	uint64_t watched_ns; /* when one was last */
};

/* The constant members are filled in. Returns 0 or -ENOMEM. */
int video_draw_init(struct video_drawing *drawing);
void video_draw_finish(struct video_drawing *drawing);
/* The context goes, or another came: nothing of what was drawn is there any more. */
void video_draw_forget(struct video_drawing *drawing);

/* Another picture stands in the texture, of another geometry. */
void video_draw_lay_out(struct video_drawing *drawing);
/* drawing->overlay changed. */
void video_draw_lay_out_overlay(struct video_drawing *drawing);
/* Those image rectangles changed. */
void video_draw_damage(
		struct video_drawing *drawing, const struct frame_rect *rects, unsigned count);
/* A frame was uploaded; the next swap shows it. */
void video_draw_frame(struct video_drawing *drawing, const struct video_frame_times *times);
/* Marks what changes when the pointer moved. */
bool video_draw_pointer(struct video_drawing *drawing);

/* Draws what is dirty and swaps. What is dirty still had to wait: the window got another size.
 * Returns 0, or -EIO: the context is lost. */
int video_draw(struct video_drawing *drawing);
