#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/doctor/doctor.h"
#include "tools/firewall/firewall.h"
#include "tools/vm-model/boot_config.h"
#include "tools/vm-model/info_block.h"
#include "tools/vm-model/memory_config.h"
#include "tools/vm-model/text.h"
#include "tools/vm-model/virt.h"

/* ---- the host ---- */

static bool has_word_in(const struct sysroot *root, const char *path, const char *word) {
	char *text = sysroot_read(root, path, NULL);
	bool found = false;
	for (char *line = text, *next; line && *line && !found; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		line += strspn(line, " \t");
		found = line[0] != '#' && strstr(line, word) != NULL;
	}
	free(text);
	return found;
}

static void read_cpu(struct facts *facts) {
	struct facts_cpu *cpu = &facts->cpu;
	char *text = sysroot_read(facts->root, "/proc/cpuinfo", NULL);
	unsigned siblings = 0;
	for (char *line = text, *next; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		char *value = strchr(line, ':');
		value = value ? value + 1 + strspn(value + 1, " ") : line + strlen(line);
		if (strncmp(line, "processor", 9) == 0) {
			cpu->threads++;
		} else if (strncmp(line, "vendor_id", 9) == 0) {
			copy_text(cpu->vendor, sizeof cpu->vendor, value);
		} else if (strncmp(line, "siblings", 8) == 0) {
			siblings = (unsigned)strtoul(value, NULL, 10);
		} else if (strncmp(line, "cpu cores", 9) == 0) {
			cpu->cores = (unsigned)strtoul(value, NULL, 10);
		} else if (strncmp(line, "flags", 5) == 0) {
			cpu->virt = list_has(value, "svm", ' ') || list_has(value, "vmx", ' ');
			cpu->guest = list_has(value, "hypervisor", ' ');
		}
	}
	free(text);
	cpu->amd = strcmp(cpu->vendor, "AuthenticAMD") == 0;
	cpu->intel = strcmp(cpu->vendor, "GenuineIntel") == 0;
	cpu->threads_per_core = cpu->cores && siblings ? siblings / cpu->cores : 1;
	if (cpu->cores && siblings) { /* of one package: of all of them */
		cpu->cores = cpu->threads / (cpu->threads_per_core ? cpu->threads_per_core : 1);
	}
}

static void read_iommu(struct facts *facts) {
	struct facts_iommu *iommu = &facts->iommu;
	struct sysroot_names names = sysroot_list(facts->root, "/sys/class/iommu");
	iommu->units = (unsigned)names.count;
	iommu->remapping = -1;
	for (size_t i = 0; i < names.count; i++) {
		char path[128];
		char text[32];
		snprintf(path, sizeof path, "/sys/class/iommu/%.40s/intel-iommu/ecap",
				names.name[i]);
		if (sysroot_line(facts->root, path, text, sizeof text)) {
			/* VT-d extended capability register, bit 3: interrupt remapping */
			iommu->remapping = (strtoull(text, NULL, 16) >> 3 & 1) != 0;
		}
	}
	sysroot_names_free(&names);
	names = sysroot_list(facts->root, "/sys/kernel/iommu_groups");
	iommu->groups = (unsigned)names.count;
	sysroot_names_free(&names);
	names = sysroot_list(facts->root, "/sys/firmware/acpi/tables");
	iommu->firmware = names.count > 0 ? 0 : -1;
	for (size_t i = 0; i < names.count; i++) {
		if (strncmp(names.name[i], "DMAR", 4) == 0 ||
				strncmp(names.name[i], "IVRS", 4) == 0) {
			iommu->firmware = 1;
		}
	}
	sysroot_names_free(&names);
}

/* What setup writes counts from the next start of the machine on: until then it is not asked for
 * again. */
static void read_written(struct facts *facts) {
	bool amd = facts->cpu.amd;
	facts->boot_written = boot_config_says(facts->root, "iommu=pt") &&
			      (amd ? !boot_config_says(facts->root, "amd_iommu=off")
				   : boot_config_says(facts->root, "intel_iommu=on"));
	distro_read(facts->root, facts->distro);
}

