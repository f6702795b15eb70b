/*
 * How a user calls this program, for the commands that are printed: each has to run as it stands,
 * from where the user stands.
 */
#pragma once

#include <stdbool.h>

#include "tools/vm-model/text.h"

/* Adds "pierglass" where that is what PATH finds, the word in PIERGLASS_COMMAND (tools/play says
 * how it was called), or the program's own path, quoted. anywhere: always "pierglass", because the
 * command is for another machine than this one. */
void own_command(struct text *text, bool anywhere);
