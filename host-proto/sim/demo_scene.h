/*
 * The picture of `pierglass --demo`: a desktop with a game in one window and text in the other, so
 * that a newcomer sees motion, colours and letters at 1:1 as a guest has them. A canvas of 0xRRGGBB
 * that is painted once and then changed where something moves. Pure; no allocation after create.
 */
#pragma once

#include <stdint.h>

struct demo_scene;

struct demo_area {
	uint32_t x, y, width, height;
};

/* Below this size there is no room for it. */
#define DEMO_SCENE_WIDTH_MIN  320
#define DEMO_SCENE_HEIGHT_MIN 200
/* Areas that one frame changes. */
#define DEMO_SCENE_AREAS 3

/* -ENOMEM; -EINVAL: too small. */
int demo_scene_create(struct demo_scene **ret_scene, uint32_t width, uint32_t height);
/* Accepts NULL. */
void demo_scene_destroy(struct demo_scene *scene);

/* Rows of `width` pixels, without gaps. */
const uint32_t *demo_scene_pixels(const struct demo_scene *scene);

/* Paints the frame with this serial: the game 1/60 s later, and these lines in the window of text.
 * Returns the number of areas that changed; the first frame has changed everywhere. */
unsigned demo_scene_paint(struct demo_scene *scene, uint32_t serial, const char *const *lines,
		unsigned line_count, struct demo_area areas[DEMO_SCENE_AREAS]);
