/* The stream starts and stops, and the answer to what the server says of it. */
#include <math.h>
#include <string.h>

#include "audio/playout/playout_parts.h"
#include "base/clock.h"

#define PREFILL_NS       10e6 /* above the edge */
#define AHEAD_NS         4e6  /* the same, where sound is written at once */
#define START_SHARE      0.75 /* of the time that a device takes to begin: it may take less */
#define KEEP_MOST_NS     150e6
#define FAR_AHEAD_NS     200e6
#define FAR_BEHIND_NS    5e9
#define LOOP_REGAINS_NS  15e6
#define RESUMED_AFTER_NS (500 * NS_PER_MS)

void playout_set_state(struct playout *playout, enum playout_state state) {
	playout->state = state;
	playout->state_ns = playout->now_ns;
}

void playout_close_stream(struct playout *playout) {
	stream_close(&playout->stream);
	playout_set_state(playout, PLAYOUT_IDLE);
}

void playout_reopen(struct playout *playout) {
	stream_open(&playout->stream, &playout->wanted);
	playout_set_state(playout, PLAYOUT_OPENING);
}

/* What waits to be played, and when the next is due, belongs to a sound that has ended. */
void playout_forget_waiting(struct playout *playout) {
	prebuffer_clear(&playout->prebuffer);
	arrivals_restart(&playout->arrivals);
}

/* ---- a stream starts, and stops ---- */

int playout_set_source(struct playout *playout) {
	playout->packet_frames = 0;
	return writer_set_source(&playout->writer, &playout->arrivals.format,
			playout->stream.info.rate, playout->config.high_quality);
}

/* Writes a packet of a sound that has just begun, although the fill is not known yet. */
void playout_write_ahead(struct playout *playout, const uint8_t *pcm, unsigned frames) {
	const unsigned n = writer_block(&playout->writer, &playout->stream, pcm, frames);
	playout->counts.frames += n;
	playout->ahead_ns += (uint64_t)stream_to_ns(&playout->stream, n);
	stream_wrote_ahead(&playout->stream, n);
}

/* What waits is written at once: it is heard as soon as the server plays. */
static void begin_ahead(struct playout *playout) {
	struct prebuffer *waiting = &playout->prebuffer;
	writer_fade_in(&playout->writer, playout->now_ns);
	playout->writer.patch_frames = 0;
	playout->writer.carried = 0;
	playout->ahead_ns = 0;
	(void)arrivals_note_waiting(&playout->arrivals, waiting);
	for (unsigned i = 0; i < waiting->count; i++) {
		const struct prebuffer_slot *slot = prebuffer_at(waiting, i);
		playout_write_ahead(playout, slot->pcm, slot->frames);
	}
	prebuffer_clear(waiting);
}

static double waiting_ns(struct playout *playout) {
	return prebuffer_frames(&playout->prebuffer) * 1e9 / playout->arrivals.format.rate;
}

/* What is written before the device begins is in flight beside what comes meanwhile. */
static double ahead_prefill(const struct stream *stream, double goal) {
	const double least = stream_edge_frames(stream) + stream_to_frames(stream, AHEAD_NS);
	const double start = stream_to_frames(stream, stream->start_ns * START_SHARE);
	return fmin(goal, fmax(least, goal - start));
}

/* There is something to play. */
void playout_uncork(struct playout *playout) {
	struct stream *stream = &playout->stream;
	playout_note_packet_size(playout, prebuffer_at(&playout->prebuffer, 0)->frames);
	playout->ahead = playout->beginning && !stream->info.guessed &&
			 waiting_ns(playout) < (double)PLAYOUT_AHEAD_MOST_NS;
	/* Half of what it takes at a time it takes before the mean of its steps. */
	const double goal = playout_goal_frames(playout) + stream->info.quantum_frames / 2.0;
	const double least = stream_edge_frames(stream) + stream_to_frames(stream, PREFILL_NS);
	stream_uncork(stream, playout->ahead ? ahead_prefill(stream, goal) : fmin(least, goal),
			playout->now_ns);
	playout->corked_for_silence = false;
	playout_set_state(playout, PLAYOUT_SYNCING);
	if (playout->ahead) {
		begin_ahead(playout);
	}
}

