/*
 * Each way in which the focus arrives at the window, with each thing that is held from before, to
 * the guest's end of the router: the guest gets nothing that was pressed elsewhere, and everything
 * that is pressed here. The X server and SDL are played as they were seen to behave (X.Org 21,
 * SDL 2.26); tests/integration/gui held_before has the real ones.
 */
#include "client/window/window_held.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/window/window_input.h"
#include "input/keymap.h"
#include "input/router.h"
#include "tests/support/check.h"

#define X_KEY(code) ((code) + 8u)
#define DEVICE      1u

enum way {
	AT_ONCE, /* no window manager, or the window opens: SDL asks before KeymapNotify is read */
	AT_LEISURE, /* SDL waits 200 ms for a FocusOut that may follow */
	BY_CLICK,   /* which a window manager hands on: it is pressed here */
	BY_TOUCH,
	WITH_CAPTURE,     /* --capture-on-focus */
	RESTORED,         /* from minimised; an unlocked screen looks the same */
	GUEST_COMES,      /* the window has the focus, and the guest listens later */
	AFTER_A_GRAB,     /* of the window manager's (Alt+Tab given up): no focus event of SDL's */
	WAYLAND,          /* no word of a server's: SDL's presses in the millisecond of the focus */
	DEVICE_IS_GRABBED /* evdev, by the toggle */
};
static const char *const ways[] = { "at once", "at leisure", "by click", "by touch", "with capture",
	"restored", "the guest comes", "after a grab", "wayland", "evdev" };

static const struct {
	const char *name;
	SDL_Scancode keys[3];
} holds[] = {
	{ "nothing", { 0 } },
	{ "a letter", { SDL_SCANCODE_A } },
	{ "Enter", { SDL_SCANCODE_RETURN } },
	{ "Ctrl", { SDL_SCANCODE_LCTRL } },
	{ "right Ctrl", { SDL_SCANCODE_RCTRL } },
	{ "Shift", { SDL_SCANCODE_LSHIFT } },
	{ "Alt", { SDL_SCANCODE_LALT } },
	{ "AltGr", { SDL_SCANCODE_RALT } },
	{ "Super", { SDL_SCANCODE_LGUI } },
	{ "Caps Lock", { SDL_SCANCODE_CAPSLOCK } },
	{ "Num Lock", { SDL_SCANCODE_NUMLOCKCLEAR } },
	{ "the escape key", { SDL_SCANCODE_SCROLLLOCK } },
	{ "Alt+Tab", { SDL_SCANCODE_LALT, SDL_SCANCODE_TAB } },
	{ "Ctrl+Shift", { SDL_SCANCODE_LCTRL, SDL_SCANCODE_RSHIFT } },
	{ "Ctrl+Alt+A", { SDL_SCANCODE_LCTRL, SDL_SCANCODE_LALT, SDL_SCANCODE_A } },
};

struct desk {
	enum way way;
	SDL_Window *window;
	struct window_held held;
	struct window_input *input;
	struct window_input_state state;
	struct router *router;
	bool down[SDL_NUM_SCANCODES]; /* on the keyboard */
	bool sdl[SDL_NUM_SCANCODES];  /* as SDL has it */
	bool focus;                   /* of the server */
	unsigned told;                /* keys in SDL's place */
	uint64_t now_ns;
	char log[512];
};

__attribute__((format(printf, 2, 3))) static void note(struct desk *d, const char *format, ...) {
	const size_t len = strlen(d->log);
	va_list args;
	va_start(args, format);
	vsnprintf(d->log + len, sizeof d->log - len, format, args);
	va_end(args);
}

/* The guest's end. */

static void on_key(void *data, unsigned code, bool pressed) {
	note(data, "%c%u ", pressed ? '+' : '-', code);
}

static void on_button(void *data, enum input_button button, bool pressed, unsigned buttons) {
	(void)buttons;
	note(data, "b%c%u ", pressed ? '+' : '-', button);
}

static void on_motion(void *data, int32_t dx, int32_t dy, unsigned buttons) {
	(void)data;
	(void)dx;
	(void)dy;
	(void)buttons;
}

static void on_wheel(void *data, int notches, unsigned buttons) {
	(void)buttons;
	note(data, "w%d ", notches);
}

static void on_flush(void *data) {
	(void)data;
}

/* The program's. */

static int to_router(const struct guest_input_event *event, void *data) {
	struct desk *d = data;
	router_event(d->router, event);
	router_flush(d->router);
	return 0;
}

