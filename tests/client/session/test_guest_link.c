/* The session part: input, servers that come and go, passwords, the picture. */
#include "client/session/guest_link.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "host-proto/spice/link.h"
#include "tests/support/session_world.h"
#include "tests/support/spice_draw.h"

/* A loop that does not turn for a while: motion is what is lost. */
static void a_flood_of_motion_loses_no_key(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f);
	WAIT(f.status.connected, 5);
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	const struct guest_input_event motion = { .kind = INPUT_MOTION, .x = 1 };
	input(&f, INPUT_KEY, KEY_A, true, 0, 0);
	int lost = 0;
	for (int i = 0; i < 5000; i++) {
		lost += guest_link_input(&motion, f.session) < 0;
	}
	CHECK(lost > 0);
	input(&f, INPUT_KEY, KEY_A, false, 0, 0);
	command(&f, GUEST_LINK_RELEASE_ALL, true);
	WAIT(s->key_events == 2 && s->keys_held == 0 && s->motion_x == 5000 - lost, 5);
	stop(&f);
}

/* Not even room for keys: the release of one is lost, and it is released all the same. */
static void a_full_queue_leaves_no_key_held(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f);
	WAIT(f.status.connected, 5);
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	input(&f, INPUT_KEY, KEY_A, true, 0, 0);
	WAIT(s->keys_held == 1, 5);
	struct guest_input_event key = { .kind = INPUT_KEY, .code = KEY_B };
	do {
		key.pressed = !key.pressed;
	} while (guest_link_input(&key, f.session) == 0);
	key = (struct guest_input_event){ .kind = INPUT_KEY, .code = KEY_A };
	CHECK(guest_link_input(&key, f.session) < 0);
	WAIT(s->keys_held == 0, 5);
	/* And the key works again. */
	input(&f, INPUT_KEY, KEY_A, true, 0, 0);
	WAIT(s->keys_held == 1, 5);
	stop(&f);
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void keys_go_to_the_guest_and_nothing_stays(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f);
	WAIT(f.status.connected, 5);
	CHECK_EQ(f.status.spice.state, PART_RUNNING);
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	input(&f, INPUT_KEY, KEY_LEFTALT, true, 0, 0);
	input(&f, INPUT_KEY, KEY_UP, true, 0, 0);
	input(&f, INPUT_BUTTON, INPUT_BUTTON_SIDE, true, 0, 0);
	input(&f, INPUT_MOTION, 0, false, 7, -3);
	input(&f, INPUT_WHEEL, 0, false, 0, 240);
	WAIT(s->keys_held == 2 && s->wheel_notches == 2, 5);
	CHECK(spice_peer_key_held(f.peer, 0x38) && spice_peer_key_held(f.peer, 0xe048));
	CHECK(s->buttons == 1u << SPICE_BUTTON_SIDE && s->motion_x == 7 && s->motion_y == -3);
	command(&f, GUEST_LINK_RELEASE_ALL, true);
	WAIT(s->keys_held == 0 && s->buttons == 0, 5);

	const struct guest_link_command keys = { .kind = GUEST_LINK_SEND_KEYS,
		.count = 3,
		.keys = { KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE } };
	uint64_t events = s->key_events;
	CHECK_EQ(guest_link_command(f.session, &keys), 0);
	WAIT(s->key_events == events + 6, 5);
	CHECK_EQ(s->keys_held, 0);

	struct guest_link_command text = { .kind = GUEST_LINK_TYPE_TEXT, .text = strdup("Ab") };
	events = s->key_events;
	CHECK_EQ(guest_link_command(f.session, &text), 0);
	WAIT(s->key_events == events + 6, 5);

	/* Off: nothing goes out. */
	command(&f, GUEST_LINK_INPUT, false);
	events = s->key_events;
	input(&f, INPUT_KEY, KEY_A, true, 0, 0);
	loop_run_for(f.loop, 50);
	CHECK(s->key_events == events && s->errors == 0 && s->unsafe == 0);

	/* The end of the client releases, also buttons. */
	command(&f, GUEST_LINK_INPUT, true);
	input(&f, INPUT_KEY, KEY_B, true, 0, 0);
	input(&f, INPUT_BUTTON, INPUT_BUTTON_LEFT, true, 0, 0);
	WAIT(s->keys_held == 1 && s->buttons != 0, 5);
	guest_link_destroy(f.session);
	f.session = NULL;
	WAIT(s->keys_held == 0 && s->buttons == 0, 5);
	stop(&f);
}

static void a_restarted_server_is_found_again(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f);
	for (int i = 0; i < 4; i++) {
		WAIT(f.status.connected, 3);
		input(&f, INPUT_KEY, KEY_A, true, 0, 0);
		WAIT(spice_peer_state(f.peer)->keys_held == 1, 3);
		peer_stop(&f);
		WAIT(!f.status.connected, 3);
		loop_run_for(f.loop, 400);
		CHECK(!f.status.kicked);
		CHECK_EQ(f.status.spice.state, PART_WAITING);
		input(&f, INPUT_KEY, KEY_A, false, 0, 0);
		peer_start(&f);
	}
	WAIT(f.status.connected, 3);
	/* What was held before is not held in the new one. */
	CHECK_EQ(spice_peer_state(f.peer)->keys_held, 0);
	stop(&f);
}

