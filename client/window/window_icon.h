/*
 * The window's icon, for X11 desktops that know no desktop entry of this program: a plain form of
 * the one that is installed (client/desktop/), drawn here. On Wayland the icon comes with the app
 * id. Pure.
 */
#pragma once

#include <stdint.h>

/* Fills side x side pixels, straight 0xAARRGGBB, top row first. */
void window_icon_draw(uint32_t *pixels, int side);
