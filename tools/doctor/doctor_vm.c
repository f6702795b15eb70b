/* Checks of the VM's configuration. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "host-proto/host_facts.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

static bool is_windows_11(const struct domain *vm) {
	return strstr(vm->os_id, "/win/11") || strcasestr(vm->name, "win11") ||
	       strcasestr(vm->name, "windows11") || strcasestr(vm->name, "windows-11");
}

static void check_machine(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (strcmp(vm->type, "qemu") == 0) {
		report_warn(report,
				_("the VM is emulated (type qemu), not virtualised: far too slow to "
				  "play"));
		report_edit(report, "<domain type='kvm'>");
	}
	if (!vm->machine[0]) {
		report_skip(report, _("the machine type is not known"));
	} else if (!strstr(vm->machine, "q35")) {
		report_warn(report, _("machine %s: a passed-through GPU wants PCI Express (q35)"),
				vm->machine);
		report_remedy(report,
				_("choose chipset Q35 when the VM is made; it cannot be changed well "
				  "afterwards"));
	} else {
		report_ok(report, _("machine %s"), vm->machine);
	}
}

static void check_firmware(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (!vm->is_xml) {
		return;
	}
	if (strcmp(vm->firmware, "efi") == 0 || strcasestr(vm->loader, "OVMF") ||
			strcasestr(vm->loader, "edk2") || vm->loader_pflash) {
		report_ok(report, _("firmware UEFI%s"), vm->secure_boot ? " with Secure Boot" : "");
	} else {
		report_warn(report, _("firmware BIOS: GPUs of today want UEFI"));
		report_remedy(report,
				_("choose UEFI (OVMF_CODE_4M.fd) when the VM is made; Windows must be "
				  "installed again"));
	}
}

/* libvirt refuses another number of CPUs than the topology makes. */
static void fewer_cpus(const struct facts *facts, struct report *report, unsigned count) {
	unsigned threads = facts->cpu.threads_per_core > 1 && count % 2 == 0 ? 2 : 1;
	if (facts->vm.topology) {
		report_edit(report,
				"<vcpu>%u</vcpu>, <topology sockets='1' dies='1' cores='%u' "
				"threads='%u'/>",
				count, count / threads, threads);
	} else {
		report_virsh(report, "setvcpus", "%u --config --maximum", count);
	}
}

static void check_cpus(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	unsigned host = facts->cpu.threads;
	unsigned reserve = 2 * (facts->cpu.threads_per_core ? facts->cpu.threads_per_core : 1);
	if (!vm->vcpus || !host) {
		return;
	}
	if (vm->vcpus > host) {
		report_fail(report, _("%u virtual CPUs on a host with %u"), vm->vcpus, host);
		fewer_cpus(facts, report, host > reserve ? host - reserve : 1);
	} else if (host - vm->vcpus < reserve) {
		report_warn(report,
				_("%u of %u CPUs are the VM's: the host keeps less than two cores for "
				  "the picture and the sound"),
				vm->vcpus, host);
		fewer_cpus(facts, report, host > reserve ? host - reserve : 1);
	} else {
		report_ok(report, _("%u of %u CPUs are the VM's"), vm->vcpus, host);
	}
}

static void check_topology(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	bool smt = facts->cpu.threads_per_core > 1 && vm->vcpus % 2 == 0;
	if (!vm->is_xml || vm->vcpus < 2) {
		return;
	}
	if (!vm->topology) {
		report_warn(report,
				_("no CPU topology: Windows sees %u sockets and uses two at most"),
				vm->vcpus);
		report_edit(report,
				"<cpu><topology sockets='1' dies='1' cores='%u' "
				"threads='%u'/></cpu>",
				smt ? vm->vcpus / 2 : vm->vcpus, smt ? 2 : 1);
		return;
	}
	if (vm->sockets * vm->cores * vm->threads != vm->vcpus) {
		report_warn(report, _("topology %ux%ux%u does not make %u CPUs"), vm->sockets,
				vm->cores, vm->threads, vm->vcpus);
		report_edit(report, _("make sockets x cores x threads = vcpu"));
	} else if (vm->sockets > 1) {
		report_warn(report, _("%u sockets: Windows Home uses one, Windows Pro two"),
				vm->sockets);
		report_edit(report, _("sockets='1', more cores"));
	} else if (smt && vm->threads < 2) {
		report_warn(report,
				_("the host has %u threads a core, the VM is told 1: Windows schedules "
				  "as if each were a core"),
				facts->cpu.threads_per_core);
		report_edit(report,
				"<topology sockets='1' dies='1' cores='%u' "
				"threads='2'/>",
				vm->vcpus / 2);
	} else {
		report_ok(report, _("topology %u socket, %u cores, %u threads each"), vm->sockets,
				vm->cores, vm->threads);
	}
	if (facts->cpu.amd && vm->threads > 1 && strcmp(vm->topoext, "require") != 0) {
		report_warn(report,
				_("AMD without the CPU feature topoext: Windows does not see the "
				  "threads"));
		report_edit(report, "<cpu …><feature policy='require' name='topoext'/></cpu>");
	}
}

