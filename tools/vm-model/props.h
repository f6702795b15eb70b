/*
 * The values of QEMU's options, in both syntaxes: "memory-backend-file,id=x,size=32M" (commas
 * doubled inside a value) and '{"qom-type":"memory-backend-file","id":"x","size":33554432}'
 * (libvirt's since 6.x). Foreign text: bounded, never trusted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROPS_MAX 48

struct props {
	unsigned count;
	struct {
		char key[48]; /* nested objects: "a.b" */
		char value[512];
	} item[PROPS_MAX];
};

/* The first bare word of the comma form gets the key first_key ("qom-type", "driver", "type"; "" =
 * this option has none), any other one the value "on". Returns 0 or -EBADMSG (then *ret_props is
 * empty). */
int props_parse(const char *text, const char *first_key, struct props *ret_props);

/* NULL if it is not there. "-" and "_" in keys are the same. */
const char *props_get(const struct props *props, const char *key);
bool props_is_on(const struct props *props, const char *key);

/* "32M", "64MiB"?, "33554432": QEMU's sizes; a bare number counts `unit` bytes. */
bool props_size(const char *text, uint64_t unit, uint64_t *ret_bytes);
