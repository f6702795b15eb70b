#define LOG_MODULE "main"
#include "base/ending.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"

#ifdef PG_SANITIZED
#define PATIENCE 10 /* a leak report takes its time */
#else
#define PATIENCE 1
#endif

static struct {
	int signal_fd;
	int wake_fd;

	pthread_mutex_t lock; /* of all below; never held while anything waits */
	struct loop_source *wake;
	void (*quit)(int signal, void *data);
	void *data;
	bool polled;
	bool released;
	int signal;                         /* the first one */
	uint64_t release_by_ns, gone_by_ns; /* 0: it has not begun */
	void (*task)(void *data);           /* of ending_run_there() */
	void *task_data;

	pthread_mutex_t watch_lock; /* of these; held while gone runs */
	int watch_fd;
	void (*gone)(void *data);
	void *gone_data;

	bool runs; /* main's; before others exist */
	sem_t task_done;
} ending = { .signal_fd = -1,
	.wake_fd = -1,
	.watch_fd = -1,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.watch_lock = PTHREAD_MUTEX_INITIALIZER };

static sigset_t leave_set(void) {
	sigset_t set;
	struct sigaction before;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &before) < 0 || before.sa_handler != SIG_IGN) {
		sigaddset(&set, SIGHUP);
	}
	return set;
}

/* As if the signal had not been blocked: whoever started us sees what it was. */
static _Noreturn void die(int number) {
	if (number > 0) {
		sigset_t one;
		sigemptyset(&one);
		sigaddset(&one, number);
		signal(number, SIG_DFL);
		pthread_sigmask(SIG_UNBLOCK, &one, NULL);
		raise(number);
	}
	_exit(number > 0 ? 128 + number : 1);
}

/* With the lock held. */
static void begin(uint64_t gone_ns) {
	const uint64_t now_ns = clock_now_ns();
	const uint64_t release_ns = ENDING_RELEASE_NS < gone_ns ? ENDING_RELEASE_NS : gone_ns;
	ending.release_by_ns = deadline_first(ending.release_by_ns, now_ns + PATIENCE * release_ns);
	ending.gone_by_ns = deadline_first(ending.gone_by_ns, now_ns + PATIENCE * gone_ns);
}

static void on_signal(int number) {
	pthread_mutex_lock(&ending.lock);
	const bool asked = ending.gone_by_ns != 0;
	const bool somebody = ending.wake || ending.polled;
	if (!asked && somebody) {
		ending.signal = number;
		ending.released |= ending.polled;
		begin(ENDING_GONE_NS);
		if (ending.wake) {
			loop_wake(ending.wake);
		}
	}
	pthread_mutex_unlock(&ending.lock);
	if (asked || !somebody) {
		die(number);
	}
}

/* When to look again; ends the process when there is nothing left to wait for. */
static int wait_ms(void) {
	pthread_mutex_lock(&ending.lock);
	const uint64_t by_ns = ending.released ? ending.gone_by_ns : ending.release_by_ns;
	const int number = ending.signal;
	pthread_mutex_unlock(&ending.lock);
	if (by_ns == 0) {
		return -1;
	}
	const uint64_t now_ns = clock_now_ns();
	if (now_ns >= by_ns) {
		log_warn("a part of the program hangs: leaving without waiting for it");
		die(number);
	}
	return (int)((by_ns - now_ns) / NS_PER_MS) + 1;
}

static void run_task(void) {
	pthread_mutex_lock(&ending.lock);
	void (*task)(void *data) = ending.task;
	void *data = ending.task_data;
	ending.task = NULL;
	pthread_mutex_unlock(&ending.lock);
	if (task) {
		task(data);
		sem_post(&ending.task_done);
	}
}

static int watched_fd(void) {
	pthread_mutex_lock(&ending.watch_lock);
	const int fd = ending.watch_fd;
	pthread_mutex_unlock(&ending.watch_lock);
	return fd;
}

static void on_watched_end(int fd) {
	pthread_mutex_lock(&ending.watch_lock);
	if (ending.watch_fd == fd) {
		ending.watch_fd = -1;
		ending.gone(ending.gone_data);
	}
	pthread_mutex_unlock(&ending.watch_lock);
}

