/*
 * Names of keys and Linux key codes: one table for --grab-toggle, the escape key, the bindings and
 * their messages. Pure.
 */
#pragma once

#include <stddef.h>

#define KEY_CODE_MAX 0x2ff

/* "KEY_SCROLLLOCK", "scrolllock", "ctrl", "lwin", "=", "70" (a number of at least two digits), any
 * case. 0 = no such key. */
unsigned key_code(const char *name);

/* "scrolllock"; NULL if the code has no name. */
const char *key_name(unsigned code);

/* All names of the kernel, ordered by code: index 0, 1, ... until NULL. */
const char *key_name_at(size_t index, unsigned *ret_code);
