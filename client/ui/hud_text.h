/*
 * The words of the window: the state of the program, as text of the overlay. Pure.
 */
#pragma once

#include <stdint.h>

#include "base/deadline.h"
#include "base/i18n.h"

struct config;
struct overlay;
struct app_status;

/* Said in the list of states, and once when the guest has been up for a while. To be translated. */
#define HUD_TEXT_NO_AGENT      N_("No SPICE agent runs in the guest: no clipboard, no files to drop")
#define HUD_TEXT_ALERT_NS      2000000000ull
#define HUD_TEXT_ALERT_FADE_NS 400000000ull

/* After this long without a picture the check is named; a VM that boots may take longer. */
#define HUD_TEXT_HINT_NS 5000000000ull
/* ... for so long, over a picture of SPICE. */
#define HUD_TEXT_HINT_READ_NS 20000000000ull
/* After this long the host program in Windows is what to look at. */
#define HUD_TEXT_PATIENCE_NS 30000000000ull

void hud_text_overlay(const struct app_status *status, const struct config *config,
		struct overlay *ret_overlay);

/* The enum app_sign that is shown as overlay.sign[index]; -1 = none. */
int hud_text_sign_at(const struct app_status *status, unsigned index);

/* When the overlay will look different though nothing happens (an alert fades, figures age). */
deadline hud_text_next_change(const struct app_status *status);
