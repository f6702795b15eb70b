/*
 * What the user reads in the window: from the snapshot to the overlay. Pure.
 */
#pragma once

#include <stdint.h>

#include "base/i18n.h"

struct config;
struct overlay;
struct snapshot;

/* How long an alert stays, and the last part of it in which it fades. */
/* Said in the figures, and once when the guest is up for a while. To be translated. */
#define VIEW_NO_AGENT      N_("No SPICE agent runs in the guest: no clipboard, no files to drop")
#define VIEW_ALERT_NS      2000000000ull
#define VIEW_ALERT_FADE_NS 400000000ull

/* After this long without a picture the check is named; a VM that boots may take longer. */
#define VIEW_HINT_NS 5000000000ull
/* After this long the host program in Windows is what to look at. */
#define VIEW_PATIENCE_NS 30000000000ull

void view_overlay(const struct snapshot *snapshot, const struct config *config,
		struct overlay *ret_overlay);

/* When the overlay will look different though nothing happens (an alert fades, figures age);
 * 0 = never. */
uint64_t view_next_change_ns(const struct snapshot *snapshot);
