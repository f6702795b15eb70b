#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/json.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

static void add(struct report *report, enum verdict verdict, const char *format, va_list args) {
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

void report_remedy(struct report *report, const char *format, ...) {
	struct report_line *line = &report->line[report->count - 1];
	struct text text = { 0 };
	if (line->remedy) {
		text_add(&text, "%s\n", line->remedy);
	}
	va_list args;
	va_start(args, format);
	text_add_list(&text, format, args);
	va_end(args);
	free(line->remedy);
	line->remedy = text_take(&text);
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
	fputs(indent, out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '\n') {
			fprintf(out, "\n%s", indent);
		} else {
			fputc(*c < 0x20 || *c == 0x7f ? '?' : *c, out);
		}
	}
	fputc('\n', out);
}

void report_print(const struct report *report, FILE *out, bool quiet) {
	const char *group = "";
	for (unsigned i = 0; i < report->count; i++) {
		const struct report_line *line = &report->line[i];
		bool bad = line->verdict == VERDICT_WARN || line->verdict == VERDICT_FAIL;
		if (quiet && !bad) {
			continue;
		}
		if (strcmp(group, line->group) != 0) {
			group = line->group;
			fprintf(out, "%s\n", _(group));
		}
		fprintf(out, "  %-7s ", verdict_word(line->verdict));
		print_safe(out, "", line->text);
		if (line->remedy) {
			print_safe(out, "            -> ", line->remedy);
		}
	}
	unsigned warnings = report_count(report, VERDICT_WARN);
	unsigned failures = report_count(report, VERDICT_FAIL);
	fprintf(out, _("%u ok"), report_count(report, VERDICT_OK));
	fprintf(out, warnings == 1 ? _(", %u warning") : _(", %u warnings"), warnings);
	fprintf(out, failures == 1 ? _(", %u failure") : _(", %u failures"), failures);
	unsigned skipped = report_count(report, VERDICT_SKIP);
	if (skipped > 0) {
		fprintf(out, _(", %u not looked at"), skipped);
	}
	fputc('\n', out);
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
		json_string(&json, "remedy", line->remedy);
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
		free(report->line[i].remedy);
	}
	free(report->line);
	*report = (struct report){ 0 };
}

/* "pierglass setup shmem NAME" and "virsh edit" know libvirt's VMs only. What concerns the host's
 * files needs no VM: there the name goes. */
static void not_libvirts(struct report_line *line, const char *name) {
	static const char *const of_host[] = { "vfio", "tmpfiles", "kvmfr", "audio", "input" };
	if (!line->remedy) {
		return;
	}
	const char *setup = strstr(line->remedy, "pierglass setup ");
	for (size_t i = 0; setup && i < sizeof of_host / sizeof of_host[0]; i++) {
		size_t len = strlen(of_host[i]);
		const char *at = setup + strlen("pierglass setup ");
		if (strncmp(at, of_host[i], len) == 0 && at[len] == ' ') {
			at += len + 1;
			size_t n = strlen(name);
			bool named = strncmp(at, name, n) == 0 && at[n] == ' ';
			char *remedy = xasprintf("%.*s%s", (int)(at - line->remedy), line->remedy,
					at + (named ? n + 1 : 0));
			free(line->remedy);
			line->remedy = remedy;
			return;
		}
	}
	if (setup || strstr(line->remedy, "virsh ")) {
		free(line->remedy);
		line->remedy = xstrdup(
				_("in the arguments that QEMU is started with (this VM is not "
				  "libvirt's: a script of yours, qm set, quickemu, ...)"));
	}
}

void doctor_run(const struct facts *facts, struct report *report) {
	static const struct check *const tables[] = { checks_host, checks_pci, checks_vm,
		checks_memory, checks_network, checks_input };
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
	char name[160];
	doctor_vm_word(facts, name);
	for (unsigned i = 0; facts->has_vm && !facts->vm.is_xml && i < report->count; i++) {
		not_libvirts(&report->line[i], name);
	}
}

static const char *shell_word(const char *word, char *buf, size_t size) {
	struct text text = { 0 };
	text_add_shell(&text, word);
	copy_text(buf, size, text_get(&text));
	text_finish(&text);
	return buf;
}

const char *doctor_word(const char *word, char buf[static DOCTOR_WORD_BYTES]) {
	return shell_word(word, buf, DOCTOR_WORD_BYTES);
}

const char *doctor_vm_word(const struct facts *facts, char *buf) {
	return shell_word(facts->has_vm && facts->vm.name[0] ? facts->vm.name : "DOMAIN", buf, 160);
}
