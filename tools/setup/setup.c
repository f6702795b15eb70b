#include "tools/setup/setup.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "tools/setup/setup_store.h"
#include "tools/vm-model/distro.h"
#include "tools/vm-model/own_command.h"

static void usage(FILE *out) {
	fputs(_("usage: pierglass setup COMMAND [DOMAIN] [options]\n"
		"Says what would be changed, why, and what it costs; changes nothing without --apply.\n\n"
		"  all DOMAIN --max-res WxH   everything below that a VM for playing needs\n"
		"  shmem DOMAIN --max-res WxH [--hdr]   the shared memory, as large as that needs\n"
		"  pci DOMAIN [--fix] [--gpu ADDRESS]   the GPU, and its functions in one guest slot\n"
		"  vfio [DOMAIN] [--gpu ADDRESS]        IOMMU, and the GPU kept for the VM\n"
		"  input --list | --probe               which input device is which\n"
		"  input DOMAIN --own [--keyboard PATH] [--mouse PATH]   pierglass reads the devices\n"
		"  input DOMAIN --qemu --keyboard PATH --mouse PATH [--grab-toggle NAME]   QEMU does\n"
		"  audio [DOMAIN] [--card] [--low-latency]   the way of the sound: card and firewall\n"
		"  tmpfiles [DOMAIN]                    the memory's file, with your rights\n"
		"  kvmfr [DOMAIN] --max-res WxH         the memory on the kvmfr module instead\n"
		"  virtiofs DOMAIN --source DIR [--target NAME]   a shared folder\n"
		"  desktop [DOMAIN]                     an entry in the menu\n\n"
		"  --host-loses ADDRESS   a device that this system may lose to the VM\n"
		"  --diff            every changed line, as unified diffs\n"
		"  --apply           do it; what is changed is kept and can be taken back\n"
		"  --undo            take the newest applied change back (again: the one before)\n"
		"  --force           with --undo: even what was changed since\n"
		"  --number N        with --undo: that applied change instead of the newest\n"
		"  --files-only      the files of the host, not the VM (what sudo is asked for)\n"
		"  --user NAME       whose files and rights (default: you, or who called sudo)\n"
		"  --shm-name NAME   of a new shared memory (default: looking-glass)\n"
		"  --connect URI     libvirt's URI (default: qemu:///system and qemu:///session)\n"
		"  --xml FILE        change this domain XML file instead of libvirt's VM\n"
		"  --root DIR        a tree that stands for /\n"
		"  --help, --version\n"),
			out);
	if (!virt_built_in()) {
		fputs(_("\nThis build has no libvirt: VMs by --xml FILE only.\n"), out);
	}
}

enum {
	ARG_APPLY = 256,
	ARG_DIFF,
	ARG_UNDO,
	ARG_FORCE,
	ARG_USER,
	ARG_SHM_NAME,
	ARG_CONNECT,
	ARG_XML,
	ARG_ROOT,
	ARG_MAX_RES,
	ARG_HDR,
	ARG_FIX,
	ARG_GPU,
	ARG_LIST,
	ARG_PROBE,
	ARG_OWN,
	ARG_QEMU,
	ARG_KEYBOARD,
	ARG_MOUSE,
	ARG_TOGGLE,
	ARG_SOURCE,
	ARG_TARGET,
	ARG_NUMBER,
	ARG_FILES_ONLY,
	ARG_LOW_LATENCY,
	ARG_CARD,
	ARG_HOST_LOSES,
	ARG_HELP,
	ARG_VERSION
};

