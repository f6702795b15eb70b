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
#include "client/gl/x11_format.h"
#include "client/gl/x11_times.h"

/* Memory that the server reads. */
struct segment {
	xcb_shm_seg_t id;      /* 0: memory of ours alone */
	unsigned char *memory; /* NULL: none */
	int width, height;
	size_t stride; /* bytes; pixels in the server's form */
};

/* Xlib ends the program on an error that nobody asked for, XCB returns it: hence XCB. */
struct x11_present {
	xcb_connection_t *connection;
	xcb_window_t window;
	xcb_gcontext_t gc;
	struct x11_format format;
	bool socket; /* no shared memory: pixels go through it */

	struct segment drawn; /* at its place in the window: what was drawn, and copies */
	unsigned char *row;   /* one of the window on its way into another format */
	size_t row_bytes;
	struct segment picture; /* x11_present_make_picture() */

	/* A request behind the last put: its answer says that the server has read the segments. */
	bool pending;
	bool lost; /* the connection is */
	xcb_get_input_focus_cookie_t fence;

	struct x11_times *times; /* of the next show; NULL = not wanted */
	uint64_t watch_tag;
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

static bool wait_put(struct x11_present *present) {
	if (!present->pending) {
		return !present->lost;
	}
	present->pending = false;
	xcb_get_input_focus_reply_t *reply =
			xcb_get_input_focus_reply(present->connection, present->fence, NULL);
	free(reply);
	present->lost = !reply;
	return !present->lost;
}

bool x11_present_is_read(struct x11_present *present) {
	void *reply = NULL;
	xcb_generic_error_t *error = NULL;
	if (present->pending && present->picture.memory &&
			xcb_poll_for_reply(present->connection, present->fence.sequence, &reply,
					&error)) {
		present->pending = false;
		present->lost = !reply;
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
		if (segment->id != 0) {
			xcb_shm_detach(present->connection, segment->id);
			xcb_flush(present->connection);
			shmdt(segment->memory);
		} else {
			free(segment->memory);
		}
		*segment = (struct segment){ .memory = NULL }; /* the next draw tries again */
	}
}

static int make_segment(
		struct x11_present *present, struct segment *segment, int width, int height) {
	free_segment(present, segment);
	const size_t stride = x11_format_stride(&present->format, width);
	const size_t bytes = stride * (size_t)height;
	if (present->socket) {
		*segment = (struct segment){ 0, malloc(bytes), width, height, stride };
		return segment->memory ? 0 : -ENOMEM;
	}
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
	segment->stride = stride;
	return 0;
}

unsigned char *x11_present_make_picture(struct x11_present *present, int width, int height) {
	/* Coordinates in the protocol have 16 bits. */
	if (!present->format.as_is || present->socket || width < 1 || height < 1 ||
			width > INT16_MAX || height > INT16_MAX ||
			make_segment(present, &present->picture, width, height) < 0) {
		return NULL;
	}
	return present->picture.memory;
}

void x11_present_free_picture(struct x11_present *present) {
	free_segment(present, &present->picture);
}

int x11_present_create(struct x11_present **ret_present, void *display, unsigned long window,
		bool any_way) {
	struct x11_present *present = calloc(1, sizeof *present);
	if (!present) {
		return -ENOMEM;
	}
	xcb_connection_t *connection = XGetXCBConnection(display);
	const xcb_query_extension_reply_t *shm = xcb_get_extension_data(connection, &xcb_shm_id);
	present->socket = !shm || !shm->present;
	if (!x11_format_of(display, window, &present->format) ||
			(!any_way && (present->socket || !present->format.as_is))) {
		free(present);
		return -EOPNOTSUPP;
	}
	present->connection = connection;
	present->window = (xcb_window_t)window;
	present->gc = xcb_generate_id(connection);
	xcb_create_gc(connection, present->gc, present->window, 0, NULL);
	/* Proves that the server takes it. */
	int r = make_segment(present, &present->drawn, 64, 64);
	if (r == -EOPNOTSUPP && any_way) {
		present->socket = true;
		r = make_segment(present, &present->drawn, 64, 64);
	}
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
	free(present->row);
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

static unsigned char *at(const struct x11_present *present, int x, int y) {
	return present->drawn.memory + (size_t)y * present->drawn.stride +
	       (size_t)x * present->format.bytes;
}

/* As much as a request holds. The server may be slow to take it: then this waits. */
static void put_by_socket(const struct x11_present *present, const struct segment *segment, int x,
		int y, const struct rect *rect) {
	const struct x11_format *format = &present->format;
	const size_t stride = x11_format_stride(format, rect->width);
	const size_t most = (size_t)xcb_get_maximum_request_length(present->connection) * 4 - 64;
	const int rows = (int)(most / stride > 0 ? most / stride : 1);
	unsigned char *packed = malloc(stride * (size_t)rect->height);
	if (!packed) {
		return;
	}
	for (int row = 0; row < rect->height; row++) {
		memcpy(packed + (size_t)row * stride,
				segment->memory + (size_t)(y + row) * segment->stride +
						(size_t)x * format->bytes,
				(size_t)rect->width * format->bytes);
	}
	for (int row = 0; row < rect->height; row += rows) {
		const int now = rect->height - row < rows ? rect->height - row : rows;
		xcb_put_image(present->connection, XCB_IMAGE_FORMAT_Z_PIXMAP, present->window,
				present->gc, (uint16_t)rect->width, (uint16_t)now, (int16_t)rect->x,
				(int16_t)(rect->y + row), 0, format->depth,
				(uint32_t)(stride * (size_t)now), packed + (size_t)row * stride);
	}
	free(packed);
}

/* x, y: where the rectangle is in the segment. */
static void put(const struct x11_present *present, const struct segment *segment, int x, int y,
		const struct rect *rect) {
	if (segment->id == 0) {
		put_by_socket(present, segment, x, y, rect);
		return;
	}
	xcb_shm_put_image(present->connection, present->window, present->gc,
			(uint16_t)segment->width, (uint16_t)segment->height, (uint16_t)x,
			(uint16_t)y, (uint16_t)rect->width, (uint16_t)rect->height,
			(int16_t)rect->x, (int16_t)rect->y, present->format.depth,
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
		for (int row = 0; row < rect->height; row++) {
			x11_format_row(&present->format, from, at(present, rect->x, rect->y + row),
					rect->width);
			from += pixels->stride;
		}
		put(present, &present->drawn, rect->x, rect->y, rect);
	}
	return 0;
}

int x11_present_put(struct x11_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count) {
	if (pixels->memory) {
		return put_copy(present, pixels, rects, count);
	}
	if (!present->picture.memory || !wait_put(present)) {
		return -EIO;
	}
	for (unsigned i = 0; i < count; i++) {
		put(present, &present->picture, rects[i].x - pixels->at.x,
				rects[i].y - pixels->at.y, &rects[i]);
	}
	return 0;
}

/* Into the segment, in the server's form. */
static bool read_target(
		struct x11_present *present, struct gl_target *target, const struct rect *rect) {
	if (present->format.as_is) {
		gl_target_read_bgra(target, rect->x, rect->y, rect->width, rect->height,
				at(present, rect->x, rect->y), (int)(present->drawn.stride / 4));
		return true;
	}
	const size_t bytes = (size_t)rect->width * 4;
	if (present->row_bytes < bytes) {
		free(present->row);
		present->row = malloc(bytes);
		present->row_bytes = present->row ? bytes : 0;
	}
	for (int row = 0; present->row && row < rect->height; row++) {
		gl_target_read_bgra(target, rect->x, rect->y + row, rect->width, 1, present->row,
				rect->width);
		x11_format_row(&present->format, present->row, at(present, rect->x, rect->y + row),
				rect->width);
	}
	return present->row != NULL;
}

void x11_present_watch(struct x11_present *present, struct x11_times *times, uint64_t tag) {
	present->times = times;
	present->watch_tag = tag;
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
		if (!read_target(present, target, rect)) {
			return -ENOMEM;
		}
		put(present, &present->drawn, rect->x, rect->y, rect);
	}
	if (present->times) {
		x11_times_put(present->times, present->watch_tag);
		present->times = NULL;
	}
	present->fence = xcb_get_input_focus_unchecked(present->connection);
	present->pending = true;
	xcb_flush(present->connection);
	return 0;
}
