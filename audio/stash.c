#include "audio/stash.h"

#include <string.h>

void stash_drop_oldest(struct stash *stash) {
	stash->head = (stash->head + 1) % STASH_PACKETS;
	stash->count--;
}

unsigned stash_add(struct stash *stash, const struct scream_packet *packet, uint64_t arrived_ns) {
	unsigned dropped = 0;
	if (stash->count == STASH_PACKETS) {
		stash_drop_oldest(stash);
		dropped = 1;
	}
	struct stash_slot *slot = stash_at(stash, stash->count++);
	slot->arrived_ns = arrived_ns;
	slot->frames = packet->frames;
	memcpy(slot->pcm, packet->pcm,
			(size_t)packet->frames * scream_frame_bytes(&packet->format));
	return dropped;
}

double stash_frames(struct stash *stash) {
	double frames = 0;
	for (unsigned i = 0; i < stash->count; i++) {
		frames += stash_at(stash, i)->frames;
	}
	return frames;
}
