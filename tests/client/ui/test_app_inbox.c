/* What the parts tell pg-ui, and what of that wakes it. SDL's queue of events is the real one. */
#include "client/ui/app_inbox.h"

#include <SDL.h>

#include "tests/support/check.h"

static int count_wakes(const struct app_inbox *inbox) {
	int count = 0;
	SDL_Event event;
	while (SDL_PollEvent(&event)) {
		count += event.type == inbox->wake_event;
	}
	return count;
}

/* A guest's pointer moves a thousand times a second while somebody plays. */
static void the_guests_pointer_wakes_nobody(void **state) {
	(void)state;
	struct app_inbox inbox = { .woken = false };
	assert_int_equal(SDL_Init(SDL_INIT_EVENTS), 0);
	CHECK_EQ(app_inbox_init(&inbox), 0);
	const struct video_events events = app_inbox_video_events(&inbox);
	for (int i = 0; i < 1000; i++) {
		const struct video_pointer moved = { .known = true, .visible = true, .x = i };
		events.pointer(&moved, events.data);
	}
	CHECK_EQ(count_wakes(&inbox), 0);
	struct video_pointer pointer = { .known = false };
	CHECK(mailbox_take(&inbox.pointer, &pointer)); /* and is there for whoever looks */
	CHECK(pointer.known && pointer.x == 999);
	app_inbox_finish(&inbox);
	SDL_Quit();
}

static void a_state_wakes_once_until_it_was_looked_at(void **state) {
	(void)state;
	struct app_inbox inbox = { .woken = false };
	assert_int_equal(SDL_Init(SDL_INIT_EVENTS), 0);
	CHECK_EQ(app_inbox_init(&inbox), 0);
	const struct video_events events = app_inbox_video_events(&inbox);
	const struct video_geometry geometry = { .width = 640, .height = 480 };
	events.geometry(&geometry, events.data);
	events.geometry(&geometry, events.data);
	CHECK_EQ(count_wakes(&inbox), 1);
	app_inbox_finish(&inbox);
	SDL_Quit();
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guests_pointer_wakes_nobody),
		cmocka_unit_test(a_state_wakes_once_until_it_was_looked_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
