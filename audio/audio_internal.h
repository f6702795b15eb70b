/*
 * Shared by the files of the audio part: audio.c, audio_recording.c, audio_spice.c and
 * audio_status.c. No other file includes this header.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "audio/audio.h"
#include "audio/playout/playout.h"
#include "audio/receive/receiver.h"
#include "audio/receive/source_choice.h"
#include "audio/server/pulse_loop.h"
#include "audio/server/sink_null.h"
#include "audio/server/sink_pulse.h"
#include "base/deadline.h"
#include "base/mailbox.h"
#include "base/queue.h"
#include "recording/recording_seat.h"

#define AUDIO_PUBLISH_NS (200 * NS_PER_MS)

struct spice_block {
	struct scream_format format;
	uint64_t arrived_ns;
	unsigned frames;
	bool stop;
	uint8_t pcm[PLAYOUT_BLOCK_BYTES];
};

struct settings {
	bool mute;
	int volume_percent;
	unsigned latency_ms;
	unsigned retries;
	char interface[sizeof((struct audio_config *)0)->interface];
	char sender[sizeof((struct audio_config *)0)->sender];
	char shm_path[AUDIO_NAME_BYTES];
};

struct spice_volume {
	unsigned channels;
	uint16_t volume[SCREAM_CHANNELS_MAX];
	bool mute;
};

struct audio {
	/* constant after audio_start() */
	struct audio_config config;
	struct audio_events events;
	pthread_t thread;
	int wake_fd;

	/* from any thread */
	atomic_bool stop;
	struct mailbox stats;
	pthread_mutex_t settings_lock;
	struct settings settings; /* under settings_lock */
	atomic_bool settings_changed;
	bool takes_spice;
	struct queue spice;
	_Atomic uint64_t spice_since_ns; /* when its channel was there */
	struct mailbox volume;
	struct mailbox microphone_request;
	struct recording_seat recording; /* what is played goes there, too */
	struct queue microphone_blocks;
	int microphone_fd; /* readable: blocks wait; -1 = no microphone */

	/* pg-audio only */
	struct pulse_loop *pulse;
	struct receiver *receiver;
	struct sink *sink;
	struct playout *playout;
	struct source_choice choice;
	enum sound_source source; /* the playout's */
	bool warmed;              /* the server is up, and was warmed */
	uint64_t source_reported_ns;
	bool spice_mute;   /* the guest's, of its SPICE card */
	uint64_t rejected; /* datagrams, at the last look */
	unsigned retries;
	bool ending; /* no packets any more */
	uint64_t publish_ns;
	enum playout_state published; /* its state then */
	struct part_status status;
	bool raw_broken;
	struct scream_format raw_format;
	uint64_t raw_frames;
	struct microphone *microphone; /* NULL: none is to be had */
	uint64_t microphone_frames;
};

/* From any thread: pg-audio looks. data: struct audio. */
void audio_wake(void *data);

/* ---- audio_spice.c: what goes to and from the SPICE channels ---- */

int audio_spice_create(struct audio *audio);
void audio_spice_destroy(struct audio *audio);
/* A block of a source has come: plays it, if it is that one's turn. */
void audio_play(struct audio *audio, enum sound_source source, const struct scream_packet *packet,
		uint64_t arrived_ns, uint64_t now_ns);
/* Plays what was pushed, opens and closes the microphone. */
void audio_spice_run(struct audio *audio, uint64_t now_ns);
/* Earliest of `next` and what is due here. */
deadline audio_spice_deadline(const struct audio *audio);

/* ---- audio_recording.c ---- */

/* Once there is a playout. */
void audio_listen(struct audio *audio);

/* ---- audio_status.c ---- */

/* Makes the figures and the status that other threads see. */
void audio_publish(struct audio *audio, uint64_t now_ns);
