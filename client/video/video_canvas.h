/*
 * The canvas of pg-video: the surface, its context and renderer, and the picture that stands there.
 * The thread's loop (video.c) opens and closes the context; video_frames.c brings pictures in; the
 * others read. All on pg-video, which is why nothing here has a lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/picture_types.h"

struct egl;
struct renderer;

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

struct video_canvas {
	struct egl *egl; /* both NULL while there is no context */
	struct renderer *renderer;
	struct video_picture picture;
	bool begun; /* the renderer has textures of the picture */
};
