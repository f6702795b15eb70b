#include "audio/player.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/player_internal.h"
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

static void change_format(struct player *player, const struct scream_format *format) {
	struct sink_format wanted;
	wanted_format(format, &wanted);
	if (player->state == PLAYER_PLAYING) {
		player_write_tail(player);
	}
	bool same = memcmp(&wanted, &player->wanted, sizeof wanted) == 0;
	player->format = *format;
	player->wanted = wanted;
	player->silent_since_ns = 0;
	stash_clear(&player->stash);
	arrival_init(&player->arrival, format->rate);
	player->spread_ns = 2e6;
	player->burst_ns = 0;
	if (player->stream && same) {
		if (player_make_resample(player) < 0) {
			player->stream = false;
			player->sink->ops->close(player->sink);
			player_set_state(player, PLAYER_IDLE);
		} else if (player->state == PLAYER_PLAYING || player->state == PLAYER_GAP) {
			player_set_state(player, PLAYER_SYNCING);
		}
	} else if (player->state != PLAYER_IDLE) {
		player_reopen(player);
	}
}

void player_break(struct player *player, uint64_t now_ns) {
	player->now_ns = now_ns;
	if (player->state == PLAYER_PLAYING) {
		player_write_tail(player);
		player_set_state(player, PLAYER_GAP);
	}
	stash_clear(&player->stash);
	arrival_restart(&player->arrival);
}

void player_set_reliable(struct player *player, bool reliable) {
	player->reliable = reliable;
}

/* Digital silence is sound, until it has lasted. */
static bool silent_for_long(struct player *player, const struct scream_packet *packet) {
	size_t bytes = (size_t)packet->frames * scream_frame_bytes(&packet->format);
	if (!scream_is_silence(packet->pcm, bytes)) {
		player->silent_since_ns = 0;
		return false;
	}
	if (player->silent_since_ns == 0) {
		player->silent_since_ns = player->now_ns;
	}
	return player->now_ns - player->silent_since_ns > SILENT_AFTER_NS;
}

static void cork(struct player *player) {
	player->sink->ops->cork(player->sink, true);
	player->corked_level = level_known(&player->level) ? player_level_now(player) : 0;
	level_restart(&player->level);
	stash_clear(&player->stash);
	arrival_restart(&player->arrival);
	player_set_state(player, PLAYER_CORKED);
}

void player_packet(struct player *player, const struct scream_packet *packet, uint64_t arrived_ns,
		uint64_t now_ns) {
	player->now_ns = now_ns;
	player->packets++;
	player->packet_ns = now_ns;
	if (!scream_format_equal(&packet->format, &player->format)) {
		change_format(player, &packet->format);
	}
	if (silent_for_long(player, packet)) {
		if (player->state == PLAYER_PLAYING) {
			player_write_tail(player);
			cork(player);
			player->corked_for_silence = true;
		}
		if (player->state == PLAYER_CORKED || player->state == PLAYER_IDLE) {
			return;
		}
	}
	switch (player->state) {
	case PLAYER_IDLE:
		player->dropped += stash_add(&player->stash, packet, arrived_ns);
		player_reopen(player);
		break;
	case PLAYER_OPENING:
		player->dropped += stash_add(&player->stash, packet, arrived_ns);
		break;
	case PLAYER_CORKED:
		player->dropped += stash_add(&player->stash, packet, arrived_ns);
		player_uncork(player);
		break;
	case PLAYER_GAP:
		if (now_ns - player->state_ns < STALL_AT_MOST_NS) {
			player_count_underrun(player);
		}
		player->dropped += stash_add(&player->stash, packet, arrived_ns);
		player_set_state(player, PLAYER_SYNCING);
		break;
	case PLAYER_SYNCING:
		player->dropped += stash_add(&player->stash, packet, arrived_ns);
		player_sync_try(player);
		break;
	case PLAYER_PLAYING:
		player_play(player, packet, arrived_ns);
		break;
	case PLAYER_SUSPENDED:
		player->dropped++;
		break;
	}
}

void player_lost(struct player *player, unsigned packets) {
	player->lost += packets;
	if (player->state == PLAYER_PLAYING && player->packet_frames > 0) {
		arrival_skip(&player->arrival,
				(unsigned)(packets * player->packet_frames / player_ratio(player)));
		shape_splice(&player->shape);
	}
}

/* ---- time ---- */

static void tick_playing(struct player *player) {
	if (player_level_now(player) > player_edge_frames(player) || player_carry_on(player)) {
		return;
	}
	player_write_tail(player);
	player->gaps++;
	player_set_state(player, PLAYER_GAP);
	player_top_up(player);
}

static void tick_quiet(struct player *player) {
	uint64_t quiet = player->now_ns - player->packet_ns;
	if (player->state == PLAYER_CORKED) {
		if (quiet > CLOSE_AFTER_NS ||
				(player->corked_for_silence && player->now_ns - player->state_ns >
									       CLOSE_AFTER_NS)) {
			player->stream = false;
			player->sink->ops->close(player->sink);
			player_set_state(player, PLAYER_IDLE);
		}
	} else if (quiet > CORK_AFTER_NS) {
		cork(player);
	} else if (quiet < CONCEAL_FOR_NS) {
		player_top_up(player);
	}
}

