#include "client/config/vv_file.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "host-proto/spice/address.h"

struct values {
	char *type, *host, *port, *tls_port, *unix_path, *proxy;
	char *password, *ca, *host_subject, *title, *full_screen, *delete_file;
};

static const struct {
	const char *name;
	size_t at;
} keys[] = {
	{ "type", offsetof(struct values, type) },
	{ "host", offsetof(struct values, host) },
	{ "port", offsetof(struct values, port) },
	{ "tls-port", offsetof(struct values, tls_port) },
	{ "unix-path", offsetof(struct values, unix_path) },
	{ "proxy", offsetof(struct values, proxy) },
	{ "password", offsetof(struct values, password) },
	{ "ca", offsetof(struct values, ca) },
	{ "host-subject", offsetof(struct values, host_subject) },
	{ "title", offsetof(struct values, title) },
	{ "fullscreen", offsetof(struct values, full_screen) },
	{ "delete-this-file", offsetof(struct values, delete_file) },
};

#define KEYS (sizeof keys / sizeof keys[0])

static char **value_at(struct values *values, size_t key) {
	return (char **)(void *)((char *)values + keys[key].at);
}

static void free_values(struct values *values) {
	for (size_t i = 0; i < KEYS; i++) {
		char *value = *value_at(values, i);
		if (value) {
			explicit_bzero(value, strlen(value));
			free(value);
		}
	}
}

static const char *trimmed(const char *from, const char **end) {
	while (from < *end && (*from == ' ' || *from == '\t')) {
		from++;
	}
	while (*end > from && ((*end)[-1] == ' ' || (*end)[-1] == '\t' || (*end)[-1] == '\r')) {
		(*end)--;
	}
	return from;
}

/* A key file writes "\n" for a line break, and so on. A NUL ends the value. */
static char *unescaped(const char *from, const char *end) {
	static const char written[] = "sntr\\", meant[] = " \n\t\r\\";
	char *value = malloc((size_t)(end - from) + 1);
	char *to = value;
	while (value && from < end && *from) {
		const char *escape = NULL;
		if (*from == '\\' && from + 1 < end && from[1]) {
			escape = strchr(written, from[1]);
		}
		if (escape) {
			*to++ = meant[escape - written];
		} else {
			*to++ = *from;
		}
		from += escape ? 2 : 1;
	}
	if (value) {
		*to = '\0';
	}
	return value;
}

/* false: out of memory. The last one of a key counts. */
static bool read_line(struct values *values, const char *line, const char *end) {
	const char *equals = memchr(line, '=', (size_t)(end - line));
	if (!equals) {
		return true;
	}
	const char *name_end = equals, *value_end = end;
	const char *name = trimmed(line, &name_end);
	const char *value = trimmed(equals + 1, &value_end);
	for (size_t i = 0; i < KEYS; i++) {
		const size_t len = strlen(keys[i].name);
		if ((size_t)(name_end - name) == len && memcmp(name, keys[i].name, len) == 0) {
			char **at = value_at(values, i);
			free(*at);
			*at = unescaped(value, value_end);
			return *at != NULL;
		}
	}
	return true;
}

static enum vv_result read_group(const char *text, size_t len, struct values *values) {
	static const char group[] = "[virt-viewer]";
	bool inside = false, found = false;
	for (size_t at = 0; at < len;) {
		const char *line = text + at;
		const char *newline = memchr(line, '\n', len - at);
		const char *end = newline ? newline : text + len;
		at = (size_t)(end - text) + 1;
		line = trimmed(line, &end);
		if (line < end && *line == '[') {
			inside = (size_t)(end - line) == sizeof group - 1 &&
				 memcmp(line, group, sizeof group - 1) == 0;
			found |= inside;
		} else if (inside && line < end && *line != '#' && !read_line(values, line, end)) {
			return VV_MEMORY;
		}
	}
	return found ? VV_OK : VV_NO_GROUP;
}

/* "" and what is not there are the same. */
static const char *given(const char *value) {
	return value && *value ? value : NULL;
}

/* "1" and "true", as key files have it. */
static bool is_true(const char *value) {
	return value && (strcmp(value, "1") == 0 || ascii_casecmp(value, "true") == 0);
}

static bool take(char *to, size_t size, const char *value) {
	const int n = snprintf(to, size, "%s", value ? value : "");
	return n >= 0 && (size_t)n < size;
}

static void printable(char *to, size_t size, const char *value) {
	value = value ? value : "";
	utf8_printable(to, size, value, strlen(value));
}

/* 0 is "none" in these files. */
static bool read_port(const char *value, int64_t *ret_port) {
	*ret_port = 0;
	return !given(value) || parse_int(value, -1, 65535, ret_port);
}

static bool make_uri(const struct values *values, char *uri, size_t size) {
	int64_t port, tls_port;
	int n = -1;
	if (given(values->unix_path)) {
		n = snprintf(uri, size, "unix:%s", values->unix_path);
	} else if (given(values->host) && read_port(values->port, &port) &&
			read_port(values->tls_port, &tls_port)) {
		const char *host = values->host;
		const bool bracket = strchr(host, ':') && host[0] != '[';
		const char *left = bracket ? "[" : "", *right = bracket ? "]" : "";
		if (port > 0 && tls_port > 0) {
			n = snprintf(uri, size, "spice://%s%s%s?port=%d&tls-port=%d", left, host,
					right, (int)port, (int)tls_port);
		} else if (port > 0 || tls_port > 0) {
			n = snprintf(uri, size, "%s://%s%s%s:%d",
					tls_port > 0 ? "spice+tls" : "spice", left, host, right,
					(int)(tls_port > 0 ? tls_port : port));
		}
	}
	return n >= 0 && (size_t)n < size;
}

static enum vv_result check(struct values *values, struct vv_file *file, char what[static 64]) {
	struct spice_address address;
	if (!given(values->type) || ascii_casecmp(values->type, "spice") != 0) {
		printable(what, 64, values->type);
		return VV_NOT_SPICE;
	}
	if (given(values->proxy)) {
		printable(what, 64, values->proxy);
		return VV_PROXY;
	}
	if (!make_uri(values, file->uri, sizeof file->uri) ||
			spice_address_parse(file->uri, &address) < 0) {
		return VV_NO_SERVER;
	}
	if (!take(file->password, sizeof file->password, values->password)) {
		strcpy(what, "password");
		return VV_TOO_LONG;
	}
	if (!take(file->host_subject, sizeof file->host_subject, values->host_subject)) {
		strcpy(what, "host-subject");
		return VV_TOO_LONG;
	}
	if (given(values->ca)) {
		file->ca = values->ca;
		values->ca = NULL;
	}
	printable(file->title, sizeof file->title, values->title);
	file->full_screen = is_true(values->full_screen);
	file->delete_file = is_true(values->delete_file);
	file->local = spice_address_is_local(&address);
	return VV_OK;
}

enum vv_result vv_parse(
		const char *text, size_t len, struct vv_file *ret_file, char what[static 64]) {
	struct values values = { 0 };
	*ret_file = (struct vv_file){ 0 };
	what[0] = '\0';
	enum vv_result result = read_group(text, len, &values);
	if (result == VV_OK) {
		result = check(&values, ret_file, what);
	}
	free_values(&values);
	return result;
}

void vv_finish(struct vv_file *file) {
	explicit_bzero(file->password, sizeof file->password);
	free(file->ca);
	file->ca = NULL;
}

bool vv_is_name(const char *word) {
	const size_t len = strlen(word);
	return len > 3 && ascii_casecmp(word + len - 3, ".vv") == 0;
}
