/*
 * A hostile VM in real time, for a whole client beside it: a memory file and a SPICE server.
 *
 *	hostile-vm MEMORY SOCKET SESSIONS MESSAGES SEED
 *
 * In each session a host program begins anew in the memory, of any version, posts frames and
 * pointers and changes words of all of it (hostile.h), while the server sends lies on every channel
 * (those of test_spice_hostile). A session ends when MESSAGES frames, pointers and SPICE messages
 * went to a client that was subscribed or linked; one that left because of a lie is waited for.
 * Prints a line each 100 sessions and a sum. Exit: 0, 1 when no client came for 20 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "host-proto/sim/peer.h"
#include "host-proto/spice/reader.h"
#include "tests/support/hostile_session.h"
#include "tests/support/spice_golden.h"

#define GOLDEN     5u
#define PATIENCE   (20 * NS_PER_S)
#define STEP_NS    (1 * NS_PER_MS)
#define ATTACKS_IN 8u /* of so many steps one lies by SPICE: each such lie may cost a reconnect */

struct vm {
	struct hostile hostile;
	struct spice_peer *peer;
	struct golden golden[GOLDEN];
	uint64_t frames, pointers, spice, links, restarts;
};

static const uint8_t *messages_of(const struct golden *golden, size_t *ret_len) {
	struct reader r = reader_of(golden->server + 12, 4);
	const size_t skip = 16 + read_u32(&r) + 4;
	*ret_len = golden->server_len - skip;
	return golden->server + skip;
}

/* Returns whether it went to a linked channel. */
static bool lie_by_spice(struct vm *vm) {
	static const enum spice_channel_type types[] = { SPICE_CHANNEL_MAIN, SPICE_CHANNEL_INPUTS,
		SPICE_CHANNEL_DISPLAY, SPICE_CHANNEL_CURSOR, SPICE_CHANNEL_PLAYBACK,
		SPICE_CHANNEL_RECORD };
	struct hostile_random *random = &vm->hostile.random;
	const unsigned which = hostile_below(random, 6);
	uint8_t bytes[4096];
	size_t len;
	switch (hostile_below(random, 8)) {
	case 0: /* noise */
		len = hostile_below(random, sizeof bytes);
		for (size_t i = 0; i < len; i++) {
			bytes[i] = (uint8_t)hostile_next(random);
		}
		return spice_peer_send_raw(vm->peer, types[which], bytes, len) == 0;
	case 1: { /* a real conversation with some bytes changed */
		const uint8_t *real = messages_of(&vm->golden[which < GOLDEN ? which : 0], &len);
		len = len < sizeof bytes ? len : sizeof bytes;
		memcpy(bytes, real, len);
		for (unsigned i = 0; i < 3 && len > 0; i++) {
			bytes[hostile_below(random, (uint32_t)len)] = (uint8_t)hostile_next(random);
		}
		return spice_peer_send_raw(vm->peer, types[which], bytes, len) == 0;
	}
	default: { /* a proper header, a body of noise: most are refused alone */
		static const unsigned firsts[] = { 1, 101, 302, 314 };
		len = hostile_below(random, 300);
		for (size_t i = 0; i < len; i++) {
			bytes[i] = hostile_below(random, 3) ? 0 : (uint8_t)hostile_next(random);
		}
		const unsigned type = firsts[hostile_below(random, 4)] + hostile_below(random, 18);
		return spice_peer_send(vm->peer, types[which], type, bytes, len) == 0;
	}
	}
}

static bool is_watched(const struct vm *vm) {
	const struct kvmfr_host *host = vm->hostile.guest.host;
	return lgmp_host_has_subscribers(
			kvmfr_host_lgmp(vm->hostile.guest.host), kvmfr_host_frame_queue(host));
}

