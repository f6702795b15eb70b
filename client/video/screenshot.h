/*
 * Writes pixels to a PNG file, on a separate thread: compressing takes longer than a frame.
 */
#pragma once

#include <stdint.h>

struct screenshot;

/* Takes over rgb (heap, width * height * 3 bytes, top row first). wake runs on the writing thread
 * when it is done. Returns 0 or a negative errno (then rgb stays the caller's). */
int screenshot_start(struct screenshot **ret_screenshot, const char *path, uint32_t width,
		uint32_t height, unsigned char *rgb, void (*wake)(void *data), void *data);

/* -EAGAIN while it is being written; else the result (0 or a negative errno), once: it frees. */
int screenshot_finish(struct screenshot *screenshot);
/* Waits for the end and frees. Accepts NULL. */
int screenshot_wait(struct screenshot *screenshot);

/* Writes at once, on the calling thread. The file appears complete or not at all. */
int screenshot_write(const char *path, uint32_t width, uint32_t height, const unsigned char *rgb);
