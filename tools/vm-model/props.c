#include "tools/vm-model/props.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "tools/vm-model/text.h"

#define DEPTH_MAX 6

static bool add(struct props *props, const char *key, const char *value) {
	if (props->count == PROPS_MAX) {
		return false;
	}
	if (!copy_text(props->item[props->count].key, sizeof props->item[0].key, key) ||
			!copy_text(props->item[props->count].value, sizeof props->item[0].value,
					value)) {
		return true; /* too long to be one of those we look for: left out */
	}
	props->count++;
	return true;
}

/* ---- key=value,… ---- */

/* One part up to the next single comma into buf; what follows it. */
static const char *next_part(const char *text, char *buf, size_t size) {
	size_t len = 0;
	for (; *text; text++) {
		if (text[0] == ',' && text[1] == ',') {
			text++;
		} else if (text[0] == ',') {
			break;
		}
		if (len + 1 < size) {
			buf[len++] = *text;
		}
	}
	buf[len] = '\0';
	return text + (*text == ',');
}

static int parse_commas(const char *text, const char *first_key, struct props *props) {
	bool first = true;
	while (*text) {
		char part[1024];
		text = next_part(text, part, sizeof part);
		char *equal = strchr(part, '=');
		if (equal) {
			*equal = '\0';
		}
		bool implied = first && first_key[0];
		const char *key = equal ? part : implied ? first_key : part;
		const char *value = equal ? equal + 1 : implied ? part : "on";
		if (!add(props, key, value)) {
			return -EBADMSG;
		}
		first = false;
	}
	return 0;
}

/* ---- JSON ---- */

struct scan {
	const char *at;
	struct props *props;
};

static void blanks(struct scan *scan) {
	scan->at += strspn(scan->at, " \t\r\n");
}

static bool hex4(const char *text, unsigned *ret_value) {
	unsigned value = 0;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)text[i])) {
			return false;
		}
		int c = ascii_lower((unsigned char)text[i]);
		value = value << 4 | (unsigned)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*ret_value = value;
	return true;
}

/* One character of a JSON string into dst (up to 3 bytes); its length, 0 = broken. */
static size_t string_char(struct scan *scan, char *dst) {
	if (*scan->at != '\\') {
		*dst = *scan->at++;
		return 1;
	}
	char c = *++scan->at;
	if (c == '\0') {
		return 0;
	}
	scan->at++;
	static const char from[] = "nrtbf\"\\/'";
	static const char to[] = "\n\r\t\b\f\"\\/'";
	const char *known = strchr(from, c);
	if (known) {
		*dst = to[known - from];
		return 1;
	}
	unsigned code;
	if (c != 'u' || !hex4(scan->at, &code) || code == 0 || (code >= 0xd800 && code < 0xe000)) {
		return 0; /* surrogate pairs: no path or name of ours needs them */
	}
	scan->at += 4;
	return utf8_encode(code, dst);
}

/* Reads "…", or '…' as QEMU takes it too, into buf; too long gives "" and goes on. */
static bool json_text(struct scan *scan, char *buf, size_t size) {
	char quote = *scan->at;
	if (quote != '"' && quote != '\'') {
		return false;
	}
	scan->at++;
	size_t len = 0;
	while (*scan->at && *scan->at != quote) {
		char bytes[4];
		size_t n = string_char(scan, bytes);
		if (n == 0) {
			return false;
		}
		for (size_t i = 0; i < n; i++, len++) {
			if (len + 1 < size) {
				buf[len] = bytes[i];
			}
		}
	}
	if (*scan->at != quote) {
		return false;
	}
	scan->at++;
	buf[len < size ? len : 0] = '\0';
	return true;
}

static bool json_value(struct scan *scan, const char *key, unsigned depth);

static bool json_members(struct scan *scan, const char *prefix, unsigned depth, char close) {
	scan->at++;
	blanks(scan);
	if (*scan->at == close) {
		scan->at++;
		return true;
	}
	for (unsigned index = 0;; index++) {
		char name[48];
		char key[100];
		blanks(scan);
		if (close == '}') {
			if (!json_text(scan, name, sizeof name)) {
				return false;
			}
			blanks(scan);
			if (*scan->at++ != ':') {
				return false;
			}
		} else {
			snprintf(name, sizeof name, "%u", index);
		}
		snprintf(key, sizeof key, "%s%s%s", prefix, prefix[0] ? "." : "", name);
		if (strlen(key) >= 48) {
			key[0] = '\0';
		}
		if (!json_value(scan, key, depth)) {
			return false;
		}
		blanks(scan);
		char c = *scan->at;
		if (c != ',' && c != close) {
			return false;
		}
		scan->at++;
		if (c == close) {
			return true;
		}
	}
}

// NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX
static bool json_value(struct scan *scan, const char *key, unsigned depth) {
	char value[512];
	blanks(scan);
	if (*scan->at == '{' || *scan->at == '[') {
		return depth < DEPTH_MAX &&
		       json_members(scan, key, depth + 1, *scan->at == '{' ? '}' : ']');
	}
	if (*scan->at == '"' || *scan->at == '\'') {
		return json_text(scan, value, sizeof value) &&
		       (key[0] == '\0' || add(scan->props, key, value));
	}
	size_t len = strspn(scan->at, "0123456789+-.eEtrufalsn");
	if (len == 0 || len >= sizeof value) {
		return false;
	}
	memcpy(value, scan->at, len);
	value[len] = '\0';
	scan->at += len;
	return key[0] == '\0' || add(scan->props, key, value);
}

int props_parse(const char *text, const char *first_key, struct props *ret_props) {
	ret_props->count = 0;
	if (text[0] != '{') {
		int r = parse_commas(text, first_key, ret_props);
		if (r < 0) {
			ret_props->count = 0;
		}
		return r;
	}
	struct scan scan = { .at = text, .props = ret_props };
	if (!json_value(&scan, "", 0)) {
		ret_props->count = 0;
		return -EBADMSG;
	}
	blanks(&scan);
	if (*scan.at) {
		ret_props->count = 0;
		return -EBADMSG;
	}
	return 0;
}

static bool same_key(const char *a, const char *b) {
	for (; *a && *b; a++, b++) {
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b))) {
			return false;
		}
	}
	return *a == *b;
}

const char *props_get(const struct props *props, const char *key) {
	for (unsigned i = 0; i < props->count; i++) {
		if (same_key(props->item[i].key, key)) {
			return props->item[i].value;
		}
	}
	return NULL;
}

bool props_is_on(const struct props *props, const char *key) {
	const char *value = props_get(props, key);
	return value && (strcmp(value, "on") == 0 || strcmp(value, "true") == 0 ||
					strcmp(value, "yes") == 0 || strcmp(value, "y") == 0);
}

bool props_size(const char *text, uint64_t unit, uint64_t *ret_bytes) {
	if (!isdigit((unsigned char)text[0])) {
		return false;
	}
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 0);
	if (errno) {
		return false;
	}
	uint64_t factor = unit;
	if (*end) {
		static const char letters[] = "bkmgt";
		const char *letter = strchr(letters, ascii_lower((unsigned char)*end));
		if (!letter || (end[1] && ascii_casecmp(end + 1, "ib") != 0 &&
					       ascii_casecmp(end + 1, "b") != 0)) {
			return false;
		}
		factor = 1ull << (10 * (letter - letters));
	}
	if (value && factor > UINT64_MAX / value) {
		return false;
	}
	*ret_bytes = value * factor;
	return true;
}
