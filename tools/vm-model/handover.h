/*
 * The PCI functions that go to a VM together, and whether the running host can spare them. Pure,
 * and the only judgement of the kind: setup takes what this module allows, and doctor offers the
 * same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/host_use.h"

#define HANDOVER_GIVEN_UP 16

struct handover {
	/* constant after handover_begin() */
	const struct pci_list *pci;
	const struct host_needs *needs;
	unsigned given_up_count;
	struct pci_address given_up[HANDOVER_GIVEN_UP]; /* named by the user: may be lost */

	bool take[PCI_MAX];     /* indices of the pci_list */
	bool conflict[PCI_MAX]; /* taken, but the host needs it; after handover_judge() */
	unsigned conflict_count;
};

void handover_begin(struct handover *handover, const struct pci_list *pci,
		const struct host_needs *needs);
/* That device may be lost. False: there is no room for more. */
bool handover_give_up(struct handover *handover, const struct pci_address *address);
/* One function alone, as a VM names it. */
void handover_add(struct handover *handover, const struct pci_address *address);
/* A GPU with all that must go with it (its IOMMU group), and its own sound, USB and so on in groups
 * beside it where the host can spare them. False: not in this machine. */
bool handover_add_with_group(struct handover *handover, const struct pci_address *address);
/* True: the host can spare all of it. Else conflict[] has those that it needs. */
bool handover_judge(struct handover *handover);

/* Why the host needs device `index` of the list: a sentence without a full stop, such as "the
 * host's file systems are on it: /, swap". */
void handover_why(const struct handover *handover, unsigned index, char *buf, size_t size);

/* vfio-pci is told of ids, not of addresses: false if the host has another device of this one's. */
bool handover_id_is_ours(const struct handover *handover, unsigned index, unsigned *ret_other);
