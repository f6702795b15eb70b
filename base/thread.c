#include "base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

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

bool thread_ask_realtime(int priority) {
	const struct sched_param param = { .sched_priority = priority };
	/* RESET_ON_FORK: a child (the demo guest, a doctor) must not inherit it. */
	if (pthread_setschedparam(pthread_self(), SCHED_RR | SCHED_RESET_ON_FORK, &param) == 0) {
		return true;
	}
	return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -11) == 0;
}
