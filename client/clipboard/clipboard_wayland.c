/*
 * The clipboard of Wayland: what the link (clipboard_wayland_link.c) lends, and pipes.
 *
 * With the core protocol only the window with the keyboard hears of the clipboard and may set it.
 * What the guest copied just when the keyboard went elsewhere is set when it comes back, unless
 * something else was copied in between, as far as that can be told.
 */
#define LOG_MODULE "clipboard"
#include "client/clipboard/clipboard_wayland.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "client/clipboard/clipboard_backend.h"
#include "client/clipboard/clipboard_pipe.h"
#include "client/clipboard/clipboard_uris.h"

#define SENDS    16u
#define DROP_ID  (UINT32_MAX - 2)   /* the core has ids of its own above it */
#define DROP_MAX ((size_t)16 << 20) /* bytes of a list of files; on X11, too */

/* A program waits at its end of a pipe. */
struct waiting_send {
	uint32_t id; /* 0 = free */
	int fd;
};

struct wayland {
	struct clipboard_backend base;
	struct clipboard_backend_events events;
	struct loop *loop;
	struct wayland_link *link;
	struct wayland_link *drags; /* NULL: link tells of drags, or none is to be had */
	struct clipboard_pipes *pipes;
	struct wayland_offer *offer; /* of another program; NULL = none */
	struct wayland_offer *drop;  /* whose list of files is being read */
	uint32_t hash;               /* of the names of the newest offer of another program */
	unsigned own_types;          /* 0 = nothing is ours */
	unsigned had_types;          /* of our content that was confirmed last */
	bool confirmed;              /* the compositor said that the clipboard is ours */
	struct waiting_send sends[SENDS];
	uint32_t next_id;
	uint32_t text_id; /* of the newest fetch, if it is text */
};

static struct wayland *wayland_of(struct clipboard_backend *backend) {
	return (struct wayland *)backend;
}

/* ---- what the compositor tells ---- */

/* What the desktop keeps of content that was the guest's: one type of it (mutter,
 * meta-clipboard-manager.c), told as soon as that has gone. */
static bool is_kept(const struct wayland *wayland, const struct wayland_offer *offer) {
	return offer->names == 1 && (offer->choice.types & wayland->had_types) != 0;
}

static void on_selection(struct wayland_offer *offer, void *data) {
	struct wayland *wayland = data;
	if (offer && offer->ours) {
		wayland_offer_destroy(offer);
		wayland->confirmed = wayland->own_types != 0;
		wayland->had_types = wayland->own_types;
		return;
	}
	if (wayland->own_types != 0 && !wayland->confirmed &&
			(!offer || offer->hash == wayland->hash || is_kept(wayland, offer))) {
		/* The one from before the guest's: ours is on its way, or came while the keyboard
		 * was elsewhere and is set again with the focus. */
		wayland_offer_destroy(offer);
		return;
	}
	clipboard_pipes_cancel_reads(wayland->pipes, DROP_ID);
	wayland_offer_destroy(wayland->offer);
	wayland->offer = offer;
	wayland->hash = offer ? offer->hash : 0;
	wayland->own_types = 0;
	wayland->events.offered(offer ? offer->choice.types : 0, offer && offer->secret,
			wayland->events.data);
}

static int first_name(unsigned types) {
	for (int i = 0; i < (int)CLIPBOARD_NAMES; i++) {
		if (clipboard_names[i].type & types) {
			return i;
		}
	}
	return -1;
}

static void on_send(const char *name, int fd, void *data) {
	struct wayland *wayland = data;
	/* Who asks for the mark gets what it stands beside. */
	const int index = wayland_link_is_mark(wayland->link, name) ? first_name(wayland->own_types)
								    : clipboard_name_find(name);
	for (unsigned i = 0; i < SENDS; i++) {
		struct waiting_send *send = &wayland->sends[i];
		if (send->id == 0 && index >= 0 &&
				(clipboard_names[index].type & wayland->own_types)) {
			wayland->next_id += wayland->next_id >= UINT32_MAX - 3 ? 5 : 1;
			*send = (struct waiting_send){ wayland->next_id, fd };
			wayland->events.wanted(send->id, clipboard_names[index].type,
					wayland->events.data);
			return;
		}
	}
	close(fd);
}

static void on_cancelled(void *data) {
	struct wayland *wayland = data;
	if (wayland->confirmed) {
		wayland->own_types = 0;
		wayland->confirmed = false;
	}
}

static void on_focused(void *data) {
	struct wayland *wayland = data;
	if (wayland->own_types != 0 && !wayland->confirmed) {
		(void)wayland_link_own(wayland->link, wayland->own_types);
	}
}

static void on_dragged(void *data) {
	struct wayland *wayland = data;
	if (wayland->events.dragged) {
		wayland->events.dragged(wayland->events.window_data);
	}
}

static void tell_dropped(struct wayland *wayland, char *paths) {
	if (wayland->events.dropped) {
		wayland->events.dropped(paths, wayland->events.window_data);
	} else {
		free(paths);
	}
}

static void on_dropped(struct wayland_offer *offer, void *data) {
	struct wayland *wayland = data;
	int fd;
	if (wayland->drop || clipboard_pipes_read(wayland->pipes, DROP_ID, DROP_MAX, &fd) < 0) {
		wayland_offer_destroy(offer);
		tell_dropped(wayland, NULL);
		return;
	}
	wayland_offer_receive(offer, "text/uri-list", fd);
	close(fd);
	wayland->drop = offer;
}

