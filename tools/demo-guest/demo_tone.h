/*
 * The demo guest's sound: a quiet tone as Scream packets to a multicast group on one interface. On
 * the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct demo_tone;
struct loop;

struct demo_tone_config {
	char interface[16];
	char group[16];
	uint16_t port;
	double hertz;
};

/* Returns 0 or a negative errno. */
int demo_tone_create(struct demo_tone **ret_tone, struct loop *loop,
		const struct demo_tone_config *config);
void demo_tone_destroy(struct demo_tone *tone);
void demo_tone_set_playing(struct demo_tone *tone, bool playing);

/* A port on loopback that nobody uses now; 0 if there is none. */
uint16_t demo_tone_free_port(void);
