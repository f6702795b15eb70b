/*
 * Keys: Linux key codes (KEY_*, positions on the keyboard) to what a PC's keyboard sends (set 1
 * scancodes, spice.md 5.3), their names, and how a US layout types a character. Tables only; pure,
 * callable from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYMAP_CODES 768u /* KEY_CNT of the kernel: every key code is below */

/* The set 1 make code: 0x00SS plain, 0xE0SS prefixed by E0; 0 = the guest has no such key. Pause is
 * 0xE046, which QEMU releases again (the historical E1 sequence it does not). */
uint16_t keymap_scancode(unsigned key_code);

/* "KEY_SCROLLLOCK"; NULL if the table does not have it. */
const char *keymap_name(unsigned key_code);

/* A key by the kernel's name with or without "KEY_", in any case ("scrolllock", "KEY_F12"), or by
 * its number ("70"). 0 = no such key. */
unsigned keymap_code(const char *name);

/* The i-th key of the table, in the order of the codes; 0 behind the last. */
unsigned keymap_at(size_t i);

bool keymap_is_modifier(unsigned key_code); /* Ctrl, Alt, Shift, Meta on either side */
bool keymap_is_meta(unsigned key_code);     /* the two Windows keys */

/* The key that types this character on a US keyboard. Line feed is Enter, carriage return is
 * nothing. Returns 0 if it has none. */
unsigned keymap_us(uint32_t character, bool *ret_shift);
