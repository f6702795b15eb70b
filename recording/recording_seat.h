/*
 * Where a thread finds the memory of the recording, if there is one: others put it there, the
 * thread that owns the seat looks at each use, which costs one atomic load.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

struct recording_memory;

struct recording_seat {
	pthread_mutex_t lock;
	atomic_bool changed;
	struct recording_memory *next; /* under the lock */
	struct recording_memory *now;  /* the owner's */
};

void recording_seat_init(struct recording_seat *seat);
void recording_seat_finish(struct recording_seat *seat);
/* From any thread; NULL = no recording any more. Takes a reference of its own. */
void recording_seat_put(struct recording_seat *seat, struct recording_memory *memory);
/* On the owner's thread. NULL = nothing is recorded. */
struct recording_memory *recording_seat_look(struct recording_seat *seat);
