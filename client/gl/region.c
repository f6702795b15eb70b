#include "client/gl/region.h"

#include <limits.h>
#include <stddef.h>

void region_clear(struct region *region) {
	region->all = false;
	region->count = 0;
}

void region_add_all(struct region *region) {
	region->all = true;
	region->count = 0;
}

bool region_empty(const struct region *region) {
	return !region->all && region->count == 0;
}

static struct rect cover(const struct rect *a, const struct rect *b) {
	const int left = a->x < b->x ? a->x : b->x;
	const int top = a->y < b->y ? a->y : b->y;
	const int right = a->x + a->width > b->x + b->width ? a->x + a->width : b->x + b->width;
	const int bottom =
			a->y + a->height > b->y + b->height ? a->y + a->height : b->y + b->height;
	return (struct rect){ left, top, right - left, bottom - top };
}

static long area(const struct rect *rect) {
	return (long)rect->width * rect->height;
}

static bool touch(const struct rect *a, const struct rect *b) {
	return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
	       b->y < a->y + a->height;
}

/* Joins the new rectangle with the one that costs the fewest extra pixels. */
static void join_cheapest(struct region *region, const struct rect *rect) {
	unsigned best = 0;
	long best_cost = LONG_MAX;
	for (unsigned i = 0; i < region->count; i++) {
		const struct rect both = cover(&region->rects[i], rect);
		const long cost = area(&both) - area(&region->rects[i]);
		if (cost < best_cost) {
			best_cost = cost;
			best = i;
		}
	}
	region->rects[best] = cover(&region->rects[best], rect);
}

void region_add(struct region *region, const struct rect *rect) {
	if (region->all || rect->width <= 0 || rect->height <= 0) {
		return;
	}
	if (region->count == REGION_RECTS_MAX) {
		join_cheapest(region, rect);
		return;
	}
	region->rects[region->count++] = *rect;
}

void region_add_region(struct region *region, const struct region *other) {
	if (other->all) {
		region_add_all(region);
	}
	for (unsigned i = 0; i < other->count; i++) {
		region_add(region, &other->rects[i]);
	}
}

static void clamp(struct region *region, int width, int height) {
	unsigned kept = 0;
	for (unsigned i = 0; i < region->count; i++) {
		struct rect r = region->rects[i];
		const int right = r.x + r.width < width ? r.x + r.width : width;
		const int bottom = r.y + r.height < height ? r.y + r.height : height;
		r.x = r.x > 0 ? r.x : 0;
		r.y = r.y > 0 ? r.y : 0;
		r.width = right - r.x;
		r.height = bottom - r.y;
		if (r.width > 0 && r.height > 0) {
			region->rects[kept++] = r;
		}
	}
	region->count = kept;
}

static void join_cheapest_pair(struct region *region) {
	unsigned a = 0, b = 1;
	long best = LONG_MAX;
	for (unsigned i = 0; i < region->count; i++) {
		for (unsigned j = i + 1; j < region->count; j++) {
			const struct rect both = cover(&region->rects[i], &region->rects[j]);
			const long cost = area(&both) - area(&region->rects[i]) -
					  area(&region->rects[j]);
			if (cost < best) {
				best = cost;
				a = i;
				b = j;
			}
		}
	}
	region->rects[a] = cover(&region->rects[a], &region->rects[b]);
	region->rects[b] = region->rects[--region->count];
}

/* Joins the first overlapping pair; false when there is none. */
static bool join_one(struct region *region) {
	for (unsigned i = 0; i < region->count; i++) {
		for (unsigned j = i + 1; j < region->count; j++) {
			if (touch(&region->rects[i], &region->rects[j])) {
				region->rects[i] = cover(&region->rects[i], &region->rects[j]);
				region->rects[j] = region->rects[--region->count];
				return true;
			}
		}
	}
	return false;
}

void region_finish(struct region *region, int width, int height) {
	if (region->all) {
		region->count = 1;
		region->rects[0] = (struct rect){ 0, 0, width, height };
		return;
	}
	clamp(region, width, height);
	while (join_one(region)) {
	}
}

static bool contains(const struct rect *a, const struct rect *b) {
	return a->x <= b->x && a->y <= b->y && a->x + a->width >= b->x + b->width &&
	       a->y + a->height >= b->y + b->height;
}

void region_cover(struct region *region, const struct rect *rect, unsigned most) {
	for (unsigned i = 0; i < region->count; i++) {
		if (contains(&region->rects[i], rect)) {
			return;
		}
	}
	region->rects[region->count++] = *rect;
	while (join_one(region)) {
	}
	while (region->count > most) {
		join_cheapest_pair(region);
		while (join_one(region)) {
		}
	}
}

/* The parts of `rect` around `cut`, which touches it: above, below, left, right. */
static unsigned around(const struct rect *rect, const struct rect *cut, struct rect ret_parts[4],
		struct rect *ret_inside) {
	const int left = rect->x > cut->x ? rect->x : cut->x;
	const int top = rect->y > cut->y ? rect->y : cut->y;
	const int rect_right = rect->x + rect->width, rect_bottom = rect->y + rect->height;
	const int right = rect_right < cut->x + cut->width ? rect_right : cut->x + cut->width;
	const int bottom = rect_bottom < cut->y + cut->height ? rect_bottom : cut->y + cut->height;
	const struct rect parts[4] = {
		{ rect->x, rect->y, rect->width, top - rect->y },
		{ rect->x, bottom, rect->width, rect_bottom - bottom },
		{ rect->x, top, left - rect->x, bottom - top },
		{ right, top, rect_right - right, bottom - top },
	};
	*ret_inside = (struct rect){ left, top, right - left, bottom - top };
	unsigned count = 0;
	for (unsigned i = 0; i < 4; i++) {
		if (parts[i].width > 0 && parts[i].height > 0) {
			ret_parts[count++] = parts[i];
		}
	}
	return count;
}

bool region_cut(struct region *region, const struct rect *cut, struct region *ret_cut) {
	struct region rest = { .count = 0 }, inside = { .count = 0 };
	for (unsigned i = 0; i < region->count; i++) {
		const struct rect *rect = &region->rects[i];
		struct rect parts[4] = { *rect };
		unsigned count = 1;
		if (touch(rect, cut)) {
			count = around(rect, cut, parts, &inside.rects[inside.count++]);
		}
		if (rest.count + count > REGION_RECTS_MAX) {
			return false;
		}
		for (unsigned k = 0; k < count; k++) {
			rest.rects[rest.count++] = parts[k];
		}
	}
	*region = rest;
	region_add_region(ret_cut, &inside);
	return true;
}

void region_outside(const struct rect *rect, const struct rect *cuts, unsigned count,
		void (*part)(const struct rect *part, void *data), void *data) {
	unsigned at = 0;
	while (at < count && !touch(rect, &cuts[at])) {
		at++;
	}
	if (at == count) {
		part(rect, data);
		return;
	}
	struct rect parts[4], inside;
	const unsigned parts_count = around(rect, &cuts[at], parts, &inside);
	for (unsigned i = 0; i < parts_count; i++) {
		region_outside(&parts[i], cuts + at + 1, count - at - 1, part, data);
	}
}
