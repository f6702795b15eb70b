/*
 * The clipboard over the host's own streams, with our producer at the other end of the memory and
 * the one policy above it: content is byte for byte the same both ways, everybody who asks is
 * answered, and a host that lies, sleeps or goes away costs a paste at most.
 */
#include <stdlib.h>

#include "client/session/guest_link_clipboard.h"
#include "client/session/host_clipboard.h"
#include "client/video/host_offers.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/sim/clipboard_host.h"
#include "tests/support/guest.h"
#include "tests/support/loop_wait.h"

#define MEMORY     (16 << 20)
#define LIMIT      ((size_t)12 << 20)
#define TIMEOUT_NS (150 * NS_PER_MS)
#define MIB        ((size_t)1 << 20)

/* ThreadSanitizer is so slow that the host gives up a client that reads 10 MiB. */
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#define LARGE ((__has_feature(thread_sanitizer) ? 2 : 10) * MIB)

struct world {
	struct guest guest;
	struct clipboard_host *service;
	struct lgmp_client *client;
	struct clipboard_port *port;
	struct loop *loop;
	struct host_clipboard *host;
	struct guest_link_clipboard *policy;
	uint32_t session;
	uint64_t skew_ns; /* of the host's clock: connecting takes no time of ours */
	bool answers;     /* the guest's program does */

	/* what the guest has, and what it got */
	uint8_t *own, *got;
	size_t own_len, got_len;
	unsigned got_format, contents, wanted, offered, offers;

	/* the desktop's */
	uint8_t *local, *pasted;
	size_t local_len, pasted_len;
	bool desktop_answers;
	unsigned guest_types, pastes;
	enum clipboard_failure failure;
	uint32_t serial;
};

/* ---- the guest ---- */

static void on_offered(unsigned formats, void *data) {
	((struct world *)data)->offered = formats;
	((struct world *)data)->offers++;
}

static void on_wanted(unsigned format, void *data) {
	struct world *w = data;
	w->wanted++;
	if (w->answers) {
		clipboard_host_answer(w->service, format, w->own, w->own_len);
	}
}

static void on_content(unsigned format, const uint8_t *bytes, size_t len, void *data) {
	struct world *w = data;
	free(w->got);
	w->got = malloc(len + 1);
	CHECK(w->got);
	if (len > 0) {
		memcpy(w->got, bytes, len);
	}
	w->got_len = len;
	w->got_format = format;
	w->contents++;
}

/* ---- the desktop ---- */

static void on_local(const struct clipboard_message *message, void *data) {
	struct world *w = data;
	if (message->kind == CLIPBOARD_OFFER) {
		w->guest_types = message->types;
	} else if (message->kind == CLIPBOARD_RELEASE) {
		w->guest_types = 0;
	} else if (message->kind == CLIPBOARD_DATA) {
		free(w->pasted);
		w->pasted = message->data;
		w->pasted_len = message->len;
		w->failure = message->failure;
		w->pastes++;
	} else if (w->desktop_answers) {
		struct clipboard_message answer = { .kind = CLIPBOARD_DATA,
			.types = message->types,
			.serial = message->serial,
			.data = malloc(w->local_len + 1),
			.len = w->local_len };
		CHECK(answer.data);
		memcpy(answer.data, w->local, w->local_len);
		guest_link_clipboard_local(w->policy, &answer);
	}
}

/* ---- the way ---- */

static void on_changed(void *data) {
	struct world *w = data;
	if (host_clipboard_is_up(w->host)) {
		const struct clipboard_link link = host_clipboard_link(w->host);
		guest_link_clipboard_set_link(w->policy, &link, host_clipboard_types(w->host));
	} else {
		guest_link_clipboard_set_link(w->policy, NULL, 0);
	}
}

static void on_guest_offer(unsigned types, void *data) {
	guest_link_clipboard_offer(((struct world *)data)->policy, types);
}

static void on_guest_wanted(enum clipboard_type type, void *data) {
	guest_link_clipboard_wanted(((struct world *)data)->policy, type);
}

static void on_guest_content(enum clipboard_type type, uint8_t *heap, size_t len, void *data) {
	guest_link_clipboard_content(((struct world *)data)->policy, type, heap, len);
}

