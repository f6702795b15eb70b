/* The renderer without OpenGL draws what the other one draws: every format, size, turn, pointer and
 * text, within what two ways of rounding differ. Needs EGL, to compare with. */
#include "tests/support/renderer_setup.h"

#include <errno.h>

#include "client/render/overlay_quad.h"

enum { W = 48, H = 36 };

/* Both of them, with the same things in them. */
struct pair {
	struct setup gl, plain;
	unsigned char pixels[W * H * 8];
};

static const struct {
	enum frame_format format;
	bool hdr, pq;
	int tolerance; /* of 255, at 1:1 */
} formats[] = {
	{ FRAME_FORMAT_BGRA, false, false, 0 },
	{ FRAME_FORMAT_RGBA, false, false, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, 0 },
	{ FRAME_FORMAT_RGBA10, false, false, 1 },
	{ FRAME_FORMAT_RGBA10, true, false, 1 },
	{ FRAME_FORMAT_RGBA10, true, true, 2 },
	{ FRAME_FORMAT_RGBA16F, true, false, 2 },
};

static void open_pair(struct pair *pair) {
	memset(pair, 0, sizeof *pair);
	pair->gl.upload = VIDEO_UPLOAD_DIRECT;
	pair->plain.memory = true;
	CHECK(open_setup(&pair->gl, W, H) && open_setup(&pair->plain, W, H));
}

static void close_pair(struct pair *pair) {
	close_setup(&pair->gl);
	close_setup(&pair->plain);
}

/* Half floats from black to several times white; of all others any bits will do. */
static void fill_pixels(struct pair *pair, enum frame_format format, unsigned seed) {
	for (size_t i = 0; i < sizeof pair->pixels; i++) {
		pair->pixels[i] = (unsigned char)random_next(&seed);
	}
	for (size_t i = 0; format == FRAME_FORMAT_RGBA16F && i < W * H * 4; i++) {
		const uint16_t half = (uint16_t)(random_next(&seed) % 0x4800);
		memcpy(pair->pixels + 2 * i, &half, sizeof half);
	}
}

static void upload(struct setup *setup, const struct pair *pair, size_t index) {
	const enum frame_format format = formats[index].format;
	const uint32_t step = frame_bytes_per_pixel(format);
	const uint32_t texels = W * 3 / 4;
	const struct renderer_picture picture = { .format = format,
		.width = W,
		.height = H,
		.data_width = format == FRAME_FORMAT_BGR_32 ? texels : W,
		.rows = H,
		.hdr = formats[index].hdr,
		.pq = formats[index].pq,
		.max_cll_nits = 1000 };
	const struct frame_rect upper = { 0, 0, W, H / 3 }, lower = { 0, H / 3, W, H - H / 3 };
	CHECK_EQ(renderer_set_picture(setup->renderer, &picture), 1);
	renderer_upload(setup->renderer, pair->pixels, W * step, &upper);
	renderer_upload(setup->renderer, pair->pixels, W * step, &lower);
	renderer_uploaded(setup->renderer, NULL, 0);
}

/* The largest difference of a colour; the sum of all tells that something was drawn. */
static int compare(struct pair *pair, const struct renderer_scene *scene, unsigned *ret_sum) {
	struct egl_target gl, plain;
	unsigned char *a = draw_scene(&pair->gl, scene, &gl);
	unsigned char *b = draw_scene(&pair->plain, scene, &plain);
	int most = 0;
	*ret_sum = 0;
	CHECK_EQ(gl.width, plain.width);
	CHECK_EQ(gl.height, plain.height);
	for (int i = 0; i < gl.width * gl.height * 4; i++) {
		if (i % 4 != 3) {
			const int apart = abs(a[i] - b[i]);
			most = apart > most ? apart : most;
			*ret_sum += b[i];
		}
	}
	free(a);
	free(b);
	return most;
}

