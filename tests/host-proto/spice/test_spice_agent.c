/* The agent of the client against a byte-level stand-in that checks what the real server enforces:
 * pieces of at most 2048 bytes, a whole header first, no piece with two messages, no piece without
 * a token. */
#include "host-proto/spice/agent.h"

#include <stdio.h>
#include <stdlib.h>

#include "host-proto/spice/reader.h"
#include "host-proto/spice/text.h"
#include "tests/support/check.h"

#define ALL_CAPS \
	(SPICE_AGENT_CAP_BY_DEMAND | SPICE_AGENT_CAP_SELECTION | SPICE_AGENT_CAP_GRAB_SERIAL)
#define WINDOWS_CAPS \
	(SPICE_AGENT_CAP_BY_DEMAND | SPICE_AGENT_CAP_LINEEND_CRLF | SPICE_AGENT_CAP_MAX_CLIPBOARD)

static struct {
	struct spice_agent *agent;
	uint32_t tokens;          /* that the client has */
	uint32_t granted;         /* that we have */
	uint8_t message[1 << 20]; /* the last complete one */
	size_t size, got;
	uint32_t type;
	unsigned count;
	uint32_t types[64];

	unsigned ready, offers, offered, wanted, contents, files, drained;
	enum spice_clipboard_type wanted_type;
	uint8_t *content;
	size_t content_len;
	uint32_t file_id, file_result;
	uint64_t file_detail;
	bool full;
} w;

static int on_send(unsigned type, const void *body, size_t len, void *data) {
	(void)data;
	struct reader r = reader_of(body, len);
	if (type != SPICE_MAIN_AGENT_DATA_OUT) {
		w.granted += read_u32(&r);
		return 0;
	}
	CHECK(len <= SPICE_AGENT_PAYLOAD_BYTES && w.tokens > 0);
	w.tokens--;
	if (w.got == w.size) {
		CHECK_EQ(read_u32(&r), SPICE_AGENT_PROTOCOL);
		w.type = read_u32(&r);
		CHECK_EQ(read_u64(&r), 0);
		w.size = read_u32(&r);
		w.got = 0;
		CHECK(reader_ok(&r) && w.size <= sizeof w.message);
	}
	CHECK(r.left <= w.size - w.got);
	memcpy(w.message + w.got, r.at, r.left);
	w.got += r.left;
	if (w.got == w.size) {
		w.types[w.count++ % 64] = w.type;
	}
	return 0;
}

static bool has_room(void *data) {
	(void)data;
	return !w.full;
}

static void on_ready(void *data) {
	(void)data;
	w.ready++;
}

static void on_offer(unsigned types, void *data) {
	(void)data;
	w.offers++;
	w.offered = types;
}

static void on_wanted(enum spice_clipboard_type type, void *data) {
	(void)data;
	w.wanted++;
	w.wanted_type = type;
}

static void on_content(enum spice_clipboard_type type, uint8_t *heap, size_t len, void *data) {
	(void)type;
	(void)data;
	w.contents++;
	free(w.content);
	w.content = heap;
	w.content_len = len;
}

static void on_file(uint32_t id, uint32_t result, uint64_t detail, void *data) {
	(void)data;
	w.files++;
	w.file_id = id;
	w.file_result = result;
	w.file_detail = detail;
}

static void on_drained(void *data) {
	(void)data;
	w.drained++;
}

static void start(size_t limit) {
	static const struct spice_agent_events events = { on_send, has_room, on_ready, on_offer,
		on_wanted, on_content, on_file, on_drained, NULL };
	memset(&w, 0, sizeof w);
	CHECK_EQ(spice_agent_create(&w.agent, limit, &events), 0);
	w.tokens = 10;
	spice_agent_set_connected(w.agent, true, 10);
	CHECK_EQ(w.granted, 32);
	CHECK_EQ(w.count, 1);
	CHECK_EQ(w.types[0], SPICE_AGENT_ANNOUNCE);
}

static void stop(void) {
	spice_agent_destroy(w.agent);
	free(w.content);
}

