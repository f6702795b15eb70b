#include "client/gl/wayland_present.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include "client/gl/picture_types.h"
#include "client/gl/pixel_ring.h"
#include "client/gl/region.h"

/* What a buffer of the ring is to the compositor. */
struct shared {
	struct pixel_buffer *buffer;
	struct wl_buffer *wl; /* NULL: none */
	unsigned char *memory;
	size_t bytes;
};

struct wayland_present {
	struct wl_display *display;
	struct wl_event_queue *queue;
	struct wl_surface *surface;
	struct wl_registry *registry;
	struct wl_shm *shm;
	struct pixel_ring ring;
	struct shared shared[PIXEL_RING_BUFFERS];

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
	struct shared *shared = data;
	shared->buffer->busy = false;
}

static const struct wl_buffer_listener buffer_listener = { on_release };

/* ---- buffers ---- */

static void free_shared(struct shared *shared) {
	if (shared->wl) {
		wl_buffer_destroy(shared->wl);
		munmap(shared->memory, shared->bytes);
		shared->wl = NULL;
	}
}

static int map_shared(struct shared *shared, size_t bytes) {
	const int fd = memfd_create("pierglass-picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0) {
		return -ENOMEM;
	}
	void *memory = ftruncate(fd, (off_t)bytes) == 0 ? mmap(NULL, bytes, PROT_READ | PROT_WRITE,
									  MAP_SHARED, fd, 0)
							: MAP_FAILED;
	if (memory == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	/* Large pages where the system has any for such memory. */
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
	shared->memory = memory;
	shared->bytes = bytes;
	return fd;
}

static int make_buffer(struct pixel_buffer *buffer, int width, int height, void *data) {
	struct wayland_present *present = data;
	struct shared *shared = &present->shared[buffer - present->ring.buffers];
	const size_t bytes = (size_t)width * (size_t)height * 4;
	free_shared(shared);
	const int fd = bytes > INT32_MAX ? -ENOMEM : map_shared(shared, bytes);
	if (fd < 0) {
		return fd;
	}
	struct wl_shm_pool *pool = wl_shm_create_pool(present->shm, fd, (int32_t)bytes);
	shared->wl = wl_shm_pool_create_buffer(
			pool, 0, width, height, width * 4, WL_SHM_FORMAT_XRGB8888);
	wl_shm_pool_destroy(pool);
	close(fd);
	wl_buffer_add_listener(shared->wl, &buffer_listener, shared);
	buffer->memory = shared->memory;
	buffer->width = width;
	buffer->height = height;
	return 0;
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
	present->ring.make = make_buffer;
	present->ring.data = present;
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		present->shared[i].buffer = &present->ring.buffers[i];
	}
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
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		free_shared(&present->shared[i]);
	}
	pixel_ring_finish(&present->ring);
	if (present->shm) {
		wl_shm_destroy(present->shm);
	}
	wl_registry_destroy(present->registry);
	free(present);
}

/* ---- showing ---- */

bool wayland_present_has_buffer(const struct wayland_present *present) {
	return pixel_ring_has_buffer(&present->ring);
}

struct pixel_ring *wayland_present_ring(struct wayland_present *present) {
	return &present->ring;
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

static void commit(
		struct wayland_present *present, struct wl_buffer *wl, const struct region *now) {
	wl_surface_attach(present->surface, wl, 0, 0);
	if (wl_proxy_get_version((struct wl_proxy *)present->surface) >=
			WL_SURFACE_DAMAGE_BUFFER_SINCE_VERSION) {
		for (unsigned i = 0; i < now->count; i++) {
			const struct rect *r = &now->rects[i];
			wl_surface_damage_buffer(present->surface, r->x, r->y, r->width, r->height);
		}
	} else {
		wl_surface_damage(present->surface, 0, 0, INT32_MAX, INT32_MAX);
	}
	wl_surface_commit(present->surface);
	wl_display_flush(present->display);
}

int wayland_present_show(struct wayland_present *present, int width, int height,
		struct gl_target *target, const struct rect *rects, unsigned count) {
	struct pixel_buffer *buffer = pixel_ring_show(&present->ring, width, height,
			&present->pixels, &present->put, target, rects, count);
	if (!buffer) {
		return wl_display_get_error(present->display) != 0 ? -EIO : -ENOMEM;
	}
	struct region now = present->put;
	for (unsigned i = 0; i < count; i++) {
		region_add(&now, &rects[i]);
	}
	commit(present, present->shared[buffer - present->ring.buffers].wl, &now);
	region_clear(&present->put);
	return 0;
}