/* The host's turn, then pg-lgmp's, then pg-io's. */
static void turn(struct world *w) {
	struct lgmp_message message;
	if (lgmp_client_status(w->client)->state != LGMP_STATE_RUNNING) {
		w->skew_ns += 20 * NS_PER_MS;
	}
	w->guest.now_ns = clock_now_ns() + w->skew_ns;
	clipboard_host_step(w->service, w->guest.now_ns);
	CHECK_EQ(kvmfr_host_periodic(w->guest.host, guest_ms(&w->guest)), 0);
	lgmp_client_step(w->client, w->guest.now_ns);
	while (lgmp_client_next(w->client, LGMP_QUEUE_CLIPBOARD, &message) > 0) {
		host_offers_clipboard(w->client, w->port, &message);
	}
	(void)host_offers_send(w->client, w->port);
	if (lgmp_client_status(w->client)->state != LGMP_STATE_RUNNING) {
		clipboard_port_withdraw(w->port);
	}
	CHECK(loop_run_once(w->loop, 1) >= 0);
}

#define UNTIL(w, condition)                                            \
	do {                                                           \
		const uint64_t until_ = clock_now_ns() + 5 * NS_PER_S; \
		while (!(condition) && clock_now_ns() < until_) {      \
			turn(w);                                       \
		}                                                      \
		CHECK(condition);                                      \
	} while (0)

static void turns_for(struct world *w, unsigned ms) {
	const uint64_t until_ns = clock_now_ns() + ms * NS_PER_MS;
	while (clock_now_ns() < until_ns) {
		turn(w);
	}
}

static void start(struct world *w) {
	*w = (struct world){ .session = 77, .answers = true, .desktop_answers = true };
	guest_file(&w->guest, MEMORY);
	w->guest.now_ns = clock_now_ns();
	CHECK_EQ(shm_map(&w->guest.shm, w->guest.path), 0);
	struct kvmfr_info info = guest_info(34);
	info.features |= KVMFR_FEATURE_CLIPBOARD;
	CHECK_EQ(kvmfr_host_create(&w->guest.host, w->guest.shm, &info), 0);
	const struct clipboard_host_events events = {
		.offered = on_offered, .wanted = on_wanted, .content = on_content, .data = w
	};
	CHECK_EQ(clipboard_host_create(&w->service, w->guest.shm, kvmfr_host_lgmp(w->guest.host),
				 &events),
			0);
	kvmfr_host_set_clipboard(w->guest.host, w->service);
	CHECK_EQ(kvmfr_host_begin(w->guest.host, w->session, guest_ms(&w->guest)), 0);
	CHECK_EQ(lgmp_client_create(&w->client, w->guest.path), 0);
	lgmp_client_want(w->client, LGMP_QUEUE_CLIPBOARD);
	CHECK_EQ(clipboard_port_create(&w->port), 0);
	CHECK_EQ(loop_create(&w->loop), 0);
	const struct guest_link_clipboard_config policy = {
		.to_vm = CLIPBOARD_ALWAYS, .to_local = CLIPBOARD_ALWAYS, .timeout_ns = TIMEOUT_NS
	};
	CHECK_EQ(guest_link_clipboard_create(&w->policy, w->loop, &policy, on_local, w), 0);
	const struct host_clipboard_events host = { .changed = on_changed,
		.offer = on_guest_offer,
		.wanted = on_guest_wanted,
		.content = on_guest_content,
		.data = w };
	CHECK_EQ(host_clipboard_create(&w->host, w->loop, w->port, LIMIT, &host), 0);
}

static void set_up(struct world *w) {
	start(w);
	UNTIL(w, host_clipboard_is_up(w->host));
}

static void tear_down(struct world *w) {
	host_clipboard_destroy(w->host);
	UNTIL(w, !clipboard_host_is_owned(w->service));
	guest_link_clipboard_destroy(w->policy);
	loop_destroy(w->loop);
	lgmp_client_destroy(w->client);
	clipboard_port_destroy(w->port);
	clipboard_host_destroy(w->service);
	guest_close(&w->guest);
	free(w->own);
	free(w->got);
	free(w->local);
	free(w->pasted);
}

static uint8_t *noise(size_t len, unsigned seed) {
	uint8_t *bytes = malloc(len + 1);
	uint64_t x = 88172645463325252u + seed;
	CHECK(bytes);
	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (uint8_t)x;
	}
	return bytes;
}

static void guest_copies(struct world *w, unsigned format, size_t len) {
	free(w->own);
	w->own = noise(len, format);
	w->own_len = len;
	clipboard_host_offer(w->service, KVMFR_CLIPBOARD_BIT(format));
	UNTIL(w, w->guest_types == 1u << (format - 1));
}

