#include "client/ui/key_label.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "client/config/options.h"
#include "input/key_names.h"

const char *key_label(const char *name, char label[static KEY_LABEL_BYTES]) {
	static const struct {
		const char *name, *label;
	} labels[] = {
		{ "equal", "=" },
		{ "minus", "-" },
		{ "leftmeta", "Left Win" },
		{ "rightmeta", "Right Win" },
		{ "scrolllock", "Scroll Lock" },
		{ "pageup", "Page Up" },
		{ "pagedown", "Page Down" },
		{ "leftctrl", "Left Ctrl" },
		{ "rightctrl", "Right Ctrl" },
		{ "leftalt", "Left Alt" },
		{ "rightalt", "Right Alt" },
		{ "leftshift", "Left Shift" },
		{ "rightshift", "Right Shift" },
	};
	size_t used = 0;
	label[0] = '\0';
	/* A chord: one name after the other. */
	for (const char *at = name; *at && used < KEY_LABEL_BYTES - 1;) {
		char one[32];
		const size_t len = strcspn(at, "+-");
		const char *shown = one;
		snprintf(one, sizeof one, "%.*s", (int)len, at);
		one[0] = (char)ascii_upper(one[0]);
		for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
			if (strlen(labels[i].name) == len &&
					strncmp(labels[i].name, at, len) == 0) {
				shown = labels[i].label;
			}
		}
		int n = snprintf(label + used, KEY_LABEL_BYTES - used, "%s%s", used ? "+" : "",
				shown);
		used += n > 0 ? (size_t)n : 0;
		at += len;
		at += *at ? 1 : 0;
	}
	return label;
}

const char *key_binding_label(unsigned binding, char label[static KEY_LABEL_BYTES]) {
	char one[KEY_LABEL_BYTES];
	const char *name = key_name(binding & ~KEY_BINDING_SHIFT);
	snprintf(label, KEY_LABEL_BYTES, "%s%.50s", binding & KEY_BINDING_SHIFT ? "Shift+" : "",
			name ? key_label(name, one) : "?");
	return label;
}

const char *key_action_keys(const struct config *config, enum key_action action,
		char text[static KEY_ACTION_KEYS_BYTES]) {
	char key[KEY_LABEL_BYTES], label[KEY_LABEL_BYTES];
	const unsigned binding = config->input.bindings[action];
	if (binding == 0) {
		snprintf(text, KEY_ACTION_KEYS_BYTES, "--key-%s=KEY", key_action_name(action));
	} else {
		snprintf(text, KEY_ACTION_KEYS_BYTES, "%s+%s",
				key_label(config->session.escape_key, label),
				key_binding_label(binding, key));
	}
	return text;
}
