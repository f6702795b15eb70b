/* Needs: nothing but /proc. The cost of a tree of processes: a child's own, its threads' sleeps,
 * and a grandchild's that ended and was reaped. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/bench/bench_tree.h"
#include "tests/support/check.h"

#define SPIN_NS (60 * NS_PER_MS)
#define SLEEPS  30

/* Uses that much of a CPU, however busy the machine is. */
static void spin(void) {
	while (clock_process_cpu_ns() < SPIN_NS) {
	}
}

/* What a player is to its watcher: it sleeps now and then, and starts a program that ends. */
static void live(int go, int done) {
	char byte = 0;
	prctl(PR_SET_NAME, "a name) (x");
	(void)!read(go, &byte, 1);
	const pid_t grandchild = fork();
	if (grandchild == 0) {
		spin();
		_exit(0);
	}
	(void)waitpid(grandchild, NULL, 0);
	for (int i = 0; i < SLEEPS; i++) {
		clock_sleep_ns(NS_PER_MS / 2);
	}
	(void)!write(done, &byte, 1);
	(void)!read(go, &byte, 1);
	_exit(0);
}

static void counts_all_that_it_started(void **state) {
	(void)state;
	static struct bench_tree from, to;
	int go[2], done[2];
	char byte = 0;
	CHECK_EQ(pipe(go), 0);
	CHECK_EQ(pipe(done), 0);
	const pid_t child = fork();
	if (child == 0) {
		live(go[0], done[1]);
	}
	CHECK_EQ(bench_tree_read(&from, child), 0);
	CHECK_EQ(from.count, 1);
	CHECK_EQ(write(go[1], &byte, 1), 1);
	CHECK_EQ(read(done[0], &byte, 1), 1);
	CHECK_EQ(bench_tree_read(&to, child), 0);
	CHECK_EQ(to.count, 1);
	CHECK_EQ(strcmp(to.processes[0].name, "a name) (x"), 0);
	const struct bench_process before = bench_tree_before(&from, &to.processes[0]);
	const uint64_t wakes = to.processes[0].wakes - before.wakes;
	CHECK(wakes >= SLEEPS && wakes < SLEEPS + 20);
	/* Ticks of the kernel's: two of 10 ms may be missing. */
	const uint64_t cpu_ns = bench_tree_cpu_ns(&from, &to);
	CHECK(cpu_ns >= SPIN_NS - 20 * NS_PER_MS && cpu_ns < SPIN_NS + 60 * NS_PER_MS);
	CHECK_EQ(write(go[1], &byte, 1), 1);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK_EQ(bench_tree_read(&to, child), -ESRCH);
}

/* Two readings made by hand: one process ended, whose sum its parent has now; another began. */
static void what_ended_counts_once(void **state) {
	(void)state;
	static const struct bench_tree from = { .count = 2,
		.processes = { { .pid = 10, .cpu_ns = 100 }, { .pid = 11, .cpu_ns = 40 } } };
	static const struct bench_tree to = { .count = 2,
		.processes = { { .pid = 10, .cpu_ns = 150, .reaped_ns = 70 },
				{ .pid = 12, .cpu_ns = 5 } } };
	CHECK_EQ(bench_tree_cpu_ns(&from, &to), 50 + (70 - 40) + 5);
	CHECK_EQ(bench_tree_before(&from, &to.processes[1]).cpu_ns, 0);
	CHECK_EQ(bench_tree_cpu_ns(&to, &to), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_all_that_it_started),
		cmocka_unit_test(what_ended_counts_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
