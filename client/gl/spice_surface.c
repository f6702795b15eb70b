#include "client/gl/spice_surface.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fallback {
	pthread_mutex_t lock;

	/* under the lock */
	uint32_t *pixels;
	uint32_t width, height;
	struct frame_rect shown; /* lies inside */
	uint32_t generation;
	unsigned damage_count;
	struct frame_rect damage[FALLBACK_DAMAGE_MAX];
	bool changed; /* since the lock was taken */

	struct cursor_shape *shape;
	bool has_shape;
	uint32_t shape_serial;
	struct fallback_pointer pointer;

	void (*wake)(void *data);
	void *wake_data;
};

int fallback_create(struct fallback **ret_fallback) {
	struct fallback *fallback = calloc(1, sizeof *fallback);
	if (fallback == NULL) {
		return -ENOMEM;
	}
	fallback->shape = calloc(1, sizeof *fallback->shape);
	if (fallback->shape == NULL) {
		free(fallback);
		return -ENOMEM;
	}
	pthread_mutex_init(&fallback->lock, NULL);
	*ret_fallback = fallback;
	return 0;
}

void fallback_destroy(struct fallback *fallback) {
	if (fallback == NULL) {
		return;
	}
	pthread_mutex_destroy(&fallback->lock);
	free(fallback->pixels);
	free(fallback->shape);
	free(fallback);
}

void fallback_set_wake(struct fallback *fallback, void (*wake)(void *data), void *data) {
	pthread_mutex_lock(&fallback->lock);
	fallback->wake = wake;
	fallback->wake_data = data;
	pthread_mutex_unlock(&fallback->lock);
}

/* Releases the lock. The wake runs under it, so that fallback_set_wake(NULL) means "never again";
 * it only sets a flag and signals. */
static void unlock_and_wake(struct fallback *fallback) {
	if (fallback->wake != NULL) {
		fallback->wake(fallback->wake_data);
	}
	pthread_mutex_unlock(&fallback->lock);
}

static void damage_all(struct fallback *fallback) {
	fallback->damage_count = 1;
	fallback->damage[0] = (struct frame_rect){ 0, 0, fallback->width, fallback->height };
	fallback->changed = true;
}

