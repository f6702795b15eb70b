/* The states: what is done with a packet, with time that passes, with what the server says. */
#include "audio/playout/playout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/playout/playout_parts.h"
#include "base/clock.h"

#define SETTLE_NS         (3 * NS_PER_MS) /* from the first packet to the start: a burst is whole */
#define SYNC_ASK_NS       (10 * NS_PER_MS)
#define ASK_NS            (100 * NS_PER_MS)
#define ASK_SETTLED_NS    (250 * NS_PER_MS)
#define ASK_SETTLED_AFTER 60
#define ASK_LATE_NS       (20 * NS_PER_MS) /* a packet comes before: no wake-up for that alone */
#define CONCEAL_FOR_NS    (500 * NS_PER_MS)
#define CORK_AFTER_NS     (2 * NS_PER_S)
#define CLOSE_AFTER_NS    (30 * NS_PER_S)
#define SILENT_AFTER_NS   (10 * NS_PER_S)
#define STALL_AT_MOST_NS  (200 * NS_PER_MS)
#define PREFILL_NS        10e6 /* above the edge */
#define FAR_BEHIND_NS     5e9

static void set_state(struct playout *playout, enum playout_state state) {
	playout->state = state;
	playout->state_ns = playout->now_ns;
}

static void close_stream(struct playout *playout) {
	stream_close(&playout->stream);
	set_state(playout, PLAYOUT_IDLE);
}

static void reopen(struct playout *playout) {
	stream_open(&playout->stream, &playout->wanted);
	set_state(playout, PLAYOUT_OPENING);
}

/* What waits to be played, and when the next is due, belongs to a sound that has ended. */
static void forget_waiting(struct playout *playout) {
	prebuffer_clear(&playout->prebuffer);
	arrivals_restart(&playout->arrivals);
}

/* ---- a stream starts, and stops ---- */

static int set_source(struct playout *playout) {
	playout->packet_frames = 0;
	return writer_set_source(&playout->writer, &playout->arrivals.format,
			playout->stream.info.rate, playout->config.high_quality);
}

static void uncork(struct playout *playout) {
	struct stream *stream = &playout->stream;
	double prefill = fmin(stream_edge_frames(stream) + stream_to_frames(stream, PREFILL_NS),
			playout_goal_frames(playout));
	stream_uncork(stream, prefill, playout->now_ns);
	playout->corked_for_silence = false;
	set_state(playout, PLAYOUT_SYNCING);
}

static void cork(struct playout *playout) {
	stream_cork(&playout->stream, playout->now_ns);
	forget_waiting(playout);
	set_state(playout, PLAYOUT_CORKED);
}

static void drop_oldest(struct playout *playout) {
	prebuffer_drop_oldest(&playout->prebuffer);
	playout->counts.dropped++;
}

/* Everything is known: of the packets that wait, the newest that fit the target are played. */
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
	while (waiting->count > 1 &&
			fill + frames > wanted + prebuffer_at(waiting, 0)->frames * ratio / 2) {
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
	set_state(playout, PLAYOUT_PLAYING);
}

static void sync_try(struct playout *playout) {
	const struct stream *stream = &playout->stream;
	if (playout->prebuffer.count == 0 || !stream_fill_known(stream) ||
			playout->now_ns - prebuffer_at(&playout->prebuffer, 0)->arrived_ns <
					SETTLE_NS) {
		return;
	}
	if (stream_to_ns(stream, playout_fill_now(playout)) < -FAR_BEHIND_NS) {
		reopen(playout); /* rather than minutes of silence */
		return;
	}
	begin(playout);
}

/* ---- packets ---- */

static void wanted_format(const struct scream_format *format, struct sink_format *ret_wanted) {
	memset(ret_wanted, 0, sizeof *ret_wanted);
	ret_wanted->channels = format->channels;
	scream_positions(format, ret_wanted->position);
}

