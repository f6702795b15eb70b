#include "client/window/lost_keys.h"

#include <SDL.h>
#include <linux/input-event-codes.h>

static const struct {
	unsigned short code, taken_for;
	SDL_Scancode scancode;
} keys[] = {
	{ KEY_F21, 0, SDL_SCANCODE_F21 },
	{ KEY_F22, 0, SDL_SCANCODE_F22 },
	{ KEY_F23, 0, SDL_SCANCODE_F23 },
	{ KEY_F24, 0, SDL_SCANCODE_F24 },
	{ KEY_KPJPCOMMA, 0, SDL_SCANCODE_INTERNATIONAL6 },
	{ KEY_KPCOMMA, KEY_KPDOT, SDL_SCANCODE_KP_COMMA },
	{ KEY_ZENKAKUHANKAKU, KEY_RIGHTALT, SDL_SCANCODE_LANG5 },
};
#define COUNT (sizeof keys / sizeof keys[0])

static size_t find(unsigned code) {
	size_t i = 0;
	while (i < COUNT && keys[i].code != code) {
		i++;
	}
	return i;
}

bool lost_key(unsigned code) {
	return find(code) < COUNT;
}

unsigned lost_key_taken_for(unsigned code) {
	const size_t i = find(code);
	return i < COUNT ? keys[i].taken_for : 0;
}

void lost_key_tell(unsigned code, bool pressed, bool repeat) {
	const size_t i = find(code);
	if (i == COUNT) {
		return;
	}
	SDL_Event event = { .key = { .type = pressed ? SDL_KEYDOWN : SDL_KEYUP,
					    .state = pressed ? SDL_PRESSED : SDL_RELEASED,
					    .repeat = repeat } };
	event.key.keysym.scancode = keys[i].scancode;
	event.key.keysym.sym = SDL_GetKeyFromScancode(keys[i].scancode);
	event.key.keysym.mod = (Uint16)SDL_GetModState();
	SDL_PushEvent(&event);
}