/* What was written ends, if it has not. */
void playout_end_sound(struct playout *playout) {
	if (playout->state == PLAYOUT_PLAYING || playout->ahead) {
		writer_tail(&playout->writer, &playout->stream);
	}
	playout->ahead = false;
}

void playout_cork(struct playout *playout) {
	if (!stream_fill_known(&playout->stream)) {
		/* Who knows how much lies there: it would be heard before the next sound. */
		playout_forget_waiting(playout);
		playout_close_stream(playout);
		return;
	}
	stream_cork(&playout->stream, playout->now_ns);
	playout_forget_waiting(playout);
	playout_set_state(playout, PLAYOUT_CORKED);
}

static void drop_oldest(struct playout *playout) {
	prebuffer_drop_oldest(&playout->prebuffer);
	playout->counts.dropped++;
}

/* Everything is known: of the packets that wait, the newest that fit the target are played; all of
 * them, where a sound begins. */
static void begin(struct playout *playout) {
	struct prebuffer *waiting = &playout->prebuffer;
	struct stream *stream = &playout->stream;
	double at_ns = arrivals_note_waiting(&playout->arrivals, waiting);
	struct prebuffer_slot *newest = prebuffer_at(waiting, waiting->count - 1);
	playout_note_packet_size(playout, newest->frames);

	double ratio = playout_ratio(playout);
	double fill = buffer_fill_at(&stream->fill, at_ns);
	double wanted = playout_goal_frames(playout) + newest->frames * ratio;
	double frames = prebuffer_frames(waiting) * ratio;
	double most = wanted + prebuffer_at(waiting, 0)->frames * ratio / 2;
	if (playout->beginning) {
		most = fmax(most, playout_bound_frames(playout)); /* regained later */
	} else if (fill + frames - wanted < stream_to_frames(stream, LOOP_REGAINS_NS)) {
		most = fill + frames;
	}
	while (waiting->count > 1 && fill + frames > most) {
		frames -= prebuffer_at(waiting, 0)->frames * ratio;
		drop_oldest(playout);
	}
	stream_write_silence(stream, wanted - fill - frames);

	writer_fade_in(&playout->writer, playout->now_ns);
	playout->writer.patch_frames = 0;
	playout->writer.carried = 0;
	for (unsigned i = 0; i < waiting->count; i++) {
		struct prebuffer_slot *slot = prebuffer_at(waiting, i);
		playout->counts.frames +=
				writer_block(&playout->writer, stream, slot->pcm, slot->frames);
	}
	prebuffer_clear(waiting);
	playout->resynced_ns = playout->now_ns;
	playout->dropping = false;
	playout_set_state(playout, PLAYOUT_PLAYING);
}

/* What lies at the server cannot be what is wanted: it stood still, or has run on for seconds. */
static bool is_far_off(const struct playout *playout) {
	const struct stream *stream = &playout->stream;
	const double fill_ns = stream_to_ns(stream, playout_fill_now(playout));
	return fill_ns < -FAR_BEHIND_NS ||
	       fill_ns > stream_to_ns(stream, playout_bound_frames(playout)) + FAR_AHEAD_NS;
}

void playout_sync_try(struct playout *playout) {
	const struct stream *stream = &playout->stream;
	if (!stream_fill_known(stream)) {
		return;
	}
	stream_learn_start(&playout->stream, playout->now_ns);
	if (is_far_off(playout)) {
		playout->ahead = false;
		playout->beginning = false;
		stream_close(&playout->stream); /* rather than minutes of silence, or an echo */
		playout_reopen(playout);
	} else if (playout->ahead) {
		playout->ahead = false;
		playout->resynced_ns = playout->now_ns;
		playout->dropping = false;
		playout_set_state(playout, PLAYOUT_PLAYING);
	} else if (playout->prebuffer.count > 0 &&
			playout->now_ns - prebuffer_at(&playout->prebuffer, 0)->arrived_ns >=
					PLAYOUT_SETTLE_NS) {
		begin(playout);
	}
}

