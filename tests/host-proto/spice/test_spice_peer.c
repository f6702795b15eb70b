/* The client's channels and inputs against our server peer, over a real socket. */
#include <errno.h>
#include <stdlib.h>

#include "host-proto/spice/inputs.h"
#include "host-proto/spice/reader.h"
#include "tests/support/spice_pair.h"

static struct spice_inputs inputs;

static int to_inputs(struct pair *pair, enum spice_channel_type channel, unsigned type,
		const uint8_t *body, size_t len) {
	(void)pair;
	if (channel != SPICE_CHANNEL_INPUTS) {
		return 0;
	}
	int r = spice_inputs_message(&inputs, type, body, len);
	return r < 0 ? r : 0;
}

static void start(struct pair *pair, struct spice_peer_config *config) {
	*pair = (struct pair){ .message = to_inputs };
	pair_start(pair, config, NULL);
	pair_link(pair, config->password);
	CHECK(spice_peer_state(pair->peer)->inputs);
	spice_inputs_init(&inputs, 0);
	spice_inputs_linked(&inputs, pair->channels[SPICE_CHANNEL_INPUTS]);
	pair_run(pair);
}

static void links_with_the_right_password_only(void **state) {
	(void)state;
	static const struct {
		const char *server, *client;
		int result;
	} table[] = {
		{ NULL, NULL, 0 },
		{ NULL, "anything", 0 },
		{ "secret", "secret", 0 },
		{ "secret", "wrong", -EACCES },
		{ "secret", NULL, -EACCES },
		{ "secret", "", -EACCES },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct pair pair = { 0 };
		struct spice_peer_config config = { .password = table[i].server, .name = "vm" };
		pair_start(&pair, &config, NULL);
		pair_link(&pair, table[i].client);
		CHECK_EQ(pair.results[SPICE_CHANNEL_MAIN], table[i].result);
		CHECK_EQ(spice_peer_state(pair.peer)->inputs, (table[i].result == 0));
		CHECK_EQ(spice_peer_state(pair.peer)->errors, 0);
		pair_stop(&pair);
	}
}

static void a_wrong_session_and_a_missing_channel_are_refused(void **state) {
	(void)state;
	struct pair pair = { 0 };
	struct spice_peer_config config = { 0 };
	pair_start(&pair, &config, NULL);
	pair.session_id = 1234;
	pair_open(&pair, SPICE_CHANNEL_INPUTS, 0, NULL);
	pair_run(&pair);
	CHECK_EQ(pair.results[SPICE_CHANNEL_INPUTS], -EPROTO);
	CHECK_EQ(spice_channel_link_error(pair.channels[SPICE_CHANNEL_INPUTS]),
			SPICE_LINK_BAD_CONNECTION_ID);
	pair_close(&pair, SPICE_CHANNEL_INPUTS);
	pair_link(&pair, NULL);
	pair_open(&pair, SPICE_CHANNEL_PLAYBACK, 0, NULL);
	pair_run(&pair);
	CHECK_EQ(pair.results[SPICE_CHANNEL_PLAYBACK], -ENOTCONN);
	pair_stop(&pair);
}

static void keys_arrive_and_go_with_the_channel(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	const struct spice_peer_state *s = spice_peer_state(pair.peer);
	spice_inputs_key(&inputs, 0x1e, true);
	spice_inputs_key(&inputs, 0xe048, true);
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	CHECK_EQ(s->keys_held, 2);
	CHECK(spice_peer_key_held(pair.peer, 0x1e) && spice_peer_key_held(pair.peer, 0xe048));
	spice_inputs_key(&inputs, 0xe048, false);
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	CHECK(s->keys_held == 1 && !spice_peer_key_held(pair.peer, 0xe048));
	pair_close(&pair, SPICE_CHANNEL_INPUTS);
	pair_run(&pair);
	CHECK(s->keys_held == 0 && s->errors == 0);
	pair_stop(&pair);
}

static void buttons_stay_until_the_next_link_clears_them(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	const struct spice_peer_state *s = spice_peer_state(pair.peer);
	spice_inputs_button(&inputs, SPICE_BUTTON_LEFT, true);
	spice_inputs_button(&inputs, SPICE_BUTTON_EXTRA, true);
	spice_inputs_motion(&inputs, 5, 5); /* carries the buttons: does not release them */
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	CHECK_EQ(s->buttons, (1u << SPICE_BUTTON_LEFT | 1u << SPICE_BUTTON_EXTRA));
	CHECK(s->motion_x == 5 && s->button_events == 2);
	pair_close(&pair, SPICE_CHANNEL_INPUTS);
	pair_run(&pair);
	CHECK(s->buttons != 0); /* what a crash leaves behind */
	pair_open(&pair, SPICE_CHANNEL_INPUTS, 0, NULL);
	pair_run(&pair);
	spice_inputs_linked(&inputs, pair.channels[SPICE_CHANNEL_INPUTS]);
	pair_run(&pair);
	CHECK(s->buttons == 0 && s->errors == 0);
	pair_stop(&pair);
}

