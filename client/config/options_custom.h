/* Options whose value is not one plain member: read and written here, for the table only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/config/config.h"

#define OPTION_CUSTOM_PAIR(name)                                  \
	bool set_##name(struct config *config, const char *text); \
	void get_##name(const struct config *config, char *text, size_t size)

OPTION_CUSTOM_PAIR(audio);
OPTION_CUSTOM_PAIR(audio_max);
OPTION_CUSTOM_PAIR(bench);
OPTION_CUSTOM_PAIR(clipboard_max);
OPTION_CUSTOM_PAIR(clipboard_to_local);
OPTION_CUSTOM_PAIR(clipboard_to_vm);
OPTION_CUSTOM_PAIR(completions);
OPTION_CUSTOM_PAIR(config_file);
OPTION_CUSTOM_PAIR(escape_key);
OPTION_CUSTOM_PAIR(evdev);
OPTION_CUSTOM_PAIR(grab_toggle);
OPTION_CUSTOM_PAIR(group);
OPTION_CUSTOM_PAIR(guest_size);
OPTION_CUSTOM_PAIR(help);
OPTION_CUSTOM_PAIR(hotkeys);
OPTION_CUSTOM_PAIR(latency);
OPTION_CUSTOM_PAIR(position);
OPTION_CUSTOM_PAIR(size);
OPTION_CUSTOM_PAIR(source);
OPTION_CUSTOM_PAIR(spice);
OPTION_CUSTOM_PAIR(stats);
OPTION_CUSTOM_PAIR(vm_owner);
OPTION_CUSTOM_PAIR(volume);

/* Shared with the plain types. */
bool key_binding_parse(const char *text, unsigned *ret_binding);
void key_binding_text(unsigned binding, char *text, size_t size);
