/* What is dropped becomes a list of files: in order, with what is wrong about each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/files/file_walk.h"
#include "tests/support/check.h"

static char folder[64];

static void make(const char *name) {
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	CHECK(file);
	CHECK_EQ(fclose(file), 0);
}

static void link_to(const char *to, const char *name) {
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	CHECK_EQ(symlink(to, path), 0);
}

static void make_folder(const char *name) {
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	CHECK_EQ(mkdir(path, 0700), 0);
}

static int set_up(void **state) {
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test-file-walk-XXXXXX");
	CHECK(mkdtemp(folder));
	make_folder("in");
	make_folder("in/deep");
	make("in/b");
	make("in/a");
	make("in/deep/c");
	link_to("a", "in/z-file");
	link_to("deep", "in/z-folder");
	link_to("nowhere", "in/z-nothing");
	return 0;
}

static int tear_down(void **state) {
	char command[100];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void files_come_in_order_with_their_faults(void **state) {
	static const struct {
		const char *name;
		int error;
	} want[] = { { "in/a", 0 }, { "in/b", 0 }, { "in/deep/c", 0 }, { "in/z-file", 0 },
		{ "in/z-folder", -EISDIR }, { "in/z-nothing", -ENOENT } };
	struct file_list list = { 0 };
	const atomic_bool stop = false;
	char path[128];
	(void)state;
	snprintf(path, sizeof path, "%s/in/", folder); /* as a file manager may write it */
	CHECK_EQ(file_walk(path, &stop, &list), 0);
	CHECK_EQ(list.count, sizeof want / sizeof *want);
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(list.files[i].path + list.files[i].name_at, want[i].name);
		CHECK_EQ(list.files[i].error, want[i].error);
	}
	file_list_free(&list, 0);
}

static void one_file_is_itself_and_none_is_an_error(void **state) {
	struct file_list list = { 0 };
	const atomic_bool stop = false;
	char path[128];
	(void)state;
	snprintf(path, sizeof path, "%s/in/b", folder);
	CHECK_EQ(file_walk(path, &stop, &list), 0);
	snprintf(path, sizeof path, "%s/none", folder);
	CHECK_EQ(file_walk(path, &stop, &list), 0);
	CHECK_EQ(file_walk("smb://server/share/x", &stop, &list), 0);
	CHECK_EQ(list.count, 3u);
	assert_string_equal(list.files[0].path + list.files[0].name_at, "b");
	CHECK_EQ(list.files[0].error, 0);
	CHECK_EQ(list.files[1].error, -ENOENT);
	CHECK_EQ(list.files[2].error, -EREMOTE);
	file_list_free(&list, 0);
}

/* A drop that is cancelled before its turn came: under the sanitizers, nothing stays behind. */
static void a_stopped_walk_leaves_nothing(void **state) {
	struct file_list list = { 0 };
	const atomic_bool stop = true;
	char path[128];
	(void)state;
	snprintf(path, sizeof path, "%s/in", folder);
	for (unsigned i = 0; i < 20; i++) {
		CHECK_EQ(file_walk(path, &stop, &list), 0);
	}
	CHECK_EQ(list.count, 0u);
	file_list_free(&list, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_come_in_order_with_their_faults),
		cmocka_unit_test(one_file_is_itself_and_none_is_an_error),
		cmocka_unit_test(a_stopped_walk_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
