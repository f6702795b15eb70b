/*
 * How packets come, and when they are taken: several to a wake-up, where enough is in flight.
 */
#include <math.h>

#include "audio/player_internal.h"

#define BURSTY_NS           1e6 /* spread */
#define SPREAD_SOON_PACKETS 100
#define LIMIT_MOST_NS       20e6
#define BATCH_MOST_NS       6.7e6 /* a packet of Scream's at 44.1 kHz */
#define THRIFTY_MOST_NS     13.4e6
#define TOGETHER_NS         NS_PER_MS /* nearer ones are one burst */
#define BURST_MOST_NS       100e6
#define PICKUP_AFTER_NS     300e3 /* the last of a batch was due: most are less late */
#define STEADY_NS           (2 * NS_PER_S)

/* ---- how they come ---- */

/* How unevenly packets come: half of all arrivals are nearer to where the one before would have put
 * them. Not their distance from the clock: after a loss all of them are late alike, which is even.
 */
static void note_spread(struct player *player, const struct arrival_result *arrival) {
	double change = fabs(arrival->error_ns - player->arrival_error_ns);
	player->arrival_error_ns = arrival->error_ns;
	if (arrival->verdict == ARRIVAL_RESTARTED) {
		return;
	}
	if (arrival->verdict == ARRIVAL_LOST) {
		/* The clock has stepped over them. */
		player->arrival_error_ns -=
				arrival->lost * player_to_ns(player, player->packet_frames);
	}
	double spread = fmin(fmax(player->spread_ns, 50e3), 5e6);
	double step = player->arrival.packets < SPREAD_SOON_PACKETS ? 1.08 : 1.02;
	player->spread_ns = spread * (change > spread ? step : 1 / step);
	player->arrival.limit_ns =
			player->reliable ? LIMIT_MOST_NS
					 : fmin(fmax(player->spread_ns * 10, 2.5e6), LIMIT_MOST_NS);
}

/* How often there is something to take: each packet, or each burst of them. */
static void note_burst(struct player *player, uint64_t arrived_ns) {
	if (arrived_ns > player->arrived_ns + TOGETHER_NS) {
		const double since_ns = (double)(arrived_ns - player->burst_at_ns);
		if (player->burst_ns == 0) {
			player->burst_ns = fmin(since_ns, BURST_MOST_NS);
		} else if (since_ns < BURST_MOST_NS) {
			player->burst_ns += (since_ns - player->burst_ns) / 32;
		}
		player->burst_at_ns = arrived_ns;
	}
	player->arrived_ns = arrived_ns;
}

bool player_is_bursty(const struct player *player) {
	return player->spread_ns > BURSTY_NS;
}

/* How late a packet is handled; that it was left waiting does not count. */
static double lateness_ns(const struct player *player, const struct arrival_result *arrival,
		uint64_t arrived_ns) {
	const double came = (double)arrived_ns - arrival->at_ns;
	const double due_ns = fmax(arrival->at_ns, (double)player->pickup_ns);
	return fmax(came, (double)player->now_ns - due_ns);
}

void player_note_arrival(
		struct player *player, const struct arrival_result *arrival, uint64_t arrived_ns) {
	note_spread(player, arrival);
	note_burst(player, arrived_ns);
	target_late(&player->target, lateness_ns(player, arrival, arrived_ns));
}

/* ---- when they are taken ---- */

static double period_ns(const struct player *player) {
	return player_is_bursty(player) ? player->burst_ns
					: player_to_ns(player, player->packet_frames);
}

/* How many packets or bursts may wait for the next one. */
static unsigned batch_most(const struct player *player) {
	const double period = period_ns(player);
	const double most_ns = player->config.thrifty ? THRIFTY_MOST_NS : BATCH_MOST_NS;
	const bool wanted = player->target.fixed || player->config.thrifty;
	return wanted && !player->reliable && period > 0 ? (unsigned)(most_ns / period) : 0;
}

double player_batch_ns(const struct player *player) {
	return batch_most(player) * period_ns(player);
}

/* Nothing was cut or missing for a while. */
static bool is_steady(const struct player *player) {
	const struct arrival *arrival = &player->arrival;
	return player->state == PLAYER_PLAYING && !player->dropping && player->carried <= 0 &&
	       arrival->running && !arrival->outlier && !arrival->slipping &&
	       player->now_ns - player->resynced_ns > STEADY_NS &&
	       player->now_ns - player->underrun_ns > STEADY_NS;
}

uint64_t player_pickup(struct player *player, uint64_t now_ns) {
	const struct arrival *arrival = &player->arrival;
	player->pickup_ns = 0;
	if (!is_steady(player)) {
		return 0;
	}
	/* Of the next one: the one that would be taken if none were left waiting. */
	const double due_ns = (double)arrival->base_ns + arrival->end_ns +
			      player_to_ns(player, player->packet_frames);
	const double next_ns = player_is_bursty(player)
					       ? (double)player->burst_at_ns + player->burst_ns
					       : due_ns;
	/* As much must be left as an adapting target keeps against lateness; in a burst the first
	 * is late as it is. */
	const double late_ns = fmax(player->target.late_ns - fmax(next_ns - due_ns, 0), 0);
	const double least = player_edge_frames(player) +
			     player_to_frames(player, late_ns + TARGET_MARGIN_NS);
	const double period = period_ns(player);
	unsigned batch = batch_most(player);
	while (batch > 0 && level_at(&player->level, next_ns + batch * period) < least) {
		batch--;
	}
	const double pickup_ns = next_ns + batch * period + PICKUP_AFTER_NS;
	if (batch > 0 && pickup_ns > (double)now_ns) {
		player->pickup_ns = (uint64_t)pickup_ns;
	}
	return player->pickup_ns;
}
