#include "input/watchdog.h"

#include <errno.h>
#include <stdatomic.h>

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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_releases_all_once),
		cmocka_unit_test(one_that_turns_keeps_its_devices),
		cmocka_unit_test(what_was_removed_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
