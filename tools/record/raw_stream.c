#include "tools/record/raw_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Elements of Matroska, by RFC 9559. */
enum {
	ID_EBML = 0x1A45DFA3,
	ID_DOC_TYPE = 0x4282,
	ID_SEGMENT = 0x18538067,
	ID_INFO = 0x1549A966,
	ID_TIMESTAMP_SCALE = 0x2AD7B1,
	ID_MUXING_APP = 0x4D80,
	ID_WRITING_APP = 0x5741,
	ID_TRACKS = 0x1654AE6B,
	ID_TRACK = 0xAE,
	ID_TRACK_NUMBER = 0xD7,
	ID_TRACK_UID = 0x73C5,
	ID_TRACK_TYPE = 0x83,
	ID_LACING = 0x9C,
	ID_CODEC = 0x86,
	ID_VIDEO = 0xE0,
	ID_WIDTH = 0xB0,
	ID_HEIGHT = 0xBA,
	ID_COLOUR_SPACE = 0x2EB524,
	ID_AUDIO = 0xE1,
	ID_RATE = 0xB5,
	ID_CHANNELS = 0x9F,
	ID_BITS = 0x6264,
	ID_CLUSTER = 0x1F43B675,
	ID_TIMESTAMP = 0xE7,
	ID_SIMPLE_BLOCK = 0xA3,
};

#define TRACK_PICTURE 1
#define TRACK_SOUND   2
/* A block's time is 16 bits from its cluster's. */
#define CLUSTER_MS 2000u

struct bytes_out {
	unsigned char data[512];
	size_t len;
};

static void put(struct bytes_out *out, const void *data, size_t len) {
	if (len <= sizeof out->data - out->len) {
		memcpy(out->data + out->len, data, len);
		out->len += len;
	}
}

static void put_number(struct bytes_out *out, uint64_t value, unsigned len) {
	for (unsigned i = len; i-- > 0;) {
		const unsigned char byte = (unsigned char)(value >> 8 * i);
		put(out, &byte, 1);
	}
}

/* Its length is in its highest bits. */
static void put_id(struct bytes_out *out, uint32_t id) {
	put_number(out, id, id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1);
}

static void put_size(struct bytes_out *out, uint64_t size) {
	put_number(out, size | 1ull << 56, 8);
}

static void put_unknown_size(struct bytes_out *out) {
	put_number(out, 0x01FFFFFFFFFFFFFF, 8);
}

static void put_unsigned(struct bytes_out *out, uint32_t id, uint64_t value) {
	put_id(out, id);
	put_size(out, 8);
	put_number(out, value, 8);
}

static void put_text(struct bytes_out *out, uint32_t id, const char *text) {
	put_id(out, id);
	put_size(out, strlen(text));
	put(out, text, strlen(text));
}

static void put_float(struct bytes_out *out, uint32_t id, double value) {
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	put_unsigned(out, id, bits);
}

static void put_master(struct bytes_out *out, uint32_t id, const struct bytes_out *content) {
	put_id(out, id);
	put_size(out, content->len);
	put(out, content->data, content->len);
}

static int write_all(int fd, struct iovec *parts, int count) {
	while (count > 0) {
		ssize_t n = writev(fd, parts, count);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		for (; count > 0 && (size_t)n >= parts->iov_len; parts++, count--) {
			n -= (ssize_t)parts->iov_len;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + n;
			parts->iov_len -= (size_t)n;
		}
	}
	return 0;
}

static void put_track(struct bytes_out *tracks, unsigned number, const char *codec, uint32_t id,
		const struct bytes_out *content) {
	struct bytes_out track = { .len = 0 };
	put_unsigned(&track, ID_TRACK_NUMBER, number);
	put_unsigned(&track, ID_TRACK_UID, number);
	put_unsigned(&track, ID_TRACK_TYPE, number); /* 1 = picture, 2 = sound */
	put_unsigned(&track, ID_LACING, 0);
	put_text(&track, ID_CODEC, codec);
	put_master(&track, id, content);
	put_master(tracks, ID_TRACK, &track);
}

int raw_stream_begin(
		struct raw_stream *stream, int fd, uint32_t width, uint32_t height, bool rgba) {
	struct bytes_out out = { .len = 0 }, ebml = { .len = 0 }, info = { .len = 0 };
	struct bytes_out tracks = { .len = 0 }, video = { .len = 0 }, audio = { .len = 0 };
	*stream = (struct raw_stream){ .fd = fd, .width = width, .height = height };
	put_text(&ebml, ID_DOC_TYPE, "matroska");
	put_unsigned(&info, ID_TIMESTAMP_SCALE, 1000000);
	put_text(&info, ID_MUXING_APP, "pierglass");
	put_text(&info, ID_WRITING_APP, "pierglass");
	put_unsigned(&video, ID_WIDTH, width);
	put_unsigned(&video, ID_HEIGHT, height);
	put_text(&video, ID_COLOUR_SPACE, rgba ? "RGBA" : "BGRA");
	put_float(&audio, ID_RATE, RAW_STREAM_RATE);
	put_unsigned(&audio, ID_CHANNELS, 2);
	put_unsigned(&audio, ID_BITS, 32);
	put_track(&tracks, TRACK_PICTURE, "V_UNCOMPRESSED", ID_VIDEO, &video);
	put_track(&tracks, TRACK_SOUND, "A_PCM/FLOAT/IEEE", ID_AUDIO, &audio);
	put_master(&out, ID_EBML, &ebml);
	put_id(&out, ID_SEGMENT);
	put_unknown_size(&out);
	put_master(&out, ID_INFO, &info);
	put_master(&out, ID_TRACKS, &tracks);
	struct iovec part = { out.data, out.len };
	return write_all(fd, &part, 1);
}

static int put_block(struct raw_stream *stream, unsigned track, uint64_t at_ms, const void *data,
		size_t len) {
	struct bytes_out out = { .len = 0 };
	if (!stream->in_cluster || at_ms >= stream->cluster_ms + CLUSTER_MS ||
			at_ms + CLUSTER_MS < stream->cluster_ms) {
		stream->in_cluster = true;
		stream->cluster_ms = at_ms;
		put_id(&out, ID_CLUSTER);
		put_unknown_size(&out);
		put_unsigned(&out, ID_TIMESTAMP, at_ms);
	}
	put_id(&out, ID_SIMPLE_BLOCK);
	put_size(&out, len + 4);
	put_number(&out, 0x80 | track, 1);
	put_number(&out, (uint16_t)(int16_t)(int64_t)(at_ms - stream->cluster_ms), 2);
	put_number(&out, 0x80, 1); /* a key frame */
	struct iovec parts[] = { { out.data, out.len }, { NULL, len } };
	memcpy(&parts[1].iov_base, &data, sizeof data); /* only read */
	return write_all(stream->fd, parts, 2);
}

int raw_stream_picture(struct raw_stream *stream, uint64_t at_ms, const unsigned char *pixels) {
	return put_block(stream, TRACK_PICTURE, at_ms, pixels,
			(size_t)stream->width * stream->height * 4);
}

int raw_stream_sound(
		struct raw_stream *stream, uint64_t at_ms, const float *stereo, unsigned frames) {
	return put_block(stream, TRACK_SOUND, at_ms, stereo, frames * 2 * sizeof *stereo);
}
