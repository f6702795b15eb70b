/*
 * The session part: SPICE and the evdev devices, on pg-io's loop.
 *
 * Everything here happens on the thread that runs the loop, except the functions marked "from any
 * thread", which only queue something and wake it. Losing the server is a state: held keys and
 * grabs are released, and it is tried again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/part.h"
#include "client/clipboard/clipboard_message.h"
#include "input/event.h"

struct audio;
struct device_finder;
struct spice_surface;
struct loop;
struct session;

#define SESSION_EVDEV_MAX 16

enum session_microphone_policy {
	SESSION_MICROPHONE_OFF,
	SESSION_MICROPHONE_ASK,
	SESSION_MICROPHONE_ON,
};

enum session_microphone_state {
	SESSION_MIC_OFF,
	SESSION_MIC_READY,    /* the guest does not record, or is not there */
	SESSION_MIC_ASKING,   /* it does: the user is asked; after 20 s that is a no */
	SESSION_MIC_DECLINED, /* it does, and gets nothing */
	SESSION_MIC_MUTED,    /* it does, and has muted itself: nothing is captured */
	SESSION_MIC_OPEN,     /* the guest hears */
};

struct session_config {
	char uri[256];           /* unix:PATH, HOST:PORT, [V6]:PORT, spice+tls://HOST:PORT, "off" */
	char password_file[256]; /* "" = none, or asked for */
	char ca_file[256];       /* with TLS: PEM of the authority; "" = the system's */
	bool input;              /* forward input at all */
	enum clipboard_policy clipboard_to_vm, clipboard_to_local;
	size_t clipboard_max_bytes;
	bool display;     /* the SPICE picture is wanted */
	bool playback;    /* SPICE sound is wanted */
	bool sync_volume; /* it follows the guest's volume */
	enum session_microphone_policy microphone;

	unsigned evdev_count;
	char evdev[SESSION_EVDEV_MAX][256]; /* path, or "keyboards", "mice", "all" */
	/* NULL: the machine's devices. The bench and tests bring their own (input/device.h);
	 * copied. */
	const struct device_finder *finder;
	char grab_toggle[64]; /* "ctrl-ctrl", … or a chord; see input/router.h */
	char escape_key[64];  /* "scrolllock": works the same while grabbed */
	bool grab_on_start;
	bool ignore_windows_keys;
	int sensitivity; /* -9..9: factor (n + 10) / 10 on relative motion */
};

/* Files on their way to the guest: a batch is all that was dropped until everything is finished. */
struct session_files {
	unsigned active; /* still to be finished, the running ones too; more while folders are read
			  */
	unsigned done, failed;
	unsigned renamed;                 /* that have another name in the guest */
	uint64_t sent_bytes, total_bytes; /* of the files begun so far */
	char name[128];                   /* of the one that runs, printable */
	char error[PART_REASON_BYTES];    /* why the last failure happened; "" = none */
	char failures[360]; /* the failed ones, as many as fit, each with the reason */
	unsigned batches;   /* that have ended: done and failed are the sum then */
};

struct session_status {
	struct part_status spice;
	struct part_status evdev;
	bool connected; /* the inputs channel is up */
	bool needs_password;
	bool absolute; /* the server takes absolute positions (client mouse mode) */
	bool absolute_possible;
	bool agent; /* a guest agent is connected */
	bool has_display, has_playback, has_record;
	bool grabbed;  /* evdev devices are ours and go to the guest */
	unsigned leds; /* enum input_led, of the guest */
	char name[64]; /* of the VM, printable */
	uint8_t uuid[16];
	enum session_microphone_state microphone;
	unsigned devices; /* evdev devices open */
	bool kicked;      /* another client took the server: a key, or 30 s, takes it back */
	/* Contents of the desktop's clipboard that the guest got while it had no focus. */
	unsigned clipboard_read_unfocused;
	struct session_files files;
};

/* Things that happen once; copied into a queue by the receiver. */
enum session_action {
	SESSION_ACTION_NONE,
	SESSION_ACTION_ESCAPE_DOWN, /* the escape key on a grabbed device: as if in the window */
	SESSION_ACTION_ESCAPE_UP,
	SESSION_ACTION_ESCAPE_KEY, /* code = the key pressed with it */
	SESSION_ACTION_GRAB_CHANGED,
	SESSION_ACTION_KICKED, /* another client took the server */
};

struct session_events {
	/* On pg-io; must not block. */
	void (*status)(const struct session_status *status, void *data);
	void (*action)(enum session_action action, unsigned code, void *data);
	/* Motion went to the guest: the picture thread may look sooner. */
	void (*moved)(void *data);
	/* The guest's side of the clipboard: see clip.h. Owns message->data from then on. NULL =
	 * no clipboard. */
	void (*clipboard)(const struct clip_message *message, void *data);
	void *data;
};

/* Before the loop runs, or on its thread. spice_surface and audio may be NULL and outlive the
 * session.
 */
int session_create(struct session **ret_session, struct loop *loop,
		const struct session_config *config, struct spice_surface *spice_surface,
		struct audio *audio, const struct session_events *events);

/* Releases keys and grabs at once and for good; the rest goes on. On the loop's thread, or after it
 * ended. Accepts NULL. */
void session_let_go(struct session *session);

/* Releases keys and grabs, closes the channels. On the loop's thread, or after it ended. Accepts
 * NULL. */
void session_destroy(struct session *session);

/* From any thread: input of the window. Motion may be merged, nothing else is ever dropped unless
 * the queue is full (-ENOBUFS). */
int session_input(struct session *session, const struct guest_input_event *event);

enum session_command_kind {
	SESSION_RELEASE_ALL,    /* focus or capture was lost: nothing may stay held */
	SESSION_SEND_KEYS,      /* press keys[0..count) in order, release them in reverse */
	SESSION_TYPE_TEXT,      /* text as keys of a US layout, paced; text is heap, taken over */
	SESSION_GRAB,           /* on: grab the evdev devices now / off */
	SESSION_MOUSE_MODE,     /* on: ask for absolute positions / off: relative */
	SESSION_INPUT,          /* on / off: forward input at all */
	SESSION_SENSITIVITY,    /* value */
	SESSION_SYNC_LEDS,      /* value: enum input_led of the host, those in locks; on focus-in */
	SESSION_PASSWORD,       /* text: heap, taken over, wiped after use */
	SESSION_URI,            /* text: heap; another server */
	SESSION_RECONNECT,      /* try at once */
	SESSION_DISPLAY_WANTED, /* on: link display and cursor / off: close them (frames flow) */
	SESSION_MONITOR_SIZE,   /* value = width << 16 | height: the guest should take this size */
	SESSION_MICROPHONE,     /* the user's word: on / off */
	SESSION_MICROPHONE_POLICY, /* value: enum session_microphone_policy */
	SESSION_SEND_FILES,        /* text: heap, paths separated by NUL, ended by an empty one */
	SESSION_CANCEL_FILES,
	SESSION_FOCUS, /* on / off: the window has the focus */
};

struct session_command {
	enum session_command_kind kind;
	bool on;
	int value;
	unsigned locks; /* enum input_led */
	unsigned count;
	unsigned keys[8];
	char *text;
};

/* From any thread. On failure (-ENOBUFS) text stays the caller's. */
int session_command(struct session *session, const struct session_command *command);

/* From any thread: the local side of the clipboard. On failure (-ENOBUFS) data stays the caller's.
 */
int session_clipboard(struct session *session, const struct clip_message *message);
