#include "client/platform/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "tests/support/check.h"

#define MEMORY "path:/dev/shm/looking-glass"

static char folder[64];

static void answer(int reply_fd, void *data) {
	(*(int *)data)++;
	instance_answer(reply_fd);
}

static void keep_silent(int reply_fd, void *data) {
	*(int *)data = reply_fd;
}

static int make_folder(void **state) {
	(void)state;
	strcpy(folder, "/tmp/pierglass-test-XXXXXX");
	CHECK(mkdtemp(folder));
	return setenv("XDG_RUNTIME_DIR", folder, 1);
}

static int remove_folder(void **state) {
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

/* A later start as a process of its own: exits with what the claim returned, 9 for -ETIMEDOUT. */
static pid_t start_later(const char *key, unsigned patience_ms) {
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		struct loop *loop;
		struct instance *instance;
		struct instance_events events = { .raise = answer };
		pid_t owner = 0;
		if (loop_create(&loop) < 0 || instance_create(&instance, loop, &events) < 0) {
			_exit(8);
		}
		int r = instance_claim(instance, key, patience_ms, &owner);
		_exit(r == -ETIMEDOUT ? (owner == getppid() ? 9 : 10) : r < 0 ? 11 : r);
	}
	return child;
}

static int result_of(pid_t child, struct loop *loop) {
	const uint64_t end_ns = clock_now_ns() + 8 * NS_PER_S;
	int status;
	while (waitpid(child, &status, WNOHANG) == 0) {
		CHECK(clock_now_ns() < end_ns);
		CHECK(loop_run_once(loop, 5) >= 0);
	}
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static struct instance *owner_of(
		struct loop *loop, void (*raise)(int, void *), void *data, const char *key) {
	struct instance *instance;
	struct instance_events events = { .raise = raise, .data = data };
	CHECK_EQ(instance_create(&instance, loop, &events), 0);
	CHECK_EQ(instance_claim(instance, key, 1000, NULL), 0);
	return instance;
}

/* The word comes later than the connection, now and then: no start may take that for "free". */
static void every_later_start_raises_the_first(void **state) {
	(void)state;
	struct loop *loop;
	int raised = 0;
	CHECK_EQ(loop_create(&loop), 0);
	struct instance *first = owner_of(loop, answer, &raised, MEMORY);
	for (int i = 0; i < 30; i++) {
		CHECK_EQ(result_of(start_later(MEMORY, 4000), loop), 1);
		CHECK_EQ(raised, i + 1);
	}
	CHECK_EQ(result_of(start_later("path:/dev/kvmfr0", 4000), loop), 0);
	instance_destroy(first);
	CHECK_EQ(result_of(start_later(MEMORY, 4000), loop), 0);
	loop_destroy(loop);
}

static void a_window_that_hangs_is_told_and_its_process_named(void **state) {
	(void)state;
	struct loop *loop;
	int fd = -1;
	CHECK_EQ(loop_create(&loop), 0);
	struct instance *first = owner_of(loop, keep_silent, &fd, MEMORY);
	CHECK_EQ(result_of(start_later(MEMORY, 150), loop), 9);
	close(fd);
	instance_destroy(first);
	loop_destroy(loop);
}

static void a_vm_has_several_names(void **state) {
	(void)state;
	struct loop *loop;
	int raised = 0;
	char path[100], other[100], key[INSTANCE_KEY_BYTES], same[INSTANCE_KEY_BYTES];
	CHECK_EQ(loop_create(&loop), 0);
	snprintf(path, sizeof path, "%s/memory", folder);
	snprintf(other, sizeof other, "%s/link", folder);
	CHECK(!instance_file_key(path, key));
	instance_path_key(path, key);
	CHECK(strstr(key, path));
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(symlink(path, other), 0);
	close(fd);
	instance_path_key(path, key);
	instance_path_key(other, same);
	assert_string_equal(key, same);
	CHECK(instance_file_key(path, key) && instance_file_key(other, same));
	assert_string_equal(key, same);
	struct instance *first = owner_of(loop, answer, &raised, "domain:win11");
	CHECK_EQ(instance_claim(first, key, 0, NULL), 0); /* known later */
	CHECK_EQ(instance_claim(first, key, 0, NULL), 0); /* and again */
	CHECK_EQ(result_of(start_later(same, 4000), loop), 1);
	CHECK_EQ(raised, 1);
	CHECK_EQ(result_of(start_later("domain:win11", 4000), loop), 1);
	CHECK_EQ(raised, 2);
	instance_destroy(first);
	loop_destroy(loop);
}

/* Whoever connects and says nothing keeps nobody out. */
static void silent_callers_do_not_block(void **state) {
	(void)state;
	struct loop *loop;
	int raised = 0;
	CHECK_EQ(loop_create(&loop), 0);
	struct instance *first = owner_of(loop, answer, &raised, MEMORY);
	char pattern[128];
	int silent[6];
	glob_t found;
	snprintf(pattern, sizeof pattern, "%s/pierglass/*.ctl", folder);
	CHECK_EQ(glob(pattern, 0, NULL, &found), 0);
	CHECK_EQ(found.gl_pathc, 1);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", found.gl_pathv[0]);
	globfree(&found);
	for (int i = 0; i < 6; i++) {
		silent[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		CHECK_EQ(connect(silent[i], (struct sockaddr *)&address, sizeof address), 0);
		CHECK(loop_run_once(loop, 20) >= 0);
	}
	CHECK_EQ(result_of(start_later(MEMORY, 4000), loop), 1);
	CHECK_EQ(raised, 1);
	for (int i = 0; i < 6; i++) {
		close(silent[i]);
	}
	instance_destroy(first);
	loop_destroy(loop);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
				every_later_start_raises_the_first, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_window_that_hangs_is_told_and_its_process_named,
				make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_vm_has_several_names, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
				silent_callers_do_not_block, make_folder, remove_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
