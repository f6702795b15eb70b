/* Frames that are imported instead of copied: the same pixels, and a failure that says why. Needs
 * EGL (software will do); without it the test is skipped. */
#include "tests/support/dmabuf_standin.h"
#include "tests/support/renderer_formats.h"

#include <sys/mman.h>
#include <unistd.h>

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

int main(void) {
	if (!has_renderer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imported_frames_are_the_same),
		cmocka_unit_test(a_failed_import_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
