/*
 * The host program's description of itself: the KVMFR user data of an LGMP session
 * (doc/protocol/kvmfr.md 1), and the table of versions that pierglass speaks. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KVMFR_OFFERS    34u    /* hosts from then on offer more than a picture and a pointer */
#define KVMFR_UDATA_MAX 65536u /* bytes; more is nonsense (lgmp.md 8) */

enum kvmfr_feature {
	KVMFR_FEATURE_SET_CURSOR_POS = 0x1,
	/* 34 only */
	KVMFR_FEATURE_WINDOW_SIZE = 0x2,
	KVMFR_FEATURE_FRAME_SCHEDULE = 0x4,
	KVMFR_FEATURE_INPUT = 0x8,
	KVMFR_FEATURE_CLIPBOARD = 0x10,
	KVMFR_FEATURE_AUDIO = 0x20,
};

/* A pair of versions that belong together. */
struct kvmfr_version {
	unsigned lgmp, kvmfr;
	const char *release; /* of Looking Glass: "B7" */
	bool newer_too;      /* a higher KVMFR is tried with this one's layouts */
};

/* The row whose layouts to read it by, also for a KVMFR that is newer than all of ours; NULL when
 * we do not speak it. */
const struct kvmfr_version *kvmfr_version_find(unsigned lgmp, unsigned kvmfr);
/* The row with that LGMP version, whatever KVMFR; NULL when there is none. */
const struct kvmfr_version *kvmfr_version_for_lgmp(unsigned lgmp);
/* The rows in order; NULL after the last. */
const struct kvmfr_version *kvmfr_version_at(size_t index);

/* Our own copy; texts are terminated and printable. Absent records leave their fields zero. */
struct kvmfr_info {
	unsigned version;
	char host_version[33];
	uint32_t features; /* enum kvmfr_feature */

	bool has_vm;
	uint8_t uuid[16]; /* zero = unknown */
	char capture[33];
	unsigned cpus, cores, sockets;
	char model[64];

	bool has_os;
	unsigned os; /* 0 Linux, 1 BSD, 2 macOS, 3 Windows, 4 other; any other number may come */
	char os_name[64];
};

/* Parses a copy of the user data. -EBADMSG: no KVMFR magic (or too short for it). The version is
 * whatever it says; records are read for every version. */
int kvmfr_info_read(const uint8_t *udata, size_t size, struct kvmfr_info *ret_info);
