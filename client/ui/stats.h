/*
 * --stats: one JSON object per period on stdout (stderr under `scream -o raw`, which owns stdout).
 */
#pragma once

#include <stdio.h>

struct snapshot;

void stats_write(FILE *out, const struct snapshot *snapshot);
