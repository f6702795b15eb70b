/* The LGMP client against our own producer, both released versions and the one of 2026. */
#include <errno.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_layout.h"
#include "tests/support/guest.h"

#define MEMORY (16 << 20)

static const unsigned versions[] = { 19, 20, 34 };

static struct lgmp_client *client_on(const char *path) {
	struct lgmp_client *client;
	CHECK_EQ(lgmp_client_create(&client, path), 0);
	return client;
}

static unsigned char first_pixel(const struct lgmp_message *message) {
	struct frame frame;
	CHECK_EQ(frame_read(message->shm, message->kvmfr, message->offset, message->size, &frame),
			0);
	CHECK_EQ(frame_written(&frame), (uint64_t)frame.pitch * frame.rows);
	return frame.pixels[0];
}

static const struct lgmp_layout *layout_for(unsigned kvmfr) {
	return lgmp_layout_find(kvmfr == 19 ? 5 : kvmfr == 20 ? 6 : 12);
}

static void frames_arrive_in_order(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		struct lgmp_client *client = client_on(guest.path);
		guest_connect(&guest, client);
		const struct lgmp_status *status = lgmp_client_status(client);
		CHECK_EQ(status->kvmfr, versions[v]);
		CHECK_EQ(status->lgmp, layout_for(versions[v])->version);
		CHECK(!status->experimental);
		assert_string_equal(status->info.host_version, "B-test");
		assert_string_equal(status->info.capture, "TEST");
		assert_string_equal(status->info.model, "A processor");
		assert_string_equal(status->info.os_name, "Windows");
		CHECK(status->info.cpus == 8 && status->info.uuid[2] == 3);
		CHECK_EQ(status->sessions, 1);

		struct lgmp_message message;
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 0);
		for (unsigned i = 0; i < 200; i++) {
			CHECK_EQ(guest_post(&guest, 64, 32), 0);
			CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
			CHECK_EQ(first_pixel(&message), (i & 0xff));
			CHECK_EQ(lgmp_client_finish(client, &message), 0);
			/* the slot is free at once, without the host's periodic task */
			CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 0);
			CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 0);
		}
		lgmp_client_destroy(client);
		CHECK(!lgmp_host_has_subscribers(kvmfr_host_lgmp(guest.host), 0));
		CHECK(!lgmp_host_has_subscribers(kvmfr_host_lgmp(guest.host), 1));
		guest_close(&guest);
	}
}

static void finishing_out_of_order_frees_both(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		struct lgmp_client *client = client_on(guest.path);
		guest_connect(&guest, client);
		struct lgmp_message a;
		struct lgmp_message b;
		struct lgmp_message c;
		for (unsigned i = 0; i < 50; i++) {
			CHECK_EQ(guest_post(&guest, 8, 8), 0);
			CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &a), 1);
			CHECK_EQ(guest_post(&guest, 8, 8), 0);
			CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &b), 1);
			CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &c), 0);
			CHECK_EQ(guest_post(&guest, 8, 8), -ENOBUFS);
			CHECK_EQ(lgmp_client_finish(client, &b), 0);
			CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 2);
			CHECK_EQ(lgmp_client_finish(client, &a), 0);
			CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 0);
			/* a second finish of the same message changes nothing; LGMP 12 tells it */
			CHECK_EQ(lgmp_client_finish(client, &a), (versions[v] == 34 ? -ESTALE : 0));
			CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 0);
		}
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
}

