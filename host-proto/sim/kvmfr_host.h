/*
 * The producing side of KVMFR over LGMP: frames and pointer messages as the host program in the
 * guest sends them (doc/protocol/kvmfr.md). For the demo guest, the bench and tests. No thread; all
 * calls from one, except kvmfr_host_frame_released().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/frame.h"
#include "host-proto/kvmfr.h"
#include "host-proto/sim/lgmp_host.h"

struct clipboard_host;
struct input_host;
struct kvmfr_host;
struct shm;

#define KVMFR_HOST_BLOCKS     3 /* frame blocks at most, used in turn: KVMFR 34 has so many */
#define KVMFR_HOST_BLOCKS_OLD 2

/* Borrows shm and copies info: what the host says about itself; info->version chooses the layouts
 * (19, 20, 34). -EPROTONOSUPPORT, -EMSGSIZE, -ENOMEM. */
int kvmfr_host_create(struct kvmfr_host **ret_host, struct shm *shm, const struct kvmfr_info *info);
/* Accepts NULL. Writes nothing. */
void kvmfr_host_destroy(struct kvmfr_host *host);

/* Their queues and streams are part of each session that begins from now on (borrowed; KVMFR 34).
 */
void kvmfr_host_set_input(struct kvmfr_host *host, struct input_host *input);
void kvmfr_host_set_clipboard(struct kvmfr_host *host, struct clipboard_host *clipboard);

/* A new session in the memory: queues, blocks, user data, heartbeat, magic. -EMSGSIZE when there is
 * no room for two frames of a page each. */
int kvmfr_host_begin(struct kvmfr_host *host, uint32_t session, uint64_t now_ms);

/* Every 10 ms. -EBADMSG: the memory was wiped; begin a new session. */
int kvmfr_host_periodic(struct kvmfr_host *host, uint64_t now_ms);

/* For what is not wrapped here. */
struct lgmp_host *kvmfr_host_lgmp(struct kvmfr_host *host);
unsigned kvmfr_host_frame_queue(const struct kvmfr_host *host);
unsigned kvmfr_host_pointer_queue(const struct kvmfr_host *host);

/* Bytes of pixels that one block holds. */
uint32_t kvmfr_host_room(const struct kvmfr_host *host);

/* The client whose schedule the frames follow (KVMFR 34, kvmfr.md A.4): it alone gets them, on a
 * queue of its own, and the others as ever. client_id 0 = nobody's. */
struct kvmfr_host_owner {
	uint32_t client_id;
	uint32_t generation; /* of the client's schedule */
	uint32_t epoch;      /* the host's; chooses the queue */
};
void kvmfr_host_set_owner(struct kvmfr_host *host, const struct kvmfr_host_owner *owner);
/* Of the owner's newest frame: 1, 2, … in an epoch; 0 = it had none. */
uint32_t kvmfr_host_deadline(const struct kvmfr_host *host);

/* Where a posted frame is written. */
struct kvmfr_host_frame {
	unsigned block;
	struct lgmp_host_ticket ticket;
	struct lgmp_host_ticket owner_ticket; /* in owner_queue */
	unsigned owner_queue;
	bool posted; /* false: nobody is subscribed */
	bool posted_to_owner;
	unsigned char *header; /* the wire header, for faults */
	unsigned char *pixels;
	uint32_t *write_pointer;
};

/* The stock order (kvmfr.md 4): header from `frame` (rows = data height), write pointer 0, post.
 * The caller then writes the pixels and raises the write pointer with kvmfr_host_written().
 * -ENOBUFS: all blocks are still in use; nothing was written. */
int kvmfr_host_post_frame(struct kvmfr_host *host, const struct frame *frame, uint64_t now_ms,
		struct kvmfr_host_frame *ret_frame);
/* Whether a frame could be posted now. */
bool kvmfr_host_can_post(const struct kvmfr_host *host);
/* The next frame that is posted has this word at that place of its header: a lie, for tests. */
void kvmfr_host_patch_next(struct kvmfr_host *host, uint32_t header_offset, uint32_t value);
/* Posts the last one again, as a host does for a new subscriber on a still desktop. */
int kvmfr_host_repost_frame(struct kvmfr_host *host, uint64_t now_ms);
void kvmfr_host_written(const struct kvmfr_host_frame *frame, uint32_t bytes);
/* Whether every subscriber has finished it. From any thread. */
bool kvmfr_host_frame_released(const struct kvmfr_host *host, const struct kvmfr_host_frame *frame);

/* A pointer shape as it goes over the wire. */
struct kvmfr_host_shape {
	unsigned type; /* 0 colour, 1 monochrome (height: twice the visible), 2 masked */
	int8_t hot_x, hot_y;
	uint32_t width, height, pitch;
	const void *data; /* pitch * height bytes */
};

/* x, y: top left of the shape. shape may be NULL. flags: POSITION and SHAPE are set by this
 * function; visible is a state. -ENOBUFS. */
int kvmfr_host_post_pointer(struct kvmfr_host *host, bool visible, bool has_position, int x, int y,
		const struct kvmfr_host_shape *shape, uint64_t now_ms);

/* Answers an audio claim (KVMFR 34), for that client alone. result: enum kvmfr_audio_result. */
int kvmfr_host_answer_audio(struct kvmfr_host *host, uint32_t client_id, uint32_t generation,
		unsigned result, uint64_t now_ms);
