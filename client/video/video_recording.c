#include "client/video/video_recording.h"

#include <errno.h>

#include "base/clock.h"
#include "client/gl/egl.h"
#include "client/render/renderer.h"
#include "client/video/video_canvas.h"
#include "client/video/video_pointer.h"
#include "recording/recording_memory.h"

/* At most so often; a CPU that draws has the less left for it. */
#define STEP_NS          (NS_PER_S / 60)
#define STEP_SOFTWARE_NS (NS_PER_S / 30)
#define GPU_LOOK_NS      (1 * NS_PER_MS)

void video_recording_shown(struct video_recording *recording, uint64_t at_ns) {
	recording->due = true;
	recording->shown_ns = at_ns;
}

void video_recording_forget(struct video_recording *recording) {
	if (recording->reading && recording->memory) {
		recording_frame_drop(recording->memory);
	}
	recording->reading = NULL;
}

void video_recording_look(struct video_recording *recording) {
	struct recording_memory *memory = recording_seat_look(&recording->seat);
	if (memory == recording->memory) {
		return;
	}
	recording->memory = memory;
	recording->reading = NULL;
	recording->due = true; /* it begins with what is shown */
	recording->shown_ns = clock_now_ns();
	recording->next_ns = 0;
	if (recording->canvas->renderer) {
		renderer_film_end(recording->canvas->renderer);
	}
}

static void collect(struct video_recording *recording) {
	const int r = renderer_film_later(recording->canvas->renderer, recording->reading);
	if (r == -EAGAIN) {
		return;
	}
	if (r == 0) {
		recording_frame_end(recording->memory, recording->reading_ns, true);
	} else {
		recording_frame_drop(recording->memory);
	}
	recording->reading = NULL;
}

static void give(struct video_recording *recording) {
	const struct video_canvas *canvas = recording->canvas;
	const struct video_picture *picture = &canvas->picture;
	const unsigned rotation = (4 - picture->rotation % 4) % 4;
	const bool turned = rotation % 2 != 0;
	uint32_t width, height;
	float rect[4];
	bool rgba = false;
	unsigned char *pixels = recording_frame_begin(recording->memory);
	if (!pixels) {
		return;
	}
	const bool pointer = video_pointer_upright(recording->pointer,
			turned ? picture->height : picture->width,
			turned ? picture->width : picture->height, rect);
	recording_memory_size(recording->memory, &width, &height);
	const int r = renderer_film(canvas->renderer, width, height, rotation,
			pointer ? rect : NULL, pixels, &rgba);
	if (r == 0) {
		recording_frame_end(recording->memory, recording->shown_ns, rgba);
	} else if (r == -EINPROGRESS) {
		recording->reading = pixels;
		recording->reading_ns = recording->shown_ns;
	} else {
		recording_frame_drop(recording->memory);
	}
}

deadline video_recording_serve(struct video_recording *recording) {
	const struct video_canvas *canvas = recording->canvas;
	if (!recording->memory || !canvas->renderer) {
		return DEADLINE_NONE;
	}
	const uint64_t now_ns = clock_now_ns();
	if (recording->reading) {
		collect(recording);
		if (recording->reading) {
			return now_ns + GPU_LOOK_NS;
		}
	}
	if (!recording->due || !canvas->begun || canvas->picture.torn) {
		return DEADLINE_NONE;
	}
	const uint64_t step_ns = egl_is_software(canvas->egl) ? STEP_SOFTWARE_NS : STEP_NS;
	/* Frames that come as often as they may are a little early each second time. */
	if (now_ns + step_ns / 4 < recording->next_ns) {
		return recording->next_ns;
	}
	recording->next_ns = recording->next_ns + step_ns > now_ns ? recording->next_ns + step_ns
								   : now_ns + step_ns;
	recording->due = false;
	give(recording);
	return recording->reading ? now_ns + GPU_LOOK_NS : DEADLINE_NONE;
}
