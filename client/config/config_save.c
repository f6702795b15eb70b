#include "client/config/config_save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "client/config/config_set.h"
#include "client/config/ini.h"
#include "client/config/options.h"
#include "client/platform/whole_file.h"
#include "client/platform/xdg.h"

#define PROFILE_MAX (1 << 20) /* bytes; a larger file is not one that we wrote or read */

struct search {
	const struct config_option *option;
	unsigned line; /* the last one that sets it; 0 = none */
	bool in_keys;  /* that line is in [keys]: its name has no "key-" */
};

static int on_entry(const struct ini_entry *entry, void *data) {
	struct search *search = data;
	if (config_entry_option(entry) == search->option) {
		search->line = entry->line;
		search->in_keys = ascii_casecmp(entry->section, "keys") == 0;
	}
	return 0;
}

static int on_bad(unsigned line, const char *why, void *data) {
	(void)line;
	(void)why;
	(void)data;
	return 0; /* the next start tells; here it stays as it is */
}

/* Whether a line at the end would be in no section, or in [pierglass]. */
static bool ends_in_own_section(const char *text) {
	bool own = true;
	while (*text) {
		const size_t len = strcspn(text, "\n");
		const char *line = text + strspn(text, " \t");
		if (*line == '[') {
			own = ascii_ncasecmp(line, "[pierglass]", 11) == 0;
		}
		text += len + (text[len] == '\n');
	}
	return own;
}

static void put_line(FILE *out, const struct search *search, const char *value) {
	const char *name = search->option->name;
	if (search->in_keys && strncmp(name, "key-", 4) == 0) {
		name += 4;
	}
	fprintf(out, "%s = %s\n", name, value);
}

char *config_edit(const char *text, const struct config_option *option, const char *value) {
	struct search search = { .option = option };
	const struct ini_handler handler = { .entry = on_entry, .bad = on_bad, .data = &search };
	char *edited = NULL;
	size_t size;
	FILE *out = open_memstream(&edited, &size);
	if (!out) {
		return NULL;
	}
	ini_parse(text, strlen(text), INI_OURS, &handler);
	bool ended = true; /* the text so far, with a newline */
	unsigned number = 1;
	for (const char *at = text; *at; number++) {
		const size_t len = strcspn(at, "\n");
		if (number == search.line) {
			put_line(out, &search, value);
			ended = true;
		} else {
			fwrite(at, 1, len + (at[len] == '\n'), out);
			ended = at[len] == '\n';
		}
		at += len + (at[len] == '\n');
	}
	if (search.line == 0) {
		fputs(ended ? "" : "\n", out);
		fputs(ends_in_own_section(text) ? "" : "\n[pierglass]\n", out);
		put_line(out, &search, value);
	}
	if (fclose(out) != 0) {
		free(edited);
		return NULL;
	}
	return edited;
}

/* The file's text, "" if there is none; heap. */
static int read_text(const char *path, char **ret_text) {
	char *text = malloc(PROFILE_MAX + 1);
	FILE *file = fopen(path, "re");
	int r = !file && errno != ENOENT ? -errno : 0;
	size_t len = 0;
	if (file && text) {
		len = fread(text, 1, PROFILE_MAX + 1, file);
		r = ferror(file) ? -EIO : len > PROFILE_MAX ? -EFBIG : 0;
	}
	if (file) {
		fclose(file);
	}
	if (!text) {
		return -ENOMEM;
	}
	if (r < 0) {
		free(text);
		return r;
	}
	text[len] = '\0';
	*ret_text = text;
	return 0;
}

static int edit_all(char **text, const struct config *config, const bool *which) {
	for (unsigned i = 0; i < config_options_count; i++) {
		char value[OPTION_TEXT_MAX];
		if (!which[i]) {
			continue;
		}
		option_get(config, &config_options[i], value, sizeof value);
		char *edited = config_edit(*text, &config_options[i], value);
		if (!edited) {
			return -ENOMEM;
		}
		free(*text);
		*text = edited;
	}
	return 0;
}

static bool general_path(const struct config_paths *paths, char *path, size_t size) {
	if (!paths) {
		return xdg_config("pierglass/pierglass.ini", path, size);
	}
	const int n = paths->dir ? snprintf(path, size, "%s/pierglass.ini", paths->dir) : -1;
	return n >= 0 && (size_t)n < size;
}

int config_save(const struct config *config, const char *vm_name, const bool *which,
		const struct config_paths *paths, char *path, size_t size) {
	char folder[1400];
	char *text = NULL;
	if (!(vm_name[0] ? config_profile_path(paths, vm_name, path, size)
			 : general_path(paths, path, size))) {
		return -EINVAL;
	}
	snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = '\0';
	if (!xdg_make_folder(folder)) {
		return -errno;
	}
	int r = read_text(path, &text);
	if (r == 0) {
		r = edit_all(&text, config, which);
	}
	if (r == 0) {
		r = whole_file_write(path, text, strlen(text), true);
	}
	free(text);
	return r;
}
