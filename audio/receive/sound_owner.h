/*
 * Gives each sound one owner: a lock for each (interface, group, port) in
 * $XDG_RUNTIME_DIR/pierglass.
 *
 * A player takes the lock over from an audio-only unit: it connects to the unit's socket, the unit
 * lets go and waits until the connection ends, then takes the lock again. Two players do not take
 * from each other: the second waits. One thread at a time; nothing here blocks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SOUND_OWNER_KEYS 8

struct sound_owner;

enum sound_owner_state {
	SOUND_OWNER_NONE,  /* not asked for */
	SOUND_OWNER_HELD,  /* ours */
	SOUND_OWNER_ASKED, /* the unit is letting go: try again at once */
	SOUND_OWNER_OTHER, /* another player has it: try again now and then */
};

/* yields: this is the audio-only unit. folder: NULL = $XDG_RUNTIME_DIR/pierglass; where that is not
 * set there is no lock and everything is ours. */
int sound_owner_create(struct sound_owner **ret_owner, const char *folder, bool preemptible);
/* Releases everything. Accepts NULL. */
void sound_owner_destroy(struct sound_owner *owner);

/* Tries to get or to keep the key ("virbr0-239.255.77.77-4010"). shared: beside others that share
 * it, but not beside a unit. *ret_pid: who has it otherwise, 0 = unknown. */
enum sound_owner_state sound_owner_try(
		struct sound_owner *owner, const char *name, bool shared, int *ret_pid);
void sound_owner_release(struct sound_owner *owner, const char *name);

/* Readable when something happened: call sound_owner_dispatch(). -1 if there is no lock at all. */
int sound_owner_fd(const struct sound_owner *owner);
/* Returns true if a key was given up to a player, or may be had again: call sound_owner_try(). */
bool sound_owner_dispatch(struct sound_owner *owner);