static void waits_name_their_reason(void **state) {
	(void)state;
	struct guest guest;
	memset(&guest, 0, sizeof guest);
	guest_file(&guest, 0);
	unlink(guest.path);
	struct lgmp_client *client = client_on(guest.path);
	uint64_t now = guest.now_ns;
	lgmp_client_step(client, now);
	CHECK_EQ(client_state(client), LGMP_STATE_NO_FILE);

	int fd = open(guest.path, O_RDWR | O_CREAT, 0600);
	lgmp_client_step(client, now += NS_PER_S);
	CHECK_EQ(client_state(client), LGMP_STATE_EMPTY);
	CHECK_EQ(ftruncate(fd, 5759), 0);
	lgmp_client_step(client, now += NS_PER_S);
	CHECK_EQ(client_state(client), LGMP_STATE_TOO_SMALL);
	CHECK_EQ(ftruncate(fd, MEMORY), 0);
	lgmp_client_step(client, now += NS_PER_S);
	CHECK_EQ(client_state(client), LGMP_STATE_NO_MAGIC);
	CHECK(strstr(lgmp_client_status(client)->reason, "host program"));

	/* other versions, where each of them keeps its magic */
	static const struct {
		off_t magic, version;
		uint32_t number;
	} others[] = { { 0, 4, 4 }, { 0, 4, 7 }, { 8, 12, 9 }, { 8064, 8068, 10 },
		{ 9664, 9668, 13 } };
	for (unsigned i = 0; i < 5; i++) {
		const uint32_t magic = LGMP_MAGIC;
		const uint32_t zero = 0;
		CHECK_EQ(pwrite(fd, &magic, 4, others[i].magic), 4);
		CHECK_EQ(pwrite(fd, &others[i].number, 4, others[i].version), 4);
		lgmp_client_step(client, now += NS_PER_S);
		CHECK_EQ(client_state(client), LGMP_STATE_VERSION);
		CHECK_EQ(lgmp_client_status(client)->lgmp, others[i].number);
		char number[16];
		snprintf(number, sizeof number, "LGMP %u", others[i].number);
		CHECK(strstr(lgmp_client_status(client)->reason, number));
		CHECK_EQ(pwrite(fd, &zero, 4, others[i].magic), 4);
	}
	close(fd);

	/* a host of ours appears in the same file */
	CHECK_EQ(shm_map(&guest.shm, guest.path), 0);
	struct kvmfr_info info = guest_info(20);
	CHECK_EQ(kvmfr_host_create(&guest.host, guest.shm, &info), 0);
	guest.now_ns = now;
	CHECK_EQ(kvmfr_host_begin(guest.host, 1, guest_ms(&guest)), 0);
	lgmp_client_step(client, guest.now_ns += NS_PER_S);
	CHECK_EQ(client_state(client), LGMP_STATE_NO_HEARTBEAT);
	/* one change may be the first write of a starting host (lgmp.md 4.2) */
	guest_tick(&guest, client);
	CHECK_EQ(client_state(client), LGMP_STATE_NO_HEARTBEAT);
	guest_tick(&guest, client);
	CHECK_EQ(client_state(client), LGMP_STATE_RUNNING);

	lgmp_client_set_path(client, "/tmp");
	CHECK(!lgmp_host_has_subscribers(kvmfr_host_lgmp(guest.host), 0));
	lgmp_client_step(client, guest.now_ns);
	CHECK_EQ(client_state(client), LGMP_STATE_UNREADABLE);
	lgmp_client_set_path(client, "");
	lgmp_client_step(client, guest.now_ns);
	CHECK_EQ(client_state(client), LGMP_STATE_OFF);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

static void another_kvmfr_is_named_and_heals(void **state) {
	(void)state;
	struct guest guest;
	guest_open(&guest, 20, MEMORY);
	struct kvmfr_header_wire *header = (void *)(shm_base(guest.shm) + layout_for(20)->udata);
	const uint32_t wrong = 21;
	memcpy(&header->version, &wrong, 4);
	struct lgmp_client *client = client_on(guest.path);
	for (unsigned i = 0; i < 10; i++) {
		guest_tick(&guest, client);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_KVMFR);
	CHECK(lgmp_client_status(client)->kvmfr == 21 && lgmp_client_status(client)->lgmp == 6);
	CHECK(strstr(lgmp_client_status(client)->reason, "KVMFR 21 over LGMP 6"));
	CHECK(strstr(lgmp_client_status(client)->reason, "speaks 20 there"));
	CHECK(!lgmp_host_has_subscribers(kvmfr_host_lgmp(guest.host), 0));

	header->magic[0] = 'X';
	for (unsigned i = 0; i < 20; i++) {
		guest_tick(&guest, client);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_NOT_KVMFR);

	CHECK_EQ(kvmfr_host_begin(guest.host, 3, guest_ms(&guest)), 0);
	guest_connect(&guest, client);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

static void a_restarted_host_is_picked_up(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		struct lgmp_client *client = client_on(guest.path);
		guest_connect(&guest, client);
		struct lgmp_message old;
		CHECK_EQ(guest_post(&guest, 8, 8), 0);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &old), 1);

		/* a new session in the same memory: nothing of the old one may be written to it */
		CHECK_EQ(kvmfr_host_begin(guest.host, 78, 5), 0);
		CHECK_EQ(lgmp_client_finish(client, &old), -ESTALE);
		guest_connect(&guest, client);
		for (unsigned i = 0; i < 80; i++) {
			guest_tick(&guest, client);
		}
		CHECK_EQ(lgmp_client_status(client)->sessions, 2);
		CHECK_EQ(lgmp_client_status(client)->lost, 1);
		struct lgmp_message message;
		CHECK_EQ(guest_post(&guest, 8, 8), 0);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
		CHECK(message.generation != old.generation);
		CHECK_EQ(lgmp_client_finish(client, &old), -ESTALE);
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 1);
		CHECK_EQ(lgmp_client_finish(client, &message), 0);
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 0);
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
}

