/*
 * Keeping a thread off a CPU that another program uses at the same moment, as an upload behind a
 * guest's copy does. The kernel may put both threads on one CPU while another is idle (in a virtual
 * machine it takes a halted CPU for an occupied one); the upload then waits milliseconds for the
 * end of the other thread's turn. A thread that was late avoids that CPU for a while. A thread that
 * may run on one CPU only stays where it is.
 *
 * Call everything on that thread.
 */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct thread_place {
	cpu_set_t allowed; /* at the beginning */
	cpu_set_t set;     /* by us, while away */
	bool away;
	uint64_t moved_ns, until_ns;
	uint64_t hold_ns;
};

void thread_place_init(struct thread_place *place);
/* It got the CPU so much later than it should have. */
void thread_place_late(struct thread_place *place, uint64_t late_ns, uint64_t now_ns);
/* Now and then: whether it is time to come back. */
void thread_place_tick(struct thread_place *place, uint64_t now_ns);
/* Comes back at once: threads that it starts would inherit it. */
void thread_place_leave(struct thread_place *place);