static void same_pictures(void **state) {
	(void)state;
	static const struct {
		int width, height;
		enum video_scale scale;
		unsigned turn;
		int more; /* what interpolation in 8 bits adds */
	} views[] = {
		{ W, H, VIDEO_SCALE_AUTO, 0, 0 },
		{ 80, 60, VIDEO_SCALE_NEAREST, 0, 0 },
		{ H, W, VIDEO_SCALE_AUTO, 1, 0 },
		{ W, H, VIDEO_SCALE_AUTO, 2, 0 },
		{ 3 * W, 3 * H, VIDEO_SCALE_AUTO, 0, 0 },
		{ 67, 51, VIDEO_SCALE_LINEAR, 0, 4 },
		{ 51, 67, VIDEO_SCALE_LINEAR, 3, 4 },
		{ 29, 22, VIDEO_SCALE_LINEAR, 0, 4 },
	};
	struct pair *pair = malloc(sizeof *pair);
	CHECK(pair != NULL);
	open_pair(pair);
	for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
		fill_pixels(pair, formats[f].format, 7 + (unsigned)f);
		upload(&pair->gl, pair, f);
		upload(&pair->plain, pair, f);
		for (size_t v = 0; v < sizeof views / sizeof views[0]; v++) {
			unsigned sum;
			resize_setup(&pair->gl, views[v].width, views[v].height);
			resize_setup(&pair->plain, views[v].width, views[v].height);
			const struct layout layout = layout_for(
					W, H, views[v].width, views[v].height, 0, views[v].turn);
			const struct renderer_scene scene = {
				.layout = &layout, .scale = views[v].scale, .dim = 1
			};
			const int most = compare(pair, &scene, &sum);
			if (most > formats[f].tolerance + views[v].more || sum == 0) {
				printf("%s in %dx%d: %d apart\n",
						frame_format_name(formats[f].format),
						views[v].width, views[v].height, most);
			}
			CHECK(most <= formats[f].tolerance + views[v].more && sum > 0);
		}
	}
	close_pair(pair);
	free(pair);
}

static void make_shape(struct cursor_shape *shape, bool invert) {
	memset(shape, 0, sizeof *shape);
	shape->width = shape->height = 10;
	shape->has_invert = invert;
	for (uint32_t i = 0; i < 100; i++) {
		const uint32_t alpha = i % 3 * 127;
		shape->color[i] = alpha << 24 | (alpha / 2) << 16 | (alpha / 3) << 8;
		shape->invert[i] = invert && i % 2 ? 0xffffffff : 0;
	}
}

static void same_pointer_and_text(void **state) {
	(void)state;
	const struct overlay_quad quads[] = {
		{ 3, 4, 30, 20, 0, 0xc0203040 },
		{ 5, 5, 9, 18, 'g', 0xffffe0c0 },
		{ 14, 5, 9, 18, 0x416, 0x80ff8000 },
		{ -3, 30, 14, 28, 'W', 0xff00ff00 },
	};
	struct pair *pair = malloc(sizeof *pair);
	struct cursor_shape *shape = malloc(sizeof *shape);
	CHECK(pair != NULL && shape != NULL);
	open_pair(pair);
	fill_pixels(pair, FRAME_FORMAT_BGRA, 3);
	upload(&pair->gl, pair, 0);
	upload(&pair->plain, pair, 0);
	const struct layout layout = layout_for(W, H, W, H, 0, 0);
	for (unsigned i = 0; i < 8; i++) {
		make_shape(shape, i % 2 != 0);
		renderer_set_cursor(pair->gl.renderer, shape);
		renderer_set_cursor(pair->plain.renderer, shape);
		unsigned sum;
		const struct renderer_scene scene = { .layout = &layout,
			.dim = i < 4 ? 1 : 0.5f,
			.pointer = true,
			.pointer_rotation = i / 2 % 4,
			.pointer_rect = { 20, -2, 10, 10 },
			.quads = quads,
			.quad_count = sizeof quads / sizeof quads[0] };
		CHECK(compare(pair, &scene, &sum) <= 2 && sum > 0);
	}
	close_pair(pair);
	free(pair);
	free(shape);
}

static void same_screenshot(void **state) {
	(void)state;
	struct pair *pair = malloc(sizeof *pair);
	unsigned char a[W * H * 3], b[W * H * 3];
	CHECK(pair != NULL);
	open_pair(pair);
	CHECK_EQ(renderer_read(pair->plain.renderer, 0, NULL, b), -ENODATA);
	fill_pixels(pair, FRAME_FORMAT_RGB_24, 9);
	upload(&pair->gl, pair, 3);
	upload(&pair->plain, pair, 3);
	for (unsigned turn = 0; turn < 4; turn++) {
		CHECK_EQ(renderer_read(pair->gl.renderer, turn, NULL, a), 0);
		CHECK_EQ(renderer_read(pair->plain.renderer, turn, NULL, b), 0);
		CHECK_EQ(memcmp(a, b, sizeof a), 0);
	}
	close_pair(pair);
	free(pair);
}

int main(void) {
	if (!has_renderer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_pictures),
		cmocka_unit_test(same_pointer_and_text),
		cmocka_unit_test(same_screenshot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
