#include "client/session/guest_way.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>

#include "client/session/host_input.h"
#include "input/guest_input.h"
#include "input/led.h"
#include "input/router.h"

enum way_kind { WAY_NONE, WAY_SPICE, WAY_HOST };

struct guest_way {
	struct router *router;
	struct guest_input spice;
	unsigned spice_leds;
	struct host_input *host; /* NULL: there is no port */
	struct guest_way_events events;
	enum way_kind kind;
	bool spice_up;
	bool settling, again;
	bool reported_leds;
	unsigned leds; /* the router was told, with reported_leds */
};

static bool host_is_up(const struct guest_way *way) {
	return way->host && host_input_is_up(way->host);
}

static void to_host(struct guest_way *way) {
	const struct guest_input table = host_input_table(way->host);
	if (way->kind == WAY_NONE) {
		router_set_guest(way->router, &table);
	} else {
		router_switch_guest(way->router, &table, NULL);
	}
	way->kind = WAY_HOST;
}

static void to_spice(struct guest_way *way) {
	const bool from_host = way->kind == WAY_HOST;
	way->kind = WAY_SPICE;
	if (!from_host) {
		router_set_guest(way->router, &way->spice);
		return;
	}
	router_switch_guest(way->router, &way->spice, host_input_settled(way->host));
	router_flush(way->router);
	if (host_input_replay(way->host, &way->spice)) {
		way->spice.flush(way->spice.data);
	}
}

static void tell_leds(struct guest_way *way) {
	const unsigned leds = guest_way_leds(way);
	if (!way->reported_leds || leds != way->leds) {
		way->reported_leds = true;
		way->leds = leds;
		router_set_leds(way->router, leds);
	}
}

static void settle_once(struct guest_way *way) {
	if (host_is_up(way)) {
		/* A press and its release go the same way: a drag is not cut. */
		if (way->kind != WAY_HOST && router_held(way->router) == 0) {
			to_host(way);
			tell_leds(way);
		}
	} else if (way->kind == WAY_HOST || way->kind == WAY_NONE) {
		if (way->spice_up) {
			to_spice(way);
		} else if (way->kind == WAY_HOST) {
			way->kind = WAY_NONE;
			router_set_guest(way->router, NULL);
		}
	}
}

/* A router that gets or loses its guest may grab devices or let them go, and who hears of that may
 * ask for the way in the middle of it: it is settled anew when the router is done. */
void guest_way_settle(struct guest_way *way) {
	way->again = true;
	while (way->again && !way->settling) {
		way->again = false;
		way->settling = true;
		settle_once(way);
		way->settling = false;
	}
}

static void on_host_changed(void *data) {
	struct guest_way *way = data;
	guest_way_settle(way);
	tell_leds(way);
	way->events.changed(way->events.data);
}

void guest_way_set_spice(struct guest_way *way, bool up) {
	way->spice_up = up;
	if (way->host) {
		host_input_set_fallback(way->host, up ? &way->spice : NULL);
	}
	if (!up && way->kind == WAY_SPICE) {
		const bool settling = way->settling;
		way->kind = WAY_NONE;
		way->settling = true;
		router_set_guest(way->router, NULL);
		way->settling = settling;
	}
	guest_way_settle(way);
}

void guest_way_want(struct guest_way *way, bool wanted) {
	if (way->host) {
		host_input_want(way->host, wanted);
		guest_way_settle(way);
	}
}

bool guest_way_is_there(const struct guest_way *way) {
	return way->spice_up || (way->host && host_input_is_offered(way->host));
}

bool guest_way_is_host(const struct guest_way *way) {
	return way->kind == WAY_HOST;
}

void guest_way_set_spice_leds(struct guest_way *way, unsigned leds) {
	way->spice_leds = leds;
	tell_leds(way);
}

unsigned guest_way_leds(const struct guest_way *way) {
	unsigned leds;
	if (way->kind == WAY_HOST && host_input_leds(way->host, &leds)) {
		return leds;
	}
	return way->spice_leds;
}

bool guest_way_sync_leds(struct guest_way *way, unsigned leds, unsigned locks) {
	static const struct {
		unsigned led, key;
	} keys[] = { { INPUT_LED_SCROLL, KEY_SCROLLLOCK }, { INPUT_LED_NUM, KEY_NUMLOCK },
		{ INPUT_LED_CAPS, KEY_CAPSLOCK } };
	unsigned now;
	if (way->kind != WAY_HOST || !host_input_leds(way->host, &now)) {
		return false;
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if ((now ^ leds) & locks & keys[i].led) {
			(void)router_send_keys(way->router, &keys[i].key, 1);
		}
	}
	return true;
}

static void on_host_moved(void *data) {
	struct guest_way *way = data;
	way->events.moved(way->events.data);
}

int guest_way_create(struct guest_way **ret_way, struct loop *loop, struct router *router,
		const struct guest_input *spice, struct input_port *port,
		const struct guest_way_events *events) {
	struct guest_way *way = calloc(1, sizeof *way);
	if (!way) {
		return -ENOMEM;
	}
	way->router = router;
	way->spice = *spice;
	way->events = *events;
	*ret_way = way;
	if (!port) {
		return 0;
	}
	const struct host_input_events host = { on_host_changed, on_host_moved, way };
	int r = host_input_create(&way->host, loop, port, &host);
	if (r < 0) {
		free(way);
	}
	return r;
}

void guest_way_destroy(struct guest_way *way) {
	if (!way) {
		return;
	}
	struct host_input *host = way->host;
	way->host = NULL; /* what it tells from now on means nothing */
	way->spice_up = false;
	way->kind = WAY_NONE;
	router_set_guest(way->router, NULL);
	host_input_destroy(host);
	free(way);
}
