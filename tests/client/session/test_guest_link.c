/* The whole session part on a loop, against our server peer on a unix socket. */
#include "client/session/guest_link.h"

#include <dirent.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clipboard/clipboard_message.h"
#include "client/gl/spice_surface.h"
#include "client/session/guest_link_clipboard.h"
#include "host-proto/spice/agent.h"
#include "host-proto/spice/link.h"
#include "tests/support/loop_wait.h"
#include "tests/support/spice_draw.h"
#include "tests/support/spice_guest.h"

struct fixture {
	struct loop *loop;
	struct guest_link *session;
	struct guest_link_config config;
	struct spice_surface *spice_surface;
	struct guest_link_status status;
	char folder[64], path[96];

	struct spice_peer *peer;
	struct spice_peer_config peer_config;
	struct loop_source *peer_source;
	struct guest guest;
	unsigned display_inits;

	unsigned offered, offers, requests, data, kicks;
	uint32_t serial;
	char *content;
	size_t content_len;
	enum clipboard_failure failure;
	bool crlf;
};

/* ---- the server ---- */

static void on_peer(int fd, uint32_t events, void *data) {
	struct fixture *f = data;
	(void)fd;
	(void)events;
	CHECK_EQ(spice_peer_step(f->peer), 0);
}

static void on_peer_message(enum spice_channel_type channel, unsigned type, const uint8_t *body,
		size_t len, void *data) {
	struct fixture *f = data;
	if (channel == SPICE_CHANNEL_MAIN) {
		guest_message(&f->guest, type, body, len);
	}
	if (channel == SPICE_CHANNEL_DISPLAY && type == SPICE_DISPLAY_INIT) {
		f->display_inits++;
	}
}

static void peer_start(struct fixture *f) {
	const struct spice_peer_events events = { .message = on_peer_message, .data = f };
	f->peer_config.unix_path = f->path;
	CHECK(spice_peer_create(&f->peer, &f->peer_config, &events) == 0);
	f->guest.peer = f->peer;
	f->peer_source = loop_add_fd(f->loop, spice_peer_fd(f->peer), EPOLLIN, on_peer, f);
}

static void peer_stop(struct fixture *f) {
	loop_remove(f->peer_source);
	f->peer_source = NULL;
	spice_peer_destroy(f->peer);
	f->peer = NULL;
}

/* ---- the client ---- */

