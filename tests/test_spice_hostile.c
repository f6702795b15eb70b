/*
 * A server that lies: garbage, mutated messages of the real one, wrong sizes and floods on every
 * channel, at the whole session part. Nothing may crash (the sanitizers watch), memory stays
 * bounded, and an honest server is found again afterwards.
 */
#include "client/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clip.h"
#include "client/fallback.h"
#include "host-proto/spice/peer.h"
#include "host-proto/spice/reader.h"
#include "tests/support/check.h"
#include "tests/support/spice_golden.h"

#define ROUNDS   200
#define RSS_MORE (300L * 1024) /* KiB */

struct fixture {
	struct loop *loop;
	struct session *session;
	struct session_status status;
	struct fallback *fallback;
	struct spice_peer *peer;
	struct loop_source *source;
	char path[64];
	uint64_t random;
};

static uint32_t random_u32(struct fixture *f) {
	f->random = f->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(f->random >> 33);
}

static void on_peer(int fd, uint32_t events, void *data) {
	struct fixture *f = data;
	(void)fd;
	(void)events;
	CHECK(spice_peer_step(f->peer) == 0);
}

static void on_status(const struct session_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void on_clipboard(const struct clip_message *message, void *data) {
	struct fixture *f = data;
	if (message->kind == CLIP_OFFER) { /* whatever is offered is asked for */
		const struct clip_message request = {
			.kind = CLIP_REQUEST, .types = CLIP_TEXT, .serial = 1
		};
		CHECK(session_clipboard(f->session, &request) == 0);
	}
	free(message->data);
}

static void peer_start(struct fixture *f) {
	const struct spice_peer_config config = {
		.unix_path = f->path,
		.agent = true,
		.absolute = true,
		.channels = 1u << SPICE_CHANNEL_DISPLAY | 1u << SPICE_CHANNEL_CURSOR,
	};
	CHECK(spice_peer_create(&f->peer, &config, NULL) == 0);
	f->source = loop_add_fd(f->loop, spice_peer_fd(f->peer), EPOLLIN, on_peer, f);
}

static void peer_stop(struct fixture *f) {
	loop_remove(f->source);
	spice_peer_destroy(f->peer);
}

static void run(struct fixture *f, uint64_t ms) {
	uint64_t until = clock_now_ns() + ms * NS_PER_MS;
	while (clock_now_ns() < until) {
		CHECK(loop_run_once(f->loop, 2) >= 0);
	}
}

static void wait_connected(struct fixture *f) {
	uint64_t until = clock_now_ns() + 10 * NS_PER_S;
	while (!f->status.connected && clock_now_ns() < until) {
		CHECK(loop_run_once(f->loop, 10) >= 0);
	}
	CHECK(f->status.connected);
}

/* Messages of the real server, without the link. */
static const uint8_t *messages_of(const struct golden *golden, size_t *ret_len) {
	struct reader r = reader_of(golden->server + 12, 4);
	size_t skip = 16 + read_u32(&r) + 4;
	*ret_len = golden->server_len - skip;
	return golden->server + skip;
}

static void attack(struct fixture *f, const struct golden *golden) {
	static const enum spice_channel_type types[] = { SPICE_CHANNEL_MAIN, SPICE_CHANNEL_INPUTS,
		SPICE_CHANNEL_DISPLAY, SPICE_CHANNEL_CURSOR };
	const unsigned which = random_u32(f) % 4;
	const enum spice_channel_type type = types[which];
	uint8_t bytes[4096];
	size_t len;
	switch (random_u32(f) % 4) {
	case 0: /* noise */
		len = random_u32(f) % sizeof bytes;
		for (size_t i = 0; i < len; i++) {
			bytes[i] = (uint8_t)random_u32(f);
		}
		(void)spice_peer_send_raw(f->peer, type, bytes, len);
		break;
	case 1: { /* a real conversation with some bytes changed */
		const uint8_t *real = messages_of(&golden[which], &len);
		len = len < sizeof bytes ? len : sizeof bytes;
		memcpy(bytes, real, len);
		for (unsigned i = 0; i < 3 && len > 0; i++) {
			bytes[random_u32(f) % len] = (uint8_t)random_u32(f);
		}
		(void)spice_peer_send_raw(f->peer, type, bytes, len);
		break;
	}
	case 2: { /* a proper header, a body of noise */
		static const unsigned firsts[] = { 1, 101, 302, 314 };
		len = random_u32(f) % 300;
		for (size_t i = 0; i < len; i++) {
			bytes[i] = random_u32(f) % 3 ? 0 : (uint8_t)random_u32(f);
		}
		(void)spice_peer_send(f->peer, type, firsts[random_u32(f) % 4] + random_u32(f) % 18,
				bytes, len);
		break;
	}
	default: /* a size that never comes */
		memset(bytes, 0xff, 8);
		bytes[0] = (uint8_t)(101 + random_u32(f) % 16);
		bytes[1] = 0;
		bytes[4] = (uint8_t)(random_u32(f) % 20);
		bytes[5] = 0;
		(void)spice_peer_send_raw(f->peer, type, bytes, 8);
		break;
	}
}

static long rss_kib(void) {
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void lies_do_no_harm(void **state) {
	(void)state;
	static const char *const names[] = { "main", "inputs", "display", "cursor" };
	struct golden golden[4];
	struct fixture f = { .random = 20260101 };
	for (unsigned i = 0; i < 4; i++) {
		CHECK(golden_load(names[i], &golden[i]));
	}
	log_set_level(LOG_NONE);
	snprintf(f.path, sizeof f.path, "/tmp/pierglass-hostile-%d.sock", (int)getpid());
	struct session_config config = { .input = true,
		.display = true,
		.clipboard_to_local = true,
		.clipboard_to_vm = true,
		.clipboard_max_bytes = 16u << 20,
		.grab_toggle = "ctrl-ctrl",
		.escape_key = "scrolllock" };
	snprintf(config.uri, sizeof config.uri, "unix:%s", f.path);
	CHECK(loop_create(&f.loop) == 0 && fallback_create(&f.fallback) == 0);
	peer_start(&f);
	const struct session_events events = {
		.status = on_status, .clipboard = on_clipboard, .data = &f
	};
	CHECK(session_create(&f.session, f.loop, &config, f.fallback, NULL, &events) == 0);
	wait_connected(&f);
	const long before = rss_kib();
	unsigned lost = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 5; i++) {
			attack(&f, golden);
		}
		run(&f, 4);
		if (!f.status.connected) {
			/* Whatever it believes happened (a kick, nonsense): it comes back. */
			lost++;
			const struct session_command retry = { .kind = SESSION_RECONNECT };
			for (int i = 0; i < 200 && !f.status.connected; i++) {
				CHECK(session_command(f.session, &retry) == 0);
				run(&f, 10);
			}
			CHECK(f.status.connected);
		}
	}
	CHECK(lost > 10);
	CHECK(spice_peer_state(f.peer)->unsafe == 0);
	print_message("%u sessions ended by %u lies, %ld KiB more\n", lost, ROUNDS * 5,
			rss_kib() - before);
#ifndef PG_SANITIZED
	CHECK(rss_kib() - before < RSS_MORE);
#endif
	peer_stop(&f);
	run(&f, 400);
	peer_start(&f);
	wait_connected(&f);
	session_destroy(f.session);
	peer_stop(&f);
	fallback_destroy(f.fallback);
	loop_destroy(f.loop);
	for (unsigned i = 0; i < 4; i++) {
		golden_free(&golden[i]);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(lies_do_no_harm) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
