#include "audio/server/pulse_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/clock.h"

#define ROUNDS_MOST 64

enum event_kind { IO_EVENT, TIME_EVENT, DEFER_EVENT };

/* What libpulse's three kinds of event have in common; the first member of each. What is freed
 * while callbacks run is only marked: sweep() frees it afterwards. */
struct event {
	enum event_kind kind;
	bool freed;
	struct pulse_loop *loop;
	struct event *next;
	void *data;
};

struct pa_io_event {
	struct event event;
	int fd;
	pa_io_event_flags_t flags;
	pa_io_event_cb_t fn;
	pa_io_event_destroy_cb_t destroy;
};

struct pa_time_event {
	struct event event;
	struct timeval at;
	deadline due; /* 0 = stopped */
	pa_time_event_cb_t fn;
	pa_time_event_destroy_cb_t destroy;
};

struct pa_defer_event {
	struct event event;
	bool enabled;
	pa_defer_event_cb_t fn;
	pa_defer_event_destroy_cb_t destroy;
};

struct pulse_loop {
	pa_mainloop_api api;
	struct event *events;
	unsigned deferred; /* enabled ones */
	unsigned writing;  /* io events that wait for room */
	bool running;
	bool any_freed;
};

static void add(pa_mainloop_api *api, struct event *event, enum event_kind kind, void *data) {
	struct pulse_loop *loop = api->userdata;
	event->kind = kind;
	event->loop = loop;
	event->data = data;
	event->next = loop->events;
	loop->events = event;
}

static void tell_destroyed(struct event *event) {
	pa_mainloop_api *api = &event->loop->api;
	pa_io_event *io = (pa_io_event *)event;
	pa_time_event *time = (pa_time_event *)event;
	pa_defer_event *deferred = (pa_defer_event *)event;
	if (event->kind == IO_EVENT && io->destroy) {
		io->destroy(api, io, event->data);
	} else if (event->kind == TIME_EVENT && time->destroy) {
		time->destroy(api, time, event->data);
	} else if (event->kind == DEFER_EVENT && deferred->destroy) {
		deferred->destroy(api, deferred, event->data);
	}
}

static void sweep(struct pulse_loop *loop) {
	loop->any_freed = false;
	for (struct event **link = &loop->events; *link;) {
		struct event *event = *link;
		if (!event->freed) {
			link = &event->next;
			continue;
		}
		*link = event->next;
		tell_destroyed(event);
		free(event);
	}
}

static void event_free(struct event *event) {
	event->freed = true;
	event->loop->any_freed = true;
	if (!event->loop->running) {
		sweep(event->loop);
	}
}

/* ---- file descriptors ---- */

static void io_enable(pa_io_event *io, pa_io_event_flags_t flags) {
	io->event.loop->writing -= (io->flags & PA_IO_EVENT_OUTPUT) != 0;
	io->event.loop->writing += (flags & PA_IO_EVENT_OUTPUT) != 0;
	io->flags = flags;
}

static pa_io_event *io_new(pa_mainloop_api *api, int fd, pa_io_event_flags_t flags,
		pa_io_event_cb_t fn, void *data) {
	pa_io_event *io = calloc(1, sizeof *io);
	if (!io) {
		return NULL;
	}
	io->fd = fd;
	io->fn = fn;
	add(api, &io->event, IO_EVENT, data);
	io_enable(io, flags);
	return io;
}

static void io_free(pa_io_event *io) {
	io_enable(io, PA_IO_EVENT_NULL);
	event_free(&io->event);
}

static void io_set_destroy(pa_io_event *io, pa_io_event_destroy_cb_t destroy) {
	io->destroy = destroy;
}

