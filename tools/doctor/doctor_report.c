#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/colour.h"
#include "tools/vm-model/text.h"

static __attribute__((format(printf, 3, 0))) void add(
		struct report *report, enum verdict verdict, const char *format, va_list args) {
	struct text text = { 0 };
	text_add_list(&text, format, args);
	report->line = xrealloc(report->line, (report->count + 1) * sizeof *report->line);
	report->line[report->count++] = (struct report_line){ .verdict = verdict,
		.group = report->group,
		.check = report->check,
		.text = text_take(&text) };
}

void report_ok(struct report *report, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add(report, VERDICT_OK, format, args);
	va_end(args);
}

void report_warn(struct report *report, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add(report, VERDICT_WARN, format, args);
	va_end(args);
}

void report_fail(struct report *report, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add(report, VERDICT_FAIL, format, args);
	va_end(args);
}

void report_skip(struct report *report, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add(report, VERDICT_SKIP, format, args);
	va_end(args);
}

unsigned report_count(const struct report *report, enum verdict verdict) {
	unsigned count = 0;
	for (unsigned i = 0; i < report->count; i++) {
		count += report->line[i].verdict == verdict;
	}
	return count;
}

/* For people; JSON has the English word. */
static const char *verdict_word(enum verdict verdict) {
	switch (verdict) {
	case VERDICT_OK:
		return _("ok");
	case VERDICT_WARN:
		return _("warning");
	case VERDICT_FAIL:
		return _("failure");
	case VERDICT_SKIP:
		return _("skipped");
	}
	return "?";
}

static const char *verdict_name(enum verdict verdict) {
	switch (verdict) {
	case VERDICT_OK:
		return "ok";
	case VERDICT_WARN:
		return "warning";
	case VERDICT_FAIL:
		return "failure";
	case VERDICT_SKIP:
		return "skipped";
	}
	return "?";
}

/* What the VM or the machine chose to be called must not reach the terminal raw. */
static void print_safe(FILE *out, const char *indent, const char *text) {
	struct text safe = { 0 };
	text_add_safe(&safe, indent, text);
	fprintf(out, "%s\n", text_get(&safe));
	text_finish(&safe);
}

static enum colour verdict_colour(enum verdict verdict) {
	return verdict == VERDICT_FAIL   ? COLOUR_BAD
	       : verdict == VERDICT_WARN ? COLOUR_WARN
	       : verdict == VERDICT_OK   ? COLOUR_GOOD
					 : COLOUR_NONE;
}

static void print_remedies(const struct report_line *line, FILE *out, bool colours) {
	for (unsigned r = 0; r < line->remedy_count; r++) {
		enum colour colour = line->remedy[r].command ? COLOUR_STRONG : COLOUR_NONE;
		fputs("            -> ", out);
		fputs(colour_on(colours, colour), out);
		print_safe(out, "            ", line->remedy[r].text);
		fputs(colour_off(colours, colour), out);
	}
}

static void print_line(const struct report_line *line, FILE *out, bool colours) {
	enum colour colour = verdict_colour(line->verdict);
	fprintf(out, "  %s%-7s%s ", colour_on(colours, colour), verdict_word(line->verdict),
			colour_off(colours, colour));
	print_safe(out, "            ", line->text);
	print_remedies(line, out, colours);
}

static void print_counts(const struct report *report, FILE *out) {
	unsigned warnings = report_count(report, VERDICT_WARN);
	unsigned failures = report_count(report, VERDICT_FAIL);
	unsigned skipped = report_count(report, VERDICT_SKIP);
	fprintf(out, _("%u ok"), report_count(report, VERDICT_OK));
	fprintf(out, warnings == 1 ? _(", %u warning") : _(", %u warnings"), warnings);
	fprintf(out, failures == 1 ? _(", %u failure") : _(", %u failures"), failures);
	if (skipped > 0) {
		fprintf(out, _(", %u not looked at"), skipped);
	}
	fputc('\n', out);
}

