#include "audio/playout/stream.h"

#include <math.h>

#include "base/clock.h"

#define ZERO_FRAMES      512
#define RESERVE_START_NS 7e6
#define RESERVE_BLOCK_NS (5 * NS_PER_S)
#define EDGE_NS          2e6 /* a write needs so long to reach the server's mixer */
#define STUCK_NS         (2 * NS_PER_S)
#define ANSWER_NS        (1500 * NS_PER_MS)
#define DEAF_NS          (3 * NS_PER_S)
#define NUDGE_MOST_NS    (30 * NS_PER_S)
#define START_MOST_NS    100e6
#define START_GROWS      4 /* a quarter of what it was more */

static const float zeros[ZERO_FRAMES * SCREAM_CHANNELS_MAX];

static void note_reserve(struct stream *stream, double delay_ns, uint64_t now_ns) {
	if (now_ns - stream->reserve_since_ns > RESERVE_BLOCK_NS) {
		stream->reserve_since_ns = now_ns;
		stream->reserve_ns[1] = stream->reserve_ns[0];
		stream->reserve_ns[0] = 0;
	}
	if (stream->info.quantum_frames > 0) {
		/* The position is the mean of a staircase, half a step ahead of its lower edge. */
		delay_ns = stream_to_ns(stream, stream->info.quantum_frames) / 2;
	}
	stream->reserve_ns[0] = fmax(stream->reserve_ns[0], delay_ns);
}

void stream_begin(struct stream *stream, const struct sink_info *info, uint64_t now_ns) {
	stream->stands = true;
	stream->suspended = info->suspended;
	stream->info = *info;
	buffer_fill_init(&stream->fill, info->rate, info->quantum_frames, info->guessed);
	stream->corked_fill = 0;
	stream->position = -1;
	stream->reserve_ns[0] = 0;
	stream->reserve_ns[1] = 0;
	note_reserve(stream, RESERVE_START_NS, now_ns);
}

void stream_open(struct stream *stream, const struct sink_format *format) {
	stream->stands = false;
	stream->format = *format;
	stream->sink->ops->open(stream->sink, format);
}

void stream_close(struct stream *stream) {
	stream->stands = false;
	stream->sink->ops->close(stream->sink);
}

void stream_write(struct stream *stream, const float *frames, unsigned count) {
	if (count > 0 && stream->sink->ops->write(stream->sink, frames, count) == 0) {
		if (stream->listener) {
			stream->listener(stream, frames, count, stream->listener_data);
		}
		buffer_fill_wrote(&stream->fill, count);
	}
}

void stream_write_silence(struct stream *stream, double frames) {
	while (frames >= 1) {
		unsigned n = frames < ZERO_FRAMES ? (unsigned)frames : ZERO_FRAMES;
		stream_write(stream, zeros, n);
		frames -= n;
	}
}

void stream_restart_clock(struct stream *stream, uint64_t now_ns) {
	buffer_fill_restart(&stream->fill);
	stream->ask_ns = now_ns;
	stream->bridged_until_ns = now_ns;
	stream->bridged_ns = 0;
	stream->answered_ns = now_ns;
	stream->progress_ns = now_ns;
}

void stream_wrote_ahead(struct stream *stream, unsigned frames) {
	const uint64_t ns = (uint64_t)stream_to_ns(stream, frames);
	stream->bridged_until_ns += ns;
	stream->bridged_ns += ns;
}

void stream_uncork(struct stream *stream, double prefill, uint64_t now_ns) {
	stream_restart_clock(stream, now_ns);
	stream_write_silence(stream, prefill - stream->corked_fill);
	stream->sink->ops->cork(stream->sink, false);
	stream->uncorked_ns = now_ns;
	stream->uncorked_frames = fmax(prefill, stream->corked_fill) - (double)stream->fill.written;
}

void stream_learn_start(struct stream *stream, uint64_t now_ns) {
	if (stream->uncorked_ns == 0) {
		return;
	}
	/* Had it begun at once, so much would be in flight now. */
	const double left = stream->uncorked_frames + (double)stream->fill.written -
			    stream_to_frames(stream, (double)(now_ns - stream->uncorked_ns));
	const double start_ns =
			fmin(fmax(stream_to_ns(stream, stream_fill(stream, now_ns) - left), 0),
					START_MOST_NS);
	stream->uncorked_ns = 0;
	if (stream->start_ns == 0 || start_ns < stream->start_ns) {
		stream->start_ns = start_ns;
	} else {
		stream->start_ns += (start_ns - stream->start_ns) / START_GROWS;
	}
}

