/*
 * The app: the work of pg-ui (the main thread) while the program plays. The app waits for SDL's
 * events and for reports of the parts, keeps the state of the program, and turns keys and events
 * into requests to the parts.
 *
 * Parts report from their own threads through the event tables below: state goes into mailboxes,
 * single events into a queue, and each wakes SDL once.
 */
#pragma once

#include <stdbool.h>

#include "audio/audio.h"
#include "client/clipboard/clipboard.h"
#include "client/session/guest_link.h"
#include "client/video/video.h"
#include "client/vm/discovery.h"

struct app;
struct config;
struct window;

/* config and window are kept, not copied; what discovery finds goes into config. demo: the guest is
 * the embedded one. */
int app_create(struct app **ret_app, struct config *config, struct window *window, bool demo);
/* After all parts were stopped. Accepts NULL. */
void app_destroy(struct app *app);

/* For the parts' start functions. */
struct video_events app_video_events(struct app *app);
struct guest_link_events app_session_events(struct app *app);
struct audio_events app_audio_events(struct app *app);
struct clipboard_events app_clipboard_events(struct app *app);
/* discovery_fn; on pg-io. data is the app, here and below. */
void app_on_discovery(const struct discovery_info *info, void *data);
/* On pg-io: the process was asked to end; another start wants this window to the front,
 * reply_fd as for instance_answer(). */
void app_on_signal(int number, void *data);
void app_on_raise(struct app *app, int reply_fd);

/* GUEST_LINK_X11_MOTION can be used. Before app_run(). */
void app_has_x11_motion(struct app *app);

/* The parts that run; each may be NULL. Before app_run(). */
void app_attach(struct app *app, struct video *video, struct guest_link *session,
		struct audio *audio, struct clipboard *clipboard, struct discovery *discovery);

/* Runs until the user leaves, a signal comes, or --seconds are over. Returns the exit status. */
int app_run(struct app *app);

/* From any thread. */
void app_quit(struct app *app);
/* From any thread: to wake the main thread may take the display server, which is gone. */
void app_wake_no_more(struct app *app);
