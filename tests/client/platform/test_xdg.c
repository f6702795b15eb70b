/* XDG folders, user-dirs.dirs, and the file that remembers windows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/platform/xdg.h"
#include "client/ui/window_placement.h"
#include "tests/support/check.h"

/* One thread: the environment is the test's own. */
// NOLINTBEGIN(concurrency-mt-unsafe)

static void folders(void **state) {
	(void)state;
	char path[1024];
	setenv("HOME", "/home/u", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	CHECK(xdg_config("pierglass", path, sizeof path));
	assert_string_equal(path, "/c/pierglass");
	setenv("XDG_CONFIG_HOME", "relative", 1); /* the rules: as if it were not set */
	CHECK(xdg_config("pierglass", path, sizeof path));
	assert_string_equal(path, "/home/u/.config/pierglass");
	unsetenv("XDG_CONFIG_HOME");
	CHECK(xdg_config("", path, sizeof path));
	assert_string_equal(path, "/home/u/.config");
	CHECK(!xdg_config("pierglass", path, 10));
	unsetenv("HOME");
	CHECK(xdg_home(path, sizeof path));
	CHECK_EQ(path[0], '/');
}

static void user_dirs(void **state) {
	(void)state;
	static const struct {
		const char *text;
		const char *path; /* NULL = none */
	} cases[] = {
		{ "XDG_PICTURES_DIR=\"$HOME/Bilder\"\n", "/h/Bilder" },
		{ "# x\n\n  XDG_PICTURES_DIR=\"/abs/Pictures\"", "/abs/Pictures" },
		{ "XDG_PICTURES_DIR=\"$HOME/\\\"a\\\"\"\n", "/h/\"a\"" },
		{ "XDG_PICTURES_DIR=\"$HOME\"\n", "/h" },
		{ "XDG_PICTURES_DIR=\"$HOMEX/a\"\n", NULL },
		{ "XDG_PICTURES_DIR=\"relative\"\n", NULL },
		{ "XDG_PICTURES_DIR=$HOME/a\n", NULL },
		{ "XDG_PICTURES_DIR=\"$HOME/a\n", NULL },
		{ "XDG_PICTURES_DIRS=\"/a\"\n", NULL },
		{ "XDG_PICTURES_DIR=\"/a\"\nXDG_PICTURES_DIR=\"/b\"\n", "/b" },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[64] = "";
		bool found = xdg_user_dir(
				cases[i].text, "XDG_PICTURES_DIR", "/h", path, sizeof path);
		CHECK_EQ(found, (cases[i].path != NULL));
		if (found) {
			assert_string_equal(path, cases[i].path);
		}
	}
}

static void windows(void **state) {
	(void)state;
	struct window_placement found;
	char text[4096] = "";
	char next[4096];
	const struct window_placement first = {
		.width = 800, .height = 600, .placed = true, .x = -5, .y = 7
	};
	const struct window_placement second = { .width = 1, .height = 2, .full_screen = true };
	CHECK(!window_placement_find(text, "win10", &found));
	CHECK(window_placement_put(text, "win10", &first, next, sizeof next) > 0);
	CHECK(window_placement_put(next, "with a blank", &second, text, sizeof text) > 0);
	CHECK(window_placement_find(text, "win10", &found));
	CHECK_EQ(found.width, 800);
	CHECK_EQ(found.x, -5);
	CHECK(found.placed && !found.maximized);
	CHECK(window_placement_find(text, "with a blank", &found) && found.full_screen &&
			!found.placed);
	CHECK(!window_placement_find(text, "a blank", &found));
	/* The same key again: one line, the newest. */
	CHECK(window_placement_put(text, "win10", &second, next, sizeof next) > 0);
	CHECK(window_placement_find(next, "win10", &found));
	CHECK_EQ(found.width, 1);
	CHECK_EQ(strstr(next, "800x600"), NULL);
	CHECK_EQ(window_placement_put(text, "", &first, next, sizeof next), -ENOSPC);
	CHECK_EQ(window_placement_put(text, "two\nlines", &first, next, sizeof next), -ENOSPC);
	/* Never more than so many. */
	text[0] = '\0';
	for (int i = 0; i < WINDOW_PLACEMENTS_MAX + 5; i++) {
		char key[16];
		snprintf(key, sizeof key, "vm%d", i);
		CHECK(window_placement_put(text, key, &first, next, sizeof next) > 0);
		strcpy(text, next);
	}
	CHECK(window_placement_find(text, "vm36", &found) &&
			window_placement_find(text, "vm5", &found));
	CHECK(!window_placement_find(text, "vm4", &found));
	/* Nonsense is passed over. */
	CHECK(!window_placement_find("0x5 0x0 - a\n99999x1 0x0 - b\nx\n1x1 0x0 -\n", "a", &found));
	CHECK(window_placement_find("junk\n3x4 0x0 - b\n", "b", &found));
	CHECK_EQ(found.height, 4);
}

static void a_state_file(void **state) {
	(void)state;
	char root[] = "/tmp/pierglass-xdg-XXXXXX";
	char path[256];
	struct stat st;
	struct window_placement found;
	const struct window_placement wanted = { .width = 640, .height = 480, .maximized = true };
	CHECK(mkdtemp(root) != NULL);
	snprintf(path, sizeof path, "%s/a/b", root);
	setenv("XDG_STATE_HOME", path, 1);
	CHECK(!window_placement_load("vm", &found));
	CHECK_EQ(window_placement_save("vm", &wanted), 0);
	CHECK(window_placement_load("vm", &found));
	CHECK(found.maximized);
	CHECK_EQ(found.width, 640);
	snprintf(path, sizeof path, "%s/a/b/pierglass", root);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ((st.st_mode & 0777), 0700);
	snprintf(path, sizeof path, "rm -r %s", root);
	CHECK_EQ(system(path), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders),
		cmocka_unit_test(user_dirs),
		cmocka_unit_test(windows),
		cmocka_unit_test(a_state_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// NOLINTEND(concurrency-mt-unsafe)
