#include "client/ui/app_title.h"

#include <stdio.h>
#include <string.h>

#include "client/config/config.h"
#include "client/ui/app_status.h"
#include "tests/support/check.h"

static struct config config;

static const char *title(const struct app_status *status, const char *vm) {
	static char text[256];
	app_title(status, &config, vm, text, sizeof text);
	return text;
}

static int setup(void **state) {
	(void)state;
	memset(&config, 0, sizeof config);
	strcpy(config.session.grab_toggle, "ctrl-ctrl");
	strcpy(config.session.escape_key, "scrolllock");
	return 0;
}

static void the_vm_has_its_name(void **state) {
	(void)state;
	struct app_status status = { 0 };
	assert_string_equal(title(&status, "win11"), "win11 - pierglass");
	assert_string_equal(title(&status, ""), "pierglass");
	/* SPICE's name only where nothing better is known, and only while SPICE is there. */
	strcpy(status.session.name, "of-spice");
	assert_string_equal(title(&status, ""), "pierglass");
	status.session.connected = true;
	assert_string_equal(title(&status, ""), "of-spice - pierglass");
	assert_string_equal(title(&status, "win11"), "win11 - pierglass");
	status.demo = true;
	assert_string_equal(title(&status, "win11"),
			"pierglass demo (settings: mouse to the top edge)");
}

static void what_is_taken_says_how_it_gets_free(void **state) {
	(void)state;
	struct app_status status = { .captured = true };
	CHECK(strstr(title(&status, "win11"), "Scroll Lock frees the mouse"));
	status.session.grabbed = true; /* the devices are more than the mouse */
	CHECK(strstr(title(&status, "win11"), "frees keyboard and mouse"));
	CHECK(!strstr(title(&status, "win11"), "Scroll Lock"));
}

static void a_title_of_the_users_stays(void **state) {
	(void)state;
	struct app_status status = { .captured = true };
	config.window.title_chosen = true;
	strcpy(config.window.title, "my window");
	assert_string_equal(title(&status, "win11"), "my window");
}

static void a_long_name_is_cut(void **state) {
	(void)state;
	struct app_status status = { 0 };
	char name[200];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	CHECK_EQ(strlen(title(&status, name)), 60 + strlen(" - pierglass"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_vm_has_its_name, setup),
		cmocka_unit_test_setup(what_is_taken_says_how_it_gets_free, setup),
		cmocka_unit_test_setup(a_title_of_the_users_stays, setup),
		cmocka_unit_test_setup(a_long_name_is_cut, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
