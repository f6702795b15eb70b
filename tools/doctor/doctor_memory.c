/* Checks of the shared memory: the device in the VM, the file or kvmfr device on the host. */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "host-proto/host_facts.h"
#include "host-proto/kvmfr.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

static bool power_of_two(uint64_t n) {
	return n && (n & (n - 1)) == 0;
}

static bool is_kvmfr(const struct domain_shmem *shmem) {
	return strncmp(shmem->path, "/dev/kvmfr", 10) == 0;
}

/* A restart inside Windows is not enough. */
static void restart_vm(struct report *report) {
	report_virsh(report, "shutdown", "%s", "");
	report_remedy(report, _("once the VM is off (a restart inside Windows is not enough):"));
	report_virsh(report, "start", "%s", "");
}

/* For the resolution that was asked about, with the host that runs, else that of today. */
static void check_size_for(const struct facts *facts, struct report *report, unsigned have) {
	const bool old = facts->live.host == HOST_FOUND && facts->live.host_kvmfr < KVMFR_OFFERS;
	const unsigned need = shmem_mib(facts->width, facts->height, facts->hdr,
			old ? SHMEM_FRAMES_OLD : SHMEM_FRAMES);
	if (have < need) {
		report_fail(report, _("%u MiB of shared memory, %ux%u%s needs %u MiB"), have,
				facts->width, facts->height, facts->hdr ? " HDR" : "", need);
		report_setup(report, "shmem", "--max-res %ux%u%s", facts->width, facts->height,
				facts->hdr ? " --hdr" : "");
	} else {
		report_ok(report, _("%u MiB of shared memory, %ux%u%s needs %u MiB"), have,
				facts->width, facts->height, facts->hdr ? " HDR" : "", need);
	}
}

static void check_size(const struct facts *facts, struct report *report, uint64_t bytes) {
	unsigned have = (unsigned)(bytes >> 20);
	if (!power_of_two(bytes)) {
		report_fail(report, _("the memory has %llu bytes: QEMU takes powers of two only"),
				(unsigned long long)bytes);
		report_setup(report, "shmem", "--max-res 1920x1080");
	} else if (facts->width) {
		check_size_for(facts, report, have);
	} else if (have < 32) {
		report_warn(report, _("%u MiB of shared memory: too small for 1920x1080 (32 MiB)"),
				have);
		report_setup(report, "shmem", "--max-res 1920x1080");
	} else {
		report_ok(report, _("%u MiB of shared memory: enough for %s"), have,
				have >= 256   ? "3840x2160 HDR"
				: have >= 128 ? "3840x2160, 2560x1440 HDR"
				: have >= 64  ? "2560x1440, 1920x1080 HDR"
					      : "1920x1080");
	}
}

static void scream_line(const struct facts *facts, struct report *report,
		const struct domain_shmem *scream) {
	char path[DOCTOR_WORD_BYTES];
	char name[DOCTOR_WORD_BYTES];
	const bool found = domain_shmem_says_scream(scream);
	report_ok(report, found ? _(HOST_FACTS_SCREAM_SHM) : _(HOST_FACTS_SCREAM_SHM_SMALL),
			scream->name, (unsigned long long)(scream->bytes >> 20));
	if (found) {
		return;
	}
	char *words = xasprintf("--audio-shm %s %s", doctor_word(scream->path, path),
			facts->vm.name[0] ? doctor_word(facts->vm.name, name) : "");
	report_self(report, false, words);
	free(words);
}

static void check_device(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	const struct domain_shmem *shmem = domain_looking_glass(vm);
	const struct domain_shmem *scream = domain_scream(vm);
	if (scream) {
		scream_line(facts, report, scream);
	}
	if (!shmem) {
		report_fail(report, _("the VM has no shared memory for Looking Glass"));
		report_setup(report, "shmem", "--max-res 1920x1080");
		return;
	}
	if (strcmp(shmem->model, "ivshmem-plain") != 0) {
		report_warn(report,
				_("shared memory of model %s: Looking Glass wants ivshmem-plain"),
				shmem->model[0] ? shmem->model : "ivshmem (default)");
		report_edit(report, _("<model type='ivshmem-plain'/> in <shmem>"));
	}
	check_size(facts, report, shmem->bytes);
	if (facts->vm_stored_differs_shm) {
		report_warn(report,
				_("the stored configuration has another memory size than the running VM"));
		restart_vm(report);
	}
}

