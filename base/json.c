#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

static void put_string(FILE *out, const char *text) {
	fputc('"', out);
	while (*text) {
		const char *at = text;
		const uint32_t code = utf8_next(&text);
		if (code == '"' || code == '\\') {
			fprintf(out, "\\%c", *at);
		} else if (code < 0x20 || code == 0x7f) {
			fprintf(out, "\\u%04x", code);
		} else {
			/* Encoded again, not copied: a byte that is no character is U+FFFD. */
			char bytes[UTF8_BYTES_MAX];
			const size_t len = utf8_encode(code, bytes);
			fwrite(bytes, 1, len, out);
		}
	}
	fputc('"', out);
}

static void put_name(struct json *json, const char *name) {
	if (json->first[json->depth]) {
		json->first[json->depth] = false;
	} else {
		fputc(',', json->out);
	}
	if (name) {
		put_string(json->out, name);
		fputc(':', json->out);
	}
}

static void open_level(struct json *json, char open, char close) {
	assert(json->depth + 1 < JSON_DEPTH_MAX);
	fputc(open, json->out);
	json->depth++;
	json->first[json->depth] = true;
	json->close[json->depth] = close;
}

void json_begin(struct json *json, FILE *out) {
	*json = (struct json){ .out = out };
	open_level(json, '{', '}');
}

void json_finish(struct json *json) {
	assert(json->depth == 1);
	json_end(json);
	fputc('\n', json->out);
	fflush(json->out);
}

void json_object(struct json *json, const char *name) {
	put_name(json, name);
	open_level(json, '{', '}');
}

void json_array(struct json *json, const char *name) {
	put_name(json, name);
	open_level(json, '[', ']');
}

void json_end(struct json *json) {
	assert(json->depth > 0);
	fputc(json->close[json->depth], json->out);
	json->depth--;
}

void json_string(struct json *json, const char *name, const char *value) {
	if (!value) {
		json_null(json, name);
		return;
	}
	put_name(json, name);
	put_string(json->out, value);
}

void json_int(struct json *json, const char *name, int64_t value) {
	put_name(json, name);
	fprintf(json->out, "%" PRId64, value);
}

void json_number(struct json *json, const char *name, double value) {
	if (!isfinite(value)) {
		json_null(json, name);
		return;
	}
	char text[64];
	snprintf(text, sizeof text, "%.3f", value);
	/* 12.500 -> 12.5, 12.000 -> 12 */
	size_t len = strlen(text);
	while (text[len - 1] == '0') {
		text[--len] = '\0';
	}
	if (text[len - 1] == '.') {
		text[--len] = '\0';
	}
	put_name(json, name);
	fputs(strcmp(text, "-0") == 0 ? "0" : text, json->out);
}

void json_bool(struct json *json, const char *name, bool value) {
	put_name(json, name);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *name) {
	put_name(json, name);
	fputs("null", json->out);
}
