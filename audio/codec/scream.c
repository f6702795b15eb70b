#include "audio/codec/scream.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "audio/codec/scream_wire.h"

static_assert(SCREAM_DATAGRAM_MAX == SCREAM_PACKET_BYTES, "one of them is wrong");

#define QUIET           33 /* of 32768 */
#define RATE_BASE_44100 0x80u
#define MASK_BITS       11

static enum scream_verdict read_format(
		const struct scream_header_wire *wire, struct scream_format *ret_format) {
	unsigned multiplier = wire->rate_code & ~RATE_BASE_44100;
	if (multiplier < 1 || multiplier > 4) {
		return SCREAM_BAD_RATE;
	}
	if (wire->bits != 16 && wire->bits != 24 && wire->bits != 32) {
		return SCREAM_BAD_BITS;
	}
	if (wire->channels < 1 || wire->channels > SCREAM_CHANNELS_MAX) {
		return SCREAM_BAD_CHANNELS;
	}
	if (wire->channels == 5 || wire->channels == 7) {
		return SCREAM_BAD_ODD_CHANNELS;
	}
	*ret_format = (struct scream_format){
		.rate = multiplier * (wire->rate_code & RATE_BASE_44100 ? 44100u : 48000u),
		.bits = wire->bits,
		.channels = wire->channels,
		.mask = (uint16_t)(wire->mask[0] | wire->mask[1] << 8),
	};
	return SCREAM_OK;
}

enum scream_verdict scream_parse(const void *data, size_t len, struct scream_packet *ret_packet) {
	if (len > SCREAM_PACKET_BYTES) {
		return SCREAM_BAD_LONG;
	}
	if (len <= SCREAM_HEADER_BYTES) {
		return SCREAM_BAD_SHORT;
	}
	struct scream_header_wire wire;
	memcpy(&wire, data, sizeof wire);

	struct scream_format format;
	enum scream_verdict verdict = read_format(&wire, &format);
	if (verdict != SCREAM_OK) {
		return verdict;
	}
	size_t payload = len - SCREAM_HEADER_BYTES;
	unsigned frame = scream_frame_bytes(&format);
	if (payload % frame != 0) {
		return SCREAM_BAD_PARTIAL_FRAME;
	}
	*ret_packet = (struct scream_packet){
		.format = format,
		.pcm = (const uint8_t *)data + SCREAM_HEADER_BYTES,
		.frames = (unsigned)(payload / frame),
	};
	return SCREAM_OK;
}

const char *scream_verdict_text(enum scream_verdict verdict) {
	switch (verdict) {
	case SCREAM_OK:
		return "good";
	case SCREAM_BAD_SHORT:
		return "too short";
	case SCREAM_BAD_LONG:
		return "longer than 1157 bytes";
	case SCREAM_BAD_RATE:
		return "unknown sample rate";
	case SCREAM_BAD_BITS:
		return "unknown sample size";
	case SCREAM_BAD_CHANNELS:
		return "impossible channel count";
	case SCREAM_BAD_ODD_CHANNELS:
		return "5 or 7 channels, whose frames do not fit Scream's packets: choose stereo, 5.1 "
		       "or 7.1 in Windows";
	case SCREAM_BAD_PARTIAL_FRAME:
		return "not a whole number of frames";
	case SCREAM_VERDICTS:
		break;
	}
	return "?";
}

bool scream_format_equal(const struct scream_format *a, const struct scream_format *b) {
	return a->rate == b->rate && a->bits == b->bits && a->channels == b->channels &&
	       a->mask == b->mask;
}

uint16_t scream_default_mask(unsigned channels) {
	static const uint16_t masks[SCREAM_CHANNELS_MAX + 1] = { 0, 0x004, 0x003, 0x007, 0x033,
		0x037, 0x03f, 0x13f, 0x63f };
	return channels <= SCREAM_CHANNELS_MAX ? masks[channels] : 0;
}

void scream_positions(const struct scream_format *format,
		enum scream_position ret_positions[SCREAM_CHANNELS_MAX]) {
	unsigned n = format->channels;
	if (n == 1) {
		ret_positions[0] = SCREAM_MONO;
		return;
	}
	unsigned mask = format->mask & ((1u << MASK_BITS) - 1);
	if ((unsigned)__builtin_popcount(mask) < n) {
		mask = scream_default_mask(n);
	}
	for (unsigned channel = 0; channel < n; channel++) {
		ret_positions[channel] = (enum scream_position)__builtin_ctz(mask);
		mask &= mask - 1;
	}
}

static int32_t read_s16(const uint8_t *p) {
	return (int16_t)(uint16_t)(p[0] | p[1] << 8);
}

/* In the upper three bytes of 32, so that the sign comes for free. */
static int32_t read_s24(const uint8_t *p) {
	return (int32_t)((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24);
}

static int32_t read_s32(const uint8_t *p) {
	return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			 (uint32_t)p[3] << 24);
}

