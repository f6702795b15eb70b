/*
 * Pictures for a recording: after a picture was shown, and only where the recorder is free, the
 * same one upright, with the guest's pointer and without what we draw over it. On pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "recording/recording_seat.h"

struct video_canvas;
struct video_drawn_pointer;
struct recording_memory;

struct video_recording {
	/* constant; not owned */
	const struct video_canvas *canvas;
	struct video_drawn_pointer *pointer;

	struct recording_seat seat; /* put from any thread */

	/* pg-video only */
	struct recording_memory *memory; /* the seat's; NULL = nothing is recorded */
	bool due;                        /* what is shown has not been given yet */
	uint64_t shown_ns, next_ns;
	unsigned char *reading; /* a GPU draws this one; NULL = none */
	uint64_t reading_ns;    /* when it was shown */
};

/* Another recording, or none: at each turn. */
void video_recording_look(struct video_recording *recording);
/* Something new was swapped. */
void video_recording_shown(struct video_recording *recording, uint64_t at_ns);
/* The context goes. */
void video_recording_forget(struct video_recording *recording);
/* Gives a picture, if one is due. Returns when to look again. */
deadline video_recording_serve(struct video_recording *recording);
