/*
 * Chooses the fastest way of uploading with this driver: measures each way in turn with the first
 * whole frames of a session, and keeps the best. Pure: times go in, a way comes out.
 */
#pragma once

#include <stdbool.h>

#include "client/gl/picture_types.h"

#define UPLOAD_CHOICE_WAYS   3u
#define UPLOAD_CHOICE_ROUNDS 4u /* the first of each way makes its buffers and is not counted */

struct upload_choice {
	unsigned count;
	enum video_upload ways[UPLOAD_CHOICE_WAYS];
	unsigned tries[UPLOAD_CHOICE_WAYS];
	double best[UPLOAD_CHOICE_WAYS]; /* of the rounds: what disturbs only ever adds */
	bool decided;
	enum video_upload chosen;
};

/* wanted: AUTO measures, anything else is taken at its word. has_persistent: the driver can map
 * buffers persistently. */
void upload_choice_init(
		struct upload_choice *choice, enum video_upload wanted, bool has_persistent);

/* The way for the next frame. */
enum video_upload upload_choice_way(const struct upload_choice *choice);

/* What a whole frame cost, in any unit of time per byte: the calls, and until the GPU had the
 * pixels. way: the one it really went; another than wanted means that the wanted one does not work.
 * Returns whether the choice was made with it. */
bool upload_choice_note(struct upload_choice *choice, enum video_upload way, double cost);