static void on_release(void *data) {
	struct desk *d = data;
	router_release(d->router, INPUT_SOURCE_WINDOW);
}

static void on_mouse_mode(bool absolute, void *data) {
	(void)absolute;
	(void)data;
}

static void on_locks(unsigned leds, unsigned locks, void *data) {
	(void)leds;
	(void)locks;
	(void)data;
}

static int on_move(int x, int y, void *data) {
	(void)x;
	(void)y;
	(void)data;
	return 0;
}

static bool on_other_motion(bool on, unsigned rotation, void *data) {
	(void)on;
	(void)rotation;
	(void)data;
	return false;
}

static void on_request(enum window_request request, int value, bool shift, bool quiet, void *data) {
	(void)request;
	(void)value;
	(void)shift;
	(void)quiet;
	(void)data;
}

/* The server's and SDL's. */

static void deliver(struct desk *d, SDL_Event event) {
	event.common.timestamp = (Uint32)(d->now_ns / NS_PER_MS);
	if (window_held_event(&d->held, &event)) {
		window_input_event(d->input, &event, d->now_ns);
	}
}

static void wait_ms(struct desk *d, unsigned ms) {
	d->now_ns += ms * NS_PER_MS;
}

static void server(struct desk *d, XEvent *event) {
	if (d->way == WAYLAND || d->way == DEVICE_IS_GRABBED) {
		return;
	}
	SDL_SysWMmsg message = { .subsystem = SDL_SYSWM_X11 };
	message.msg.x11.event = *event;
	deliver(d, (SDL_Event){ .syswm = { .type = SDL_SYSWMEVENT, .msg = &message } });
}

static void server_says(struct desk *d, int type) {
	server(d, &(XEvent){ .type = type });
}

static void keymap(struct desk *d) {
	unsigned char down[32] = { 0 };
	for (unsigned i = 1; i < SDL_NUM_SCANCODES; i++) {
		const unsigned code = X_KEY(window_input_key((SDL_Scancode)i));
		if (d->down[i] && code < 8 * sizeof down) {
			down[code / 8] |= (unsigned char)(1u << code % 8);
		}
	}
	XEvent event = { .type = KeymapNotify };
	memcpy(event.xkeymap.key_vector, down, sizeof down);
	server(d, &event);
}

static void sdl_key(struct desk *d, SDL_Scancode key, bool pressed) {
	if (key == SDL_SCANCODE_UNKNOWN || (!pressed && !d->sdl[key])) {
		return;
	}
	SDL_Event event = { .key = { .type = pressed ? SDL_KEYDOWN : SDL_KEYUP,
					    .repeat = pressed && d->sdl[key] } };
	event.key.keysym.scancode = key;
	d->sdl[key] = pressed;
	deliver(d, event);
}

/* SDL 2.26's table of the Linux codes. */
static SDL_Scancode as_sdl_has_it(SDL_Scancode key) {
	switch (key) {
	case SDL_SCANCODE_F21:
	case SDL_SCANCODE_F22:
	case SDL_SCANCODE_F23:
	case SDL_SCANCODE_F24:
	case SDL_SCANCODE_INTERNATIONAL6:
		return SDL_SCANCODE_UNKNOWN;
	case SDL_SCANCODE_KP_COMMA:
		return SDL_SCANCODE_KP_PERIOD;
	case SDL_SCANCODE_LANG5:
		return SDL_SCANCODE_RALT;
	default:
		return key;
	}
}

static void key(struct desk *d, SDL_Scancode key, bool pressed) {
	const unsigned code = window_input_key(key);
	d->down[key] = pressed;
	wait_ms(d, 20);
	if (d->way == DEVICE_IS_GRABBED) {
		router_event(d->router, &(struct guest_input_event){ .source = DEVICE,
							.time_ns = d->now_ns,
							.kind = INPUT_KEY,
							.code = code,
							.pressed = pressed });
		router_flush(d->router);
	} else if (d->focus) {
		XEvent event = { .type = pressed ? KeyPress : KeyRelease };
		event.xkey.keycode = X_KEY(code);
		server(d, &event);
		SDL_Event told;
		while (SDL_PollEvent(&told)) {
			if (told.type == SDL_KEYDOWN || told.type == SDL_KEYUP) {
				d->told++;
				window_input_event(d->input, &told, d->now_ns);
			}
		}
		sdl_key(d, as_sdl_has_it(key), pressed);
	}
}

