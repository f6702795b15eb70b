/*
 * What a compositor and the programs behind it do with the clipboard and with drops: events of the
 * three protocols with any text in them, in any order, and what other programs write into the
 * pipes. First byte: which protocol. Steps of the compositor, of other programs, of our own side.
 *
 * Covers: client/clipboard/clipboard_wayland.c client/clipboard/clipboard_wayland_core.c
 * client/clipboard/clipboard_wayland_link.c client/clipboard/clipboard_wayland_offer.c
 * client/clipboard/clipboard_pipe.c
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <wayland-client.h>

#include "base/loop.h"
#include "client/clipboard/clipboard_backend.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/clock.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/quiet.h"
#include "tests/fuzz/wayland_server.h"

#define STEPS_MAX 200u
#define FETCH_MAX 5000u
#define IDS_MAX   64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An offer that was read and not dispatched when the connection ends is libwayland's (1.21), which
 * forgets it. What we make of one that was is ours, and still told. */
const char *__lsan_default_suppressions(void); // NOLINT(bugprone-reserved-identifier)

const char *__lsan_default_suppressions(void) { // NOLINT(bugprone-reserved-identifier)
	return "leak:wl_display_read_events";
}

static struct {
	struct fuzz_input input;
	struct loop *loop;
	struct server own, window;
	struct server *server; /* the one of these that is talked to */
	bool core;             /* wl_data_device: other numbers of events */
	struct clipboard_backend *backend;
	uint32_t asked[IDS_MAX], wanted[IDS_MAX];
	unsigned asked_count, wanted_count;
	int targets[IDS_MAX]; /* where programs read what we give */
	unsigned target_count;
} f;

static volatile unsigned sum;

/* ---- our own side ---- */

static void on_offered(unsigned types, bool secret, void *data) {
	(void)secret, (void)data;
	expect(types < 1u << CLIPBOARD_TYPES);
}

static void on_fetched(
		uint32_t id, void *heap, size_t len, enum clipboard_failure failure, void *data) {
	(void)failure, (void)data;
	take_id(f.asked, &f.asked_count, id);
	if (heap && len > 0) {
		expect(len <= FETCH_MAX);
		sum += (unsigned)((uint8_t *)heap)[0] + ((uint8_t *)heap)[len - 1];
	}
	free(heap);
}

static void on_wanted(uint32_t id, unsigned type, void *data) {
	(void)type, (void)data;
	expect(f.wanted_count < IDS_MAX);
	f.wanted[f.wanted_count++] = id;
}

static void on_dragged(void *data) {
	(void)data;
}

static void on_dropped(char *paths, void *data) {
	(void)data;
	for (const char *path = paths; path && *path; path += strlen(path) + 1) {
		sum += (unsigned)path[0];
	}
	free(paths);
}

static void on_ask_toolkit(uint32_t id, void *data) {
	(void)data;
	take_id(f.asked, &f.asked_count, id);
}

static void fetch(unsigned type, size_t max) {
	static uint32_t next;
	if (f.asked_count < IDS_MAX) {
		f.asked[f.asked_count++] = ++next;
		f.backend->table->fetch(f.backend, next, 1u << type % CLIPBOARD_TYPES, max);
	}
}

static void give(unsigned number, size_t len) {
	if (f.wanted_count > 0) {
		const uint32_t id = f.wanted[number % f.wanted_count];
		take_id(f.wanted, &f.wanted_count, id);
		f.backend->table->give(f.backend, id, len == 0 ? NULL : calloc(len, 1), len);
	}
}

/* ---- the compositor ---- */

/* A type as programs name them, or any text. */
static size_t put_name(uint8_t *to) {
	static const char *const names[] = { "text/plain;charset=utf-8", "text/plain", "image/png",
		"text/uri-list", "x-kde-passwordManagerHint", "image/bmp", "UTF8_STRING" };
	const uint8_t which = fuzz_u8(&f.input);
	if (which < sizeof names / sizeof names[0]) {
		return server_put_string(to, names[which], strlen(names[which]));
	}
	if (which == sizeof names / sizeof names[0]) { /* our own, among them our mark */
		return server_put_string(to, f.server->offered, strlen(f.server->offered));
	}
	size_t len;
	char *text = fuzz_bytes(&f.input, which & 0x7f, &len);
	const size_t bytes = server_put_string(to, text, len);
	free(text);
	return bytes;
}

static void send_words(
		enum server_kind kind, unsigned opcode, unsigned count, const uint32_t *words) {
	server_send(f.server, f.server->newest[kind], opcode, words, (size_t)count * 4, -1);
}

static uint32_t an_offer(void) {
	const uint8_t back = fuzz_u8(&f.input);
	const uint32_t offers = f.server->offers;
	return back == 0xff || offers == 0 ? 0 : SERVER_OFFERS + offers - 1 - back % offers;
}

