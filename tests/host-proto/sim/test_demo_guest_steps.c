/* The demo guest, stepped by hand with the real client at the other end. */
#include "host-proto/sim/demo_guest.h"
#include "host-proto/stamp.h"
#include "tests/support/guest.h"

struct world {
	struct guest file; /* path and clock only */
	struct shm *shm;
	struct demo_guest *guest;
	struct lgmp_client *client;
	uint64_t now_ns;
	unsigned released, moved;
};

static void on_released(const struct demo_guest_times *times, void *data) {
	struct world *world = data;
	CHECK(times->written_ns >= times->posted_ns);
	world->released++;
}

static void on_moved(int x, int y, void *data) {
	struct world *world = data;
	CHECK_EQ(x, 12);
	CHECK_EQ(y, 34);
	world->moved++;
}

static void open_world(struct world *world, const struct demo_guest_config *config) {
	const struct demo_guest_events events = {
		.released = on_released, .moved = on_moved, .data = world
	};
	memset(world, 0, sizeof *world);
	guest_file(&world->file, (off_t)demo_guest_memory_bytes(config));
	CHECK_EQ(shm_map(&world->shm, world->file.path), 0);
	CHECK_EQ(demo_guest_create(&world->guest, world->shm, config, &events), 0);
	CHECK_EQ(lgmp_client_create(&world->client, world->file.path), 0);
	world->now_ns = clock_now_ns();
}

static void close_world(struct world *world) {
	lgmp_client_destroy(world->client);
	demo_guest_destroy(world->guest);
	shm_unref(world->shm);
	unlink(world->file.path);
}

/* Two milliseconds of both sides. Returns 1 with the next frame, still held. */
static int tick(struct world *world, struct lgmp_message *message, struct frame *frame) {
	struct lgmp_message pointer;
	world->now_ns += 2 * NS_PER_MS;
	demo_guest_step(world->guest, world->now_ns);
	lgmp_client_step(world->client, world->now_ns);
	while (lgmp_client_next(world->client, LGMP_QUEUE_POINTER, &pointer) > 0) {
		lgmp_client_finish(world->client, &pointer);
	}
	if (lgmp_client_next(world->client, LGMP_QUEUE_FRAME, message) <= 0) {
		return 0;
	}
	CHECK_EQ(frame_read(message->shm, message->kvmfr, message->offset, message->size, frame),
			0);
	return 1;
}

static void next_frame(struct world *world, struct lgmp_message *message, struct frame *frame) {
	for (unsigned i = 0; i < 2000; i++) {
		if (tick(world, message, frame)) {
			return;
		}
	}
	fail_msg("no frame came");
}

static struct demo_guest_config small(unsigned kvmfr, enum frame_format format) {
	struct demo_guest_config config = demo_guest_defaults();
	config.kvmfr = kvmfr;
	config.format = format;
	config.width = 320;
	config.height = 200;
	return config;
}

/* A row of any format as 4 bytes a pixel that stamp_read() takes: only light and dark matter. */
static void to_grey(const struct frame *frame, uint32_t row, uint8_t *out) {
	const unsigned bpp = frame_bytes_per_pixel(frame->format);
	const unsigned char *from = frame->pixels + (size_t)row * frame->pitch;
	for (uint32_t x = 0; x < frame->width; x++) {
		const unsigned char *pixel = from + (size_t)x * bpp;
		bool light = pixel[1] >= 128;
		if (frame->format == FRAME_FORMAT_RGBA16F) {
			light = (pixel[2] | pixel[3] << 8) >= 0x3800; /* 0.5 */
		} else if (frame->format == FRAME_FORMAT_RGBA10) {
			light = ((pixel[1] | pixel[2] << 8) >> 2 & 0x3ff) >= 512;
		}
		memset(out + (size_t)x * 4, light ? 255 : 0, 4);
	}
}