static void every_notch_counts(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	spice_inputs_wheel(&inputs, 3);
	spice_inputs_wheel(&inputs, -2);
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	CHECK_EQ(spice_peer_state(pair.peer)->wheel_notches, 5);
	pair_stop(&pair);
}

static void motion_waits_for_its_window_and_nothing_is_lost(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	const struct spice_peer_state *s = spice_peer_state(pair.peer);
	uint64_t before = s->motions;
	spice_peer_set_frozen(pair.peer, true);
	for (int i = 0; i < 1000; i++) {
		spice_inputs_motion(&inputs, 1, -1);
	}
	CHECK(inputs.outstanding <= SPICE_MOTION_WINDOW && inputs.merged > 900);
	/* Keys do not wait for the window. */
	spice_inputs_key(&inputs, 0x1e, true);
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	CHECK_EQ(s->keys_held, 0);
	spice_peer_set_frozen(pair.peer, false);
	pair_run(&pair);
	CHECK_EQ(s->keys_held, 1);
	CHECK(s->motion_x == 1000 && s->motion_y == -1000);
	CHECK(s->motions - before < 20);
	/* What was merged goes out before a button. */
	spice_peer_set_frozen(pair.peer, true);
	for (int i = 0; i < 100; i++) {
		spice_inputs_motion(&inputs, 1, 0);
	}
	spice_inputs_button(&inputs, SPICE_BUTTON_LEFT, true);
	CHECK(!inputs.pending_motion);
	spice_inputs_flush(&inputs);
	spice_peer_set_frozen(pair.peer, false);
	pair_run(&pair);
	CHECK(s->motion_x == 1100 && s->buttons != 0 && inputs.outstanding < SPICE_MOTION_WINDOW);
	pair_stop(&pair);
}

static const struct spice_peer_state *start_absolute(struct pair *pair) {
	struct spice_peer_config config = { .absolute = true };
	const uint8_t client[2] = { SPICE_MOUSE_CLIENT, 0 };
	start(pair, &config);
	CHECK_EQ(spice_channel_send(pair->channels[SPICE_CHANNEL_MAIN],
				 SPICE_MAIN_MOUSE_MODE_REQUEST, client, 2),
			0);
	pair_run(pair);
	return spice_peer_state(pair->peer);
}

static void the_newest_position_waits_for_the_window(void **state) {
	(void)state;
	struct pair pair;
	const struct spice_peer_state *s = start_absolute(&pair);
	spice_peer_set_frozen(pair.peer, true);
	for (uint32_t i = 0; i < 500; i++) {
		spice_inputs_position(&inputs, i, 2 * i);
	}
	CHECK(inputs.outstanding <= SPICE_MOTION_WINDOW && inputs.merged > 400);
	spice_peer_set_frozen(pair.peer, false);
	pair_run(&pair);
	CHECK(s->x == 499 && s->y == 998 && !inputs.pending_position);
	/* A button comes where the pointer is by then. */
	spice_peer_set_frozen(pair.peer, true);
	for (uint32_t i = 0; i < 100; i++) {
		spice_inputs_position(&inputs, 600 + i, 7);
	}
	spice_inputs_button(&inputs, SPICE_BUTTON_LEFT, true);
	CHECK(!inputs.pending_position);
	spice_inputs_flush(&inputs);
	spice_peer_set_frozen(pair.peer, false);
	pair_run(&pair);
	CHECK(s->x == 699 && s->y == 7 && s->buttons != 0 && s->errors == 0);
	pair_stop(&pair);
}

static void the_mouse_mode_is_asked_for_and_followed(void **state) {
	(void)state;
	struct pair pair;
	const struct spice_peer_state *s = start_absolute(&pair);
	CHECK(s->absolute);
	CHECK_EQ(pair.last_main.kind, SPICE_MAIN_KIND_MOUSE_MODE);
	CHECK(pair.last_main.absolute);
	spice_inputs_position(&inputs, 100, 50);
	spice_inputs_motion(&inputs, 9, 9); /* ignored in this mode */
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	CHECK(s->x == 100 && s->y == 50 && s->motion_x == 0);
	spice_peer_set_absolute_possible(pair.peer, false);
	pair_run(&pair);
	CHECK(!pair.last_main.absolute && !pair.last_main.can_be_absolute);
	pair_stop(&pair);
}

