/*
 * The connection to a sound server that speaks PulseAudio's protocol, PipeWire included
 * (scream-audio.md 4).
 *
 * Asynchronous, on the caller's main loop, which is pg-audio's (pulse_loop.h). Never starts a
 * server. An absent server is tried after 0.25, 0.5 and then every 1 s, and at once when its socket
 * appears; call pulse_server_tick() when pulse_server_deadline() has passed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pulse/context.h>
#include <pulse/introspect.h>
#include <pulse/mainloop-api.h>

#include "base/deadline.h"

struct pulse_server;

struct pulse_server_config {
	char server[256]; /* "" = libpulse's choice */
	/* What PulseAudio calls media.role, a constant; NULL = none: volume, mute and device are
	 * remembered for the role where there is one, for all programs that have it. */
	const char *role;
	const char *purpose; /* for the log: "the sound"; NULL = it is not said that there is none
			      */
};

struct pulse_server_events {
	/* It answers: streams may be made of pulse_server_context(). */
	void (*up)(const pa_server_info *info, void *data);
	/* It is gone, or was never reached: let go of everything made of the context, which is
	 * still there. Only from within pulse_server_tick(). */
	void (*down)(void *data);
	void *data;
};

/* Returns 0 or -ENOMEM. The first tick connects. */
int pulse_server_create(struct pulse_server **ret_server, pa_mainloop_api *api,
		const struct pulse_server_config *config, const struct pulse_server_events *events);
/* No event comes from it; whoever has streams lets go of them first. Accepts NULL. */
void pulse_server_destroy(struct pulse_server *server);

void pulse_server_tick(struct pulse_server *server, uint64_t now_ns);
deadline pulse_server_deadline(const struct pulse_server *server);
/* Look for it now. */
void pulse_server_retry(struct pulse_server *server);

/* Whether it answers; otherwise why not, for people. */
bool pulse_server_is_up(const struct pulse_server *server, const char **ret_reason);
bool pulse_server_is_pipewire(const struct pulse_server *server);
/* NULL while there is none. */
pa_context *pulse_server_context(const struct pulse_server *server);

/* The nth failure in a row was just seen: wait so long before the next attempt. */
unsigned pulse_backoff_ms(unsigned failures);
/* Nobody waits for its end. Accepts NULL. */
void pulse_forget(pa_operation *operation);