static void read_host(struct facts *facts, struct host_use *use) {
	static const char *const virtiofsd[] = { "/usr/libexec/virtiofsd",
		"/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "/usr/bin/virtiofsd" };
	sysroot_line(facts->root, "/proc/cmdline", facts->cmdline, sizeof facts->cmdline);
	read_cpu(facts);
	read_iommu(facts);
	vfio_config_read(facts->root, &facts->vfio);
	read_written(facts);
	pci_read(facts->root, &facts->pci);
	host_use_read(facts->root, use);
	host_needs_of(use, &facts->pci, &facts->needs);
	facts->kvm_present = sysroot_exists(facts->root, "/dev/kvm");
	facts->kvm_may_use = sysroot_may(facts->root, &facts->me, "/dev/kvm", R_OK | W_OK);
	for (size_t i = 0; i < sizeof virtiofsd / sizeof virtiofsd[0] && !facts->virtiofsd; i++) {
		facts->virtiofsd = sysroot_exists(facts->root, virtiofsd[i]);
		copy_text(facts->virtiofsd_path, sizeof facts->virtiofsd_path, virtiofsd[i]);
	}
}

/* ---- the VM ---- */

static int vm_from_file(struct facts *facts, const char *file) {
	struct sysroot here;
	sysroot_open(&here, NULL);
	size_t len = 0;
	char *xml = sysroot_read(&here, file, &len);
	int error = errno;
	sysroot_close(&here);
	if (!xml) {
		fprintf(stderr, "pierglass doctor: %s: %s\n", file, strerrordesc_np(error));
		return -EBADMSG;
	}
	int r = domain_read_xml(&facts->vm, xml, len);
	free(xml);
	if (r < 0) {
		fprintf(stderr, "pierglass doctor: %s: %s\n", file, facts->vm.xml_error);
		return -EBADMSG;
	}
	facts->has_vm = true;
	if (!facts->root->copy) {
		copy_text(facts->vm_file, sizeof facts->vm_file, file);
	}
	return 0;
}

static void compare_stored(struct facts *facts, struct virt *virt) {
	char *xml = virt_stored_xml(virt, facts->vm.uuid, false);
	struct domain *stored = xmalloc(sizeof *stored);
	if (xml && domain_read_xml(stored, xml, strlen(xml)) == 0) {
		const struct domain_shmem *now = domain_looking_glass(&facts->vm);
		const struct domain_shmem *then = domain_looking_glass(stored);
		facts->vm_stored_differs_shm = (now ? now->bytes : 0) != (then ? then->bytes : 0);
	}
	free(stored);
	free(xml);
}

static void vm_from_libvirt(struct facts *facts, const struct doctor_options *options,
		struct qemu_process *processes, unsigned process_count) {
	struct virt *virt = NULL;
	struct virt_domain *domains = NULL;
	unsigned count = 0;
	char error[160] = "";
	if (!facts->root->copy || options->uri) {
		if (virt_open(&virt, options->uri, VIRT_READ, error, sizeof error) == 0) {
			virt_list(virt, false, &domains, &count);
		}
	}
	struct vm_candidate *list = xmalloc((count + process_count) * sizeof *list);
	for (unsigned i = 0; i < count; i++) {
		list[i] = (struct vm_candidate){ .domain = &domains[i].domain,
			.uri = domains[i].uri,
			.source = VM_SOURCE_LIBVIRT };
	}
	for (unsigned i = 0; i < process_count; i++) {
		list[count + i] = (struct vm_candidate){ .domain = &processes[i].domain,
			.source = VM_SOURCE_QEMU };
	}
	unsigned index = 0;
	struct text why = { 0 };
	switch (vm_choose(list, count + process_count, options->wanted, &index)) {
	case VM_CHOICE_ONE:
		facts->vm = *list[index].domain;
		facts->has_vm = true;
		copy_text(facts->vm_uri, sizeof facts->vm_uri,
				list[index].uri ? list[index].uri : "");
		break;
	case VM_CHOICE_SEVERAL:
	case VM_CHOICE_NONE:
		for (unsigned i = 0; i < count + process_count && facts->vm_name_count < 8; i++) {
			if (copy_text(facts->vm_names[facts->vm_name_count], 128,
					    list[i].domain->name) &&
					list[i].domain->name[0]) {
				facts->vm_name_count++;
			}
		}
		vm_block(&why, list, count + process_count, options->wanted, false, error,
				&facts->stranger);
		const char *reason = strstr(text_get(&why), "reason=");
		if (reason) {
			snprintf(facts->vm_problem, sizeof facts->vm_problem, "%.*s",
					(int)strcspn(reason + 7, "\n"), reason + 7);
		}
		break;
	}
	text_finish(&why);
	free(list);
	if (facts->has_vm && facts->vm_uri[0]) {
		compare_stored(facts, virt);
		for (unsigned i = 0; i < facts->vm.interface_count && !facts->network.bridge[0];
				i++) {
			virt_network_bridge(virt, facts->vm.interface[i].network,
					facts->network.bridge, sizeof facts->network.bridge);
		}
	}
	virt_list_free(domains, count);
	virt_close(virt);
}

static int read_vm(struct facts *facts, const struct doctor_options *options) {
	struct qemu_process *processes;
	struct owners owners;
	struct qemu_others others;
	char unknown[OWNER_NAME_BYTES];
	sysroot_owners(facts->root, "", &owners, unknown);
	unsigned count = qemu_list(facts->root, &owners, &processes, &others);
	facts->hidden_processes = others.hidden;
	facts->stranger = others.stranger;
	int r = 0;
	if (options->xml) {
		r = vm_from_file(facts, options->xml);
	} else {
		vm_from_libvirt(facts, options, processes, count);
	}
	for (unsigned i = 0; i < count && facts->has_vm; i++) {
		const struct domain *other = &processes[i].domain;
		bool same = other->uuid[0] && facts->vm.uuid[0]
					    ? strcmp(other->uuid, facts->vm.uuid) == 0
					    : strcmp(other->name, facts->vm.name) == 0;
		if (same) {
			facts->has_process = true;
			facts->process = processes[i];
			if (facts->vm.state == DOMAIN_UNKNOWN) {
				facts->vm.state = DOMAIN_RUNNING;
			}
		}
	}
	free(processes);
	return r;
}

/* ---- memory ---- */

static void read_tmpfiles(struct facts *facts) {
	struct facts_memory *memory = &facts->memory;
	enum tmpfiles_found found = tmpfiles_find(facts->root, memory->path, &facts->me,
			memory->tmpfiles_line, sizeof memory->tmpfiles_line);
	memory->tmpfiles = found != TMPFILES_NONE;
	memory->tmpfiles_right = found == TMPFILES_RIGHT;
	memory->tmpfiles_no_user = found == TMPFILES_NO_USER;
}

/* The local rule (semanage fcontext), or what the file carries already. */
static void read_selinux(struct facts *facts) {
	struct facts_memory *memory = &facts->memory;
	static const char *const types[] = { "targeted", "mls", "minimum", "default" };
	char label[256] = "";
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		char path[128];
		snprintf(path, sizeof path, "/etc/selinux/%s/contexts/files/file_contexts.local",
				types[i]);
		memory->selinux_rule = memory->selinux_rule ||
				       has_word_in(facts->root, path, memory->path);
	}
	if (!facts->root->copy) {
		ssize_t len = getxattr(memory->path, "security.selinux", label, sizeof label - 1);
		label[len > 0 ? len : 0] = '\0';
	} else if (!sysroot_fact(facts->root, "live", "selinux-label", label, sizeof label)) {
		label[0] = '\0';
	}
	memory->selinux_rule = memory->selinux_rule || strstr(label, ":svirt_") != NULL;
}

