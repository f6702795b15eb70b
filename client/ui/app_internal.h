/*
 * The app, put together; only its top files include this header: app.c (its life and its loop),
 * app_look.c (reports of the parts) and app_window.c (events of SDL). Each piece belongs to the
 * file of its name, which knows no more than the pieces that its functions are given.
 */
#pragma once

#include "base/bytes.h"
#include "base/deadline.h"
#include "client/config/config.h"
#include "client/ui/app.h"
#include "client/ui/app_actions.h"
#include "client/ui/app_clipboard.h"
#include "client/ui/app_hud.h"
#include "client/ui/app_inbox.h"
#include "client/ui/app_notices.h"
#include "client/ui/app_panel.h"
#include "client/ui/app_parts.h"
#include "client/ui/app_password.h"
#include "client/ui/app_size.h"
#include "client/vm/first_screen.h"
#include "client/vm/vm_apply.h"

union SDL_Event;
struct window;
struct window_input;

struct app {
	/* constant after app_create() */
	struct config *config; /* changed by discovery and the panel only */
	struct window *window;
	struct window_input *input;

	struct app_inbox inbox;

	/* pg-ui only */
	struct app_parts parts;
	struct app_hud hud;
	struct app_notices notices;
	struct app_size size;
	struct app_password password;
	struct bytes drop; /* paths, each with its NUL, then an empty one */
	struct app_actions actions;
	struct app_panel panel;
	struct vm_apply vm;
	struct first_screen first;
	deadline first_ns;      /* when to look at it */
	uint64_t no_picture_ns; /* since when there is none; 0 = there is one */
	struct video_geometry picture;
	char title[160]; /* as the window has it */
	bool running;
	bool pointer_inside;
	uint64_t settle_ns; /* what was decided changes by itself; 0 = never */
	deadline seen_ns;   /* when to look whether the window is seen */
	deadline tab_ns;    /* when the tab at the top edge comes or goes */
	uint64_t stats_ns;  /* next line; 0 = never */
	uint64_t end_ns;    /* --seconds; 0 = never */
};

/* ---- app.c ---- */

/* Decides anew, and tells the parts what changed: after every change of what is known or chosen. */
void app_settle(struct app *app);

/* ---- app_look.c ---- */

/* Takes all that was told since the last time. */
void app_look(struct app *app);
/* Where the guest's pointer is, before anything is done that depends on it. */
void app_look_at_pointer(struct app *app);

/* ---- app_window.c ---- */

int app_create_input(struct app *app);
/* Something changed that the window's input must know. */
void app_tell_input(struct app *app);
void app_handle_event(struct app *app, union SDL_Event *event);
/* What the key of that action does. */
void app_do(struct app *app, enum key_action action);
/* A window that nobody can see draws nothing; when to look again. */
deadline app_look_whether_seen(struct app *app);
/* The tab at the top edge comes, or goes: tab_ns is over. */
void app_turn_tab(struct app *app);
/* The guest's pointer is drawn only while ours is over the picture, see window_input.h. */
void app_show_guest_pointer(struct app *app);
/* Paths, each ended by a NUL, then an empty one; heap, taken over. */
void app_dropped(struct app *app, char *paths); /* NULL: the list could not be read */
