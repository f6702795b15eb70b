/*
 * The playout engine: packets go in; a stream that is always one target behind them comes out. The
 * engine joins the arrival clock, the fill, the servo and the resampler (scream-audio.md 3.3) and
 * decides what is heard when something is missing: gaps, fades, stalls, another format.
 *
 * No thread, no clock and no socket of its own: every call says what time it is, so that hours run
 * in milliseconds in its test. One thread at a time; nothing here allocates except
 * playout_create(), and a new format (two allocations, at most 4 times in 10 s).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/codec/scream.h"
#include "base/deadline.h"

struct sink;
struct sink_format;
struct playout;

struct playout_config {
	unsigned latency_ms; /* 10..200; 0 = adapt */
	unsigned max_ms;     /* hard bound of what is in flight; 0 = max(target + 40, 120) */
	bool high_quality;
	/* Hold two packets or a burst more (up to 13.4 ms, in an adapting target), for a third to
	 * half of the wake-ups. Otherwise a fixed target that has room for it holds one more. */
	bool saves_power;
};

/* Blocks may be larger than a datagram: SPICE sends up to 10 ms. */
#define PLAYOUT_BLOCK_BYTES 2304

enum playout_state {
	PLAYOUT_IDLE,    /* no packets, no stream */
	PLAYOUT_OPENING, /* waiting for the server */
	PLAYOUT_CORKED,  /* a stream stands, the guest is silent */
	PLAYOUT_SYNCING, /* the stream runs with silence until its clock is known */
	PLAYOUT_PLAYING,
	PLAYOUT_GAP,       /* the guest stalls: silence is put in */
	PLAYOUT_SUSPENDED, /* the device is: the newest packets are kept */
};

/* What the server does not do, whatever the state says. */
enum playout_trouble {
	PLAYOUT_FINE,
	PLAYOUT_DEAF,  /* no answer from it for 3 s */
	PLAYOUT_STUCK, /* it answers and plays nothing: it is asked again, then another stream
			  opened */
};

struct playout_stats {
	enum playout_state state;
	enum playout_trouble trouble;
	bool waiting_for_server;     /* a stream is wanted and does not stand */
	bool warming;                /* it is wanted for a sound that has not come yet */
	struct scream_format format; /* rate 0 = none yet */
	double target_us, fill_us, latency_us;
	double rate_ppm, sink_ppm, source_ppm;
	double jitter_us;
	uint64_t packets, frames;
	uint64_t underruns, skips, gaps, lost, dropped;
	uint64_t heard_ns;
};

/* The sink must outlive the playout; its events are taken over. Returns 0 or -ENOMEM. */
int playout_create(struct playout **ret_playout, const struct playout_config *config,
		struct sink *sink);
/* Closes the stream at once: see playout_fade_out(). Accepts NULL. */
void playout_destroy(struct playout *playout);
/* Everything that is written to the server is given to listen, too, from inside of the calls below:
 * at_ns is when it will be heard, 0 = not known yet. NULL = to nobody. */
void playout_set_listener(struct playout *playout,
		void (*listen)(const float *frames, unsigned count,
				const struct sink_format *format, unsigned rate, uint64_t at_ns,
				void *data),
		void *data);
/* As playout_config.latency_ms, from now on: silence is put in, or sound is cut, once. */
void playout_set_latency(struct playout *playout, unsigned latency_ms);

/*
 * One packet of one source. Another format than before starts a new stream: the caller has made
 * sure that it is meant (1.7). arrived_ns: when the kernel had it, or when its sender stamped it.
 */
void playout_packet(struct playout *playout, const struct scream_packet *packet,
		uint64_t arrived_ns, uint64_t now_ns);
/* The server is there, and nothing plays yet: opens a stream of stereo, and learns how much the
 * server takes at a time if it does not say, so that the first sound is heard whole. */
void playout_warm(struct playout *playout, uint64_t now_ns);
/* Since when somebody has listened to the source of the next packet; 0 = long ago. A sound that
 * comes at once began before, and is trimmed; of any other nothing is lost. */
void playout_listens(struct playout *playout, uint64_t since_ns);
/* Packets were lost before the next one, as the kernel counted. */
void playout_lost(struct playout *playout, unsigned packets);
/* Another sound begins: the one before is faded out, the next packet starts as after a pause. */
void playout_break(struct playout *playout, uint64_t now_ns);

/* What comes from now on cannot get lost on its way, but a timer of the sender's makes lumps of it
 * (SPICE): lateness is never a loss. */
void playout_set_reliable(struct playout *playout, bool reliable);

/*
 * Until when packets may be left waiting: they are picked up two or three at a time (short ones
 * more), or two bursts, where enough is in flight, for waking up is most of what playing costs. 0 =
 * take each as it comes. Ask again after each packet, and when that time has passed without one; a
 * tick that is due comes first.
 */
uint64_t playout_pickup(struct playout *playout, uint64_t now_ns);

/* Call it when playout_due() has passed, after all packets that wait were given. */
void playout_tick(struct playout *playout, uint64_t now_ns);
deadline playout_due(const struct playout *playout);
/* Until when at the latest: worth a wake-up. */
deadline playout_deadline(const struct playout *playout);

/* Fades the sound out; returns how long it takes until it has been heard. */
uint64_t playout_fade_out(struct playout *playout, uint64_t now_ns);

enum playout_state playout_state(const struct playout *playout);
void playout_get_stats(
		const struct playout *playout, uint64_t now_ns, struct playout_stats *ret_stats);
