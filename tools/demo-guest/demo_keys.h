/* The keys and buttons that the demo guest's SPICE client holds, as text for the picture. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEMO_KEYS_HELD_MAX 12

struct demo_keys {
	unsigned count;
	unsigned held[DEMO_KEYS_HELD_MAX]; /* scancodes, in the order of pressing */
	unsigned buttons;                  /* bit (1 << enum spice_button) */
	int wheel;                         /* sum */
};

void demo_keys_key(struct demo_keys *keys, unsigned scancode, bool pressed);
void demo_keys_button(struct demo_keys *keys, unsigned button, bool pressed);

/* "A LEFTSHIFT  BUTTON LEFT  WHEEL 3"; "" when nothing is held and the wheel never moved. */
void demo_keys_held(const struct demo_keys *keys, char *text, size_t size);

/* "a" for 0x1e, "key" for what has no name. Never NULL. */
const char *demo_keys_name(unsigned scancode);
const char *demo_keys_button_name(unsigned button);
