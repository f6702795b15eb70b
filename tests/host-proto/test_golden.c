/* Our client against sessions that real B6 and B7 host programs wrote (tests/data/shm). */
#include <stdlib.h>

#include "host-proto/cursor.h"
#include "host-proto/lgmp_layout.h"
#include "host-proto/lgmp_queue.h"
#include "tests/support/golden.h"
#include "tests/support/guest.h"

#define FOLDER "tests/data/shm"

static const char *const releases[] = { "b6", "b7" };

static uint32_t crc32_of(const void *data, size_t size) {
	const uint8_t *bytes = data;
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		}
	}
	return ~crc;
}

/* The paragraph of one image in README-shm.md: what must come out. */
static char *expectations(const char *name) {
	char heading[64];
	static char text[64 * 1024];
	FILE *file = fopen(FOLDER "/README-shm.md", "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	snprintf(heading, sizeof heading, "### lgmp-%s.shm.zst", name);
	char *start = strstr(text, heading);
	assert_non_null(start);
	char *end = strstr(start + 4, "\n### ");
	if (end) {
		*end = '\0';
	}
	return start;
}

static uint32_t frame_crc(const char *paragraph, uint32_t serial) {
	char want[32];
	snprintf(want, sizeof want, "serial %u ", serial);
	const char *at = strstr(paragraph, want);
	assert_non_null(at);
	at = strstr(at, "crc32 ");
	assert_non_null(at);
	return (uint32_t)strtoul(at + 6, NULL, 16);
}

struct guest_link {
	struct golden golden;
	struct lgmp_client *client;
	char name[32], path[64];
	uint64_t now_ns;
};

static void open_image(struct guest_link *session, const char *release, unsigned number) {
	struct guest file;
	guest_file(&file, 1);
	snprintf(session->path, sizeof session->path, "%s", file.path);
	snprintf(session->name, sizeof session->name, "%s-640x360-%u", release, number);
	session->now_ns = 5 * NS_PER_S;
	CHECK_EQ(golden_open(&session->golden, FOLDER, session->name, session->path,
				 session->now_ns),
			0);
	CHECK_EQ(lgmp_client_create(&session->client, session->path), 0);
}

static void close_image(struct guest_link *session) {
	lgmp_client_destroy(session->client);
	golden_close(&session->golden);
	unlink(session->path);
}

static void tick(struct guest_link *session) {
	session->now_ns += 10 * NS_PER_MS;
	CHECK_EQ(golden_beat(&session->golden, session->now_ns), 0);
	lgmp_client_step(session->client, session->now_ns);
}

static void connect_session(struct guest_link *session) {
	for (unsigned i = 0; i < 50 && client_state(session->client) != LGMP_STATE_RUNNING; i++) {
		tick(session);
	}
	CHECK_EQ(client_state(session->client), LGMP_STATE_RUNNING);
}

static void check_info(const struct guest_link *session, const char *release) {
	const struct lgmp_status *status = lgmp_client_status(session->client);
	const bool b6 = strcmp(release, "b6") == 0;
	CHECK(status->lgmp == (b6 ? 5 : 6) && status->kvmfr == (b6 ? 19 : 20));
	assert_string_equal(status->info.host_version, b6 ? "B6" : "B7");
	assert_string_equal(status->info.capture, "XCB");
	CHECK(status->info.features == 0 && status->info.os == 0 && status->info.has_vm);
	CHECK(status->info.cpus == 2 && status->info.cores == 2 && status->info.sockets == 1);
	CHECK(strlen(status->info.model) > 0 && strlen(status->info.os_name) > 0);
}

/* Every recorded frame, bit for bit. */
static void check_frames(struct guest_link *session, const char *paragraph) {
	CHECK_EQ(session->golden.frame_count, 2);
	for (unsigned i = 0; i < session->golden.frame_count; i++) {
		struct lgmp_message message;
		struct frame frame;
		CHECK_EQ(golden_post_frame(&session->golden, i, session->now_ns), 1);
		CHECK_EQ(lgmp_client_next(session->client, LGMP_QUEUE_FRAME, &message), 1);
		CHECK_EQ(frame_read(message.shm, message.kvmfr, message.offset, message.size,
					 &frame),
				0);
		CHECK_EQ(frame.serial, session->golden.frames[i].serial);
		CHECK_EQ(frame.format, FRAME_FORMAT_BGRA);
		CHECK_EQ(frame.width, 640);
		CHECK_EQ(frame.height, 360);
		CHECK_EQ(frame.rows, 360);
		CHECK_EQ(frame.pitch, 2560);
		CHECK_EQ(frame.data_width, 640);
		CHECK_EQ(frame.screen_width, 640);
		CHECK_EQ(frame.screen_height, 360);
		CHECK_EQ(frame.rotation, 0);
		CHECK_EQ(frame.flags, 0);
		CHECK_EQ(frame.damage_count, 0);
		CHECK_EQ(frame.format_version, 0);
		CHECK_EQ(frame_written(&frame), 921600);
		CHECK_EQ(crc32_of(frame.pixels, 921600), frame_crc(paragraph, frame.serial));
		CHECK_EQ(memcmp(frame.pixels, "\x00\x00\xff\x00", 4), 0);
		CHECK_EQ(memcmp(frame.pixels + 921596, "\xff\xff\xff\x00", 4), 0);
		CHECK_EQ(lgmp_client_finish(session->client, &message), 0);
	}
}

static void check_pointers(struct guest_link *session, const char *paragraph) {
	static struct cursor_shape shape;
	unsigned shapes = 0;
	CHECK(session->golden.pointer_count > 0);
	for (unsigned i = 0; i < session->golden.pointer_count; i++) {
		struct lgmp_message message;
		struct cursor_update update;
		CHECK_EQ(golden_post_pointer(&session->golden, i, session->now_ns), 1);
		CHECK_EQ(lgmp_client_next(session->client, LGMP_QUEUE_POINTER, &message), 1);
		CHECK_EQ(cursor_read(message.shm, message.kvmfr, (uint32_t)message.udata,
					 message.offset, message.size, false, &update, &shape),
				0);
		/* "2: flags 3, pos 96,46" */
		char want[48];
		snprintf(want, sizeof want, "%u: flags %u, pos %d,%d", i, (unsigned)message.udata,
				update.x, update.y);
		CHECK(strstr(paragraph, want) != NULL);
		CHECK(update.has_position && update.has_visible);
		CHECK_EQ(update.visible, ((message.udata & 2) != 0));
		if (update.has_shape) {
			shapes++;
			CHECK_EQ(shape.width, 24);
			CHECK_EQ(shape.height, 24);
			CHECK_EQ(shape.hot_x, 4);
			CHECK_EQ(shape.hot_y, 4);
			CHECK(!shape.has_invert);
			/* premultiplied ARGB is what lies in the memory */
			CHECK_EQ(crc32_of(shape.color, 24 * 24 * 4), 0x6c341bb5);
		}
		CHECK_EQ(lgmp_client_finish(session->client, &message), 0);
	}
	CHECK_EQ(shapes, 1);
}

static void pixels_and_pointer_are_those_of_the_real_hosts(void **state) {
	(void)state;
	for (unsigned r = 0; r < 2; r++) {
		static const unsigned numbers[] = { 2, 3, 4, 5, 7, 8 };
		for (unsigned n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
			struct guest_link session;
			open_image(&session, releases[r], numbers[n]);
			const char *paragraph = expectations(session.name);
			connect_session(&session);
			check_info(&session, releases[r]);
			/* In image 7 a dead client holds both slots; the host throws it out. */
			for (unsigned i = 0; i < 110; i++) {
				tick(&session);
			}
			check_frames(&session, paragraph);
			check_pointers(&session, paragraph);
			close_image(&session);
		}
	}
}

static void a_host_without_frames_is_waited_for(void **state) {
	(void)state;
	for (unsigned r = 0; r < 2; r++) {
		struct guest_link session;
		struct lgmp_message message;
		open_image(&session, releases[r], 1);
		CHECK_EQ(session.golden.frame_count, 0);
		CHECK_EQ(session.golden.pointer_count, 0);
		connect_session(&session);
		check_info(&session, releases[r]);
		CHECK(strstr(lgmp_client_status(session.client)->reason, "no picture yet"));
		for (unsigned i = 0; i < 500; i++) {
			tick(&session);
			CHECK_EQ(client_state(session.client), LGMP_STATE_RUNNING);
			CHECK_EQ(lgmp_client_next(session.client, LGMP_QUEUE_FRAME, &message), 0);
		}
		close_image(&session);
	}
}

static void a_dead_host_is_a_dead_host(void **state) {
	(void)state;
	for (unsigned r = 0; r < 2; r++) {
		struct guest_link session;
		open_image(&session, releases[r], 6);
		for (unsigned i = 0; i < 500; i++) {
			lgmp_client_step(session.client, session.now_ns += 10 * NS_PER_MS);
		}
		CHECK_EQ(client_state(session.client), LGMP_STATE_NO_HEARTBEAT);
		CHECK(!golden_has_subscribers(&session.golden));
		close_image(&session);
	}
}

/* Image 8 is what an evicted subscriber finds when it wakes up again. */
static void who_was_thrown_out_sees_it(void **state) {
	(void)state;
	for (unsigned r = 0; r < 2; r++) {
		struct guest_link session;
		open_image(&session, releases[r], 8);
		const struct lgmp_layout *layout = lgmp_layout_find(5 + r);
		unsigned char *base = shm_base(session.golden.shm);
		const uint32_t id = lgmp_load32(lgmp_at32(base, layout->session));
		struct lgmp_subscription sub = { .active = true,
			.shm = session.golden.shm,
			.layout = layout,
			.base = base,
			.queue = layout->queues,
			.session = id,
			.client_id = 0x6b8b4567,
			.slot = 0,
			.bit = 1,
			.subs = base + layout->queues + layout->subs };
		CHECK_EQ(lgmp_subscription_check(&sub), -ETIME);
		/* A new subscription works at once, in whatever slot is free. */
		CHECK_EQ(golden_beat(&session.golden, session.now_ns + 10 * NS_PER_MS), 0);
		struct lgmp_subscription anew;
		CHECK_EQ(lgmp_subscribe(&anew, session.golden.shm, layout, 2, id, 42), 0);
		CHECK_EQ(lgmp_subscription_check(&anew), 0);
		lgmp_unsubscribe(&anew);
		close_image(&session);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pixels_and_pointer_are_those_of_the_real_hosts),
		cmocka_unit_test(a_host_without_frames_is_waited_for),
		cmocka_unit_test(a_dead_host_is_a_dead_host),
		cmocka_unit_test(who_was_thrown_out_sees_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
