#define LOG_MODULE "window"
#include "client/window/window_input.h"

#include <SDL.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <math.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "client/window/local_pointer.h"
#include "client/window/lost_keys.h"
#include "client/window/wayland_locks.h"
#include "client/window/window_input_internal.h"
#include "input/chord.h"
#include "input/led.h"

#include "base/log.h"

#define NOTCH          120.0
#define ALIGN_AFTER_NS (100 * NS_PER_MS) /* of rest: the guest's pointer should be here by now */
#define ALIGN_OFF_PX   2.0
/* Keys that SDL finds held when the window gets the focus come as presses in the same millisecond,
 * on a machine that has time. On X11 window_held.h knows better, on Wayland wayland_locks.h. */
#define FOCUS_KEYS_MS 2u
#define LOCKS_WAIT_NS (30 * NS_PER_MS)

/* Keys and focus. */

static bool guest_listens(const struct window_input *input) {
	return input->state.connected && input->state.enabled && !input->state.overlay;
}

bool window_input_forwards(const struct window_input *input) {
	return guest_listens(input) && (input->captured || !input->config.capture_only);
}

static void request(struct window_input *input, enum window_request what, int value, bool quiet) {
	bool shift = input->remote_shift || key_set_has(&input->held, KEY_LEFTSHIFT) ||
		     key_set_has(&input->held, KEY_RIGHTSHIFT);
	input->hooks.request(what, value, shift, quiet, input->hooks.data);
}

static bool is_escape_key(const struct window_input *input, unsigned code) {
	const struct chord *chord = &input->escape.chord;
	for (unsigned i = 0; i < chord->count; i++) {
		if (chord->keys[i][0] == code || chord->keys[i][1] == code) {
			return true;
		}
	}
	return false;
}

static bool lock_keys(const struct window_input *input, unsigned *ret_leds) {
	if (input->locks) {
		return wayland_locks_read(input->locks, ret_leds);
	}
	const SDL_Keymod now = SDL_GetModState();
	*ret_leds = (now & KMOD_NUM ? INPUT_LED_NUM : 0u) | (now & KMOD_CAPS ? INPUT_LED_CAPS : 0u);
	return true;
}

/* Once, when keys begin to go to the guest: what was toggled elsewhere meanwhile is toggled there.
 * Scroll Lock has no state on most desktops, and the escape key, which starts the commands, is not
 * a lock key. A compositor may say them only after the focus, so it gets a moment, which the first
 * key ends.
 */
static void tell_locks(struct window_input *input) {
	unsigned leds;
	if (!input->focus || !window_input_forwards(input)) {
		input->locks_reported = false;
		return;
	}
	if (input->locks_reported || input->locks_due_ns || !lock_keys(input, &leds)) {
		return;
	}
	input->locks_reported = true;
	const unsigned locks = (is_escape_key(input, KEY_NUMLOCK) ? 0u : INPUT_LED_NUM) |
			       (is_escape_key(input, KEY_CAPSLOCK) ? 0u : INPUT_LED_CAPS);
	log_debug("lock keys here: %x of %x", leds, locks);
	input->hooks.locks(leds, locks, input->hooks.data);
}

static void locks_now(struct window_input *input) {
	if (input->locks_due_ns) {
		input->locks_due_ns = 0;
		tell_locks(input);
	}
}

/* The window hears too little of the mouse (client/session/x11_motion.h). */
static void choose_motion(struct window_input *input) {
	const unsigned rotation = input->map.picture.rotation;
	if (!input->hooks.other_motion ||
			(input->captured == input->other_motion &&
					(!input->captured || rotation == input->other_rotation))) {
		return;
	}
	if (input->hooks.other_motion(input->captured, rotation, input->hooks.data)) {
		input->other_motion = input->captured;
		input->other_rotation = rotation;
	}
}

/* Brings the grab of the keyboard, the local pointer and the server's mouse mode to what the state
 * asks for. */
