#include <linux/input-event-codes.h>
#include <stdio.h>

#include "input/key_names.h"
#include "tests/support/check.h"

static void spellings(void **state) {
	(void)state;
	static const struct {
		const char *name;
		unsigned code;
	} cases[] = {
		{ "KEY_SCROLLLOCK", KEY_SCROLLLOCK },
		{ "key_scrolllock", KEY_SCROLLLOCK },
		{ "ScrollLock", KEY_SCROLLLOCK },
		{ "70", KEY_SCROLLLOCK },
		{ "1", KEY_1 },
		{ "01", KEY_ESC },
		{ "ctrl", KEY_LEFTCTRL },
		{ "rctrl", KEY_RIGHTCTRL },
		{ "menu", KEY_COMPOSE },
		{ "KEY_MENU", KEY_MENU },
		{ "=", KEY_EQUAL },
		{ "delete", KEY_DELETE },
		{ "f24", KEY_F24 },
		{ "KEY_ALL_APPLICATIONS", 204 },
		{ "767", 0x2ff },
		{ "768", 0 },
		{ "0", KEY_0 },
		{ "00", 0 },
		{ "", 0 },
		{ "KEY_", 0 },
		{ "KEY_ctrl", 0 }, /* an alias is not the kernel's name */
		{ "no such key", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(key_code(cases[i].name), cases[i].code);
	}
}

static void every_name_goes_both_ways(void **state) {
	(void)state;
	unsigned code;
	unsigned last = 0;
	size_t count = 0;
	for (const char *name; (name = key_name_at(count, &code)); count++) {
		char prefixed[64];
		snprintf(prefixed, sizeof prefixed, "KEY_%s", name);
		assert_int_equal(key_code(prefixed), code);
		CHECK(code >= last && code > 0 && code <= KEY_CODE_MAX);
		if (code != last) {
			assert_string_equal(key_name(code), name);
		}
		last = code;
	}
	CHECK(count > 400);
	CHECK_EQ(key_name(0), NULL);
	CHECK_EQ(key_name(KEY_CODE_MAX + 1), NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(every_name_goes_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
