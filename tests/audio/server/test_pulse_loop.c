/* libpulse's main loop as ours: what libpulse relies on (pulse/mainloop-api.h), and what pg-audio
 * does. */
#include "audio/server/pulse_loop.h"

#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/check.h"

struct world {
	struct pulse_loop *loop;
	pa_mainloop_api *api;
	int pipe[2];
	unsigned deferred_runs, io_runs, time_runs, destroyed;
	pa_io_event_flags_t seen;
	pa_io_event *io, *other_io;
	pa_defer_event *deferred;
	pa_time_event *time;
};

static void start(struct world *w) {
	*w = (struct world){ 0 };
	CHECK_EQ(pulse_loop_create(&w->loop), 0);
	w->api = pulse_loop_api(w->loop);
	CHECK_EQ(pipe(w->pipe), 0);
}

static void stop(struct world *w) {
	pulse_loop_destroy(w->loop);
	close(w->pipe[0]);
	close(w->pipe[1]);
}

static void once(pa_mainloop_api *api, pa_defer_event *event, void *data) {
	struct world *w = data;
	w->deferred_runs++;
	api->defer_enable(event, 0);
}

static void defer_destroyed(pa_mainloop_api *api, pa_defer_event *event, void *data) {
	(void)api;
	(void)event;
	((struct world *)data)->destroyed++;
}

static void deferred_runs_until_disabled(void **state) {
	(void)state;
	struct world w;
	start(&w);
	CHECK_EQ(pulse_loop_deadline(w.loop), 0);
	w.deferred = w.api->defer_new(w.api, once, &w);
	CHECK_EQ(pulse_loop_deadline(w.loop), 1); /* enabled from the start */
	pulse_loop_run(w.loop);
	CHECK_EQ(w.deferred_runs, 1);
	CHECK_EQ(pulse_loop_deadline(w.loop), 0);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.deferred_runs, 1);
	w.api->defer_enable(w.deferred, 1);
	w.api->defer_enable(w.deferred, 1); /* twice is once */
	pulse_loop_run(w.loop);
	CHECK_EQ(w.deferred_runs, 2);
	CHECK_EQ(pulse_loop_deadline(w.loop), 0);
	w.api->defer_set_destroy(w.deferred, defer_destroyed);
	w.api->defer_free(w.deferred);
	CHECK_EQ(w.destroyed, 1);
	stop(&w);
}

static void on_io(pa_mainloop_api *api, pa_io_event *event, int fd, pa_io_event_flags_t flags,
		void *data) {
	struct world *w = data;
	char byte;
	(void)api;
	(void)event;
	w->io_runs++;
	w->seen = flags;
	if (flags & PA_IO_EVENT_INPUT) {
		CHECK_EQ(read(fd, &byte, 1), 1);
	}
}

static void what_is_left_is_read_in_the_same_run(void **state) {
	(void)state;
	struct world w;
	struct pollfd fds[PULSE_LOOP_FDS];
	start(&w);
	w.io = w.api->io_new(w.api, w.pipe[0], PA_IO_EVENT_INPUT, on_io, &w);
	CHECK_EQ(pulse_loop_fds(w.loop, fds), 1);
	CHECK_EQ(fds[0].fd, w.pipe[0]);
	CHECK_EQ(fds[0].events, POLLIN);
	CHECK_EQ(write(w.pipe[1], "abc", 3), 3);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.io_runs, 3);
	CHECK_EQ(w.seen, PA_IO_EVENT_INPUT);
	w.api->io_enable(w.io, PA_IO_EVENT_NULL);
	CHECK_EQ(pulse_loop_fds(w.loop, fds), 0);
	CHECK_EQ(write(w.pipe[1], "d", 1), 1);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.io_runs, 3);
	w.api->io_enable(w.io, PA_IO_EVENT_INPUT);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.io_runs, 4);
	stop(&w);
}

static void close_it(pa_mainloop_api *api, pa_io_event *event, int fd, pa_io_event_flags_t flags,
		void *data) {
	struct world *w = data;
	(void)fd;
	w->seen = flags;
	w->io_runs++;
	api->io_free(event);
}