static const struct option table[] = {
	{ "apply", no_argument, NULL, ARG_APPLY },
	{ "diff", no_argument, NULL, ARG_DIFF },
	{ "undo", no_argument, NULL, ARG_UNDO },
	{ "force", no_argument, NULL, ARG_FORCE },
	{ "user", required_argument, NULL, ARG_USER },
	{ "shm-name", required_argument, NULL, ARG_SHM_NAME },
	{ "connect", required_argument, NULL, ARG_CONNECT },
	{ "xml", required_argument, NULL, ARG_XML },
	{ "root", required_argument, NULL, ARG_ROOT },
	{ "max-res", required_argument, NULL, ARG_MAX_RES },
	{ "hdr", no_argument, NULL, ARG_HDR },
	{ "fix", no_argument, NULL, ARG_FIX },
	{ "gpu", required_argument, NULL, ARG_GPU },
	{ "list", no_argument, NULL, ARG_LIST },
	{ "probe", no_argument, NULL, ARG_PROBE },
	{ "own", no_argument, NULL, ARG_OWN },
	{ "qemu", no_argument, NULL, ARG_QEMU },
	{ "keyboard", required_argument, NULL, ARG_KEYBOARD },
	{ "mouse", required_argument, NULL, ARG_MOUSE },
	{ "grab-toggle", required_argument, NULL, ARG_TOGGLE },
	{ "source", required_argument, NULL, ARG_SOURCE },
	{ "target", required_argument, NULL, ARG_TARGET },
	{ "number", required_argument, NULL, ARG_NUMBER },
	{ "files-only", no_argument, NULL, ARG_FILES_ONLY },
	{ "low-latency", no_argument, NULL, ARG_LOW_LATENCY },
	{ "card", no_argument, NULL, ARG_CARD },
	{ "host-loses", required_argument, NULL, ARG_HOST_LOSES },
	{ "help", no_argument, NULL, ARG_HELP },
	{ "version", no_argument, NULL, ARG_VERSION },
	{ NULL, 0, NULL, 0 },
};

static bool set_flag(struct setup_options *options, int c) {
	bool *const flags[] = { [0] = &options->apply,
		[ARG_DIFF - ARG_APPLY] = &options->diff,
		[ARG_UNDO - ARG_APPLY] = &options->undo,
		[ARG_FORCE - ARG_APPLY] = &options->force,
		[ARG_HDR - ARG_APPLY] = &options->hdr,
		[ARG_FIX - ARG_APPLY] = &options->fix,
		[ARG_LIST - ARG_APPLY] = &options->list,
		[ARG_PROBE - ARG_APPLY] = &options->probe,
		[ARG_OWN - ARG_APPLY] = &options->own,
		[ARG_QEMU - ARG_APPLY] = &options->qemu,
		[ARG_FILES_ONLY - ARG_APPLY] = &options->files_only,
		[ARG_LOW_LATENCY - ARG_APPLY] = &options->low_latency,
		[ARG_CARD - ARG_APPLY] = &options->card };
	size_t index = (size_t)(c - ARG_APPLY);
	if (c < ARG_APPLY || index >= sizeof flags / sizeof flags[0] || !flags[index]) {
		return false;
	}
	*flags[index] = true;
	return true;
}

static bool set_text(struct setup_options *options, int c) {
	const char **const texts[] = { [ARG_USER - ARG_APPLY] = &options->user,
		[ARG_SHM_NAME - ARG_APPLY] = &options->shm_name,
		[ARG_CONNECT - ARG_APPLY] = &options->uri,
		[ARG_XML - ARG_APPLY] = &options->xml,
		[ARG_ROOT - ARG_APPLY] = &options->root_dir,
		[ARG_GPU - ARG_APPLY] = &options->gpu,
		[ARG_KEYBOARD - ARG_APPLY] = &options->keyboard,
		[ARG_MOUSE - ARG_APPLY] = &options->mouse,
		[ARG_TOGGLE - ARG_APPLY] = &options->toggle,
		[ARG_SOURCE - ARG_APPLY] = &options->source,
		[ARG_TARGET - ARG_APPLY] = &options->target };
	size_t index = (size_t)(c - ARG_APPLY);
	if (c < ARG_APPLY || index >= sizeof texts / sizeof texts[0] || !texts[index]) {
		return false;
	}
	*texts[index] = optarg;
	return true;
}

static bool wrong(const char *what, const char *value, const char *right) {
	fprintf(stderr, _("pierglass setup: %s '%s' is not %s\n"), what, value, right);
	return false;
}

static bool values_are_right(struct setup_options *options) {
	static const char toggles[] = "ctrl-ctrl,alt-alt,shift-shift,meta-meta,scrolllock,"
				      "ctrl-scrolllock";
	struct pci_address address;
	if (options->gpu && !pci_address_parse(options->gpu, &address)) {
		return wrong("--gpu", options->gpu, _("an address such as 01:00.0"));
	}
	if (options->toggle && !list_has(toggles, options->toggle, ',')) {
		return wrong("--grab-toggle", options->toggle, toggles);
	}
	if (options->shm_name && (strchr(options->shm_name, '/') || !options->shm_name[0] ||
						 strlen(options->shm_name) > 100)) {
		return wrong("--shm-name", options->shm_name, _("a name in /dev/shm"));
	}
	if (options->source && options->source[0] != '/') {
		return wrong("--source", options->source, _("an absolute path"));
	}
	return true;
}

