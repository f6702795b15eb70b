/*
 * The session part: SPICE and the evdev devices, on pg-io's loop.
 *
 * Everything here happens on the thread that runs the loop, except the functions marked "from any
 * thread", which only queue something and wake it. Losing the server is a state: held keys and
 * grabs are released, and the server is tried again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/owners.h"
#include "base/part.h"
#include "client/clipboard/clipboard_message.h"
#include "client/files/file_sender.h"
#include "client/session/guest_command.h"
#include "input/event.h"

struct audio;
struct device_finder;
struct spice_surface;
struct loop;
struct guest_link;
struct clipboard_port;
struct input_port;
struct queue;

#define GUEST_LINK_EVDEV_MAX 16

enum guest_link_microphone_policy {
	GUEST_LINK_MICROPHONE_OFF,
	GUEST_LINK_MICROPHONE_ASK,
	GUEST_LINK_MICROPHONE_ON,
};

enum guest_link_microphone_state {
	GUEST_LINK_MIC_OFF,
	GUEST_LINK_MIC_READY,    /* the guest does not record, or is not there */
	GUEST_LINK_MIC_ASKING,   /* it does: the user is asked; after 20 s that is a no */
	GUEST_LINK_MIC_DECLINED, /* it does, and gets nothing */
	GUEST_LINK_MIC_MUTED,    /* it does, and has muted itself: nothing is captured */
	GUEST_LINK_MIC_OPEN,     /* the guest hears */
};

struct guest_link_config {
	char uri[256];           /* unix:PATH, HOST:PORT, [V6]:PORT, spice+tls://HOST:PORT, "off" */
	char password_file[256]; /* "" = none, or asked for */
	struct owners owners;    /* whose server on this machine counts as the VM's */
	char ca_file[256];       /* with TLS: PEM of the authority; "" = the system's */
	/* With TLS: what the certificate's subject has to be ("O=x,CN=y"), whatever the host is
	 * called; "" = the certificate is that of the host. */
	char host_subject[512];
	bool input; /* forward input at all */
	enum clipboard_policy clipboard_to_vm, clipboard_to_local;
	size_t clipboard_max_bytes;
	bool display;     /* the SPICE picture is wanted */
	bool playback;    /* SPICE sound is wanted */
	bool sync_volume; /* it follows the guest's volume */
	enum guest_link_microphone_policy microphone;

	unsigned evdev_count;
	char evdev[GUEST_LINK_EVDEV_MAX][256]; /* path, or "keyboards", "mice", "all" */
	/* NULL: the machine's devices. The bench and tests bring their own (input/device.h);
	 * copied. */
	const struct device_finder *finder;
	/* The host's own input stream (KVMFR 34), chosen over SPICE while it is offered. NULL:
	 * none. Borrowed; outlives the session. */
	struct input_port *host_input;
	/* … and its clipboard. */
	struct clipboard_port *host_clipboard;
	char grab_toggle[64]; /* "ctrl-ctrl", … or a chord; see input/router.h */
	char escape_key[64];  /* "scrolllock": works the same while grabbed */
	bool grab_on_start;
	bool ignore_windows_keys;
	int sensitivity; /* -9..9: factor (n + 10) / 10 on relative motion */
};

struct guest_link_status {
	struct part_status spice;
	struct part_status evdev;
	bool connected;  /* there is a way for input: the inputs channel, or the host's stream */
	bool host_input; /* it goes over the host's stream */
	bool host_clipboard; /* the clipboard does, over the host's streams */
	bool needs_password;
	bool absolute; /* the server takes absolute positions (client mouse mode) */
	bool absolute_possible;
	bool agent; /* a guest agent is connected */
	bool has_display, has_playback, has_record;
	bool grabbed;  /* evdev devices are ours and go to the guest */
	unsigned leds; /* enum input_led, of the guest */
	char name[64]; /* of the VM, printable */
	uint8_t uuid[16];
	enum guest_link_microphone_state microphone;
	unsigned devices; /* evdev devices open */
	bool kicked;      /* another client took the server: a key, or 30 s, takes it back */
	/* Contents of the desktop's clipboard that the guest got while it had no focus. */
	unsigned clipboard_read_unfocused;
	bool clipboard_used_unfocused; /* read or replaced, and not seen by the user yet */
	enum clipboard_question clipboard_question;
	struct file_sender_status files;
};

/* Things that happen once; copied into a queue by the receiver. */
enum guest_link_action {
	GUEST_LINK_ACTION_NONE,
	GUEST_LINK_ACTION_ESCAPE_DOWN, /* the escape key on a grabbed device: as if in the window */
	GUEST_LINK_ACTION_ESCAPE_UP,
	GUEST_LINK_ACTION_ESCAPE_KEY, /* code = the key pressed with it */
	GUEST_LINK_ACTION_GRAB_CHANGED,
	GUEST_LINK_ACTION_KICKED,   /* another client took the server */
	GUEST_LINK_ACTION_NO_VIDEO, /* a part of the picture comes in a codec that is not decoded */
};

struct guest_link_events {
	/* On pg-io; must not block. */
	void (*status)(const struct guest_link_status *status, void *data);
	void (*action)(enum guest_link_action action, unsigned code, void *data);
	/* Motion went to the guest: the picture thread may look sooner. */
	void (*moved)(void *data);
	/* The guest's side of the clipboard: see clipboard_message.h. Owns message->data from then
	 * on. NULL = no clipboard. */
	void (*clipboard)(const struct clipboard_message *message, void *clipboard_data);
	void *clipboard_data;
	void *data;
};

/* Before the loop runs, or on its thread. spice_surface and audio may be NULL and outlive the
 * session.
 */
int guest_link_create(struct guest_link **ret_session, struct loop *loop,
		const struct guest_link_config *config, struct spice_surface *spice_surface,
		struct audio *audio, const struct guest_link_events *events);

/* From now on GUEST_LINK_X11_MOTION gives the guest the motion of the pointer that belongs to this
 * window. Before the loop runs, or on its thread. Returns 0 or, where the server's or the library's
 * XInput is too old or missing, a negative errno. */
int guest_link_take_x11_motion(struct guest_link *session, const char *display, uint32_t window);

/* Releases keys and grabs at once and for good; the rest goes on. On the loop's thread, or after it
 * ended. Accepts NULL. */
void guest_link_let_go(struct guest_link *session);

/* Releases keys and grabs, closes the channels. On the loop's thread, or after it ended. Accepts
 * NULL. */
void guest_link_destroy(struct guest_link *session);

/* From any thread: input of the window; data: the struct guest_link. Motion may be merged, nothing
 * else is ever dropped unless the queue is full (-ENOBUFS). */
int guest_link_input(const struct guest_input_event *event, void *data);

/* From any thread. On failure (-ENOBUFS) text stays the caller's. */
int guest_link_command(struct guest_link *session, const struct guest_link_command *command);

/* The queue of struct clipboard_message from the local side of the clipboard, for any thread; the
 * data of a message that was pushed is the session's. Lives as long as the session. */
struct queue *guest_link_clipboard_queue(struct guest_link *session);
