#include "tools/vm-model/pci_fix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/vm-model/text.h"

#define BUS_MAX 256

struct state {
	const struct domain *domain;
	struct pci_fix *fix;
	bool bus_exists[BUS_MAX]; /* a root port of that index, or pcie.0 */
	bool done[DOMAIN_LIST];
	struct pci_address taken[DOMAIN_LIST + 128]; /* slots */
	unsigned taken_count;
};

static bool is_taken(const struct state *state, const struct pci_address *address) {
	for (unsigned i = 0; i < state->taken_count; i++) {
		if (pci_same_slot(&state->taken[i], address)) {
			return true;
		}
	}
	return false;
}

static bool bus_taken(const struct state *state, unsigned bus) {
	for (unsigned i = 0; i < state->taken_count; i++) {
		if (state->taken[i].domain == 0 && state->taken[i].bus == bus) {
			return true;
		}
	}
	return false;
}

static void take(struct state *state, const struct pci_address *address) {
	state->taken[state->taken_count++] = *address;
}

/* A bus that the devices still to come hold now is left to them. */
static bool bus_wanted(const struct state *state, unsigned bus) {
	for (unsigned i = 0; i < state->domain->hostdev_count; i++) {
		const struct domain_hostdev *hostdev = &state->domain->hostdev[i];
		if (!state->done[i] && hostdev->has_address && hostdev->address.bus == bus) {
			return true;
		}
	}
	return false;
}

static bool root_port(const char *model) {
	return strcmp(model, "pcie-root-port") == 0;
}

/* A free root port, or the number of a new one. */
static bool free_slot(struct state *state, struct pci_address *ret_address) {
	for (unsigned i = 0; i < state->domain->pci_count; i++) {
		unsigned bus = state->domain->pci[i].index;
		if (root_port(state->domain->pci[i].model) && bus < BUS_MAX && bus > 0 &&
				!bus_taken(state, bus) && !bus_wanted(state, bus)) {
			*ret_address = (struct pci_address){ .bus = bus };
			return true;
		}
	}
	for (unsigned bus = 1; bus < BUS_MAX; bus++) {
		if (!state->bus_exists[bus] && !bus_taken(state, bus) && !bus_wanted(state, bus) &&
				state->fix->new_bus_count < DOMAIN_LIST) {
			state->bus_exists[bus] = true;
			state->fix->new_bus[state->fix->new_bus_count++] = bus;
			*ret_address = (struct pci_address){ .bus = bus };
			return true;
		}
	}
	return false;
}

static void need_bus(struct state *state, unsigned bus) {
	if (bus > 0 && bus < BUS_MAX && !state->bus_exists[bus] &&
			state->fix->new_bus_count < DOMAIN_LIST) {
		state->bus_exists[bus] = true;
		state->fix->new_bus[state->fix->new_bus_count++] = bus;
	}
}

/* The slot for all functions of hostdev[first]'s slot: where one of them is, function 0's first. */
static bool choose_slot(struct state *state, const unsigned *members, unsigned count,
		struct pci_address *ret_slot) {
	const struct domain *domain = state->domain;
	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < count; i++) {
			const struct domain_hostdev *hostdev = &domain->hostdev[members[i]];
			bool zero = hostdev->source.function == 0;
			if ((pass == 0) == zero && hostdev->has_address &&
					!is_taken(state, &hostdev->address)) {
				*ret_slot = hostdev->address;
				return true;
			}
		}
	}
	return free_slot(state, ret_slot);
}

static bool place_group(struct state *state, const unsigned *members, unsigned count) {
	struct pci_address slot;
	const struct domain *domain = state->domain;
	if (!choose_slot(state, members, count, &slot)) {
		snprintf(state->fix->problem, sizeof state->fix->problem, "%s",
				_("no free PCI slot is left in the guest"));
		return false;
	}
	take(state, &slot);
	need_bus(state, slot.bus);
	for (unsigned i = 0; i < count; i++) {
		unsigned index = members[i];
		const struct domain_hostdev *hostdev = &domain->hostdev[index];
		slot.function = count > 1 ? hostdev->source.function : 0;
		bool multifunction = count > 1 && slot.function == 0;
		state->fix->hostdev[index].address = slot;
		state->fix->hostdev[index].multifunction = multifunction;
		state->fix->hostdev[index].change = !hostdev->has_address ||
						    !pci_address_equal(&hostdev->address, &slot) ||
						    (multifunction && !hostdev->multifunction);
		state->done[index] = true;
	}
	return true;
}

