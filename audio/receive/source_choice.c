#include "audio/receive/source_choice.h"

#include "base/clock.h"

#define SILENT_FOR_NS  (20 * NS_PER_MS)  /* a packet of zeros between two sounds is none */
#define STALLED_FOR_NS (200 * NS_PER_MS) /* a guest that is held up for less goes on */
#define GONE_FOR_NS    (2 * NS_PER_S)    /* then silence is better than nothing */

/* Whether the one that is played gives way to another. */
static bool gives_way(const struct source_choice *choice, bool to_silence, uint64_t now_ns) {
	const uint64_t came_ns = choice->of[choice->now].came_ns;
	const uint64_t sounded_ns = choice->of[choice->now].sounded_ns;
	if (came_ns == 0) {
		return true;
	}
	if (to_silence) {
		return now_ns - came_ns > GONE_FOR_NS;
	}
	return now_ns - came_ns > STALLED_FOR_NS ||
	       (sounded_ns != came_ns && now_ns - sounded_ns > SILENT_FOR_NS);
}

bool source_choice_block(struct source_choice *choice, enum sound_source source, bool silent,
		uint64_t now_ns) {
	choice->of[source].came_ns = now_ns;
	if (!silent) {
		choice->of[source].sounded_ns = now_ns;
	}
	if (choice->now != source && gives_way(choice, silent, now_ns)) {
		choice->now = source;
	}
	return choice->now == source;
}

void source_choice_stopped(struct source_choice *choice, enum sound_source source) {
	choice->of[source].came_ns = 0;
	choice->of[source].sounded_ns = 0;
}
