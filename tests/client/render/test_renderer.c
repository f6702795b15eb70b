/* Pixels: every format drawn offscreen at 1:1 and compared with a reference computed here from the
 * published formulas. Needs EGL (software will do); without it the test is skipped. */
#include "tests/support/dmabuf_standin.h"
#include "tests/support/renderer_setup.h"

#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/render/overlay.h"

static float half_to_float(uint16_t h) {
	const int exponent = h >> 10 & 31;
	const float mantissa = (float)(h & 1023) / 1024.0f;
	const float sign = h & 0x8000 ? -1.0f : 1.0f;
	if (exponent == 31) {
		return mantissa > 0 ? NAN : sign * INFINITY;
	}
	return exponent == 0 ? sign * ldexpf(mantissa, -14)
			     : sign * ldexpf(1.0f + mantissa, exponent - 15);
}

/* IEC 61966-2-1 */
static double srgb_encode(double v) {
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

/* SMPTE ST 2084, cd/m2 */
static double pq_decode(double e) {
	const double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128;
	const double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
	const double p = pow(e, 1 / m2);
	return 10000 * pow(fmax(p - c1, 0) / (c2 - c3 * p), 1 / m1);
}

/* Reinhard et al. 2002, equation 4, above a knee at 0.9 of the display's peak. */
static void tone_map(double v[3], double peak, double max_cll) {
	double m = 0;
	for (int i = 0; i < 3; i++) {
		v[i] = fmax(v[i] / peak, 0);
		m = fmax(m, v[i]);
	}
	if (m <= 0.9 || max_cll <= peak) {
		return;
	}
	const double t = (m - 0.9) / 0.1, top = (max_cll / peak - 0.9) / 0.1;
	const double y = fmin(t * (1 + t / (top * top)) / (1 + t), 1);
	for (int i = 0; i < 3; i++) {
		v[i] *= (0.9 + 0.1 * y) / m;
	}
}

struct sample {
	enum frame_format format;
	bool hdr, pq, map;
	const unsigned char *at; /* of the pixel; BGR_32: of the row */
	unsigned x;
};

static void map_colors(const struct sample *sample, double v[3]) {
	const double peak = 250, max_cll = 1000;
	if (sample->format == FRAME_FORMAT_RGBA16F && sample->map) {
		for (int i = 0; i < 3; i++) {
			v[i] *= 80;
		}
		tone_map(v, peak, max_cll);
	} else if (sample->format == FRAME_FORMAT_RGBA10 && sample->hdr && sample->map) {
		if (sample->pq) {
			const double r = pq_decode(v[0]), g = pq_decode(v[1]), b = pq_decode(v[2]);
			v[0] = 1.660491 * r - 0.587641 * g - 0.072850 * b; /* BT.2087 */
			v[1] = -0.124550 * r + 1.132900 * g - 0.008349 * b;
			v[2] = -0.018151 * r - 0.100579 * g + 1.118730 * b;
			tone_map(v, peak, max_cll);
		}
	} else {
		return;
	}
	for (int i = 0; i < 3; i++) {
		v[i] = srgb_encode(v[i]);
	}
}

/* R, G, B in 0..255. */
static void reference(const struct sample *sample, double ret_rgb[3]) {
	const unsigned char *p = sample->at;
	double v[3] = { 0 };
	uint32_t word;
	uint16_t half;
	switch (sample->format) {
	case FRAME_FORMAT_BGRA:
		v[0] = p[2] / 255.0, v[1] = p[1] / 255.0, v[2] = p[0] / 255.0;
		break;
	case FRAME_FORMAT_RGBA:
	case FRAME_FORMAT_RGB_24:
		v[0] = p[0] / 255.0, v[1] = p[1] / 255.0, v[2] = p[2] / 255.0;
		break;
	case FRAME_FORMAT_BGR_32:
		p += 3 * sample->x;
		v[0] = p[2] / 255.0, v[1] = p[1] / 255.0, v[2] = p[0] / 255.0;
		break;
	case FRAME_FORMAT_RGBA10:
		memcpy(&word, p, 4);
		for (int i = 0; i < 3; i++) {
			v[i] = (word >> (10 * i) & 1023) / 1023.0;
		}
		break;
	case FRAME_FORMAT_RGBA16F:
		for (int i = 0; i < 3; i++) {
			memcpy(&half, p + 2 * i, 2);
			v[i] = (double)half_to_float(half);
			v[i] = isnan(v[i]) ? 0 : fmin(fmax(v[i], -65504), 65504);
		}
		break;
	case FRAME_FORMAT_NONE:
		break;
	}
	map_colors(sample, v);
	for (int i = 0; i < 3; i++) {
		ret_rgb[i] = fmin(fmax(v[i], 0), 1) * 255;
	}
}

static void fill(unsigned char *pixels, size_t bytes, enum frame_format format, unsigned seed) {
	for (size_t i = 0; i < bytes; i++) {
		pixels[i] = (unsigned char)random_next(&seed);
	}
	if (format != FRAME_FORMAT_RGBA16F) {
		return;
	}
	/* -0.1 .. 16: what scRGB holds; some wild ones stay. */
	for (size_t i = 0; i + 2 <= bytes; i += 2) {
		if (i % 64 != 0) {
			const uint16_t half = (uint16_t)(random_next(&seed) % 0x4c00);
			memcpy(pixels + i, &half, 2);
		}
	}
}

struct format_case {
	enum frame_format format;
	bool hdr, pq, map;
	uint32_t width, height, rows;
	uint32_t extra; /* bytes of padding after a row */
	double tolerance;
};

static uint32_t data_width_of(const struct format_case *c) {
	if (c->format != FRAME_FORMAT_BGR_32) {
		return c->width;
	}
	const uint32_t texels = (3 * c->width + 3) / 4;
	return (texels + 63) / 64 * 64;
}

/* A guest's frame in memory. */
struct image {
	uint32_t data_width, bytes, pitch;
	unsigned char *pixels;
};

static struct image image_of(const struct format_case *c) {
	struct image image = { .data_width = data_width_of(c) };
	image.bytes = c->format == FRAME_FORMAT_BGR_32 ? 4 : frame_bytes_per_pixel(c->format);
	image.pitch = image.data_width * image.bytes + c->extra;
	/* Exactly as large as it must be: a read behind it shows under ASan. */
	image.pixels = malloc((size_t)image.pitch * c->rows);
	CHECK(image.pixels != NULL);
	fill(image.pixels, (size_t)image.pitch * c->rows, c->format, 7);
	return image;
}

static void begin_picture(
		struct setup *setup, const struct format_case *c, const struct image *image) {
	/* The brightest of the content is the guest's word in every second case. */
	const bool told = c->width % 2 != 0;
	const struct renderer_hdr hdr = { c->map, 250, told ? 10000 : 1000 };
	renderer_set_hdr(setup->renderer, &hdr);
	const struct renderer_picture picture = { c->format, c->width, c->height, image->data_width,
		c->rows, c->hdr, c->pq, told ? 1000 : 0 };
	CHECK(renderer_set_picture(setup->renderer, &picture) >= 0);
	CHECK_EQ(renderer_set_picture(setup->renderer, &picture), 0);
}

static void upload_all(
		struct setup *setup, const struct format_case *c, const struct image *image) {
	for (uint32_t y = 0; y < c->rows; y += 37) { /* in stripes, as it really comes */
		const struct frame_rect stripe = { 0, y, c->width,
			c->rows - y < 37 ? c->rows - y : 37 };
		renderer_upload(setup->renderer, image->pixels, image->pitch, &stripe);
	}
	renderer_uploaded(setup->renderer, NULL, 0);
}

/* Other bytes in three rectangles (one sticks out, one is in what a truncated frame lacks), of
 * which alone the renderer is told. */
static void upload_damage(struct setup *setup, const struct format_case *c, struct image *image) {
	const struct frame_rect damage[3] = { { 1, 2, 3, 4 },
		{ c->width / 2, c->height / 2, c->width, c->height },
		{ c->width / 3, c->height - 1, 2, 1 } };
	const unsigned bytes = frame_bytes_per_pixel(c->format);
	for (int i = 0; i < 3; i++) {
		const struct frame_rect *r = &damage[i];
		for (uint32_t y = r->y; y < r->y + r->height && y < c->rows; y++) {
			const uint32_t right =
					r->x + r->width < c->width ? r->x + r->width : c->width;
			unsigned char *row = image->pixels + (size_t)y * image->pitch;
			fill(row + r->x * bytes, (right - r->x) * bytes, c->format, 99 + y);
		}
		renderer_upload(setup->renderer, image->pixels, image->pitch, r);
	}
	renderer_uploaded(setup->renderer, damage, 3);
}

/* Draws it turned and compares each pixel with the reference. */
static void compare(struct setup *setup, const struct format_case *c, const struct image *image,
		unsigned turn, const char *how) {
	const bool turned = turn % 2 != 0;
	resize_setup(setup, (int)(turned ? c->height : c->width),
			(int)(turned ? c->width : c->height));
	struct egl_target target;
	const struct layout layout =
			layout_for(c->width, c->height, (int)(turned ? c->height : c->width),
					(int)(turned ? c->width : c->height), 0, turn);
	CHECK(layout.exact);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	unsigned char *got = draw_scene(setup, &scene, &target);
	double worst = 0;
	for (uint32_t y = 0; y < c->height; y++) {
		for (uint32_t x = 0; x < c->width; x++) {
			double want[3] = { 0 }; /* rows that are not there are black */
			if (y < c->rows) {
				const unsigned char *row = image->pixels + (size_t)y * image->pitch;
				const struct sample sample = { c->format, c->hdr, c->pq, c->map,
					c->format == FRAME_FORMAT_BGR_32 ? row
									 : row + x * image->bytes,
					x };
				reference(&sample, want);
			}
			/* clockwise: the first row of the image becomes the last column */
			const uint32_t wx = turn == 0   ? x
					    : turn == 1 ? c->height - 1 - y
					    : turn == 2 ? c->width - 1 - x
							: y;
			const uint32_t wy = turn == 0   ? y
					    : turn == 1 ? x
					    : turn == 2 ? c->height - 1 - y
							: c->width - 1 - x;
			const unsigned char *p = got + 4 * (wy * (uint32_t)target.width + wx);
			for (int i = 0; i < 3; i++) {
				worst = fmax(worst, fabs(p[i] - want[i]));
			}
		}
	}
	if (worst > c->tolerance) {
		print_error("%s hdr %d pq %d map %d %ux%u turn %u %s: off by %.2f\n",
				frame_format_name(c->format), c->hdr, c->pq, c->map, c->width,
				c->height, turn, how, worst);
	}
	CHECK(worst <= c->tolerance);
	free(got);
}

static const struct format_case format_cases[] = {
	{ FRAME_FORMAT_BGRA, false, false, true, 64, 48, 48, 0, 0 },
	{ FRAME_FORMAT_BGRA, false, false, true, 61, 47, 47, 12, 0 },
	{ FRAME_FORMAT_BGRA, false, false, true, 61, 47, 47, 3, 0 }, /* pitch not in pixels */
	{ FRAME_FORMAT_BGRA, false, false, true, 64, 48, 20, 0, 0 }, /* truncated */
	{ FRAME_FORMAT_RGBA, false, false, true, 61, 47, 47, 8, 0 },
	{ FRAME_FORMAT_RGBA, false, false, true, 61, 47, 31, 5, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, true, 61, 47, 47, 9, 0 },
	{ FRAME_FORMAT_RGB_24, false, false, true, 61, 47, 30, 1, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 5, 9, 9, 0, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 86, 33, 33, 64, 0 },
	{ FRAME_FORMAT_BGR_32, false, false, true, 127, 33, 32, 0, 0 }, /* a row short */
	{ FRAME_FORMAT_BGR_32, false, false, true, 62, 33, 12, 3, 0 },
	{ FRAME_FORMAT_RGBA10, false, false, true, 61, 47, 47, 0, 1 },
	{ FRAME_FORMAT_RGBA10, true, false, true, 61, 47, 47, 4, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, true, 61, 47, 47, 0, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, true, 61, 47, 25, 2, 2 },
	{ FRAME_FORMAT_RGBA10, true, true, false, 61, 47, 47, 0, 1 },
	{ FRAME_FORMAT_RGBA16F, true, false, true, 61, 47, 47, 16, 2 },
	{ FRAME_FORMAT_RGBA16F, false, false, true, 61, 47, 40, 0, 2 },
	{ FRAME_FORMAT_RGBA16F, true, false, false, 61, 47, 47, 6, 1 },
};
#define FORMAT_CASES (sizeof format_cases / sizeof format_cases[0])

/* Every format, pitch and truncation, whole and by damage, in four turns; one renderer takes them
 * all, one after the other. */
static void compare_case(struct setup *setup, const struct format_case *c) {
	struct image image = image_of(c);
	begin_picture(setup, c, &image);
	upload_all(setup, c, &image);
	for (unsigned turn = 0; turn < 4; turn++) {
		compare(setup, c, &image, turn, "whole");
	}
	upload_damage(setup, c, &image);
	for (unsigned turn = 0; turn < 4; turn++) {
		compare(setup, c, &image, turn, "damage");
	}
	free(image.pixels);
}

static void formats_match_the_reference(void **state) {
	(void)state;
	for (int gpu = 0; gpu < 2; gpu++) {
		struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT, .pretend_gpu = gpu };
		CHECK(open_setup(&setup, 64, 48));
		for (size_t i = 0; i < FORMAT_CASES; i++) {
			compare_case(&setup, &format_cases[i]);
		}
		close_setup(&setup);
	}
}

