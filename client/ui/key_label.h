/*
 * The labels of keys as a keyboard has them, for texts: "Scroll Lock", "Shift+R". Pure.
 */
#pragma once

#include "client/config/config.h"

/* A chord has up to four names of keys: guest_link_config.escape_key. */
#define KEY_LABEL_BYTES       64
#define KEY_ACTION_KEYS_BYTES 160

/* name: as the configuration spells it. */
const char *key_label(const char *name, char label[static KEY_LABEL_BYTES]);
/* KEY_*, maybe with KEY_BINDING_SHIFT. */
const char *key_binding_label(unsigned binding, char label[static KEY_LABEL_BYTES]);
/* "Scroll Lock+S"; where no key does it, the option that binds one. */
const char *key_action_keys(const struct config *config, enum key_action action,
		char text[static KEY_ACTION_KEYS_BYTES]);
