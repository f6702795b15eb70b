/* What somebody who has set up many of these sees at a glance. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/libvirt_hook.h"
#include "tools/vm-model/text.h"

/* ---- facts ---- */

/* Processors whose cores share several caches of the third level: the list of the last one, which
 * leaves the first, where Linux does most of its work, to Linux. */
static void last_cache(struct facts *facts) {
	char first[128] = "";
	char last[128] = "";
	for (unsigned cpu = 0; cpu < facts->cpu.threads && cpu < 512; cpu++) {
		char path[96];
		char list[128];
		snprintf(path, sizeof path,
				"/sys/devices/system/cpu/cpu%u/cache/index3/shared_cpu_list", cpu);
		if (!sysroot_line(facts->root, path, list, sizeof list)) {
			return;
		}
		if (!first[0]) {
			copy_text(first, sizeof first, list);
		}
		copy_text(last, sizeof last, list);
	}
	if (strcmp(first, last) != 0) {
		copy_text(facts->fast_cpus, sizeof facts->fast_cpus, last);
	}
}

static void read_cores(struct facts *facts) {
	char slow[128];
	facts->hybrid = sysroot_line(facts->root, "/sys/devices/cpu_atom/cpus", slow,
					sizeof slow) &&
			sysroot_line(facts->root, "/sys/devices/cpu_core/cpus", facts->fast_cpus,
					sizeof facts->fast_cpus);
	if (!facts->hybrid) {
		last_cache(facts);
	}
}

void facts_gather_expert(struct facts *facts, const struct host_use *use) {
	read_cores(facts);
	facts->vendor_reset = sysroot_exists(facts->root, "/sys/module/vendor_reset");
	if (facts->has_vm) {
		libvirt_hook_binds(facts->root, facts->vm.name, facts->hook, sizeof facts->hook);
	}
	facts_gather_usb(facts, use);
}

static bool is_absent(const struct sysroot *root, const char *path) {
	struct sysroot_stat st;
	return path[0] == '/' && !sysroot_stat(root, path, &st) && errno == ENOENT;
}

/* In a copied tree only what was copied is there: it tells only if the folder is. */
static bool file_missing(const struct sysroot *root, const char *path) {
	char folder[256];
	if (!path[0] || !copy_text(folder, sizeof folder, path)) {
		return false;
	}
	char *slash = strrchr(folder, '/');
	if (root->copy && slash && slash != folder) {
		*slash = '\0';
		return is_absent(root, path) && sysroot_exists(root, folder);
	}
	return is_absent(root, path);
}

void facts_gather_start(struct facts *facts) {
	const struct domain *vm = &facts->vm;
	char *text = sysroot_read(facts->root, "/proc/meminfo", NULL);
	const char *total = text ? strstr(text, "MemTotal:") : NULL;
	facts->memory_total_kib = total ? strtoull(total + 9, NULL, 10) : 0;
	const char *size = text ? strstr(text, "Hugepagesize:") : NULL;
	const unsigned usual = size ? (unsigned)strtoul(size + 13, NULL, 10) : 2048;
	facts->hugepage_kib = vm->hugepage_kib ? vm->hugepage_kib : usual;
	facts->hugepage_default = facts->hugepage_kib == usual;
	libvirt_hook_reserves(
			facts->root, vm->name, facts->hugepage_hook, sizeof facts->hugepage_hook);
	free(text);
	char path[128];
	uint64_t pages;
	snprintf(path, sizeof path, "/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages",
			facts->hugepage_kib);
	facts->hugepages_known = sysroot_number(facts->root, path, &pages);
	facts->hugepages_mib = facts->hugepages_known ? pages * facts->hugepage_kib >> 10 : 0;
	snprintf(path, sizeof path, "/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages",
			facts->hugepage_kib);
	facts->hugepages_free = sysroot_number(facts->root, path, &pages)
						? pages * facts->hugepage_kib >> 10
						: facts->hugepages_mib;
	facts->loader_missing = file_missing(facts->root, vm->loader);
	for (unsigned i = 0; i < vm->hostdev_count && i < 32; i++) {
		facts->rom_missing |= (uint32_t)file_missing(facts->root, vm->hostdev[i].rom) << i;
	}
}

/* ---- checks ---- */

static void check_pinning(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (!vm->is_xml || vm->hostdev_count == 0 || vm->vcpus < 2) {
		return;
	}
	if (vm->pinned > 0) {
		report_ok(report, _("%u of %u CPUs are pinned"), vm->pinned, vm->vcpus);
	} else if (facts->fast_cpus[0] && facts->hybrid) {
		report_warn(report,
				_("the processor has two kinds of cores, and no CPU of the VM is "
				  "pinned: games stutter when one lands on a slow core"));
		report_edit(report,
				_("in <cputune> a <vcpupin> for each CPU of the VM, to CPUs of %s"),
				facts->fast_cpus);
	} else if (facts->fast_cpus[0]) {
		report_warn(report,
				_("the processor's cores share several caches, and no CPU of the VM "
				  "is pinned: games stutter when it moves between them"));
		report_edit(report,
				_("in <cputune> a <vcpupin> for each CPU of the VM, to CPUs of %s"),
				facts->fast_cpus);
	}
}

