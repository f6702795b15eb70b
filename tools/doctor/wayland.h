/*
 * The globals of a Wayland compositor by name, asked for with three messages
 * (wl_display.get_registry, wl_display.sync, wl_registry.global), so that the doctor needs no
 * library of Wayland. Layout: the Wayland core protocol, "Wire format": object, size << 16 |
 * opcode, arguments; strings with a length that counts the NUL, padded to 4.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tools/vm-model/text.h"

#define WAYLAND_BYTES_MAX 65536

/* display: the value of WAYLAND_DISPLAY, runtime_dir: of XDG_RUNTIME_DIR. Appends the interface
 * names, separated by blanks. Returns 0 or a negative errno. */
int wayland_globals(const char *display, const char *runtime_dir, struct text *ret_names);

/* Pure: appends the globals in these bytes of the compositor. Returns 1 when the end of the list
 * (the answer to our sync, object `callback`) was seen, 0 when more must come, -EBADMSG. consumed:
 * how many bytes were whole messages. */
int wayland_parse(const uint8_t *bytes, size_t len, uint32_t registry, uint32_t callback,
		struct text *names, size_t *ret_consumed);