static bool set_number(struct setup_options *options, int c) {
	int width;
	int height;
	int64_t number;
	if (c == ARG_MAX_RES) {
		if (!parse_size(optarg, 16384, &width, &height)) {
			return wrong("--max-res", optarg, _("a size such as 2560x1440"));
		}
		options->width = (unsigned)width;
		options->height = (unsigned)height;
		return true;
	}
	if (!parse_int(optarg, 1, 9999, &number)) {
		return wrong("--number", optarg, _("the number of an applied change (1..9999)"));
	}
	options->number = (unsigned)number;
	return true;
}

static bool add_loss(struct setup_options *options) {
	struct pci_address address;
	if (!pci_address_parse(optarg, &address)) {
		return wrong("--host-loses", optarg, _("an address such as 01:00.0"));
	}
	if (options->loses_count == HANDOVER_GIVEN_UP) {
		return wrong("--host-loses", optarg, _("one of the first 16"));
	}
	options->loses[options->loses_count++] = optarg;
	return true;
}

/* Returns -1 to go on, or the exit status. */
static int parse(struct setup_options *options, int argc, char **argv) {
	int c;
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) { // NOLINT
		if (c == 'h' || c == ARG_HELP) {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		if (c == ARG_VERSION) {
			puts("pierglass setup " PG_VERSION);
			return EXIT_SUCCESS;
		}
		if (c == ARG_HOST_LOSES) {
			if (!add_loss(options)) {
				return 2;
			}
		} else if (c == ARG_MAX_RES || c == ARG_NUMBER) {
			if (!set_number(options, c)) {
				return 2;
			}
		} else if (!set_flag(options, c) && !set_text(options, c)) {
			usage(stderr);
			return 2;
		}
	}
	options->command = optind < argc ? argv[optind] : NULL;
	options->wanted = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (argc - optind > 2 || (!options->command && !options->undo)) {
		usage(stderr);
		return 2;
	}
	return values_are_right(options) ? -1 : 2;
}

/* ---- the VM ---- */

static int complain(const char *what, const char *why) {
	fprintf(stderr, "pierglass setup: %s: %s\n", what, why);
	return -EINVAL;
}

static int load(struct setup *setup, const char *name, char *xml) {
	char error[160];
	setup->original = xml;
	int r = document_load(&setup->document, xml, error, sizeof error);
	if (r < 0) {
		return complain(name, error);
	}
	setup->has_vm = true;
	return 0;
}

static int load_file(struct setup *setup) {
	struct sysroot here;
	/* Root reads another process's memory: only what nobody can change between showing and
	 * applying. */
	if (geteuid() == 0 && getenv("SUDO_UID") && strncmp(setup->options.xml, "/proc/", 6) == 0 &&
			!memory_file_is_sealed(setup->options.xml)) {
		return complain(setup->options.xml, _("this copy of the VM can still be changed"));
	}
	sysroot_open(&here, NULL);
	char *xml = sysroot_read(&here, setup->options.xml, NULL);
	int error = errno;
	sysroot_close(&here);
	return xml ? load(setup, setup->options.xml, xml)
		   : complain(setup->options.xml, strerrordesc_np(error));
}

/* libvirt's daemon is one for all (libvirtd) or one for QEMU (virtqemud). */
static void say_start_libvirt(const struct setup *setup) {
	char ids[DISTRO_IDS];
	distro_read(&setup->root, ids);
	const char *install = distro_install(ids, PACKAGE_LIBVIRT);
	if (virt_built_in() && libvirt_unit(&setup->root)) {
		fprintf(stderr, "    -> sudo systemctl enable --now %s\n",
				libvirt_unit(&setup->root));
	} else if (virt_built_in() && install) {
		fprintf(stderr, "    -> %s\n", install);
	}
	fputs(_("    -> or without libvirt: --xml FILE\n"), stderr);
}

