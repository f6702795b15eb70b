/*
 * Raw picture and sound with their times, as the least of Matroska (RFC 9559) that ffmpeg reads
 * from a pipe: one track of uncompressed pixels, one of float samples, clusters of unknown size.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAW_STREAM_RATE 48000u

struct raw_stream {
	int fd; /* the caller's; blocking */
	uint32_t width, height;
	uint64_t cluster_ms;
	bool in_cluster;
};

/* Writes the beginning. rgba: R, G, B, A bytes; else B, G, R, A. Returns 0 or a negative errno, as
 * the others. */
int raw_stream_begin(struct raw_stream *stream, int fd, uint32_t width, uint32_t height, bool rgba);
/* width * height * 4 bytes, top row first. */
int raw_stream_picture(struct raw_stream *stream, uint64_t at_ms, const unsigned char *pixels);
/* Stereo at RAW_STREAM_RATE. */
int raw_stream_sound(
		struct raw_stream *stream, uint64_t at_ms, const float *stereo, unsigned frames);