static void on_status(const struct guest_link_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void on_action(enum guest_link_action action, unsigned code, void *data) {
	struct fixture *f = data;
	(void)code;
	f->kicks += action == GUEST_LINK_ACTION_KICKED;
}

static void on_clipboard(const struct clipboard_message *message, void *data) {
	struct fixture *f = data;
	switch (message->kind) {
	case CLIPBOARD_OFFER:
		f->offers++;
		f->offered = message->types;
		break;
	case CLIPBOARD_RELEASE:
		f->offered = 0;
		break;
	case CLIPBOARD_REQUEST:
		f->requests++;
		f->serial = message->serial;
		f->crlf = message->crlf;
		break;
	case CLIPBOARD_DATA:
		f->data++;
		free(f->content);
		f->content = message->data;
		f->content_len = message->len;
		f->failure = message->failure;
		f->crlf = message->crlf;
		break;
	}
}

static void session_start(struct fixture *f) {
	const struct guest_link_events events = { .status = on_status,
		.action = on_action,
		.clipboard = on_clipboard,
		.clipboard_data = f,
		.data = f };
	CHECK(guest_link_create(&f->session, f->loop, &f->config, f->spice_surface, NULL,
			      &events) == 0);
}

static void start(struct fixture *f) {
	log_set_level(LOG_NONE);
	CHECK(loop_create(&f->loop) == 0 && spice_surface_create(&f->spice_surface) == 0);
	strcpy(f->folder, "/tmp/pierglass-session-XXXXXX");
	CHECK(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/spice.sock", f->folder);
	snprintf(f->config.uri, sizeof f->config.uri, "unix:%s", f->path);
	strcpy(f->config.grab_toggle, "ctrl-ctrl");
	strcpy(f->config.escape_key, "scrolllock");
	f->config.input = true;
	f->config.clipboard_max_bytes = 32u << 20;
	if (f->config.clipboard_to_vm == CLIPBOARD_NO) {
		f->config.clipboard_to_vm = f->config.clipboard_to_local = CLIPBOARD_ALWAYS;
	}
	peer_start(f);
	session_start(f);
}

static void stop(struct fixture *f) {
	guest_link_destroy(f->session);
	if (f->peer) {
		peer_stop(f);
	}
	guest_finish(&f->guest);
	free(f->content);
	spice_surface_destroy(f->spice_surface);
	loop_destroy(f->loop);
	unlink(f->path);
	rmdir(f->folder);
}

#define WAIT(condition, seconds) WAIT_ON(f.loop, condition, seconds)

static void input(struct fixture *f, enum input_kind kind, unsigned code, bool pressed, int x,
		int y) {
	const struct guest_input_event event = {
		.kind = kind, .code = code, .pressed = pressed, .x = x, .y = y
	};
	CHECK(guest_link_input(&event, f->session) == 0);
}

static void command(struct fixture *f, enum guest_link_command_kind kind, bool on) {
	const struct guest_link_command c = { .kind = kind, .on = on };
	CHECK(guest_link_command(f->session, &c) == 0);
}

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
	CHECK(guest_link_command(f.session, &keys) == 0);
	WAIT(s->key_events == events + 6, 5);
	CHECK_EQ(s->keys_held, 0);

	struct guest_link_command text = { .kind = GUEST_LINK_TYPE_TEXT, .text = strdup("Ab") };
	events = s->key_events;
	CHECK(guest_link_command(f.session, &text) == 0);
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
		CHECK(!f.status.kicked && f.status.spice.state == PART_WAITING);
		input(&f, INPUT_KEY, KEY_A, false, 0, 0);
		peer_start(&f);
	}
	WAIT(f.status.connected, 3);
	/* What was held before is not held in the new one. */
	CHECK_EQ(spice_peer_state(f.peer)->keys_held, 0);
	stop(&f);
}

static void a_kick_is_said_and_not_fought(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f);
	WAIT(f.status.connected, 3);
	spice_peer_close(f.peer, SPICE_CHANNEL_NONE);
	WAIT(f.status.kicked, 3);
	uint64_t links = spice_peer_state(f.peer)->links;
	loop_run_for(f.loop, 1500);
	CHECK(spice_peer_state(f.peer)->links == links && f.kicks == 1);
	input(&f, INPUT_KEY, KEY_SPACE, true, 0, 0);
	WAIT(f.status.connected && !f.status.kicked, 3);
	stop(&f);
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
	CHECK(guest_link_command(f.session, &c) == 0);
	WAIT(spice_peer_state(f.peer)->refused_links == refused + 1, 5);
	WAIT(f.status.needs_password && strstr(f.status.spice.reason, "refused that password"), 5);
	c.text = strdup("geheim");
	CHECK(guest_link_command(f.session, &c) == 0);
	WAIT(f.status.connected && !f.status.needs_password, 5);
	stop(&f);
}

/* libvirt sets the password a moment after QEMU listens; until then QEMU refuses every one. */
static void a_known_password_is_tried_again(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .password = "not set yet" } };
	char path[] = "/tmp/pierglass-password-XXXXXX";
	int fd = mkstemp(path);
	CHECK(fd >= 0 && write(fd, "geheim\n", 7) == 7 && close(fd) == 0);
	strcpy(f.config.password_file, path);
	start(&f);
	WAIT(spice_peer_state(f.peer)->refused_links == 2, 5);
	CHECK(!f.status.needs_password && f.status.spice.state == PART_WAITING);
	CHECK(spice_peer_set_password(f.peer, "geheim") == 0);
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
	CHECK(guest_link_command(f.session, &c) == 0);
	WAIT(f.status.needs_password && spice_peer_state(f.peer)->refused_links >= 4, 5);
	CHECK(spice_peer_set_password(f.peer, "geheim") == 0);
	WAIT(f.status.connected && !f.status.needs_password, 5);
	stop(&f);
}