static void change_format(struct playout *playout, const struct scream_format *format) {
	struct sink_format wanted;
	wanted_format(format, &wanted);
	if (playout->state == PLAYOUT_PLAYING) {
		writer_tail(&playout->writer, &playout->stream);
	}
	bool same = memcmp(&wanted, &playout->wanted, sizeof wanted) == 0;
	playout->wanted = wanted;
	playout->silent_since_ns = 0;
	prebuffer_clear(&playout->prebuffer);
	arrivals_begin(&playout->arrivals, format);
	if (playout->stream.stands && same) {
		if (set_source(playout) < 0) {
			close_stream(playout);
		} else if (playout->state == PLAYOUT_PLAYING || playout->state == PLAYOUT_GAP) {
			set_state(playout, PLAYOUT_SYNCING);
		}
	} else if (playout->state != PLAYOUT_IDLE) {
		reopen(playout);
	}
}

void playout_break(struct playout *playout, uint64_t now_ns) {
	playout->now_ns = now_ns;
	if (playout->state == PLAYOUT_PLAYING) {
		writer_tail(&playout->writer, &playout->stream);
		set_state(playout, PLAYOUT_GAP);
	}
	forget_waiting(playout);
}

void playout_set_reliable(struct playout *playout, bool reliable) {
	playout->arrivals.reliable = reliable;
}

/* Digital silence is sound, until it has lasted. */
static bool silent_for_long(struct playout *playout, const struct scream_packet *packet) {
	size_t bytes = (size_t)packet->frames * scream_frame_bytes(&packet->format);
	if (!scream_is_silence(packet->pcm, bytes)) {
		playout->silent_since_ns = 0;
		return false;
	}
	if (playout->silent_since_ns == 0) {
		playout->silent_since_ns = playout->now_ns;
	}
	return playout->now_ns - playout->silent_since_ns > SILENT_AFTER_NS;
}

void playout_packet(struct playout *playout, const struct scream_packet *packet,
		uint64_t arrived_ns, uint64_t now_ns) {
	playout->now_ns = now_ns;
	playout->counts.packets++;
	playout->packet_ns = now_ns;
	if (!scream_format_equal(&packet->format, &playout->arrivals.format)) {
		change_format(playout, &packet->format);
	}
	if (silent_for_long(playout, packet)) {
		if (playout->state == PLAYOUT_PLAYING) {
			writer_tail(&playout->writer, &playout->stream);
			cork(playout);
			playout->corked_for_silence = true;
		}
		if (playout->state == PLAYOUT_CORKED || playout->state == PLAYOUT_IDLE) {
			return;
		}
	}
	switch (playout->state) {
	case PLAYOUT_IDLE:
		playout->counts.dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		reopen(playout);
		break;
	case PLAYOUT_OPENING:
		playout->counts.dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		break;
	case PLAYOUT_CORKED:
		playout->counts.dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		uncork(playout);
		break;
	case PLAYOUT_GAP:
		if (now_ns - playout->state_ns < STALL_AT_MOST_NS) {
			playout_count_underrun(playout);
		}
		playout->counts.dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		set_state(playout, PLAYOUT_SYNCING);
		break;
	case PLAYOUT_SYNCING:
		playout->counts.dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		sync_try(playout);
		break;
	case PLAYOUT_PLAYING:
		playout_play(playout, packet, arrived_ns);
		break;
	case PLAYOUT_SUSPENDED:
		playout->counts.dropped++;
		break;
	}
}

void playout_lost(struct playout *playout, unsigned packets) {
	playout->counts.lost += packets;
	if (playout->state == PLAYOUT_PLAYING && playout->packet_frames > 0) {
		arrival_skip(&playout->arrivals.clock, (unsigned)(packets * playout->packet_frames /
								       playout_ratio(playout)));
		concealment_splice(&playout->writer.concealment);
	}
}

/* ---- time ---- */

static void tick_playing(struct playout *playout) {
	if (playout_fill_now(playout) > stream_edge_frames(&playout->stream) ||
			writer_carry_on(&playout->writer, &playout->stream)) {
		return;
	}
	writer_tail(&playout->writer, &playout->stream);
	playout->counts.gaps++;
	set_state(playout, PLAYOUT_GAP);
	stream_top_up(&playout->stream, playout->now_ns);
}

static void tick_quiet(struct playout *playout) {
	uint64_t quiet = playout->now_ns - playout->packet_ns;
	if (playout->state == PLAYOUT_CORKED) {
		if (quiet > CLOSE_AFTER_NS || (playout->corked_for_silence &&
							      playout->now_ns - playout->state_ns >
									      CLOSE_AFTER_NS)) {
			close_stream(playout);
		}
	} else if (quiet > CORK_AFTER_NS) {
		cork(playout);
	} else if (quiet < CONCEAL_FOR_NS) {
		stream_top_up(&playout->stream, playout->now_ns);
	}
}

