/*
 * The text over the picture, as a state: the program's status, the alert of the moment, and the
 * overlay that the video part has of both. On pg-ui.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "client/render/overlay.h"
#include "client/ui/app_status.h"
#include "client/ui/graphs.h"

struct config;
struct video;

struct app_hud {
	struct app_status now;
	struct graphs graphs;
	uint64_t graphs_ns;   /* when the sound was last measured for them */
	bool alerts;          /* false: none is shown */
	bool dirty;           /* the overlay may have changed */
	struct overlay shown; /* as the video part has it */
	bool sent;
	deadline text_changes; /* when the overlay changes by itself */
};

void app_hud_init(struct app_hud *hud, const struct config *config, bool demo);

/* A banner for some seconds; level: enum overlay_level. */
void app_alert(struct app_hud *hud, int level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* Whether the overlay is to be made anew at hud->now.now_ns. */
bool app_hud_is_due(const struct app_hud *hud);
/* Shows the status with the panel; video may be NULL. */
void app_hud_show(struct app_hud *hud, const struct config *config,
		const struct overlay_panel *panel, struct video *video);
/* When app_hud_is_due() next; DEADLINE_NONE: only after a change. */
deadline app_hud_deadline(struct app_hud *hud);
