/*
 * The host program's clipboard service (doc/protocol/kvmfr.md A.6): a pair of streams for the
 * client that has claimed it, and a user in the guest who copies and pastes behind it. For the demo
 * guest and tests. No thread; all calls from one.
 *
 * Where the notes leave a choice, this host does so: client data comes over the clipboard queue's
 * own ring; the owner's generation is that of its claim; the streams are bound to the owner; a new
 * owner is told what the guest has; whoever asks chooses the transfer; a cancelled transfer is
 * "there is nothing"; text goes as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/kvmfr_clipboard.h"
#include "host-proto/sim/lgmp_host.h"

struct clipboard_host;

/* Any may be NULL. Called from step(). formats: KVMFR_CLIPBOARD_BIT(). */
struct clipboard_host_events {
	void (*owner)(bool owned, void *data);
	/* The desktop outside has new content; 0 = none any more. */
	void (*offered)(unsigned formats, void *data);
	/* It wants ours: clipboard_host_answer() must follow, at once or later. */
	void (*wanted)(unsigned format, void *data);
	/* The answer to clipboard_host_request(); format 0 = nothing. bytes are borrowed. */
	void (*content)(unsigned format, const uint8_t *bytes, size_t len, void *data);
	void *data;
};

/* Borrows host and shm. -ENOMEM. */
int clipboard_host_create(struct clipboard_host **ret_clipboard, struct shm *shm,
		struct lgmp_host *host, const struct clipboard_host_events *events);
/* Accepts NULL. Writes nothing. */
void clipboard_host_destroy(struct clipboard_host *clipboard);

/* Bytes that it takes of the memory. */
uint64_t clipboard_host_bytes(void);
/* Between lgmp_host_begin() and _publish(): the queue, its blocks and streams. -ENOSPC, -EMSGSIZE.
 */
int clipboard_host_begin(struct clipboard_host *clipboard, uint32_t session);

/* Reads, writes, ends leases, posts. */
void clipboard_host_step(struct clipboard_host *clipboard, uint64_t now_ns);
/* Content is under way: step often. */
bool clipboard_host_is_busy(const struct clipboard_host *clipboard);
bool clipboard_host_is_owned(const struct clipboard_host *clipboard);

/* The user in the guest copied something; 0 = and it is gone again. */
void clipboard_host_offer(struct clipboard_host *clipboard, unsigned formats);
/* … and pastes. False: nothing is asked, because nobody is there or one is under way. */
bool clipboard_host_request(struct clipboard_host *clipboard, unsigned format);
/* … and does not wait any more. */
void clipboard_host_cancel(struct clipboard_host *clipboard);
/* The answer to events.wanted(); copied. bytes NULL = nothing. */
void clipboard_host_answer(
		struct clipboard_host *clipboard, unsigned format, const void *bytes, size_t len);

/* Faults: nothing is offered / somebody else owns it / messages of the client are not read /
 * streams are not touched. */
void clipboard_host_set_off(struct clipboard_host *clipboard, bool on);
void clipboard_host_set_busy(struct clipboard_host *clipboard, bool on);
void clipboard_host_set_deaf(struct clipboard_host *clipboard, bool on);
void clipboard_host_set_stalled(struct clipboard_host *clipboard, bool on);
/* The streams are bound anew. */
void clipboard_host_rebind(struct clipboard_host *clipboard);

/* How pieces of content lie: for tests. */
enum clipboard_host_lie {
	CLIPBOARD_HOST_HONEST,
	CLIPBOARD_HOST_NO_SIZE, /* no lie: the size is told as unknown */
	CLIPBOARD_HOST_OFFSET,  /* an offset that is none */
	CLIPBOARD_HOST_MORE,    /* more bytes than the size says */
	CLIPBOARD_HOST_LESS,    /* the end before them */
	CLIPBOARD_HOST_ENDLESS, /* no end, ever */
	CLIPBOARD_HOST_HUGE,    /* a size that nobody takes */
	CLIPBOARD_HOST_OTHER,   /* a transfer that nobody asked for */
	CLIPBOARD_HOST_LENGTH,  /* a length beyond the slot */
	CLIPBOARD_HOST_LIES,
};
void clipboard_host_set_lie(struct clipboard_host *clipboard, enum clipboard_host_lie lie);
/* Any message, as it is, to the owner. */
void clipboard_host_say(
		struct clipboard_host *clipboard, const struct kvmfr_clipboard_message *message);

struct clipboard_host_counts {
	uint64_t claims, messages, refused; /* of the client; refused: of no owner, or nonsense */
	uint64_t pieces_in, pieces_out;
};
struct clipboard_host_counts clipboard_host_counts(const struct clipboard_host *clipboard);
