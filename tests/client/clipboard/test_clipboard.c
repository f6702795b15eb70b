/* The clipboard's middle (clipboard_core.h) between a stand-in for the desktop and one for the
 * guest's side; the names and lists that programs use. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/queue.h"
#include "client/clipboard/clipboard_core.h"
#include "client/clipboard/clipboard_names.h"
#include "client/clipboard/clipboard_uris.h"
#include "tests/support/check.h"

#define MAX_BYTES 1000u

static struct {
	struct clipboard_backend backend;
	struct clipboard_core *core;
	struct clipboard_backend_events desktop; /* what the core hears */

	/* told to the guest's side */
	struct clipboard_message sent; /* its data is in `content` */
	unsigned messages;
	char content[2048];
	/* told to the desktop */
	unsigned owned, owns;
	uint32_t fetch_id;
	unsigned fetch_type, fetches;
	size_t fetch_max;
	uint32_t given[8];
	char given_text[8][64];
	unsigned gives, empty_gives;
	/* told to the user */
	unsigned refusals;
	bool refused_to_vm;
	enum clipboard_failure failure;
	char *text;
	unsigned texts;
	struct queue guest; /* of one place: on_guest() empties it at once */
	bool busy;          /* … or leaves it full */
} w;

static void on_guest(void *data) {
	(void)data;
	if (w.busy) {
		return;
	}
	while (queue_pop(&w.guest, &w.sent)) {
		w.messages++;
		memset(w.content, 0, sizeof w.content);
		if (w.sent.data) {
			memcpy(w.content, w.sent.data, w.sent.len);
			free(w.sent.data);
		}
	}
}

static void be_busy(void) {
	const struct clipboard_message message = { .types = 0 };
	w.busy = true;
	CHECK_EQ(queue_push(&w.guest, &message), 0);
}

static void on_refused(bool to_vm, enum clipboard_failure failure, size_t len, void *data) {
	(void)len;
	(void)data;
	w.refusals++;
	w.refused_to_vm = to_vm;
	w.failure = failure;
}

static void on_text(char *text, void *data) {
	(void)data;
	free(w.text);
	w.text = text;
	w.texts++;
}

static void own(struct clipboard_backend *backend, unsigned types) {
	CHECK_EQ(backend, &w.backend);
	w.owned = types;
	w.owns++;
}

static void fetch(struct clipboard_backend *backend, uint32_t id, unsigned type, size_t max) {
	CHECK_EQ(backend, &w.backend);
	w.fetch_id = id;
	w.fetch_type = type;
	w.fetch_max = max;
	w.fetches++;
}

static void give(struct clipboard_backend *backend, uint32_t id, void *heap, size_t len) {
	CHECK_EQ(backend, &w.backend);
	CHECK(w.gives < 8);
	w.given[w.gives] = id;
	memset(w.given_text[w.gives], 0, sizeof w.given_text[0]);
	if (heap) {
		memcpy(w.given_text[w.gives], heap, len);
	} else {
		w.empty_gives++;
	}
	w.gives++;
	free(heap);
}

static void start(void) {
	static const struct clipboard_backend_table table = {
		.name = "stand-in", .own = own, .fetch = fetch, .give = give
	};
	static const struct clipboard_core_events events = {
		.guest = &w.guest, .refused = on_refused, .text = on_text
	};
	log_set_level(LOG_NONE);
	memset(&w, 0, sizeof w);
	w.backend.table = &table;
	CHECK_EQ(queue_init(&w.guest, sizeof(struct clipboard_message), 1, on_guest, NULL), 0);
	CHECK_EQ(clipboard_core_create(&w.core, MAX_BYTES, &events), 0);
	w.desktop = clipboard_core_backend_events(w.core);
	clipboard_core_set_backend(w.core, &w.backend);
}

static void stop(void) {
	clipboard_core_destroy(w.core);
	queue_finish(&w.guest);
	free(w.text);
}

static void guest(enum clipboard_message_kind kind, unsigned types, uint32_t serial, bool crlf,
		const char *text) {
	const struct clipboard_message message = { .kind = kind,
		.types = types,
		.serial = serial,
		.crlf = crlf,
		.data = text ? strdup(text) : NULL,
		.len = text ? strlen(text) : 0 };
	clipboard_core_message(w.core, &message);
}

