#include "host-proto/input_port.h"

#include <errno.h>
#include <stdlib.h>

#include "host-proto/shm.h"

struct input_port {
	struct input_offer offer; /* the box's */
	struct offer_box box;
};

int input_port_create(struct input_port **ret_port) {
	struct input_port *port = calloc(1, sizeof *port);
	if (!port) {
		return -ENOMEM;
	}
	offer_box_init(&port->box, &port->offer.host, sizeof port->offer);
	*ret_port = port;
	return 0;
}

void input_port_destroy(struct input_port *port) {
	if (!port) {
		return;
	}
	offer_box_finish(&port->box);
	free(port);
}

void input_port_listen(struct input_port *port, void (*wake)(void *data), void *data) {
	offer_box_listen(&port->box, wake, data);
}

void input_port_put(struct input_port *port, const struct input_offer *offer) {
	pthread_mutex_lock(&port->box.lock);
	struct shm *before = offer_box_put(&port->box, &offer->host);
	pthread_mutex_unlock(&port->box.lock);
	shm_unref(before);
}

void input_port_withdraw(struct input_port *port) {
	const struct input_offer nothing = { .host.session = false };
	if (offer_box_has_session(&port->box)) {
		input_port_put(port, &nothing);
	}
}

bool input_port_take(struct input_port *port, struct input_offer *ret_offer) {
	return offer_box_take(&port->box, &ret_offer->host);
}
