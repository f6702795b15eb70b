/*
 * Decides by its owner whether a process, a file or a socket can be the VM's: root's can, this
 * user's, and those of the users that QEMU runs as. Anything else is not the VM, whatever its name.
 *
 * The users that QEMU runs as come from files only (libvirt's qemu.conf where it may be read, and
 * the names that distributions use). No name service is asked, so no network causes a wait. From
 * any thread; a struct owners is plain data.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define OWNERS_MAX       16
#define OWNER_NAME_BYTES 40
#define OWNER_UNKNOWN    ((uid_t)-1)

/* What is refused for its owner has this error. */
#define OWNER_REFUSED EUSERS

/* All zero: root and this user. */
struct owners {
	bool anybody;
	unsigned count;
	uid_t uid[OWNERS_MAX]; /* beside root and this user */
};

/* root: "", or the folder of a copied tree. also: users that the option names, by name or number,
 * separated by commas or blanks; "any" = whoever. Returns 0, or -EINVAL with the name that nobody
 * has in unknown (what was known is in *ret_owners). */
int owners_read(struct owners *ret_owners, const char *root, const char *also,
		char unknown[static OWNER_NAME_BYTES]);

/* One more; without effect when there is no place. */
void owners_add(struct owners *owners, uid_t uid);

bool owners_trust(const struct owners *owners, uid_t uid);

/* "mallory", or "1001" where no file has a name; "unknown" for OWNER_UNKNOWN. */
void owner_name(const char *root, uid_t uid, char name[static OWNER_NAME_BYTES]);

/* Whose process that is: the first of its real, effective and saved user that is not trusted, so
 * that a set-uid program counts as who started it; else its effective one. False: it is gone. */
bool owner_of_process(pid_t pid, const struct owners *owners, uid_t *ret_uid);

/* Who listens at the other end of a connected unix socket. Returns 0 or a negative errno. */
int owner_of_peer(int fd, uid_t *ret_uid);

/* A TCP socket that listens. */
struct tcp_listener {
	uid_t uid;
	uint64_t inode; /* no other socket that is open has it */
};

/* Who listens at an address of this machine. Returns 0, -ENOENT (nobody that can be seen),
 * -EAFNOSUPPORT, or why the kernel's list cannot be read. */
int owner_of_listener(const struct sockaddr *address, struct tcp_listener *ret_listener);