static bool is_modifier(SDL_Scancode key) {
	return key >= SDL_SCANCODE_LCTRL && key <= SDL_SCANCODE_RGUI;
}

static void reconcile(struct desk *d) {
	for (unsigned i = 1; i < SDL_NUM_SCANCODES; i++) {
		const SDL_Scancode code = (SDL_Scancode)i;
		if (d->down[i] && !d->sdl[i] && is_modifier(code)) {
			sdl_key(d, code, true);
		} else if (!d->down[i] && d->sdl[i]) {
			sdl_key(d, code, false);
		}
	}
}

static void window_says(struct desk *d, unsigned what) {
	deliver(d, (SDL_Event){ .window = { .type = SDL_WINDOWEVENT, .event = (Uint8)what } });
}

static void focus_out(struct desk *d) {
	server_says(d, FocusOut);
	d->focus = false;
	for (unsigned i = 1; i < SDL_NUM_SCANCODES; i++) {
		sdl_key(d, (SDL_Scancode)i, false);
	}
	window_says(d, SDL_WINDOWEVENT_FOCUS_LOST);
}

static void focus_at_once(struct desk *d) {
	server_says(d, FocusIn);
	window_says(d, SDL_WINDOWEVENT_FOCUS_GAINED);
	/* The machine was busy elsewhere. */
	wait_ms(d, 12);
	reconcile(d);
	keymap(d);
	reconcile(d);
}

static void focus_at_leisure(struct desk *d) {
	server_says(d, FocusIn);
	keymap(d);
	server_says(d, PropertyNotify);
	server_says(d, EnterNotify);
	keymap(d);
	wait_ms(d, 200);
	window_says(d, SDL_WINDOWEVENT_FOCUS_GAINED);
	wait_ms(d, 12);
	reconcile(d);
}

static void click(struct desk *d, bool pressed) {
	server_says(d, pressed ? ButtonPress : ButtonRelease);
	deliver(d, (SDL_Event){ .button = { .type = pressed ? SDL_MOUSEBUTTONDOWN
							    : SDL_MOUSEBUTTONUP,
						.button = SDL_BUTTON_LEFT,
						.x = 100,
						.y = 100 } });
}

static void set_connected(struct desk *d, bool connected) {
	d->state.connected = connected;
	window_input_set_state(d->input, &d->state);
}

/* What the guest gets as the focus arrives. */
static const char *arrive(struct desk *d) {
	d->focus = true;
	switch (d->way) {
	case AT_ONCE:
	case WITH_CAPTURE:
		focus_at_once(d);
		return "";
	case AT_LEISURE:
		focus_at_leisure(d);
		return "";
	case BY_CLICK:
		server_says(d, FocusIn);
		keymap(d);
		click(d, true);
		key(d, SDL_SCANCODE_Z, true); /* pressed here, too, before SDL has the focus */
		wait_ms(d, 200);
		window_says(d, SDL_WINDOWEVENT_FOCUS_GAINED);
		wait_ms(d, 12);
		reconcile(d);
		click(d, false);
		key(d, SDL_SCANCODE_Z, false);
		return "b+1 +44 b-1 -44 ";
	case BY_TOUCH:
		deliver(d, (SDL_Event){ .tfinger = { .type = SDL_FINGERDOWN,
							.x = 0.5F,
							.y = 0.5F } });
		focus_at_leisure(d);
		deliver(d, (SDL_Event){ .tfinger = { .type = SDL_FINGERUP,
							.x = 0.5F,
							.y = 0.5F } });
		return "b+1 b-1 "; /* a tap */
	case RESTORED:
		server_says(d, MapNotify);
		window_says(d, SDL_WINDOWEVENT_RESTORED);
		focus_at_leisure(d);
		return "";
	case GUEST_COMES:
		set_connected(d, false);
		focus_at_once(d);
		wait_ms(d, 1000);
		set_connected(d, true);
		return "";
	case AFTER_A_GRAB:
		server_says(d, FocusIn);
		keymap(d);
		reconcile(d);
		return "";
	case WAYLAND:
		window_says(d, SDL_WINDOWEVENT_FOCUS_GAINED);
		reconcile(d);
		return "";
	case DEVICE_IS_GRABBED:
		for (unsigned i = 1; i < SDL_NUM_SCANCODES; i++) {
			if (d->down[i]) {
				router_device_held(d->router, DEVICE, INPUT_KEY,
						window_input_key((SDL_Scancode)i));
			}
		}
		router_request_grab(d->router, true);
		router_device_grabbed(d->router, DEVICE, true);
		return "";
	}
	return "";
}

