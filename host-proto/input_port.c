#include "host-proto/input_port.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host-proto/shm.h"

struct input_port {
	pthread_mutex_t lock;
	/* under the lock */
	struct input_offer offer;
	bool fresh;
	void (*wake)(void *data);
	void *data;
};

int input_port_create(struct input_port **ret_port) {
	struct input_port *port = calloc(1, sizeof *port);
	if (!port) {
		return -ENOMEM;
	}
	pthread_mutex_init(&port->lock, NULL);
	*ret_port = port;
	return 0;
}

void input_port_destroy(struct input_port *port) {
	if (!port) {
		return;
	}
	shm_unref(port->offer.shm);
	pthread_mutex_destroy(&port->lock);
	free(port);
}

void input_port_listen(struct input_port *port, void (*wake)(void *data), void *data) {
	pthread_mutex_lock(&port->lock);
	port->wake = wake;
	port->data = data;
	if (wake && port->fresh) {
		wake(data);
	}
	pthread_mutex_unlock(&port->lock);
}

void input_port_put(struct input_port *port, const struct input_offer *offer) {
	pthread_mutex_lock(&port->lock);
	struct shm *before = port->offer.shm;
	port->offer = *offer;
	if (port->offer.shm) {
		shm_ref(port->offer.shm);
	}
	port->fresh = true;
	if (port->wake) {
		port->wake(port->data);
	}
	pthread_mutex_unlock(&port->lock);
	shm_unref(before);
}

void input_port_withdraw(struct input_port *port) {
	const struct input_offer nothing = { .session = false };
	pthread_mutex_lock(&port->lock);
	const bool there = port->offer.session;
	pthread_mutex_unlock(&port->lock);
	if (there) {
		input_port_put(port, &nothing);
	}
}

bool input_port_take(struct input_port *port, struct input_offer *ret_offer) {
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
