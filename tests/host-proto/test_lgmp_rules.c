/*
 * The rules of LGMP 12 (doc/protocol/lgmp.md A.3), where they differ from those of 5 and 6: each
 * case is one in which a reader that follows the host's position delivers twice, misses a message
 * or is evicted.
 */
#include <errno.h>

#include "host-proto/kvmfr_wire.h"
#include "tests/support/guest.h"
#include "tests/support/ring.h"

/* The message that comes next; 0 = none. */
static uint64_t look(struct lgmp_subscription *sub, uint32_t *ret_index) {
	struct lgmp_entry entry;
	int r = lgmp_subscription_next(sub, &entry);
	if (r != 1) {
		return r == 0 ? 0 : UINT64_MAX;
	}
	*ret_index = entry.index;
	return entry.udata;
}

/* Nobody was too late: an eviction is what a missed message ends in. */
static bool stays(struct ring *ring, struct lgmp_subscription *sub) {
	for (unsigned i = 0; i < 200; i++) {
		ring_tick(ring, 10);
	}
	return lgmp_subscription_check(sub) == 0 && lgmp_host_count(ring->host, 0) == 0;
}

/* Both taken, the second finished first: the host takes it back from the end of the ring, and its
 * position moves backwards. */
static bool finished_out_of_order(const struct lgmp_reader *reader, bool look_between) {
	struct ring ring;
	struct lgmp_subscription sub;
	uint32_t a = 0;
	uint32_t b = 0;
	uint32_t c = 0;
	bool good = true;
	ring_open(&ring, 2);
	ring.layout.reader = reader;
	ring_join(&ring, &sub, 1);
	CHECK_EQ(ring_post(&ring, 'A', 0), 1);
	CHECK_EQ(ring_post(&ring, 'B', 0), 1);
	good = good && look(&sub, &a) == 'A' && look(&sub, &b) == 'B';
	good = good && lgmp_subscription_finish(&sub, b) == 0;
	ring_tick(&ring, 10);
	if (look_between) {
		good = good && look(&sub, &c) == 0;
	}
	good = good && ring_post(&ring, 'C', 0) == 1 && look(&sub, &c) == 'C';
	good = good && lgmp_subscription_finish(&sub, a) == 0;
	good = good && lgmp_subscription_finish(&sub, c) == 0 && stays(&ring, &sub);
	ring_close(&ring);
	return good;
}

/* One holds M; a message for another alone comes and goes behind it; then N for all. */
static bool one_for_another(const struct lgmp_reader *reader, uint32_t length, unsigned clients) {
	struct ring ring;
	struct lgmp_subscription subs[3];
	uint32_t m[3] = { 0 };
	uint32_t n = 0;
	bool good = true;
	ring_open(&ring, length);
	ring.layout.reader = reader;
	for (unsigned i = 0; i < clients; i++) {
		ring_join(&ring, &subs[i], i + 1);
	}
	CHECK_EQ(ring_post(&ring, 'M', 0), 1);
	for (unsigned i = 0; i < clients; i++) {
		good = good && look(&subs[i], &m[i]) == 'M';
		good = good && (i == 0 || lgmp_subscription_finish(&subs[i], m[i]) == 0);
	}
	CHECK_EQ(ring_post(&ring, 'X', 2), 1);
	good = good && look(&subs[0], &n) == 0 && look(&subs[1], &n) == 'X';
	good = good && lgmp_subscription_finish(&subs[1], n) == 0;
	ring_tick(&ring, 10);
	good = good && ring_post(&ring, 'N', 0) == 1;
	for (unsigned i = 0; i < clients; i++) {
		good = good && look(&subs[i], &n) == 'N';
		good = good && lgmp_subscription_finish(&subs[i], n) == 0;
		good = good && look(&subs[i], &n) == 0;
	}
	good = good && lgmp_subscription_finish(&subs[0], m[0]) == 0;
	for (unsigned i = 0; i < clients; i++) {
		good = good && stays(&ring, &subs[i]);
	}
	ring_close(&ring);
	return good;
}

