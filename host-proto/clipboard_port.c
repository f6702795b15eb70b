#include "host-proto/clipboard_port.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host-proto/shm.h"

#define MESSAGES 64u /* of each side; the host's queue holds 32 */

struct row {
	struct kvmfr_clipboard_message at[MESSAGES];
	unsigned first, count;
};

struct listener {
	void (*wake)(void *data);
	void *data;
};

struct clipboard_port {
	pthread_mutex_t lock;
	/* under the lock */
	struct clipboard_offer offer;
	bool fresh;
	struct row from_host, to_host;
	struct listener listeners[2]; /* pg-io, pg-lgmp */
};

int clipboard_port_create(struct clipboard_port **ret_port) {
	struct clipboard_port *port = calloc(1, sizeof *port);
	if (!port) {
		return -ENOMEM;
	}
	pthread_mutex_init(&port->lock, NULL);
	*ret_port = port;
	return 0;
}

void clipboard_port_destroy(struct clipboard_port *port) {
	if (!port) {
		return;
	}
	shm_unref(port->offer.shm);
	pthread_mutex_destroy(&port->lock);
	free(port);
}

/* With the lock held. */
static void wake_up(const struct listener *listener) {
	if (listener->wake) {
		listener->wake(listener->data);
	}
}

void clipboard_port_listen(
		struct clipboard_port *port, bool sender, void (*wake)(void *data), void *data) {
	pthread_mutex_lock(&port->lock);
	port->listeners[sender] = (struct listener){ wake, data };
	if (!sender && port->fresh) {
		wake_up(&port->listeners[0]);
	}
	pthread_mutex_unlock(&port->lock);
}

static int push(struct row *row, const struct kvmfr_clipboard_message *message) {
	if (row->count == MESSAGES) {
		return -ENOBUFS;
	}
	row->at[(row->first + row->count++) % MESSAGES] = *message;
	return 0;
}

static void pop(struct row *row) {
	row->first = (row->first + 1) % MESSAGES;
	row->count--;
}

void clipboard_port_put(struct clipboard_port *port, const struct clipboard_offer *offer) {
	pthread_mutex_lock(&port->lock);
	struct shm *before = port->offer.shm;
	if (!offer->session || offer->session_id != port->offer.session_id ||
			offer->client_id != port->offer.client_id) {
		port->from_host.count = port->to_host.count = 0;
	}
	port->offer = *offer;
	if (port->offer.shm) {
		shm_ref(port->offer.shm);
	}
	port->fresh = true;
	wake_up(&port->listeners[0]);
	pthread_mutex_unlock(&port->lock);
	shm_unref(before);
}

void clipboard_port_withdraw(struct clipboard_port *port) {
	const struct clipboard_offer nothing = { .session = false };
	pthread_mutex_lock(&port->lock);
	const bool there = port->offer.session;
	pthread_mutex_unlock(&port->lock);
	if (there) {
		clipboard_port_put(port, &nothing);
	}
}

int clipboard_port_push(
		struct clipboard_port *port, const struct kvmfr_clipboard_message *message) {
	pthread_mutex_lock(&port->lock);
	/* Without a reader there is nobody to miss it. */
	int r = port->listeners[0].wake ? push(&port->from_host, message) : 0;
	wake_up(&port->listeners[0]);
	pthread_mutex_unlock(&port->lock);
	return r;
}

bool clipboard_port_next(struct clipboard_port *port, uint8_t *ret_bytes) {
	pthread_mutex_lock(&port->lock);
	const struct row *row = &port->to_host;
	const bool some = row->count > 0;
	if (some) {
		kvmfr_clipboard_message_write(&row->at[row->first], ret_bytes);
	}
	pthread_mutex_unlock(&port->lock);
	return some;
}

void clipboard_port_sent(struct clipboard_port *port) {
	pthread_mutex_lock(&port->lock);
	if (port->to_host.count > 0) {
		pop(&port->to_host);
	}
	pthread_mutex_unlock(&port->lock);
}

bool clipboard_port_take(struct clipboard_port *port, struct clipboard_offer *ret_offer) {
	pthread_mutex_lock(&port->lock);
	const bool fresh = port->fresh;
	if (fresh) {
		*ret_offer = port->offer;
		if (ret_offer->shm) {
			shm_ref(ret_offer->shm);
		}
		port->fresh = false;
	}
	pthread_mutex_unlock(&port->lock);
	return fresh;
}

bool clipboard_port_pop(struct clipboard_port *port, struct kvmfr_clipboard_message *ret_message) {
	pthread_mutex_lock(&port->lock);
	struct row *row = &port->from_host;
	const bool some = row->count > 0;
	if (some) {
		*ret_message = row->at[row->first];
		pop(row);
	}
	pthread_mutex_unlock(&port->lock);
	return some;
}

int clipboard_port_send(
		struct clipboard_port *port, const struct kvmfr_clipboard_message *message) {
	pthread_mutex_lock(&port->lock);
	int r = port->offer.session ? push(&port->to_host, message) : -ENOTCONN;
	wake_up(&port->listeners[1]);
	pthread_mutex_unlock(&port->lock);
	return r;
}