static void every_way_of_upload_is_the_same(void **state) {
	(void)state;
	static const enum video_upload ways[] = { VIDEO_UPLOAD_PBO, VIDEO_UPLOAD_PERSISTENT };
	for (size_t i = 0; i < 2; i++) {
		struct setup setup = { .upload = ways[i], .pretend_gpu = true };
		CHECK(open_setup(&setup, 64, 48));
		for (size_t k = 0; k < FORMAT_CASES; k++) {
			compare_case(&setup, &format_cases[k]);
		}
		close_setup(&setup);
	}
}

static void check_kept(
		const struct setup *setup, const struct format_case *c, const struct image *image) {
	const struct layout layout = layout_for(
			c->width, c->height, (int)c->width + 7, (int)c->height + 5, 0, 0);
	struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	struct egl_pixels pixels;
	CHECK_EQ(renderer_kept_at(setup->renderer, &scene, &pixels), layout.exact);
	const struct layout exact =
			layout_for(c->width, c->height, (int)c->width, (int)c->height, 0, 0);
	scene.layout = &exact;
	CHECK(renderer_kept_at(setup->renderer, &scene, &pixels));
	CHECK_EQ(pixels.at.x, 0);
	CHECK(pixels.at.width == (int)c->width);
	for (uint32_t y = 0; y < c->rows; y++) {
		CHECK_EQ(memcmp(pixels.memory + y * pixels.stride,
					 image->pixels + (size_t)y * image->pitch,
					 (size_t)c->width * 4),
				0);
	}
	scene.dim = 0.5f; /* GL's */
	CHECK(!renderer_kept_at(setup->renderer, &scene, &pixels));
	const struct layout turned =
			layout_for(c->width, c->height, (int)c->height, (int)c->width, 0, 1);
	scene.dim = 1;
	scene.layout = &turned;
	CHECK(!renderer_kept_at(setup->renderer, &scene, &pixels));
}

