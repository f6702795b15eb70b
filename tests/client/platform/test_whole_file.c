#include "client/platform/whole_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

static char dir[] = "/tmp/pierglass-whole-XXXXXX";

static const char *in_dir(const char *name) {
	static char paths[2][300];
	static int turn;
	turn = !turn;
	snprintf(paths[turn], sizeof paths[turn], "%s/%s", dir, name);
	return paths[turn];
}

static void check_text(const char *path, const char *expected) {
	char text[64] = "";
	FILE *file = fopen(path, "re");
	CHECK(file != NULL);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static void a_file_is_made_and_replaced(void **state) {
	(void)state;
	struct stat st;
	assert_int_equal(whole_file_write(in_dir("a"), "one", 3, false), 0);
	check_text(in_dir("a"), "one");
	assert_int_equal(whole_file_write(in_dir("a"), "two", 3, false), -EEXIST);
	check_text(in_dir("a"), "one");
	CHECK(chmod(in_dir("a"), 0640) == 0);
	assert_int_equal(whole_file_write(in_dir("a"), "two", 3, true), 0);
	check_text(in_dir("a"), "two");
	CHECK(stat(in_dir("a"), &st) == 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	unlink(in_dir("a"));
	/* Nothing is left beside it: rmdir() at the end tells. */
}

/* As stow, chezmoi and a repository of dot files keep settings. */
static void a_link_stays_one(void **state) {
	(void)state;
	struct stat st;
	CHECK(mkdir(in_dir("kept"), 0700) == 0);
	assert_int_equal(whole_file_write(in_dir("kept/b"), "old", 3, true), 0);
	CHECK(symlink("kept/b", in_dir("b")) == 0);
	assert_int_equal(whole_file_write(in_dir("b"), "new", 3, false), -EEXIST);
	assert_int_equal(whole_file_write(in_dir("b"), "new", 3, true), 0);
	CHECK(lstat(in_dir("b"), &st) == 0 && S_ISLNK(st.st_mode));
	check_text(in_dir("kept/b"), "new");
	unlink(in_dir("kept/b"));
	assert_int_equal(whole_file_write(in_dir("b"), "new", 3, true), -ENOENT);
	CHECK(lstat(in_dir("b"), &st) == 0 && S_ISLNK(st.st_mode));
	unlink(in_dir("b"));
	assert_int_equal(rmdir(in_dir("kept")), 0);
}

/* A full disk: the old text stays, and no half of the new one. */
static void a_failure_keeps_the_old_one(void **state) {
	(void)state;
	assert_int_equal(whole_file_write(in_dir("c"), "old", 3, true), 0);
	const struct rlimit none = { 0, RLIM_INFINITY };
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
	const int r = whole_file_write(in_dir("c"), "new", 3, true);
	CHECK(setrlimit(RLIMIT_FSIZE, &any) == 0);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(whole_file_write(in_dir("no/c"), "new", 3, true), -ENOENT);
	check_text(in_dir("c"), "old");
	unlink(in_dir("c"));
}

/* As root a file would else come in the place of /dev/null. */
static void a_device_is_left_alone(void **state) {
	(void)state;
	struct stat st;
	CHECK(mkfifo(in_dir("pipe"), 0600) == 0 && symlink("pipe", in_dir("e")) == 0);
	assert_int_equal(whole_file_write(in_dir("e"), "new", 3, true), -EPERM);
	CHECK(stat(in_dir("pipe"), &st) == 0 && S_ISFIFO(st.st_mode));
	unlink(in_dir("e"));
	unlink(in_dir("pipe"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_made_and_replaced),
		cmocka_unit_test(a_link_stays_one),
		cmocka_unit_test(a_failure_keeps_the_old_one),
		cmocka_unit_test(a_device_is_left_alone),
	};
	CHECK(mkdtemp(dir) != NULL);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return rmdir(dir) == 0 ? failed : 1;
}
