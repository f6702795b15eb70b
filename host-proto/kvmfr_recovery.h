/*
 * The recovery region that hosts of KVMFR 34 keep at the end of the memory, outside LGMP
 * (doc/protocol/kvmfr.md A.7): the versions that the host speaks, in a form that does not change
 * with them. Hostile input like everything else there; the result is a copy. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct shm;

struct kvmfr_recovery {
	unsigned lgmp, kvmfr;
	uint32_t capabilities;
	uint64_t session;
	uint8_t uuid[16];
	uint64_t heartbeat; /* changes every 250 ms while the host lives */
	bool ready;
	char program[49]; /* the host's version text; printable */
};

/* -ENOENT: there is none; -EPROTONOSUPPORT: of another form than ours. */
int kvmfr_recovery_read(const struct shm *shm, struct kvmfr_recovery *ret_recovery);