/* A message of the guest, in payloads of `piece` bytes. */
static void say(unsigned type, const void *body, size_t len, size_t piece) {
	uint8_t *bytes = malloc(SPICE_AGENT_HEADER_BYTES + len);
	struct writer wr = writer_of(bytes, SPICE_AGENT_HEADER_BYTES + len);
	write_u32(&wr, SPICE_AGENT_PROTOCOL);
	write_u32(&wr, type);
	write_u64(&wr, 0);
	write_u32(&wr, (uint32_t)len);
	write_bytes(&wr, body, len);
	for (size_t at = 0; at < writer_len(&wr); at += piece) {
		size_t n = writer_len(&wr) - at < piece ? writer_len(&wr) - at : piece;
		CHECK(w.granted > 0);
		w.granted--;
		spice_agent_data(w.agent, bytes + at, n);
	}
	free(bytes);
}

static void be_ready(uint32_t caps, uint32_t request) {
	uint8_t bytes[8];
	struct writer wr = writer_of(bytes, sizeof bytes);
	write_u32(&wr, request);
	write_u32(&wr, caps);
	say(SPICE_AGENT_ANNOUNCE, bytes, sizeof bytes, 2048);
	CHECK_EQ(w.ready, 1);
	CHECK_EQ(spice_agent_caps(w.agent), caps);
}

static void give(uint32_t tokens) {
	w.tokens += tokens;
	spice_agent_add_tokens(w.agent, tokens);
}

static void an_announcement_is_answered_once(void **state) {
	(void)state;
	start(1 << 20);
	CHECK(spice_agent_offer(w.agent, SPICE_CLIPBOARD_BIT(1)) < 0); /* not ready */
	be_ready(ALL_CAPS, 1);
	CHECK_EQ(w.count, 2);
	CHECK_EQ(w.types[1], SPICE_AGENT_ANNOUNCE);
	CHECK_EQ(w.message[0], 0);
	be_ready(ALL_CAPS, 0);
	CHECK_EQ(w.count, 2);
	stop();

	start(1 << 20);
	be_ready(WINDOWS_CAPS, 0);
	CHECK_EQ(w.count, 2);
	CHECK_EQ(w.types[1], SPICE_AGENT_MAX_CLIPBOARD);
	CHECK_EQ(w.size, 4);
	CHECK_EQ(w.message[2], 0x10); /* 1 MiB */
	stop();
}

static void the_guests_text_comes_on_demand_only(void **state) {
	(void)state;
	static const struct {
		uint32_t caps;
		const char *text, *expected;
	} table[] = {
		{ ALL_CAPS, "a\r\nb", "a\r\nb" },
		{ WINDOWS_CAPS, "a\r\nb\rc\nd\0\0", "a\nb\rc\nd" },
		{ ALL_CAPS | SPICE_AGENT_CAP_LINEEND_CRLF, "a\r\n", "a\n" },
		{ 0, "x", "x" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const bool selection = (table[i].caps & SPICE_AGENT_CAP_SELECTION) != 0;
		start(1 << 20);
		be_ready(table[i].caps, 0);
		uint8_t bytes[64];
		struct writer wr = writer_of(bytes, sizeof bytes);
		write_bytes(&wr, "\0\0\0\0", selection ? 4 : 0);
		if (table[i].caps & SPICE_AGENT_CAP_GRAB_SERIAL) {
			write_u32(&wr, 0);
		}
		write_u32(&wr, SPICE_CLIPBOARD_TEXT);
		write_u32(&wr, 999);
		say(SPICE_AGENT_GRAB, bytes, writer_len(&wr), 2048);
		CHECK_EQ(w.offers, 1);
		CHECK_EQ(w.offered, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));

		wr = writer_of(bytes, sizeof bytes);
		write_bytes(&wr, "\0\0\0\0", selection ? 4 : 0);
		write_u32(&wr, SPICE_CLIPBOARD_TEXT);
		write_bytes(&wr, table[i].text, strlen(table[i].text) + 1);
		say(SPICE_AGENT_CLIPBOARD, bytes, writer_len(&wr), 2048);
		CHECK_EQ(w.contents, 0); /* nobody asked */
		CHECK_EQ(spice_agent_request(w.agent, SPICE_CLIPBOARD_TEXT), 0);
		CHECK_EQ(w.type, SPICE_AGENT_REQUEST);
		CHECK_EQ(w.size, (selection ? 8u : 4u));
		say(SPICE_AGENT_CLIPBOARD, bytes, writer_len(&wr), 7);
		CHECK_EQ(w.contents, 1);
		CHECK_EQ(w.content_len, strlen(table[i].text) + 1);
		w.content_len = text_from_guest(
				w.content, w.content_len, spice_agent_crlf(w.agent));
		CHECK_EQ(w.content_len, strlen(table[i].expected));
		CHECK_EQ(memcmp(w.content, table[i].expected, w.content_len), 0);
		say(SPICE_AGENT_CLIPBOARD, bytes, writer_len(&wr), 2048);
		CHECK_EQ(w.contents, 1);
		stop();
	}
}

