/*
 * Memory that the guest can write: an ivshmem file (usually /dev/shm/looking-glass) or a kvmfr
 * device, mapped shared (doc/protocol/kvmfr.md 9).
 *
 * A mapping is counted: whoever needs its bytes beyond the session (a thread that still uploads a
 * frame) holds a reference. The size is the one that the kernel reported when the file was mapped,
 * never one that stands in the memory.
 *
 * If the file is cut while it is mapped, touching the lost pages raises SIGBUS. A process-wide
 * handler, installed with the first mapping, puts an empty page there, marks the mapping lost and
 * goes on; a SIGBUS elsewhere goes to the handler that was there before. Threads must not block
 * SIGBUS (base/thread.h leaves it open).
 *
 * Any thread may call these functions; shm_map*() and the last shm_unref() take a process-wide
 * lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/owners.h"

struct shm;

#define SHM_PATH_BYTES 256

/* Maps the whole file or device, for reading and writing. Sizes too small to be of use are the
 * caller's business, but not 0.
 * -ENOENT, -EACCES, …: from open(); -EISDIR; -ENODATA: size 0 (a file that waits for its VM);
 * -ENODEV: neither a file nor a kvmfr device; -ENOMEM. */
int shm_map(struct shm **ret_shm, const char *path);

/* The same for the VM's memory: a file of a stranger is -OWNER_REFUSED, whose it is in *ret_owner.
 * A device is what the kernel made, whoever may open it. */
int shm_map_trusted(struct shm **ret_shm, const char *path, const struct owners *owners,
		uid_t *ret_owner);

/* The same for an open file (memfd). The descriptor is duplicated. */
int shm_map_fd(struct shm **ret_shm, int fd);

struct shm *shm_ref(struct shm *shm);
/* Accepts NULL. */
void shm_unref(struct shm *shm);

uint64_t shm_size(const struct shm *shm);
bool shm_is_device(const struct shm *shm); /* a kvmfr device: shm_dmabuf() may work */

/* Whether some page of it went away (SIGBUS). Never becomes false again. */
bool shm_lost(const struct shm *shm);

/* Looks whether the mapped file still has its size and, with a path, whether the path still names
 * this file. A few microseconds. Returns 0, -ESTALE (cut, grown, replaced or removed). */
int shm_check(const struct shm *shm);

/* [off, off + len) lies inside. */
bool shm_in_range(const struct shm *shm, uint64_t off, uint64_t len);

/* Copies len bytes at off into dst: the only way to read a wire struct. The bytes are read once
 * each (in words where aligned). Returns 0 or -ERANGE. */
int shm_copy(const struct shm *shm, uint64_t off, void *dst, size_t len);

/* Borrows bytes for bulk data (pixels). They may change while they are read: feed them to the GPU
 * or a copy, never to an index, a size or a branch. Returns 0 or -ERANGE. */
int shm_span(const struct shm *shm, uint64_t off, uint64_t len, const unsigned char **ret_span);

/* The start, for the files that own the shared atomics (doc/style.md 4) and for producers, which
 * write. */
unsigned char *shm_base(const struct shm *shm);

/* Asks the kvmfr device for a dma-buf of that part; page multiples only (kvmfr.md 9.2). Returns a
 * descriptor that the caller closes, or -ENOTSUP (no device), -ERANGE, or the driver's errno. */
int shm_dmabuf(const struct shm *shm, uint64_t off, uint64_t len);
