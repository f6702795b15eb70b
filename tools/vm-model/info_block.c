#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/vm-model/info_block.h"

#define SENDERS_MOST 3 /* of a VM's network cards */

#define NAMED_MAX 8

static bool same_vm(const struct domain *a, const struct domain *b) {
	if (a->uuid[0] && b->uuid[0]) {
		return strcmp(a->uuid, b->uuid) == 0;
	}
	return a->name[0] && strcmp(a->name, b->name) == 0;
}

/* A QEMU that libvirt runs is in the list twice. */
static bool is_double(const struct vm_candidate *list, unsigned count, unsigned index) {
	if (list[index].source != VM_SOURCE_QEMU) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		if (list[i].source == VM_SOURCE_LIBVIRT &&
				same_vm(list[i].domain, list[index].domain)) {
			return true;
		}
	}
	return false;
}

static bool runs_with_memory(const struct domain *domain) {
	return (domain->state == DOMAIN_RUNNING || domain->state == DOMAIN_PAUSED) &&
	       domain_looking_glass(domain) != NULL;
}

static bool fits(const struct vm_candidate *list, unsigned count, const char *wanted, unsigned i) {
	if (is_double(list, count, i)) {
		return false;
	}
	if (list[i].source == VM_SOURCE_FILE) {
		return true;
	}
	return wanted ? domain_is(list[i].domain, wanted) : runs_with_memory(list[i].domain);
}

enum vm_choice vm_choose(const struct vm_candidate *list, unsigned count, const char *wanted,
		unsigned *ret_index) {
	unsigned found = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!fits(list, count, wanted, i)) {
			continue;
		}
		if (found++ == 0) {
			*ret_index = i;
		}
	}
	/* The same name in the system and in the session: the one that runs, else the first. */
	if (found > 1 && wanted) {
		for (unsigned i = 0; i < count; i++) {
			if (fits(list, count, wanted, i) &&
					list[i].domain->state == DOMAIN_RUNNING) {
				*ret_index = i;
				break;
			}
		}
		return VM_CHOICE_ONE;
	}
	return found == 0 ? VM_CHOICE_NONE : found == 1 ? VM_CHOICE_ONE : VM_CHOICE_SEVERAL;
}

static void line(struct text *text, const char *key, const char *value) {
	if (value[0]) {
		text_add(text, "%s=", key);
		text_add_escaped(text, value);
		text_add(text, "\n");
	}
}

static void add_names(struct text *text, const struct vm_candidate *list, unsigned count,
		bool only_fitting) {
	unsigned named = 0;
	for (unsigned i = 0; i < count && named < NAMED_MAX; i++) {
		if (is_double(list, count, i) || (only_fitting && !fits(list, count, NULL, i))) {
			continue;
		}
		text_add(text, "%s%.40s", named++ ? ", " : "",
				list[i].domain->name[0] ? list[i].domain->name : _("(no name)"));
	}
}

static void none_block(struct text *text, const struct vm_candidate *list, unsigned count,
		const char *wanted, const char *problem, const struct qemu_stranger *stranger) {
	struct text reason = { 0 };
	if (wanted) {
		text_add(&reason, _("no VM is called %.60s"), wanted);
	} else {
		text_add(&reason, _("no running VM has a shared memory device"));
	}
	if (count > 0) {
		text_add(&reason, _(" (there is: "));
		add_names(&reason, list, count, false);
		text_add(&reason, ")");
	}
	if (problem && problem[0]) {
		text_add(&reason, "; libvirt: %s", problem);
	}
	if (stranger && stranger->pid) {
		text_add(&reason, _("; process %d of user %s is not believed (--vm-owner)"),
				stranger->pid, stranger->owner);
	}
	line(text, "status", "waiting");
	line(text, "reason", text_get(&reason));
	text_finish(&reason);
}

static void several_block(struct text *text, const struct vm_candidate *list, unsigned count) {
	struct text reason = { 0 };
	text_add(&reason, _("several VMs run, name one: "));
	add_names(&reason, list, count, true);
	line(text, "status", "ambiguous");
	line(text, "reason", text_get(&reason));
	text_finish(&reason);
}

static bool is_mac(const char *text) {
	for (unsigned i = 0; i < 17; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i])) {
			return false;
		}
	}
	return text[17] == '\0';
}

static void vm_lines(struct text *text, const struct vm_candidate *vm, bool password) {
	static const char *const sources[] = { "libvirt", "qemu", "file" };
	const struct domain *domain = vm->domain;
	line(text, "status", "found");
	line(text, "domain", domain->name);
	line(text, "uuid", domain->uuid);
	line(text, "state", domain_state_name(domain->state));
	line(text, "source", sources[vm->source]);
	line(text, "uri", vm->uri ? vm->uri : "");

	const struct domain_shmem *shmem = domain_looking_glass(domain);
	if (shmem) {
		line(text, "shm", shmem->path);
		text_add(text, "shm_size=%llu\n", (unsigned long long)shmem->bytes);
	}
	const struct domain_graphics *spice = domain_spice(domain);
	char uri[400] = "";
	if (spice) {
		domain_spice_uri(spice, uri, sizeof uri);
	}
	/* No server at all is said; one whose port is not allotted yet is not. */
	line(text, "spice", spice ? uri : "off");
	if (spice && password) {
		line(text, "spice_password", spice->password_text);
	}
	line(text, "bridge", vm->bridge);
	char sender[SENDERS_MOST * 18] = "";
	for (unsigned i = 0, n = 0; i < domain->interface_count && n < SENDERS_MOST; i++) {
		const char *mac = domain->interface[i].mac;
		if (is_mac(mac)) {
			const size_t len = strlen(sender);
			snprintf(sender + len, sizeof sender - len, "%s%s", n++ > 0 ? "," : "",
					mac);
		}
	}
	line(text, "sender", sender);
	/* One that is only as small as Scream's may be anything. */
	const struct domain_shmem *scream = domain_scream(domain);
	line(text, "scream_shm", scream && domain_shmem_says_scream(scream) ? scream->path : "");
	const char *toggle = "";
	for (unsigned i = 0; i < domain->evdev_count; i++) {
		line(text, "evdev", domain->evdev[i].path);
		if (domain->evdev[i].grab_toggle[0]) {
			toggle = domain->evdev[i].grab_toggle;
		}
	}
	line(text, "evdev_toggle", toggle);
}

void vm_block(struct text *text, const struct vm_candidate *list, unsigned count,
		const char *wanted, bool password, const char *problem,
		const struct qemu_stranger *stranger) {
	unsigned index = 0;
	switch (vm_choose(list, count, wanted, &index)) {
	case VM_CHOICE_NONE:
		none_block(text, list, count, wanted, problem, stranger);
		break;
	case VM_CHOICE_SEVERAL:
		several_block(text, list, count);
		break;
	case VM_CHOICE_ONE:
		vm_lines(text, &list[index], password);
		break;
	}
	text_add(text, "\n");
}
