#include "tools/vm-model/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define TEXT_MAX ((size_t)1 << 30) /* no file or answer of a host is that long */

static void *or_end(void *memory) {
	if (!memory) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *xmalloc(size_t bytes) {
	return or_end(calloc(1, bytes ? bytes : 1));
}

void *xrealloc(void *old, size_t bytes) {
	return or_end(realloc(old, bytes ? bytes : 1));
}

char *xstrdup(const char *text) {
	return or_end(strdup(text));
}

char *xasprintf(const char *format, ...) {
	struct text text = { 0 };
	va_list args;
	va_start(args, format);
	text_add_list(&text, format, args);
	va_end(args);
	return text_take(&text);
}

static void reserve(struct text *text, size_t more) {
	struct bytes bytes = { (uint8_t *)text->bytes, text->len, text->capacity };
	if (bytes_reserve(&bytes, more + 1, TEXT_MAX) < 0) {
		or_end(NULL);
	}
	text->bytes = (char *)bytes.data;
	text->capacity = bytes.size;
}

void text_add_bytes(struct text *text, const char *bytes, size_t len) {
	reserve(text, len);
	if (len > 0) {
		memcpy(text->bytes + text->len, bytes, len);
	}
	text->len += len;
	text->bytes[text->len] = '\0';
}

void text_add_list(struct text *text, const char *format, va_list args) {
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len > 0) {
		reserve(text, (size_t)len);
		vsnprintf(text->bytes + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
}

void text_add(struct text *text, const char *format, ...) {
	va_list args;
	va_start(args, format);
	text_add_list(text, format, args);
	va_end(args);
}

const char *text_get(const struct text *text) {
	return text->bytes ? text->bytes : "";
}

char *text_take(struct text *text) {
	char *bytes = text->bytes ? text->bytes : xstrdup("");
	*text = (struct text){ 0 };
	return bytes;
}

void text_finish(struct text *text) {
	free(text->bytes);
	*text = (struct text){ 0 };
}

bool copy_text(char *dst, size_t size, const char *src) {
	size_t len = strlen(src);
	if (len >= size) {
		dst[0] = '\0';
		return false;
	}
	memcpy(dst, src, len + 1);
	return true;
}

static bool code_steers(uint32_t code) {
	return (code < 0x20 && code != '\t') || (code >= 0x7f && code < 0xa0) ||
	       code == UTF8_INVALID || (code >= 0x200e && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

bool text_steers(const char *text) {
	while (*text) {
		if (code_steers(utf8_next(&text))) {
			return true;
		}
	}
	return false;
}

void text_add_safe(struct text *text, const char *indent, const char *foreign) {
	while (*foreign) {
		const char *start = foreign;
		const uint32_t code = utf8_next(&foreign);
		if (code == '\n') {
			text_add(text, "\n%s", indent);
		} else if (code_steers(code)) {
			text_add(text, "?");
		} else {
			text_add_bytes(text, start, (size_t)(foreign - start));
		}
	}
}

void text_add_escaped(struct text *text, const char *value) {
	for (const char *c = value; *c;) {
		size_t len = utf8_decode(c, strnlen(c, UTF8_BYTES_MAX), NULL);
		if (*c == '\\') {
			text_add(text, "\\\\");
		} else if (len == 0 || (len == 1 && iscntrl((unsigned char)*c))) {
			text_add(text, "\\x%02x", (unsigned char)*c);
			len = 1;
		} else {
			text_add_bytes(text, c, len);
		}
		c += len;
	}
}

void text_add_shell(struct text *text, const char *word) {
	if (*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_@%+=:,./-")] == '\0') {
		text_add(text, "%s", word);
		return;
	}
	text_add(text, "'");
	for (; *word; word++) {
		if (*word == '\'') {
			text_add(text, "'\\''");
		} else {
			text_add(text, "%c", *word);
		}
	}
	text_add(text, "'");
}

void text_add_xml(struct text *text, const char *value) {
	for (; *value; value++) {
		switch (*value) {
		case '&':
			text_add(text, "&amp;");
			break;
		case '<':
			text_add(text, "&lt;");
			break;
		case '>':
			text_add(text, "&gt;");
			break;
		case '\'':
			text_add(text, "&apos;");
			break;
		case '"':
			text_add(text, "&quot;");
			break;
		default:
			text_add(text, "%c", *value);
		}
	}
}

bool list_has(const char *list, const char *word, char separator) {
	size_t len = strlen(word);
	while (*list) {
		const char *end = strchr(list, separator);
		size_t n = end ? (size_t)(end - list) : strlen(list);
		if (n == len && memcmp(list, word, n) == 0) {
			return true;
		}
		list += n + (end != NULL);
	}
	return false;
}

void text_join_lines(char *text) {
	for (char *at = strstr(text, "\\\n"); at; at = strstr(at, "\\\n")) {
		at[0] = ' ';
		at[1] = ' ';
	}
}
