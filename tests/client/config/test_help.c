#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/config/completions.h"
#include "client/config/help.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"
#include "tests/support/check.h"

static unsigned columns(const char *line, size_t len) {
	unsigned sum = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		sum += c >= 0xe1 ? 2 : c < 0x80 || c >= 0xc0 ? 1 : 0;
	}
	return sum;
}

static void check_width(const char *text) {
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		if (columns(line, len) > 79) {
			fail_msg("too wide: %.*s", (int)len, line);
		}
		CHECK(len == 0 || line[len - 1] != ' ');
		line += len + (line[len] == '\n');
	}
}

static char *help(const char *topic) {
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	help_print(out, topic);
	fclose(out);
	return text;
}

/* Whether the name stands there whole: not only as the beginning of another one. */
static bool names(const char *text, const char *name) {
	static const char more[] =
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const size_t len = strlen(name);
	for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
		if (at[len] == '\0' || !strchr(more, at[len])) {
			return true;
		}
	}
	return false;
}

static void every_option_is_in_the_help(void **state) {
	(void)state;
	char *all = help("all");
	char *common = help("common");
	for (unsigned i = 0; i < config_options_count; i++) {
		char name[80];
		char no[80];
		snprintf(name, sizeof name, "--%s", config_options[i].name);
		snprintf(no, sizeof no, "--[no-]%s", config_options[i].name);
		CHECK(names(all, name) || names(all, no));
		CHECK(!(config_options[i].flags & OPTION_BASIC) || names(common, name) ||
				names(common, no));
	}
	/* Ways that --bench compares and a bug report names: nobody is to choose them at first. */
	CHECK(!names(common, "--upload") && !names(common, "--poll") && !names(common, "--scale"));
	check_width(all);
	check_width(common);
	CHECK(strlen(common) < strlen(all) / 2);
	free(all);
	free(common);
}

static void topics(void **state) {
	(void)state;
	char *keys = help("keys");
	CHECK(strstr(keys, "scrolllock 70") && strstr(keys, "--key-quit=KEY"));
	check_width(keys);
	free(keys);
	char *lg = help("lg");
	const char *name;
	for (size_t i = 0; (name = lg_name_at(i)); i++) {
		CHECK(names(lg, name));
	}
	CHECK(strstr(lg, "app:shmFile"));
	check_width(lg);
	free(lg);
	for (unsigned i = 0; i < OPTION_GROUP_COUNT; i++) {
		char *group = help(option_group_names[i]);
		CHECK(strstr(group, option_group_titles[i]));
		free(group);
	}
}

static void wrapped(const char *text, unsigned column, unsigned indent, const char *expected) {
	char *result;
	size_t size;
	FILE *out = open_memstream(&result, &size);
	help_wrap(out, text, column, indent);
	fclose(out);
	assert_string_equal(result, expected);
	free(result);
}

static void wrapping(void **state) {
	(void)state;
	wrapped("", 0, 0, "\n");
	wrapped("one two three", 70, 74,
			"one two\n"
			"                                                                "
			"          three\n");
	/* Chinese has no blanks: it breaks between letters, each two columns wide. */
	wrapped("\xe6\xb8\xb8\xe6\x88\x8f\xe6\xb8\xb8\xe6\x88\x8f", 75, 0,
			"\xe6\xb8\xb8\xe6\x88\x8f\n\xe6\xb8\xb8\xe6\x88\x8f\n");
	/* A word that fits nowhere stays whole. */
	char word[101];
	memset(word, 'x', 100);
	word[100] = '\0';
	char line[102];
	snprintf(line, sizeof line, "%s\n", word);
	wrapped(word, 0, 0, line);
}

static void every_option_is_completed(void **state) {
	(void)state;
	static const char *const shells[] = { "bash", "zsh", "fish" };
	for (size_t s = 0; s < 3; s++) {
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		CHECK_EQ(completions_print(out, shells[s]), 0);
		fclose(out);
		for (unsigned i = 0; i < config_options_count; i++) {
			char name[80];
			snprintf(name, sizeof name, "%s%s", s == 2 ? " -l " : "--",
					config_options[i].name);
			char no[80];
			snprintf(no, sizeof no, "%sno-%s", s == 2 ? " -l " : "--",
					config_options[i].name);
			CHECK(names(text, name) || names(text, no));
		}
		free(text);
	}
	CHECK(completions_print(stderr, "tcsh") < 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_is_in_the_help),
		cmocka_unit_test(topics),
		cmocka_unit_test(wrapping),
		cmocka_unit_test(every_option_is_completed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
