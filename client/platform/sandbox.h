/*
 * The sandbox: once its configuration is read, a program gives up what no player needs, so that a
 * guest that breaks something in it gains little: new privileges, capabilities, system calls
 * (seccomp), programs other than pierglass's, writing in the home folder outside of its own
 * folders, and the folders there that hold secrets (Landlock). doc/security.md has the same table
 * for people, and what is not confined.
 *
 * Children inherit it. There is no way back but another start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/platform/sandbox_files.h"

enum sandbox_mode {
	SANDBOX_PLAY,
	SANDBOX_AUDIO_ONLY,
	SANDBOX_SCREENSHOT,
	SANDBOX_BENCH,
	SANDBOX_MODES,
};

struct sandbox_request {
	enum sandbox_mode mode;
	struct sandbox_paths paths;
};

/* What is in force. */
struct sandbox_state {
	bool privileges; /* none new, and no capabilities */
	bool calls;      /* seccomp */
	int files;       /* version of Landlock; 0 = it is not there, or files are left alone */
};

/* On the main thread, before it starts others; pg-ending (base/ending.h) follows. What the kernel
 * lacks is left out, and is false or 0 in *ret_state. */
void sandbox_enter(const struct sandbox_request *request, struct sandbox_state *ret_state);

/* "privileges, calls, files (Landlock 7)". */
void sandbox_text(const struct sandbox_state *state, char *text, size_t size);

/* $HOME where it is a home: not the root, and not a place where everybody has files. "" otherwise.
 */
const char *sandbox_home(void);
