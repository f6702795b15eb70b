/* What follows from a change: app_decide() decides, the parts are told what is new for them. */
#include <string.h>

#include "base/clock.h"
#include "client/ui/app_decide.h"
#include "client/ui/app_state.h"
#include "client/window/window.h"

/* Whoever plays with devices of their own touches them at least so often. */
#define PLAYED_NS (60 * NS_PER_S)

static void gather(struct app *app, uint64_t now_ns) {
	struct app_status *now = &app->now;
	const uint64_t input_ns = atomic_load(&app->device_input_ns);
	now->now_ns = now_ns;
	now->source = app->settings.source;
	now->paused = app->settings.paused;
	now->full_screen = window_is_full_screen(app->window);
	now->focused = window_has_focus(app->window);
	now->device_input = input_ns != 0 && now_ns < input_ns + PLAYED_NS;
	app->settle_ns = now->session.grabbed && now->device_input ? input_ns + PLAYED_NS : 0;
}

static void tell_parts(struct app *app, const struct app_decision *decision) {
	const struct app_decision *before = &app->applied;
	if (decision->display != before->display) {
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_DISPLAY_WANTED,
						 .on = decision->display,
				 });
	}
	if (decision->input != before->input) {
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_INPUT, .on = decision->input });
	}
	if (decision->screensaver_off != before->screensaver_off) {
		window_keep_awake(app->window, decision->screensaver_off);
	}
	app->applied = *decision;
}

void app_settle(struct app *app) {
	struct app_decision decision;
	const uint64_t now_ns = clock_now_ns();
	gather(app, now_ns);
	app_decide(&app->now, app->config, &decision);
	const unsigned began = decision.signs & ~app->now.decision.signs;
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		if (began & 1u << sign) {
			app->now.sign_since_ns[sign] = now_ns;
		}
	}
	if (memcmp(&decision, &app->now.decision, sizeof decision) != 0) {
		app->dirty = true;
	}
	app->now.decision = decision;
	tell_parts(app, &decision);
}
