/*
 * One window per VM. A VM has several names at once (what libvirt calls it, the path of its shared
 * memory, that memory's inode): a start claims those that it knows, and more as they become known.
 * A claim is a lock and a control socket in $XDG_RUNTIME_DIR/pierglass. A second start finds one of
 * them taken, asks its owner to come to the front, waits for the answer, and leaves.
 *
 * On the loop's thread, or while no thread runs the loop; instance_answer() from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct instance;
struct loop;

#define INSTANCE_KEYS_MAX  8
#define INSTANCE_KEY_BYTES 300

struct instance_events {
	/* A later start wants this window to the front: see to that, then call
	 * instance_answer(reply_fd), which closes it. */
	void (*raise)(int reply_fd, void *data);
	void *data;
};

int instance_create(struct instance **ret_instance, struct loop *loop,
		const struct instance_events *events);
/* Gives all claims back. Accepts NULL. */
void instance_destroy(struct instance *instance);

/*
 * Returns 0 when the name is claimed (or was already), 1 when another window has it and came to the
 * front, -ETIMEDOUT when another has it and does not answer for patience_ms (*ret_pid: its process,
 * 0 = unknown; may be NULL), -ENOSPC with INSTANCE_KEYS_MAX names, or another negative errno: there
 * is no runtime folder, and nothing is guarded. Waits for the answer: patience_ms 0 asks and does
 * not wait, and then returns 1 at once.
 */
int instance_claim(
		struct instance *instance, const char *key, unsigned patience_ms, pid_t *ret_pid);

/* The window is in front. Closes the fd. */
void instance_answer(int reply_fd);

/* What a shared memory file is known by, beside its path: false while it does not exist. */
bool instance_file_key(const char *path, char key[static INSTANCE_KEY_BYTES]);
/* The path as every spelling of it ends up: absolute, without links where it exists. */
void instance_path_key(const char *path, char key[static INSTANCE_KEY_BYTES]);
