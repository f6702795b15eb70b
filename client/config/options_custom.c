#include "client/config/options_custom.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/parse.h"
#include "client/config/options.h"
#include "host-proto/spice/address.h"
#include "input/chord.h"
#include "input/key_names.h"

static bool copy(char *dst, size_t size, const char *text) {
	size_t len = strlen(text);
	if (len >= size) {
		return false;
	}
	memcpy(dst, text, len + 1);
	return true;
}

/* The index of text in a list that ends with NULL, any case; -1 = it is none of them. */
static int one_of(const char *text, const char *const *names) {
	for (int i = 0; names[i]; i++) {
		if (ascii_casecmp(text, names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

static const char *const sources[] = { "auto", "lg", "spice", "off", NULL };

bool set_source(struct config *config, const char *text) {
	int i = one_of(text, sources);
	if (i < 0) {
		return false;
	}
	config->picture = i != 3;
	config->video.settings.source = i == 3 ? VIDEO_SOURCE_AUTO : (enum video_source)i;
	return true;
}

void get_source(const struct config *config, char *text, size_t size) {
	int i = config->picture ? (int)config->video.settings.source : 3;
	snprintf(text, size, "%s", sources[i]);
}

static const char *const audio_sources[] = { "auto", "scream", "spice", "off", NULL };

bool set_audio(struct config *config, const char *text) {
	int i = one_of(text, audio_sources);
	if (i < 0) {
		return false;
	}
	config->sound = i != 3;
	config->audio.scream = i <= 1;
	config->audio.spice_when_silent = i == 0;
	config->session.playback = i == 0 || i == 2;
	return true;
}

void get_audio(const struct config *config, char *text, size_t size) {
	int i = 3;
	if (config->sound) {
		i = !config->audio.scream ? 2 : config->audio.spice_when_silent ? 0 : 1;
	}
	snprintf(text, size, "%s", audio_sources[i]);
}

/* "auto" or a whole number. */
static bool auto_or(const char *text, int min, int max, int automatic, int *ret_value) {
	int64_t value;
	if (ascii_casecmp(text, "auto") == 0) {
		*ret_value = automatic;
		return true;
	}
	if (!parse_int(text, min, max, &value)) {
		return false;
	}
	*ret_value = (int)value;
	return true;
}

static void auto_or_text(int value, int automatic, char *text, size_t size) {
	if (value == automatic) {
		snprintf(text, size, "auto");
	} else {
		snprintf(text, size, "%d", value);
	}
}

bool set_latency(struct config *config, const char *text) {
	int value;
	if (!auto_or(text, 10, 200, 0, &value)) {
		return false;
	}
	config->audio.latency_ms = (unsigned)value;
	return true;
}

void get_latency(const struct config *config, char *text, size_t size) {
	auto_or_text((int)config->audio.latency_ms, 0, text, size);
}

bool set_audio_max(struct config *config, const char *text) {
	int value;
	if (!auto_or(text, 20, 1000, 0, &value)) {
		return false;
	}
	config->audio.max_ms = (unsigned)value;
	return true;
}

void get_audio_max(const struct config *config, char *text, size_t size) {
	auto_or_text((int)config->audio.max_ms, 0, text, size);
}

bool set_volume(struct config *config, const char *text) {
	return auto_or(text, 0, 150, -1, &config->audio.volume_percent);
}

void get_volume(const struct config *config, char *text, size_t size) {
	auto_or_text(config->audio.volume_percent, -1, text, size);
}

bool set_group(struct config *config, const char *text) {
	struct in_addr address;
	if (inet_pton(AF_INET, text, &address) != 1 || !IN_MULTICAST(ntohl(address.s_addr))) {
		return false;
	}
	return copy(config->audio.group, sizeof config->audio.group, text);
}

void get_group(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->audio.group);
}

bool set_size(struct config *config, const char *text) {
	return parse_size(text, WINDOW_SIDE_MAX, &config->window.width, &config->window.height);
}

void get_size(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%dx%d", config->window.width, config->window.height);
}

bool set_guest_size(struct config *config, const char *text) {
	return parse_size(text, WINDOW_SIDE_MAX, &config->guest.width, &config->guest.height);
}

void get_guest_size(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%dx%d", config->guest.width, config->guest.height);
}

bool set_position(struct config *config, const char *text) {
	if (ascii_casecmp(text, "center") == 0 || ascii_casecmp(text, "centre") == 0) {
		config->window.center = true;
		return true;
	}
	struct window_options *window = &config->window;
	if (!parse_position(text, WINDOW_SIDE_MAX, &window->x, &window->y)) {
		return false;
	}
	window->center = false;
	return true;
}

void get_position(const struct config *config, char *text, size_t size) {
	if (config->window.center) {
		snprintf(text, size, "center");
	} else {
		snprintf(text, size, "%dx%d", config->window.x, config->window.y);
	}
}

bool set_spice(struct config *config, const char *text) {
	struct spice_address address;
	return spice_address_parse(text, &address) == 0 &&
	       copy(config->raw.spice, sizeof config->raw.spice, text);
}

void get_spice(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->raw.spice);
}

static const char *const bench_kinds[] = { "none", "video", "audio", "input", NULL };

bool set_bench(struct config *config, const char *text) {
	int i = text[0] == '\0' ? BENCH_VIDEO : one_of(text, bench_kinds);
	if (i < BENCH_VIDEO) {
		return false;
	}
	config->bench.kind = (enum bench_kind)i;
	return true;
}

void get_bench(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", bench_kinds[config->bench.kind]);
}

bool set_stats(struct config *config, const char *text) {
	bool on;
	if (text[0] == '\0') {
		text = "1";
	}
	if (parse_double(text, 0.1, 3600, &config->stats_period)) {
		config->stats = true;
		return true;
	}
	if (!parse_bool(text, &on)) {
		return false;
	}
	config->stats = on;
	config->stats_period = 1;
	return true;
}

void get_stats(const struct config *config, char *text, size_t size) {
	if (config->stats) {
		snprintf(text, size, "%g", config->stats_period);
	} else {
		snprintf(text, size, "off");
	}
}

bool set_help(struct config *config, const char *text) {
	static const char *const topics[] = { "common", "all", "keys", "lg", NULL };
	const char *topic = text[0] == '\0' ? "common" : text;
	bool known = one_of(topic, topics) >= 0;
	for (unsigned i = 0; i < OPTION_GROUP_COUNT; i++) {
		known |= ascii_casecmp(topic, option_group_names[i]) == 0;
	}
	return known && copy(config->help_topic, sizeof config->help_topic, topic);
}

void get_help(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->help_topic);
}

bool set_completions(struct config *config, const char *text) {
	static const char *const shells[] = { "bash", "zsh", "fish", NULL };
	return one_of(text, shells) >= 0 && copy(config->raw.shell, sizeof config->raw.shell, text);
}

void get_completions(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->raw.shell);
}

