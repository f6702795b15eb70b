#include "client/window/window_place.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/parse.h"

/* Of a title bar: enough to grasp it. */
#define SIGHT_WIDTH  80
#define SIGHT_HEIGHT 24

void window_place_fit(int room_width, int room_height, int *width, int *height) {
	if (room_width < 1 || room_height < 1 || *width < 1 || *height < 1) {
		return;
	}
	if (*width > room_width) {
		*height = (int)((int64_t)*height * room_width / *width);
		*width = room_width;
	}
	if (*height > room_height) {
		*width = (int)((int64_t)*width * room_height / *height);
		*height = room_height;
	}
	*width = *width > 0 ? *width : 1;
	*height = *height > 0 ? *height : 1;
}

void window_place_aspect(int picture_width, int picture_height, int room_width, int room_height,
		int *width, int *height) {
	if (picture_width < 1 || picture_height < 1) {
		return;
	}
	*height = (int)(((int64_t)*width * picture_height + picture_width / 2) / picture_width);
	window_place_fit(room_width, room_height, width, height);
}

static int overlap(int a, int a_size, int b, int b_size) {
	const int begin = a > b ? a : b;
	const int end = a + a_size < b + b_size ? a + a_size : b + b_size;
	return end - begin;
}

bool window_place_in_sight(
		const struct place_rect *window, const struct place_rect *screens, int count) {
	const int high = window->height < SIGHT_HEIGHT ? window->height : SIGHT_HEIGHT;
	const int wide = window->width < SIGHT_WIDTH ? window->width : SIGHT_WIDTH;
	for (int i = 0; i < count; i++) {
		if (overlap(window->x, window->width, screens[i].x, screens[i].width) >= wide &&
				overlap(window->y, high, screens[i].y, screens[i].height) >= high) {
			return true;
		}
	}
	return false;
}

int window_place_monitor(const char *text, const char *const *names, int count) {
	int64_t number;
	const size_t len = strlen(text);
	if (len == 0) {
		return -1;
	}
	if (parse_int(text, 1, 64, &number)) {
		return number <= count ? (int)number - 1 : -1;
	}
	for (int i = 0; i < count; i++) {
		for (const char *at = names[i]; at && *at; at++) {
			if (ascii_ncasecmp(at, text, len) == 0) {
				return i;
			}
		}
	}
	return -1;
}
