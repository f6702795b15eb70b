/*
 * The right place of passed-through functions in the guest. Pure, and the only judgement of the
 * kind: what doctor offers, setup does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/domain.h"
#include "tools/vm-model/handover.h"
#include "tools/vm-model/pci.h"

struct pci_fix {
	struct {
		bool change;
		struct pci_address address;
		bool multifunction; /* must say so */
	} hostdev[DOMAIN_LIST];     /* as in the domain */
	unsigned new_bus_count;
	unsigned new_bus[DOMAIN_LIST]; /* pcie-root-port controllers to add, by index */
	char problem[256];
};

/* One guest slot for each slot of the host, functions kept, multifunction on function 0. host may
 * be empty (not known). False with ret_fix->problem if it cannot be right: duplicates, functions
 * that are not in the machine, a machine type without PCI Express. */
bool pci_fix(const struct domain *domain, const struct pci_list *host, struct pci_fix *ret_fix);

/* The same with all that a handover takes, as after setup pci --gpu: is there a place for it? False
 * with the reason in problem. */
bool pci_fix_with(const struct domain *domain, const struct handover *handover, char *problem,
		size_t size);