static void apparmor_line(const struct facts *facts, struct report *report) {
	if (facts->memory.apparmor && !facts->memory.apparmor_rule) {
		report_warn(report, _("AppArmor is on and no rule lets QEMU use %s"),
				facts->memory.kvmfr_path);
		report_setup(report, "kvmfr", "%s", "");
	}
	if (!facts->memory.cgroup_known) {
		report_skip(report,
				_("only root may see whether libvirt lets QEMU open %s (/etc/libvirt/qemu.conf)"),
				facts->memory.kvmfr_path);
	} else if (!facts->memory.cgroup_rule) {
		report_warn(report,
				_("cgroup_device_acl in /etc/libvirt/qemu.conf does not name "
				  "%s: QEMU may not open it"),
				facts->memory.kvmfr_path);
		report_setup(report, "kvmfr", "%s", "");
	}
}

static void kvmfr_rights(const struct facts *facts, struct report *report) {
	if (facts->kvmfr_rule) {
		report_command(report, "sudo udevadm control --reload && sudo udevadm trigger "
				       "--subsystem-match=kvmfr");
	} else {
		char word[DOCTOR_WORD_BYTES];
		report_setup(report, "kvmfr", "--user %s", doctor_word(facts->me.name, word));
	}
}

/* The module makes its device when it is loaded, by the size that modprobe.d says. */
static void kvmfr_absent(const struct facts *facts, struct report *report) {
	if (!facts->kvmfr_option) {
		report_setup(report, "kvmfr", "%s", "");
	}
	if (facts->memory.kvmfr_module) {
		report_command(report, "sudo modprobe -r kvmfr && sudo modprobe kvmfr");
	} else {
		report_command(report, "sudo modprobe kvmfr");
		report_remedy(report, _("the module comes from Looking Glass, as a DKMS package"));
	}
}

static void check_kvmfr(const struct facts *facts, struct report *report) {
	const struct facts_memory *memory = &facts->memory;
	const struct domain_shmem *shmem = facts->has_vm ? domain_looking_glass(&facts->vm) : NULL;
	bool wanted = shmem && is_kvmfr(shmem);
	if (memory->kvmfr.type == 0 && !wanted) {
		return;
	}
	if (memory->kvmfr.type == 'f') {
		report_fail(report,
				_("%s is a plain file: the VM was started before the kvmfr "
				  "module was loaded"),
				memory->kvmfr_path);
		if (facts->vm.state == DOMAIN_RUNNING) {
			report_virsh(report, "shutdown", "%s", "");
			report_remedy(report, _("once the VM is off:"));
		}
		report_command(report, "sudo rm %s && sudo modprobe kvmfr", memory->kvmfr_path);
	} else if (memory->kvmfr.type != 'c') {
		report_fail(report, _("the VM uses %s, which is not there"), memory->kvmfr_path);
		kvmfr_absent(facts, report);
	} else if (!memory->kvmfr_may_use) {
		report_fail(report, _("%s may not use %s (mode %04o)"), facts->me.name,
				memory->kvmfr_path, memory->kvmfr.mode);
		kvmfr_rights(facts, report);
	} else {
		report_ok(report, _("%s is there and may be used"), memory->kvmfr_path);
		if (!wanted && shmem) {
			report_warn(report, _("kvmfr is loaded, but the VM uses %s"), shmem->path);
			report_remedy(report,
					_("nothing, if this is intended: pierglass finds the VM's own memory; "
					  "without kvmfr: sudo modprobe -r kvmfr"));
		}
	}
	unsigned mib = wanted ? (unsigned)(shmem->bytes >> 20) : 0;
	if (wanted && facts->kvmfr_mib && facts->kvmfr_mib < mib) {
		report_fail(report,
				_("%s has %u MiB, the VM's device %u MiB: the VM does not start"),
				memory->kvmfr_path, facts->kvmfr_mib, mib);
		if (facts->kvmfr_option >= mib) { /* since it was loaded */
			report_command(report, "sudo modprobe -r kvmfr && sudo modprobe kvmfr");
		} else {
			report_setup(report, "kvmfr", "%s", "");
		}
	}
	if (wanted) {
		apparmor_line(facts, report);
	}
}

