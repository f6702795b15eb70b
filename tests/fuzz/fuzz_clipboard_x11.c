/*
 * What other programs do with the clipboard of X11: the functions of XCB below are a server made of
 * the input. Steps: an event of the server, with whatever it names, or something that our own side
 * wants, or the server dies. First byte 0xfX: what of a server is not there at the beginning; else
 * whether anything answers in time. What is asked of the server in between (properties, owners) is
 * read from the input, too.
 *
 * Covers: client/clipboard/clipboard_x11.c client/clipboard/clipboard_x11_give.c
 */
#include <sys/eventfd.h>
#include <xcb/xfixes.h>

#include "base/loop.h"
#include "client/clipboard/clipboard_backend.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/quiet.h"

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): they stand in for others

#define OUR_WINDOW  100u
#define FETCH_MAX   200000u
#define IDS_MAX     64u
#define STEPS_MAX   300u
#define FIXES_EVENT 80u

enum lack { LACKS_CONNECTION = 1, LACKS_ATOMS = 2, LACKS_SCREENS = 4, LACKS_FIXES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_input input;
static xcb_generic_event_t *event; /* that the server has for us */
static int server_fd = -1;
static unsigned lacks; /* enum lack */
static uint32_t atoms_made;
static xcb_atom_t property; /* that the last conversion is to go to */
static uint32_t asked[IDS_MAX], wanted[IDS_MAX];
static unsigned asked_count, wanted_count;
static struct clipboard_backend *backend;
static volatile unsigned sum;

/* ---- the server ---- */

static void *reply_of(size_t bytes) {
	void *reply = calloc(1, bytes);
	expect(reply != NULL);
	return reply;
}

xcb_connection_t *xcb_connect(const char *display, int *screen) {
	static int connection;
	(void)display;
	*screen = 1;
	return (xcb_connection_t *)&connection;
}

int xcb_connection_has_error(xcb_connection_t *c) {
	(void)c;
	return (lacks & LACKS_CONNECTION) != 0;
}

void xcb_disconnect(xcb_connection_t *c) {
	(void)c;
}

int xcb_flush(xcb_connection_t *c) {
	(void)c;
	return 1;
}

int xcb_get_file_descriptor(xcb_connection_t *c) {
	(void)c;
	return server_fd;
}

uint32_t xcb_get_maximum_request_length(xcb_connection_t *c) {
	(void)c;
	return 1000; /* words: pieces of 3936 bytes */
}

const xcb_setup_t *xcb_get_setup(xcb_connection_t *c) {
	(void)c;
	return NULL;
}

xcb_screen_iterator_t xcb_setup_roots_iterator(const xcb_setup_t *setup) {
	static xcb_screen_t screen = { .root = 1 };
	(void)setup;
	return (xcb_screen_iterator_t){ .data = &screen, .rem = lacks & LACKS_SCREENS ? 0 : 2 };
}

void xcb_screen_next(xcb_screen_iterator_t *screens) {
	screens->rem--;
}

uint32_t xcb_generate_id(xcb_connection_t *c) {
	(void)c;
	return OUR_WINDOW;
}

xcb_void_cookie_t xcb_create_window(xcb_connection_t *c, uint8_t depth, xcb_window_t window,
		xcb_window_t parent, int16_t x, int16_t y, uint16_t width, uint16_t height,
		uint16_t border, uint16_t class, xcb_visualid_t visual, uint32_t mask,
		const void *values) {
	(void)c, (void)depth, (void)window, (void)parent, (void)x, (void)y, (void)width;
	(void)height, (void)border, (void)class, (void)visual, (void)mask, (void)values;
	return (xcb_void_cookie_t){ 0 };
}

xcb_intern_atom_cookie_t xcb_intern_atom(
		xcb_connection_t *c, uint8_t only, uint16_t len, const char *name) {
	(void)c, (void)only, (void)len, (void)name;
	return (xcb_intern_atom_cookie_t){ 0 };
}

xcb_intern_atom_reply_t *xcb_intern_atom_reply(
		xcb_connection_t *c, xcb_intern_atom_cookie_t cookie, xcb_generic_error_t **e) {
	(void)c, (void)cookie, (void)e;
	if (lacks & LACKS_ATOMS) {
		return NULL;
	}
	xcb_intern_atom_reply_t *reply = reply_of(sizeof *reply);
	reply->atom = ++atoms_made;
	return reply;
}

const xcb_query_extension_reply_t *xcb_get_extension_data(
		xcb_connection_t *c, xcb_extension_t *extension) {
	static const xcb_query_extension_reply_t reply = { .present = 1,
		.first_event = FIXES_EVENT };
	(void)c, (void)extension;
	return lacks & LACKS_FIXES ? NULL : &reply;
}

xcb_xfixes_query_version_cookie_t xcb_xfixes_query_version(
		xcb_connection_t *c, uint32_t major, uint32_t minor) {
	(void)c, (void)major, (void)minor;
	return (xcb_xfixes_query_version_cookie_t){ 0 };
}

xcb_xfixes_query_version_reply_t *xcb_xfixes_query_version_reply(xcb_connection_t *c,
		xcb_xfixes_query_version_cookie_t cookie, xcb_generic_error_t **e) {
	(void)c, (void)cookie, (void)e;
	return NULL;
}

xcb_void_cookie_t xcb_xfixes_select_selection_input(
		xcb_connection_t *c, xcb_window_t window, xcb_atom_t selection, uint32_t mask) {
	(void)c, (void)window, (void)selection, (void)mask;
	return (xcb_void_cookie_t){ 0 };
}

xcb_get_selection_owner_cookie_t xcb_get_selection_owner(
		xcb_connection_t *c, xcb_atom_t selection) {
	(void)c, (void)selection;
	return (xcb_get_selection_owner_cookie_t){ 0 };
}

xcb_get_selection_owner_reply_t *xcb_get_selection_owner_reply(xcb_connection_t *c,
		xcb_get_selection_owner_cookie_t cookie, xcb_generic_error_t **e) {
	(void)c, (void)cookie, (void)e;
	const unsigned owner = fuzz_u8(&input);
	if (owner == 0xff) {
		return NULL;
	}
	xcb_get_selection_owner_reply_t *reply = reply_of(sizeof *reply);
	reply->owner = owner;
	return reply;
}

xcb_void_cookie_t xcb_delete_property(xcb_connection_t *c, xcb_window_t window, xcb_atom_t atom) {
	(void)c, (void)window, (void)atom;
	return (xcb_void_cookie_t){ 0 };
}

xcb_void_cookie_t xcb_convert_selection(xcb_connection_t *c, xcb_window_t requestor,
		xcb_atom_t selection, xcb_atom_t target, xcb_atom_t to, xcb_timestamp_t time) {
	(void)c, (void)requestor, (void)selection, (void)target, (void)time;
	property = to;
	return (xcb_void_cookie_t){ 0 };
}

xcb_void_cookie_t xcb_set_selection_owner(xcb_connection_t *c, xcb_window_t owner,
		xcb_atom_t selection, xcb_timestamp_t time) {
	(void)c, (void)owner, (void)selection, (void)time;
	return (xcb_void_cookie_t){ 0 };
}

xcb_void_cookie_t xcb_send_event(xcb_connection_t *c, uint8_t propagate, xcb_window_t destination,
		uint32_t mask, const char *bytes) {
	(void)c, (void)propagate, (void)destination, (void)mask;
	sum += (unsigned)bytes[0] + (unsigned)bytes[31];
	return (xcb_void_cookie_t){ 0 };
}

xcb_void_cookie_t xcb_change_window_attributes(
		xcb_connection_t *c, xcb_window_t window, uint32_t mask, const void *values) {
	(void)c, (void)window, (void)mask, (void)values;
	return (xcb_void_cookie_t){ 0 };
}

xcb_void_cookie_t xcb_change_property(xcb_connection_t *c, uint8_t mode, xcb_window_t window,
		xcb_atom_t atom, xcb_atom_t type, uint8_t format, uint32_t count,
		const void *values) {
	const uint8_t *bytes = values;
	const size_t len = (size_t)count * format / 8;
	(void)c, (void)mode, (void)window, (void)atom, (void)type;
	expect(len <= 4000 - 64);
	sum += len > 0 ? (unsigned)bytes[0] + bytes[len - 1] : 0;
	return (xcb_void_cookie_t){ 0 };
}

static uint32_t property_words; /* at most so many are wanted */

xcb_get_property_cookie_t xcb_get_property(xcb_connection_t *c, uint8_t delete_it,
		xcb_window_t window, xcb_atom_t atom, xcb_atom_t type, uint32_t offset,
		uint32_t words) {
	(void)c, (void)delete_it, (void)window, (void)atom, (void)type, (void)offset;
	property_words = words;
	return (xcb_get_property_cookie_t){ 0 };
}

/* Type, format, how much is left behind it, length / 8, bytes: a program may replace the property
 * between two looks. */
xcb_get_property_reply_t *xcb_get_property_reply(
		xcb_connection_t *c, xcb_get_property_cookie_t cookie, xcb_generic_error_t **e) {
	static const uint8_t formats[] = { 8, 16, 32, 32 };
	(void)c, (void)cookie, (void)e;
	const uint8_t type = fuzz_u8(&input);
	const uint8_t how = fuzz_u8(&input);
	if (type == 0) {
		return NULL;
	}
	size_t len;
	char *bytes = fuzz_bytes(&input, (size_t)fuzz_u8(&input) * (how & 0x40 ? 64 : 1), &len);
	const uint8_t format = formats[how & 3];
	len = len < (size_t)property_words * 4 ? len : (size_t)property_words * 4;
	len -= len % (format / 8);
	xcb_get_property_reply_t *reply = reply_of(sizeof *reply + len);
	reply->type = type == 0xff ? XCB_ATOM_NONE : type;
	reply->format = format;
	reply->value_len = (uint32_t)len / (format / 8);
	reply->bytes_after = how & 0x80 ? (uint32_t)(how >> 2 & 15) << 10 : 0;
	memcpy(reply + 1, bytes, len);
	free(bytes);
	return reply;
}

xcb_generic_event_t *xcb_poll_for_event(xcb_connection_t *c) {
	(void)c;
	xcb_generic_event_t *now = event;
	event = NULL;
	return now;
}

/* ---- our own side ---- */

static void on_offered(unsigned types, bool secret, void *data) {
	(void)secret, (void)data;
	expect(types < 1u << CLIPBOARD_TYPES);
}

static void on_fetched(
		uint32_t id, void *heap, size_t len, enum clipboard_failure failure, void *data) {
	(void)failure, (void)data;
	take_id(asked, &asked_count, id);
	if (heap && len > 0) {
		/* Latin 1 becomes at most twice as long. */
		expect(len <= 2 * FETCH_MAX);
		sum = (unsigned)((uint8_t *)heap)[0] + ((uint8_t *)heap)[len - 1];
	}
	free(heap);
}

static void on_wanted(uint32_t id, unsigned type, void *data) {
	(void)type, (void)data;
	expect(wanted_count < IDS_MAX);
	wanted[wanted_count++] = id;
}

static void on_saved(void *data) {
	(void)data;
}

static void fetch(unsigned type, size_t max) {
	static uint32_t next;
	if (asked_count < IDS_MAX) {
		asked[asked_count++] = ++next;
		backend->table->fetch(backend, next, 1u << type % CLIPBOARD_TYPES, max);
	}
}

static void give(unsigned number, size_t len) {
	if (wanted_count > 0) {
		const uint32_t id = wanted[number % wanted_count];
		take_id(wanted, &wanted_count, id);
		backend->table->give(backend, id, len == 0 ? NULL : calloc(len, 1), len);
	}
}

/* ---- the input ---- */

/* Any event of the kinds that count, the fields small numbers: 0 none, up to 45 an atom, 100 our
 * window; 0xfe is the property that we named last. */
static uint32_t any(void) {
	const uint8_t value = fuzz_u8(&input);
	return value == 0xfe ? property : value;
}

static void make_event(unsigned kind) {
	static const uint8_t types[] = { XCB_SELECTION_NOTIFY, XCB_SELECTION_REQUEST,
		XCB_PROPERTY_NOTIFY, XCB_DESTROY_NOTIFY, FIXES_EVENT, XCB_SELECTION_CLEAR };
	event = reply_of(sizeof *event); /* as long as the library makes them */
	event->response_type = kind < sizeof types ? types[kind] : fuzz_u8(&input);
	uint32_t *fields = (uint32_t *)(void *)event;
	for (unsigned i = 1; i < 7; i++) {
		fields[i] = any();
	}
	if (event->response_type == XCB_PROPERTY_NOTIFY) {
		((xcb_property_notify_event_t *)event)->state &= 1;
	}
}

static void step(void) {
	const uint8_t what = fuzz_u8(&input);
	switch (what >> 5) {
	case 0:
		backend->table->own(backend, fuzz_u8(&input) % (1u << CLIPBOARD_TYPES));
		break;
	case 1:
		fetch(what & 7, what & 8 ? FETCH_MAX : 16);
		break;
	case 2:
		give(what & 7, fuzz_u8(&input) * (what & 8 ? 100u : 1));
		break;
	case 3:
		if (what & 1) {
			backend->table->save(backend, on_saved, NULL);
		}
		if (what & 2) {
			lacks |= LACKS_CONNECTION; /* it died */
		}
		break;
	default:
		make_event(what & 7);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct loop *loop;
	const struct clipboard_backend_events events = {
		.offered = on_offered, .fetched = on_fetched, .wanted = on_wanted
	};
	if (!loop) {
		server_fd = eventfd(1, EFD_CLOEXEC); /* always something to read: no turn waits */
		expect(server_fd >= 0 && loop_create(&loop) == 0);
	}
	input = (struct fuzz_input){ data, size };
	atoms_made = property = 0;
	asked_count = wanted_count = 0;
	const uint8_t first = fuzz_u8(&input);
	lacks = first >= 0xf0 ? first & 15u : 0;
	const int r = clipboard_x11_create(
			&backend, loop, NULL, first & 1 ? UINT32_MAX : 0, &events);
	expect((r == 0) == (lacks == 0));
	for (unsigned i = 0; r == 0 && i < STEPS_MAX && input.left > 0; i++) {
		step();
		const int turned = backend->table->turn(backend);
		expect((turned == 0) == (lacks == 0));
		if (turned < 0) {
			break; /* whoever asked hears nothing more: the part ends with the display
				*/
		}
	}
	if (r == 0) {
		backend->table->destroy(backend);
	}
	free(event);
	event = NULL;
	return 0;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
