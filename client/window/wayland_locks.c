#define LOG_MODULE "window"
#include "client/window/wayland_locks.h"

#include <SDL.h>
#include <SDL_syswm.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>
#include <xkbcommon/xkbcommon.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/window/lost_keys.h"
#include "input/chord.h"
#include "input/led.h"

#ifdef SDL_VIDEO_DRIVER_WAYLAND

#define SEAT_MAX    3u              /* wl_keyboard.release; later versions add nothing for here */
#define MISTAKEN_NS (1 * NS_PER_S)  /* SDL tells its mistake at once, but for a busy machine */
#define UNMET_MAX   4u              /* mistakes that SDL did not make: this one knows the key */
#define KEYMAP_MAX  (1024u * 1024u) /* a layout has some 60 KiB */

struct wayland_locks {
	struct wl_display *display; /* SDL's */
	struct wl_event_queue *queue;
	struct wl_registry *registry;
	struct wl_seat *seat;
	struct wl_keyboard *keyboard;
	uint32_t num, caps; /* masks among the modifiers of the keymap */
	uint32_t locked;
	bool known;
	struct key_set before; /* down when the focus came, and since */
	unsigned mistaken;     /* SDL takes a key for this one ... */
	unsigned unmet;        /* ... so often, which it has not told yet ... */
	uint64_t mistaken_ns;  /* ... lately */
};

static uint32_t mask_of(struct xkb_keymap *keymap, const char *name) {
	const xkb_mod_index_t index = xkb_keymap_mod_get_index(keymap, name);
	return index < 32 ? 1u << index : 0;
}

static void on_keymap(void *data, struct wl_keyboard *keyboard, uint32_t format, int32_t fd,
		uint32_t size) {
	struct wayland_locks *locks = data;
	(void)keyboard;
	if (format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1 && size > 0 && size <= KEYMAP_MAX) {
		char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
		struct xkb_keymap *keymap = NULL;
		if (text != MAP_FAILED && context) {
			keymap = xkb_keymap_new_from_buffer(context, text, strnlen(text, size),
					XKB_KEYMAP_FORMAT_TEXT_V1, XKB_KEYMAP_COMPILE_NO_FLAGS);
		}
		if (keymap) {
			locks->num = mask_of(keymap, XKB_MOD_NAME_NUM);
			locks->caps = mask_of(keymap, XKB_MOD_NAME_CAPS);
		} else {
			log_debug("the compositor's keymap is not understood: no lock keys");
		}
		xkb_keymap_unref(keymap);
		xkb_context_unref(context);
		if (text != MAP_FAILED) {
			munmap(text, size);
		}
	}
	close(fd);
}

static void on_enter(void *data, struct wl_keyboard *keyboard, uint32_t serial,
		struct wl_surface *surface, struct wl_array *keys) {
	struct wayland_locks *locks = data;
	const uint32_t *codes = keys->data;
	(void)keyboard;
	(void)serial;
	(void)surface;
	locks->before = (struct key_set){ 0 };
	for (size_t i = 0; i < keys->size / sizeof *codes; i++) {
		key_set_add(&locks->before, codes[i]);
	}
}

static void on_leave(void *data, struct wl_keyboard *keyboard, uint32_t serial,
		struct wl_surface *surface) {
	(void)data;
	(void)keyboard;
	(void)serial;
	(void)surface;
}

static void expect_mistake(struct wayland_locks *locks, unsigned code) {
	if (code == 0) {
		return;
	}
	if (code != locks->mistaken) {
		locks->mistaken = code;
		locks->unmet = 0;
	}
	locks->unmet += locks->unmet < UNMET_MAX;
	locks->mistaken_ns = clock_now_ns();
}

static void on_key(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t time,
		uint32_t key, uint32_t state) {
	struct wayland_locks *locks = data;
	const bool pressed = state == WL_KEYBOARD_KEY_STATE_PRESSED;
	(void)keyboard;
	(void)serial;
	(void)time;
	key_set_remove(&locks->before, key);
	if (lost_key(key)) {
		lost_key_tell(key, pressed, false);
		if (pressed) {
			expect_mistake(locks, lost_key_taken_for(key));
		}
	}
}

static void on_modifiers(void *data, struct wl_keyboard *keyboard, uint32_t serial,
		uint32_t depressed, uint32_t latched, uint32_t locked, uint32_t group) {
	struct wayland_locks *locks = data;
	(void)keyboard;
	(void)serial;
	(void)depressed;
	(void)latched;
	(void)group;
	locks->locked = locked;
	locks->known = true;
}

/* Of later versions than are asked for. */
static void on_repeat(void *data, struct wl_keyboard *keyboard, int32_t rate, int32_t delay) {
	(void)data;
	(void)keyboard;
	(void)rate;
	(void)delay;
}

static void keyboard_destroy(struct wayland_locks *locks) {
	if (!locks->keyboard) {
		return;
	}
	if (wl_keyboard_get_version(locks->keyboard) >= WL_KEYBOARD_RELEASE_SINCE_VERSION) {
		wl_keyboard_release(locks->keyboard);
	} else {
		wl_keyboard_destroy(locks->keyboard);
	}
	locks->keyboard = NULL;
	locks->known = false;
}

