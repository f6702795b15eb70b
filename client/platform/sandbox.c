#include "client/platform/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/ending.h"
#include "client/platform/sandbox_calls.h"
#include "client/platform/sandbox_files.h"

/* doc/security.md has these rows; tests/integration/sandbox-table compares them. */
static const struct {
	const char *name;
	unsigned may;
} modes[SANDBOX_MODES] = {
	[SANDBOX_PLAY] = { "play",
			SANDBOX_PROGRAMS | SANDBOX_CACHE | SANDBOX_SETTINGS | SANDBOX_PICTURES },
	[SANDBOX_AUDIO_ONLY] = { "audio-only", SANDBOX_PROGRAMS | SANDBOX_SETTINGS },
	[SANDBOX_SCREENSHOT] = { "screenshot", SANDBOX_PROGRAMS | SANDBOX_CACHE },
	[SANDBOX_BENCH] = { "bench", SANDBOX_PROGRAMS | SANDBOX_CACHE },
};

/* What a thread keeps: real-time scheduling where a file capability gave it, and root's files where
 * it is root, who owns what matters anyway. */
static const unsigned kept_capabilities = 1u << CAP_SYS_NICE | 1u << CAP_DAC_OVERRIDE;

static bool drop_privileges(void) {
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capget, &header, data) < 0) {
		return false;
	}
	data[0].permitted &= kept_capabilities;
	data[0].effective &= data[0].permitted;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){ 0 };
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, data) == 0;
}

struct entry {
	const struct sandbox_request *request;
	int rules; /* Landlock's, -1 = none */
	struct sandbox_state *state;
};

/* On each thread that there is. */
static void enter_thread(void *data) {
	struct entry *entry = data;
	entry->state->privileges = drop_privileges();
	if (entry->rules >= 0 && sandbox_files_enter(entry->rules) < 0) {
		entry->state->files = 0;
	}
}

void sandbox_enter(const struct sandbox_request *request, struct sandbox_state *ret_state) {
	*ret_state = (struct sandbox_state){ 0 };
	struct entry entry = { .request = request, .rules = -1, .state = ret_state };
	if (request->paths.home[0]) {
		ret_state->files = sandbox_files_prepare(
				modes[request->mode].may, &request->paths, &entry.rules);
	}
	ending_run_there(enter_thread, &entry);
	enter_thread(&entry);
	if (entry.rules >= 0) {
		close(entry.rules);
	}
	/* Last: it holds for all threads at once. */
	ret_state->calls = sandbox_calls_enter() == 0;
}

void sandbox_text(const struct sandbox_state *state, char *text, size_t size) {
	char files[32] = "";
	if (state->files > 0) {
		snprintf(files, sizeof files, "files (Landlock %d)", state->files);
	}
	snprintf(text, size, "%s%s%s%s%s", state->privileges ? "privileges" : "",
			state->privileges && state->calls ? ", " : "", state->calls ? "calls" : "",
			(state->privileges || state->calls) && files[0] ? ", " : "", files);
}

const char *sandbox_home(void) {
	static const char *const shared[] = { "/tmp", "/var/tmp", "/run", "/dev/shm" };
	const char *home = getenv("HOME"); // NOLINT(concurrency-mt-unsafe): no thread yet
	if (!home || home[0] != '/' || !home[1]) {
		return "";
	}
	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
		const size_t len = strlen(shared[i]);
		if (strncmp(home, shared[i], len) == 0 && (home[len] == '/' || home[len] == '\0')) {
			return "";
		}
	}
	return home;
}
