/*
 * Sends files to the guest through the agent's file transfer: several at once, with progress,
 * cancel and the reason of a failure. Files are read on a separate thread, so that a slow disk
 * never holds a key. On pg-io.
 */
#pragma once

#include <stdint.h>

struct loop;
struct file_sender_status; /* guest_link.h */
struct spice_agent;
struct file_sender;

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