static void nothing_twice_and_nothing_missed(void **state) {
	(void)state;
	const struct lgmp_reader *ours = lgmp_layout_find(12)->reader;
	CHECK(finished_out_of_order(ours, true));
	CHECK(finished_out_of_order(ours, false));
	CHECK(one_for_another(ours, 2, 2));
	CHECK(one_for_another(ours, 32, 3));
}

/* The cases are real: by the host's position, each of them goes wrong. */
static void a_reader_by_position_fails_all_four(void **state) {
	(void)state;
	const struct lgmp_reader *old = lgmp_layout_find(6)->reader;
	CHECK(old != lgmp_layout_find(12)->reader);
	CHECK(!finished_out_of_order(old, true));
	CHECK(!finished_out_of_order(old, false));
	CHECK(!one_for_another(old, 2, 2));
	CHECK(!one_for_another(old, 32, 3));
}

static void the_host_posts_to_nobody_and_trims(void **state) {
	(void)state;
	struct ring ring;
	ring_open(&ring, 2);
	CHECK_EQ(ring_post(&ring, 'A', 0), 0);
	CHECK_EQ(lgmp_host_count(ring.host, 0), 1);
	CHECK_EQ(ring_post(&ring, 'X', 5), 0);
	CHECK_EQ(lgmp_host_count(ring.host, 0), 1);
	CHECK_EQ(ring_post(&ring, 'B', 0), 0);
	CHECK_EQ(ring_post(&ring, 'C', 0), -ENOBUFS);
	ring_tick(&ring, 10);
	CHECK_EQ(lgmp_host_count(ring.host, 0), 0);
	/* who comes later gets nothing of it */
	struct lgmp_subscription sub;
	uint32_t index = 0;
	ring_join(&ring, &sub, 1);
	CHECK_EQ(look(&sub, &index), 0);
	ring_close(&ring);
}

static void a_lost_message_is_not_told_as_done(void **state) {
	(void)state;
	struct ring ring;
	struct lgmp_subscription sub;
	uint32_t index = 0;
	ring_open(&ring, 2);
	ring_join(&ring, &sub, 1);
	CHECK_EQ(ring_post(&ring, 'A', 0), 1);
	CHECK_EQ(look(&sub, &index), 'A');
	CHECK_EQ(lgmp_subscription_finish(&sub, index), 0);
	CHECK_EQ(lgmp_subscription_finish(&sub, index), -ESTALE);
	/* The host took it back without asking. */
	CHECK_EQ(ring_post(&ring, 'B', 0), 1);
	CHECK_EQ(look(&sub, &index), 'B');
	lgmp_store32(lgmp_at32(sub.base, sub.queue + ring.layout.count), 0);
	CHECK_EQ(lgmp_subscription_finish(&sub, index), -ESTALE);
	ring_close(&ring);
}

/* finish() waits for nobody: what it could not give back is given back with the next look. */
static void a_held_lock_puts_the_finish_off(void **state) {
	(void)state;
	struct ring ring;
	struct lgmp_subscription sub;
	uint32_t a = 0;
	uint32_t b = 0;
	ring_open(&ring, 2);
	ring_join(&ring, &sub, 1);
	void *lock = sub.base + sub.queue + ring.layout.lock;
	CHECK_EQ(ring_post(&ring, 'A', 0), 1);
	CHECK_EQ(look(&sub, &a), 'A');
	CHECK_EQ(ring_post(&ring, 'B', 0), 1);
	CHECK(lgmp_try_lock(&ring.layout, lock));
	CHECK_EQ(look(&sub, &b), 0);
	CHECK_EQ(lgmp_subscription_finish(&sub, a), 0);
	lgmp_subscription_flush(&sub);
	CHECK_EQ(lgmp_host_count(ring.host, 0), 2);
	lgmp_unlock(&ring.layout, lock);
	CHECK_EQ(look(&sub, &b), 'B');
	CHECK_EQ(lgmp_host_count(ring.host, 0), 1);
	CHECK_EQ(lgmp_subscription_finish(&sub, a), -ESTALE);
	CHECK_EQ(lgmp_subscription_finish(&sub, b), 0);
	CHECK_EQ(lgmp_host_count(ring.host, 0), 0);
	ring_close(&ring);
}

