#include "client/gl/spice_surface.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct spice_surface {
	pthread_mutex_t lock;

	/* under the lock */
	uint32_t *pixels;
	uint32_t width, height;
	struct frame_rect shown; /* lies inside */
	uint32_t generation;
	unsigned damage_count;
	struct frame_rect damage[SPICE_SURFACE_DAMAGE_MAX];
	bool changed; /* since the lock was taken */

	struct cursor_shape *shape;
	bool has_shape;
	uint32_t shape_serial;
	struct spice_surface_pointer pointer;

	void (*wake)(void *data);
	void *wake_data;
};

int spice_surface_create(struct spice_surface **ret_surface) {
	struct spice_surface *spice_surface = calloc(1, sizeof *spice_surface);
	if (!spice_surface) {
		return -ENOMEM;
	}
	spice_surface->shape = calloc(1, sizeof *spice_surface->shape);
	if (!spice_surface->shape) {
		free(spice_surface);
		return -ENOMEM;
	}
	pthread_mutex_init(&spice_surface->lock, NULL);
	*ret_surface = spice_surface;
	return 0;
}

void spice_surface_destroy(struct spice_surface *spice_surface) {
	if (!spice_surface) {
		return;
	}
	pthread_mutex_destroy(&spice_surface->lock);
	free(spice_surface->pixels);
	free(spice_surface->shape);
	free(spice_surface);
}

void spice_surface_set_wake(
		struct spice_surface *spice_surface, void (*wake)(void *data), void *data) {
	pthread_mutex_lock(&spice_surface->lock);
	spice_surface->wake = wake;
	spice_surface->wake_data = data;
	pthread_mutex_unlock(&spice_surface->lock);
}

/* Releases the lock. The wake runs under it, so that spice_surface_set_wake(NULL) means "never
 * again"; it only sets a flag and signals. */
static void unlock_and_wake(struct spice_surface *spice_surface) {
	if (spice_surface->wake) {
		spice_surface->wake(spice_surface->wake_data);
	}
	pthread_mutex_unlock(&spice_surface->lock);
}

static void damage_all(struct spice_surface *spice_surface) {
	spice_surface->damage_count = 1;
	spice_surface->damage[0] =
			(struct frame_rect){ 0, 0, spice_surface->width, spice_surface->height };
	spice_surface->changed = true;
}

int spice_surface_resize(struct spice_surface *spice_surface, uint32_t width, uint32_t height) {
	if (width == 0 || height == 0 || width > SPICE_SURFACE_SIDE_MAX ||
			height > SPICE_SURFACE_SIDE_MAX) {
		return -EINVAL;
	}
	uint32_t *pixels = calloc((size_t)width * height, sizeof *pixels);
	if (!pixels) {
		return -ENOMEM;
	}
	pthread_mutex_lock(&spice_surface->lock);
	uint32_t *old = spice_surface->pixels;
	spice_surface->pixels = pixels;
	spice_surface->width = width;
	spice_surface->height = height;
	spice_surface->shown = (struct frame_rect){ 0, 0, width, height };
	spice_surface->generation++;
	damage_all(spice_surface);
	pthread_mutex_unlock(
			&spice_surface->lock); /* black is not worth a swap: the first draw wakes */
	free(old);
	return 0;
}

/* The part of rect that lies inside `within`; false if there is none. */
static bool clip(struct frame_rect *rect, const struct frame_rect *within) {
	const uint64_t right = (uint64_t)rect->x + rect->width;
	const uint64_t bottom = (uint64_t)rect->y + rect->height;
	const uint64_t max_right = (uint64_t)within->x + within->width;
	const uint64_t max_bottom = (uint64_t)within->y + within->height;
	rect->x = rect->x > within->x ? rect->x : within->x;
	rect->y = rect->y > within->y ? rect->y : within->y;
	const uint64_t to_x = right < max_right ? right : max_right;
	const uint64_t to_y = bottom < max_bottom ? bottom : max_bottom;
	if (to_x <= rect->x || to_y <= rect->y) {
		return false;
	}
	rect->width = (uint32_t)(to_x - rect->x);
	rect->height = (uint32_t)(to_y - rect->y);
	return true;
}

