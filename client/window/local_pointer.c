#include "client/window/local_pointer.h"

#include <SDL.h>
#include <errno.h>
#include <stdlib.h>

#define DOT_SIDE       8
#define DOT_SIDE_LARGE 24

struct local_pointer {
	SDL_Cursor *dot;
	enum local_pointer_shape shape;
};

/* A white disc with a black rim. SDL's monochrome cursors: data 0 mask 1 = white, 1 1 = black. */
static SDL_Cursor *make_dot(int side) {
	Uint8 data[DOT_SIDE_LARGE * DOT_SIDE_LARGE / 8] = { 0 };
	Uint8 mask[DOT_SIDE_LARGE * DOT_SIDE_LARGE / 8] = { 0 };
	int outer = side * side;
	int inner = (side - 3) * (side - 3);
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			/* Twice the distance from the middle, squared. */
			int dx = 2 * x + 1 - side;
			int dy = 2 * y + 1 - side;
			int distance = dx * dx + dy * dy;
			int i = (y * side + x) / 8;
			Uint8 bit = (Uint8)(0x80 >> (x % 8));
			if (distance <= outer) {
				mask[i] |= bit;
			}
			if (distance <= outer && distance > inner) {
				data[i] |= bit;
			}
		}
	}
	return SDL_CreateCursor(data, mask, side, side, side / 2, side / 2);
}

int local_pointer_create(struct local_pointer **ret_pointer, bool large_dot) {
	struct local_pointer *pointer = calloc(1, sizeof *pointer);
	if (!pointer) {
		return -ENOMEM;
	}
	pointer->dot = make_dot(large_dot ? DOT_SIDE_LARGE : DOT_SIDE);
	*ret_pointer = pointer;
	return 0;
}

void local_pointer_destroy(struct local_pointer *pointer) {
	if (!pointer) {
		return;
	}
	local_pointer_set(pointer, LOCAL_POINTER_NORMAL);
	if (pointer->dot) {
		SDL_FreeCursor(pointer->dot);
	}
	free(pointer);
}

void local_pointer_set(struct local_pointer *pointer, enum local_pointer_shape shape) {
	if (shape == pointer->shape) {
		return;
	}
	pointer->shape = shape;
	if (shape == LOCAL_POINTER_NONE) {
		SDL_ShowCursor(SDL_DISABLE);
		return;
	}
	bool dot = shape == LOCAL_POINTER_DOT && pointer->dot;
	SDL_SetCursor(dot ? pointer->dot : SDL_GetDefaultCursor());
	SDL_ShowCursor(SDL_ENABLE);
}