/* ---- the answer to each event, in each state ---- */

/* Muted, or corked by a policy of the server's (which is a mute, too), are no events: it goes on,
 * and audio_status.c tells. */
enum answer {
	NOTHING,
	BEGIN,      /* play what waits, or wait corked */
	CLOSE,      /* nobody wants it */
	WAIT,       /* the sink looks for the server by itself */
	SYNC_ANEW,  /* where the device is, is unknown; what waits stays */
	START_OVER, /* the same, and what was to be heard is gone */
	OPEN_ANEW,  /* what lies at the server is old: another stream; what waits stays */
	HOLD,       /* uncorked, so that the server may wake the device; the newest packets wait */
	NUDGE,      /* ask the server again; then another stream */
};

static const unsigned char answers[][PLAYOUT_EVENTS] = {
	// clang-format off
	/*                      ready    gone  moved       suspended  resumed     period      nothing */
	[PLAYOUT_IDLE]      = { CLOSE,   0,    0,          0,         0,          0,          0     },
	[PLAYOUT_OPENING]   = { BEGIN,   WAIT, 0,          0,         0,          0,          0     },
	[PLAYOUT_CORKED]    = { BEGIN,   WAIT, 0,          0,         0,          0,          0     },
	[PLAYOUT_SYNCING]   = { BEGIN,   WAIT, SYNC_ANEW,  HOLD,      SYNC_ANEW,  SYNC_ANEW,  NUDGE },
	[PLAYOUT_PLAYING]   = { BEGIN,   WAIT, START_OVER, HOLD,      START_OVER, 0,          NUDGE },
	[PLAYOUT_GAP]       = { BEGIN,   WAIT, START_OVER, HOLD,      START_OVER, 0,          NUDGE },
	[PLAYOUT_SUSPENDED] = { BEGIN,   WAIT, OPEN_ANEW,  0,         OPEN_ANEW,  0,          NUDGE },
	// clang-format on
};

static void begin_stream(struct playout *playout) {
	if (playout_set_source(playout) < 0) {
		playout_close_stream(playout);
	} else if (playout->prebuffer.count > 0) {
		/* Nobody wants to hear, so much later, what was missed for want of a server. */
		playout->beginning &= waiting_ns(playout) < KEEP_MOST_NS;
		playout_uncork(playout);
	} else if (playout->warming && playout->stream.info.guessed) {
		stream_uncork(&playout->stream, stream_to_frames(&playout->stream, PREFILL_NS),
				playout->now_ns);
		playout_set_state(playout, PLAYOUT_SYNCING);
	} else {
		playout->warming = false;
		playout_set_state(playout, PLAYOUT_CORKED);
	}
}

static void lose_what_waits(struct playout *playout) {
	playout->ahead = false;
	playout->beginning = false;
	playout_forget_waiting(playout);
}

static void sync_anew(struct playout *playout) {
	stream_restart_clock(&playout->stream, playout->now_ns);
	if (playout->state != PLAYOUT_SYNCING) {
		playout_set_state(playout, PLAYOUT_SYNCING);
	}
}

static void nudge(struct playout *playout) {
	if (!stream_nudge(&playout->stream, playout->now_ns)) {
		lose_what_waits(playout);
		playout_reopen(playout);
	} else if (playout->state != PLAYOUT_SUSPENDED) {
		sync_anew(playout);
	}
}

