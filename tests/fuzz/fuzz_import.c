/*
 * Any text as looking-glass-client's ini file, through pierglass config --import: what is written
 * is read again without a complaint, with the same values.
 *
 * Covers: client/config/config_import.c client/config/config_file.c client/config/ini.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/config/config_set.h"
#include "client/config/config_show.h"
#include "client/config/options.h"
#include "tests/fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], theirs[80], ours[96];

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

static void at_end(void) {
	(void)unlink(theirs);
	(void)unlink(ours);
	(void)rmdir(folder);
}

static void set_up(void) {
	if (folder[0]) {
		return;
	}
	snprintf(folder, sizeof folder, "%s/pierglass-import-XXXXXX",
			access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	expect(mkdtemp(folder) != NULL);
	snprintf(theirs, sizeof theirs, "%s/theirs", folder);
	snprintf(ours, sizeof ours, "%s/pierglass.ini", folder);
	atexit(at_end);
}

/* Alone, without the other: what each of the two files says. */
static struct config *load(const struct config_paths *paths, int *ret_r) {
	char program[] = "pierglass";
	char *argv[] = { program, NULL };
	char error[CONFIG_ERROR_BYTES];
	struct config *config = calloc(1, sizeof *config);
	expect(config != NULL);
	*ret_r = config_load(config, 1, argv, paths, error);
	return config;
}

static void compare(const struct config *before, const struct config *after) {
	static char old[OPTION_TEXT_MAX], new[OPTION_TEXT_MAX];
	for (unsigned i = 0; i < config_options_count; i++) {
		if (before->origins[i].rank == CONFIG_LG_FILE) {
			option_get(before, &config_options[i], old, sizeof old);
			option_get(after, &config_options[i], new, sizeof new);
			expect(strcmp(old, new) == 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	set_up();
	FILE *file = fopen(theirs, "we");
	expect(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
	FILE *out = fopen("/dev/null", "we");
	const struct config_paths import = { .lg_files = { theirs }, .dir = folder };
	const struct config_paths only_theirs = { .lg_files = { theirs } };
	const struct config_paths only_ours = { .dir = folder };
	(void)unlink(ours);
	const int status = config_import(&import, 0, out);
	fclose(out);
	if (status == 0 && access(ours, R_OK) == 0) {
		int r;
		int r_ours;
		struct config *before = load(&only_theirs, &r);
		struct config *after = load(&only_ours, &r_ours);
		expect(r == 0 && r_ours == 0);
		compare(before, after);
		free(before);
		free(after);
	}
	return 0;
}
