#include "audio/player_internal.h"

#include <math.h>

#include "base/clock.h"

#define PREFILL_NS    10e6 /* above the edge */
#define FAR_BEHIND_NS 5e9

static void drop_oldest(struct player *player) {
	stash_drop_oldest(&player->stash);
	player->dropped++;
}

void player_restart_clock(struct player *player) {
	level_restart(&player->level);
	player->ask_ns = player->now_ns;
	player->filled_ns = player->now_ns;
	player->fill_ns = 0;
}

/* Silence first, then run: a stream that runs empty plays nothing that is written late (3.5). */
void player_uncork(struct player *player) {
	player_restart_clock(player);
	double prefill = fmin(player_edge_frames(player) + player_to_frames(player, PREFILL_NS),
			player_goal_frames(player));
	player_write_silence(player, prefill - player->corked_level);
	player->sink->ops->cork(player->sink, false);
	player->corked_for_silence = false;
	player_set_state(player, PLAYER_SYNCING);
}

void player_note_packet_size(struct player *player, unsigned frames) {
	double packet_frames = frames * player_ratio(player);
	if (fabs(packet_frames - player->packet_frames) < 1 || !player->resample) {
		return;
	}
	player->packet_frames = packet_frames;
	target_restart(&player->target, player_to_ns(player, packet_frames),
			resample_delay_ns(player->resample) + player->info.offset_ns);
}

int player_make_resample(struct player *player) {
	resample_destroy(player->resample);
	player->resample = NULL;
	player->packet_frames = 0;
	return resample_create(&player->resample, &player->format, player->info.rate,
			player->config.high_quality);
}

/* The backlog of a stall was sent at once: the clock went on, and its newest packet is on time. If
 * it is not, the guest's own time stood still. */
static double sync_arrival(struct player *player) {
	double error = 0;
	struct stash_slot *newest = stash_at(&player->stash, player->stash.count - 1);
	for (unsigned i = 0; i < player->stash.count; i++) {
		struct stash_slot *slot = stash_at(&player->stash, i);
		error = arrival_pass(&player->arrival, slot->arrived_ns, slot->frames);
	}
	if (fabs(error) > fmin(player->arrival.limit_ns, 10e6)) {
		arrival_restart(&player->arrival);
		error = arrival_pass(&player->arrival, newest->arrived_ns, newest->frames);
	}
	return (double)newest->arrived_ns - error;
}

/* Everything is known: of the packets that wait, the newest that fit the target are played. */
static void begin(struct player *player) {
	double at_ns = sync_arrival(player);
	struct stash_slot *newest = stash_at(&player->stash, player->stash.count - 1);
	player_note_packet_size(player, newest->frames);

	double ratio = player_ratio(player);
	double level = level_at(&player->level, at_ns);
	double wanted = player_goal_frames(player) + newest->frames * ratio;
	double waiting = stash_frames(&player->stash) * ratio;
	while (player->stash.count > 1 &&
			level + waiting >
					wanted + stash_at(&player->stash, 0)->frames * ratio / 2) {
		waiting -= stash_at(&player->stash, 0)->frames * ratio;
		drop_oldest(player);
	}
	player_write_silence(player, wanted - level - waiting);

	resample_reset(player->resample);
	shape_fade_in(&player->shape, 0);
	servo_sync(&player->servo, player->now_ns);
	for (unsigned i = 0; i < player->stash.count; i++) {
		struct stash_slot *slot = stash_at(&player->stash, i);
		player_play_block(player, slot->pcm, slot->frames);
	}
	stash_clear(&player->stash);
	player->resynced_ns = player->now_ns;
	player->dropping = false;
	player->fill_frames = 0;
	player->carried = 0;
	player_set_state(player, PLAYER_PLAYING);
}

void player_reopen(struct player *player) {
	player->stream = false;
	player->sink->ops->open(player->sink, &player->wanted);
	player_set_state(player, PLAYER_OPENING);
}

void player_sync_try(struct player *player) {
	if (player->stash.count == 0 || !level_known(&player->level) ||
			player->now_ns - stash_at(&player->stash, 0)->arrived_ns <
					PLAYER_SETTLE_NS) {
		return;
	}
	if (player_to_ns(player, player_level_now(player)) < -FAR_BEHIND_NS) {
		player_reopen(player); /* rather than minutes of silence */
		return;
	}
	begin(player);
}

/* Keeps the stream alive while there is nothing to play. */
void player_top_up(struct player *player) {
	if (level_known(&player->level)) {
		double least = player_edge_frames(player) +
			       player_to_frames(player, PLAYER_TOP_UP_NS);
		player_write_silence(player, least + player_to_frames(player, PLAYER_TOP_UP_NS) -
							     player_level_now(player));
		return;
	}
	if (player->now_ns > player->filled_ns) {
		uint64_t passed_ns = player->now_ns - player->filled_ns;
		player_write_silence(player, player_to_frames(player, (double)passed_ns));
		player->filled_ns = player->now_ns;
		player->fill_ns += passed_ns;
	}
}
