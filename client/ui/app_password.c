/* The prompt for the SPICE password: typed blind, sent at Enter, wiped. */
#include <stdio.h>
#include <string.h>

#include <SDL.h>

#include "base/utf8.h"
#include "client/ui/app_state.h"

void app_ask_password(struct app *app) {
	bool ask = app->now.session.needs_password;
	if (ask == app->asking_password) {
		return;
	}
	app->asking_password = ask;
	explicit_bzero(app->password, sizeof app->password);
	app->password_len = 0;
	if (ask) {
		SDL_StartTextInput();
	} else {
		SDL_StopTextInput();
	}
}

void app_password_event(struct app *app, const union SDL_Event *event) {
	if (event->type == SDL_TEXTINPUT) {
		size_t room = sizeof app->password - app->password_len;
		int len = snprintf(app->password + app->password_len, room, "%s", event->text.text);
		if (len > 0 && (size_t)len < room) {
			app->password_len += (size_t)len;
		} else {
			app->password[app->password_len] = '\0'; /* never half of it */
		}
	} else if (event->type == SDL_KEYDOWN && event->key.keysym.sym == SDLK_BACKSPACE) {
		/* The whole letter, however many bytes it has. */
		app->password_len -= utf8_last(app->password, app->password_len);
		app->password[app->password_len] = '\0';
	} else if (event->type == SDL_KEYDOWN &&
			(event->key.keysym.sym == SDLK_RETURN ||
					event->key.keysym.sym == SDLK_KP_ENTER)) {
		app_command(app, (struct guest_link_command){
						 .kind = GUEST_LINK_PASSWORD,
						 .text = strdup(app->password),
				 });
		explicit_bzero(app->password, sizeof app->password);
		app->password_len = 0;
	}
	app->now.password_typed = utf8_count(app->password, app->password_len);
	app->dirty = true;
}
