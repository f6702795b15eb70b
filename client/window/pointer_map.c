#include "client/window/pointer_map.h"

#define ROUND 1e-6 /* whole pixels stay whole */

static bool usable(const struct pointer_map *map) {
	return map->picture.width > 0 && map->picture.height > 0 && map->desktop_width > 0 &&
	       map->desktop_height > 0;
}

static double clamp(double value, double max) {
	if (!(value > 0)) {
		return 0;
	}
	return value < max ? value : max;
}

/* Turns u, v (of the picture, right and down) into those of the desktop. */
static void unturn(unsigned rotation, double u, double v, double *ret_u, double *ret_v) {
	switch (rotation % 4) {
	case 0:
		*ret_u = u;
		*ret_v = v;
		break;
	case 1:
		*ret_u = v;
		*ret_v = -u;
		break;
	case 2:
		*ret_u = -u;
		*ret_v = -v;
		break;
	default:
		*ret_u = -v;
		*ret_v = u;
		break;
	}
}

struct pointer_point pointer_map_point(const struct pointer_map *map, double x, double y) {
	struct pointer_point point = { 0 };
	if (!usable(map)) {
		return point;
	}
	/* From the middle of the picture, -0.5 .. 0.5, so that turning is a change of signs. */
	double u = ((x + 0.5) * map->scale_x - map->picture.x) / map->picture.width - 0.5;
	double v = ((y + 0.5) * map->scale_y - map->picture.y) / map->picture.height - 0.5;
	point.inside = u >= -0.5 && u < 0.5 && v >= -0.5 && v < 0.5;
	double desktop_u;
	double desktop_v;
	unturn(map->picture.rotation, u, v, &desktop_u, &desktop_v);
	point.x = clamp((desktop_u + 0.5) * map->desktop_width + ROUND, map->desktop_width - 1);
	point.y = clamp((desktop_v + 0.5) * map->desktop_height + ROUND, map->desktop_height - 1);
	return point;
}

void pointer_map_turn(
		const struct pointer_map *map, double dx, double dy, double *ret_x, double *ret_y) {
	unturn(map->picture.rotation, dx, dy, ret_x, ret_y);
}
