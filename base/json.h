/*
 * A JSON writer (pierglass never reads JSON): one object per call of json_begin()/json_finish(), on
 * one line, into a stream. Names are fixed texts of this program. Strings may be foreign: they are
 * escaped, and bytes that are not UTF-8 become U+FFFD, so that every reader takes the line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 8

struct json {
	FILE *out;
	unsigned depth;
	bool first[JSON_DEPTH_MAX];
	char close[JSON_DEPTH_MAX];
};

/* Opens the outer object. */
void json_begin(struct json *json, FILE *out);
/* Closes the outer object, writes a newline and flushes. */
void json_finish(struct json *json);

/* name is NULL inside an array. */
void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);
void json_end(struct json *json); /* of the innermost object or array */

void json_string(struct json *json, const char *name, const char *value); /* NULL writes null */
void json_int(struct json *json, const char *name, int64_t value);
/* Three decimals at most; null if it is not a finite number. */
void json_number(struct json *json, const char *name, double value);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);