static void settle(struct window_input *input) {
	tell_locks(input);
	choose_motion(input);
	const struct window_input_config *config = &input->config;
	bool over = input->inside && input->focus && window_input_forwards(input);
	bool grab = input->focus && guest_listens(input) &&
		    (input->captured ? config->grab_keyboard
				     : over && (config->grab_keyboard_on_focus ||
							       config->auto_capture));
	if (grab != input->keyboard_grabbed) {
		input->keyboard_grabbed = grab;
		SDL_SetWindowKeyboardGrab(input->window, grab ? SDL_TRUE : SDL_FALSE);
	}

	enum local_pointer_shape shape = LOCAL_POINTER_NORMAL;
	if (over && config->hide_cursor && !input->state.tab) {
		shape = LOCAL_POINTER_NONE;
	} else if (input->inside && !input->focus && guest_listens(input) &&
			config->show_cursor_dot) {
		shape = LOCAL_POINTER_DOT;
	}
	local_pointer_set(input->pointer, shape);

	if (!input->state.connected) {
		input->mode_asked = false;
		return;
	}
	bool absolute = input->state.absolute_possible && !input->captured;
	if ((input->mode_asked ? input->asked_absolute : input->state.absolute) != absolute) {
		input->mode_asked = true;
		input->asked_absolute = absolute;
		input->hooks.mouse_mode(absolute, input->hooks.data);
	}
}

static void hide_help(struct window_input *input) {
	input->help_due_ns = 0;
	if (input->help_shown) {
		input->help_shown = false;
		request(input, WINDOW_REQUEST_HELP, 0, false);
	}
}

static void release(struct window_input *input) {
	input->buttons = 0;
	touch_cancel(&input->touch);
	input->unsent.count = 0; /* presses would come behind the release */
	input->unsent.due_ns = DEADLINE_NONE;
	input->hooks.release(input->hooks.data);
}

static void leave_capture(struct window_input *input, bool quiet) {
	if (!input->captured) {
		return;
	}
	input->captured = false;
	input->aligned = false;
	SDL_SetRelativeMouseMode(SDL_FALSE);
	release(input);
	settle(input);
	request(input, WINDOW_REQUEST_CAPTURE, 0, quiet);
}

static void enter_capture(struct window_input *input) {
	if (!input->state.connected || !input->state.enabled) {
		request(input, WINDOW_REQUEST_REFUSED, 0, false);
		return;
	}
	if (input->captured || input->state.overlay) {
		return;
	}
	if (SDL_SetRelativeMouseMode(SDL_TRUE) < 0) {
		log_warn("the pointer cannot be captured: %s", SDL_GetError());
		request(input, WINDOW_REQUEST_REFUSED, 1, false);
		return;
	}
	input->captured = true;
	input->rest_x = input->rest_y = 0;
	input->align_due_ns = 0;
	settle(input);
	request(input, WINDOW_REQUEST_CAPTURE, 1, false);
}

static void focus_lost(struct window_input *input) {
	input->focus = false;
	input->locks_due_ns = 0;
	if (escape_cancel(&input->escape)) {
		hide_help(input);
	}
	input->held = (struct key_set){ 0 };
	leave_capture(input, true);
	release(input); /* always: what is held would stay held in the guest */
	settle(input);
}

static void focus_gained(struct window_input *input, uint32_t ms, uint64_t now_ns) {
	input->focus = true;
	input->focus_ms = ms;
	input->locks_due_ns = input->locks ? now_ns + LOCKS_WAIT_NS : 0;
	if (input->config.capture_on_focus && guest_listens(input)) {
		input->started = true;
		enter_capture(input);
	}
	settle(input);
}