static void a_guest_without_the_content_says_so(void **state) {
	(void)state;
	start(1 << 20);
	be_ready(WINDOWS_CAPS, 0);
	CHECK_EQ(spice_agent_request(w.agent, SPICE_CLIPBOARD_PNG), 0);
	say(SPICE_AGENT_CLIPBOARD, "\0\0\0\0", 4, 2048);
	CHECK_EQ(w.contents, 1);
	CHECK_EQ(w.content, NULL);
	stop();
}

static void too_much_is_refused_while_it_is_read(void **state) {
	(void)state;
	start(100000);
	be_ready(WINDOWS_CAPS, 0);
	CHECK_EQ(spice_agent_request(w.agent, SPICE_CLIPBOARD_TEXT), 0);
	uint8_t *large = calloc(1, 300000);
	large[0] = SPICE_CLIPBOARD_TEXT;
	say(SPICE_AGENT_CLIPBOARD, large, 300000, 2048);
	CHECK_EQ(w.contents, 1);
	CHECK_EQ(w.content, NULL);
	CHECK_EQ(w.content_len, 299996);
	/* Still in step. */
	CHECK_EQ(spice_agent_request(w.agent, SPICE_CLIPBOARD_TEXT), 0);
	say(SPICE_AGENT_CLIPBOARD, "\1\0\0\0ok", 6, 2048);
	CHECK_EQ(w.contents, 2);
	CHECK_EQ(w.content_len, 2);
	free(large);
	stop();
}

static void our_content_waits_for_tokens(void **state) {
	(void)state;
	start(1 << 20);
	be_ready(WINDOWS_CAPS, 0);
	CHECK_EQ(spice_agent_offer(w.agent, SPICE_CLIPBOARD_BIT(1) | SPICE_CLIPBOARD_BIT(2)), 0);
	CHECK_EQ(w.type, SPICE_AGENT_GRAB);
	CHECK_EQ(w.size, 8);
	say(SPICE_AGENT_REQUEST, "\1\0\0\0", 4, 2048);
	CHECK_EQ(w.wanted, 1);
	CHECK_EQ(w.wanted_type, SPICE_CLIPBOARD_TEXT);
	size_t len = 100000;
	char *text = malloc(len);
	memset(text, 'x', len);
	text[50] = '\n';
	unsigned before = w.count;
	CHECK_EQ(spice_agent_answer(w.agent, SPICE_CLIPBOARD_TEXT, text, len), 0);
	CHECK_EQ(w.tokens, 0);
	CHECK_EQ(w.count, before);
	CHECK(spice_agent_queued(w.agent) > 80000);
	/* What is asked meanwhile waits behind it. */
	CHECK_EQ(spice_agent_set_monitor(w.agent, 1920, 1080), 0);
	for (int i = 0; i < 20; i++) {
		give(5);
	}
	CHECK_EQ(w.count, before + 2);
	CHECK_EQ(spice_agent_queued(w.agent), 0);
	CHECK_EQ(w.types[before], SPICE_AGENT_CLIPBOARD);
	CHECK_EQ(w.type, SPICE_AGENT_MONITORS_CONFIG);
	CHECK_EQ(w.size, 28);
	CHECK_EQ(w.message[8], (1080 & 255));
	CHECK_EQ(w.message[12], (1920 & 255));
	stop();
}

