/*
 * The way of a frame's pixels into the renderer: an upload, the best of which is found by measuring
 * (upload_choice.h), or, with a kvmfr device, an import that the GPU reads in place
 * (client/gl/dmabuf.h). On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/picture_types.h"
#include "client/video/upload_choice.h"
#include "host-proto/frame.h"

struct dmabuf;
struct dmabuf_ops;
struct source_frame;
struct video_canvas;
struct video_follow;
struct video_report;

struct pixel_way {
	/* constant; not owned */
	enum video_upload wanted; /* of the options */
	bool allow_dma;
	const struct dmabuf_ops *ops; /* NULL = those of EGL */
	const struct video_canvas *canvas;
	struct video_report *report;

	struct upload_choice choice; /* of the driver that is named there */
	char driver[64];
	struct dmabuf *dmabuf; /* NULL until needed */
	bool refused;          /* imports, for frames like this: */
	uint64_t refused_generation;
	enum frame_format refused_format;
};

/* A context is there: what was measured with this driver before holds for the whole session. */
void pixel_way_begin(struct pixel_way *way);
/* The context goes. */
void pixel_way_end(struct pixel_way *way);

/* A whole frame went up in spent_ns: the first ones of a session tell which way is the best. */
void pixel_way_judge(struct pixel_way *way, const struct frame *frame, uint64_t spent_ns);
/* Whether this frame is to be imported; the renderer is told. */
bool pixel_way_imports(struct pixel_way *way, const struct source_frame *taken);
/* Brings the frame into the renderer, read by the GPU when it returns. 0; -EAGAIN: its pixels did
 * not come. Another errno: it cannot be imported, which was said; upload it. */
int pixel_way_import(struct pixel_way *way, const struct source_frame *taken, bool all,
		const struct video_follow *follow);
/* What comes next is uploaded. */
void pixel_way_leave_import(struct pixel_way *way);
