/*
 * The window's size: when it follows the guest's picture, and what a resize by the user means for
 * the guest. On pg-ui.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct app_parts;
struct config;
struct video_status;
struct window;

struct app_size {
	uint32_t guest_width, guest_height; /* that the window was last fitted to */
	bool has_aspect;                    /* of the first picture */
	uint64_t settled_ns;                /* when a resize counts as over; 0 = there is none */
};

/* The guest's size may have changed. */
void app_size_follow(struct app_size *size, const struct config *config,
		const struct app_parts *parts, const struct video_status *video,
		struct window *window);
/* --shrink-on-upscale: what the window has beside the picture goes. */
void app_size_shrink(const struct config *config, const struct app_parts *parts,
		const struct video_status *video, struct window *window);

/* SDL told a new size. */
void app_size_resized(struct app_size *size, const struct app_parts *parts, struct window *window);
/* size->settled_ns is over: the user stopped dragging. */
void app_size_settled(struct app_size *size, const struct config *config,
		const struct app_parts *parts, const struct video_status *video,
		struct window *window);
