#include "audio/playout/latency_target.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define BIN_NS          500e3
#define BLOCK_NS        (10 * NS_PER_S)
#define UPDATE_NS       NS_PER_S
#define QUANTILE        0.995
#define ATTACK_NS       5e6
#define ATTACK_PAUSE_NS NS_PER_S
#define RESTORE_NS      20e6 /* at most, of what was given up too soon */
#define HOLD_NS         (60 * NS_PER_S)
#define HOLD_MOST_NS    (1800 * NS_PER_S)
#define FORGET_NS       (3600 * NS_PER_S)
#define DECAY_EACH_NS   (10 * NS_PER_S)
#define DECAY_NS        1e6
#define RISE_NS         5e6 /* at most, per update */
#define FALL_NS         100e3

void latency_target_init(struct latency_target *target, unsigned fixed_ms) {
	*target = (struct latency_target){
		.fixed = fixed_ms > 0,
		.now_ns = (fixed_ms > 0 ? fixed_ms : LATENCY_TARGET_START_MS) * 1e6,
	};
}

void latency_target_change(struct latency_target *target, unsigned fixed_ms) {
	target->fixed = fixed_ms > 0;
	if (target->fixed) {
		target->now_ns = fixed_ms * 1e6;
	}
}

void latency_target_restart(struct latency_target *target, double packet_ns, double resampler_ns) {
	target->constant_ns = packet_ns / 2 + resampler_ns;
	memset(target->bins, 0, sizeof target->bins);
	memset(target->counts, 0, sizeof target->counts);
	target->block_since_ns = 0;
}

void latency_target_set_reserve(struct latency_target *target, double reserve_ns) {
	target->reserve_ns = reserve_ns;
}

void latency_target_set_batch(struct latency_target *target, double batch_ns) {
	target->batch_ns = batch_ns;
}

void latency_target_late(struct latency_target *target, double late_ns) {
	double bin = fmin(fmax(late_ns, 0) / BIN_NS, LATENCY_TARGET_BINS - 1);
	target->bins[target->block][(unsigned)bin]++;
	target->counts[target->block]++;
}

static uint32_t count_all(const struct latency_target *target) {
	uint32_t all = 0;
	for (unsigned i = 0; i < LATENCY_TARGET_BLOCKS; i++) {
		all += target->counts[i];
	}
	return all;
}

static double quantile_ns(const struct latency_target *target) {
	double rest = (1 - QUANTILE) * count_all(target);
	double above = 0;
	for (unsigned bin = LATENCY_TARGET_BINS; bin-- > 0;) {
		for (unsigned i = 0; i < LATENCY_TARGET_BLOCKS; i++) {
			above += target->bins[i][bin];
		}
		if (above > rest) {
			return (bin + 1) * BIN_NS;
		}
	}
	return 0;
}

static void turn_block(struct latency_target *target, uint64_t now_ns) {
	if (target->block_since_ns == 0) {
		target->block_since_ns = now_ns;
	}
	if (now_ns - target->block_since_ns < BLOCK_NS) {
		return;
	}
	target->block_since_ns = now_ns;
	target->block = (target->block + 1) % LATENCY_TARGET_BLOCKS;
	memset(target->bins[target->block], 0, sizeof target->bins[0]);
	target->counts[target->block] = 0;
}

/*
 * One that comes when what was added has begun to go, or is gone, says that this was too soon: a
 * machine on which something holds us up every few minutes would crackle every few minutes. It is
 * given back at once and stays for twice as long.
 */
static double restored_ns(struct latency_target *target, uint64_t since_ns) {
	if (target->attacked_ns == 0 || since_ns > FORGET_NS) {
		target->hold_ns = HOLD_NS;
		return 0;
	}
	if (since_ns < target->hold_ns) {
		return 0;
	}
	target->hold_ns = target->hold_ns < HOLD_MOST_NS / 2 ? 2 * target->hold_ns : HOLD_MOST_NS;
	return fmin(target->attacked_to_ns, RESTORE_NS);
}

void latency_target_underrun(struct latency_target *target, uint64_t now_ns) {
	const uint64_t since_ns = now_ns - target->attacked_ns;
	if (target->fixed || (target->attacked_ns != 0 && since_ns < ATTACK_PAUSE_NS)) {
		return;
	}
	const double before_ns = target->attack_ns;
	target->attack_ns = fmax(before_ns + ATTACK_NS, restored_ns(target, since_ns));
	target->attack_ns = fmin(target->attack_ns, LATENCY_TARGET_MAX_MS * 1e6);
	target->now_ns = fmin(target->now_ns + target->attack_ns - before_ns,
			LATENCY_TARGET_MAX_MS * 1e6);
	target->attacked_to_ns = target->attack_ns;
	target->attacked_ns = now_ns;
	target->decay_ns = now_ns + target->hold_ns;
}

static void decay(struct latency_target *target, uint64_t now_ns) {
	if (target->attack_ns > 0 && now_ns >= target->decay_ns) {
		target->attack_ns = fmax(target->attack_ns - DECAY_NS, 0);
		target->decay_ns = now_ns + DECAY_EACH_NS;
	}
}

void latency_target_update(struct latency_target *target, uint64_t now_ns) {
	if (now_ns - target->update_ns < UPDATE_NS) {
		return;
	}
	target->update_ns = now_ns;
	turn_block(target, now_ns);
	decay(target, now_ns);
	if (count_all(target) < 100) {
		return;
	}
	target->late_ns = quantile_ns(target);
	if (target->fixed) {
		return;
	}
	double wanted = target->reserve_ns + target->late_ns + LATENCY_TARGET_MARGIN_NS +
			target->batch_ns + target->attack_ns + target->constant_ns;
	/* What the server takes at a time is no reason to crackle. */
	double most = fmax(LATENCY_TARGET_MAX_MS * 1e6, target->reserve_ns + target->constant_ns +
									target->late_ns +
									LATENCY_TARGET_MARGIN_NS);
	wanted = fmin(fmax(wanted, LATENCY_TARGET_MIN_MS * 1e6), most);
	double step = fmin(fmax(wanted - target->now_ns, -FALL_NS), RISE_NS);
	target->now_ns += step;
}

double latency_target_ns(const struct latency_target *target) {
	return fmax(target->now_ns, target->reserve_ns + target->constant_ns);
}

double latency_target_fill_ns(const struct latency_target *target) {
	return fmax(latency_target_ns(target) - target->constant_ns, 1e6);
}