/* The escape key's word on a key; true when it is nobody else's. */
static bool escape_takes(struct window_input *input, unsigned code, bool pressed, uint64_t now_ns) {
	switch (escape_feed(&input->escape, &input->held, code, pressed, now_ns)) {
	case ESCAPE_PASS:
		return false;
	case ESCAPE_SWALLOW:
		break;
	case ESCAPE_DOWN:
		input->help_due_ns = now_ns + input->escape.hold_ns;
		break;
	case ESCAPE_KEY:
		if (code != KEY_LEFTSHIFT && code != KEY_RIGHTSHIFT) {
			request(input, WINDOW_REQUEST_KEY, (int)code, false);
		}
		break;
	case ESCAPE_UP:
		hide_help(input);
		break;
	case ESCAPE_TAP:
		hide_help(input);
		window_input_capture(input, !input->captured);
		break;
	}
	return true;
}

/* Held since before the focus came: it was pressed elsewhere. */
static bool is_from_before(struct window_input *input, unsigned code, uint32_t ms) {
	return ms - input->focus_ms <= FOCUS_KEYS_MS ||
	       (input->locks && wayland_locks_held(input->locks, code));
}

static bool key_event(struct window_input *input, const SDL_KeyboardEvent *event, uint64_t now_ns) {
	unsigned code = window_input_key(event->keysym.scancode);
	bool pressed = event->type == SDL_KEYDOWN;
	if (code == 0) {
		return false;
	}
	/* A later SDL may know a lost key, too. */
	if (event->repeat || (pressed && lost_key(code) && key_set_has(&input->held, code))) {
		return window_input_forwards(input) ||
		       key_set_has(&input->escape.swallowed, code) ||
		       (input->escape.down && input->escape.code == code);
	}
	if (pressed && is_from_before(input, code, event->timestamp)) {
		return true;
	}
	if (pressed) {
		key_set_add(&input->held, code);
	} else {
		key_set_remove(&input->held, code);
	}
	if (escape_takes(input, code, pressed, now_ns)) {
		return true;
	}
	/* A release always goes on: what was not pressed there is no news to the router. */
	if (window_input_forwards(input) || !pressed ||
			(input->state.taken && !input->state.overlay)) {
		window_input_send(input, (struct guest_input_event){ .time_ns = now_ns,
							 .kind = INPUT_KEY,
							 .code = code,
							 .pressed = pressed });
	}
	return window_input_forwards(input);
}

/* The pointer. */

static void send_motion(struct window_input *input, double dx, double dy, uint64_t now_ns) {
	dx += input->rest_x;
	dy += input->rest_y;
	double whole_x = trunc(dx);
	double whole_y = trunc(dy);
	input->rest_x = dx - whole_x;
	input->rest_y = dy - whole_y;
	if (whole_x != 0 || whole_y != 0) {
		window_input_send(input, (struct guest_input_event){ .time_ns = now_ns,
							 .kind = INPUT_MOTION,
							 .x = (int32_t)whole_x,
							 .y = (int32_t)whole_y });
	}
}

/* Puts the guest's pointer where the local one is: by the frame host if it can, else by a motion
 * from where it is known to be (right only if the guest does not accelerate). */
static void align(struct window_input *input, const struct pointer_point *point, uint64_t now_ns) {
	input->rest_x = input->rest_y = 0;
	if (input->hooks.move_pointer((int)point->x, (int)point->y, input->hooks.data) < 0 &&
			input->guest.known) {
		send_motion(input, floor(point->x) - input->guest.x,
				floor(point->y) - input->guest.y, now_ns);
	}
	input->aligned = true;
	input->target_x = point->x;
	input->target_y = point->y;
}

