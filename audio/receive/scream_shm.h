/*
 * Scream's shared memory transport (scream-audio.md 1.9): polls the file that the user or the VM
 * names and cuts its 20 ms slots into packets. The file is the guest's: the header is copied,
 * judged, used only as the copy; everything is read with pread(), so a file that shrinks cannot
 * fault.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/codec/scream.h"
#include "base/deadline.h"
#include "base/owners.h"

struct scream_shm;

/* owners: whose file may be the VM's. */
int scream_shm_create(struct scream_shm **ret_shm, const char *path, const struct owners *owners);
/* Accepts NULL. */
void scream_shm_destroy(struct scream_shm *shm);

/* Looks what there is. Returns 0 while there is a sender, else a negative errno; reason says it in
 * words. */
int scream_shm_poll(struct scream_shm *shm, uint64_t now_ns, char *ret_reason, size_t reason_room);
/* The next packet of the slots that the last poll saw; false: there is none. Its PCM is valid until
 * the next call. */
bool scream_shm_next(struct scream_shm *shm, uint64_t now_ns, struct scream_packet *ret_packet,
		uint64_t *ret_arrived_ns);
deadline scream_shm_deadline(const struct scream_shm *shm);
