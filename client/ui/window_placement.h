/*
 * Where each VM's window was left: one small file of the state folder,
 * $XDG_STATE_HOME/pierglass/windows, a line per key "WIDTHxHEIGHT XxY FLAGS key". What is odd in it
 * is passed over; it is written whole, beside the old one first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct geometry {
	int width, height; /* px, of the window when it is neither maximised nor full screen */
	bool placed;       /* x, y are known (X11 only) */
	int x, y;
	bool maximized, full_screen;
};

/* key: the domain, or the shared memory's path. False = nothing is known. */
bool geometry_load(const char *key, struct geometry *ret);
/* Returns 0 or a negative errno. */
int geometry_save(const char *key, const struct geometry *geometry);

/* The pure part. text is a whole file; put writes a new one with the line of key in front and at
 * most GEOMETRY_MAX others. Returns its length, or -ENOSPC. */
#define GEOMETRY_MAX 32
bool geometry_find(const char *text, const char *key, struct geometry *ret);
int geometry_put(const char *text, const char *key, const struct geometry *geometry, char *ret_text,
		size_t size);
