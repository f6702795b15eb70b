/*
 * Writes values into a VM's profile (vms/NAME.ini) or pierglass.ini, in that file's own grammar: a
 * line that sets the option is replaced where it stands, a new one comes at the end; comments and
 * everything else stay.
 */
#pragma once

#include <stddef.h>

#include "client/config/config.h"

struct config_option;

/* The pure part: the file's text with that option's value, on the heap; NULL = out of memory. */
char *config_edit(const char *text, const struct config_option *option, const char *value);

/* Writes the options that which[] marks (by their index in the table) into the profile of that VM,
 * with vm_name "" into pierglass.ini, and makes the file if there is none. The file is replaced
 * whole: it is the old or the new one, whatever happens; a link to it stays. paths NULL = this
 * user's. Returns 0 with the file's name in path, or a negative errno: -EINVAL, the name of the VM
 * cannot be that of a file. */
int config_save(const struct config *config, const char *vm_name, const bool *which,
		const struct config_paths *paths, char *path, size_t size);
