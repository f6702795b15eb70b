/*
 * Waits in user mode until a word of memory changes, for the microseconds around the moment when
 * the change is due. Uses the processor's own instruction where there is one (WAITPKG's UMWAIT,
 * AMD's MWAITX), else polls. The thread counts as running all the while. From any thread.
 */
#pragma once

#include <stdint.h>

enum cpu_wait {
	CPU_WAIT_NONE, /* no instruction for it */
	CPU_WAIT_UMWAIT,
	CPU_WAIT_MWAITX,
};

/* What this processor has. It may cost a trip into the hypervisor: ask once. */
enum cpu_wait cpu_wait_find(void);
const char *cpu_wait_name(enum cpu_wait kind); /* "none", "umwait", "mwaitx" */

/* Waits until *word is not `value` any more, but not beyond the deadline (by more than some
 * 20 us). Returns the last value that was read (acquire). */
uint32_t cpu_wait_change(
		enum cpu_wait kind, const uint32_t *word, uint32_t value, uint64_t deadline_ns);

/* A breath in a loop that spins. */
static inline void cpu_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}