/* Kept in memory of ours a picture is what came, GL draws it as ever from there, and goes on with
 * it where it is kept no longer. */
static void a_kept_picture_is_the_same(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, 64, 48));
	if (!egl_is_software(setup.egl)) {
		close_setup(&setup);
		skip();
	}
	unsigned kept = 0;
	for (size_t k = 0; k < FORMAT_CASES; k++) {
		const struct format_case *c = &format_cases[k];
		struct image image = image_of(c);
		begin_picture(&setup, c, &image);
		upload_all(&setup, c, &image);
		const struct rect at = { 0, 0, (int)c->width, (int)c->height };
		renderer_keep(setup.renderer, &at, NULL);
		const bool on = renderer_keeps(setup.renderer);
		CHECK_EQ(on, (c->format == FRAME_FORMAT_BGRA));
		kept += on;
		for (int round = 0; round < 3; round++) {
			if (on) {
				check_kept(&setup, c, &image);
			}
			for (unsigned turn = 0; turn < 4; turn++) {
				compare(&setup, c, &image, turn, "kept");
			}
			if (round == 0) {
				upload_damage(&setup, c, &image);
			} else {
				fill(image.pixels, (size_t)image.pitch * c->rows, c->format, 3);
				upload_all(&setup, c, &image);
			}
		}
		renderer_keep(setup.renderer, NULL, NULL);
		CHECK(!renderer_keeps(setup.renderer));
		compare(&setup, c, &image, 0, "kept no longer");
		upload_damage(&setup, c, &image);
		compare(&setup, c, &image, 0, "kept no longer, damage");
		renderer_keep(setup.renderer, &at, NULL);
		compare(&setup, c, &image, 0, "kept again");
		renderer_keep(setup.renderer, NULL, NULL);
		free(image.pixels);
	}
	CHECK_EQ(kept, 4);
	close_setup(&setup);
}

