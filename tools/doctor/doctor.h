/*
 * pierglass-doctor: looks at the host and the VM, says what is wrong, and how to cure it.
 *
 * Facts are gathered once (doctor_facts.c; what only a running machine can answer in
 * doctor_live.c); checks are small functions over them (doctor_*.c) that add lines to a report.
 * Nothing here needs root; a fact that only root can read is named as such.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/doctor/seen_packets.h"
#include "tools/firewall/firewall.h"
#include "tools/vm-model/distro.h"
#include "tools/vm-model/domain.h"
#include "tools/vm-model/handover.h"
#include "tools/vm-model/host_use.h"
#include "tools/vm-model/pci.h"
#include "tools/vm-model/qemu.h"
#include "tools/vm-model/sysroot.h"
#include "tools/vm-model/text.h"
#include "tools/vm-model/vfio_config.h"
#include "tools/vm-model/virt.h"

/* ---- facts ---- */

struct facts_cpu {
	char vendor[16];
	bool amd, intel;
	bool virt;  /* svm or vmx */
	bool guest; /* we run in a VM ourselves */
	unsigned threads, cores, threads_per_core;
};

struct facts_iommu {
	unsigned units, groups;
	int firmware;  /* ACPI table DMAR or IVRS: 1 there, 0 not, -1 cannot tell */
	int remapping; /* of interrupts: 1, 0, -1 cannot tell */
};

struct facts_memory { /* the Looking Glass file or device */
	char path[256];
	bool present;
	struct sysroot_stat st;
	char owner[64], group[64];
	bool may_use;      /* read and write, by me */
	bool kvm_group;    /* there is one */
	bool in_kvm_group; /* and I am in it */
	bool tmpfiles;     /* a tmpfiles.d line makes it */
	char tmpfiles_line[256];
	bool tmpfiles_right, tmpfiles_no_user; /* and it gives this user the right */
	char kvmfr_path[24];                   /* the VM's device, or /dev/kvmfr0 */
	struct sysroot_stat kvmfr;             /* of it; type 0 = absent */
	bool kvmfr_module, kvmfr_may_use;
	bool apparmor, apparmor_rule; /* enabled; the local abstraction names kvmfr */
	bool cgroup_known;            /* qemu.conf could be read */
	bool cgroup_rule;             /* qemu.conf's cgroup_device_acl names kvmfr */
	bool selinux;                 /* enforcing */
	bool selinux_rule;            /* the file has, or will get, a label that QEMU may use */
};

struct facts_network {
	char bridge[16];
	bool known, present, up;
	int snooping, querier, rp_filter; /* -1 = cannot tell */
	uint64_t multicast;               /* received by the bridge, since it is there */
	struct firewall firewall;         /* for Scream's port */
	char port_owner[64];              /* who has UDP 4010: "scream (pid 123)", "" = nobody */
	bool port_taken;
	bool port_is_ours;
	bool igmp_member; /* somebody on this machine joined the group on the bridge */
};

struct facts_sound {
	char socket[256];
	bool socket_present;
	char scream_unit[256]; /* enabled user unit */
	int scream_pid;
};

struct facts_usb {
	bool bus_known;           /* sysfs has USB devices at all */
	bool seen;                /* it is plugged in; else nobody can tell what it is: */
	unsigned vendor, product; /* … */
	bool keyboard, twin;      /* …; another one has the same ids */
};

struct facts_evdev {
	char path[256];
	bool present, readable;
	int holder; /* pid of a QEMU that has it open; 0 = not seen */
};

struct facts_input {
	unsigned nodes, readable;
	bool group, in_group;
	unsigned evdev_count;
	struct facts_evdev evdev[16];
};

struct facts_desktop {
	char session[16]; /* XDG_SESSION_TYPE */
	char name[64];    /* XDG_CURRENT_DESKTOP */
	char wayland[256], x11[128];
};

struct facts_limits {
	bool known;
	uint64_t memlock, rtprio, nice; /* UINT64_MAX = unlimited; nice as RLIMIT_NICE has it */
	bool rtkit;                     /* the service that grants more than the limits */
};