static void lock_keys_follow_the_guest_also_after_pause(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	const struct spice_peer_state *s = spice_peer_state(pair.peer);
	/* Nothing is toggled before the server has said how they are. */
	spice_inputs_set_leds(&inputs, SPICE_CAPS_LOCK, SPICE_CAPS_LOCK);
	pair_run(&pair);
	CHECK_EQ(s->key_events, 0);
	spice_peer_set_leds(pair.peer, SPICE_CAPS_LOCK);
	pair_run(&pair);
	CHECK_EQ(spice_inputs_leds(&inputs), SPICE_CAPS_LOCK);
	uint64_t keys = s->key_events;
	spice_inputs_set_leds(&inputs, SPICE_CAPS_LOCK, SPICE_CAPS_LOCK); /* nothing to do */
	pair_run(&pair);
	CHECK_EQ(s->key_events, keys);
	spice_inputs_set_leds(&inputs, SPICE_NUM_LOCK, SPICE_NUM_LOCK | SPICE_CAPS_LOCK);
	pair_run(&pair);
	CHECK(s->leds == SPICE_NUM_LOCK && s->key_events == keys + 4);
	spice_inputs_set_leds(&inputs, SPICE_CAPS_LOCK, SPICE_SCROLL_LOCK); /* none of ours */
	pair_run(&pair);
	CHECK(s->leds == SPICE_NUM_LOCK && s->key_events == keys + 4);

	/* Pause makes the server believe that scroll lock changed: it did not. */
	spice_inputs_key(&inputs, 0xe046, true);
	spice_inputs_key(&inputs, 0xe046, false);
	CHECK_EQ(spice_inputs_leds(&inputs), SPICE_NUM_LOCK);
	CHECK_EQ(inputs.server_leds, (SPICE_NUM_LOCK | SPICE_SCROLL_LOCK));
	const uint8_t wrong[2] = { SPICE_NUM_LOCK | SPICE_SCROLL_LOCK, 0 };
	CHECK_EQ(spice_peer_send(pair.peer, SPICE_CHANNEL_INPUTS, SPICE_INPUTS_MODIFIERS, wrong, 2),
			0);
	pair_run(&pair);
	CHECK_EQ(spice_inputs_leds(&inputs), SPICE_NUM_LOCK);
	spice_peer_set_leds(pair.peer, 0); /* the guest's own word heals it */
	pair_run(&pair);
	CHECK_EQ(spice_inputs_leds(&inputs), 0);
	CHECK(!inputs.scroll_is_wrong);
	pair_stop(&pair);
}

static void a_second_client_ends_the_first_session(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	spice_inputs_key(&inputs, 0x1e, true);
	spice_inputs_flush(&inputs);
	pair_run(&pair);
	struct spice_channel *first[2] = { pair.channels[SPICE_CHANNEL_MAIN],
		pair.channels[SPICE_CHANNEL_INPUTS] };
	pair.channels[SPICE_CHANNEL_MAIN] = pair.channels[SPICE_CHANNEL_INPUTS] = NULL;
	pair_link(&pair, NULL);
	CHECK(pair_step(first[0], SPICE_CHANNEL_MAIN) == -ENOTCONN ||
			pair_step(first[0], SPICE_CHANNEL_MAIN) == -ENOTCONN);
	while (pair_step(first[1], SPICE_CHANNEL_INPUTS) == 0) {
	}
	CHECK_EQ(pair_step(first[1], SPICE_CHANNEL_INPUTS), -ENOTCONN);
	CHECK_EQ(spice_peer_state(pair.peer)->keys_held, 0);
	CHECK(spice_peer_state(pair.peer)->inputs);
	spice_channel_destroy(first[0]);
	spice_channel_destroy(first[1]);
	pair_stop(&pair);
}

