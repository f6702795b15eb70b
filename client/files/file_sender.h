/*
 * Sends files to the guest through the agent's file transfer: several at once, with progress,
 * cancel and the reason of a failure. Files are read on a separate thread, so that a slow disk
 * never holds a key. On pg-io.
 */
#pragma once

#include <stdint.h>

#include "base/part.h"

struct loop;
struct spice_agent;
struct file_sender;

/* Files on their way to the guest: a batch is all that was dropped until everything is finished. */
struct file_sender_status {
	unsigned active; /* still to be finished, the running ones too; more while folders are read
			  */
	unsigned done, failed;
	unsigned renamed;                 /* that have another name in the guest */
	uint64_t sent_bytes, total_bytes; /* of the files begun so far */
	char name[128];                   /* of the one that runs, printable */
	char error[PART_REASON_BYTES];    /* why the last failure happened; "" = none */
	char failures[360]; /* the failed ones, as many as fit, each with the reason */
	unsigned batches;   /* that have ended: done and failed are the sum then */
};

/* changed: the status may differ (at most a few times a second while bytes flow). */
int file_sender_create(struct file_sender **ret_sender, struct loop *loop,
		void (*changed)(void *data), void *data);
void file_sender_destroy(struct file_sender *sender); /* accepts NULL */

/* NULL = the agent is gone: everything fails. */
void file_sender_set_agent(struct file_sender *sender, struct spice_agent *agent);
/* Paths separated by NUL, ended by an empty one. */
void file_sender_add(struct file_sender *sender, const char *paths);
void file_sender_cancel(struct file_sender *sender);

/* The agent's events. */
void file_sender_status(struct file_sender *sender, uint32_t id, uint32_t result, uint64_t detail);
void file_sender_drained(struct file_sender *sender);

void file_sender_get(const struct file_sender *sender, struct file_sender_status *ret_status);
