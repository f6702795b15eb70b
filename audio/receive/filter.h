/*
 * Decides which datagrams are played: checks in the order of scream-audio.md 6, one sender at a
 * time, format changes only on agreement, a bounded rate. Pure: no socket, no log, no clock of its
 * own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/codec/scream.h"

enum filter_verdict {
	FILTER_PLAY,
	FILTER_MALFORMED,    /* scream_verdict in `malformed` */
	FILTER_OTHER_SENDER, /* another is locked on to */
	FILTER_NOT_WANTED,   /* not of the VM that is shown, or was asked for */
	FILTER_OTHER_STREAM, /* of the same sender, and an earlier one still comes */
	FILTER_UNAGREED,     /* a new header, seen once */
	FILTER_MUTED,        /* the format changes too often */
	FILTER_TOO_FAST,     /* more than the format needs */
	FILTER_VERDICTS,
};

#define FILTER_SENDERS 8

/* Of one that sends, where only one VM's sound is wanted. */
enum filter_sender {
	FILTER_SENDER_UNKNOWN, /* whose it is: heard until it is known, but for a wanted one */
	FILTER_SENDER_WANTED,
	FILTER_SENDER_UNWANTED,
};

struct filter_sender_entry {
	uint32_t source;
	uint64_t heard_ns;
	enum filter_sender is;
};

struct filter {
	bool any_sender;
	bool chooses; /* only what senders[] calls wanted; the owner judges them */
	struct filter_sender_entry senders[FILTER_SENDERS];
	unsigned sender_count;

	bool locked;
	uint32_t source; /* IPv4, network order */
	uint16_t port;
	uint64_t heard_ns;   /* the last packet of the locked sender */
	uint64_t sounded_ns; /* the last that was not silence */

	bool playing; /* `format` is agreed */
	struct scream_format format;
	bool proposed_once;
	struct scream_format proposed;
	uint64_t proposed_ns;   /* since when */
	uint64_t changes_ns[4]; /* when the format changed last */
	unsigned change;

	double tokens; /* bytes that may come */
	uint64_t tokens_ns;

	enum scream_verdict malformed; /* of the last FILTER_MALFORMED */
	uint64_t counts[FILTER_VERDICTS];
	uint64_t malformed_counts[SCREAM_VERDICTS];
};

void filter_init(struct filter *filter, bool any_sender);
/* Only what wanted senders send from now on, or of any. Nobody is known yet. */
void filter_choose(struct filter *filter, bool chooses);
/* What became known of senders[i]. */
void filter_judge_sender(struct filter *filter, unsigned i, enum filter_sender is);

enum filter_verdict filter_judge(struct filter *filter, const void *data, size_t len,
		uint32_t source, uint16_t port, uint64_t now_ns, struct scream_packet *ret_packet);

/* All that were not played. */
uint64_t filter_rejected(const struct filter *filter);
const char *filter_verdict_text(const struct filter *filter, enum filter_verdict verdict);
