/* The log for fuzz targets: every line is made, at any level, and none is written. Included by one
 * file of a target, whose definitions then stand for base/log.c. */
#pragma once

#include <stdio.h>
#include <string.h>

#define LOG_MODULE "fuzz"
#include "base/log.h"

static enum log_level fuzz_log_level;

void log_set_level(enum log_level level) {
	fuzz_log_level = level;
}

enum log_level log_get_level(void) {
	return fuzz_log_level;
}

bool log_level_parse(const char *name, enum log_level *ret_level) {
	static const char *const names[] = { "none", "error", "warn", "info", "debug", "trace" };
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

static inline __attribute__((format(printf, 2, 0))) void fuzz_make_line(
		const char *module, const char *format, va_list args) {
	static char line[1000];
	(void)module;
	(void)vsnprintf(line, sizeof line, format, args);
}

void log_line(enum log_level level, const char *module, const char *format, ...) {
	va_list args;
	(void)level;
	va_start(args, format);
	fuzz_make_line(module, format, args);
	va_end(args);
}

void log_line_limited(struct log_limit *limit, enum log_level level, const char *module,
		const char *format, ...) {
	va_list args;
	(void)limit, (void)level;
	va_start(args, format);
	fuzz_make_line(module, format, args);
	va_end(args);
}

void log_recent(char *text, size_t size) {
	(void)size;
	text[0] = '\0';
}
