/*
 * The text of a bug report: versions, desktop, GPU, the parts' states, figures, the settings that
 * are not the defaults, and the newest lines of the log. Nothing secret: no password, no typed or
 * copied text, no name of the machine or its user, of settings neither paths nor addresses.
 */
#pragma once

struct app_status;
struct config;

/* window: window_kind(). English, as those who read it. Heap; NULL: no memory. */
char *report_text(const struct app_status *status, const struct config *config, const char *window);
