/* The panel: what steps, presses and new keys do to the configuration, and what lies where. */
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#include "client/config/options.h"
#include "client/render/overlay.h"
#include "client/ui/panel.h"
#include "tests/support/check.h"

static const struct panel_state state = { .vm = "win11" };

static struct config *defaults(void) {
	struct config *config = calloc(1, sizeof *config);
	CHECK(config != NULL);
	options_defaults(config);
	return config;
}

static unsigned find_row(struct panel *panel, struct config *config, const char *label) {
	struct overlay_panel shown;
	panel_fill(panel, config, &state, &shown);
	for (unsigned i = 0; i < shown.row_count; i++) {
		if (strcmp(shown.rows[i].label, label) == 0) {
			return i;
		}
	}
	fail_msg("no row %s", label);
	return 0;
}

static const char *value(struct panel *panel, struct config *config, const char *label) {
	static struct overlay_panel shown;
	unsigned row = find_row(panel, config, label);
	panel_fill(panel, config, &state, &shown);
	return shown.rows[row].value;
}

static void values_go_up_and_down_and_stop(void **unused) {
	(void)unused;
	struct config *config = defaults();
	struct panel panel = { 0 };
	panel_open(&panel);
	const unsigned row = find_row(&panel, config, "Scaling");
	CHECK_EQ(panel_press(&panel, config, row, PANEL_LESS).kind, PANEL_REQUEST_NONE);
	struct panel_request request = panel_press(&panel, config, row, PANEL_MORE);
	CHECK_EQ(request.kind, PANEL_REQUEST_OPTION);
	CHECK_EQ(strcmp(request.option->name, "scale"), 0);
	assert_string_equal(value(&panel, config, "Scaling"), "nearest");
	CHECK_EQ(config->video.settings.scale, VIDEO_SCALE_NEAREST);
	for (int i = 0; i < 10; i++) {
		panel_press(&panel, config, row, PANEL_MORE);
	}
	assert_string_equal(value(&panel, config, "Scaling"), "FSR");
	/* A press on the row itself goes round. */
	CHECK_EQ(panel_press(&panel, config, row, PANEL_DO).kind, PANEL_REQUEST_OPTION);
	assert_string_equal(value(&panel, config, "Scaling"), "auto");
	free(config);
}

static void numbers_stay_in_their_range(void **unused) {
	(void)unused;
	struct config *config = defaults();
	struct panel panel = { 0 };
	panel_open(&panel);
	panel_show_page(&panel, PANEL_INPUT);
	const unsigned row = find_row(&panel, config, "Speed of the captured mouse");
	for (int i = 0; i < 30; i++) {
		panel_press(&panel, config, row, PANEL_LESS);
	}
	CHECK_EQ(config->session.sensitivity, -9);
	free(config);
}

static void a_row_that_acts_says_so(void **unused) {
	(void)unused;
	struct config *config = defaults();
	struct panel panel = { 0 };
	panel_open(&panel);
	panel_show_page(&panel, PANEL_SOUND);
	struct panel_request request =
			panel_press(&panel, config, find_row(&panel, config, "Mute"), PANEL_MORE);
	CHECK_EQ(request.kind, PANEL_REQUEST_ACTION);
	CHECK_EQ(request.action, KEY_ACTION_MUTE);
	panel_show_page(&panel, PANEL_VM);
	const unsigned leave = find_row(&panel, config, "Leave");
	CHECK_EQ(panel_press(&panel, config, leave, PANEL_LESS).kind, PANEL_REQUEST_NONE);
	CHECK_EQ(panel_press(&panel, config, leave, PANEL_DO).action, KEY_ACTION_QUIT);
	CHECK_EQ(panel_step(&panel, config, PANEL_LEAVE).kind, PANEL_REQUEST_CLOSED);
	CHECK(!panel.open);
	free(config);
}

/* What goes another way than the host offers says why, at the foot, and in full. */
static void a_way_says_why(void **unused) {
	(void)unused;
	static const char why[] =
			"the host's own sound is not played: its layout is not verified. Sound "
			"comes through SPICE, or from elsewhere where that is installed";
	const struct panel_state known = {
		.vm = "win11", .sound_way = "by SPICE", .sound_why = why
	};
	struct config *config = defaults();
	struct panel panel = { 0 };
	static struct overlay_panel shown;
	panel_open(&panel);
	panel_show_page(&panel, PANEL_VM);
	panel.row = find_row(&panel, config, "Sound comes");
	panel_fill(&panel, config, &known, &shown);
	assert_string_equal(shown.rows[panel.row].value, "by SPICE");
	assert_string_equal(shown.foot, why);
	panel.row = find_row(&panel, config, "Files for the guest go"); /* nothing is known */
	panel_fill(&panel, config, &known, &shown);
	assert_string_equal(shown.rows[panel.row].value, "unknown");
	CHECK(strstr(shown.foot, "Arrows") != NULL);
	free(config);
}

