#include "client/video/video_shots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/render/renderer.h"
#include "client/video/screenshot.h"
#include "client/video/video_canvas.h"
#include "client/video/video_pointer.h"

#include "base/deadline.h"

#define PATIENCE_NS (300 * NS_PER_MS)

void video_shots_init(struct video_shots *shots) {
	pthread_mutex_init(&shots->lock, NULL);
}

void video_shots_finish(struct video_shots *shots) {
	pthread_mutex_destroy(&shots->lock);
}

int video_shots_ask(struct video_shots *shots, const char *path, bool with_pointer,
		void (*done)(int result, void *data), void *data) {
	if (strlen(path) >= sizeof shots->asked.path) {
		return -ENAMETOOLONG;
	}
	int r = 0;
	pthread_mutex_lock(&shots->lock);
	if (shots->wanted) {
		r = -EBUSY;
	} else {
		shots->wanted = true;
		snprintf(shots->asked.path, sizeof shots->asked.path, "%s", path);
		shots->asked.with_pointer = with_pointer;
		shots->asked.done = done;
		shots->asked.data = data;
		shots->asked.since_ns = clock_now_ns();
	}
	pthread_mutex_unlock(&shots->lock);
	return r;
}

static void tell(const struct video_shot *shot, int result) {
	if (shot->done) {
		shot->done(result, shot->data);
	}
}

void video_shots_collect(struct video_shots *shots) {
	if (!shots->writing) {
		return;
	}
	const int r = screenshot_finish(shots->writing);
	if (r == -EAGAIN) {
		return;
	}
	shots->writing = NULL;
	tell(&shots->written, r);
}

static int read_and_write(struct video_shots *shots, const struct video_shot *shot) {
	const struct video_picture *picture = &shots->canvas->picture;
	const unsigned rotation = (4 - picture->rotation % 4) % 4;
	const bool turned = rotation % 2 != 0;
	const uint32_t width = turned ? picture->height : picture->width;
	const uint32_t height = turned ? picture->width : picture->height;
	unsigned char *rgb = malloc((size_t)width * height * 3);
	if (!rgb) {
		return -ENOMEM;
	}
	float rect[4];
	const bool pointer = shot->with_pointer &&
			     video_pointer_upright(shots->pointer, width, height, rect);
	int r = renderer_read(shots->canvas->renderer, rotation, pointer ? rect : NULL, rgb);
	if (r == 0) {
		r = screenshot_start(&shots->writing, shot->path, width, height, rgb, shots->wake,
				shots->wake_data);
	}
	if (r < 0) {
		free(rgb);
	}
	return r;
}

deadline video_shots_serve(struct video_shots *shots, bool fresh) {
	const uint64_t now_ns = clock_now_ns();
	const bool can = !shots->writing && shots->canvas->begun && !shots->canvas->picture.torn;
	pthread_mutex_lock(&shots->lock);
	const bool asked = shots->wanted;
	/* The next frame is asked for; an idle guest sends none. */
	const bool wanted =
			asked && can && (fresh || now_ns - shots->asked.since_ns >= PATIENCE_NS);
	const struct video_shot shot = shots->asked;
	if (wanted) {
		shots->wanted = false;
	}
	pthread_mutex_unlock(&shots->lock);
	if (!wanted) {
		return asked ? now_ns + PATIENCE_NS / 3 : DEADLINE_NONE;
	}
	const int r = read_and_write(shots, &shot);
	if (r < 0) {
		tell(&shot, r);
	} else {
		shots->written = shot;
	}
	return DEADLINE_NONE;
}

void video_shots_wait(struct video_shots *shots) {
	if (shots->writing) {
		tell(&shots->written, screenshot_wait(shots->writing));
		shots->writing = NULL;
	}
}
