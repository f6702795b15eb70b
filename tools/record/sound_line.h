/*
 * The sound of a recording as one line without a hole: blocks of any rate, with the time at which
 * they are heard or none, come in; 20 ms pieces at 48 kHz come out, silence where nothing was
 * played. No clock of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SOUND_LINE_PIECE_FRAMES 960u /* 20 ms */

struct sound_line;
struct recording_block;

/* zero_ns: the beginning of the recording. Returns 0 or -ENOMEM. */
int sound_line_create(struct sound_line **ret_line, uint64_t zero_ns);
void sound_line_destroy(struct sound_line *line); /* accepts NULL */

/* A time that is up to 40 ms beside the end of the line follows on all the same: estimates swing,
 * and each cut is heard. */
void sound_line_put(struct sound_line *line, const struct recording_block *block);
/* The next piece, and when it begins; false: it is not complete, and sound for it may still come
 * (it does not begin before until_ns). */
bool sound_line_take(struct sound_line *line, uint64_t until_ns, uint64_t *ret_at_ms,
		float ret_stereo[static 2 * SOUND_LINE_PIECE_FRAMES]);
