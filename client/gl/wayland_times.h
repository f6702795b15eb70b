/*
 * When a commit of a Wayland surface came onto the display: wp_presentation. Everything on
 * pg-video, on the queue of its surface.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wayland_times;
struct wl_display;
struct wl_event_queue;
struct wl_surface;

/* NULL: the compositor tells no times, or by a clock that this machine does not have. */
struct wayland_times *wayland_times_create(
		struct wl_display *display, struct wl_event_queue *queue);
void wayland_times_destroy(struct wayland_times *times); /* accepts NULL */
/* Before a commit; tag comes back with its time. Of many that are not answered none is asked. */
void wayland_times_ask(struct wayland_times *times, struct wl_surface *surface, uint64_t tag);
/* The newest answer since the last call, after events were dispatched; CLOCK_MONOTONIC.
 * ret_refresh_ns: from one picture of the display to the next; 0 = not fixed, or unknown. */
bool wayland_times_take(struct wayland_times *times, uint64_t *ret_tag, uint64_t *ret_shown_ns,
		uint64_t *ret_refresh_ns);