static int listen_on_loopback(uint16_t *ret_port) {
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 4) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
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
	CHECK(guest_link_command(f.session, &c) == 0);
	int link = -1;
	WAIT(link >= 0 || (link = accept(plain, NULL, NULL)) >= 0, 5);
	uint8_t bytes[256];
	const struct spice_link_reply refusal = { .error = SPICE_LINK_NEED_SECURED };
	size_t len = spice_link_write_reply(&refusal, bytes, sizeof bytes);
	CHECK_EQ(write(link, bytes, len), (ssize_t)len);
	int secured = -1;
	WAIT(secured >= 0 || (secured = accept(tls, NULL, NULL)) >= 0, 5);
	WAIT(recv(secured, bytes, 1, MSG_DONTWAIT | MSG_PEEK) == 1, 5);
	CHECK(bytes[0] == 0x16); /* TLS: a handshake */
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
		CHECK(spice_peer_send(f.peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_SURFACE_CREATE,
				      bytes, make_surface(bytes, 0, 64, 32, 32, 1)) == 0);
		CHECK(spice_peer_send(f.peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_DRAW_FILL, bytes,
				      make_fill(bytes, 0, 0, 0, 64, 32, 0x123456, SPICE_ROP_PUT)) ==
				0);
		struct spice_surface_view view = { 0 };
		uint64_t until = clock_now_ns() + 3 * NS_PER_S;
		while (view.pixels == NULL && clock_now_ns() < until) {
			loop_run_once(f.loop, 5);
			spice_surface_take(f.spice_surface, &view);
			spice_surface_take_done(f.spice_surface, true);
		}
		CHECK(view.width == 64 && view.height == 32);
		CHECK((view.pixels[0] & 0xffffff) == 0x123456);
		command(&f, GUEST_LINK_DISPLAY_WANTED, false);
		loop_run_for(f.loop, 50);
		spice_surface_take(f.spice_surface, &view);
		CHECK(view.pixels == NULL);
		spice_surface_take_done(f.spice_surface, true);
		command(&f, GUEST_LINK_DISPLAY_WANTED, true);
	}
	CHECK(spice_peer_state(f.peer)->unsafe == 0 && spice_peer_state(f.peer)->errors == 0);
	stop(&f);
}

