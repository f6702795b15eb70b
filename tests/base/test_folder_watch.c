/* Changes of folders: by name, with what happened, and when the folder itself goes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder_watch.h"
#include "tests/support/check.h"

struct seen {
	unsigned count;
	int folder;
	uint32_t mask;
	char names[400];
};

static void on_change(int folder, uint32_t mask, const char *name, void *data) {
	struct seen *seen = data;
	seen->count++;
	seen->folder = folder;
	seen->mask |= mask;
	const size_t len = strlen(seen->names);
	snprintf(seen->names + len, sizeof seen->names - len, "%s;", name);
}

static void make(const char *folder, const char *name) {
	char path[300];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
}

static void each_change_comes_with_its_name(void **state) {
	(void)state;
	char folder[] = "/tmp/test-folder-watch-XXXXXX";
	char gone[64];
	struct seen seen = { 0 };
	CHECK(mkdtemp(folder));
	int fd = folder_watch_open();
	CHECK(fd >= 0);
	CHECK_EQ(folder_watch_add(fd, "/nonexistent/folder", IN_CREATE), -ENOENT);
	int number = folder_watch_add(fd, folder, IN_CREATE | IN_MOVED_TO);
	CHECK(number >= 0);
	CHECK_EQ(folder_watch_add(fd, folder, IN_CREATE | IN_MOVED_TO), number);

	folder_watch_read(fd, on_change, &seen); /* does not wait */
	CHECK_EQ(seen.count, 0u);
	make(folder, "a");
	make(folder, "a longer name, as sockets have them");
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	CHECK_EQ(poll(&wait, 1, 5000), 1);
	folder_watch_read(fd, on_change, &seen);
	assert_string_equal(seen.names, "a;a longer name, as sockets have them;");
	CHECK_EQ(seen.folder, number);
	CHECK_EQ(seen.mask, (uint32_t)IN_CREATE);

	/* More than one read holds. */
	seen = (struct seen){ 0 };
	for (unsigned i = 0; i < 200; i++) {
		char name[16];
		snprintf(name, sizeof name, "n%u", i);
		make(folder, name);
	}
	folder_watch_read(fd, on_change, &seen);
	CHECK_EQ(seen.count, 200u);

	seen = (struct seen){ 0 };
	folder_watch_remove(fd, number);
	make(folder, "late");
	folder_watch_read(fd, on_change, &seen);
	CHECK_EQ(seen.mask, (uint32_t)IN_IGNORED);
	assert_string_equal(seen.names, ";");
	close(fd);
	snprintf(gone, sizeof gone, "rm -r %s", folder);
	CHECK_EQ(system(gone), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_comes_with_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
