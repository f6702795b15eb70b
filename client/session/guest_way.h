/*
 * Chooses the way of input to the guest: the host program's own stream while that is up, else SPICE
 * (router -> host_input -> SPICE for what a stream cannot say). A change of ways keeps the grab and
 * what is held: to the stream only while nothing is held, back from it at any moment. On pg-io.
 */
#pragma once

#include <stdbool.h>

struct guest_input;
struct guest_way;
struct input_port;
struct loop;
struct router;

struct guest_way_events {
	void (*changed)(void *data); /* what the functions below tell */
	void (*moved)(void *data);   /* motion went out over the host's stream */
	void *data;
};

/* spice: the channel's table (copied); the rest is borrowed. port NULL: no stream, SPICE alone.
 * -ENOMEM. */
int guest_way_create(struct guest_way **ret_way, struct loop *loop, struct router *router,
		const struct guest_input *spice, struct input_port *port,
		const struct guest_way_events *events);
/* The router has no guest then. Everything that is held on the stream is up. Accepts NULL. */
void guest_way_destroy(struct guest_way *way);

/* The inputs channel is linked, or lost. */
void guest_way_set_spice(struct guest_way *way, bool up);
/* Somebody plays: the window has the focus, or devices are grabbed. */
void guest_way_want(struct guest_way *way, bool wanted);
/* Something was let go: the stream may be taken now. Cheap; after each batch of events. */
void guest_way_settle(struct guest_way *way);

/* There is a way, or there is one as soon as somebody plays. */
bool guest_way_is_there(const struct guest_way *way);
/* It is the host's stream. */
bool guest_way_is_host(const struct guest_way *way);
/* The guest's lock lights (enum input_led) as SPICE tells them; and as they are known. */
void guest_way_set_spice_leds(struct guest_way *way, unsigned leds);
unsigned guest_way_leds(const struct guest_way *way);
/* Brings the guest's lock keys among `locks` to `leds` over the host's stream. False: that is not
 * the way, or it does not know them; nothing was sent. */
bool guest_way_sync_leds(struct guest_way *way, unsigned leds, unsigned locks);