static void clip(struct fixture *f, enum clipboard_message_kind kind, unsigned types,
		uint32_t serial, const void *data, size_t len) {
	struct clipboard_message message = {
		.kind = kind, .types = types, .serial = serial, .len = len
	};
	if (data) {
		message.data = malloc(len + 1);
		memcpy(message.data, data, len);
	}
	CHECK(guest_link_clipboard_message(&message, f->session) == 0);
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void the_clipboard_crosses_both_ways(void **state) {
	(void)state;
	static const uint32_t kinds[2] = { GUEST_LINUX, GUEST_WINDOWS };
	for (int i = 0; i < 2; i++) {
		struct fixture f = { .peer_config = { .agent = true },
			.guest = { .caps = kinds[i] } };
		start(&f);
		WAIT(f.status.agent, 3);
		/* Guest to host, text. */
		guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "eins\r\nzwei", 10);
		WAIT(f.offered == CLIPBOARD_TEXT, 3);
		clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 11, NULL, 0);
		WAIT(f.data == 1, 3);
		CHECK(f.content_len == 10 && memcmp(f.content, "eins\r\nzwei", 10) == 0);
		CHECK(f.crlf == (i == 1)); /* whose line ends these are */
		/* A type that it does not have. */
		clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_PNG, 12, NULL, 0);
		WAIT(f.data == 2, 3);
		CHECK(f.content == NULL);

		/* Host to guest. */
		clip(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT | CLIPBOARD_PNG, 0, NULL, 0);
		WAIT(f.guest.offered == (1u << SPICE_CLIPBOARD_TEXT | 1u << SPICE_CLIPBOARD_PNG),
				3);
		guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
		WAIT(f.requests == 1, 3);
		CHECK(f.crlf == (i == 1)); /* which line ends it wants */
		clip(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, f.serial, "a\nb", 3);
		WAIT(f.guest.pastes == 1, 3);
		CHECK(f.guest.pasted_len == 3 && memcmp(f.guest.pasted, "a\nb", 3) == 0);
		stop(&f);
	}
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void large_images_cross_and_larger_ones_are_refused(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	start(&f);
	WAIT(f.status.agent, 3);
	const size_t len = 10u << 20;
	uint8_t *image = malloc(len);
	for (size_t i = 0; i < len; i++) {
		image[i] = (uint8_t)(i * 2654435761u >> 13);
	}
	guest_copy(&f.guest, SPICE_CLIPBOARD_PNG, image, len);
	WAIT(f.offered == CLIPBOARD_PNG, 3);
	clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_PNG, 1, NULL, 0);
	/* Keys go on meanwhile. */
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	unsigned keys = 0;
	while (f.data == 0) {
		uint64_t before = s->key_events;
		input(&f, INPUT_KEY, KEY_A, keys++ % 2 == 0, 0, 0);
		WAIT(s->key_events != before, 5);
	}
	CHECK(f.content_len == len && memcmp(f.content, image, len) == 0);
	CHECK(keys > 10);

	clip(&f, CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, NULL, 0);
	WAIT(f.guest.offered == 1u << SPICE_CLIPBOARD_PNG, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_PNG);
	WAIT(f.requests == 1, 3);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_PNG, f.serial, image, len);
	WAIT(f.guest.pastes == 1, 10);
	CHECK(f.guest.pasted_len == len && memcmp(f.guest.pasted, image, len) == 0);
	free(image);

	/* 100 MiB: the cap says no, in both directions, and the session goes on. */
	image = calloc(1, 100u << 20);
	guest_copy(&f.guest, SPICE_CLIPBOARD_PNG, image, 100u << 20);
	WAIT(f.offers == 2, 3);
	clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_PNG, 2, NULL, 0);
	WAIT(f.data == 2, 20);
	CHECK(f.content == NULL && f.failure == CLIPBOARD_FAILURE_SIZE &&
			f.content_len == 100u << 20);
	f.guest.offered = 0;
	clip(&f, CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, NULL, 0);
	WAIT(f.guest.offered != 0, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_PNG);
	WAIT(f.requests == 2, 5);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_PNG, f.serial, image, 100u << 20);
	WAIT(f.guest.pastes == 2, 10);
	CHECK(f.guest.pasted_len == 0 && f.guest.pasted_type == 0 && f.status.connected);
	free(image);
	stop(&f);
}

static void an_agent_that_goes_answers_nothing_more(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true },
		.guest = { .caps = GUEST_WINDOWS, .silent = true } };
	start(&f);
	WAIT(f.status.agent, 3);
	guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "x", 1);
	WAIT(f.offered == CLIPBOARD_TEXT, 3);
	clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 1, NULL, 0);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.data, 0);
	/* Who waits for it is told at once. */
	spice_peer_set_agent(f.peer, false);
	WAIT(f.data == 1 && f.offered == 0 && !f.status.agent, 3);
	CHECK(f.content == NULL);
	stop(&f);
}

static unsigned open_fds(void) {
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir)) {
		n++;
	}
	closedir(dir);
	return n;
}

static void make_file(const char *path, size_t size, uint64_t *ret_hash) {
	FILE *file = fopen(path, "wb");
	uint8_t block[4096];
	uint64_t hash = 0;
	for (size_t at = 0; at < size; at += sizeof block) {
		size_t n = size - at < sizeof block ? size - at : sizeof block;
		for (size_t i = 0; i < n; i++) {
			block[i] = (uint8_t)((at + i) * 2654435761u >> 11);
		}
		hash = guest_hash(hash, block, n);
		CHECK_EQ(fwrite(block, 1, n, file), n);
	}
	fclose(file);
	*ret_hash = hash;
}

