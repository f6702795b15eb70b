#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/config/ini.h"
#include "tests/support/check.h"

struct heard {
	char text[2048];
	int stop_at; /* line whose entry ends the parsing */
};

static int entry(const struct ini_entry *entry, void *data) {
	struct heard *heard = data;
	size_t len = strlen(heard->text);
	snprintf(heard->text + len, sizeof heard->text - len, "%u[%s]%s=%s|", entry->line,
			entry->section, entry->name, entry->value);
	return (int)entry->line == heard->stop_at ? -EINVAL : 0;
}

static int bad(unsigned line, const char *why, void *data) {
	struct heard *heard = data;
	size_t len = strlen(heard->text);
	CHECK(why[0] != '\0');
	snprintf(heard->text + len, sizeof heard->text - len, "%u!|", line);
	return 0;
}

static void parse(const char *text, size_t len, enum ini_grammar grammar, const char *expected) {
	struct heard heard = { .text = "" };
	const struct ini_handler handler = { .entry = entry, .bad = bad, .data = &heard };
	CHECK_EQ(ini_parse(text, len, grammar, &handler), 0);
	assert_string_equal(heard.text, expected);
}

static void both_grammars(void **state) {
	(void)state;
	static const struct {
		const char *text;
		const char *ours;
		const char *theirs;
	} cases[] = {
		{ "", "", "" },
		{ "a=b", "1[]a=b|", "1[]a=b|" },
		{ "\xef\xbb\xbf"
		  "a=b\n",
				"1[]a=b|", "1[]a=b|" },
		{ "  a \t=  b = c \t\r\n", "1[]a=b = c|", "1[]a=b = c|" },
		{ "[win]\nsize=1x1\n[ app ] \nx=", "2[win]size=1x1|4[app]x=|",
				"2[win]size=1x1|4[app]x=|" },
		{ "# note\n;note\n ; note\n", "", "1!|3!|" },
		{ "#a=b\n ;c=d\n;e=f\n", "", "1[]#a=b|2[];c=d|" },
		{ "a=b ; no comment # neither", "1[]a=b ; no comment # neither|",
				"1[]a=b ; no comment # neither|" },
		{ "a=\"b\"", "1[]a=\"b\"|", "1[]a=\"b\"|" },
		{ "a\n=b\n[\n[]\n[x]y\n", "1!|2!|3!|4!|5!|", "1!|2!|3!|4!|5!|" },
		{ "t=\xe6\xb8\xb8\xe6\x88\x8f", "1[]t=\xe6\xb8\xb8\xe6\x88\x8f|",
				"1[]t=\xe6\xb8\xb8\xe6\x88\x8f|" },
		{ "a=b\x1b[0m\nc=d", "1!|2[]c=d|", "1[]a=b[0m|2[]c=d|" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = strlen(cases[i].text);
		parse(cases[i].text, len, INI_OURS, cases[i].ours);
		parse(cases[i].text, len, INI_LG, cases[i].theirs);
	}
	parse("a=b\0c\nd=e", 9, INI_OURS, "1!|2[]d=e|");
	parse("a=b\0c\nd=e", 9, INI_LG, "1[]a=bc|2[]d=e|");
}

static void limits(void **state) {
	(void)state;
	char text[INI_LINE_MAX + 8];
	memset(text, 'x', sizeof text);
	text[0] = 'a';
	text[1] = '=';
	text[INI_LINE_MAX + 1] = '\n';
	text[INI_LINE_MAX + 2] = 'c';
	text[INI_LINE_MAX + 3] = '=';
	parse(text, INI_LINE_MAX + 4, INI_OURS, "1!|2[]c=|");
	char section[80] = "[";
	memset(section + 1, 's', INI_SECTION_MAX - 1);
	strcpy(section + INI_SECTION_MAX, "]\n");
	parse(section, strlen(section), INI_OURS, "");
	memset(section + 1, 's', INI_SECTION_MAX);
	strcpy(section + 1 + INI_SECTION_MAX, "]\n");
	parse(section, strlen(section), INI_OURS, "1!|");
}

static void a_handler_may_stop(void **state) {
	(void)state;
	struct heard heard = { .stop_at = 2 };
	const struct ini_handler handler = { .entry = entry, .bad = bad, .data = &heard };
	CHECK_EQ(ini_parse("a=1\nb=2\nc=3\n", 12, INI_OURS, &handler), -EINVAL);
	assert_string_equal(heard.text, "1[]a=1|2[]b=2|");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_grammars),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_handler_may_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
