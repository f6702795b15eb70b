#include "base/cpu_wait.h"

#include "base/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>

/* TSC ticks: 10 to 25 us. Linux allows 100000 by default, and a timer that is due ends it early. */
#define WAIT_TICKS 40000u

#define CPUID7_ECX_WAITPKG  (1u << 5)
#define CPUIDX_ECX_MONITORX (1u << 29)
#define MWAITX_USE_TIMER    2u
#define MWAITX_C1           0x0u
#define UMWAIT_C01          1u /* the light state: it wakes within a microsecond */

enum cpu_wait cpu_wait_find(void) {
	unsigned a, b, c, d;
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & CPUID7_ECX_WAITPKG) != 0) {
		return CPU_WAIT_UMWAIT;
	}
	if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & CPUIDX_ECX_MONITORX) != 0) {
		return CPU_WAIT_MWAITX;
	}
	return CPU_WAIT_NONE;
}

/* The word is read between arming and waiting: a change before that is not missed. */
__attribute__((target("waitpkg"))) static void wait_umwait(const uint32_t *word, uint32_t value) {
	_umonitor((void *)(uintptr_t)word);
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
		(void)_umwait(UMWAIT_C01, __rdtsc() + WAIT_TICKS);
	}
}

__attribute__((target("mwaitx"))) static void wait_mwaitx(const uint32_t *word, uint32_t value) {
	_mm_monitorx((void *)(uintptr_t)word, 0, 0);
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
		_mm_mwaitx(MWAITX_USE_TIMER, MWAITX_C1, WAIT_TICKS);
	}
}

static void wait_once(enum cpu_wait kind, const uint32_t *word, uint32_t value) {
	switch (kind) {
	case CPU_WAIT_UMWAIT:
		wait_umwait(word, value);
		return;
	case CPU_WAIT_MWAITX:
		wait_mwaitx(word, value);
		return;
	case CPU_WAIT_NONE:
		break;
	}
	cpu_pause();
}

#else

enum cpu_wait cpu_wait_find(void) {
	return CPU_WAIT_NONE;
}

static void wait_once(enum cpu_wait kind, const uint32_t *word, uint32_t value) {
	(void)kind;
	(void)word;
	(void)value;
	cpu_pause();
}

#endif

const char *cpu_wait_name(enum cpu_wait kind) {
	switch (kind) {
	case CPU_WAIT_UMWAIT:
		return "umwait";
	case CPU_WAIT_MWAITX:
		return "mwaitx";
	case CPU_WAIT_NONE:
		break;
	}
	return "none";
}

uint32_t cpu_wait_change(
		enum cpu_wait kind, const uint32_t *word, uint32_t value, uint64_t deadline_ns) {
	for (;;) {
		const uint32_t now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
		if (now != value || clock_now_ns() >= deadline_ns) {
			return now;
		}
		wait_once(kind, word, value);
	}
}
