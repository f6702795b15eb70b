/*
 * The record of an applied plan, which taking back reads as root: no line leads out of what it
 * names.
 *
 * Covers: tools/setup/setup_manifest.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/setup/setup_manifest.h"
#include "tools/vm-model/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void look(const struct manifest_line *line) {
	bool has_path = line->kind == MANIFEST_FILE || line->kind == MANIFEST_DIR;
	if (has_path != (line->path != NULL) || line->n > 9999 || line->mode > 07777) {
		abort();
	}
	if (has_path && (line->path[0] != '/' || strstr(line->path, "/../"))) {
		abort();
	}
	if (strlen(line->uuid) >= sizeof line->uuid || strlen(line->uri) >= sizeof line->uri) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	char *text = xmalloc(len + 1);
	memcpy(text, bytes, len);
	for (char *line = text, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next) {
			*next++ = '\0';
		}
		struct manifest_line read;
		manifest_read(line, &read);
		look(&read);
		manifest_finish(&read);
	}
	free(text);
	return 0;
}