static void expect(struct desk *d, unsigned hold, const char *step, const char *wanted) {
	if (strcmp(d->log, wanted) != 0) {
		fail_msg("%s, %s held, %s: the guest got \"%s\", not \"%s\"", ways[d->way],
				holds[hold].name, step, d->log, wanted);
	}
	d->log[0] = 0;
}

static void setup(struct desk *d, enum way way) {
	memset(d, 0, sizeof *d);
	d->way = way;
	d->now_ns = 1000 * NS_PER_S;
	const struct guest_input guest = { d, on_key, on_button, on_motion, NULL, on_wheel,
		on_flush };
	struct router_config config = { 0 };
	CHECK_EQ(chord_parse("scrolllock", &config.escape), 0);
	CHECK_EQ(router_create(&d->router, &config, NULL), 0);
	router_set_guest(d->router, &guest);
	d->window = SDL_CreateWindow("test", 0, 0, 640, 360, SDL_WINDOW_HIDDEN);
	CHECK(d->window);
	struct window_input_config of_window = { .help_delay_ms = 200,
		.capture_on_focus = way == WITH_CAPTURE };
	snprintf(of_window.escape_key, sizeof of_window.escape_key, "scrolllock");
	const struct window_input_hooks hooks = { on_release, on_mouse_mode, on_locks, on_move,
		on_other_motion, on_request, d };
	CHECK_EQ(window_input_create(&d->input, d->window, &of_window, &hooks), 0);
	window_input_connect(d->input, to_router, d);
	d->state = (struct window_input_state){ .window_width = 640,
		.window_height = 360,
		.pixel_width = 640,
		.pixel_height = 360,
		.picture = { 0, 0, 640, 360, 0 },
		.desktop_width = 640,
		.desktop_height = 360,
		.enabled = true };
	set_connected(d, true);
}

static void teardown(struct desk *d) {
	window_input_destroy(d->input);
	router_destroy(d->router);
	SDL_DestroyWindow(d->window);
}

static void hold_all(struct desk *d, unsigned hold, bool pressed) {
	for (unsigned i = 0; i < 3 && holds[hold].keys[i]; i++) {
		key(d, holds[hold].keys[i], pressed);
	}
}

/* The server repeats the last key. */
static void repeat(struct desk *d, SDL_Scancode last) {
	for (unsigned n = 0; n < 3 && last && !is_modifier(last) && d->way != WAYLAND; n++) {
		key(d, last, true);
	}
}

static SDL_Scancode last_of(unsigned hold) {
	SDL_Scancode last = SDL_SCANCODE_UNKNOWN;
	for (unsigned i = 0; i < 3 && holds[hold].keys[i]; i++) {
		last = holds[hold].keys[i];
	}
	return last;
}

static void one_row(enum way way, unsigned hold) {
	struct desk desk, *d = &desk;
	char again[128] = "";
	setup(d, way);
	if (way == AFTER_A_GRAB) { /* the window had the focus all the time */
		d->focus = true;
		focus_at_once(d);
		server_says(d, FocusOut);
		d->focus = false;
	}
	if (way == DEVICE_IS_GRABBED) { /* it is taken as it is */
		for (unsigned i = 0; i < 3 && holds[hold].keys[i]; i++) {
			d->down[holds[hold].keys[i]] = true;
		}
	} else {
		hold_all(d, hold, true);
	}
	expect(d, hold, "pressed elsewhere", "");
	wait_ms(d, 300);
	const char *wanted = arrive(d);
	expect(d, hold, "as the focus comes", wanted);
	repeat(d, last_of(hold));
	expect(d, hold, "repeated", "");
	key(d, SDL_SCANCODE_X, true);
	key(d, SDL_SCANCODE_X, false);
	if (strcmp(holds[hold].name, "the escape key") != 0) { /* with it, a key is a command */
		expect(d, hold, "X pressed here", "+45 -45 ");
	}
	d->log[0] = 0;
	hold_all(d, hold, false);
	expect(d, hold, "let go", "");
	for (unsigned i = 0; i < 3 && holds[hold].keys[i]; i++) {
		const SDL_Scancode held = holds[hold].keys[i];
		if (held != SDL_SCANCODE_SCROLLLOCK) {
			const unsigned code = window_input_key(held);
			key(d, held, true);
			key(d, held, false);
			snprintf(again + strlen(again), sizeof again - strlen(again), "+%u -%u ",
					code, code);
		}
	}
	expect(d, hold, "pressed here", again);
	CHECK_EQ(router_held(d->router), 0);
	/* Pressed here, and held while the focus goes and comes back: the guest's once, and gone.
	 */
	if (way != DEVICE_IS_GRABBED && way != AFTER_A_GRAB) {
		key(d, SDL_SCANCODE_W, true);
		focus_out(d);
		expect(d, hold, "the focus goes", "+17 -17 ");
		arrive(d);
		d->log[0] = 0;
		repeat(d, SDL_SCANCODE_W);
		key(d, SDL_SCANCODE_W, false);
		expect(d, hold, "the focus is back", "");
	}
	CHECK_EQ(router_held(d->router), 0);
	teardown(d);
}

