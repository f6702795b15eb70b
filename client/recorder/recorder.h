/*
 * A recording under way: the memory that picture and sound go to, and pierglass-record, which reads
 * it and writes the file. On pg-ui; nothing here waits but recorder_destroy(), as long as it is
 * told to.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "recording/recording_memory.h"

struct recorder;

#define RECORDER_PATH_BYTES 512
/* How often to look, while there is one. */
#define RECORDER_LOOK_NS 250000000ull
/* At the end of the program: for so long it is waited for. */
#define RECORDER_PATIENCE_NS 500000000ull

/* Pictures of that size are recorded; one of another size is scaled into it. Returns 0 or a
 * negative errno: -ENAMETOOLONG, -ENOENT (there is no pierglass-record), … */
int recorder_create(struct recorder **ret_recorder, const char *file, unsigned limit_mib,
		uint32_t width, uint32_t height);
/* Asks it to finish the file, waits for that at most so long, and frees. What it has not done by
 * then it does by itself. Accepts NULL. */
void recorder_destroy(struct recorder *recorder, uint64_t wait_ns);

/* For video_record() and audio_record(). */
struct recording_memory *recorder_memory(const struct recorder *recorder);
const char *recorder_file(const struct recorder *recorder);
/* Asks it to finish the file. */
void recorder_finish(struct recorder *recorder);
/* True: it is over, and the file is whole (or never was); state says why. */
bool recorder_look(struct recorder *recorder, struct recording_state *ret_state);

/* Whether there is an ffmpeg in $PATH. */
bool recorder_has_encoder(void);
/* The sentence for people about a recording that is over. True: the file is there. */
bool recorder_text(const struct recording_state *state, const char *file, char *text, size_t size);