static void ask(struct player *player) {
	if (player->now_ns < player->ask_ns) {
		return;
	}
	uint64_t every = player->state == PLAYER_SYNCING             ? SYNC_ASK_NS
			 : player->level.reports > ASK_SETTLED_AFTER ? ASK_SETTLED_NS
								     : ASK_NS;
	player->ask_ns = player->now_ns + every;
	player->sink->ops->ask_timing(player->sink);
	target_set_batch(&player->target, player_batch_ns(player));
	target_update(&player->target, player->now_ns);
}

void player_tick(struct player *player, uint64_t now_ns) {
	player->now_ns = now_ns;
	switch (player->state) {
	case PLAYER_IDLE:
	case PLAYER_OPENING:
	case PLAYER_SUSPENDED:
		return;
	case PLAYER_CORKED:
		tick_quiet(player);
		return;
	case PLAYER_SYNCING:
		tick_quiet(player);
		if (player->state == PLAYER_SYNCING) {
			player_sync_try(player);
		}
		break;
	case PLAYER_GAP:
		tick_quiet(player);
		break;
	case PLAYER_PLAYING:
		tick_playing(player);
		break;
	}
	if (player->stream && player->state != PLAYER_CORKED) {
		ask(player);
	}
}

static uint64_t sooner(uint64_t a, uint64_t b) {
	return b < a ? b : a;
}

static uint64_t due(const struct player *player, uint64_t ask_late_ns) {
	switch (player->state) {
	case PLAYER_IDLE:
	case PLAYER_OPENING:
	case PLAYER_SUSPENDED:
		return 0;
	case PLAYER_CORKED:
		return (player->corked_for_silence ? player->state_ns : player->packet_ns) +
		       CLOSE_AFTER_NS + 1;
	case PLAYER_SYNCING:
		return sooner(player->ask_ns, player->now_ns + PLAYER_SETTLE_NS);
	case PLAYER_GAP:
		if (player->now_ns - player->packet_ns > CONCEAL_FOR_NS) {
			return player->packet_ns + CORK_AFTER_NS + 1;
		}
		return sooner(player->ask_ns, player->now_ns + (uint64_t)PLAYER_TOP_UP_NS);
	case PLAYER_PLAYING:
		break;
	}
	double left = player_to_ns(player, player_level_now(player) - player_edge_frames(player));
	uint64_t edge = player->now_ns + (left > 100e3 ? (uint64_t)left : 100000);
	return sooner(player->ask_ns + ask_late_ns, edge);
}

uint64_t player_due(const struct player *player) {
	return due(player, 0);
}

uint64_t player_deadline(const struct player *player) {
	return due(player, ASK_LATE_NS);
}

uint64_t player_fade_out(struct player *player, uint64_t now_ns) {
	player->now_ns = now_ns;
	if (player->state != PLAYER_PLAYING) {
		return 0;
	}
	player_write_tail(player);
	double level = player_to_ns(player, player_level_now(player));
	return level > 0 ? (uint64_t)level : 0;
}

/* ---- life ---- */

int player_create(
		struct player **ret_player, const struct player_config *config, struct sink *sink) {
	struct player *player = calloc(1, sizeof *player);
	if (!player) {
		return -ENOMEM;
	}
	player->config = *config;
	player->sink = sink;
	player->state = PLAYER_IDLE;
	player->info.rate = 48000;
	player->servo.correction = 1;
	target_init(&player->target, config->latency_ms);
	sink->data = player;
	sink->events = player_sink_events();
	*ret_player = player;
	return 0;
}

void player_destroy(struct player *player) {
	if (!player) {
		return;
	}
	if (player->state != PLAYER_IDLE) {
		player->sink->ops->close(player->sink);
	}
	player->sink->events = (struct sink_events){ 0 };
	resample_destroy(player->resample);
	free(player);
}

enum player_state player_state(const struct player *player) {
	return player->state;
}

void player_get_stats(
		const struct player *player, uint64_t now_ns, struct player_stats *ret_stats) {
	const struct level *level = &player->level;
	*ret_stats = (struct player_stats){
		.state = player->state,
		.waiting_for_server = player->state == PLAYER_OPENING,
		.format = player->format,
		.target_us = target_ns(&player->target) * 1e-3,
		.jitter_us = player->target.late_ns * 1e-3,
		.packets = player->packets,
		.frames = player->frames,
		.underruns = player->underruns,
		.skips = player->skips,
		.gaps = player->gaps,
		.lost = player->lost,
		.dropped = player->dropped,
	};
	if (player->state != PLAYER_PLAYING) {
		return;
	}
	double level_ns = player_to_ns(player, player->level_frames);
	ret_stats->level_us = level_ns * 1e-3;
	ret_stats->latency_us = (level_ns + player->target.constant_ns) * 1e-3;
	/* More frames than came = played slower. */
	ret_stats->rate_ppm = (1 - player->servo.correction) * 1e6;
	ret_stats->sink_ppm = level_sink_ppm(level);
	ret_stats->source_ppm = ret_stats->sink_ppm + player->servo.z3 * 1e6;
	double left = player_to_ns(player, level_at(level, (double)now_ns)) +
		      player->info.offset_ns;
	ret_stats->heard_ns = now_ns + (left > 0 ? (uint64_t)left : 0);
}