void window_input_point_to(struct window_input *input, const struct pointer_point *point, double dx,
		double dy, uint64_t now_ns) {
	if (input->state.absolute) {
		window_input_send(input, (struct guest_input_event){ .time_ns = now_ns,
							 .kind = INPUT_POSITION,
							 .x = (int32_t)point->x,
							 .y = (int32_t)point->y });
		return;
	}
	if (!input->aligned) {
		align(input, point, now_ns);
		return;
	}
	if (input->config.scale_cursor) {
		dx = point->x - input->target_x;
		dy = point->y - input->target_y;
	} else {
		pointer_map_turn(&input->map, dx, dy, &dx, &dy);
	}
	input->target_x = point->x;
	input->target_y = point->y;
	input->align_due_ns = now_ns + ALIGN_AFTER_NS;
	send_motion(input, dx, dy, now_ns);
}

/* Where the pointer is now, in SDL's coordinates. With a button held it counts as inside: the drag
 * goes on along the edge. Returns whether the guest is concerned. */
bool window_input_point_at(
		struct window_input *input, int x, int y, struct pointer_point *ret_point) {
	*ret_point = pointer_map_point(&input->map, x, y);
	bool inside = ret_point->inside || input->buttons != 0;
	if (inside != input->inside) {
		input->inside = inside;
		input->aligned = input->aligned && inside;
		settle(input);
	}
	return inside && window_input_forwards(input);
}

static bool motion_event(
		struct window_input *input, const SDL_MouseMotionEvent *event, uint64_t now_ns) {
	if (input->captured) {
		if (!window_input_forwards(input)) {
			return false;
		}
		if (input->other_motion) {
			return true;
		}
		double dx;
		double dy;
		pointer_map_turn(&input->map, event->xrel, event->yrel, &dx, &dy);
		send_motion(input, dx, dy, now_ns);
		return true;
	}
	struct pointer_point point;
	if (!window_input_point_at(input, event->x, event->y, &point) || !input->focus) {
		return false;
	}
	window_input_point_to(input, &point, event->xrel, event->yrel, now_ns);
	return true;
}

static unsigned button_of(unsigned sdl_button) {
	switch (sdl_button) {
	case SDL_BUTTON_LEFT:
		return INPUT_BUTTON_LEFT;
	case SDL_BUTTON_MIDDLE:
		return INPUT_BUTTON_MIDDLE;
	case SDL_BUTTON_RIGHT:
		return INPUT_BUTTON_RIGHT;
	case SDL_BUTTON_X1:
		return INPUT_BUTTON_SIDE;
	case SDL_BUTTON_X2:
		return INPUT_BUTTON_EXTRA;
	default:
		return INPUT_BUTTON_NONE;
	}
}

bool window_input_button(
		struct window_input *input, const SDL_MouseButtonEvent *event, uint64_t now_ns) {
	unsigned button = button_of(event->button);
	bool pressed = event->type == SDL_MOUSEBUTTONDOWN;
	if (button == INPUT_BUTTON_NONE) {
		return false;
	}
	struct guest_input_event sent = {
		.time_ns = now_ns, .kind = INPUT_BUTTON, .code = button, .pressed = pressed
	};
	if (!pressed) {
		bool ours = input->buttons & 1u << button;
		input->buttons &= ~(1u << button);
		window_input_send(input, sent);
		return ours;
	}
	struct pointer_point point;
	if (!input->captured && !window_input_point_at(input, event->x, event->y, &point)) {
		return false;
	}
	if (!window_input_forwards(input)) {
		return false;
	}
	if (!input->captured && (input->state.absolute || !input->aligned)) {
		window_input_point_to(input, &point, 0, 0, now_ns);
	}
	input->buttons |= 1u << button;
	window_input_send(input, sent);
	return true;
}

static bool wheel_event(
		struct window_input *input, const SDL_MouseWheelEvent *event, uint64_t now_ns) {
	if (!window_input_forwards(input) || !(input->captured || input->inside)) {
		return false;
	}
	window_input_send(input,
			(struct guest_input_event){ .time_ns = now_ns,
					.kind = INPUT_WHEEL,
					.x = (int32_t)lround((double)event->preciseX * NOTCH),
					.y = (int32_t)lround((double)event->preciseY * NOTCH) });
	return true;
}

