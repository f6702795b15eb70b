#include "client/render/plain_scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/gl/picture_types.h"
#include "client/render/layout.h"

/* Where a column of the window lies in a row of the image. */
struct plain_column {
	uint32_t left, right;
	uint32_t weight; /* of right, of 256 */
};

/* a where weight is 0, b where it is 256. */
static inline uint32_t mix(uint32_t a, uint32_t b, uint32_t weight) {
	const uint32_t outer = ((a & 0xff00ff) * (256 - weight) + (b & 0xff00ff) * weight) >> 8;
	const uint32_t inner = ((a >> 8 & 0xff) * (256 - weight) + (b >> 8 & 0xff) * weight);
	return (outer & 0xff00ff) | (inner & 0xff00);
}

static void dim(uint32_t *pixels, int count, unsigned level) {
	for (int i = 0; level < 256 && i < count; i++) {
		pixels[i] = mix(0, pixels[i], level);
	}
}

static bool reserve(void **memory, size_t *size, size_t bytes) {
	if (*size < bytes) {
		free(*memory);
		*memory = calloc(1, bytes);
		*size = *memory ? bytes : 0;
	}
	return *memory != NULL;
}

void plain_scale_finish(struct plain_scale *scale) {
	free(scale->row);
	free(scale->columns);
	*scale = (struct plain_scale){ .row = NULL };
}

/* ---- upright ---- */

static uint32_t clamp(int at, uint32_t side) {
	return at < 0 ? 0 : at >= (int)side ? side - 1 : (uint32_t)at;
}

/* A place along one axis, in pixels of the image. */
static struct plain_column column_at(double at, uint32_t side, bool linear) {
	if (!linear) {
		const uint32_t i = clamp((int)floor(at), side);
		return (struct plain_column){ i, i, 0 };
	}
	const double from = at - 0.5;
	const int left = (int)floor(from);
	return (struct plain_column){ clamp(left, side), clamp(left + 1, side),
		(uint32_t)((from - left) * 256) };
}

static bool make_columns(struct plain_scale *scale, const struct layout *layout, bool linear,
		const struct rect *rect) {
	void *columns = scale->columns;
	const bool ok = reserve(&columns, &scale->columns_size,
			(size_t)rect->width * sizeof *scale->columns);
	scale->columns = columns;
	for (int i = 0; ok && i < rect->width; i++) {
		const double at = (double)layout->to_image[0] * (rect->x + i + 0.5) +
				  (double)layout->to_image[2];
		scale->columns[i] = column_at(at, layout->image_width, linear);
	}
	return ok;
}

/* Columns [first, last] of two rows of the image, weighed; or the row itself. */
static const uint32_t *weigh(struct plain_scale *scale, const struct plain_image *image,
		const struct plain_column *at, uint32_t first, uint32_t last) {
	const uint32_t *upper = image->pixels + at->left * image->stride;
	const uint32_t *lower = image->pixels + at->right * image->stride;
	if (at->weight == 0 || upper == lower) {
		return upper;
	}
	uint32_t *row = scale->row;
	const uint32_t weight = at->weight;
	for (uint32_t x = first; x <= last; x++) {
		row[x] = mix(upper[x], lower[x], weight);
	}
	return row;
}

static bool draw_upright(struct plain_scale *scale, const struct plain_image *image,
		const struct layout *layout, bool linear, unsigned level, uint32_t *target,
		size_t stride, const struct rect *rect) {
	void *row = scale->row;
	const bool room = reserve(&row, &scale->row_size, layout->image_width * sizeof *scale->row);
	scale->row = row;
	if (!room || !make_columns(scale, layout, linear, rect)) {
		return false;
	}
	const struct plain_column *columns = scale->columns;
	struct plain_column before = { 0, 0, 0 };
	for (int y = 0; y < rect->height; y++) {
		const struct plain_column at =
				column_at((double)layout->to_image[4] * (rect->y + y + 0.5) +
								(double)layout->to_image[5],
						layout->image_height, linear);
		uint32_t *to = target + (size_t)(rect->y + y) * stride + (size_t)rect->x;
		if (y > 0 && memcmp(&at, &before, sizeof at) == 0) {
			memcpy(to, to - stride, (size_t)rect->width * 4);
			continue;
		}
		before = at;
		const uint32_t *from = weigh(
				scale, image, &at, columns[0].left, columns[rect->width - 1].right);
		for (int x = 0; x < rect->width; x++) {
			to[x] = linear ? mix(from[columns[x].left], from[columns[x].right],
							 columns[x].weight)
				       : from[columns[x].left];
		}
		dim(to, rect->width, level);
	}
	return true;
}

/* ---- turned ---- */

static uint32_t pixel(const struct plain_image *image, const struct plain_column *x,
		const struct plain_column *y) {
	const uint32_t *upper = image->pixels + y->left * image->stride;
	const uint32_t *lower = image->pixels + y->right * image->stride;
	return mix(mix(upper[x->left], upper[x->right], x->weight),
			mix(lower[x->left], lower[x->right], x->weight), y->weight);
}

static void draw_turned(const struct plain_image *image, const struct layout *layout, bool linear,
		unsigned level, uint32_t *target, size_t stride, const struct rect *rect) {
	double m[6];
	for (int i = 0; i < 6; i++) {
		m[i] = (double)layout->to_image[i];
	}
	for (int y = rect->y; y < rect->y + rect->height; y++) {
		uint32_t *to = target + (size_t)y * stride + (size_t)rect->x;
		for (int x = 0; x < rect->width; x++) {
			const double at_x = rect->x + x + 0.5, at_y = y + 0.5;
			const struct plain_column column =
					column_at(m[0] * at_x + m[1] * at_y + m[2],
							layout->image_width, linear);
			const struct plain_column row = column_at(m[3] * at_x + m[4] * at_y + m[5],
					layout->image_height, linear);
			to[x] = pixel(image, &column, &row);
		}
		dim(to, rect->width, level);
	}
}

/* ---- any ---- */

static void copy(const struct plain_image *image, const struct layout *layout, unsigned level,
		uint32_t *target, size_t stride, const struct rect *rect) {
	const uint32_t *from = image->pixels + (size_t)(rect->y - layout->y) * image->stride +
			       (size_t)(rect->x - layout->x);
	uint32_t *to = target + (size_t)rect->y * stride + (size_t)rect->x;
	for (int y = 0; y < rect->height; y++) {
		memcpy(to, from, (size_t)rect->width * 4);
		dim(to, rect->width, level);
		from += image->stride;
		to += stride;
	}
}

bool plain_scale_draw(struct plain_scale *scale, const struct plain_image *image,
		const struct layout *layout, bool linear, unsigned level, uint32_t *target,
		size_t stride, const struct rect *rect) {
	if (layout->exact && layout->rotation == 0) {
		copy(image, layout, level, target, stride, rect);
		return true;
	}
	linear = linear && !layout->exact;
	if (layout->rotation == 0) {
		return draw_upright(scale, image, layout, linear, level, target, stride, rect);
	}
	draw_turned(image, layout, linear, level, target, stride, rect);
	return true;
}
