/*
 * The remembered place of each VM's window: one small file of the state folder,
 * $XDG_STATE_HOME/pierglass/windows, a line per key "WIDTHxHEIGHT XxY FLAGS key". Lines that cannot
 * be read are passed over. The file is written whole, beside the old one first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct window_placement {
	int width, height; /* px, of the window when it is neither maximised nor full screen */
	bool placed;       /* x, y are known (X11 only) */
	int x, y;
	bool maximized, full_screen;
};

/* key: the domain, or the shared memory's path. False = nothing is known. */
bool window_placement_load(const char *key, struct window_placement *ret);
/* Returns 0 or a negative errno. */
int window_placement_save(const char *key, const struct window_placement *placement);

/* The pure part. text is a whole file; put writes a new one with the line of key in front and at
 * most WINDOW_PLACEMENTS_MAX others. Returns its length, or -ENOSPC. */
#define WINDOW_PLACEMENTS_MAX 32
bool window_placement_find(const char *text, const char *key, struct window_placement *ret);
int window_placement_put(const char *text, const char *key,
		const struct window_placement *placement, char *ret_text, size_t size);
