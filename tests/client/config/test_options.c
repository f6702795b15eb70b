/* The table itself, and every value that an option takes or refuses. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/config/options.h"
#include "client/config/options_lg.h"
#include "tests/support/check.h"

static struct config *fresh(void) {
	struct config *config = calloc(1, sizeof *config);
	CHECK(config != NULL);
	config->picture = true;
	options_defaults(config);
	return config;
}

static bool is_name(const char *text) {
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void the_table_is_whole(void **state) {
	(void)state;
	for (unsigned i = 0; i < config_options_count; i++) {
		const struct config_option *option = &config_options[i];
		char allowed[512] = "";
		CHECK(is_name(option->name));
		CHECK_EQ(option_find(option->name), option);
		CHECK(option->letter == '\0' || option_find_letter(option->letter) == option);
		CHECK(option->help && option->help[0] && strlen(option->help) < 90);
		CHECK(option->help[strlen(option->help) - 1] != '.');
		CHECK(option->help[0] != '-'); /* the manual takes it for a list */
		CHECK(option->group < OPTION_GROUP_COUNT);
		CHECK_EQ((option->type == OPTION_BOOL), (option->value == NULL));
		CHECK(option->type == OPTION_CUSTOM || option->size > 0);
		CHECK(option->type != OPTION_BOOL || option->default_text);
		CHECK(option->type != OPTION_BOOL || option->size == sizeof(bool));
		CHECK(option->type != OPTION_CHOICE || option->size == sizeof(int) ||
				option->size == sizeof(bool));
		option_allowed(option, allowed, sizeof allowed);
		CHECK(allowed[0] || strcmp(option->name, "config-file") == 0);
		CHECK(strncmp(option->name, "no-", 3) != 0 || !option_find(option->name + 3) ||
				!option_is_switch(option_find(option->name + 3)));
	}
	CHECK(config_options_count > 120);
}

/* option_set(option_get()) is the identity, for every default. */
static void defaults_read_back(void **state) {
	(void)state;
	struct config *config = fresh();
	char before[OPTION_TEXT_MAX];
	char after[OPTION_TEXT_MAX];
	for (unsigned i = 0; i < config_options_count; i++) {
		if (!config_options[i].default_text) {
			continue;
		}
		option_get(config, &config_options[i], before, sizeof before);
		if (config_options[i].type != OPTION_KEY &&
				strcmp(config_options[i].name, "clipboard-max") != 0) {
			assert_string_equal(before, config_options[i].default_text);
		}
		CHECK(option_set(config, &config_options[i], before));
		option_get(config, &config_options[i], after, sizeof after);
		assert_string_equal(before, after);
	}
	free(config);
}

