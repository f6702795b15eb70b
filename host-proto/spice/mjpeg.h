/*
 * Decodes pictures of an MJPEG stream to words of 0xFFRRGGBB, a part at a time, by libjpeg. The
 * bytes come from a server: only baseline pictures of a bounded size are taken, and the work is
 * proportional to the pixels asked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mjpeg;

bool mjpeg_is_built_in(void);

/* -EOPNOTSUPP: it is not built in. */
int mjpeg_create(struct mjpeg **ret_mjpeg);
void mjpeg_destroy(struct mjpeg *mjpeg); /* accepts NULL */

/* Begins a picture; one that was begun before is given up. Copies the bytes. -EBADMSG: none that is
 * decoded here, or more pixels than that. */
int mjpeg_begin(struct mjpeg *mjpeg, const uint8_t *bytes, size_t len, uint32_t most_pixels,
		uint32_t *ret_width, uint32_t *ret_height);

/* Decodes on until about so many pixels are done. words: the whole picture, without gaps.
 * bottom_up: the first row of the picture is the last one of words. 1 = there is more, 0 = it is
 * whole, -EBADMSG = what follows is broken. */
int mjpeg_decode(struct mjpeg *mjpeg, uint32_t *words, bool bottom_up, uint32_t pixels);