static unsigned list_fds(const struct pulse_loop *loop, struct pollfd ret_fds[PULSE_LOOP_FDS],
		struct event *ret_events[PULSE_LOOP_FDS]) {
	unsigned count = 0;
	for (struct event *event = loop->events; event && count < PULSE_LOOP_FDS;
			event = event->next) {
		const pa_io_event *io = (const pa_io_event *)event;
		if (event->kind != IO_EVENT || event->freed || io->flags == PA_IO_EVENT_NULL) {
			continue;
		}
		int events = 0;
		events |= io->flags & PA_IO_EVENT_INPUT ? POLLIN : 0;
		events |= io->flags & PA_IO_EVENT_OUTPUT ? POLLOUT : 0;
		ret_fds[count] = (struct pollfd){ .fd = io->fd, .events = (short)events };
		if (ret_events) {
			ret_events[count] = event;
		}
		count++;
	}
	return count;
}

static void tell_ready(struct event *event, int revents) {
	pa_io_event *io = (pa_io_event *)event;
	int flags = PA_IO_EVENT_NULL;
	flags |= revents & POLLIN ? PA_IO_EVENT_INPUT : 0;
	flags |= revents & POLLOUT ? PA_IO_EVENT_OUTPUT : 0;
	flags |= revents & POLLHUP ? PA_IO_EVENT_HANGUP : 0;
	flags |= revents & (POLLERR | POLLNVAL) ? PA_IO_EVENT_ERROR : 0;
	io->fn(&event->loop->api, io, io->fd, (pa_io_event_flags_t)flags, event->data);
}

/* Returns how many had something: none as well where the kernel does not say. */
static int run_fds(struct pulse_loop *loop) {
	struct pollfd fds[PULSE_LOOP_FDS];
	struct event *events[PULSE_LOOP_FDS];
	const unsigned count = list_fds(loop, fds, events);
	const int ready = count > 0 ? poll(fds, count, 0) : 0;
	for (unsigned i = 0; ready > 0 && i < count; i++) {
		if (fds[i].revents && !events[i]->freed) {
			tell_ready(events[i], fds[i].revents);
		}
	}
	return ready > 0 ? ready : 0;
}

/* ---- times: of the wall clock, as they are with every loop but libpulse's own ---- */

/* NULL stops it. */
static void time_restart(pa_time_event *time, const struct timeval *at) {
	time->due = DEADLINE_NONE;
	if (at) {
		time->at = *at;
		int64_t wall_ns = at->tv_sec * (int64_t)NS_PER_S + at->tv_usec * 1000;
		int64_t ns = wall_ns + clock_realtime_to_monotonic_ns();
		time->due = ns > 1 ? (uint64_t)ns : 1;
	}
}

static pa_time_event *time_new(
		pa_mainloop_api *api, const struct timeval *at, pa_time_event_cb_t fn, void *data) {
	pa_time_event *time = calloc(1, sizeof *time);
	if (!time) {
		return NULL;
	}
	time->fn = fn;
	add(api, &time->event, TIME_EVENT, data);
	time_restart(time, at);
	return time;
}

static void time_free(pa_time_event *time) {
	time->due = DEADLINE_NONE;
	event_free(&time->event);
}

static void time_set_destroy(pa_time_event *time, pa_time_event_destroy_cb_t destroy) {
	time->destroy = destroy;
}

static deadline next_time(const struct pulse_loop *loop) {
	deadline next = DEADLINE_NONE;
	for (const struct event *event = loop->events; event; event = event->next) {
		const pa_time_event *time = (const pa_time_event *)event;
		if (event->kind == TIME_EVENT) {
			next = deadline_first(next, time->due);
		}
	}
	return next;
}

static int run_times(struct pulse_loop *loop) {
	int ran = 0;
	const deadline next = next_time(loop);
	const uint64_t now_ns = deadline_is_set(next) ? clock_now_ns() : 0;
	for (struct event *event = loop->events; deadline_is_over(next, now_ns) && event;
			event = event->next) {
		pa_time_event *time = (pa_time_event *)event;
		if (event->kind == TIME_EVENT && deadline_is_over(time->due, now_ns)) {
			time->due = DEADLINE_NONE;
			time->fn(&loop->api, time, &time->at, event->data);
			ran++;
		}
	}
	return ran;
}