static void nothing_from_elsewhere_and_all_from_here(void **state) {
	(void)state;
	unsigned rows = 0;
	for (unsigned way = AT_ONCE; way <= DEVICE_IS_GRABBED; way++) {
		for (unsigned hold = 0; hold < sizeof holds / sizeof *holds; hold++) {
			one_row((enum way)way, hold);
			rows++;
		}
	}
	print_message("%u rows: %u ways in which the focus comes, %u things held\n", rows,
			rows / (unsigned)(sizeof holds / sizeof *holds),
			(unsigned)(sizeof holds / sizeof *holds));
}

/* An input method takes a dead key's press and SDL tells it all the same: it is pressed here. */
static void a_dead_key_arrives(void **state) {
	(void)state;
	struct desk desk, *d = &desk;
	setup(d, AT_LEISURE);
	key(d, SDL_SCANCODE_LCTRL, true);
	arrive(d);
	sdl_key(d, SDL_SCANCODE_GRAVE, true);
	sdl_key(d, SDL_SCANCODE_GRAVE, false);
	expect(d, 3, "a dead key", "+41 -41 ");
	teardown(d);
}

/* SDL 2.26 knows some keys not at all, and takes others for one another. */
static void keys_that_sdl_lacks_arrive(void **state) {
	(void)state;
	static const SDL_Scancode lost[] = { SDL_SCANCODE_F21, SDL_SCANCODE_F22, SDL_SCANCODE_F23,
		SDL_SCANCODE_F24, SDL_SCANCODE_INTERNATIONAL6, SDL_SCANCODE_KP_COMMA,
		SDL_SCANCODE_LANG5 };
	struct desk desk, *d = &desk;
	setup(d, AT_LEISURE);
	d->held.linux_codes = true;
	arrive(d);
	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
		char wanted[32];
		const unsigned code = window_input_key(lost[i]);
		snprintf(wanted, sizeof wanted, "+%u -%u ", code, code);
		key(d, lost[i], true);
		key(d, lost[i], true); /* a repeat */
		key(d, lost[i], false);
		expect(d, 0, "a key that SDL lacks", wanted);
		CHECK_EQ(d->told, 3 * (i + 1));
	}
	/* Held from before, and pressed here. */
	focus_out(d);
	key(d, SDL_SCANCODE_F24, true);
	arrive(d);
	repeat(d, SDL_SCANCODE_F24);
	key(d, SDL_SCANCODE_F24, false);
	expect(d, 0, "F24 from before", "");
	key(d, SDL_SCANCODE_F24, true);
	key(d, SDL_SCANCODE_F24, false);
	expect(d, 0, "F24 from here", "+194 -194 ");
	CHECK_EQ(router_held(d->router), 0);
	/* A server with key codes of its own: SDL's word is all there is. */
	d->held.linux_codes = false;
	key(d, SDL_SCANCODE_KP_COMMA, true);
	key(d, SDL_SCANCODE_KP_COMMA, false);
	expect(d, 0, "another server's key", "+83 -83 ");
	teardown(d);
}

static int start_sdl(void **state) {
	(void)state;
	window_input_hints();
	setenv("SDL_VIDEODRIVER", "dummy", 1);
	return SDL_InitSubSystem(SDL_INIT_VIDEO);
}

static int end_sdl(void **state) {
	(void)state;
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_from_elsewhere_and_all_from_here),
		cmocka_unit_test(a_dead_key_arrives),
		cmocka_unit_test(keys_that_sdl_lacks_arrive),
	};
	return cmocka_run_group_tests(tests, start_sdl, end_sdl);
}
