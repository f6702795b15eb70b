#include "client/ui/app_password.h"

#include <stdio.h>
#include <string.h>

#include <SDL.h>

#include "base/utf8.h"
#include "client/ui/app_parts.h"

void app_password_wipe(struct app_password *password) {
	explicit_bzero(password->text, sizeof password->text);
	password->len = 0;
}

void app_password_ask(struct app_password *password, bool wanted) {
	if (wanted == password->asked) {
		return;
	}
	password->asked = wanted;
	app_password_wipe(password);
	if (wanted) {
		SDL_StartTextInput();
	} else {
		SDL_StopTextInput();
	}
}

static void add(struct app_password *password, const char *text) {
	const size_t room = sizeof password->text - password->len;
	const int len = snprintf(password->text + password->len, room, "%s", text);
	if (len > 0 && (size_t)len < room) {
		password->len += (size_t)len;
	} else {
		password->text[password->len] = '\0'; /* never half of it */
	}
}

size_t app_password_event(struct app_password *password, const struct app_parts *parts,
		const union SDL_Event *event) {
	if (event->type == SDL_TEXTINPUT) {
		add(password, event->text.text);
	} else if (event->type == SDL_KEYDOWN && event->key.keysym.sym == SDLK_BACKSPACE) {
		/* The whole letter, however many bytes it has. */
		password->len -= utf8_last(password->text, password->len);
		password->text[password->len] = '\0';
	} else if (event->type == SDL_KEYDOWN &&
			(event->key.keysym.sym == SDLK_RETURN ||
					event->key.keysym.sym == SDLK_KP_ENTER)) {
		app_parts_command(parts, (struct guest_link_command){ .kind = GUEST_LINK_PASSWORD,
							 .text = strdup(password->text) });
		app_password_wipe(password);
	}
	return utf8_count(password->text, password->len);
}
