/* pg-video: frames of a kvmfr device, handed to the GPU in place (client/gl/dmabuf.h). */
#define LOG_MODULE "video"
#include <errno.h>

#include "client/gl/dmabuf.h"
#include "client/video/video_internal.h"
#include "client/video/video_upload.h"
#include "host-proto/shm.h"

#include "base/clock.h"
#include "base/log.h"

/* A GPU that does not get to one pass over a picture for that long hangs. */
#define READ_PATIENCE_NS (250 * NS_PER_MS)

/* Not tried again for frames of this session and format. */
static void refuse(struct video *video, const struct source_frame *taken, const char *why) {
	video->import_refused = true;
	video->import_generation = taken->message.generation;
	video->import_format = taken->frame.format;
	renderer_set_upload(video->renderer, upload_choice_way(&video->upload_choice));
	video_note_upload(video);
	log_warn_limited("frames (%s) are copied instead of being imported: %s",
			frame_format_name(taken->frame.format), why);
}

bool video_import_wanted(struct video *video, const struct source_frame *taken) {
	const struct video_config *config = &video->config;
	const bool forced = config->upload == VIDEO_UPLOAD_DMABUF;
	/* A CPU that draws reads the memory best where it is mapped already. */
	const bool useful = config->upload == VIDEO_UPLOAD_AUTO && config->allow_dma &&
			    shm_is_device(taken->message.shm) && !egl_is_software(video->egl);
	const bool refused = video->import_refused &&
			     video->import_generation == taken->message.generation &&
			     video->import_format == taken->frame.format;
	const bool wanted = (forced || useful) && !refused;
	const bool does = renderer_get_upload(video->renderer) == VIDEO_UPLOAD_DMABUF;
	if (wanted != does) {
		renderer_set_upload(
				video->renderer, wanted ? VIDEO_UPLOAD_DMABUF
							: upload_choice_way(&video->upload_choice));
		video_note_upload(video);
	}
	return wanted;
}

static int open_import(struct video *video, const char **ret_why) {
	struct dmabuf_ops ops;
	if (video->dmabuf) {
		return 0;
	}
	if (video->config.dmabuf) {
		ops = *video->config.dmabuf;
	} else if (!dmabuf_egl_ops(egl_display(video->egl), &ops)) {
		*ret_why = "the driver's EGL has no EGL_EXT_image_dma_buf_import";
		return -ENOTSUP;
	}
	*ret_why = "";
	return dmabuf_create(&video->dmabuf, &ops);
}

int video_import(struct video *video, const struct source_frame *taken, bool all) {
	const struct frame *frame = &taken->frame;
	const char *why = "";
	unsigned texture = 0;
	/* Nothing tells the GPU when the producer is done: it begins when all of it is there. */
	struct video_waiting waiting = { video, taken };
	const struct video_follow follow = { video_go_on, &waiting, &video->place };
	if (!video_upload_wait(frame, &follow)) {
		return -EAGAIN;
	}
	int r = open_import(video, &why);
	if (r == 0) {
		r = dmabuf_texture(video->dmabuf, taken->message.shm, taken->message.generation,
				frame, &texture, &why);
	}
	if (r < 0) {
		refuse(video, taken, why);
		return r == -EAGAIN ? -EIO : r;
	}
	renderer_upload_texture(video->renderer, texture);
	renderer_uploaded(video->renderer, frame->damage, all ? 0 : frame->damage_count);
	r = renderer_wait_uploaded(video->renderer, READ_PATIENCE_NS);
	if (r < 0) {
		refuse(video, taken, "the GPU did not read it in time");
	}
	return r;
}

void video_import_leave(struct video *video) {
	if (renderer_get_upload(video->renderer) == VIDEO_UPLOAD_DMABUF) {
		renderer_set_upload(video->renderer, upload_choice_way(&video->upload_choice));
		video_note_upload(video);
	}
}

void video_import_close(struct video *video) {
	dmabuf_destroy(video->dmabuf);
	video->dmabuf = NULL;
	video->import_refused = false;
}
