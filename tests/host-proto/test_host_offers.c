/* What a host of KVMFR 34 tells beside its picture: recovery region, HDR metadata, the answer to
 * the audio claim; and whose display its frames follow. */
#include <errno.h>

#include "host-proto/kvmfr_audio.h"
#include "host-proto/kvmfr_recovery.h"
#include "host-proto/kvmfr_schedule.h"
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
	for (unsigned i = 0; i < 100; i++) { /* it is gone: who knows which one comes */
		guest.now_ns += 10 * NS_PER_MS;
		lgmp_client_step(client, guest.now_ns);
		CHECK_EQ(lgmp_client_status(client)->state, LGMP_STATE_NO_MAGIC);
	}
	for (unsigned i = 0; i < 100; i++) {
		wire->heartbeat += i % 25 == 0;
		guest.now_ns += 10 * NS_PER_MS;
		lgmp_client_step(client, guest.now_ns);
	}
	CHECK_EQ(lgmp_client_status(client)->state, LGMP_STATE_VERSION);
	CHECK_EQ(lgmp_client_status(client)->lgmp, 14);
	CHECK(strstr(lgmp_client_status(client)->reason, "LGMP 14"));
	for (unsigned i = 0; i < 200; i++) {
		guest.now_ns += 10 * NS_PER_MS;
		lgmp_client_step(client, guest.now_ns);
	}
	CHECK_EQ(lgmp_client_status(client)->state, LGMP_STATE_NO_MAGIC);
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
	struct frame frame;
	CHECK_EQ(lgmp_client_peek_frame(client, &frame), -ENOENT);
	CHECK_EQ(guest_post(&guest, 64, 32), 0);
	CHECK_EQ(guest_post(&guest, 640, 480), 0); /* the newer one counts */
	memcpy(before, shm_base(guest.shm), sizeof before);
	CHECK_EQ(lgmp_client_peek_frame(client, &frame), 0);
	CHECK_EQ(frame.width, 640);
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

/* A producer with that configuration, and a client of it. */
static void meet(struct guest *guest, const struct demo_guest_config *config,
		struct demo_guest **ret_demo, struct lgmp_client **ret_client) {
	guest_file(guest, (off_t)demo_guest_memory_bytes(config));
	CHECK_EQ(shm_map(&guest->shm, guest->path), 0);
	CHECK_EQ(demo_guest_create(ret_demo, guest->shm, config, NULL), 0);
	CHECK_EQ(lgmp_client_create(ret_client, guest->path), 0);
}

static void part(struct guest *guest, struct demo_guest *demo, struct lgmp_client *client) {
	lgmp_client_destroy(client);
	demo_guest_destroy(demo);
	shm_unref(guest->shm);
	unlink(guest->path);
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
	meet(&guest, &config, &demo, &client);
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
	part(&guest, demo, client);
}

/* The doctor's question about the sound: from a look, and no frame waits for who asked. */
static void a_question_takes_no_frame(void **state) {
	(void)state;
	struct guest guest = { .path = "" };
	struct demo_guest_config config = demo_guest_defaults();
	struct demo_guest *demo;
	struct lgmp_client *client;
	struct lgmp_message message;
	struct kvmfr_audio_answer answer;
	uint32_t session;
	struct demo_guest_counters counters;
	uint32_t client_id;
	bool asked = false;
	config.kvmfr = 34;
	config.width = 320;
	config.height = 200;
	meet(&guest, &config, &demo, &client);
	lgmp_client_look_only(client);
	const struct lgmp_status *status = lgmp_client_status(client);
	uint64_t now_ns = clock_now_ns();
	/* Longer than a host without frames is waited for: 3 s. */
	for (unsigned i = 0; i < 1500; i++) {
		now_ns += 5 * NS_PER_MS;
		demo_guest_step(demo, now_ns);
		lgmp_client_step(client, now_ns);
		if (status->state == LGMP_STATE_FOUND) {
			lgmp_client_ask_only(client);
		}
		asked = asked || lgmp_client_claim_audio(client, now_ns) == 0;
		lgmp_client_identity(client, &session, &client_id);
		while (lgmp_client_next(client, LGMP_QUEUE_POINTER, &message) > 0) {
			if (kvmfr_audio_is_answer(message.udata)) {
				CHECK_EQ(kvmfr_audio_answer_read(message.shm, message.offset,
							 message.size, client_id, &answer),
						0);
				lgmp_client_audio_answered(client, &answer);
			}
			CHECK_EQ(lgmp_client_finish(client, &message), 0);
		}
	}
	CHECK_EQ(status->state, LGMP_STATE_RUNNING);
	CHECK_EQ(status->audio, KVMFR_AUDIO_BOUND);
	CHECK_EQ(status->resubscriptions, 0);
	demo_guest_counters(demo, &counters);
	CHECK_EQ(counters.posted, 0); /* there was nobody to take a frame */
	part(&guest, demo, client);
}

