/*
 * The guest's pointer over the picture: where it is drawn, and what must be drawn again when it
 * moved, changed or went. On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/gl/picture_types.h"

struct cursor_shape;
struct layout;
struct region;
struct source_lgmp;
struct spice_surface;
struct video_canvas;
struct video_settings;

struct video_drawn_pointer {
	/* constant; not owned */
	struct source_lgmp *lgmp;
	struct spice_surface *spice_surface;
	const struct video_canvas *canvas;
	const struct video_settings *settings;

	struct cursor_shape *shape;
	uint32_t shape_serial; /* in the renderer, with shape_source; 0 = none is */
	enum video_source shape_source;
	bool shown;
	float rect[4]; /* x, y, width, height in window pixels */
};

/* The constant members are filled in. Returns 0 or -ENOMEM. */
int video_pointer_init(struct video_drawn_pointer *drawn);
void video_pointer_finish(struct video_drawn_pointer *drawn);
/* The context goes, and the shape in it. */
void video_pointer_forget(struct video_drawn_pointer *drawn);

/* Compares it with what was drawn and adds both places to the region if it differs, which it
 * returns. layout: NULL = there is no place for it yet. */
bool video_pointer_update(struct video_drawn_pointer *drawn, const struct layout *layout,
		struct region *dirty);
/* Its rectangle on the upright picture of that size, for screenshots; whether or not it is drawn in
 * the window now. False: the guest shows none. Loads its shape into the renderer. */
bool video_pointer_upright(struct video_drawn_pointer *drawn, uint32_t width, uint32_t height,
		float ret_rect[4]);