static void values(void **state) {
	(void)state;
	static const struct {
		const char *name;
		const char *text;
		const char *reads; /* NULL = refused, and nothing changed */
	} cases[] = {
		{ "full-screen", "YES", "yes" },
		{ "full-screen", "0", "no" },
		{ "full-screen", "maybe", NULL },
		{ "full-screen", "", NULL },
		{ "audio-latency", "auto", "auto" },
		{ "audio-latency", "10", "10" },
		{ "audio-latency", "200", "200" },
		{ "audio-latency", "9", NULL },
		{ "audio-latency", "201", NULL },
		{ "audio-latency", "50ms", NULL },
		{ "audio-latency", "0x20", NULL },
		{ "audio-max", "120", "120" },
		{ "audio-volume", "0", "0" },
		{ "audio-volume", "-1", NULL },
		{ "audio-port", "65535", "65535" },
		{ "audio-port", "0", NULL },
		{ "audio-port", "65536", NULL },
		{ "audio-group", "239.1.2.3", "239.1.2.3" },
		{ "audio-group", "192.168.1.1", NULL },
		{ "audio-group", "239.1.2", NULL },
		{ "audio-quality", "medium", "medium" },
		{ "audio", "off", "off" },
		{ "audio", "scream", "scream" },
		{ "audio", "spice", "spice" },
		{ "audio", "pulse", NULL },
		{ "source", "off", "off" },
		{ "source", "LG", "lg" },
		{ "source", "vnc", NULL },
		{ "size", "1x1", "1x1" },
		{ "size", "32768x32768", "32768x32768" },
		{ "size", "32769x1", NULL },
		{ "size", "800*600", NULL },
		{ "size", "800x", NULL },
		{ "position", "center", "center" },
		{ "position", "-1920x0", "-1920x0" },
		{ "position", "1920", NULL },
		{ "mouse-sens", "-9", "-9" },
		{ "mouse-sens", "10", NULL },
		{ "rotate", "270", "270" },
		{ "rotate", "45", NULL },
		{ "log-level", "debug", "debug" },
		{ "log-level", "loud", NULL },
		{ "stats", "", "1" },
		{ "stats", "0.5", "0.5" },
		{ "stats", "off", "off" },
		{ "stats", "0", "off" },
		{ "stats", "0,5", NULL },
		{ "bench", "", "video" },
		{ "bench", "input", "input" },
		{ "bench", "none", NULL },
		{ "seconds", "2.5", "2.5" },
		{ "seconds", "-1", NULL },
		{ "seconds", "nan", NULL },
		{ "spice", "unix:/run/vm.sock", "unix:/run/vm.sock" },
		{ "spice", "unix:", NULL },
		{ "spice", "off", "off" },
		{ "spice", "localhost:5900", "localhost:5900" },
		{ "spice", "spice://localhost:5900", "spice://localhost:5900" },
		{ "spice", "Unix:/run/vm.sock", "Unix:/run/vm.sock" },
		{ "spice", "spice+unix:///run/vm.sock", "spice+unix:///run/vm.sock" },
		{ "spice", "spice://host?tls-port=5901", "spice://host?tls-port=5901" },
		{ "spice", "[::1]:5900", "[::1]:5900" },
		{ "spice", "::1:5900", NULL },
		{ "spice", "spice+tls://host:5901", "spice+tls://host:5901" },
		{ "spice", "localhost", NULL },
		{ "spice", "localhost:0", NULL },
		{ "spice", "/run/vm.sock", "/run/vm.sock" },
		{ "grab-toggle", "ctrl-scrolllock", "ctrl-scrolllock" },
		{ "grab-toggle", "meta-meta", "meta-meta" },
		{ "grab-toggle", "ctrl-alt-g", "ctrl-alt-g" },
		{ "grab-toggle", "ctrl+alt+g", "ctrl+alt+g" },
		{ "grab-toggle", "none", "none" },
		{ "grab-toggle", "ctrl-nokey", NULL },
		{ "grab-toggle", "ctrl-", NULL },
		{ "grab-toggle", "", NULL },
		{ "escape-key", "KEY_RIGHTCTRL", "rightctrl" },
		{ "escape-key", "70", "scrolllock" },
		{ "escape-key", "ctrl-alt", "ctrl-alt" },
		{ "escape-key", "KEY_NONE", NULL },
		{ "key-quit", "shift-q", "shift-q" },
		{ "key-quit", "none", "none" },
		{ "key-quit", "=", "equal" },
		{ "key-quit", "ctrl-q", NULL },
		{ "evdev", "none", "" },
		{ "evdev", "keyboards", "keyboards" },
		{ "evdev", "/dev/a,/dev/b", "keyboards,/dev/a,/dev/b" },
		{ "evdev", "", NULL },
		{ "evdev", "Mice", "keyboards,/dev/a,/dev/b,mice" },
		{ "evdev", "keyboard", NULL },
		{ "evdev", "/dev/c,mouse", NULL },
		{ "evdev", "/dev/c,", NULL },
		{ "clipboard-max", "1K", "1K" },
		{ "clipboard-max", "1024M", "1024M" },
		{ "clipboard-max", "100", NULL },
		{ "clipboard-max", "2048M", NULL },
		{ "clipboard-max", "9999999999999M", NULL },
		{ "demo-host", "b6", "B6" },
		{ "demo-host", "34", "34" },
		{ "demo-host", "B8", NULL },
		{ "hotkeys", "toggle-fullscreen=shift+f11,release-cursor=ctrl+alt", "" },
		{ "hotkeys", "secure-attention=ctrl+alt+end,screenshot=ctrl+shift+f9", "" },
		{ "hotkeys", "secure-attention=ctrl+alt", NULL },
		{ "hotkeys", "toggle-fullscreen", NULL },
		{ "hotkeys", "fly=f1", NULL },
		{ "title", "\xe6\xb8\xb8\xe6\x88\x8f", "\xe6\xb8\xb8\xe6\x88\x8f" },
	};
	struct config *config = fresh();
	struct config *before = fresh();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[OPTION_TEXT_MAX];
		const struct config_option *option = option_find(cases[i].name);
		CHECK(option != NULL);
		*before = *config;
		bool taken = option_set(config, option, cases[i].text);
		if (taken != (cases[i].reads != NULL)) {
			fail_msg("%s = %s: %s", cases[i].name, cases[i].text,
					taken ? "taken" : "refused");
		}
		if (taken) {
			option_get(config, option, text, sizeof text);
			assert_string_equal(text, cases[i].reads);
		} else {
			char old[OPTION_TEXT_MAX];
			option_get(before, option, old, sizeof old);
			option_get(config, option, text, sizeof text);
			assert_string_equal(text, old);
		}
	}
	assert_int_equal(config->input.bindings[KEY_ACTION_FULL_SCREEN], 87 | KEY_BINDING_SHIFT);
	assert_string_equal(config->session.escape_key, "ctrl+alt");
	assert_int_equal(config->input.bindings[KEY_ACTION_CTRL_ALT_DEL], 107);
	assert_int_equal(config->input.bindings[KEY_ACTION_SCREENSHOT], 67 | KEY_BINDING_SHIFT);
	free(before);
	free(config);
}

