#include "client/gl/x11_present.h"

#include <X11/Xlib-xcb.h>
#include <X11/Xlib.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#include "client/gl/gl_target.h"
#include "client/gl/picture_types.h"

/* Memory that the server reads. */
struct segment {
	xcb_shm_seg_t id;
	void *memory; /* NULL: none */
	int width, height;
};

/* Xlib ends the program on an error that nobody asked for, XCB returns it: hence XCB. */
struct x11_present {
	xcb_connection_t *connection;
	xcb_window_t window;
	xcb_gcontext_t gc;
	uint8_t depth;

	struct segment drawn;   /* at its place in the window: what GL drew, and copies */
	struct segment picture; /* x11_present_make_picture() */

	/* A request behind the last put: its answer says that the server has read the segments. */
	bool pending;
	bool lost; /* the connection is */
	xcb_get_input_focus_cookie_t fence;
};

void *x11_open(const char *name) {
	return XOpenDisplay(name);
}

void x11_close(void *display) {
	if (display) {
		XCloseDisplay(display);
	}
}

unsigned long x11_window_visual(void *display, unsigned long window) {
	XWindowAttributes attributes;
	if (!XGetWindowAttributes(display, window, &attributes)) {
		return 0;
	}
	return XVisualIDFromVisual(attributes.visual);
}

/* Whether pixels of the window are 4 bytes B, G, R, x. */
static bool format_fits(Display *display, unsigned long window, uint8_t *ret_depth) {
	XWindowAttributes attributes;
	if (!XGetWindowAttributes(display, window, &attributes)) {
		return false;
	}
	*ret_depth = (uint8_t)attributes.depth;
	int count = 0, bits = 0;
	XPixmapFormatValues *formats = XListPixmapFormats(display, &count);
	for (int i = 0; i < count; i++) {
		if (formats[i].depth == attributes.depth) {
			bits = formats[i].bits_per_pixel;
		}
	}
	XFree(formats);
	return bits == 32 && (attributes.depth == 24 || attributes.depth == 32) &&
	       ImageByteOrder(display) == LSBFirst && attributes.visual->red_mask == 0xff0000 &&
	       attributes.visual->blue_mask == 0xff;
}

static bool wait_put(struct x11_present *present) {
	if (!present->pending) {
		return !present->lost;
	}
	present->pending = false;
	xcb_get_input_focus_reply_t *reply =
			xcb_get_input_focus_reply(present->connection, present->fence, NULL);
	free(reply);
	present->lost = reply == NULL;
	return !present->lost;
}

bool x11_present_is_read(struct x11_present *present) {
	void *reply = NULL;
	xcb_generic_error_t *error = NULL;
	if (present->pending && present->picture.memory &&
			xcb_poll_for_reply(present->connection, present->fence.sequence, &reply,
					&error)) {
		present->pending = false;
		present->lost = reply == NULL;
		free(reply);
		free(error);
	}
	return !present->pending || !present->picture.memory;
}

int x11_present_fd(const struct x11_present *present) {
	return xcb_get_file_descriptor(present->connection);
}

static void free_segment(struct x11_present *present, struct segment *segment) {
	if (segment->memory) {
		wait_put(present);
		xcb_shm_detach(present->connection, segment->id);
		xcb_flush(present->connection);
		shmdt(segment->memory);
		*segment = (struct segment){ .memory = NULL }; /* the next draw tries again */
	}
}

static int make_segment(
		struct x11_present *present, struct segment *segment, int width, int height) {
	free_segment(present, segment);
	const size_t bytes = (size_t)width * (size_t)height * 4;
	const int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
	if (id < 0) {
		return -ENOMEM;
	}
	void *memory = shmat(id, NULL, 0);
	xcb_generic_error_t *error = NULL;
	if (memory != (void *)-1) {
		segment->id = xcb_generate_id(present->connection);
		error = xcb_request_check(
				present->connection, xcb_shm_attach_checked(present->connection,
								     segment->id, (uint32_t)id, 1));
	}
	shmctl(id, IPC_RMID, NULL); /* gone when both sides let go of it */
	if (memory == (void *)-1) {
		return -ENOMEM;
	}
	if (error) { /* a server on another machine */
		free(error);
		shmdt(memory);
		return -EOPNOTSUPP;
	}
	/* Large pages where the system has any for such memory. */
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
	segment->memory = memory;
	segment->width = width;
	segment->height = height;
	return 0;
}

unsigned char *x11_present_make_picture(struct x11_present *present, int width, int height) {
	/* Coordinates in the protocol have 16 bits. */
	if (width < 1 || height < 1 || width > INT16_MAX || height > INT16_MAX ||
			make_segment(present, &present->picture, width, height) < 0) {
		return NULL;
	}
	return present->picture.memory;
}

