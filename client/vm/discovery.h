/*
 * Reads what a VM says about itself: pierglass-vm-info runs as a child for as long as the player
 * lives and writes one block of "key=value" lines per change, ended by an empty line. The blocks
 * are read on the loop's thread. libvirt and libxml2 stay in the child.
 *
 * A block is bounded (DISCOVERY_LINES_MAX lines of DISCOVERY_LINE_MAX bytes); longer lines and
 * unknown keys are skipped. In a value "\n", "\\" and "\xNN" are escapes.
 *
 *	status=found|waiting|ambiguous|error    reason=TEXT (for people; with anything but found)
 *	domain=NAME  uuid=UUID  state=running|paused|off  source=libvirt|qemu|file  uri=URI
 *	shm=PATH  shm_size=BYTES   the memory of the Looking Glass device
 *	spice=unix:PATH|HOST:PORT|[V6]:PORT|spice+tls://HOST:PORT|off   spice_password=TEXT
 *	bridge=NAME                where the guest's sound arrives
 *	scream_shm=PATH            the memory of its Scream, where it has one instead
 *	sender=MAC,MAC             whose packets it sends there
 *	evdev=PATH (may repeat)    devices in the VM's configuration: QEMU holds them while it runs
 *	evdev_toggle=NAME          their grabToggle
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct discovery;
struct loop;

#define DISCOVERY_LINE_MAX  1024
#define DISCOVERY_LINES_MAX 64
#define DISCOVERY_EVDEV_MAX 16

enum discovery_status {
	DISCOVERY_NONE,
	DISCOVERY_FOUND,
	DISCOVERY_WAITING,   /* no such VM yet, or it is not running and has nothing to tell */
	DISCOVERY_AMBIGUOUS, /* several VMs: reason names them; a DOMAIN must be given */
	DISCOVERY_ERROR,     /* libvirt refuses, a broken file: reason says what to do */
};

/* "" and 0 = the VM does not say. All texts are terminated and without control characters. */
struct discovery_info {
	enum discovery_status status;
	char reason[160];
	char domain[128];
	char uuid[40];
	char state[16];
	char source[16];
	char shm[256];
	uint64_t shm_bytes;
	char spice[256];
	char spice_password[128];
	char bridge[16];
	char sender[64];
	char scream_shm[256];
	unsigned evdev_count;
	char evdev[DISCOVERY_EVDEV_MAX][256];
	char evdev_toggle[32];
};

struct discovery_config {
	const char *domain; /* name, id or uuid; NULL = the only running VM with a shmem device */
	const char *owner;  /* --vm-owner; NULL or "" = none but the known ones */
	const char *uri;    /* NULL = qemu:///system, then qemu:///session */
};

/* On the loop's thread, once per block; also with status ERROR when the child cannot run. */
typedef void (*discovery_fn)(const struct discovery_info *info, void *data);

/* Copies the configuration. Returns 0, -ENOENT (no vm-info on this machine) or another negative
 * errno. A child that ends is started again after a while. */
int discovery_start(struct discovery **ret_discovery, struct loop *loop,
		const struct discovery_config *config, discovery_fn fn, void *data);
/* From any thread: asks for the SPICE password too, which takes the right to manage the VM. A block
 * with it, or without where libvirt refuses, comes soon. */
void discovery_ask_password(struct discovery *discovery);
/* Ends the child. Accepts NULL. On the loop's thread, or after it ended. */
void discovery_stop(struct discovery *discovery);

/* The block reader alone: pure, for tests and the fuzz target. */
struct discovery_reader {
	struct discovery_info info;
	char line[DISCOVERY_LINE_MAX];
	size_t len;
	bool too_long;
	unsigned lines;
};

void discovery_reader_init(struct discovery_reader *reader);
/* Feeds bytes of any cut; fn runs for every complete block that had a status line. */
void discovery_reader_feed(struct discovery_reader *reader, const char *bytes, size_t len,
		discovery_fn fn, void *data);
