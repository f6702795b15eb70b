/*
 * What every unit test includes: cmocka with the headers that it needs before it, CHECK(), and
 * CHECK_EQ(), which prints both values when they differ.
 */
#pragma once

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* cmocka 2 has a macro of this name, and so have our tests a function. */
#undef stop

/* For what takes long and shows a sanitizer nothing more. */
#ifdef PG_SANITIZED
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

#define CHECK(condition) assert_true(condition)

struct check_value {
	char text[48];
};

static inline struct check_value check_signed(intmax_t value) {
	struct check_value shown;
	snprintf(shown.text, sizeof shown.text, "%" PRIdMAX, value);
	return shown;
}

static inline struct check_value check_unsigned(uintmax_t value) {
	struct check_value shown;
	snprintf(shown.text, sizeof shown.text, "%" PRIuMAX " (0x%" PRIxMAX ")", value, value);
	return shown;
}

static inline struct check_value check_double(double value) {
	struct check_value shown;
	snprintf(shown.text, sizeof shown.text, "%.17g", value);
	return shown;
}

static inline struct check_value check_float(float value) {
	return check_double((double)value);
}

static inline struct check_value check_pointer(const void *value) {
	struct check_value shown;
	snprintf(shown.text, sizeof shown.text, "%p", value);
	return shown;
}

/* clang-format off */
#define CHECK_SHOW(value) _Generic((value), \
	_Bool: check_signed, char: check_signed, signed char: check_signed, short: check_signed, \
	int: check_signed, long: check_signed, long long: check_signed, \
	unsigned char: check_unsigned, unsigned short: check_unsigned, unsigned: check_unsigned, \
	unsigned long: check_unsigned, unsigned long long: check_unsigned, \
	float: check_float, double: check_double, default: check_pointer)(value)

/* actual == expected, with C's own comparison. Each is evaluated once. */
#define CHECK_EQ(actual, expected) do { \
	_Pragma("GCC diagnostic push") \
	_Pragma("GCC diagnostic ignored \"-Wsign-compare\"") \
	__auto_type check_a = (actual); \
	__auto_type check_b = (expected); \
	if (!(check_a == check_b)) { \
		print_error("%s is %s, %s is %s\n", #actual, CHECK_SHOW(check_a).text, #expected, \
				CHECK_SHOW(check_b).text); \
		_fail(__FILE__, __LINE__); \
	} \
	_Pragma("GCC diagnostic pop") \
} while (0)
/* clang-format on */