static int load_domain(struct setup *setup) {
	struct virt_domain *list;
	unsigned count;
	char error[160];
	const char *wanted = setup->options.wanted;
	int r = virt_open(&setup->virt, setup->options.uri,
			setup->options.apply ? VIRT_MANAGE : VIRT_READ, error, sizeof error);
	if (r < 0) {
		complain("libvirt", error);
		say_start_libvirt(setup);
		return r;
	}
	virt_list(setup->virt, false, &list, &count);
	r = -ENOENT;
	for (unsigned i = 0; i < count && r == -ENOENT; i++) {
		if (!domain_is(&list[i].domain, wanted)) {
			continue;
		}
		setup->running = list[i].domain.state == DOMAIN_RUNNING;
		copy_text(setup->uri, sizeof setup->uri, list[i].uri);
		/* With secrets when it is to be defined again, or they would be lost. */
		char *xml = virt_stored_xml(setup->virt, list[i].domain.uuid, setup->options.apply);
		char *own = xml ? xstrdup(xml) : NULL;
		free(xml);
		r = own ? load(setup, wanted, own)
			: complain(wanted, _("libvirt does not give its XML"));
	}
	if (r == -ENOENT) {
		complain(wanted, _("no VM is called that (virsh list --all shows them)"));
	}
	virt_list_free(list, count);
	return r;
}

static int load_vm(struct setup *setup) {
	if (setup->options.xml) {
		return load_file(setup);
	}
	return setup->options.wanted ? load_domain(setup) : 0;
}