void spice_surface_crop(struct spice_surface *spice_surface, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height) {
	pthread_mutex_lock(&spice_surface->lock);
	const struct frame_rect whole = { 0, 0, spice_surface->width, spice_surface->height };
	struct frame_rect shown = { x, y, width, height };
	if (!clip(&shown, &whole)) {
		shown = whole;
	}
	if (memcmp(&shown, &spice_surface->shown, sizeof shown) == 0) {
		pthread_mutex_unlock(&spice_surface->lock);
		return;
	}
	spice_surface->shown = shown;
	spice_surface->generation++;
	damage_all(spice_surface);
	unlock_and_wake(spice_surface);
}

void spice_surface_clear(struct spice_surface *spice_surface) {
	pthread_mutex_lock(&spice_surface->lock);
	uint32_t *old = spice_surface->pixels;
	spice_surface->pixels = NULL;
	spice_surface->width = 0;
	spice_surface->height = 0;
	spice_surface->shown = (struct frame_rect){ 0 };
	spice_surface->generation++;
	spice_surface->damage_count = 0;
	spice_surface->pointer.known = false;
	unlock_and_wake(spice_surface);
	free(old);
}

void spice_surface_lock(
		struct spice_surface *spice_surface, struct spice_surface_pixels *ret_surface) {
	pthread_mutex_lock(&spice_surface->lock);
	spice_surface->changed = false;
	*ret_surface = (struct spice_surface_pixels){
		.pixels = spice_surface->pixels,
		.width = spice_surface->width,
		.height = spice_surface->height,
		.stride = spice_surface->width,
	};
}

/* Grows `into` so that it covers `rect`. */
static void cover(struct frame_rect *into, const struct frame_rect *rect) {
	uint32_t right = into->x + into->width;
	uint32_t bottom = into->y + into->height;
	if (rect->x + rect->width > right) {
		right = rect->x + rect->width;
	}
	if (rect->y + rect->height > bottom) {
		bottom = rect->y + rect->height;
	}
	into->x = rect->x < into->x ? rect->x : into->x;
	into->y = rect->y < into->y ? rect->y : into->y;
	into->width = right - into->x;
	into->height = bottom - into->y;
}

void spice_surface_damage(struct spice_surface *spice_surface, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height) {
	if (!spice_surface->pixels || x >= spice_surface->width || y >= spice_surface->height ||
			width == 0 || height == 0) {
		return;
	}
	if (width > spice_surface->width - x) {
		width = spice_surface->width - x;
	}
	if (height > spice_surface->height - y) {
		height = spice_surface->height - y;
	}
	spice_surface->changed = true;
	const struct frame_rect rect = { x, y, width, height };
	if (spice_surface->damage_count < SPICE_SURFACE_DAMAGE_MAX) {
		spice_surface->damage[spice_surface->damage_count++] = rect;
		return;
	}
	/* Too many: one rectangle around them all. */
	for (unsigned i = 1; i < spice_surface->damage_count; i++) {
		cover(&spice_surface->damage[0], &spice_surface->damage[i]);
	}
	cover(&spice_surface->damage[0], &rect);
	spice_surface->damage_count = 1;
}

void spice_surface_unlock(struct spice_surface *spice_surface) {
	if (spice_surface->changed) {
		unlock_and_wake(spice_surface);
	} else {
		pthread_mutex_unlock(&spice_surface->lock);
	}
}

