#include "audio/playout/arrivals.h"

#include <math.h>

#include "base/clock.h"

#define BURSTY_NS           1e6 /* spread */
#define SPREAD_START_NS     2e6
#define SPREAD_SOON_PACKETS 100
#define LIMIT_MOST_NS       20e6
#define TOGETHER_NS         NS_PER_MS /* nearer ones are one burst */
#define BURST_MOST_NS       100e6

void arrivals_begin(struct arrivals *arrivals, const struct scream_format *format) {
	arrivals->format = *format;
	arrival_init(&arrivals->clock, format->rate);
	arrivals->spread_ns = SPREAD_START_NS;
	arrivals->burst_ns = 0;
}

void arrivals_restart(struct arrivals *arrivals) {
	arrival_restart(&arrivals->clock);
}

/* How unevenly packets come: half of all arrivals are nearer to where the one before would have put
 * them. Not their distance from the clock: after a loss all of them are late alike, which is even.
 */
static void note_spread(
		struct arrivals *arrivals, const struct arrival_result *arrival, double packet_ns) {
	double change = fabs(arrival->error_ns - arrivals->error_ns);
	arrivals->error_ns = arrival->error_ns;
	if (arrival->verdict == ARRIVAL_RESTARTED) {
		return;
	}
	if (arrival->verdict == ARRIVAL_LOST) {
		/* The clock has stepped over them. */
		arrivals->error_ns -= arrival->lost * packet_ns;
	}
	double spread = fmin(fmax(arrivals->spread_ns, 50e3), 5e6);
	double step = arrivals->clock.packets < SPREAD_SOON_PACKETS ? 1.08 : 1.02;
	arrivals->spread_ns = spread * (change > spread ? step : 1 / step);
	arrivals->clock.limit_ns = arrivals->reliable ? LIMIT_MOST_NS
						      : fmin(fmax(arrivals->spread_ns * 10, 2.5e6),
									LIMIT_MOST_NS);
}

/* How often there is something to take: each packet, or each burst of them. */
static void note_burst(struct arrivals *arrivals, uint64_t arrived_ns) {
	if (arrived_ns > arrivals->newest_ns + TOGETHER_NS) {
		const double since_ns = (double)(arrived_ns - arrivals->burst_at_ns);
		if (arrivals->burst_ns == 0) {
			arrivals->burst_ns = fmin(since_ns, BURST_MOST_NS);
		} else if (since_ns < BURST_MOST_NS) {
			arrivals->burst_ns += (since_ns - arrivals->burst_ns) / 32;
		}
		arrivals->burst_at_ns = arrived_ns;
	}
	arrivals->newest_ns = arrived_ns;
}

struct arrival_result arrivals_note(
		struct arrivals *arrivals, uint64_t arrived_ns, unsigned frames, double packet_ns) {
	arrivals->clock.reliable = arrivals->reliable;
	struct arrival_result arrival = arrival_packet(&arrivals->clock, arrived_ns, frames);
	note_spread(arrivals, &arrival, packet_ns);
	note_burst(arrivals, arrived_ns);
	return arrival;
}

/* The backlog of a stall was sent at once: the clock went on, and its newest packet is on time. If
 * it is not, the guest's own time stood still. */
double arrivals_note_waiting(struct arrivals *arrivals, struct prebuffer *prebuffer) {
	double error = 0;
	const struct prebuffer_slot *newest = prebuffer_at(prebuffer, prebuffer->count - 1);
	for (unsigned i = 0; i < prebuffer->count; i++) {
		const struct prebuffer_slot *slot = prebuffer_at(prebuffer, i);
		error = arrival_pass(&arrivals->clock, slot->arrived_ns, slot->frames);
	}
	if (fabs(error) > fmin(arrivals->clock.limit_ns, 10e6)) {
		arrival_restart(&arrivals->clock);
		error = arrival_pass(&arrivals->clock, newest->arrived_ns, newest->frames);
	}
	return (double)newest->arrived_ns - error;
}

bool arrivals_are_bursty(const struct arrivals *arrivals) {
	return arrivals->spread_ns > BURSTY_NS;
}

double arrivals_period_ns(const struct arrivals *arrivals, double packet_ns) {
	return arrivals_are_bursty(arrivals) ? arrivals->burst_ns : packet_ns;
}
