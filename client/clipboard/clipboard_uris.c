#include "client/clipboard/clipboard_uris.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"

static int hex(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	const char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool skip(const char **at, const char *end, const char *prefix) {
	const size_t len = strlen(prefix);
	if ((size_t)(end - *at) < len || ascii_ncasecmp(*at, prefix, len) != 0) {
		return false;
	}
	*at += len;
	return true;
}

/* A URI that is no local file, as it is. */
static size_t add_uri(const char *at, const char *end, char *out) {
	const size_t len = (size_t)(end - at);
	if (!memchr(at, ':', len) || memchr(at, '\0', len)) {
		return 0;
	}
	memcpy(out, at, len);
	out[len] = '\0';
	return len + 1;
}

/* The host that a file: URI may name. */
static void skip_own_host(const char **at, const char *end) {
	char host[256];
	if (!skip(at, end, "localhost") && gethostname(host, sizeof host) == 0) {
		host[sizeof host - 1] = '\0';
		(void)skip(at, end, host);
	}
}

/* Bytes of the path that the rest of a URI stands for, with its NUL; 0 = nonsense. */
static size_t add_decoded(const char *at, const char *end, char *out) {
	size_t n = 0;
	while (at < end) {
		char c = *at++;
		if (c == '%') {
			const int high = end - at >= 2 ? hex(at[0]) : -1;
			const int low = end - at >= 2 ? hex(at[1]) : -1;
			if (high < 0 || low < 0) {
				return 0;
			}
			c = (char)(high << 4 | low);
			at += 2;
		}
		if (c == '\0') {
			return 0;
		}
		out[n++] = c;
	}
	out[n++] = '\0';
	return n;
}

static size_t add_plain(const char *line, const char *end, char *out) {
	const size_t len = (size_t)(end - line);
	if (memchr(line, '\0', len)) {
		return 0;
	}
	memcpy(out, line, len);
	out[len] = '\0';
	return len + 1;
}

/* One line: appends its path with a NUL. Returns the bytes written, 0 = it is nothing. out has room
 * for the line and a NUL. Java writes file:/x, and some write a path; what makes no sense is named
 * as it is. */
static size_t add_path(const char *line, const char *end, char *out) {
	const char *at = line;
	if (*line == '/') {
		return add_plain(line, end, out);
	}
	if (skip(&at, end, "file://")) {
		skip_own_host(&at, end);
	} else if (!skip(&at, end, "file:")) {
		return add_uri(line, end, out);
	}
	size_t n = at < end && *at == '/' ? add_decoded(at, end, out) : 0;
	return n > 0 ? n : add_uri(line, end, out); /* on another host */
}

char *clipboard_uris_to_paths(const char *list, size_t len) {
	char *paths = malloc(len + 2);
	size_t used = 0;
	for (const char *at = list, *end = list + len; paths && at < end;) {
		const char *line = at;
		while (at < end && *at != '\r' && *at != '\n') {
			at++;
		}
		if (line < at && *line != '#') {
			used += add_path(line, at, paths + used);
		}
		at += at < end;
	}
	if (used == 0) {
		free(paths);
		return NULL;
	}
	paths[used] = '\0';
	return paths;
}