static void too_long_texts_are_refused(void **state) {
	(void)state;
	struct config *config = fresh();
	char longest[OPTION_TEXT_MAX];
	for (unsigned i = 0; i < config_options_count; i++) {
		const struct config_option *option = &config_options[i];
		if (option->type == OPTION_TEXT) {
			memset(longest, 'x', sizeof longest);
			longest[option->size] = '\0';
			CHECK(!option_set(config, option, longest));
			longest[option->size - 1] = '\0';
			CHECK(option_set(config, option, longest));
		} else if (option->type == OPTION_CUSTOM &&
				strcmp(option->name, "config-file") != 0) {
			memset(longest, 'x', sizeof longest - 1);
			longest[sizeof longest - 1] = '\0';
			CHECK(!option_set(config, option, longest));
		}
	}
	free(config);
}

static void nearest(void **state) {
	(void)state;
	assert_string_equal(option_nearest("audio-latancy"), "audio-latency");
	assert_string_equal(option_nearest("fullscreen"), "full-screen");
	assert_string_equal(option_nearest("Audio_Sink"), "audio-sink");
	assert_string_equal(option_nearest("sapice"), "spice");
	CHECK_EQ(option_nearest("xyzzy"), NULL);
	assert_string_equal(lg_nearest("win:fulscreen"), "win:fullScreen");
}

/* All 101 options of B7, by a list of its own: the fate that is promised and the letter. */
static void every_lg_option(void **state) {
	(void)state;
	static const struct {
		const char *name;
		enum lg_support support;
	} fates[] = {
		{ "kept", LG_KEPT },
		{ "mapped", LG_MAPPED },
		{ "ignored", LG_IGNORED },
		{ "unsupported", LG_UNSUPPORTED },
	};
	FILE *list = fopen("tests/data/config/lg-b7.txt", "r");
	CHECK(list != NULL);
	char line[160];
	unsigned count = 0;
	while (fgets(line, sizeof line, list)) {
		char name[64];
		char letter;
		char promised[32];
		if (line[0] == '#') {
			continue;
		}
		CHECK_EQ(sscanf(line, "%63s %c %31s", name, &letter, promised), 3);
		enum lg_support support = lg_support_of(name);
		enum lg_support wanted = LG_UNKNOWN;
		for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
			if (strcmp(fates[i].name, promised) == 0) {
				wanted = fates[i].support;
			}
		}
		/* Better than promised is fine: a moved name of the same meaning, a value that is
		 * mapped, something for later that is there already. */
		bool good = support == wanted || support == LG_KEPT || support == LG_MAPPED;
		if (!good || wanted == LG_UNKNOWN) {
			fail_msg("%s: promised %s, is %d", name, promised, (int)support);
		}
		if (letter != '-') {
			const struct config_option *option = option_find_letter(letter);
			const char *lg = lg_find_letter(letter);
			CHECK(option ? option_find_lg(name) == option : lg && !strcmp(lg, name));
		}
		count++;
	}
	fclose(list);
	assert_int_equal(count, 101);
}