static void new_offer(unsigned names) {
	uint8_t body[256];
	const uint32_t id = SERVER_OFFERS + f.server->offers++;
	send_words(SERVER_DEVICE, 0, 1, &id);
	for (unsigned i = 0; i < names; i++) {
		const size_t len = put_name(body);
		server_send(f.server, id, 0, body, len, -1);
	}
}

/* A program wants what we offer: it waits at the other end. */
static void send_target(void) {
	uint8_t body[256];
	int fds[2];
	const uint8_t how = fuzz_u8(&f.input);
	const size_t len = put_name(body);
	if (f.target_count == IDS_MAX || pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
		return;
	}
	const int plain = open("/dev/null", O_WRONLY | O_CLOEXEC);
	server_send(f.server, f.server->newest[SERVER_SOURCE], f.core ? 1 : 0, body, len,
			how & 1 ? plain : fds[1]);
	close(plain);
	close(fds[1]);
	if (how & 2) {
		close(fds[0]); /* it is gone already */
	} else {
		f.targets[f.target_count++] = fds[0];
	}
}

static void be_seat(unsigned what) {
	uint32_t words[5] = { fuzz_u8(&f.input), f.server->newest[SERVER_SURFACE] };
	uint8_t body[256];
	if (what == 0) {
		send_words(SERVER_SEAT, 0, 1, words); /* capabilities */
	} else if (what == 1) {
		const size_t len = put_name(body);
		server_send(f.server, f.server->newest[SERVER_SEAT], 1, body, len, -1);
	} else if (what == 2) { /* the keymap */
		const int plain = open("/dev/null", O_RDONLY | O_CLOEXEC);
		words[1] = 100;
		server_send(f.server, f.server->newest[SERVER_KEYBOARD], 0, words, 8, plain);
		close(plain);
	} else if (what < 5 && words[1] != 0) { /* the focus comes, goes */
		send_words(SERVER_KEYBOARD, what - 2, what == 3 ? 3 : 2, words);
	} else if (what >= 5) { /* key, modifiers, speed of repetition */
		static const unsigned counts[] = { 4, 5, 2 };
		send_words(SERVER_KEYBOARD, what - 2, counts[what - 5], words);
	}
}

static void be_device(unsigned what) {
	uint32_t words[5] = { fuzz_u8(&f.input), f.server->newest[SERVER_SURFACE] };
	const uint32_t offer = an_offer();
	words[4] = offer;
	if (what < 3) {
		send_words(SERVER_DEVICE, f.core ? 5 : 1, 1, &offer); /* the selection */
	} else if (!f.core) {
		/* The primary selection, or the end of the device. */
		send_words(SERVER_DEVICE, words[0] & 1 ? 2 : 3, words[0] & 1 ? 0 : 1, &offer);
	} else if (what == 3 && words[1] != 0) { /* something is dragged over the window */
		send_words(SERVER_DEVICE, 1, 5, words);
	} else if (what == 7 && offer != 0) {
		server_send(f.server, offer, 1 + (words[0] & 1), words, 4, -1); /* actions */
	} else { /* it leaves, moves, is dropped */
		send_words(SERVER_DEVICE,
				what == 5   ? 3
				: what == 6 ? 4
					    : 2,
				what == 5 ? 3 : 0, words);
	}
}

static void be_source(unsigned what) {
	static const unsigned opcodes[] = { 0, 3, 4, 5 };
	const uint32_t words[1] = { 0 };
	if (what < 3) {
		send_target();
	} else if (what == 3) {
		send_words(SERVER_SOURCE, f.core ? 2 : 1, 0, NULL); /* cancelled */
		f.server->newest[SERVER_SOURCE] = 0;
	} else if (f.core) { /* of drags, which we have none of */
		send_words(SERVER_SOURCE, opcodes[what - 4], what == 4 || what == 7 ? 1 : 0, words);
	}
}

/* ---- the other programs ---- */

static void be_program(unsigned what) {
	if (what < 4) { /* writes what was asked for */
		size_t len;
		char *bytes = fuzz_bytes(&f.input, fuzz_u8(&f.input) * (what & 1 ? 40u : 1u), &len);
		if (f.server->fd_count > 0) {
			const unsigned last = f.server->fd_count - 1;
			/* Never more than a pipe takes. */
			sum += (unsigned)write(f.server->fds[last], bytes, len);
			if (what & 2) {
				close(f.server->fds[last]);
				f.server->fd_count--;
			}
		}
		free(bytes);
	} else if (f.target_count > 0) { /* reads what was given */
		char bytes[4096];
		const int fd = f.targets[f.target_count - 1];
		while (read(fd, bytes, sizeof bytes) > 0) {
		}
		if (what & 1) {
			close(fd);
			f.target_count--;
		}
	}
}