static void desktop_copies(struct world *w, unsigned types, size_t len) {
	const struct clipboard_message message = { .kind = CLIPBOARD_OFFER, .types = types };
	free(w->local);
	w->local = noise(len, types + 100);
	w->local_len = len;
	w->guest_types = 0; /* the desktop's own memory */
	const unsigned offers = w->offers;
	guest_link_clipboard_local(w->policy, &message);
	UNTIL(w, w->offers > offers);
	CHECK_EQ(w->offered, types);
}

static void desktop_asks(struct world *w, enum clipboard_type type) {
	const struct clipboard_message message = {
		.kind = CLIPBOARD_REQUEST, .types = type, .serial = ++w->serial
	};
	guest_link_clipboard_local(w->policy, &message);
}

static void desktop_pastes(struct world *w, enum clipboard_type type) {
	const unsigned pastes = w->pastes;
	desktop_asks(w, type);
	UNTIL(w, w->pastes > pastes);
}

static void guest_pastes(struct world *w, unsigned format) {
	const unsigned contents = w->contents;
	CHECK(clipboard_host_request(w->service, format));
	UNTIL(w, w->contents > contents);
}

static bool desktop_has_it(const struct world *w) {
	return w->pasted && w->pasted_len == w->own_len &&
	       memcmp(w->pasted, w->own, w->own_len) == 0;
}

/* ---- tests ---- */

static void every_type_crosses_both_ways(void **state) {
	static const size_t sizes[] = { 1, 65535, 65536, 65537, 300000 };
	struct world w;
	(void)state;
	set_up(&w);
	for (unsigned format = 1; format <= KVMFR_CLIPBOARD_FORMATS; format++) {
		const size_t len = sizes[format - 1];
		guest_copies(&w, format, len);
		desktop_pastes(&w, (enum clipboard_type)(1u << (format - 1)));
		CHECK(desktop_has_it(&w));
	}
	for (unsigned format = 1; format <= KVMFR_CLIPBOARD_FORMATS; format++) {
		const size_t len = sizes[format - 1];
		desktop_copies(&w, 1u << (format - 1), len);
		guest_pastes(&w, format);
		CHECK_EQ(w.got_format, format);
		CHECK_EQ(w.got_len, len);
		CHECK_EQ(memcmp(w.got, w.local, len), 0);
	}
	/* Without a size in front, and nothing at all. */
	clipboard_host_set_lie(w.service, CLIPBOARD_HOST_NO_SIZE);
	guest_copies(&w, KVMFR_CLIPBOARD_PNG, 200000);
	desktop_pastes(&w, CLIPBOARD_PNG);
	CHECK(desktop_has_it(&w));
	clipboard_host_set_lie(w.service, CLIPBOARD_HOST_HONEST);
	desktop_pastes(&w, CLIPBOARD_TEXT); /* not offered */
	CHECK(!w.pasted);
	clipboard_host_offer(w.service, 0);
	UNTIL(&w, w.guest_types == 0);
	tear_down(&w);
}

static void a_large_image_crosses_and_more_than_the_limit_does_not(void **state) {
	struct world w;
	(void)state;
	set_up(&w);
	guest_copies(&w, KVMFR_CLIPBOARD_PNG, LARGE);
	desktop_pastes(&w, CLIPBOARD_PNG);
	CHECK(desktop_has_it(&w));
	desktop_copies(&w, CLIPBOARD_PNG, LARGE);
	guest_pastes(&w, KVMFR_CLIPBOARD_PNG);
	CHECK_EQ(w.got_len, LARGE);
	CHECK_EQ(memcmp(w.got, w.local, w.got_len), 0);

	desktop_copies(&w, CLIPBOARD_PNG, LIMIT + 1);
	guest_pastes(&w, KVMFR_CLIPBOARD_PNG);
	CHECK_EQ(w.got_format, 0u); /* nothing */
	guest_copies(&w, KVMFR_CLIPBOARD_PNG, LIMIT + 1);
	desktop_pastes(&w, CLIPBOARD_PNG);
	CHECK(!w.pasted);
	CHECK_EQ(w.failure, CLIPBOARD_FAILURE_SIZE);
	CHECK_EQ(w.pasted_len, LIMIT + 1); /* how much it was */
	clipboard_host_set_lie(w.service, CLIPBOARD_HOST_NO_SIZE);
	desktop_pastes(&w, CLIPBOARD_PNG);
	CHECK_EQ(w.failure, CLIPBOARD_FAILURE_SIZE);
	CHECK(host_clipboard_is_up(w.host));
	tear_down(&w);
}

