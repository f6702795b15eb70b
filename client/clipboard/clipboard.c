#define LOG_MODULE "clipboard"
#include "client/clipboard/clipboard.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/queue.h"
#include "base/thread.h"
#include "client/clipboard/clipboard_backend.h"
#include "client/clipboard/clipboard_core.h"
#include "client/gl/window_surface.h"

#define QUEUE_ITEMS 64u
/* SDL (2.26) gives the owner of a text 14 ms to begin with it: asked again, so long. */
#define TOOLKIT_AGAIN_NS (60 * NS_PER_MS)
#define TOOLKIT_NS       (2 * NS_PER_S)

struct item {
	bool toolkit; /* the message has text of the window's toolkit, or none */
	struct clipboard_message message;
};

struct clipboard {
	/* constant */
	struct clipboard_config config;
	struct clipboard_events events;
	const struct window_surface *surface;
	pthread_t thread;
	bool runs;

	/* any thread */
	struct queue queue; /* struct item */
	struct loop_source *wake;
	atomic_bool quit, text_wanted, save_wanted;
	atomic_bool drags_come; /* a drag came this way */
	sem_t saved;

	/* pg-clip */
	struct loop *loop;
	struct clipboard_core *core;
	struct clipboard_backend *backend; /* NULL: no clipboard here */
	uint32_t toolkit_id; /* of the fetch that the toolkit is asked for; 0 = none */
	uint64_t toolkit_until_ns;
	struct loop_source *toolkit_again;
};

static void ask_toolkit(uint32_t id, void *data) {
	struct clipboard *clipboard = data;
	const struct clipboard_backend_events core = clipboard_core_backend_events(clipboard->core);
	if (clipboard->toolkit_id != 0) {
		core.fetched(id, NULL, 0, CLIPBOARD_FAILURE_NONE, core.data);
		return;
	}
	clipboard->toolkit_id = id;
	clipboard->toolkit_until_ns = clock_now_ns() + TOOLKIT_NS;
	clipboard->events.ask_toolkit(clipboard->events.data);
}

static void ask_toolkit_again(void *data) {
	struct clipboard *clipboard = data;
	if (clipboard->toolkit_id != 0) {
		clipboard->events.ask_toolkit(clipboard->events.data);
	}
}

static void take_toolkit_text(struct clipboard *clipboard, const struct clipboard_message *text) {
	const struct clipboard_backend_events core = clipboard_core_backend_events(clipboard->core);
	const uint32_t id = clipboard->toolkit_id;
	const uint64_t now_ns = clock_now_ns();
	if (id != 0 && text->len == 0 && now_ns < clipboard->toolkit_until_ns) {
		loop_set_timer(clipboard->toolkit_again, now_ns + TOOLKIT_AGAIN_NS);
		return;
	}
	clipboard->toolkit_id = 0;
	core.fetched(id, text->data, text->len, CLIPBOARD_FAILURE_NONE, core.data);
}

static void on_dragged(void *data) {
	atomic_store(&((struct clipboard *)data)->drags_come, true);
}

static void on_dropped(char *paths, void *data) {
	struct clipboard *clipboard = data;
	clipboard->events.dropped(paths, clipboard->events.data);
}

static void on_saved(void *data) {
	sem_post(&((struct clipboard *)data)->saved);
}

static void save(struct clipboard *clipboard) {
	struct clipboard_backend *backend = clipboard->backend;
	if (backend && backend->table->save) {
		backend->table->save(backend, on_saved, clipboard);
	} else {
		on_saved(clipboard);
	}
}

static void on_wake(void *data) {
	struct clipboard *clipboard = data;
	struct item item;
	while (queue_pop(&clipboard->queue, &item)) {
		if (item.toolkit) {
			take_toolkit_text(clipboard, &item.message);
		} else {
			clipboard_core_message(clipboard->core, &item.message);
		}
	}
	if (atomic_exchange(&clipboard->text_wanted, false)) {
		clipboard_core_ask_text(clipboard->core);
	}
	if (atomic_exchange(&clipboard->save_wanted, false)) {
		save(clipboard);
	}
}

static void connect_desktop(struct clipboard *clipboard) {
	struct clipboard_backend_events events = clipboard_core_backend_events(clipboard->core);
	const struct window_surface *surface = clipboard->surface;
	int r = -ENOTSUP;
	events.dragged = on_dragged;
	events.dropped = on_dropped;
	events.ask_toolkit = ask_toolkit;
	events.window_data = clipboard;
	switch (surface->kind) {
	case WINDOW_SURFACE_OFFSCREEN:
		break;
	case WINDOW_SURFACE_X11:
		r = clipboard_x11_create(&clipboard->backend, clipboard->loop, surface->x11_display,
				CLIPBOARD_TIMEOUT_NS, &events);
		break;
	case WINDOW_SURFACE_WAYLAND:
		r = clipboard_wayland_create(&clipboard->backend, clipboard->loop,
				surface->wl_display, CLIPBOARD_TIMEOUT_NS, &events);
		break;
	}
	if (r < 0) {
		clipboard->backend = NULL;
		log_warn("no clipboard is shared: the desktop's cannot be used (%s)",
				strerrordesc_np(-r));
		return;
	}
	log_debug("the desktop's clipboard: %s", clipboard->backend->table->name);
	clipboard_core_set_backend(clipboard->core, clipboard->backend);
}