static void send_file(struct fixture *f, const char *path) {
	struct guest_link_command c = { .kind = GUEST_LINK_SEND_FILES };
	c.text = calloc(1, strlen(path) + 2);
	strcpy(c.text, path);
	CHECK(guest_link_command(f->session, &c) == 0);
}

/* The default: nothing crosses while neither the window nor the devices are in use. */
static void the_clipboard_follows_the_focus(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	f.config.clipboard_to_vm = f.config.clipboard_to_local = CLIPBOARD_FOCUS;
	start(&f);
	WAIT(f.status.agent, 3);
	const struct clipboard_message offer = { .kind = CLIPBOARD_OFFER, .types = CLIPBOARD_TEXT };
	CHECK(guest_link_clipboard_message(&offer, f.session) == 0);
	guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "guest", 5);
	loop_run_for(f.loop, 200);
	CHECK(f.guest.offered == 0 && f.offers == 0);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT); /* it asks without an offer */
	WAIT(f.guest.pastes == 1 && f.guest.pasted_len == 0, 3);
	CHECK_EQ(f.requests, 0);
	/* With the focus comes what the guest copied last, and then what is copied here. */
	command(&f, GUEST_LINK_FOCUS, true);
	WAIT(f.offers == 1 && f.offered == CLIPBOARD_TEXT, 3);
	CHECK(guest_link_clipboard_message(&offer, f.session) == 0);
	WAIT(f.guest.offered != 0, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.requests == 1, 3);
	CHECK_EQ(f.status.clipboard_read_unfocused, 0);
	/* What was offered is not read any more when the focus is gone. */
	command(&f, GUEST_LINK_FOCUS, false);
	loop_run_for(f.loop, 100);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	loop_run_for(f.loop, 200);
	CHECK_EQ(f.requests, 1);
	stop(&f);
}

/* Each content by the user's word; a question stands once. */
/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void the_clipboard_is_asked_for(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	f.config.clipboard_to_vm = f.config.clipboard_to_local = CLIPBOARD_ASK;
	start(&f);
	WAIT(f.status.agent, 3);
	command(&f, GUEST_LINK_FOCUS, true);
	const struct clipboard_message offer = { .kind = CLIPBOARD_OFFER, .types = CLIPBOARD_TEXT };
	CHECK(guest_link_clipboard_message(&offer, f.session) == 0);
	WAIT(f.guest.offered != 0, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_TO_VM, 3);
	loop_run_for(f.loop, 100);
	CHECK(f.requests == 0 && f.guest.pastes == 0);
	/* The yes counts for what is there, also a second time. */
	command(&f, GUEST_LINK_CLIPBOARD, true);
	WAIT(f.requests == 1 && f.status.clipboard_question == CLIPBOARD_QUESTION_NONE, 3);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, f.serial, "host", 4);
	WAIT(f.guest.pastes == 1 && f.guest.pasted_len == 4, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.requests == 2, 3);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, f.serial, "host", 4);
	WAIT(f.guest.pastes == 2, 3);
	/* And not for what comes after it. Something newer answers the question. */
	CHECK(guest_link_clipboard_message(&offer, f.session) == 0);
	loop_run_for(f.loop, 50);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_TO_VM, 3);
	CHECK_EQ(f.requests, 2);
	CHECK(guest_link_clipboard_message(&offer, f.session) == 0);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_NONE, 3);
	/* The other way, once the guest has seen that offer. */
	loop_run_for(f.loop, 100);
	guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "guest", 5);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_TO_LOCAL, 3);
	CHECK_EQ(f.offers, 0);
	command(&f, GUEST_LINK_CLIPBOARD, true);
	WAIT(f.offers == 1 && f.offered == CLIPBOARD_TEXT, 3);
	CHECK_EQ(f.status.clipboard_question, CLIPBOARD_QUESTION_NONE);
	CHECK(!f.status.clipboard_used_unfocused);
	/* Without the focus whatever it does is kept as a sign. */
	command(&f, GUEST_LINK_FOCUS, false);
	CHECK(guest_link_clipboard_message(&offer, f.session) == 0);
	command(&f, GUEST_LINK_CLIPBOARD, true);
	loop_run_for(f.loop, 50);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.status.clipboard_used_unfocused, 3);
	CHECK_EQ(f.status.clipboard_read_unfocused, 1);
	stop(&f);
}

