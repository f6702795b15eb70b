/* What mends a finding: commands that run as printed, and words for what no command can do. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/own_command.h"
#include "tools/vm-model/text.h"

/* Takes text. The same line twice is said once. A command with a name that cannot be shown as it is
 * would not run as shown. */
static void add(struct report *report, bool command, char *text) {
	struct report_line *line = &report->line[report->count - 1];
	if (command && text_steers(text)) {
		command = false;
		free(text);
		text = xstrdup(_("by hand: a name in it has characters that cannot be shown"));
	}
	for (unsigned i = 0; i < line->remedy_count; i++) {
		if (strcmp(line->remedy[i].text, text) == 0) {
			free(text);
			return;
		}
	}
	line->remedy = xrealloc(line->remedy, (line->remedy_count + 1) * sizeof *line->remedy);
	line->remedy[line->remedy_count++] = (struct remedy){ .command = command, .text = text };
}

static __attribute__((format(printf, 1, 0))) char *printed(const char *format, va_list args) {
	struct text text = { 0 };
	text_add_list(&text, format, args);
	return text_take(&text);
}

/* What the caller says after a command, if anything. */
static __attribute__((format(printf, 2, 0))) void add_words(
		struct text *text, const char *format, va_list args) {
	char *words = printed(format, args);
	text_add(text, "%s%s", words[0] ? " " : "", words);
	free(words);
}

void report_remedy(struct report *report, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add(report, false, printed(format, args));
	va_end(args);
}

void report_command(struct report *report, const char *format, ...) {
	va_list args;
	va_start(args, format);
	add(report, true, printed(format, args));
	va_end(args);
}

/* Neither setup nor virsh knows such a VM. */
static bool not_libvirts(struct report *report) {
	const struct facts *facts = report->facts;
	if (!facts->has_vm || facts->vm.is_xml) {
		return false;
	}
	report_remedy(report, _("in the arguments that QEMU is started with (this VM is not "
				"libvirt's: a script of yours, qm set, quickemu, ...)"));
	return true;
}

void report_qemu(struct report *report, const char *format, ...) {
	if (!report->facts->has_vm || report->facts->vm.is_xml) {
		return;
	}
	va_list args;
	va_start(args, format);
	add(report, false, printed(format, args));
	va_end(args);
}

/* What concerns the host's files needs no VM; a card and a tablet are the VM's. */
static bool of_the_host(const char *command, const char *words) {
	static const char host[] = "vfio,tmpfiles,kvmfr,audio,input";
	return list_has(host, command, ',') && !strstr(words, "--card") &&
	       strcmp(words, "--own") != 0;
}

/* A name that a shell, a terminal or an option parser would take for something else: its uuid. */
static const char *vm_word(const struct domain *vm) {
	return vm->uuid[0] && (vm->name[0] == '-' || text_steers(vm->name)) ? vm->uuid : vm->name;
}

/* The VM as setup is told of it. */
static void add_vm(struct text *text, const struct facts *facts) {
	if (!facts->has_vm || !facts->vm.is_xml) {
		return;
	}
	text_add(text, " ");
	if (facts->vm_file[0]) {
		text_add(text, "--xml ");
		text_add_shell(text, facts->vm_file);
	} else {
		text_add_shell(text, vm_word(&facts->vm));
	}
}

void report_setup(struct report *report, const char *command, const char *format, ...) {
	va_list args;
	va_start(args, format);
	char *words = printed(format, args);
	va_end(args);
	if (!of_the_host(command, words) && not_libvirts(report)) {
		free(words);
		return;
	}
	struct text text = { 0 };
	own_command(&text, report->facts->root->copy ? OWN_ANYWHERE : OWN_HERE);
	text_add(&text, " setup %s", command);
	add_vm(&text, report->facts);
	text_add(&text, "%s%s", words[0] ? " " : "", words);
	free(words);
	text_add(&text, " --apply");
	add(report, true, text_take(&text));
}

void report_self(struct report *report, bool root, const char *words) {
	struct text text = { 0 };
	text_add(&text, "%s", root ? "sudo " : "");
	own_command(&text, report->facts->root->copy ? OWN_ANYWHERE
			   : root                    ? OWN_UNDER_SUDO
						     : OWN_HERE);
	text_add(&text, " %s", words);
	add(report, true, text_take(&text));
}

void report_install(struct report *report, enum distro_package package, const char *name) {
	const char *command = distro_install(report->facts->distro, package);
	if (command) {
		report_command(report, "%s", command);
	} else {
		report_remedy(report, _("install %s with your distribution's own tool"), name);
	}
}

/* Without a URI virsh asks the user's own libvirt, which has none of the system's VMs. */
static void add_virsh(struct text *text, const struct facts *facts) {
	text_add(text, "virsh -c ");
	text_add_shell(text, facts->vm_uri[0] ? facts->vm_uri : "qemu:///system");
}

void report_virsh(struct report *report, const char *verb, const char *format, ...) {
	const bool strange = report->facts->has_vm && !report->facts->vm.is_xml;
	if (strange && (strcmp(verb, "shutdown") == 0 || strcmp(verb, "start") == 0)) {
		report_remedy(report, "%s",
				verb[1] == 'h' ? _("shut the VM down") : _("start the VM again"));
		return;
	}
	if (not_libvirts(report)) {
		return;
	}
	struct text text = { 0 };
	add_virsh(&text, report->facts);
	text_add(&text, " %s ", verb);
	text_add_shell(&text, vm_word(&report->facts->vm));
	va_list args;
	va_start(args, format);
	add_words(&text, format, args);
	va_end(args);
	add(report, true, text_take(&text));
}

void report_edit(struct report *report, const char *format, ...) {
	if (not_libvirts(report)) {
		return;
	}
	if (!report->facts->vm_file[0]) {
		report_virsh(report, "edit", "%s", "");
	}
	va_list args;
	va_start(args, format);
	char *change = printed(format, args);
	va_end(args);
	if (report->facts->vm_file[0]) {
		report_remedy(report, _("in %s: %s"), report->facts->vm_file, change);
	} else {
		report_remedy(report, "%s", change);
	}
	free(change);
}

const char *doctor_word(const char *word, char buf[static DOCTOR_WORD_BYTES]) {
	struct text text = { 0 };
	text_add_shell(&text, word);
	copy_text(buf, DOCTOR_WORD_BYTES, text_get(&text));
	text_finish(&text);
	return buf;
}
