#include "client/ui/app_decide.h"

#include <stdio.h>
#include <string.h>

#include "client/config/config.h"
#include "client/config/options.h"
#include "client/ui/app_status.h"
#include "tests/support/check.h"

static struct config config;

/* A game that runs well: nothing to say. */
static struct app_status well(void) {
	struct app_status s = { .input_on = true, .focused = true };
	s.video.part.state = PART_RUNNING;
	s.video.showing = VIDEO_SOURCE_LG;
	s.session.spice.state = PART_RUNNING;
	s.session.connected = true;
	s.audio.state = PART_RUNNING;
	s.sound_came = true;
	strcpy(s.video.part.reason, "PICTURE-REASON");
	strcpy(s.session.spice.reason, "SPICE-REASON");
	strcpy(s.session.evdev.reason, "DEVICE-REASON");
	strcpy(s.audio.reason, "SOUND-REASON");
	return s;
}

static struct app_decision decide(const struct app_status *s) {
	struct app_decision d;
	app_decide(s, &config, &d);
	return d;
}

static bool shows(const struct app_decision *d, enum app_sign sign) {
	return (d->signs & 1u << sign) != 0;
}

/* Some sign that is shown says this. */
static bool tells(const struct app_status *s, const char *words) {
	const struct app_decision d = decide(s);
	char text[OVERLAY_TEXT_BYTES];
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		app_sign_text(s, &config, (enum app_sign)sign, text, sizeof text);
		if (shows(&d, (enum app_sign)sign) && strstr(text, words)) {
			return true;
		}
	}
	return false;
}

static bool is_missing(enum part_state state) {
	return state == PART_WAITING || state == PART_FAILED;
}

static void a_game_that_runs_well_is_left_alone(void **state) {
	(void)state;
	const struct app_status s = well();
	const struct app_decision d = decide(&s);
	CHECK_EQ(d.signs, 0);
	CHECK(!d.frozen);
	CHECK(!d.display);
	CHECK(d.input);
	CHECK(!d.screensaver_off);
}

/* For every pair of states of two parts, beside every picture: what is missing is said with its
 * reason, what is there is not, and neither hides the other. */
static void check_all_parts(const struct app_status *s) {
	const bool picture = s->video.showing != VIDEO_SOURCE_AUTO;
	CHECK_EQ(tells(s, "SOUND-REASON"), is_missing(s->audio.state));
	CHECK_EQ(tells(s, "DEVICE-REASON"), is_missing(s->session.evdev.state));
	if (is_missing(s->session.spice.state)) {
		CHECK(tells(s, "SPICE-REASON"));
	}
	if (picture && is_missing(s->video.part.state) && s->source != VIDEO_SOURCE_SPICE &&
			!(s->video.showing == VIDEO_SOURCE_SPICE &&
					is_missing(s->session.spice.state) &&
					s->source == VIDEO_SOURCE_AUTO)) {
		CHECK(tells(s, "PICTURE-REASON"));
	}
	/* What is wanted: the SPICE screen exactly while it is needed. */
	const struct app_decision d = decide(s);
	CHECK_EQ(d.display, (s->source == VIDEO_SOURCE_SPICE ||
					    (s->source == VIDEO_SOURCE_AUTO &&
							    (s->video.showing != VIDEO_SOURCE_LG ||
									    s->video.stale))));
	/* No picture that cannot move goes unmarked. */
	if (d.frozen) {
		CHECK(shows(&d, APP_SIGN_STALE));
	}
}

static void set_part(struct app_status *s, int part, enum part_state value) {
	struct part_status *parts[] = { &s->video.part, &s->session.spice, &s->session.evdev,
		&s->audio };
	parts[part]->state = value;
	s->video.stale = s->video.showing == VIDEO_SOURCE_LG && s->video.part.state != PART_RUNNING;
}

/* No sound is missed that was never sent. */
static void a_silent_guest_lacks_nothing(void **state) {
	(void)state;
	struct app_status s = well();
	s.audio.state = PART_WAITING;
	struct app_decision d = decide(&s);
	CHECK(shows(&d, APP_SIGN_NO_SOUND));
	s.sound_came = false;
	d = decide(&s);
	CHECK(!shows(&d, APP_SIGN_NO_SOUND));
}

