#include "client/gl/wayland_present.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include "client/gl/gl_target.h"
#include "client/gl/picture_types.h"
#include "client/gl/region.h"

/* One is shown, one may still be read, one is filled. */
#define BUFFERS 3

struct buffer {
	struct wl_buffer *wl; /* NULL: none */
	unsigned char *memory;
	size_t bytes;
	int width, height;
	bool busy;           /* the compositor has it */
	struct region stale; /* what other buffers have shown since this one was */
};

struct wayland_present {
	struct wl_display *display;
	struct wl_event_queue *queue;
	struct wl_surface *surface;
	struct wl_registry *registry;
	struct wl_shm *shm;
	struct buffer buffers[BUFFERS];
	struct buffer *shown; /* last; NULL: none */

	/* Until the next wayland_present_show(); rectangles as they came. */
	struct egl_pixels pixels;
	struct region put;
};

/* ---- the compositor ---- */

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
		const char *interface, uint32_t version) {
	(void)version;
	struct wayland_present *present = data;
	if (!present->shm && strcmp(interface, wl_shm_interface.name) == 0) {
		present->shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
	}
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data;
	(void)registry;
	(void)name;
}

static const struct wl_registry_listener registry_listener = { on_global, on_global_remove };

static void on_release(void *data, struct wl_buffer *wl) {
	(void)wl;
	struct buffer *buffer = data;
	buffer->busy = false;
}

static const struct wl_buffer_listener buffer_listener = { on_release };

/* ---- buffers ---- */

static void free_buffer(struct wayland_present *present, struct buffer *buffer) {
	if (buffer->wl) {
		wl_buffer_destroy(buffer->wl);
		munmap(buffer->memory, buffer->bytes);
	}
	if (present->shown == buffer) {
		present->shown = NULL;
	}
	*buffer = (struct buffer){ .wl = NULL };
}

static int make_buffer(
		struct wayland_present *present, struct buffer *buffer, int width, int height) {
	free_buffer(present, buffer);
	const size_t bytes = (size_t)width * (size_t)height * 4;
	if (bytes > INT32_MAX) {
		return -ENOMEM;
	}
	const int fd = memfd_create("pierglass-picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0) {
		if (fd >= 0) {
			close(fd);
		}
		return -ENOMEM;
	}
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	struct wl_shm_pool *pool = wl_shm_create_pool(present->shm, fd, (int32_t)bytes);
	buffer->wl = wl_shm_pool_create_buffer(
			pool, 0, width, height, width * 4, WL_SHM_FORMAT_XRGB8888);
	wl_shm_pool_destroy(pool);
	close(fd);
	wl_buffer_add_listener(buffer->wl, &buffer_listener, buffer);
	buffer->memory = memory;
	buffer->bytes = bytes;
	buffer->width = width;
	buffer->height = height;
	region_add_all(&buffer->stale);
	return 0;
}

/* One that the compositor does not have, of that size: one that there is already before a new one.
 * NULL: there is none. */
static struct buffer *take_buffer(struct wayland_present *present, int width, int height) {
	struct buffer *found = NULL;
	for (unsigned i = 0; i < BUFFERS; i++) {
		struct buffer *buffer = &present->buffers[i];
		const bool fits = buffer->wl && buffer->width == width && buffer->height == height;
		if (!buffer->busy && (!found || fits)) {
			found = buffer;
			if (fits) {
				return found;
			}
		}
	}
	return found && make_buffer(present, found, width, height) == 0 ? found : NULL;
}

/* ---- life ---- */

int wayland_present_create(struct wayland_present **ret_present, struct wl_display *display,
		struct wl_event_queue *queue, struct wl_surface *surface) {
	struct wayland_present *present = calloc(1, sizeof *present);
	struct wl_display *wrapper = wl_proxy_create_wrapper(display);
	if (!present || !wrapper) {
		free(present);
		if (wrapper) {
			wl_proxy_wrapper_destroy(wrapper);
		}
		return -ENOMEM;
	}
	present->display = display;
	present->queue = queue;
	present->surface = surface;
	wl_proxy_set_queue((struct wl_proxy *)wrapper, queue);
	present->registry = wl_display_get_registry(wrapper);
	wl_proxy_wrapper_destroy(wrapper);
	wl_registry_add_listener(present->registry, &registry_listener, present);
	if (wl_display_roundtrip_queue(display, queue) < 0 || !present->shm) {
		wayland_present_destroy(present);
		return -EOPNOTSUPP;
	}
	*ret_present = present;
	return 0;
}

