/*
 * Where applied plans are kept, so that they can be taken back. Each is a folder of its own
 * ("0001", ...) under /var/lib/pierglass/setup (root, or a tree) or
 * $XDG_STATE_HOME/pierglass/setup, with a "manifest" and the old and new bytes of everything that
 * is changed:
 *
 *	dir PATH                           a folder that is made
 *	file N EXISTED MODE UID GID PATH   N.old and N.new hold the bytes
 *	domain N UUID URI                  N.old holds the XML, N.new what is defined
 *	defined N                          N.new is what libvirt made of it
 *	root N                             plan N of root's store belongs to it
 *
 * Each line is on the disk before what it says is done: whatever ends the program, taking back
 * finds all of it. A thing that is still (or again) as it was is then passed over.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tools/setup/setup.h"
#include "tools/vm-model/text.h"

#define STORE_OF_ROOT "/var/lib/pierglass/setup"

/* All or nothing: a new file takes the old one's place. Returns 0 or a negative errno. */
int replace_file(const char *path, const char *text, mode_t mode, uid_t uid, gid_t gid);
#define MEMORY_FILE_PATH 48

/* A file with that text which lies in no folder (a VM's XML may hold a password): path is where
 * programs that we start find it until the descriptor, which is returned, is closed. -1 = none. */
int memory_file(const char *text, char path[static MEMORY_FILE_PATH]);
/* Whether nobody can change that file any more: what root is asked to apply must be what was shown.
 */
bool memory_file_is_sealed(const char *path);
/* The half-made file that a killed replace_file() leaves. */
void remove_half(const char *path);

/* One applied plan. */
struct transaction {
	char *folder;
	struct text manifest;
};

/* This user's; heap, NULL if there is no place. */
char *store_folder(const struct setup *setup);
/* A new one in that store; false if it cannot be made. */
bool transaction_create(struct transaction *transaction, const char *store);
void transaction_finish(struct transaction *transaction);
/* Adds a line and puts the manifest on the disk. Returns 0 or a negative errno. */
int transaction_note(struct transaction *transaction, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
/* The same for a path at the end of the line, which may have any byte in it. */
int transaction_note_path(struct transaction *transaction, const char *what, const char *path);
int transaction_keep(const struct transaction *transaction, unsigned n, const char *which,
		const char *text);
/* Of which nothing is left to take back. */
void transaction_remove(const struct transaction *transaction, unsigned change_count);
/* Makes the folders above path, noting those that were missing. */
int transaction_make_parents(struct transaction *transaction, const char *path);

/* The newest number in a store that is not taken back, 0 if there is none. */
unsigned store_newest(const char *store);
char *store_transaction(const char *store, unsigned number);
/* The text of its file; heap, NULL if it is not there. */
char *store_read(const char *folder, const char *name);
char *store_kept(const char *folder, unsigned n, const char *which);
