/* What a host of KVMFR 34 tells beside its picture: recovery region, HDR metadata, the answer to
 * the audio claim. */
#include <errno.h>

#include "host-proto/kvmfr_audio.h"
#include "host-proto/kvmfr_recovery.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/sim/demo_guest.h"
#include "tests/support/guest.h"

#define MEMORY (8 << 20)

static void the_region_tells_the_versions(void **state) {
	(void)state;
	struct guest guest;
	struct kvmfr_recovery recovery;
	guest_open(&guest, 20, MEMORY);
	CHECK_EQ(kvmfr_recovery_read(guest.shm, &recovery), -ENOENT);
	guest_close(&guest);
	guest_open(&guest, 34, MEMORY);
	CHECK_EQ(kvmfr_recovery_read(guest.shm, &recovery), 0);
	CHECK_EQ(recovery.lgmp, 12);
	CHECK_EQ(recovery.kvmfr, 34);
	CHECK_EQ(recovery.session, 77);
	CHECK(recovery.ready);
	assert_string_equal(recovery.program, "B-test");
	const uint64_t heartbeat = recovery.heartbeat;
	guest.now_ns += NS_PER_S;
	CHECK_EQ(kvmfr_host_periodic(guest.host, guest_ms(&guest)), 0);
	CHECK_EQ(kvmfr_recovery_read(guest.shm, &recovery), 0);
	CHECK(recovery.heartbeat != heartbeat);
	/* Frames keep out of it. */
	CHECK_EQ(guest_post(&guest, 640, 480), 0);
	CHECK_EQ(kvmfr_recovery_read(guest.shm, &recovery), 0);
	struct kvmfr_recovery_wire *wire =
			(void *)(shm_base(guest.shm) + MEMORY - KVMFR_RECOVERY_BYTES);
	wire->abi_version = 2;
	CHECK_EQ(kvmfr_recovery_read(guest.shm, &recovery), -EPROTONOSUPPORT);
	guest_close(&guest);
}

/* Its LGMP header has no place that we know; what an older host left there counts no more. */
static void a_host_from_tomorrow_is_named(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	guest_open(&guest, 34, MEMORY);
	struct kvmfr_recovery_wire *wire =
			(void *)(shm_base(guest.shm) + MEMORY - KVMFR_RECOVERY_BYTES);
	wire->lgmp = 14;
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	for (unsigned i = 0; i < 100; i++) {
		guest.now_ns += 10 * NS_PER_MS;
		CHECK_EQ(kvmfr_host_periodic(guest.host, guest_ms(&guest)), 0);
		lgmp_client_step(client, guest.now_ns);
	}
	CHECK_EQ(lgmp_client_status(client)->state, LGMP_STATE_RUNNING); /* a header that we know */
	lgmp_client_destroy(client);

	memset(shm_base(guest.shm), 0, 16384);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	for (unsigned i = 0; i < 100; i++) {
		guest.now_ns += 10 * NS_PER_MS;
		lgmp_client_step(client, guest.now_ns);
	}
	CHECK_EQ(lgmp_client_status(client)->state, LGMP_STATE_VERSION);
	CHECK_EQ(lgmp_client_status(client)->lgmp, 14);
	CHECK(strstr(lgmp_client_status(client)->reason, "LGMP 14"));
	lgmp_client_destroy(client);
	guest_close(&guest);
}

/* The doctor's look: the host is named, nothing in the memory changes but by the host. */
static void a_look_leaves_no_trace(void **state) {
	(void)state;
	struct guest guest;
	struct lgmp_client *client;
	guest_open(&guest, 34, MEMORY);
	static unsigned char before[16384];
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	lgmp_client_look_only(client);
	for (unsigned i = 0; i < 200; i++) {
		guest.now_ns += 10 * NS_PER_MS;
		CHECK_EQ(kvmfr_host_periodic(guest.host, guest_ms(&guest)), 0);
		memcpy(before, shm_base(guest.shm), sizeof before);
		lgmp_client_step(client, guest.now_ns);
		CHECK_EQ(memcmp(before, shm_base(guest.shm), sizeof before), 0);
	}
	CHECK_EQ(lgmp_client_status(client)->state, LGMP_STATE_FOUND);
	assert_string_equal(lgmp_client_status(client)->info.host_version, "B-test");
	lgmp_client_destroy(client);
	CHECK_EQ(memcmp(before, shm_base(guest.shm), sizeof before), 0);
	guest_close(&guest);
}

