#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

bool parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_value) {
	char *end;
	/* strtoll skips blanks; we do not want any. */
	if (!(isdigit((unsigned char)text[0]) ||
			    ((text[0] == '-' || text[0] == '+') &&
					    isdigit((unsigned char)text[1])))) {
		return false;
	}
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max) {
		return false;
	}
	*ret_value = value;
	return true;
}

bool parse_double(const char *text, double min, double max, double *ret_value) {
	char *end;
	if (text[0] == '\0' || isspace((unsigned char)text[0])) {
		return false;
	}
	errno = 0;
	double value = strtod(text, &end);
	if (errno != 0 || *end != '\0' || !isfinite(value) || value < min || value > max) {
		return false;
	}
	*ret_value = value;
	return true;
}

bool parse_bool(const char *text, bool *ret_value) {
	static const char *const yes[] = { "1", "on", "yes", "true" };
	static const char *const no[] = { "0", "off", "no", "false" };
	for (size_t i = 0; i < 4; i++) {
		if (ascii_casecmp(text, yes[i]) == 0) {
			*ret_value = true;
			return true;
		}
		if (ascii_casecmp(text, no[i]) == 0) {
			*ret_value = false;
			return true;
		}
	}
	return false;
}

static int hex_digit(char c) {
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	if (!at) {
		return -1;
	}
	const int value = (int)(at - digits);
	return value < 16 ? value : value - 6;
}

bool parse_percent(char *text) {
	char *to = text;
	for (const char *from = text; *from; from++) {
		char c = *from;
		if (c == '%') {
			const int high = hex_digit(from[1]);
			const int low = high < 0 ? -1 : hex_digit(from[2]);
			if (low < 0 || (high == 0 && low == 0)) {
				return false;
			}
			c = (char)(high << 4 | low);
			from += 2;
		}
		*to++ = c;
	}
	*to = '\0';
	return true;
}

/* Two numbers with an "x" between. */
static bool parse_pair(const char *text, int min, int max, int *ret_first, int *ret_second) {
	char before[16];
	const char *x = strchr(text, 'x');
	int64_t first;
	int64_t second;
	if (!x || (size_t)(x - text) >= sizeof before) {
		return false;
	}
	memcpy(before, text, (size_t)(x - text));
	before[x - text] = '\0';
	if (!parse_int(before, min, max, &first) || !parse_int(x + 1, min, max, &second)) {
		return false;
	}
	*ret_first = (int)first;
	*ret_second = (int)second;
	return true;
}

bool parse_size(const char *text, int max, int *ret_width, int *ret_height) {
	return parse_pair(text, 1, max, ret_width, ret_height);
}

bool parse_position(const char *text, int max, int *ret_x, int *ret_y) {
	return parse_pair(text, -max, max, ret_x, ret_y);
}

#define DISTANCE_MAX 48

static unsigned least(unsigned a, unsigned b) {
	return a < b ? a : b;
}

unsigned parse_distance(const char *a, const char *b) {
	unsigned rows[3][DISTANCE_MAX + 1];
	size_t a_len = strnlen(a, DISTANCE_MAX);
	size_t b_len = strnlen(b, DISTANCE_MAX);
	for (size_t j = 0; j <= b_len; j++) {
		rows[0][j] = (unsigned)j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *last = rows[(i + 2) % 3];
		const unsigned *before = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = last[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = least(change, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				now[j] = least(now[j], before[j - 2] + 1);
			}
		}
	}
	return rows[a_len % 3][b_len];
}
