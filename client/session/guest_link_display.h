/*
 * The SPICE picture for the session part: draws what the display and cursor channels bring. On
 * pg-io.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct spice_surface;
struct guest_link_display;
struct spice_rect;
struct spice_session;

struct guest_link_display_events {
	/* The guest's monitor on its surface, as positions of the pointer refer to it. */
	void (*screen)(const struct spice_rect *monitor, void *data);
	/* The server sends a codec that is not decoded here: that part of the picture stands still.
	 */
	void (*no_video)(void *data);
	void *data;
};

/* Registers its handlers with the session (before it starts). Copies events; spice_surface and
 * spice outlive it. */
int guest_link_display_create(struct guest_link_display **ret_display, struct spice_session *spice,
		struct spice_surface *spice_surface,
		const struct guest_link_display_events *events);
/* After the session is gone. Accepts NULL. */
void guest_link_display_destroy(struct guest_link_display *display);

/* Link display and cursor / close them. */
void guest_link_display_want(struct guest_link_display *display, bool wanted);