static void window_event(
		struct window_input *input, const SDL_WindowEvent *event, uint64_t now_ns) {
	switch (event->event) {
	case SDL_WINDOWEVENT_FOCUS_GAINED:
		focus_gained(input, event->timestamp, now_ns);
		break;
	case SDL_WINDOWEVENT_FOCUS_LOST:
	case SDL_WINDOWEVENT_HIDDEN:
	case SDL_WINDOWEVENT_MINIMIZED:
		focus_lost(input);
		break;
	case SDL_WINDOWEVENT_LEAVE:
		if (input->buttons == 0) {
			input->inside = input->aligned = false;
			input->align_due_ns = 0;
			settle(input);
		}
		break;
	default:
		break;
	}
}

bool window_input_event(struct window_input *input, const SDL_Event *event, uint64_t now_ns) {
	switch (event->type) {
	case SDL_KEYDOWN:
	case SDL_KEYUP:
		locks_now(input);
		return key_event(input, &event->key, now_ns);
	case SDL_FINGERDOWN:
	case SDL_FINGERMOTION:
	case SDL_FINGERUP:
		return window_input_finger(input, &event->tfinger, now_ns);
	case SDL_MOUSEMOTION:
		if (event->motion.which == SDL_TOUCH_MOUSEID) {
			return false; /* the finger itself came before it */
		}
		return motion_event(input, &event->motion, now_ns);
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:
		if (event->button.which == SDL_TOUCH_MOUSEID) {
			return false;
		}
		return window_input_button(input, &event->button, now_ns);
	case SDL_MOUSEWHEEL:
		return wheel_event(input, &event->wheel, now_ns);
	case SDL_WINDOWEVENT:
		window_event(input, &event->window, now_ns);
		return false;
	default:
		return false;
	}
}

bool window_input_escape_is_down(const struct window_input *input) {
	return input->escape.down;
}

/* Time. */

deadline window_input_deadline(const struct window_input *input) {
	const deadline keys = deadline_first(input->help_due_ns, input->locks_due_ns);
	const deadline pointer = deadline_first(input->align_due_ns, input->unsent.due_ns);
	return deadline_first(deadline_first(keys, pointer), touch_deadline(&input->touch));
}

/* The pointer has come to rest. A guest that hides its pointer (a game) moves it for itself. */
static void align_at_rest(struct window_input *input, uint64_t now_ns) {
	input->align_due_ns = 0;
	if (input->captured || !input->inside || input->buttons || !input->aligned ||
			!window_input_forwards(input) || input->state.absolute ||
			!input->guest.known || !input->guest.visible) {
		return;
	}
	struct pointer_point point = { .x = input->target_x, .y = input->target_y };
	if (fabs(floor(point.x) - input->guest.x) > ALIGN_OFF_PX ||
			fabs(floor(point.y) - input->guest.y) > ALIGN_OFF_PX) {
		align(input, &point, now_ns);
	}
}

void window_input_tick(struct window_input *input, uint64_t now_ns) {
	if (input->help_due_ns && now_ns >= input->help_due_ns) {
		input->help_due_ns = 0;
		input->help_shown = true;
		request(input, WINDOW_REQUEST_HELP, 1, false);
	}
	if (input->locks_due_ns && now_ns >= input->locks_due_ns) {
		locks_now(input);
	}
	if (input->align_due_ns && now_ns >= input->align_due_ns) {
		align_at_rest(input, now_ns);
	}
	if (input->unsent.count > 0 && now_ns >= input->unsent.due_ns) {
		window_input_send_rest(input, now_ns);
	}
	struct touch_steps steps;
	touch_tick(&input->touch, now_ns, &steps);
	window_input_touch_steps(input, &steps, now_ns);
}

/* From the rest of the program. */

