/*
 * The player: packets in, a stream that is always one target behind them out. It joins the
 * arrival clock, the level, the servo and the resampler (scream-audio.md 3.3) and decides what is
 * heard when something is missing: gaps, fades, stalls, another format.
 *
 * No thread, no clock and no socket of its own: every call says what time it is, so that hours run
 * in milliseconds in its test. One thread at a time; nothing here allocates except player_create(),
 * and a new format (two allocations, at most 4 times in 10 s).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/codec/scream.h"

struct sink;
struct player;

struct player_config {
	unsigned latency_ms; /* 10..200; 0 = adapt */
	unsigned max_ms;     /* hard bound of what is in flight; 0 = max(target + 40, 120) */
	bool high_quality;
	/* Hold two packets or a burst more (up to 13.4 ms, in an adapting target), for a third to
	 * half of the wake-ups. Otherwise a fixed target that has room for it holds one more. */
	bool thrifty;
};

/* Blocks may be larger than a datagram: SPICE sends up to 10 ms. */
#define PLAYER_BLOCK_BYTES 2304

enum player_state {
	PLAYER_IDLE,    /* no packets, no stream */
	PLAYER_OPENING, /* waiting for the server */
	PLAYER_CORKED,  /* a stream stands, the guest is silent */
	PLAYER_SYNCING, /* the stream runs with silence until its clock is known */
	PLAYER_PLAYING,
	PLAYER_GAP,       /* the guest stalls: silence is put in */
	PLAYER_SUSPENDED, /* the device is: packets are discarded */
};

struct player_stats {
	enum player_state state;
	bool waiting_for_server;     /* a stream is wanted and does not stand */
	struct scream_format format; /* rate 0 = none yet */
	double target_us, level_us, latency_us;
	double rate_ppm, sink_ppm, source_ppm;
	double jitter_us;
	uint64_t packets, frames;
	uint64_t underruns, skips, gaps, lost, dropped;
	uint64_t heard_ns;
};

/* The sink must outlive the player; its events are taken over. Returns 0 or -ENOMEM. */
int player_create(
		struct player **ret_player, const struct player_config *config, struct sink *sink);
/* Closes the stream at once: see player_fade_out(). Accepts NULL. */
void player_destroy(struct player *player);

/*
 * One packet of one source. Another format than before starts a new stream: the caller has made
 * sure that it is meant (1.7). arrived_ns: when the kernel had it, or when its sender stamped it.
 */
void player_packet(struct player *player, const struct scream_packet *packet, uint64_t arrived_ns,
		uint64_t now_ns);
/* Packets were lost before the next one, as the kernel counted. */
void player_lost(struct player *player, unsigned packets);
/* Another sound begins: the one before is faded out, the next packet starts as after a pause. */
void player_break(struct player *player, uint64_t now_ns);

/* What comes from now on cannot get lost on its way, but a timer of the sender's makes lumps of it
 * (SPICE): lateness is never a loss. */
void player_set_reliable(struct player *player, bool reliable);

/*
 * Until when packets may be left waiting: they are picked up two or three at a time (short ones
 * more), or two bursts, where enough is in flight, for waking up is most of what playing costs. 0 =
 * take each as it comes. Ask again after each packet, and when that time has passed without one; a
 * tick that is due comes first.
 */
uint64_t player_pickup(struct player *player, uint64_t now_ns);

/* Call it when player_due() has passed, after all packets that wait were given. */
void player_tick(struct player *player, uint64_t now_ns);
/* 0 = none. */
uint64_t player_due(const struct player *player);
/* Until when at the latest: worth a wake-up. 0 = never. */
uint64_t player_deadline(const struct player *player);

/* Fades the sound out; returns how long it takes until it has been heard. */
uint64_t player_fade_out(struct player *player, uint64_t now_ns);

enum player_state player_state(const struct player *player);
void player_get_stats(const struct player *player, uint64_t now_ns, struct player_stats *ret_stats);
