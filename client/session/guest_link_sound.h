/*
 * SPICE sound for the session part: gives the blocks of the playback channel to the audio part. On
 * pg-io.
 */
#pragma once

#include <stdbool.h>

struct audio;
struct guest_link_sound;
struct spice_session;

/* Registers its handler with the session (before it starts). sync_volume: follow the guest's
 * volume. audio and spice outlive it. */
int guest_link_sound_create(struct guest_link_sound **ret_sound, struct spice_session *spice,
		struct audio *audio, bool sync_volume);
/* After the session is gone. Accepts NULL. */
void guest_link_sound_destroy(struct guest_link_sound *sound);