/* The same frames as textures of a stand-in for kvmfr and its import; damage alone is taken over.
 */
static void import_case(struct setup *setup, struct dmabuf *dmabuf, struct shm *shm,
		const struct format_case *c, uint64_t generation) {
	enum { AT = 8192 };
	struct image image = image_of(c);
	const size_t bytes = (size_t)image.pitch * c->rows;
	struct frame frame = { .format = c->format,
		.width = c->width,
		.height = c->height,
		.data_width = image.data_width,
		.rows = c->rows,
		.pitch = image.pitch,
		.pixels_offset = AT };
	const unsigned texel =
			c->format == FRAME_FORMAT_BGR_32 ? 4 : frame_bytes_per_pixel(c->format);
	unsigned texture = 0;
	const char *why = NULL;
	begin_picture(setup, c, &image);
	for (int round = 0; round < 2; round++) {
		static const struct frame_rect damage[2] = { { 1, 2, 3, 4 }, { 2, 7, 30, 1 } };
		if (round == 1) { /* all bytes are new, two rectangles are said to be */
			memset(shm_base(shm) + AT, 0x3b, bytes);
			for (int i = 0; i < 2; i++) {
				const struct frame_rect *r = &damage[i];
				for (uint32_t y = r->y; y < r->y + r->height && y < c->rows; y++) {
					const unsigned size = frame_bytes_per_pixel(c->format);
					const uint32_t right = r->x + r->width < c->width
									       ? r->x + r->width
									       : c->width;
					memset(image.pixels + (size_t)y * image.pitch + r->x * size,
							0x3b, (right - r->x) * size);
				}
			}
		} else {
			memcpy(shm_base(shm) + AT, image.pixels, bytes);
		}
		const int r = dmabuf_texture(dmabuf, shm, generation, &frame, &texture, &why);
		if (image.pitch % texel != 0) {
			CHECK(r < 0 && why != NULL);
			break;
		}
		CHECK_EQ(r, 0);
		renderer_upload_texture(setup->renderer, texture);
		renderer_uploaded(setup->renderer, round ? damage : NULL, round ? 2 : 0);
		CHECK_EQ(renderer_wait_uploaded(setup->renderer, 1000000000), 0);
		/* From here on the memory is the host's again. */
		memset(shm_base(shm) + AT, 0, bytes);
		for (unsigned turn = 0; turn < 4; turn++) {
			compare(setup, c, &image, turn, round ? "imported damage" : "imported");
		}
	}
	free(image.pixels);
}