/* Frames and pointers, or the heartbeat that brings the client back. Returns how many went out. */
static unsigned step(struct vm *vm) {
	struct hostile *hostile = &vm->hostile;
	unsigned sent = 0;
	hostile->guest.now_ns = clock_now_ns();
	if (is_watched(vm)) {
		hostile_produce(hostile);
		vm->frames++;
		vm->pointers++;
		sent += 2;
		hostile_change_some(hostile, hostile_below(&hostile->random, 12) == 0 ? 2 : 0);
	}
	(void)kvmfr_host_periodic(hostile->guest.host, guest_ms(&hostile->guest));
	if (hostile_below(&hostile->random, ATTACKS_IN) == 0 && lie_by_spice(vm)) {
		vm->spice++;
		sent++;
	}
	CHECK_EQ(spice_peer_step(vm->peer), 0);
	clock_sleep_ns(STEP_NS);
	return sent;
}

static bool run_session(struct vm *vm, unsigned messages) {
	uint64_t heard_ns = clock_now_ns(), watched_ns = heard_ns;
	hostile_begin(&vm->hostile);
	for (unsigned sent = 0; sent < messages;) {
		const unsigned more = step(vm);
		const uint64_t now_ns = clock_now_ns();
		sent += more;
		heard_ns = more ? now_ns : heard_ns;
		watched_ns = is_watched(vm) ? now_ns : watched_ns;
		if (now_ns - heard_ns > PATIENCE) {
			return false;
		}
		if (now_ns - watched_ns > 200 * NS_PER_MS) {
			/* A lie has made the memory unreadable: the host program starts again. */
			hostile_begin(&vm->hostile);
			vm->restarts++;
			watched_ns = now_ns;
		}
	}
	return true;
}

static int start(struct vm *vm, char **argv) {
	static const char *const names[GOLDEN] = { "main", "inputs", "display", "cursor",
		"playback" };
	const struct spice_peer_config config = { .unix_path = argv[2],
		.agent = true,
		.absolute = true,
		.channels = 1u << SPICE_CHANNEL_DISPLAY | 1u << SPICE_CHANNEL_CURSOR |
			    1u << SPICE_CHANNEL_PLAYBACK | 1u << SPICE_CHANNEL_RECORD };
	const struct spice_peer_events events = { .data = vm };
	for (unsigned i = 0; i < GOLDEN; i++) {
		CHECK(golden_load(names[i], &vm->golden[i]));
	}
	vm->hostile.random.state = strtoull(argv[5], NULL, 10);
	snprintf(vm->hostile.guest.path, sizeof vm->hostile.guest.path, "%s", argv[1]);
	int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, HOSTILE_MEMORY), 0);
	close(fd);
	CHECK_EQ(shm_map(&vm->hostile.guest.shm, argv[1]), 0);
	return spice_peer_create(&vm->peer, &config, &events);
}

int main(int argc, char **argv) {
	static struct vm vm;
	if (argc != 6) {
		fprintf(stderr, "usage: hostile-vm MEMORY SOCKET SESSIONS MESSAGES SEED\n");
		return 2;
	}
	const unsigned sessions = (unsigned)strtoul(argv[3], NULL, 10);
	const unsigned messages = (unsigned)strtoul(argv[4], NULL, 10);
	if (start(&vm, argv) < 0) {
		fprintf(stderr, "hostile-vm: no server at %s\n", argv[2]);
		return 2;
	}
	unsigned done = 0;
	while (done < sessions && run_session(&vm, messages)) {
		done++;
		if (done % 100 == 0 || done == sessions) {
			printf("sessions %u of at least %u messages, frames %llu, pointers %llu, spice %llu, links "
			       "%llu, restarts %llu\n",
					done, messages, (unsigned long long)vm.frames,
					(unsigned long long)vm.pointers,
					(unsigned long long)vm.spice,
					(unsigned long long)spice_peer_state(vm.peer)->links,
					(unsigned long long)vm.restarts);
			fflush(stdout);
		}
	}
	return done < sessions;
}