static void check_cpu_mode(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (!vm->is_xml) {
		return;
	}
	if (strcmp(vm->cpu_mode, "host-passthrough") == 0 ||
			strcmp(vm->cpu_mode, "host-model") == 0 ||
			strcmp(vm->cpu_mode, "maximum") == 0) {
		report_ok(report, _("CPU mode %s"), vm->cpu_mode);
	} else {
		report_warn(report, _("CPU mode %s: the guest misses features of your processor"),
				vm->cpu_mode[0] ? vm->cpu_mode : "default");
		report_edit(report, "<cpu mode='host-passthrough'/>");
	}
}

static void check_tpm(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (vm->tpm_count > 0) {
		report_ok(report, _("a TPM is there"));
	} else if (vm->is_xml && is_windows_11(vm)) {
		report_warn(report, _("no TPM: the installer of Windows 11 refuses without one"));
		report_edit(report, _("<tpm model='tpm-crb'><backend type='emulator' "
				      "version='2.0'/></tpm> (package swtpm-tools)"));
	}
}

static void check_hyperv(const struct facts *facts, struct report *report) {
	if (facts->vm.is_xml && domain_is_windows(&facts->vm) && !facts->vm.hyperv) {
		report_warn(report,
				_("no Hyper-V enlightenments: Windows costs more CPU and its timers are "
				  "coarse"));
		report_edit(report, "<features><hyperv mode='passthrough'/></features>");
	}
}

const char *doctor_all_size(const struct facts *facts, char buf[static 32]) {
	const struct domain_shmem *shmem = domain_looking_glass(&facts->vm);
	unsigned mib = shmem ? (unsigned)(shmem->bytes >> 20) : 0;
	if (facts->width) {
		snprintf(buf, 32, "%ux%u%s", facts->width, facts->height,
				facts->hdr ? " --hdr" : "");
	} else {
		copy_text(buf, 32,
				mib >= 128  ? "3840x2160"
				: mib >= 64 ? "2560x1440"
					    : "1920x1080");
	}
	return buf;
}

static void check_balloon(const struct facts *facts, struct report *report) {
	char size[32];
	if (!facts->vm.is_xml) {
		return;
	}
	if (facts->vm.balloon_count > 0 && facts->vm.balloon_none) {
		report_ok(report, _("no memory balloon"));
	} else {
		report_warn(report,
				_("the VM has a memory balloon: with a PCI device all memory is pinned "
				  "anyway, and it costs speed"));
		report_setup(report, "all", "--max-res %s", doctor_all_size(facts, size));
	}
}

static void check_tablet(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.input_count; i++) {
		if (strcmp(facts->vm.input[i].type, "tablet") == 0) {
			report_warn(report,
					_("a %s tablet is in the VM: absolute and relative positions mix, "
					  "games lose the pointer"),
					facts->vm.input[i].bus[0] ? facts->vm.input[i].bus : "usb");
			report_setup(report, "input", "--own");
			report_qemu(report, "%s",
					_("without -device usb-tablet, -usbdevice tablet or the like"));
		}
	}
}

static void check_pointer(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.input_count; i++) {
		if (strcmp(facts->vm.input[i].bus, "virtio") == 0 &&
				strcmp(facts->vm.input[i].type, "mouse") == 0) {
			report_ok(report,
					_("a virtio mouse: five buttons and 32-bit motion (with the guest's "
					  "vioinput driver)"));
			return;
		}
	}
	if (facts->vm.is_xml) {
		report_ok(report, _("the guest's mouse is PS/2: works without drivers"));
	}
}

