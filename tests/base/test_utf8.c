/* The one decoder of UTF-8: exact at every border of RFC 3629, and never at a standstill. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tests/support/check.h"
#include "tests/support/utf8_check.h"

/* By the definition: the shortest form of a code point that is no surrogate. */
static bool is_well_formed(const char *bytes, size_t len) {
	const uint8_t first = (uint8_t)bytes[0];
	uint32_t code = len == 1 ? first : first & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (((uint8_t)bytes[i] & 0xc0) != 0x80) {
			return false;
		}
		code = code << 6 | ((uint8_t)bytes[i] & 0x3fu);
	}
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	return code >= least[len] && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

static size_t length_of(uint8_t first) {
	return first < 0x80                    ? 1
	       : first >= 0xc0 && first < 0xe0 ? 2
	       : first >= 0xe0 && first < 0xf0 ? 3
	       : first >= 0xf0 && first < 0xf8 ? 4
					       : 0;
}

/* Every one, two and three bytes there are, and every four whose last is at a border. */
static void every_sequence_is_judged_by_the_definition(void **state) {
	(void)state;
	static const uint8_t last[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0 };
	for (uint32_t n = 0; n < 1u << 24; n++) {
		for (size_t i = 0; i < sizeof last; i++) {
			const char bytes[4] = { (char)(n >> 16), (char)(n >> 8), (char)n,
				(char)last[i] };
			const size_t want = length_of((uint8_t)bytes[0]);
			const bool good = want > 0 && is_well_formed(bytes, want);
			const size_t got = utf8_decode(bytes, sizeof bytes, NULL);
			if (got != (good ? want : 0)) {
				print_error("%02x %02x %02x %02x: %zu\n", n >> 16, n >> 8 & 255,
						n & 255, last[i], got);
				CHECK(false);
			}
			if (want < 4) {
				break;
			}
		}
	}
}

static void every_code_point_comes_back(void **state) {
	(void)state;
	for (uint32_t code = 1; code < 0x120000; code++) {
		char bytes[UTF8_BYTES_MAX + 1] = "";
		uint32_t back = 0;
		const size_t len = utf8_encode(code, bytes);
		const bool exists = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		CHECK_EQ((len > 0), exists);
		if (len == 0) {
			continue;
		}
		CHECK_EQ(utf8_decode(bytes, len, &back), len);
		CHECK_EQ(back, code);
		CHECK_EQ(utf8_decode(bytes, len - 1, &back), 0); /* cut off */
		CHECK_EQ(utf8_last(bytes, len), len);
		CHECK_EQ(utf8_count(bytes, len), 1);
		const char *text = bytes;
		CHECK_EQ(utf8_next(&text), code);
		CHECK_EQ(text, bytes + len);
		CHECK_EQ(utf8_next(&text), 0);
	}
}

static const struct {
	const char *bytes;
	size_t invalid; /* bytes that are no character */
} broken[] = {
	{ "\xe0\x80\x80", 3 },             /* NUL in three bytes: once an endless loop */
	{ "\xc0\x80", 2 },                 /* NUL in two */
	{ "\xf0\x80\x80\x80", 4 },         /* and in four */
	{ "\xc1\xbf", 2 },                 /* overlong DEL */
	{ "\xe0\x80\x9b", 3 },             /* overlong escape */
	{ "\xed\xa0\x80\xed\xb0\x80", 6 }, /* a pair of surrogates */
	{ "\xf4\x90\x80\x80", 4 },         /* U+110000 */
	{ "\xf5\x80\x80\x80", 4 }, { "\xff\xfe", 2 }, { "\xe2\x82", 2 }, /* cut off */
};

static void walking_moves_by_one_at_least(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		char text[32];
		snprintf(text, sizeof text, "a%sb", broken[i].bytes);
		const char *p = text;
		CHECK_EQ(utf8_next(&p), 'a');
		for (size_t n = 0; n < broken[i].invalid; n++) {
			const char *before = p;
			CHECK_EQ(utf8_next(&p), UTF8_INVALID);
			CHECK_EQ(p, before + 1);
		}
		CHECK_EQ(utf8_next(&p), 'b');
		CHECK_EQ(utf8_next(&p), 0);
		CHECK_EQ(utf8_next(&p), 0); /* it stays at the end */
		CHECK_EQ(*p, '\0');
		CHECK(!utf8_valid(text, strlen(text)) && utf8_valid(text, 1));
		CHECK_EQ(utf8_count(text, strlen(text)), broken[i].invalid + 2);
		CHECK_EQ(utf8_last(text, strlen(text) - 1), 1);
	}
}

static void the_last_character_is_found_whole(void **state) {
	(void)state;
	const char *text = "\xc3\xa4\xe4\xbd\xa0\xf0\x9f\x98\x80!"; /* 2 + 3 + 4 + 1 */
	CHECK_EQ(utf8_last(text, 9), 4);
	CHECK_EQ(utf8_last(text, 5), 3);
	CHECK_EQ(utf8_last(text, 2), 2);
	CHECK_EQ(utf8_last(text, 0), 0);
}

static void the_log_prints_no_foreign_bytes(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		char out[32];
		char want[32];
		utf8_printable(out, sizeof out, broken[i].bytes, strlen(broken[i].bytes));
		memset(want, '?', sizeof want);
		want[broken[i].invalid] = '\0';
		assert_string_equal(out, want);
	}
}

/* What a strict reader of JSON takes. */
static void json_is_always_utf8(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		char *line = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&line, &len);
		CHECK(out);
		struct json json;
		json_begin(&json, out);
		json_string(&json, "text", broken[i].bytes);
		json_string(&json, "good", "\xe4\xbd\xa0\xf0\x9f\x98\x80");
		json_finish(&json);
		fclose(out);
		CHECK(utf8_valid(line, len));
		CHECK(strstr(line, "\xe4\xbd\xa0\xf0\x9f\x98\x80"));
		size_t marks = 0;
		for (const char *p = line; (p = strstr(p, "\xef\xbf\xbd")); p += 3) {
			marks++;
		}
		CHECK_EQ(marks, broken[i].invalid);
		free(line);
	}
}

static void a_cut_name_ends_with_a_whole_character(void **state) {
	(void)state;
	static const struct {
		const char *text;
		size_t most;
		int fits;
	} cases[] = {
		{ "win11", 60, 5 },
		{ "win11", 3, 3 },
		{ "", 3, 0 },
		{ "\xe7\x8e\xa9\xe5\xae\xb6", 6, 6 },
		{ "\xe7\x8e\xa9\xe5\xae\xb6", 5, 3 },
		{ "\xe7\x8e\xa9\xe5\xae\xb6", 2, 0 },
		{ "a\xf0\x9f\x98\x80", 4, 1 },
		{ "a\xf0\x9f\x98\x80", 5, 5 },
		{ "a\xff\xfe", 2, 2 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		CHECK_EQ(utf8_fit(cases[i].text, cases[i].most), cases[i].fits);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_is_judged_by_the_definition),
		cmocka_unit_test(every_code_point_comes_back),
		cmocka_unit_test(walking_moves_by_one_at_least),
		cmocka_unit_test(the_last_character_is_found_whole),
		cmocka_unit_test(the_log_prints_no_foreign_bytes),
		cmocka_unit_test(json_is_always_utf8),
		cmocka_unit_test(a_cut_name_ends_with_a_whole_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