/* The checks run in the order in which things depend on each other: the first failure is what to
 * begin with, or the first warning. */
static const struct report_line *first_of(const struct report *report) {
	static const enum verdict worst[] = { VERDICT_FAIL, VERDICT_WARN };
	for (size_t w = 0; w < sizeof worst / sizeof worst[0]; w++) {
		for (unsigned i = 0; i < report->count; i++) {
			if (report->line[i].verdict == worst[w] && report->line[i].remedy_count) {
				return &report->line[i];
			}
		}
	}
	return NULL;
}

void report_print(const struct report *report, FILE *out, bool quiet) {
	const bool colours = colour_wanted(out);
	const char *group = "";
	for (unsigned i = 0; i < report->count; i++) {
		const struct report_line *line = &report->line[i];
		bool bad = line->verdict == VERDICT_WARN || line->verdict == VERDICT_FAIL;
		if (quiet && !bad) {
			continue;
		}
		if (strcmp(group, line->group) != 0) {
			group = line->group;
			fprintf(out, "%s%s%s\n", colour_on(colours, COLOUR_STRONG), _(group),
					colour_off(colours, COLOUR_STRONG));
		}
		print_line(line, out, colours);
	}
	print_counts(report, out);
	const struct report_line *first = first_of(report);
	if (first) {
		fputs(_("Do this first:\n"), out);
		print_line(first, out, colours);
	}
}

/* "remedy" has all of it as people read it, "commands" what runs as it stands. */
static void json_remedies(struct json *json, const struct report_line *line) {
	struct text all = { 0 };
	for (unsigned r = 0; r < line->remedy_count; r++) {
		text_add(&all, "%s%s", r ? "\n" : "", line->remedy[r].text);
	}
	json_string(json, "remedy", line->remedy_count ? text_get(&all) : NULL);
	text_finish(&all);
	json_array(json, "commands");
	for (unsigned r = 0; r < line->remedy_count; r++) {
		if (line->remedy[r].command) {
			json_string(json, NULL, line->remedy[r].text);
		}
	}
	json_end(json);
}

void report_json(const struct report *report, FILE *out) {
	struct json json;
	json_begin(&json, out);
	json_array(&json, "checks");
	for (unsigned i = 0; i < report->count; i++) {
		const struct report_line *line = &report->line[i];
		json_object(&json, NULL);
		json_string(&json, "group", line->group);
		json_string(&json, "check", line->check);
		json_string(&json, "verdict", verdict_name(line->verdict));
		json_string(&json, "seen", line->text);
		json_remedies(&json, line);
		json_end(&json);
	}
	json_end(&json);
	json_int(&json, "ok", report_count(report, VERDICT_OK));
	json_int(&json, "warnings", report_count(report, VERDICT_WARN));
	json_int(&json, "failures", report_count(report, VERDICT_FAIL));
	json_int(&json, "skipped", report_count(report, VERDICT_SKIP));
	json_finish(&json);
}

void report_finish(struct report *report) {
	for (unsigned i = 0; i < report->count; i++) {
		free(report->line[i].text);
		for (unsigned r = 0; r < report->line[i].remedy_count; r++) {
			free(report->line[i].remedy[r].text);
		}
		free(report->line[i].remedy);
	}
	free(report->line);
	*report = (struct report){ 0 };
}

void doctor_run(const struct facts *facts, struct report *report) {
	static const struct check *const tables[] = { checks_host, checks_pci, checks_vm,
		checks_expert, checks_usb, checks_memory, checks_host_program, checks_network,
		checks_input };
	report->facts = facts;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		for (const struct check *check = tables[i]; check->run; check++) {
			if (check->needs_vm && !facts->has_vm) {
				continue;
			}
			report->group = check->group;
			report->check = check->name;
			check->run(facts, report);
		}
	}
}
