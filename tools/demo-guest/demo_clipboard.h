/*
 * The demo guest's user, as far as the host's clipboard streams are concerned: who copies and
 * pastes (demo_agent.h says how) behind host-proto/sim/clipboard_host.h. On the producer's thread.
 */
#pragma once

#include <stdbool.h>

#include "host-proto/sim/clipboard_host.h"
#include "tools/demo-guest/demo_agent.h"

struct demo_clipboard {
	/* constant */
	demo_agent_report report;
	void *data;

	struct clipboard_host *host;
	unsigned own_format; /* enum kvmfr_clipboard_format; 0 = nothing */
	char own_path[200];
	char paste_path[200];
	bool silent;
};

/* The table for it; data: the struct. */
struct clipboard_host_events demo_clipboard_events(struct demo_clipboard *clipboard);

/* A line after "clip ": offer, release, paste, silent. host may be NULL. False: it makes no sense.
 */
bool demo_clipboard_command(
		struct demo_clipboard *clipboard, struct clipboard_host *host, const char *line);
