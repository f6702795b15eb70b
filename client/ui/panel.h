/*
 * The pages of the panel: rows, most of them options of the table. A row changes the configuration
 * and says what follows from that; the program carries it out. Pure; one thread at a time (pg-ui).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/config/config.h"

struct config_option;
struct first_screen;
struct overlay_panel;

enum panel_page {
	PANEL_PICTURE,
	PANEL_SOUND,
	PANEL_INPUT,
	PANEL_KEYS,
	PANEL_VM,
	PANEL_VMS, /* those of this machine, to go to one */
	PANEL_PAGE_COUNT,
};

/* States of the program that rows show beside the options. */
struct panel_state {
	bool full_screen, muted, input_on, grabbed, recorded;
	bool states; /* the list of states is shown */
	/* What is known of the guest; NULL or "" = nothing is. */
	const char *host, *capture, *system;
	/* Which ways things go, and what the host has beside its picture. */
	const char *keys_way, *clipboard_way, *files_way, *sound_way;
	const char *frames, *sizes, *hdr, *recovery, *software;
	/* Why not the host's own; texts for gettext. */
	const char *files_why, *sound_why, *software_why;
	const struct first_screen *machines;
	/* Name of the VM whose profile is saved; NULL or "" = none is known, so it is for all. */
	const char *vm;
};

struct panel {
	bool open;
	enum panel_page page;
	unsigned row;
	enum key_action rebinds; /* waits for the key of that action; NONE = waits for none */
	unsigned vm_count;       /* rows of PANEL_VMS */
	unsigned contested;      /* a key that another action has: pressed again it changes hands */
	bool changed[CONFIG_OPTIONS_MAX]; /* options that were changed here and not saved */
	char notice[160];                 /* the sentence at the foot; "" = that of the row */
};

enum panel_step {
	PANEL_UP,
	PANEL_DOWN,
	PANEL_LESS,
	PANEL_MORE,
	PANEL_DO, /* Enter, or a press on the row */
	PANEL_PAGE_BEFORE,
	PANEL_PAGE_AFTER,
	PANEL_LEAVE,
};

enum panel_request_kind {
	PANEL_REQUEST_NONE,
	PANEL_REQUEST_OPTION, /* an option has another value: bring it into force */
	PANEL_REQUEST_ACTION, /* do what the key of that action does */
	PANEL_REQUEST_CAPTURE,
	PANEL_REQUEST_STATES, /* show the list of states, or hide it */
	PANEL_REQUEST_VM,     /* go to the VM `row` of state.machines */
	PANEL_REQUEST_SAVE,   /* write what `changed` marks to the VM's profile */
	PANEL_REQUEST_CLOSED,
};

struct panel_request {
	enum panel_request_kind kind;
	const struct config_option *option;
	enum key_action action;
	unsigned row;
};

void panel_open(struct panel *panel);

/* A step from the keyboard, on the selected row. */
struct panel_request panel_step(struct panel *panel, struct config *config, enum panel_step step);
/* A press on a row of the page that is shown: selects it first. step: LESS, MORE or DO. */
struct panel_request panel_press(
		struct panel *panel, struct config *config, unsigned row, enum panel_step step);
void panel_show_page(struct panel *panel, enum panel_page page);
/* A key while panel.rebinds is not NONE: KEY_* code. Esc gives up, Backspace unbinds. A key that
 * another action has is told and must be pressed again; that action is then unbound, and told. */
struct panel_request panel_bind(
		struct panel *panel, struct config *config, unsigned key, bool shift);

/* The profile was written: nothing is left to save. */
void panel_saved(struct panel *panel, const char *path);
void panel_tell(struct panel *panel, const char *text);

void panel_fill(const struct panel *panel, const struct config *config,
		const struct panel_state *state, struct overlay_panel *ret_panel);
