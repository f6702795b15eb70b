#include "base/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int mailbox_init(struct mailbox *mailbox, size_t size, void (*wake)(void *data), void *wake_data) {
	*mailbox = (struct mailbox){ .size = size, .wake = wake, .wake_data = wake_data };
	mailbox->value = calloc(1, size);
	if (!mailbox->value) {
		return -ENOMEM;
	}
	pthread_mutex_init(&mailbox->lock, NULL);
	return 0;
}

void mailbox_finish(struct mailbox *mailbox) {
	if (!mailbox->value) {
		return;
	}
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox->value);
	mailbox->value = NULL;
}

void mailbox_put(struct mailbox *mailbox, const void *value) {
	pthread_mutex_lock(&mailbox->lock);
	memcpy(mailbox->value, value, mailbox->size);
	mailbox->fresh = true;
	mailbox->ever = true;
	pthread_mutex_unlock(&mailbox->lock);
	if (mailbox->wake) {
		mailbox->wake(mailbox->wake_data);
	}
}

bool mailbox_take(struct mailbox *mailbox, void *ret_value) {
	pthread_mutex_lock(&mailbox->lock);
	bool fresh = mailbox->fresh;
	if (fresh) {
		memcpy(ret_value, mailbox->value, mailbox->size);
		mailbox->fresh = false;
	}
	pthread_mutex_unlock(&mailbox->lock);
	return fresh;
}

bool mailbox_peek(struct mailbox *mailbox, void *ret_value) {
	pthread_mutex_lock(&mailbox->lock);
	bool ever = mailbox->ever;
	if (ever) {
		memcpy(ret_value, mailbox->value, mailbox->size);
	}
	pthread_mutex_unlock(&mailbox->lock);
	return ever;
}
