/*
 * Messages of other threads to pg-ui: states into mailboxes, single events into a queue, and each
 * wakes SDL once. The only piece of the app that other threads touch.
 *
 * The guest's pointer wakes nobody: its place matters when the local mouse moves, and is looked at
 * then. A wake costs more than it seems, on Wayland a question to the compositor whose answer
 * wakes every thread that reads the connection.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "audio/audio.h"
#include "base/mailbox.h"
#include "base/queue.h"
#include "client/clipboard/clipboard.h"
#include "client/session/guest_link.h"
#include "client/video/video.h"
#include "client/vm/discovery.h"

/* Things that happen once. */
enum app_event_kind {
	APP_RAISE,           /* code: for instance_answer() */
	APP_SESSION_ACTION,  /* action, code */
	APP_SCREENSHOT_DONE, /* code = 0 or a negative errno */
	APP_CLIPBOARD,       /* refused */
	APP_TOOLKIT_TEXT,    /* what SDL has is wanted */
	APP_TYPE_TEXT,       /* text, or NULL: the clipboard has none */
	APP_DROPPED,         /* text: paths as for GUEST_LINK_SEND_FILES; NULL: unreadable */
};

struct app_event {
	enum app_event_kind kind;
	enum guest_link_action action;
	int code;
	struct {
		bool to_vm;
		enum clipboard_failure failure;
		size_t len;
	} refused;
	char *text; /* heap; owned */
};

struct app_inbox {
	/* constant after app_inbox_init() */
	uint32_t wake_event; /* SDL's number of the wake */

	/* constant once the parts run; NULL before */
	struct video *video;

	struct mailbox video_status;
	struct mailbox geometry;
	struct mailbox pointer; /* wakes nobody */
	struct mailbox guest_link_status;
	struct mailbox audio_status;
	struct mailbox vm_found; /* struct discovery_info */
	struct queue events;     /* struct app_event */
	atomic_bool woken;
	atomic_bool wake_no_more;
	atomic_bool quit;
	/* from pg-io: newest motion of a grabbed device that went to the guest */
	atomic_uint_least64_t device_input_ns;
};

/* Memory of the caller, zeroed. After a failure too, app_inbox_finish() is for the caller. */
int app_inbox_init(struct app_inbox *inbox);
void app_inbox_finish(struct app_inbox *inbox);

/* From any thread. */
void app_inbox_wake(struct app_inbox *inbox);
void app_inbox_quit(struct app_inbox *inbox);
/* text is taken over; what finds no room is dropped. Returns 0 or a negative errno. */
int app_inbox_push(struct app_inbox *inbox, const struct app_event *event);

/* The parts' event tables; data of each is the inbox. What the clipboard and the session send each
 * other is not among them. */
struct clipboard_events app_inbox_clipboard_events(struct app_inbox *inbox);
struct video_events app_inbox_video_events(struct app_inbox *inbox);
struct guest_link_events app_inbox_session_events(struct app_inbox *inbox);
struct audio_events app_inbox_audio_events(struct app_inbox *inbox);
