/*
 * What pg-lgmp and pg-io tell each other about the host's streams, with both at work at once: every
 * message of a session comes once and in order, none of an older session, and the mapping lives as
 * long as its taker. Run under ThreadSanitizer, too.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/input_port.h"
#include "host-proto/shm.h"
#include "tests/support/check.h"

#define SESSIONS 200u
#define MESSAGES 40u /* of a session: fewer than the port keeps */

struct world {
	struct clipboard_port *clipboard;
	struct input_port *input;
	atomic_uint wakes, sent;
	atomic_uint seen;  /* the newest session that the reader has ... */
	atomic_uint taken; /* ... and all the messages that it has */
	atomic_bool end;
};

static struct shm *memory(void) {
	struct shm *shm = NULL;
	int fd = memfd_create("ports", MFD_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 65536), 0);
	CHECK_EQ(shm_map_fd(&shm, fd), 0);
	close(fd);
	return shm;
}

static void wake(void *data) {
	atomic_fetch_add(&((struct world *)data)->wakes, 1);
}

/* pg-lgmp. */
static void *host(void *data) {
	struct world *w = data;
	uint8_t bytes[KVMFR_CLIPBOARD_BYTES];
	for (uint32_t session = 1; session <= SESSIONS; session++) {
		struct shm *shm = memory();
		const struct host_offer host = {
			.session = true, .shm = shm, .session_id = session, .client_id = 1
		};
		const struct clipboard_offer offer = { .host = host };
		const struct input_offer input = { .host = host };
		clipboard_port_put(w->clipboard, &offer);
		input_port_put(w->input, &input);
		for (unsigned i = 0; i < 1000 && atomic_load(&w->seen) != session; i++) {
			clock_sleep_ns(100 * NS_PER_US);
		}
		const unsigned all = atomic_load(&w->taken) + MESSAGES;
		for (uint32_t i = 1; i <= MESSAGES; i++) {
			const struct kvmfr_clipboard_message message = {
				.type = KVMFR_CLIPBOARD_OFFER, .generation = session, .sequence = i
			};
			while (clipboard_port_push(w->clipboard, &message) < 0) {
				clock_sleep_ns(1000);
			}
			while (clipboard_port_next(w->clipboard, bytes)) {
				clipboard_port_sent(w->clipboard);
				atomic_fetch_add(&w->sent, 1);
			}
		}
		/* Every second session ends with messages under way. */
		for (unsigned i = 0; i < 1000 && session % 2 && atomic_load(&w->taken) < all; i++) {
			clock_sleep_ns(100 * NS_PER_US);
		}
		clipboard_port_withdraw(w->clipboard);
		input_port_withdraw(w->input);
		shm_unref(shm);
	}
	atomic_store(&w->end, true);
	return NULL;
}

static void both_sides_at_once(void **state) {
	(void)state;
	struct world w = { .clipboard = NULL };
	struct clipboard_offer offer = { .host.session = false };
	struct input_offer input = { .host.session = false };
	struct kvmfr_clipboard_message message;
	const struct kvmfr_clipboard_message said = { .type = KVMFR_CLIPBOARD_KEEP_ALIVE };
	pthread_t thread;
	uint32_t session = 0, sequence = 0, queued = 0;
	CHECK_EQ(clipboard_port_create(&w.clipboard), 0);
	CHECK_EQ(input_port_create(&w.input), 0);
	clipboard_port_listen(w.clipboard, false, wake, &w);
	clipboard_port_listen(w.clipboard, true, wake, &w);
	input_port_listen(w.input, wake, &w);
	CHECK_EQ(pthread_create(&thread, NULL, host, &w), 0);
	while (!atomic_load(&w.end)) {
		struct clipboard_offer newer;
		struct input_offer newer_input;
		if (clipboard_port_take(w.clipboard, &newer)) {
			shm_unref(offer.host.shm);
			offer = newer;
			atomic_store(&w.seen, offer.host.session_id);
			CHECK(!offer.host.session ||
					((unsigned char *)shm_base(offer.host.shm))[7] == 0);
		}
		if (input_port_take(w.input, &newer_input)) {
			shm_unref(input.host.shm);
			input = newer_input;
		}
		while (clipboard_port_pop(w.clipboard, &message)) {
			CHECK(message.generation >= session);
			CHECK_EQ(message.sequence,
					message.generation == session ? sequence + 1 : 1u);
			session = message.generation;
			sequence = message.sequence;
			atomic_fetch_add(&w.taken, 1);
		}
		queued += clipboard_port_send(w.clipboard, &said) == 0;
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(atomic_load(&w.taken) >= SESSIONS / 2 * MESSAGES);
	CHECK(queued > 0 && atomic_load(&w.sent) <= queued);
	CHECK(atomic_load(&w.wakes) >= SESSIONS);
	shm_unref(offer.host.shm);
	shm_unref(input.host.shm);
	clipboard_port_destroy(w.clipboard);
	input_port_destroy(w.input);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
