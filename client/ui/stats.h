/*
 * --stats: one JSON object per period on stdout (stderr under `scream -o raw`, which owns stdout).
 */
#pragma once

#include <stdio.h>

struct app_status;

void stats_write(FILE *out, const struct app_status *status);
