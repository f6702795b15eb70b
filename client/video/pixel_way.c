#define LOG_MODULE "video"
#include "client/video/pixel_way.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/gl/dmabuf.h"
#include "client/gl/egl.h"
#include "client/render/renderer.h"
#include "client/video/source_lgmp.h"
#include "client/video/video_canvas.h"
#include "client/video/video_report.h"
#include "client/video/video_upload.h"
#include "host-proto/shm.h"

#include "base/clock.h"
#include "base/log.h"

/* A GPU that does not get to one pass over a picture for that long hangs. */
#define READ_PATIENCE_NS (250 * NS_PER_MS)

static void go(struct pixel_way *way, enum video_upload upload) {
	renderer_set_upload(way->canvas->renderer, upload);
	video_report_upload(way->report, renderer_upload_name(way->canvas->renderer));
}

/* ---- uploads ---- */

void pixel_way_begin(struct pixel_way *way) {
	const char *driver = egl_renderer_name(way->canvas->egl);
	if (strncmp(driver, way->driver, sizeof way->driver - 1) != 0) {
		snprintf(way->driver, sizeof way->driver, "%s", driver);
		/* A CPU that draws would only copy twice (figures.md has it measured). */
		const bool known = way->wanted != VIDEO_UPLOAD_PBO &&
				   way->wanted != VIDEO_UPLOAD_PERSISTENT &&
				   egl_is_software(way->canvas->egl);
		/* For frames that cannot be imported there must be a way, too. */
		const enum video_upload wanted = way->wanted == VIDEO_UPLOAD_DMABUF
								 ? VIDEO_UPLOAD_AUTO
								 : way->wanted;
		const bool gl = egl_has_gl(way->canvas->egl);
		upload_choice_init(&way->choice, known || !gl ? VIDEO_UPLOAD_DIRECT : wanted,
				gl && renderer_can_map());
	}
	go(way, upload_choice_way(&way->choice));
}

void pixel_way_judge(struct pixel_way *way, const struct frame *frame, uint64_t spent_ns) {
	struct renderer *renderer = way->canvas->renderer;
	if (way->choice.decided) {
		return;
	}
	const uint64_t begin_ns = clock_now_ns();
	renderer_finish(renderer);
	spent_ns += clock_now_ns() - begin_ns;
	const double bytes = (double)frame->pitch * frame->rows;
	const bool chosen = upload_choice_note(
			&way->choice, renderer_get_upload(renderer), (double)spent_ns / bytes);
	go(way, upload_choice_way(&way->choice));
	if (chosen) {
		log_info("uploads: %s is the best way with %s", renderer_upload_name(renderer),
				way->driver);
	}
}

/* ---- imports ---- */

/* Not tried again for frames of this session and format. */
static void refuse(struct pixel_way *way, const struct source_frame *taken, const char *why) {
	way->refused = true;
	way->refused_generation = taken->message.generation;
	way->refused_format = taken->frame.format;
	go(way, upload_choice_way(&way->choice));
	log_warn_limited("frames (%s) are copied instead of being imported: %s",
			frame_format_name(taken->frame.format), why);
}

static bool does_import(const struct pixel_way *way) {
	return renderer_get_upload(way->canvas->renderer) == VIDEO_UPLOAD_DMABUF;
}

bool pixel_way_imports(struct pixel_way *way, const struct source_frame *taken) {
	const bool forced = way->wanted == VIDEO_UPLOAD_DMABUF;
	/* A CPU that draws reads the memory best where it is mapped already. */
	const bool useful = way->wanted == VIDEO_UPLOAD_AUTO && way->allow_dma &&
			    shm_is_device(taken->message.shm) && !egl_is_software(way->canvas->egl);
	const bool refused = way->refused && way->refused_generation == taken->message.generation &&
			     way->refused_format == taken->frame.format;
	const bool imports = (forced || useful) && !refused && egl_has_gl(way->canvas->egl);
	if (imports != does_import(way)) {
		go(way, imports ? VIDEO_UPLOAD_DMABUF : upload_choice_way(&way->choice));
	}
	return imports;
}

static int open_import(struct pixel_way *way, const char **ret_why) {
	struct dmabuf_ops ops;
	if (way->dmabuf) {
		return 0;
	}
	if (way->ops) {
		ops = *way->ops;
	} else if (!dmabuf_egl_ops(egl_display(way->canvas->egl), &ops)) {
		*ret_why = "the driver's EGL has no EGL_EXT_image_dma_buf_import";
		return -ENOTSUP;
	}
	*ret_why = "";
	return dmabuf_create(&way->dmabuf, &ops);
}

int pixel_way_import(struct pixel_way *way, const struct source_frame *taken, bool all,
		const struct video_follow *follow) {
	struct renderer *renderer = way->canvas->renderer;
	const struct frame *frame = &taken->frame;
	const char *why = "";
	unsigned texture = 0;
	/* Nothing tells the GPU when the producer is done: it begins when all of it is there. */
	if (!video_upload_wait(frame, follow)) {
		return -EAGAIN;
	}
	int r = open_import(way, &why);
	if (r == 0) {
		r = dmabuf_texture(way->dmabuf, taken->message.shm, taken->message.generation,
				frame, &texture, &why);
	}
	if (r < 0) {
		refuse(way, taken, why);
		return r == -EAGAIN ? -EIO : r;
	}
	renderer_upload_texture(renderer, texture);
	renderer_uploaded(renderer, frame->damage, all ? 0 : frame->damage_count);
	r = renderer_wait_uploaded(renderer, READ_PATIENCE_NS);
	if (r < 0) {
		refuse(way, taken, "the GPU did not read it in time");
	}
	return r;
}

void pixel_way_leave_import(struct pixel_way *way) {
	if (does_import(way)) {
		go(way, upload_choice_way(&way->choice));
	}
}

void pixel_way_end(struct pixel_way *way) {
	dmabuf_destroy(way->dmabuf);
	way->dmabuf = NULL;
	way->refused = false;
}
