#include "client/clipboard/clipboard_wayland.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <wayland-client.h>

#include "base/clock.h"
#include "base/loop.h"
#include "client/clipboard/clipboard_wayland_internal.h"

#define SEAT_MAX 5u /* version of the core protocol that is spoken here */
/* Nobody notices a paste that is so much later. */
#define REST_NS (50 * NS_PER_MS)

/* The best first. */
static const struct wayland_protocol *const protocols[] = { &wayland_ext, &wayland_wlr,
	&wayland_core };
static_assert(sizeof protocols / sizeof protocols[0] == WAYLAND_PROTOCOLS, "as the link counts");

static bool is_control(const struct wayland_link *link) {
	return link->protocol->control;
}

/* ---- the source ---- */

static void source_destroy(struct wayland_link *link) {
	if (link->source) {
		link->protocol->source_destroy(link->source);
		link->source = NULL;
	}
}

void wayland_source_send(struct wayland_link *link, const void *source, const char *name, int fd) {
	if (source == link->source) {
		link->events.send(name, fd, link->events.data);
	} else {
		close(fd);
	}
}

void wayland_source_cancelled(struct wayland_link *link, const void *source) {
	if (source == link->source) {
		source_destroy(link);
		link->events.cancelled(link->events.data);
	}
}

bool wayland_link_is_mark(const struct wayland_link *link, const char *name) {
	return strcmp(name, link->own_name) == 0;
}

/* The mark by which our own offer is known when the compositor tells it. Last, because many
 * programs paste whatever is offered first; but weston's own clipboard takes the first type over,
 * and would offer it as if it were another program's. Mutter tells everybody the types the other
 * way round (43, meta-selection-source-wayland.c). */
static void offer_all(struct wayland_link *link, void *source, unsigned types) {
	const bool backward = link->mutter && !is_control(link);
	const bool mark_first = link->weston || backward;
	if (mark_first) {
		link->protocol->source_offer(source, link->own_name);
	}
	for (unsigned i = 0; i < CLIPBOARD_NAMES; i++) {
		const struct clipboard_name *name =
				&clipboard_names[backward ? CLIPBOARD_NAMES - 1 - i : i];
		if (name->offer && (name->type & types)) {
			link->protocol->source_offer(source, name->name);
		}
	}
	if (!mark_first) {
		link->protocol->source_offer(source, link->own_name);
	}
}

int wayland_link_own(struct wayland_link *link, unsigned types) {
	if (types == 0) {
		if (link->source) { /* else the clipboard is another program's */
			link->protocol->set_selection(link->device, NULL, link->serial);
			source_destroy(link);
		}
		return 0;
	}
	if (!is_control(link) && link->serial == 0) {
		return -EAGAIN;
	}
	const struct wayland_protocol *protocol = link->protocol;
	void *source = protocol->source_new(link->manager, link);
	if (!source) {
		return -ENOMEM;
	}
	offer_all(link, source, types);
	if (!is_control(link)) {
		/* Weston and mutter take a second one with the same serial for an old one, unless
		 * the first is gone. */
		source_destroy(link);
	}
	protocol->set_selection(link->device, source, link->serial);
	source_destroy(link); /* the one before */
	link->source = source;
	return 0;
}

/* ---- the keyboard, of the core protocol: its serials prove that the user did something ---- */

static void on_keymap(void *data, struct wl_keyboard *keyboard, uint32_t format, int32_t fd,
		uint32_t size) {
	(void)data;
	(void)keyboard;
	(void)format;
	(void)size;
	close(fd);
}

static void on_focus(void *data, struct wl_keyboard *keyboard, uint32_t serial,
		struct wl_surface *surface, struct wl_array *keys) {
	struct wayland_link *link = data;
	(void)keyboard;
	(void)surface;
	(void)keys;
	link->serial = serial;
	link->events.focused(link->events.data);
}

static void on_unfocus(void *data, struct wl_keyboard *keyboard, uint32_t serial,
		struct wl_surface *surface) {
	(void)data;
	(void)keyboard;
	(void)serial;
	(void)surface;
}