/* virt-xml-validate says what libvirt's schema thinks; without it, libvirt itself will. */
static int schema_says(const char *xml, struct text *said) {
	char path[MEMORY_FILE_PATH];
	int fd = memory_file(xml, path);
	if (fd < 0) {
		return 0;
	}
	char *command = xasprintf("virt-xml-validate %s domain 2>&1", path);
	FILE *pipe = popen(command, "re"); // NOLINT(cert-env33-c)
	char line[256];
	while (pipe && fgets(line, sizeof line, pipe)) {
		text_add(said, "%s", line);
	}
	int status = pipe ? pclose(pipe) : -1;
	free(command);
	close(fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

/* What did not fit before is not our doing. */
static void validate(struct setup *setup) {
	struct text said = { 0 };
	struct text before = { 0 };
	int code = schema_says(setup->document.text, &said);
	if (code == 127) {
		plan_note(&setup->plan,
				_("virt-xml-validate is not installed (libvirt-clients): the XML was "
				  "not checked against the schema"));
	} else if (code != 0 && schema_says(setup->original, &before) != 0) {
		plan_note(&setup->plan,
				_("this XML does not fit libvirt's schema, also without the change: libvirt "
				  "may refuse it"));
	} else if (code != 0) {
		plan_refuse(&setup->plan, _("the changed XML does not fit libvirt's schema:\n%s"),
				text_get(&said));
	}
	text_finish(&said);
	text_finish(&before);
}

/* Taking back may start from another folder. */
static char *whole_path(const char *path) {
	char *whole = realpath(path, NULL);
	return whole ? whole : xstrdup(path);
}

/* Puts the VM's change, if there is one, in front of the others. */
static void add_vm_change(struct setup *setup) {
	if (!setup->has_vm || setup->plan.refused || setup->options.files_only) {
		return;
	}
	if (strcmp(setup->original, setup->document.text) == 0) {
		plan_left(&setup->plan, _("the VM's configuration is right already"));
		return;
	}
	validate(setup);
	struct plan *plan = &setup->plan;
	const struct domain *vm = &setup->document.domain;
	bool file = setup->options.xml != NULL;
	struct change change = { .kind = file ? CHANGE_FILE : CHANGE_DOMAIN,
		.path = file ? whole_path(setup->options.xml) : xstrdup(vm->uuid),
		.shown = file ? xstrdup(setup->options.xml) : xasprintf(_("VM %s"), vm->name),
		.uri = xstrdup(setup->uri),
		.old_text = xstrdup(setup->original),
		.new_text = xstrdup(setup->document.text),
		.mode = 0600,
		.of_vm = true,
		.why = N_("its configuration; everything not named stays byte for byte") };
	plan->change = xrealloc(plan->change, (plan->change_count + 1) * sizeof *plan->change);
	memmove(plan->change + 1, plan->change, plan->change_count * sizeof *plan->change);
	plan->change[0] = change;
	plan->change_count++;
	if (setup->running) {
		plan_note(plan, _("the VM runs: the change counts from its next start (shut down, not "
				  "restart)"));
	}
}

/* ---- the commands ---- */

static bool needs_vm(struct setup *setup) {
	if (!setup->has_vm) {
		fprintf(stderr, _("pierglass setup %s: which VM? (a name, or --xml FILE)\n"),
				setup->options.command);
	}
	return setup->has_vm;
}

static bool needs_size(struct setup *setup) {
	if (!setup->options.width) {
		fprintf(stderr,
				_("pierglass setup %s: --max-res WxH is missing (the largest picture, such as "
				  "2560x1440)\n"),
				setup->options.command);
	}
	return setup->options.width != 0;
}

static unsigned wanted_mib(const struct setup *setup) {
	const struct domain_shmem *shmem =
			setup->has_vm ? domain_looking_glass(&setup->document.domain) : NULL;
	if (!setup->options.width && shmem) {
		return (unsigned)(shmem->bytes >> 20);
	}
	return shmem_mib(setup->options.width, setup->options.height, setup->options.hdr,
			SHMEM_FRAMES);
}

static bool run_shmem(struct setup *setup) {
	const char *name = setup->options.shm_name ? setup->options.shm_name : "looking-glass";
	if (!needs_vm(setup) || !needs_size(setup)) {
		return false;
	}
	xml_shmem(setup, name, wanted_mib(setup));
	return true;
}

static bool run_pci(struct setup *setup) {
	if (!needs_vm(setup)) {
		return false;
	}
	if (setup->options.gpu && (!setup_handover(setup, false) || !xml_add_gpu(setup))) {
		return true;
	}
	xml_pci_fix(setup);
	return true;
}

static bool run_vfio(struct setup *setup) {
	files_vfio(setup);
	return true;
}

static bool run_input(struct setup *setup) {
	const struct setup_options *options = &setup->options;
	if (options->own == options->qemu ||
			(options->qemu && !options->keyboard && !options->mouse)) {
		fputs(_("pierglass setup input: --list, --probe, --own, or --qemu with --keyboard PATH and "
			"--mouse PATH\n"),
				stderr);
		return false;
	}
	if (options->qemu) {
		if (!needs_vm(setup)) {
			return false;
		}
		xml_input_qemu(setup);
		return true;
	}
	files_input(setup); /* first: it looks at what xml_input_own() takes out */
	if (setup->has_vm) {
		xml_input_own(setup);
	}
	return setup->has_vm || options->keyboard || options->mouse || needs_vm(setup);
}

static bool run_audio(struct setup *setup) {
	if (setup->has_vm) {
		xml_audio(setup);
	}
	files_audio(setup);
	return true;
}

static bool run_files(struct setup *setup) {
	const bool tmpfiles = strcmp(setup->options.command, "tmpfiles") == 0;
	(tmpfiles ? files_tmpfiles : files_desktop)(setup);
	return true;
}

static bool run_kvmfr(struct setup *setup) {
	bool has_memory = setup->has_vm && domain_looking_glass(&setup->document.domain);
	if (!has_memory && !needs_size(setup)) {
		return false;
	}
	unsigned mib = wanted_mib(setup);
	const struct domain_shmem *memory = NULL;
	if (setup->has_vm && xml_kvmfr(setup, mib)) {
		/* A larger one stays as it is, and the module must have its size. */
		memory = domain_looking_glass(&setup->document.domain);
	}
	files_kvmfr(setup, memory ? memory->path : "/dev/kvmfr0",
			memory ? (unsigned)(memory->bytes >> 20) : mib);
	return true;
}

static bool run_virtiofs(struct setup *setup) {
	if (!needs_vm(setup)) {
		return false;
	}
	if (!setup->options.source) {
		fputs(_("pierglass setup virtiofs: --source DIR is missing\n"), stderr);
		return false;
	}
	if (!setup->options.target) {
		setup->options.target = "shared";
	}
	xml_virtiofs(setup);
	if (!setup->plan.refused) {
		windows_steps(setup);
	}
	return true;
}

static bool run_all(struct setup *setup) {
	if (!run_shmem(setup) || !run_pci(setup)) {
		return false;
	}
	if (!setup->plan.refused && xml_input_own(setup) && xml_audio(setup) && xml_extras(setup)) {
		if (setup->document.domain.hostdev_count > 0 || setup->options.gpu) {
			files_vfio(setup);
		} else {
			plan_note(&setup->plan,
					_("the VM has no GPU, and none was named with --gpu (pierglass "
					  "doctor --groups lists them)"));
		}
		const struct domain_shmem *memory = domain_looking_glass(&setup->document.domain);
		if (memory && strncmp(memory->path, "/dev/kvmfr", 10) == 0) {
			files_kvmfr(setup, memory->path, (unsigned)(memory->bytes >> 20));
		} else {
			files_tmpfiles(setup);
		}
		files_audio(setup);
		files_desktop(setup);
		windows_steps(setup);
	}
	return true;
}

static bool run(struct setup *setup) {
	static const struct {
		const char *name;
		bool (*run)(struct setup *setup);
	} commands[] = {
		{ "all", run_all },
		{ "shmem", run_shmem },
		{ "pci", run_pci },
		{ "vfio", run_vfio },
		{ "input", run_input },
		{ "audio", run_audio },
		{ "tmpfiles", run_files },
		{ "kvmfr", run_kvmfr },
		{ "virtiofs", run_virtiofs },
		{ "desktop", run_files },
	};
	const char *nearest = NULL;
	unsigned best = 3;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(setup->options.command, commands[i].name) == 0) {
			return commands[i].run(setup);
		}
		unsigned distance = parse_distance(setup->options.command, commands[i].name);
		if (distance < best) {
			best = distance;
			nearest = commands[i].name;
		}
	}
	if (nearest) {
		fprintf(stderr, _("pierglass setup: there is no command %s (did you mean %s?)\n"),
				setup->options.command, nearest);
	} else {
		fprintf(stderr, _("pierglass setup: there is no command %s; --help lists them\n"),
				setup->options.command);
	}
	return false;
}

