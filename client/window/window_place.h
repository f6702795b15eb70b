/*
 * The place of a window, in numbers: in the part of the screen that panels leave, in the picture's
 * aspect, and in sight. Window units. Pure.
 */
#pragma once

#include <stdbool.h>

struct place_rect {
	int x, y, width, height;
};

/* Makes a size fit into the room, with its aspect; never larger. */
void window_place_fit(int room_width, int room_height, int *width, int *height);

/* The height that gives a picture of that size the width without borders, or, where that is higher
 * than the room, both of the largest size that fits. */
void window_place_aspect(int picture_width, int picture_height, int room_width, int room_height,
		int *width, int *height);

/* Whether enough of a window's top is on one of the screens for it to be found and moved. */
bool window_place_in_sight(
		const struct place_rect *window, const struct place_rect *screens, int count);

/* Which screen the text means: its number from 1, or a part of its name (any case). -1 = none. */
int window_place_monitor(const char *text, const char *const *names, int count);
