#include "input/guest_output.h"

#include <linux/input-event-codes.h>
#include <string.h>

#include "tests/support/held_sink.h"

struct fixture {
	struct held_sink sink;
	struct guest_output out;
	struct guest_held left, right; /* two keyboards */
};

static void setup(struct fixture *f) {
	memset(f, 0, sizeof *f);
	const struct guest_input guest = held_sink_init(&f->sink);
	guest_output_set(&f->out, &guest);
}

static void expect(struct fixture *f, const char *log) {
	assert_string_equal(f->sink.log, log);
	f->sink.log_len = 0;
	f->sink.log[0] = '\0';
}

static void one_key_of_two_keyboards_is_held_once(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	guest_output_key(&f.out, &f.left, KEY_A, true);
	guest_output_key(&f.out, &f.right, KEY_A, true);
	guest_output_key(&f.out, &f.left, KEY_A, false);
	CHECK_EQ(f.out.keys_held, 1u);
	guest_output_button(&f.out, &f.left, INPUT_BUTTON_LEFT, true);
	guest_output_button(&f.out, &f.right, INPUT_BUTTON_LEFT, true);
	guest_output_release(&f.out, &f.right);
	expect(&f, "+30 b+1 -30 ");
	guest_output_release(&f.out, &f.left);
	expect(&f, "b-1 ");
	CHECK_EQ(f.out.keys_held, 0u);
	CHECK_EQ(f.out.buttons_held, 0u);
}

static void motion_waits_until_something_follows(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	guest_output_motion(&f.out, 3, -1);
	guest_output_motion(&f.out, 4, 1);
	expect(&f, "");
	guest_output_wheel(&f.out, 1);
	expect(&f, "m7,0 w1 ");
	guest_output_motion(&f.out, GUEST_MOTION_MAX, 0);
	guest_output_motion(&f.out, GUEST_MOTION_MAX, 0); /* does not fit into one message */
	guest_output_position(&f.out, 5, 6);
	guest_output_position(&f.out, 7, 8);
	guest_output_flush(&f.out);
	expect(&f, "m32767,0 m32767,0 p7,8 ");
	CHECK_EQ(f.sink.flushes, 1ul);
	guest_output_flush(&f.out); /* nothing new */
	CHECK_EQ(f.sink.flushes, 1ul);
}

static void the_books_stay_right_without_a_guest(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	guest_output_key(&f.out, &f.left, KEY_A, true);
	guest_output_motion(&f.out, 1, 1);
	guest_output_lose(&f.out);
	guest_output_release(&f.out, &f.left);
	guest_output_key(&f.out, &f.left, KEY_B, true);
	guest_output_wheel(&f.out, 1);
	guest_output_flush(&f.out);
	guest_output_forget(&f.out);
	expect(&f, "+30 ");
	CHECK_EQ(f.out.keys_held, 1u);
	guest_output_key(&f.out, &f.left, KEY_B, false);
	CHECK_EQ(f.out.keys_held, 0u);
}

static void another_way_gets_what_is_held(void **state) {
	(void)state;
	struct fixture f;
	struct held_sink other = { 0 };
	struct key_set but = { 0 };
	setup(&f);
	guest_output_key(&f.out, &f.left, KEY_A, true);
	guest_output_key(&f.out, &f.right, KEY_B, true);
	guest_output_button(&f.out, &f.right, INPUT_BUTTON_RIGHT, true);
	key_set_add(&but, KEY_B);
	const struct guest_input way = held_sink_init(&other);
	guest_output_switch(&f.out, &way, &but);
	assert_string_equal(other.log, "+30 b+3 ");
	guest_output_flush(&f.out);
	CHECK_EQ(other.flushes, 1ul);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_key_of_two_keyboards_is_held_once),
		cmocka_unit_test(motion_waits_until_something_follows),
		cmocka_unit_test(the_books_stay_right_without_a_guest),
		cmocka_unit_test(another_way_gets_what_is_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
