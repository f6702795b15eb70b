#include "input/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

#define STEPS         8 /* of the limit */
#define STARVED_LIMIT 5 /* limits */

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
	pid_t owner;           /* who added the fds */
	clockid_t owner_clock; /* its time on a processor */
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

/* With the lock held, which keeps the fds open: their owner takes it before closing one. */
static void release_all(struct watchdog *watchdog) {
	for (unsigned i = 0; i < watchdog->count; i++) {
		watchdog->release(watchdog->fds[i]);
	}
	watchdog->count = 0;
	atomic_store(&watchdog->fired, true);
}

/* What the watchdog's thread has seen of the owner. */
struct sight {
	uint64_t fed_ns, cpu_ns; /* the last feed, and the owner's time on a processor then */
	uint64_t last_ns, stood_ns;
};

static uint64_t owner_cpu_ns(const struct watchdog *watchdog) {
	struct timespec time;
	if (clock_gettime(watchdog->owner_clock, &time) < 0) {
		return 0; /* it has ended */
	}
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* The state of a thread of ours as the kernel names it ("R"), 0 where it does not tell. */
static char thread_state(pid_t thread) {
	char path[64], text[128];
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0) {
		close(fd);
	}
	text[size < 0 ? 0 : size] = '\0';
	const char *name_end = strrchr(text, ')');
	if (!name_end || !name_end[1]) {
		return '\0';
	}
	return name_end[2];
}

/* It would run, and no processor is there for it. One that runs in circles is not starved. */
static bool is_starved(const struct watchdog *watchdog, const struct sight *sight) {
	return thread_state(watchdog->owner) == 'R' &&
	       owner_cpu_ns(watchdog) - sight->cpu_ns < watchdog->limit_ns / STEPS;
}

/* The time without a feed is counted in steps that this thread was awake for. One that lasts too
 * long is a step all the same: the owner was then not let run either, and begins with it again. */
static void look(struct watchdog *watchdog, struct sight *sight) {
	const uint64_t step_ns = watchdog->limit_ns / STEPS;
	uint64_t now_ns = clock_now_ns(), since_ns = sight->last_ns;
	uint64_t fed_ns = atomic_load(&watchdog->fed_ns);
	if (fed_ns != sight->fed_ns) {
		sight->fed_ns = fed_ns;
		sight->cpu_ns = owner_cpu_ns(watchdog);
		sight->stood_ns = 0;
		since_ns = fed_ns > since_ns ? fed_ns : since_ns;
	}
	uint64_t passed_ns = now_ns > since_ns ? now_ns - since_ns : 0;
	sight->stood_ns += passed_ns < step_ns ? passed_ns : step_ns;
	sight->last_ns = now_ns;
}

static void *watchdog_run(void *data) {
	struct watchdog *watchdog = data;
	struct sight sight = { .last_ns = 0 };
	pthread_mutex_lock(&watchdog->lock);
	while (!watchdog->quit) {
		if (watchdog->count == 0) {
			pthread_cond_wait(&watchdog->changed, &watchdog->lock);
			sight.last_ns = clock_now_ns();
			continue;
		}
		wait_until(watchdog, sight.last_ns + watchdog->limit_ns / STEPS);
		look(watchdog, &sight);
		if (sight.stood_ns >= STARVED_LIMIT * watchdog->limit_ns ||
				(sight.stood_ns >= watchdog->limit_ns &&
						!is_starved(watchdog, &sight))) {
			release_all(watchdog);
			sight.stood_ns = 0;
		}
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
		watchdog->owner = gettid();
		pthread_getcpuclockid(pthread_self(), &watchdog->owner_clock);
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