static void fetched(const char *text) {
	w.desktop.fetched(w.fetch_id, text ? strdup(text) : NULL, text ? strlen(text) : 0,
			CLIPBOARD_FAILURE_NONE, w.desktop.data);
}

static void local_content_goes_when_the_guest_asks(void **state) {
	(void)state;
	start();
	w.desktop.offered(CLIPBOARD_TEXT | CLIPBOARD_PNG, false, w.desktop.data);
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.sent.kind, CLIPBOARD_OFFER);
	CHECK_EQ(w.fetches, 0);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 7, true, NULL);
	CHECK_EQ(w.fetches, 1);
	CHECK_EQ(w.fetch_type, CLIPBOARD_TEXT);
	CHECK_EQ(w.fetch_max, MAX_BYTES);
	fetched("a\nb\r\n");
	CHECK_EQ(w.sent.kind, CLIPBOARD_DATA);
	CHECK_EQ(w.sent.serial, 7);
	CHECK(w.sent.crlf);
	CHECK_EQ(w.sent.len, 6);
	CHECK_EQ(memcmp(w.content, "a\r\nb\r\n", 6), 0);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_PNG, 8, true, NULL);
	fetched("\nPNG\n"); /* an image has no line ends */
	CHECK_EQ(w.sent.serial, 8);
	CHECK_EQ(w.sent.len, 5);
	CHECK_EQ(memcmp(w.content, "\nPNG\n", 5), 0);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_BMP, 9, false, NULL); /* not on offer */
	CHECK_EQ(w.fetches, 2);
	CHECK_EQ(w.sent.serial, 9);
	CHECK_EQ(w.sent.len, 0);
	w.desktop.offered(0, false, w.desktop.data);
	CHECK_EQ(w.sent.kind, CLIPBOARD_RELEASE);
	w.desktop.offered(0, false, w.desktop.data);
	CHECK_EQ(w.messages, 5);
	CHECK_EQ(w.refusals, 0);
	stop();
}

static void too_much_and_too_late_are_said(void **state) {
	(void)state;
	start();
	w.desktop.offered(CLIPBOARD_TEXT, false, w.desktop.data);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 1, true, NULL);
	char lines[MAX_BYTES + 1] = { 0 };
	memset(lines, '\n', MAX_BYTES); /* twice as long with CR LF */
	fetched(lines);
	CHECK_EQ(w.sent.kind, CLIPBOARD_DATA);
	CHECK_EQ(w.sent.data, NULL);
	CHECK_EQ(w.sent.failure, CLIPBOARD_FAILURE_SIZE);
	CHECK_EQ(w.refusals, 1);
	CHECK(w.refused_to_vm);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 2, false, NULL);
	w.desktop.fetched(2, NULL, 0, CLIPBOARD_FAILURE_TIME, w.desktop.data);
	CHECK_EQ(w.sent.serial, 2);
	CHECK_EQ(w.refusals, 2);
	CHECK_EQ(w.failure, CLIPBOARD_FAILURE_TIME);
	w.desktop.fetched(2, strdup("late"), 4, CLIPBOARD_FAILURE_NONE, w.desktop.data);
	CHECK_EQ(w.messages, 3);

	guest(CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, false, NULL);
	w.desktop.wanted(5, CLIPBOARD_PNG, w.desktop.data);
	const struct clipboard_message large = { .kind = CLIPBOARD_DATA,
		.failure = CLIPBOARD_FAILURE_SIZE,
		.types = CLIPBOARD_PNG,
		.serial = w.sent.serial,
		.len = 1u << 30 };
	clipboard_core_message(w.core, &large);
	CHECK_EQ(w.refusals, 3);
	CHECK(!w.refused_to_vm);
	CHECK_EQ(w.gives, 1);
	CHECK_EQ(w.empty_gives, 1);
	stop();
}