static void read_memory(struct facts *facts) {
	struct facts_memory *memory = &facts->memory;
	const struct domain_shmem *shmem = facts->has_vm ? domain_looking_glass(&facts->vm) : NULL;
	copy_text(memory->path, sizeof memory->path,
			shmem ? shmem->path : "/dev/shm/looking-glass");
	memory->present = sysroot_stat(facts->root, memory->path, &memory->st);
	if (memory->present) {
		sysroot_user_name(facts->root, memory->st.uid, memory->owner, sizeof memory->owner);
		sysroot_group_name(
				facts->root, memory->st.gid, memory->group, sizeof memory->group);
		memory->may_use = sysroot_may(facts->root, &facts->me, memory->path, R_OK | W_OK);
	}
	gid_t kvm = 0;
	memory->kvm_group = sysroot_group_id(facts->root, "kvm", &kvm);
	memory->in_kvm_group = memory->kvm_group && sysroot_in_group(&facts->me, kvm);
	read_tmpfiles(facts);
	const int number = shmem ? kvmfr_number(shmem->path) : -1;
	struct kvmfr_config config;
	snprintf(memory->kvmfr_path, sizeof memory->kvmfr_path, "/dev/kvmfr%d",
			number < 0 ? 0 : number);
	sysroot_stat(facts->root, memory->kvmfr_path, &memory->kvmfr);
	memory->kvmfr_module = sysroot_exists(facts->root, "/sys/module/kvmfr");
	memory->kvmfr_may_use =
			sysroot_may(facts->root, &facts->me, memory->kvmfr_path, R_OK | W_OK);
	kvmfr_config_read(facts->root, &facts->me, &config);
	facts->kvmfr_option = config.mib[number < 0 ? 0 : number];
	facts->kvmfr_rule = config.rule == KVMFR_RULE_RIGHT;
	char line[128];
	if (sysroot_line(facts->root, "/sys/module/kvmfr/parameters/static_size_mb", line,
			    sizeof line)) {
		unsigned mib[KVMFR_DEVICES_MAX] = { 0 };
		kvmfr_sizes(line, mib);
		facts->kvmfr_mib = mib[number < 0 ? 0 : number];
	}
	memory->apparmor = sysroot_line(facts->root, "/sys/module/apparmor/parameters/enabled",
					   line, sizeof line) &&
			   line[0] == 'Y';
	memory->apparmor_rule =
			has_word_in(facts->root, "/etc/apparmor.d/local/abstractions/libvirt-qemu",
					"kvmfr") ||
			has_word_in(facts->root, "/etc/apparmor.d/abstractions/libvirt-qemu",
					"kvmfr");
	char *conf = sysroot_read(facts->root, "/etc/libvirt/qemu.conf", NULL);
	memory->cgroup_known = conf != NULL;
	free(conf);
	memory->cgroup_rule =
			has_word_in(facts->root, "/etc/libvirt/qemu.conf", memory->kvmfr_path);
	uint64_t enforce;
	memory->selinux =
			sysroot_number(facts->root, "/sys/fs/selinux/enforce", &enforce) && enforce;
	read_selinux(facts);
}