void scream_to_float(float *dst, const uint8_t *pcm, unsigned frames,
		const struct scream_format *format) {
	size_t n = (size_t)frames * format->channels;
	switch (format->bits) {
	case 16:
		for (size_t i = 0; i < n; i++) {
			dst[i] = (float)read_s16(pcm + i * 2) * (1.0f / 32768.0f);
		}
		break;
	case 24:
		for (size_t i = 0; i < n; i++) {
			dst[i] = (float)read_s24(pcm + i * 3) * (1.0f / 2147483648.0f);
		}
		break;
	default:
		for (size_t i = 0; i < n; i++) {
			dst[i] = (float)read_s32(pcm + i * 4) * (1.0f / 2147483648.0f);
		}
		break;
	}
}

bool scream_is_silence(const uint8_t *pcm, size_t len) {
	return len == 0 || (pcm[0] == 0 && memcmp(pcm, pcm + 1, len - 1) == 0);
}

bool scream_is_quiet(const struct scream_packet *packet) {
	const size_t bytes = packet->format.bits / 8u;
	const size_t len = packet->frames * scream_frame_bytes(&packet->format);
	for (size_t end = bytes; end <= len; end += bytes) {
		/* The upper 16 bits of a little-endian sample. */
		const int16_t sample = (int16_t)(packet->pcm[end - 1] << 8 | packet->pcm[end - 2]);
		if (sample > QUIET || sample < -QUIET) {
			return false;
		}
	}
	return true;
}

int scream_pack_header(uint8_t ret_header[5], const struct scream_format *format) {
	bool base_44100 = format->rate % 44100 == 0;
	unsigned base = base_44100 ? 44100 : 48000;
	if (format->rate == 0 || format->rate % base != 0 || format->rate / base > 4 ||
			format->channels < 1 || format->channels > SCREAM_CHANNELS_MAX ||
			(format->bits != 16 && format->bits != 24 && format->bits != 32)) {
		return -EINVAL;
	}
	const struct scream_header_wire wire = {
		.rate_code = (uint8_t)(format->rate / base | (base_44100 ? RATE_BASE_44100 : 0)),
		.bits = (uint8_t)format->bits,
		.channels = (uint8_t)format->channels,
		.mask = { (uint8_t)(format->mask & 0xff), (uint8_t)(format->mask >> 8) },
	};
	memcpy(ret_header, &wire, sizeof wire);
	return 0;
}

unsigned scream_packet_frames(const struct scream_format *format) {
	return SCREAM_PAYLOAD_BYTES / scream_frame_bytes(format);
}

void scream_from_float(uint8_t *pcm, const float *src, unsigned frames,
		const struct scream_format *format) {
	size_t n = (size_t)frames * format->channels;
	unsigned bytes = format->bits / 8;
	double full = (double)(((int64_t)1 << (format->bits - 1)) - 1);
	for (size_t i = 0; i < n; i++) {
		double value = fmin(fmax((double)src[i], -1.0), 1.0);
		uint32_t sample = (uint32_t)(int32_t)lrint(value * full);
		for (unsigned byte = 0; byte < bytes; byte++) {
			*pcm++ = (uint8_t)(sample >> (8 * byte));
		}
	}
}

int scream_shm_parse(const uint8_t header[SCREAM_SHM_HEADER_BYTES], uint64_t size,
		struct scream_shm_header *ret_header) {
	struct scream_shm_wire wire;
	static_assert(sizeof wire == SCREAM_SHM_HEADER_BYTES, "copied whole");
	memcpy(&wire, header, sizeof wire);
	if (wire.magic != SCREAM_SHM_MAGIC) {
		return -EAGAIN;
	}
	const struct scream_header_wire format_wire = {
		.rate_code = wire.rate_code,
		.bits = wire.bits,
		.channels = wire.channels,
		.mask = { (uint8_t)(wire.mask & 0xff), (uint8_t)(wire.mask >> 8) },
	};
	struct scream_format format;
	enum scream_verdict verdict = read_format(&format_wire, &format);
	if (verdict != SCREAM_OK) {
		return -EBADMSG;
	}
	if (wire.slots < 2 || wire.newest >= wire.slots || wire.offset < sizeof wire ||
			wire.slot_bytes < 1 || wire.slot_bytes > SCREAM_SHM_SLOT_MAX ||
			wire.slot_bytes % scream_frame_bytes(&format) != 0) {
		return -EBADMSG;
	}
	if (wire.offset + (uint64_t)wire.slots * wire.slot_bytes > size) {
		return -ERANGE;
	}
	*ret_header = (struct scream_shm_header){
		.format = format,
		.newest = wire.newest,
		.slots = wire.slots,
		.offset = wire.offset,
		.slot_bytes = wire.slot_bytes,
	};
	return 0;
}