void wayland_present_destroy(struct wayland_present *present) {
	if (!present) {
		return;
	}
	for (unsigned i = 0; i < BUFFERS; i++) {
		free_buffer(present, &present->buffers[i]);
	}
	if (present->shm) {
		wl_shm_destroy(present->shm);
	}
	wl_registry_destroy(present->registry);
	free(present);
}

/* ---- showing ---- */

bool wayland_present_has_buffer(const struct wayland_present *present) {
	for (unsigned i = 0; i < BUFFERS; i++) {
		if (!present->buffers[i].busy) {
			return true;
		}
	}
	return false;
}

void wayland_present_put(struct wayland_present *present, const struct egl_pixels *pixels,
		const struct rect *rects, unsigned count) {
	present->pixels = *pixels;
	region_clear(&present->put);
	for (unsigned i = 0; i < count; i++) {
		region_add(&present->put, &rects[i]);
	}
}

void wayland_present_drop(struct wayland_present *present) {
	region_clear(&present->put);
}

static unsigned char *at(const struct buffer *buffer, const struct rect *rect) {
	return buffer->memory + ((size_t)rect->y * (size_t)buffer->width + (size_t)rect->x) * 4;
}

static void copy(struct buffer *buffer, const struct rect *rect, const unsigned char *from,
		size_t from_stride) {
	unsigned char *to = at(buffer, rect);
	for (int row = 0; row < rect->height; row++) {
		memcpy(to, from, (size_t)rect->width * 4);
		to += (size_t)buffer->width * 4;
		from += from_stride;
	}
}

/* What other buffers have shown since, but for what comes now anyway: rects, and what was put. */
static void bring_up(struct wayland_present *present, struct buffer *buffer,
		const struct rect *rects, unsigned count) {
	const struct buffer *shown = present->shown;
	if (!shown || shown == buffer || shown->width != buffer->width ||
			shown->height != buffer->height) {
		return;
	}
	struct region lacks = buffer->stale, unused = { .count = 0 };
	region_finish(&lacks, buffer->width, buffer->height);
	for (unsigned i = 0; i < present->put.count; i++) {
		(void)region_cut(&lacks, &present->put.rects[i], &unused);
	}
	for (unsigned i = 0; i < count; i++) {
		(void)region_cut(&lacks, &rects[i], &unused);
	}
	for (unsigned i = 0; i < lacks.count; i++) {
		copy(buffer, &lacks.rects[i], at(shown, &lacks.rects[i]), (size_t)shown->width * 4);
	}
}

static void commit(
		struct wayland_present *present, struct buffer *buffer, const struct region *now) {
	wl_surface_attach(present->surface, buffer->wl, 0, 0);
	if (wl_proxy_get_version((struct wl_proxy *)present->surface) >=
			WL_SURFACE_DAMAGE_BUFFER_SINCE_VERSION) {
		for (unsigned i = 0; i < now->count; i++) {
			const struct rect *r = &now->rects[i];
			wl_surface_damage_buffer(present->surface, r->x, r->y, r->width, r->height);
		}
	} else {
		wl_surface_damage(present->surface, 0, 0, INT32_MAX, INT32_MAX);
	}
	buffer->busy = true;
	wl_surface_commit(present->surface);
	wl_display_flush(present->display);
}

int wayland_present_show(struct wayland_present *present, int width, int height,
		struct gl_target *target, const struct rect *rects, unsigned count) {
	struct buffer *buffer = take_buffer(present, width, height);
	if (!buffer) {
		return wl_display_get_error(present->display) != 0 ? -EIO : -ENOMEM;
	}
	struct region now = present->put;
	for (unsigned i = 0; i < count; i++) {
		region_add(&now, &rects[i]);
	}
	bring_up(present, buffer, rects, count);
	const struct egl_pixels *pixels = &present->pixels;
	for (unsigned i = 0; i < present->put.count; i++) {
		const struct rect *rect = &present->put.rects[i];
		copy(buffer, rect,
				pixels->memory + (size_t)(rect->y - pixels->at.y) * pixels->stride +
						(size_t)(rect->x - pixels->at.x) * 4,
				pixels->stride);
	}
	for (unsigned i = 0; i < count; i++) {
		if (rects[i].width > 0 && rects[i].height > 0) {
			gl_target_read_bgra(target, rects[i].x, rects[i].y, rects[i].width,
					rects[i].height, at(buffer, &rects[i]), buffer->width);
		}
	}
	commit(present, buffer, &now);
	for (unsigned i = 0; i < BUFFERS; i++) {
		region_add_region(&present->buffers[i].stale, &now);
	}
	region_clear(&buffer->stale);
	present->shown = buffer;
	region_clear(&present->put);
	return 0;
}
