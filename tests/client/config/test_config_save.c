/* Values into a profile, in its own grammar. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/config/config_save.h"
#include "client/config/options.h"
#include "tests/support/check.h"

static void edited(const char *before, const char *name, const char *value, const char *after) {
	char *text = config_edit(before, option_find(name), value);
	CHECK(text != NULL);
	assert_string_equal(text, after);
	free(text);
}

static void a_line_is_replaced_where_it_stands(void **state) {
	(void)state;
	edited("", "scale", "fsr", "scale = fsr\n");
	edited("# mine\nscale=auto\n; end\n", "scale", "fsr", "# mine\nscale = fsr\n; end\n");
	/* The last one counts, so that one changes. */
	edited("scale = auto\nscale = sharp", "scale", "fsr", "scale = auto\nscale = fsr\n");
	edited("size = 800x600", "scale", "fsr", "size = 800x600\nscale = fsr\n");
	edited("[window]\nborderless = yes\n", "scale", "fsr",
			"[window]\nborderless = yes\n\n[pierglass]\nscale = fsr\n");
	edited("[keys]\nquit = x\n", "key-quit", "w", "[keys]\nquit = w\n");
	edited("[keys]\nkey-quit = x\n", "key-quit", "w", "[keys]\nquit = w\n");
	edited("# scale = sharp\n", "scale", "fsr", "# scale = sharp\nscale = fsr\n");
}

static void what_was_saved_is_read(void **state) {
	(void)state;
	char dir[] = "/tmp/pierglass-save-XXXXXX";
	char path[300];
	char error[CONFIG_ERROR_BYTES];
	static bool which[CONFIG_OPTIONS_MAX];
	struct config *config = calloc(1, sizeof *config);
	CHECK(config != NULL && mkdtemp(dir) != NULL);
	const struct config_paths paths = { .dir = dir };
	options_defaults(config);
	CHECK(option_set(config, option_find("scale"), "sharp"));
	CHECK(option_set(config, option_find("mouse-sens"), "3"));
	which[option_index(option_find("scale"))] = true;
	which[option_index(option_find("mouse-sens"))] = true;
	assert_int_equal(config_save(config, "win11", which, &paths, path, sizeof path), 0);
	CHECK(strstr(path, "/vms/win11.ini") != NULL);
	assert_int_equal(config_save(config, "../x", which, &paths, path, sizeof path),
			-22); /* -EINVAL */
	options_defaults(config);
	assert_int_equal(config_apply_profile(config, "win11", &paths, error), 1);
	CHECK_EQ(config->video.settings.scale, VIDEO_SCALE_SHARP);
	assert_int_equal(config->session.sensitivity, 3);
	snprintf(path, sizeof path, "%s/vms/win11.ini", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/vms", dir);
	rmdir(path);
	rmdir(dir);
	free(config);
}

/* Without a VM: the file of all, which is a link into another folder here and stays one. */
static void without_a_vm_it_counts_for_all(void **state) {
	(void)state;
	char dir[] = "/tmp/pierglass-save-XXXXXX";
	char path[300], kept[300], text[64] = "";
	char error[CONFIG_ERROR_BYTES];
	char name[] = "pierglass";
	char *argv[] = { name, NULL };
	struct stat st;
	static bool which[CONFIG_OPTIONS_MAX];
	struct config *config = calloc(1, sizeof *config);
	CHECK(config != NULL && mkdtemp(dir) != NULL);
	const struct config_paths paths = { .dir = dir };
	snprintf(kept, sizeof kept, "%s/kept", dir);
	snprintf(path, sizeof path, "%s/pierglass.ini", dir);
	FILE *file = fopen(kept, "w");
	CHECK(file != NULL && fputs("# mine\n", file) >= 0 && fclose(file) == 0);
	CHECK(symlink("kept", path) == 0);
	options_defaults(config);
	CHECK(option_set(config, option_find("scale"), "sharp"));
	which[option_index(option_find("scale"))] = true;
	assert_int_equal(config_save(config, "", which, &paths, path, sizeof path), 0);
	CHECK(strstr(path, "/pierglass.ini") && lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
	file = fopen(kept, "r");
	CHECK(file != NULL && fread(text, 1, sizeof text - 1, file) > 0 && fclose(file) == 0);
	assert_string_equal(text, "# mine\nscale = sharp\n");
	assert_int_equal(config_load(config, 1, argv, &paths, error), 0);
	CHECK_EQ(config->video.settings.scale, VIDEO_SCALE_SHARP);
	unlink(path);
	unlink(kept);
	rmdir(dir);
	free(config);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_replaced_where_it_stands),
		cmocka_unit_test(what_was_saved_is_read),
		cmocka_unit_test(without_a_vm_it_counts_for_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