static void the_line_ends_of_windows(void **state) {
	(void)state;
	size_t len;
	uint8_t *out = text_to_crlf((const uint8_t *)"a\nb\r\n\n", 6, &len);
	CHECK_EQ(len, 8);
	CHECK_EQ(memcmp(out, "a\r\nb\r\n\r\n", 8), 0);
	free(out);
}

static void a_request_is_always_answered(void **state) {
	(void)state;
	start(1000);
	be_ready(ALL_CAPS, 0);
	static const uint8_t primary[8] = { 1, 0, 0, 0, SPICE_CLIPBOARD_TEXT };
	static const uint8_t text[8] = { 0, 0, 0, 0, SPICE_CLIPBOARD_TEXT };
	static const uint8_t strange[8] = { 0, 0, 0, 0, 77 };
	unsigned before = w.count;
	say(SPICE_AGENT_REQUEST, primary, 8, 2048);
	CHECK_EQ(w.wanted, 0);
	CHECK_EQ(w.count, before + 1);
	CHECK_EQ(w.message[0], 1);
	CHECK_EQ(w.message[4], 0);
	say(SPICE_AGENT_REQUEST, strange, 8, 2048);
	CHECK_EQ(w.wanted, 0);
	CHECK_EQ(w.count, before + 2);
	say(SPICE_AGENT_REQUEST, text, 8, 2048);
	CHECK_EQ(w.wanted, 1);
	CHECK_EQ(w.count, before + 2);
	say(SPICE_AGENT_REQUEST, text, 8, 2048); /* again before the answer */
	CHECK_EQ(w.wanted, 1);
	CHECK_EQ(w.count, before + 3);
	give(20);
	CHECK_EQ(spice_agent_answer(w.agent, SPICE_CLIPBOARD_TEXT, calloc(1, 2000), 2000), 0);
	CHECK_EQ(w.count, before + 4);
	CHECK_EQ(w.size, 8);
	CHECK_EQ(w.message[4], 0);
	stop();
}

