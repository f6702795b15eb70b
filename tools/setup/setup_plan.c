#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup/diff.h"
#include "tools/setup/setup.h"

static void add_line(char ***list, unsigned *count, const char *format, va_list args) {
	struct text text = { 0 };
	text_add_list(&text, format, args);
	for (unsigned i = 0; i < *count; i++) {
		if (strcmp((*list)[i], text_get(&text)) == 0) {
			text_finish(&text);
			return;
		}
	}
	*list = xrealloc(*list, (*count + 1) * sizeof **list);
	(*list)[(*count)++] = text_take(&text);
}

void plan_note(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->note, &plan->note_count, format, args);
	va_end(args);
}

void plan_command(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->command, &plan->command_count, format, args);
	va_end(args);
}

void plan_windows(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->windows, &plan->windows_count, format, args);
	va_end(args);
}

void plan_refuse(struct plan *plan, const char *format, ...) {
	struct text text = { 0 };
	va_list args;
	va_start(args, format);
	text_add_list(&text, format, args);
	va_end(args);
	if (plan->refused) {
		text_finish(&text);
	} else {
		plan->refused = text_take(&text);
	}
}

/* Where a file is written: what a symbolic link of ours leads to, so that it stays a link. In a
 * copy of a machine a link may lead out of it; and nobody else's link says where root writes. */
static char *written_at(const struct sysroot *root, const char *full) {
	struct stat st;
	bool ours = !root->copy && lstat(full, &st) == 0 && S_ISLNK(st.st_mode) &&
		    st.st_uid == geteuid();
	char *place = ours ? realpath(full, NULL) : NULL;
	if (place && access(place, W_OK) == 0) {
		return place;
	}
	free(place);
	return xstrdup(full);
}

void plan_file(struct plan *plan, const struct sysroot *root, const char *path, mode_t mode,
		const char *new_text, const char *why) {
	char full[SYSROOT_PATH_MAX];
	char *old = sysroot_read(root, path, NULL);
	if (!old && errno != ENOENT && errno != ENOTDIR) {
		plan_note(plan, _("%s cannot be read (%s): left alone"), path,
				strerrordesc_np(errno));
		return;
	}
	if ((old && strcmp(old, new_text) == 0) || !sysroot_path(root, path, full)) {
		plan_note(plan, _("%s is right already"), path);
		free(old);
		return;
	}
	plan->change = xrealloc(plan->change, (plan->change_count + 1) * sizeof *plan->change);
	plan->change[plan->change_count++] = (struct change){ .kind = CHANGE_FILE,
		.path = written_at(root, full),
		.shown = xstrdup(path),
		.old_text = old,
		.new_text = xstrdup(new_text),
		.mode = mode,
		.why = why };
}

static void print_change(const struct change *change) {
	struct text diff = { 0 };
	printf("# %s%s\n", _(change->why), change->old_text ? "" : _(" (new file)"));
	diff_unified(&diff, change->old_text ? change->shown : "/dev/null",
			change->old_text ? change->old_text : "", change->shown, change->new_text);
	fputs(text_get(&diff), stdout);
	putchar('\n');
	text_finish(&diff);
}

static void print_list(const char *title, char *const *list, unsigned count, bool numbered) {
	if (count == 0) {
		return;
	}
	printf("%s\n", title);
	for (unsigned i = 0; i < count; i++) {
		if (numbered) {
			printf("  %u. %s\n", i + 1, list[i]);
		} else {
			printf("  %s\n", list[i]);
		}
	}
	putchar('\n');
}

void plan_print(const struct plan *plan, bool applying) {
	for (unsigned i = 0; i < plan->change_count; i++) {
		print_change(&plan->change[i]);
	}
	print_list(_("Noted:"), plan->note, plan->note_count, false);
	if (plan->refused) {
		return;
	}
	print_list(_("Then run:"), plan->command, plan->command_count, false);
	print_list(_("In Windows:"), plan->windows, plan->windows_count, true);
	if (plan->change_count == 0) {
		puts(plan->command_count ? _("No file to change; what is left to do stands above.")
					 : _("Nothing to change."));
	} else if (!applying) {
		printf(_("Changes planned: %u. Nothing was changed; the same with --apply does it.\n"),
				plan->change_count);
	}
}

void plan_print_private(const struct plan *plan) {
	for (unsigned i = 0; i < plan->change_count; i++) {
		struct stat st;
		if (stat(plan->change[i].path, &st) == 0 && !(st.st_mode & S_IROTH)) {
			print_change(&plan->change[i]);
		}
	}
}

static void free_list(char **list, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		free(list[i]);
	}
	free(list);
}

void plan_free(struct plan *plan) {
	for (unsigned i = 0; i < plan->change_count; i++) {
		free(plan->change[i].path);
		free(plan->change[i].shown);
		free(plan->change[i].uri);
		free(plan->change[i].old_text);
		free(plan->change[i].new_text);
	}
	free(plan->change);
	free_list(plan->note, plan->note_count);
	free_list(plan->command, plan->command_count);
	free_list(plan->windows, plan->windows_count);
	free(plan->refused);
	memset(plan, 0, sizeof *plan);
}
