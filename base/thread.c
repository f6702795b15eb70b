#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

#define NICE_INSTEAD      (-11) /* where real-time scheduling is refused, or would harm */
#define PRIORITY_SLICE_US 200
#define BREATH_AFTER_NS   (20 * NS_PER_MS)
#define BREATH_NS         (60 * NS_PER_US) /* shorter ones may end before the thread has slept */

int thread_start(pthread_t *ret_thread, const char *name, void *(*run)(void *data), void *data) {
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	/* A fault must still reach its handler in the thread that faulted. */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	sigdelset(&all, SIGXCPU); /* and a limit the thread that reached it */

	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_t thread;
	int r = pthread_create(&thread, NULL, run, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		return -r;
	}
	pthread_setname_np(thread, name);
	*ret_thread = thread;
	return 0;
}

/* The kernel's, as of its first version: glibc 2.35 has no wrapper and not every kernel header can
 * be included beside <sched.h>. */
struct scheduling {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

void thread_be_prompt(unsigned slice_us) {
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	/* Older kernels take the call and ignore the wish. */
	struct scheduling now = { .size = sizeof now };
	if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) != 0 || now.policy != SCHED_OTHER) {
		return;
	}
	now.size = sizeof now;
	now.flags &= 1; /* SCHED_FLAG_RESET_ON_FORK stays */
	now.runtime = (uint64_t)slice_us * 1000;
	(void)syscall(SYS_sched_setattr, 0, &now, 0);
}

/* RESET_ON_FORK, here and below: a child (the demo guest, a doctor) must not inherit it. */
static bool ask_nice(int level, const struct scheduling_broker *broker) {
	const struct sched_param none = { 0 };
	const pid_t self = (pid_t)syscall(SYS_gettid);
	(void)pthread_setschedparam(pthread_self(), SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
	if (setpriority(PRIO_PROCESS, (id_t)self, NICE_INSTEAD) == 0) {
		return true;
	}
	if (broker && broker->ask) {
		broker->ask(self, level, broker->data);
	}
	return false;
}

bool thread_ask_realtime(int priority, const struct scheduling_broker *broker) {
	const struct sched_param param = { .sched_priority = priority };
	return pthread_setschedparam(pthread_self(), SCHED_RR | SCHED_RESET_ON_FORK, &param) == 0 ||
	       ask_nice(priority, broker);
}

bool thread_ask_priority(const struct scheduling_broker *broker) {
	thread_be_prompt(PRIORITY_SLICE_US);
	return ask_nice(NICE_INSTEAD, broker);
}

void thread_leave_realtime(void) {
	const struct sched_param param = { 0 };
	(void)pthread_setschedparam(pthread_self(), SCHED_OTHER | SCHED_RESET_ON_FORK, &param);
	const id_t self = (id_t)syscall(SYS_gettid);
	if (getpriority(PRIO_PROCESS, self) == NICE_INSTEAD) {
		(void)setpriority(PRIO_PROCESS, self, 0);
	}
}

bool thread_is_realtime(void) {
	return (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_RR;
}

void thread_breathe(struct thread_breath *breath) {
	/* The time of a thread is a system call, this one is none; and it cannot have worked
	 * longer. */
	const uint64_t now_ns = clock_now_ns();
	if (now_ns - breath->looked_ns < BREATH_AFTER_NS / 2) {
		return;
	}
	breath->looked_ns = now_ns;
	const uint64_t cpu_ns = clock_thread_cpu_ns();
	if (cpu_ns - breath->cpu_ns > BREATH_AFTER_NS) {
		breath->cpu_ns = cpu_ns;
		clock_sleep_ns(BREATH_NS);
	}
}
