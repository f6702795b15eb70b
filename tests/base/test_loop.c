#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/check.h"

struct fixture {
	struct loop *loop;
	struct loop_source *other;
	int calls;
	int other_calls;
};

static void count(void *data) {
	((struct fixture *)data)->calls++;
}

static void remove_other(int fd, uint32_t events, void *data) {
	struct fixture *f = data;
	(void)fd;
	(void)events;
	f->calls++;
	loop_remove(f->other);
	f->other = NULL;
}

static void count_other(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	((struct fixture *)data)->other_calls++;
}

static void a_callback_may_remove_a_source_that_is_ready_too(void **state) {
	(void)state;
	struct fixture f = { 0 };
	int a[2];
	int b[2];
	CHECK_EQ(loop_create(&f.loop), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	CHECK_EQ(write(a[1], "x", 1), 1);
	CHECK_EQ(write(b[1], "x", 1), 1);

	struct loop_source *first = loop_add_fd(f.loop, a[0], EPOLLIN, remove_other, &f);
	f.other = loop_add_fd(f.loop, b[0], EPOLLIN, count_other, &f);
	CHECK(first && f.other);
	CHECK(loop_run_once(f.loop, 1000) >= 1);
	/* Whichever epoll gave first: after the remover ran, the other never runs again. */
	int seen = f.other_calls;
	CHECK_EQ(f.calls, 1);
	CHECK(seen <= 1);
	loop_run_once(f.loop, 0);
	CHECK_EQ(f.calls, 2);
	CHECK_EQ(f.other_calls, seen);

	loop_destroy(f.loop);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void a_timer_fires_once_at_its_deadline(void **state) {
	(void)state;
	struct fixture f = { 0 };
	CHECK_EQ(loop_create(&f.loop), 0);
	struct loop_source *timer = loop_add_timer(f.loop, count, &f);
	CHECK(timer);
	uint64_t start = clock_now_ns();
	loop_set_timer(timer, start + 5 * NS_PER_MS);
	while (f.calls == 0) {
		CHECK(loop_run_once(f.loop, 1000) >= 0);
	}
	CHECK(clock_now_ns() - start >= 5 * NS_PER_MS);
	CHECK_EQ(loop_run_once(f.loop, 10), 0);
	CHECK_EQ(f.calls, 1);

	loop_set_timer(timer, clock_now_ns() + NS_PER_MS);
	loop_set_timer(timer, 0);
	CHECK_EQ(loop_run_once(f.loop, 10), 0);
	CHECK_EQ(f.calls, 1);
	loop_destroy(f.loop);
}

static void wakes_merge(void **state) {
	(void)state;
	struct fixture f = { 0 };
	CHECK_EQ(loop_create(&f.loop), 0);
	struct loop_source *wake = loop_add_wake(f.loop, count, &f);
	CHECK(wake);
	loop_wake(wake);
	loop_wake(wake);
	CHECK_EQ(loop_run_once(f.loop, 1000), 1);
	CHECK_EQ(f.calls, 1);
	CHECK_EQ(loop_run_once(f.loop, 0), 0);
	CHECK_EQ(f.calls, 1);
	loop_destroy(f.loop);
}

static void *quit_it(void *data) {
	loop_quit(data, 7);
	return NULL;
}

static void quit_from_another_thread_ends_it(void **state) {
	(void)state;
	struct loop *loop;
	pthread_t thread;
	CHECK_EQ(loop_create(&loop), 0);
	CHECK_EQ(pthread_create(&thread, NULL, quit_it, loop), 0);
	CHECK_EQ(loop_run(loop), 7);
	pthread_join(thread, NULL);
	loop_destroy(loop);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_callback_may_remove_a_source_that_is_ready_too),
		cmocka_unit_test(a_timer_fires_once_at_its_deadline),
		cmocka_unit_test(wakes_merge),
		cmocka_unit_test(quit_from_another_thread_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
