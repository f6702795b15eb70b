/*
 * Scream's shared memory transport (scream-audio.md 1.9): polls the file that the user or the VM
 * names and cuts its 20 ms slots into packets. The file is the guest's: the header is copied,
 * judged, used only as the copy; everything is read with pread(), so a file that shrinks cannot
 * fault.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "audio/codec/scream.h"
#include "base/deadline.h"
#include "base/owners.h"

struct scream_shm;

typedef void (*scream_shm_fn)(const struct scream_packet *packet, uint64_t arrived_ns,
		uint64_t now_ns, void *data);

/* owners: whose file may be the VM's. */
int scream_shm_create(struct scream_shm **ret_shm, const char *path, const struct owners *owners);
/* Accepts NULL. */
void scream_shm_destroy(struct scream_shm *shm);

/* Gives every new slot away, in packets. Returns 0 while there is a sender, else a negative errno;
 * reason says in words what there is. */
int scream_shm_poll(struct scream_shm *shm, uint64_t now_ns, scream_shm_fn packet, void *data,
		char *ret_reason, size_t reason_room);
deadline scream_shm_deadline(const struct scream_shm *shm);