static bool refuse(struct pci_fix *fix, const struct pci_address *address, const char *why) {
	char name[16];
	pci_address_text(address, name);
	snprintf(fix->problem, sizeof fix->problem, "%s %s", name, _(why));
	return false;
}

static bool sources_are_right(
		const struct domain *domain, const struct pci_list *host, struct pci_fix *fix) {
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		const struct pci_address *source = &domain->hostdev[i].source;
		for (unsigned j = 0; j < i; j++) {
			if (pci_address_equal(source, &domain->hostdev[j].source)) {
				return refuse(fix, source, N_("is in the VM twice: remove one"));
			}
		}
		if (host->count > 0 && !pci_find(host, source)) {
			struct pci_address other = *source;
			other.slot = 0;
			if (source->slot == 0 || !pci_find(host, &other)) {
				return refuse(fix, source,
						N_("is not in this machine: correct its <source>"));
			}
			char name[16];
			char meant[16];
			pci_address_text(source, name);
			pci_address_text(&other, meant);
			snprintf(fix->problem, sizeof fix->problem,
					_("%s is not in this machine: was %s meant? Correct its <source>"),
					name, meant);
			return false;
		}
	}
	return true;
}

bool pci_fix(const struct domain *domain, const struct pci_list *host, struct pci_fix *ret_fix) {
	memset(ret_fix, 0, sizeof *ret_fix);
	if (!sources_are_right(domain, host, ret_fix)) {
		return false;
	}
	struct state state = { .domain = domain, .fix = ret_fix };
	state.bus_exists[0] = true;
	for (unsigned i = 0; i < domain->pci_count; i++) {
		if (domain->pci[i].index < BUS_MAX) {
			state.bus_exists[domain->pci[i].index] = true;
		}
	}
	for (unsigned i = 0; i < domain->used_count; i++) {
		take(&state, &domain->used[i]);
	}
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		unsigned members[8];
		unsigned count = 0;
		bool zero = false;
		for (unsigned j = i; j < domain->hostdev_count && count < 8; j++) {
			if (!state.done[j] && pci_same_slot(&domain->hostdev[i].source,
							      &domain->hostdev[j].source)) {
				members[count++] = j;
				zero = zero || domain->hostdev[j].source.function == 0;
			}
		}
		if (state.done[i]) {
			continue;
		}
		if (count > 1 && !zero) {
			/* Function 0 is the host's (a Ryzen's USB .3 and sound .4, virtual
			 * functions): in the guest each is a device of its own. */
			count = 1;
		}
		if (!place_group(&state, members, count)) {
			return false;
		}
	}
	if (ret_fix->new_bus_count > 0 && domain->machine[0] && !strstr(domain->machine, "q35")) {
		snprintf(ret_fix->problem, sizeof ret_fix->problem,
				_("machine %s has no PCI Express slot for the GPU: make the VM with chipset "
				  "Q35"),
				domain->machine);
		return false;
	}
	return true;
}

static bool in_domain(const struct domain *domain, const struct pci_address *address) {
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		if (pci_address_equal(&domain->hostdev[i].source, address)) {
			return true;
		}
	}
	return false;
}

bool pci_fix_with(const struct domain *domain, const struct handover *handover, char *problem,
		size_t size) {
	struct domain *with = xmalloc(sizeof *with);
	struct pci_fix *fix = xmalloc(sizeof *fix);
	*with = *domain;
	for (unsigned i = 0; i < handover->pci->count; i++) {
		const struct pci_address *address = &handover->pci->device[i].address;
		if (handover->take[i] && !in_domain(with, address) &&
				with->hostdev_count < DOMAIN_LIST) {
			with->hostdev[with->hostdev_count++] = (struct domain_hostdev){
				.source = *address, .managed = true, .node = -1, .address_node = -1
			};
		}
	}
	bool ok = pci_fix(with, handover->pci, fix);
	if (!ok) {
		snprintf(problem, size, "%s", fix->problem);
	}
	free(fix);
	free(with);
	return ok;
}
