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
#include "tools/vm-model/colour.h"

/* The same line twice is said once. */
static __attribute__((format(printf, 3, 0))) void add_line(
		struct lines *lines, const char *prefix, const char *format, va_list args) {
	struct text text = { 0 };
	struct text foreign = { 0 };
	text_add(&text, "%s", prefix);
	text_add_list(&foreign, format, args);
	/* The VM or the machine chose what stands in it. */
	text_add_safe(&text, "     ", text_get(&foreign));
	text_finish(&foreign);
	for (unsigned i = 0; i < lines->count; i++) {
		if (strcmp(lines->line[i], text_get(&text)) == 0) {
			text_finish(&text);
			return;
		}
	}
	lines->line = xrealloc(lines->line, (lines->count + 1) * sizeof *lines->line);
	lines->line[lines->count++] = text_take(&text);
}

/* In front of a step that is a command. */
#define COMMAND "$ "

void plan_vm(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->vm, "", format, args);
	va_end(args);
}

void plan_cost(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->cost, "", format, args);
	va_end(args);
}

void plan_left(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->left, "", format, args);
	va_end(args);
}

void plan_note(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->note, "", format, args);
	va_end(args);
}

/* A command that is planned again comes last: it is for what stands between, too. */
static void drop_line(struct lines *lines, const char *line) {
	unsigned kept = 0;
	for (unsigned i = 0; i < lines->count; i++) {
		if (strcmp(lines->line[i], line) == 0) {
			free(lines->line[i]);
		} else {
			lines->line[kept++] = lines->line[i];
		}
	}
	lines->count = kept;
}

void plan_command(struct plan *plan, const char *format, ...) {
	struct lines one = { 0 };
	va_list args;
	va_start(args, format);
	add_line(&one, COMMAND, format, args);
	va_end(args);
	drop_line(&plan->step, one.line[0]);
	plan->step.line =
			xrealloc(plan->step.line, (plan->step.count + 1) * sizeof *plan->step.line);
	plan->step.line[plan->step.count++] = one.line[0];
	free(one.line);
}

void plan_step(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->step, "", format, args);
	va_end(args);
}

void plan_windows(struct plan *plan, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add_line(&plan->windows, "", format, args);
	va_end(args);
}

void plan_refuse(struct plan *plan, const char *format, ...) {
	struct text text = { 0 };
	va_list args;
	va_start(args, format);
	text_add_list(&text, format, args);
	va_end(args);
	if (!plan->refused) {
		struct text safe = { 0 };
		text_add_safe(&safe, "", text_get(&text));
		plan->refused = text_take(&safe);
	}
	text_finish(&text);
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
		plan_left(plan, _("%s cannot be read (%s): left alone"), path,
				strerrordesc_np(errno));
		return;
	}
	if ((old && strcmp(old, new_text) == 0) || !sysroot_path(root, path, full)) {
		plan_left(plan, _("%s is right already"), path);
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

static enum colour diff_colour(const char *line) {
	return line[0] == '+' ? COLOUR_GOOD : line[0] == '-' ? COLOUR_BAD : COLOUR_NONE;
}

static void print_diff(const struct change *change, bool colours) {
	struct text diff = { 0 };
	diff_unified(&diff, change->old_text ? change->shown : "/dev/null",
			change->old_text ? change->old_text : "", change->shown, change->new_text);
	struct text safe = { 0 };
	text_add_safe(&safe, "", text_get(&diff));
	for (const char *line = text_get(&safe); *line;) {
		size_t len = strcspn(line, "\n");
		enum colour colour = diff_colour(line);
		printf("%s%.*s%s\n", colour_on(colours, colour), (int)len, line,
				colour_off(colours, colour));
		line += len + (line[len] == '\n');
	}
	putchar('\n');
	text_finish(&safe);
	text_finish(&diff);
}

static void print_title(const char *title, bool colours) {
	printf("%s%s%s\n", colour_on(colours, COLOUR_STRONG), title,
			colour_off(colours, COLOUR_STRONG));
}

static void print_list(const char *title, const struct lines *lines, bool numbered, bool colours) {
	if (lines->count == 0) {
		return;
	}
	print_title(title, colours);
	for (unsigned i = 0; i < lines->count; i++) {
		if (numbered) {
			printf("  %u. %s\n", i + 1, lines->line[i]);
		} else {
			printf("  %s\n", lines->line[i]);
		}
	}
	putchar('\n');
}

static void print_changes(const struct plan *plan, bool colours) {
	print_title(_("What changes:"), colours);
	for (unsigned i = 0; i < plan->change_count; i++) {
		const struct change *change = &plan->change[i];
		struct text shown = { 0 };
		text_add_safe(&shown, "", change->shown);
		printf("  %u. %s%s: %s\n", i + 1, text_get(&shown),
				change->old_text ? "" : _(" (new file)"), _(change->why));
		text_finish(&shown);
		for (unsigned j = 0; change->of_vm && j < plan->vm.count; j++) {
			printf("     - %s\n", plan->vm.line[j]);
		}
	}
	putchar('\n');
}

static void print_steps(const struct plan *plan, const char *again, bool colours) {
	unsigned number = 0;
	bool first = again && plan->change_count > 0;
	if (!first && plan->step.count == 0) {
		return;
	}
	print_title(_("What to do, in this order:"), colours);
	if (first) {
		printf("  %u. %s%s%s%s\n", ++number, COMMAND, colour_on(colours, COLOUR_STRONG),
				again, colour_off(colours, COLOUR_STRONG));
	}
	for (unsigned i = 0; i < plan->step.count; i++) {
		printf("  %u. %s\n", ++number, plan->step.line[i]);
	}
	putchar('\n');
}

static void print_end(const struct plan *plan, bool diffs, const char *again) {
	if (plan->change_count == 0) {
		puts(plan->step.count ? _("No file to change; the steps above are left to do.")
				      : _("Nothing to change."));
	} else if (again) {
		printf(_("Changes planned: %u. Nothing was changed yet.%s\n"), plan->change_count,
				diffs ? "" : _(" --diff shows every line."));
	}
}

void plan_print(const struct plan *plan, bool diffs, const char *again) {
	const bool colours = colour_wanted(stdout);
	if (plan->change_count > 0) {
		print_changes(plan, colours);
	}
	print_list(_("What it costs:"), &plan->cost, false, colours);
	print_list(_("What is left alone:"), &plan->left, false, colours);
	print_list(_("To know:"), &plan->note, false, colours);
	for (unsigned i = 0; diffs && i < plan->change_count; i++) {
		print_diff(&plan->change[i], colours);
	}
	if (plan->refused) {
		return;
	}
	print_steps(plan, again, colours);
	print_list(_("In Windows, then:"), &plan->windows, true, colours);
	print_end(plan, diffs, again);
}

void plan_print_private(const struct plan *plan) {
	for (unsigned i = 0; i < plan->change_count; i++) {
		struct stat st;
		if (stat(plan->change[i].path, &st) == 0 && !(st.st_mode & S_IROTH)) {
			print_diff(&plan->change[i], false);
		}
	}
}

static void free_lines(struct lines *lines) {
	for (unsigned i = 0; i < lines->count; i++) {
		free(lines->line[i]);
	}
	free(lines->line);
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
	free_lines(&plan->vm);
	free_lines(&plan->cost);
	free_lines(&plan->left);
	free_lines(&plan->note);
	free_lines(&plan->step);
	free_lines(&plan->windows);
	free(plan->refused);
	memset(plan, 0, sizeof *plan);
}
