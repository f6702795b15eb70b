/* The states: what is done with a packet, with time that passes, with what the server says. */
#include "audio/playout/playout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/playout/playout_parts.h"
#include "base/deadline.h"

#define SYNC_ASK_NS       (10 * NS_PER_MS)
#define ASK_NS            (100 * NS_PER_MS)
#define ASK_SETTLED_NS    (250 * NS_PER_MS)
#define ASK_SETTLED_AFTER 60
#define ASK_LATE_NS       (20 * NS_PER_MS) /* a packet comes before: no wake-up for that alone */
#define ASK_STEP_LEAST_NS 20e6             /* smaller ones are seen anyway */
#define GOLDEN            0.618
#define CONCEAL_FOR_NS    (500 * NS_PER_MS)
#define LISTENED_NS       (60 * NS_PER_MS) /* packets come within less */
#define CORK_AFTER_NS     (2 * NS_PER_S)
#define CLOSE_AFTER_NS    (30 * NS_PER_S)
#define SILENT_AFTER_NS   (10 * NS_PER_S)
#define STALL_AT_MOST_NS  (200 * NS_PER_MS)
#define AHEAD_LATE_NS     30e6
#define AHEAD_LEAST_NS    8e6
#define SUSPENDED_FOR_NS  NS_PER_S /* longer than a device needs to wake up: it is told */

/* ---- packets ---- */

static void wanted_format(const struct scream_format *format, struct sink_format *ret_wanted) {
	memset(ret_wanted, 0, sizeof *ret_wanted);
	ret_wanted->channels = format->channels;
	scream_positions(format, ret_wanted->position);
}

static void change_format(struct playout *playout, const struct scream_format *format) {
	struct sink_format wanted;
	wanted_format(format, &wanted);
	playout_end_sound(playout);
	bool same = memcmp(&wanted, &playout->wanted, sizeof wanted) == 0;
	playout->wanted = wanted;
	playout->silent_since_ns = 0;
	playout->beginning = playout->state != PLAYOUT_OPENING;
	prebuffer_clear(&playout->prebuffer);
	arrivals_begin(&playout->arrivals, format);
	if (playout->stream.stands && same) {
		if (playout_set_source(playout) < 0) {
			playout_close_stream(playout);
		} else if (playout->state == PLAYOUT_PLAYING || playout->state == PLAYOUT_GAP) {
			playout_set_state(playout, PLAYOUT_SYNCING);
		}
	} else if (playout->state != PLAYOUT_IDLE) {
		playout_reopen(playout);
	}
}

void playout_break(struct playout *playout, uint64_t now_ns) {
	playout->now_ns = now_ns;
	playout_end_sound(playout);
	if (playout->state == PLAYOUT_PLAYING) {
		playout_set_state(playout, PLAYOUT_GAP);
		playout->broken = true;
	}
	playout_forget_waiting(playout);
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

static void wait_for_more(
		struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns) {
	playout->counts.dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
}

static void take_ahead(
		struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns) {
	if (playout->ahead_ns > PLAYOUT_AHEAD_MOST_NS) {
		playout->ahead = false; /* the device does not wake up: the rest waits here */
		wait_for_more(playout, packet, arrived_ns);
		return;
	}
	(void)arrivals_note(&playout->arrivals, arrived_ns, packet->frames,
			stream_to_ns(&playout->stream, playout->packet_frames));
	playout_write_ahead(playout, packet->pcm, packet->frames);
}

void playout_listens(struct playout *playout, uint64_t since_ns) {
	playout->listens_ns = since_ns;
}

/* A sound that comes as soon as somebody listens began before. */
static bool listened_before(const struct playout *playout) {
	return playout->listens_ns == 0 || playout->now_ns - playout->listens_ns > LISTENED_NS;
}

/* The first packet, while silence is played. */
static void take_while_warming(struct playout *playout) {
	if (playout->warming && playout->prebuffer.count == 0) {
		playout->beginning = listened_before(playout);
	}
}

static void take(struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns) {
	switch (playout->state) {
	case PLAYOUT_IDLE:
		playout->beginning = listened_before(playout);
		wait_for_more(playout, packet, arrived_ns);
		playout_reopen(playout);
		break;
	case PLAYOUT_OPENING:
		take_while_warming(playout);
		wait_for_more(playout, packet, arrived_ns);
		break;
	case PLAYOUT_CORKED:
		playout->beginning = listened_before(playout);
		wait_for_more(playout, packet, arrived_ns);
		playout_uncork(playout);
		break;
	case PLAYOUT_GAP:
		if (!playout->broken && playout->now_ns - playout->state_ns < STALL_AT_MOST_NS) {
			playout_count_underrun(playout);
		}
		playout->broken = false;
		wait_for_more(playout, packet, arrived_ns);
		playout_set_state(playout, PLAYOUT_SYNCING);
		break;
	case PLAYOUT_SYNCING:
		if (playout->ahead) {
			take_ahead(playout, packet, arrived_ns);
		} else {
			take_while_warming(playout);
			wait_for_more(playout, packet, arrived_ns);
		}
		playout->warming = false;
		playout_sync_try(playout);
		break;
	case PLAYOUT_PLAYING:
		playout_play(playout, packet, arrived_ns);
		break;
	case PLAYOUT_SUSPENDED:
		wait_for_more(playout, packet, arrived_ns);
		break;
	}
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
		if (playout->state != PLAYOUT_IDLE && playout->state != PLAYOUT_OPENING &&
				playout->state != PLAYOUT_CORKED) {
			playout_end_sound(playout);
			playout_cork(playout);
			playout->corked_for_silence = true;
		}
		if (playout->state == PLAYOUT_CORKED || playout->state == PLAYOUT_IDLE) {
			return;
		}
	}
	take(playout, packet, arrived_ns);
}

