/*
 * The audio part: Scream packets in, PulseAudio out (doc/protocol/scream-audio.md).
 *
 * One thread ("pg-audio") owns the UDP socket, the resampler, the buffer fill and the PulseAudio
 * connection. Other threads may call only the functions below; none of them blocks for more than a
 * copy. An absent interface, sender or server is a state, reported through events->status.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/receive/port_owner.h"
#include "base/owners.h"
#include "base/part.h"
#include "base/thread.h"

struct audio;
struct recording_memory;
struct microphone_block;
struct microphone_request;

#define AUDIO_NAME_BYTES 256

enum audio_output {
	AUDIO_OUTPUT_PULSE,
	AUDIO_OUTPUT_RAW,  /* PCM as it arrived to raw_fd: `pierglass scream -o raw` */
	AUDIO_OUTPUT_NONE, /* nothing is played: only the microphone */
	AUDIO_OUTPUT_NULL, /* a built-in sink with a clock of its own, for the bench and tests */
};

struct audio_config {
	bool scream;            /* false: only sound that audio_push() brings (SPICE) */
	bool spice_when_silent; /* both, whichever sounds (auto): receive/source_choice.h */
	char interface[64];     /* name or IPv4 address; "auto" = every virbr* bridge */
	char group[16];         /* "239.255.77.77" */
	uint16_t port;          /* 4010 */
	bool unicast;           /* do not join the group; take packets sent to this host */
	struct port_owner
			port_owner; /* of audio_look_around(), for where it cannot be seen later */
	struct owners owners;       /* whose file may be that memory */
	char shm_path[AUDIO_NAME_BYTES]; /* Scream's shared memory transport; "" = the network */
	enum audio_output output;
	int raw_fd;
	char server[AUDIO_NAME_BYTES];      /* "" = PulseAudio's own choice */
	char sink[AUDIO_NAME_BYTES];        /* "" = the default sink */
	char stream_name[AUDIO_NAME_BYTES]; /* as the mixer shows it */
	unsigned latency_ms;                /* fixed target 10..200; 0 = adapt it (10..80) */
	unsigned max_ms;                    /* hard bound; 0 = max(target + 40, 120) */
	bool high_quality;                  /* the medium instead of the fast sinc converter */
	bool saves_power;                   /* 10 to 13 ms more in flight: see playout_config */
	int volume_percent;                 /* set once at start; -1 = what the server remembers */
	bool any_sender;                    /* do not lock on to one source address */
	char sender[64]; /* only these: IPv4 addresses and MACs, "," between; "" = any */
	/* With AUDIO_OUTPUT_NULL: its clock's error, and who listens (on pg-audio; may be NULL). */
	double null_ppm;
	void (*null_heard)(const float *frames, unsigned count, unsigned channels, uint64_t at_ns,
			double frame_ns, void *data);
	/* After each packet was handled. */
	void (*null_packet)(uint64_t arrived_ns, uint64_t handled_ns, void *data);
	void *null_data;
	bool can_own;     /* take part in "one owner of the sound": see sound_owner.h */
	bool microphone;  /* audio_set_microphone() will be used */
	bool preemptible; /* the audio-only unit: gives way to a player and resumes after it */
	struct scheduling_broker broker; /* asked for real-time scheduling where limits refuse it */
};

/* Played, and not heard: see audio_stats.silenced. */
enum audio_silenced {
	AUDIO_AUDIBLE,
	AUDIO_STREAM_MUTED, /* in the mixer, not by audio_set_mute() or the guest */
	AUDIO_DEVICE_MUTED,
	AUDIO_STREAM_ZERO, /* its volume is nothing */
	AUDIO_DEVICE_ZERO,
};

