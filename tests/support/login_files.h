/* logind's files in a tree of the test's own, for what follows the seat. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

#define LOGIN_SESSION(active) \
	"# private\nUID=1000\nUSER=p\nACTIVE=" active "\nSTATE=x\nTYPE=wayland\n"

static inline void login_make_folder(const char *root, const char *path) {
	char full[256];
	snprintf(full, sizeof full, "%s%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(full, 0700);
		*slash = '/';
	}
	mkdir(full, 0700);
}

/* As logind does it: a new file over the old one. */
static inline void login_write(const char *root, const char *path, const char *text) {
	char full[256];
	char temporary[272];
	snprintf(full, sizeof full, "%s%s", root, path);
	snprintf(temporary, sizeof temporary, "%s.tmp", full);
	FILE *file = fopen(temporary, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
	CHECK(rename(temporary, full) == 0);
}

/* The user's graphical session is "2"; the environment names none. */
static inline void login_make_session(const char *root) {
	char path[64];
	unsetenv("XDG_SESSION_ID");
	unsetenv("XDG_VTNR");
	unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
	login_make_folder(root, "/run/systemd/sessions");
	login_make_folder(root, "/run/systemd/users");
	snprintf(path, sizeof path, "/run/systemd/users/%u", (unsigned)getuid());
	login_write(root, path, "NAME=p\nSTATE=active\nDISPLAY=2\nSESSIONS=2\n");
	login_write(root, "/run/systemd/sessions/2", LOGIN_SESSION("1"));
}

static inline void login_remove(const char *root) {
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", root);
	CHECK(system(command) == 0);
}
