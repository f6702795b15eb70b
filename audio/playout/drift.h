/*
 * The arithmetic of the drift loop (scream-audio.md 3.1 to 3.3): when packets come, and how much
 * faster or slower they must be played. Pure: the caller has the clocks. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The arrival clock: a delay-locked loop over packet arrivals. It gives the time at which a packet
 * would have come had the guest sent evenly. Bursts, stalls and lost packets do not pull it:
 * arrivals beyond `limit_ns` are held off until they have persisted.
 */
struct arrival {
	bool running;
	unsigned packets; /* since the last restart */
	uint64_t base_ns; /* the times below count from here */
	double end_ns;    /* filtered time of the last packet */
	double frame_ns;  /* filtered time of one source frame */
	double nominal_ns;
	double limit_ns; /* larger errors are outliers; the owner may set it */
	bool reliable;   /* nothing can be lost; the owner may set it */

	bool outlier;
	bool outlier_late;
	uint64_t outlier_since_ns;

	/* A loss shows as lateness that no burst makes up for. */
	double floor_ns[2]; /* earliest arrivals of this and of the previous block */
	uint64_t floor_since_ns;
	bool slipping;
	uint64_t slip_since_ns;
	double slip_base_ns; /* the floor before it */
	double slip_ns;      /* least lateness since */
};

enum arrival_verdict {
	ARRIVAL_STEADY,
	ARRIVAL_HELD,      /* an outlier: the clock went on without looking at it */
	ARRIVAL_RESTARTED, /* the guest's time jumped: the phase is new, the period was kept */
	ARRIVAL_LOST,      /* whole packets are missing: the clock has stepped over them */
};

struct arrival_result {
	enum arrival_verdict verdict;
	double at_ns;    /* smoothed time of the packet, absolute CLOCK_MONOTONIC */
	double error_ns; /* arrival minus prediction */
	unsigned lost;   /* packets, with ARRIVAL_LOST */
};

void arrival_init(struct arrival *arrival, unsigned rate);
/* Forgets the phase, keeps the learned period. The next packet starts it. */
void arrival_restart(struct arrival *arrival);
/* One packet of `frames` source frames that came at t_ns. */
struct arrival_result arrival_packet(struct arrival *arrival, uint64_t t_ns, unsigned frames);
/* Steps over packets known to be lost. */
void arrival_skip(struct arrival *arrival, unsigned frames);
/* Steps over a packet without letting its time pull the clock; returns its error. */
double arrival_pass(struct arrival *arrival, uint64_t t_ns, unsigned frames);

/*
 * The servo: error of the fill in frames -> correction of the playing speed. Three states as in
 * zita-ajbridge; z3 is the learned drift between the guest and the sink.
 */
#define SERVO_HISTORY 10

struct servo {
	double rate; /* frames a second of the stream */
	double z1, z2, z3;
	double correction; /* in force: 1 = as it comes, above = more frames, slower */
	bool limited;
	bool lossy; /* the owner may set it */
	uint64_t sync_ns;
	double history[SERVO_HISTORY]; /* z3 of the last seconds */
	unsigned history_at;
	uint64_t history_ns;
};

/* 3.5 cents: nobody hears that, not even of a held note. */
#define SERVO_LIMIT 0.002
/* Where packets are lost all the time, of which each one is heard: the level must hold. */
#define SERVO_LIMIT_LOSSY 0.005

void servo_init(struct servo *servo, unsigned rate);
/* After a resync: the error is gone by other means; the learned drift stays. */
void servo_sync(struct servo *servo, uint64_t now_ns);
/* The device clock jumped: what was learned in the last seconds is not to be trusted. */
void servo_distrust(struct servo *servo);
/* error: fill minus target, in frames; frames: of this packet, at the stream's rate. bursty:
 * arrivals come in lumps, so look slower. Returns the correction for src_ratio. */
double servo_update(struct servo *servo, double error_frames, double frames, bool bursty,
		uint64_t now_ns);
/* What is in flight is wrong by a known cause: plays as fast or as slow as is allowed and learns
 * nothing from it. */
double servo_regain(struct servo *servo, bool faster, double frames);