static void a_dead_heart_ends_the_session_and_a_new_beat_starts_one(void **state) {
	(void)state;
	struct guest guest;
	guest_open(&guest, 20, MEMORY);
	struct lgmp_client *client = client_on(guest.path);
	guest_connect(&guest, client);
	uint64_t silent = guest.now_ns;
	for (unsigned i = 0; i < 10; i++) {
		lgmp_client_step(client, silent += 100 * NS_PER_MS);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_RUNNING);
	for (unsigned i = 0; i < 3; i++) {
		lgmp_client_step(client, silent += 100 * NS_PER_MS);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_NO_HEARTBEAT);
	for (unsigned i = 0; i < 50; i++) {
		lgmp_client_step(client, silent += 100 * NS_PER_MS);
	}
	CHECK_EQ(client_state(client), LGMP_STATE_NO_HEARTBEAT);
	guest.now_ns = silent;
	guest_connect(&guest, client);
	CHECK_EQ(lgmp_client_status(client)->lost, 1);

	/* If we are the ones who slept, the session goes on. */
	guest.now_ns += 30 * NS_PER_S;
	lgmp_client_step(client, guest.now_ns);
	CHECK_EQ(client_state(client), LGMP_STATE_RUNNING);
	lgmp_client_destroy(client);
	guest_close(&guest);
}

static void an_eviction_is_healed_by_one_subscription(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		struct lgmp_client *client = client_on(guest.path);
		guest_connect(&guest, client);
		struct lgmp_message old;
		CHECK_EQ(guest_post(&guest, 8, 8), 0);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &old), 1);
		/* never finished: the host marks us bad after a second */
		for (unsigned i = 0; i < 103; i++) {
			guest_tick(&guest, client);
		}
		CHECK_EQ(client_state(client), LGMP_STATE_RUNNING);
		struct lgmp_message message;
		CHECK_EQ(lgmp_client_finish(client, &old), -ESTALE);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 0);
		CHECK_EQ(lgmp_client_status(client)->resubscriptions, 1);
		CHECK_EQ(guest_post(&guest, 8, 8), 0);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
		CHECK(message.generation != old.generation);
		CHECK_EQ(lgmp_client_finish(client, &old), -ESTALE);
		CHECK_EQ(lgmp_client_finish(client, &message), 0);
		CHECK_EQ(lgmp_client_status(client)->resubscriptions, 1);
		CHECK_EQ(lgmp_client_status(client)->lost, 0);
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
}

