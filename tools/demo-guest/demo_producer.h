/*
 * The thread of pierglass-demo-guest that runs the demo guest: frames must not wait for sockets,
 * nor sockets for frames. Commands come in through a queue, reports go out on stdout.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host-proto/sim/demo_guest.h"
#include "tools/demo-guest/demo_agent.h"
#include "tools/demo-guest/demo_options.h"

struct demo_producer;

struct demo_order {
	enum {
		DEMO_ORDER_COMMAND,
		DEMO_ORDER_SHOW,
		DEMO_ORDER_BY,
		DEMO_ORDER_TO,
		DEMO_ORDER_LEDS,
		DEMO_ORDER_CLIP
	} kind;
	unsigned line; /* SHOW */
	unsigned leds; /* LEDS: enum kvmfr_input_led */
	int x, y;      /* BY, TO */
	char text[DEMO_COMMAND_BYTES];
};

/* Borrows shm. report: JSON lines for every frame. input: what comes over the input stream of host
 * 34, and clip: of its clipboard, both on the producer's thread; clip_data for clip. Returns 0 or a
 * negative errno. */
int demo_producer_start(struct demo_producer **ret_producer, struct shm *shm,
		const struct demo_guest_config *config, const struct input_host_events *input,
		demo_agent_report clip, void *clip_data, bool report);
/* Joins the thread; with report, writes the totals. Accepts NULL. */
void demo_producer_stop(struct demo_producer *producer);

/* From any thread. Returns 0 or -ENOBUFS. */
int demo_producer_order(struct demo_producer *producer, const struct demo_order *order);