static void disconnect_desktop(struct clipboard *clipboard) {
	clipboard_core_set_backend(clipboard->core, NULL);
	if (clipboard->backend) {
		clipboard->backend->table->destroy(clipboard->backend);
		clipboard->backend = NULL;
	}
}

static void *run(void *data) {
	struct clipboard *clipboard = data;
	while (!atomic_load(&clipboard->quit)) {
		int r = clipboard->backend ? clipboard->backend->table->turn(clipboard->backend)
					   : loop_run_once(clipboard->loop, -1);
		if (r < 0) {
			log_warn("the desktop's clipboard is gone (%s)", strerrordesc_np(-r));
			if (!clipboard->backend) {
				break;
			}
			disconnect_desktop(clipboard);
		}
	}
	return NULL;
}

static void wake(void *data) {
	loop_wake(((struct clipboard *)data)->wake);
}

void clipboard_destroy(struct clipboard *clipboard) {
	struct item item;
	if (!clipboard) {
		return;
	}
	clipboard_stop(clipboard);
	while (clipboard->queue.items && queue_pop(&clipboard->queue, &item)) {
		free(item.message.data);
	}
	queue_finish(&clipboard->queue);
	if (clipboard->core) {
		disconnect_desktop(clipboard);
	}
	clipboard_core_destroy(clipboard->core);
	loop_destroy(clipboard->loop);
	sem_destroy(&clipboard->saved);
	free(clipboard);
}

int clipboard_create(struct clipboard **ret_clipboard, const struct clipboard_config *config,
		const struct window_surface *surface, const struct clipboard_events *events) {
	struct clipboard *clipboard = calloc(1, sizeof *clipboard);
	if (!clipboard) {
		return -ENOMEM;
	}
	clipboard->config = *config;
	clipboard->events = *events;
	clipboard->surface = surface;
	sem_init(&clipboard->saved, 0, 0);
	int r = loop_create(&clipboard->loop);
	if (r == 0) {
		clipboard->wake = loop_add_wake(clipboard->loop, on_wake, clipboard);
		clipboard->toolkit_again =
				loop_add_timer(clipboard->loop, ask_toolkit_again, clipboard);
		r = clipboard->wake && clipboard->toolkit_again ? 0 : -ENOMEM;
	}
	if (r == 0) {
		r = queue_init(&clipboard->queue, sizeof(struct item), QUEUE_ITEMS, wake,
				clipboard);
	}
	if (r < 0) {
		clipboard_destroy(clipboard);
		return r;
	}
	*ret_clipboard = clipboard;
	return 0;
}

void clipboard_save(struct clipboard *clipboard, uint64_t timeout_ns) {
	const uint64_t until_ns = clock_now_ns() + timeout_ns;
	const struct timespec until = { (time_t)(until_ns / NS_PER_S),
		(long)(until_ns % NS_PER_S) };
	atomic_store(&clipboard->save_wanted, true);
	loop_wake(clipboard->wake);
	while (sem_clockwait(&clipboard->saved, CLOCK_MONOTONIC, &until) < 0) {
		if (errno != EINTR) {
			log_debug("the clipboard manager has not kept the guest's content");
			return;
		}
	}
}

int clipboard_start(struct clipboard *clipboard, struct queue *guest) {
	const struct clipboard_core_events core = {
		.guest = guest,
		.refused = clipboard->events.refused,
		.text = clipboard->events.text,
		.data = clipboard->events.data,
	};
	int r = clipboard_core_create(&clipboard->core, clipboard->config.max_bytes, &core);
	if (r == 0) {
		connect_desktop(clipboard);
		r = thread_start(&clipboard->thread, "pg-clip", run, clipboard);
		clipboard->runs = r == 0;
	}
	return r;
}

void clipboard_stop(struct clipboard *clipboard) {
	if (clipboard && clipboard->runs) {
		atomic_store(&clipboard->quit, true);
		loop_wake(clipboard->wake);
		pthread_join(clipboard->thread, NULL);
		clipboard->runs = false;
	}
}

void clipboard_put(const struct clipboard_message *message, void *data) {
	struct clipboard *clipboard = data;
	const struct item item = { .message = *message };
	if (queue_push(&clipboard->queue, &item) < 0) {
		free(message->data);
	}
}

void clipboard_toolkit_text(struct clipboard *clipboard, char *text) {
	const struct item item = { .toolkit = true,
		.message = { .data = text, .len = text ? strlen(text) : 0 } };
	if (queue_push(&clipboard->queue, &item) < 0) {
		free(text);
	}
}

bool clipboard_has_drags(const struct clipboard *clipboard) {
	return atomic_load(&clipboard->drags_come);
}

void clipboard_ask_text(struct clipboard *clipboard) {
	atomic_store(&clipboard->text_wanted, true);
	loop_wake(clipboard->wake);
}