/* Rings may begin right behind the user data, at multiples of 16. */
static void a_ring_behind_the_user_data_is_fine(void **state) {
	(void)state;
	struct ring ring;
	struct lgmp_subscription sub;
	static const struct {
		uint32_t offset;
		int result;
	} cases[] = { { 9696, 0 }, { 9712, 0 }, { 9680, -EBADMSG }, { 9704, -EBADMSG } };
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ring_open(&ring, 2);
		lgmp_store32(lgmp_at32(shm_base(ring.shm),
					     ring.layout.queues + ring.layout.ring_offset),
				cases[i].offset);
		CHECK_EQ(lgmp_subscribe(&sub, ring.shm, &ring.layout, RING_QUEUE, RING_SESSION, 1),
				cases[i].result);
		ring_close(&ring);
	}
}

static void a_client_that_is_late_is_bad_on_every_queue(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	struct lgmp_message message;
	guest_open(&guest, 34, 16 << 20);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	guest_connect(&guest, client);
	const struct lgmp_layout *layout = lgmp_layout_find(12);
	unsigned char *base = shm_base(guest.shm);
	/* one client id on both queues */
	const uint64_t second = layout->queues + layout->queue_bytes;
	CHECK_EQ(lgmp_load32(lgmp_at32(base, layout->queues + layout->client_id)), 1);
	CHECK_EQ(lgmp_load32(lgmp_at32(base, second + layout->client_id)), 1);

	CHECK_EQ(guest_post(&guest, 8, 8), 0);
	CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
	for (unsigned i = 0; i < 102; i++) {
		guest_tick(&guest, client);
	}
	CHECK_EQ(lgmp_subs_load(layout, base + second + layout->subs).bad, 1);
	CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 0);
	CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_POINTER, &message), 0);
	CHECK_EQ(lgmp_client_status(client)->resubscriptions, 2);
	CHECK_EQ(lgmp_load32(lgmp_at32(base, second + layout->client_id + 4)), 1);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

static void an_acknowledgement_of_what_was_dropped_is_a_loss(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	guest_open(&guest, 34, 16 << 20);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	guest_connect(&guest, client);
	struct lgmp_host *lgmp = kvmfr_host_lgmp(guest.host);
	const unsigned queue = kvmfr_host_pointer_queue(guest.host);
	const struct lgmp_layout *layout = lgmp_layout_find(12);
	uint8_t data[64];
	CHECK_EQ(lgmp_client_move_pointer(client, 3, 4, guest.now_ns), 0);
	CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
			LGMP_SEND_SENT);
	/* The host forgets us: it throws our data away, and acknowledges it. */
	unsigned char *base = shm_base(guest.shm);
	lgmp_store32(lgmp_at32(base, layout->queues + queue * layout->queue_bytes +
						     layout->client_id),
			99);
	CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), -EAGAIN);
	CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
			LGMP_SEND_LOST);

	/* And a session that ends takes what was under way with it. */
	CHECK_EQ(kvmfr_host_begin(guest.host, 78, guest_ms(&guest)), 0);
	for (unsigned i = 0; i < 80; i++) {
		guest_tick(&guest, client);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_RUNNING);
	CHECK_EQ(lgmp_client_move_pointer(client, 5, 6, guest.now_ns), 0);
	CHECK_EQ(kvmfr_host_begin(guest.host, 79, guest_ms(&guest)), 0);
	lgmp_client_step(client, guest.now_ns += 100 * NS_PER_MS);
	CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
			LGMP_SEND_LOST);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