/* Whatever a host offers, and in whatever combination: it is told so, and its picture comes. */
static void every_choice_of_offers_plays(void **state) {
	(void)state;
	for (unsigned choice = 0; choice < 64; choice++) {
		struct guest guest = { .path = "" };
		struct demo_guest_config config = demo_guest_defaults();
		struct demo_guest *demo;
		struct lgmp_client *client;
		struct lgmp_message message;
		config.kvmfr = 34;
		config.width = 64;
		config.height = 32;
		config.accepts_cursor_position = (choice & KVMFR_FEATURE_SET_CURSOR_POS) != 0;
		config.accepts_window_size = (choice & KVMFR_FEATURE_WINDOW_SIZE) != 0;
		config.offers_schedule = (choice & KVMFR_FEATURE_FRAME_SCHEDULE) != 0;
		config.offers_input = (choice & KVMFR_FEATURE_INPUT) != 0;
		config.offers_clipboard = (choice & KVMFR_FEATURE_CLIPBOARD) != 0;
		config.offers_audio = (choice & KVMFR_FEATURE_AUDIO) != 0;
		guest_file(&guest, (off_t)demo_guest_memory_bytes(&config));
		CHECK_EQ(shm_map(&guest.shm, guest.path), 0);
		CHECK_EQ(demo_guest_create(&demo, guest.shm, &config, NULL), 0);
		CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
		lgmp_client_want(client, LGMP_QUEUE_INPUT);
		lgmp_client_want(client, LGMP_QUEUE_CLIPBOARD);
		lgmp_client_want(client, LGMP_QUEUE_OWNER_A);
		lgmp_client_want(client, LGMP_QUEUE_OWNER_B);
		uint64_t now_ns = clock_now_ns();
		step_until(demo, client, &now_ns, LGMP_QUEUE_FRAME, &message);
		CHECK_EQ(lgmp_client_status(client)->info.features, choice);
		CHECK_EQ(lgmp_client_finish(client, &message), 0);
		CHECK_EQ(lgmp_client_window_size(client, 800, 600, now_ns),
				choice & KVMFR_FEATURE_WINDOW_SIZE ? 0 : -EOPNOTSUPP);
		lgmp_client_destroy(client);
		demo_guest_destroy(demo);
		shm_unref(guest.shm);
		unlink(guest.path);
	}
}

/* A client that counts the frames that it gets, by where. */
struct viewer {
	struct lgmp_client *client;
	unsigned all, own;   /* on the queue of all, on its own */
	uint32_t generation; /* of the newest frame's schedule */
	uint64_t own_udata;
};

static void viewer_open(struct viewer *viewer, const struct guest *guest) {
	*viewer = (struct viewer){ .all = 0 };
	CHECK_EQ(lgmp_client_create(&viewer->client, guest->path), 0);
	lgmp_client_want(viewer->client, LGMP_QUEUE_OWNER_A);
	lgmp_client_want(viewer->client, LGMP_QUEUE_OWNER_B);
}

static void view(struct viewer *viewer, uint64_t now_ns) {
	struct lgmp_message message;
	struct frame frame;
	lgmp_client_step(viewer->client, now_ns);
	for (enum lgmp_queue queue = 0; queue < LGMP_QUEUE_COUNT; queue++) {
		while (lgmp_client_next(viewer->client, queue, &message) > 0) {
			if (lgmp_queue_has_frames(queue)) {
				const bool own = queue != LGMP_QUEUE_FRAME;
				CHECK_EQ(frame_read(message.shm, message.kvmfr, message.offset,
							 message.size, &frame),
						0);
				viewer->generation = frame.schedule_generation;
				if (own) {
					CHECK_EQ(message.udata,
							(uint64_t)frame.schedule_epoch << 32 |
									frame.schedule_deadline);
				}
				viewer->own += own;
				viewer->all += !own;
			}
			CHECK_EQ(lgmp_client_finish(viewer->client, &message), 0);
		}
	}
}

