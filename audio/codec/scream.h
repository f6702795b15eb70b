/*
 * Scream's datagrams and shared memory header: bytes to checked values and back
 * (scream-audio.md 1 and 6). Pure: no state, no clock, no log. Callable from any thread.
 *
 * The senders (scream-send, the demo guest, tests) pack their headers here too, so that both ends
 * share one implementation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREAM_CHANNELS_MAX 8
#define SCREAM_RATE_MAX     192000
/* Frames of the largest datagram: 1152 bytes of 16 bit mono. */
#define SCREAM_FRAMES_MAX   576
#define SCREAM_DATAGRAM_MAX 1157

#define SCREAM_GROUP "239.255.77.77"
#define SCREAM_PORT  4010

/* Where a channel is heard; in the order of the mask's bits. */
enum scream_position {
	SCREAM_FRONT_LEFT,
	SCREAM_FRONT_RIGHT,
	SCREAM_FRONT_CENTER,
	SCREAM_LFE,
	SCREAM_BACK_LEFT,
	SCREAM_BACK_RIGHT,
	SCREAM_FRONT_LEFT_OF_CENTER,
	SCREAM_FRONT_RIGHT_OF_CENTER,
	SCREAM_BACK_CENTER,
	SCREAM_SIDE_LEFT,
	SCREAM_SIDE_RIGHT,
	SCREAM_MONO, /* no bit: one channel is always this */
};

/* A checked format: rate 44100..192000, bits 16/24/32, channels 1..8 without 5 and 7. */
struct scream_format {
	unsigned rate;     /* Hz */
	unsigned bits;     /* signed little endian; 24 is packed in 3 bytes */
	unsigned channels; /* interleaved */
	uint16_t mask;     /* as it came: any value */
};

struct scream_packet {
	struct scream_format format;
	const uint8_t *pcm; /* borrowed from the datagram */
	unsigned frames;    /* 1..SCREAM_FRAMES_MAX */
};

/* Why a datagram was refused; counted by cause. */
enum scream_verdict {
	SCREAM_OK,
	SCREAM_BAD_SHORT,
	SCREAM_BAD_LONG,
	SCREAM_BAD_RATE,
	SCREAM_BAD_BITS,
	SCREAM_BAD_CHANNELS,
	SCREAM_BAD_ODD_CHANNELS, /* 5 or 7: 1152 bytes hold no whole frames (1.6) */
	SCREAM_BAD_PARTIAL_FRAME,
	SCREAM_VERDICTS,
};

/* Reads one datagram. *ret_packet is written only on SCREAM_OK. */
enum scream_verdict scream_parse(const void *data, size_t len, struct scream_packet *ret_packet);
const char *scream_verdict_text(enum scream_verdict verdict);

bool scream_format_equal(const struct scream_format *a, const struct scream_format *b);
static inline unsigned scream_frame_bytes(const struct scream_format *format) {
	return format->bits / 8 * format->channels;
}

/* One position for each channel, never one twice (1.2). */
void scream_positions(const struct scream_format *format,
		enum scream_position ret_positions[SCREAM_CHANNELS_MAX]);

/* PCM to float, -1..1; frames * channels values. */
void scream_to_float(float *dst, const uint8_t *pcm, unsigned frames,
		const struct scream_format *format);

/* Whether all bytes are zero. */
bool scream_is_silence(const uint8_t *pcm, size_t len);
/* So quiet (60 dB below the loudest) that nobody hears if some of it is left out. */
bool scream_is_quiet(const struct scream_packet *packet);

/* ---- the sending side ---- */

/* The 5 header bytes. Returns -EINVAL for what the wire cannot say. */
int scream_pack_header(uint8_t ret_header[5], const struct scream_format *format);
/* Frames of a full packet, as the driver sends it. */
unsigned scream_packet_frames(const struct scream_format *format);
/* Interleaved float to PCM, clamped. */
void scream_from_float(uint8_t *pcm, const float *src, unsigned frames,
		const struct scream_format *format);
/* The mask that Windows uses for so many channels. */
uint16_t scream_default_mask(unsigned channels);

/* ---- shared memory transport (1.9) ---- */

struct scream_shm_header {
	struct scream_format format;
	unsigned newest; /* below slots */
	unsigned slots;  /* 2.. */
	size_t offset;   /* of slot 0 */
	size_t slot_bytes;
};

#define SCREAM_SHM_HEADER_BYTES 24
#define SCREAM_SHM_SLOT_MAX     (1u << 20)

/* Judges a private copy of the header. Returns 0, -EAGAIN if there is no sender, -EBADMSG for
 * nonsense, -ERANGE if the slots do not fit. */
int scream_shm_parse(const uint8_t header[SCREAM_SHM_HEADER_BYTES], uint64_t size,
		struct scream_shm_header *ret_header);
