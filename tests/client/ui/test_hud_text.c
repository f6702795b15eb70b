#include "client/ui/graphs.h"
#include "client/ui/hud_text.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>

#include "client/config/config.h"
#include "client/config/options.h"
#include "client/render/overlay.h"
#include "client/ui/app_decide.h"
#include "client/ui/app_status.h"
#include "tests/support/check.h"
#include "tests/support/overlay_check.h"

#define S 1000000000ull

static struct config config;

static struct app_status waiting_status(void) {
	struct app_status s = { .now_ns = 10 * S, .start_ns = 9 * S, .input_on = true };
	s.video.part.state = PART_WAITING;
	snprintf(s.video.part.reason, sizeof s.video.part.reason, "no host yet");
	s.session.spice.state = PART_RUNNING;
	snprintf(s.session.spice.reason, sizeof s.session.spice.reason, "connected");
	return s;
}

static void decide(struct app_status *s) {
	app_decide(s, &config, &s->decision);
}

static bool says(const struct overlay *o, const char *text) {
	for (unsigned i = 0; i < o->state_count; i++) {
		if (strstr(o->state[i].text, text)) {
			return true;
		}
	}
	return false;
}

static void waiting_shows_a_line_for_each_source_that_is_wanted(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	hud_text_overlay(&s, &config, &o);
	CHECK(o.splash && says(&o, "no host yet") && says(&o, "connected"));
	CHECK_EQ(o.state_count, 2); /* sound and devices are off: not a word of them */
	CHECK(!says(&o, "looking-glass-host.txt") && !says(&o, "doctor"));
	/* After a while it names the check, after half a minute what to look at. */
	unsigned pages = 0;
	while (!says(&o, "doctor") && s.now_ns < s.start_ns + 2 * HUD_TEXT_HINT_NS) {
		s.now_ns = hud_text_next_change(&s);
		hud_text_overlay(&s, &config, &o);
	}
	CHECK_EQ(s.now_ns, s.start_ns + HUD_TEXT_HINT_NS + 1);
	CHECK(!says(&o, "looking-glass-host.txt") && says(&o, "doctor"));
	/* Meanwhile the pages turn, for windows that need some. */
	while (s.now_ns < s.start_ns + HUD_TEXT_PATIENCE_NS) {
		const unsigned before = o.state_page;
		s.now_ns = hud_text_next_change(&s);
		hud_text_overlay(&s, &config, &o);
		pages += o.state_page != before;
	}
	CHECK(pages >= 5);
	CHECK_EQ(s.now_ns, s.start_ns + HUD_TEXT_PATIENCE_NS + 1);
	CHECK(says(&o, "looking-glass-host.txt") && says(&o, "doctor"));
	s.demo = true;
	hud_text_overlay(&s, &config, &o);
	CHECK(!says(&o, "looking-glass-host.txt"));
}

static void a_good_picture_is_left_alone(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	hud_text_overlay(&s, &config, &o);
	CHECK(!o.splash && overlay_empty(&o));
	s.video.stale = true;
	decide(&s);
	hud_text_overlay(&s, &config, &o);
	CHECK(!o.splash);
	CHECK_EQ(o.state_count, 1);
	CHECK(o.dim);
	CHECK(says(&o, "no host yet"));
	s.video.stale = false;
	s.video.truncated = true;
	s.video.needed_mib = 64;
	hud_text_overlay(&s, &config, &o);
	CHECK(says(&o, "64 MiB"));
}

static void the_menu_dims_the_picture(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	config.window.dim_overlay = true;
	hud_text_overlay(&s, &config, &o);
	CHECK(!o.dim);
	s.show_states = true;
	hud_text_overlay(&s, &config, &o);
	CHECK(o.dim);
	config.window.dim_overlay = false;
	hud_text_overlay(&s, &config, &o);
	CHECK(!o.dim);
}

