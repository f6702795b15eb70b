/*
 * The status that every part of the program (picture, session, sound) reports. The program starts
 * and stops a part; a part runs its own thread and treats an absent peer as a state.
 */
#pragma once

#include <stdbool.h>
#include <string.h>

#define PART_REASON_BYTES 160

enum part_state {
	PART_OFF,     /* not wanted by the configuration */
	PART_WAITING, /* the other end is away; reason says which, and what would help */
	PART_RUNNING,
	PART_FAILED, /* needs the user: reason says what to do; it still looks again now and then */
};

struct part_status {
	enum part_state state;
	char reason[PART_REASON_BYTES]; /* for people, no full stop, never empty unless OFF */
};

static inline bool part_status_equal(const struct part_status *a, const struct part_status *b) {
	return a->state == b->state && strcmp(a->reason, b->reason) == 0;
}

static inline const char *part_state_name(enum part_state state) {
	switch (state) {
	case PART_OFF:
		return "off";
	case PART_WAITING:
		return "waiting";
	case PART_RUNNING:
		return "running";
	case PART_FAILED:
		return "failed";
	}
	return "?";
}

/* Before the reason, where both make one line: a reason to wait says so itself. */
static inline const char *part_state_prefix(enum part_state state) {
	switch (state) {
	case PART_RUNNING:
		return "running: ";
	case PART_FAILED:
		return "failed: ";
	case PART_OFF:
	case PART_WAITING:
		break;
	}
	return "";
}