static void every_stripe_carries_the_serial(void **state) {
	(void)state;
	static const unsigned versions[] = { 19, 20, 34 };
	for (unsigned v = 0; v < 3; v++) {
		for (int format = FRAME_FORMAT_BGRA; format <= FRAME_FORMAT_RGB_24; format++) {
			if (v == 0 && format >= FRAME_FORMAT_BGR_32) {
				continue;
			}
			struct demo_guest_config config =
					small(versions[v], (enum frame_format)format);
			struct world world;
			struct lgmp_message message;
			struct frame frame;
			config.padding = 12;
			open_world(&world, &config);
			for (unsigned i = 0; i < 3; i++) {
				next_frame(&world, &message, &frame);
				CHECK_EQ(frame.format, (enum frame_format)format);
				CHECK_EQ(frame.width, 320);
				CHECK_EQ(frame.rows, 200);
				CHECK_EQ(frame_written(&frame), (uint64_t)frame.pitch * frame.rows);
				uint8_t row[320 * 4];
				for (unsigned s = 0; s < 200 / STAMP_STRIPE_ROWS; s++) {
					uint32_t serial = UINT32_MAX;
					to_grey(&frame, stamp_row(s), row);
					CHECK(stamp_read(row, 4, s, &serial));
					CHECK_EQ(serial, frame.serial);
					CHECK(!stamp_read(row, 4, s + 1, &serial));
				}
				CHECK_EQ(lgmp_client_finish(world.client, &message), 0);
			}
			CHECK(world.released >= 2);
			close_world(&world);
		}
	}
}

static void the_background_is_what_it_says(void **state) {
	(void)state;
	struct demo_guest_config config = small(20, FRAME_FORMAT_BGRA);
	struct world world;
	struct lgmp_message message;
	struct frame frame;
	open_world(&world, &config);
	next_frame(&world, &message, &frame);
	unsigned looked = 0;
	for (uint32_t y = 0; y < 200; y += 3) {
		/* beside stamps, counter and box */
		for (uint32_t x = 280; x < 320; x += 7) {
			const unsigned char *p = frame.pixels + y * frame.pitch + x * 4;
			const uint32_t rgb = (uint32_t)(p[2] << 16 | p[1] << 8 | p[0]);
			CHECK_EQ(rgb, demo_background(320, 200, x, y));
			looked++;
		}
	}
	CHECK(looked > 300);
	lgmp_client_finish(world.client, &message);
	close_world(&world);
}

/* Copying only the damage, block by block, must give the same picture as copying everything. */
static void damage_lists_tell_all_that_changed(void **state) {
	(void)state;
	for (unsigned pattern = 0; pattern < 2; pattern++) {
		struct demo_guest_config config = small(20, FRAME_FORMAT_BGRA);
		struct world world;
		struct lgmp_message message;
		struct frame frame;
		config.damage = pattern ? DEMO_DAMAGE_PERCENT : DEMO_DAMAGE_RECTS;
		config.damage_percent = 5;
		open_world(&world, &config);
		unsigned char *mine = NULL;
		for (unsigned i = 0; i < 30; i++) {
			next_frame(&world, &message, &frame);
			const size_t bytes = (size_t)frame.pitch * frame.rows;
			if (!mine) {
				mine = malloc(bytes);
				CHECK(mine != NULL);
				memcpy(mine, frame.pixels, bytes);
			}
			CHECK(i == 0 || frame.damage_count > 0);
			for (unsigned d = 0; d < frame.damage_count; d++) {
				const struct frame_rect *rect = &frame.damage[d];
				for (uint32_t y = rect->y; y < rect->y + rect->height; y++) {
					const size_t at = (size_t)y * frame.pitch + rect->x * 4;
					memcpy(mine + at, frame.pixels + at, rect->width * 4);
				}
			}
			assert_memory_equal(mine, frame.pixels, bytes);
			lgmp_client_finish(world.client, &message);
		}
		free(mine);
		close_world(&world);
	}
}