void x11_present_free_picture(struct x11_present *present) {
	free_segment(present, &present->picture);
}

int x11_present_create(struct x11_present **ret_present, void *display, unsigned long window) {
	uint8_t depth;
	xcb_connection_t *connection = XGetXCBConnection(display);
	const xcb_query_extension_reply_t *shm = xcb_get_extension_data(connection, &xcb_shm_id);
	if (!shm || !shm->present || !format_fits(display, window, &depth)) {
		return -EOPNOTSUPP;
	}
	struct x11_present *present = calloc(1, sizeof *present);
	if (!present) {
		return -ENOMEM;
	}
	present->connection = connection;
	present->window = (xcb_window_t)window;
	present->depth = depth;
	present->gc = xcb_generate_id(connection);
	xcb_create_gc(connection, present->gc, present->window, 0, NULL);
	int r = make_segment(
			present, &present->drawn, 64, 64); /* proves that the server takes it */
	if (r < 0) {
		x11_present_destroy(present);
		return r;
	}
	*ret_present = present;
	return 0;
}

void x11_present_destroy(struct x11_present *present) {
	if (!present) {
		return;
	}
	free_segment(present, &present->drawn);
	free_segment(present, &present->picture);
	xcb_free_gc(present->connection, present->gc);
	xcb_flush(present->connection);
	free(present);
}

/* Whether there is memory for them, and the server has read what is in it. */
static bool make_room(struct x11_present *present, const struct rect *rects, unsigned count) {
	struct segment *drawn = &present->drawn;
	int width = drawn->width, height = drawn->height;
	for (unsigned i = 0; i < count; i++) {
		const int right = rects[i].x + rects[i].width;
		const int bottom = rects[i].y + rects[i].height;
		width = right > width ? right : width;
		height = bottom > height ? bottom : height;
	}
	if ((width != drawn->width || height != drawn->height) &&
			make_segment(present, drawn, width, height) < 0) {
		return false;
	}
	return drawn->memory && wait_put(present);
}

static uint32_t *at(const struct x11_present *present, const struct rect *rect) {
	return (uint32_t *)present->drawn.memory + (size_t)rect->y * (size_t)present->drawn.width +
	       (size_t)rect->x;
}

/* x, y: where the rectangle is in the segment. */
static void put(const struct x11_present *present, const struct segment *segment, int x, int y,
		const struct rect *rect) {
	xcb_shm_put_image(present->connection, present->window, present->gc,
			(uint16_t)segment->width, (uint16_t)segment->height, (uint16_t)x,
			(uint16_t)y, (uint16_t)rect->width, (uint16_t)rect->height,
			(int16_t)rect->x, (int16_t)rect->y, present->depth,
			XCB_IMAGE_FORMAT_Z_PIXMAP, 0, segment->id, 0);
}

/* Of other memory. */
static int put_copy(struct x11_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count) {
	if (!make_room(present, rects, count)) {
		return -EIO;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct rect *rect = &rects[i];
		const unsigned char *from = pixels->memory +
					    (size_t)(rect->y - pixels->at.y) * pixels->stride +
					    (size_t)(rect->x - pixels->at.x) * 4;
		uint32_t *to = at(present, rect);
		for (int row = 0; row < rect->height; row++) {
			memcpy(to, from, (size_t)rect->width * 4);
			to += present->drawn.width;
			from += pixels->stride;
		}
		put(present, &present->drawn, rect->x, rect->y, rect);
	}
	return 0;
}

int x11_present_put(struct x11_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count) {
	if (!present->picture.memory || pixels->memory != present->picture.memory) {
		return put_copy(present, pixels, rects, count);
	}
	if (!wait_put(present)) {
		return -EIO;
	}
	for (unsigned i = 0; i < count; i++) {
		put(present, &present->picture, rects[i].x - pixels->at.x,
				rects[i].y - pixels->at.y, &rects[i]);
	}
	return 0;
}

int x11_present_show(struct x11_present *present, struct gl_target *target,
		const struct rect *rects, unsigned count) {
	if (!make_room(present, rects, count)) {
		return -EIO;
	}
	for (unsigned i = 0; i < count; i++) {
		const struct rect *rect = &rects[i];
		if (rect->width <= 0 || rect->height <= 0) {
			continue;
		}
		gl_target_read_bgra(target, rect->x, rect->y, rect->width, rect->height,
				at(present, rect), present->drawn.width);
		put(present, &present->drawn, rect->x, rect->y, rect);
	}
	present->fence = xcb_get_input_focus_unchecked(present->connection);
	present->pending = true;
	xcb_flush(present->connection);
	return 0;
}
