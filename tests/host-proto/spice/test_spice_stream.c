/* Video streams onto a screen of memory: MJPEG that is made here. */
#include "host-proto/spice/display.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef PG_HAVE_JPEG
#include <jpeglib.h>
#endif

#include "tests/support/check.h"
#include "tests/support/spice_draw.h"

#define SIDE 64u

struct screen {
	struct spice_display *display;
	uint32_t pixels[SIDE * SIDE];
	unsigned steps; /* of the last message */
	uint8_t bytes[1 << 20];
};

static int on_resize(uint32_t width, uint32_t height, void *data) {
	(void)data;
	return width == SIDE && height == SIDE ? 0 : -EINVAL;
}

static void on_lock(struct spice_surface *ret, void *data) {
	*ret = (struct spice_surface){ ((struct screen *)data)->pixels, SIDE, SIDE, SIDE };
}

static void on_damage(uint32_t x, uint32_t y, uint32_t width, uint32_t height, void *data) {
	(void)data;
	CHECK(x + width <= SIDE && y + height <= SIDE);
}

static void on_unlock(void *data) {
	(void)data;
}

static void on_monitor(const struct spice_rect *monitor, void *data) {
	(void)monitor;
	(void)data;
}

static int feed(struct screen *screen, unsigned type, const struct writer *w) {
	const size_t len = writer_len(w);
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, screen->bytes, len);
	int r;
	screen->steps = 0;
	do {
		r = spice_display_message(screen->display, type, exact, len);
		screen->steps++;
	} while (r > 0);
	free(exact);
	return r;
}

static struct screen *start(void) {
	struct screen *screen = calloc(1, sizeof *screen);
	const struct spice_display_target target = { on_resize, on_lock, on_damage, on_unlock,
		on_monitor, on_monitor, screen };
	CHECK_EQ(spice_display_create(&screen->display, &target), 0);
	struct writer w = writer_of(screen->bytes, sizeof screen->bytes);
	write_u32(&w, 0);
	write_u32(&w, SIDE);
	write_u32(&w, SIDE);
	write_u32(&w, 32);
	write_u32(&w, 1);
	CHECK_EQ(feed(screen, SPICE_DISPLAY_SURFACE_CREATE, &w), 0);
	return screen;
}

static void stop(struct screen *screen) {
	spice_display_destroy(screen->display);
	free(screen);
}

/* clips: (left, top, right, bottom) each; count < 0 = none. */
static void put_clips(struct writer *w, const int (*clips)[4], int count) {
	write_u8(w, count >= 0);
	if (count >= 0) {
		write_u32(w, (uint32_t)count);
	}
	for (int i = 0; i < count; i++) {
		put_rect(w, clips[i][0], clips[i][1], clips[i][2], clips[i][3]);
	}
}

static int create(struct screen *screen, uint32_t id, unsigned codec, uint32_t width,
		uint32_t height, const int box[4], const int (*clips)[4], int count) {
	struct writer w = writer_of(screen->bytes, sizeof screen->bytes);
	write_u32(&w, 0);
	write_u32(&w, id);
	write_u8(&w, 1);
	write_u8(&w, (uint8_t)codec);
	write_u64(&w, 0);
	write_u32(&w, width);
	write_u32(&w, height);
	write_u32(&w, width);
	write_u32(&w, height);
	put_rect(&w, box[0], box[1], box[2], box[3]);
	put_clips(&w, clips, count);
	return feed(screen, SPICE_DISPLAY_STREAM_CREATE, &w);
}

static int feed_id(struct screen *screen, unsigned type, uint32_t id) {
	struct writer w = writer_of(screen->bytes, sizeof screen->bytes);
	write_u32(&w, id);
	return feed(screen, type, &w);
}

static void other_codecs_are_named(void **state) {
	(void)state;
	static const int box[4] = { 0, 0, 32, 16 };
	struct screen *s = start();
	CHECK_EQ(create(s, 0, SPICE_VIDEO_H264, 32, 16, box, NULL, -1), 0);
	const char *what = spice_display_take_unsupported(s->display);
	CHECK(what);
	CHECK_EQ(strcmp(what, "video as H.264"), 0);
	CHECK_EQ(create(s, 1, 77, 32, 16, box, NULL, -1), 0);
	what = spice_display_take_unsupported(s->display);
	CHECK(what);
	CHECK_EQ(strcmp(what, "video as another codec"), 0);
	stop(s);
	/* An honest server sends nothing that was not asked for. */
	const uint32_t caps = spice_display_caps();
	CHECK(caps & SPICE_DISPLAY_CAP_MULTI_CODEC);
#ifdef PG_HAVE_JPEG
	CHECK(caps & SPICE_DISPLAY_CAP_CODEC_MJPEG);
#else
	CHECK(!(caps & SPICE_DISPLAY_CAP_CODEC_MJPEG));
#endif
}