static void the_guests_content_comes_when_a_program_pastes(void **state) {
	(void)state;
	start();
	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	CHECK_EQ(w.owned, CLIPBOARD_TEXT);
	CHECK_EQ(w.messages, 0);
	/* Two programs at once: one request. */
	w.desktop.wanted(11, CLIPBOARD_TEXT, w.desktop.data);
	w.desktop.wanted(12, CLIPBOARD_TEXT, w.desktop.data);
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.sent.kind, CLIPBOARD_REQUEST);
	CHECK(w.sent.serial != 0);
	guest(CLIPBOARD_DATA, CLIPBOARD_TEXT, w.sent.serial + 1, false, "not that one");
	CHECK_EQ(w.gives, 0);
	guest(CLIPBOARD_DATA, CLIPBOARD_TEXT, w.sent.serial, true, "x\r\ny");
	CHECK_EQ(w.gives, 2);
	CHECK_EQ(w.given[0], 11);
	CHECK_EQ(w.given[1], 12);
	CHECK_EQ(strcmp(w.given_text[0], "x\ny"), 0);
	CHECK_EQ(strcmp(w.given_text[1], "x\ny"), 0);
	/* Another type than on offer; and what waits when the guest's offer goes. */
	w.desktop.wanted(13, CLIPBOARD_PNG, w.desktop.data);
	CHECK_EQ(w.gives, 3);
	CHECK_EQ(w.empty_gives, 1);
	CHECK_EQ(w.refusals, 0);
	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	w.desktop.wanted(14, CLIPBOARD_TEXT, w.desktop.data);
	guest(CLIPBOARD_RELEASE, 0, 0, false, NULL);
	CHECK_EQ(w.gives, 4);
	CHECK_EQ(w.empty_gives, 2);
	CHECK_EQ(w.owned, 0);
	/* A session that is too busy. */
	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	be_busy();
	w.desktop.wanted(15, CLIPBOARD_TEXT, w.desktop.data);
	CHECK_EQ(w.gives, 5);
	CHECK_EQ(w.empty_gives, 3);
	stop();
}

static void an_image_of_the_guest_has_no_line_ends(void **state) {
	(void)state;
	start();
	guest(CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, false, NULL);
	w.desktop.wanted(11, CLIPBOARD_PNG, w.desktop.data);
	guest(CLIPBOARD_DATA, CLIPBOARD_PNG, w.sent.serial, true, "\r\nPNG\r\n");
	CHECK_EQ(w.gives, 1);
	CHECK_EQ(strcmp(w.given_text[0], "\r\nPNG\r\n"), 0);
	/* A guest that offers anew: who still waits for the old content gets none. */
	guest(CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, false, NULL);
	w.desktop.wanted(12, CLIPBOARD_PNG, w.desktop.data);
	const uint32_t serial = w.sent.serial;
	guest(CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, false, NULL);
	CHECK_EQ(w.gives, 2);
	CHECK_EQ(w.empty_gives, 1);
	guest(CLIPBOARD_DATA, CLIPBOARD_PNG, serial, false, "late");
	CHECK_EQ(w.gives, 2);
	CHECK_EQ(w.refusals, 0);
	/* None of it is a failure; and what is empty is empty. */
	w.desktop.wanted(13, CLIPBOARD_PNG, w.desktop.data);
	guest(CLIPBOARD_DATA, CLIPBOARD_PNG, w.sent.serial, false, NULL);
	CHECK_EQ(w.gives, 3);
	CHECK_EQ(w.empty_gives, 2);
	CHECK_EQ(w.refusals, 0);
	stop();
}

static void a_program_that_copies_ends_the_guests_offer(void **state) {
	(void)state;
	start();
	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	w.desktop.wanted(1, CLIPBOARD_TEXT, w.desktop.data);
	const uint32_t serial = w.sent.serial;
	w.desktop.offered(CLIPBOARD_PNG, false, w.desktop.data);
	CHECK_EQ(w.gives, 1);
	CHECK_EQ(w.empty_gives, 1);
	CHECK_EQ(w.sent.kind, CLIPBOARD_OFFER);
	CHECK_EQ(w.sent.types, CLIPBOARD_PNG);
	guest(CLIPBOARD_DATA, CLIPBOARD_TEXT, serial, false, "late");
	CHECK_EQ(w.gives, 1);
	stop();
}

