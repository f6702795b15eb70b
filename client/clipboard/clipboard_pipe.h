/*
 * Transfers of clipboard content through pipes, as Wayland's programs exchange it: in pieces,
 * several at once, both ways, each with a limit on the time without progress. On the loop's thread.
 *
 * A program that dies closes its end just as one that has finished: on Wayland the two look alike.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/clipboard/clipboard_message.h"

struct clipboard_pipes;
struct loop;

struct clipboard_pipes_events {
	/* A read is over. heap goes to the receiver; NULL: failure says why; len with
	 * CLIPBOARD_FAILURE_SIZE: what had come. */
	void (*read)(uint32_t id, void *heap, size_t len, enum clipboard_failure failure,
			void *data);
	void *data;
};

int clipboard_pipes_create(struct clipboard_pipes **ret_pipes, struct loop *loop,
		uint64_t timeout_ns, const struct clipboard_pipes_events *events);
/* Closes all; no event any more. Accepts NULL. */
void clipboard_pipes_destroy(struct clipboard_pipes *pipes);

/* Reads to the end, at most max_bytes. Makes the pipe; *ret_fd is the writing end, for the other
 * program: the caller closes it. -EMFILE, -ENOBUFS (too many at once). */
int clipboard_pipes_read(struct clipboard_pipes *pipes, uint32_t id, size_t max_bytes, int *ret_fd);
/* Ends the reads without content, all but that of the id keep. */
void clipboard_pipes_cancel_reads(struct clipboard_pipes *pipes, uint32_t keep);
/* fd and heap are taken over, also on failure. heap NULL: only closes. */
void clipboard_pipes_write(struct clipboard_pipes *pipes, int fd, void *heap, size_t len);