/* While a host of 12 makes its queues, magic and version may stand already: the session id is 0. */
static void a_session_without_a_number_is_still_starting(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	const struct lgmp_layout *layout = lgmp_layout_find(12);
	guest_open(&guest, 34, 16 << 20);
	lgmp_store32(lgmp_at32(shm_base(guest.shm), layout->session), 0);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	for (unsigned i = 0; i < 100; i++) {
		guest_tick(&guest, client);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_STARTING);
	CHECK(!lgmp_host_has_subscribers(kvmfr_host_lgmp(guest.host), 0));
	lgmp_store32(lgmp_at32(shm_base(guest.shm), layout->session), 5);
	guest_connect(&guest, client);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

/* The window's size: the bytes of the message, a host without the feature, and one that never
 * reads. */
static void the_window_size_is_told(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	uint8_t data[LGMP_DATA_MAX];
	guest_open(&guest, 34, 16 << 20);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	CHECK_EQ(lgmp_client_window_size(client, 640, 480, guest.now_ns), -ENOTCONN);
	guest_connect(&guest, client);
	CHECK_EQ(lgmp_client_window_size(client, 640, 480, guest.now_ns), -EOPNOTSUPP);
	lgmp_client_destroy(client);
	guest_close(&guest);

	guest_open(&guest, 34, 16 << 20);
	struct kvmfr_header_wire *header =
			(void *)(shm_base(guest.shm) + lgmp_layout_find(12)->udata);
	header->features |= KVMFR_FEATURE_WINDOW_SIZE;
	struct lgmp_host *lgmp = kvmfr_host_lgmp(guest.host);
	const unsigned queue = kvmfr_host_pointer_queue(guest.host);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	guest_connect(&guest, client);
	CHECK_EQ(lgmp_client_window_size(client, 1920, 1080, guest.now_ns), 0);
	static const uint8_t golden[12] = { 1, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0 };
	CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), 12);
	assert_memory_equal(data, golden, 12);
	CHECK_EQ(lgmp_client_request_state(client, LGMP_WINDOW_SIZE, guest.now_ns), LGMP_SEND_DONE);
	CHECK_EQ(lgmp_client_window_size(client, 1, 2, guest.now_ns), 0);
	CHECK_EQ(lgmp_client_request_state(client, LGMP_WINDOW_SIZE, guest.now_ns + NS_PER_S),
			LGMP_SEND_FAILED);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

/* A KVMFR after ours is read as the newest that we know, in so many words; one before it is not. */
static void a_newer_kvmfr_is_tried(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	struct lgmp_message message;
	struct frame frame;
	uint32_t version = 35;
	guest_open(&guest, 34, 16 << 20);
	struct kvmfr_header_wire *header =
			(void *)(shm_base(guest.shm) + lgmp_layout_find(12)->udata);
	memcpy(&header->version, &version, 4);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	guest_connect(&guest, client);
	CHECK(lgmp_client_status(client)->experimental && lgmp_client_status(client)->kvmfr == 35);
	CHECK(strstr(lgmp_client_status(client)->reason, "KVMFR 35, read as 34"));
	CHECK_EQ(guest_post(&guest, 64, 32), 0);
	CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
	CHECK_EQ(message.kvmfr, 34);
	CHECK_EQ(frame_read(message.shm, message.kvmfr, message.offset, message.size, &frame), 0);
	CHECK_EQ(frame.width, 64);
	CHECK_EQ(frame.height, 32);
	lgmp_client_destroy(client);

	version = 33;
	memcpy(&header->version, &version, 4);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	for (unsigned i = 0; i < 80; i++) {
		guest_tick(&guest, client);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_KVMFR);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_twice_and_nothing_missed),
		cmocka_unit_test(a_reader_by_position_fails_all_four),
		cmocka_unit_test(the_host_posts_to_nobody_and_trims),
		cmocka_unit_test(a_lost_message_is_not_told_as_done),
		cmocka_unit_test(a_held_lock_puts_the_finish_off),
		cmocka_unit_test(a_ring_behind_the_user_data_is_fine),
		cmocka_unit_test(a_client_that_is_late_is_bad_on_every_queue),
		cmocka_unit_test(an_acknowledgement_of_what_was_dropped_is_a_loss),
		cmocka_unit_test(the_window_size_is_told),
		cmocka_unit_test(a_newer_kvmfr_is_tried),
		cmocka_unit_test(a_session_without_a_number_is_still_starting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
