#include "audio/server/sink_null.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audio/server/sink_null_fault.h"
#include "base/clock.h"

#define RING_FRAMES 32768 /* power of two: 0.68 s at 48 kHz */

struct sink_null {
	struct sink sink;
	struct sink_null_config config;
	bool wanted;
	bool open;
	bool ready_due;
	bool away;
	bool gone_due;
	bool corked;
	bool timing_due;
	bool starving;
	bool suspended;
	bool suspended_reported;
	bool idle; /* suspended, for it was corked for long */
	enum sink_null_stuck stuck;
	bool moved_due;
	bool period_due;
	uint64_t corked_ns; /* since when */
	unsigned channels;
	int64_t written;
	int64_t rendered;
	double next_ns; /* when the next block is rendered = when the last one was heard */
	double frame_ns;
	uint64_t now_ns;
	float *ring;
	float *block;
};

static struct sink_null *null_of(struct sink *sink) {
	return (struct sink_null *)sink;
}

static void null_open(struct sink *sink, const struct sink_format *format) {
	struct sink_null *null = null_of(sink);
	null->channels = format->channels;
	null->wanted = true;
	null->open = false;
	null->ready_due = !null->away;
}

static void null_close(struct sink *sink) {
	struct sink_null *null = null_of(sink);
	null->wanted = false;
	null->open = false;
	null->ready_due = false;
}

static int null_write(struct sink *sink, const float *frames, unsigned count) {
	struct sink_null *null = null_of(sink);
	if (!null->open) {
		return -ENOTCONN;
	}
	for (unsigned i = 0; i < count; i++, null->written++) {
		int64_t ahead = null->written - null->rendered;
		if (ahead >= 0 && ahead < RING_FRAMES) {
			size_t at = (size_t)(null->written & (RING_FRAMES - 1)) * null->channels;
			memcpy(null->ring + at, frames + (size_t)i * null->channels,
					null->channels * sizeof *frames);
		}
	}
	return 0;
}

static void null_cork(struct sink *sink, bool corked) {
	struct sink_null *null = null_of(sink);
	if (null->corked && !corked) {
		null->next_ns = fmax(null->next_ns, (double)(null->now_ns + null->config.start_ns));
		null->stuck = null->stuck == STUCK_UNTIL_UNCORKED ? MOVES : null->stuck;
		if (null->idle) {
			null->idle = false;
			null->suspended = false;
		}
	} else if (!null->corked && corked) {
		null->corked_ns = null->now_ns;
	}
	null->corked = corked;
}

static bool plays(const struct sink_null *null) {
	return null->open && !null->corked && !null->suspended && null->stuck == MOVES;
}

static void null_ask_timing(struct sink *sink) {
	null_of(sink)->timing_due = true;
}

static void null_destroy(struct sink *sink) {
	if (!sink) {
		return;
	}
	struct sink_null *null = null_of(sink);
	free(null->ring);
	free(null->block);
	free(null);
}

static const struct sink_ops null_ops = {
	.open = null_open,
	.close = null_close,
	.write = null_write,
	.cork = null_cork,
	.ask_timing = null_ask_timing,
	.destroy = null_destroy,
};

int sink_null_create(struct sink **ret_sink, const struct sink_null_config *config) {
	struct sink_null *null = calloc(1, sizeof *null);
	if (!null) {
		return -ENOMEM;
	}
	null->sink.ops = &null_ops;
	null->config = *config;
	null->frame_ns = 1e9 / (config->rate * (1 + config->ppm * 1e-6));
	null->ring = calloc((size_t)RING_FRAMES * SCREAM_CHANNELS_MAX, sizeof(float));
	null->block = calloc((size_t)config->block_frames * SCREAM_CHANNELS_MAX, sizeof(float));
	if (!null->ring || !null->block) {
		null_destroy(&null->sink);
		return -ENOMEM;
	}
	*ret_sink = &null->sink;
	return 0;
}

#define REQUEST_MOST_NS 5.4e6

static struct sink_info info_of(const struct sink_null *null) {
	const double block_ns = null->config.block_frames * null->frame_ns;
	const bool steps = null->config.quantum_frames > 0;
	return (struct sink_info){
		.rate = null->config.rate,
		.quantum_frames = null->config.quantum_frames,
		.request_ns = steps ? fmin(block_ns, REQUEST_MOST_NS) : block_ns,
		.offset_ns = steps ? block_ns / 2 : 0,
		.suspended = null->suspended,
	};
}

static void become_ready(struct sink_null *null) {
	const struct sink_info info = info_of(null);
	null->ready_due = false;
	null->open = true;
	null->corked = true;
	null->corked_ns = null->now_ns;
	null->stuck = null->stuck == STUCK_ALWAYS ? STUCK_ALWAYS : MOVES;
	null->suspended_reported = null->suspended;
	null->written = 0;
	null->rendered = 0;
	null->starving = true;
	if (null->sink.events.ready) {
		null->sink.events.ready(&info, null->sink.data);
	}
}