static void ask(struct playout *playout) {
	if (playout->now_ns < playout->stream.ask_ns) {
		return;
	}
	uint64_t every = playout->state == PLAYOUT_SYNCING                  ? SYNC_ASK_NS
			 : playout->stream.fill.reports > ASK_SETTLED_AFTER ? ASK_SETTLED_NS
									    : ASK_NS;
	playout->stream.ask_ns = playout->now_ns + every;
	playout->stream.sink->ops->ask_timing(playout->stream.sink);
	latency_target_set_batch(&playout->target, playout_batch_ns(playout));
	latency_target_update(&playout->target, playout->now_ns);
}

void playout_tick(struct playout *playout, uint64_t now_ns) {
	playout->now_ns = now_ns;
	switch (playout->state) {
	case PLAYOUT_IDLE:
	case PLAYOUT_OPENING:
	case PLAYOUT_SUSPENDED:
		return;
	case PLAYOUT_CORKED:
		tick_quiet(playout);
		return;
	case PLAYOUT_SYNCING:
		tick_quiet(playout);
		if (playout->state == PLAYOUT_SYNCING) {
			sync_try(playout);
		}
		break;
	case PLAYOUT_GAP:
		tick_quiet(playout);
		break;
	case PLAYOUT_PLAYING:
		tick_playing(playout);
		break;
	}
	if (playout->stream.stands && playout->state != PLAYOUT_CORKED) {
		ask(playout);
	}
}

static uint64_t sooner(uint64_t a, uint64_t b) {
	return b < a ? b : a;
}

static uint64_t due(const struct playout *playout, uint64_t ask_late_ns) {
	switch (playout->state) {
	case PLAYOUT_IDLE:
	case PLAYOUT_OPENING:
	case PLAYOUT_SUSPENDED:
		return 0;
	case PLAYOUT_CORKED:
		return (playout->corked_for_silence ? playout->state_ns : playout->packet_ns) +
		       CLOSE_AFTER_NS + 1;
	case PLAYOUT_SYNCING:
		return sooner(playout->stream.ask_ns, playout->now_ns + SETTLE_NS);
	case PLAYOUT_GAP:
		if (playout->now_ns - playout->packet_ns > CONCEAL_FOR_NS) {
			return playout->packet_ns + CORK_AFTER_NS + 1;
		}
		return sooner(playout->stream.ask_ns, playout->now_ns + (uint64_t)STREAM_TOP_UP_NS);
	case PLAYOUT_PLAYING:
		break;
	}
	double left = stream_to_ns(&playout->stream,
			playout_fill_now(playout) - stream_edge_frames(&playout->stream));
	uint64_t edge = playout->now_ns + (left > 100e3 ? (uint64_t)left : 100000);
	return sooner(playout->stream.ask_ns + ask_late_ns, edge);
}

uint64_t playout_due(const struct playout *playout) {
	return due(playout, 0);
}

uint64_t playout_deadline(const struct playout *playout) {
	return due(playout, ASK_LATE_NS);
}

uint64_t playout_fade_out(struct playout *playout, uint64_t now_ns) {
	playout->now_ns = now_ns;
	if (playout->state != PLAYOUT_PLAYING) {
		return 0;
	}
	writer_tail(&playout->writer, &playout->stream);
	double fill = stream_to_ns(&playout->stream, playout_fill_now(playout));
	return fill > 0 ? (uint64_t)fill : 0;
}

/* ---- what the server says ---- */

static void on_ready(const struct sink_info *info, void *data) {
	struct playout *playout = data;
	stream_begin(&playout->stream, info, playout->now_ns);
	writer_begin(&playout->writer, info->rate, playout->arrivals.format.channels);
	if (set_source(playout) < 0) {
		close_stream(playout);
	} else if (playout->prebuffer.count > 0) {
		uncork(playout);
	} else {
		set_state(playout, PLAYOUT_CORKED);
	}
}

static void on_gone(void *data) {
	struct playout *playout = data;
	playout->stream.stands = false;
	forget_waiting(playout);
	set_state(playout, PLAYOUT_OPENING);
}

