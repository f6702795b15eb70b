/*
 * The guest's pointer: messages of the wire (doc/protocol/kvmfr.md 6) to checked values. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct shm;

#define CURSOR_SIDE_MAX   512u /* pixels */
#define CURSOR_PIXELS_MAX (CURSOR_SIDE_MAX * CURSOR_SIDE_MAX)

/*
 * Every kind of pointer (colour, monochrome, masked colour; also those of SPICE) becomes two images
 * of 0xAARRGGBB words, so that the drawing side knows one form:
 *	screen = (screen * (1 - color.alpha) + color.rgb) XOR invert.rgb
 * color is premultiplied. invert's alpha byte is 0xff where the pixel inverts and 0 elsewhere.
 */
struct cursor_shape {
	uint32_t serial; /* cursor_read() counts it up with every shape it puts here */
	uint32_t width, height;
	int hot_x, hot_y; /* from the top left of the shape; may lie outside it */
	bool has_invert;
	uint32_t color[CURSOR_PIXELS_MAX]; /* row y starts at [y * width]; the same below */
	uint32_t invert[CURSOR_PIXELS_MAX];
};

/* One pointer message. Shape data is not in here: cursor_read() fills the given shape. */
struct cursor_update {
	bool has_visible; /* always in 19 and 20; later hosts may leave it out */
	bool visible;     /* a state, not a change */
	bool has_position;
	int x, y; /* top left of the shape on the upright desktop */
	bool has_shape;
};

/* flags: the LGMP udata word. Shape pixels are copied out, checked and converted into *shape, which
 * is untouched when the message has none. straight_alpha: multiply colour by alpha first (6.2).
 * -EBADMSG, -ERANGE as frame_read(). */
int cursor_read(const struct shm *shm, unsigned kvmfr, uint32_t flags, uint64_t offset,
		uint32_t size, bool straight_alpha, struct cursor_update *ret_update,
		struct cursor_shape *shape);
