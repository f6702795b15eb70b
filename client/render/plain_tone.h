/*
 * Converts frames of more than 8 bits a colour to B, G, R, x on the CPU, by tables, for windows
 * without OpenGL: the same as shader_convert (client/render/renderer_shaders.h). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/render/renderer_types.h"

struct plain_tone;

/* Whether the format is one of them: RGBA10, RGBA16F. */
bool plain_tone_knows(enum frame_format format);
/* For frames of that picture, shown that way. Returns 0 or -ENOMEM. */
int plain_tone_create(struct plain_tone **ret_tone, const struct renderer_picture *picture,
		const struct renderer_hdr *hdr);
void plain_tone_destroy(struct plain_tone *tone); /* accepts NULL */
/* Converts `count` pixels; from may change meanwhile. */
void plain_tone_row(const struct plain_tone *tone, const unsigned char *from, unsigned char *to,
		size_t count);
