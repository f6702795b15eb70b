/* Checks of the host: processor, IOMMU, kernel parameters. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/shell_value.h"
#include "tools/vm-model/text.h"

static void check_virtualisation(const struct facts *facts, struct report *report) {
	const struct facts_cpu *cpu = &facts->cpu;
	if (!cpu->threads) {
		report_skip(report, _("/proc/cpuinfo cannot be read"));
		return;
	}
	if (!cpu->virt) {
		report_fail(report,
				_("the processor offers no hardware virtualisation (neither svm nor "
				  "vmx)"));
		report_remedy(report, "%s",
				cpu->guest ? _("this machine is a VM itself: enable nested virtualisation "
					       "on its host")
				: cpu->amd ? _("switch SVM on in the firmware set-up")
					   : _("switch Intel VT-x on in the firmware set-up"));
		return;
	}
	report_ok(report, _("%s processor with hardware virtualisation, %u cores, %u threads"),
			cpu->amd     ? "AMD"
			: cpu->intel ? "Intel"
				     : cpu->vendor,
			cpu->cores, cpu->threads);
}

static void check_kvm(const struct facts *facts, struct report *report) {
	char word[DOCTOR_WORD_BYTES];
	if (!facts->kvm_present) {
		report_fail(report, _("/dev/kvm is not there"));
		report_command(report, "sudo modprobe %s",
				facts->cpu.amd ? "kvm_amd" : "kvm_intel");
	} else if (!facts->kvm_may_use && strstr(facts->vm_uri, "/session")) {
		report_fail(report, _("%s may not use /dev/kvm, which a session VM needs"),
				facts->me.name);
		report_command(report, "sudo usermod -aG kvm %s",
				doctor_word(facts->me.name, word));
		report_remedy(report, _("then log in again"));
	} else {
		report_ok(report, _("/dev/kvm is there"));
	}
}

static bool has_parameter(const struct facts *facts, const char *parameter) {
	return kernel_has(facts->cmdline, parameter);
}

static void iommu_remedy(const struct facts *facts, struct report *report) {
	if (facts->boot_written) {
		report_remedy(report,
				_("the boot loader's files say it already: start the machine again"));
	} else {
		report_setup(report, "vfio", "%s", "");
	}
}

static void explain_missing_iommu(const struct facts *facts, struct report *report) {
	const char *firmware = facts->cpu.amd ? "IOMMU (AMD-Vi)" : "VT-d";
	if (has_parameter(facts, "iommu=off") || has_parameter(facts, "intel_iommu=off") ||
			has_parameter(facts, "amd_iommu=off")) {
		report_fail(report, _("the IOMMU is switched off by the kernel's command line"));
		iommu_remedy(facts, report);
	} else if (facts->iommu.firmware == 0) {
		report_fail(report,
				_("no IOMMU: the firmware does not announce one (no ACPI table %s)"),
				facts->cpu.amd ? "IVRS" : "DMAR");
		report_remedy(report, _("switch %s on in the firmware set-up"), firmware);
	} else if (facts->cpu.intel && !has_parameter(facts, "intel_iommu=on")) {
		report_fail(report,
				_("no IOMMU: the kernel was not told to use it (no intel_iommu=on)"));
		iommu_remedy(facts, report);
	} else {
		report_fail(report, _("no IOMMU"));
		report_remedy(report, _("switch %s on in the firmware set-up"), firmware);
		iommu_remedy(facts, report);
	}
}

static void check_iommu(const struct facts *facts, struct report *report) {
	if (facts->iommu.units == 0 && facts->iommu.groups == 0) {
		explain_missing_iommu(facts, report);
	} else if (facts->iommu.groups == 0) {
		report_fail(report, _("an IOMMU is there, but there are no groups"));
		iommu_remedy(facts, report);
	} else {
		report_ok(report, _("the IOMMU is on: %u group%s"), facts->iommu.groups,
				facts->iommu.groups == 1 ? "" : "s");
	}
}

static void check_remapping(const struct facts *facts, struct report *report) {
	bool unsafe = has_parameter(facts, "vfio_iommu_type1.allow_unsafe_interrupts=1");
	if (facts->iommu.remapping == 0 && !unsafe) {
		report_warn(report,
				_("the IOMMU cannot remap interrupts: VFIO will refuse the devices"));
		report_remedy(report,
				_("vfio_iommu_type1.allow_unsafe_interrupts=1 on the kernel's "
				  "command line, if you trust the guest"));
	} else if (unsafe && facts->iommu.remapping == 0) {
		report_warn(report, _("allow_unsafe_interrupts=1: needed, the IOMMU cannot remap "
				      "interrupts; the guest could forge them"));
		report_remedy(report, _("nothing: run only guests that you trust"));
	} else if (unsafe) {
		report_warn(report,
				_("allow_unsafe_interrupts=1 lets a guest forge interrupts; only "
				  "hardware without interrupt remapping needs it%s"),
				facts->iommu.remapping == 1 ? _(", this one has it") : "");
		report_remedy(report, _("take %s out of the kernel's command line"),
				"vfio_iommu_type1.allow_unsafe_interrupts=1");
	}
}

static void check_parameters(const struct facts *facts, struct report *report) {
	static const struct {
		const char *prefix;
		bool whole;
		enum verdict verdict;
		const char *why, *remedy;
	} known[] = {
		{ "iommu=pt", true, VERDICT_OK,
				N_("the host's own devices skip translation: faster"), NULL },
		{ "intel_iommu=on", true, VERDICT_OK, N_("switches the IOMMU on"), NULL },
		{ "amd_iommu=on", true, VERDICT_OK,
				N_("harmless: AMD's IOMMU is on whenever the firmware offers it"),
				NULL },
		{ "pcie_aspm=off", true, VERDICT_OK,
				N_("optional: costs battery, cures some devices that hang"), NULL },
		{ "kvm.ignore_msrs=1", true, VERDICT_OK,
				N_("optional: some games and benchmarks stop without it"), NULL },
		{ "pcie_acs_override=", false, VERDICT_WARN,
				N_("treats devices as isolated that are not: the guest may reach others by DMA"),
				N_("take it out, unless you trust the guest with the whole machine") },
		{ "mitigations=off", true, VERDICT_WARN,
				N_("the guest could read the host's memory through the processor"),
				N_("take it out of the kernel's command line") },
		{ "nopti", true, VERDICT_WARN,
				N_("the guest could read the host's memory through the processor"),
				N_("take it out of the kernel's command line") },
		{ "vfio-pci.ids=", false, VERDICT_OK, N_("these devices are kept for VMs"), NULL },
		{ "isolcpus=", false, VERDICT_OK, N_("these CPUs are kept free for the VM"), NULL },
		{ "default_hugepagesz=", false, VERDICT_OK, N_("huge pages for the VM's memory"),
				NULL },
	};
	for (const char *word = facts->cmdline; *word;) {
		char name[256];
		size_t len = strcspn(word, " ");
		snprintf(name, sizeof name, "%.*s", (int)(len < 200 ? len : 200), word);
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
			size_t n = strlen(known[i].prefix);
			if (known[i].whole ? strcmp(name, known[i].prefix) != 0
					   : strncmp(name, known[i].prefix, n) != 0) {
				continue;
			}
			if (known[i].verdict == VERDICT_WARN) {
				report_warn(report, "%s: %s", name, _(known[i].why));
				report_remedy(report, "%s", _(known[i].remedy));
			} else {
				report_ok(report, "%s: %s", name, _(known[i].why));
			}
		}
		word += len;
		word += strspn(word, " ");
	}
}

static void check_limits(const struct facts *facts, struct report *report) {
	const struct facts_limits *limits = &facts->limits;
	if (!limits->known) {
		report_skip(report, _("the limits of the session are not in this tree"));
		return;
	}
	if (limits->rtprio == 0 && !limits->rtkit) {
		report_warn(report, _("no real-time scheduling (limit rtprio 0, and rtkit is not "
				      "installed): sound may crackle under load"));
		report_install(report, PACKAGE_RTKIT, "rtkit");
	} else if (limits->rtprio == 0) {
		report_ok(report, _("real-time scheduling is given by rtkit"));
	} else {
		report_ok(report, _("real-time scheduling is allowed (limit rtprio %llu)"),
				(unsigned long long)limits->rtprio);
	}
	bool session = strstr(facts->vm_uri, "/session") != NULL;
	if (session && facts->vm.hostdev_count > 0 && limits->memlock < facts->vm.memory_bytes) {
		report_fail(report,
				_("locked memory is limited to %llu MiB, a session VM with PCI "
				  "devices must lock all of its %llu MiB"),
				(unsigned long long)(limits->memlock >> 20),
				(unsigned long long)(facts->vm.memory_bytes >> 20));
		char word[DOCTOR_WORD_BYTES];
		char *line = xasprintf("%s - memlock unlimited", facts->me.name);
		report_command(report,
				"echo %s | sudo tee /etc/security/limits.d/61-pierglass.conf",
				doctor_word(line, word));
		report_remedy(report, _("then log in again"));
		free(line);
	}
}

const struct check checks_host[] = {
	{ N_("Host"), "virtualisation", false, check_virtualisation },
	{ N_("Host"), "kvm", false, check_kvm },
	{ N_("Host"), "iommu", false, check_iommu },
	{ N_("Host"), "interrupt-remapping", false, check_remapping },
	{ N_("Host"), "kernel-parameters", false, check_parameters },
	{ N_("Host"), "limits", false, check_limits },
	{ NULL, NULL, false, NULL },
};
