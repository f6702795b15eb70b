/* Unified diffs: as diff -u prints them, and within a bound however much differs. */
#include <string.h>

#include "base/clock.h"
#include "tests/support/check.h"
#include "tools/setup/diff.h"

static void small_texts_as_diff_prints_them(void **state) {
	(void)state;
	static const struct {
		const char *old, *new, *diff;
	} cases[] = {
		{ "a\n", "a\n", "" },
		{ "", "a\nb\n", "--- o\n+++ n\n@@ -0,0 +1,2 @@\n+a\n+b\n" },
		{ "a\n", "b", "--- o\n+++ n\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
				"--- o\n+++ n\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
				"2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n",
				"--- o\n+++ n\n@@ -1,4 +1,3 @@\n-1\n 2\n 3\n 4\n@@ -10,3 +9,4 @@\n 10\n 11\n "
				"12\n+13\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct text text = { 0 };
		diff_unified(&text, "o", cases[i].old, "n", cases[i].new);
		assert_string_equal(text_get(&text), cases[i].diff);
		text_finish(&text);
	}
}

/* Every line differs: no common subsequence is looked for, whole blocks are shown. */
static void a_rewritten_text_is_replaced_as_a_whole(void **state) {
	(void)state;
	struct text old = { 0 };
	struct text new = { 0 };
	struct text out = { 0 };
	for (unsigned i = 0; i < 20000; i++) {
		text_add(&old, "old %u\n", i);
		text_add(&new, "new %u\n", i);
	}
	const uint64_t before_ns = clock_thread_cpu_ns();
	diff_unified(&out, "o", text_get(&old), "n", text_get(&new));
	/* 400 million comparisons would take more, and 1.6 GB. */
	CHECK(clock_thread_cpu_ns() - before_ns < NS_PER_S);
	const char *head = "--- o\n+++ n\n@@ -1,20000 +1,20000 @@\n-old 0\n-old 1\n";
	CHECK_EQ(strncmp(text_get(&out), head, strlen(head)), 0);
	CHECK(strstr(text_get(&out), "-old 19999\n+new 0\n"));
	text_finish(&old);
	text_finish(&new);
	text_finish(&out);
}

static void one_change_in_a_long_text_is_one_hunk(void **state) {
	(void)state;
	struct text old = { 0 };
	struct text new = { 0 };
	struct text out = { 0 };
	for (unsigned i = 0; i < 50000; i++) {
		text_add(&old, "line %u\n", i);
		text_add(&new, "%s %u\n", i == 30000 ? "other" : "line", i);
	}
	diff_unified(&out, "o", text_get(&old), "n", text_get(&new));
	assert_string_equal(text_get(&out),
			"--- o\n+++ n\n@@ -29998,7 +29998,7 @@\n line 29997\n line 29998\n line 29999\n"
			"-line 30000\n+other 30000\n line 30001\n line 30002\n line 30003\n");
	text_finish(&old);
	text_finish(&new);
	text_finish(&out);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_texts_as_diff_prints_them),
		cmocka_unit_test(a_rewritten_text_is_replaced_as_a_whole),
		cmocka_unit_test(one_change_in_a_long_text_is_one_hunk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