static struct shm *anonymous_memory(int bytes) {
	struct shm *shm = NULL;
	const int fd = memfd_create("frames", MFD_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, bytes), 0);
	CHECK_EQ(shm_map_fd(&shm, fd), 0);
	close(fd);
	return shm;
}

static void imported_frames_are_the_same(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DMABUF };
	struct standin standin = { 0 };
	const struct dmabuf_ops ops = standin_ops(&standin);
	struct dmabuf *dmabuf = NULL;
	struct shm *shm = anonymous_memory(1 << 20);
	for (int gpu = 0; gpu < 2; gpu++) {
		setup.pretend_gpu = gpu;
		CHECK(open_setup(&setup, 64, 48));
		CHECK_EQ(dmabuf_create(&dmabuf, &ops), 0);
		for (size_t i = 0; i < FORMAT_CASES; i++) {
			import_case(&setup, dmabuf, shm, &format_cases[i], i / 3);
		}
		dmabuf_destroy(dmabuf);
		close_setup(&setup);
	}
	CHECK_EQ(standin.creates, standin.destroys);
	CHECK(standin.attaches > standin.creates);
	shm_unref(shm);
}

static void check_refused(
		struct dmabuf *dmabuf, struct shm *shm, const struct frame *frame, int result) {
	unsigned texture;
	const char *why = "";
	CHECK_EQ(dmabuf_texture(dmabuf, shm, 2, frame, &texture, &why), result);
	CHECK(why[0] != 0);
}

