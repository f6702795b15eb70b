#include "client/platform/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

static const int leave_signals[] = { SIGINT, SIGTERM, SIGHUP };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct signals {
	int fd;
	struct loop_source *source;
	unsigned received;
	void (*quit)(int signal, void *data);
	void *data;
};

static sigset_t leave_set(void) {
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < COUNT(leave_signals); i++) {
		sigaddset(&set, leave_signals[i]);
	}
	return set;
}

void signals_block(void) {
	const sigset_t set = leave_set();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A peer that closes a socket or a pipe is an errno, not a signal. */
	signal(SIGPIPE, SIG_IGN);
}

void signals_unblock_in_child(void) {
	sigset_t none;
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void on_readable(int fd, uint32_t events, void *data) {
	struct signals *signals = data;
	struct signalfd_siginfo info;
	(void)events;
	if (read(fd, &info, sizeof info) != (ssize_t)sizeof info) {
		return;
	}
	if (signals->received++ > 0) {
		_exit(128 + (int)info.ssi_signo);
	}
	signals->quit((int)info.ssi_signo, signals->data);
}

int signals_create(struct signals **ret_signals, struct loop *loop,
		void (*quit)(int signal, void *data), void *data) {
	struct signals *signals = calloc(1, sizeof *signals);
	if (!signals) {
		return -ENOMEM;
	}
	signals->quit = quit;
	signals->data = data;
	sigset_t set = leave_set();
	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd < 0) {
		int r = -errno;
		free(signals);
		return r;
	}
	signals->source = loop_add_fd(loop, signals->fd, EPOLLIN, on_readable, signals);
	if (!signals->source) {
		close(signals->fd);
		free(signals);
		return -ENOMEM;
	}
	*ret_signals = signals;
	return 0;
}

void signals_destroy(struct signals *signals) {
	if (!signals) {
		return;
	}
	loop_remove(signals->source);
	close(signals->fd);
	free(signals);
}

int signals_wait(uint64_t ns) {
	const sigset_t set = leave_set();
	const uint64_t end_ns = clock_now_ns() + ns;
	for (;;) {
		const uint64_t now_ns = clock_now_ns();
		const uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
		const struct timespec left = { .tv_sec = (time_t)(left_ns / NS_PER_S),
			.tv_nsec = (long)(left_ns % NS_PER_S) };
		const int number = sigtimedwait(&set, NULL, &left);
		if (number > 0 || errno != EINTR) {
			return number > 0 ? number : 0;
		}
	}
}