static void render(struct sink_null *null) {
	unsigned count = null->config.block_frames;
	bool starved = false;
	for (unsigned i = 0; i < count; i++, null->rendered++) {
		float *to = null->block + (size_t)i * null->channels;
		if (null->rendered < null->written) {
			size_t at = (size_t)(null->rendered & (RING_FRAMES - 1)) * null->channels;
			memcpy(to, null->ring + at, null->channels * sizeof *to);
		} else {
			memset(to, 0, null->channels * sizeof *to);
			starved = true;
		}
	}
	if (null->config.heard) {
		null->config.heard(null->block, count, null->channels, (uint64_t)null->next_ns,
				null->frame_ns, null->config.data);
	}
	null->next_ns += count * null->frame_ns;
	if (starved && !null->starving && null->sink.events.underflow) {
		null->sink.events.underflow(null->sink.data);
	}
	null->starving = starved;
}

static void report(struct sink_null *null) {
	double delay_ns = null->corked ? 0 : fmax(null->next_ns - (double)null->now_ns, 0);
	bool steps = null->config.quantum_frames > 0;
	const struct sink_timing timing = {
		.position_frames = (double)null->rendered - (steps ? 0 : delay_ns / null->frame_ns),
		.delay_ns = steps ? 0 : delay_ns,
		.at_ns = null->now_ns,
		.playing = !null->corked && !null->suspended && null->rendered > 0,
	};
	null->timing_due = false;
	if (null->sink.events.timing) {
		null->sink.events.timing(&timing, null->sink.data);
	}
}

static bool gets_idle(const struct sink_null *null) {
	return null->config.idle_ns > 0 && null->open && null->corked && !null->suspended;
}

static void tell_changes(struct sink_null *null) {
	const struct sink_events *events = &null->sink.events;
	if (gets_idle(null) && null->now_ns - null->corked_ns >= null->config.idle_ns) {
		null->suspended = true;
		null->idle = true;
	}
	if (null->moved_due && null->open && events->moved) {
		events->moved(null->sink.data);
	}
	null->moved_due = false;
	if (null->open && null->suspended != null->suspended_reported) {
		null->suspended_reported = null->suspended;
		if (events->suspended) {
			events->suspended(null->suspended, null->sink.data);
		}
	}
	if (null->open && null->period_due && events->period) {
		const struct sink_info info = info_of(null);
		events->period(&info, null->sink.data);
	}
	null->period_due = false;
}

void sink_null_run(struct sink *sink, uint64_t now_ns) {
	struct sink_null *null = null_of(sink);
	null->now_ns = now_ns;
	if (null->gone_due) {
		null->gone_due = false;
		null->open = false;
		if (sink->events.gone) {
			sink->events.gone(sink->data);
		}
	}
	if (null->ready_due) {
		become_ready(null);
	}
	tell_changes(null);
	if (!plays(null)) {
		null->next_ns = fmax(null->next_ns, (double)now_ns);
	}
	while (plays(null) && null->next_ns <= (double)now_ns) {
		render(null);
	}
	if (null->open && null->timing_due) {
		report(null);
	}
}

deadline sink_null_deadline(const struct sink *sink) {
	const struct sink_null *null = (const struct sink_null *)sink;
	if (null->ready_due || null->gone_due || (null->open && null->timing_due) ||
			(null->open && null->suspended != null->suspended_reported)) {
		return null->now_ns;
	}
	if (gets_idle(null)) {
		return null->corked_ns + null->config.idle_ns;
	}
	return plays(null) ? (deadline)null->next_ns + 1 : DEADLINE_NONE;
}

void sink_null_suspend(struct sink *sink, bool suspended) {
	null_of(sink)->suspended = suspended;
	null_of(sink)->idle = false;
}

void sink_null_move(struct sink *sink, unsigned frames) {
	struct sink_null *null = null_of(sink);
	null->moved_due = true;
	null->next_ns -= frames * null->frame_ns;
}

void sink_null_stick(struct sink *sink, enum sink_null_stuck until) {
	null_of(sink)->stuck = until;
}

void sink_null_set_quantum(struct sink *sink, unsigned frames) {
	struct sink_null *null = null_of(sink);
	if (frames > null->config.block_frames) {
		float *block = realloc(
				null->block, (size_t)frames * SCREAM_CHANNELS_MAX * sizeof *block);
		if (!block) {
			return;
		}
		null->block = block;
	}
	null->config.block_frames = frames;
	null->config.quantum_frames = frames;
	null->period_due = true;
}

void sink_null_stall(struct sink *sink, uint64_t stall_ns) {
	null_of(sink)->next_ns += (double)stall_ns;
}

void sink_null_set_away(struct sink *sink, bool away, uint64_t now_ns) {
	struct sink_null *null = null_of(sink);
	null->now_ns = now_ns;
	if (away && !null->away) {
		null->gone_due = null->open;
		null->ready_due = false;
	} else if (!away && null->away) {
		null->ready_due = null->wanted;
	}
	null->away = away;
}
