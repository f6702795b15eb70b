/* A bug report has what is asked for first, and nothing that is nobody's business. */
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "test"
#include "base/log.h"
#include "client/config/config.h"
#include "client/config/options.h"
#include "client/ui/app_status.h"
#include "client/ui/report.h"
#include "tests/support/check.h"

static void a_report_tells_what_is_asked_for(void **state) {
	(void)state;
	static struct config config;
	static struct app_status status;
	options_defaults(&config);
	strcpy(status.video_stats.renderer, "A Renderer");
	strcpy(status.video.host.version, "B7-42");
	status.video.part.state = PART_WAITING;
	strcpy(status.video.part.reason, "waiting for something");
	for (int i = 0; i < 30; i++) {
		log_info("line <%d>", i);
	}
	for (int i = 30; i < 60; i++) { /* of another place, which has a budget of its own */
		log_info("another line <%d>", i);
	}
	char *text = report_text(&status, &config, "x11");
	CHECK(text != NULL);
	static const char *const wanted[] = { ("pierglass " PG_VERSION), "window: x11",
		"A Renderer", "B7-42", "waiting for something", "line <59>", "line <10>" };
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		CHECK(strstr(text, wanted[i]) != NULL);
	}
	CHECK(strstr(text, "kernel: ") && !strstr(text, "line <9>")); /* 50 lines */
	free(text);
}

static void nothing_secret_is_in_it(void **state) {
	(void)state;
	static struct config config;
	static struct app_status status;
	setenv("HOME", "/home/somebody", 1);
	options_defaults(&config);
	CHECK(option_set(&config, option_find("spice"), "spice://10.1.2.3:5900?password=geheim"));
	CHECK(option_set(&config, option_find("spice-password-file"), "/home/somebody/pw"));
	CHECK(option_set(&config, option_find("rotate"), "90"));
	log_warn("cannot read /home/somebody/pw");
	char *text = report_text(&status, &config, "wayland");
	CHECK(text != NULL);
	CHECK(strstr(text, " rotate=90") && strstr(text, " spice=(set)"));
	CHECK(strstr(text, "cannot read ~/pw"));
	CHECK(!strstr(text, "geheim") && !strstr(text, "10.1.2.3") && !strstr(text, "somebody"));
	free(text);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_tells_what_is_asked_for),
		cmocka_unit_test(nothing_secret_is_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
