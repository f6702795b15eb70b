#include "client/session/guest_inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

#define KEYS_SPARE 512u /* places that motion leaves to keys, buttons and commands */

static void wake_loop(void *data) {
	struct guest_inbox *inbox = data;
	loop_wake(inbox->wake);
}

int guest_inbox_init(struct guest_inbox *inbox, struct loop *loop, void (*on_wake)(void *data),
		void *data) {
	int r = queue_init(&inbox->items, sizeof(struct guest_inbox_item), GUEST_INBOX_ITEMS,
			wake_loop, inbox);
	if (r == 0) {
		r = queue_init(&inbox->clipboard, sizeof(struct clipboard_message),
				GUEST_INBOX_CLIPBOARD, wake_loop, inbox);
	}
	if (r < 0) {
		return r;
	}
	inbox->wake = loop_add_wake(loop, on_wake, data);
	return inbox->wake ? 0 : -ENOMEM;
}

void guest_inbox_free_text(struct guest_link_command *command) {
	if (command->text) {
		explicit_bzero(command->text, strlen(command->text));
		free(command->text);
		command->text = NULL;
	}
}

void guest_inbox_finish(struct guest_inbox *inbox) {
	struct guest_inbox_item item;
	struct clipboard_message message;
	loop_remove(inbox->wake);
	while (inbox->items.items && queue_pop(&inbox->items, &item)) {
		if (item.kind == GUEST_INBOX_COMMAND) {
			guest_inbox_free_text(&item.command);
		}
	}
	while (inbox->clipboard.items && queue_pop(&inbox->clipboard, &message)) {
		free(message.data);
	}
	if (inbox->items.items) {
		queue_finish(&inbox->items);
	}
	if (inbox->clipboard.items) {
		queue_finish(&inbox->clipboard);
	}
}

/* What is lost here must not leave a key held. */
static int push_or_release(struct guest_inbox *inbox, const struct guest_inbox_item *item) {
	int r = queue_push(&inbox->items, item);
	if (r < 0) {
		atomic_store(&inbox->input_lost, true);
		loop_wake(inbox->wake);
	}
	return r;
}

int guest_inbox_input(struct guest_inbox *inbox, const struct guest_input_event *event) {
	const struct guest_inbox_item item = { .kind = GUEST_INBOX_INPUT, .input = *event };
	const bool motion = event->kind == INPUT_MOTION || event->kind == INPUT_POSITION;
	return motion ? queue_push_sparing(&inbox->items, &item, KEYS_SPARE)
		      : push_or_release(inbox, &item);
}

int guest_inbox_command(struct guest_inbox *inbox, const struct guest_link_command *command) {
	const struct guest_inbox_item item = { .kind = GUEST_INBOX_COMMAND, .command = *command };
	return push_or_release(inbox, &item);
}

bool guest_inbox_take_lost(struct guest_inbox *inbox) {
	return atomic_exchange(&inbox->input_lost, false);
}