void window_input_set_state(struct window_input *input, const struct window_input_state *state) {
	bool was_forwarding = window_input_forwards(input);
	input->state = *state;
	input->map = (struct pointer_map){
		.scale_x = state->window_width > 0
					   ? (double)state->pixel_width / state->window_width
					   : 1.0,
		.scale_y = state->window_height > 0
					   ? (double)state->pixel_height / state->window_height
					   : 1.0,
		.picture = state->picture,
		.desktop_width = state->desktop_width,
		.desktop_height = state->desktop_height,
	};
	if (!guest_listens(input)) {
		leave_capture(input, true);
	}
	if (was_forwarding && !window_input_forwards(input)) {
		input->aligned = false;
		release(input);
	}
	/* A window that opens with the focus got it before the guest listened. */
	if (input->focus && !input->started && guest_listens(input) &&
			(input->config.capture_on_start || input->config.capture_on_focus)) {
		input->started = true;
		enter_capture(input);
	}
	settle(input);
}

void window_input_set_guest_pointer(
		struct window_input *input, const struct video_pointer *pointer) {
	input->guest = *pointer;
}

void window_input_remote_escape(struct window_input *input, bool down, uint64_t now_ns) {
	input->remote_shift = false;
	if (down) {
		input->help_due_ns = now_ns + input->escape.hold_ns;
	} else {
		hide_help(input);
	}
}

void window_input_remote_key(struct window_input *input, unsigned code) {
	if (code == KEY_LEFTSHIFT || code == KEY_RIGHTSHIFT) {
		input->remote_shift = true;
		return;
	}
	request(input, WINDOW_REQUEST_KEY, (int)code, false);
}

void window_input_capture(struct window_input *input, bool on) {
	if (on) {
		enter_capture(input);
	} else {
		leave_capture(input, false);
	}
}

bool window_input_captured(const struct window_input *input) {
	return input->captured;
}

bool window_input_guest_pointer(const struct window_input *input) {
	return input->config.always_show_cursor || !guest_listens(input) || input->captured ||
	       input->inside || input->state.grabbed;
}

int window_input_set_escape_key(struct window_input *input, const char *name) {
	struct chord chord;
	const int r = chord_parse(name, &chord);
	if (r == 0) {
		(void)escape_cancel(&input->escape);
		hide_help(input);
		escape_init(&input->escape, &chord, input->config.help_delay_ms * NS_PER_MS);
	}
	return r;
}

int window_input_create(struct window_input **ret_input, SDL_Window *window,
		const struct window_input_config *config, const struct window_input_hooks *hooks) {
	struct chord chord;
	int r = chord_parse(config->escape_key, &chord);
	if (r < 0) {
		return r;
	}
	struct window_input *input = calloc(1, sizeof *input);
	if (!input) {
		return -ENOMEM;
	}
	input->window = window;
	input->config = *config;
	input->hooks = *hooks;
	input->map.scale_x = input->map.scale_y = 1.0;
	input->focus = SDL_GetWindowFlags(window) & SDL_WINDOW_INPUT_FOCUS;
	escape_init(&input->escape, &chord, config->help_delay_ms * NS_PER_MS);
	r = local_pointer_create(&input->pointer, config->large_cursor_dot);
	if (r < 0) {
		free(input);
		return r;
	}
	input->locks = wayland_locks_create(window);
	/* On from the start otherwise, and an input method would eat the keys. */
	SDL_StopTextInput();
	*ret_input = input;
	return 0;
}

void window_input_connect(struct window_input *input,
		int (*send)(const struct guest_input_event *event, void *session), void *session) {
	input->send = send;
	input->session = session;
}

void window_input_destroy(struct window_input *input) {
	if (!input) {
		return;
	}
	if (input->captured) {
		SDL_SetRelativeMouseMode(SDL_FALSE);
	}
	if (input->keyboard_grabbed) {
		SDL_SetWindowKeyboardGrab(input->window, SDL_FALSE);
	}
	local_pointer_destroy(input->pointer);
	wayland_locks_destroy(input->locks);
	free(input);
}