void spice_surface_set_cursor(
		struct spice_surface *spice_surface, const struct cursor_shape *shape) {
	pthread_mutex_lock(&spice_surface->lock);
	spice_surface->has_shape = shape != NULL && shape->width > 0 && shape->height > 0 &&
				   shape->width <= CURSOR_SIDE_MAX &&
				   shape->height <= CURSOR_SIDE_MAX;
	if (spice_surface->has_shape) {
		const size_t count = (size_t)shape->width * shape->height;
		spice_surface->shape->width = shape->width;
		spice_surface->shape->height = shape->height;
		spice_surface->shape->hot_x = shape->hot_x;
		spice_surface->shape->hot_y = shape->hot_y;
		spice_surface->shape->has_invert = shape->has_invert;
		memcpy(spice_surface->shape->color, shape->color, count * sizeof shape->color[0]);
		memcpy(spice_surface->shape->invert, shape->invert,
				count * sizeof shape->invert[0]);
		if (++spice_surface->shape_serial == 0) {
			spice_surface->shape_serial = 1;
		}
		spice_surface->shape->serial = spice_surface->shape_serial;
	}
	unlock_and_wake(spice_surface);
}

void spice_surface_move_cursor(struct spice_surface *spice_surface, int x, int y, bool visible) {
	pthread_mutex_lock(&spice_surface->lock);
	spice_surface->pointer.known = true;
	spice_surface->pointer.visible = visible;
	spice_surface->pointer.x = x;
	spice_surface->pointer.y = y;
	unlock_and_wake(spice_surface);
}

void spice_surface_take(struct spice_surface *spice_surface, struct spice_surface_view *ret_view) {
	pthread_mutex_lock(&spice_surface->lock);
	const struct frame_rect *shown = &spice_surface->shown;
	ret_view->pixels = spice_surface->pixels;
	if (spice_surface->pixels) {
		ret_view->pixels += (size_t)shown->y * spice_surface->width + shown->x;
	}
	ret_view->width = shown->width;
	ret_view->height = shown->height;
	ret_view->stride = spice_surface->width;
	ret_view->generation = spice_surface->generation;
	ret_view->damage_count = 0;
	for (unsigned i = 0; i < spice_surface->damage_count; i++) {
		struct frame_rect rect = spice_surface->damage[i];
		if (clip(&rect, shown)) {
			rect.x -= shown->x;
			rect.y -= shown->y;
			ret_view->damage[ret_view->damage_count++] = rect;
		}
	}
}

void spice_surface_take_done(struct spice_surface *spice_surface, bool uploaded) {
	if (uploaded) {
		spice_surface->damage_count = 0;
	}
	pthread_mutex_unlock(&spice_surface->lock);
}

void spice_surface_get_pointer(
		struct spice_surface *spice_surface, struct spice_surface_pointer *ret_pointer) {
	pthread_mutex_lock(&spice_surface->lock);
	*ret_pointer = spice_surface->pointer;
	ret_pointer->x -= (int)spice_surface->shown.x;
	ret_pointer->y -= (int)spice_surface->shown.y;
	ret_pointer->shape_serial = spice_surface->has_shape ? spice_surface->shape_serial : 0;
	pthread_mutex_unlock(&spice_surface->lock);
}

bool spice_surface_get_cursor(struct spice_surface *spice_surface, struct cursor_shape *ret_shape) {
	pthread_mutex_lock(&spice_surface->lock);
	const bool has = spice_surface->has_shape;
	if (has) {
		const struct cursor_shape *shape = spice_surface->shape;
		const size_t count = (size_t)shape->width * shape->height;
		ret_shape->serial = shape->serial;
		ret_shape->width = shape->width;
		ret_shape->height = shape->height;
		ret_shape->hot_x = shape->hot_x;
		ret_shape->hot_y = shape->hot_y;
		ret_shape->has_invert = shape->has_invert;
		memcpy(ret_shape->color, shape->color, count * sizeof shape->color[0]);
		memcpy(ret_shape->invert, shape->invert, count * sizeof shape->invert[0]);
	}
	pthread_mutex_unlock(&spice_surface->lock);
	return has;
}