static void on_capabilities(void *data, struct wl_seat *seat, uint32_t capabilities) {
	static const struct wl_keyboard_listener listener = { on_keymap, on_enter, on_leave, on_key,
		on_modifiers, on_repeat };
	struct wayland_locks *locks = data;
	if (!(capabilities & WL_SEAT_CAPABILITY_KEYBOARD)) {
		keyboard_destroy(locks);
	} else if (!locks->keyboard) {
		locks->keyboard = wl_seat_get_keyboard(seat);
		if (locks->keyboard) {
			wl_keyboard_add_listener(locks->keyboard, &listener, locks);
		}
	}
}

static void on_seat_name(void *data, struct wl_seat *seat, const char *name) {
	(void)data;
	(void)seat;
	(void)name;
}

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
		const char *interface, uint32_t version) {
	static const struct wl_seat_listener listener = { on_capabilities, on_seat_name };
	struct wayland_locks *locks = data;
	if (!locks->seat && strcmp(interface, wl_seat_interface.name) == 0) {
		locks->seat = wl_registry_bind(registry, name, &wl_seat_interface,
				version < SEAT_MAX ? version : SEAT_MAX);
		if (locks->seat) {
			wl_seat_add_listener(locks->seat, &listener, locks);
		}
	}
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data;
	(void)registry;
	(void)name;
}

static bool find_seat(struct wayland_locks *locks) {
	static const struct wl_registry_listener listener = { on_global, on_global_remove };
	locks->queue = wl_display_create_queue(locks->display);
	struct wl_display *wrapper = locks->queue ? wl_proxy_create_wrapper(locks->display) : NULL;
	if (!wrapper) {
		return false;
	}
	wl_proxy_set_queue((struct wl_proxy *)wrapper, locks->queue);
	locks->registry = wl_display_get_registry(wrapper);
	wl_proxy_wrapper_destroy(wrapper);
	if (!locks->registry) {
		return false;
	}
	wl_registry_add_listener(locks->registry, &listener, locks);
	if (wl_display_roundtrip_queue(locks->display, locks->queue) < 0 || !locks->seat) {
		return false;
	}
	/* From now on SDL reads them: a key that only this module knows wakes the program, too. */
	wl_proxy_set_queue((struct wl_proxy *)locks->seat, NULL);
	return true;
}

struct wayland_locks *wayland_locks_create(struct SDL_Window *window) {
	SDL_SysWMinfo info;
	SDL_VERSION(&info.version);
	if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_WAYLAND) {
		return NULL;
	}
	struct wayland_locks *locks = calloc(1, sizeof *locks);
	if (!locks) {
		return NULL;
	}
	locks->display = info.info.wl.display;
	if (!find_seat(locks)) {
		wayland_locks_destroy(locks);
		return NULL;
	}
	return locks;
}

void wayland_locks_destroy(struct wayland_locks *locks) {
	if (!locks) {
		return;
	}
	keyboard_destroy(locks);
	if (locks->seat) {
		wl_seat_destroy(locks->seat);
	}
	if (locks->registry) {
		wl_registry_destroy(locks->registry);
	}
	if (locks->queue) {
		wl_event_queue_destroy(locks->queue);
	}
	free(locks);
}

bool wayland_locks_held(struct wayland_locks *locks, unsigned code) {
	/* What the compositor said before SDL's event, which may have been handled before this. */
	if (wl_display_dispatch_queue_pending(locks->display, locks->queue) < 0) {
		return false;
	}
	if (code == locks->mistaken && locks->unmet > 0 && locks->unmet < UNMET_MAX &&
			clock_now_ns() - locks->mistaken_ns < MISTAKEN_NS) {
		locks->unmet--;
		return true;
	}
	return key_set_has(&locks->before, code);
}

bool wayland_locks_read(struct wayland_locks *locks, unsigned *ret_leds) {
	if (wl_display_dispatch_queue_pending(locks->display, locks->queue) < 0) {
		return false; /* the compositor is gone, which SDL finds as well */
	}
	wl_display_flush(locks->display); /* wl_seat.get_keyboard, if a keyboard came */
	*ret_leds = (locks->locked & locks->num ? INPUT_LED_NUM : 0u) |
		    (locks->locked & locks->caps ? INPUT_LED_CAPS : 0u);
	return locks->known && (locks->num || locks->caps);
}

#else

struct wayland_locks *wayland_locks_create(struct SDL_Window *window) {
	(void)window;
	return NULL;
}

void wayland_locks_destroy(struct wayland_locks *locks) {
	(void)locks;
}

bool wayland_locks_held(struct wayland_locks *locks, unsigned code) {
	(void)locks;
	(void)code;
	return false;
}

bool wayland_locks_read(struct wayland_locks *locks, unsigned *ret_leds) {
	(void)locks;
	(void)ret_leds;
	return false;
}

#endif