/* lgmp.md 9.1: who takes over a slot must not be held to what its former owner left. */
static void inherited_bits_do_not_evict(void **state) {
	(void)state;
	struct guest guest;
	guest_open(&guest, 20, MEMORY);
	const struct lgmp_layout *layout = layout_for(20);
	struct lgmp_client *first = client_on(guest.path);
	guest_connect(&guest, first);
	CHECK_EQ(guest_post(&guest, 8, 8), 0);
	CHECK_EQ(guest_post(&guest, 8, 8), 0);
	/* It leaves as a stock client does: without clearing its bits. */
	unsigned char *queue = shm_base(guest.shm) + layout->queues;
	lgmp_subs_store(layout, queue + layout->subs, (struct lgmp_subs){ 0, 0 });

	struct lgmp_client *second = client_on(guest.path);
	for (unsigned i = 0; i < 3; i++) {
		lgmp_client_step(second, guest.now_ns += NS_PER_MS);
		CHECK_EQ(kvmfr_host_periodic(guest.host, guest_ms(&guest)), 0);
	}
	guest_connect(&guest, second);
	struct lgmp_message message;
	for (unsigned i = 0; i < 150; i++) {
		guest_tick(&guest, second);
		CHECK_EQ(lgmp_client_next(second, LGMP_QUEUE_FRAME, &message), 0);
	}
	CHECK_EQ(lgmp_client_status(second)->resubscriptions, 0);
	CHECK_EQ(guest_post(&guest, 8, 8), 0);
	CHECK_EQ(lgmp_client_next(second, LGMP_QUEUE_FRAME, &message), 1);
	lgmp_client_destroy(second);
	lgmp_client_destroy(first);
	guest_close(&guest);
}

static void no_frame_for_three_seconds_subscribes_anew(void **state) {
	(void)state;
	struct guest guest;
	guest_open(&guest, 20, MEMORY);
	struct lgmp_host *lgmp = kvmfr_host_lgmp(guest.host);
	struct lgmp_client *client = client_on(guest.path);
	guest_connect(&guest, client);
	CHECK_EQ(lgmp_host_take_new_subscribers(lgmp, 0), 1);

	const uint64_t start = guest.now_ns;
	while (lgmp_host_has_subscribers(lgmp, 0)) {
		guest_tick(&guest, client);
	}
	CHECK(guest.now_ns - start >= 3 * NS_PER_S && guest.now_ns - start < 3200 * NS_PER_MS);
	CHECK(!lgmp_host_has_subscribers(lgmp, 1));
	const uint64_t left = guest.now_ns;
	while (!lgmp_host_has_subscribers(lgmp, 0)) {
		guest_tick(&guest, client);
	}
	CHECK(guest.now_ns - left >= 300 * NS_PER_MS && guest.now_ns - left < 420 * NS_PER_MS);
	CHECK_EQ(lgmp_host_take_new_subscribers(lgmp, 0), 1);
	CHECK_EQ(lgmp_client_status(client)->resubscriptions, 1);
	/* the second time it waits longer */
	const uint64_t again = guest.now_ns;
	while (lgmp_host_has_subscribers(lgmp, 0)) {
		guest_tick(&guest, client);
	}
	CHECK(guest.now_ns - again >= 6 * NS_PER_S);
	while (!lgmp_host_has_subscribers(lgmp, 0)) {
		guest_tick(&guest, client);
	}
	/* once a frame has come, silence is a still desktop */
	struct lgmp_message message;
	CHECK_EQ(guest_post(&guest, 8, 8), 0);
	CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
	CHECK_EQ(lgmp_client_finish(client, &message), 0);
	for (unsigned i = 0; i < 2000; i++) {
		guest_tick(&guest, client);
		CHECK(lgmp_host_has_subscribers(lgmp, 0));
	}
	lgmp_client_destroy(client);
	guest_close(&guest);
}

