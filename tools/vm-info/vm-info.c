#include "tools/vm-model/info_block.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/core_dump.h"
#include "base/i18n.h"
#include "base/json.h"
#include "tools/vm-model/qemu.h"
#include "tools/vm-model/virt.h"

#define POLL_MS    2000  /* without events, or while nothing was found */
#define REFRESH_MS 20000 /* with events: addresses that change without one */

struct options {
	const char *wanted;
	const char *uri;
	const char *xml;
	const char *root_dir;
	const char *owner;
	bool once, password, list, json;
};

struct info {
	struct options options;
	struct sysroot root;
	struct owners owners;
	struct virt *virt; /* NULL = not asked yet */
	struct virt_events *wakes;
	char problem[200];
	bool events; /* every connection tells about changes */
	bool dirty;
	char *last; /* the block that was written last */
};

static void usage(FILE *out) {
	fputs(_("usage: pierglass vm-info [options] [DOMAIN]\n"
		"Writes what the player needs to know of a VM: one block of key=value lines per change,\n"
		"ended by an empty line. Without DOMAIN (name, id or uuid): the only running VM with a\n"
		"shared memory device.\n\n"
		"  --once           one block, then leave (1 = nothing was found)\n"
		"  --list           all VMs, one line each\n"
		"  --json           with --list: each line is an object of JSON\n"
		"  --connect URI    libvirt's URI (default: qemu:///system and qemu:///session)\n"
		"  --xml FILE       read this domain XML instead\n"
		"  --root DIR       use the /proc, /sys, /var of this tree\n"
		"  --vm-owner USERS users who may be the VM, beside root, you and the one QEMU runs as\n"
		"  --password       with the SPICE password (needs the right to manage the VM)\n"
		"  --help, --version\n"),
			out);
	if (!virt_built_in()) {
		fputs(_("\nThis build has no libvirt: QEMU command lines and --xml only.\n"), out);
	}
}

static void changed(void *data) {
	((struct info *)data)->dirty = true;
}

static void connect_libvirt(struct info *info) {
	if (!info->virt) {
		/* Without the right to manage the VM all but the password can be had. */
		info->virt = virt_create(info->options.uri,
				info->options.password ? VIRT_MANAGE_IF_MAY : VIRT_READ);
	}
	int r = virt_connect(info->virt, info->problem, sizeof info->problem);
	info->events = r == 0 && !info->options.once && virt_follow(info->virt, changed, info);
}

struct gathered {
	struct virt_domain *domains;
	unsigned domain_count;
	struct qemu_process *processes;
	unsigned process_count;
	struct qemu_others others;
	struct vm_candidate *list;
	unsigned count;
};

static void add(struct gathered *all, const struct domain *domain, enum vm_source source,
		const char *uri) {
	all->list = xrealloc(all->list, (all->count + 1) * sizeof *all->list);
	all->list[all->count++] =
			(struct vm_candidate){ .domain = domain, .source = source, .uri = uri };
}

static void find_bridge(struct info *info, struct vm_candidate *vm) {
	const struct domain *domain = vm->domain;
	if (host_bridge_of(&info->root, domain, vm->bridge, sizeof vm->bridge) || !info->virt) {
		return;
	}
	for (unsigned i = 0; i < domain->interface_count; i++) {
		if (domain->interface[i].network[0] &&
				virt_network_bridge(info->virt, domain->interface[i].network,
						vm->bridge, sizeof vm->bridge)) {
			return;
		}
	}
}

static void gather(struct info *info, struct gathered *all) {
	memset(all, 0, sizeof *all);
	if (!info->root.copy || info->options.uri) {
		connect_libvirt(info);
	}
	if (info->virt) {
		virt_list(info->virt, info->options.password, &all->domains, &all->domain_count);
	}
	all->process_count = qemu_list(&info->root, &info->owners, &all->processes, &all->others);
	for (unsigned i = 0; i < all->domain_count; i++) {
		add(all, &all->domains[i].domain, VM_SOURCE_LIBVIRT, all->domains[i].uri);
	}
	for (unsigned i = 0; i < all->process_count; i++) {
		add(all, &all->processes[i].domain, VM_SOURCE_QEMU, NULL);
	}
	for (unsigned i = 0; i < all->count; i++) {
		find_bridge(info, &all->list[i]);
	}
}

static void gathered_free(struct gathered *all) {
	virt_list_free(all->domains, all->domain_count);
	free(all->processes);
	free(all->list);
}

/* Writes the block if it differs from the last one; whether a VM was found. */
static bool tell(struct info *info) {
	struct gathered all;
	struct text block = { 0 };
	gather(info, &all);
	vm_block(&block, all.list, all.count, info->options.wanted, info->options.password,
			info->problem, &all.others.stranger);
	gathered_free(&all);
	bool found = strncmp(text_get(&block), "status=found", 12) == 0;
	if (!info->last || strcmp(info->last, text_get(&block)) != 0) {
		fputs(text_get(&block), stdout);
		fflush(stdout);
		free(info->last);
		info->last = text_take(&block);
	}
	text_finish(&block);
	return found;
}

static int follow(struct info *info) {
	while (!ferror(stdout)) {
		info->dirty = false;
		bool found = tell(info);
		virt_wait(info->wakes, found && info->events ? REFRESH_MS : POLL_MS, &info->dirty);
	}
	return EXIT_FAILURE;
}

