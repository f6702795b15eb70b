#include "client/video/upload_choice.h"

#include <math.h>
#include <string.h>

/* Plain uploads need no buffers and no fences: another way must be clearly better. */
#define CLEARLY 0.9

void upload_choice_init(
		struct upload_choice *choice, enum video_upload wanted, bool has_persistent) {
	memset(choice, 0, sizeof *choice);
	if (wanted != VIDEO_UPLOAD_AUTO) {
		choice->decided = true;
		choice->chosen = wanted;
		return;
	}
	choice->ways[choice->count++] = VIDEO_UPLOAD_DIRECT;
	choice->ways[choice->count++] = VIDEO_UPLOAD_PBO;
	if (has_persistent) {
		choice->ways[choice->count++] = VIDEO_UPLOAD_PERSISTENT;
	}
}

static unsigned next(const struct upload_choice *choice) {
	unsigned at = 0;
	while (at + 1 < choice->count && choice->tries[at] >= UPLOAD_CHOICE_ROUNDS) {
		at++;
	}
	return at;
}

enum video_upload upload_choice_way(const struct upload_choice *choice) {
	return choice->decided ? choice->chosen : choice->ways[next(choice)];
}

static void decide(struct upload_choice *choice) {
	unsigned best = 0;
	for (unsigned i = 1; i < choice->count; i++) {
		const double limit = choice->best[best] * (best == 0 ? CLEARLY : 1);
		if (choice->best[i] < limit) {
			best = i;
		}
	}
	choice->chosen = choice->ways[best];
	choice->decided = true;
}

bool upload_choice_note(struct upload_choice *choice, enum video_upload way, double cost) {
	if (choice->decided) {
		return false;
	}
	const unsigned at = next(choice);
	if (choice->ways[at] != way) {
		/* The renderer went another way: this one does not work here. */
		choice->tries[at] = UPLOAD_CHOICE_ROUNDS;
		choice->best[at] = HUGE_VAL;
	} else if (choice->tries[at] > 0 && (choice->tries[at] == 1 || cost < choice->best[at])) {
		choice->best[at] = cost;
		choice->tries[at]++;
	} else {
		choice->tries[at]++;
	}
	if (at + 1 == choice->count && choice->tries[at] >= UPLOAD_CHOICE_ROUNDS) {
		decide(choice);
	}
	return choice->decided;
}
