/*
 * A renderer on an offscreen surface, and what it drew: for the tests of pixels. They need EGL
 * (software will do).
 */
#pragma once

#include "tests/support/check.h"
#include "tests/support/egl_loaded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "client/gl/egl.h"
#include "client/gl/gl.h"
#include "client/gl/window_surface.h"
#include "client/render/layout.h"
#include "client/render/renderer.h"
#include "client/window/window.h"

struct setup {
	struct window_surface *surface;
	struct egl *egl;
	struct renderer *renderer;
	enum video_upload upload; /* before open_setup() */
	bool pretend_gpu;         /* the same: take the ways of a GPU, whatever draws */
	bool memory;              /* the same: without GL */
};

static inline bool open_setup(struct setup *setup, int width, int height) {
	if (window_surface_create_offscreen(&setup->surface, width, height) < 0) {
		return false;
	}
	if ((setup->memory ? egl_create_memory(&setup->egl, setup->surface)
			   : egl_create(&setup->egl, setup->surface)) < 0) {
		window_surface_destroy(setup->surface);
		return false;
	}
	if (setup->memory) {
		return renderer_create_memory(&setup->renderer) == 0;
	}
	return renderer_create(&setup->renderer, egl_is_software(setup->egl) && !setup->pretend_gpu,
			       setup->upload) == 0;
}

static inline void close_setup(struct setup *setup) {
	renderer_destroy(setup->renderer);
	egl_destroy(setup->egl);
	window_surface_destroy(setup->surface);
}

static inline void resize_setup(struct setup *setup, int width, int height) {
	pthread_mutex_lock(&setup->surface->lock);
	setup->surface->width_px = width;
	setup->surface->height_px = height;
	pthread_mutex_unlock(&setup->surface->lock);
}

/* First in main(). False, and said: there is no EGL to test with. */
static inline bool has_renderer(void) {
	log_set_level(LOG_ERROR);
	keep_egl_loaded();
	struct setup setup = { .upload = VIDEO_UPLOAD_DIRECT };
	if (!open_setup(&setup, 16, 16)) {
		puts("no EGL with OpenGL ES 3 on this machine");
		return false;
	}
	close_setup(&setup);
	return true;
}

static inline unsigned random_next(unsigned *seed) {
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* A picture of B, G, R, x words, all of it. */
static inline void put_picture(
		struct setup *setup, const uint32_t *pixels, uint32_t width, uint32_t height) {
	const struct renderer_picture picture = { FRAME_FORMAT_BGRA, width, height, width, height,
		false, false, 0 };
	CHECK(renderer_set_picture(setup->renderer, &picture) >= 0);
	const struct frame_rect whole = { 0, 0, width, height };
	renderer_upload(setup->renderer, (const unsigned char *)pixels, width * 4, &whole);
	renderer_uploaded(setup->renderer, NULL, 0);
}

/* R, G, B, x bytes, the top row first: offscreen targets are like that. The caller frees them. */
static inline unsigned char *read_target(const struct egl_target *target) {
	unsigned char *rgba = malloc((size_t)target->width * (size_t)target->height * 4);
	CHECK(rgba != NULL);
	for (int i = 0; target->memory && i < target->width * target->height; i++) {
		for (int c = 0; c < 3; c++) {
			rgba[4 * i + c] = (unsigned char)(target->memory[i] >> (16 - 8 * c));
		}
	}
	if (target->memory) {
		return rgba;
	}
	glBindFramebuffer(GL_FRAMEBUFFER, target->framebuffer);
	glPixelStorei(GL_PACK_ALIGNMENT, 4);
	glReadPixels(0, 0, target->width, target->height, GL_RGBA, GL_UNSIGNED_BYTE, rgba);
	return rgba;
}

/* Draws all of the scene and reads it. */
static inline unsigned char *draw_scene(struct setup *setup, const struct renderer_scene *scene,
		struct egl_target *target) {
	CHECK(egl_begin(setup->egl, target) == 0);
	const struct rect all = { 0, 0, target->width, target->height };
	renderer_draw(setup->renderer, target, scene, &all, 1);
	return read_target(target);
}

static inline struct layout layout_for(uint32_t width, uint32_t height, int window_width,
		int window_height, unsigned guest, unsigned user) {
	const struct layout_input input = {
		.image_width = width,
		.image_height = height,
		.guest_rotation = guest,
		.user_rotation = user,
		.window_width = window_width,
		.window_height = window_height,
		.keep_aspect = true,
	};
	struct layout layout;
	layout_compute(&layout, &input);
	return layout;
}
