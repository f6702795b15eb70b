/*
 * Decides, from everything that is known at one moment, what the program wants of each part, and
 * what the person at the screen reads while a picture is shown. A pure function of the status (with
 * the settings that keys change) and the configuration; the app runs it after every change of
 * either, so that nothing depends on which part spoke last.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/render/overlay.h"
#include "client/ui/app_decision.h"

struct app_status;
struct config;

void app_decide(const struct app_status *status, const struct config *config,
		struct app_decision *ret_decision);

/* A word or two, translated. */
const char *app_sign_word(enum app_sign sign);
enum overlay_level app_sign_level(enum app_sign sign);
/* Whether the sentence stays on the screen for as long as the sign does. */
bool app_sign_lasts(enum app_sign sign);
/* What is wrong and what to do about it, translated. */
void app_sign_text(const struct app_status *status, const struct config *config, enum app_sign sign,
		char *text, size_t size);