static void crossed_grabs_are_settled_by_the_serial(void **state) {
	(void)state;
	start(1000);
	be_ready(ALL_CAPS, 0);
	static const uint8_t grab0[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	static const uint8_t grab1[12] = { 0, 0, 0, 0, 1, 0, 0, 0, 1 };
	CHECK_EQ(spice_agent_offer(w.agent, SPICE_CLIPBOARD_BIT(1)), 0);
	CHECK_EQ(w.message[4], 0);
	say(SPICE_AGENT_GRAB, grab0, 12, 2048); /* was sent before it saw ours */
	CHECK_EQ(w.offers, 0);
	say(SPICE_AGENT_GRAB, grab1, 12, 2048);
	CHECK_EQ(w.offers, 1);
	stop();
}

static void files_are_announced_and_their_status_read(void **state) {
	(void)state;
	start(1000);
	be_ready(WINDOWS_CAPS, 0);
	CHECK_EQ(spice_agent_file_start(w.agent, 7, " a\\b\n.txt", 5000000000ull), 0);
	static const char expected[] = "\7\0\0\0[vdagent-file-xfer]\nname=\\sa\\\\b\\n.txt\n"
				       "size=5000000000\n";
	CHECK_EQ(w.size, sizeof expected);
	CHECK_EQ(memcmp(w.message, expected, sizeof expected), 0);
	say(SPICE_AGENT_FILE_STATUS, "\7\0\0\0\0\0\0\0", 8, 2048);
	CHECK_EQ(w.files, 1);
	CHECK_EQ(w.file_id, 7);
	CHECK_EQ(w.file_result, SPICE_FILE_CAN_SEND);
	give(100);
	static const uint8_t chunk[SPICE_AGENT_FILE_CHUNK] = { 0 };
	CHECK_EQ(spice_agent_file_data(w.agent, 7, chunk, sizeof chunk), 0);
	CHECK_EQ(w.type, SPICE_AGENT_FILE_DATA);
	CHECK_EQ(w.size, 12 + sizeof chunk);
	CHECK(w.drained > 0);
	say(SPICE_AGENT_FILE_STATUS, "\7\0\0\0\4\0\0\0\1\0\0\0\0\0\0\0", 16, 2048);
	CHECK_EQ(w.file_result, SPICE_FILE_NO_SPACE);
	CHECK_EQ(w.file_detail, 1);
	stop();
}

static void nonsense_stops_it_until_the_next_agent(void **state) {
	(void)state;
	start(1000);
	be_ready(WINDOWS_CAPS, 0);
	uint8_t garbage[100];
	memset(garbage, 0xff, sizeof garbage);
	spice_agent_data(w.agent, garbage, sizeof garbage);
	CHECK(spice_agent_offer(w.agent, 2) < 0);
	w.tokens = 10;
	w.ready = 0;
	w.count = 0;
	spice_agent_set_connected(w.agent, true, 10);
	be_ready(WINDOWS_CAPS, 0);
	CHECK_EQ(spice_agent_offer(w.agent, 2), 0);
	stop();
}

static void what_is_too_large_is_skipped(void **state) {
	(void)state;
	start(1 << 20);
	be_ready(WINDOWS_CAPS, 0);
	uint8_t *large = calloc(1, 300000);
	large[0] = SPICE_CLIPBOARD_TEXT;
	/* None of them is read, and the next message is found behind each. */
	say(SPICE_AGENT_GRAB, large, 300000, 2048);
	say(SPICE_AGENT_FILE_STATUS, large, 300000, 2048);
	say(99, large, 300000, 2048);
	CHECK_EQ(w.offers, 0);
	CHECK_EQ(w.files, 0);
	say(SPICE_AGENT_GRAB, large, 4, 2048);
	CHECK_EQ(w.offers, 1);
	CHECK_EQ(w.offered, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	free(large);
	stop();
}

static void no_room_on_main_is_waited_for(void **state) {
	(void)state;
	start(1000);
	be_ready(WINDOWS_CAPS, 0);
	unsigned before = w.count;
	w.full = true;
	CHECK_EQ(spice_agent_offer(w.agent, 2), 0);
	CHECK_EQ(w.count, before);
	w.full = false;
	spice_agent_pump(w.agent);
	CHECK_EQ(w.count, before + 1);
	stop();
}

static void tokens_are_given_back(void **state) {
	(void)state;
	start(1000);
	be_ready(WINDOWS_CAPS, 0);
	for (int i = 0; i < 1000; i++) {
		say(SPICE_AGENT_REPLY, "12345678", 8, 2048); /* checks the grant each time */
	}
	CHECK(w.granted >= 16 && w.granted <= 48);
	stop();
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announcement_is_answered_once),
		cmocka_unit_test(the_guests_text_comes_on_demand_only),
		cmocka_unit_test(a_guest_without_the_content_says_so),
		cmocka_unit_test(too_much_is_refused_while_it_is_read),
		cmocka_unit_test(our_content_waits_for_tokens),
		cmocka_unit_test(the_line_ends_of_windows),
		cmocka_unit_test(a_request_is_always_answered),
		cmocka_unit_test(crossed_grabs_are_settled_by_the_serial),
		cmocka_unit_test(files_are_announced_and_their_status_read),
		cmocka_unit_test(nonsense_stops_it_until_the_next_agent),
		cmocka_unit_test(what_is_too_large_is_skipped),
		cmocka_unit_test(no_room_on_main_is_waited_for),
		cmocka_unit_test(tokens_are_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
