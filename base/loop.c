#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/deadline.h"

#define ROUND_MAX 32

enum source_kind { SOURCE_FD, SOURCE_TIMER, SOURCE_WAKE };

struct loop_source {
	struct loop *loop;
	struct loop_source *next;
	enum source_kind kind;
	bool removed;
	int fd;       /* SOURCE_FD, SOURCE_WAKE (an eventfd of ours) */
	uint64_t due; /* SOURCE_TIMER, 0 = stopped */
	loop_fd_fn fd_fn;
	loop_fn fn;
	void *data;
};

struct loop {
	int epoll_fd;
	struct loop_source *sources;
	bool dispatching;
	bool any_removed;
	struct loop_source *quit_wake;
	atomic_bool quit;
	atomic_int result;
};

static void on_quit(void *data) {
	(void)data; /* loop_run() looks at the flag after each round */
}

int loop_create(struct loop **ret_loop) {
	struct loop *loop = calloc(1, sizeof *loop);
	if (!loop) {
		return -ENOMEM;
	}
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		int r = -errno;
		free(loop);
		return r;
	}
	loop->quit_wake = loop_add_wake(loop, on_quit, NULL);
	if (!loop->quit_wake) {
		loop_destroy(loop);
		return -ENOMEM;
	}
	*ret_loop = loop;
	return 0;
}

static void source_free(struct loop_source *source) {
	if (source->kind == SOURCE_WAKE) {
		close(source->fd);
	}
	free(source);
}

void loop_destroy(struct loop *loop) {
	if (!loop) {
		return;
	}
	while (loop->sources) {
		struct loop_source *next = loop->sources->next;
		source_free(loop->sources);
		loop->sources = next;
	}
	close(loop->epoll_fd);
	free(loop);
}

static struct loop_source *source_new(struct loop *loop, enum source_kind kind, void *data) {
	struct loop_source *source = calloc(1, sizeof *source);
	if (source) {
		source->loop = loop;
		source->kind = kind;
		source->fd = -1;
		source->data = data;
		source->next = loop->sources;
		loop->sources = source;
	}
	return source;
}

/* The source just made could not be used: it is the first of the list. */
static struct loop_source *source_drop(struct loop_source *source) {
	source->loop->sources = source->next;
	free(source);
	return NULL;
}

static int watch(struct loop_source *source, uint32_t events) {
	struct epoll_event event = { .events = events, .data.ptr = source };
	return epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event);
}

struct loop_source *loop_add_fd(
		struct loop *loop, int fd, uint32_t events, loop_fd_fn fn, void *data) {
	struct loop_source *source = source_new(loop, SOURCE_FD, data);
	if (!source) {
		return NULL;
	}
	source->fd = fd;
	source->fd_fn = fn;
	return watch(source, events) < 0 ? source_drop(source) : source;
}

int loop_set_events(struct loop_source *source, uint32_t events) {
	struct epoll_event event = { .events = events, .data.ptr = source };
	return epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno
											: 0;
}

struct loop_source *loop_add_timer(struct loop *loop, loop_fn fn, void *data) {
	struct loop_source *source = source_new(loop, SOURCE_TIMER, data);
	if (source) {
		source->fn = fn;
	}
	return source;
}

void loop_set_timer(struct loop_source *timer, uint64_t due) {
	timer->due = due;
}

struct loop_source *loop_add_wake(struct loop *loop, loop_fn fn, void *data) {
	struct loop_source *source = source_new(loop, SOURCE_WAKE, data);
	if (!source) {
		return NULL;
	}
	source->fn = fn;
	source->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (source->fd < 0) {
		return source_drop(source);
	}
	if (watch(source, EPOLLIN) < 0) {
		close(source->fd);
		return source_drop(source);
	}
	return source;
}

void loop_wake(struct loop_source *wake) {
	const uint64_t one = 1;
	/* EAGAIN means that the counter is full: the loop will wake all the same. */
	if (write(wake->fd, &one, sizeof one) < 0) {
		return;
	}
}

