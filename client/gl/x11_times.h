/*
 * When a picture came onto the display of an X server: the Present extension, by the clock of the
 * display's refresh. Everything on pg-video, on the connection of its surface.
 *
 * Pixels that are put on the window are there with the next refresh, which is asked for. Where a
 * driver swaps buffers it presents them itself; the X server tells of each, in order. With a
 * compositing manager the window goes onto the display with the manager's own next picture, of
 * which nobody tells.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct x11_times;

/* display: Display *. swaps: a driver presents, by x11_times_swapped(); else x11_times_put().
 * NULL: the X server has no such extension. */
struct x11_times *x11_times_create(void *display, unsigned long window, bool swaps);
void x11_times_destroy(struct x11_times *times); /* accepts NULL; before its window and display */

/* Behind the requests that put the picture; to be flushed. One in 50 ms is asked for. */
void x11_times_put(struct x11_times *times, uint64_t tag);
/* After each swap of the surface, from its first one on. tag: 0 = its time is not wanted. */
void x11_times_swapped(struct x11_times *times, uint64_t tag);

/* The newest answer since the last call; CLOCK_MONOTONIC. */
bool x11_times_take(struct x11_times *times, uint64_t *ret_tag, uint64_t *ret_shown_ns);
