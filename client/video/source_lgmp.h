/*
 * The Looking Glass source: thread "pg-lgmp" owns the mapping and the session, drains its queues
 * and holds the newest frame (newest_frame.h). The thread never waits for the drawing side, so that
 * neither a slow swap nor a shader build makes the host wait or evict this client.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/owners.h"
#include "base/thread.h"
#include "client/gl/picture_types.h"
#include "client/video/frame_schedule.h"
#include "client/video/newest_frame.h"
#include "host-proto/cursor.h"
#include "host-proto/lgmp_client.h"

struct clipboard_port;
struct input_port;
struct source_lgmp;

struct source_lgmp_config {
	char path[256];
	struct owners owners;
	enum video_poll poll;
	unsigned poll_us;
	bool straight_alpha;
	struct scheduling_broker broker;
	struct input_port *input; /* where the host's offer of an input stream goes; may be NULL */
	struct clipboard_port *clipboard; /* … and what it says of its clipboard; may be NULL */
	bool schedule; /* the host's frames may follow the display (frame_schedule.h) */
};

struct source_lgmp_events {
	/* On pg-lgmp: there is a new frame or state. Must not block. */
	void (*wake)(void *data);
	/* The same when there is a new pointer and nothing else. May be NULL. */
	void (*wake_for_pointer)(void *data);
	/* On pg-lgmp, when something in it changed. */
	void (*status)(const struct lgmp_status *status, void *data);
	/* On pg-lgmp, for every pointer message. */
	void (*pointer)(const struct video_pointer *pointer, void *data);
	void *data;
};

int source_lgmp_start(struct source_lgmp **ret_source, const struct source_lgmp_config *config,
		const struct source_lgmp_events *events);
/* Every frame that was taken must have been released. Accepts NULL. */
void source_lgmp_stop(struct source_lgmp *source);

/* ---- pg-video ---- */

/* Where pg-video takes frames. */
struct newest_frame *source_lgmp_newest(struct source_lgmp *source);
/* Whether the frame's session still lives: look while waiting for its pixels. */
bool source_lgmp_alive(struct source_lgmp *source, const struct source_frame *frame);

struct source_pointer {
	bool known, visible;
	int x, y;              /* top left of the shape on the upright desktop */
	uint32_t shape_serial; /* 0 = none; differs from that of every other shape */
};
void source_lgmp_get_pointer(struct source_lgmp *source, struct source_pointer *ret_pointer);
bool source_lgmp_get_cursor(struct source_lgmp *source, struct cursor_shape *ret_shape);

struct source_lgmp_counts {
	uint64_t seen, superseded, bad, sessions, lost, resubscriptions;
	uint64_t cpu_ns; /* of pg-lgmp */
	enum frame_schedule_state schedule;
	uint64_t followed, missed; /* frames that came by it, refreshes that one of them missed */
	bool restless;             /* the display has no phase for them */
};
void source_lgmp_get_counts(struct source_lgmp *source, struct source_lgmp_counts *ret_counts);

/* The display showed the frame that was seen then, and has a picture every refresh_ns (0 =
 * unknown). The newest counts. */
void source_lgmp_shown(struct source_lgmp *source, uint64_t seen_ns, uint64_t shown_ns,
		uint64_t refresh_ns);
/* Whether that is wanted for every frame. Any thread. */
bool source_lgmp_wants_shown(const struct source_lgmp *source);

/* ---- any thread ---- */

/* How frames are looked for: "sleep" (a fixed step), "phase" (when they are due), or the
 * processor's instruction that waits for them meanwhile. */
const char *source_lgmp_poll_name(const struct source_lgmp *source);

void source_lgmp_set_path(struct source_lgmp *source, const char *path);
int source_lgmp_move_pointer(struct source_lgmp *source, int x, int y);
void source_lgmp_input_moved(struct source_lgmp *source);
/* The window's size, for the guest's monitor. Remembered: a session that takes it is told it when
 * it begins, and each other size once. 0, 0 = no more. */
void source_lgmp_window_size(struct source_lgmp *source, uint32_t width, uint32_t height);
