#include "input/hid_usage.h"

#include <linux/input-event-codes.h>
#include <string.h>

#define K(key, usage) [KEY_##key] = (usage)

/* clang-format off */
static const uint8_t usages[256] = {
	K(A, 0x04), K(B, 0x05), K(C, 0x06), K(D, 0x07), K(E, 0x08), K(F, 0x09),
	K(G, 0x0A), K(H, 0x0B), K(I, 0x0C), K(J, 0x0D), K(K, 0x0E), K(L, 0x0F),
	K(M, 0x10), K(N, 0x11), K(O, 0x12), K(P, 0x13), K(Q, 0x14), K(R, 0x15),
	K(S, 0x16), K(T, 0x17), K(U, 0x18), K(V, 0x19), K(W, 0x1A), K(X, 0x1B),
	K(Y, 0x1C), K(Z, 0x1D),
	K(1, 0x1E), K(2, 0x1F), K(3, 0x20), K(4, 0x21), K(5, 0x22),
	K(6, 0x23), K(7, 0x24), K(8, 0x25), K(9, 0x26), K(0, 0x27),
	K(ENTER, 0x28), K(ESC, 0x29), K(BACKSPACE, 0x2A), K(TAB, 0x2B), K(SPACE, 0x2C),
	K(MINUS, 0x2D), K(EQUAL, 0x2E), K(LEFTBRACE, 0x2F), K(RIGHTBRACE, 0x30),
	K(BACKSLASH, 0x31), K(SEMICOLON, 0x33), K(APOSTROPHE, 0x34), K(GRAVE, 0x35),
	K(COMMA, 0x36), K(DOT, 0x37), K(SLASH, 0x38), K(CAPSLOCK, 0x39),
	K(F1, 0x3A), K(F2, 0x3B), K(F3, 0x3C), K(F4, 0x3D), K(F5, 0x3E), K(F6, 0x3F),
	K(F7, 0x40), K(F8, 0x41), K(F9, 0x42), K(F10, 0x43), K(F11, 0x44), K(F12, 0x45),
	K(SYSRQ, 0x46), K(SCROLLLOCK, 0x47), K(PAUSE, 0x48),
	K(INSERT, 0x49), K(HOME, 0x4A), K(PAGEUP, 0x4B), K(DELETE, 0x4C), K(END, 0x4D),
	K(PAGEDOWN, 0x4E), K(RIGHT, 0x4F), K(LEFT, 0x50), K(DOWN, 0x51), K(UP, 0x52),
	K(NUMLOCK, 0x53), K(KPSLASH, 0x54), K(KPASTERISK, 0x55), K(KPMINUS, 0x56),
	K(KPPLUS, 0x57), K(KPENTER, 0x58), K(KP1, 0x59), K(KP2, 0x5A), K(KP3, 0x5B),
	K(KP4, 0x5C), K(KP5, 0x5D), K(KP6, 0x5E), K(KP7, 0x5F), K(KP8, 0x60),
	K(KP9, 0x61), K(KP0, 0x62), K(KPDOT, 0x63),
	K(102ND, 0x64), K(COMPOSE, 0x65), K(KPEQUAL, 0x67),
	K(F13, 0x68), K(F14, 0x69), K(F15, 0x6A), K(F16, 0x6B), K(F17, 0x6C), K(F18, 0x6D),
	K(F19, 0x6E), K(F20, 0x6F), K(F21, 0x70), K(F22, 0x71), K(F23, 0x72), K(F24, 0x73),
	K(KPCOMMA, 0x85), K(RO, 0x87), K(KATAKANAHIRAGANA, 0x88), K(YEN, 0x89),
	K(HENKAN, 0x8A), K(MUHENKAN, 0x8B), K(KPJPCOMMA, 0x8C),
	K(HANGEUL, 0x90), K(HANJA, 0x91), K(KATAKANA, 0x92), K(HIRAGANA, 0x93),
	K(ZENKAKUHANKAKU, 0x94),
	K(LEFTCTRL, 0xE0), K(LEFTSHIFT, 0xE1), K(LEFTALT, 0xE2), K(LEFTMETA, 0xE3),
	K(RIGHTCTRL, 0xE4), K(RIGHTSHIFT, 0xE5), K(RIGHTALT, 0xE6), K(RIGHTMETA, 0xE7),
};
/* clang-format on */

uint8_t hid_usage(unsigned key_code) {
	return key_code < sizeof usages ? usages[key_code] : 0;
}

static uint8_t modifier_bit(uint8_t usage) {
	return (uint8_t)(1u << (usage - HID_MODIFIER_FIRST));
}

bool hid_keyboard_press(struct hid_keyboard *keyboard, uint8_t usage) {
	if (usage >= HID_MODIFIER_FIRST) {
		keyboard->modifiers |= modifier_bit(usage);
		return true;
	}
	if (keyboard->count == HID_KEYS) {
		return false;
	}
	keyboard->held[keyboard->count++] = usage;
	return true;
}

void hid_keyboard_release(struct hid_keyboard *keyboard, uint8_t usage) {
	if (usage >= HID_MODIFIER_FIRST) {
		keyboard->modifiers &= (uint8_t)~modifier_bit(usage);
		return;
	}
	for (unsigned i = 0; i < keyboard->count; i++) {
		if (keyboard->held[i] == usage) {
			keyboard->count--;
			memmove(keyboard->held + i, keyboard->held + i + 1, keyboard->count - i);
			keyboard->held[keyboard->count] = 0;
			return;
		}
	}
}