static void kick_and_end(bool tcp) {
	struct fixture f = { .peer_config.tcp = tcp };
	start(&f);
	WAIT(f.status.connected, 3);
	spice_peer_close(f.peer, SPICE_CHANNEL_NONE);
	WAIT(f.status.kicked, 3);
	uint64_t links = spice_peer_state(f.peer)->links;
	loop_run_for(f.loop, 1500);
	CHECK(spice_peer_state(f.peer)->links == links);
	CHECK_EQ(f.kicks, 1);
	input(&f, INPUT_KEY, KEY_SPACE, true, 0, 0);
	WAIT(f.status.connected && !f.status.kicked, 3);
	/* A VM that ends closes its sessions first. The next one is another server: no key is asked
	 * for. */
	spice_peer_close(f.peer, SPICE_CHANNEL_NONE);
	WAIT(f.status.kicked, 3);
	peer_stop(&f);
	loop_run_for(f.loop, 200);
	CHECK(f.status.kicked);
	peer_start(&f);
	WAIT(f.status.connected && !f.status.kicked, 5);
	/* Killed, and the next one was there before anybody looked. */
	peer_stop(&f);
	peer_start(&f);
	WAIT(!f.status.connected, 3);
	WAIT(f.status.connected, 5);
	CHECK_EQ(f.kicks, 2);
	stop(&f);
}

static void a_kick_is_said_and_not_fought(void **state) {
	(void)state;
	kick_and_end(false);
	kick_and_end(true);
}

static void a_lost_channel_comes_back_alone(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f);
	WAIT(f.status.connected, 3);
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	input(&f, INPUT_KEY, KEY_A, true, 0, 0);
	WAIT(s->keys_held == 1, 3);
	uint64_t links = s->links;
	spice_peer_close(f.peer, SPICE_CHANNEL_INPUTS);
	WAIT(!f.status.connected, 3);
	WAIT(f.status.connected, 3);
	CHECK(s->links == links + 1 && s->keys_held == 0 && s->connected);
	stop(&f);
}

static void a_password_is_asked_for(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .password = "geheim" } };
	start(&f);
	WAIT(f.status.needs_password && f.status.spice.state == PART_FAILED, 5);
	struct guest_link_command c = { .kind = GUEST_LINK_PASSWORD, .text = strdup("falsch") };
	uint64_t refused = spice_peer_state(f.peer)->refused_links;
	CHECK_EQ(guest_link_command(f.session, &c), 0);
	WAIT(spice_peer_state(f.peer)->refused_links == refused + 1, 5);
	WAIT(f.status.needs_password && strstr(f.status.spice.reason, "refused that password"), 5);
	c.text = strdup("geheim");
	CHECK_EQ(guest_link_command(f.session, &c), 0);
	WAIT(f.status.connected && !f.status.needs_password, 5);
	stop(&f);
}

/* libvirt sets the password a moment after QEMU listens; until then QEMU refuses every one. */
static void a_known_password_is_tried_again(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .password = "not set yet" } };
	char path[] = "/tmp/pierglass-password-XXXXXX";
	int fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "geheim\n", 7), 7);
	CHECK_EQ(close(fd), 0);
	strcpy(f.config.password_file, path);
	start(&f);
	WAIT(spice_peer_state(f.peer)->refused_links == 2, 5);
	CHECK(!f.status.needs_password);
	CHECK_EQ(f.status.spice.state, PART_WAITING);
	CHECK_EQ(spice_peer_set_password(f.peer, "geheim"), 0);
	WAIT(f.status.connected, 1);
	CHECK(!f.status.needs_password);
	stop(&f);
	unlink(path);
}

/* One that stays wrong is asked for, and a renewed one is found without a word of the user. */
static void a_renewed_password_is_found(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .password = "expired" } };
	start(&f);
	snprintf(f.config.uri, sizeof f.config.uri, "spice+unix://%s?password=geheim", f.path);
	const struct guest_link_command c = { .kind = SESSION_URI, .text = strdup(f.config.uri) };
	CHECK_EQ(guest_link_command(f.session, &c), 0);
	WAIT(f.status.needs_password && spice_peer_state(f.peer)->refused_links >= 4, 5);
	CHECK_EQ(spice_peer_set_password(f.peer, "geheim"), 0);
	WAIT(f.status.connected && !f.status.needs_password, 5);
	stop(&f);
}

