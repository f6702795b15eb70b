/*
 * Types that all rooms that show the picture share. No functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum video_source { VIDEO_SOURCE_AUTO, VIDEO_SOURCE_LG, VIDEO_SOURCE_SPICE };
enum video_scale {
	VIDEO_SCALE_AUTO,
	VIDEO_SCALE_NEAREST,
	VIDEO_SCALE_LINEAR,
	VIDEO_SCALE_SHARP, /* cubic */
	VIDEO_SCALE_FSR,   /* larger: FidelityFX Super Resolution 1; smaller: as SHARP */
};
enum video_poll { VIDEO_POLL_AUTO, VIDEO_POLL_SLEEP, VIDEO_POLL_PHASE, VIDEO_POLL_UMWAIT };
enum video_upload {
	VIDEO_UPLOAD_AUTO,
	VIDEO_UPLOAD_DIRECT,     /* glTexSubImage2D from the shared memory */
	VIDEO_UPLOAD_PBO,        /* through a pixel unpack buffer */
	VIDEO_UPLOAD_PERSISTENT, /* through a persistently mapped one */
	VIDEO_UPLOAD_DMABUF,     /* import from a kvmfr device: no copy */
};

enum video_draw {
	VIDEO_DRAW_AUTO, /* with OpenGL ES where there is any, else without */
	VIDEO_DRAW_GL,
	VIDEO_DRAW_CPU,
};

struct rect { /* window pixels from the top left */
	int x, y, width, height;
};

/* A picture in memory: B, G, R, x bytes, top row first. */
struct egl_pixels {
	const unsigned char *memory; /* NULL: that of egl_make_pixels() */
	size_t stride;               /* bytes */
	struct rect at;              /* where it is in the window; may stick out */
};

/* Where the picture lies in the window (window pixels), to map the local pointer. */
struct video_geometry {
	int x, y, width, height;
	unsigned rotation; /* quarter turns clockwise from the upright guest desktop to the window
			    */
};

struct video_pointer {
	bool known;
	bool visible;
	int x, y; /* hot spot on the upright guest desktop */
};
