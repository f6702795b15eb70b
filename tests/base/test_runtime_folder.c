/* $XDG_RUNTIME_DIR as it is set, missing, wrong or long. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/runtime_folder.h"
#include "tests/support/check.h"

static void only_an_absolute_path_counts(void **state) {
	(void)state;
	char path[64];
	unsetenv("XDG_RUNTIME_DIR");
	CHECK_EQ(runtime_folder("", path, sizeof path), -ENOENT);
	setenv("XDG_RUNTIME_DIR", "", 1);
	CHECK_EQ(runtime_folder("", path, sizeof path), -ENOENT);
	setenv("XDG_RUNTIME_DIR", "run/user", 1);
	CHECK_EQ(runtime_folder_make(path, sizeof path), -ENOENT);
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	CHECK_EQ(runtime_folder("", path, sizeof path), 0);
	assert_string_equal(path, "/run/user/1");
	CHECK_EQ(runtime_folder("pulse", path, sizeof path), 0);
	assert_string_equal(path, "/run/user/1/pulse");
	CHECK_EQ(runtime_folder("pulse", path, 17), -ENAMETOOLONG);
	CHECK_EQ(runtime_folder("pulse", path, 18), 0);
}

static void the_own_folder_is_made_once(void **state) {
	(void)state;
	char folder[] = "/tmp/test-runtime-folder-XXXXXX";
	char path[128];
	struct stat st;
	CHECK(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	CHECK_EQ(runtime_folder_make(path, sizeof path), 0);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777u, 0700u);
	CHECK_EQ(runtime_folder_make(path, sizeof path), 0);
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(rmdir(folder), 0);
	CHECK_EQ(runtime_folder_make(path, sizeof path), -ENOENT);
}

static void a_temporary_one_has_room_for_sockets(void **state) {
	(void)state;
	char folder[] = "/tmp/test-runtime-folder-XXXXXX";
	char path[108];
	char name[128] = "/tmp/";
	CHECK(mkdtemp(folder));
	setenv("XDG_RUNTIME_DIR", folder, 1);
	CHECK_EQ(runtime_folder_temporary("demo-", path, sizeof path), 0);
	CHECK_EQ(strncmp(path, folder, strlen(folder)), 0);
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(rmdir(folder), 0);

	/* Missing, not set, or so long that a socket's address would not hold the path. */
	CHECK_EQ(runtime_folder_temporary("demo-", path, sizeof path), 0);
	CHECK_EQ(strncmp(path, "/tmp/demo-", 10), 0);
	CHECK_EQ(rmdir(path), 0);
	unsetenv("XDG_RUNTIME_DIR");
	CHECK_EQ(runtime_folder_temporary("demo-", path, sizeof path), 0);
	CHECK_EQ(rmdir(path), 0);
	memset(name + 5, 'x', 90);
	CHECK_EQ(mkdir(name, 0700), 0);
	setenv("XDG_RUNTIME_DIR", name, 1);
	CHECK_EQ(runtime_folder_temporary("demo-", path, sizeof path), 0);
	CHECK_EQ(strncmp(path, "/tmp/demo-", 10), 0);
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(rmdir(name), 0);
	CHECK_EQ(runtime_folder_temporary("demo-", path, 12), -ENAMETOOLONG);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_an_absolute_path_counts),
		cmocka_unit_test(the_own_folder_is_made_once),
		cmocka_unit_test(a_temporary_one_has_room_for_sockets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
