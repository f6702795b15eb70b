/*
 * The words by which a user calls this program, for the commands that are printed: each has to run
 * as it stands, from where the user stands.
 */
#pragma once

#include "tools/vm-model/text.h"

enum own_command {
	OWN_HERE,       /* "pierglass" where that is what PATH finds, the word in PIERGLASS_COMMAND
			   (tools/play says how it was called), or the program's own path */
	OWN_UNDER_SUDO, /* the same behind "sudo", which has a PATH of its own */
	OWN_ANYWHERE,   /* always "pierglass": the command is for another machine than this one */
};

/* Adds it, quoted. */
void own_command(struct text *text, enum own_command which);
