#include "input/keymap.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>

#include "input/key_names.h"
#include "tests/support/check.h"

static void all_rows_of_the_scancode_table(void **state) {
	(void)state;
	FILE *csv = fopen("tests/data/evdev-scancode.csv", "r");
	CHECK(csv);
	char line[128];
	CHECK(fgets(line, sizeof line, csv));
	bool seen[KEYMAP_CODES] = { false };
	unsigned rows = 0;
	while (fgets(line, sizeof line, csv)) {
		char name[64];
		unsigned code;
		unsigned scancode;
		CHECK_EQ(sscanf(line, "%63[^,],%u,%x", name, &code, &scancode), 3);
		CHECK(code < KEYMAP_CODES);
		if (keymap_scancode(code) != scancode || key_code(name) != code) {
			fail_msg("%s: scancode %#x, code %u", name, keymap_scancode(code),
					key_code(name));
		}
		seen[code] = true;
		rows++;
	}
	fclose(csv);
	assert_int_equal(rows, 230);
	for (unsigned code = 0; code < KEYMAP_CODES; code++) {
		CHECK(seen[code] || keymap_scancode(code) == 0);
	}
	CHECK_EQ(keymap_scancode(100000), 0);
}

static void no_two_keys_send_the_same(void **state) {
	(void)state;
	for (unsigned a = 1; a < KEYMAP_CODES; a++) {
		for (unsigned b = a + 1; keymap_scancode(a) && b < KEYMAP_CODES; b++) {
			CHECK(keymap_scancode(a) != keymap_scancode(b));
		}
	}
	CHECK_EQ(keymap_scancode(KEY_PAUSE), 0xE046);
}

static void characters_of_a_us_keyboard(void **state) {
	(void)state;
	/* As printed on the keys, without and with Shift, by position. */
	static const struct {
		unsigned first;
		const char *plain;
		const char *shifted;
	} rows[] = {
		{ KEY_1, "1234567890-=", "!@#$%^&*()_+" },
		{ KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}" },
		{ KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
		{ KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	};
	unsigned characters = 0;
	for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
		for (unsigned i = 0; rows[row].plain[i]; i++) {
			bool shift;
			CHECK_EQ(keymap_us((uint32_t)rows[row].plain[i], &shift),
					rows[row].first + i);
			CHECK(!shift);
			CHECK_EQ(keymap_us((uint32_t)rows[row].shifted[i], &shift),
					rows[row].first + i);
			CHECK(shift);
			characters += 2;
		}
	}
	assert_int_equal(characters, 94);
	bool shift;
	CHECK_EQ(keymap_us(' ', &shift), KEY_SPACE);
	CHECK(!shift);
	CHECK_EQ(keymap_us('\n', &shift), KEY_ENTER);
	CHECK(!shift);
	CHECK_EQ(keymap_us('\r', &shift), 0);
	CHECK_EQ(keymap_us(0x1b, &shift), 0);
	CHECK_EQ(keymap_us(0x7f, &shift), 0);
	CHECK_EQ(keymap_us(0xe9, &shift), 0);
	CHECK_EQ(keymap_us(0x4e2d, &shift), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_rows_of_the_scancode_table),
		cmocka_unit_test(no_two_keys_send_the_same),
		cmocka_unit_test(characters_of_a_us_keyboard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
