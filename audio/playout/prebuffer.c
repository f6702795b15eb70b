#include "audio/playout/prebuffer.h"

#include <string.h>

void prebuffer_drop_oldest(struct prebuffer *prebuffer) {
	prebuffer->head = (prebuffer->head + 1) % PREBUFFER_PACKETS;
	prebuffer->count--;
}

unsigned prebuffer_add(struct prebuffer *prebuffer, const struct scream_packet *packet,
		uint64_t arrived_ns) {
	unsigned dropped = 0;
	if (prebuffer->count == PREBUFFER_PACKETS) {
		prebuffer_drop_oldest(prebuffer);
		dropped = 1;
	}
	struct prebuffer_slot *slot = prebuffer_at(prebuffer, prebuffer->count++);
	slot->arrived_ns = arrived_ns;
	slot->frames = packet->frames;
	memcpy(slot->pcm, packet->pcm,
			(size_t)packet->frames * scream_frame_bytes(&packet->format));
	return dropped;
}

double prebuffer_frames(struct prebuffer *prebuffer) {
	double frames = 0;
	for (unsigned i = 0; i < prebuffer->count; i++) {
		frames += prebuffer_at(prebuffer, i)->frames;
	}
	return frames;
}