/* Figures of the running stream, for --stats, the overlay and the bench. */
struct audio_stats {
	bool playing;
	unsigned rate, bits, channels; /* of the source; 0 = none yet */
	double target_us;
	double fill_us;    /* from our write to the loudspeaker, as the loop sees it */
	double latency_us; /* fill + what the resampler holds: the reported latency */
	double rate_ppm;   /* correction in force */
	double sink_ppm;   /* the sink's measured clock against CLOCK_MONOTONIC */
	double source_ppm; /* the sender's */
	double jitter_us;  /* lateness that the target allows for */
	uint64_t packets, frames;
	uint64_t lost;      /* packets dropped by the kernel at our socket */
	uint64_t missing;   /* packets that never came, as their times tell */
	uint64_t rejected;  /* malformed or from another sender */
	uint64_t underruns; /* the stream ran dry */
	uint64_t gaps;      /* the guest stalled or stopped: silence was put in */
	uint64_t skips;     /* hard resyncs: sound was cut or silence put in */
	/* When the newest sound that was written will be heard; 0 = nothing plays. */
	uint64_t heard_ns;
	enum audio_silenced silenced;
	bool is_spice;   /* SPICE sound plays */
	bool microphone; /* it is open: a stream captures */
	uint64_t microphone_frames;
};

struct audio_events {
	/* On pg-audio; must not block. */
	void (*status)(const struct part_status *status, void *data);
	void *data;
};

/* First thing in main(), before there is a thread: takes PULSE_LATENCY_MSEC out of the environment.
 * libpulse puts it in the place of the buffer that playout asks for, and users have it for other
 * programs. Says so where it was set to anything. */
void audio_own_latency(void);

/* Before the program confines itself: who holds the port of the sound now, into the configuration.
 */
void audio_look_around(struct audio_config *config);

/* Copies both arguments. Returns 0 or a negative errno (local failure only). */
int audio_start(struct audio **ret_audio, const struct audio_config *config,
		const struct audio_events *events);

/* Fades out and joins the thread; audio stays valid for those who still call it. Accepts NULL. Call
 * from the thread that called audio_start(). */
void audio_halt(struct audio *audio);

/* Fades out, joins the thread and frees everything. Accepts NULL. No event arrives after it
 * returned. Call from the thread that called audio_start(). */
void audio_stop(struct audio *audio);

/* From any thread. */
void audio_get_stats(struct audio *audio, struct audio_stats *ret_stats);
void audio_set_mute(struct audio *audio, bool mute);
/* As audio_config.volume_percent and .latency_ms, while it plays. */
void audio_set_volume(struct audio *audio, int percent);
void audio_set_latency(struct audio *audio, unsigned latency_ms);
/* Discovery found the bridge later: listen there from now on. */
void audio_set_interface(struct audio *audio, const char *name);
/* Discovery found whose sound it is: as audio_config.sender. */
void audio_set_sender(struct audio *audio, const char *senders);
/* Discovery found the memory that the guest's Scream writes into: that instead of the network;
 * "" = the network. */
void audio_set_shm_path(struct audio *audio, const char *path);
/* What is played goes into that memory, too, whatever its volume; NULL = no more. Takes a reference
 * of its own. */
void audio_record(struct audio *audio, struct recording_memory *memory);
/* Look for interface, server and owner at once instead of at the next retry. */
void audio_retry(struct audio *audio);

/*
 * Sound from the SPICE playback channel, from pg-io. Interleaved S16LE; a block of another rate or
 * channel count starts a new stream. Blocks are queued (bounded); full = dropped and counted.
 */
void audio_push(struct audio *audio, const void *samples, unsigned frames, unsigned channels,
		unsigned rate, uint64_t arrived_ns);
void audio_push_stop(struct audio *audio);
/* The channel is there: what it brings at once began before. */
void audio_push_linked(struct audio *audio);
/* The guest's own volume for that sound: 0..65535 per channel. */
void audio_push_volume(struct audio *audio, unsigned channels, const uint16_t *volume, bool mute);

/*
 * The microphone, for pg-io; only with config.microphone. The wish is copied; blocks of an earlier
 * one may still wait when the next takes effect.
 */
void audio_set_microphone(struct audio *audio, const struct microphone_request *request);
/* Readable while blocks may wait. -1: there is no microphone to be had. */
int audio_microphone_fd(const struct audio *audio);
/* The oldest block that waits; false when there is none. */
bool audio_microphone_take(struct audio *audio, struct microphone_block *ret_block);
