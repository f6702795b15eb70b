/*
 * The playback and record channels (doc/protocol/spice.md 6, 7): messages of the wire to checked
 * blocks, and the microphone's blocks back. Opus packets come only where they were offered, and are
 * passed on undecoded; the microphone is raw PCM only. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/spice/wire.h"

struct spice_channel;

#define SPICE_AUDIO_CHANNELS_MAX 8u
#define SPICE_OPUS_PACKET_MAX    4000u
#define SPICE_PLAYBACK_CAPS      (SPICE_PLAYBACK_CAP_VOLUME | SPICE_PLAYBACK_CAP_LATENCY)
/* In a block, at most. Send blocks of this size only: the server's ring is 8192 frames, and a block
 * that wraps in it is garbled (7). */
#define SPICE_RECORD_FRAMES 512u

enum spice_sound_kind {
	SPICE_SOUND_NONE,
	SPICE_SOUND_START,
	SPICE_SOUND_STOP,
	SPICE_SOUND_DATA,
	SPICE_SOUND_PACKET, /* of Opus */
	SPICE_SOUND_VOLUME, /* volume or mute changed */
};

/* The stream as the server described it. */
struct spice_sound {
	bool started; /* between START and STOP, in a form that we play */
	enum spice_audio_mode mode;
	unsigned channels, rate;
	unsigned volume_count;
	uint16_t volume[SPICE_AUDIO_CHANNELS_MAX]; /* 0..65535, linear */
	bool mute;
};

struct spice_sound_event {
	enum spice_sound_kind kind;
	const void *samples; /* DATA: interleaved S16LE, inside the message; may be unaligned */
	unsigned frames;
	const void *packet; /* PACKET, inside the message */
	size_t packet_len;  /* 1..SPICE_OPUS_PACKET_MAX */
};

void spice_sound_init(struct spice_sound *sound);

/* Messages of the server. Return 0 or -EBADMSG. */
int spice_playback_message(struct spice_sound *sound, unsigned type, const uint8_t *body,
		size_t len, struct spice_sound_event *ret_event);
int spice_record_message(struct spice_sound *sound, unsigned type, const uint8_t *body, size_t len,
		struct spice_sound_event *ret_event);

/* Record: after START once, then blocks until STOP. time_ms: of a clock of ours. */
int spice_record_begin(struct spice_channel *channel, uint32_t time_ms);
/* frames: 1..SPICE_RECORD_FRAMES of two S16LE. */
int spice_record_send(struct spice_channel *channel, uint32_t time_ms, const int16_t *samples,
		unsigned frames);
