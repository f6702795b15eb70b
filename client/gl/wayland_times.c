#include "client/gl/wayland_times.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wayland-client.h>

#include "base/clock.h"

#define OPEN_MAX 8 /* commits without an answer yet: a hidden window gets none */

/* presentation-time, as much of it as is asked for. */
static const struct wl_interface *sync_types[] = { &wl_output_interface };
static const struct wl_message feedback_events[] = {
	{ "sync_output", "o", sync_types },
	{ "presented", "uuuuuuu", (const struct wl_interface *[7]){ NULL } },
	{ "discarded", "", NULL },
};
static const struct wl_interface feedback_interface = { "wp_presentation_feedback", 1, 0, NULL, 3,
	feedback_events };
static const struct wl_interface *ask_types[] = { &wl_surface_interface, &feedback_interface };
static const struct wl_message presentation_requests[] = {
	{ "destroy", "", NULL },
	{ "feedback", "on", ask_types },
};
static const struct wl_message presentation_events[] = {
	{ "clock_id", "u", (const struct wl_interface *[1]){ NULL } },
};
static const struct wl_interface presentation_interface = { "wp_presentation", 1, 2,
	presentation_requests, 1, presentation_events };

enum { DESTROY = 0, FEEDBACK = 1 };

struct feedback {
	struct wl_proxy *proxy; /* NULL: free */
	struct wayland_times *times;
	uint64_t tag;
};

struct wayland_times {
	struct wl_registry *registry;
	struct wl_proxy *presentation;
	uint32_t clock_id;
	struct feedback open[OPEN_MAX];
	bool fresh;
	uint64_t tag, shown_ns, refresh_ns;
};

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
		const char *interface, uint32_t version) {
	struct wayland_times *times = data;
	(void)version;
	if (!times->presentation && strcmp(interface, presentation_interface.name) == 0) {
		times->presentation = wl_registry_bind(registry, name, &presentation_interface, 1);
	}
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
	(void)data;
	(void)registry;
	(void)name;
}

static void on_clock(void *data, struct wl_proxy *presentation, uint32_t clock_id) {
	(void)presentation;
	((struct wayland_times *)data)->clock_id = clock_id;
}

static void end(struct feedback *feedback) {
	wl_proxy_destroy(feedback->proxy); /* the compositor's side is gone with its answer */
	feedback->proxy = NULL;
}

static void on_output(void *data, struct wl_proxy *proxy, struct wl_output *output) {
	(void)data;
	(void)proxy;
	(void)output;
}

/* Clocks drift from one another, so the distance is taken anew for each. */
static bool to_monotonic(const struct wayland_times *times, uint64_t at_ns, uint64_t *ret_ns) {
	struct timespec now;
	if (clock_gettime((clockid_t)times->clock_id, &now) != 0) {
		return false;
	}
	const uint64_t theirs_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	*ret_ns = clock_now_ns() + at_ns - theirs_ns;
	return true;
}

static void on_presented(void *data, struct wl_proxy *proxy, uint32_t seconds_high,
		uint32_t seconds_low, uint32_t nanoseconds, uint32_t refresh, uint32_t count_high,
		uint32_t count_low, uint32_t flags) {
	struct feedback *feedback = data;
	struct wayland_times *times = feedback->times;
	(void)proxy;
	(void)count_high;
	(void)count_low;
	(void)flags;
	const uint64_t shown_ns =
			((uint64_t)seconds_high << 32 | seconds_low) * NS_PER_S + nanoseconds;
	times->fresh = to_monotonic(times, shown_ns, &times->shown_ns);
	times->tag = feedback->tag;
	times->refresh_ns = refresh;
	end(feedback);
}

static void on_discarded(void *data, struct wl_proxy *proxy) {
	(void)proxy;
	end(data);
}

static const struct {
	void (*output)(void *, struct wl_proxy *, struct wl_output *);
	void (*presented)(void *, struct wl_proxy *, uint32_t, uint32_t, uint32_t, uint32_t,
			uint32_t, uint32_t, uint32_t);
	void (*discarded)(void *, struct wl_proxy *);
} feedback_listener = { on_output, on_presented, on_discarded };

static const struct {
	void (*clock)(void *, struct wl_proxy *, uint32_t);
} presentation_listener = { on_clock };

static void listen(struct wl_proxy *proxy, const void *listener, void *data) {
	/* libwayland takes every table of functions as one of void (*)(void), and changes none. */
	union {
		const void *from;
		void (**to)(void);
	} table = { .from = listener };
	wl_proxy_add_listener(proxy, table.to, data);
}

static bool find(struct wayland_times *times, struct wl_display *display,
		struct wl_event_queue *queue) {
	static const struct wl_registry_listener listener = { on_global, on_global_remove };
	struct wl_display *wrapper = wl_proxy_create_wrapper(display);
	if (!wrapper) {
		return false;
	}
	wl_proxy_set_queue((struct wl_proxy *)wrapper, queue);
	times->registry = wl_display_get_registry(wrapper);
	wl_proxy_wrapper_destroy(wrapper);
	wl_registry_add_listener(times->registry, &listener, times);
	if (wl_display_roundtrip_queue(display, queue) < 0 || !times->presentation) {
		return false;
	}
	listen(times->presentation, &presentation_listener, times);
	struct timespec now;
	return wl_display_roundtrip_queue(display, queue) >= 0 && times->clock_id <= INT32_MAX &&
	       clock_gettime((clockid_t)times->clock_id, &now) == 0;
}

struct wayland_times *wayland_times_create(
		struct wl_display *display, struct wl_event_queue *queue) {
	struct wayland_times *times = calloc(1, sizeof *times);
	if (times) {
		times->clock_id = UINT32_MAX;
		if (!find(times, display, queue)) {
			wayland_times_destroy(times);
			return NULL;
		}
	}
	return times;
}

void wayland_times_destroy(struct wayland_times *times) {
	if (!times) {
		return;
	}
	for (unsigned i = 0; i < OPEN_MAX; i++) {
		if (times->open[i].proxy) {
			end(&times->open[i]);
		}
	}
	if (times->presentation) {
		wl_proxy_marshal(times->presentation, DESTROY);
		wl_proxy_destroy(times->presentation);
	}
	if (times->registry) {
		wl_registry_destroy(times->registry);
	}
	free(times);
}

void wayland_times_ask(struct wayland_times *times, struct wl_surface *surface, uint64_t tag) {
	struct feedback *feedback = NULL;
	for (unsigned i = 0; i < OPEN_MAX && !feedback; i++) {
		feedback = times->open[i].proxy ? NULL : &times->open[i];
	}
	if (!feedback) {
		return;
	}
	feedback->times = times;
	feedback->tag = tag;
	feedback->proxy = wl_proxy_marshal_constructor(
			times->presentation, FEEDBACK, &feedback_interface, surface, NULL);
	if (feedback->proxy) {
		listen(feedback->proxy, &feedback_listener, feedback);
	}
}

bool wayland_times_take(struct wayland_times *times, uint64_t *ret_tag, uint64_t *ret_shown_ns,
		uint64_t *ret_refresh_ns) {
	if (!times->fresh) {
		return false;
	}
	times->fresh = false;
	*ret_tag = times->tag;
	*ret_shown_ns = times->shown_ns;
	*ret_refresh_ns = times->refresh_ns;
	return true;
}