/* Clipboard managers ask for an image under each of its names. */
static void what_the_guest_sent_is_not_fetched_twice(void **state) {
	(void)state;
	start();
	guest(CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, false, NULL);
	w.desktop.wanted(1, CLIPBOARD_PNG, w.desktop.data);
	guest(CLIPBOARD_DATA, CLIPBOARD_PNG, w.sent.serial, false, "PNG");
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.gives, 1);
	for (uint32_t id = 2; id < 6; id++) {
		w.desktop.wanted(id, CLIPBOARD_PNG, w.desktop.data);
		CHECK_EQ(w.given[id - 1], id);
		CHECK_EQ(strcmp(w.given_text[id - 1], "PNG"), 0);
	}
	CHECK_EQ(w.messages, 1);
	CHECK_EQ(w.gives, 5);
	CHECK_EQ(w.empty_gives, 0);
	/* The next offer has other content. */
	guest(CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, false, NULL);
	w.desktop.wanted(6, CLIPBOARD_PNG, w.desktop.data);
	CHECK_EQ(w.messages, 2);
	CHECK_EQ(w.sent.kind, CLIPBOARD_REQUEST);
	CHECK_EQ(w.gives, 5);
	stop();
}

/* A manager that makes what the guest copied its own does not end the guest's selection. */
static void what_comes_back_is_known(void **state) {
	(void)state;
	start();
	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	w.desktop.wanted(1, CLIPBOARD_TEXT, w.desktop.data);
	guest(CLIPBOARD_DATA, CLIPBOARD_TEXT, w.sent.serial, true, "x\r\ny");
	CHECK_EQ(w.messages, 1);
	w.desktop.offered(CLIPBOARD_TEXT, false, w.desktop.data);
	CHECK_EQ(w.fetches, 1);
	CHECK_EQ(w.fetch_type, CLIPBOARD_TEXT);
	fetched("x\ny");
	CHECK_EQ(w.messages, 1); /* the guest is told nothing */
	clipboard_core_ask_text(w.core);
	CHECK_EQ(w.fetches, 2); /* and the program has it */
	fetched("x\ny");
	/* Something else is told. */
	w.desktop.offered(CLIPBOARD_TEXT | CLIPBOARD_PNG, false, w.desktop.data);
	CHECK_EQ(w.messages, 2);
	CHECK_EQ(w.sent.kind, CLIPBOARD_OFFER);
	CHECK_EQ(w.fetches, 2);

	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	w.desktop.wanted(2, CLIPBOARD_TEXT, w.desktop.data);
	guest(CLIPBOARD_DATA, CLIPBOARD_TEXT, w.sent.serial, false, "guest");
	w.desktop.offered(CLIPBOARD_TEXT, false, w.desktop.data);
	fetched("other");
	CHECK_EQ(w.sent.kind, CLIPBOARD_OFFER);
	CHECK_EQ(w.sent.types, CLIPBOARD_TEXT);
	CHECK_EQ(w.messages, 4);
	stop();
}

static void a_password_is_not_offered(void **state) {
	(void)state;
	start();
	w.desktop.offered(CLIPBOARD_TEXT, false, w.desktop.data);
	w.desktop.offered(CLIPBOARD_TEXT, true, w.desktop.data);
	CHECK_EQ(w.messages, 2);
	CHECK_EQ(w.sent.kind, CLIPBOARD_RELEASE);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 1, false, NULL);
	CHECK_EQ(w.fetches, 0);
	CHECK_EQ(w.sent.kind, CLIPBOARD_DATA);
	CHECK(!w.sent.data);
	clipboard_core_ask_text(w.core); /* but the user may have it typed */
	CHECK_EQ(w.fetches, 1);
	fetched("secret");
	CHECK_EQ(w.texts, 1);
	CHECK_EQ(strcmp(w.text, "secret"), 0);
	stop();
}