static void check_video(const struct facts *facts, struct report *report) {
	if (!facts->vm.is_xml) {
		return;
	}
	const char *model = facts->vm.video_count > 0 ? facts->vm.video[0].model : "none";
	if (strcmp(model, "virtio") == 0 || strcmp(model, "vga") == 0) {
		report_ok(report, _("virtual display %s"), model);
	} else if (strcmp(model, "none") == 0) {
		report_warn(report,
				_("no virtual display: nothing is seen until Looking Glass runs in the "
				  "guest (no BIOS, no boot, no recovery)"));
		report_edit(report, "<video><model type='vga'/></video>");
	} else {
		report_warn(report,
				_("virtual display %s: Windows may put its desktop there and not give it "
				  "back"),
				model);
		report_edit(report, "<video><model type='virtio'/></video>");
	}
}

/* 1 = QEMU's user is this one, 0 = another, -1 = cannot tell. */
static int qemu_is_me(const struct facts *facts) {
	char wanted[100];
	if (strstr(facts->vm_uri, "session")) {
		return 1;
	}
	char *conf = sysroot_read(facts->root, "/etc/libvirt/qemu.conf", NULL);
	if (!conf) {
		return -1;
	}
	snprintf(wanted, sizeof wanted, "\nuser = \"%s\"", facts->me.name);
	const int is = strstr(conf, wanted) != NULL;
	free(conf);
	return is;
}

/* The third way, beside SPICE and Scream: nothing is left to play for pierglass. */
static void report_played_by_qemu(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	const int me = qemu_is_me(facts);
	const char *user = facts->me.name[0] ? facts->me.name : "?";
	if (me == 0) {
		report_warn(report,
				_("QEMU plays the sound card (%s) itself by %s, and runs as another user, "
				  "who has no access to your sound server: silence"),
				vm->sound[0].model, vm->audio_type);
		report_remedy(report,
				_("in /etc/libvirt/qemu.conf: user = \"%s\", or let it come through SPICE:"),
				user);
		report_edit(report, "<audio id='1' type='spice'/>");
		return;
	}
	report_ok(report,
			_("QEMU plays the sound card (%s) itself by %s: pierglass has nothing to play"),
			vm->sound[0].model, vm->audio_type);
	if (me < 0) {
		report_remedy(report,
				_("if nothing is heard: QEMU's user needs access to your sound server; "
				  "in /etc/libvirt/qemu.conf: user = \"%s\""),
				user);
	}
}

static void check_sound_device(const struct facts *facts, struct report *report) {
	if (!facts->vm.is_xml) {
		return;
	}
	if (domain_sound_by_qemu(&facts->vm)) {
		report_played_by_qemu(facts, report);
	} else if (domain_sound_by_spice(&facts->vm)) {
		report_ok(report, _("the sound card (%s) plays through SPICE"),
				facts->vm.sound[0].model);
	} else if (facts->vm.sound_count == 0) {
		report_ok(report, _(HOST_FACTS_SOUND_NONE));
	} else if (domain_sound_nowhere(&facts->vm)) {
		report_warn(report,
				_("the sound card (%s) is connected to nothing: what Windows plays there "
				  "is not heard"),
				facts->vm.sound[0].model);
		report_setup(report, "audio", "%s", "");
	} else {
		report_ok(report, _("a sound card (%s)"), facts->vm.sound[0].model);
	}
}

static void check_disk_and_net(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	for (unsigned i = 0; i < vm->disk_count; i++) {
		if (strcmp(vm->disk[i].bus, "ide") == 0 || strcmp(vm->disk[i].bus, "sata") == 0) {
			report_warn(report, _("a disk on %s: virtio is several times faster"),
					vm->disk[i].bus);
			report_remedy(report,
					_("in Windows, first: install the virtio-win drivers"));
			report_edit(report, "<target bus='virtio'/>");
			break;
		}
	}
	for (unsigned i = 0; i < vm->interface_count; i++) {
		if (strcmp(vm->interface[i].model, "rtl8139") == 0) {
			report_warn(report,
					_("network card rtl8139: slow, and its queue loses sound packets"));
			report_edit(report, _("<model type='virtio'/> in <interface>"));
		}
	}
}

