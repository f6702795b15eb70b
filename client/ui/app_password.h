/*
 * The prompt for the SPICE password: typed blind, sent at Enter, wiped. On pg-ui.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

union SDL_Event;
struct app_parts;

#define APP_PASSWORD_MAX 64

struct app_password {
	char text[APP_PASSWORD_MAX];
	size_t len;
	bool asked;
};

/* Begins or ends the prompt. */
void app_password_ask(struct app_password *password, bool wanted);
/* While it is asked for. Returns how many characters are typed. */
size_t app_password_event(struct app_password *password, const struct app_parts *parts,
		const union SDL_Event *event);
void app_password_wipe(struct app_password *password);