static void step_until(struct demo_guest *guest, struct lgmp_client *client, uint64_t *now_ns,
		enum lgmp_queue queue, struct lgmp_message *ret_message) {
	for (unsigned i = 0; i < 1000; i++) {
		*now_ns += 5 * NS_PER_MS;
		demo_guest_step(guest, *now_ns);
		lgmp_client_step(client, *now_ns);
		struct lgmp_message other;
		const enum lgmp_queue others =
				queue == LGMP_QUEUE_FRAME ? LGMP_QUEUE_POINTER : LGMP_QUEUE_FRAME;
		while (lgmp_client_next(client, others, &other) > 0) {
			lgmp_client_finish(client, &other);
		}
		while (lgmp_client_next(client, queue, ret_message) > 0) {
			if (queue == LGMP_QUEUE_FRAME ||
					kvmfr_audio_is_answer(ret_message->udata)) {
				return;
			}
			lgmp_client_finish(client, ret_message);
		}
		if (queue == LGMP_QUEUE_POINTER &&
				lgmp_client_status(client)->audio == KVMFR_AUDIO_NOT_ASKED) {
			(void)lgmp_client_claim_audio(client, *now_ns);
		}
	}
	fail_msg("no message came");
}

static void metadata_and_the_answer(void **state) {
	(void)state;
	struct guest guest = { .path = "" };
	struct demo_guest_config config = demo_guest_defaults();
	struct demo_guest *demo;
	struct lgmp_client *client;
	struct lgmp_message message;
	struct frame frame;
	struct kvmfr_audio_answer answer;
	uint32_t session;
	uint32_t client_id;
	config.kvmfr = 34;
	config.width = 320;
	config.height = 200;
	config.format = FRAME_FORMAT_RGBA10;
	config.flags = FRAME_HDR | FRAME_HDR_PQ | FRAME_HDR_METADATA;
	guest_file(&guest, (off_t)demo_guest_memory_bytes(&config));
	CHECK_EQ(shm_map(&guest.shm, guest.path), 0);
	CHECK_EQ(demo_guest_create(&demo, guest.shm, &config, NULL), 0);
	CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
	uint64_t now_ns = clock_now_ns();
	step_until(demo, client, &now_ns, LGMP_QUEUE_FRAME, &message);
	CHECK_EQ(frame_read(message.shm, message.kvmfr, message.offset, message.size, &frame), 0);
	CHECK(frame.flags & FRAME_HDR_METADATA);
	CHECK_EQ(frame.hdr.max_nits, 1000);
	CHECK_EQ(frame.hdr.max_cll_nits, 800);
	CHECK_EQ(frame.hdr.max_fall_nits, 400);
	CHECK_EQ(frame.hdr.min_nits_10000, 50);
	CHECK_EQ(frame.hdr.sdr_white_nits, 203);
	CHECK_EQ(frame.hdr.primaries[0][0], 35400);
	CHECK_EQ(frame.hdr.primaries[2][1], 2300);
	CHECK_EQ(frame.hdr.white[1], 16450);
	lgmp_client_finish(client, &message);

	step_until(demo, client, &now_ns, LGMP_QUEUE_POINTER, &message);
	CHECK_EQ(lgmp_client_status(client)->audio, KVMFR_AUDIO_NO_ANSWER);
	lgmp_client_identity(client, &session, &client_id);
	CHECK_EQ(kvmfr_audio_answer_read(
				 message.shm, message.offset, message.size, client_id + 1, &answer),
			-EBADMSG);
	CHECK_EQ(kvmfr_audio_answer_read(
				 message.shm, message.offset, message.size, client_id, &answer),
			0);
	CHECK_EQ(answer.result, KVMFR_AUDIO_BOUND);
	CHECK_EQ(answer.protocol, 2);
	lgmp_client_audio_answered(client, &answer);
	CHECK_EQ(lgmp_client_status(client)->audio, KVMFR_AUDIO_BOUND);
	lgmp_client_destroy(client);
	demo_guest_destroy(demo);
	shm_unref(guest.shm);
	unlink(guest.path);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_region_tells_the_versions),
		cmocka_unit_test(a_host_from_tomorrow_is_named),
		cmocka_unit_test(a_look_leaves_no_trace),
		cmocka_unit_test(metadata_and_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