/* config.c loads the file; here is nothing to keep. */
bool set_config_file(struct config *config, const char *text) {
	(void)config;
	return text[0] != '\0';
}

void get_config_file(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->config_file ? config->config_file : "");
}

bool set_grab_toggle(struct config *config, const char *text) {
	struct chord chord;
	return text[0] != '\0' && chord_parse(text, &chord) == 0 &&
	       copy(config->session.grab_toggle, sizeof config->session.grab_toggle, text);
}

void get_grab_toggle(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->session.grab_toggle);
}

bool set_escape_key(struct config *config, const char *text) {
	struct chord chord;
	if (chord_parse(text, &chord) < 0 || chord.count == 0) {
		return false;
	}
	/* One spelling for one key, so that whoever compares need not know the others. */
	const char *name = key_name(chord_single(&chord));
	return copy(config->session.escape_key, sizeof config->session.escape_key,
			name ? name : text);
}

void get_escape_key(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->session.escape_key);
}

/* A path, or one of the words, which are then spelled as the devices know them. */
static bool device_word(char *text) {
	static const char *const kinds[] = { "keyboards", "mice", "all", NULL };
	int i = one_of(text, kinds);
	if (i >= 0) {
		memcpy(text, kinds[i], strlen(kinds[i]));
	}
	return i >= 0 || strchr(text, '/') != NULL;
}

