#include "audio/playout/playout_internal.h"

#include <math.h>

#include "base/clock.h"

#define PREFILL_NS    10e6 /* above the edge */
#define FAR_BEHIND_NS 5e9

static void drop_oldest(struct playout *playout) {
	prebuffer_drop_oldest(&playout->prebuffer);
	playout->dropped++;
}

void playout_restart_clock(struct playout *playout) {
	buffer_fill_restart(&playout->fill);
	playout->ask_ns = playout->now_ns;
	playout->bridged_until_ns = playout->now_ns;
	playout->bridged_ns = 0;
}

/* Silence first, then run: a stream that runs empty plays nothing that is written late (3.5). */
void playout_uncork(struct playout *playout) {
	playout_restart_clock(playout);
	double prefill = fmin(playout_edge_frames(playout) + playout_to_frames(playout, PREFILL_NS),
			playout_goal_frames(playout));
	playout_write_silence(playout, prefill - playout->corked_fill);
	playout->sink->ops->cork(playout->sink, false);
	playout->corked_for_silence = false;
	playout_set_state(playout, PLAYOUT_SYNCING);
}

void playout_note_packet_size(struct playout *playout, unsigned frames) {
	double packet_frames = frames * playout_ratio(playout);
	if (fabs(packet_frames - playout->packet_frames) < 1 || !playout->resample) {
		return;
	}
	playout->packet_frames = packet_frames;
	latency_target_restart(&playout->target, playout_to_ns(playout, packet_frames),
			resample_delay_ns(playout->resample) + playout->info.offset_ns);
}

int playout_make_resample(struct playout *playout) {
	resample_destroy(playout->resample);
	playout->resample = NULL;
	playout->packet_frames = 0;
	return resample_create(&playout->resample, &playout->format, playout->info.rate,
			playout->config.high_quality);
}

/* The backlog of a stall was sent at once: the clock went on, and its newest packet is on time. If
 * it is not, the guest's own time stood still. */
static double sync_arrival(struct playout *playout) {
	double error = 0;
	struct prebuffer_slot *newest =
			prebuffer_at(&playout->prebuffer, playout->prebuffer.count - 1);
	for (unsigned i = 0; i < playout->prebuffer.count; i++) {
		struct prebuffer_slot *slot = prebuffer_at(&playout->prebuffer, i);
		error = arrival_pass(&playout->arrival, slot->arrived_ns, slot->frames);
	}
	if (fabs(error) > fmin(playout->arrival.limit_ns, 10e6)) {
		arrival_restart(&playout->arrival);
		error = arrival_pass(&playout->arrival, newest->arrived_ns, newest->frames);
	}
	return (double)newest->arrived_ns - error;
}

/* Everything is known: of the packets that wait, the newest that fit the target are played. */
static void begin(struct playout *playout) {
	double at_ns = sync_arrival(playout);
	struct prebuffer_slot *newest =
			prebuffer_at(&playout->prebuffer, playout->prebuffer.count - 1);
	playout_note_packet_size(playout, newest->frames);

	double ratio = playout_ratio(playout);
	double fill = buffer_fill_at(&playout->fill, at_ns);
	double wanted = playout_goal_frames(playout) + newest->frames * ratio;
	double waiting = prebuffer_frames(&playout->prebuffer) * ratio;
	while (playout->prebuffer.count > 1 &&
			fill + waiting > wanted + prebuffer_at(&playout->prebuffer, 0)->frames *
									 ratio / 2) {
		waiting -= prebuffer_at(&playout->prebuffer, 0)->frames * ratio;
		drop_oldest(playout);
	}
	playout_write_silence(playout, wanted - fill - waiting);

	resample_reset(playout->resample);
	concealment_fade_in(&playout->concealment, 0);
	servo_sync(&playout->servo, playout->now_ns);
	for (unsigned i = 0; i < playout->prebuffer.count; i++) {
		struct prebuffer_slot *slot = prebuffer_at(&playout->prebuffer, i);
		playout_play_block(playout, slot->pcm, slot->frames);
	}
	prebuffer_clear(&playout->prebuffer);
	playout->resynced_ns = playout->now_ns;
	playout->dropping = false;
	playout->patch_frames = 0;
	playout->carried = 0;
	playout_set_state(playout, PLAYOUT_PLAYING);
}

void playout_reopen(struct playout *playout) {
	playout->stream = false;
	playout->sink->ops->open(playout->sink, &playout->wanted);
	playout_set_state(playout, PLAYOUT_OPENING);
}

void playout_sync_try(struct playout *playout) {
	if (playout->prebuffer.count == 0 || !buffer_fill_known(&playout->fill) ||
			playout->now_ns - prebuffer_at(&playout->prebuffer, 0)->arrived_ns <
					PLAYOUT_SETTLE_NS) {
		return;
	}
	if (playout_to_ns(playout, playout_fill_now(playout)) < -FAR_BEHIND_NS) {
		playout_reopen(playout); /* rather than minutes of silence */
		return;
	}
	begin(playout);
}

/* Keeps the stream alive while there is nothing to play. */
void playout_top_up(struct playout *playout) {
	if (buffer_fill_known(&playout->fill)) {
		double least = playout_edge_frames(playout) +
			       playout_to_frames(playout, PLAYOUT_TOP_UP_NS);
		playout_write_silence(
				playout, least + playout_to_frames(playout, PLAYOUT_TOP_UP_NS) -
							 playout_fill_now(playout));
		return;
	}
	if (playout->now_ns > playout->bridged_until_ns) {
		uint64_t passed_ns = playout->now_ns - playout->bridged_until_ns;
		playout_write_silence(playout, playout_to_frames(playout, (double)passed_ns));
		playout->bridged_until_ns = playout->now_ns;
		playout->bridged_ns += passed_ns;
	}
}
