/*
 * The cursor channel of the client (doc/protocol/spice.md 8): every kind of shape becomes the one
 * form of host-proto/cursor.h. No thread, no log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct cursor_shape;
struct spice_cursor;

struct spice_cursor_target {
	/* NULL = the guest draws its pointer itself. Valid during the call. */
	void (*shape)(const struct cursor_shape *shape, void *data);
	/* Of the hot spot. */
	void (*move)(int x, int y, bool visible, void *data);
	void *data;
};

int spice_cursor_create(struct spice_cursor **ret_cursor, const struct spice_cursor_target *target);
void spice_cursor_destroy(struct spice_cursor *cursor); /* accepts NULL */
/* Forgets shapes and position: the channel was closed. */
void spice_cursor_reset(struct spice_cursor *cursor);

/* A message of the server. Returns 0 or -EBADMSG. */
int spice_cursor_message(
		struct spice_cursor *cursor, unsigned type, const uint8_t *body, size_t len);