/* One path, or several with commas between as looking-glass-client's input:evdev has them. */
bool set_evdev(struct config *config, const char *text) {
	struct guest_link_config *session = &config->session;
	unsigned count = session->evdev_count;
	if (ascii_casecmp(text, "none") == 0) {
		session->evdev_count = 0;
		return true;
	}
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");
		if (len == 0 || len >= sizeof session->evdev[0] || count == GUEST_LINK_EVDEV_MAX) {
			return false;
		}
		memcpy(session->evdev[count], at, len);
		session->evdev[count][len] = '\0';
		if (!device_word(session->evdev[count++])) {
			return false;
		}
		if (at[len] == '\0') {
			break;
		}
		at += len + 1;
	}
	session->evdev_count = count;
	return true;
}

void get_evdev(const struct config *config, char *text, size_t size) {
	size_t at = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < config->session.evdev_count; i++) {
		int n = snprintf(text + at, size - at, "%s%s", i ? "," : "",
				config->session.evdev[i]);
		if (n < 0 || (size_t)n >= size - at) {
			return;
		}
		at += (size_t)n;
	}
}

bool set_clipboard_max(struct config *config, const char *text) {
	char number[16];
	size_t len = strlen(text);
	unsigned shift = 0;
	if (len > 0 && strchr("kK", text[len - 1])) {
		shift = 10;
	} else if (len > 0 && strchr("mM", text[len - 1])) {
		shift = 20;
	}
	len -= shift != 0;
	int64_t value;
	if (len >= sizeof number) {
		return false;
	}
	memcpy(number, text, len);
	number[len] = '\0';
	if (!parse_int(number, 1, INT64_C(1) << 30, &value) || value << shift < 1024 ||
			value << shift > INT64_C(1) << 30) {
		return false;
	}
	config->session.clipboard_max_bytes = (size_t)(value << shift);
	return true;
}

void get_clipboard_max(const struct config *config, char *text, size_t size) {
	size_t bytes = config->session.clipboard_max_bytes;
	if (bytes % (1 << 20) == 0) {
		snprintf(text, size, "%zuM", bytes >> 20);
	} else if (bytes % 1024 == 0) {
		snprintf(text, size, "%zuK", bytes >> 10);
	} else {
		snprintf(text, size, "%zu", bytes);
	}
}

static const char *const clipboard_policies[] = { "no", "always", "focus", "ask", NULL };

/* "yes" of older files, and the bare option, are "always". */
static bool set_clipboard_policy(enum clipboard_policy *policy, const char *text) {
	bool on = true;
	int i = one_of(text, clipboard_policies);
	if (i < 0 && text[0] != '\0' && !parse_bool(text, &on)) {
		return false;
	}
	*policy = i >= 0 ? (enum clipboard_policy)i : on ? CLIPBOARD_ALWAYS : CLIPBOARD_NO;
	return true;
}

bool set_clipboard_to_vm(struct config *config, const char *text) {
	return set_clipboard_policy(&config->raw.clipboard_to_vm, text);
}

void get_clipboard_to_vm(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", clipboard_policies[config->raw.clipboard_to_vm]);
}

bool set_clipboard_to_local(struct config *config, const char *text) {
	return set_clipboard_policy(&config->raw.clipboard_to_local, text);
}

void get_clipboard_to_local(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", clipboard_policies[config->raw.clipboard_to_local]);
}

