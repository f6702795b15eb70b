/*
 * What the window's side tells the session to do: guest_link_command().
 */
#pragma once

#include <stdbool.h>

enum guest_link_command_kind {
	GUEST_LINK_RELEASE_ALL, /* focus or capture was lost: nothing may stay held */
	GUEST_LINK_SEND_KEYS,   /* press keys[0..count) in order, release them in reverse */
	GUEST_LINK_TYPE_TEXT,   /* text as keys of a US layout, paced; text is heap, taken over */
	GUEST_LINK_GRAB,        /* on: grab the evdev devices now / off */
	GUEST_LINK_MOUSE_MODE,  /* on: ask for absolute positions / off: relative */
	GUEST_LINK_INPUT,       /* on / off: forward input at all */
	GUEST_LINK_SENSITIVITY, /* value */
	GUEST_LINK_ESCAPE_KEY,  /* text: heap, taken over; another one on grabbed devices */
	GUEST_LINK_SYNC_LEDS,   /* value: enum input_led of the host, those in locks; on focus-in */
	GUEST_LINK_PASSWORD,    /* text: heap, taken over, wiped after use */
	SESSION_URI,            /* text: heap; another server */
	GUEST_LINK_RECONNECT,   /* try at once */
	GUEST_LINK_DISPLAY_WANTED, /* on: link display and cursor / off: close them (frames flow) */
	GUEST_LINK_MONITOR_SIZE, /* value = width << 16 | height: the guest should take this size */
	GUEST_LINK_CLIPBOARD,    /* yes to clipboard_question, or to the content there is */
	/* value: enum clipboard_policy of what the guest may read; count: of what it may write */
	GUEST_LINK_CLIPBOARD_POLICY,
	GUEST_LINK_MICROPHONE,        /* the user's word: on / off */
	GUEST_LINK_MICROPHONE_POLICY, /* value: enum guest_link_microphone_policy */
	GUEST_LINK_SEND_FILES, /* text: heap, paths separated by NUL, ended by an empty one */
	GUEST_LINK_CANCEL_FILES,
	GUEST_LINK_FOCUS, /* on / off: the window has the focus */
	/* on / off: the guest gets motion as X11's devices report it; value: quarter turns
	 * clockwise of the picture. After guest_link_take_x11_motion(). */
	GUEST_LINK_X11_MOTION,
};

struct guest_link_command {
	enum guest_link_command_kind kind;
	bool on;
	int value;
	unsigned locks; /* enum input_led */
	unsigned count;
	unsigned keys[8];
	char *text;
};
