/*
 * Keys: Linux key codes (KEY_*, positions on the keyboard) to what a PC's keyboard sends (set 1
 * scancodes, spice.md 5.3), and how a US layout types a character. Tables only; pure. Names of keys
 * are in key_names.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define KEYMAP_CODES 768u /* KEY_CNT of the kernel: every key code is below */

/* The set 1 make code: 0x00SS plain, 0xE0SS prefixed by E0; 0 = the guest has no such key. Pause is
 * 0xE046, which QEMU releases again (the historical E1 sequence it does not). */
uint16_t keymap_scancode(unsigned key_code);

bool keymap_is_modifier(unsigned key_code); /* Ctrl, Alt, Shift, Meta on either side */
bool keymap_is_meta(unsigned key_code);     /* the two Windows keys */

/* The key that types this character on a US keyboard. Line feed is Enter, carriage return is
 * nothing. Returns 0 if it has none. */
unsigned keymap_us(uint32_t character, bool *ret_shift);