/* Answers of a running machine; -1 / "" = not asked. */
struct facts_live {
	bool asked;
	/* The host program in the VM, through the shared memory: */
	enum { HOST_NOT_ASKED, HOST_FOUND, HOST_OTHER } host;
	char host_version[64];  /* of a found one */
	unsigned host_kvmfr;    /* … */
	unsigned host_features; /* … enum kvmfr_feature */
	bool host_recovery;     /* it keeps a recovery region */
	char host_audio[16];    /* its answer about its sound: a kvmfr_audio_result_name(), "" = not
				   asked */
	struct {                /* its newest picture; width 0 = there is none yet */
		unsigned width, height;
		bool hdr, metadata;
		unsigned nits, cll_nits, fall_nits; /* with metadata */
	} host_picture;
	char host_reason[200]; /* HOST_OTHER: what is wrong, in a sentence */
	int spice;             /* 0 = accepts, else errno */
	char spice_uri[400];
	bool spice_asked;
	int pulse; /* 0 = accepts, else errno */
	bool pulse_asked;
	char pulse_server[96];
	char pulse_sink[256];  /* the default one */
	char pulse_silent[16]; /* "sink-mute", "sink-zero", "stream-mute", "stream-zero"; "" = not
				*/
	long pulse_latency_us; /* of a stream that wants 20 ms on it; -1 = cannot tell */
	char wayland_globals[2048]; /* separated by blanks */
	bool wayland_asked;
	char x11_abilities[64]; /* "xinput-2.4 xwayland" */
	int x11;                /* 0 = answers, else errno */
	bool x11_asked;
	unsigned listen_s;
	int64_t multicast_counted; /* on the bridge, meanwhile; -1 = not asked */
	int64_t multicast_received;
	bool packets_seen; /* who may look at packets has */
	struct seen_packets seen;
	char nft_chains[4][96]; /* "inet filter input": base chains of the input hook; root only */
	char grab_busy[256];    /* an evdev device of the VM that somebody else grabbed */
	char grab_holder[64];   /* who has it open: "evsieve (pid 12)", "" = cannot tell */
};

struct facts {
	const struct sysroot *root;
	struct sysroot_user me;
	bool is_root;
	char cmdline[4096];
	struct facts_cpu cpu;
	struct facts_iommu iommu;
	struct pci_list pci;
	struct host_needs needs; /* of the running host */
	bool kvm_present, kvm_may_use;
	struct vfio_config vfio;
	bool boot_written;     /* the boot loader's files have what the IOMMU needs */
	unsigned kvmfr_option; /* MiB that its device gets when the module is loaded; 0 = not told
				*/
	bool kvmfr_rule;       /* a rule of udev's gives it to this user and to QEMU */
	char distro[DISTRO_IDS];
	char hook[256]; /* of libvirt, which takes devices when the VM starts; "" = none */
	struct facts_usb usb[16]; /* what vm.usb[i] is */
	bool vendor_reset;        /* the module that resets AMD's GPUs is loaded */
	char fast_cpus[128]; /* one kind of cores, or one cache, of several; "" = all are alike */
	bool hybrid;         /* by kind of core; else by cache */
	bool virtiofsd;
	char virtiofsd_path[128];
	uint64_t memory_total_kib; /* of the host; 0 = cannot tell */
	bool hugepages_known;
	unsigned hugepage_kib;
	bool hugepage_default;   /* that is the size which vm.nr_hugepages counts in */
	char hugepage_hook[256]; /* of libvirt, which reserves them as the VM starts; "" = none */
	uint64_t hugepages_mib;  /* reserved, of the size that the VM wants */
	uint64_t hugepages_free; /* MiB of them that nobody uses */
	bool loader_missing;
	uint32_t rom_missing;   /* a bit for vm.hostdev[i] */
	unsigned kvmfr_mib;     /* of the loaded module; 0 = cannot tell */
	bool share_missing[16]; /* the folder of vm.filesystem[i] is not there */

	bool vm_wanted; /* one was named */
	bool has_vm;
	struct domain vm;
	char vm_uri[VIRT_URI_BYTES]; /* of libvirt; "" = none */
	char vm_file[256];           /* the file that the configuration was read from; "" = none */
	char vm_names[8][128];       /* VMs that libvirt has, where none was chosen */
	unsigned vm_name_count;
	char vm_problem[256];
	bool vm_stored_differs_shm; /* the next start uses another memory size */
	bool has_process;
	struct qemu_process process;
	unsigned hidden_processes;
	struct qemu_stranger stranger; /* whose process calls itself QEMU and is not believed */

	unsigned width, height; /* what the memory has to hold */
	bool hdr;

	struct facts_memory memory;
	struct facts_network network;
	struct facts_sound sound;
	struct facts_input input;
	struct facts_desktop desktop;
	struct facts_limits limits;
	struct facts_live live;
};

struct doctor_options {
	const char *wanted, *uri, *xml, *root_dir;
	bool groups, json, quiet, hdr;
	unsigned width, height;
	unsigned listen_s;
};

/* Fills *ret_facts; needs pierglass-doctor's options and an open root. Returns 0, or -EBADMSG with
 * a line on stderr if the named XML file is not usable. */
