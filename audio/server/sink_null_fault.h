/*
 * Faults of the built-in sink (sink_null.h), as servers and devices have them. For tests only: no
 * other part of the program includes this. On the sink's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/playout/sink.h"

/* The device loses this much time: it stands still, the clock goes on. */
void sink_null_stall(struct sink *sink, uint64_t stall_ns);
/* The server goes away, or comes back. */
void sink_null_set_away(struct sink *sink, bool away, uint64_t now_ns);

/* The device is suspended, for example by its user, or goes on. */
void sink_null_suspend(struct sink *sink, bool suspended);
/* The stream moves to another device, whose position is this many frames further. */
void sink_null_move(struct sink *sink, unsigned frames);
enum sink_null_stuck { MOVES, STUCK_UNTIL_UNCORKED, STUCK_UNTIL_OPENED, STUCK_ALWAYS };
/* The server answers and plays nothing. */
void sink_null_stick(struct sink *sink, enum sink_null_stuck until);
/* The server takes this many frames at a time from now on. */
void sink_null_set_quantum(struct sink *sink, unsigned frames);
