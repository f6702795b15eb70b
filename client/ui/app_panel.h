/*
 * The panel in the window: what keys, mouse and touch do to it. The app (app_window.c) carries out
 * what follows for the program. On pg-ui.
 */
#pragma once

#include <stdbool.h>

#include "client/ui/panel.h"

union SDL_Event;
struct app_actions;
struct app_hud;
struct app_parts;
struct first_screen;
struct config;
struct overlay_panel;
struct vm_apply;
struct window;

struct app_panel {
	/* borrowed; constant after app_create() */
	struct config *config;
	struct window *window;
	struct app_parts *parts;
	struct app_hud *hud;
	const struct app_actions *actions;
	const struct vm_apply *vm;
	const struct first_screen *machines;

	struct panel panel;
	bool was_captured, had_grab; /* given back when the panel closes */
};

/* Opens the panel: the guest gets no key until it is closed. captured: the window was. */
void app_panel_open(struct app_panel *panel, bool captured);
/* While it is open; true: the event was for the panel and for nobody else, and *ret_request is what
 * it asks for. Keys are for the caller's window input first. */
bool app_panel_event(struct app_panel *panel, const union SDL_Event *event,
		struct panel_request *ret_request);

/* An option of the panel that counts at once. */
void app_panel_apply(struct app_panel *panel, const struct config_option *option);
void app_panel_save(struct app_panel *panel);

void app_panel_fill(const struct app_panel *panel, struct overlay_panel *ret_panel);