static void check_agent(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (vm->agent_channels == 0) {
		report_warn(report,
				_("no channel com.redhat.spice.0: no clipboard, no file transfer"));
		char size[32];
		report_setup(report, "all", "--max-res %s", doctor_all_size(facts, size));
		report_qemu(report,
				"-device virtio-serial -chardev spicevmc,id=agent,name=vdagent -device "
				"virtserialport,chardev=agent,name=com.redhat.spice.0");
	} else if (strcmp(vm->agent_state, "connected") == 0) {
		report_ok(report, _("the agent runs in the guest (clipboard, files)"));
	} else if (strcmp(vm->agent_state, "disconnected") == 0) {
		report_warn(report,
				_("the agent's channel is there, but no agent runs in the guest: no "
				  "clipboard, no file transfer"));
		report_remedy(report, _("in Windows: install the SPICE guest tools (or all of "
					"virtio-win), start the service \"Spice Agent\""));
	} else {
		report_ok(report, _("the agent's channel is there (clipboard, files)"));
	}
}

static void check_virtiofs(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	const struct domain_filesystem *used = NULL;
	char word[DOCTOR_WORD_BYTES];
	for (unsigned i = 0; i < vm->filesystem_count && !used; i++) {
		used = strcmp(vm->filesystem[i].driver, "virtiofs") == 0 ? &vm->filesystem[i]
									 : NULL;
	}
	if (!used) {
		return;
	}
	bool shared = strcmp(vm->memory_access, "shared") == 0 || vm->numa_shared > 0;
	if (!shared) {
		report_fail(report,
				_("a virtiofs share, but the VM's memory is not shared: it cannot start"));
		report_setup(report, "virtiofs", "--source %s", doctor_word(used->source, word));
	} else {
		report_ok(report, _("virtiofs: the VM's memory is shared"));
		report_remedy(report,
				_("in Windows: WinFsp, and the VirtIO-FS Service on Automatic "
				  "(Delayed Start)"));
	}
	for (unsigned i = 0; i < vm->filesystem_count; i++) {
		const struct domain_filesystem *share = &vm->filesystem[i];
		if (strcmp(share->driver, "virtiofs") == 0 && share->source[0] == '/' &&
				facts->share_missing[i]) {
			report_fail(report,
					_("the shared folder %s is not there: the VM cannot start"),
					share->source);
			report_command(report, "mkdir -p %s", doctor_word(share->source, word));
		}
	}
	if (strstr(facts->vm_uri, "/session")) {
		report_warn(report, _("virtiofs in a session VM: libvirt before 10.0 refuses it"));
		report_remedy(report, _("make the VM under qemu:///system"));
	}
	if (!facts->virtiofsd) {
		report_fail(report, _("virtiofsd is not installed"));
		report_install(report, PACKAGE_VIRTIOFSD, "virtiofsd");
	}
}

static void check_state(const struct facts *facts, struct report *report) {
	report_ok(report, _("VM %s: %s"), facts->vm.name[0] ? facts->vm.name : _("(no name)"),
			facts->vm.state == DOMAIN_UNKNOWN ? _("configuration from a file")
							  : _(domain_state_name(facts->vm.state)));
}

/* The VMs that there are, each as a command. */
static void name_one(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm_name_count; i++) {
		char word[DOCTOR_WORD_BYTES];
		char *words = xasprintf("doctor %s", doctor_word(facts->vm_names[i], word));
		report_self(report, false, words);
		free(words);
	}
	if (!facts->vm_name_count) {
		report_command(report, "virsh -c qemu:///system list --all");
	}
}

static void check_found(const struct facts *facts, struct report *report) {
	if (facts->has_vm) {
		check_state(facts, report);
		return;
	}
	if (facts->vm_wanted) {
		report_fail(report, "%s", facts->vm_problem);
	} else {
		report_warn(report, _("no VM looked at: %s"), facts->vm_problem);
	}
	name_one(facts, report);
	if (strcasestr(facts->vm_problem, "permission denied") ||
			strcasestr(facts->vm_problem, "authentication")) {
		char word[DOCTOR_WORD_BYTES];
		report_command(report, "sudo usermod -aG libvirt %s",
				doctor_word(facts->me.name, word));
		report_remedy(report, _("then log in again"));
	}
	if (facts->hidden_processes > 0 && !facts->is_root) {
		report_skip(report, _("QEMU processes that may not be read: %u; root could"),
				facts->hidden_processes);
	}
}

