/*
 * Helpers for *_wire.h files: layouts as they stand in memory or on a socket, with every offset
 * asserted. All of them are little endian, and so is every machine that pierglass builds on.
 */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the wire formats are read in place");

#define WIRE_AT(type, field, off) \
	static_assert(offsetof(struct type, field) == (off), #type "." #field " moved")
#define WIRE_SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), #type " has another size")