static void whoever_cancels_stops_it(void **state) {
	struct world w;
	(void)state;
	set_up(&w);
	/* The guest's program waits no longer: in the middle, and before the answer. */
	desktop_copies(&w, CLIPBOARD_PNG, 8 * MIB);
	CHECK(clipboard_host_request(w.service, KVMFR_CLIPBOARD_PNG));
	UNTIL(&w, clipboard_host_counts(w.service).pieces_in > 5);
	clipboard_host_cancel(w.service);
	turns_for(&w, 20);
	const uint64_t pieces = clipboard_host_counts(w.service).pieces_in;
	turns_for(&w, 20);
	CHECK_EQ(clipboard_host_counts(w.service).pieces_in, pieces);
	w.desktop_answers = false;
	CHECK(clipboard_host_request(w.service, KVMFR_CLIPBOARD_PNG));
	turns_for(&w, 10);
	clipboard_host_cancel(w.service);
	turns_for(&w, 10);
	w.desktop_answers = true;
	desktop_copies(&w, CLIPBOARD_TEXT, 10);
	guest_pastes(&w, KVMFR_CLIPBOARD_TEXT);
	CHECK_EQ(w.got_len, 10u);

	/* Something newer was copied while a paste was under way. */
	w.answers = false;
	guest_copies(&w, KVMFR_CLIPBOARD_PNG, 100);
	desktop_asks(&w, CLIPBOARD_PNG);
	UNTIL(&w, w.wanted == 1);
	const unsigned pastes = w.pastes;
	clipboard_host_offer(w.service, KVMFR_CLIPBOARD_BIT(KVMFR_CLIPBOARD_TEXT));
	UNTIL(&w, w.guest_types == CLIPBOARD_TEXT);
	CHECK_EQ(w.pastes, pastes + 1);
	CHECK(!w.pasted);
	CHECK(host_clipboard_is_up(w.host));
	tear_down(&w);
}

/* A host that says what is not so: the paste gets nothing, and what comes after it works. */
static void lies_cost_a_paste(void **state) {
	struct world w;
	(void)state;
	set_up(&w);
	for (unsigned lie = CLIPBOARD_HOST_OFFSET; lie < CLIPBOARD_HOST_LIES; lie++) {
		guest_copies(&w, KVMFR_CLIPBOARD_PNG,
				lie == CLIPBOARD_HOST_ENDLESS ? 4 * MIB : 200000);
		clipboard_host_set_lie(w.service, (enum clipboard_host_lie)lie);
		desktop_pastes(&w, CLIPBOARD_PNG);
		CHECK(!w.pasted);
		clipboard_host_set_lie(w.service, CLIPBOARD_HOST_HONEST);
		clipboard_host_offer(w.service, 0);
		UNTIL(&w, host_clipboard_is_up(w.host) && w.guest_types == 0);
		guest_copies(&w, KVMFR_CLIPBOARD_PNG, 200000);
		desktop_pastes(&w, CLIPBOARD_PNG);
		CHECK(desktop_has_it(&w));
	}
	tear_down(&w);
}

/* Messages of all kinds with random fields; then honest ones. */
static void nonsense_is_survived(void **state) {
	struct world w;
	uint64_t x = 0x9e3779b97f4a7c15u;
	(void)state;
	set_up(&w);
	for (unsigned i = 0; i < 3000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		const struct kvmfr_clipboard_message message = {
			.type = (enum kvmfr_clipboard_type)(1 + x % 14),
			.content = x >> 7,
			.transfer = x & 1 ? x : x % 4,
			.offset = x >> 9,
			.size = x >> 3,
			.format = (uint32_t)(x >> 11) % 8,
			.flags = (uint32_t)x % 4,
			.token = (uint32_t)(x >> 5),
			.length = 0
		};
		clipboard_host_say(w.service, &message);
		if (i % 16 == 0) {
			turn(&w);
		}
		if (i % 64 == 0) {
			desktop_asks(&w, CLIPBOARD_TEXT);
		}
	}
	turns_for(&w, 50);
	clipboard_host_offer(w.service, 0);
	UNTIL(&w, w.guest_types == 0);
	guest_copies(&w, KVMFR_CLIPBOARD_TEXT, 500);
	desktop_pastes(&w, CLIPBOARD_TEXT);
	CHECK(desktop_has_it(&w));
	tear_down(&w);
}

