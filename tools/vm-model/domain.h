/*
 * A virtual machine as its configuration says it is: read from libvirt's domain XML (domain_xml.c)
 * or from a QEMU command line (domain_argv.c). Every text is bounded and terminated; longer lists
 * than those here are cut (no VM that plays has that many).
 *
 * "node" is the number of an element in the document (0 = the root, document order), by which
 * setup/edit.h finds its bytes; -1 = not from XML.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOMAIN_XML_MAX (4u << 20) /* bytes */
#define DOMAIN_LIST    64

enum domain_state { DOMAIN_UNKNOWN, DOMAIN_OFF, DOMAIN_RUNNING, DOMAIN_PAUSED };

struct pci_address {
	unsigned domain, bus, slot, function;
};

struct domain_shmem {
	char name[128]; /* of <shmem>, or the last part of the path */
	char path[256];
	char model[32];
	uint64_t bytes;
	bool from_args; /* <qemu:commandline> or a running QEMU's own arguments */
	int node, size_node;
	int option_node, arg_node; /* from_args: its two <qemu:arg>; 0 = not from XML */
};

struct domain_graphics {
	char type[16];
	char host[64];
	char socket[256];
	int port, tls_port; /* 0 = none; -1 = not allotted yet (autoport) */
	bool autoport;
	bool listen_none;
	bool gl;       /* QEMU draws with OpenGL, which it gives to clients of this machine only */
	bool password; /* one is set (the word itself is read only on request) */
	char password_text[128];
	char streaming[16]; /* "all", "filter": what moves is sent as a video; "off", "" = not */
	int node;
};

struct domain_interface {
	char type[16];
	char network[64]; /* source: of libvirt */
	char bridge[16];  /* the host's bridge, if the XML or QEMU says it */
	char direct[16];  /* macvtap over this host device */
	char target[16];  /* vnet0 while it runs */
	char mac[24];
	char model[32];
	int node;
};

struct domain_evdev {
	char path[256];
	char grab_toggle[32];
	bool grab_all, repeat;
	int node;
	int option_node, arg_node; /* of <qemu:commandline>; 0 = not from there */
};

struct domain_input {
	char type[16];
	char bus[16];
	int node;
};

struct domain_hostdev {
	struct pci_address source;
	bool has_address;
	struct pci_address address;
	bool multifunction;
	bool managed;
	char rom[256]; /* its ROM file */
	char driver[16];
	char bus[40]; /* its name; QEMU's arguments only */
	int node, address_node;
};

struct domain_usb {               /* a device of the host, passed whole */
	unsigned vendor, product; /* 0, 0 = it is named by its place: */
	unsigned bus, device;     /* as it was plugged in; device 0 = by the port */
	char port[16];            /* "1.4" */
	bool needed;              /* without it the VM does not start */
	int node;
};

struct domain_named { /* video, sound, tpm, memballoon, controllers, disks */
	char model[48];
	char bus[16];
	unsigned index;
	int node, model_node;
};

struct domain_audio { /* where a card's sound goes */
	char id[12];
	char type[16]; /* spice, pulseaudio, none */
	int node;
};

struct domain_filesystem {
	char driver[16];
	char source[256];
	char target[64];
	int node;
};

struct domain {
	char name[128];
	char uuid[40];
	char type[16]; /* kvm, qemu, test */
	char arch[16];
	int id; /* -1 = off */
	enum domain_state state;
	bool is_xml;

	/* operating system and firmware */
	char os_id[160]; /* libosinfo: http://microsoft.com/win/11 */
	char machine[48];
	char firmware[16]; /* os/@firmware: efi */
	char loader[256];
	bool loader_pflash;
	bool secure_boot;

	/* CPU and memory */
	unsigned vcpus;
	unsigned pinned; /* <vcpupin> lines */
	char cpu_mode[32];
	bool topology;
	unsigned sockets, cores, threads;
	char topoext[16]; /* policy; "" = not named */
	bool kvm_hidden, hyperv;
	bool hypervisor_hidden; /* the CPU does not say that it is virtual */
	uint64_t memory_bytes;
	uint64_t mmio64_mib;    /* room for large BARs that OVMF is told to have; 0 = its own */
	char memory_source[16]; /* memoryBacking/source/@type */
	char memory_access[16];
	bool hugepages;
	unsigned hugepage_kib;     /* 0 = the host's default size */
	unsigned long numa_shared; /* <numa><cell memAccess='shared'> */

