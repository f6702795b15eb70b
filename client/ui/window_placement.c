#include "client/ui/window_placement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "client/config/config.h"
#include "client/platform/whole_file.h"
#include "client/platform/xdg.h"

#define TEXT_MAX 16384

/* Cuts the next word off. NULL = there is none. */
static char *word(char **at) {
	char *start = *at;
	char *end = strchr(start, ' ');
	if (!end) {
		return NULL;
	}
	*end = '\0';
	*at = end + 1;
	return start;
}

/* One line, without its end; it is cut to pieces. Returns the key in it, or NULL if it is not such
 * a line. */
static const char *parse_line(char *line, struct window_placement *ret) {
	char *size = word(&line);
	char *place = size ? word(&line) : NULL;
	const char *flags = place ? word(&line) : NULL;
	if (!flags || line[0] == '\0' ||
			!parse_size(size, WINDOW_SIDE_MAX, &ret->width, &ret->height) ||
			!parse_position(place, WINDOW_SIDE_MAX, &ret->x, &ret->y)) {
		return NULL;
	}
	ret->placed = strchr(flags, 'p') != NULL;
	ret->maximized = strchr(flags, 'm') != NULL;
	ret->full_screen = strchr(flags, 'f') != NULL;
	return line;
}

/* Copies the next line; the place behind it, or NULL at the end. */
static const char *next_line(const char *text, char *line, size_t size) {
	if (!text || *text == '\0') {
		return NULL;
	}
	size_t len = strcspn(text, "\n");
	snprintf(line, size, "%.*s", (int)(len < size ? len : size - 1), text);
	return text + len + (text[len] == '\n');
}

bool window_placement_find(const char *text, const char *key, struct window_placement *ret) {
	char line[600];
	for (const char *at = text; (at = next_line(at, line, sizeof line));) {
		struct window_placement found;
		const char *its = parse_line(line, &found);
		if (its && strcmp(its, key) == 0) {
			*ret = found;
			return true;
		}
	}
	return false;
}

int window_placement_put(const char *text, const char *key,
		const struct window_placement *placement, char *ret_text, size_t size) {
	char line[600];
	int len = snprintf(ret_text, size, "%dx%d %dx%d -%s%s%s %s\n", placement->width,
			placement->height, placement->x, placement->y, placement->placed ? "p" : "",
			placement->maximized ? "m" : "", placement->full_screen ? "f" : "", key);
	if (len < 0 || (size_t)len >= size || strchr(key, '\n') || key[0] == '\0') {
		return -ENOSPC;
	}
	unsigned count = 1;
	for (const char *at = text;
			count < WINDOW_PLACEMENTS_MAX && (at = next_line(at, line, sizeof line));) {
		char copy[600];
		struct window_placement other;
		snprintf(copy, sizeof copy, "%s", line);
		const char *its = parse_line(copy, &other);
		size_t more = strlen(line) + 1;
		if (!its || strcmp(its, key) == 0) {
			continue;
		}
		if ((size_t)len + more >= size) {
			break;
		}
		memcpy(ret_text + len, line, more - 1);
		ret_text[(size_t)len + more - 1] = '\n';
		len += (int)more;
		ret_text[len] = '\0';
		count++;
	}
	return len;
}

static void read_all(const char *path, char *text, size_t size) {
	FILE *file = fopen(path, "re");
	text[0] = '\0';
	if (file) {
		text[fread(text, 1, size - 1, file)] = '\0';
		fclose(file);
	}
}

bool window_placement_load(const char *key, struct window_placement *ret) {
	char path[1200];
	char text[TEXT_MAX];
	if (!xdg_state("windows", path, sizeof path)) {
		return false;
	}
	read_all(path, text, sizeof text);
	return window_placement_find(text, key, ret);
}

int window_placement_save(const char *key, const struct window_placement *placement) {
	char path[1200];
	char old[TEXT_MAX];
	char text[TEXT_MAX];
	if (!xdg_state("windows", path, sizeof path)) {
		return -ENOENT;
	}
	read_all(path, old, sizeof old);
	int len = window_placement_put(old, key, placement, text, sizeof text);
	if (len < 0) {
		return len;
	}
	return whole_file_write(path, text, (size_t)len, true);
}