static void every_pair_of_states_is_told(void **state) {
	(void)state;
	for (int source = VIDEO_SOURCE_AUTO; source <= VIDEO_SOURCE_SPICE; source++) {
		for (int showing = VIDEO_SOURCE_AUTO; showing <= VIDEO_SOURCE_SPICE; showing++) {
			for (int pair = 0; pair < 4 * 4 * 16; pair++) {
				struct app_status s = well();
				s.source = (enum video_source)source;
				s.video.showing = (enum video_source)showing;
				set_part(&s, pair / 64, (enum part_state)(pair / 4 % 4));
				set_part(&s, pair / 16 % 4, (enum part_state)(pair % 4));
				check_all_parts(&s);
			}
		}
	}
}

static void the_spice_screen_comes_while_frames_flow(void **state) {
	(void)state;
	struct app_status s = well();
	s.source = VIDEO_SOURCE_SPICE; /* key S; no part has said anything since */
	CHECK(decide(&s).display && decide(&s).frozen && tells(&s, "Waiting for SPICE's picture"));
	s.video.showing = VIDEO_SOURCE_SPICE;
	CHECK(decide(&s).display && !decide(&s).frozen);
	/* Where there is no SPICE, it is said at once. */
	s.video.showing = VIDEO_SOURCE_LG;
	s.session.spice.state = PART_OFF;
	CHECK(tells(&s, "SPICE is off"));
	s.source = VIDEO_SOURCE_LG;
	CHECK(!decide(&s).display && !decide(&s).frozen);
}

static void what_the_user_chose_stays_on_the_screen(void **state) {
	(void)state;
	struct app_status s = well();
	s.paused = true;
	s.muted = true;
	s.captured = true;
	s.session.microphone = GUEST_LINK_MIC_OPEN;
	struct app_decision d = decide(&s);
	CHECK(shows(&d, APP_SIGN_PAUSED) && shows(&d, APP_SIGN_MUTED));
	CHECK(shows(&d, APP_SIGN_CAPTURED) && shows(&d, APP_SIGN_RECORDING));
	CHECK(tells(&s, "Scroll Lock+V") && tells(&s, "Scroll Lock+A"));
	CHECK(tells(&s, "Scroll Lock lets them go") && tells(&s, "Scroll Lock+E"));
	s.input_on = false;
	d = decide(&s);
	CHECK(!d.input && shows(&d, APP_SIGN_INPUT_OFF) && tells(&s, "Scroll Lock+I"));
	s.input_on = true;
	s.wrong_vm = true;
	d = decide(&s);
	CHECK(!d.input && shows(&d, APP_SIGN_WRONG_VM) && !shows(&d, APP_SIGN_NO_INPUT));
}

static void every_sign_has_a_word_and_a_sentence(void **state) {
	(void)state;
	const struct app_status s = well();
	char text[OVERLAY_TEXT_BYTES];
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		app_sign_text(&s, &config, (enum app_sign)sign, text, sizeof text);
		CHECK(app_sign_word((enum app_sign)sign)[0] && strlen(text) > 10);
		CHECK(!strchr(text, '%'));
	}
}

static void the_screen_stays_on_while_it_is_played(void **state) {
	(void)state;
	struct app_status s = well();
	s.full_screen = true;
	CHECK(decide(&s).screensaver_off);
	s.focused = false;
	CHECK(!decide(&s).screensaver_off);
	s.session.grabbed = true;
	s.device_input = true;
	CHECK(decide(&s).screensaver_off);
	s.device_input = false; /* for a minute */
	CHECK(!decide(&s).screensaver_off);
	/* The guest asks for it, and dies. */
	config.window.auto_screensaver = true;
	s.video.block_screensaver = true;
	CHECK(decide(&s).screensaver_off);
	s.video.stale = true;
	CHECK(!decide(&s).screensaver_off);
	config.window.auto_screensaver = false;
}

int main(void) {
	options_defaults(&config);
	config.sound = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_game_that_runs_well_is_left_alone),
		cmocka_unit_test(a_silent_guest_lacks_nothing),
		cmocka_unit_test(every_pair_of_states_is_told),
		cmocka_unit_test(the_spice_screen_comes_while_frames_flow),
		cmocka_unit_test(what_the_user_chose_stays_on_the_screen),
		cmocka_unit_test(every_sign_has_a_word_and_a_sentence),
		cmocka_unit_test(the_screen_stays_on_while_it_is_played),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