struct pacing {
	struct guest guest;
	struct demo_guest *demo;
	struct viewer a, b;
	uint64_t now_ns;
};

static void run_for(struct pacing *pacing, unsigned ms) {
	pacing->a.all = pacing->a.own = pacing->b.all = pacing->b.own = 0;
	for (unsigned i = 0; i < ms; i++) {
		pacing->now_ns += NS_PER_MS;
		demo_guest_step(pacing->demo, pacing->now_ns);
		view(&pacing->a, pacing->now_ns);
		view(&pacing->b, pacing->now_ns);
	}
}

static void say(struct viewer *viewer, unsigned flags, uint32_t generation) {
	const struct kvmfr_schedule schedule = { .generation = generation,
		.flags = flags,
		.period_ns = NS_PER_S / 60,
		.lease_ms = KVMFR_SCHEDULE_LEASE_MS };
	CHECK_EQ(lgmp_client_schedule(viewer->client, &schedule), 0);
}

/* Frames follow one client at a time: it gets them on a queue of its own, the others as ever. A
 * second one is refused until the first gives it back, or its lease is over. */
static void frames_follow_one_client(void **state) {
	(void)state;
	struct pacing p = { .now_ns = clock_now_ns() };
	struct demo_guest_config config = demo_guest_defaults();
	config.kvmfr = 34;
	config.width = 320;
	config.height = 200;
	config.fps = 50;
	guest_file(&p.guest, (off_t)demo_guest_memory_bytes(&config));
	CHECK_EQ(shm_map(&p.guest.shm, p.guest.path), 0);
	CHECK_EQ(demo_guest_create(&p.demo, p.guest.shm, &config, NULL), 0);
	viewer_open(&p.a, &p.guest);
	viewer_open(&p.b, &p.guest);
	run_for(&p, 2000);
	CHECK_EQ(client_state(p.a.client), LGMP_STATE_RUNNING);
	CHECK_EQ(client_state(p.b.client), LGMP_STATE_RUNNING);
	run_for(&p, 500);
	CHECK_EQ(p.a.own + p.b.own, 0);
	CHECK(p.a.all >= 24 && p.b.all >= 24);

	say(&p.a, KVMFR_SCHEDULE_ACTIVE, 7);
	run_for(&p, 50);
	say(&p.b, KVMFR_SCHEDULE_ACTIVE, 7); /* comes too late */
	run_for(&p, 500);
	CHECK(p.a.own >= 29 && p.a.own <= 31); /* the period of the display, not of the guest */
	CHECK_EQ(p.a.generation, 7);
	CHECK_EQ(p.b.own, 0);
	CHECK(p.b.all >= 29);

	say(&p.a, KVMFR_SCHEDULE_RELEASE, 7);
	run_for(&p, 50);
	run_for(&p, 500);
	CHECK_EQ(p.a.own + p.b.own, 0);
	CHECK(p.a.all >= 24);
	say(&p.b, KVMFR_SCHEDULE_ACTIVE, 1);
	run_for(&p, 50);
	run_for(&p, 500);
	CHECK(p.b.own >= 29);
	CHECK_EQ(p.a.own, 0);
	run_for(&p, 600); /* nobody renews it */
	run_for(&p, 500);
	CHECK_EQ(p.b.own, 0);
	CHECK(p.b.all >= 24);

	CHECK_EQ(demo_guest_command(p.demo, "schedule busy"), 0);
	say(&p.a, KVMFR_SCHEDULE_ACTIVE, 8);
	run_for(&p, 500);
	CHECK_EQ(p.a.own, 0);
	CHECK(p.a.all >= 24);
	lgmp_client_destroy(p.a.client);
	lgmp_client_destroy(p.b.client);
	demo_guest_destroy(p.demo);
	shm_unref(p.guest.shm);
	unlink(p.guest.path);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_region_tells_the_versions),
		cmocka_unit_test(a_host_from_tomorrow_is_named),
		cmocka_unit_test(a_look_leaves_no_trace),
		cmocka_unit_test(metadata_and_the_answer),
		cmocka_unit_test(a_question_takes_no_frame),
		cmocka_unit_test(every_choice_of_offers_plays),
		cmocka_unit_test(frames_follow_one_client),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