/* ---- network ---- */

static int small_number(const struct sysroot *root, const char *path) {
	uint64_t value;
	return sysroot_number(root, path, &value) && value < 1000 ? (int)value : -1;
}

/* /proc/net/udp: "sl local_address …": the inodes bound to our port. */
static unsigned udp_inodes(const struct sysroot *root, uint64_t *inodes, unsigned max) {
	char *text = sysroot_read(root, "/proc/net/udp", NULL);
	unsigned count = 0;
	for (char *line = text, *next; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		unsigned port;
		unsigned long long inode;
		if (sscanf(line, " %*d: %*8x:%4x %*s %*s %*s %*s %*s %*d %*d %llu", &port, // NOLINT
				    &inode) == 2 &&
				port == SCREAM_PORT && count < max) {
			inodes[count++] = inode;
		}
	}
	free(text);
	return count;
}

/* Whose socket that is; only our own processes tell. */
static void name_owner(struct facts *facts, const uint64_t *inodes, unsigned count) {
	struct facts_network *network = &facts->network;
	char *targets[16];
	for (unsigned n = 0; n < count; n++) {
		targets[n] = xasprintf("socket:[%llu]", (unsigned long long)inodes[n]);
	}
	proc_with_fd(facts->root, targets, count, network->port_owner, sizeof network->port_owner);
	network->port_is_ours = strncmp(network->port_owner, "pierglass", 9) == 0;
	for (unsigned n = 0; n < count; n++) {
		free(targets[n]);
	}
}

/* /proc/net/igmp: a line per interface, then its groups in hex, little endian. */
static bool is_member(const struct sysroot *root, const char *bridge) {
	char *text = sysroot_read(root, "/proc/net/igmp", NULL);
	bool here = false;
	bool found = false;
	for (char *line = text, *next; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next) {
			*next++ = '\0';
		}
		char name[32];
		if (isdigit((unsigned char)line[0])) {
			here = sscanf(line, "%*d %31[^: \t]", name) == 1 && // NOLINT
			       strcmp(name, bridge) == 0;
		} else {
			found = found || (here && strstr(line, "4D4DFFEF"));
		}
	}
	free(text);
	return found;
}

