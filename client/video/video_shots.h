/*
 * Screenshots: the guest's true pixels into a PNG. Asked for on any thread, served on pg-video, one
 * at a time; the file is written by a thread of its own (screenshot.h).
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"

struct screenshot;
struct video_canvas;
struct video_drawn_pointer;

struct video_shot { /* a request */
	char path[1024];
	bool with_pointer;
	void (*done)(int result, void *data);
	void *data;
	uint64_t since_ns;
};

struct video_shots {
	/* constant; not owned */
	const struct video_canvas *canvas;
	struct video_drawn_pointer *pointer;
	void (*wake)(void *data); /* pg-video; from the thread that writes */
	void *wake_data;

	pthread_mutex_t lock;
	/* under the lock */
	bool wanted;
	struct video_shot asked;

	/* pg-video only */
	struct screenshot *writing; /* NULL: none is */
	struct video_shot written;  /* of that one */
};

void video_shots_init(struct video_shots *shots);
void video_shots_finish(struct video_shots *shots);

/* Any thread: the next frame's pixels. Returns 0, -ENAMETOOLONG, or -EBUSY while another is asked
 * for. done runs on pg-video. */
int video_shots_ask(struct video_shots *shots, const char *path, bool with_pointer,
		void (*done)(int result, void *data), void *data);

/* On pg-video: tells of a file that was written meanwhile. */
void video_shots_collect(struct video_shots *shots);
/* fresh: a new frame was uploaded just now. Returns when to look again. */
deadline video_shots_serve(struct video_shots *shots, bool fresh);
/* The thread ends: waits for the file that is being written, and tells. */
void video_shots_wait(struct video_shots *shots);
