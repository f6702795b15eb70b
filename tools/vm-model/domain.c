#include "tools/vm-model/domain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "tools/vm-model/text.h"

void domain_init(struct domain *domain) {
	memset(domain, 0, sizeof *domain);
	domain->id = -1;
	domain->node_root = domain->node_devices = domain->node_memory_backing = -1;
	domain->node_cpu = domain->node_vcpu = domain->node_qemu_args = -1;
	domain->node_memory_source = domain->node_memory_access = -1;
	domain->node_current_memory = domain->node_features = domain->audio_node = -1;
}

bool domain_is(const struct domain *domain, const char *wanted) {
	char id[16];
	snprintf(id, sizeof id, "%d", domain->id);
	return strcmp(domain->name, wanted) == 0 || ascii_casecmp(domain->uuid, wanted) == 0 ||
	       (domain->id > 0 && strcmp(id, wanted) == 0);
}

static bool names_looking_glass(const struct domain_shmem *shmem) {
	return strcasestr(shmem->name, "looking") || strcasestr(shmem->path, "looking") ||
	       strncmp(shmem->path, "/dev/kvmfr", 10) == 0;
}

bool domain_shmem_says_scream(const struct domain_shmem *shmem) {
	return strcasestr(shmem->name, "scream") || strcasestr(shmem->path, "scream");
}

bool domain_shmem_is_scream(const struct domain_shmem *shmem) {
	return domain_shmem_says_scream(shmem) ||
	       (shmem->bytes > 0 && shmem->bytes <= 2u << 20 && !names_looking_glass(shmem));
}

const struct domain_shmem *domain_looking_glass(const struct domain *domain) {
	const struct domain_shmem *first = NULL;
	for (unsigned i = 0; i < domain->shmem_count; i++) {
		const struct domain_shmem *shmem = &domain->shmem[i];
		if (domain_shmem_is_scream(shmem) ||
				strcmp(shmem->model, "ivshmem-doorbell") == 0) {
			continue;
		}
		if (names_looking_glass(shmem)) {
			return shmem;
		}
		first = first ? first : shmem;
	}
	return first;
}

const struct domain_shmem *domain_scream(const struct domain *domain) {
	const struct domain_shmem *small = NULL;
	for (unsigned i = 0; i < domain->shmem_count; i++) {
		const struct domain_shmem *shmem = &domain->shmem[i];
		if (domain_shmem_says_scream(shmem)) {
			return shmem;
		}
		small = !small && domain_shmem_is_scream(shmem) ? shmem : small;
	}
	return small;
}

unsigned shmem_mib(unsigned width, unsigned height, bool hdr, unsigned frames) {
	const uint64_t pitch = ((uint64_t)width * (hdr ? 8 : 4) + 255) & ~255ull;
	const uint64_t rest = frames > SHMEM_FRAMES_OLD ? 8 : 10;
	uint64_t bytes = pitch * height * frames + (rest << 20);
	unsigned mib = 1;
	while ((uint64_t)mib << 20 < bytes) {
		mib *= 2;
	}
	return mib;
}

const struct domain_graphics *domain_spice(const struct domain *domain) {
	for (unsigned i = 0; i < domain->graphics_count; i++) {
		if (strcmp(domain->graphics[i].type, "spice") == 0) {
			return &domain->graphics[i];
		}
	}
	return NULL;
}

void domain_spice_uri(const struct domain_graphics *graphics, char *buf, size_t size) {
	const char *host = graphics->host;
	buf[0] = '\0';
	if (graphics->socket[0]) {
		snprintf(buf, size, "unix:%s", graphics->socket);
		return;
	}
	if (host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "*") == 0) {
		host = "127.0.0.1";
	} else if (strcmp(host, "::") == 0) {
		host = "::1";
	}
	bool v6 = strchr(host, ':') != NULL;
	if (graphics->port > 0) {
		snprintf(buf, size, "%s%s%s:%d", v6 ? "[" : "", host, v6 ? "]" : "",
				graphics->port);
	} else if (graphics->tls_port > 0) {
		snprintf(buf, size, "spice+tls://%s%s%s:%d", v6 ? "[" : "", host, v6 ? "]" : "",
				graphics->tls_port);
	}
}