/* Every step of the import failing: said, and nothing is left behind. */
static void a_failed_import_says_why(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DMABUF };
	struct standin standin = { 0 };
	const struct dmabuf_ops ops = standin_ops(&standin);
	struct dmabuf *dmabuf = NULL;
	struct shm *shm = anonymous_memory(65536);
	CHECK(open_setup(&setup, 64, 48));
	CHECK_EQ(dmabuf_create(&dmabuf, &ops), 0);
	struct frame frame = { .format = FRAME_FORMAT_BGRA,
		.width = 64,
		.height = 48,
		.data_width = 64,
		.rows = 48,
		.pitch = 256,
		.pixels_offset = 4096 };
	unsigned texture;
	const char *why = NULL;
	CHECK_EQ(dmabuf_texture(dmabuf, shm, 1, &frame, &texture, &why), 0);
	standin.fail_attach = true;
	why = "";
	CHECK_EQ(dmabuf_texture(dmabuf, shm, 1, &frame, &texture, &why), -EIO);
	CHECK(why[0] != 0);
	standin.fail_attach = false;
	CHECK_EQ(dmabuf_texture(dmabuf, shm, 1, &frame, &texture, &why), 0);
	CHECK_EQ(standin.exports, 1);
	CHECK_EQ(standin.creates, 1); /* kept from frame to frame */
	/* A new session: nothing of the old one is used. */
	standin.fail_export = ENOTSUP;
	why = "";
	CHECK_EQ(dmabuf_texture(dmabuf, shm, 2, &frame, &texture, &why), -ENOTSUP);
	CHECK(strstr(why, "kvmfr") != NULL);
	CHECK_EQ(standin.destroys, 1);
	standin.fail_export = EMFILE;
	check_refused(dmabuf, shm, &frame, -EMFILE);
	standin.fail_export = 0;
	standin.fail_create = true;
	check_refused(dmabuf, shm, &frame, -EIO);
	standin.fail_create = false;
	frame.pixels_offset = 4100; /* not at a page */
	check_refused(dmabuf, shm, &frame, -EINVAL);
	frame.pixels_offset = 65536 - 8192; /* the last page is not all there */
	check_refused(dmabuf, shm, &frame, -ERANGE);
	/* More places than anybody needs: the oldest go. */
	for (unsigned i = 0; i < 9; i++) {
		frame.pixels_offset = 4096 * (1 + i);
		CHECK_EQ(dmabuf_texture(dmabuf, shm, 2, &frame, &texture, &why), 0);
	}
	dmabuf_destroy(dmabuf);
	CHECK_EQ(standin.creates, standin.destroys);
	/* This machine's own EGL, with a plain file: it says no and does not crash. */
	struct dmabuf_ops egl_ops;
	if (dmabuf_egl_ops(egl_display(setup.egl), &egl_ops)) {
		frame.pixels_offset = 4096;
		CHECK_EQ(dmabuf_create(&dmabuf, &egl_ops), 0);
		CHECK_EQ(dmabuf_texture(dmabuf, shm, 1, &frame, &texture, &why), -ENOTSUP);
		dmabuf_destroy(dmabuf);
	}
	close_setup(&setup);
	shm_unref(shm);
}

/* The formulas of this file against values that the standards and their tables give. */
static void the_reference_is_right(void **state) {
	(void)state;
	CHECK(fabs(srgb_encode(0.2140411) - 0.5) < 1e-5); /* IEC 61966-2-1 */
	CHECK(fabs(srgb_encode(0.0031308) - 0.0404499) < 1e-5);
	CHECK(fabs(pq_decode(1) - 10000) < 1e-6);
	CHECK_EQ(pq_decode(0), 0); /* ST 2084 */
	CHECK(fabs(pq_decode(0.5080784) - 100) < 0.01 && fabs(pq_decode(0.7518271) - 1000) < 0.1);
	/* BT.2087: white of one set of primaries is white of the other. */
	struct sample sample = { FRAME_FORMAT_RGBA10, true, true, true, NULL, 0 };
	double v[3] = { 0.5, 0.5, 0.5 };
	map_colors(&sample, v);
	CHECK(fabs(v[0] - v[1]) < 1e-4 && fabs(v[1] - v[2]) < 1e-4);
}

