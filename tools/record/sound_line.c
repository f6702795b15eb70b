#include "tools/record/sound_line.h"

#include <errno.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recording/recording_memory.h"

#define RATE         48000u
#define SWING_FRAMES 1920       /* 40 ms */
#define HELD_FRAMES  (RATE * 4) /* in the line and not taken yet, at most */
#define RATE_MIN     8000u
#define RATE_MAX     192000u

struct sound_line {
	uint64_t zero_ns;
	uint64_t taken; /* frames since zero */
	unsigned held;
	float *frames; /* held, stereo */
	SRC_STATE *converter;
	unsigned rate; /* that it converts from */
	/* a block may become longer by RATE / RATE_MIN */
	float converted[2 * RECORDING_BLOCK_FRAMES * (RATE / RATE_MIN + 1)];
};

int sound_line_create(struct sound_line **ret_line, uint64_t zero_ns) {
	struct sound_line *line = calloc(1, sizeof *line);
	if (line) {
		line->zero_ns = zero_ns;
		line->frames = calloc(HELD_FRAMES, 2 * sizeof *line->frames);
	}
	if (!line || !line->frames) {
		free(line);
		return -ENOMEM;
	}
	*ret_line = line;
	return 0;
}

void sound_line_destroy(struct sound_line *line) {
	if (line) {
		src_delete(line->converter);
		free(line->frames);
		free(line);
	}
}

/* Appends; NULL = silence. What finds no room is left out. */
static void append(struct sound_line *line, const float *stereo, uint64_t frames) {
	const unsigned room = HELD_FRAMES - line->held;
	const unsigned n = frames < room ? (unsigned)frames : room;
	float *to = line->frames + (size_t)2 * line->held;
	if (stereo) {
		memcpy(to, stereo, n * 2 * sizeof *to);
	} else {
		memset(to, 0, n * 2 * sizeof *to);
	}
	line->held += n;
}

/* At 48 kHz: returns how many frames, 0 = none yet. */
static unsigned convert(struct sound_line *line, const struct recording_block *block,
		const float **ret_frames) {
	if (block->rate == RATE) {
		*ret_frames = block->stereo;
		return block->frames;
	}
	if (block->rate < RATE_MIN || block->rate > RATE_MAX) {
		return 0;
	}
	if (block->rate != line->rate || !line->converter) {
		int error;
		src_delete(line->converter);
		line->converter = src_new(SRC_SINC_FASTEST, 2, &error);
		line->rate = block->rate;
	}
	SRC_DATA data = {
		.data_in = block->stereo,
		.input_frames = (long)block->frames,
		.data_out = line->converted,
		.output_frames = (long)(sizeof line->converted / sizeof *line->converted / 2),
		.src_ratio = (double)RATE / block->rate,
	};
	*ret_frames = line->converted;
	return line->converter && src_process(line->converter, &data) == 0
			       ? (unsigned)data.output_frames_gen
			       : 0;
}

void sound_line_put(struct sound_line *line, const struct recording_block *block) {
	const float *stereo = block->stereo;
	unsigned frames = convert(line, block, &stereo);
	if (block->at_ns != 0) {
		const int64_t since_ns = (int64_t)(block->at_ns - line->zero_ns);
		const int64_t at = since_ns / 1000 * (RATE / 1000) / 1000;
		const int64_t off = at - (int64_t)(line->taken + line->held);
		if (off > SWING_FRAMES) {
			append(line, NULL, (uint64_t)off);
		} else if (off < -SWING_FRAMES) {
			const unsigned late = -off < (int64_t)frames ? (unsigned)-off : frames;
			stereo += (size_t)2 * late;
			frames -= late;
		}
	}
	append(line, stereo, frames);
}

bool sound_line_take(struct sound_line *line, uint64_t until_ns, uint64_t *ret_at_ms,
		float ret_stereo[static 2 * SOUND_LINE_PIECE_FRAMES]) {
	const uint64_t begins_ns = line->zero_ns + line->taken / (RATE / 1000) * NS_PER_MS;
	if (line->held < SOUND_LINE_PIECE_FRAMES) {
		if (begins_ns >= until_ns) {
			return false;
		}
		append(line, NULL, SOUND_LINE_PIECE_FRAMES - line->held);
	}
	const size_t bytes = (size_t)SOUND_LINE_PIECE_FRAMES * 2 * sizeof *ret_stereo;
	memcpy(ret_stereo, line->frames, bytes);
	line->held -= SOUND_LINE_PIECE_FRAMES;
	memmove(line->frames, line->frames + (size_t)2 * SOUND_LINE_PIECE_FRAMES,
			line->held * 2 * sizeof *line->frames);
	*ret_at_ms = line->taken / (RATE / 1000);
	line->taken += SOUND_LINE_PIECE_FRAMES;
	return true;
}