static void lies_are_refused(void **state) {
	(void)state;
	static const int box[4] = { 0, 0, 32, 16 }, far[4] = { 0, 0, 1 << 30, 1 };
	struct screen *s = start();
	CHECK_EQ(create(s, SPICE_STREAMS_MAX, SPICE_VIDEO_MJPEG, 32, 16, box, NULL, -1), -EBADMSG);
	CHECK_EQ(create(s, 0, SPICE_VIDEO_MJPEG, 0, 16, box, NULL, -1), -EBADMSG);
	CHECK_EQ(create(s, 0, SPICE_VIDEO_MJPEG, 16385, 16, box, NULL, -1), -EBADMSG);
	CHECK_EQ(create(s, 0, SPICE_VIDEO_MJPEG, 16384, 16384, box, NULL, -1), -EBADMSG);
	CHECK_EQ(create(s, 0, SPICE_VIDEO_MJPEG, 32, 16, far, NULL, -1), -EBADMSG);
	/* Those of no stream are nobody's. */
	CHECK_EQ(feed_id(s, SPICE_DISPLAY_STREAM_DESTROY, 3), 0);
	CHECK_EQ(feed_id(s, SPICE_DISPLAY_STREAM_DESTROY, UINT32_MAX), 0);
	struct writer w = writer_of(s->bytes, sizeof s->bytes);
	write_u32(&w, 0);
	write_u32(&w, 0);
	write_u32(&w, 1000); /* more than follows */
	CHECK_EQ(feed(s, SPICE_DISPLAY_STREAM_DATA, &w), -EBADMSG);
	stop(s);
}

#ifdef PG_HAVE_JPEG

/* Left red, right blue; or, below, green. */
static size_t encode(uint8_t *to, size_t size, uint32_t width, uint32_t height, bool progressive) {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr error;
	unsigned char *bytes = NULL;
	unsigned long len = 0;
	uint8_t *row = malloc((size_t)width * 3);
	jpeg.err = jpeg_std_error(&error);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &bytes, &len);
	jpeg.image_width = width;
	jpeg.image_height = height;
	jpeg.input_components = 3;
	jpeg.in_color_space = JCS_RGB;
	jpeg_set_defaults(&jpeg);
	if (progressive) {
		jpeg_simple_progression(&jpeg);
	}
	jpeg_start_compress(&jpeg, TRUE);
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			row[3 * x] = y < height / 2 && x < width / 2 ? 255 : 0;
			row[3 * x + 1] = y < height / 2 ? 0 : 255;
			row[3 * x + 2] = y < height / 2 && x >= width / 2 ? 255 : 0;
		}
		JSAMPROW rows = row;
		jpeg_write_scanlines(&jpeg, &rows, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	CHECK(len <= size);
	memcpy(to, bytes, len);
	free(bytes);
	free(row);
	return len;
}

static int show(struct screen *screen, uint32_t id, const uint8_t *jpeg, size_t len) {
	struct writer w = writer_of(screen->bytes, sizeof screen->bytes);
	write_u32(&w, id);
	write_u32(&w, 0);
	write_u32(&w, (uint32_t)len);
	write_bytes(&w, jpeg, len);
	return feed(screen, SPICE_DISPLAY_STREAM_DATA, &w);
}

static bool is(const struct screen *screen, uint32_t x, uint32_t y, uint32_t color) {
	const uint32_t pixel = screen->pixels[y * SIDE + x];
	for (int shift = 0; shift < 24; shift += 8) {
		if (abs((int)(pixel >> shift & 255) - (int)(color >> shift & 255)) > 8) {
			return false;
		}
	}
	return true;
}

