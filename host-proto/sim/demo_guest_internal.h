/* Shared by demo_guest.c (the scenario) and demo_command.c (commands and faults). */
#pragma once

#include "base/clock.h"
#include "host-proto/kvmfr_schedule.h"
#include "host-proto/sim/demo_cursor.h"
#include "host-proto/sim/demo_guest.h"
#include "host-proto/sim/kvmfr_host.h"

struct demo_out { /* a frame that clients have not finished, or whose end was not reported */
	bool used;
	struct kvmfr_host_frame frame;
	struct demo_guest_times times;
};

struct demo_faults {
	bool paused;                /* no frames */
	bool frozen;                /* nothing at all */
	uint32_t rows;              /* truncate to; 0 = whole */
	unsigned stall, back, late; /* for so many frames */
	unsigned lies;              /* for so many frames; UINT_MAX = for ever */
	uint32_t lie_offset, lie_value;
};

/* The client whose display the frames follow (kvmfr.md A.4). */
struct demo_schedule {
	struct kvmfr_schedule held; /* client_id 0: nobody's */
	uint64_t until_ns;          /* the end of the lease */
	uint32_t epoch;             /* +1 for each owner and generation */
	uint32_t fed;               /* the newest deadline when the phase was corrected */
	bool busy;                  /* a fault: another client has it */
	bool deaf;                  /* a fault: what is said of the phase is not heard */
};

struct demo_guest {
	struct shm *shm;
	struct demo_guest_config config;
	struct demo_guest_events events;
	struct demo_guest_counters counters;
	struct kvmfr_host *host;
	struct input_host *input; /* NULL: not offered */
	uint64_t input_ns;        /* its next turn */
	struct clipboard_host *clipboard;
	uint64_t clipboard_ns;
	struct demo_schedule schedule;
	struct demo_faults faults;
	uint64_t now_ns;
	uint64_t heartbeat_ns; /* the next */
	uint64_t restart_ns;   /* a new session then; 0 = it runs */
	uint32_t session;

	/* picture */
	struct demo_picture *picture;
	struct frame frame;
	uint32_t serial;
	uint64_t frame_ns; /* the next */
	bool still_sent;   /* the one frame of a still picture */
	char text[DEMO_TEXT_LINES][DEMO_TEXT_BYTES];
	/* What a block lacks of the canvas: its own damage and that of the frames between. */
	bool lacks_all[KVMFR_HOST_BLOCKS];
	unsigned lacks_count[KVMFR_HOST_BLOCKS];
	struct frame_rect lacks[KVMFR_HOST_BLOCKS][FRAME_DAMAGE_MAX];
	struct demo_out out[KVMFR_HOST_BLOCKS];

	/* pointer */
	uint64_t pointer_ns; /* the next */
	uint64_t user_ns;    /* the user holds it until then; UINT64_MAX = for ever */
	int pointer_x, pointer_y;
	int sent_x, sent_y;
	bool send_shape, send_position;
	unsigned shape_type;
	struct demo_cursor_shape shape;
};

/* ---- demo_schedule.c ---- */

/* A client's message about the schedule, if it is one. */
void demo_schedule_hear(struct demo_guest *guest, const uint8_t *data, size_t size);
/* The lease may be over. */
void demo_schedule_age(struct demo_guest *guest);
/* What a session had is over. */
void demo_schedule_forget(struct demo_guest *guest);
/* From frame to frame: the guest's own, or the whole number of the owner's periods next to it. */
uint64_t demo_schedule_period_ns(const struct demo_guest *guest, uint64_t own_ns);

/* ---- demo_guest.c ---- */

int demo_guest_begin(struct demo_guest *guest);
/* A new canvas after a change of the configuration. */
int demo_guest_reshape(struct demo_guest *guest);
