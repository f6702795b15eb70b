#include "input/chord.h"

#include <errno.h>
#include <linux/input-event-codes.h>

#include "tests/support/check.h"

#define MS 1000000ull

/* Presses the keys one after the other: after which of them is the chord complete? -1 = never. */
static int complete_at(const char *text, const unsigned *keys, int count) {
	struct chord chord;
	struct key_set held = { 0 };
	CHECK_EQ(chord_parse(text, &chord), 0);
	int at = -1;
	for (int i = 0; i < count; i++) {
		CHECK(key_set_add(&held, keys[i]));
		if (chord_complete(&chord, &held, keys[i])) {
			CHECK(at < 0);
			at = i;
		}
	}
	return at;
}

#define COMPLETE_AT(text, ...)                                 \
	complete_at((text), (const unsigned[]){ __VA_ARGS__ }, \
			(int)(sizeof(const unsigned[]){ __VA_ARGS__ } / sizeof(unsigned)))

static void qemu_names(void **state) {
	(void)state;
	CHECK_EQ(COMPLETE_AT("ctrl-ctrl", KEY_LEFTCTRL, KEY_RIGHTCTRL), 1);
	CHECK_EQ(COMPLETE_AT("ctrl-ctrl", KEY_RIGHTCTRL, KEY_LEFTCTRL), 1);
	CHECK_EQ(COMPLETE_AT("CTRL-Ctrl", KEY_W, KEY_LEFTSHIFT, KEY_RIGHTCTRL, KEY_LEFTCTRL), 3);
	CHECK_EQ(COMPLETE_AT("ctrl-ctrl", KEY_LEFTCTRL, KEY_A), -1);
	CHECK_EQ(COMPLETE_AT("alt-alt", KEY_LEFTALT, KEY_RIGHTALT), 1);
	CHECK_EQ(COMPLETE_AT("shift-shift", KEY_RIGHTSHIFT, KEY_LEFTSHIFT), 1);
	CHECK_EQ(COMPLETE_AT("meta-meta", KEY_RIGHTMETA, KEY_LEFTMETA), 1);
	CHECK_EQ(COMPLETE_AT("scrolllock", KEY_SCROLLLOCK), 0);
	CHECK_EQ(COMPLETE_AT("ctrl-scrolllock", KEY_SCROLLLOCK), -1);
	CHECK_EQ(COMPLETE_AT("ctrl-scrolllock", KEY_RIGHTCTRL, KEY_SCROLLLOCK), 1);
	CHECK_EQ(COMPLETE_AT("ctrl-scrolllock", KEY_LEFTCTRL, KEY_SCROLLLOCK), 1);
	CHECK_EQ(COMPLETE_AT("none", KEY_LEFTCTRL, KEY_RIGHTCTRL), -1);
	CHECK_EQ(COMPLETE_AT("", KEY_SCROLLLOCK), -1);
}