/* ---- deferred: once a round for as long as they are enabled ---- */

static void defer_enable(pa_defer_event *deferred, int enabled) {
	deferred->event.loop->deferred -= deferred->enabled;
	deferred->enabled = enabled != 0;
	deferred->event.loop->deferred += deferred->enabled;
}

static pa_defer_event *defer_new(pa_mainloop_api *api, pa_defer_event_cb_t fn, void *data) {
	pa_defer_event *deferred = calloc(1, sizeof *deferred);
	if (!deferred) {
		return NULL;
	}
	deferred->fn = fn;
	add(api, &deferred->event, DEFER_EVENT, data);
	defer_enable(deferred, 1);
	return deferred;
}

static void defer_free(pa_defer_event *deferred) {
	defer_enable(deferred, 0);
	event_free(&deferred->event);
}

static void defer_set_destroy(pa_defer_event *deferred, pa_defer_event_destroy_cb_t destroy) {
	deferred->destroy = destroy;
}

static void run_deferred(struct pulse_loop *loop) {
	for (struct event *event = loop->events; event && loop->deferred > 0; event = event->next) {
		pa_defer_event *deferred = (pa_defer_event *)event;
		if (event->kind == DEFER_EVENT && deferred->enabled) {
			deferred->fn(&loop->api, deferred, event->data);
		}
	}
}

/* ---- the loop ---- */

/* libpulse reads a message or half of one each time, and there are more of them than packets: what
 * is left would pile up, and reports of where the sound is come seconds late. */
void pulse_loop_run(struct pulse_loop *loop) {
	int ran = 1;
	loop->running = true;
	for (unsigned round = 0; (ran > 0 || loop->deferred > 0) && round < ROUNDS_MOST; round++) {
		run_deferred(loop);
		ran = run_fds(loop) + run_times(loop);
	}
	loop->running = false;
	if (loop->any_freed) {
		sweep(loop);
	}
}

unsigned pulse_loop_fds(const struct pulse_loop *loop, struct pollfd ret_fds[PULSE_LOOP_FDS]) {
	return list_fds(loop, ret_fds, NULL);
}

deadline pulse_loop_deadline(const struct pulse_loop *loop) {
	return loop->deferred > 0 ? DEADLINE_NOW : next_time(loop);
}

bool pulse_loop_is_writing(const struct pulse_loop *loop) {
	return loop->writing > 0;
}

/* Nobody but libpulse's own tools asks for it. */
static void quit(pa_mainloop_api *api, int result) {
	(void)api;
	(void)result;
}

pa_mainloop_api *pulse_loop_api(struct pulse_loop *loop) {
	return &loop->api;
}

int pulse_loop_create(struct pulse_loop **ret_loop) {
	struct pulse_loop *loop = calloc(1, sizeof *loop);
	if (!loop) {
		return -ENOMEM;
	}
	loop->api = (pa_mainloop_api){
		.userdata = loop,
		.io_new = io_new,
		.io_enable = io_enable,
		.io_free = io_free,
		.io_set_destroy = io_set_destroy,
		.time_new = time_new,
		.time_restart = time_restart,
		.time_free = time_free,
		.time_set_destroy = time_set_destroy,
		.defer_new = defer_new,
		.defer_enable = defer_enable,
		.defer_free = defer_free,
		.defer_set_destroy = defer_set_destroy,
		.quit = quit,
	};
	*ret_loop = loop;
	return 0;
}

void pulse_loop_destroy(struct pulse_loop *loop) {
	if (!loop) {
		return;
	}
	for (struct event *event = loop->events; event; event = event->next) {
		event->freed = true;
	}
	sweep(loop);
	free(loop);
}