static void *run(void *data) {
	(void)data;
	for (;;) {
		struct pollfd fds[] = { { .fd = ending.signal_fd, .events = POLLIN },
			{ .fd = ending.wake_fd, .events = POLLIN },
			{ .fd = watched_fd(), .events = POLLRDHUP } };
		(void)poll(fds, 3, wait_ms());
		if (fds[2].revents) {
			on_watched_end(fds[2].fd);
		}
		uint64_t count;
		if ((fds[1].revents & POLLIN) && read(ending.wake_fd, &count, sizeof count) < 0) {
			continue;
		}
		run_task();
		struct signalfd_siginfo info;
		if ((fds[0].revents & POLLIN) && read(ending.signal_fd, &info, sizeof info) ==
								 (ssize_t)sizeof info) {
			on_signal((int)info.ssi_signo);
		}
	}
	return NULL;
}

int ending_start(void) {
	const sigset_t set = leave_set();
	pthread_t thread = { 0 };
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A peer that closes a socket or a pipe is an errno, not a signal. */
	signal(SIGPIPE, SIG_IGN);
	ending.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	ending.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = ending.signal_fd < 0 || ending.wake_fd < 0
				? -errno
				: thread_start(&thread, "pg-ending", run, NULL);
	if (r < 0) {
		pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		return r;
	}
	ending.runs = true;
	pthread_detach(thread);
	return 0;
}

static void tell_thread(void) {
	const uint64_t one = 1;
	if (write(ending.wake_fd, &one, sizeof one) < 0) {
		return; /* the counter is full: it will look */
	}
}

void ending_watch(int fd, void (*gone)(void *data), void *data) {
	pthread_mutex_lock(&ending.watch_lock);
	ending.watch_fd = fd;
	ending.gone = gone;
	ending.gone_data = data;
	pthread_mutex_unlock(&ending.watch_lock);
	tell_thread();
}

void ending_run_there(void (*fn)(void *data), void *data) {
	if (!ending.runs || sem_init(&ending.task_done, 0, 0) < 0) {
		return;
	}
	pthread_mutex_lock(&ending.lock);
	ending.task = fn;
	ending.task_data = data;
	pthread_mutex_unlock(&ending.lock);
	tell_thread();
	while (sem_wait(&ending.task_done) < 0 && errno == EINTR) {
	}
	sem_destroy(&ending.task_done);
}

static void on_wake(void *data) {
	(void)data;
	pthread_mutex_lock(&ending.lock);
	void (*quit)(int signal, void *data_of_quit) = ending.quit;
	void *quit_data = ending.data;
	const int number = ending.signal;
	pthread_mutex_unlock(&ending.lock);
	if (quit && number) {
		quit(number, quit_data);
		ending_released();
	}
}

int ending_ask(struct loop *loop, void (*quit)(int signal, void *data), void *data) {
	struct loop_source *wake = loop ? loop_add_wake(loop, on_wake, NULL) : NULL;
	pthread_mutex_lock(&ending.lock);
	struct loop_source *before = ending.wake;
	ending.wake = wake;
	ending.quit = quit;
	ending.data = data;
	pthread_mutex_unlock(&ending.lock);
	loop_remove(before);
	return loop && !wake ? -ENOMEM : 0;
}

int ending_signalled(void) {
	pthread_mutex_lock(&ending.lock);
	ending.polled = true;
	const int number = ending.signal;
	pthread_mutex_unlock(&ending.lock);
	return number;
}

void ending_begin(uint64_t gone_ns) {
	pthread_mutex_lock(&ending.lock);
	begin(gone_ns);
	pthread_mutex_unlock(&ending.lock);
	tell_thread();
}

void ending_released(void) {
	pthread_mutex_lock(&ending.lock);
	ending.released = true;
	pthread_mutex_unlock(&ending.lock);
	tell_thread();
}

void ending_now(int status) {
	_exit(status);
}

void ending_in_child(void) {
	sigset_t none;
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}
