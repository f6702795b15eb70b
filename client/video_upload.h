/*
 * Pixels of a frame into the renderer, behind the producer's write pointer. On pg-video.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct renderer;
struct source_frame;
struct source_lgmp;

/* Waits until all of the frame's pixels are there. False as below. */
bool video_upload_wait(
		struct source_lgmp *source, const struct source_frame *frame, atomic_bool *stop);

/* Uploads all of the frame, or only its damage. Returns false when the pixels did not come (the
 * producer stopped writing for 100 ms, the session ended, or *stop was set): the texture is torn
 * then. ret_spent_ns: how long the uploading took, without the waiting. */
bool video_upload(struct renderer *renderer, struct source_lgmp *source,
		const struct source_frame *frame, bool all, atomic_bool *stop,
		uint64_t *ret_spent_ns);
