/*
 * How packets come, and when they are taken: several to a wake-up, where enough is in flight.
 */
#include <math.h>

#include "audio/playout/playout_internal.h"

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
static void note_spread(struct playout *playout, const struct arrival_result *arrival) {
	double change = fabs(arrival->error_ns - playout->arrival_error_ns);
	playout->arrival_error_ns = arrival->error_ns;
	if (arrival->verdict == ARRIVAL_RESTARTED) {
		return;
	}
	if (arrival->verdict == ARRIVAL_LOST) {
		/* The clock has stepped over them. */
		playout->arrival_error_ns -=
				arrival->lost * playout_to_ns(playout, playout->packet_frames);
	}
	double spread = fmin(fmax(playout->spread_ns, 50e3), 5e6);
	double step = playout->arrival.packets < SPREAD_SOON_PACKETS ? 1.08 : 1.02;
	playout->spread_ns = spread * (change > spread ? step : 1 / step);
	playout->arrival.limit_ns = playout->reliable ? LIMIT_MOST_NS
						      : fmin(fmax(playout->spread_ns * 10, 2.5e6),
									LIMIT_MOST_NS);
}

/* How often there is something to take: each packet, or each burst of them. */
static void note_burst(struct playout *playout, uint64_t arrived_ns) {
	if (arrived_ns > playout->arrived_ns + TOGETHER_NS) {
		const double since_ns = (double)(arrived_ns - playout->burst_at_ns);
		if (playout->burst_ns == 0) {
			playout->burst_ns = fmin(since_ns, BURST_MOST_NS);
		} else if (since_ns < BURST_MOST_NS) {
			playout->burst_ns += (since_ns - playout->burst_ns) / 32;
		}
		playout->burst_at_ns = arrived_ns;
	}
	playout->arrived_ns = arrived_ns;
}

bool playout_is_bursty(const struct playout *playout) {
	return playout->spread_ns > BURSTY_NS;
}

/* How late a packet is handled; that it was left waiting does not count. */
static double lateness_ns(const struct playout *playout, const struct arrival_result *arrival,
		uint64_t arrived_ns) {
	const double came = (double)arrived_ns - arrival->at_ns;
	const double due_ns = fmax(arrival->at_ns, (double)playout->pickup_ns);
	return fmax(came, (double)playout->now_ns - due_ns);
}

void playout_note_arrival(struct playout *playout, const struct arrival_result *arrival,
		uint64_t arrived_ns) {
	note_spread(playout, arrival);
	note_burst(playout, arrived_ns);
	latency_target_late(&playout->target, lateness_ns(playout, arrival, arrived_ns));
}

/* ---- when they are taken ---- */

static double period_ns(const struct playout *playout) {
	return playout_is_bursty(playout) ? playout->burst_ns
					  : playout_to_ns(playout, playout->packet_frames);
}

/* How many packets or bursts may wait for the next one. */
static unsigned batch_most(const struct playout *playout) {
	const double period = period_ns(playout);
	const double most_ns = playout->config.thrifty ? THRIFTY_MOST_NS : BATCH_MOST_NS;
	const bool wanted = playout->target.fixed || playout->config.thrifty;
	return wanted && !playout->reliable && period > 0 ? (unsigned)(most_ns / period) : 0;
}

double playout_batch_ns(const struct playout *playout) {
	return batch_most(playout) * period_ns(playout);
}

/* Nothing was cut or missing for a while. */
static bool is_steady(const struct playout *playout) {
	const struct arrival *arrival = &playout->arrival;
	return playout->state == PLAYOUT_PLAYING && !playout->dropping && playout->carried <= 0 &&
	       arrival->running && !arrival->outlier && !arrival->slipping &&
	       playout->now_ns - playout->resynced_ns > STEADY_NS &&
	       playout->now_ns - playout->underrun_ns > STEADY_NS;
}

uint64_t playout_pickup(struct playout *playout, uint64_t now_ns) {
	const struct arrival *arrival = &playout->arrival;
	playout->pickup_ns = 0;
	if (!is_steady(playout)) {
		return 0;
	}
	/* Of the next one: the one that would be taken if none were left waiting. */
	const double due_ns = (double)arrival->base_ns + arrival->end_ns +
			      playout_to_ns(playout, playout->packet_frames);
	const double next_ns = playout_is_bursty(playout)
					       ? (double)playout->burst_at_ns + playout->burst_ns
					       : due_ns;
	/* As much must be left as an adapting target keeps against lateness; in a burst the first
	 * is late as it is. */
	const double late_ns = fmax(playout->target.late_ns - fmax(next_ns - due_ns, 0), 0);
	const double least = playout_edge_frames(playout) +
			     playout_to_frames(playout, late_ns + LATENCY_TARGET_MARGIN_NS);
	const double period = period_ns(playout);
	unsigned batch = batch_most(playout);
	while (batch > 0 && buffer_fill_at(&playout->fill, next_ns + batch * period) < least) {
		batch--;
	}
	const double pickup_ns = next_ns + batch * period + PICKUP_AFTER_NS;
	if (batch > 0 && pickup_ns > (double)now_ns) {
		playout->pickup_ns = (uint64_t)pickup_ns;
	}
	return playout->pickup_ns;
}