static uint16_t half_of(double v) {
	int exponent;
	const double m = frexp(v, &exponent); /* 0.5 .. 1 */
	return v == 0 ? 0 : (uint16_t)((exponent + 14) << 10 | (int)((m * 2 - 1) * 1024 + 0.5));
}

enum { GREYS = 64 };

/* A row of greys through the renderer, as 8 bit values. The brightest of the content is the user's
 * word (max_cll), or the guest's (told), in nits. */
static void map_greys_of(struct setup *setup, const struct format_case *c, const void *pixels,
		int max_cll, uint32_t told, unsigned char ret_grey[GREYS]) {
	const struct renderer_hdr hdr = { true, c->extra ? (int)c->extra : 250, max_cll };
	const struct renderer_picture picture = { c->format, GREYS, 1, GREYS, 1, true, c->pq,
		told };
	const struct frame_rect all = { 0, 0, GREYS, 1 };
	const struct layout layout = layout_for(GREYS, 1, GREYS, 1, 0, 0);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	struct egl_target target;
	resize_setup(setup, GREYS, 1);
	renderer_set_hdr(setup->renderer, &hdr);
	CHECK(renderer_set_picture(setup->renderer, &picture) >= 0);
	renderer_upload(setup->renderer, pixels, GREYS * frame_bytes_per_pixel(c->format), &all);
	renderer_uploaded(setup->renderer, NULL, 0);
	unsigned char *got = draw_scene(setup, &scene, &target);
	for (int i = 0; i < GREYS; i++) {
		CHECK(abs(got[4 * i] - got[4 * i + 1]) <= 1 &&
				abs(got[4 * i] - got[4 * i + 2]) <= 1); /* no hue */
		CHECK(i == 0 || got[4 * i + 1] >= got[4 * (i - 1) + 1]);
		ret_grey[i] = got[4 * i + 1];
	}
	free(got);
}

static void map_greys(struct setup *setup, const struct format_case *c, const void *pixels,
		unsigned char ret_grey[GREYS]) {
	map_greys_of(setup, c, pixels, 1000, 0, ret_grey);
}

/* White and all greys stay neutral, brighter stays brighter, and the brightest there is is white.
 */
static void white_stays_white(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	unsigned char grey[GREYS];
	uint16_t halves[GREYS * 4] = { 0 };
	uint32_t words[GREYS];
	CHECK(open_setup(&setup, GREYS, 1));

	/* scRGB, up to the content's 1000 cd/m2 (12.5 times 80). */
	for (int i = 0; i < GREYS; i++) {
		const uint16_t h = half_of(12.5 * i / (GREYS - 1));
		halves[4 * i] = halves[4 * i + 1] = halves[4 * i + 2] = h;
	}
	const struct format_case scrgb = { .format = FRAME_FORMAT_RGBA16F };
	map_greys(&setup, &scrgb, halves, grey);
	CHECK_EQ(grey[0], 0);
	CHECK_EQ(grey[GREYS - 1], 255);

	/* PQ, up to the same. */
	for (int i = 0; i < GREYS; i++) {
		const uint32_t v = (uint32_t)(0.7518271 * 1023 * i / (GREYS - 1) + 0.5);
		words[i] = v | v << 10 | v << 20;
	}
	const struct format_case pq = { .format = FRAME_FORMAT_RGBA10, .pq = true };
	map_greys(&setup, &pq, words, grey);
	CHECK_EQ(grey[0], 0);
	CHECK(grey[GREYS - 1] >= 254);

	/* Light relative to the guest's own white: exactly that. */
	for (uint32_t i = 0; i < GREYS; i++) {
		const uint32_t v = 1023 * i / (GREYS - 1);
		words[i] = v | v << 10 | v << 20;
	}
	const struct format_case linear = { .format = FRAME_FORMAT_RGBA10 };
	map_greys(&setup, &linear, words, grey);
	CHECK_EQ(grey[0], 0);
	CHECK_EQ(grey[GREYS - 1], 255);

	/* What is as bright as the screen can show (--peak-luminance) looks white beside what is
	 * brighter still: 249 of 255 or more. */
	for (int i = 0; i < GREYS; i++) {
		const uint16_t h = half_of(240 / 80.0 * i / (GREYS - 1));
		halves[4 * i] = halves[4 * i + 1] = halves[4 * i + 2] = h;
	}
	const struct format_case peak = { .format = FRAME_FORMAT_RGBA16F, .extra = 240 };
	map_greys(&setup, &peak, halves, grey);
	CHECK(grey[GREYS - 1] >= 249);

	/* Content of 1000 nits: white where that is known, by whoever, and darker where 10 000 are
	 * to be expected. A guest does not make it more than the user says. */
	for (int i = 0; i < GREYS; i++) {
		const uint16_t h = half_of(1000 / 80.0 * i / (GREYS - 1));
		halves[4 * i] = halves[4 * i + 1] = halves[4 * i + 2] = h;
	}
	const struct format_case bright = { .format = FRAME_FORMAT_RGBA16F };
	unsigned char told[GREYS];
	map_greys_of(&setup, &bright, halves, 1000, 0, grey);
	map_greys_of(&setup, &bright, halves, 10000, 1000, told);
	CHECK_EQ(memcmp(grey, told, sizeof grey), 0);
	map_greys_of(&setup, &bright, halves, 1000, 10000, told);
	CHECK_EQ(memcmp(grey, told, sizeof grey), 0);
	map_greys_of(&setup, &bright, halves, 10000, 0, told);
	CHECK(memcmp(grey, told, sizeof grey) != 0);
	close_setup(&setup);
}

