/* Taking an applied plan back: newest line first; a thing that was changed by somebody else since
 * is not touched. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/setup/setup_manifest.h"
#include "tools/setup/setup_store.h"

static char *read_now(const char *path) {
	struct sysroot here;
	sysroot_open(&here, NULL);
	char *now = sysroot_read(&here, path, NULL);
	sysroot_close(&here);
	return now;
}

static bool same(const char *a, const char *b) {
	return a && b && strcmp(a, b) == 0;
}

static void said(bool ok, const char *what, const char *path) {
	if (ok) {
		printf("%s: %s\n", what, path);
	} else {
		fprintf(stderr, "pierglass setup: %s: %s\n", path, strerrordesc_np(errno));
	}
}

static bool undo_file(const struct manifest_line *line, const char *folder, bool force) {
	const unsigned n = line->n;
	const bool existed = line->existed;
	const char *path = line->path;
	remove_half(path);
	char *now = read_now(path);
	char *old = store_kept(folder, n, "old");
	char *new = store_kept(folder, n, "new");
	bool ok = false;
	if (existed ? same(now, old) : !now && access(path, F_OK) != 0) {
		ok = true; /* it never came to that, or it was taken back before */
	} else if (!old || !new) {
		fprintf(stderr, _("pierglass setup: the backup of %s is not there\n"), path);
	} else if (!force && !same(now, new)) {
		fprintf(stderr,
				_("pierglass setup: %s was changed since: left alone (--force takes it back "
				  "all the same)\n"),
				path);
	} else if (!existed) {
		ok = unlink(path) == 0;
		said(ok, _("removed"), path);
	} else {
		errno = -replace_file(path, old, line->mode, line->uid, line->gid);
		ok = errno == 0;
		said(ok, _("restored"), path);
	}
	free(now);
	free(old);
	free(new);
	return ok;
}

static bool is_defined(const char *manifest, unsigned n) {
	char line[32];
	snprintf(line, sizeof line, "\ndefined %u\n", n);
	return strstr(manifest, line) != NULL;
}

static bool undo_domain(struct setup *setup, const struct manifest_line *line, const char *folder,
		const char *manifest) {
	const unsigned n = line->n;
	const char *uuid = line->uuid;
	const char *uri = line->uri;
	char error[200] = "";
	if (!setup->virt && virt_open(&setup->virt, uri, VIRT_MANAGE, error, sizeof error) < 0) {
		fprintf(stderr, "pierglass setup: %s: %s\n", uri, error);
		return false;
	}
	char *old = store_kept(folder, n, "old");
	char *new = store_kept(folder, n, "new");
	char *now = virt_stored_xml(setup->virt, uuid, true);
	/* Ended between defining and asking for libvirt's words: then they are not known. */
	bool ours = same(now, new) || !is_defined(manifest, n);
	bool ok = false;
	if (same(now, old)) {
		ok = true;
	} else if (!old || !new) {
		fputs(_("pierglass setup: the backup of the VM's XML is not there\n"), stderr);
	} else if (!setup->options.force && !ours) {
		fputs(_("pierglass setup: the VM was changed since: left alone (--force takes it back all "
			"the same)\n"),
				stderr);
	} else if (virt_define(setup->virt, uuid, old, error, sizeof error) < 0) {
		fprintf(stderr, _("pierglass setup: libvirt refuses the old XML: %s\n"), error);
	} else {
		ok = true;
		char *after = virt_stored_xml(setup->virt, uuid, true);
		printf(_("restored: the VM's XML%s\n"),
				same(after, old) ? "" : _(" (libvirt rewrote it)"));
		free(after);
	}
	free(old);
	free(new);
	free(now);
	return ok;
}

static bool undo_line(
		struct setup *setup, const char *text, const char *folder, const char *manifest) {
	struct manifest_line line;
	bool ok = true;
	manifest_read(text, &line);
	switch (line.kind) {
	case MANIFEST_NONE:
		fprintf(stderr, _("pierglass setup: %s: a line of the record is not understood: %s\n"),
				folder, text);
		ok = false;
		break;
	case MANIFEST_FILE:
		ok = undo_file(&line, folder, setup->options.force);
		break;
	case MANIFEST_DOMAIN:
		ok = undo_domain(setup, &line, folder, manifest);
		break;
	case MANIFEST_ROOT:
		ok = root_part_undo(setup, line.n);
		break;
	case MANIFEST_DIR:
		rmdir(line.path); /* somebody else may have put something there: then it stays */
		break;
	case MANIFEST_OTHER:
		break;
	}
	manifest_finish(&line);
	return ok;
}

/* From the last line to the first. */
static bool undo_all(struct setup *setup, const char *folder, const char *manifest) {
	char *copy = xstrdup(manifest);
	bool ok = true;
	for (char *end = copy + strlen(copy); ok && end > copy;) {
		if (end[-1] == '\n') {
			*--end = '\0';
		}
		while (end > copy && end[-1] != '\n') {
			end--;
		}
		ok = undo_line(setup, end, folder, manifest);
	}
	free(copy);
	return ok;
}

static bool mark_undone(const char *folder) {
	char *undone = xasprintf("%s.undone", folder);
	bool ok = rename(folder, undone) == 0;
	free(undone);
	return ok;
}

static int undo_folder(struct setup *setup, const char *folder, const char *manifest) {
	if (!undo_all(setup, folder, manifest)) {
		fprintf(stderr, _("pierglass setup: not everything was taken back; the backups are in %s\n"),
				folder);
		return EXIT_FAILURE;
	}
	mark_undone(folder);
	return EXIT_SUCCESS;
}

int setup_undo(struct setup *setup) {
	char *store = store_folder(setup);
	unsigned wanted = setup->options.number;
	int status = -1;
	while (status < 0) {
		unsigned number = !store ? 0 : wanted ? wanted : store_newest(store);
		char *folder = number ? store_transaction(store, number) : NULL;
		char *manifest = folder ? store_read(folder, "manifest") : NULL;
		if (manifest) {
			status = undo_folder(setup, folder, manifest);
		} else if (!folder || wanted) {
			puts(_("Nothing to take back."));
			status = EXIT_SUCCESS;
		} else if (!mark_undone(folder)) { /* ended before anything was changed */
			fprintf(stderr, "pierglass setup: %s: %s\n", folder,
					strerrordesc_np(errno));
			status = EXIT_FAILURE;
		}
		free(manifest);
		free(folder);
	}
	free(store);
	return status;
}