/* This very request with --apply, as the user would type it. */
static char *the_same_applied(const struct setup *setup) {
	struct text line = { 0 };
	own_command(&line, setup->root.copy ? OWN_ANYWHERE : OWN_HERE);
	text_add(&line, " setup");
	bool said = false;
	for (int i = 1; i < setup->argc; i++) {
		if (!said && strcmp(setup->typed[i], "--") == 0) {
			text_add(&line, " --apply");
			said = true;
		}
		if (strcmp(setup->typed[i], "--diff") != 0) {
			text_add(&line, " ");
			text_add_shell(&line, setup->typed[i]);
		}
	}
	text_add(&line, "%s", said ? "" : " --apply");
	return text_take(&line);
}

static int carry_out(struct setup *setup) {
	if (load_vm(setup) < 0) {
		return EXIT_FAILURE;
	}
	if (!run(setup)) {
		return 2;
	}
	add_vm_change(setup);
	if (!setup->options.files_only || !setup->options.apply) {
		if (setup->plan.reboot) {
			plan_command(&setup->plan, "sudo reboot");
		}
		char *again = setup->options.apply ? NULL : the_same_applied(setup);
		plan_print(&setup->plan, setup->options.diff, again);
		free(again);
	} else {
		plan_print_private(&setup->plan);
	}
	if (setup->plan.refused) {
		fprintf(stderr, _("pierglass setup: refused: %s\n"), setup->plan.refused);
		return EXIT_FAILURE;
	}
	if (setup->options.apply && setup->plan.change_count > 0) {
		return plan_apply(&setup->plan, setup) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
	i18n_init();
	if (geteuid() == 0) {
		umask(022); /* folders of the system are for everybody to look into */
	}
	struct setup *setup = xmalloc(sizeof *setup);
	domain_init(&setup->document.domain);
	setup->argc = argc;
	setup->argv = argv;
	setup->typed = xmalloc(((size_t)argc + 1) * sizeof *argv);
	memcpy(setup->typed, argv, (size_t)argc * sizeof *argv);
	int status = parse(&setup->options, argc, argv);
	int r = status < 0 ? sysroot_open(&setup->root, setup->options.root_dir) : 0;
	if (r < 0) {
		fprintf(stderr, "pierglass setup: %s: %s\n", setup->options.root_dir,
				strerrordesc_np(-r));
		status = 2;
	}
	if (status < 0) {
		sysroot_me(&setup->root, &setup->me);
		if (setup->options.user &&
				!sysroot_named(&setup->root, setup->options.user, &setup->me)) {
			wrong("--user", setup->options.user, _("a user of this machine"));
			status = 2;
		}
	}
	if (status < 0) {
		setup_read_host(setup);
		if (setup->options.undo) {
			status = setup_undo(setup);
		} else if (setup->options.list) {
			status = input_list(&setup->root);
		} else if (setup->options.probe) {
			status = input_probe(&setup->root);
		} else {
			status = carry_out(setup);
		}
	}
	plan_free(&setup->plan);
	document_free(&setup->document);
	free(setup->original);
	free(setup->typed);
	virt_close(setup->virt);
	host_use_free(&setup->use);
	sysroot_close(&setup->root);
	free(setup);
	return status;
}
