#include "client/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/loop.h"

static const int leave_signals[] = { SIGINT, SIGTERM, SIGHUP };
static const int fatal_signals[] = { SIGSEGV, SIGABRT, SIGFPE, SIGILL };

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
	sigset_t set = leave_set();
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

static void (*release_on_crash)(void);

static void on_fatal(int number) {
	if (release_on_crash) {
		release_on_crash();
	}
	/* SA_RESETHAND restored the default action: die of the same signal, with its core. */
	raise(number);
}

void signals_on_crash(void (*release)(void)) {
	release_on_crash = release;
	struct sigaction action = { .sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND };
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT(fatal_signals); i++) {
		sigaction(fatal_signals[i], &action, NULL);
	}
}
