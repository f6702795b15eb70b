/*
 * Uploads the pixels of a frame into the renderer, behind the producer's write pointer. On
 * pg-video.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct renderer;

struct thread_place;

/* Who uploads. While it waits for pixels, go_on is asked now and then. */
struct video_follow {
	bool (*go_on)(void *data);
	void *data;
	struct thread_place *place; /* of the thread; may be NULL */
};

/* Waits until all of the frame's pixels are there. False as below. */
bool video_upload_wait(const struct frame *frame, const struct video_follow *follow);

/* Uploads all of the frame, or only its damage. Returns false when its pixels did not come (the
 * producer stopped writing for 100 ms, or go_on said no): the texture is torn then. ret_spent_ns:
 * how long the uploading took, without the waiting. */
bool video_upload(struct renderer *renderer, const struct frame *frame, bool all,
		const struct video_follow *follow, uint64_t *ret_spent_ns);