static void a_silent_host_is_left_and_tried_again(void **state) {
	struct world w;
	(void)state;
	set_up(&w);
	w.answers = false;
	guest_copies(&w, KVMFR_CLIPBOARD_TEXT, 5);
	desktop_pastes(&w, CLIPBOARD_TEXT);
	CHECK_EQ(w.failure, CLIPBOARD_FAILURE_TIME);
	UNTIL(&w, !host_clipboard_is_up(w.host));
	w.answers = true;
	UNTIL(&w, host_clipboard_is_up(w.host)); /* after a second */
	UNTIL(&w, w.guest_types == CLIPBOARD_TEXT);
	desktop_pastes(&w, CLIPBOARD_TEXT);
	CHECK(desktop_has_it(&w));
	tear_down(&w);
}

static void what_the_host_takes_away_comes_back(void **state) {
	struct world w;
	(void)state;
	set_up(&w);
	turns_for(&w, 1100); /* longer than the lease: it is kept */
	CHECK(host_clipboard_is_up(w.host));
	CHECK_EQ(clipboard_host_counts(w.service).claims, 1u);

	desktop_copies(&w, CLIPBOARD_TEXT, 9);
	clipboard_host_set_off(w.service, true);
	UNTIL(&w, !host_clipboard_is_up(w.host));
	clipboard_host_set_off(w.service, false);
	UNTIL(&w, host_clipboard_is_up(w.host));
	UNTIL(&w, w.offered == CLIPBOARD_TEXT); /* it is told again */

	clipboard_host_set_busy(w.service, true);
	UNTIL(&w, !host_clipboard_is_up(w.host));
	turns_for(&w, 30);
	clipboard_host_set_busy(w.service, false);
	UNTIL(&w, host_clipboard_is_up(w.host));

	clipboard_host_rebind(w.service);
	UNTIL(&w, !host_clipboard_is_up(w.host));
	UNTIL(&w, host_clipboard_is_up(w.host));

	CHECK_EQ(kvmfr_host_begin(w.guest.host, ++w.session, guest_ms(&w.guest)), 0);
	UNTIL(&w, !host_clipboard_is_up(w.host));
	UNTIL(&w, host_clipboard_is_up(w.host));
	UNTIL(&w, w.offered == CLIPBOARD_TEXT);
	guest_pastes(&w, KVMFR_CLIPBOARD_TEXT);
	CHECK_EQ(w.got_len, 9u);
	tear_down(&w);
}

/* A new owner is told what the guest has. Where the desktop's content is the newest, that is old.
 */
static void what_was_there_before_the_claim_is_old(void **state) {
	struct world w;
	const struct clipboard_message message = { .kind = CLIPBOARD_OFFER,
		.types = CLIPBOARD_TEXT };
	(void)state;
	start(&w);
	clipboard_host_offer(w.service, KVMFR_CLIPBOARD_BIT(KVMFR_CLIPBOARD_PNG));
	guest_link_clipboard_local(w.policy, &message);
	UNTIL(&w, w.offered == CLIPBOARD_TEXT);
	turns_for(&w, 320);
	CHECK_EQ(w.guest_types, 0u);
	guest_copies(&w, KVMFR_CLIPBOARD_PNG, 100); /* and this is new */
	desktop_pastes(&w, CLIPBOARD_PNG);
	CHECK(desktop_has_it(&w));
	tear_down(&w);
}

/* It acknowledges what it does not read: nothing is believed but its status. */
static void a_deaf_host_is_not_used(void **state) {
	struct world w;
	(void)state;
	start(&w);
	clipboard_host_set_deaf(w.service, true);
	turns_for(&w, 700);
	CHECK(!host_clipboard_is_up(w.host));
	clipboard_host_set_deaf(w.service, false);
	UNTIL(&w, host_clipboard_is_up(w.host));
	tear_down(&w);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_crosses_both_ways),
		cmocka_unit_test(a_large_image_crosses_and_more_than_the_limit_does_not),
		cmocka_unit_test(whoever_cancels_stops_it),
		cmocka_unit_test(lies_cost_a_paste),
		cmocka_unit_test(nonsense_is_survived),
		cmocka_unit_test(a_silent_host_is_left_and_tried_again),
		cmocka_unit_test(what_the_host_takes_away_comes_back),
		cmocka_unit_test(what_was_there_before_the_claim_is_old),
		cmocka_unit_test(a_deaf_host_is_not_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
