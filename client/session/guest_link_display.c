#define LOG_MODULE "spice"
#include "client/session/guest_link_display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "client/gl/spice_surface.h"
#include "client/session/spice_session.h"
#include "host-proto/spice/cursor.h"
#include "host-proto/spice/display.h"

#define SEND_MAX (64u * 1024)

struct guest_link_display {
	struct spice_session *spice;
	struct spice_surface *spice_surface;
	struct guest_link_display_events events;
	struct spice_display *display;
	struct spice_cursor *cursor;
};

static int on_resize(uint32_t width, uint32_t height, void *data) {
	struct guest_link_display *display = data;
	return spice_surface_resize(display->spice_surface, width, height);
}

static void on_lock(struct spice_surface *ret_surface, void *data) {
	struct guest_link_display *display = data;
	struct spice_surface_pixels surface;
	spice_surface_lock(display->spice_surface, &surface);
	*ret_surface = (struct spice_surface){ surface.pixels, surface.width, surface.height,
		surface.stride };
}

static void on_damage(uint32_t x, uint32_t y, uint32_t width, uint32_t height, void *data) {
	struct guest_link_display *display = data;
	spice_surface_damage(display->spice_surface, x, y, width, height);
}

static void on_unlock(void *data) {
	struct guest_link_display *display = data;
	spice_surface_unlock(display->spice_surface);
}

static void on_crop(const struct spice_rect *monitor, void *data) {
	struct guest_link_display *display = data;
	spice_surface_crop(display->spice_surface, (uint32_t)monitor->left, (uint32_t)monitor->top,
			(uint32_t)(monitor->right - monitor->left),
			(uint32_t)(monitor->bottom - monitor->top));
}

static void on_screen(const struct spice_rect *monitor, void *data) {
	struct guest_link_display *display = data;
	display->events.screen(monitor, display->events.data);
}

static void on_shape(const struct cursor_shape *shape, void *data) {
	struct guest_link_display *display = data;
	spice_surface_set_cursor(display->spice_surface, shape);
}

static void on_move(int x, int y, bool visible, void *data) {
	struct guest_link_display *display = data;
	spice_surface_move_cursor(display->spice_surface, x, y, visible);
}

/* One write, this order, once: see spice.md 9.1 and 9.3 for what happens otherwise. */
static void on_display_linked(struct spice_channel *channel, void *data) {
	static const uint8_t compression[1] = { SPICE_COMPRESSION_OFF };
	static const uint8_t no_caches[14] = { 0 };
	(void)data;
	(void)spice_channel_send(channel, SPICE_DISPLAY_PREFERRED_COMPRESSION, compression,
			sizeof compression);
	(void)spice_channel_send(channel, SPICE_DISPLAY_INIT, no_caches, sizeof no_caches);
	spice_channel_flush(channel);
}

static void on_display_closed(void *data) {
	struct guest_link_display *display = data;
	spice_display_reset(display->display);
	spice_surface_clear(display->spice_surface);
}

static int on_display_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct guest_link_display *display = data;
	int r = spice_display_message(display->display, type, body, len);
	const char *what = spice_display_take_unsupported(display->display);
	if (what && strncmp(what, SPICE_DISPLAY_CODEC, strlen(SPICE_DISPLAY_CODEC)) == 0) {
		log_warn("the VM sends %s, which is not shown here: set <streaming mode='off'/> in "
			 "the VM's <graphics type='spice'>",
				what);
		display->events.no_video(display->events.data);
	} else if (what) {
		log_warn("the guest draws %s, which is not shown here", what);
	}
	return r;
}

static void on_cursor_closed(void *data) {
	struct guest_link_display *display = data;
	spice_cursor_reset(display->cursor);
}

static int on_cursor_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct guest_link_display *display = data;
	return spice_cursor_message(display->cursor, type, body, len);
}

int guest_link_display_create(struct guest_link_display **ret_display, struct spice_session *spice,
		struct spice_surface *spice_surface,
		const struct guest_link_display_events *events) {
	struct guest_link_display *display = calloc(1, sizeof *display);
	if (!display) {
		return -ENOMEM;
	}
	*display = (struct guest_link_display){
		.spice = spice, .spice_surface = spice_surface, .events = *events
	};
	const struct spice_display_target target = {
		.resize = on_resize,
		.lock = on_lock,
		.damage = on_damage,
		.unlock = on_unlock,
		.crop = on_crop,
		.screen = on_screen,
		.data = display,
	};
	const struct spice_cursor_target pointer = { on_shape, on_move, display };
	int r = spice_display_create(&display->display, &target);
	if (r == 0) {
		r = spice_cursor_create(&display->cursor, &pointer);
	}
	if (r < 0) {
		guest_link_display_destroy(display);
		return r;
	}
	const struct spice_handler display_handler = {
		.caps = spice_display_caps(),
		.send_max = SEND_MAX,
		.linked = on_display_linked,
		.closed = on_display_closed,
		.message = on_display_message,
		.data = display,
	};
	const struct spice_handler cursor_handler = {
		.send_max = SEND_MAX,
		.closed = on_cursor_closed,
		.message = on_cursor_message,
		.data = display,
	};
	spice_session_set_handler(spice, SPICE_CHANNEL_DISPLAY, &display_handler);
	spice_session_set_handler(spice, SPICE_CHANNEL_CURSOR, &cursor_handler);
	*ret_display = display;
	return 0;
}

void guest_link_display_destroy(struct guest_link_display *display) {
	if (display) {
		spice_display_destroy(display->display);
		spice_cursor_destroy(display->cursor);
		free(display);
	}
}

void guest_link_display_want(struct guest_link_display *display, bool wanted) {
	spice_session_want(display->spice, SPICE_CHANNEL_DISPLAY, wanted);
	spice_session_want(display->spice, SPICE_CHANNEL_CURSOR, wanted);
}