int fallback_resize(struct fallback *fallback, uint32_t width, uint32_t height) {
	if (width == 0 || height == 0 || width > FALLBACK_SIDE_MAX || height > FALLBACK_SIDE_MAX) {
		return -EINVAL;
	}
	uint32_t *pixels = calloc((size_t)width * height, sizeof *pixels);
	if (pixels == NULL) {
		return -ENOMEM;
	}
	pthread_mutex_lock(&fallback->lock);
	uint32_t *old = fallback->pixels;
	fallback->pixels = pixels;
	fallback->width = width;
	fallback->height = height;
	fallback->shown = (struct frame_rect){ 0, 0, width, height };
	fallback->generation++;
	damage_all(fallback);
	pthread_mutex_unlock(&fallback->lock); /* black is not worth a swap: the first draw wakes */
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

void fallback_crop(struct fallback *fallback, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height) {
	pthread_mutex_lock(&fallback->lock);
	const struct frame_rect whole = { 0, 0, fallback->width, fallback->height };
	struct frame_rect shown = { x, y, width, height };
	if (!clip(&shown, &whole)) {
		shown = whole;
	}
	if (memcmp(&shown, &fallback->shown, sizeof shown) == 0) {
		pthread_mutex_unlock(&fallback->lock);
		return;
	}
	fallback->shown = shown;
	fallback->generation++;
	damage_all(fallback);
	unlock_and_wake(fallback);
}

void fallback_clear(struct fallback *fallback) {
	pthread_mutex_lock(&fallback->lock);
	uint32_t *old = fallback->pixels;
	fallback->pixels = NULL;
	fallback->width = 0;
	fallback->height = 0;
	fallback->shown = (struct frame_rect){ 0 };
	fallback->generation++;
	fallback->damage_count = 0;
	fallback->pointer.known = false;
	unlock_and_wake(fallback);
	free(old);
}

void fallback_lock(struct fallback *fallback, struct fallback_surface *ret_surface) {
	pthread_mutex_lock(&fallback->lock);
	fallback->changed = false;
	*ret_surface = (struct fallback_surface){
		.pixels = fallback->pixels,
		.width = fallback->width,
		.height = fallback->height,
		.stride = fallback->width,
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

void fallback_damage(struct fallback *fallback, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height) {
	if (fallback->pixels == NULL || x >= fallback->width || y >= fallback->height ||
			width == 0 || height == 0) {
		return;
	}
	if (width > fallback->width - x) {
		width = fallback->width - x;
	}
	if (height > fallback->height - y) {
		height = fallback->height - y;
	}
	fallback->changed = true;
	const struct frame_rect rect = { x, y, width, height };
	if (fallback->damage_count < FALLBACK_DAMAGE_MAX) {
		fallback->damage[fallback->damage_count++] = rect;
		return;
	}
	/* Too many: one rectangle around them all. */
	for (unsigned i = 1; i < fallback->damage_count; i++) {
		cover(&fallback->damage[0], &fallback->damage[i]);
	}
	cover(&fallback->damage[0], &rect);
	fallback->damage_count = 1;
}

void fallback_unlock(struct fallback *fallback) {
	if (fallback->changed) {
		unlock_and_wake(fallback);
	} else {
		pthread_mutex_unlock(&fallback->lock);
	}
}

void fallback_set_cursor(struct fallback *fallback, const struct cursor_shape *shape) {
	pthread_mutex_lock(&fallback->lock);
	fallback->has_shape = shape != NULL && shape->width > 0 && shape->height > 0 &&
			      shape->width <= CURSOR_SIDE_MAX && shape->height <= CURSOR_SIDE_MAX;
	if (fallback->has_shape) {
		const size_t count = (size_t)shape->width * shape->height;
		fallback->shape->width = shape->width;
		fallback->shape->height = shape->height;
		fallback->shape->hot_x = shape->hot_x;
		fallback->shape->hot_y = shape->hot_y;
		fallback->shape->has_invert = shape->has_invert;
		memcpy(fallback->shape->color, shape->color, count * sizeof shape->color[0]);
		memcpy(fallback->shape->invert, shape->invert, count * sizeof shape->invert[0]);
		if (++fallback->shape_serial == 0) {
			fallback->shape_serial = 1;
		}
		fallback->shape->serial = fallback->shape_serial;
	}
	unlock_and_wake(fallback);
}

void fallback_move_cursor(struct fallback *fallback, int x, int y, bool visible) {
	pthread_mutex_lock(&fallback->lock);
	fallback->pointer.known = true;
	fallback->pointer.visible = visible;
	fallback->pointer.x = x;
	fallback->pointer.y = y;
	unlock_and_wake(fallback);
}

void fallback_take(struct fallback *fallback, struct fallback_view *ret_view) {
	pthread_mutex_lock(&fallback->lock);
	const struct frame_rect *shown = &fallback->shown;
	ret_view->pixels = fallback->pixels;
	if (fallback->pixels != NULL) {
		ret_view->pixels += (size_t)shown->y * fallback->width + shown->x;
	}
	ret_view->width = shown->width;
	ret_view->height = shown->height;
	ret_view->stride = fallback->width;
	ret_view->generation = fallback->generation;
	ret_view->damage_count = 0;
	for (unsigned i = 0; i < fallback->damage_count; i++) {
		struct frame_rect rect = fallback->damage[i];
		if (clip(&rect, shown)) {
			rect.x -= shown->x;
			rect.y -= shown->y;
			ret_view->damage[ret_view->damage_count++] = rect;
		}
	}
}

void fallback_take_done(struct fallback *fallback, bool uploaded) {
	if (uploaded) {
		fallback->damage_count = 0;
	}
	pthread_mutex_unlock(&fallback->lock);
}

void fallback_get_pointer(struct fallback *fallback, struct fallback_pointer *ret_pointer) {
	pthread_mutex_lock(&fallback->lock);
	*ret_pointer = fallback->pointer;
	ret_pointer->x -= (int)fallback->shown.x;
	ret_pointer->y -= (int)fallback->shown.y;
	ret_pointer->shape_serial = fallback->has_shape ? fallback->shape_serial : 0;
	pthread_mutex_unlock(&fallback->lock);
}

bool fallback_get_cursor(struct fallback *fallback, struct cursor_shape *ret_shape) {
	pthread_mutex_lock(&fallback->lock);
	const bool has = fallback->has_shape;
	if (has) {
		const struct cursor_shape *shape = fallback->shape;
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
	pthread_mutex_unlock(&fallback->lock);
	return has;
}
