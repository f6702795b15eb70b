/*
 * Fades, crossfades and filling at the edges of the sound, on frames just before they are written
 * (scream-audio.md 1.6, 1.8, 3.3 step 6). Keeps the last 20 ms. Pure; one thread at a time.
 */
#pragma once

#include <stdbool.h>

#include "audio/codec/scream.h"

#define CONCEALMENT_HISTORY_FRAMES 4096 /* 21 ms at 192 kHz */
#define CONCEALMENT_BLEND_FRAMES   1024

struct concealment {
	unsigned channels;
	unsigned rate;
	unsigned mute_left;    /* frames to be zero before the fade in */
	unsigned fade_left;    /* of fade_frames */
	unsigned fade_frames;  /* 0 = no fade is under way */
	unsigned blend_frames; /* what would have come next, if frames were dropped */
	bool silent;           /* the last frames were silence */
	unsigned history_frames;
	float history[CONCEALMENT_HISTORY_FRAMES * SCREAM_CHANNELS_MAX]; /* the newest last */
	float blend[CONCEALMENT_BLEND_FRAMES * SCREAM_CHANNELS_MAX];
};

void concealment_init(struct concealment *concealment, unsigned rate, unsigned channels);

/* The next frames start from nothing: after mute_frames zeros they fade in over 5 ms. */
void concealment_fade_in(struct concealment *concealment, unsigned mute_frames);

/* These frames are dropped: what follows blends over from them. */
void concealment_dropped(struct concealment *concealment, const float *frames, unsigned count);
/* Something is missing before the next frames: blend over from a mirror of the last 2 ms. */
void concealment_splice(struct concealment *concealment);

/* Leaves out some of the next `count` frames, in place, where that is not heard: where all channels
 * repeat themselves, or hardly sound. Returns how many are left; count = nowhere. */
unsigned concealment_shorten(const struct concealment *concealment, float *frames, unsigned count);

/* Applies what is due, in place, and remembers. */
void concealment_apply(struct concealment *concealment, float *frames, unsigned count);

/* Makes `count` frames that end the sound: the last frames mirrored, fading to nothing. The sound
 * is silent after it. Does nothing (returns 0) if it is already. */
unsigned concealment_tail(struct concealment *concealment, float *ret_frames, unsigned count);

/* Makes `count` frames that carry the sound on where nothing has come: a stretch of it again, from
 * where it fits the end. Its gain goes from `from` to `to`; what comes next blends over from it.
 * Returns count, or 0 if too little is remembered or the sound is silent. */
unsigned concealment_extend(struct concealment *concealment, float *ret_frames, unsigned count,
		float from, float to);

/* Makes about `count` frames that belong between the last ones and `next`: a stretch of the last
 * sound again, fitted at both ends. Returns how many, 0 if too little is remembered. */
unsigned concealment_patch(struct concealment *concealment, const float *next, unsigned next_count,
		float *ret_frames, unsigned count);
