/*
 * Carrying a plan out. A plain user's part is done as that user; what needs root is asked for once
 * (setup_sudo.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/setup/setup_store.h"
#include "tools/vm-model/own_command.h"

/* Whether a file may be put there: the nearest folder above it that exists decides. */
static bool may_write(const char *path) {
	struct stat st;
	char *copy = xstrdup(path);
	bool may = false;
	for (char *slash = strrchr(copy, '/'); slash; slash = strrchr(copy, '/')) {
		*slash = '\0';
		const char *dir = copy[0] ? copy : "/";
		if (stat(dir, &st) == 0) {
			may = access(dir, W_OK) == 0;
			break;
		}
	}
	free(copy);
	return may;
}

static int apply_file(const struct change *change, unsigned n, struct transaction *transaction) {
	struct stat st = { .st_mode = change->mode, .st_uid = geteuid(), .st_gid = getegid() };
	bool existed = stat(change->path, &st) == 0;
	struct text line = { 0 };
	int r = transaction_keep(transaction, n, "old", change->old_text ? change->old_text : "");
	r = r < 0 ? r : transaction_keep(transaction, n, "new", change->new_text);
	r = r < 0 ? r : transaction_make_parents(transaction, change->path);
	if (r < 0) {
		return r;
	}
	text_add(&line, "file %u %d %o %u %u", n, existed, st.st_mode & 07777, st.st_uid,
			st.st_gid);
	r = transaction_note_path(transaction, text_get(&line), change->path);
	text_finish(&line);
	return r < 0 ? r
		     : replace_file(change->path, change->new_text, st.st_mode & 07777, st.st_uid,
				       st.st_gid);
}

static int apply_domain(const struct change *change, unsigned n, struct transaction *transaction,
		struct setup *setup) {
	char error[200] = "";
	int r = transaction_keep(transaction, n, "old", change->old_text);
	r = r < 0 ? r : transaction_keep(transaction, n, "new", change->new_text);
	r = r < 0 ? r
		  : transaction_note(transaction, "domain %u %s %s", n, change->path, change->uri);
	if (r < 0) {
		return r;
	}
	r = virt_define(setup->virt, change->path, change->new_text, error, sizeof error);
	if (r < 0) {
		fprintf(stderr, _("pierglass setup: libvirt refuses the new XML: %s\n"), error);
		return r;
	}
	/* libvirt writes it in its own words: that is what taking back compares with. */
	char *now = virt_stored_xml(setup->virt, change->path, true);
	r = now ? transaction_keep(transaction, n, "new", now) : 0;
	free(now);
	return r < 0 ? r : transaction_note(transaction, "defined %u", n);
}

static int apply_one(const struct change *change, unsigned n, struct transaction *transaction,
		struct setup *setup) {
	int r = change->kind == CHANGE_DOMAIN ? apply_domain(change, n, transaction, setup)
					      : apply_file(change, n, transaction);
	if (r < 0) {
		fprintf(stderr, "pierglass setup: %s: %s\n", change->shown, strerrordesc_np(-r));
	} else {
		printf(_("changed: %s\n"), change->shown);
	}
	return r;
}

/* Root has to do this one. */
static bool needs_root(const struct setup *setup, const struct change *change) {
	return geteuid() != 0 && !setup->root.copy && change->kind == CHANGE_FILE &&
	       !may_write(change->path);
}

int plan_apply(const struct plan *plan, struct setup *setup) {
	char *store = store_folder(setup);
	struct transaction transaction = { 0 };
	bool kept = store && transaction_create(&transaction, store);
	int failed = 0;
	unsigned made = 0;
	unsigned of_root = 0;
	free(store);
	if (!kept) {
		fputs(_("pierglass setup: no folder for the backups can be made: nothing was changed\n"),
				stderr);
		return -EACCES;
	}
	for (unsigned i = 0; i < plan->change_count; i++) {
		if (needs_root(setup, &plan->change[i])) {
			of_root++;
			continue;
		}
		int r = apply_one(&plan->change[i], i, &transaction, setup);
		made += r == 0;
		failed += r != 0;
	}
	if (of_root > 0) {
		unsigned number = root_part_apply(setup, of_root);
		made += number ? of_root : 0;
		failed += number ? 0 : (int)of_root;
		if (number && transaction_note(&transaction, "root %u", number) < 0) {
			failed++;
		}
	}
	if (made == 0) {
		transaction_remove(&transaction, plan->change_count);
	} else if (!setup->options.files_only) {
		bool copy = setup->root.copy;
		struct text undo = { 0 };
		own_command(&undo, copy ? OWN_ANYWHERE : OWN_HERE);
		text_add(&undo, " setup --undo%s", copy ? " --root " : "");
		if (copy) {
			text_add_shell(&undo, setup->options.root_dir);
		}
		printf(_("Changes made: %u. This takes them back (kept in %s):\n"), made,
				transaction.folder);
		printf("  $ %s\n", text_get(&undo));
		text_finish(&undo);
	}
	transaction_finish(&transaction);
	return failed;
}