static void finish_drop(struct wayland *wayland, void *heap, size_t len) {
	char *paths = heap ? clipboard_uris_to_paths(heap, len) : NULL;
	free(heap);
	if (wayland->drop) {
		wayland_offer_dropped(wayland->drop);
		wayland_offer_destroy(wayland->drop);
		wayland->drop = NULL;
	}
	tell_dropped(wayland, paths);
}

static void on_read(
		uint32_t id, void *heap, size_t len, enum clipboard_failure failure, void *data) {
	struct wayland *wayland = data;
	if (id == DROP_ID) {
		finish_drop(wayland, heap, len);
	} else if (heap && len == 0 && id == wayland->text_id && wayland->events.ask_toolkit &&
			!wayland_link_is_control(wayland->link)) {
		/* Weston makes an offer of each device of a program, and only the last one good:
		 * SDL's (10.0, data_offer_receive). */
		free(heap);
		wayland->events.ask_toolkit(id, wayland->events.window_data);
	} else {
		wayland->events.fetched(id, heap, len, failure, wayland->events.data);
	}
}

/* ---- the seam ---- */

static int wayland_turn(struct clipboard_backend *backend) {
	struct wayland *wayland = wayland_of(backend);
	return wayland_link_turn(wayland->link, wayland->drags, wayland->loop);
}

static void wayland_own(struct clipboard_backend *backend, unsigned types) {
	struct wayland *wayland = wayland_of(backend);
	wayland->own_types = types;
	wayland->confirmed = false;
	if (types != 0) {
		wayland_offer_destroy(wayland->offer);
		wayland->offer = NULL;
	}
	int r = wayland_link_own(wayland->link, types);
	if (r < 0 && r != -EAGAIN) {
		log_warn_limited("the clipboard cannot be set (%s)", strerrordesc_np(-r));
	}
}

static void wayland_fetch(
		struct clipboard_backend *backend, uint32_t id, unsigned type, size_t max_bytes) {
	struct wayland *wayland = wayland_of(backend);
	const int name = wayland->offer ? clipboard_choice_get(&wayland->offer->choice, type) : -1;
	int fd;
	if (name < 0 || clipboard_pipes_read(wayland->pipes, id, max_bytes, &fd) < 0) {
		wayland->events.fetched(id, NULL, 0, CLIPBOARD_FAILURE_NONE, wayland->events.data);
		return;
	}
	wayland->text_id = type == CLIPBOARD_TEXT ? id : 0;
	wayland_offer_receive(wayland->offer, clipboard_names[name].name, fd);
	close(fd); /* the library sends a copy of it */
}

static void wayland_give(struct clipboard_backend *backend, uint32_t id, void *heap, size_t len) {
	struct wayland *wayland = wayland_of(backend);
	for (unsigned i = 0; i < SENDS; i++) {
		struct waiting_send *send = &wayland->sends[i];
		if (send->id == id) {
			send->id = 0;
			clipboard_pipes_write(wayland->pipes, send->fd, heap, len);
			return;
		}
	}
	free(heap);
}

static void wayland_destroy(struct clipboard_backend *backend) {
	struct wayland *wayland = wayland_of(backend);
	for (unsigned i = 0; i < SENDS; i++) {
		if (wayland->sends[i].id != 0) {
			close(wayland->sends[i].fd);
		}
	}
	clipboard_pipes_destroy(wayland->pipes);
	wayland_offer_destroy(wayland->offer);
	wayland_offer_destroy(wayland->drop);
	wayland_link_destroy(wayland->drags);
	wayland_link_destroy(wayland->link);
	free(wayland);
}

static const struct clipboard_backend_table table = {
	.name = "wayland",
	.destroy = wayland_destroy,
	.turn = wayland_turn,
	.own = wayland_own,
	.fetch = wayland_fetch,
	.give = wayland_give,
};

int clipboard_wayland_create(struct clipboard_backend **ret_backend, struct loop *loop,
		struct wl_display *window, uint64_t timeout_ns,
		const struct clipboard_backend_events *events) {
	struct wayland *wayland = calloc(1, sizeof *wayland);
	if (!wayland) {
		return -ENOMEM;
	}
	wayland->base.table = &table;
	wayland->events = *events;
	wayland->loop = loop;
	const struct clipboard_pipes_events pipes = { .read = on_read, .data = wayland };
	const struct wayland_link_events link = {
		.selection = on_selection,
		.send = on_send,
		.cancelled = on_cancelled,
		.focused = on_focused,
		.dragged = on_dragged,
		.dropped = on_dropped,
		.data = wayland,
	};
	int r = clipboard_pipes_create(&wayland->pipes, loop, timeout_ns, &pipes);
	if (r == 0) {
		r = wayland_link_create(&wayland->link, window, &link);
	}
	if (r == 0 && wayland_link_is_control(wayland->link) && window &&
			wayland_link_create_drags(&wayland->drags, window, &link) < 0) {
		wayland->drags = NULL; /* SDL has them all the same */
	}
	if (r < 0) {
		wayland_destroy(&wayland->base);
		return r;
	}
	log_debug("the clipboard by %s", wayland_link_name(wayland->link));
	*ret_backend = &wayland->base;
	return 0;
}
