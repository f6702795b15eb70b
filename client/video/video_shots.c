/* pg-video: the guest's true pixels into a PNG. */
#include <errno.h>
#include <stdlib.h>

#include "client/video/video_internal.h"

#include "base/clock.h"

#define SHOT_PATIENCE_NS (300 * NS_PER_MS)

void video_finish_shot(struct video *video) {
	if (!video->has_writing) {
		return;
	}
	const int r = screenshot_finish(video->writing);
	if (r == -EAGAIN) {
		return;
	}
	video->has_writing = false;
	if (video->writing_shot.done) {
		video->writing_shot.done(r, video->writing_shot.data);
	}
}

static void wake_video(void *data) {
	video_wake_thread(data);
}

static int read_and_write(struct video *video, const struct video_shot *shot) {
	const struct video_picture *picture = &video->picture;
	const unsigned rotation = (4 - picture->rotation % 4) % 4;
	const bool turned = rotation % 2 != 0;
	const uint32_t width = turned ? picture->height : picture->width;
	const uint32_t height = turned ? picture->width : picture->height;
	unsigned char *rgb = malloc((size_t)width * height * 3);
	if (!rgb) {
		return -ENOMEM;
	}
	float rect[4];
	const bool pointer =
			shot->with_pointer && video_pointer_upright(video, width, height, rect);
	int r = renderer_read(video->renderer, rotation, pointer ? rect : NULL, rgb);
	if (r == 0) {
		r = screenshot_start(
				&video->writing, shot->path, width, height, rgb, wake_video, video);
	}
	if (r < 0) {
		free(rgb);
	}
	return r;
}

uint64_t video_serve_shot(struct video *video, bool fresh) {
	const uint64_t now_ns = clock_now_ns();
	pthread_mutex_lock(&video->lock);
	const bool asked = video->shot_wanted;
	const bool can = !video->has_writing && video->picture_begun && !video->picture.torn;
	/* The next frame is asked for; an idle guest sends none. */
	const bool wanted = asked && can &&
			    (fresh || now_ns - video->shot.since_ns >= SHOT_PATIENCE_NS);
	const struct video_shot shot = video->shot;
	if (wanted) {
		video->shot_wanted = false;
	}
	pthread_mutex_unlock(&video->lock);
	if (!wanted) {
		return asked ? now_ns + SHOT_PATIENCE_NS / 3 : UINT64_MAX;
	}
	const int r = read_and_write(video, &shot);
	if (r < 0) {
		if (shot.done) {
			shot.done(r, shot.data);
		}
		return UINT64_MAX;
	}
	video->has_writing = true;
	video->writing_shot = shot;
	return UINT64_MAX;
}
