/* Video streams of the display channel (spice.md 9.2): an area of a surface that the server sends
 * as the pictures of a codec instead of drawing it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/spice/display_internal.h"
#include "host-proto/spice/mjpeg.h"

/* Of one call. A pixel of a JPEG costs about ten that are copied. */
#define DECODE_PIXELS (128u * 1024)

uint32_t spice_display_caps(void) {
	uint32_t caps = SPICE_DISPLAY_CAP_MONITORS_CONFIG | SPICE_DISPLAY_CAP_PREF_COMPRESSION |
			SPICE_DISPLAY_CAP_MULTI_CODEC;
	if (mjpeg_is_built_in()) {
		caps |= SPICE_DISPLAY_CAP_SIZED_STREAM | SPICE_DISPLAY_CAP_CODEC_MJPEG;
	}
	return caps;
}

static void stream_destroy(struct stream *stream) {
	free(stream->clip_data);
	*stream = (struct stream){ 0 };
}

void display_stream_forget_surface(struct spice_display *display, uint32_t surface_id) {
	for (unsigned i = 0; i < SPICE_STREAMS_MAX; i++) {
		if (display->streams[i].used && display->streams[i].surface_id == surface_id) {
			stream_destroy(&display->streams[i]);
		}
	}
}

void display_stream_reset(struct spice_display *display) {
	for (unsigned i = 0; i < SPICE_STREAMS_MAX; i++) {
		stream_destroy(&display->streams[i]);
	}
	display->frame.state = FRAME_NONE;
}

void display_stream_finish(struct spice_display *display) {
	mjpeg_destroy(display->mjpeg);
	free(display->frame.words);
}

static struct stream *find_stream(struct spice_display *display, uint32_t id) {
	return id < SPICE_STREAMS_MAX && display->streams[id].used ? &display->streams[id] : NULL;
}

static const char *codec_name(unsigned codec) {
	switch (codec) {
	case SPICE_VIDEO_VP8:
		return SPICE_DISPLAY_CODEC "VP8";
	case SPICE_VIDEO_H264:
		return SPICE_DISPLAY_CODEC "H.264";
	case SPICE_VIDEO_VP9:
		return SPICE_DISPLAY_CODEC "VP9";
	case SPICE_VIDEO_H265:
		return SPICE_DISPLAY_CODEC "H.265";
	default:
		return SPICE_DISPLAY_CODEC "another codec";
	}
}

/* The clip of a message, kept; false: nonsense, or out of memory. */
static bool read_clip(struct reader *r, struct stream *stream) {
	free(stream->clip_data);
	stream->clip_data = NULL;
	stream->clips = 0;
	stream->clipped = read_u8(r) == 1;
	if (!stream->clipped) {
		return reader_ok(r);
	}
	const uint32_t count = read_u32(r);
	if (count > CLIPS_MAX) {
		return false;
	}
	const size_t size = (size_t)count * 16;
	const uint8_t *bytes = read_bytes(r, size);
	if (!reader_ok(r)) {
		return false;
	}
	if (size > 0) {
		stream->clip_data = malloc(size);
		if (!stream->clip_data) {
			return false;
		}
		memcpy(stream->clip_data, bytes, size);
		stream->clips = count;
	}
	return true;
}

static int on_create(struct spice_display *display, struct reader *r) {
	const uint32_t surface_id = read_u32(r);
	const uint32_t id = read_u32(r);
	const unsigned flags = read_u8(r);
	const unsigned codec = read_u8(r);
	read_u64(r); /* a time */
	const uint32_t width = read_u32(r);
	const uint32_t height = read_u32(r);
	read_u32(r); /* of the source, before it was scaled */
	read_u32(r);
	const struct spice_rect box = display_read_rect(r);
	if (!reader_ok(r) || id >= SPICE_STREAMS_MAX || !display_rect_is_sane(&box) || width == 0 ||
			height == 0 || width > SPICE_IMAGE_SIDE_MAX ||
			height > SPICE_IMAGE_SIDE_MAX ||
			(uint64_t)width * height > SPICE_SURFACE_PIXELS) {
		return -EBADMSG;
	}
	struct stream *stream = &display->streams[id];
	stream_destroy(stream);
	*stream = (struct stream){ .used = true,
		.top_down = flags & 1,
		.mjpeg = codec == SPICE_VIDEO_MJPEG,
		.surface_id = surface_id,
		.width = width,
		.height = height,
		.box = box };
	if (!read_clip(r, stream)) {
		stream_destroy(stream);
		return -EBADMSG;
	}
	if (!stream->mjpeg || !mjpeg_is_built_in()) {
		display_note_unsupported(display,
				stream->mjpeg ? SPICE_DISPLAY_CODEC "MJPEG" : codec_name(codec));
	}
	return 0;
}