static void sweep(struct loop *loop) {
	for (struct loop_source **link = &loop->sources; *link;) {
		struct loop_source *source = *link;
		if (source->removed) {
			*link = source->next;
			source_free(source);
		} else {
			link = &source->next;
		}
	}
	loop->any_removed = false;
}

void loop_remove(struct loop_source *source) {
	if (!source || source->removed) {
		return;
	}
	struct loop *loop = source->loop;
	if (source->kind != SOURCE_TIMER) {
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	}
	source->removed = true;
	loop->any_removed = true;
	if (!loop->dispatching) {
		sweep(loop);
	}
}

static deadline next_deadline(const struct loop *loop) {
	deadline next = DEADLINE_NONE;
	for (const struct loop_source *source = loop->sources; source; source = source->next) {
		if (source->kind == SOURCE_TIMER) {
			next = deadline_first(next, source->due);
		}
	}
	return next;
}

int loop_fd(const struct loop *loop) {
	return loop->epoll_fd;
}

int loop_wait_ms(const struct loop *loop) {
	return deadline_wait_ms(next_deadline(loop), clock_now_ns(), INT_MAX);
}

static int wait(struct loop *loop, int timeout_ms, struct epoll_event *events) {
	const uint64_t now = clock_now_ns();
	deadline due = next_deadline(loop);
	if (timeout_ms >= 0) {
		due = deadline_first(due, now + (uint64_t)timeout_ms * NS_PER_MS);
	}
	struct timespec left = { 0 };
	if (due > now) {
		left.tv_sec = (time_t)((due - now) / NS_PER_S);
		left.tv_nsec = (long)((due - now) % NS_PER_S);
	}
	int n = epoll_pwait2(loop->epoll_fd, events, ROUND_MAX, deadline_is_set(due) ? &left : NULL,
			NULL);
	if (n < 0 && (errno == ENOSYS || errno == EPERM)) { /* Linux before 5.11, some sandboxes */
		n = epoll_wait(loop->epoll_fd, events, ROUND_MAX,
				deadline_wait_ms(due, now, INT_MAX));
	}
	return n;
}

static int dispatch_fds(const struct epoll_event *events, int n) {
	int ran = 0;
	for (int i = 0; i < n; i++) {
		struct loop_source *source = events[i].data.ptr;
		if (source->removed) {
			continue;
		}
		if (source->kind == SOURCE_WAKE) {
			uint64_t count;
			if (read(source->fd, &count, sizeof count) < 0) {
				continue; /* somebody else took it: nothing to do */
			}
			source->fn(source->data);
		} else {
			source->fd_fn(source->fd, events[i].events, source->data);
		}
		ran++;
	}
	return ran;
}

/* New timers are put in front of the list, so a timer that a callback starts waits for the next
 * round even if it is due at once. */
static int dispatch_timers(struct loop *loop) {
	int ran = 0;
	uint64_t now = clock_now_ns();
	for (struct loop_source *source = loop->sources; source; source = source->next) {
		if (source->kind == SOURCE_TIMER && !source->removed && source->due &&
				source->due <= now) {
			source->due = 0;
			source->fn(source->data);
			ran++;
		}
	}
	return ran;
}

int loop_run_once(struct loop *loop, int timeout_ms) {
	struct epoll_event events[ROUND_MAX];
	int n = wait(loop, timeout_ms, events);
	if (n < 0) {
		return errno == EINTR ? 0 : -errno;
	}
	loop->dispatching = true;
	int ran = dispatch_fds(events, n) + dispatch_timers(loop);
	loop->dispatching = false;
	if (loop->any_removed) {
		sweep(loop);
	}
	return ran;
}

int loop_run(struct loop *loop) {
	while (!atomic_load(&loop->quit)) {
		int r = loop_run_once(loop, -1);
		if (r < 0) {
			return r;
		}
	}
	atomic_store(&loop->quit, false);
	return atomic_load(&loop->result);
}

void loop_quit(struct loop *loop, int result) {
	atomic_store(&loop->result, result);
	atomic_store(&loop->quit, true);
	loop_wake(loop->quit_wake);
}