static void lg_values(void **state) {
	(void)state;
	static const struct {
		const char *name;
		const char *value;
		bool loose;
		const char *option; /* NULL = none */
		const char *text;   /* NULL = does not fit */
	} cases[] = {
		{ "win:fullScreen", "garbage", true, "full-screen", "no" },
		{ "WIN:FULLSCREEN", "On", true, "full-screen", "yes" },
		{ "win:fullScreen", "garbage", false, "full-screen", "garbage" },
		{ "spice:audio", "no", false, "audio", "scream" },
		{ "spice:audio", "true", true, "audio", "auto" },
		{ "spice:audio", "maybe", false, "audio", NULL },
		{ "audio:bufferLatency", "13", true, "audio-latency", "auto" },
		{ "audio:bufferLatency", "40", true, "audio-latency", "60" },
		{ "audio:bufferLatency", "500", true, "audio-latency", "200" },
		{ "audio:bufferLatency", "x", true, "audio-latency", NULL },
		{ "audio:micDefault", "prompt", true, "microphone", "ask" },
		{ "audio:micDefault", "DENY", true, "microphone", "off" },
		{ "pipewire:outDevice", "none", true, "audio-sink", "" },
		{ "egl:scale", "2", true, "scale", "linear" },
		{ "egl:scale", "7", true, "scale", NULL },
		{ "app:transport", "spice", true, "source", "spice" },
		{ "input:evdev", "/dev/a,/dev/b", true, "evdev", "/dev/a,/dev/b" },
		{ "test:width", "800", true, "demo-size", "800x1080" },
		{ "app:renderer", "EGL", true, NULL, "" },
		{ "eglFilter:ffxFSR", "yes", true, "scale", "fsr" },
		{ "eglFilter:ffxFSR", "no", true, "scale", "auto" },
	};
	struct config *config = fresh();
	struct lg_value value;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lg_translate(config, cases[i].name, cases[i].value, cases[i].loose, &value);
		CHECK_EQ(value.option, (cases[i].option ? option_find(cases[i].option) : NULL));
		CHECK_EQ(value.fits, (cases[i].text != NULL));
		if (cases[i].text) {
			assert_string_equal(value.text, cases[i].text);
		}
	}
	lg_translate(config, "app:renderer", "OpenGL", true, &value);
	CHECK_EQ(value.support, LG_UNSUPPORTED);
	CHECK(value.note);
	lg_translate(config, "app:nothing", "1", true, &value);
	CHECK_EQ(value.support, LG_UNKNOWN);
	free(config);
}

/* Their values of a mapped row, with blanks between. */
static const char *values_of(const char *name) {
	static const char *const rows[][2] = {
		{ "app:cursorPollInterval", "0 1000" },
		{ "lgmp:cursorPollInterval", "0 1000" },
		{ "spice:audio", "yes no" },
		{ "audio:bufferLatency", "0 13 40 10000" },
		{ "audio:micDefault", "prompt allow deny" },
		{ "pipewire:outDevice", "none alsa_output.pci" },
		{ "egl:scale", "0 1 2" },
		{ "eglFilter:ffxFSR", "yes no" },
		{ "app:transport", "lgmp spice" },
		{ "input:evdev", "/dev/a /dev/a,/dev/b" },
		{ "test:width", "800" },
		{ "test:height", "600" },
		{ "test:format", "bgra rgba rgba10 rgba16f" },
		{ "test:damage", "moving full null zero" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i][0], name) == 0) {
			return rows[i][1];
		}
	}
	fail_msg("%s is mapped, and its values do not stand here", name);
	return "";
}

static void check_row(struct config *config, const char *name) {
	static struct lg_value value;
	char values[128];
	char *rest;
	snprintf(values, sizeof values, "%s", values_of(name));
	for (char *theirs = strtok_r(values, " ", &rest); theirs;
			theirs = strtok_r(NULL, " ", &rest)) {
		lg_translate(config, name, theirs, false, &value);
		if (!value.option || !value.fits || !option_set(config, value.option, value.text)) {
			fail_msg("%s = %s: nothing takes \"%s\"", name, theirs, value.text);
		}
	}
}

/* Every mapped row leads to an option that exists and takes what the row gives. */
static void lg_targets(void **state) {
	(void)state;
	struct config *config = fresh();
	const char *name;
	unsigned mapped = 0;
	for (size_t i = 0; (name = lg_name_at(i)); i++) {
		CHECK_EQ(option_find_lg(name), NULL);
		CHECK(lg_is_module(name, strcspn(name, ":")));
		/* Of the renderers there is one, and no option for it. */
		if (lg_support_of(name) == LG_MAPPED && strcmp(name, "app:renderer") != 0) {
			check_row(config, name);
			mapped++;
		}
	}
	CHECK_EQ(mapped, 14);
	free(config);
}

static void key_actions(void **state) {
	(void)state;
	struct config *config = fresh();
	for (unsigned i = 1; i < KEY_ACTION_COUNT; i++) {
		CHECK(key_action_help((enum key_action)i)[0] != '\0');
		CHECK(config->input.bindings[i] != 0);
		for (unsigned j = 1; j < i; j++) {
			CHECK(config->input.bindings[i] != config->input.bindings[j]);
		}
	}
	assert_string_equal(key_action_name(KEY_ACTION_QUIT), "quit");
	assert_string_equal(key_action_name(KEY_ACTION_NONE), "none");
	free(config);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(defaults_read_back),
		cmocka_unit_test(values),
		cmocka_unit_test(too_long_texts_are_refused),
		cmocka_unit_test(nearest),
		cmocka_unit_test(every_lg_option),
		cmocka_unit_test(lg_values),
		cmocka_unit_test(lg_targets),
		cmocka_unit_test(key_actions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
