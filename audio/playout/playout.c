#include "audio/playout/playout.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/playout/playout_internal.h"
#include "base/clock.h"

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

static void wanted_format(const struct scream_format *format, struct sink_format *ret_wanted) {
	memset(ret_wanted, 0, sizeof *ret_wanted);
	ret_wanted->channels = format->channels;
	scream_positions(format, ret_wanted->position);
}

static void change_format(struct playout *playout, const struct scream_format *format) {
	struct sink_format wanted;
	wanted_format(format, &wanted);
	if (playout->state == PLAYOUT_PLAYING) {
		playout_write_tail(playout);
	}
	bool same = memcmp(&wanted, &playout->wanted, sizeof wanted) == 0;
	playout->format = *format;
	playout->wanted = wanted;
	playout->silent_since_ns = 0;
	prebuffer_clear(&playout->prebuffer);
	arrival_init(&playout->arrival, format->rate);
	playout->spread_ns = 2e6;
	playout->burst_ns = 0;
	if (playout->stream && same) {
		if (playout_make_resample(playout) < 0) {
			playout->stream = false;
			playout->sink->ops->close(playout->sink);
			playout_set_state(playout, PLAYOUT_IDLE);
		} else if (playout->state == PLAYOUT_PLAYING || playout->state == PLAYOUT_GAP) {
			playout_set_state(playout, PLAYOUT_SYNCING);
		}
	} else if (playout->state != PLAYOUT_IDLE) {
		playout_reopen(playout);
	}
}

void playout_break(struct playout *playout, uint64_t now_ns) {
	playout->now_ns = now_ns;
	if (playout->state == PLAYOUT_PLAYING) {
		playout_write_tail(playout);
		playout_set_state(playout, PLAYOUT_GAP);
	}
	prebuffer_clear(&playout->prebuffer);
	arrival_restart(&playout->arrival);
}

void playout_set_reliable(struct playout *playout, bool reliable) {
	playout->reliable = reliable;
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

static void cork(struct playout *playout) {
	playout->sink->ops->cork(playout->sink, true);
	playout->corked_fill = buffer_fill_known(&playout->fill) ? playout_fill_now(playout) : 0;
	buffer_fill_restart(&playout->fill);
	prebuffer_clear(&playout->prebuffer);
	arrival_restart(&playout->arrival);
	playout_set_state(playout, PLAYOUT_CORKED);
}

void playout_packet(struct playout *playout, const struct scream_packet *packet,
		uint64_t arrived_ns, uint64_t now_ns) {
	playout->now_ns = now_ns;
	playout->packets++;
	playout->packet_ns = now_ns;
	if (!scream_format_equal(&packet->format, &playout->format)) {
		change_format(playout, &packet->format);
	}
	if (silent_for_long(playout, packet)) {
		if (playout->state == PLAYOUT_PLAYING) {
			playout_write_tail(playout);
			cork(playout);
			playout->corked_for_silence = true;
		}
		if (playout->state == PLAYOUT_CORKED || playout->state == PLAYOUT_IDLE) {
			return;
		}
	}
	switch (playout->state) {
	case PLAYOUT_IDLE:
		playout->dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		playout_reopen(playout);
		break;
	case PLAYOUT_OPENING:
		playout->dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		break;
	case PLAYOUT_CORKED:
		playout->dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		playout_uncork(playout);
		break;
	case PLAYOUT_GAP:
		if (now_ns - playout->state_ns < STALL_AT_MOST_NS) {
			playout_count_underrun(playout);
		}
		playout->dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		playout_set_state(playout, PLAYOUT_SYNCING);
		break;
	case PLAYOUT_SYNCING:
		playout->dropped += prebuffer_add(&playout->prebuffer, packet, arrived_ns);
		playout_sync_try(playout);
		break;
	case PLAYOUT_PLAYING:
		playout_play(playout, packet, arrived_ns);
		break;
	case PLAYOUT_SUSPENDED:
		playout->dropped++;
		break;
	}
}

void playout_lost(struct playout *playout, unsigned packets) {
	playout->lost += packets;
	if (playout->state == PLAYOUT_PLAYING && playout->packet_frames > 0) {
		arrival_skip(&playout->arrival, (unsigned)(packets * playout->packet_frames /
								playout_ratio(playout)));
		concealment_splice(&playout->concealment);
	}
}

/* ---- time ---- */

static void tick_playing(struct playout *playout) {
	if (playout_fill_now(playout) > playout_edge_frames(playout) || playout_carry_on(playout)) {
		return;
	}
	playout_write_tail(playout);
	playout->gaps++;
	playout_set_state(playout, PLAYOUT_GAP);
	playout_top_up(playout);
}

static void tick_quiet(struct playout *playout) {
	uint64_t quiet = playout->now_ns - playout->packet_ns;
	if (playout->state == PLAYOUT_CORKED) {
		if (quiet > CLOSE_AFTER_NS || (playout->corked_for_silence &&
							      playout->now_ns - playout->state_ns >
									      CLOSE_AFTER_NS)) {
			playout->stream = false;
			playout->sink->ops->close(playout->sink);
			playout_set_state(playout, PLAYOUT_IDLE);
		}
	} else if (quiet > CORK_AFTER_NS) {
		cork(playout);
	} else if (quiet < CONCEAL_FOR_NS) {
		playout_top_up(playout);
	}
}

static void ask(struct playout *playout) {
	if (playout->now_ns < playout->ask_ns) {
		return;
	}
	uint64_t every = playout->state == PLAYOUT_SYNCING           ? SYNC_ASK_NS
			 : playout->fill.reports > ASK_SETTLED_AFTER ? ASK_SETTLED_NS
								     : ASK_NS;
	playout->ask_ns = playout->now_ns + every;
	playout->sink->ops->ask_timing(playout->sink);
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
			playout_sync_try(playout);
		}
		break;
	case PLAYOUT_GAP:
		tick_quiet(playout);
		break;
	case PLAYOUT_PLAYING:
		tick_playing(playout);
		break;
	}
	if (playout->stream && playout->state != PLAYOUT_CORKED) {
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
		return sooner(playout->ask_ns, playout->now_ns + PLAYOUT_SETTLE_NS);
	case PLAYOUT_GAP:
		if (playout->now_ns - playout->packet_ns > CONCEAL_FOR_NS) {
			return playout->packet_ns + CORK_AFTER_NS + 1;
		}
		return sooner(playout->ask_ns, playout->now_ns + (uint64_t)PLAYOUT_TOP_UP_NS);
	case PLAYOUT_PLAYING:
		break;
	}
	double left = playout_to_ns(
			playout, playout_fill_now(playout) - playout_edge_frames(playout));
	uint64_t edge = playout->now_ns + (left > 100e3 ? (uint64_t)left : 100000);
	return sooner(playout->ask_ns + ask_late_ns, edge);
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
	playout_write_tail(playout);
	double fill = playout_to_ns(playout, playout_fill_now(playout));
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
	playout->sink = sink;
	playout->state = PLAYOUT_IDLE;
	playout->info.rate = 48000;
	playout->servo.correction = 1;
	latency_target_init(&playout->target, config->latency_ms);
	sink->data = playout;
	sink->events = playout_sink_events();
	*ret_playout = playout;
	return 0;
}