static void check_hugepages(
		const struct facts *facts, struct report *report, unsigned long long want) {
	const struct domain *vm = &facts->vm;
	if (vm->hugepages && facts->hugepage_hook[0]) {
		report_ok(report, _("huge pages: the hook %s reserves them when the VM starts"),
				facts->hugepage_hook);
		return;
	}
	if (vm->hugepages && facts->hugepages_known && facts->hugepages_mib < want) {
		unsigned kib = facts->hugepage_kib;
		report_fail(report,
				_("the VM wants %llu MiB of huge pages, %llu MiB are reserved: the VM does not start"),
				want, (unsigned long long)facts->hugepages_mib);
		if (kib >= 1u << 20) {
			report_remedy(report,
					_("add to the kernel's command line: hugepagesz=1G hugepages=%llu"),
					want >> 10);
		} else if (facts->hugepage_default) {
			report_command(report, "sudo sysctl vm.nr_hugepages=%llu",
					(want << 10) / (kib ? kib : 2048));
		} else {
			report_command(report,
					"echo %llu | sudo tee "
					"/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages",
					(want << 10) / kib, kib);
		}
	}
	bool running = vm->state == DOMAIN_RUNNING || vm->state == DOMAIN_PAUSED;
	if (vm->hugepages && facts->hugepages_known && facts->hugepages_mib >= want && !running &&
			facts->hugepages_free < want) {
		report_fail(report,
				_("huge pages: %llu MiB are reserved, but only %llu MiB of them are free: the VM "
				  "does not start beside what uses the others"),
				(unsigned long long)facts->hugepages_mib,
				(unsigned long long)facts->hugepages_free);
		report_remedy(report, _("shut the other VM down, or reserve pages for both"));
	} else if (vm->hugepages && facts->hugepages_known && facts->hugepages_mib >= want) {
		report_ok(report, _("huge pages: %llu MiB are reserved"),
				(unsigned long long)facts->hugepages_mib);
	}
}

/* What keeps QEMU from starting, each in a line of its own. */
static void check_starts(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	unsigned long long want = (unsigned long long)(vm->memory_bytes >> 20);
	unsigned long long have = (unsigned long long)(facts->memory_total_kib >> 10);
	if (have && want + 1024 > have) {
		report_fail(report,
				_("the VM wants %llu MiB of this machine's %llu MiB: nothing is left for Linux"),
				want, have);
		report_edit(report, _("a smaller <memory> and <currentMemory>"));
	}
	check_hugepages(facts, report, want);
	if (facts->loader_missing) {
		report_fail(report, _("the VM's firmware %s does not exist: the VM does not start"),
				vm->loader);
		report_install(report, PACKAGE_OVMF, "OVMF");
		report_edit(report, "%s", _("or correct <loader>"));
	}
	for (unsigned i = 0; i < vm->hostdev_count && i < 32; i++) {
		if (facts->rom_missing >> i & 1) {
			report_fail(report,
					_("the ROM file %s is not there: the VM does not start"),
					vm->hostdev[i].rom);
			report_edit(report,
					_("correct <rom file='...'/> of that device, or take it out"));
		}
	}
	if (vm->hypervisor_hidden) {
		report_warn(report,
				_("the CPU hides that it is virtual (hypervisor off): Windows times with slow "
				  "clocks, frames stutter"));
		report_edit(report, _("take <feature policy='disable' name='hypervisor'/> out"));
		report_qemu(report, _("-cpu without hypervisor=off"));
	}
	if (!vm->is_xml) {
		report_skip(report,
				_("this VM is not libvirt's: firmware, TPM, memory balloon, virtual display and "
				  "disks were not looked at"));
	}
}

const struct check checks_vm[] = {
	{ N_("VM"), "vm", false, check_found },
	{ N_("VM"), "starts", true, check_starts },
	{ N_("VM"), "machine", true, check_machine },
	{ N_("VM"), "firmware", true, check_firmware },
	{ N_("VM"), "cpus", true, check_cpus },
	{ N_("VM"), "topology", true, check_topology },
	{ N_("VM"), "cpu-mode", true, check_cpu_mode },
	{ N_("VM"), "tpm", true, check_tpm },
	{ N_("VM"), "hyperv", true, check_hyperv },
	{ N_("VM"), "memballoon", true, check_balloon },
	{ N_("VM"), "tablet", true, check_tablet },
	{ N_("VM"), "mouse", true, check_pointer },
	{ N_("VM"), "video", true, check_video },
	{ N_("VM"), "sound-device", true, check_sound_device },
	{ N_("VM"), "disk-and-network", true, check_disk_and_net },
	{ N_("VM"), "agent-channel", true, check_agent },
	{ N_("VM"), "virtiofs", true, check_virtiofs },
	{ NULL, NULL, false, NULL },
};
