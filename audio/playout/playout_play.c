/* While it plays: one packet, and when the next ones are picked up. */
#include <math.h>

#include "audio/playout/playout_parts.h"
#include "base/clock.h"

#define LOOP_MENDS_NS   10e6
#define LOST_OFTEN_NS   (5 * NS_PER_S)
#define PATCH_MOST_S    0.018
#define HOLD_OFF_NS     (60 * NS_PER_MS)
#define RESYNC_ERROR_NS 40e6
#define FILL_LEAST_NS   1e6
#define BATCH_MOST_NS   6.7e6 /* a packet of Scream's at 44.1 kHz */
#define THRIFTY_MOST_NS 13.4e6
#define PICKUP_AFTER_NS \
	300e3 /* the last packet of a batch was due; most come less late than this */
#define STEADY_NS      (2 * NS_PER_S)
#define REGAINED_NS    1e6
#define CUT_FROM_NS    5e6 /* no more is left out than is too much */
#define CUT_EACH       100
#define REGAIN_FROM_NS 3e6
#define REGAIN_MOST_NS 120e6 /* in a minute at most; more than that is cut */

static double packet_ns(const struct playout *playout) {
	return stream_to_ns(&playout->stream, playout->packet_frames);
}

void playout_note_packet_size(struct playout *playout, unsigned frames) {
	double packet_frames = frames * playout_ratio(playout);
	if (fabs(packet_frames - playout->packet_frames) < 1 || !playout->writer.resample) {
		return;
	}
	playout->packet_frames = packet_frames;
	latency_target_restart(&playout->target, packet_ns(playout),
			resample_delay_ns(playout->writer.resample) +
					playout->stream.info.offset_ns);
}

void playout_count_underrun(struct playout *playout) {
	if (playout->now_ns - playout->underrun_ns < 100 * NS_PER_MS && playout->underrun_ns) {
		return;
	}
	playout->underrun_ns = playout->now_ns;
	playout->counts.underruns++;
	latency_target_underrun(&playout->target, playout->now_ns);
}

double playout_bound_frames(const struct playout *playout) {
	double ms = playout->config.max_ms;
	if (playout->config.max_ms == 0) {
		ms = fmax(latency_target_ns(&playout->target) * 1e-6 + 40, 120);
	}
	return stream_to_frames(&playout->stream, ms * 1e6) + fmax(playout->excess_frames, 0);
}

/* Too little for the loop to mend: end the sound cleanly and put the missing fill in. */
static void resync_low(struct playout *playout, double fill) {
	struct stream *stream = &playout->stream;
	writer_tail(&playout->writer, stream);
	stream_write_silence(stream, playout_goal_frames(playout) - fill -
						     stream_to_frames(stream, WRITER_TAIL_NS));
	writer_fade_in(&playout->writer, playout->now_ns);
	playout->resynced_ns = playout->now_ns;
	playout->counts.skips++;
	playout_count_underrun(playout);
}

/* Sound was carried on for packets that were only late: they are left out in its place. */
static bool came_too_late(struct playout *playout, double error, double frames) {
	struct writer *writer = &playout->writer;
	if (writer->carried == 0) {
		return false;
	}
	if (error < frames * 0.75 || writer->carried < frames * 0.75) {
		writer->carried = 0;
		return false;
	}
	writer->carried -= frames;
	playout_count_underrun(playout);
	return true;
}

/* A sound began with more in flight than wanted, for nothing of it was to be lost, or with less,
 * for the device was faster than thought, or the server stood still: that is regained by playing
 * faster or slower, and where nobody hears that something is left out. */
static void note_excess(struct playout *playout, double error) {
	const struct stream *stream = &playout->stream;
	if (playout->beginning || playout->jumped) {
		const double most_ns = playout->beginning ? REGAIN_MOST_NS : RESYNC_ERROR_NS;
		const double off_ns = stream_to_ns(stream, fabs(error));
		playout->excess_frames = off_ns > REGAIN_FROM_NS && off_ns < most_ns ? error : 0;
		playout->beginning = false;
		playout->jumped = false;
	}
	if (playout->excess_frames == 0) {
		return;
	}
	const bool more = playout->excess_frames > 0;
	const double left = more ? fmin(playout->excess_frames, error)
				 : fmax(playout->excess_frames, error);
	const double least = stream_to_frames(stream, REGAINED_NS);
	playout->excess_frames = (more ? left > least : left < -least) ? left : 0;
	if (playout->excess_frames == 0) {
		servo_sync(&playout->writer.servo, playout->now_ns);
	}
}