static void on_key(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t time,
		uint32_t key, uint32_t state) {
	(void)keyboard;
	(void)time;
	(void)key;
	(void)state;
	((struct wayland_link *)data)->serial = serial;
}

static void on_modifiers(void *data, struct wl_keyboard *keyboard, uint32_t serial,
		uint32_t depressed, uint32_t latched, uint32_t locked, uint32_t group) {
	(void)data;
	(void)keyboard;
	(void)serial;
	(void)depressed;
	(void)latched;
	(void)locked;
	(void)group;
}

static void on_repeat(void *data, struct wl_keyboard *keyboard, int32_t rate, int32_t delay) {
	(void)data;
	(void)keyboard;
	(void)rate;
	(void)delay;
}

static const struct wl_keyboard_listener keyboard_listener = {
	.keymap = on_keymap,
	.enter = on_focus,
	.leave = on_unfocus,
	.key = on_key,
	.modifiers = on_modifiers,
	.repeat_info = on_repeat,
};

static void on_seat_has(void *data, struct wl_seat *seat, uint32_t capabilities) {
	struct wayland_link *link = data;
	const bool has = (capabilities & WL_SEAT_CAPABILITY_KEYBOARD) != 0;
	if (is_control(link) || has == (link->keyboard != NULL)) {
		return;
	}
	if (has) {
		link->keyboard = wl_seat_get_keyboard(seat);
		wl_keyboard_add_listener(link->keyboard, &keyboard_listener, link);
	} else {
		wl_keyboard_destroy(link->keyboard);
		link->keyboard = NULL;
	}
}

static void on_seat_name(void *data, struct wl_seat *seat, const char *name) {
	(void)data;
	(void)seat;
	(void)name;
}

static const struct wl_seat_listener seat_listener = { .capabilities = on_seat_has,
	.name = on_seat_name };

/* ---- finding it all ---- */

static uint32_t at_most(uint32_t version, uint32_t max) {
	return version < max ? version : max;
}

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
		const char *interface, uint32_t version) {
	struct wayland_link *link = data;
	link->weston = link->weston || strncmp(interface, "weston_", 7) == 0;
	link->mutter = link->mutter || strcmp(interface, "gtk_shell1") == 0;
	if (strcmp(interface, wl_seat_interface.name) == 0 && !link->seat) {
		link->seat = wl_registry_bind(
				registry, name, &wl_seat_interface, at_most(version, SEAT_MAX));
	}
	for (unsigned i = 0; i < WAYLAND_PROTOCOLS; i++) {
		if (strcmp(interface, protocols[i]->manager->name) == 0) {
			link->manager_name[i] = name;
			link->manager_version[i] = version;
		}
	}
}

static void on_global_gone(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data;
	(void)registry;
	(void)name;
}

static const struct wl_registry_listener registry_listener = { .global = on_global,
	.global_remove = on_global_gone };

static int get_device(struct wayland_link *link, unsigned index) {
	const struct wayland_protocol *protocol = link->protocol;
	link->manager = wl_registry_bind(link->registry, link->manager_name[index],
			protocol->manager,
			at_most(link->manager_version[index], protocol->version_max));
	if (link->manager) {
		link->device = protocol->device_new(link->manager, link->seat, link);
	}
	return link->device ? 0 : -ENOMEM;
}

static bool find_globals(struct wayland_link *link) {
	link->queue = wl_display_create_queue(link->display);
	struct wl_display *wrapper = wl_proxy_create_wrapper(link->display);
	if (!link->queue || !wrapper) {
		return false;
	}
	wl_proxy_set_queue((struct wl_proxy *)wrapper, link->queue);
	link->registry = wl_display_get_registry(wrapper);
	wl_proxy_wrapper_destroy(wrapper);
	wl_registry_add_listener(link->registry, &registry_listener, link);
	return wl_display_roundtrip_queue(link->display, link->queue) >= 0;
}

static void forget_globals(struct wayland_link *link) {
	if (link->seat) {
		wl_seat_destroy(link->seat);
		link->seat = NULL;
	}
	if (link->registry) {
		wl_registry_destroy(link->registry);
		link->registry = NULL;
	}
	if (link->queue) {
		wl_event_queue_destroy(link->queue);
		link->queue = NULL;
	}
	memset(link->manager_version, 0, sizeof link->manager_version);
}