static int listen_on_loopback(uint16_t *ret_port) {
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CHECK(fd >= 0);
	CHECK_EQ(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	CHECK_EQ(listen(fd, 4), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* "virsh domdisplay" names both ports; a server that insists on TLS says so on the plain one. */
static void a_server_that_wants_tls_gets_it(void **state) {
	(void)state;
	struct fixture f = { 0 };
	uint16_t plain_port;
	uint16_t tls_port;
	int plain = listen_on_loopback(&plain_port);
	int tls = listen_on_loopback(&tls_port);
	start(&f);
	struct guest_link_command c = { .kind = SESSION_URI };
	CHECK(asprintf(&c.text, "spice://127.0.0.1:%u?tls-port=%u", plain_port, tls_port) > 0);
	CHECK_EQ(guest_link_command(f.session, &c), 0);
	int link = -1;
	WAIT(link >= 0 || (link = accept(plain, NULL, NULL)) >= 0, 5);
	uint8_t bytes[256];
	const struct spice_link_reply refusal = { .error = SPICE_LINK_NEED_SECURED };
	size_t len = spice_link_write_reply(&refusal, bytes, sizeof bytes);
	CHECK_EQ(write(link, bytes, len), (ssize_t)len);
	int secured = -1;
	WAIT(secured >= 0 || (secured = accept(tls, NULL, NULL)) >= 0, 5);
	WAIT(recv(secured, bytes, 1, MSG_DONTWAIT | MSG_PEEK) == 1, 5);
	CHECK_EQ(bytes[0], 0x16); /* TLS: a handshake */
	close(secured);
	close(link);
	close(tls);
	close(plain);
	stop(&f);
}

static void absolute_positions_when_the_server_takes_them(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .absolute = true } };
	start(&f);
	WAIT(f.status.connected && f.status.absolute_possible, 3);
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	command(&f, GUEST_LINK_MOUSE_MODE, true);
	WAIT(f.status.absolute, 3);
	input(&f, INPUT_POSITION, 0, false, 320, 200);
	WAIT(s->x == 320 && s->y == 200, 3);
	command(&f, GUEST_LINK_MOUSE_MODE, false);
	WAIT(!f.status.absolute && !s->absolute, 3);
	/* Positions still move the pointer, by their difference. */
	input(&f, INPUT_POSITION, 0, false, 100, 100);
	loop_run_for(f.loop, 20);
	input(&f, INPUT_POSITION, 0, false, 105, 98);
	WAIT(s->motion_x == 5 && s->motion_y == -2, 3);
	stop(&f);
}

static void the_picture_is_drawn_and_comes_and_goes(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .channels = 1u << SPICE_CHANNEL_DISPLAY |
							  1u << SPICE_CHANNEL_CURSOR } };
	f.config.display = true;
	start(&f);
	for (unsigned round = 1; round <= 3; round++) {
		WAIT(f.display_inits == round, 3);
		uint8_t bytes[128];
		CHECK_EQ(spice_peer_send(f.peer, SPICE_CHANNEL_DISPLAY,
					 SPICE_DISPLAY_SURFACE_CREATE, bytes,
					 make_surface(bytes, 0, 64, 32, 32, 1)),
				0);
		CHECK_EQ(spice_peer_send(f.peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_DRAW_FILL,
					 bytes,
					 make_fill(bytes, 0, 0, 0, 64, 32, 0x123456,
							 SPICE_ROP_PUT)),
				0);
		struct spice_surface_view view = { 0 };
		uint64_t until = clock_now_ns() + 3 * NS_PER_S;
		while (view.pixels == NULL && clock_now_ns() < until) {
			loop_run_once(f.loop, 5);
			spice_surface_take(f.spice_surface, &view);
			spice_surface_take_done(f.spice_surface, true);
		}
		CHECK_EQ(view.width, 64);
		CHECK_EQ(view.height, 32);
		CHECK_EQ((view.pixels[0] & 0xffffff), 0x123456);
		command(&f, GUEST_LINK_DISPLAY_WANTED, false);
		loop_run_for(f.loop, 50);
		spice_surface_take(f.spice_surface, &view);
		CHECK_EQ(view.pixels, NULL);
		spice_surface_take_done(f.spice_surface, true);
		command(&f, GUEST_LINK_DISPLAY_WANTED, true);
	}
	CHECK(spice_peer_state(f.peer)->unsafe == 0 && spice_peer_state(f.peer)->errors == 0);
	stop(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_go_to_the_guest_and_nothing_stays),
		cmocka_unit_test(a_flood_of_motion_loses_no_key),
		cmocka_unit_test(a_full_queue_leaves_no_key_held),
		cmocka_unit_test(a_restarted_server_is_found_again),
		cmocka_unit_test(a_kick_is_said_and_not_fought),
		cmocka_unit_test(a_lost_channel_comes_back_alone),
		cmocka_unit_test(a_password_is_asked_for),
		cmocka_unit_test(a_known_password_is_tried_again),
		cmocka_unit_test(a_renewed_password_is_found),
		cmocka_unit_test(a_server_that_wants_tls_gets_it),
		cmocka_unit_test(absolute_positions_when_the_server_takes_them),
		cmocka_unit_test(the_picture_is_drawn_and_comes_and_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