/* Nobody hears that this one is left out. */
static bool regained_in_silence(struct playout *playout, const struct scream_packet *packet,
		double error, double frames) {
	const bool silent = playout->excess_frames > 0 && error > frames && scream_is_quiet(packet);
	const bool twice = silent && playout->was_silent;
	playout->was_silent = silent;
	return twice;
}

/* What sounds may be a little shorter, by a hundredth in all, which no ear takes for another tempo:
 * only where it repeats itself (concealment.h). */
static bool may_be_shorter(const struct playout *playout, double error) {
	const double most = stream_to_frames(&playout->stream, CUT_FROM_NS);
	return playout->excess_frames > most && error > most &&
	       playout->now_ns >= playout->whole_ns;
}

/* Whether this packet must be left out because too much is in flight. */
static bool too_much(struct playout *playout, double error, double frames) {
	if (playout_fill_now(playout) + frames > playout_bound_frames(playout)) {
		return true;
	}
	error -= fmax(playout->excess_frames, 0);
	bool hold_off = playout->now_ns - playout->resynced_ns < HOLD_OFF_NS;
	if (!playout->dropping && !hold_off &&
			error > stream_to_frames(&playout->stream, RESYNC_ERROR_NS)) {
		playout->dropping = true;
		playout->counts.skips++;
	}
	if (playout->dropping && error < frames) {
		playout->dropping = false;
		playout->resynced_ns = playout->now_ns;
		servo_sync(&playout->writer.servo, playout->now_ns);
	}
	return playout->dropping;
}

/* The server is already past the end of what was written (we were not run in time): what comes
 * first lands in its past and is not heard. Fade in where it is heard again. */
static void check_dry(struct playout *playout) {
	double fill = playout_fill_now(playout);
	struct concealment *concealment = &playout->writer.concealment;
	if (fill > 0 || concealment->mute_left > 0) {
		return;
	}
	playout_count_underrun(playout);
	concealment_fade_in(concealment, (unsigned)(stream_edge_frames(&playout->stream) - fill));
}

/* Packets are missing. The loop restores the fill unheard, if there is enough of it. */
static void patch_loss(struct playout *playout, unsigned lost, double fill) {
	const struct stream *stream = &playout->stream;
	const double frames = lost * playout->packet_frames;
	bool often = playout->lost_ns && playout->now_ns - playout->lost_ns < LOST_OFTEN_NS;
	playout->lost_ns = playout->now_ns;
	playout->counts.lost += lost;
	double least = stream_edge_frames(stream) +
		       stream_to_frames(stream, playout->target.late_ns);
	if (often || fill < fmax(least, playout_goal_frames(playout) - playout->packet_frames) ||
			frames > stream_to_frames(stream, LOOP_MENDS_NS)) {
		playout->writer.patch_frames =
				(unsigned)fmin(frames, PATCH_MOST_S * stream->info.rate);
	}
}

/* How late a packet is handled; that it was left waiting does not count. */
static double lateness_ns(const struct playout *playout, const struct arrival_result *arrival,
		uint64_t arrived_ns) {
	const double came = (double)arrived_ns - arrival->at_ns;
	const double due_ns = fmax(arrival->at_ns, (double)playout->pickup_ns);
	return fmax(came, (double)playout->now_ns - due_ns);
}

