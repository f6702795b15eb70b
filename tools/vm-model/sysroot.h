/*
 * The machine as a tree of files: /sys, /proc, /etc, /dev, either the real ones or a copy of them
 * under a folder (--root DIR), so that a tree from another machine or a test can stand in.
 *
 * What a copied tree cannot hold stands in its file "pierglass.facts", one fact a line:
 *	stat PATH type=f|c|d|s mode=0660 uid=N gid=N size=N ino=N
 *	me user=NAME uid=N gid=N groups=N,N
 *	env NAME=VALUE
 *	live NAME=VALUE       what a running machine would have answered (see doctor_live.h)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/owners.h"

#define SYSROOT_PATH_MAX 4096
#define SYSROOT_READ_MAX (1u << 20)

struct sysroot {
	char prefix[SYSROOT_PATH_MAX]; /* "" = the machine itself */
	bool copy;                     /* a tree, not this machine */
	char *facts;                   /* text of pierglass.facts, "" if there is none */
};

struct sysroot_stat {
	char type; /* f d c b s l p, 0 = absent */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t size;
	uint64_t ino;
};

struct sysroot_names {
	char **name;
	size_t count;
};

/* dir NULL or "" or "/" = the machine. Returns 0 or a negative errno. */
int sysroot_open(struct sysroot *root, const char *dir);
void sysroot_close(struct sysroot *root);

/* prefix + path, into buf of SYSROOT_PATH_MAX bytes; false if too long. */
bool sysroot_path(const struct sysroot *root, const char *path, char *buf);

/* The file's bytes, terminated, heap; NULL with errno. At most SYSROOT_READ_MAX bytes are read. */
char *sysroot_read(const struct sysroot *root, const char *path, size_t *ret_len);
/* Its first line without the newline and trailing blanks; false if it cannot be read. */
bool sysroot_line(const struct sysroot *root, const char *path, char *buf, size_t size);
/* Its first line as a number, decimal or 0x…. */
bool sysroot_number(const struct sysroot *root, const char *path, uint64_t *ret_value);
/* Where a symbolic link points, as it stands in the link. */
bool sysroot_link(const struct sysroot *root, const char *path, char *buf, size_t size);
/* The last part of a symbolic link's target. */
bool sysroot_link_name(const struct sysroot *root, const char *path, char *buf, size_t size);
/* Names in a folder, sorted as versions are (event2 before event10); empty if there is none. */
struct sysroot_names sysroot_list(const struct sysroot *root, const char *path);
void sysroot_names_free(struct sysroot_names *names);

/* Follows links. false with errno when it is not there. */
bool sysroot_stat(const struct sysroot *root, const char *path, struct sysroot_stat *ret_stat);
bool sysroot_exists(const struct sysroot *root, const char *path);

/* A fact of pierglass.facts: the rest of the line that starts with "kind name", after the
 * separator, into buf; for "live spice" the separator is '='. */
bool sysroot_fact(const struct sysroot *root, const char *kind, const char *name, char *buf,
		size_t size);
/* getenv() of the user, or the tree's env fact. */
bool sysroot_env(const struct sysroot *root, const char *name, char *buf, size_t size);

struct sysroot_user {
	char name[64];
	uid_t uid;
	gid_t gid;
	unsigned group_count;
	gid_t groups[128];
};

/* Who asks: this process, under sudo the user behind it, or the tree's "me". */
void sysroot_me(const struct sysroot *root, struct sysroot_user *ret_user);
/* Who may be the VM (base/owners.h); also: the option's list. Returns as owners_read() does. */
int sysroot_owners(const struct sysroot *root, const char *also, struct owners *ret_owners,
		char unknown[static OWNER_NAME_BYTES]);
/* Somebody else, by name. False: there is no such user here. A tree knows its "me" only: every
 * other name is a user without groups there. */
bool sysroot_named(const struct sysroot *root, const char *name, struct sysroot_user *ret_user);
/* From etc/passwd and etc/group; the number as text if it is not there. */
void sysroot_user_name(const struct sysroot *root, uid_t uid, char *buf, size_t size);
void sysroot_group_name(const struct sysroot *root, gid_t gid, char *buf, size_t size);
bool sysroot_group_id(const struct sysroot *root, const char *name, gid_t *ret_gid);
bool sysroot_in_group(const struct sysroot_user *user, gid_t gid);
/* Whether that user may read and write the file, by its mode bits (ACLs are not looked at in a
 * tree; on the machine access() answers when the user is this process). */
bool sysroot_may(const struct sysroot *root, const struct sysroot_user *user, const char *path,
		int how);