static void text_to_type_is_found_on_either_side(void **state) {
	(void)state;
	start();
	clipboard_core_ask_text(w.core);
	CHECK_EQ(w.texts, 1);
	CHECK(!w.text);
	w.desktop.offered(CLIPBOARD_TEXT, false, w.desktop.data);
	clipboard_core_ask_text(w.core);
	clipboard_core_ask_text(w.core); /* the key was pressed twice */
	CHECK_EQ(w.fetches, 1);
	fetched("local");
	CHECK_EQ(w.texts, 2);
	CHECK_EQ(strcmp(w.text, "local"), 0);
	guest(CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, false, NULL);
	clipboard_core_ask_text(w.core);
	guest(CLIPBOARD_DATA, CLIPBOARD_TEXT, w.sent.serial, false, "guest");
	CHECK_EQ(w.texts, 3);
	CHECK_EQ(strcmp(w.text, "guest"), 0);
	/* The desktop goes away while it is asked. */
	w.desktop.offered(CLIPBOARD_TEXT, false, w.desktop.data);
	clipboard_core_ask_text(w.core);
	guest(CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 3, false, NULL);
	clipboard_core_set_backend(w.core, NULL);
	CHECK_EQ(w.texts, 4);
	CHECK(!w.text);
	CHECK_EQ(w.sent.serial, 3);
	CHECK(!w.sent.data);
	stop();
}

static void names_of_programs(void **state) {
	(void)state;
	static const char *const offered[] = { "TARGETS", "STRING", "text/html", "image/x-bmp",
		"UTF8_STRING", "text/plain;charset=UTF-8", "image/bmp" };
	struct clipboard_choice choice = { 0 };
	for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
		clipboard_choice_add(&choice, clipboard_name_find(offered[i]));
	}
	CHECK_EQ(choice.types, (CLIPBOARD_TEXT | CLIPBOARD_BMP));
	CHECK_EQ(strcmp(clipboard_names[clipboard_choice_get(&choice, CLIPBOARD_TEXT)].name,
				 "text/plain;charset=utf-8"),
			0);
	CHECK_EQ(strcmp(clipboard_names[clipboard_choice_get(&choice, CLIPBOARD_BMP)].name,
				 "image/bmp"),
			0);
	CHECK(clipboard_choice_get(&choice, CLIPBOARD_PNG) < 0);
	CHECK(clipboard_type_index(CLIPBOARD_TEXT | CLIPBOARD_PNG) < 0 &&
			clipboard_type_index(0) < 0);

	size_t len;
	uint8_t *utf8 = clipboard_from_latin1((const uint8_t *)"gr\xfcn", 4, &len);
	CHECK_EQ(len, 5);
	CHECK_EQ(memcmp(utf8, "gr\xc3\xbcn", 5), 0);
	CHECK_EQ(clipboard_to_latin1(utf8, len), 4);
	CHECK_EQ(memcmp(utf8, "gr\xfcn", 4), 0);
	free(utf8);
	uint8_t other[] = "\xe4\xbd\xa0!\xc3";
	CHECK_EQ(clipboard_to_latin1(other, 5), 3);
	CHECK_EQ(memcmp(other, "?!?", 3), 0);
}

static void lists_of_files(void **state) {
	(void)state;
	static const char list[] =
			"# comment\r\nfile:///tmp/a%20b\r\nhttp://x/y\nfile://localhost/c\n"
			"file://elsewhere/d\nfile:///bad%2\nfile:///nul%00x\nfile:/java%20x\n"
			"/bare %20\nfile:x\nfile:///last";
	static const char expected[] =
			"/tmp/a b\0http://x/y\0/c\0file://elsewhere/d\0"
			"file:///bad%2\0file:///nul%00x\0/java x\0/bare %20\0file:x\0/last\0";
	char *paths = clipboard_uris_to_paths(list, sizeof list - 1);
	CHECK(paths);
	CHECK_EQ(memcmp(paths, expected, sizeof expected), 0);
	free(paths);
	CHECK(!clipboard_uris_to_paths("", 0) && !clipboard_uris_to_paths("x\n", 2));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_content_goes_when_the_guest_asks),
		cmocka_unit_test(too_much_and_too_late_are_said),
		cmocka_unit_test(the_guests_content_comes_when_a_program_pastes),
		cmocka_unit_test(an_image_of_the_guest_has_no_line_ends),
		cmocka_unit_test(a_program_that_copies_ends_the_guests_offer),
		cmocka_unit_test(what_the_guest_sent_is_not_fetched_twice),
		cmocka_unit_test(what_comes_back_is_known),
		cmocka_unit_test(a_password_is_not_offered),
		cmocka_unit_test(text_to_type_is_found_on_either_side),
		cmocka_unit_test(names_of_programs),
		cmocka_unit_test(lists_of_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
