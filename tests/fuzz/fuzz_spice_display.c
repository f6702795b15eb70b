/*
 * The display channel onto a small screen: every draw, image and surface message.
 *
 * Covers: host-proto/spice/display.c host-proto/spice/display_stream.c host-proto/spice/draw.c
 * host-proto/spice/image.c host-proto/spice/mjpeg.c
 */
#include "host-proto/spice/display.h"
#include "tests/fuzz/spice_messages.h"

#define SIDE_MAX 1024u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct screen {
	struct spice_display *display;
	uint32_t *pixels;
	uint32_t width, height;
};

static int on_resize(uint32_t width, uint32_t height, void *data) {
	struct screen *screen = data;
	if (width > SIDE_MAX || height > SIDE_MAX) {
		return -1;
	}
	free(screen->pixels);
	screen->pixels = calloc((size_t)width * height, 4);
	screen->width = width;
	screen->height = height;
	return 0;
}

static void on_lock(struct spice_surface *ret, void *data) {
	struct screen *screen = data;
	*ret = (struct spice_surface){ screen->pixels, screen->width, screen->height,
		screen->width };
}

static void on_damage(uint32_t x, uint32_t y, uint32_t width, uint32_t height, void *data) {
	struct screen *screen = data;
	if ((uint64_t)x + width > screen->width || (uint64_t)y + height > screen->height) {
		abort();
	}
}

static void on_unlock(void *data) {
	(void)data;
}

/* A monitor always lies inside its surface. */
static void on_screen(const struct spice_rect *monitor, void *data) {
	(void)data;
	if (monitor->left < 0 || monitor->top < 0 || spice_rect_is_empty(monitor)) {
		abort();
	}
}

static void on_crop(const struct spice_rect *monitor, void *data) {
	const struct screen *screen = data;
	on_screen(monitor, data);
	if ((uint32_t)monitor->right > screen->width ||
			(uint32_t)monitor->bottom > screen->height) {
		abort();
	}
}

static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct screen *screen = data;
	int r;
	do {
		r = spice_display_message(screen->display, type, body, len);
	} while (r > 0);
	(void)spice_display_take_unsupported(screen->display);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct screen screen = { 0 };
	const struct spice_display_target target = { on_resize, on_lock, on_damage, on_unlock,
		on_crop, on_screen, &screen };
	if (spice_display_create(&screen.display, &target) < 0) {
		return 0;
	}
	each_message(data, size, on_message, &screen);
	spice_display_destroy(screen.display);
	free(screen.pixels);
	return 0;
}
