/*
 * pierglass-setup: writes what a player writes by hand today: the VM's XML, modprobe, tmpfiles,
 * udev and desktop files. It makes a plan first (changes, commands to run, steps in Windows), shows
 * it with unified diffs, and carries it out only with --apply; what it changed can be undone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tools/setup/edit.h"
#include "tools/vm-model/handover.h"
#include "tools/vm-model/host_use.h"
#include "tools/vm-model/pci.h"
#include "tools/vm-model/pci_fix.h"
#include "tools/vm-model/sysroot.h"
#include "tools/vm-model/text.h"
#include "tools/vm-model/vfio_config.h"
#include "tools/vm-model/virt.h"

/* ---- the plan ---- */

enum change_kind { CHANGE_FILE, CHANGE_DOMAIN };

struct change {
	enum change_kind kind;
	char *path;     /* FILE: as opened (with the root's prefix); DOMAIN: the VM's uuid */
	char *shown;    /* for people and diffs */
	char *uri;      /* DOMAIN */
	char *old_text; /* NULL = the file is not there */
	char *new_text;
	mode_t mode; /* of a new file */
	bool of_vm;  /* plan.vm says what changes */
	const char *why;
};

struct lines {
	char **line;
	unsigned count;
};

struct plan {
	struct change *change;
	unsigned change_count;
	struct lines vm;      /* the change of the VM's configuration, in words */
	struct lines cost;    /* what the host or the guest loses by it */
	struct lines left;    /* what is right already, or is left alone, and why */
	struct lines note;    /* what else is to be known */
	struct lines step;    /* to do afterwards, in this order: commands and words */
	struct lines windows; /* what is left to do inside the guest */
	bool reboot;          /* the last of the steps */
	char *refused;        /* why nothing is done at all; NULL = go on */
};

void plan_vm(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_cost(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_left(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_note(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line for a shell, whole and quoted: it runs as printed. */
void plan_command(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What no command of ours can do, in words that end with a colon or a full sense. */
void plan_step(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_windows(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first reason counts. */
void plan_refuse(struct plan *plan, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A file under the root; nothing is added if it has that text already. new_text is copied. */
void plan_file(struct plan *plan, const struct sysroot *root, const char *path, mode_t mode,
		const char *new_text, const char *why);
/* In words, then the diffs if they are wanted, then what is to be done. again: the command that
 * carries it out; NULL = it is being carried out. */
void plan_print(const struct plan *plan, bool diffs, const char *again);
/* Only the changes of files that a plain user could not read: those were not shown before. */
void plan_print_private(const struct plan *plan);
void plan_free(struct plan *plan);

/* ---- carrying out and taking back (setup_apply.c, setup_undo.c) ---- */

struct setup;

/* Returns how many changes could not be made (said on stderr), or a negative errno. */
int plan_apply(const struct plan *plan, struct setup *setup);
/* Takes the newest applied plan back. Returns the exit status. */
int setup_undo(struct setup *setup);
/* What only root can do, under sudo (setup_sudo.c). Returns the number of the plan in root's store,
 * 0 if it was not done (said on stderr, with the command to do it by hand). */
unsigned root_part_apply(const struct setup *setup, unsigned count);
bool root_part_undo(const struct setup *setup, unsigned number);

/* ---- the request ---- */

struct setup_options {
	const char *command, *wanted, *uri, *xml, *root_dir, *user;
	const char *gpu, *source, *target, *keyboard, *mouse, *toggle, *shm_name;
	const char *loses[HANDOVER_GIVEN_UP]; /* addresses of devices that the host may lose */
	unsigned loses_count;
	unsigned width, height;
	unsigned number; /* of an applied plan; 0 = the newest */
	bool hdr, apply, diff, undo, fix, list, probe, own, qemu, force, files_only, low_latency,
			card;
};

struct setup {
	struct setup_options options;
	int argc; /* as given, the options in front */
	char **argv;
	char **typed; /* the same in the order of the user */
	struct sysroot root;
	struct sysroot_user me; /* whose desktop and files; --user */
	struct pci_list pci;
	struct host_use use;
	struct vfio_config vfio;
	struct host_needs needs;
	struct handover handover; /* of the VM's devices and --gpu; see setup_handover() */
	struct virt *virt;
	struct plan plan;

	/* the VM */
	bool has_vm;
	struct document document; /* the stored configuration, as changed so far */
	char *original;           /* as it was */
	char uri[VIRT_URI_BYTES];
	bool running;
};

/* ---- changes of the VM's XML (setup_xml.c): each commits; false = refused (plan_refuse) ---- */

bool xml_shmem(struct setup *setup, const char *name, unsigned mib);
bool xml_kvmfr(struct setup *setup, unsigned mib);
bool xml_input_own(struct setup *setup);
bool xml_input_qemu(struct setup *setup);
bool xml_audio(struct setup *setup);
bool xml_extras(struct setup *setup); /* memory balloon, agent's channel, SPICE, video model */
bool xml_virtiofs(struct setup *setup);
bool xml_add_gpu(struct setup *setup); /* after setup_handover() */
bool xml_pci_fix(struct setup *setup);
/* Commits what was edited; refuses the plan if the result is not right. */
bool xml_commit(struct setup *setup);

/* ---- what the host can spare (setup_handover.c) ---- */

/* Fills pci, use and needs. */
void setup_read_host(struct setup *setup);
/* Makes setup->handover of the VM's devices and of --gpu with its group. Refuses the plan (false)
 * if the running host needs one of them and the user did not name it as lost; what is in the VM
 * already counts only with of_vm. */
bool setup_handover(struct setup *setup, bool of_vm);

/* ---- files (setup_files.c) ---- */

void files_vfio(struct setup *setup);
void files_tmpfiles(struct setup *setup);
void files_kvmfr(struct setup *setup, const char *device, unsigned mib);
void files_audio(struct setup *setup);
void files_desktop(struct setup *setup);
void files_input(struct setup *setup);
void windows_steps(struct setup *setup);

/* ---- what the tools that read them say of planned files (setup_check.c): they refuse the plan
 * ---- */

void check_modprobe(struct setup *setup, const char *ids);
void check_tmpfiles(struct setup *setup, const char *line);

/* ---- boot loader and initial RAM disk (setup_boot.c) ---- */

/* The kernel's words that vfio needs; ids of vfio-pci go with them where boot_ids_by_word(). True:
 * ids were added. */
bool boot_words(struct setup *setup, const char *ids);
/* The ids go with the kernel's words: they are there already and count before any file, vfio-pci is
 * a part of the kernel, or boot_writes_no_files(). */
bool boot_ids_by_word(const struct setup *setup);
/* /etc/modprobe.d is not the user's to write on this distribution (NixOS, ostree, Unraid). */
bool boot_writes_no_files(const struct setup *setup);
void boot_initramfs(struct setup *setup, bool changed);

/* ---- setup_input.c ---- */

int input_list(const struct sysroot *root);
int input_probe(const struct sysroot *root);
/* The udev match for an event node: ids of its device; false if sysfs does not tell. */
bool input_udev_match(const struct sysroot *root, const char *path, struct text *text);