/* The first protocol that is there, of those that are for any program, or are not; -1 = none. */
static int find_protocol(const struct wayland_link *link, bool control) {
	for (int i = 0; i < (int)WAYLAND_PROTOCOLS; i++) {
		if (protocols[i]->control == control && link->seat &&
				link->manager_version[i] != 0) {
			return i;
		}
	}
	return -1;
}

/* On a connection of our own where any program may have the clipboard, else on the window's. */
static int connect_link(struct wayland_link *link, struct wl_display *window, unsigned *ret_index) {
	int found = -1;
	link->display = wl_display_connect(NULL);
	if (link->display) {
		link->own_display = true;
		found = find_globals(link) ? find_protocol(link, true) : -1;
	}
	if (found < 0) {
		forget_globals(link);
		if (link->display) {
			wl_display_disconnect(link->display);
		}
		link->display = window;
		link->own_display = false;
		if (!find_globals(link)) {
			return -ENOTCONN;
		}
		found = find_protocol(link, false);
	}
	if (found < 0) {
		return -ENOTSUP;
	}
	link->protocol = protocols[found];
	*ret_index = (unsigned)found;
	return 0;
}

static struct wayland_link *new_link(const struct wayland_link_events *events) {
	struct wayland_link *link = calloc(1, sizeof *link);
	if (!link) {
		return NULL; /* out of memory */
	}
	uint64_t random = (uintptr_t)link;
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0) {
		random ^= clock_now_ns();
	}
	link->events = *events;
	link->protocol = &wayland_core;
	snprintf(link->own_name, sizeof link->own_name, OWN_PREFIX "%016llx",
			(unsigned long long)random);
	return link;
}

int wayland_link_create(struct wayland_link **ret_link, struct wl_display *window,
		const struct wayland_link_events *events) {
	struct wayland_link *link = new_link(events);
	if (!link) {
		return -ENOMEM;
	}
	unsigned index;
	int r = connect_link(link, window, &index);
	if (r < 0) {
		wayland_link_destroy(link);
		return r;
	}
	/* The seat's listener first: the answer to the roundtrip's bind is still to be read. */
	wl_seat_add_listener(link->seat, &seat_listener, link);
	r = get_device(link, index);
	if (r < 0) {
		wayland_link_destroy(link);
		return r;
	}
	*ret_link = link;
	return 0;
}

int wayland_link_create_drags(struct wayland_link **ret_link, struct wl_display *window,
		const struct wayland_link_events *events) {
	struct wayland_link *link = new_link(events);
	if (!link) {
		return -ENOMEM;
	}
	link->drags_only = true;
	link->display = window;
	int r = find_globals(link) ? 0 : -ENOTCONN;
	const int found = r == 0 ? find_protocol(link, false) : -1;
	if (r == 0) {
		r = found < 0 ? -ENOTSUP : get_device(link, (unsigned)found);
	}
	if (r < 0) {
		wayland_link_destroy(link);
		return r;
	}
	*ret_link = link;
	return 0;
}

static void device_destroy(struct wayland_link *link) {
	if (link->device) {
		link->protocol->device_destroy(link->device);
	}
	if (link->manager) {
		link->protocol->manager_destroy(link->manager);
	}
}

void wayland_link_destroy(struct wayland_link *link) {
	if (!link) {
		return;
	}
	wayland_offer_destroy(link->fresh);
	wayland_offer_destroy(link->drag);
	source_destroy(link);
	device_destroy(link);
	if (link->keyboard) {
		wl_keyboard_destroy(link->keyboard);
	}
	if (link->display) {
		forget_globals(link);
		wl_display_flush(link->display);
	}
	if (link->own_display) {
		wl_display_disconnect(link->display);
	}
	free(link);
}

bool wayland_link_is_control(const struct wayland_link *link) {
	return is_control(link);
}

const char *wayland_link_name(const struct wayland_link *link) {
	return link->protocol->name;
}

static bool is_full(struct wayland_link *link) {
	return wl_display_flush(link->display) < 0 && errno == EAGAIN;
}

