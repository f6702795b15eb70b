/*
 * What the files of the app share; nobody else includes it. app.c is its life and its loop,
 * app_parts.c what the parts tell it, app_settle.c what follows from that, app_window.c what SDL
 * tells it, app_clipboard.c its side of the clipboard, app_password.c the prompt, app_panel.c the
 * panel, app_actions.c what keys do, app_vm.c which VM it is.
 */
#pragma once

#include <stdatomic.h>

#include "base/mailbox.h"
#include "base/queue.h"
#include "client/clipboard/clipboard_message.h"
#include "client/config/config.h"
#include "client/render/overlay.h"
#include "client/ui/app.h"
#include "client/ui/app_status.h"
#include "client/ui/panel.h"
#include "client/vm/vm_apply.h"

struct clipboard;
union SDL_Event;
struct window;
struct window_input;

#define APP_PASSWORD_MAX 64

/* Things that happen once, from other threads. */
enum app_event_kind {
	APP_RAISE,           /* code: for instance_answer() */
	APP_SESSION_ACTION,  /* action, code */
	APP_SCREENSHOT_DONE, /* code = 0 or a negative errno */
	APP_CLIPBOARD,       /* refused */
	APP_TOOLKIT_TEXT,    /* what SDL has is wanted */
	APP_TYPE_TEXT,       /* text, or NULL: the clipboard has none */
	APP_DROPPED,         /* text: paths as for GUEST_LINK_SEND_FILES */
};

struct app_event {
	enum app_event_kind kind;
	enum guest_link_action action;
	int code;
	struct {
		bool to_vm;
		enum clip_failure failure;
		size_t len;
	} refused;
	char *text; /* heap; owned */
};

struct app {
	/* constant after app_attach() */
	struct config *config; /* changed by discovery only, on pg-ui */
	struct window *window;
	struct video *video;
	struct guest_link *session;
	bool x11_motion; /* the session hears the mouse itself */
	struct audio *audio;
	struct discovery *discovery;
	struct guest_link *clip_session; /* for pg-clip, which starts before app_attach() */
	struct clipboard *clipboard;     /* changed only while pg-io does not run */
	uint32_t wake_event;             /* SDL's number of our wake */

	/* from other threads */
	struct mailbox video_status;
	struct mailbox geometry;
	struct mailbox pointer;
	struct mailbox guest_link_status;
	struct mailbox audio_status;
	struct mailbox vm_found; /* struct discovery_info */
	struct queue happenings;
	atomic_bool woken;
	atomic_bool wake_no_more;
	atomic_bool quit;

	/* pg-ui only */
	struct window_input *input;
	struct app_status now;
	struct overlay shown; /* as the video part has it */
	bool overlay_sent;
	struct video_settings settings;
	struct video_geometry picture;
	int sensitivity;
	bool running;
	bool dirty; /* the overlay may have changed */
	struct vm_apply vm;
	struct app_decision applied; /* what the parts were told */
	atomic_uint_least64_t
			device_input_ns; /* from pg-io: newest motion that went to the guest */
	unsigned mic_policy;             /* enum guest_link_microphone_policy */
	bool mic_allowed;                /* by the user's key, or by the policy */
	enum guest_link_microphone_state mic_told;
	bool pointer_inside;
	uint32_t guest_width, guest_height; /* that the window was last fitted to */
	unsigned activations;
	unsigned clipboard_read_told;
	unsigned files_batches; /* whose end was told */
	/* Of a drop that SDL tells file by file: paths, each with its NUL. */
	char *drop_paths;
	size_t drop_len;
	char screenshot[512];
	char password[APP_PASSWORD_MAX];
	size_t password_len;
	bool asking_password;
	struct panel panel;
	bool panel_was_captured, panel_had_grab; /* given back when the panel closes */
	uint64_t agent_ns; /* when a guest without an agent is told of; 0 = there is no need */
	bool agent_told;
	uint64_t stats_ns;        /* next line; 0 = never */
	uint64_t end_ns;          /* --seconds; 0 = never */
	uint64_t text_changes_ns; /* when the overlay changes by itself; UINT64_MAX = never */
	uint64_t settle_ns;       /* what was decided changes by itself; 0 = never */
	uint64_t resize_ns; /* a resize settled: tell the guest, snap to its aspect; 0 = nothing */
};

/* ---- app_actions.c ---- */

void app_alert(struct app *app, int level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* A key pressed together with the escape key. */
void app_key(struct app *app, unsigned key, bool shift);

/* What the key of that action does. */
void app_do(struct app *app, enum key_action action);
void app_set_microphone_policy(struct app *app, unsigned policy);

/* Sends the command; text of it is freed here if the session does not take it. */
void app_command(struct app *app, struct guest_link_command command);

/* ---- app.c ---- */

/* Decides anew, and tells the parts what changed: after every change of what is known or chosen. */
void app_settle(struct app *app);

/* From any thread: app_look() follows. data is the app. */
void app_wake(void *data);

/* ---- app_parts.c ---- */

/* Takes all that was told since the last time. */
void app_look(struct app *app);

/* ---- app_clipboard.c ---- */

/* On pg-io: a message of the guest's side. */
void app_on_session_clipboard(const struct clip_message *message, void *data);
/* The session or the picture changed: is the guest up, and has no agent? */
void app_watch_agent(struct app *app);
void app_tell_no_agent(struct app *app);
void app_on_refused(struct app *app, const struct app_event *happening);
void app_on_toolkit_text(struct app *app);
void app_on_type_text(struct app *app, const struct app_event *happening);

/* ---- app_window.c ---- */

int app_create_input(struct app *app);
/* Something changed that the window's input must know. */
void app_tell_input(struct app *app);
void app_handle_event(struct app *app, union SDL_Event *event);
void app_resize_settled(struct app *app);
/* --shrink-on-upscale: what the window has beside the picture goes. */
void app_shrink_window(struct app *app);
/* The guest's pointer is drawn only while ours is over the picture, see window_input.h. */
void app_show_guest_pointer(struct app *app);
/* Paths, each ended by a NUL, then an empty one; heap, taken over. */
void app_send_files(struct app *app, char *paths);

/* ---- app_panel.c ---- */

/* Opens the panel: the guest gets no key until it is closed. */
void app_open_panel(struct app *app);
/* While it is open; true: the event was for the panel and for nobody else. */
bool app_panel_event(struct app *app, const union SDL_Event *event);
void app_fill_panel(struct app *app, struct overlay_panel *ret_panel);

/* ---- app_password.c ---- */

/* Begins or ends the prompt as the session's status says. */
void app_ask_password(struct app *app);
void app_password_event(struct app *app, const union SDL_Event *event);
