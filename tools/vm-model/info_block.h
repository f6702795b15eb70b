/*
 * The work of pierglass-vm-info: finds the VM that is meant, and writes what the player needs to
 * know of it as blocks, which client/vm/discovery.h describes and reads.
 */
#pragma once

#include <stdbool.h>

#include "tools/vm-model/domain.h"
#include "tools/vm-model/qemu.h"
#include "tools/vm-model/sysroot.h"
#include "tools/vm-model/text.h"

enum vm_source { VM_SOURCE_LIBVIRT, VM_SOURCE_QEMU, VM_SOURCE_FILE };

struct vm_candidate {
	const struct domain *domain;
	enum vm_source source;
	const char *uri; /* of libvirt, or NULL */
	char bridge[16]; /* "" = not known */
};

enum vm_choice { VM_CHOICE_NONE, VM_CHOICE_ONE, VM_CHOICE_SEVERAL };

/* Pure: which of them is meant. wanted NULL = the only one that runs and has a Looking Glass
 * memory. A QEMU process that libvirt lists too counts once, as libvirt's. */
enum vm_choice vm_choose(const struct vm_candidate *list, unsigned count, const char *wanted,
		unsigned *ret_index);

/* Pure: appends one block (with its empty line). problem: what keeps us from libvirt, or NULL.
 * stranger: whose process is not believed, or NULL. */
void vm_block(struct text *text, const struct vm_candidate *list, unsigned count,
		const char *wanted, bool password, const char *problem,
		const struct qemu_stranger *stranger);