/* To be read: what has come is done. Requests that found no room make it wait for that, too. One
 * that rests is not polled. */
static int prepare(struct wayland_link *link, uint64_t now_ns, struct pollfd *ret_fd) {
	*ret_fd = (struct pollfd){ .fd = -1 };
	if (now_ns < link->rest_ns) {
		if (wl_display_dispatch_queue_pending(link->display, link->queue) < 0) {
			return -ENOTCONN;
		}
		if (!is_full(link)) {
			return 0;
		}
	}
	while (wl_display_prepare_read_queue(link->display, link->queue) != 0) {
		if (wl_display_dispatch_queue_pending(link->display, link->queue) < 0) {
			return -ENOTCONN;
		}
	}
	*ret_fd = (struct pollfd){ .fd = wl_display_get_fd(link->display),
		.events = (short)(POLLIN | (is_full(link) ? POLLOUT : 0)) };
	return 0;
}

static void cancel(struct wayland_link *link, const struct pollfd *fd) {
	if (fd->fd >= 0) {
		wl_display_cancel_read(link->display);
	}
}

static bool has_come(const struct pollfd *fd, int polled) {
	return polled > 0 && (fd->revents & (POLLIN | POLLERR | POLLHUP)) != 0;
}

static int read_or_not(struct wayland_link *link, const struct pollfd *fd, int polled) {
	if (has_come(fd, polled)) {
		return wl_display_read_events(link->display) < 0 ? -ENOTCONN : 0;
	}
	cancel(link, fd);
	return 0;
}

/* The window's connection is read by the main thread in any case, and while a picture is played
 * nearly all that comes is of that: what was woken for nothing rests, and looks at what others have
 * read for it later. */
static int dispatch(struct wayland_link *link, const struct pollfd *fd, int polled) {
	const int done = wl_display_dispatch_queue_pending(link->display, link->queue);
	if (done == 0 && !link->own_display && has_come(fd, polled)) {
		link->rest_ns = clock_now_ns() + REST_NS;
	}
	return done < 0 ? -ENOTCONN : 0;
}

/* Until one of them has rested, or the loop has something to do. */
static int wait_ms(struct wayland_link *const links[], nfds_t count, uint64_t now_ns,
		const struct loop *loop) {
	deadline due = DEADLINE_NONE;
	for (nfds_t i = 0; i < count; i++) {
		if (now_ns < links[i]->rest_ns) {
			due = deadline_first(due, links[i]->rest_ns);
		}
	}
	const int rest = deadline_wait_ms(due, now_ns, INT_MAX), most = loop_wait_ms(loop);
	return rest < 0 || (most >= 0 && most < rest) ? most : rest;
}

/* Others read the connection of drags: whoever prepared to read holds them up until it did, so
 * nothing may happen between that and the poll. It is prepared last. */
int wayland_link_turn(struct wayland_link *link, struct wayland_link *drags, struct loop *loop) {
	struct wayland_link *const links[] = { link, drags };
	const nfds_t count = drags ? 2 : 1;
	const uint64_t now_ns = clock_now_ns();
	struct pollfd fds[3];
	for (nfds_t i = 0; i < count; i++) {
		if (prepare(links[i], now_ns, &fds[i]) < 0) {
			if (i > 0) {
				cancel(link, &fds[0]);
			}
			return -ENOTCONN;
		}
	}
	fds[count] = (struct pollfd){ .fd = loop_fd(loop), .events = POLLIN };
	const int n = poll(fds, count + 1, wait_ms(links, count, now_ns, loop));
	int r = 0;
	for (nfds_t i = 0; i < count; i++) {
		if (read_or_not(links[i], &fds[i], n) < 0) {
			r = -ENOTCONN;
		}
	}
	for (nfds_t i = 0; i < count && r == 0; i++) {
		r = dispatch(links[i], &fds[i], n);
	}
	if (r < 0) {
		return r;
	}
	r = loop_run_once(loop, 0);
	for (nfds_t i = 0; i < count; i++) {
		(void)wl_display_flush(links[i]->display);
	}
	return r < 0 ? r : 0;
}