const char *domain_state_name(enum domain_state state) {
	switch (state) {
	case DOMAIN_UNKNOWN:
		return N_("unknown");
	case DOMAIN_OFF:
		return N_("off");
	case DOMAIN_RUNNING:
		return N_("running");
	case DOMAIN_PAUSED:
		return N_("paused");
	}
	return N_("unknown");
}

void pci_address_text(const struct pci_address *address, char buf[static 16]) {
	snprintf(buf, 16, "%04x:%02x:%02x.%x", address->domain & 0xffff, address->bus & 0xff,
			address->slot & 0x1f, address->function & 7);
}

bool pci_address_parse(const char *text, struct pci_address *ret_address) {
	unsigned parts[4];
	int used = 0;
	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &parts[0], &parts[1], &parts[2], &parts[3], // NOLINT
			    &used) != 4 ||
			text[used] != '\0') {
		parts[0] = 0;
		used = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &parts[1], &parts[2], &parts[3], // NOLINT
				    &used) != 3 ||
				text[used] != '\0') {
			return false;
		}
	}
	if (parts[2] > 31 || parts[3] > 7 || !isxdigit((unsigned char)text[0])) {
		return false;
	}
	*ret_address = (struct pci_address){ parts[0], parts[1], parts[2], parts[3] };
	return true;
}

bool pci_same_slot(const struct pci_address *a, const struct pci_address *b) {
	return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot;
}

bool pci_address_equal(const struct pci_address *a, const struct pci_address *b) {
	return pci_same_slot(a, b) && a->function == b->function;
}

bool domain_is_interface_name(const char *name) {
	size_t len = strspn(name,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-");
	return len > 0 && len < 16 && !name[len] && name[0] != '-' && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

bool domain_sound_by_spice(const struct domain *domain) {
	return domain->sound_count > 0 && strcmp(domain->audio_type, "spice") == 0;
}

bool domain_is_windows(const struct domain *domain) {
	return domain->os_id[0] ? strstr(domain->os_id, "microsoft.com") != NULL
				: strcasestr(domain->name, "win") != NULL;
}

/* Of the card: the <audio> that it names or the first one. Without any, libvirt connects the cards
 * with SPICE where there is a server for it. */
static void sound_of(const struct domain *domain, unsigned card, const char **type, int *node) {
	*node = -1;
	if (domain->sound[card].node < 0) {
		*type = domain->audiodev_type;
		return;
	}
	*type = domain->audio_count == 0 && domain_spice(domain) ? "spice" : "none";
	for (unsigned i = 0; i < domain->audio_count; i++) {
		const char *wanted = domain->sound_audio[card];
		if (!wanted[0] || strcmp(wanted, domain->audio[i].id) == 0) {
			*type = domain->audio[i].type;
			*node = domain->audio[i].node;
			return;
		}
	}
}

void domain_finish_sound(struct domain *domain) {
	const char *type = "";
	int node = -1;
	for (unsigned i = 0; i < domain->sound_count; i++) {
		sound_of(domain, i, &type, &node);
		if (i == 0 || strcmp(type, "spice") == 0) { /* one that pierglass hears is enough */
			copy_text(domain->audio_type, sizeof domain->audio_type, type);
			domain->audio_node = node;
		}
	}
}

bool domain_sound_by_qemu(const struct domain *domain) {
	return domain->sound_count > 0 && domain->audio_type[0] &&
	       strcmp(domain->audio_type, "none") != 0 && !domain_sound_by_spice(domain);
}

bool domain_sound_nowhere(const struct domain *domain) {
	return domain->is_xml && domain->sound_count > 0 && strcmp(domain->audio_type, "none") == 0;
}