static void read_network(struct facts *facts) {
	struct facts_network *network = &facts->network;
	char path[128];
	if (facts->has_vm && !network->bridge[0]) {
		host_bridge_of(facts->root, &facts->vm, network->bridge, sizeof network->bridge);
	}
	network->known = network->bridge[0] != '\0';
	if (!network->known) {
		copy_text(network->bridge, sizeof network->bridge, "virbr0");
	}
#define ENTRY(format) (snprintf(path, sizeof path, format, network->bridge), path)
	char state[16] = "";
	network->present = sysroot_exists(facts->root, ENTRY("/sys/class/net/%s"));
	sysroot_line(facts->root, ENTRY("/sys/class/net/%s/operstate"), state, sizeof state);
	network->up = strcmp(state, "down") != 0;
	network->snooping = small_number(
			facts->root, ENTRY("/sys/class/net/%s/bridge/multicast_snooping"));
	network->querier = small_number(
			facts->root, ENTRY("/sys/class/net/%s/bridge/multicast_querier"));
	int all = small_number(facts->root, "/proc/sys/net/ipv4/conf/all/rp_filter");
	int own = small_number(facts->root, ENTRY("/proc/sys/net/ipv4/conf/%s/rp_filter"));
	network->rp_filter = all > own ? all : own;
	sysroot_number(facts->root, ENTRY("/sys/class/net/%s/statistics/multicast"),
			&network->multicast);
#undef ENTRY
	firewall_read(&network->firewall, facts->root, network->bridge, SCREAM_PORT);
	uint64_t inodes[16];
	unsigned count = udp_inodes(facts->root, inodes, 16);
	network->port_taken = count > 0;
	name_owner(facts, inodes, count);
	network->igmp_member = is_member(facts->root, network->bridge);
}

/* ---- sound, input, desktop ---- */

static void read_scream(struct facts *facts) {
	struct facts_sound *sound = &facts->sound;
	char home[512];
	char path[700];
	static const char *const wants[] = { "/etc/systemd/user/default.target.wants",
		"/etc/systemd/user/graphical-session.target.wants" };
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/scream.service", wants[i]);
		if (sysroot_exists(facts->root, path)) {
			copy_text(sound->scream_unit, sizeof sound->scream_unit, path);
		}
	}
	static const char *const own[] = { "default.target.wants",
		"graphical-session.target.wants" };
	for (size_t i = 0; i < 2 && sysroot_env(facts->root, "HOME", home, sizeof home); i++) {
		snprintf(path, sizeof path, "%s/.config/systemd/user/%s/scream.service", home,
				own[i]);
		if (sysroot_exists(facts->root, path)) {
			copy_text(sound->scream_unit, sizeof sound->scream_unit, path);
		}
	}
	struct sysroot_names pids = sysroot_list(facts->root, "/proc");
	for (size_t i = 0; i < pids.count; i++) {
		char comm[32];
		if (isdigit((unsigned char)pids.name[i][0]) &&
				snprintf(path, sizeof path, "/proc/%.16s/comm", pids.name[i]) > 0 &&
				sysroot_line(facts->root, path, comm, sizeof comm) &&
				strcmp(comm, "scream") == 0) {
			sound->scream_pid = (int)strtol(pids.name[i], NULL, 10);
		}
	}
	sysroot_names_free(&pids);
}

static void read_sound(struct facts *facts) {
	struct facts_sound *sound = &facts->sound;
	char dir[200];
	char server[256];
	if (sysroot_env(facts->root, "PULSE_SERVER", server, sizeof server) &&
			strncmp(server, "unix:", 5) == 0) {
		copy_text(sound->socket, sizeof sound->socket, server + 5);
	} else if (sysroot_env(facts->root, "XDG_RUNTIME_DIR", dir, sizeof dir)) {
		snprintf(sound->socket, sizeof sound->socket, "%s/pulse/native", dir);
	}
	sound->socket_present = sound->socket[0] && sysroot_exists(facts->root, sound->socket);
	read_scream(facts);
}

/* Which QEMU has that device open, as far as its descriptors may be read. */
static void read_evdev(struct facts *facts, const struct domain_evdev *wanted) {
	struct facts_evdev *evdev = &facts->input.evdev[facts->input.evdev_count++];
	char node[64];
	copy_text(evdev->path, sizeof evdev->path, wanted->path);
	evdev->present = sysroot_exists(facts->root, evdev->path);
	evdev->readable = sysroot_may(facts->root, &facts->me, evdev->path, R_OK);
	if (!facts->has_process) {
		return;
	}
	if (!sysroot_link_name(facts->root, evdev->path, node, sizeof node)) {
		const char *slash = strrchr(evdev->path, '/');
		copy_text(node, sizeof node, slash ? slash + 1 : evdev->path);
	}
	char path[128];
	snprintf(path, sizeof path, "/proc/%d/fd", facts->process.pid);
	struct sysroot_names fds = sysroot_list(facts->root, path);
	for (size_t i = 0; i < fds.count; i++) {
		char target[64];
		snprintf(path, sizeof path, "/proc/%d/fd/%.16s", facts->process.pid, fds.name[i]);
		if (sysroot_link_name(facts->root, path, target, sizeof target) &&
				strcmp(target, node) == 0) {
			evdev->holder = facts->process.pid;
		}
	}
	sysroot_names_free(&fds);
}