static void overlay_is_drawn(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, 200, 100));
	struct overlay_quad *quads = calloc(OVERLAY_QUADS_MAX, sizeof *quads);
	struct overlay *overlay = calloc(1, sizeof *overlay);
	CHECK(quads != NULL && overlay != NULL);
	overlay->figures_count = 1;
	strcpy(overlay->figures[0], "60 fps");
	const size_t count = overlay_layout(overlay, 200, 100, quads, OVERLAY_QUADS_MAX);
	CHECK(count > 4);
	struct egl_target target;
	CHECK_EQ(egl_begin(setup.egl, &target), 0);
	const struct renderer_scene scene = { .dim = 1, .quads = quads, .quad_count = count };
	const struct rect all = { 0, 0, 200, 100 };
	renderer_draw(setup.renderer, &target, &scene, &all, 1);
	unsigned char *got = read_target(&target);
	int bright_top = 0, bright_bottom = 0;
	for (int i = 0; i < 200 * 100; i++) {
		if (got[4 * i] > 180) {
			bright_top += i < 200 * 50;
			bright_bottom += i >= 200 * 50;
		}
	}
	CHECK(bright_top > 40);
	CHECK_EQ(bright_bottom, 0);
	free(got);
	free(overlay);
	free(quads);
	close_setup(&setup);
}

static void impossible_pictures_are_refused(void **state) {
	(void)state;
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	CHECK(open_setup(&setup, 16, 16));
	struct renderer_picture picture = { FRAME_FORMAT_BGRA, 70000, 16, 70000, 16, false, false,
		0 };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	picture = (struct renderer_picture){ FRAME_FORMAT_BGRA, 0, 16, 0, 16, false, false, 0 };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	picture = (struct renderer_picture){ FRAME_FORMAT_BGRA, 16, 16, 16, 17, false, false, 0 };
	CHECK(renderer_set_picture(setup.renderer, &picture) < 0);
	unsigned char rgb[16 * 16 * 3];
	CHECK(renderer_read(setup.renderer, 0, NULL, rgb) < 0);
	close_setup(&setup);
}

int main(void) {
	if (!has_renderer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_is_right),
		cmocka_unit_test(formats_match_the_reference),
		cmocka_unit_test(every_way_of_upload_is_the_same),
		cmocka_unit_test(a_kept_picture_is_the_same),
		cmocka_unit_test(imported_frames_are_the_same),
		cmocka_unit_test(a_failed_import_says_why),
		cmocka_unit_test(white_stays_white),
		cmocka_unit_test(overlay_is_drawn),
		cmocka_unit_test(impossible_pictures_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
