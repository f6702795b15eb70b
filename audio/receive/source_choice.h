/*
 * Chooses between Scream and SPICE where a guest sends sound over both: the source that sounds is
 * played, never both. Silence does not displace a source that sounds, because Windows sends silence
 * for minutes over the card that no program uses. Pure; one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum sound_source { SOURCE_NONE, SOURCE_SCREAM, SOURCE_SPICE, SOUND_SOURCES };

struct source_choice {
	enum sound_source now; /* is played */
	struct {
		uint64_t came_ns;    /* its last block; 0 = it has stopped, or never came */
		uint64_t sounded_ns; /* its last that was not silence */
	} of[SOUND_SOURCES];
};

/* A block of a source has come. Returns whether it is to be played; `now` may be another then. */
bool source_choice_block(struct source_choice *choice, enum sound_source source, bool silent,
		uint64_t now_ns);
/* It said so, or its end is gone. */
void source_choice_stopped(struct source_choice *choice, enum sound_source source);
