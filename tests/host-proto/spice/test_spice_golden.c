/*
 * The recorded links of a real QEMU: our channel reads every byte of the server and says every byte
 * of the client, but for the ticket, which is random.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-proto/spice/channel.h"
#include "host-proto/spice/inputs.h"
#include "host-proto/spice/link.h"
#include "host-proto/spice/main.h"
#include "host-proto/spice/reader.h"
#include "tests/support/check.h"
#include "tests/support/spice_golden.h"
#include "tests/support/spice_step.h"

#define TICKET_AT(request) ((request) + 4u)

struct replay {
	struct golden golden;
	struct spice_channel *channel;
	struct spice_step_events events;
	int peer;
	bool linked;
	unsigned types[64];
	unsigned count;
	struct spice_main_message main[64];
	uint8_t *sent;
	size_t sent_len;
};

static void on_linked(void *data) {
	((struct replay *)data)->linked = true;
}

static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct replay *replay = data;
	CHECK(replay->count < 64);
	CHECK_EQ(spice_main_read(type, body, len, &replay->main[replay->count]), 0);
	replay->types[replay->count++] = type;
	return 0;
}

static void drain(struct replay *replay) {
	uint8_t bytes[4096];
	ssize_t n;
	while ((n = recv(replay->peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
		replay->sent = realloc(replay->sent, replay->sent_len + (size_t)n);
		memcpy(replay->sent + replay->sent_len, bytes, (size_t)n);
		replay->sent_len += (size_t)n;
	}
}

static void start(struct replay *replay, const char *name, enum spice_channel_type type,
		uint32_t caps) {
	memset(replay, 0, sizeof *replay);
	CHECK(golden_load(name, &replay->golden));
	int fds[2];
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	replay->peer = fds[1];
	struct spice_link_request request;
	CHECK(spice_link_read_request(replay->golden.client, replay->golden.client_len, &request) >
			0);
	const struct spice_channel_config config = {
		.type = type,
		.connection_id = request.connection_id,
		.caps = caps,
		.send_max = 65536,
	};
	replay->events = (struct spice_step_events){ on_linked, on_message, replay };
	CHECK_EQ(spice_channel_create(&replay->channel, fds[0], &config), 0);
}

/* All bytes of the server, in pieces of any size. */
static void feed(struct replay *replay, size_t piece) {
	const struct golden *golden = &replay->golden;
	for (size_t at = 0; at < golden->server_len;) {
		size_t n = golden->server_len - at < piece ? golden->server_len - at : piece;
		ssize_t wrote = send(replay->peer, golden->server + at, n, MSG_DONTWAIT);
		if (wrote > 0) {
			at += (size_t)wrote;
		} else {
			CHECK_EQ(errno, EAGAIN);
		}
		for (int i = 0; i < 4; i++) {
			CHECK(spice_step_with(replay->channel, &replay->events) >= 0);
		}
		drain(replay);
	}
	for (int i = 0; i < 100; i++) {
		CHECK(spice_step_with(replay->channel, &replay->events) >= 0);
	}
	drain(replay);
}

static void finish(struct replay *replay) {
	spice_channel_destroy(replay->channel);
	close(replay->peer);
	golden_free(&replay->golden);
	free(replay->sent);
}

/* What we said up to now are the first bytes of the recorded client, but for the ticket. */
static void compare(const struct replay *replay, size_t len) {
	size_t request = (size_t)spice_link_read_request(replay->golden.client,
			replay->golden.client_len, &(struct spice_link_request){ 0 });
	CHECK(len <= replay->golden.client_len && len <= replay->sent_len);
	for (size_t i = 0; i < len; i++) {
		if (i >= TICKET_AT(request) && i < TICKET_AT(request) + SPICE_TICKET_BYTES) {
			continue;
		}
		if (replay->sent[i] != replay->golden.client[i]) {
			fail_msg("byte %zu of the client is %02x instead of %02x", i,
					replay->sent[i], replay->golden.client[i]);
		}
	}
}

static void main_is_read_and_said(void **state) {
	(void)state;
	static const size_t pieces[] = { 1, 7, 4096 };
	for (size_t i = 0; i < 3; i++) {
		struct replay replay;
		start(&replay, "main", SPICE_CHANNEL_MAIN,
				SPICE_MAIN_CAP_NAME_AND_UUID | SPICE_MAIN_CAP_AGENT_TOKENS);
		feed(&replay, pieces[i]);
		CHECK(replay.linked);
		CHECK(replay.count >= 4);
		CHECK_EQ(replay.types[0], SPICE_MAIN_INIT);
		CHECK_EQ(replay.main[0].kind, SPICE_MAIN_KIND_INIT);
		CHECK_EQ(replay.main[0].session_id, 0xbecaf983u);
		CHECK(!replay.main[0].absolute && !replay.main[0].can_be_absolute);
		CHECK(!replay.main[0].agent);
		CHECK_EQ(replay.main[0].tokens, 10);
		CHECK_EQ(replay.main[1].kind, SPICE_MAIN_KIND_NAME);
		CHECK_EQ(replay.main[1].len, 7);
		CHECK_EQ(replay.main[2].kind, SPICE_MAIN_KIND_UUID);
		CHECK_EQ(replay.main[3].kind, SPICE_MAIN_KIND_CHANNELS);
		CHECK(replay.main[3].channels & (1u << SPICE_CHANNEL_INPUTS));
		CHECK_EQ(spice_channel_send(replay.channel, SPICE_MAIN_ATTACH_CHANNELS, NULL, 0),
				0);
		spice_channel_flush(replay.channel);
		drain(&replay);
		compare(&replay, replay.sent_len);
		finish(&replay);
	}
}