static bool has_state(const struct overlay *o, const char *text) {
	for (unsigned i = 0; i < o->state_count; i++) {
		if (strcmp(o->state[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

static void a_chord_is_named_whole(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct config other = config;
	struct overlay o;
	s.show_help = true;
	snprintf(other.session.escape_key, sizeof other.session.escape_key,
			"leftctrl-leftalt-scrolllock");
	hud_text_overlay(&s, &other, &o);
	assert_string_equal(o.help[0].text, "with Left Ctrl+Left Alt+Scroll Lock held:");
}

static void a_guest_without_an_agent_is_named(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.session.connected = true;
	s.show_states = true;
	config.session.clipboard_to_vm = CLIPBOARD_ALWAYS;
	hud_text_overlay(&s, &config, &o);
	CHECK(has_state(&o, HUD_TEXT_NO_AGENT));
	s.session.agent = true;
	hud_text_overlay(&s, &config, &o);
	CHECK(!has_state(&o, HUD_TEXT_NO_AGENT));
	s.session.agent = false;
	config.session.clipboard_to_vm = CLIPBOARD_NO;
	hud_text_overlay(&s, &config, &o);
	CHECK(!has_state(&o, HUD_TEXT_NO_AGENT));
}

static void an_alert_fades_and_goes(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	snprintf(s.alert, sizeof s.alert, "Capture enabled");
	s.alert_until_ns = s.now_ns + HUD_TEXT_ALERT_NS;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(strcmp(o.alert.text, "Capture enabled"), 0);
	CHECK(o.alert_opacity > 0.99f);
	CHECK_EQ(hud_text_next_change(&s), s.alert_until_ns - HUD_TEXT_ALERT_FADE_NS);
	s.now_ns = s.alert_until_ns - HUD_TEXT_ALERT_FADE_NS / 2;
	hud_text_overlay(&s, &config, &o);
	CHECK(o.alert_opacity > 0.4f && o.alert_opacity < 0.6f);
	s.now_ns = s.alert_until_ns;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.alert.text[0], '\0');
}

static void an_unchanging_window_is_never_drawn_again(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	CHECK_EQ(hud_text_next_change(&s), 0);
	s.show_fps = true;
	CHECK(hud_text_next_change(&s) > s.now_ns);
	s.show_fps = false;
	s.show_graphs = true;
	CHECK_EQ(hud_text_next_change(&s), s.now_ns + GRAPHS_PERIOD_NS);
}

static bool signs(const struct overlay *o, const char *word) {
	for (unsigned i = 0; i < o->sign_count; i++) {
		if (strcmp(o->sign[i].word, word) == 0) {
			return true;
		}
	}
	return false;
}

static void signs_tell_what_is_unusual(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video.showing = VIDEO_SOURCE_SPICE;
	s.muted = true;
	s.input_on = false;
	decide(&s);
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.sign_count, 3);
	CHECK(signs(&o, "NO HOST") && signs(&o, "MUTED") && signs(&o, "INPUT OFF"));
}

/* A sign stays; the sentence of one that calls for no action goes after a while, and is read again
 * by pointing at the sign or holding the escape key. */
static void a_sentence_is_read_and_goes(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	s.muted = true;
	s.sign_pointed_at = -1;
	s.sign_since_ns[APP_SIGN_MUTED] = s.now_ns;
	decide(&s);
	hud_text_overlay(&s, &config, &o);
	CHECK(signs(&o, "MUTED") && says(&o, "The sound is off"));
	CHECK_EQ(hud_text_next_change(&s), s.now_ns + APP_SIGN_READ_NS);
	s.now_ns += APP_SIGN_READ_NS;
	hud_text_overlay(&s, &config, &o);
	CHECK(signs(&o, "MUTED") && !says(&o, "The sound is off"));
	CHECK_EQ(hud_text_next_change(&s), 0);
	s.sign_pointed_at = hud_text_sign_at(&s, 0);
	hud_text_overlay(&s, &config, &o);
	CHECK(says(&o, "The sound is off"));
	s.sign_pointed_at = -1;
	s.show_help = true;
	hud_text_overlay(&s, &config, &o);
	CHECK(says(&o, "The sound is off"));
}

static void the_clipboard_is_asked_for_and_seen(void **state) {
	(void)state;
	static struct config with_key;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	with_key.input.bindings[KEY_ACTION_CLIPBOARD] = KEY_W;
	strcpy(with_key.session.escape_key, "scrolllock");
	s.session.clipboard_question = CLIPBOARD_QUESTION_TO_VM;
	hud_text_overlay(&s, &with_key, &o);
	CHECK_EQ(o.state_count, 1);
	CHECK(says(&o, "Scroll Lock+W lets it"));
	s.session.clipboard_question = CLIPBOARD_QUESTION_TO_LOCAL;
	hud_text_overlay(&s, &with_key, &o);
	CHECK_EQ(o.state_count, 1);
	CHECK(says(&o, "Scroll Lock+W takes it over"));
	s.session.clipboard_question = CLIPBOARD_QUESTION_NONE;
	s.session.clipboard_used_unfocused = true;
	decide(&s);
	hud_text_overlay(&s, &with_key, &o);
	CHECK_EQ(o.sign_count, 1);
	CHECK(signs(&o, "CLIPBOARD"));
}

static void the_microphone_is_asked_for_and_seen(void **state) {
	(void)state;
	static struct config with_key;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	s.session.microphone = GUEST_LINK_MIC_ASKING;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.state_count, 1);
	CHECK(says(&o, "--microphone=on"));
	with_key.input.bindings[KEY_ACTION_MICROPHONE] = KEY_E;
	strcpy(with_key.session.escape_key, "scrolllock");
	hud_text_overlay(&s, &with_key, &o);
	CHECK(says(&o, "Scroll Lock+E") && !signs(&o, "MIC ON"));
	s.session.microphone = GUEST_LINK_MIC_OPEN;
	decide(&s);
	hud_text_overlay(&s, &with_key, &o);
	CHECK_EQ(o.sign_count, 1);
	CHECK(signs(&o, "MIC ON"));
	s.session.microphone = GUEST_LINK_MIC_MUTED;
	decide(&s);
	hud_text_overlay(&s, &with_key, &o);
	CHECK(overlay_empty(&o));
}

static void a_password_is_stars(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.session.needs_password = true;
	s.password_typed = 3;
	hud_text_overlay(&s, &config, &o);
	CHECK(has_state(&o, "The VM asks for a password, then Enter: ***"));
	s.password_typed = 1000;
	hud_text_overlay(&s, &config, &o);
	CHECK(says(&o, "***"));
	CHECK_EQ(o.state_count, 3);
	/* The keys go to the prompt, also over a picture: it is shown there, with the reason. */
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	s.session.spice.state = PART_WAITING;
	decide(&s);
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.state_count, 2);
	CHECK(says(&o, "connected"));
	CHECK(says(&o, "***"));
}

static void files_tell_how_far_they_are(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.session.files.active = 2;
	s.session.files.sent_bytes = 25;
	s.session.files.total_bytes = 100;
	snprintf(s.session.files.name, sizeof s.session.files.name, "a.iso");
	hud_text_overlay(&s, &config, &o);
	CHECK(has_state(&o, "Sending a.iso to the guest: 25 % (files left: 2; Esc cancels)"));
	s.session.files.active = 0;
	hud_text_overlay(&s, &config, &o);
	CHECK(!says(&o, "Sending"));
}

static bool helps(const struct overlay *o, const char *key) {
	for (unsigned i = 0; i < o->help_count; i++) {
		if (strcmp(o->help[i].key, key) == 0) {
			return true;
		}
	}
	return false;
}

static void the_help_lists_what_is_bound(void **state) {
	(void)state;
	static struct config bound;
	struct app_status s = waiting_status();
	struct overlay o;
	strcpy(bound.session.escape_key, "scrolllock");
	bound.input.bindings[KEY_ACTION_QUIT] = KEY_Q;
	hud_text_overlay(&s, &bound, &o);
	CHECK_EQ(o.help_count, 0);
	s.show_help = true;
	hud_text_overlay(&s, &bound, &o);
	/* Its title, the one that is bound, the function keys, the escape key alone, five headings.
	 */
	CHECK_EQ(o.help_count, 9);
	CHECK(strstr(o.help[0].text, "Scroll Lock"));
	CHECK(helps(&o, "Q") && helps(&o, "F1..F12") && helps(&o, "(alone)"));
}

static void every_key_is_in_the_help(void **state) {
	(void)state;
	static struct config bound;
	struct app_status s = waiting_status();
	struct overlay o;
	strcpy(bound.session.escape_key, "scrolllock");
	for (int action = 1; action < KEY_ACTION_COUNT; action++) {
		bound.input.bindings[action] = KEY_Q;
	}
	s.show_help = true;
	s.help_since_ns = s.now_ns;
	hud_text_overlay(&s, &bound, &o);
	for (int action = 1; action < KEY_ACTION_COUNT; action++) {
		const char *text = key_action_help((enum key_action)action);
		unsigned found = 0;
		for (unsigned i = 0; i < o.help_count; i++) {
			found += strcmp(o.help[i].text, text) == 0;
		}
		if (found != 1) {
			print_message("\"%s\" is there %u times\n", text, found);
		}
		CHECK_EQ(found, 1);
	}
	/* In a small window the next part comes by itself. */
	CHECK_EQ(o.help_page, 0);
	for (unsigned i = 0; o.help_page == 0 && i < 8; i++) {
		s.now_ns = hud_text_next_change(&s);
		hud_text_overlay(&s, &bound, &o);
	}
	CHECK_EQ(o.help_page, 1);
}

static void figures_are_those_that_were_asked_for(void **state) {
	(void)state;
	struct app_status s = waiting_status();
	struct overlay o;
	s.video_stats.fps = 59.9;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.figures_count, 0);
	s.show_fps = true;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.figures_count, 1);
	CHECK(strstr(o.figures[0], "59.9 frames/s"));
	s.show_fps = false;
	s.show_stats = true;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(o.figures_count, 3);
	CHECK(strstr(o.figures[0], "59.9 frames/s"));
	CHECK_EQ(strcmp(o.figures[2], "sound: silent"), 0);
	s.video.showing = VIDEO_SOURCE_LG;
	s.video_stats.seen_to_swapped_us = 2900;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(strcmp(o.figures[0], "59.9 frames/s, the picture is 2.9 ms old when shown"), 0);
	s.video_stats.seen_to_presented_us = 15500;
	hud_text_overlay(&s, &config, &o);
	CHECK_EQ(strcmp(o.figures[0], "59.9 frames/s, the picture is 15.5 ms old when shown"), 0);
	CHECK_EQ(o.figures_count, 4);
	CHECK(strstr(o.figures[2], "on the display after 15.5 ms") != NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_shows_a_line_for_each_source_that_is_wanted),
		cmocka_unit_test(a_good_picture_is_left_alone),
		cmocka_unit_test(the_menu_dims_the_picture),
		cmocka_unit_test(a_chord_is_named_whole),
		cmocka_unit_test(a_guest_without_an_agent_is_named),
		cmocka_unit_test(an_alert_fades_and_goes),
		cmocka_unit_test(an_unchanging_window_is_never_drawn_again),
		cmocka_unit_test(signs_tell_what_is_unusual),
		cmocka_unit_test(a_sentence_is_read_and_goes),
		cmocka_unit_test(the_microphone_is_asked_for_and_seen),
		cmocka_unit_test(the_clipboard_is_asked_for_and_seen),
		cmocka_unit_test(a_password_is_stars),
		cmocka_unit_test(files_tell_how_far_they_are),
		cmocka_unit_test(the_help_lists_what_is_bound),
		cmocka_unit_test(every_key_is_in_the_help),
		cmocka_unit_test(figures_are_those_that_were_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
