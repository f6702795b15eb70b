#include "recording/recording_seat.h"

#include <stddef.h>

#include "recording/recording_memory.h"

void recording_seat_init(struct recording_seat *seat) {
	pthread_mutex_init(&seat->lock, NULL);
}

void recording_seat_finish(struct recording_seat *seat) {
	recording_memory_unref(seat->now);
	recording_memory_unref(seat->next);
	seat->now = NULL;
	seat->next = NULL;
	pthread_mutex_destroy(&seat->lock);
}

void recording_seat_put(struct recording_seat *seat, struct recording_memory *memory) {
	struct recording_memory *own = memory ? recording_memory_ref(memory) : NULL;
	pthread_mutex_lock(&seat->lock);
	recording_memory_unref(seat->next);
	seat->next = own;
	pthread_mutex_unlock(&seat->lock);
	atomic_store(&seat->changed, true);
}

struct recording_memory *recording_seat_look(struct recording_seat *seat) {
	if (atomic_load(&seat->changed) && atomic_exchange(&seat->changed, false)) {
		pthread_mutex_lock(&seat->lock);
		struct recording_memory *next = seat->next;
		seat->next = NULL;
		pthread_mutex_unlock(&seat->lock);
		recording_memory_unref(seat->now);
		seat->now = next;
	}
	return seat->now;
}