/* For people; as JSON for programs, because a name may have blanks. */
static void list_one(const struct vm_candidate *vm, bool as_json) {
	const struct domain *domain = vm->domain;
	const struct domain_shmem *shmem = domain_looking_glass(domain);
	const char *state = domain_state_name(domain->state);
	const char *source = vm->source == VM_SOURCE_LIBVIRT ? "libvirt" : "qemu";
	if (!as_json) {
		printf("%-24s %-8s %-8s %s\n", domain->name[0] ? domain->name : "-", state, source,
				shmem ? shmem->path : "no shared memory");
		return;
	}
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "name", domain->name);
	json_string(&json, "state", state);
	json_string(&json, "source", source);
	json_string(&json, "uri", vm->uri);
	json_string(&json, "memory", shmem ? shmem->path : NULL);
	json_finish(&json);
}

static int list_all(struct info *info) {
	struct gathered all;
	gather(info, &all);
	for (unsigned i = 0; i < all.count; i++) {
		list_one(&all.list[i], info->options.json);
	}
	if (info->problem[0]) {
		fprintf(stderr, "pierglass vm-info: libvirt: %s\n", info->problem);
	}
	const struct qemu_stranger *stranger = &all.others.stranger;
	if (stranger->pid) {
		fprintf(stderr,
				_("pierglass vm-info: process %d calls itself QEMU and belongs to user %s: not "
				  "believed (--vm-owner)\n"),
				stranger->pid, stranger->owner);
	}
	int count = (int)all.count;
	gathered_free(&all);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int from_file(struct info *info) {
	struct sysroot here;
	sysroot_open(&here, NULL);
	size_t len = 0;
	char *xml = sysroot_read(&here, info->options.xml, &len);
	struct domain *domain = xmalloc(sizeof *domain);
	int status = 2;
	if (!xml) {
		fprintf(stderr, "pierglass vm-info: %s: %s\n", info->options.xml,
				strerrordesc_np(errno));
	} else if (domain_read_xml(domain, xml, len) < 0) {
		fprintf(stderr, "pierglass vm-info: %s: %s\n", info->options.xml,
				domain->xml_error);
	} else {
		struct vm_candidate vm = { .domain = domain, .source = VM_SOURCE_FILE };
		struct text block = { 0 };
		find_bridge(info, &vm);
		vm_block(&block, &vm, 1, NULL, info->options.password, NULL, NULL);
		fputs(text_get(&block), stdout);
		text_finish(&block);
		status = EXIT_SUCCESS;
	}
	free(domain);
	free(xml);
	sysroot_close(&here);
	return status;
}

enum {
	OPTION_ONCE = 256,
	OPTION_CONNECT,
	OPTION_XML,
	OPTION_ROOT,
	OPTION_PASSWORD,
	OPTION_OWNER,
	OPTION_LIST,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_VERSION
};

/* Returns -1 to go on, or the exit status. */
static int parse(struct options *options, int argc, char **argv) {
	static const struct option table[] = {
		{ "once", no_argument, NULL, OPTION_ONCE },
		{ "connect", required_argument, NULL, OPTION_CONNECT },
		{ "xml", required_argument, NULL, OPTION_XML },
		{ "root", required_argument, NULL, OPTION_ROOT },
		{ "password", no_argument, NULL, OPTION_PASSWORD },
		{ "vm-owner", required_argument, NULL, OPTION_OWNER },
		{ "list", no_argument, NULL, OPTION_LIST },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int c;
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) { // NOLINT
		switch (c) {
		case OPTION_ONCE:
			options->once = true;
			break;
		case OPTION_CONNECT:
			options->uri = optarg;
			break;
		case OPTION_XML:
			options->xml = optarg;
			break;
		case OPTION_ROOT:
			options->root_dir = optarg;
			break;
		case OPTION_PASSWORD:
			options->password = true;
			break;
		case OPTION_OWNER:
			options->owner = optarg;
			break;
		case OPTION_LIST:
			options->list = true;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case 'h':
		case OPTION_HELP:
			usage(stdout);
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("pierglass vm-info " PG_VERSION);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return 2;
	}
	options->wanted = optind < argc ? argv[optind] : NULL;
	return -1;
}

int main(int argc, char **argv) {
	core_dump_forbid(); /* the SPICE password */
	i18n_init();
	struct info info = { 0 };
	int status = parse(&info.options, argc, argv);
	if (status >= 0) {
		return status;
	}
	int r = sysroot_open(&info.root, info.options.root_dir);
	if (r < 0) {
		fprintf(stderr, "pierglass vm-info: %s: %s\n", info.options.root_dir,
				strerrordesc_np(-r));
		return 2;
	}
	char unknown[OWNER_NAME_BYTES];
	if (sysroot_owners(&info.root, info.options.owner ? info.options.owner : "", &info.owners,
			    unknown) < 0) {
		fprintf(stderr, _("pierglass vm-info: --vm-owner: there is no user %s\n"), unknown);
		sysroot_close(&info.root);
		return 2;
	}
	if (info.options.xml) {
		status = from_file(&info);
	} else if (info.options.list) {
		status = list_all(&info);
	} else if (info.options.once) {
		status = tell(&info) ? EXIT_SUCCESS : EXIT_FAILURE;
	} else {
		info.wakes = virt_events_create();
		status = follow(&info);
	}
	virt_close(info.virt);
	virt_events_destroy(info.wakes);
	free(info.last);
	sysroot_close(&info.root);
	return status;
}
