#include "client/platform/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/loop.h"
#include "tests/support/check.h"

static void count(void *data) {
	(*(int *)data)++;
}

static void the_second_raises_the_first_and_the_name_is_free_afterwards(void **state) {
	(void)state;
	char folder[] = "/tmp/pierglass-test-XXXXXX";
	CHECK(mkdtemp(folder));
	CHECK(setenv("XDG_RUNTIME_DIR", folder, 1) == 0);
	struct loop *loop;
	struct instance *first = NULL;
	struct instance *second = NULL;
	int raised = 0;
	CHECK(loop_create(&loop) == 0);
	CHECK(instance_create(&first, loop, "/dev/shm/looking-glass", count, &raised) == 0);
	CHECK(instance_create(&second, loop, "/dev/shm/looking-glass", count, &raised) == 1);
	CHECK(!second);
	CHECK(loop_run_once(loop, 1000) == 1 && raised == 1);
	CHECK(instance_create(&second, loop, "/dev/kvmfr0", count, &raised) == 0);
	instance_destroy(second);
	instance_destroy(first);
	CHECK(instance_create(&first, loop, "/dev/shm/looking-glass", count, &raised) == 0);
	instance_destroy(first);
	loop_destroy(loop);
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	CHECK(system(command) == 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_raises_the_first_and_the_name_is_free_afterwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
