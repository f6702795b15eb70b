#include "input/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/check.h"

#define LIMIT_NS (60 * NS_PER_MS)

static atomic_int releases;
static atomic_int last_fd;

static void release(int fd) {
	atomic_store(&last_fd, fd);
	atomic_fetch_add(&releases, 1);
}

static struct watchdog *start(void) {
	struct watchdog *watchdog;
	atomic_store(&releases, 0);
	CHECK_EQ(watchdog_create(&watchdog, LIMIT_NS, release), 0);
	return watchdog;
}

static void wait_releases(int count) {
	uint64_t end_ns = clock_now_ns() + 5 * NS_PER_S;
	while (atomic_load(&releases) < count) {
		CHECK(clock_now_ns() < end_ns);
		clock_sleep_ns(NS_PER_MS);
	}
}

static void it_releases_all_once(void **state) {
	(void)state;
	struct watchdog *watchdog = start();
	uint64_t start_ns = clock_now_ns();
	CHECK_EQ(watchdog_add(watchdog, 10), 0);
	CHECK_EQ(watchdog_add(watchdog, 11), 0);
	CHECK(!watchdog_fired(watchdog));
	wait_releases(2);
	CHECK(clock_now_ns() - start_ns >= LIMIT_NS);
	uint64_t end_ns = clock_now_ns() + 5 * NS_PER_S;
	while (!watchdog_fired(watchdog)) {
		CHECK(clock_now_ns() < end_ns);
	}
	CHECK(!watchdog_fired(watchdog));
	clock_sleep_ns(2 * LIMIT_NS);
	CHECK_EQ(atomic_load(&releases), 2);
	/* It can be used again. */
	CHECK_EQ(watchdog_add(watchdog, 12), 0);
	wait_releases(3);
	CHECK_EQ(atomic_load(&last_fd), 12);
	watchdog_destroy(watchdog);
}

static void one_that_turns_keeps_its_devices(void **state) {
	(void)state;
	struct watchdog *watchdog = start();
	CHECK_EQ(watchdog_add(watchdog, 10), 0);
	uint64_t end_ns = clock_now_ns() + 5 * LIMIT_NS;
	uint64_t worst_ns = 0;
	for (uint64_t last_ns = clock_now_ns(); last_ns < end_ns;) {
		watchdog_feed(watchdog);
		clock_sleep_ns(LIMIT_NS / 10);
		uint64_t now_ns = clock_now_ns();
		worst_ns = now_ns - last_ns > worst_ns ? now_ns - last_ns : worst_ns;
		last_ns = now_ns;
	}
	/* Unless this machine itself did not let us turn. */
	CHECK(atomic_load(&releases) == 0 || worst_ns >= LIMIT_NS);
	watchdog_destroy(watchdog);
}

static void what_was_removed_is_left_alone(void **state) {
	(void)state;
	struct watchdog *watchdog = start();
	CHECK_EQ(watchdog_add(watchdog, 10), 0);
	CHECK_EQ(watchdog_add(watchdog, 11), 0);
	watchdog_remove(watchdog, 10);
	watchdog_remove(watchdog, 99);
	wait_releases(1);
	clock_sleep_ns(LIMIT_NS);
	CHECK_EQ(atomic_load(&releases), 1);
	CHECK_EQ(atomic_load(&last_fd), 11);
	for (int fd = 0; fd < WATCHDOG_FDS; fd++) {
		CHECK_EQ(watchdog_add(watchdog, fd), 0);
	}
	CHECK_EQ(watchdog_add(watchdog, 99), -ENOSPC);
	watchdog_destroy(watchdog);
	watchdog_destroy(NULL);
}

/* The owner stops the whole process right after a feed, and needs half of the limit once it goes
 * on. */
static void be_stopped(uint64_t limit_ns) {
	struct watchdog *watchdog;
	CHECK_EQ(watchdog_create(&watchdog, limit_ns, release), 0);
	CHECK_EQ(watchdog_add(watchdog, 10), 0);
	CHECK_EQ(raise(SIGSTOP), 0);
	clock_sleep_ns(limit_ns / 2);
	watchdog_feed(watchdog);
	watchdog_destroy(watchdog);
}

static void one_that_was_stopped_as_a_whole_keeps_its_devices(void **state) {
	(void)state;
	const uint64_t limit_ns = 600 * NS_PER_MS;
	atomic_store(&releases, 0);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		be_stopped(limit_ns);
		_exit(atomic_load(&releases));
	}
	int status;
	CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status));
	clock_sleep_ns(limit_ns + limit_ns / 4);
	CHECK_EQ(kill(child, SIGCONT), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static atomic_bool busy;

static void stay_on(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
}

static void *take_the_processor(void *data) {
	(void)data;
	stay_on(0);
	while (atomic_load(&busy)) {
	}
	return NULL;
}

static uint64_t cpu_now_ns(void) {
	struct timespec time;
	CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), 0);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

static void work(uint64_t cpu_ns) {
	for (uint64_t end_ns = cpu_now_ns() + cpu_ns; cpu_now_ns() < end_ns;) {
	}
}

/* Turns as long as another thread keeps its processor from it; the longest turn is returned. */
static void *be_starved(void *data) {
	struct watchdog *watchdog = data;
	static uint64_t worst_ns;
	stay_on(0);
	sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
	CHECK_EQ(watchdog_add(watchdog, 10), 0);
	worst_ns = 0;
	for (uint64_t last_ns = clock_now_ns(); atomic_load(&busy);) {
		watchdog_feed(watchdog);
		work(2 * NS_PER_MS);
		uint64_t now_ns = clock_now_ns();
		worst_ns = now_ns - last_ns > worst_ns ? now_ns - last_ns : worst_ns;
		last_ns = now_ns;
	}
	watchdog_remove(watchdog, 10);
	return &worst_ns;
}

static void one_without_a_processor_keeps_its_devices(void **state) {
	(void)state;
	struct watchdog *watchdog = start();
	pthread_t owner, other;
	void *worst_ns;
	atomic_store(&busy, true);
	CHECK_EQ(pthread_create(&owner, NULL, be_starved, watchdog), 0);
	clock_sleep_ns(LIMIT_NS / 4);
	CHECK_EQ(pthread_create(&other, NULL, take_the_processor, NULL), 0);
	clock_sleep_ns(3 * LIMIT_NS);
	atomic_store(&busy, false);
	pthread_join(other, NULL);
	pthread_join(owner, &worst_ns);
	CHECK(atomic_load(&releases) == 0 || *(uint64_t *)worst_ns > 4 * LIMIT_NS);
	watchdog_destroy(watchdog);
}

/* It uses its processor all the time, and never feeds: that is no want of one. */
static void one_that_runs_in_circles_loses_its_devices(void **state) {
	(void)state;
	struct watchdog *watchdog = start();
	CHECK_EQ(watchdog_add(watchdog, 10), 0);
	uint64_t end_ns = clock_now_ns() + 5 * NS_PER_S;
	while (atomic_load(&releases) == 0) {
		CHECK(clock_now_ns() < end_ns);
	}
	watchdog_destroy(watchdog);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_releases_all_once),
		cmocka_unit_test(one_that_turns_keeps_its_devices),
		cmocka_unit_test(what_was_removed_is_left_alone),
		cmocka_unit_test(one_that_was_stopped_as_a_whole_keeps_its_devices),
		cmocka_unit_test(one_without_a_processor_keeps_its_devices),
		cmocka_unit_test(one_that_runs_in_circles_loses_its_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