static void ignore_message(const struct clipboard_message *message, void *data) {
	*(unsigned *)data += message->kind == CLIPBOARD_OFFER;
}

/* However often the guest offers, nobody is asked twice without having been away. */
static void a_question_that_nobody_answers_is_over(void **state) {
	(void)state;
	struct loop *loop;
	struct guest_link_clipboard *clipboard;
	unsigned offers = 0;
	const struct guest_link_clipboard_config config = {
		.to_vm = CLIPBOARD_ASK, .to_local = CLIPBOARD_ASK, .question_ns = 20000000
	};
	const unsigned text = CLIPBOARD_TEXT;
	CHECK(loop_create(&loop) == 0);
	CHECK(guest_link_clipboard_create(&clipboard, loop, &config, ignore_message, &offers) == 0);
	guest_link_clipboard_set_focus(clipboard, true);
	guest_link_clipboard_offer(clipboard, text);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_TO_LOCAL);
	loop_run_for(loop, 50);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_NONE);
	guest_link_clipboard_offer(clipboard, text);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_NONE);
	CHECK_EQ(offers, 0);
	/* The key takes it all the same. */
	guest_link_clipboard_allow(clipboard);
	CHECK_EQ(offers, 1);
	guest_link_clipboard_set_focus(clipboard, false);
	guest_link_clipboard_set_focus(clipboard, true);
	guest_link_clipboard_offer(clipboard, text);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_TO_LOCAL);
	guest_link_clipboard_destroy(clipboard);
	loop_destroy(loop);
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void files_arrive_whole(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_WINDOWS } };
	start(&f);
	WAIT(f.status.agent, 3);
	char path[128];
	uint64_t hash;
	static const size_t sizes[] = { 0, 1, 65536, 65537, 3000000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		snprintf(path, sizeof path, "%s/a file", f.folder);
		make_file(path, sizes[i], &hash);
		send_file(&f, path);
		WAIT(f.status.files.done == 1 && f.status.files.active == 0, 5);
		CHECK(f.guest.file_got == sizes[i] && f.guest.file_hash == hash);
		CHECK(f.guest.files_done == i + 1 && strcmp(f.guest.file_name, "a file") == 0);
		loop_run_for(f.loop, 300); /* the status of the next batch is a new one */
		f.status.files.done = 0;
	}
	unsigned fds = open_fds();

	/* Refused by the guest, with the reason. */
	f.guest.refuse = SPICE_FILE_NO_SPACE;
	send_file(&f, path);
	WAIT(f.status.files.failed == 1, 5);
	CHECK(strstr(f.status.files.error, "free space"));
	f.guest.refuse = 0;

	/* Not a file (the socket in the folder); not there. */
	send_file(&f, f.path);
	WAIT(strstr(f.status.files.error, "regular") != NULL, 5);
	send_file(&f, "/nonexistent/x");
	WAIT(strstr(f.status.files.error, "No such file") != NULL, 5);

	/* Cancelled in the middle: no handle stays open. A sparse file of 5 GiB. */
	CHECK(truncate(path, 5ll << 30) == 0);
	send_file(&f, path);
	WAIT(f.guest.file_got > 1000000, 5);
	CHECK(f.guest.file_size == 5ull << 30);
	command(&f, GUEST_LINK_CANCEL_FILES, true);
	WAIT(f.guest.files_cancelled == 1 && f.status.files.active == 0, 5);
	loop_run_for(f.loop, 100);
	CHECK_EQ(open_fds(), fds);

	/* The guest's agent goes while a file is on its way. */
	send_file(&f, path);
	WAIT(f.guest.file_got > 1000000 && f.status.files.active == 1, 5);
	spice_peer_set_agent(f.peer, false);
	WAIT(f.status.files.active == 0 && f.status.files.failed == 1, 5);
	loop_run_for(f.loop, 100);
	CHECK_EQ(open_fds(), fds);
	unlink(path);
	stop(&f);
}

