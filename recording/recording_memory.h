/*
 * The memory between a playing program and pierglass-record: pictures and sound go one way, counts
 * and the end of the recording the other. The player never waits: where no picture's place is free,
 * or the sound has no room, that piece is left out and counted.
 *
 * One thread puts pictures (pg-video), one puts sound (pg-audio), one process takes both. Neither
 * end believes the other's numbers without a bound. The memory cannot shrink.
 *
 * The player's end counts its users: each thread that has it holds a reference.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording_memory;

#define RECORDING_SIDE_MAX     16384u
#define RECORDING_BLOCK_FRAMES 512u
#define RECORDING_TEXT_BYTES   160u

/* Why a recording ended by itself. */
enum recording_end {
	RECORDING_GOES_ON,
	RECORDING_ASKED,         /* by the player, or because the player ended */
	RECORDING_LIMIT,         /* the file is as long as it may be */
	RECORDING_DISK_FULL,     /* too little space is left */
	RECORDING_NO_ENCODER,    /* ffmpeg is not there, or cannot be started: code */
	RECORDING_NO_FILE,       /* the file cannot be written: code */
	RECORDING_ENCODER_ENDED, /* ffmpeg gave up: text */
	RECORDING_DIED,          /* the recorder ended without a word */
	RECORDING_END_COUNT,
};

struct recording_state {
	enum recording_end end;
	int code; /* an errno; 0 = there is none */
	uint64_t bytes;
	uint64_t offered, missed;        /* pictures; missed: the recorder was not free */
	uint64_t sound_missed;           /* frames of sound */
	char text[RECORDING_TEXT_BYTES]; /* the encoder's last words: printable */
};

/* ---- the player's end ---- */

/* Pictures of that size, 4 bytes a pixel. One reference. Returns 0 or a negative errno. */
int recording_memory_create(struct recording_memory **ret_memory, uint32_t width, uint32_t height);
struct recording_memory *recording_memory_ref(struct recording_memory *memory);
void recording_memory_unref(struct recording_memory *memory); /* accepts NULL */
int recording_memory_fd(const struct recording_memory *memory);
/* The recorder's stdin, taken over: a byte comes with each picture, and the end with the last
 * reference. Before others have the memory. */
void recording_memory_set_wake(struct recording_memory *memory, int fd);
void recording_memory_size(
		const struct recording_memory *memory, uint32_t *ret_width, uint32_t *ret_height);

/* A free place for a picture; NULL: the recorder is not free, which is counted once it is ready. */
unsigned char *recording_frame_begin(struct recording_memory *memory);
/* It is filled. rgba: R, G, B, A bytes; else B, G, R, A. at_ns: CLOCK_MONOTONIC. */
void recording_frame_end(struct recording_memory *memory, uint64_t at_ns, bool rgba);
/* It will not be. */
void recording_frame_drop(struct recording_memory *memory);

/* Stereo. at_ns: when the first of them is heard; 0 = they follow on. */
void recording_sound_put(struct recording_memory *memory, const float *stereo, unsigned frames,
		unsigned rate, uint64_t at_ns);

/* Asks the recorder to finish the file. From any thread. */
void recording_memory_finish(struct recording_memory *memory);
void recording_memory_state(
		const struct recording_memory *memory, struct recording_state *ret_state);

/* ---- the recorder's end ---- */

struct recording_frame {
	unsigned slot;
	unsigned char *pixels;
	uint64_t at_ns;
	bool rgba;
};

struct recording_block {
	uint64_t at_ns; /* 0 = it follows on */
	unsigned rate, frames;
	float stereo[2 * RECORDING_BLOCK_FRAMES];
};

/* fd stays the caller's. -EBADMSG: it is no such memory. */
int recording_memory_open(struct recording_memory **ret_memory, int fd);
bool recording_is_asked_to_end(const struct recording_memory *memory);
/* The oldest picture that waits, until it is given back. */
bool recording_frame_take(struct recording_memory *memory, struct recording_frame *ret_frame);
void recording_frame_give_back(struct recording_memory *memory, unsigned slot);
bool recording_sound_take(struct recording_memory *memory, struct recording_block *ret_block);
/* The encoder runs: from now on pictures and sound are wanted. */
void recording_tell_ready(struct recording_memory *memory);
void recording_tell_bytes(struct recording_memory *memory, uint64_t bytes);
/* The recording is over; once. */
void recording_tell_end(struct recording_memory *memory, enum recording_end end, int code,
		const char *text);