bool key_binding_parse(const char *text, unsigned *ret_binding) {
	unsigned shift = 0;
	if (ascii_casecmp(text, "none") == 0) {
		*ret_binding = 0;
		return true;
	}
	if (ascii_ncasecmp(text, "shift-", 6) == 0 || ascii_ncasecmp(text, "shift+", 6) == 0) {
		shift = KEY_BINDING_SHIFT;
		text += 6;
	}
	unsigned code = key_code(text);
	if (code == 0) {
		return false;
	}
	*ret_binding = code | shift;
	return true;
}

void key_binding_text(unsigned binding, char *text, size_t size) {
	unsigned code = binding & ~KEY_BINDING_SHIFT;
	const char *shift = binding & KEY_BINDING_SHIFT ? "shift-" : "";
	const char *name = key_name(code);
	if (binding == 0) {
		snprintf(text, size, "none");
	} else if (name) {
		snprintf(text, size, "%s%s", shift, name);
	} else {
		snprintf(text, size, "%s%u", shift, code);
	}
}

/*
 * virt-viewer's chords of several modifiers ("ctrl+alt+end") are bindings behind the escape key
 * here, which stands for Ctrl and Alt: the key is taken, and Shift.
 */
static bool set_binding_chord(
		struct config *config, const struct config_option *option, const char *text) {
	struct chord chord;
	unsigned code;
	bool shift;
	if (option->type != OPTION_KEY || chord_parse(text, &chord) < 0 ||
			chord_binding(&chord, &code, &shift) < 0) {
		return false;
	}
	char binding[64];
	key_binding_text(code | (shift ? KEY_BINDING_SHIFT : 0), binding, sizeof binding);
	return option_set(config, option, binding);
}

/* One ACTION=KEY of --hotkeys. */
static bool hotkey(struct config *config, const char *action, const char *key) {
	static const char *const virt_viewer[][2] = {
		{ "toggle-fullscreen", "key-full-screen" },
		{ "release-cursor", "escape-key" },
		{ "secure-attention", "key-ctrl-alt-del" },
	};
	char name[64];
	snprintf(name, sizeof name, "key-%s", action);
	for (size_t i = 0; i < sizeof virt_viewer / sizeof *virt_viewer; i++) {
		if (ascii_casecmp(action, virt_viewer[i][0]) == 0) {
			snprintf(name, sizeof name, "%s", virt_viewer[i][1]);
		}
	}
	const struct config_option *option = option_find(name);
	return option &&
	       (option_set(config, option, key) || set_binding_chord(config, option, key));
}

bool set_hotkeys(struct config *config, const char *text) {
	char list[512];
	struct config *changed = malloc(sizeof *changed); /* all of them or none */
	if (!changed || !copy(list, sizeof list, text)) {
		free(changed);
		return false;
	}
	*changed = *config;
	bool good = true;
	char *save;
	for (char *item = strtok_r(list, ",", &save); item && good;
			item = strtok_r(NULL, ",", &save)) {
		char *key = strchr(item, '=');
		if (!key) {
			good = false;
			break;
		}
		*key++ = '\0';
		good = hotkey(changed, item, key);
	}
	if (good) {
		*config = *changed;
	}
	free(changed);
	return good;
}

void get_hotkeys(const struct config *config, char *text, size_t size) {
	(void)config;
	snprintf(text, size, "%s", "");
}

bool set_vm_owner(struct config *config, const char *text) {
	struct owners owners;
	char unknown[OWNER_NAME_BYTES];
	if (strlen(text) >= sizeof config->vm_owner ||
			owners_read(&owners, "", text, unknown) < 0) {
		return false;
	}
	copy(config->vm_owner, sizeof config->vm_owner, text);
	config->owners = owners;
	return true;
}

void get_vm_owner(const struct config *config, char *text, size_t size) {
	snprintf(text, size, "%s", config->vm_owner);
}