static void inputs_are_said(void **state) {
	(void)state;
	struct replay replay;
	start(&replay, "inputs", SPICE_CHANNEL_INPUTS, 1);
	feed(&replay, 4096);
	CHECK(replay.linked);
	CHECK_EQ(replay.types[0], SPICE_INPUTS_INIT);
	size_t before = replay.sent_len;

	struct spice_inputs inputs;
	spice_inputs_init(&inputs, 0);
	spice_inputs_linked(&inputs, replay.channel);
	CHECK_EQ(spice_inputs_message(&inputs, SPICE_INPUTS_INIT, (const uint8_t[2]){ 0 }, 2), 1);
	drain(&replay);
	replay.sent_len = before; /* the empty button state at the start is ours alone */
	spice_inputs_key(&inputs, 0x01, true);
	spice_inputs_key(&inputs, 0x01, false);
	spice_inputs_key(&inputs, 0xe048, true);
	spice_inputs_key(&inputs, 0xe048, false);
	for (int i = 0; i < 4; i++) {
		spice_inputs_motion(&inputs, 3, -2);
	}
	spice_inputs_button(&inputs, SPICE_BUTTON_LEFT, true);
	spice_inputs_button(&inputs, SPICE_BUTTON_LEFT, false);
	spice_inputs_set_leds(&inputs, SPICE_NUM_LOCK, SPICE_NUM_LOCK | SPICE_CAPS_LOCK);
	spice_inputs_flush(&inputs);
	drain(&replay);
	CHECK_EQ(replay.sent_len, replay.golden.client_len);
	compare(&replay, replay.sent_len);
	finish(&replay);
}

static void playback_is_said(void **state) {
	(void)state;
	struct replay replay;
	start(&replay, "playback", SPICE_CHANNEL_PLAYBACK,
			SPICE_PLAYBACK_CAP_VOLUME | SPICE_PLAYBACK_CAP_LATENCY);
	feed(&replay, 4096);
	CHECK(replay.linked);
	CHECK(replay.count > 0);
	CHECK_EQ(replay.types[0], SPICE_PLAYBACK_MODE);
	CHECK_EQ(replay.sent_len, replay.golden.client_len);
	compare(&replay, replay.sent_len);
	finish(&replay);
}

static void cursor_is_said_with_its_acknowledgement(void **state) {
	(void)state;
	struct replay replay;
	start(&replay, "cursor", SPICE_CHANNEL_CURSOR, 0);
	feed(&replay, 4096);
	CHECK(replay.linked);
	CHECK(replay.count > 0);
	CHECK_EQ(replay.types[0], SPICE_CURSOR_INIT);
	CHECK_EQ(replay.sent_len, replay.golden.client_len);
	compare(&replay, replay.sent_len);
	finish(&replay);
}

static void display_is_read(void **state) {
	(void)state;
	struct replay replay;
	start(&replay, "display", SPICE_CHANNEL_DISPLAY,
			SPICE_DISPLAY_CAP_MONITORS_CONFIG | SPICE_DISPLAY_CAP_PREF_COMPRESSION);
	feed(&replay, 65536);
	CHECK(replay.linked && replay.count >= 4);
	CHECK_EQ(replay.types[0], 108);
	CHECK_EQ(replay.types[1], SPICE_DISPLAY_SURFACE_CREATE);
	CHECK_EQ(replay.types[2], SPICE_DISPLAY_DRAW_COPY);
	finish(&replay);
}

static void the_ticket_decrypts(void **state) {
	(void)state;
	struct spice_link_key *key;
	uint8_t der[SPICE_PUBLIC_KEY_BYTES];
	uint8_t ticket[SPICE_TICKET_BYTES];
	CHECK_EQ(spice_link_key_create(&key), 0);
	CHECK_EQ(spice_link_key_public(key, der), 0);
	CHECK_EQ(spice_link_ticket(der, "secret", ticket), 0);
	CHECK(spice_link_key_check(key, ticket, "secret"));
	CHECK(!spice_link_key_check(key, ticket, "secre") &&
			!spice_link_key_check(key, ticket, ""));
	CHECK_EQ(spice_link_ticket(der, NULL, ticket), 0);
	CHECK(spice_link_key_check(key, ticket, ""));
	ticket[5] ^= 1;
	CHECK(!spice_link_key_check(key, ticket, NULL));
	char longest[SPICE_PASSWORD_MAX_BYTES + 1];
	memset(longest, 'x', sizeof longest);
	longest[SPICE_PASSWORD_MAX_BYTES - 1] = 0;
	CHECK_EQ(spice_link_ticket(der, longest, ticket), 0);
	longest[SPICE_PASSWORD_MAX_BYTES - 1] = 'x';
	longest[SPICE_PASSWORD_MAX_BYTES] = 0;
	CHECK_EQ(spice_link_ticket(der, longest, ticket), -E2BIG);
	for (size_t i = 0; i < 16; i++) { /* anything but RSA-1024 is refused */
		uint8_t bad[SPICE_PUBLIC_KEY_BYTES];
		memcpy(bad, der, sizeof bad);
		bad[i] ^= 0x55;
		int r = spice_link_ticket(bad, "x", ticket);
		CHECK(r == -EBADMSG || r == -ENOTSUP);
	}
	spice_link_key_destroy(key);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_is_read_and_said),
		cmocka_unit_test(inputs_are_said),
		cmocka_unit_test(playback_is_said),
		cmocka_unit_test(cursor_is_said_with_its_acknowledgement),
		cmocka_unit_test(display_is_read),
		cmocka_unit_test(the_ticket_decrypts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