int facts_gather(struct facts *ret_facts, const struct doctor_options *options,
		const struct sysroot *root);
/* What an expert sees at a glance (doctor_expert.c): hooks, kinds of cores, USB keyboards. */
void facts_gather_expert(struct facts *facts, const struct host_use *use);
/* What the USB devices are that go to the VM whole (doctor_usb.c). */
void facts_gather_usb(struct facts *facts, const struct host_use *use);
/* What keeps the VM from starting: memory, huge pages, files that are not there. */
void facts_gather_start(struct facts *facts);
/* The machine's part of it (doctor_live.c), or what pierglass.facts says it would have been. */
void facts_gather_live(struct facts *facts, unsigned listen_s);

/* The sound server (doctor_pulse.c): 0 if it answers, else an errno. Takes up to 3 s. */
int doctor_ask_pulse(struct facts_live *live);
/* The host program (doctor_memory_host.c): looks for a second at most, and writes nothing. */
void doctor_ask_host(struct facts *facts);
/* The X server (doctor_x11.c): 0 if it answers, else an errno. */
int doctor_ask_x11(const char *display, struct text *ret_abilities);

/* Whose open file that is (doctor_procs.c): "name (pid 12)" of the first process that has a
 * descriptor on one of the targets (the last part of what /proc/PID/fd says), as far as we may
 * look. */
bool proc_with_fd(const struct sysroot *root, char *const *targets, unsigned count, char *buf,
		size_t size);

/* ---- report ---- */

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL, VERDICT_SKIP };

struct remedy {
	bool command; /* runs as printed, in a shell; else words for a person */
	char *text;
};

struct report_line {
	enum verdict verdict;
	const char *group, *check;
	char *text;
	struct remedy *remedy;
	unsigned remedy_count;
};

struct report {
	const struct facts *facts;
	const char *group, *check; /* now running */
	struct report_line *line;
	unsigned count;
};

void report_ok(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
void report_warn(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
void report_fail(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/* Could not be looked at: why, and what would make it possible. Counts for nothing. */
void report_skip(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/* What mends the line added last, in the order in which it is done (doctor_remedy.c).
 * In words: what no command can do, or what a command above is for. */
void report_remedy(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/* A line for a shell, whole and quoted. Nothing stands for something else in it. */
void report_command(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/* "pierglass setup COMMAND [VM] [words] --apply", the way this program was called. Words where
 * setup cannot help: a VM that is not libvirt's. */
void report_setup(struct report *report, const char *command, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
/* "virsh … VM …" with libvirt's URI: verb, the VM's name, words behind it. */
void report_virsh(struct report *report, const char *verb, const char *format, ...)
		__attribute__((format(printf, 3, 4)));
/* Our own program with these words (quoted by the caller), as root where needed. */
void report_self(struct report *report, bool root, const char *words);
/* A package by the distribution's own command; name: what people call it. */
void report_install(struct report *report, enum distro_package package, const char *name);
/* For a VM that is not libvirt's, behind one of these: what to change in QEMU's arguments. */
void report_qemu(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/* The VM's configuration by hand: "virsh edit VM", and what to change in it. */
void report_edit(struct report *report, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
unsigned report_count(const struct report *report, enum verdict verdict);
void report_print(const struct report *report, FILE *out, bool quiet);
void report_json(const struct report *report, FILE *out);
void report_finish(struct report *report);

struct check {
	const char *group; /* heading */
	const char *name;
	bool needs_vm;
	void (*run)(const struct facts *facts, struct report *report);
};

/* Tables that end with !run. */
extern const struct check checks_host[], checks_pci[], checks_vm[], checks_expert[], checks_usb[],
		checks_memory[], checks_host_program[], checks_network[], checks_input[];

void doctor_run(const struct facts *facts, struct report *report);
/* --groups: every IOMMU group with its verdict. */
void doctor_groups(const struct facts *facts, FILE *out);

/* Whether the host can spare the VM's devices and, unless NULL, this GPU with its group: what setup
 * would say, so that no remedy is offered that it refuses. *why has the first device that the host
 * needs, and for what. */
bool doctor_can_spare(
		const struct facts *facts, const struct pci_device *gpu, char *why, size_t size);

/* setup all wants a size: what the memory that is there is made for, so that it stays. */
const char *doctor_all_size(const struct facts *facts, char buf[static 32]);

#define DOCTOR_WORD_BYTES 320

/* A path or a name for a command line, quoted where it has to be. */
const char *doctor_word(const char *word, char buf[static DOCTOR_WORD_BYTES]);