void playout_answer(struct playout *playout, enum playout_event event) {
	if (event != PLAYOUT_PERIOD_CHANGED && event != PLAYOUT_STREAM_READY) {
		stream_forget_start(&playout->stream, event == PLAYOUT_DEVICE_MOVED);
	}
	switch ((enum answer)answers[playout->state][event]) {
	case NOTHING:
		break;
	case BEGIN:
		begin_stream(playout);
		break;
	case CLOSE:
		playout_close_stream(playout);
		break;
	case WAIT:
		playout->stream.stands = false;
		lose_what_waits(playout);
		playout_set_state(playout, PLAYOUT_OPENING);
		break;
	case SYNC_ANEW:
		sync_anew(playout);
		break;
	case START_OVER:
		lose_what_waits(playout);
		concealment_init(&playout->writer.concealment, playout->stream.info.rate,
				playout->arrivals.format.channels);
		sync_anew(playout);
		break;
	case OPEN_ANEW:
		stream_close(&playout->stream);
		playout_reopen(playout);
		break;
	case HOLD:
		playout->ahead = false;
		playout->beginning = false;
		playout->stream.ask_ns = playout->now_ns + PLAYOUT_SUSPENDED_ASK_NS;
		playout_set_state(playout, PLAYOUT_SUSPENDED);
		break;
	case NUDGE:
		nudge(playout);
		break;
	}
}

/* ---- what the server says ---- */

static void on_ready(const struct sink_info *info, void *data) {
	struct playout *playout = data;
	stream_begin(&playout->stream, info, playout->now_ns);
	writer_begin(&playout->writer, info->rate, playout->arrivals.format.channels);
	if (info->quantum_frames > 0) {
		latency_target_set_reserve(&playout->target, stream_reserve_ns(&playout->stream));
	}
	playout_answer(playout, PLAYOUT_STREAM_READY);
}

static void on_gone(void *data) {
	playout_answer(data, PLAYOUT_STREAM_GONE);
}

static void on_timing(const struct sink_timing *timing, void *data) {
	struct playout *playout = data;
	struct stream *stream = &playout->stream;
	if (!stream->stands || playout->state == PLAYOUT_CORKED) {
		return;
	}
	const bool jumped = stream_report(stream, timing, playout->now_ns);
	if (playout->state == PLAYOUT_SUSPENDED) {
		if (stream->progress_ns == playout->now_ns &&
				playout->now_ns - playout->state_ns > RESUMED_AFTER_NS) {
			stream->suspended = false;
			playout_answer(playout, PLAYOUT_DEVICE_RESUMED); /* nobody told */
		}
		return;
	}
	if (jumped) {
		playout->jumped = true;
		servo_distrust(&playout->writer.servo);
	}
	if (timing->playing && stream_fill_known(stream) && stream->fill.odd_count == 0) {
		latency_target_set_reserve(&playout->target, stream_reserve_ns(stream));
	}
}

static void on_underflow(void *data) {
	struct playout *playout = data;
	if (playout->state == PLAYOUT_PLAYING) {
		playout_count_underrun(playout);
		playout->stream.ask_ns = playout->now_ns;
	}
}

static void on_moved(void *data) {
	playout_answer(data, PLAYOUT_DEVICE_MOVED);
}

static void on_suspended(bool suspended, void *data) {
	struct playout *playout = data;
	if (playout->stream.stands && suspended != playout->stream.suspended) {
		playout->stream.suspended = suspended;
		playout_answer(playout,
				suspended ? PLAYOUT_DEVICE_SUSPENDED : PLAYOUT_DEVICE_RESUMED);
	}
}

static void on_period(const struct sink_info *info, void *data) {
	struct playout *playout = data;
	if (!playout->stream.stands) {
		return;
	}
	stream_set_period(&playout->stream, info);
	latency_target_set_reserve(&playout->target, stream_reserve_ns(&playout->stream));
	playout->packet_frames = 0; /* what is constant of the latency is another */
	playout_answer(playout, PLAYOUT_PERIOD_CHANGED);
}

struct sink_events playout_sink_events(void) {
	return (struct sink_events){
		.ready = on_ready,
		.gone = on_gone,
		.timing = on_timing,
		.underflow = on_underflow,
		.moved = on_moved,
		.suspended = on_suspended,
		.period = on_period,
	};
}