static void chords_of_the_user(void **state) {
	(void)state;
	CHECK_EQ(COMPLETE_AT("ctrl+alt+g", KEY_RIGHTCTRL, KEY_LEFTALT, KEY_G), 2);
	CHECK_EQ(COMPLETE_AT("Ctrl+Alt+G", KEY_LEFTALT, KEY_LEFTCTRL, KEY_G), 2);
	CHECK_EQ(COMPLETE_AT("ctrl+alt+g", KEY_W, KEY_LEFTALT, KEY_LEFTCTRL, KEY_G), 3);
	CHECK_EQ(COMPLETE_AT("ctrl+alt+g", KEY_LEFTALT, KEY_LEFTSHIFT, KEY_LEFTCTRL, KEY_G), -1);
	CHECK_EQ(COMPLETE_AT("ctrl+alt+g", KEY_LEFTALT, KEY_G), -1);
	/* Both separators mean the same, mixed too. */
	CHECK_EQ(COMPLETE_AT("ctrl-alt-g", KEY_RIGHTCTRL, KEY_LEFTALT, KEY_G), 2);
	CHECK_EQ(COMPLETE_AT("ctrl-alt+g", KEY_LEFTALT, KEY_LEFTSHIFT, KEY_LEFTCTRL, KEY_G), -1);
	CHECK_EQ(COMPLETE_AT("rightctrl-rightalt", KEY_RIGHTALT, KEY_RIGHTCTRL), 1);
	CHECK_EQ(COMPLETE_AT("ctrl--", KEY_LEFTCTRL, KEY_MINUS), 1);
	CHECK_EQ(COMPLETE_AT("-", KEY_MINUS), 0);
	CHECK_EQ(COMPLETE_AT("ctrl+ctrl", KEY_LEFTCTRL, KEY_RIGHTCTRL), 1);
	CHECK_EQ(COMPLETE_AT("ctrl+scrolllock", KEY_LEFTCTRL, KEY_SCROLLLOCK), 1);
	CHECK_EQ(COMPLETE_AT("rightctrl", KEY_RIGHTCTRL), 0);
	CHECK_EQ(COMPLETE_AT("rightctrl", KEY_LEFTCTRL), -1);
	CHECK_EQ(COMPLETE_AT("KEY_PAUSE", KEY_PAUSE), 0);
	CHECK_EQ(COMPLETE_AT("70", KEY_SCROLLLOCK), 0);
	CHECK_EQ(COMPLETE_AT("meta+f12", KEY_RIGHTMETA, KEY_F12), 1);
	/* A single key works whatever else is held. */
	CHECK_EQ(COMPLETE_AT("f12", KEY_LEFTSHIFT, KEY_F12), 1);
}

static void nonsense_is_refused(void **state) {
	(void)state;
	struct chord chord;
	static const char *const bad[] = { "ctrl+", "+g", "ctrl++g", "nosuchkey", "ctrl-", "-ctrl",
		"ctrl-+", "g+g", "ctrl+leftctrl", "a+b+c+d+e", "99999", "ctrl alt",
		"averyveryveryveryveryverylongkeyname" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (chord_parse(bad[i], &chord) != -EINVAL) {
			fail_msg("accepted: %s", bad[i]);
		}
	}
}

static void equal_chords(void **state) {
	(void)state;
	struct chord a;
	struct chord b;
	CHECK_EQ(chord_parse("ctrl-scrolllock", &a), 0);
	CHECK_EQ(chord_parse("scrolllock+ctrl", &b), 0);
	CHECK(chord_equal(&a, &b));
	CHECK_EQ(chord_parse("ctrl+pause", &b), 0);
	CHECK(!chord_equal(&a, &b));
	CHECK_EQ(chord_parse("rightctrl+scrolllock", &b), 0);
	CHECK(!chord_equal(&a, &b));
	CHECK_EQ(chord_parse("scrolllock", &b), 0);
	CHECK(!chord_equal(&a, &b));
	CHECK_EQ(chord_parse("KEY_SCROLLLOCK", &a), 0);
	CHECK(chord_equal(&a, &b));
}

static void keys_behind_the_escape_key(void **state) {
	(void)state;
	struct chord chord;
	unsigned code;
	bool shift;
	CHECK_EQ(chord_parse("ctrl+alt+end", &chord), 0);
	CHECK_EQ(chord_binding(&chord, &code, &shift), 0);
	CHECK_EQ(code, KEY_END);
	CHECK(!shift);
	CHECK_EQ(chord_parse("shift-f11", &chord), 0);
	CHECK_EQ(chord_binding(&chord, &code, &shift), 0);
	CHECK_EQ(code, KEY_F11);
	CHECK(shift);
	CHECK_EQ(chord_parse("ctrl+alt", &chord), 0);
	CHECK_EQ(chord_binding(&chord, &code, &shift), -EINVAL);
	CHECK_EQ(chord_parse("a-b", &chord), 0);
	CHECK_EQ(chord_binding(&chord, &code, &shift), -EINVAL);
	CHECK_EQ(chord_parse("70", &chord), 0);
	CHECK_EQ(chord_single(&chord), KEY_SCROLLLOCK);
	CHECK_EQ(chord_parse("ctrl", &chord), 0);
	CHECK_EQ(chord_single(&chord), 0);
	CHECK_EQ(chord_parse("a-b", &chord), 0);
	CHECK_EQ(chord_single(&chord), 0);
}