void stream_forget_start(struct stream *stream, bool other_device) {
	stream->uncorked_ns = 0;
	if (other_device) {
		stream->start_ns = 0;
	}
}

void stream_cork(struct stream *stream, uint64_t now_ns) {
	stream->sink->ops->cork(stream->sink, true);
	stream->corked_fill = stream_fill_known(stream) ? stream_fill(stream, now_ns) : 0;
	buffer_fill_restart(&stream->fill);
}

void stream_top_up(struct stream *stream, uint64_t now_ns) {
	if (stream_fill_known(stream)) {
		double top_up = stream_to_frames(stream, STREAM_TOP_UP_NS);
		double least = stream_edge_frames(stream) + top_up;
		stream_write_silence(stream, least + top_up - stream_fill(stream, now_ns));
		return;
	}
	if (now_ns > stream->bridged_until_ns) {
		uint64_t passed_ns = now_ns - stream->bridged_until_ns;
		stream_write_silence(stream, stream_to_frames(stream, (double)passed_ns));
		stream->bridged_until_ns = now_ns;
		stream->bridged_ns += passed_ns;
	}
}

bool stream_report(struct stream *stream, const struct sink_timing *timing, uint64_t now_ns) {
	if (now_ns - stream->answered_ns > ANSWER_NS) {
		stream->progress_ns = now_ns; /* it was stopped itself: look from now on */
	}
	stream->answered_ns = now_ns;
	if (timing->playing && fabs(timing->position_frames - stream->position) >= 1) {
		stream->position = timing->position_frames;
		stream->progress_ns = now_ns;
		stream->nudges = 0;
	}
	if (!timing->playing) {
		/* It has not begun: the silence written so far is all still there. */
		stream->bridged_until_ns = now_ns + stream->bridged_ns;
		return false;
	}
	bool jumped = buffer_fill_report(&stream->fill, timing->position_frames, timing->at_ns);
	if (stream_fill_known(stream) && stream->fill.odd_count == 0) {
		note_reserve(stream, timing->delay_ns, now_ns);
	}
	return jumped;
}

void stream_set_period(struct stream *stream, const struct sink_info *info) {
	const unsigned rate = stream->info.rate;
	const bool suspended = stream->info.suspended;
	stream->info = *info;
	stream->info.rate = rate;
	stream->info.suspended = suspended;
	buffer_fill_set_quantum(&stream->fill, info->quantum_frames, info->guessed);
	stream->reserve_ns[0] = 0;
	stream->reserve_ns[1] = 0;
	note_reserve(stream, RESERVE_START_NS, stream->reserve_since_ns);
}

bool stream_is_stuck(const struct stream *stream, uint64_t now_ns) {
	return now_ns - stream->progress_ns > STUCK_NS && now_ns - stream->answered_ns < STUCK_NS &&
	       now_ns >= stream->nudge_ns;
}

bool stream_nudge(struct stream *stream, uint64_t now_ns) {
	uint64_t wait_ns = STUCK_NS << (stream->nudges < 4 ? stream->nudges : 4);
	stream->nudge_ns = now_ns + (wait_ns < NUDGE_MOST_NS ? wait_ns : NUDGE_MOST_NS);
	if (stream->nudges++ % 2 > 0) {
		return false;
	}
	/* A change, so that a server that missed the last one looks again. */
	stream->sink->ops->cork(stream->sink, true);
	stream->sink->ops->cork(stream->sink, false);
	return true;
}

bool stream_is_deaf(const struct stream *stream, uint64_t now_ns) {
	return now_ns - stream->answered_ns > DEAF_NS;
}

double stream_edge_frames(const struct stream *stream) {
	double held = fmax(stream->reserve_ns[0], stream->reserve_ns[1]);
	return stream_to_frames(stream, held + EDGE_NS);
}

double stream_reserve_ns(const struct stream *stream) {
	return fmax(stream->reserve_ns[0], stream->reserve_ns[1]) + stream->info.request_ns;
}
