#include "host-proto/clipboard_port.h"

#include <errno.h>
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
	struct clipboard_offer offer; /* the box's */
	struct offer_box box;         /* wakes pg-io */
	/* under the box's lock */
	struct row from_host, to_host;
	struct listener sender; /* pg-lgmp */
};

int clipboard_port_create(struct clipboard_port **ret_port) {
	struct clipboard_port *port = calloc(1, sizeof *port);
	if (!port) {
		return -ENOMEM;
	}
	offer_box_init(&port->box, &port->offer.host, sizeof port->offer);
	*ret_port = port;
	return 0;
}

void clipboard_port_destroy(struct clipboard_port *port) {
	if (!port) {
		return;
	}
	offer_box_finish(&port->box);
	free(port);
}

void clipboard_port_listen(
		struct clipboard_port *port, bool sender, void (*wake)(void *data), void *data) {
	if (!sender) {
		offer_box_listen(&port->box, wake, data);
		return;
	}
	pthread_mutex_lock(&port->box.lock);
	port->sender = (struct listener){ wake, data };
	pthread_mutex_unlock(&port->box.lock);
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
	const struct host_offer *host = &offer->host;
	pthread_mutex_lock(&port->box.lock);
	if (!host->session || host->session_id != port->offer.host.session_id ||
			host->client_id != port->offer.host.client_id) {
		port->from_host.count = port->to_host.count = 0;
	}
	struct shm *before = offer_box_put(&port->box, host);
	pthread_mutex_unlock(&port->box.lock);
	shm_unref(before);
}

void clipboard_port_withdraw(struct clipboard_port *port) {
	const struct clipboard_offer nothing = { .host.session = false };
	if (offer_box_has_session(&port->box)) {
		clipboard_port_put(port, &nothing);
	}
}

int clipboard_port_push(
		struct clipboard_port *port, const struct kvmfr_clipboard_message *message) {
	pthread_mutex_lock(&port->box.lock);
	/* Without a reader there is nobody to miss it. */
	int r = port->box.wake ? push(&port->from_host, message) : 0;
	offer_box_wake(&port->box);
	pthread_mutex_unlock(&port->box.lock);
	return r;
}

bool clipboard_port_next(struct clipboard_port *port, uint8_t *ret_bytes) {
	pthread_mutex_lock(&port->box.lock);
	const struct row *row = &port->to_host;
	const bool some = row->count > 0;
	if (some) {
		kvmfr_clipboard_message_write(&row->at[row->first], ret_bytes);
	}
	pthread_mutex_unlock(&port->box.lock);
	return some;
}

void clipboard_port_sent(struct clipboard_port *port) {
	pthread_mutex_lock(&port->box.lock);
	if (port->to_host.count > 0) {
		pop(&port->to_host);
	}
	pthread_mutex_unlock(&port->box.lock);
}

bool clipboard_port_take(struct clipboard_port *port, struct clipboard_offer *ret_offer) {
	return offer_box_take(&port->box, &ret_offer->host);
}

bool clipboard_port_pop(struct clipboard_port *port, struct kvmfr_clipboard_message *ret_message) {
	pthread_mutex_lock(&port->box.lock);
	struct row *row = &port->from_host;
	const bool some = row->count > 0;
	if (some) {
		*ret_message = row->at[row->first];
		pop(row);
	}
	pthread_mutex_unlock(&port->box.lock);
	return some;
}

int clipboard_port_send(
		struct clipboard_port *port, const struct kvmfr_clipboard_message *message) {
	pthread_mutex_lock(&port->box.lock);
	int r = port->offer.host.session ? push(&port->to_host, message) : -ENOTCONN;
	if (port->sender.wake) {
		port->sender.wake(port->sender.data);
	}
	pthread_mutex_unlock(&port->box.lock);
	return r;
}
