/*
 * Input of the window: SDL events in, input events and requests out. Plain mode (the local pointer
 * moves over the picture) and capture mode (the pointer is locked, motion is relative), the escape
 * key, and everything that SDL does unasked. The module owns no window and no thread: call it on
 * pg-ui only; the hooks run within the calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <SDL_events.h>
#include <SDL_video.h>

#include "base/deadline.h"
#include "client/gl/picture_types.h"
#include "input/event.h"

struct window_input;

struct window_input_config {
	char escape_key[64];    /* see input/chord.h; "scrolllock" */
	unsigned help_delay_ms; /* 200 */
	bool capture_on_start;  /* as soon as there is focus and a way to the guest */
	bool capture_on_focus;
	bool capture_only;           /* plain mode sends nothing */
	bool grab_keyboard;          /* capture mode takes the compositor's shortcuts too */
	bool grab_keyboard_on_focus; /* … and plain mode while the pointer is over the picture */
	bool auto_capture;           /* the same */
	bool always_show_cursor;     /* the guest's, also while the local one is elsewhere */
	bool hide_cursor;            /* the local one, over the picture */
	bool show_cursor_dot;        /* a dot over the picture while the window has no focus */
	bool large_cursor_dot;
	bool scale_cursor; /* plain mode: motion in pixels of the guest, not of the window */
};

/* Requests to the program. */
enum window_request {
	WINDOW_REQUEST_CAPTURE, /* value = 1 entered, 0 left (also by loss of focus: quiet = true)
				 */
	WINDOW_REQUEST_HELP,    /* value = 1 show, 0 hide */
	WINDOW_REQUEST_KEY,     /* value = KEY_* pressed with the escape key; see shift */
	WINDOW_REQUEST_REFUSED, /* capture is not possible now: no input channel (0), SDL (1) */
};

struct window_input_hooks {
	void (*release)(void *data); /* GUEST_LINK_RELEASE_ALL */
	/* true: absolute positions are wanted, false: relative motion. GUEST_LINK_MOUSE_MODE */
	void (*mouse_mode)(bool absolute, void *data);
	/* The host's lock keys, as the window gets the focus: enum input_led, those in `locks`.
	 * GUEST_LINK_SYNC_LEDS */
	void (*locks)(unsigned leds, unsigned locks, void *data);
	/* Puts the guest's pointer there; < 0 if the host cannot. video_move_pointer() */
	int (*move_pointer)(int x, int y, void *data);
	/* Motion while captured comes to the guest from elsewhere from now on / no more; rotation
	 * of the picture as in struct video_geometry. false: it cannot, or not now. May be NULL. */
	bool (*other_motion)(bool on, unsigned rotation, void *data);
	void (*request)(enum window_request request, int value, bool shift, bool quiet, void *data);
	void *data;
};

/* What it must know of the rest of the program; give it whenever something of it changed. */
struct window_input_state {
	int window_width, window_height; /* SDL's coordinates of events */
	int pixel_width, pixel_height;   /* of the drawable: geometry refers to these */
	struct video_geometry picture;
	int desktop_width, desktop_height; /* upright guest desktop; 0 = none yet */
	bool connected;                    /* the input channel is up */
	bool taken;    /* another client has the server: a key takes it back (guest_link.h) */
	bool absolute; /* the server takes positions now */
	/* It could, and positions mean something: only while the SPICE picture is the one shown.
	 * The server scales them by its own surface, which is not the desktop of the frame host. */
	bool absolute_possible;
	bool grabbed; /* evdev devices are ours: the escape key may come from there */
	bool enabled; /* input to the guest is on */
	bool overlay; /* the program's own interactive overlay has the pointer and the keys */
	bool tab; /* something of the program's own is there to be pressed: its pointer is seen */
};

/* Sets SDL's hints for input. Before SDL_Init(). */
void window_input_hints(void);

/* -EINVAL: the escape key is none. The video subsystem is up. */
int window_input_create(struct window_input **ret_input, SDL_Window *window,
		const struct window_input_config *config, const struct window_input_hooks *hooks);
/* Where events for the guest go: the session's guest_link_input(). A negative result is a loss,
 * which is logged. NULL, as at the start: nowhere. */
void window_input_connect(struct window_input *input,
		int (*send)(const struct guest_input_event *event, void *session), void *session);
/* Another escape key from now on, by its name; -EINVAL: it has none, the old one stays. */
int window_input_set_escape_key(struct window_input *input, const char *name);
/* Leaves capture, gives the cursor back. Accepts NULL. While the window lives. */
void window_input_destroy(struct window_input *input);

void window_input_set_state(struct window_input *input, const struct window_input_state *state);
/* The guest's own pointer moved. */
void window_input_set_guest_pointer(
		struct window_input *input, const struct video_pointer *pointer);

/* Every SDL event goes here first. Returns true when it was for the guest or for the escape key,
 * and nobody else should look at it; focus and window events always return false. */
bool window_input_event(struct window_input *input, const SDL_Event *event, uint64_t now_ns);

/* The escape key is held: what is pressed with it is no text. */
bool window_input_escape_is_down(const struct window_input *input);

/* When window_input_tick() is due (help after the hold time, pointer alignment). */
deadline window_input_deadline(const struct window_input *input);
void window_input_tick(struct window_input *input, uint64_t now_ns);

/* The escape key of a grabbed evdev device, from the session's actions. */
void window_input_remote_escape(struct window_input *input, bool down, uint64_t now_ns);
void window_input_remote_key(struct window_input *input, unsigned code);

/* Enter or leave capture mode, as a tap of the escape key does. */
void window_input_capture(struct window_input *input, bool on);
bool window_input_captured(const struct window_input *input);

/* Whether the guest's pointer is to be drawn. Not while the local one, which leads it, is outside
 * the picture; always where something else leads it (devices given to the guest, no input of ours).
 */
bool window_input_guest_pointer(const struct window_input *input);

/* The key at the position of an SDL scancode; 0 = none. */
unsigned window_input_key(SDL_Scancode scancode);
