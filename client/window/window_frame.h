/*
 * Whether a Wayland window has a title bar to be moved and closed by. Some compositors leave title
 * bars to the programs (GNOME, weston); SDL leaves them to a plugin of libdecor, which is a package
 * of its own. Without that plugin there is none.
 */
#pragma once

#include <stdbool.h>

struct wl_display;

/* After the window was made. Asks the compositor (a round trip) only where no plugin is loaded. */
bool window_frame_is_missing(struct wl_display *display);