static int on_clip(struct spice_display *display, struct reader *r) {
	struct stream *stream = find_stream(display, read_u32(r));
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	return !stream || read_clip(r, stream) ? 0 : -EBADMSG;
}

static int on_destroy(struct spice_display *display, struct reader *r) {
	struct stream *stream = find_stream(display, read_u32(r));
	if (stream) {
		stream_destroy(stream);
	}
	return reader_ok(r) ? 0 : -EBADMSG;
}

static bool make_room(struct spice_display *display) {
	const size_t need = (size_t)display->frame.width * display->frame.height;
	if (need > display->frame.room) {
		free(display->frame.words);
		display->frame.words = malloc(need * sizeof *display->frame.words);
		display->frame.room = display->frame.words ? need : 0;
	}
	return display->frame.words != NULL;
}

/* 1 = decode on, 0 = it is whole, < 0 = it is left out. */
static int decode(struct spice_display *display, const struct stream *stream, const uint8_t *bytes,
		size_t len, uint32_t most_pixels) {
	if (display->frame.state == FRAME_NONE) {
		if (!display->mjpeg && mjpeg_create(&display->mjpeg) < 0) {
			return -EOPNOTSUPP;
		}
		if (mjpeg_begin(display->mjpeg, bytes, len, most_pixels, &display->frame.width,
				    &display->frame.height) < 0 ||
				!make_room(display)) {
			return -EBADMSG;
		}
		display->frame.state = FRAME_DECODED_IN_PART;
	}
	return mjpeg_decode(display->mjpeg, display->frame.words, !stream->top_down, DECODE_PIXELS);
}

static int show(struct spice_display *display, const struct stream *stream,
		const struct spice_rect *box) {
	struct spice_image *image = &display->image;
	const uint32_t width = display->frame.width, height = display->frame.height;
	image->is_surface = true;
	image->width = width;
	image->height = height;
	image->surface = (struct spice_surface){ display->frame.words, width, height, width };
	const struct base base = {
		.surface = display_find(display, stream->surface_id),
		.box = stream->clipped && stream->clips == 0 ? (struct spice_rect){ 0 } : *box,
		.clips = stream->clips,
		.clip_data = stream->clip_data,
	};
	struct draw draw = { .kind = DRAW_ROP,
		.rop = SPICE_ROP_PUT,
		.image = image,
		.area = { 0, 0, (int32_t)width, (int32_t)height } };
	return display_draw(display, &base, &draw);
}

/* STREAM_DATA and STREAM_DATA_SIZED: called until it is decoded and drawn. */
static int on_data(struct spice_display *display, struct reader *r, bool sized) {
	const struct stream *stream = find_stream(display, read_u32(r));
	read_u32(r); /* when to show it: at once */
	uint32_t width = sized ? read_u32(r) : 0, height = sized ? read_u32(r) : 0;
	const struct spice_rect own = sized ? display_read_rect(r) : (struct spice_rect){ 0 };
	const uint32_t len = read_u32(r);
	const uint8_t *bytes = read_bytes(r, len);
	if (!reader_ok(r) || (sized && !display_rect_is_sane(&own)) ||
			(uint64_t)width * height > SPICE_SURFACE_PIXELS) {
		return -EBADMSG;
	}
	if (!stream || !stream->mjpeg) {
		return 0;
	}
	if (!sized) {
		width = stream->width;
		height = stream->height;
	}
	if (display->frame.state != FRAME_DECODED) {
		int result = decode(display, stream, bytes, len, width * height);
		if (result != 0) {
			if (result < 0) {
				display->frame.state = FRAME_NONE;
				display_note_unsupported(display, "video that is broken");
			}
			return result > 0 ? 1 : 0;
		}
		display->frame.state = FRAME_DECODED;
	}
	int result = show(display, stream, sized ? &own : &stream->box);
	if (result == 0) {
		display->frame.state = FRAME_NONE;
	}
	return result;
}

int display_stream_message(
		struct spice_display *display, unsigned type, const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_DISPLAY_STREAM_CREATE:
		return on_create(display, &r);
	case SPICE_DISPLAY_STREAM_CLIP:
		return on_clip(display, &r);
	case SPICE_DISPLAY_STREAM_DESTROY:
		return on_destroy(display, &r);
	case SPICE_DISPLAY_STREAM_DESTROY_ALL:
		display_stream_reset(display);
		return 0;
	case SPICE_DISPLAY_STREAM_DATA:
	case SPICE_DISPLAY_STREAM_DATA_SIZED:
		return on_data(display, &r, type == SPICE_DISPLAY_STREAM_DATA_SIZED);
	default:
		return 0;
	}
}