static void frames_are_shown_where_they_belong(void **state) {
	(void)state;
	static const int box[4] = { 16, 8, 48, 40 }, clips[1][4] = { { 16, 8, 32, 24 } };
	static uint8_t jpeg[65536];
	const size_t len = encode(jpeg, sizeof jpeg, 32, 32, false);
	struct screen *s = start();
	CHECK_EQ(create(s, 5, SPICE_VIDEO_MJPEG, 32, 32, box, NULL, -1), 0);
	CHECK_EQ(show(s, 5, jpeg, len), 0);
	CHECK(is(s, 18, 10, 0xff0000) && is(s, 45, 10, 0xff) && is(s, 18, 38, 0xff00));
	CHECK(is(s, 15, 10, 0) && is(s, 18, 7, 0) && is(s, 48, 10, 0));

	/* Clipped, then not at all. */
	memset(s->pixels, 0, sizeof s->pixels);
	struct writer w = writer_of(s->bytes, sizeof s->bytes);
	write_u32(&w, 5);
	put_clips(&w, clips, 1);
	CHECK_EQ(feed(s, SPICE_DISPLAY_STREAM_CLIP, &w), 0);
	CHECK_EQ(show(s, 5, jpeg, len), 0);
	CHECK(is(s, 18, 10, 0xff0000) && is(s, 45, 10, 0));
	w = writer_of(s->bytes, sizeof s->bytes);
	write_u32(&w, 5);
	put_clips(&w, clips, 0);
	memset(s->pixels, 0, sizeof s->pixels);
	CHECK_EQ(feed(s, SPICE_DISPLAY_STREAM_CLIP, &w), 0);
	CHECK_EQ(show(s, 5, jpeg, len), 0);
	CHECK(is(s, 18, 10, 0));

	/* A stream that has ended, and one whose surface has gone. */
	CHECK_EQ(create(s, 5, SPICE_VIDEO_MJPEG, 32, 32, box, NULL, -1), 0);
	CHECK_EQ(feed_id(s, SPICE_DISPLAY_STREAM_DESTROY, 5), 0);
	CHECK_EQ(show(s, 5, jpeg, len), 0);
	CHECK(is(s, 18, 10, 0));
	CHECK_EQ(create(s, 5, SPICE_VIDEO_MJPEG, 32, 32, box, NULL, -1), 0);
	CHECK_EQ(feed_id(s, SPICE_DISPLAY_SURFACE_DESTROY, 0), 0);
	CHECK_EQ(show(s, 5, jpeg, len), 0);
	CHECK(is(s, 18, 10, 0));
	stop(s);
}

static void a_large_frame_comes_in_steps_and_scaled(void **state) {
	(void)state;
	static const int box[4] = { 0, 0, (int)SIDE, (int)SIDE };
	static uint8_t jpeg[1 << 19];
	const size_t len = encode(jpeg, sizeof jpeg, 2048, 1024, false);
	struct screen *s = start();
	/* With a size and a place of its own. */
	CHECK_EQ(create(s, 0, SPICE_VIDEO_MJPEG, 16, 16, box, NULL, -1), 0);
	struct writer w = writer_of(s->bytes, sizeof s->bytes);
	write_u32(&w, 0);
	write_u32(&w, 0);
	write_u32(&w, 2048);
	write_u32(&w, 1024);
	put_rect(&w, 0, 0, (int)SIDE, (int)SIDE / 2);
	write_u32(&w, (uint32_t)len);
	write_bytes(&w, jpeg, len);
	CHECK_EQ(feed(s, SPICE_DISPLAY_STREAM_DATA_SIZED, &w), 0);
	CHECK(s->steps >= 16);
	CHECK(is(s, 2, 2, 0xff0000) && is(s, 60, 2, 0xff) && is(s, 2, 30, 0xff00) &&
			is(s, 2, 33, 0));
	/* Larger than the stream is: refused, and named. */
	CHECK_EQ(show(s, 0, jpeg, len), 0);
	const char *what = spice_display_take_unsupported(s->display);
	CHECK(what);
	CHECK_EQ(strcmp(what, "video that is broken"), 0);
	stop(s);
}

static void broken_frames_are_left_out(void **state) {
	(void)state;
	static const int box[4] = { 0, 0, 32, 32 };
	static uint8_t jpeg[65536];
	struct screen *s = start();
	CHECK_EQ(create(s, 0, SPICE_VIDEO_MJPEG, 32, 32, box, NULL, -1), 0);
	/* Its scans would all be decoded before the first row. */
	size_t len = encode(jpeg, sizeof jpeg, 32, 32, true);
	CHECK_EQ(show(s, 0, jpeg, len), 0);
	CHECK(is(s, 2, 2, 0));
	len = encode(jpeg, sizeof jpeg, 32, 32, false);
	for (size_t cut = 0; cut < len; cut += 7) {
		CHECK_EQ(show(s, 0, jpeg, cut), 0);
	}
	for (size_t i = 2; i < len; i++) {
		jpeg[i] ^= 0x5a;
		CHECK_EQ(show(s, 0, jpeg, len), 0);
		jpeg[i] ^= 0x5a;
	}
	CHECK_EQ(show(s, 0, jpeg, len), 0);
	CHECK(is(s, 2, 2, 0xff0000));
	stop(s);
}

#endif

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_codecs_are_named),
		cmocka_unit_test(lies_are_refused),
#ifdef PG_HAVE_JPEG
		cmocka_unit_test(frames_are_shown_where_they_belong),
		cmocka_unit_test(a_large_frame_comes_in_steps_and_scaled),
		cmocka_unit_test(broken_frames_are_left_out),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
