#include "host-proto/spice/mjpeg.h"

#include <errno.h>

#ifdef PG_HAVE_JPEG

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "host-proto/spice/image.h"

struct mjpeg {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr error;
	jmp_buf failed;
	bool begun;
	uint8_t *bytes;
	size_t room;
	uint8_t row[SPICE_IMAGE_SIDE_MAX * 3];
};

bool mjpeg_is_built_in(void) {
	return true;
}

static void on_error(j_common_ptr jpeg) {
	struct mjpeg *mjpeg = jpeg->client_data;
	longjmp(mjpeg->failed, 1);
}

/* Of a broken picture there may be as many as it has bytes. */
static void on_message(j_common_ptr jpeg, int level) {
	(void)jpeg;
	(void)level;
}

int mjpeg_create(struct mjpeg **ret_mjpeg) {
	struct mjpeg *mjpeg = calloc(1, sizeof *mjpeg);
	if (!mjpeg) {
		return -ENOMEM;
	}
	mjpeg->jpeg.err = jpeg_std_error(&mjpeg->error);
	mjpeg->error.error_exit = on_error;
	mjpeg->error.emit_message = on_message;
	mjpeg->jpeg.client_data = mjpeg;
	if (setjmp(mjpeg->failed)) {
		free(mjpeg);
		return -ENOMEM;
	}
	jpeg_create_decompress(&mjpeg->jpeg);
	*ret_mjpeg = mjpeg;
	return 0;
}

void mjpeg_destroy(struct mjpeg *mjpeg) {
	if (mjpeg) {
		jpeg_destroy_decompress(&mjpeg->jpeg);
		free(mjpeg->bytes);
		free(mjpeg);
	}
}

static int give_up(struct mjpeg *mjpeg) {
	jpeg_abort_decompress(&mjpeg->jpeg);
	mjpeg->begun = false;
	return -EBADMSG;
}

static int keep_bytes(struct mjpeg *mjpeg, const uint8_t *bytes, size_t len) {
	if (len > mjpeg->room) {
		uint8_t *grown = realloc(mjpeg->bytes, len);
		if (!grown) {
			return -ENOMEM;
		}
		mjpeg->bytes = grown;
		mjpeg->room = len;
	}
	memcpy(mjpeg->bytes, bytes, len);
	return 0;
}

int mjpeg_begin(struct mjpeg *mjpeg, const uint8_t *bytes, size_t len, uint32_t most_pixels,
		uint32_t *ret_width, uint32_t *ret_height) {
	struct jpeg_decompress_struct *jpeg = &mjpeg->jpeg;
	if (mjpeg->begun) {
		give_up(mjpeg);
	}
	if (len == 0 || keep_bytes(mjpeg, bytes, len) < 0) {
		return -EBADMSG;
	}
	if (setjmp(mjpeg->failed)) {
		return give_up(mjpeg);
	}
	mjpeg->begun = true;
	jpeg_mem_src(jpeg, mjpeg->bytes, len);
	/* Several scans are all decoded before the first row, as many as there are bytes for. */
	if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK || jpeg_has_multiple_scans(jpeg) ||
			jpeg->image_width > SPICE_IMAGE_SIDE_MAX ||
			jpeg->image_height > SPICE_IMAGE_SIDE_MAX ||
			(uint64_t)jpeg->image_width * jpeg->image_height > most_pixels) {
		return give_up(mjpeg);
	}
	jpeg->out_color_space = JCS_RGB;
	jpeg->dct_method = JDCT_ISLOW;
	jpeg_start_decompress(jpeg);
	*ret_width = jpeg->output_width;
	*ret_height = jpeg->output_height;
	return 0;
}

static void store_row(const uint8_t *row, uint32_t width, uint32_t *words) {
	for (uint32_t x = 0; x < width; x++) {
		words[x] = 0xff000000u | (uint32_t)row[3 * x] << 16 |
			   (uint32_t)row[3 * x + 1] << 8 | row[3 * x + 2];
	}
}

int mjpeg_decode(struct mjpeg *mjpeg, uint32_t *words, bool bottom_up, uint32_t pixels) {
	struct jpeg_decompress_struct *jpeg = &mjpeg->jpeg;
	if (!mjpeg->begun || setjmp(mjpeg->failed)) {
		return give_up(mjpeg);
	}
	const uint32_t width = jpeg->output_width, height = jpeg->output_height;
	const uint32_t rows = pixels / width + 1;
	for (uint32_t i = 0; i < rows && jpeg->output_scanline < height; i++) {
		const uint32_t y = jpeg->output_scanline;
		JSAMPROW row = mjpeg->row;
		if (jpeg_read_scanlines(jpeg, &row, 1) != 1) {
			return give_up(mjpeg);
		}
		store_row(row, width, words + (size_t)(bottom_up ? height - 1 - y : y) * width);
	}
	if (jpeg->output_scanline < height) {
		return 1;
	}
	jpeg_finish_decompress(jpeg);
	mjpeg->begun = false;
	return 0;
}

#else

bool mjpeg_is_built_in(void) {
	return false;
}

int mjpeg_create(struct mjpeg **ret_mjpeg) {
	(void)ret_mjpeg;
	return -EOPNOTSUPP;
}

void mjpeg_destroy(struct mjpeg *mjpeg) {
	(void)mjpeg;
}

int mjpeg_begin(struct mjpeg *mjpeg, const uint8_t *bytes, size_t len, uint32_t most_pixels,
		uint32_t *ret_width, uint32_t *ret_height) {
	(void)mjpeg;
	(void)bytes;
	(void)len;
	(void)most_pixels;
	(void)ret_width;
	(void)ret_height;
	return -EOPNOTSUPP;
}

int mjpeg_decode(struct mjpeg *mjpeg, uint32_t *words, bool bottom_up, uint32_t pixels) {
	(void)mjpeg;
	(void)words;
	(void)bottom_up;
	(void)pixels;
	return -EOPNOTSUPP;
}

#endif
