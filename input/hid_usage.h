/*
 * Linux key codes to usages of a USB keyboard (usage page 7), for the host's own input stream
 * (doc/protocol/kvmfr.md A.5). Only keys that a plain boot keyboard has and that Windows reads from
 * one: what is missing here (media and office keys) goes to the guest as a scancode. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HID_MODIFIER_FIRST 0xe0u
#define HID_KEYS           6u /* beside modifiers: what one report holds */

/* 0 = none. */
uint8_t hid_usage(unsigned key_code);

struct hid_keyboard { /* what a report says */
	uint8_t modifiers;
	unsigned count;
	uint8_t held[HID_KEYS];
};

/* Whether the report says it now: a seventh key beside the modifiers has no place in one. A release
 * of what is not held changes nothing. */
bool hid_keyboard_press(struct hid_keyboard *keyboard, uint8_t usage);
void hid_keyboard_release(struct hid_keyboard *keyboard, uint8_t usage);
