/* Planned files are shown to the tools that will read them, before anything is written. A tool that
 * is not installed, or is too old to be asked without doing something, says nothing. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/setup/setup_store.h"

#define MODPROBE_DIR "/etc/modprobe.d"

/* Its exit status, 127 where it is not there; what it printed in said. */
static int ask(const char *command, struct text *said) {
	char line[512];
	FILE *pipe = popen(command, "re"); // NOLINT(cert-env33-c)
	while (pipe && fgets(line, sizeof line, pipe)) {
		text_add(said, "%s", line);
	}
	int status = pipe ? pclose(pipe) : -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static bool put(const char *folder, const char *name, const char *text) {
	char *path = xasprintf("%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	bool ok = file && fputs(text, file) >= 0;
	ok = file && fclose(file) == 0 && ok;
	free(path);
	return ok;
}

/* The folder as it will be: what is there, and what is planned. */
static bool fill(const struct setup *setup, const char *folder) {
	struct sysroot_names names = sysroot_list(&setup->root, MODPROBE_DIR);
	bool ok = true;
	for (size_t i = 0; i < names.count && ok; i++) {
		char *path = xasprintf("%s/%s", MODPROBE_DIR, names.name[i]);
		char *text = sysroot_read(&setup->root, path, NULL);
		ok = !text || put(folder, names.name[i], text);
		free(text);
		free(path);
	}
	sysroot_names_free(&names);
	const size_t len = strlen(MODPROBE_DIR "/");
	for (unsigned i = 0; i < setup->plan.change_count && ok; i++) {
		const struct change *change = &setup->plan.change[i];
		if (strncmp(change->shown, MODPROBE_DIR "/", len) == 0) {
			ok = put(folder, change->shown + len, change->new_text);
		}
	}
	return ok;
}

static void remove_folder(const char *folder) {
	DIR *dir = opendir(folder);
	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		char *path = xasprintf("%s/%s", folder, entry->d_name);
		unlink(path);
		free(path);
	}
	if (dir) {
		closedir(dir);
	}
	rmdir(folder);
}

/* The ids that the module gets: of its last options line that has some. */
static char *ids_read(const char *config) {
	char *ids = xstrdup("");
	for (const char *line = config; *line;) {
		const size_t len = strcspn(line, "\n");
		const char *at = strncmp(line, "options vfio_pci ", 17) == 0
						 ? memmem(line, len, "ids=", 4)
						 : NULL;
		if (at) {
			free(ids);
			ids = xasprintf("%.*s", (int)strcspn(at + 4, " \t\n"), at + 4);
		}
		line += len + (line[len] == '\n');
	}
	return ids;
}

void check_modprobe(struct setup *setup, const char *ids) {
	char folder[] = "/tmp/pierglass-modprobe-XXXXXX";
	struct text said = { 0 };
	if (!mkdtemp(folder)) {
		return;
	}
	char *command = xasprintf(
			"PATH=$PATH:/usr/sbin:/sbin modprobe -C %s --showconfig 2>/dev/null",
			folder);
	/* busybox' prints nothing. */
	if (fill(setup, folder) && ask(command, &said) == 0 && said.len > 0) {
		char *read = ids_read(text_get(&said));
		for (const char *word = ids; *word;) {
			char id[32];
			const size_t len = strcspn(word, ",");
			snprintf(id, sizeof id, "%.*s", (int)len, word);
			if (!list_has(read, id, ',')) {
				plan_refuse(&setup->plan,
						_("modprobe would read other ids for vfio-pci (%s) than are "
						  "meant (%s): look for another \"options vfio-pci\" in %s"),
						read[0] ? read : _("none"), ids, MODPROBE_DIR);
			}
			word += len + (word[len] == ',');
		}
		free(read);
	}
	free(command);
	remove_folder(folder);
	text_finish(&said);
}

/* Newer ones look for the users and groups, which the tree of --root or another service may know.
 */
static bool lacks_names_only(const char *said) {
	for (const char *line = said; *line;) {
		const size_t len = strcspn(line, "\n");
		const char *found = strstr(line, "Failed to resolve ");
		if (len > 0 && (!found || found > line + len)) {
			return false;
		}
		line += len + (line[len] == '\n');
	}
	return true;
}

void check_tmpfiles(struct setup *setup, const char *line) {
	char path[MEMORY_FILE_PATH];
	struct text help = { 0 };
	struct text said = { 0 };
	if (ask("systemd-tmpfiles --help 2>/dev/null", &help) == 0 &&
			strstr(text_get(&help), "--dry-run")) {
		int fd = memory_file(line, path);
		char *command = xasprintf(
				"LC_ALL=C systemd-tmpfiles --dry-run --create %s 2>&1", path);
		const int code = fd < 0 ? 0 : ask(command, &said);
		/* 65: a line that it does not understand; 73: it may not make the file, being
		 * nobody. */
		if (code == 65 && !lacks_names_only(text_get(&said))) {
			plan_refuse(&setup->plan,
					_("systemd-tmpfiles does not take the planned line:\n%s"),
					text_get(&said));
		}
		free(command);
		if (fd >= 0) {
			close(fd);
		}
	}
	text_finish(&help);
	text_finish(&said);
}