static void on_timing(const struct sink_timing *timing, void *data) {
	struct playout *playout = data;
	struct stream *stream = &playout->stream;
	if (!stream->stands || playout->state == PLAYOUT_CORKED) {
		return;
	}
	if (stream_report(stream, timing, playout->now_ns)) {
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

static void start_over(struct playout *playout) {
	forget_waiting(playout);
	if (playout->writer.concealment.channels > 0) {
		concealment_init(&playout->writer.concealment, playout->stream.info.rate,
				playout->arrivals.format.channels);
	}
	stream_restart_clock(&playout->stream, playout->now_ns);
	set_state(playout, PLAYOUT_SYNCING);
}

static void on_moved(void *data) {
	struct playout *playout = data;
	if (playout->stream.stands &&
			(playout->state == PLAYOUT_PLAYING || playout->state == PLAYOUT_GAP ||
					playout->state == PLAYOUT_SYNCING)) {
		start_over(playout);
	}
}

static void on_suspended(bool suspended, void *data) {
	struct playout *playout = data;
	if (!playout->stream.stands || suspended == playout->stream.suspended) {
		return;
	}
	playout->stream.suspended = suspended;
	if (suspended) {
		prebuffer_clear(&playout->prebuffer);
		set_state(playout, PLAYOUT_SUSPENDED);
	} else if (playout->state == PLAYOUT_SUSPENDED) {
		start_over(playout);
	}
}

/* ---- life ---- */

int playout_create(struct playout **ret_playout, const struct playout_config *config,
		struct sink *sink) {
	struct playout *playout = calloc(1, sizeof *playout);
	if (!playout) {
		return -ENOMEM;
	}
	playout->config = *config;
	playout->state = PLAYOUT_IDLE;
	playout->stream.sink = sink;
	playout->stream.info.rate = 48000;
	writer_init(&playout->writer);
	latency_target_init(&playout->target, config->latency_ms);
	sink->data = playout;
	sink->events = (struct sink_events){
		.ready = on_ready,
		.gone = on_gone,
		.timing = on_timing,
		.underflow = on_underflow,
		.moved = on_moved,
		.suspended = on_suspended,
	};
	*ret_playout = playout;
	return 0;
}

void playout_destroy(struct playout *playout) {
	if (!playout) {
		return;
	}
	if (playout->state != PLAYOUT_IDLE) {
		stream_close(&playout->stream);
	}
	playout->stream.sink->events = (struct sink_events){ 0 };
	writer_finish(&playout->writer);
	free(playout);
}

enum playout_state playout_state(const struct playout *playout) {
	return playout->state;
}

void playout_get_stats(
		const struct playout *playout, uint64_t now_ns, struct playout_stats *ret_stats) {
	const struct buffer_fill *fill = &playout->stream.fill;
	*ret_stats = (struct playout_stats){
		.state = playout->state,
		.waiting_for_server = playout->state == PLAYOUT_OPENING,
		.format = playout->arrivals.format,
		.target_us = latency_target_ns(&playout->target) * 1e-3,
		.jitter_us = playout->target.late_ns * 1e-3,
		.packets = playout->counts.packets,
		.frames = playout->counts.frames,
		.underruns = playout->counts.underruns,
		.skips = playout->counts.skips,
		.gaps = playout->counts.gaps,
		.lost = playout->counts.lost,
		.dropped = playout->counts.dropped,
	};
	if (playout->state != PLAYOUT_PLAYING) {
		return;
	}
	double fill_ns = stream_to_ns(&playout->stream, playout->fill_frames);
	ret_stats->fill_us = fill_ns * 1e-3;
	ret_stats->latency_us = (fill_ns + playout->target.constant_ns) * 1e-3;
	/* More frames than came = played slower. */
	ret_stats->rate_ppm = (1 - playout->writer.servo.correction) * 1e6;
	ret_stats->sink_ppm = buffer_fill_sink_ppm(fill);
	ret_stats->source_ppm = ret_stats->sink_ppm + playout->writer.servo.z3 * 1e6;
	double left = stream_to_ns(&playout->stream, buffer_fill_at(fill, (double)now_ns)) +
		      playout->stream.info.offset_ns;
	ret_stats->heard_ns = now_ns + (left > 0 ? (uint64_t)left : 0);
}