static void a_replaced_or_cut_file_is_mapped_anew(void **state) {
	(void)state;
	struct guest guest;
	guest_open(&guest, 20, MEMORY);
	struct lgmp_client *client = client_on(guest.path);
	guest_connect(&guest, client);
	struct lgmp_message message;
	CHECK_EQ(guest_post(&guest, 8, 8), 0);
	CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
	struct shm *held = shm_ref(message.shm);

	CHECK_EQ(truncate(guest.path, 8192), 0);
	lgmp_client_step(client, guest.now_ns += 200 * NS_PER_MS);
	CHECK(client_state(client) != LGMP_STATE_RUNNING);
	CHECK_EQ(lgmp_client_finish(client, &message), -ESTALE);
	unsigned char byte = 1;
	CHECK_EQ(shm_copy(held, message.offset, &byte, 1), 0);
	CHECK_EQ(byte, 0);
	shm_unref(held);

	/* the VM starts again with a new file */
	struct guest again;
	char path[sizeof guest.path];
	strcpy(path, guest.path);
	guest_open(&again, 19, MEMORY);
	CHECK_EQ(rename(again.path, path), 0);
	strcpy(again.path, path);
	again.now_ns = guest.now_ns;
	guest_connect(&again, client);
	CHECK_EQ(lgmp_client_status(client)->kvmfr, 19);
	lgmp_client_destroy(client);
	guest_close(&again);
	guest_close(&guest);
}

static void requests_to_move_the_pointer_are_acknowledged(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		struct lgmp_host *lgmp = kvmfr_host_lgmp(guest.host);
		const unsigned queue = kvmfr_host_pointer_queue(guest.host);
		struct lgmp_client *client = client_on(guest.path);
		CHECK_EQ(lgmp_client_move_pointer(client, 1, 2, guest.now_ns), -ENOTCONN);
		guest_connect(&guest, client);
		CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
				LGMP_SEND_NONE);

		CHECK_EQ(lgmp_client_move_pointer(client, -7, 1234, guest.now_ns), 0);
		CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
				LGMP_SEND_SENT);
		static const uint8_t golden[12] = { 0, 0, 0, 0, 0xf9, 0xff, 0xff, 0xff, 0xd2, 0x04,
			0, 0 };
		uint8_t data[LGMP_DATA_MAX];
		CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), 12);
		assert_memory_equal(data, golden, 12);
		CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), -EAGAIN);
		CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
				LGMP_SEND_DONE);

		/* a host that never reads: full, then given up */
		const unsigned slots = layout_for(versions[v])->data_slots;
		for (unsigned i = 0; i < slots; i++) {
			CHECK_EQ(lgmp_client_move_pointer(client, (int32_t)i, 0, guest.now_ns), 0);
			CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
					LGMP_SEND_SENT);
		}
		CHECK_EQ(lgmp_client_move_pointer(client, 99, 0, guest.now_ns), 0);
		CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
				LGMP_SEND_WAITS);
		/* one place is enough for the newest */
		CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), 12);
		CHECK_EQ(data[4], 0);
		lgmp_client_step(client, guest.now_ns += 2 * NS_PER_MS);
		CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
				LGMP_SEND_SENT);
		guest.now_ns += 150 * NS_PER_MS;
		CHECK_EQ(lgmp_client_request_state(client, LGMP_MOVE_POINTER, guest.now_ns),
				LGMP_SEND_FAILED);
		for (unsigned i = 1; i < slots; i++) {
			CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), 12);
			CHECK_EQ(data[4], i);
		}
		CHECK_EQ(lgmp_host_read_data(lgmp, queue, data), 12);
		CHECK_EQ(data[4], 99);
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
}

