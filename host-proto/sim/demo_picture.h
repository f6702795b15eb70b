/*
 * The demo guest's picture: a canvas in a frame's own format that is painted once and then changed
 * only where something moves, so that drawing costs next to nothing beside the copy into the shared
 * memory. Pure.
 *
 * Background: the upper half is eight bars (white, yellow, cyan, green, magenta, red, blue, black),
 * below are a red, a green, a blue and a grey ramp from 0 on the left to 255 on the right. On it: a
 * frame counter, a moving box, lines of text, and the stamp (stamp.h). Or the scene of
 * demo_scene.h, without a stamp.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/frame.h"

struct demo_picture;

#define DEMO_TEXT_LINES 3
#define DEMO_TEXT_BYTES 96

enum demo_damage {
	DEMO_DAMAGE_FULL,    /* every stripe is stamped; no list is sent */
	DEMO_DAMAGE_RECTS,   /* counter and box move, stripe 0 alone is stamped; a list is sent */
	DEMO_DAMAGE_PERCENT, /* a patch of noise of a part of the picture, and the first stamp */
	DEMO_DAMAGE_SCENE, /* a desktop with a game; a list is sent. Below its least size: RECTS */
};

/* What stands at a place of the background, 0xRRGGBB, as sRGB. */
uint32_t demo_background(uint32_t width, uint32_t height, uint32_t x, uint32_t y);

/* frame: format, width, height, pitch, rows, flags (HDR, PQ). -ENOMEM. */
int demo_picture_create(struct demo_picture **ret_picture, const struct frame *frame,
		enum demo_damage damage, double percent);
/* Accepts NULL. */
void demo_picture_destroy(struct demo_picture *picture);

/* At most DEMO_TEXT_BYTES - 1 bytes are shown, as capitals; "" removes the line. */
void demo_picture_set_text(struct demo_picture *picture, unsigned line, const char *text);

/* Paints the frame with this serial. frame's damage is set (count 0 = all). */
void demo_picture_paint(struct demo_picture *picture, uint32_t serial, struct frame *frame);

/* pitch * height bytes. */
const uint8_t *demo_picture_pixels(const struct demo_picture *picture);
