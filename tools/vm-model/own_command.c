#include "tools/vm-model/own_command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The player lies beside us in the build folder, or in bin/ beside libexec/ when installed. */
static bool player_path(char buf[static PATH_MAX]) {
	static const char *const places[] = { "pierglass", "../pierglass", "../../bin/pierglass" };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	self[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash) {
		return false;
	}
	*slash = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		char *file = xasprintf("%s/%s", self, places[i]);
		bool here = access(file, X_OK) == 0 && realpath(file, buf);
		free(file);
		if (here) {
			return true;
		}
	}
	return false;
}

/* Is it the one that the shell finds? */
static bool in_path(const char *player) {
	const char *list = getenv("PATH");
	char *copy = xstrdup(list ? list : "");
	char *rest;
	bool same = false;
	for (char *dir = strtok_r(copy, ":", &rest); dir; dir = strtok_r(NULL, ":", &rest)) {
		char whole[PATH_MAX];
		char *file = xasprintf("%s/pierglass", dir);
		bool here = access(file, X_OK) == 0 && realpath(file, whole);
		free(file);
		if (here) {
			same = strcmp(whole, player) == 0;
			break; /* the first one is what runs */
		}
	}
	free(copy);
	return same;
}

/* In sudo's own PATH, as the distributions set it. */
static bool in_roots_path(const char *player) {
	return strcmp(player, "/usr/bin/pierglass") == 0 || strcmp(player, "/bin/pierglass") == 0;
}

void own_command(struct text *text, enum own_command which) {
	char player[PATH_MAX];
	const char *called = getenv("PIERGLASS_COMMAND");
	if (which == OWN_ANYWHERE || !player_path(player) ||
			(which == OWN_UNDER_SUDO ? in_roots_path(player) : in_path(player))) {
		text_add(text, "pierglass");
	} else {
		text_add_shell(text,
				which != OWN_UNDER_SUDO && called && called[0] ? called : player);
	}
}