static void every_client_gets_everything(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		const unsigned places = layout_for(versions[v])->slots_max;
		struct lgmp_client *clients[33];
		for (unsigned i = 0; i < places; i++) {
			clients[i] = client_on(guest.path);
			guest_connect(&guest, clients[i]);
		}
		/* one too many waits its turn, and says why */
		clients[places] = client_on(guest.path);
		for (unsigned i = 0; i < 80; i++) {
			guest_tick(&guest, clients[places]);
		}
		CHECK_EQ(client_state(clients[places]), LGMP_STATE_FULL);

		for (unsigned n = 0; n < 20; n++) {
			CHECK_EQ(guest_post(&guest, 8, 8), 0);
			for (unsigned i = 0; i < places; i++) {
				struct lgmp_message message;
				CHECK_EQ(lgmp_client_next(clients[i], LGMP_QUEUE_FRAME, &message),
						1);
				CHECK_EQ(first_pixel(&message), n);
				CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 1);
				CHECK_EQ(lgmp_client_finish(clients[i], &message), 0);
			}
			CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 0);
		}
		lgmp_client_destroy(clients[3]);
		for (unsigned i = 0; i < 150; i++) {
			guest_tick(&guest, clients[places]);
		}
		CHECK_EQ(client_state(clients[places]), LGMP_STATE_RUNNING);
		for (unsigned i = 0; i <= places; i++) {
			if (i != 3) {
				lgmp_client_destroy(clients[i]);
			}
		}
		guest_close(&guest);
	}
}

/* Each lie of lgmp.md 8 ends the session, in words, and never the program. */
static void lies_of_the_host_are_found(void **state) {
	(void)state;
	const struct lgmp_layout *layout = layout_for(20);
	const struct {
		uint64_t at;
		uint32_t value;
	} lies[] = {
		{ layout->queue_count, 6 },
		{ layout->queue_count, UINT32_MAX },
		{ layout->udata_size, 65537 },
		{ layout->udata_size, UINT32_MAX },
		{ layout->queues + layout->ring_length, 1 },
		{ layout->queues + layout->ring_length, 4097 },
		{ layout->queues + layout->ring_offset, 0 },
		{ layout->queues + layout->ring_offset, 5761 },
		{ layout->queues + layout->ring_offset, MEMORY - 16 },
		{ layout->queues + layout->ring_offset, UINT32_MAX & ~3u },
		{ layout->queues + layout->position, 3 },
	};
	for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct guest guest;
		guest_open(&guest, 20, MEMORY);
		lgmp_store32(lgmp_at32(shm_base(guest.shm), lies[i].at), lies[i].value);
		struct lgmp_client *client = client_on(guest.path);
		for (unsigned t = 0; t < 10; t++) {
			guest.now_ns += 10 * NS_PER_MS;
			lgmp_store64(lgmp_at64(shm_base(guest.shm), layout->timestamp),
					guest_ms(&guest));
			lgmp_client_step(client, guest.now_ns);
		}
		CHECK_EQ(client_state(client), LGMP_STATE_BROKEN);
		CHECK_EQ(lgmp_client_status(client)->corrupt, 1);
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
	/* in a running session: position, entry, count */
	for (unsigned i = 0; i < 6; i++) {
		struct guest guest;
		guest_open(&guest, 20, MEMORY);
		struct lgmp_client *client = client_on(guest.path);
		guest_connect(&guest, client);
		unsigned char *base = shm_base(guest.shm);
		const uint64_t queue = layout->queues;
		const uint64_t entry = lgmp_load32(lgmp_at32(base, queue + layout->ring_offset));
		CHECK_EQ(guest_post(&guest, 8, 8), 0);
		static const uint32_t bad[] = { 3, UINT32_MAX, MEMORY - 8, UINT32_MAX, 5757, 0 };
		const uint64_t at[] = { queue + layout->position, queue + layout->position,
			entry + layout->entry_offset, entry + layout->entry_size,
			entry + layout->entry_offset, entry + layout->entry_offset };
		lgmp_store32(lgmp_at32(base, at[i]), bad[i]);
		struct lgmp_message message;
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), -EBADMSG);
		CHECK_EQ(client_state(client), LGMP_STATE_BROKEN);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 0);
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
}

