/*
 * The state of the whole program at one moment, collected by the app on pg-ui. The overlay
 * and the --stats lines are functions of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/audio.h"
#include "base/part.h"
#include "client/platform/sandbox.h"
#include "client/session/guest_link.h"
#include "client/ui/app_decision.h"
#include "client/video/video.h"

struct first_screen;

struct app_status {
	uint64_t now_ns;
	uint64_t start_ns; /* of the program */

	struct video_status video;
	struct video_stats video_stats;
	struct guest_link_status session;
	struct part_status audio;
	struct audio_stats audio_stats;
	struct part_status discovery; /* OFF unless a domain was named */

	struct sandbox_state confined; /* since the start */
	bool demo;
	size_t password_typed; /* characters, while the session asks for one */
	bool captured;         /* the window's own capture mode */
	bool wrong_vm;         /* the SPICE server is that of another VM */
	bool focused;          /* the window has the keyboard */
	bool full_screen;
	double text_scale; /* window_text_scale(); 0 = 1 */
	bool sound_came;   /* the guest has sent some, heard or not */
	bool device_input; /* something came from a grabbed device within a minute */

	/* What the user's keys have chosen. */
	enum video_source source;
	bool paused;
	bool input_on;
	bool muted;
	bool recorded;           /* picture and sound go into a file: */
	char recorded_file[512]; /* … that one */

	/* While there is no picture. NULL = nothing is known. */
	const struct first_screen *first;
	uint64_t waits_since_ns[4]; /* of VM, picture, input, sound; 0 = it does not wait */

	/* What follows from all of it: app_decide(). */
	struct app_decision decision;
	uint64_t sign_since_ns[APP_SIGN_COUNT];
	int sign_pointed_at; /* enum app_sign that the pointer is on; -1 = none */

	/* What the user wants to see. */
	bool show_tab; /* the way to the panel for mouse and touch */
	bool show_help;
	uint64_t help_since_ns; /* when it began */
	bool show_fps;
	bool show_stats; /* delays and counts */
	bool show_graphs;
	bool show_states;

	/* A banner that goes by itself. */
	char alert[480];
	int alert_level; /* enum overlay_level */
	uint64_t alert_until_ns;
};

/* Microseconds from the newest picture on the screen to the sound heard with it: > 0 = the sound is
 * late. False while one of them does not play. */
bool app_status_av_offset(const struct app_status *status, double *ret_us);