static void pings_are_answered_and_windows_acknowledged(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { .channels = 1u << SPICE_CHANNEL_CURSOR };
	start(&pair, &config);
	pair_open(&pair, SPICE_CHANNEL_CURSOR, 0, NULL);
	pair_run(&pair);
	uint8_t *probe = calloc(1, 256012); /* the bandwidth probe of the real server */
	CHECK(probe);
	CHECK_EQ(spice_peer_send(pair.peer, SPICE_CHANNEL_MAIN, SPICE_PING, probe, 256012), 0);
	pair_run(&pair);
	CHECK_EQ(spice_peer_state(pair.peer)->pongs, 1);
	for (int i = 0; i < 45; i++) {
		CHECK_EQ(spice_peer_send(pair.peer, SPICE_CHANNEL_CURSOR, SPICE_CURSOR_HIDE, NULL,
					 0),
				0);
	}
	pair_run(&pair);
	CHECK_EQ(spice_peer_state(pair.peer)->acks, 2);
	/* A flood of pings is not answered without end. */
	for (int i = 0; i < 400; i++) {
		CHECK_EQ(spice_peer_send(pair.peer, SPICE_CHANNEL_MAIN, SPICE_PING, probe, 12), 0);
	}
	for (int i = 0; i < 10; i++) {
		pair_run(&pair);
	}
	CHECK(spice_peer_state(pair.peer)->pongs <= 1 + 200);
	CHECK_EQ(spice_peer_send(pair.peer, SPICE_CHANNEL_MAIN, SPICE_PING, probe, 11), 0);
	pair_run(&pair);
	CHECK_EQ(pair.results[SPICE_CHANNEL_MAIN], -EBADMSG);
	free(probe);
	pair_stop(&pair);
}

static void sizes_over_the_limit_end_the_channel_before_any_memory(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	uint8_t header[SPICE_HEADER_BYTES];
	struct writer w = writer_of(header, sizeof header);
	write_u16(&w, SPICE_INPUTS_INIT);
	write_u32(&w, spice_channel_limit(SPICE_CHANNEL_INPUTS) + 1);
	CHECK_EQ(spice_peer_send_raw(pair.peer, SPICE_CHANNEL_INPUTS, header, sizeof header), 0);
	pair_run(&pair);
	CHECK_EQ(pair.results[SPICE_CHANNEL_INPUTS], -EBADMSG);
	pair_stop(&pair);
}

static void a_server_that_does_not_read_ends_the_channel(void **state) {
	(void)state;
	struct pair pair;
	struct spice_peer_config config = { 0 };
	start(&pair, &config);
	spice_peer_set_frozen(pair.peer, true);
	struct spice_channel *channel = pair.channels[SPICE_CHANNEL_INPUTS];
	for (int i = 0; i < 400000 && spice_channel_unsent(channel) < (1u << 20) - 20; i++) {
		spice_inputs_key(&inputs, 0x1e, i % 2 == 0);
		spice_inputs_flush(&inputs);
	}
	spice_inputs_key(&inputs, 0x1e, true);
	spice_inputs_key(&inputs, 0x1e, true);
	CHECK_EQ(pair_step(channel, SPICE_CHANNEL_INPUTS), -ENOBUFS);
	pair_stop(&pair);
}

/* What answers is told apart at its first bytes: VNC's greeting has twelve, and no more comes. */
static void other_servers_are_told_apart(void **state) {
	(void)state;
	static const char *const greetings[] = { "RFB 003.008\n", "SSH-2.0-x\r\n", "HTTP" };
	for (size_t i = 0; i < sizeof greetings / sizeof greetings[0]; i++) {
		int fds[2];
		struct spice_channel *channel;
		struct spice_message message;
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
				0);
		CHECK_EQ(spice_channel_create(&channel, fds[0],
					 &(struct spice_channel_config){ .type = SPICE_CHANNEL_MAIN,
							 .send_max = 4096 }),
				0);
		const size_t len = strlen(greetings[i]);
		CHECK_EQ(write(fds[1], greetings[i], len), (ssize_t)len);
		int r = 0;
		for (unsigned step = 0; step < 4 && r >= 0; step++) {
			r = spice_channel_step(channel, &message);
		}
		CHECK_EQ(r, -ENOMSG);
		spice_channel_destroy(channel);
		close(fds[1]);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_servers_are_told_apart),
		cmocka_unit_test(links_with_the_right_password_only),
		cmocka_unit_test(a_wrong_session_and_a_missing_channel_are_refused),
		cmocka_unit_test(keys_arrive_and_go_with_the_channel),
		cmocka_unit_test(buttons_stay_until_the_next_link_clears_them),
		cmocka_unit_test(every_notch_counts),
		cmocka_unit_test(motion_waits_for_its_window_and_nothing_is_lost),
		cmocka_unit_test(the_newest_position_waits_for_the_window),
		cmocka_unit_test(the_mouse_mode_is_asked_for_and_followed),
		cmocka_unit_test(lock_keys_follow_the_guest_also_after_pause),
		cmocka_unit_test(a_second_client_ends_the_first_session),
		cmocka_unit_test(pings_are_answered_and_windows_acknowledged),
		cmocka_unit_test(sizes_over_the_limit_end_the_channel_before_any_memory),
		cmocka_unit_test(a_server_that_does_not_read_ends_the_channel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
