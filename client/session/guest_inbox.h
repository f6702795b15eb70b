/*
 * What other threads hand to the session: input and commands in one queue, so that their order
 * holds, and the clipboard's messages in another, so that a clipboard that floods takes no room
 * from keys. The memory is the session's; finish frees what nobody took.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/queue.h"
#include "client/clipboard/clipboard_message.h"
#include "client/session/guest_command.h"
#include "input/event.h"

struct loop;
struct loop_source;

#define GUEST_INBOX_ITEMS     1024u
#define GUEST_INBOX_CLIPBOARD 64u

struct guest_inbox_item {
	enum { GUEST_INBOX_INPUT, GUEST_INBOX_COMMAND } kind;
	union {
		struct guest_input_event input;
		struct guest_link_command command;
	};
};

struct guest_inbox {
	struct loop_source *wake;
	struct queue items;     /* struct guest_inbox_item */
	struct queue clipboard; /* struct clipboard_message */
	atomic_bool input_lost; /* a key, button or command found the queue full */
};

/* on_wake runs on the loop's thread after each of the pushes below. 0 or -ENOMEM; finish in either
 * case. */
int guest_inbox_init(struct guest_inbox *inbox, struct loop *loop, void (*on_wake)(void *data),
		void *data);
/* Accepts zeroed memory. Nobody may push any more. */
void guest_inbox_finish(struct guest_inbox *inbox);

/* From any thread: 0 or -ENOBUFS. Motion leaves places to all else. */
int guest_inbox_input(struct guest_inbox *inbox, const struct guest_input_event *event);
int guest_inbox_command(struct guest_inbox *inbox, const struct guest_link_command *command);

/* On the loop's thread: whether input or a command was lost, which may have been the release of a
 * key, since the last call. */
bool guest_inbox_take_lost(struct guest_inbox *inbox);
/* Frees the text of a command, which may be a password. */
void guest_inbox_free_text(struct guest_link_command *command);
