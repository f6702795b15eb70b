#include "tools/setup/setup_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/text.h"

#define NUMBER_MAX 9999u

static void unescape(char *text) {
	char *out = text;
	for (const char *c = text; *c; c++) {
		unsigned code;
		if (c[0] == '\\' && c[1] == 'x' && sscanf(c + 2, "%2x", &code) == 1 && // NOLINT
				code && c[2] && c[3]) {
			*out++ = (char)code;
			c += 3;
		} else if (c[0] == '\\' && c[1]) {
			*out++ = *++c;
		} else {
			*out++ = *c;
		}
	}
	*out = '\0';
}

/* Absolute, and nothing in it leads back. */
static bool plain_path(const char *path) {
	const size_t len = strlen(path);
	return path[0] == '/' && !strstr(path, "/../") &&
	       !(len >= 3 && strcmp(path + len - 3, "/..") == 0);
}

static bool take_path(struct manifest_line *line, const char *text) {
	line->path = xstrdup(text);
	unescape(line->path);
	return plain_path(line->path);
}

static bool read_file(const char *text, struct manifest_line *line) {
	unsigned mode;
	unsigned existed;
	int at = 0;
	// NOLINTNEXTLINE(cert-err34-c): numbers out of range are looked for below
	if (sscanf(text, "file %u %u %o %u %u %n", &line->n, &existed, &mode, &line->uid,
			    &line->gid, &at) != 5 ||
			at == 0 || line->n > NUMBER_MAX || existed > 1 || mode > 07777) {
		return false;
	}
	line->existed = existed;
	line->mode = (mode_t)mode;
	return take_path(line, text + at);
}

void manifest_read(const char *text, struct manifest_line *ret_line) {
	struct manifest_line line = { .kind = MANIFEST_OTHER };
	bool ok = true;
	if (strncmp(text, "file ", 5) == 0) {
		line.kind = MANIFEST_FILE;
		ok = read_file(text, &line);
	} else if (strncmp(text, "domain ", 7) == 0) {
		line.kind = MANIFEST_DOMAIN;
		// NOLINTNEXTLINE(cert-err34-c): numbers out of range are looked for below
		ok = sscanf(text, "domain %u %63s %255s", &line.n, line.uuid, line.uri) == 3;
		ok = ok && line.n <= NUMBER_MAX;
	} else if (strncmp(text, "root ", 5) == 0) {
		line.kind = MANIFEST_ROOT;
		// NOLINTNEXTLINE(cert-err34-c): numbers out of range are looked for below
		ok = sscanf(text, "root %u", &line.n) == 1 && line.n <= NUMBER_MAX;
	} else if (strncmp(text, "dir ", 4) == 0) {
		line.kind = MANIFEST_DIR;
		ok = take_path(&line, text + 4);
	}
	if (!ok) {
		manifest_finish(&line);
		line = (struct manifest_line){ .kind = MANIFEST_NONE };
	}
	*ret_line = line;
}

void manifest_finish(struct manifest_line *line) {
	free(line->path);
	line->path = NULL;
}
