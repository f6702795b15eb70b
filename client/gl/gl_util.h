/*
 * Small helpers around OpenGL ES. On the thread with the current context.
 */
#pragma once

#include <stdbool.h>

bool gl_has_extension(const char *name);

/* Empties GL's error queue; returns the first error, 0 if there was none. */
unsigned gl_clear_errors(void);

/* Compiles and links. defines ("#define X 1\n…") go after the version line of both stages, common
 * before the fragment stage. Returns the program, or 0 (logged). */
unsigned gl_program(
		const char *defines, const char *common, const char *vertex, const char *fragment);