/* The line gives the right already: systemd-tmpfiles sets it on a file that is there, too. */
static void tmpfiles_remedy(const struct facts *facts, struct report *report) {
	char word[DOCTOR_WORD_BYTES];
	if (facts->memory.tmpfiles_right) {
		report_command(report, "sudo systemd-tmpfiles --create %s",
				doctor_word(facts->memory.tmpfiles_line, word));
	} else {
		report_setup(report, "tmpfiles", "--user %s", doctor_word(facts->me.name, word));
	}
}

static void absent_file(const struct facts *facts, struct report *report) {
	const struct facts_memory *memory = &facts->memory;
	bool running = facts->vm.state == DOMAIN_RUNNING || facts->vm.state == DOMAIN_PAUSED;
	if (running) {
		report_fail(report, _("%s does not exist although the VM is running"),
				memory->path);
		restart_vm(report);
	} else if (memory->tmpfiles_no_user) {
		report_warn(report,
				_("%s does not exist, and the line for it in %s names a user whom this machine does not have: systemd-tmpfiles skips that line"),
				memory->path, memory->tmpfiles_line);
		tmpfiles_remedy(facts, report);
	} else if (!memory->tmpfiles) {
		report_warn(report,
				_("%s does not exist yet, and no tmpfiles.d line creates it: QEMU will create it with its own permissions"),
				memory->path);
		report_setup(report, "tmpfiles", "--user %s", facts->me.name);
	} else {
		report_ok(report, _("%s does not exist yet; %s creates it at boot"), memory->path,
				memory->tmpfiles_line);
	}
}

static void check_file_rights(const struct facts *facts, struct report *report) {
	const struct facts_memory *memory = &facts->memory;
	if (!memory->may_use) {
		report_fail(report, _("%s may not use %s (%s:%s, mode %04o)"), facts->me.name,
				memory->path, memory->owner, memory->group, memory->st.mode);
		if (memory->kvm_group && !memory->in_kvm_group &&
				strcmp(memory->group, "kvm") == 0 &&
				(memory->st.mode & 060) == 060) {
			char word[DOCTOR_WORD_BYTES];
			report_command(report, "sudo usermod -aG kvm %s",
					doctor_word(facts->me.name, word));
			report_remedy(report, _("then log in again"));
		} else {
			tmpfiles_remedy(facts, report);
		}
		return;
	}
	report_ok(report, _("%s: %s:%s, mode %04o"), memory->path, memory->owner, memory->group,
			memory->st.mode);
	if (memory->st.mode & 07) {
		report_warn(report,
				_("everybody on this machine can read the guest's screen (mode %04o)"),
				memory->st.mode);
		char path[DOCTOR_WORD_BYTES];
		report_command(report, "sudo chmod o= %s", doctor_word(memory->path, path));
	}
	if (!memory->tmpfiles) {
		report_warn(report,
				_("no tmpfiles.d line creates %s: after the next boot QEMU creates it with its own permissions"),
				memory->path);
		report_setup(report, "tmpfiles", "--user %s", facts->me.name);
	}
}

static void check_file_size(const struct facts *facts, struct report *report) {
	const struct facts_memory *memory = &facts->memory;
	const struct domain_shmem *shmem = facts->has_vm ? domain_looking_glass(&facts->vm) : NULL;
	bool running = facts->vm.state == DOMAIN_RUNNING || facts->vm.state == DOMAIN_PAUSED;
	if (memory->st.size == 0) {
		report_ok(report, _("it is empty until the VM starts for the first time"));
	} else if (shmem && power_of_two(shmem->bytes) && memory->st.size != shmem->bytes) {
		if (running) {
			report_fail(report, _("the file has %llu MiB, the VM's device %llu MiB"),
					(unsigned long long)(memory->st.size >> 20),
					(unsigned long long)(shmem->bytes >> 20));
		} else {
			report_warn(report,
					_("the file has %llu MiB from an earlier start, the VM's device "
					  "%llu MiB: QEMU may refuse it"),
					(unsigned long long)(memory->st.size >> 20),
					(unsigned long long)(shmem->bytes >> 20));
		}
		char path[DOCTOR_WORD_BYTES];
		if (running) {
			report_virsh(report, "shutdown", "%s", "");
			report_remedy(report, _("once the VM is off:"));
		}
		report_command(report, "sudo truncate -s %llu %s", (unsigned long long)shmem->bytes,
				doctor_word(memory->path, path));
	}
}

