#include "input/keymap.h"

#include <linux/input-event-codes.h>

#ifndef KEY_ALL_APPLICATIONS /* headers before Linux 5.18 call it KEY_DASHBOARD */
#define KEY_ALL_APPLICATIONS 204
#endif

#define K(key, code) [KEY_##key] = (code)

/* tests/data/evdev-scancode.csv holds the same rows; test_keymap compares them. */
/* clang-format off */
static const uint16_t scancodes[256] = {
	K(ESC, 0x01), K(1, 0x02), K(2, 0x03), K(3, 0x04),
	K(4, 0x05), K(5, 0x06), K(6, 0x07), K(7, 0x08),
	K(8, 0x09), K(9, 0x0A), K(0, 0x0B), K(MINUS, 0x0C),
	K(EQUAL, 0x0D), K(BACKSPACE, 0x0E), K(TAB, 0x0F), K(Q, 0x10),
	K(W, 0x11), K(E, 0x12), K(R, 0x13), K(T, 0x14),
	K(Y, 0x15), K(U, 0x16), K(I, 0x17), K(O, 0x18),
	K(P, 0x19), K(LEFTBRACE, 0x1A), K(RIGHTBRACE, 0x1B), K(ENTER, 0x1C),
	K(LEFTCTRL, 0x1D), K(A, 0x1E), K(S, 0x1F), K(D, 0x20),
	K(F, 0x21), K(G, 0x22), K(H, 0x23), K(J, 0x24),
	K(K, 0x25), K(L, 0x26), K(SEMICOLON, 0x27), K(APOSTROPHE, 0x28),
	K(GRAVE, 0x29), K(LEFTSHIFT, 0x2A), K(BACKSLASH, 0x2B), K(Z, 0x2C),
	K(X, 0x2D), K(C, 0x2E), K(V, 0x2F), K(B, 0x30),
	K(N, 0x31), K(M, 0x32), K(COMMA, 0x33), K(DOT, 0x34),
	K(SLASH, 0x35), K(RIGHTSHIFT, 0x36), K(KPASTERISK, 0x37), K(LEFTALT, 0x38),
	K(SPACE, 0x39), K(CAPSLOCK, 0x3A), K(F1, 0x3B), K(F2, 0x3C),
	K(F3, 0x3D), K(F4, 0x3E), K(F5, 0x3F), K(F6, 0x40),
	K(F7, 0x41), K(F8, 0x42), K(F9, 0x43), K(F10, 0x44),
	K(NUMLOCK, 0x45), K(SCROLLLOCK, 0x46), K(KP7, 0x47), K(KP8, 0x48),
	K(KP9, 0x49), K(KPMINUS, 0x4A), K(KP4, 0x4B), K(KP5, 0x4C),
	K(KP6, 0x4D), K(KPPLUS, 0x4E), K(KP1, 0x4F), K(KP2, 0x50),
	K(KP3, 0x51), K(KP0, 0x52), K(KPDOT, 0x53), K(ZENKAKUHANKAKU, 0x76),
	K(102ND, 0x56), K(F11, 0x57), K(F12, 0x58), K(RO, 0x73),
	K(KATAKANA, 0x78), K(HIRAGANA, 0x77), K(HENKAN, 0x79), K(KATAKANAHIRAGANA, 0x70),
	K(MUHENKAN, 0x7B), K(KPJPCOMMA, 0x5C), K(KPENTER, 0xE01C), K(RIGHTCTRL, 0xE01D),
	K(KPSLASH, 0xE035), K(SYSRQ, 0xE037), K(RIGHTALT, 0xE038), K(LINEFEED, 0x5B),
	K(HOME, 0xE047), K(UP, 0xE048), K(PAGEUP, 0xE049), K(LEFT, 0xE04B),
	K(RIGHT, 0xE04D), K(END, 0xE04F), K(DOWN, 0xE050), K(PAGEDOWN, 0xE051),
	K(INSERT, 0xE052), K(DELETE, 0xE053), K(MACRO, 0xE06F), K(MUTE, 0xE020),
	K(VOLUMEDOWN, 0xE02E), K(VOLUMEUP, 0xE030), K(POWER, 0xE05E), K(KPEQUAL, 0x59),
	K(KPPLUSMINUS, 0xE04E), K(PAUSE, 0xE046), K(SCALE, 0xE00B), K(KPCOMMA, 0x7E),
	K(HANGEUL, 0x72), K(HANJA, 0x71), K(YEN, 0x7D), K(LEFTMETA, 0xE05B),
	K(RIGHTMETA, 0xE05C), K(COMPOSE, 0xE05D), K(STOP, 0xE068), K(AGAIN, 0xE005),
	K(PROPS, 0xE006), K(UNDO, 0xE007), K(FRONT, 0xE00C), K(COPY, 0xE078),
	K(OPEN, 0x64), K(PASTE, 0x65), K(FIND, 0xE041), K(CUT, 0xE03C),
	K(HELP, 0xE075), K(MENU, 0xE01E), K(CALC, 0xE021), K(SETUP, 0x66),
	K(SLEEP, 0xE05F), K(WAKEUP, 0xE063), K(FILE, 0x67), K(SENDFILE, 0x68),
	K(DELETEFILE, 0x69), K(XFER, 0xE013), K(PROG1, 0xE01F), K(PROG2, 0xE017),
	K(WWW, 0xE002), K(MSDOS, 0x6A), K(COFFEE, 0xE012), K(ROTATE_DISPLAY, 0x6B),
	K(CYCLEWINDOWS, 0xE026), K(MAIL, 0xE06C), K(BOOKMARKS, 0xE066), K(COMPUTER, 0xE06B),
	K(BACK, 0xE06A), K(FORWARD, 0xE069), K(CLOSECD, 0xE023), K(EJECTCD, 0x6C),
	K(EJECTCLOSECD, 0xE07D), K(NEXTSONG, 0xE019), K(PLAYPAUSE, 0xE022), K(PREVIOUSSONG, 0xE010),
	K(STOPCD, 0xE024), K(RECORD, 0xE031), K(REWIND, 0xE018), K(PHONE, 0x63),
	K(CONFIG, 0xE001), K(HOMEPAGE, 0xE032), K(REFRESH, 0xE067), K(EDIT, 0xE008),
	K(SCROLLUP, 0x75), K(SCROLLDOWN, 0xE00F), K(KPLEFTPAREN, 0xE076), K(KPRIGHTPAREN, 0xE07B),
	K(NEW, 0xE009), K(REDO, 0xE00A), K(F13, 0x5D), K(F14, 0x5E),
	K(F15, 0x5F), K(F16, 0x55), K(F17, 0xE003), K(F18, 0xE077),
	K(F19, 0xE004), K(F20, 0x5A), K(F21, 0x74), K(F22, 0xE079),
	K(F23, 0x6D), K(F24, 0x6F), K(PLAYCD, 0xE028), K(PAUSECD, 0xE029),
	K(PROG3, 0xE02B), K(PROG4, 0xE02C), K(ALL_APPLICATIONS, 0xE02D), K(SUSPEND, 0xE025),
	K(CLOSE, 0xE02F), K(PLAY, 0xE033), K(FASTFORWARD, 0xE034), K(BASSBOOST, 0xE036),
	K(PRINT, 0xE039), K(HP, 0xE03A), K(CAMERA, 0xE03B), K(SOUND, 0xE03D),
	K(QUESTION, 0xE03E), K(EMAIL, 0xE03F), K(CHAT, 0xE040), K(SEARCH, 0xE065),
	K(CONNECT, 0xE042), K(FINANCE, 0xE043), K(SPORT, 0xE044), K(SHOP, 0xE045),
	K(ALTERASE, 0xE014), K(CANCEL, 0xE04A), K(BRIGHTNESSDOWN, 0xE04C), K(BRIGHTNESSUP, 0xE054),
	K(MEDIA, 0xE06D), K(SWITCHVIDEOMODE, 0xE056), K(KBDILLUMTOGGLE, 0xE057), K(KBDILLUMDOWN, 0xE058),
	K(KBDILLUMUP, 0xE059), K(SEND, 0xE05A), K(REPLY, 0xE064), K(FORWARDMAIL, 0xE00E),
	K(SAVE, 0xE055), K(DOCUMENTS, 0xE070), K(BATTERY, 0xE071), K(BLUETOOTH, 0xE072),
	K(WLAN, 0xE073), K(UWB, 0xE074),
};

