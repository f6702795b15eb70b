/*
 * Shared by the compositions of a playing program (play.c, play_headless.c, play_shot.c):
 * everything that one run owns, and how its parts are started and stopped. No other file includes
 * this header.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/thread.h"

struct app;
struct audio;
struct audio_events;
struct clipboard;
struct clipboard_events;
struct config;
struct demo;
struct discovery;
struct spice_surface;
struct clipboard_port;
struct input_port;
struct instance;
struct loop;
struct loop_source;
struct guest_link;
struct rtkit;
struct guest_link_events;
struct video;
struct window;

/* In the order in which it is made. */
struct play {
	struct config *config;
	struct demo *demo;
	struct loop *loop; /* pg-io's */
	struct loop_source *display_source;
	pthread_t main_thread;
	atomic_bool display_gone, ends_without_display;
	atomic_bool io_let_go; /* pg-io itself has, and stands still */
	struct rtkit *rtkit;
	struct scheduling_broker broker; /* the same, for the parts */
	struct window *window;
	struct app *app;
	struct spice_surface *spice_surface;
	struct audio *audio;
	struct input_port *host_input;         /* pg-lgmp to pg-io: the host's own input stream */
	struct clipboard_port *host_clipboard; /* … and its clipboard, both ways */
	struct clipboard *clipboard;
	struct guest_link *session;
	struct instance *instance;
	char memory[256]; /* the shared memory that was asked for: pg-io */
	struct discovery *discovery;
	struct video *video;
	pthread_t io_thread;
	atomic_bool io_runs; /* asked by a thread that meets a dead X server, too */
	bool window_system;
};

/* Each logs what went wrong and what would help. 0 or a negative errno. */

/* pg-io's loop, and who is asked for scheduling on it. */
int play_start_loop(struct play *play);
/* The embedded guest; points config at it. */
int play_start_demo(struct play *play);
/* Does nothing with --audio=off. */
int play_start_audio(struct play *play, const struct audio_events *events);
/* What the session and the picture share: before either of them. With --host-input=on. */
int play_make_ports(struct play *play);
/* The clipboard, which nobody but the session talks to: ret_session_events is what that needs.
 * play_start_clipboard() after the session was made, and before the picture starts (clipboard.h).
 */
int play_make_clipboard(struct play *play, const struct clipboard_events *events,
		struct guest_link_events *ret_session_events);
int play_start_clipboard(struct play *play);
/* On pg-io's loop. Does not fail for want of another end. */
int play_start_session(struct play *play, const struct guest_link_events *events);

/* All that is there, in an order in which nothing stays held while a driver takes its time. */
void play_stop(struct play *play);

/* Says so, once, and bounds the end. From any thread. */
void play_display_is_gone(struct play *play);
/* For window_when_x11_is_gone(); data is the play. */
void play_x11_is_gone(void *data);
/* The same as play_stop() where neither window nor picture can be asked for anything any more: keys
 * and devices, the sound, and out; what is left the kernel closes. On the main thread or pg-io,
 * whichever comes first. */
_Noreturn void play_end_without_display(struct play *play);
