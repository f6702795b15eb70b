/* What files are called in the guest, and where files of other machines are mounted. */
#include "client/files/file_names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/files/file_uri.h"
#include "tests/support/check.h"

static int take(struct file_names *names, const char *path, bool windows, const char *expected) {
	char name[FILE_NAME_BYTES];
	int r = file_names_take(names, path, windows, name);
	if (r >= 0) {
		assert_string_equal(name, expected);
	}
	return r;
}

static void windows_cannot_have_every_name(void **state) {
	(void)state;
	static const char *const table[][2] = {
		{ "a.txt", "a.txt" },
		{ "what? <1>:2|3*.txt", "what_ _1__2_3_.txt" },
		{ "back\\slash", "back_slash" },
		{ "line\nbreak", "line_break" },
		{ "CON", "_CON" },
		{ "con.txt", "_con.txt" },
		{ "Com1.tar.gz", "_Com1.tar.gz" },
		{ "COM10", "COM10" },
		{ "com\xc2\xb9.log", "_com\xc2\xb9.log" },
		{ "LPT0", "_LPT0" },
		{ "lpt9 .x", "_lpt9 .x" },
		{ "console", "console" },
		{ "dot.", "dot_" },
		{ "blank ", "blank_" },
		{ "not \xff utf-8", "not _ utf-8" },
		{ "\xe6\xb8\xb8\xe6\x88\x8f", "\xe6\xb8\xb8\xe6\x88\x8f" },
		{ "Photos/2020/a.jpg", "Photos - 2020 - a.jpg" },
	};
	struct file_names *names = file_names_create();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		CHECK_EQ(take(names, table[i][0], true, table[i][1]),
				(strcmp(table[i][0], table[i][1]) != 0));
	}
	file_names_destroy(names);
}

static void linux_keeps_folders(void **state) {
	(void)state;
	struct file_names *names = file_names_create();
	CHECK_EQ(take(names, "Photos/2020/a?.jpg", false, "Photos/2020/a?.jpg"), 0);
	CHECK_EQ(take(names, "CON", false, "CON"), 0);
	CHECK_EQ(take(names, "a\nb", false, "a_b"), 1);
	CHECK_EQ(take(names, "A", false, "A"), 0);
	CHECK_EQ(take(names, "a", false, "a"), 0);
	file_names_destroy(names);
}

static void no_two_files_have_one_name(void **state) {
	(void)state;
	struct file_names *names = file_names_create();
	CHECK_EQ(take(names, "a - b.txt", true, "a - b.txt"), 0);
	CHECK_EQ(take(names, "a/b.txt", true, "a - b (2).txt"), 1);
	CHECK_EQ(take(names, "A/B.TXT", true, "A - B (3).TXT"), 1);
	CHECK_EQ(take(names, "a - b (2).txt", true, "a - b (2) (2).txt"), 1);
	CHECK_EQ(take(names, ".profile", true, ".profile"), 0);
	CHECK_EQ(take(names, ".profile", true, ".profile (2)"), 1);
	char path[64];
	for (unsigned i = 0; i < 5000; i++) { /* the set grows */
		snprintf(path, sizeof path, "folder/%u", i);
		CHECK_EQ(take(names, path, false, path), 0);
	}
	file_names_destroy(names);
}

static void long_names_are_cut_before_their_ending(void **state) {
	(void)state;
	struct file_names *names = file_names_create();
	char path[2048];
	char name[FILE_NAME_BYTES];
	memset(path, 'x', sizeof path);
	strcpy(path + 250, ".jpeg");
	CHECK_EQ(file_names_take(names, path, true, name), 1);
	CHECK_EQ(strlen(name), 180);
	CHECK_EQ(strcmp(name + 175, ".jpeg"), 0);
	CHECK_EQ(file_names_take(names, path, true, name), 1);
	CHECK_EQ(strlen(name), 184);
	CHECK_EQ(strcmp(name + 175, " (2).jpeg"), 0);
	/* Chinese: what is few characters is many bytes, and the agent of Windows counts bytes. */
	path[0] = '\0';
	for (unsigned i = 0; i < 85; i++) {
		strcat(path, "\xe4\xbd\xa0");
	}
	strcat(path, ".txt");
	CHECK_EQ(file_names_take(names, path, true, name), 1);
	CHECK_EQ(strlen(name), 238);
	CHECK_EQ(strcmp(name + 231, "\xe4\xbd\xa0.txt"), 0);
	memset(path, 'x', 2000);
	path[2000] = '\0';
	CHECK_EQ(file_names_take(names, path, true, name), -ENAMETOOLONG);
	file_names_destroy(names);
}

static void what_gvfs_mounts(void **state) {
	(void)state;
	static const char *const table[][2] = {
		{ "smb://NAS/Media/a%20b.mkv", "/g/smb-share:server=nas,share=media/a b.mkv" },
		{ "smb://me@nas/media/x/y", "/g/smb-share:server=nas,share=media,user=me/x/y" },
		{ "sftp://host/home/x", "/g/sftp:host=host/home/x" },
		{ "sftp://me@host:22/x", "/g/sftp:host=host,port=22,user=me/x" },
		{ "smb://nas", NULL },
		{ "smb:///share/x", NULL },
		{ "http://host/x", NULL },
		{ "sftp://host/%zz", NULL },
		{ "sftp://host/%00", NULL },
		{ "sftp://host/%4", NULL },
	};
	char path[64];
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const bool good = file_uri_to_gvfs(table[i][0], "/g", path, sizeof path);
		CHECK_EQ(good, (table[i][1] != NULL));
		if (good) {
			assert_string_equal(path, table[i][1]);
		}
	}
	CHECK(!file_uri_to_gvfs("sftp://host/x", "/g", path, 12));
	CHECK(file_uri_is("smb://a/b") && !file_uri_is("/a://b"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_cannot_have_every_name),
		cmocka_unit_test(linux_keeps_folders),
		cmocka_unit_test(no_two_files_have_one_name),
		cmocka_unit_test(long_names_are_cut_before_their_ending),
		cmocka_unit_test(what_gvfs_mounts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