static void step(void) {
	const uint8_t what = fuzz_u8(&f.input);
	switch (what >> 4) {
	case 0:
		f.backend->table->own(f.backend, fuzz_u8(&f.input) % (1u << CLIPBOARD_TYPES));
		break;
	case 1:
		fetch(what & 7, what & 8 ? FETCH_MAX : 16);
		break;
	case 2:
		give(what & 7, fuzz_u8(&f.input) * (what & 8 ? 2000u : 1));
		break;
	case 3:
		fuzz_now_ns += (what & 15) * NS_PER_S;
		break;
	case 4:
	case 5:
		be_seat(what & 7);
		break;
	case 6:
	case 7:
		be_source(what & 7);
		break;
	case 8:
	case 9:
		be_program(what & 7);
		break;
	case 10:
	case 11:
		new_offer(what & 7);
		break;
	default:
		be_device(what & 7);
		break;
	}
}

/* ---- life ---- */

struct wl_display *wl_display_connect(const char *name) {
	(void)name;
	return wl_display_connect_to_fd(f.own.client_fd);
}

static void tell_global(struct server *server, uint32_t registry, uint32_t name,
		const char *interface, uint32_t version) {
	uint8_t body[128];
	memcpy(body, &name, 4);
	const size_t len = 4 + server_put_string(body + 4, interface, strlen(interface));
	memcpy(body + len, &version, 4);
	server_send(server, registry, 0, body, len + 4, -1);
}

/* What there is, and that this was all: the link waits for it. */
static void tell_globals(struct server *server, uint32_t registry, const char *manager) {
	const uint32_t serial = 1;
	const uint8_t version = fuzz_u8(&f.input);
	if (version & 0x80) {
		tell_global(server, registry, 9, "weston_desktop_shell", 1);
	}
	tell_global(server, registry, 1, "wl_seat", 1 + (version & 7));
	if (manager) {
		tell_global(server, registry, 2, manager, 1 + (version >> 3 & 3));
	}
	server_send(server, registry, 1, &serial, 4, -1); /* one that is gone */
	server_send(server, registry + 1, 0, &serial, 4, -1);
}

/* As the window's toolkit has it: a surface of its own. */
static struct wl_display *make_window(struct wl_registry **ret_registry,
		struct wl_compositor **ret_compositor, struct wl_surface **ret_surface) {
	struct wl_display *window = wl_display_connect_to_fd(f.window.client_fd);
	expect(window != NULL);
	*ret_registry = wl_display_get_registry(window);
	*ret_compositor = wl_registry_bind(*ret_registry, 1, &wl_compositor_interface, 1);
	*ret_surface = wl_compositor_create_surface(*ret_compositor);
	return window;
}

static void ignore_log(const char *format, va_list args) {
	(void)format, (void)args;
}

static void ignore_fd(int fd, uint32_t events, void *data) {
	(void)fd, (void)events, (void)data;
}

static void set_up(void) {
	if (f.loop) {
		return;
	}
	wl_log_set_handler_client(ignore_log);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Always something to do: no turn waits. */
	const int fd = eventfd(1, EFD_CLOEXEC);
	expect(fd >= 0 && loop_create(&f.loop) == 0);
	expect(loop_add_fd(f.loop, fd, EPOLLIN, ignore_fd, NULL) != NULL);
}

static void play(void) {
	for (unsigned i = 0; i < STEPS_MAX && f.input.left > 0; i++) {
		step();
		if (f.backend->table->turn(f.backend) < 0) {
			return;
		}
		server_read(f.server);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char *const managers[] = { "ext_data_control_manager_v1",
		"zwlr_data_control_manager_v1", NULL, NULL };
	const struct clipboard_backend_events events = { .offered = on_offered,
		.fetched = on_fetched,
		.wanted = on_wanted,
		.dragged = on_dragged,
		.dropped = on_dropped,
		.ask_toolkit = on_ask_toolkit };
	struct wl_registry *registry;
	struct wl_compositor *compositor;
	struct wl_surface *surface;
	set_up();
	f.input = (struct fuzz_input){ data, size };
	f.asked_count = f.wanted_count = f.target_count = 0;
	server_start(&f.own);
	server_start(&f.window);
	const uint8_t which = fuzz_u8(&f.input);
	f.core = !managers[which & 3];
	/* Beside the clipboard's own connection, the window's has the drags. */
	f.server = f.core || (which & 8) ? &f.window : &f.own;
	struct wl_display *window = make_window(&registry, &compositor, &surface);
	/* Objects are numbered from 2 on; the window has three before those of the link. */
	tell_globals(&f.own, 2, managers[which & 3]);
	tell_globals(&f.window, 5, which & 4 ? NULL : "wl_data_device_manager");
	if (clipboard_wayland_create(&f.backend, f.loop, window, NS_PER_S, &events) == 0) {
		server_read(f.server);
		play();
		f.backend->table->destroy(f.backend);
	}
	for (unsigned i = 0; i < f.target_count; i++) {
		close(f.targets[i]);
	}
	wl_surface_destroy(surface);
	wl_compositor_destroy(compositor);
	wl_registry_destroy(registry);
	wl_display_disconnect(window);
	server_stop(&f.own);
	server_stop(&f.window);
	return 0;
}
