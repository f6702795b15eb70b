/*
 * A stream of LGMP 12: a ring of fixed slots in the shared memory, with one producer and one
 * consumer (doc/protocol/lgmp.md A.1). The host binds it to one client; a client's end is valid as
 * long as that binding, and every call looks whether it still is.
 *
 * Everything in the memory is hostile: the place is checked once, when it is read from a
 * descriptor; cursors are compared with this end's own numbers; no word is read twice for one
 * decision. Nothing waits. One thread at a time for each end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct shm;

enum lgmp_stream_direction { LGMP_STREAM_TO_CLIENT = 1, LGMP_STREAM_TO_HOST = 2 };

enum lgmp_stream_state {
	LGMP_STREAM_UNBOUND,
	LGMP_STREAM_BINDING,
	LGMP_STREAM_READY,
	LGMP_STREAM_DRAINING,
};

#define LGMP_STREAM_SLOTS_MAX 1024u

/* Our checked copy of a descriptor. */
struct lgmp_stream_place {
	uint32_t offset, region_bytes, slot_count, slot_bytes;
	enum lgmp_stream_direction direction;
};

struct lgmp_stream {
	/* constant while it is open */
	struct shm *shm; /* borrowed: the caller keeps a reference */
	unsigned char *base;
	struct lgmp_stream_place place;
	uint32_t session, client_id, epoch;
	uint32_t stride;
	uint32_t session_at; /* offset of the session id in the LGMP header */
	/* of this end */
	bool producer;
	uint32_t sequence; /* written so far, or read so far */
	uint32_t stamp;
};

/* A descriptor of 32 bytes (a copy) for that direction, with slots of at least slot_min bytes,
 * inside the mapping. 0 or -EBADMSG. */
int lgmp_stream_place_read(const struct shm *shm, const void *descriptor,
		enum lgmp_stream_direction direction, uint32_t slot_min,
		struct lgmp_stream_place *ret_place);

/* The client's end of it: the consumer of TO_CLIENT, the producer of TO_HOST. lgmp: the version,
 * for the header. -ENOTCONN (not bound to that client in that session), -EBADMSG (the region does
 * not say what the descriptor said), -EPROTONOSUPPORT. */
int lgmp_stream_open(struct lgmp_stream *ret_stream, struct shm *shm, unsigned lgmp,
		const struct lgmp_stream_place *place, uint32_t session, uint32_t client_id);

/* The host's end. It makes the region (unbound), binds it anew, and lets it go; a binding has an
 * epoch of its own, never 0. */
void lgmp_stream_make(struct lgmp_stream *ret_stream, struct shm *shm, unsigned lgmp,
		const struct lgmp_stream_place *place, uint32_t session);
void lgmp_stream_bind(struct lgmp_stream *stream, uint32_t client_id);
void lgmp_stream_unbind(struct lgmp_stream *stream);
/* The descriptor of 32 bytes for that place. */
void lgmp_stream_describe(const struct lgmp_stream_place *place, void *ret_descriptor);
/* Bytes of the region. */
uint32_t lgmp_stream_region_bytes(uint32_t slot_count, uint32_t slot_bytes);

/* Whether the binding and the session still are what they were. */
bool lgmp_stream_is_bound(const struct lgmp_stream *stream);

/* Bytes of a message at most. */
uint32_t lgmp_stream_room(const struct lgmp_stream *stream);

/* One message of at most slot_bytes. 0, -EAGAIN (all slots are full), -ENOTCONN (the binding is
 * over), -EBADMSG (the other end's cursor makes no sense). */
int lgmp_stream_write(struct lgmp_stream *stream, const void *data, uint32_t size);

/* The same with something in front: head_size + size bytes at most slot_bytes. */
int lgmp_stream_write_parts(struct lgmp_stream *stream, const void *head, uint32_t head_size,
		const void *data, uint32_t size);

/* The next message, copied. Returns its size, -EAGAIN, -ENOTCONN, -EBADMSG (also one that is longer
 * than a slot). */
int lgmp_stream_read(struct lgmp_stream *stream, void *data, uint32_t room);

/* For the producer: how many of its messages were taken. May be asked after the binding ended, as
 * long as nobody bound it anew: -ENOTCONN then. */
int lgmp_stream_taken(const struct lgmp_stream *stream, uint32_t *ret_count);