static void a_closed_end_and_a_writer_are_told(void **state) {
	(void)state;
	struct world w;
	start(&w);
	w.io = w.api->io_new(w.api, w.pipe[1], PA_IO_EVENT_OUTPUT, close_it, &w);
	CHECK(pulse_loop_is_writing(w.loop));
	pulse_loop_run(w.loop);
	CHECK_EQ(w.seen, PA_IO_EVENT_OUTPUT);
	CHECK(!pulse_loop_is_writing(w.loop)); /* freed by its own callback */
	w.io = w.api->io_new(w.api, w.pipe[0], PA_IO_EVENT_INPUT, close_it, &w);
	close(w.pipe[1]);
	pulse_loop_run(w.loop);
	CHECK(w.seen & PA_IO_EVENT_HANGUP);
	CHECK_EQ(w.io_runs, 2);
	w.pipe[1] = dup(w.pipe[0]);
	stop(&w);
}

static void end_both(pa_mainloop_api *api, pa_io_event *event, int fd, pa_io_event_flags_t flags,
		void *data) {
	struct world *w = data;
	(void)event;
	(void)fd;
	(void)flags;
	w->io_runs++;
	api->io_free(w->io);
	api->io_free(w->other_io);
	/* In place of the freed one, on the same descriptor: libpulse does so with each message. */
	w->io = api->io_new(api, w->pipe[0], PA_IO_EVENT_INPUT, on_io, w);
}

static void a_freed_event_does_not_run(void **state) {
	(void)state;
	struct world w;
	start(&w);
	w.io = w.api->io_new(w.api, w.pipe[0], PA_IO_EVENT_INPUT, end_both, &w);
	w.other_io = w.api->io_new(w.api, w.pipe[0], PA_IO_EVENT_INPUT, end_both, &w);
	CHECK_EQ(write(w.pipe[1], "a", 1), 1);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.io_runs, 2); /* one of both, then the new one */
	CHECK_EQ(w.seen, PA_IO_EVENT_INPUT);
	stop(&w);
}

static void on_time(
		pa_mainloop_api *api, pa_time_event *event, const struct timeval *at, void *data) {
	struct world *w = data;
	(void)api;
	(void)event;
	CHECK(at->tv_sec > 0);
	w->time_runs++;
}

static void times_are_of_the_wall_clock(void **state) {
	(void)state;
	struct world w;
	struct timeval at;
	start(&w);
	gettimeofday(&at, NULL);
	at.tv_sec += 10;
	w.time = w.api->time_new(w.api, &at, on_time, &w);
	const uint64_t now_ns = clock_now_ns();
	const uint64_t due_ns = pulse_loop_deadline(w.loop);
	CHECK(due_ns > now_ns + 9 * NS_PER_S && due_ns < now_ns + 11 * NS_PER_S);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.time_runs, 0);
	at.tv_sec -= 11;
	w.api->time_restart(w.time, &at);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.time_runs, 1); /* once */
	CHECK_EQ(pulse_loop_deadline(w.loop), 0);
	w.api->time_restart(w.time, &at);
	w.api->time_restart(w.time, NULL);
	pulse_loop_run(w.loop);
	CHECK_EQ(w.time_runs, 1);
	w.api->time_free(w.time);
	stop(&w);
}

static void again(pa_mainloop_api *api, pa_defer_event *event, void *data) {
	(void)api;
	(void)event;
	((struct world *)data)->deferred_runs++;
}

static void without_end_others_have_their_turn(void **state) {
	(void)state;
	struct world w;
	start(&w);
	w.deferred = w.api->defer_new(w.api, again, &w);
	w.api->defer_set_destroy(w.deferred, defer_destroyed);
	pulse_loop_run(w.loop);
	CHECK(w.deferred_runs > 1);
	CHECK(w.deferred_runs < 1000);
	stop(&w);
	CHECK_EQ(w.destroyed, 1); /* with the loop */
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferred_runs_until_disabled),
		cmocka_unit_test(what_is_left_is_read_in_the_same_run),
		cmocka_unit_test(a_closed_end_and_a_writer_are_told),
		cmocka_unit_test(a_freed_event_does_not_run),
		cmocka_unit_test(times_are_of_the_wall_clock),
		cmocka_unit_test(without_end_others_have_their_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
