/* Whether an overlay shows anything at all. */
#pragma once

#include "client/render/overlay.h"

static bool overlay_empty(const struct overlay *overlay) {
	return !overlay->splash && overlay->state_count == 0 && overlay->help_count == 0 &&
	       overlay->figures_count == 0 && overlay->graph_count == 0 &&
	       overlay->sign_count == 0 && !overlay->dim && !overlay->panel.open &&
	       (overlay->alert.text[0] == '\0' || overlay->alert_opacity <= 0);
}