/* After the first start these stay in a state that only a reset by the vendor's own steps ends. */
static bool resets_badly(const struct pci_device *device) {
	static const struct {
		uint16_t from, to;
	} ids[] = {
		{ 0x67c0, 0x67df }, /* Polaris 10 */
		{ 0x67e0, 0x67ff }, /* Polaris 11 */
		{ 0x6980, 0x699f }, /* Polaris 12 */
		{ 0x6fdf, 0x6fdf }, /* Polaris 20 */
		{ 0x6860, 0x687f }, /* Vega 10 */
		{ 0x69a0, 0x69af }, /* Vega 12 */
		{ 0x66a0, 0x66af }, /* Vega 20 */
		{ 0x7310, 0x731f }, /* Navi 10 */
		{ 0x7340, 0x734f }, /* Navi 14 */
		{ 0x7360, 0x7362 }, /* Navi 12 */
	};
	for (size_t i = 0; device->vendor == 0x1002 && pci_is_gpu(device) &&
			   i < sizeof ids / sizeof ids[0];
			i++) {
		if (device->device >= ids[i].from && device->device <= ids[i].to) {
			return true;
		}
	}
	return false;
}

static void check_reset(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.hostdev_count; i++) {
		const struct pci_device *device =
				pci_find(&facts->pci, &facts->vm.hostdev[i].source);
		if (!device || !resets_badly(device)) {
			continue;
		}
		char path[96];
		char method[64];
		snprintf(path, sizeof path, "/sys/bus/pci/devices/%.15s/reset_method",
				device->name);
		bool other = sysroot_line(facts->root, path, method, sizeof method) &&
			     !list_has(method, "device_specific", ' ');
		if (facts->vendor_reset && other) {
			report_warn(report,
					_("%s: the module vendor-reset is there, but the kernel resets this GPU "
					  "by another method (%s)"),
					device->name, method);
			report_command(report, "echo device_specific | sudo tee %s", path);
		} else if (facts->vendor_reset) {
			report_ok(report, _("%s: the module vendor-reset resets this GPU"),
					device->name);
		} else {
			report_warn(report,
					_("%s [%04x:%04x]: GPUs of this kind often do not reset: the VM starts once, "
					  "then not before the machine was started again"),
					device->name, device->vendor, device->device);
			report_remedy(report,
					_("the kernel module vendor-reset (DKMS) resets them"));
		}
	}
}

#define SMALL_WINDOW (256ull << 20)

static void check_window(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.hostdev_count; i++) {
		const struct pci_device *gpu = pci_find(&facts->pci, &facts->vm.hostdev[i].source);
		if (!gpu || !pci_is_gpu(gpu) || !gpu->window_bytes) {
			continue;
		}
		if (gpu->window_bytes <= SMALL_WINDOW && gpu->window_most > SMALL_WINDOW) {
			report_ok(report,
					_("%s: Resizable BAR is off (%llu MiB, and %llu MiB would go)"),
					gpu->name, (unsigned long long)(gpu->window_bytes >> 20),
					(unsigned long long)(gpu->window_most >> 20));
			report_remedy(report,
					_("some games gain by it: switch Above 4G Decoding and Resizable BAR on in "
					  "the firmware set-up; the guest has the size that Linux gives it and "
					  "cannot change it"));
		} else if (gpu->window_bytes <= SMALL_WINDOW) {
			report_ok(report,
					_("%s: its memory window has %llu MiB, and Linux offers no larger one"),
					gpu->name, (unsigned long long)(gpu->window_bytes >> 20));
		} else if (gpu->window_bytes >= 32ull << 30 &&
				facts->vm.mmio64_mib <= gpu->window_bytes >> 20) {
			report_warn(report,
					_("%s: Resizable BAR with %llu MiB: more than OVMF has room for by "
					  "itself, the guest may not start its driver"),
					gpu->name, (unsigned long long)(gpu->window_bytes >> 20));
			report_edit(report,
					"<qemu:arg value='-fw_cfg'/><qemu:arg "
					"value='name=opt/ovmf/X-PciMmio64Mb,string=%llu'/>",
					(unsigned long long)(gpu->window_bytes >> 19));
		} else {
			report_ok(report, _("%s: Resizable BAR is on (%llu MiB)"), gpu->name,
					(unsigned long long)(gpu->window_bytes >> 20));
		}
	}
}

/* QEMU's own share, measured: doc/figures-audio.md. */
static void check_sound_delay(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (!vm->hda_codec[0] || !domain_sound_by_spice(vm)) {
		return;
	}
	if (vm->hda_is_quick) {
		report_ok(report, _("the sound card: QEMU buffers its sound for about 10 ms"));
		return;
	}
	report_ok(report, _("the sound card: QEMU buffers its sound for about 30 ms"));
	report_remedy(report, _("for 10 ms instead (if Windows crackles then, undo it):"));
	if (vm->is_xml) {
		report_setup(report, "audio", "--low-latency");
		return;
	}
	report_edit(report, "-global hda-%s.use-timer=off", vm->hda_codec);
	report_qemu(report, "-global hda-%s.use-timer=off", vm->hda_codec);
}

const struct check checks_expert[] = {
	{ N_("VM"), "pinning", true, check_pinning },
	{ N_("VM"), "reset", true, check_reset },
	{ N_("VM"), "memory-window", true, check_window },
	{ N_("Sound"), "sound-delay", true, check_sound_delay },
	{ NULL, NULL, false, NULL },
};
