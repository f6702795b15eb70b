/* The options of pierglass-demo-guest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/shm.h"
#include "host-proto/sim/demo_guest.h"
#include "tools/demo-guest/demo_tone.h"

#define DEMO_COMMANDS_MAX  16
#define DEMO_COMMAND_BYTES 256 /* with its NUL */

struct demo_options {
	struct demo_guest_config guest;
	char shm_path[SHM_PATH_BYTES]; /* "" = in the folder */
	char dir[200];                 /* "" = a fresh one */
	uint64_t memory_mib;           /* 0 = as much as needed */
	bool spice, spice_tcp, absolute;
	bool agent, agent_windows;
	char password[64];
	bool sound;
	struct demo_tone_config tone;
	bool report, parent;
	int64_t seconds;
	unsigned command_count;
	const char *commands[DEMO_COMMANDS_MAX];
};

/* Reads the command line. Returns the exit status to leave with (help was shown, or what is wrong
 * was said), or -1 to go on. The commands point into static storage: to be called once. */
int demo_options_read(struct demo_options *options, int argc, char **argv);