void playout_destroy(struct playout *playout) {
	if (!playout) {
		return;
	}
	if (playout->state != PLAYOUT_IDLE) {
		playout->sink->ops->close(playout->sink);
	}
	playout->sink->events = (struct sink_events){ 0 };
	resample_destroy(playout->resample);
	free(playout);
}

enum playout_state playout_state(const struct playout *playout) {
	return playout->state;
}

void playout_get_stats(
		const struct playout *playout, uint64_t now_ns, struct playout_stats *ret_stats) {
	const struct buffer_fill *fill = &playout->fill;
	*ret_stats = (struct playout_stats){
		.state = playout->state,
		.waiting_for_server = playout->state == PLAYOUT_OPENING,
		.format = playout->format,
		.target_us = latency_target_ns(&playout->target) * 1e-3,
		.jitter_us = playout->target.late_ns * 1e-3,
		.packets = playout->packets,
		.frames = playout->frames,
		.underruns = playout->underruns,
		.skips = playout->skips,
		.gaps = playout->gaps,
		.lost = playout->lost,
		.dropped = playout->dropped,
	};
	if (playout->state != PLAYOUT_PLAYING) {
		return;
	}
	double level_ns = playout_to_ns(playout, playout->fill_frames);
	ret_stats->fill_us = level_ns * 1e-3;
	ret_stats->latency_us = (level_ns + playout->target.constant_ns) * 1e-3;
	/* More frames than came = played slower. */
	ret_stats->rate_ppm = (1 - playout->servo.correction) * 1e6;
	ret_stats->sink_ppm = buffer_fill_sink_ppm(fill);
	ret_stats->source_ppm = ret_stats->sink_ppm + playout->servo.z3 * 1e6;
	double left = playout_to_ns(playout, buffer_fill_at(fill, (double)now_ns)) +
		      playout->info.offset_ns;
	ret_stats->heard_ns = now_ns + (left > 0 ? (uint64_t)left : 0);
}
