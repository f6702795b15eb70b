#include "input/watchdog.h"

#include <errno.h>
#include <linux/input.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"

struct watchdog {
	/* constant after watchdog_create() */
	uint64_t limit_ns;
	void (*release)(int fd);
	pthread_t thread;

	atomic_uint_fast64_t fed_ns;
	atomic_bool fired;

	/* Never held while anything waits. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int fds[WATCHDOG_FDS];
	unsigned count;
	bool quit;
};

static void release_grab(int fd) {
	ioctl(fd, EVIOCGRAB, (void *)0);
}

/* With the lock held. */
static void wait_until(struct watchdog *watchdog, uint64_t deadline_ns) {
	const struct timespec deadline = { (time_t)(deadline_ns / NS_PER_S),
		(long)(deadline_ns % NS_PER_S) };
	pthread_cond_timedwait(&watchdog->changed, &watchdog->lock, &deadline);
}

static void *watchdog_run(void *data) {
	struct watchdog *watchdog = data;
	pthread_mutex_lock(&watchdog->lock);
	while (!watchdog->quit) {
		if (watchdog->count == 0) {
			pthread_cond_wait(&watchdog->changed, &watchdog->lock);
			continue;
		}
		uint64_t due_ns = atomic_load(&watchdog->fed_ns) + watchdog->limit_ns;
		if (clock_now_ns() < due_ns) {
			wait_until(watchdog, due_ns);
			continue;
		}
		/* The lock keeps the fds open: their owner takes it before closing one. */
		for (unsigned i = 0; i < watchdog->count; i++) {
			watchdog->release(watchdog->fds[i]);
		}
		watchdog->count = 0;
		atomic_store(&watchdog->fired, true);
	}
	pthread_mutex_unlock(&watchdog->lock);
	return NULL;
}

int watchdog_create(struct watchdog **ret_watchdog, uint64_t limit_ns, void (*release)(int fd)) {
	struct watchdog *watchdog = calloc(1, sizeof *watchdog);
	if (!watchdog) {
		return -ENOMEM;
	}
	watchdog->limit_ns = limit_ns;
	watchdog->release = release ? release : release_grab;
	pthread_mutex_init(&watchdog->lock, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog->changed, &attributes);
	pthread_condattr_destroy(&attributes);

	int r = thread_start(&watchdog->thread, "pg-watchdog", watchdog_run, watchdog);
	if (r < 0) {
		pthread_cond_destroy(&watchdog->changed);
		pthread_mutex_destroy(&watchdog->lock);
		free(watchdog);
		return r;
	}
	*ret_watchdog = watchdog;
	return 0;
}

void watchdog_destroy(struct watchdog *watchdog) {
	if (!watchdog) {
		return;
	}
	pthread_mutex_lock(&watchdog->lock);
	watchdog->quit = true;
	pthread_cond_signal(&watchdog->changed);
	pthread_mutex_unlock(&watchdog->lock);
	pthread_join(watchdog->thread, NULL);
	pthread_cond_destroy(&watchdog->changed);
	pthread_mutex_destroy(&watchdog->lock);
	free(watchdog);
}

int watchdog_add(struct watchdog *watchdog, int fd) {
	int r = 0;
	watchdog_feed(watchdog);
	pthread_mutex_lock(&watchdog->lock);
	if (watchdog->count == WATCHDOG_FDS) {
		r = -ENOSPC;
	} else {
		watchdog->fds[watchdog->count++] = fd;
		pthread_cond_signal(&watchdog->changed);
	}
	pthread_mutex_unlock(&watchdog->lock);
	return r;
}

void watchdog_remove(struct watchdog *watchdog, int fd) {
	pthread_mutex_lock(&watchdog->lock);
	for (unsigned i = 0; i < watchdog->count; i++) {
		if (watchdog->fds[i] == fd) {
			watchdog->fds[i] = watchdog->fds[--watchdog->count];
			break;
		}
	}
	pthread_mutex_unlock(&watchdog->lock);
}

void watchdog_feed(struct watchdog *watchdog) {
	atomic_store(&watchdog->fed_ns, clock_now_ns());
}

bool watchdog_fired(struct watchdog *watchdog) {
	return atomic_load(&watchdog->fired) && atomic_exchange(&watchdog->fired, false);
}