static void read_input(struct facts *facts) {
	struct facts_input *input = &facts->input;
	struct sysroot_names names = sysroot_list(facts->root, "/dev/input");
	for (size_t i = 0; i < names.count; i++) {
		char path[300];
		if (strncmp(names.name[i], "event", 5) == 0) {
			snprintf(path, sizeof path, "/dev/input/%.200s", names.name[i]);
			input->nodes++;
			input->readable += sysroot_may(facts->root, &facts->me, path, R_OK);
		}
	}
	sysroot_names_free(&names);
	gid_t gid = 0;
	input->group = sysroot_group_id(facts->root, "input", &gid);
	input->in_group = input->group && sysroot_in_group(&facts->me, gid);
	for (unsigned i = 0; facts->has_vm && i < facts->vm.evdev_count; i++) {
		read_evdev(facts, &facts->vm.evdev[i]);
	}
}

static void read_desktop(struct facts *facts) {
	struct facts_desktop *desktop = &facts->desktop;
	sysroot_env(facts->root, "XDG_SESSION_TYPE", desktop->session, sizeof desktop->session);
	sysroot_env(facts->root, "XDG_CURRENT_DESKTOP", desktop->name, sizeof desktop->name);
	sysroot_env(facts->root, "WAYLAND_DISPLAY", desktop->wayland, sizeof desktop->wayland);
	sysroot_env(facts->root, "DISPLAY", desktop->x11, sizeof desktop->x11);
}

static void read_limits(struct facts *facts) {
	struct facts_limits *limits = &facts->limits;
	limits->rtkit = sysroot_exists(facts->root,
			"/usr/share/dbus-1/system-services/org.freedesktop.RealtimeKit1.service");
	char text[64];
	if (facts->root->copy) {
		limits->known = sysroot_fact(facts->root, "live", "memlock", text, sizeof text);
		limits->memlock = limits->known ? strtoull(text, NULL, 10) : 0;
		limits->rtprio = sysroot_fact(facts->root, "live", "rtprio", text, sizeof text)
						 ? strtoull(text, NULL, 10)
						 : 0;
		return;
	}
	struct rlimit limit;
	limits->known = true;
	limits->memlock = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? limit.rlim_cur : 0;
	limits->rtprio = getrlimit(RLIMIT_RTPRIO, &limit) == 0 ? limit.rlim_cur : 0;
	limits->nice = getrlimit(RLIMIT_NICE, &limit) == 0 ? limit.rlim_cur : 0;
}

int facts_gather(struct facts *ret_facts, const struct doctor_options *options,
		const struct sysroot *root) {
	struct facts *facts = ret_facts;
	memset(facts, 0, sizeof *facts);
	facts->root = root;
	facts->width = options->width;
	facts->height = options->height;
	facts->hdr = options->hdr;
	facts->vm_wanted = options->wanted != NULL;
	domain_init(&facts->vm);
	sysroot_me(root, &facts->me);
	facts->is_root = root->copy ? facts->me.uid == 0 : geteuid() == 0;
	struct host_use use;
	read_host(facts, &use);
	int r = read_vm(facts, options);
	facts_gather_expert(facts, &use);
	host_use_free(&use);
	if (r < 0) {
		return r;
	}
	for (unsigned i = 0; facts->has_vm && i < facts->vm.filesystem_count; i++) {
		struct sysroot_stat st;
		facts->share_missing[i] =
				!sysroot_stat(root, facts->vm.filesystem[i].source, &st) &&
				errno == ENOENT;
	}
	facts_gather_start(facts);
	read_memory(facts);
	read_network(facts);
	read_sound(facts);
	read_input(facts);
	read_desktop(facts);
	read_limits(facts);
	facts_gather_live(facts, options->listen_s);
	return 0;
}
