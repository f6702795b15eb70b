/*
 * The mouse's own motion on X11, by XInput 2: raw, without the acceleration of the desktop, in
 * fractions, and every report of it. SDL2 takes equal reports within one millisecond for doubles
 * and drops them: half of the motion of a mouse that reports at 2 kHz.
 *
 * A connection of its own, because a client that has grabbed the pointer (as SDL's has in capture)
 * gets raw events twice from some servers. All on the loop's thread; nothing here waits for the
 * server but x11_motion_create().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct x11_motion;

struct x11_motion_events {
	/* In counts, as the guest sees it (turned). */
	void (*moved)(int32_t x, int32_t y, void *data);
	/* That was all for now. Not from x11_motion_read() and x11_motion_want(). */
	void (*rested)(void *data);
	void *data;
};

/* Off at first. display: a name as in DISPLAY; window: the one for which the pointer is captured,
 * whoever made it. Waits for the server. -ENODEV: no server answers there; -EPROTONOSUPPORT: no
 * XInput 2.1 (X servers before 2011, some VNC servers); -ENOMEM. */
int x11_motion_create(struct x11_motion **ret_motion, struct loop *loop, const char *display,
		uint32_t window, const struct x11_motion_events *events);
/* Accepts NULL. */
void x11_motion_destroy(struct x11_motion *motion);

/* rotation: quarter turns clockwise from the guest's desktop to the window. */
void x11_motion_want(struct x11_motion *motion, bool on, unsigned rotation);

/* Hands over what has arrived by now, so that a button does not come before the motion to it. */
void x11_motion_read(struct x11_motion *motion);
