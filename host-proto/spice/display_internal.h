/*
 * Shared by the two files of the display channel: surfaces and draws (display.c), video streams
 * (display_stream.c). No other file includes this header.
 */
#pragma once

#include "host-proto/spice/display.h"
#include "host-proto/spice/reader.h"

#define CLIPS_MAX 4096u
#define KINDS     32u

struct mjpeg;

struct surface {
	bool used, primary, shown; /* shown: the target has it */
	uint32_t id, width, height;
	uint32_t *pixels;          /* NULL for the primary one: it is the target's */
	struct spice_rect monitor; /* of the primary one: what is shown of it */
};

/* Base (9.2). */
struct base {
	struct surface *surface;
	struct spice_rect box;
	uint32_t clips;           /* 0 = none */
	const uint8_t *clip_data; /* clips * 16 bytes */
};

struct stream {
	bool used, top_down, mjpeg;
	uint32_t surface_id, width, height;
	struct spice_rect box;
	bool clipped;
	uint32_t clips;
	uint8_t *clip_data; /* heap, clips * 16 bytes */
};

struct spice_display {
	struct spice_display_target target;
	struct surface surfaces[SPICE_SURFACES_MAX];
	uint64_t bytes;
	struct spice_image image; /* of the message at hand */
	uint32_t row[SPICE_IMAGE_SIDE_MAX];
	struct {
		uint32_t clip;
		int32_t rows;           /* of that clip */
		int64_t pixels;         /* in all */
	} done;                         /* of the draw at hand, all 0 between two messages */
	const char *unsupported[KINDS]; /* told and untold */
	unsigned unsupported_count, reported;

	struct stream streams[SPICE_STREAMS_MAX];
	struct mjpeg *mjpeg; /* NULL: not yet, or not built in */
	struct {
		enum { FRAME_NONE, FRAME_DECODED_IN_PART, FRAME_DECODED } state;
		uint32_t width, height;
		uint32_t *words; /* heap */
		size_t room;     /* words */
	} frame;                 /* of the stream message at hand */
};

void display_note_unsupported(struct spice_display *display, const char *what);
struct surface *display_find(struct spice_display *display, uint32_t id);
struct spice_rect display_read_rect(struct reader *r);
bool display_rect_is_sane(const struct spice_rect *rect);
/* Draws what lies inside box, clips and surface. Returns 1 when there is more to do. */
int display_draw(struct spice_display *display, const struct base *base, struct draw *draw);

/* A message about streams: as spice_display_message(). */
int display_stream_message(
		struct spice_display *display, unsigned type, const uint8_t *body, size_t len);
/* Those on a surface that is going. */
void display_stream_forget_surface(struct spice_display *display, uint32_t surface_id);
void display_stream_reset(struct spice_display *display);
void display_stream_finish(struct spice_display *display);