static void check_inode(const struct facts *facts, struct report *report) {
	const struct qemu_process *process = &facts->process;
	if (!facts->has_process) {
		return;
	}
	if (!process->maps_readable) {
		report_skip(report,
				_("only root may see whether QEMU (pid %d) maps this very file"),
				process->pid);
	} else if (process->shm_ino == 0) {
		report_warn(report, _("QEMU (pid %d) does not map %s"), process->pid,
				facts->memory.path);
		restart_vm(report);
	} else if (process->shm_deleted || process->shm_ino != facts->memory.st.ino) {
		report_fail(report,
				_("QEMU (pid %d) maps a file that was replaced: pierglass would see "
				  "nothing"),
				process->pid);
		restart_vm(report);
	} else {
		report_ok(report, _("QEMU (pid %d) maps this very file"), process->pid);
	}
}

static void check_file(const struct facts *facts, struct report *report) {
	const struct facts_memory *memory = &facts->memory;
	char path[DOCTOR_WORD_BYTES];
	if (strncmp(memory->path, "/dev/kvmfr", 10) == 0) {
		return;
	}
	if (!memory->present) {
		absent_file(facts, report);
		return;
	}
	if (memory->st.type != 'f') {
		report_fail(report, _("%s is not a plain file"), memory->path);
		report_command(report, "sudo rm -r %s", doctor_word(memory->path, path));
		return;
	}
	check_file_rights(facts, report);
	check_file_size(facts, report);
	check_inode(facts, report);
}

/* A file that tmpfiles.d makes gets the label of its folder (tmpfs_t), which QEMU may not open; one
 * that libvirt's QEMU makes has QEMU's. By the text of Fedora's policy and by trees with what its
 * tools would say: not tried on a system that enforces. */
static void check_selinux(const struct facts *facts, struct report *report) {
	const struct facts_memory *memory = &facts->memory;
	bool running = facts->vm.state == DOMAIN_RUNNING || facts->vm.state == DOMAIN_PAUSED;
	char path[DOCTOR_WORD_BYTES];
	if (!memory->selinux || running) {
		return;
	}
	doctor_word(memory->path, path);
	if (strncmp(memory->path, "/dev/kvmfr", 10) == 0) {
		report_warn(report,
				_("SELinux enforces: QEMU is refused %s until a rule allows it"),
				memory->path);
		report_remedy(report,
				_("start the VM once (it is refused), then allow what was refused:"));
		report_command(report,
				"sudo ausearch -m avc -c qemu-system-x86 --raw | audit2allow -M "
				"pierglass-kvmfr && sudo semodule -i pierglass-kvmfr.pp");
	} else if (!memory->selinux_rule && (memory->present || memory->tmpfiles)) {
		report_fail(report,
				_("SELinux enforces, and %s has no label that QEMU may open: the VM does "
				  "not start"),
				memory->path);
		report_command(report,
				"sudo semanage fcontext -a -t svirt_tmpfs_t %s && sudo restorecon -v %s",
				path, path);
	} else if (memory->selinux_rule) {
		report_ok(report, _("SELinux: %s has a label that QEMU may open"), memory->path);
	}
}

const struct check checks_memory[] = {
	{ N_("Shared memory"), "device", true, check_device },
	{ N_("Shared memory"), "kvmfr", false, check_kvmfr },
	{ N_("Shared memory"), "file", false, check_file },
	{ N_("Shared memory"), "selinux", true, check_selinux },
	{ NULL, NULL, false, NULL },
};
