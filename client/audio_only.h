/*
 * Sound alone: `pierglass --audio-only`, which the systemd user unit starts, and `pierglass
 * scream`, the old receiver's command line. No window, no display, no GL.
 */
#pragma once

struct config;

/* Until a signal, or config->seconds. Returns the exit status. */
int run_audio_only(struct config *config);

/* The same, with config->audio as it is; raw sound goes to stdout. */
int run_sound(struct config *config);