	unsigned shmem_count, graphics_count, interface_count, evdev_count, input_count;
	unsigned hostdev_count, video_count, sound_count, tpm_count, balloon_count, pci_count;
	unsigned disk_count, filesystem_count, agent_channels;
	struct domain_shmem shmem[8];
	bool shmems_left_out;      /* there are more than these */
	bool prefix_unbound;       /* of an element: libvirt leaves that out without a word */
	bool prefix_taken;         /* <domain> has qemu: for another namespace than libvirt's */
	bool looking_glass_unused; /* an -object of that id, which no device names */
	struct domain_graphics graphics[8];
	struct domain_interface interface[16];
	struct domain_evdev evdev[16];
	struct domain_input input[16];
	struct domain_hostdev hostdev[DOMAIN_LIST];
	unsigned usb_count;
	struct domain_usb usb[16];
	struct domain_named video[8], sound[8], tpm[4], balloon[2], disk[32];
	struct domain_named pci[DOMAIN_LIST]; /* <controller type='pci'> */
	struct domain_filesystem filesystem[16];
	bool balloon_none;
	unsigned mdev_count; /* mediated devices: vGPU, GVT-g */
	unsigned audio_count;
	struct domain_audio audio[8];
	char sound_audio[8][12]; /* the id that each card names; "" = the first one's */
	char audiodev_type[16];  /* of QEMU's own arguments */
	char audio_type[16];     /* where the card's sound goes: spice, pulseaudio, none */
	int audio_node;          /* the <audio> that says so, -1 = none */
	char hda_codec[12];      /* of an HDA card: duplex, output, micro; "" = no such card */
	bool hda_is_quick;       /* use-timer=off: QEMU holds its sound for 10 ms instead of 30 */
	char agent_state[16];    /* "connected", "disconnected"; "" = off or not told */

	/* guest PCI addresses on buses that something other than a hostdev uses */
	unsigned used_count;
	struct pci_address used[128];

	/* elements that setup adds to or changes; -1 = not there */
	int node_root, node_devices, node_memory_backing, node_cpu, node_vcpu, node_qemu_args;
	int node_memory_source, node_memory_access, node_current_memory, node_features;
	char xml_error[160]; /* why domain_read_xml() failed */
};

/* Empty, with every node -1. */
void domain_init(struct domain *domain);

/* Well-formed XML without a document type; UTF-8. Returns 0, -EBADMSG (not a domain, broken,
 * too large, a DTD; domain->xml_error says which) or -EOPNOTSUPP (built without libxml2). */
int domain_read_xml(struct domain *domain, const char *xml, size_t len);

/* argv as it stands in /proc/PID/cmdline: texts that end in NUL. Returns 0 or -EBADMSG if it is
 * not a QEMU that runs a machine. */
int domain_read_argv(struct domain *domain, const char *argv, size_t len);

/* One QEMU option and its value, added to the domain: for <qemu:commandline>. */
void domain_add_qemu_option(struct domain *domain, const char *option, const char *value);

/* After all devices and options: where the sound of the card goes. */
void domain_finish_sound(struct domain *domain);

/* After the last option: memory files that no ivshmem device uses are the VM's own, and dropped. */
void domain_finish_qemu_options(struct domain *domain);

/* Matches name, id or uuid (any case). */
bool domain_is(const struct domain *domain, const char *name_id_or_uuid);

/* The memory that is meant for Looking Glass, not Scream's: by its name where one has it, else the
 * first of model ivshmem-plain. NULL = none. */
const struct domain_shmem *domain_looking_glass(const struct domain *domain);
/* By name, or no larger than Scream's is. */
bool domain_shmem_is_scream(const struct domain_shmem *shmem);
bool domain_shmem_says_scream(const struct domain_shmem *shmem); /* by name */
/* The memory that Scream writes its sound into, first by name; NULL = none. */
const struct domain_shmem *domain_scream(const struct domain *domain);
/* Frames that the host keeps in it: that of today (KVMFR 34), and B6 and B7. */
#define SHMEM_FRAMES     3u
#define SHMEM_FRAMES_OLD 2u
/* The memory that a resolution needs (kvmfr.md 8), in MiB: the frames, of width x (8 for HDR, else
 * 4) bytes in a row, and 8 or (old) 10 MiB of other things, up to a power of two. */
unsigned shmem_mib(unsigned width, unsigned height, bool hdr, unsigned frames);

const struct domain_graphics *domain_spice(const struct domain *domain);

/* "unix:PATH", "HOST:PORT", "spice+tls://…", "" if there is none (yet). */
void domain_spice_uri(const struct domain_graphics *graphics, char *buf, size_t size);

const char *domain_state_name(enum domain_state state);

/* A name that a network device can have; others from a foreign file are not taken over. */
bool domain_is_interface_name(const char *name);
/* The guest's sound goes through SPICE, which pierglass plays. */
bool domain_sound_by_spice(const struct domain *domain);
/* By libosinfo's id, or by its name where it has none. */
bool domain_is_windows(const struct domain *domain);
/* QEMU plays the card itself, on a sound server or into a file. */
bool domain_sound_by_qemu(const struct domain *domain);
/* A card of the XML whose sound goes nowhere. */
bool domain_sound_nowhere(const struct domain *domain);

/* "0000:01:00.0" */
void pci_address_text(const struct pci_address *address, char buf[static 16]);
bool pci_address_parse(const char *text, struct pci_address *ret_address);
bool pci_address_equal(const struct pci_address *a, const struct pci_address *b);
bool pci_same_slot(const struct pci_address *a, const struct pci_address *b);