static void a_lock_that_is_never_released_is_no_hang(void **state) {
	(void)state;
	for (unsigned v = 0; v < 3; v++) {
		struct guest guest;
		guest_open(&guest, versions[v], MEMORY);
		const struct lgmp_layout *layout = layout_for(versions[v]);
		void *lock = shm_base(guest.shm) + layout->queues + layout->lock;
		struct lgmp_client *client = client_on(guest.path);
		CHECK(lgmp_try_lock(layout, lock));
		CHECK(!lgmp_try_lock(layout, lock));
		const uint64_t start = clock_now_ns();
		for (unsigned i = 0; i < 8; i++) {
			guest.now_ns += 10 * NS_PER_MS;
			lgmp_store64(lgmp_at64(shm_base(guest.shm), layout->timestamp),
					guest_ms(&guest));
			lgmp_client_step(client, guest.now_ns);
		}
		CHECK(clock_now_ns() - start < NS_PER_S);
		CHECK_EQ(client_state(client), LGMP_STATE_BROKEN);
		CHECK(strstr(lgmp_client_status(client)->reason, "lock"));
		lgmp_unlock(layout, lock);
		guest.now_ns += 2 * NS_PER_S;
		guest_connect(&guest, client);

		/* held while we finish: the host's periodic task retires the message later */
		struct lgmp_message message;
		CHECK_EQ(guest_post(&guest, 8, 8), 0);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
		CHECK(lgmp_try_lock(layout, lock));
		CHECK_EQ(lgmp_client_finish(client, &message), 0);
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 1);
		lgmp_unlock(layout, lock);
		guest_tick(&guest, client);
		CHECK_EQ(lgmp_host_count(kvmfr_host_lgmp(guest.host), 0), 0);
		lgmp_client_destroy(client);
		guest_close(&guest);
	}
}

static void lgmp5_touches_one_byte_of_its_lock(void **state) {
	(void)state;
	const struct lgmp_layout *layout = lgmp_layout_find(5);
	uint32_t word = 0xaabbcc00;
	CHECK(lgmp_try_lock(layout, &word));
	CHECK_EQ(word, 0xaabbcc01);
	CHECK(!lgmp_try_lock(layout, &word));
	lgmp_unlock(layout, &word);
	CHECK_EQ(word, 0xaabbcc00);
	CHECK(lgmp_layout_find(6)->byte_locks == false);
	CHECK_EQ(lgmp_layout_find(7), NULL);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_arrive_in_order),
		cmocka_unit_test(finishing_out_of_order_frees_both),
		cmocka_unit_test(waits_name_their_reason),
		cmocka_unit_test(another_kvmfr_is_named_and_heals),
		cmocka_unit_test(a_restarted_host_is_picked_up),
		cmocka_unit_test(a_dead_heart_ends_the_session_and_a_new_beat_starts_one),
		cmocka_unit_test(an_eviction_is_healed_by_one_subscription),
		cmocka_unit_test(inherited_bits_do_not_evict),
		cmocka_unit_test(no_frame_for_three_seconds_subscribes_anew),
		cmocka_unit_test(a_replaced_or_cut_file_is_mapped_anew),
		cmocka_unit_test(requests_to_move_the_pointer_are_acknowledged),
		cmocka_unit_test(every_client_gets_everything),
		cmocka_unit_test(lies_of_the_host_are_found),
		cmocka_unit_test(a_lock_that_is_never_released_is_no_hang),
		cmocka_unit_test(lgmp5_touches_one_byte_of_its_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