static void sets_of_keys(void **state) {
	(void)state;
	struct key_set set = { 0 };
	CHECK_EQ(key_set_next(&set, 0), 0);
	CHECK(key_set_add(&set, 1) && key_set_add(&set, 64) && key_set_add(&set, 767));
	CHECK(!key_set_add(&set, 64));
	CHECK(!key_set_add(&set, 768));
	CHECK_EQ(set.count, 3);
	CHECK_EQ(key_set_next(&set, 1), 1);
	CHECK_EQ(key_set_next(&set, 2), 64);
	CHECK_EQ(key_set_next(&set, 65), 767);
	CHECK_EQ(key_set_next(&set, 768), 0);
	CHECK(key_set_remove(&set, 64));
	CHECK(!key_set_remove(&set, 64));
	CHECK_EQ(set.count, 2);
	CHECK(!key_set_has(&set, 5000));
}

struct typing {
	struct escape escape;
	struct key_set held;
	uint64_t now_ns;
};

static enum escape_verdict feed(struct typing *typing, unsigned code, bool pressed, unsigned ms) {
	typing->now_ns += ms * MS;
	if (pressed) {
		key_set_add(&typing->held, code);
	} else {
		key_set_remove(&typing->held, code);
	}
	return escape_feed(&typing->escape, &typing->held, code, pressed, typing->now_ns);
}

static void the_escape_key(void **state) {
	(void)state;
	struct typing t = { .now_ns = 1000000 * MS };
	struct chord chord;
	CHECK_EQ(chord_parse("scrolllock", &chord), 0);
	escape_init(&t.escape, &chord, ESCAPE_HOLD_NS);

	/* a tap */
	CHECK_EQ(feed(&t, KEY_A, true, 1), ESCAPE_PASS);
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, true, 1), ESCAPE_DOWN);
	CHECK_EQ(feed(&t, KEY_A, false, 1), ESCAPE_PASS); /* its press was the guest's */
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, false, 150), ESCAPE_TAP);

	/* help */
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, true, 1), ESCAPE_DOWN);
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, false, 200), ESCAPE_UP);

	/* a command, and its key outlives the escape key */
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, true, 1), ESCAPE_DOWN);
	CHECK_EQ(feed(&t, KEY_Q, true, 1), ESCAPE_KEY);
	CHECK_EQ(feed(&t, KEY_F, true, 1), ESCAPE_KEY);
	CHECK_EQ(feed(&t, KEY_F, false, 1), ESCAPE_SWALLOW);
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, false, 1), ESCAPE_UP);
	CHECK_EQ(feed(&t, KEY_Q, false, 1), ESCAPE_SWALLOW);
	CHECK_EQ(feed(&t, KEY_Q, true, 1), ESCAPE_PASS);
	CHECK_EQ(feed(&t, KEY_Q, false, 1), ESCAPE_PASS);

	/* focus lost with it held */
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, true, 1), ESCAPE_DOWN);
	CHECK(escape_cancel(&t.escape) && !escape_cancel(&t.escape));
	CHECK_EQ(feed(&t, KEY_SCROLLLOCK, false, 1), ESCAPE_PASS);
}

static void an_escape_chord(void **state) {
	(void)state;
	struct typing t = { .now_ns = 1000000 * MS };
	struct chord chord;
	CHECK_EQ(chord_parse("ctrl+alt", &chord), 0);
	escape_init(&t.escape, &chord, ESCAPE_HOLD_NS);
	CHECK_EQ(feed(&t, KEY_LEFTCTRL, true, 1), ESCAPE_PASS);
	CHECK_EQ(feed(&t, KEY_LEFTALT, true, 1), ESCAPE_DOWN);
	CHECK_EQ(feed(&t, KEY_LEFTCTRL, false, 1), ESCAPE_PASS);
	CHECK_EQ(feed(&t, KEY_LEFTALT, false, 1), ESCAPE_TAP);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_names),
		cmocka_unit_test(chords_of_the_user),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(equal_chords),
		cmocka_unit_test(keys_behind_the_escape_key),
		cmocka_unit_test(sets_of_keys),
		cmocka_unit_test(the_escape_key),
		cmocka_unit_test(an_escape_chord),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
