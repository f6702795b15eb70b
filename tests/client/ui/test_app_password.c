#include "client/ui/app_password.h"

#include <stdio.h>
#include <string.h>

#include <SDL.h>

#include "tests/support/check.h"

static size_t type(struct app_password *password, const char *text) {
	union SDL_Event event = { .type = SDL_TEXTINPUT };
	snprintf(event.text.text, sizeof event.text.text, "%s", text);
	return app_password_event(password, NULL, &event);
}

static size_t backspace(struct app_password *password) {
	const union SDL_Event event = { .key = { .type = SDL_KEYDOWN,
							.keysym.sym = SDLK_BACKSPACE } };
	return app_password_event(password, NULL, &event);
}

/* Letters of one, two, three and four bytes: each is one star, and one press of Backspace. */
static void backspace_takes_a_whole_letter(void **state) {
	(void)state;
	struct app_password password = { .asked = true };
	assert_int_equal(type(&password, "a"), 1);
	assert_int_equal(type(&password, "\xc3\xa9"), 2);         /* é */
	assert_int_equal(type(&password, "\xe5\xaf\x86"), 3);     /* 密 */
	assert_int_equal(type(&password, "\xf0\x9f\x94\x91"), 4); /* a key */
	assert_int_equal(backspace(&password), 3);
	assert_string_equal(password.text, "a\xc3\xa9\xe5\xaf\x86");
	assert_int_equal(backspace(&password), 2);
	assert_string_equal(password.text, "a\xc3\xa9");
	assert_int_equal(backspace(&password), 1);
	assert_int_equal(backspace(&password), 0);
	assert_int_equal(backspace(&password), 0);
	assert_string_equal(password.text, "");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backspace_takes_a_whole_letter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