void playout_play(
		struct playout *playout, const struct scream_packet *packet, uint64_t arrived_ns) {
	const struct stream *stream = &playout->stream;
	playout_note_packet_size(playout, packet->frames);
	const struct arrival_result arrival = arrivals_note(
			&playout->arrivals, arrived_ns, packet->frames, packet_ns(playout));
	latency_target_late(&playout->target, lateness_ns(playout, &arrival, arrived_ns));

	double frames = packet->frames * playout_ratio(playout);
	double fill = buffer_fill_at(&stream->fill, arrival.at_ns);
	if (arrival.verdict == ARRIVAL_LOST) {
		patch_loss(playout, arrival.lost, fill);
		fill += playout->writer.patch_frames;
	}
	double error = fill - playout_goal_frames(playout);
	playout->fill_frames = fill;
	note_excess(playout, error);

	if (came_too_late(playout, error, frames) || too_much(playout, error, frames) ||
			regained_in_silence(playout, packet, error, frames)) {
		writer_drop_block(&playout->writer, packet->pcm, packet->frames);
		playout->counts.dropped++;
		return;
	}
	bool hold_off = playout->now_ns - playout->resynced_ns < HOLD_OFF_NS;
	if (!hold_off && (fill < stream_to_frames(stream, FILL_LEAST_NS) ||
					 error < -stream_to_frames(stream, RESYNC_ERROR_NS))) {
		resync_low(playout, fill);
	} else if (playout->excess_frames != 0) {
		servo_regain(&playout->writer.servo, playout->excess_frames > 0, frames);
	} else {
		check_dry(playout);
		playout->writer.servo.lossy = playout->lost_ns &&
					      playout->now_ns - playout->lost_ns < LOST_OFTEN_NS;
		servo_update(&playout->writer.servo, error, frames,
				playout->arrivals.reliable ||
						arrivals_are_bursty(&playout->arrivals),
				playout->now_ns);
	}
	struct writer *writer = &playout->writer;
	writer->shorten = may_be_shorter(playout, error);
	playout->counts.frames +=
			writer_block(writer, &playout->stream, packet->pcm, packet->frames);
	if (writer->cut_frames > 0) {
		const double cut_ns = stream_to_ns(stream, writer->cut_frames);
		playout->whole_ns = playout->now_ns + (uint64_t)(cut_ns * CUT_EACH);
	}
}

/* ---- when they are picked up: several to a wake-up, where enough is in flight ---- */

static double period_ns(const struct playout *playout) {
	return arrivals_period_ns(&playout->arrivals, packet_ns(playout));
}

/* How many packets or bursts may wait for the next one. */
static unsigned batch_most(const struct playout *playout) {
	const double period = period_ns(playout);
	const double most_ns = playout->config.saves_power ? THRIFTY_MOST_NS : BATCH_MOST_NS;
	const bool wanted = playout->target.fixed || playout->config.saves_power;
	return wanted && !playout->arrivals.reliable && period > 0 ? (unsigned)(most_ns / period)
								   : 0;
}

double playout_batch_ns(const struct playout *playout) {
	return batch_most(playout) * period_ns(playout);
}

/* Nothing was cut or missing for a while. */
static bool is_steady(const struct playout *playout) {
	const struct arrival *clock = &playout->arrivals.clock;
	return playout->state == PLAYOUT_PLAYING && !playout->dropping &&
	       playout->writer.carried <= 0 && clock->running && !clock->outlier &&
	       !clock->slipping && playout->now_ns - playout->resynced_ns > STEADY_NS &&
	       playout->now_ns - playout->underrun_ns > STEADY_NS;
}

uint64_t playout_pickup(struct playout *playout, uint64_t now_ns) {
	const struct arrivals *arrivals = &playout->arrivals;
	const struct stream *stream = &playout->stream;
	playout->pickup_ns = 0;
	if (!is_steady(playout)) {
		return 0;
	}
	/* Of the next one: the one that would be taken if none were left waiting. */
	const double due_ns = (double)arrivals->clock.base_ns + arrivals->clock.end_ns +
			      packet_ns(playout);
	const double next_ns = arrivals_are_bursty(arrivals)
					       ? (double)arrivals->burst_at_ns + arrivals->burst_ns
					       : due_ns;
	/* As much must be left as an adapting target keeps against lateness; in a burst the first
	 * is late as it is. */
	const double late_ns = fmax(playout->target.late_ns - fmax(next_ns - due_ns, 0), 0);
	const double least = stream_edge_frames(stream) +
			     stream_to_frames(stream, late_ns + LATENCY_TARGET_MARGIN_NS);
	const double period = period_ns(playout);
	unsigned batch = batch_most(playout);
	while (batch > 0 && buffer_fill_at(&stream->fill, next_ns + batch * period) < least) {
		batch--;
	}
	const double pickup_ns = next_ns + batch * period + PICKUP_AFTER_NS;
	if (batch > 0 && pickup_ns > (double)now_ns) {
		playout->pickup_ns = (uint64_t)pickup_ns;
	}
	return playout->pickup_ns;
}