/* What a US keyboard types from ' ' on: the key, and whether with Shift. */
static const struct {
	uint8_t code;
	bool shift;
} us[95] = {
	{ KEY_SPACE, 0 }, { KEY_1, 1 }, { KEY_APOSTROPHE, 1 }, { KEY_3, 1 }, { KEY_4, 1 },
	{ KEY_5, 1 }, { KEY_7, 1 }, { KEY_APOSTROPHE, 0 }, { KEY_9, 1 }, { KEY_0, 1 },
	{ KEY_8, 1 }, { KEY_EQUAL, 1 }, { KEY_COMMA, 0 }, { KEY_MINUS, 0 }, { KEY_DOT, 0 },
	{ KEY_SLASH, 0 },
	{ KEY_0, 0 }, { KEY_1, 0 }, { KEY_2, 0 }, { KEY_3, 0 }, { KEY_4, 0 },
	{ KEY_5, 0 }, { KEY_6, 0 }, { KEY_7, 0 }, { KEY_8, 0 }, { KEY_9, 0 },
	{ KEY_SEMICOLON, 1 }, { KEY_SEMICOLON, 0 }, { KEY_COMMA, 1 }, { KEY_EQUAL, 0 },
	{ KEY_DOT, 1 }, { KEY_SLASH, 1 }, { KEY_2, 1 },
	{ KEY_A, 1 }, { KEY_B, 1 }, { KEY_C, 1 }, { KEY_D, 1 }, { KEY_E, 1 }, { KEY_F, 1 },
	{ KEY_G, 1 }, { KEY_H, 1 }, { KEY_I, 1 }, { KEY_J, 1 }, { KEY_K, 1 }, { KEY_L, 1 },
	{ KEY_M, 1 }, { KEY_N, 1 }, { KEY_O, 1 }, { KEY_P, 1 }, { KEY_Q, 1 }, { KEY_R, 1 },
	{ KEY_S, 1 }, { KEY_T, 1 }, { KEY_U, 1 }, { KEY_V, 1 }, { KEY_W, 1 }, { KEY_X, 1 },
	{ KEY_Y, 1 }, { KEY_Z, 1 },
	{ KEY_LEFTBRACE, 0 }, { KEY_BACKSLASH, 0 }, { KEY_RIGHTBRACE, 0 }, { KEY_6, 1 },
	{ KEY_MINUS, 1 }, { KEY_GRAVE, 0 },
	{ KEY_A, 0 }, { KEY_B, 0 }, { KEY_C, 0 }, { KEY_D, 0 }, { KEY_E, 0 }, { KEY_F, 0 },
	{ KEY_G, 0 }, { KEY_H, 0 }, { KEY_I, 0 }, { KEY_J, 0 }, { KEY_K, 0 }, { KEY_L, 0 },
	{ KEY_M, 0 }, { KEY_N, 0 }, { KEY_O, 0 }, { KEY_P, 0 }, { KEY_Q, 0 }, { KEY_R, 0 },
	{ KEY_S, 0 }, { KEY_T, 0 }, { KEY_U, 0 }, { KEY_V, 0 }, { KEY_W, 0 }, { KEY_X, 0 },
	{ KEY_Y, 0 }, { KEY_Z, 0 },
	{ KEY_LEFTBRACE, 1 }, { KEY_BACKSLASH, 1 }, { KEY_RIGHTBRACE, 1 }, { KEY_GRAVE, 1 },
};
/* clang-format on */

uint16_t keymap_scancode(unsigned key_code) {
	return key_code < sizeof scancodes / sizeof scancodes[0] ? scancodes[key_code] : 0;
}

bool keymap_is_modifier(unsigned key_code) {
	switch (key_code) {
	case KEY_LEFTCTRL:
	case KEY_RIGHTCTRL:
	case KEY_LEFTALT:
	case KEY_RIGHTALT:
	case KEY_LEFTSHIFT:
	case KEY_RIGHTSHIFT:
		return true;
	default:
		return keymap_is_meta(key_code);
	}
}

bool keymap_is_meta(unsigned key_code) {
	return key_code == KEY_LEFTMETA || key_code == KEY_RIGHTMETA;
}

unsigned keymap_us(uint32_t character, bool *ret_shift) {
	*ret_shift = false;
	switch (character) {
	case '\n':
		return KEY_ENTER;
	case '\t':
		return KEY_TAB;
	default:
		break;
	}
	if (character < ' ' || character > '~') {
		return 0;
	}
	*ret_shift = us[character - ' '].shift;
	return us[character - ' '].code;
}