static void no_key_is_taken_from_an_action_in_silence(void **unused) {
	(void)unused;
	struct config *config = defaults();
	struct panel panel = { 0 };
	panel_open(&panel);
	panel_show_page(&panel, PANEL_KEYS);
	panel_press(&panel, config, KEY_ACTION_VIDEO - 1, PANEL_DO);
	CHECK_EQ(panel.rebinds, KEY_ACTION_VIDEO);
	/* F is that of full screen: it is told first, and taken with the second press. */
	CHECK_EQ(panel_bind(&panel, config, KEY_F, false).kind, PANEL_REQUEST_NONE);
	CHECK(strstr(panel.notice, "full screen") != NULL);
	CHECK_EQ(config->input.bindings[KEY_ACTION_FULL_SCREEN], KEY_F);
	CHECK_EQ(panel_bind(&panel, config, KEY_F, false).kind, PANEL_REQUEST_OPTION);
	CHECK_EQ(config->input.bindings[KEY_ACTION_VIDEO], KEY_F);
	CHECK_EQ(config->input.bindings[KEY_ACTION_FULL_SCREEN], 0);
	CHECK(strstr(panel.notice, "full screen") != NULL);
	/* Both will be saved. */
	CHECK(panel.changed[option_index(key_action_option(KEY_ACTION_FULL_SCREEN))]);
	CHECK(panel.changed[option_index(key_action_option(KEY_ACTION_VIDEO))]);
	/* Esc gives up, Backspace unbinds. */
	panel_press(&panel, config, KEY_ACTION_QUIT - 1, PANEL_DO);
	panel_bind(&panel, config, KEY_ESC, false);
	CHECK(config->input.bindings[KEY_ACTION_QUIT] == KEY_Q);
	CHECK_EQ(panel.rebinds, KEY_ACTION_NONE);
	panel_press(&panel, config, KEY_ACTION_QUIT - 1, PANEL_DO);
	panel_bind(&panel, config, KEY_BACKSPACE, false);
	CHECK_EQ(config->input.bindings[KEY_ACTION_QUIT], 0);
	free(config);
}

/* Every row of every page can be reached by mouse at every size of window, and by the arrows. */
static void every_row_can_be_pressed(void **unused) {
	(void)unused;
	static const int sizes[][2] = { { 320, 200 }, { 800, 600 }, { 1920, 1080 },
		{ 3840, 2160 } };
	struct config *config = defaults();
	struct panel panel = { 0 };
	panel_open(&panel);
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		for (int page = 0; page < PANEL_PAGE_COUNT; page++) {
			struct overlay_panel shown;
			/* On the label, whose panel stands in the middle of a wide window. */
			const int wide = sizes[s][0] < 630 ? sizes[s][0] : 630;
			const int x = (sizes[s][0] - wide) / 2 + 12;
			panel_show_page(&panel, (enum panel_page)page);
			panel_fill(&panel, config, &state, &shown);
			for (unsigned row = 0; row < shown.row_count; row++) {
				bool found = false;
				panel_fill(&panel, config, &state, &shown);
				CHECK_EQ(shown.row, row);
				for (int y = 0; y < sizes[s][1] && !found; y++) {
					unsigned index;
					found = overlay_panel_at(&shown, 16, sizes[s][0],
								sizes[s][1], x, y,
								&index) == OVERLAY_PANEL_ROW &&
						index == row;
				}
				CHECK(found);
				panel_step(&panel, config, PANEL_DOWN);
			}
			CHECK_EQ(panel.row, 0); /* round */
		}
	}
	free(config);
}

static void what_is_drawn_stays_in_the_window(void **unused) {
	(void)unused;
	struct config *config = defaults();
	struct panel panel = { 0 };
	struct overlay_panel shown;
	static struct overlay_quad quads[OVERLAY_QUADS_MAX];
	panel_fill(&panel, config, &state, &shown);
	CHECK_EQ(overlay_panel_layout(&shown, 16, 800, 600, quads, 0, OVERLAY_QUADS_MAX), 0);
	panel_open(&panel);
	panel_show_page(&panel, PANEL_KEYS);
	panel_fill(&panel, config, &state, &shown);
	size_t count = overlay_panel_layout(&shown, 32, 640, 360, quads, 0, OVERLAY_QUADS_MAX);
	CHECK(count > 50 && count < OVERLAY_QUADS_MAX);
	for (size_t i = 0; i < count; i++) {
		CHECK(quads[i].x >= 0 && quads[i].x + quads[i].width <= 640);
		CHECK(quads[i].y >= 0 && quads[i].y + quads[i].height <= 360);
	}
	CHECK_EQ(overlay_panel_layout(&shown, 32, 640, 360, quads, 0, 10), 10);
	free(config);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_up_and_down_and_stop),
		cmocka_unit_test(numbers_stay_in_their_range),
		cmocka_unit_test(a_row_that_acts_says_so),
		cmocka_unit_test(a_way_says_why),
		cmocka_unit_test(no_key_is_taken_from_an_action_in_silence),
		cmocka_unit_test(every_row_can_be_pressed),
		cmocka_unit_test(what_is_drawn_stays_in_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