void playout_warm(struct playout *playout, uint64_t now_ns) {
	static const struct scream_format stereo = {
		.rate = 48000,
		.bits = 16,
		.channels = 2,
		.mask = 3,
	};
	playout->now_ns = now_ns;
	if (playout->state == PLAYOUT_IDLE) {
		if (playout->arrivals.format.rate == 0) {
			wanted_format(&stereo, &playout->wanted);
			arrivals_begin(&playout->arrivals, &stereo);
		}
		playout->warming = true;
		playout_reopen(playout);
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
	playout_set_state(playout, PLAYOUT_GAP);
	playout->broken = false;
	stream_top_up(&playout->stream, playout->now_ns);
}

static uint64_t corked_since_ns(const struct playout *playout) {
	return playout->corked_for_silence || playout->packet_ns == 0 ? playout->state_ns
								      : playout->packet_ns;
}

static void tick_corked(struct playout *playout) {
	if (playout->now_ns - corked_since_ns(playout) > CLOSE_AFTER_NS) {
		playout_close_stream(playout);
	}
}

static void tick_quiet(struct playout *playout) {
	uint64_t quiet = playout->now_ns - playout->packet_ns;
	const bool warms = playout->warming && playout->stream.info.guessed &&
			   playout->now_ns - playout->state_ns < CORK_AFTER_NS;
	if (warms || (quiet < CONCEAL_FOR_NS && !playout->ahead)) {
		stream_top_up(&playout->stream, playout->now_ns);
	} else if (quiet > CORK_AFTER_NS) {
		playout->warming = false;
		playout_cork(playout);
	}
}

static void tick_syncing(struct playout *playout) {
	const double goal_ns = stream_to_ns(&playout->stream, playout_goal_frames(playout));
	const double late_ns = fmin(AHEAD_LATE_NS, fmax(AHEAD_LEAST_NS, goal_ns / 2)) +
			       stream_to_ns(&playout->stream, playout->packet_frames);
	if (playout->ahead && (double)(playout->now_ns - playout->packet_ns) > late_ns) {
		playout_end_sound(playout); /* a short one, or it comes unevenly */
	}
	tick_quiet(playout);
	if (playout->state == PLAYOUT_SYNCING && playout->stream.suspended &&
			playout->now_ns - playout->state_ns > SUSPENDED_FOR_NS) {
		playout_answer(playout, PLAYOUT_DEVICE_SUSPENDED);
	} else if (playout->state == PLAYOUT_SYNCING) {
		playout_sync_try(playout);
	}
}

static void tick_suspended(struct playout *playout) {
	if (playout->now_ns - playout->packet_ns > CORK_AFTER_NS) {
		playout_forget_waiting(playout);
		playout_close_stream(playout); /* what lies there is old */
	}
}

/* When the next report is worth most. Never in step with what the server takes at a time: how far
 * into it reports come is spread by the golden section, so that the ends of its steps, between
 * which the middle is, are soon seen. */
static uint64_t next_ask_ns(const struct playout *playout, uint64_t every_ns) {
	const struct stream *stream = &playout->stream;
	const double step_ns = stream_to_ns(stream, stream->info.quantum_frames);
	if (step_ns < ASK_STEP_LEAST_NS || stream->info.guessed ||
			playout->state != PLAYOUT_PLAYING) {
		return every_ns * (8 + playout->asked * 5 % 8) / 12;
	}
	const double steps = floor((double)every_ns * 0.8 / step_ns) + playout->asked % 2;
	return (uint64_t)((steps + GOLDEN) * step_ns);
}

static void ask(struct playout *playout) {
	struct stream *stream = &playout->stream;
	if (playout->now_ns < stream->ask_ns) {
		return;
	}
	uint64_t every = playout->state == PLAYOUT_SUSPENDED        ? PLAYOUT_SUSPENDED_ASK_NS
			 : playout->state == PLAYOUT_SYNCING        ? SYNC_ASK_NS
			 : stream->fill.reports > ASK_SETTLED_AFTER ? ASK_SETTLED_NS
								    : ASK_NS;
	playout->asked++;
	stream->ask_ns = playout->now_ns + next_ask_ns(playout, every);
	stream->sink->ops->ask_timing(stream->sink);
	latency_target_set_batch(&playout->target, playout_batch_ns(playout));
	latency_target_update(&playout->target, playout->now_ns);
	if (stream_is_stuck(stream, playout->now_ns)) {
		playout_answer(playout, PLAYOUT_NOTHING_PLAYED);
	}
}

void playout_tick(struct playout *playout, uint64_t now_ns) {
	playout->now_ns = now_ns;
	switch (playout->state) {
	case PLAYOUT_IDLE:
	case PLAYOUT_OPENING:
		return;
	case PLAYOUT_CORKED:
		tick_corked(playout);
		return;
	case PLAYOUT_SUSPENDED:
		tick_suspended(playout);
		break;
	case PLAYOUT_SYNCING:
		tick_syncing(playout);
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

static deadline due(const struct playout *playout, uint64_t ask_late_ns) {
	switch (playout->state) {
	case PLAYOUT_IDLE:
	case PLAYOUT_OPENING:
		return DEADLINE_NONE;
	case PLAYOUT_SUSPENDED:
		return deadline_first(
				playout->stream.ask_ns, playout->packet_ns + CORK_AFTER_NS + 1);
	case PLAYOUT_CORKED:
		return corked_since_ns(playout) + CLOSE_AFTER_NS + 1;
	case PLAYOUT_SYNCING:
		return deadline_first(playout->stream.ask_ns, playout->now_ns + PLAYOUT_SETTLE_NS);
	case PLAYOUT_GAP:
		if (playout->now_ns - playout->packet_ns > CONCEAL_FOR_NS) {
			return playout->packet_ns + CORK_AFTER_NS + 1;
		}
		return deadline_first(playout->stream.ask_ns,
				playout->now_ns + (uint64_t)STREAM_TOP_UP_NS);
	case PLAYOUT_PLAYING:
		break;
	}
	double left = stream_to_ns(&playout->stream,
			playout_fill_now(playout) - stream_edge_frames(&playout->stream));
	uint64_t edge = playout->now_ns + (left > 100e3 ? (uint64_t)left : 100000);
	return deadline_first(playout->stream.ask_ns + ask_late_ns, edge);
}

deadline playout_due(const struct playout *playout) {
	return due(playout, 0);
}

deadline playout_deadline(const struct playout *playout) {
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
	sink->events = playout_sink_events();
	*ret_playout = playout;
	return 0;
}

static void on_written(
		const struct stream *stream, const float *frames, unsigned count, void *data) {
	const struct playout *playout = data;
	uint64_t at_ns = 0;
	if (stream_fill_known(stream)) {
		const double left = stream_to_ns(stream, playout_fill_now(playout)) +
				    stream->info.offset_ns;
		at_ns = playout->now_ns + (left > 0 ? (uint64_t)left : 0);
	}
	playout->listen(frames, count, &stream->format, stream->info.rate, at_ns,
			playout->listen_data);
}

void playout_set_listener(struct playout *playout,
		void (*listen)(const float *frames, unsigned count,
				const struct sink_format *format, unsigned rate, uint64_t at_ns,
				void *data),
		void *data) {
	playout->listen = listen;
	playout->listen_data = data;
	playout->stream.listener = listen ? on_written : NULL;
	playout->stream.listener_data = playout;
}

void playout_set_latency(struct playout *playout, unsigned latency_ms) {
	playout->config.latency_ms = latency_ms;
	latency_target_change(&playout->target, latency_ms);
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

static enum playout_trouble trouble(const struct playout *playout, uint64_t now_ns) {
	const struct stream *stream = &playout->stream;
	if (!stream->stands || playout->state == PLAYOUT_CORKED) {
		return PLAYOUT_FINE;
	}
	return stream_is_deaf(stream, now_ns) ? PLAYOUT_DEAF
	       : stream->nudges > 0           ? PLAYOUT_STUCK
					      : PLAYOUT_FINE;
}

void playout_get_stats(
		const struct playout *playout, uint64_t now_ns, struct playout_stats *ret_stats) {
	const struct buffer_fill *fill = &playout->stream.fill;
	*ret_stats = (struct playout_stats){
		.state = playout->state,
		.trouble = trouble(playout, now_ns),
		.waiting_for_server = playout->state == PLAYOUT_OPENING,
		.warming = playout->warming && playout->prebuffer.count == 0,
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