/* More files than any table holds, in folders; some that cannot be sent are named in the sum. */
static void a_tree_of_files_arrives(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_WINDOWS } };
	start(&f);
	WAIT(f.status.agent, 3);
	char tree[] = "/tmp/pierglass-tree-XXXXXX";
	char path[128];
	uint64_t hash;
	CHECK(mkdtemp(tree));
	for (unsigned i = 0; i < 700; i++) {
		if (i % 100 == 0) {
			snprintf(path, sizeof path, "%s/%u", tree, i / 100);
			CHECK_EQ(mkdir(path, 0700), 0);
		}
		snprintf(path, sizeof path, "%s/%u/%u", tree, i / 100, i % 100);
		make_file(path, i % 3 * 40, &hash);
	}
	snprintf(path, sizeof path, "%s/pipe", tree);
	CHECK_EQ(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/gone", tree);
	CHECK(symlink("nowhere", path) == 0);
	const unsigned batches = f.status.files.batches;
	send_file(&f, tree);
	WAIT(f.status.files.batches == batches + 1, 8);
	CHECK(f.guest.files_done == 700 && f.status.files.done == 700);
	CHECK(f.status.files.failed == 2 && f.status.files.renamed == 700);
	CHECK(strstr(f.status.files.failures, "gone: No such file"));
	CHECK(strstr(f.status.files.failures, "pipe: it is not a regular file"));
	CHECK(strstr(f.guest.file_name, " - 6 - 99"));

	/* A cancelled batch counts what was left, and the next one goes on. */
	f.guest.refuse = SPICE_FILE_NO_SPACE;
	send_file(&f, tree);
	WAIT(f.status.files.failed > 3, 5);
	f.guest.refuse = 0;
	command(&f, GUEST_LINK_CANCEL_FILES, true);
	WAIT(f.status.files.batches == batches + 2, 5);
	CHECK_EQ(f.status.files.done + f.status.files.failed, 702);
	CHECK(strstr(f.status.files.failures, "more"));
	snprintf(path, sizeof path, "%s/0/7", tree);
	send_file(&f, path);
	WAIT(f.status.files.batches == batches + 3 && f.status.files.done == 1, 5);
	snprintf(path, sizeof path, "rm -r %s", tree);
	CHECK_EQ(system(path), 0);
	stop(&f);
}

static void the_guest_is_told_the_window_size(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	start(&f);
	const struct guest_link_command c = { .kind = GUEST_LINK_MONITOR_SIZE,
		.value = 1280 << 16 | 800 };
	CHECK(guest_link_command(f.session, &c) == 0); /* before the agent is there */
	WAIT(f.guest.width == 1280 && f.guest.height == 800, 3);
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
		cmocka_unit_test(the_clipboard_crosses_both_ways),
		cmocka_unit_test(large_images_cross_and_larger_ones_are_refused),
		cmocka_unit_test(an_agent_that_goes_answers_nothing_more),
		cmocka_unit_test(the_clipboard_follows_the_focus),
		cmocka_unit_test(the_clipboard_is_asked_for),
		cmocka_unit_test(a_question_that_nobody_answers_is_over),
		cmocka_unit_test(files_arrive_whole),
		cmocka_unit_test(a_tree_of_files_arrives),
		cmocka_unit_test(the_guest_is_told_the_window_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