static void commands_change_what_comes(void **state) {
	(void)state;
	struct demo_guest_config config = small(20, FRAME_FORMAT_BGRA);
	struct world world;
	struct lgmp_message message;
	struct frame frame;
	open_world(&world, &config);
	next_frame(&world, &message, &frame);
	const uint32_t version = frame.format_version;
	lgmp_client_finish(world.client, &message);

	CHECK_EQ(demo_guest_command(world.guest, "size 256x64"), 0);
	CHECK_EQ(demo_guest_command(world.guest, "format bgr_32"), 0);
	next_frame(&world, &message, &frame);
	CHECK_EQ(frame.width, 256);
	CHECK_EQ(frame.height, 64);
	CHECK_EQ(frame.format, FRAME_FORMAT_BGR_32);
	CHECK(frame.format_version != version);
	lgmp_client_finish(world.client, &message);

	CHECK_EQ(demo_guest_command(world.guest, "truncate 10"), 0);
	next_frame(&world, &message, &frame);
	CHECK_EQ(frame.rows, 10);
	CHECK_EQ(frame.height, 64);
	CHECK(frame.flags & FRAME_TRUNCATED);
	lgmp_client_finish(world.client, &message);
	CHECK_EQ(demo_guest_command(world.guest, "truncate 0"), 0);

	const uint64_t all = (uint64_t)frame.pitch * 64;
	CHECK_EQ(demo_guest_command(world.guest, "stall 1"), 0);
	next_frame(&world, &message, &frame);
	CHECK(frame_written(&frame) < all);
	lgmp_client_finish(world.client, &message);
	CHECK_EQ(demo_guest_command(world.guest, "back 1"), 0);
	next_frame(&world, &message, &frame);
	CHECK_EQ(frame_written(&frame), all / 4);
	lgmp_client_finish(world.client, &message);

	CHECK_EQ(demo_guest_command(world.guest, "lie rotation 7 1"), 0);
	CHECK_EQ(demo_guest_command(world.guest, "rotation 2"), 0);
	next_frame(&world, &message, &frame);
	CHECK_EQ(frame.rotation, 0);
	lgmp_client_finish(world.client, &message);
	next_frame(&world, &message, &frame);
	CHECK_EQ(frame.rotation, 2);
	lgmp_client_finish(world.client, &message);

	/* what makes no sense is refused, and changes nothing */
	static const char *const bad[] = { "", "size", "size 0x0", "size 99999x1", "format yuv",
		"fps -1", "rotation 4", "lie nothing 1 1", "lie pitch x 1", "cursor dog",
		"pointer 1", "lgmp nothing 1", "nonsense", "truncate", "session now" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK(demo_guest_command(world.guest, bad[i]) < 0);
	}
	next_frame(&world, &message, &frame);
	CHECK_EQ(frame.width, 256);
	CHECK_EQ(frame.height, 64);
	CHECK_EQ(frame.rotation, 2);
	lgmp_client_finish(world.client, &message);
	close_world(&world);
}

static void faults_of_the_host_heal(void **state) {
	(void)state;
	struct demo_guest_config config = small(19, FRAME_FORMAT_BGRA);
	struct world world;
	struct lgmp_message message;
	struct frame frame;
	open_world(&world, &config);
	static const char *const faults[] = { "session", "wipe", "lgmp session 5",
		"lgmp position 9", "lgmp subs 1", "lgmp client_id 4" };
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		next_frame(&world, &message, &frame);
		lgmp_client_finish(world.client, &message);
		const uint64_t generation = message.generation;
		CHECK_EQ(demo_guest_command(world.guest, faults[i]), 0);
		for (unsigned n = 0; n < 2000 && message.generation == generation; n++) {
			if (tick(&world, &message, &frame)) {
				lgmp_client_finish(world.client, &message);
			}
			if (n == 1500 && strncmp(faults[i], "lgmp", 4) == 0) {
				/* a host that notices its broken memory starts anew */
				CHECK_EQ(demo_guest_command(world.guest, "session"), 0);
			}
		}
		CHECK(message.generation != generation);
	}
	close_world(&world);
}

static void clients_move_the_pointer(void **state) {
	(void)state;
	struct demo_guest_config config = small(20, FRAME_FORMAT_BGRA);
	struct world world;
	struct lgmp_message message;
	struct frame frame;
	open_world(&world, &config);
	next_frame(&world, &message, &frame);
	lgmp_client_finish(world.client, &message);
	CHECK_EQ(lgmp_client_move_pointer(world.client, 12, 34, world.now_ns), 0);
	for (unsigned i = 0; i < 20; i++) {
		if (tick(&world, &message, &frame)) {
			lgmp_client_finish(world.client, &message);
		}
	}
	CHECK_EQ(world.moved, 1);
	CHECK_EQ(lgmp_client_request_state(world.client, LGMP_MOVE_POINTER, world.now_ns),
			LGMP_SEND_DONE);
	close_world(&world);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stripe_carries_the_serial),
		cmocka_unit_test(the_background_is_what_it_says),
		cmocka_unit_test(damage_lists_tell_all_that_changed),
		cmocka_unit_test(commands_change_what_comes),
		cmocka_unit_test(faults_of_the_host_heal),
		cmocka_unit_test(clients_move_the_pointer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
