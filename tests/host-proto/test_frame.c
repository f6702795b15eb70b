/* Frame headers, pointer messages and user data: every check of kvmfr.md 10. */
#include <errno.h>

#include "host-proto/cursor.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/sim/demo_cursor.h"
#include "tests/support/guest.h"

#define BLOCK  8192u /* where the tests put their payload block */
#define MEMORY (1 << 20)

static struct shm *shm;
static char path[64];

static int set_up(void **state) {
	(void)state;
	struct guest guest;
	guest_file(&guest, MEMORY);
	strcpy(path, guest.path);
	return shm_map(&shm, path);
}

static int tear_down(void **state) {
	(void)state;
	shm_unref(shm);
	unlink(path);
	return 0;
}

/* 64 x 32, BGRA, one page header, in a block of 16 KiB. */
static struct kvmfr_frame20_wire good20(void) {
	struct kvmfr_frame20_wire wire = { .format_version = 3,
		.serial = 9,
		.type = KVMFR_TYPE_BGRA,
		.screen_width = 64,
		.screen_height = 32,
		.data_width = 64,
		.data_height = 32,
		.frame_width = 64,
		.frame_height = 32,
		.stride = 64,
		.pitch = 256,
		.offset = 4092 };
	return wire;
}

#define GOOD_SIZE 16384u

static int read20(const struct kvmfr_frame20_wire *wire, uint32_t size, struct frame *frame) {
	memcpy(shm_base(shm) + BLOCK, wire, sizeof *wire);
	return frame_read(shm, 20, BLOCK, size, frame);
}

static void a_good_frame_is_read_as_it_is(void **state) {
	(void)state;
	struct kvmfr_frame20_wire wire = good20();
	struct frame frame;
	wire.rotation = 3;
	wire.flags = UINT32_MAX;
	wire.damage_count = 2;
	wire.damage[0] = (struct kvmfr_rect_wire){ 1, 2, 3, 4 };
	wire.damage[1] = (struct kvmfr_rect_wire){ 60, 30, 100, UINT32_MAX };
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.serial, 9);
	CHECK_EQ(frame.format_version, 3);
	CHECK_EQ(frame.damage_since, 8);
	CHECK_EQ(frame.format, FRAME_FORMAT_BGRA);
	CHECK_EQ(frame.width, 64);
	CHECK_EQ(frame.height, 32);
	CHECK_EQ(frame.rows, 32);
	CHECK_EQ(frame.pitch, 256);
	CHECK_EQ(frame.rotation, 3);
	CHECK_EQ(frame.flags, 0x1f); /* unknown bits are gone */
	CHECK_EQ(frame.damage_count, 2);
	CHECK_EQ(frame.damage[0].x, 1);
	CHECK_EQ(frame.damage[0].height, 4);
	CHECK_EQ(frame.damage[1].width, 4);
	CHECK_EQ(frame.damage[1].height, 2);
	CHECK_EQ(frame.pixels_offset, BLOCK + 4096);
	CHECK_EQ(frame.pixels, shm_base(shm) + BLOCK + 4096);

	__atomic_store_n((uint32_t *)(void *)(shm_base(shm) + BLOCK + 4092), 100, __ATOMIC_RELEASE);
	CHECK_EQ(frame_written(&frame), 100);
	__atomic_store_n((uint32_t *)(void *)(shm_base(shm) + BLOCK + 4092), UINT32_MAX,
			__ATOMIC_RELEASE);
	CHECK_EQ(frame_written(&frame), 256 * 32);
}

static void the_header_of_release_b6_has_no_data_size(void **state) {
	(void)state;
	struct kvmfr_frame19_wire wire = { .serial = 1,
		.type = KVMFR_TYPE_RGBA16F,
		.screen_width = 100,
		.screen_height = 50,
		.frame_width = 8,
		.frame_height = 4,
		.rotation = 1,
		.pitch = 64,
		.offset = 1076,
		.flags = FRAME_TRUNCATED | FRAME_HDR };
	struct frame frame;
	memcpy(shm_base(shm) + BLOCK, &wire, sizeof wire);
	CHECK_EQ(frame_read(shm, 19, BLOCK, 1076 + 4 + 256, &frame), 0);
	CHECK_EQ(frame.format, FRAME_FORMAT_RGBA16F);
	CHECK_EQ(frame.rows, 4);
	CHECK_EQ(frame.data_width, 8);
	CHECK_EQ(frame.flags, FRAME_TRUNCATED); /* no HDR flag in that version */
	CHECK_EQ(frame.screen_width, 100);
	CHECK_EQ(frame.rotation, 1);
	/* packed formats are of B7 */
	wire.type = KVMFR_TYPE_BGR_32;
	memcpy(shm_base(shm) + BLOCK, &wire, sizeof wire);
	CHECK_EQ(frame_read(shm, 19, BLOCK, GOOD_SIZE, &frame), -EPROTONOSUPPORT);
	CHECK_EQ(frame_read(shm, 21, BLOCK, GOOD_SIZE, &frame), -EPROTONOSUPPORT);
}

struct lie {
	size_t field;
	uint32_t value;
	int result;
};
#define LIE(field, value, result) \
	{ offsetof(struct kvmfr_frame20_wire, field), value, result }

static void lies_in_the_header_are_refused(void **state) {
	(void)state;
	static const struct lie lies[] = {
		LIE(type, 0, -EPROTONOSUPPORT),
		LIE(type, 7, -EPROTONOSUPPORT),
		LIE(type, UINT32_MAX, -EPROTONOSUPPORT),
		LIE(frame_width, 0, -EBADMSG),
		LIE(frame_width, 16385, -EBADMSG),
		LIE(frame_width, 65, -EBADMSG), /* wider than the pitch */
		LIE(frame_width, UINT32_MAX, -EBADMSG),
		LIE(frame_height, 0, -EBADMSG),
		LIE(frame_height, 16385, -EBADMSG),
		LIE(data_width, 0, -EBADMSG),
		LIE(data_width, 63, -EBADMSG),
		LIE(data_width, 16385, -EBADMSG),
		LIE(data_width, 134218368, -EBADMSG),
		LIE(data_height, 0, -EBADMSG),
		LIE(data_height, UINT32_MAX, -EBADMSG),
		LIE(pitch, 255, -EBADMSG),
		LIE(pitch, 0, -EBADMSG),
		LIE(pitch, 16384 * 8 + 4097, -EBADMSG),
		LIE(pitch, UINT32_MAX, -EBADMSG),
		LIE(offset, 1083, -EBADMSG),
		LIE(offset, 0, -EBADMSG),
		LIE(offset, 4093, -EBADMSG),
		LIE(offset, GOOD_SIZE, -EBADMSG),
		LIE(offset, GOOD_SIZE - 4, -EBADMSG), /* no room for a row */
		LIE(offset, UINT32_MAX - 3, -EBADMSG),
	};
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct kvmfr_frame20_wire wire = good20();
		struct frame frame;
		memcpy((unsigned char *)&wire + lies[i].field, &lies[i].value, 4);
		CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), lies[i].result);
	}
}

static void the_limits_themselves_are_allowed(void **state) {
	(void)state;
	struct frame frame;
	struct kvmfr_frame20_wire wire = good20();
	wire.type = KVMFR_TYPE_RGBA16F;
	wire.screen_width = wire.screen_height = 65535;
	wire.frame_width = wire.data_width = FRAME_SIDE_MAX;
	wire.frame_height = wire.data_height = 496;
	wire.pitch = FRAME_SIDE_MAX * 8 + 4096;
	wire.damage_count = FRAME_DAMAGE_MAX;
	for (unsigned i = 0; i < FRAME_DAMAGE_MAX; i++) {
		wire.damage[i] = (struct kvmfr_rect_wire){ i, 0, 1, 1 };
	}
	/* The rows that are there are four. */
	CHECK_EQ(read20(&wire, 4096 + 4 * wire.pitch, &frame), 0);
	CHECK_EQ(frame.width, FRAME_SIDE_MAX);
	CHECK_EQ(frame.height, 496);
	CHECK_EQ(frame.rows, 4);
	CHECK_EQ(frame.screen_width, 65535);
	CHECK_EQ(frame.screen_height, 65535);
	CHECK_EQ(frame.damage_count, FRAME_DAMAGE_MAX);
	CHECK_EQ(frame.damage[63].x, 63);
}

static void oddities_are_made_harmless(void **state) {
	(void)state;
	struct frame frame;
	struct kvmfr_frame20_wire wire = good20();
	wire.screen_width = 0;
	wire.rotation = 4;
	wire.data_width = 128;
	wire.data_height = 40;
	wire.damage_count = 65;
	wire.stride = UINT32_MAX;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.screen_width, 64);
	CHECK_EQ(frame.screen_height, 32);
	CHECK_EQ(frame.rotation, 0);
	CHECK_EQ(frame.data_width, 64);
	CHECK_EQ(frame.rows, 32);
	CHECK_EQ(frame.damage_count, 0);

	wire = good20();
	wire.screen_height = 65536;
	wire.damage_count = UINT32_MAX; /* negative, for who takes it as signed */
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.screen_height, 32);
	CHECK_EQ(frame.damage_count, 0);

	/* rectangles: outside, empty, with sums that wrap */
	wire = good20();
	wire.damage_count = 5;
	wire.damage[0] = (struct kvmfr_rect_wire){ 64, 0, 1, 1 };
	wire.damage[1] = (struct kvmfr_rect_wire){ 0, 32, 1, 1 };
	wire.damage[2] = (struct kvmfr_rect_wire){ 5, 5, 0, 1 };
	wire.damage[3] = (struct kvmfr_rect_wire){ UINT32_MAX, UINT32_MAX, 2, 2 };
	wire.damage[4] = (struct kvmfr_rect_wire){ 63, 31, UINT32_MAX, UINT32_MAX };
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.damage_count, 1);
	CHECK_EQ(frame.damage[0].x, 63);
	CHECK_EQ(frame.damage[0].width, 1);
	CHECK_EQ(frame.damage[0].height, 1);
}

static void what_was_not_understood_is_said(void **state) {
	(void)state;
	char text[96];
	struct kvmfr_frame20_wire wire = good20();
	struct frame frame;
	wire.type = 99;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), -EPROTONOSUPPORT);
	assert_string_equal(frame_describe(shm, 20, BLOCK, GOOD_SIZE, text, sizeof text),
			"pixel type 99, 64x32, pitch 256, pixels at 4092 of 16384 bytes");
	assert_string_equal(frame_describe(shm, 20, BLOCK, 8, text, sizeof text),
			"block of 8 bytes, too small for a header");
	assert_string_equal(frame_describe(shm, 20, UINT64_MAX - 4, GOOD_SIZE, text, sizeof text),
			"block of 16384 bytes, too small for a header");
}

/* Textures are made for the height that is claimed: a few pages of memory must not make gigabytes.
 */
static void what_is_claimed_is_in_proportion_to_the_memory(void **state) {
	(void)state;
	struct frame frame;
	struct kvmfr_frame20_wire wire = good20();
	wire.frame_width = wire.data_width = FRAME_SIDE_MAX;
	wire.frame_height = wire.data_height = FRAME_SIDE_MAX;
	wire.pitch = FRAME_SIDE_MAX * 4;
	CHECK_EQ(read20(&wire, 4096 + 4 * wire.pitch, &frame), -EBADMSG);
	/* 64 MiB are free: a guest of 4K whose memory is far too small is shown as far as it goes.
	 */
	wire.frame_height = wire.data_height = 1024;
	CHECK_EQ(read20(&wire, 4096 + 4 * wire.pitch, &frame), 0);
	CHECK_EQ(frame.rows, 4);
	wire.frame_height = wire.data_height = 1025;
	CHECK_EQ(read20(&wire, 4096 + 4 * wire.pitch, &frame), -EBADMSG);
	/* narrow ones may be as high as can be */
	wire = good20();
	wire.frame_height = wire.data_height = FRAME_SIDE_MAX;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.height, FRAME_SIDE_MAX);
}

static void rows_that_are_not_in_the_block_are_not_read(void **state) {
	(void)state;
	struct kvmfr_frame20_wire wire = good20();
	struct frame frame;
	CHECK_EQ(read20(&wire, 4096 + 32 * 256, &frame), 0);
	CHECK_EQ(frame.rows, 32);
	CHECK_EQ(frame.flags, 0);
	CHECK_EQ(read20(&wire, 4096 + 32 * 256 - 1, &frame), 0);
	CHECK_EQ(frame.rows, 31);
	CHECK_EQ(frame.flags, FRAME_TRUNCATED);
	CHECK_EQ(frame.height, 32);
	CHECK_EQ(read20(&wire, 4096 + 256, &frame), 0);
	CHECK_EQ(frame.rows, 1);
	CHECK_EQ(read20(&wire, 4096 + 255, &frame), -EBADMSG);
	CHECK_EQ(read20(&wire, 1083, &frame), -EBADMSG);
	CHECK_EQ(read20(&wire, 0, &frame), -EBADMSG);
	/* damage below the rows that exist is no damage */
	wire.damage_count = 2;
	wire.damage[0] = (struct kvmfr_rect_wire){ 0, 4, 8, 8 };
	wire.damage[1] = (struct kvmfr_rect_wire){ 0, 10, 8, 8 };
	wire.data_height = 8;
	wire.flags = FRAME_TRUNCATED;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.rows, 8);
	CHECK_EQ(frame.damage_count, 1);
	CHECK_EQ(frame.damage[0].height, 4);

	/* the block itself */
	memcpy(shm_base(shm) + BLOCK, &wire, sizeof wire);
	CHECK_EQ(frame_read(shm, 20, MEMORY - 4096, GOOD_SIZE, &frame), -ERANGE);
	CHECK_EQ(frame_read(shm, 20, UINT64_MAX - 100, GOOD_SIZE, &frame), -ERANGE);
	CHECK_EQ(frame_read(shm, 20, BLOCK + 2, GOOD_SIZE, &frame), -EBADMSG);
}

static void packed_rows_are_checked_in_texels(void **state) {
	(void)state;
	struct frame frame;
	struct kvmfr_frame20_wire wire = good20();
	wire.type = KVMFR_TYPE_BGR_32;
	wire.frame_width = 1366;
	wire.data_width = 1088;
	wire.pitch = 4352;
	wire.frame_height = 2;
	wire.data_height = 2;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.format, FRAME_FORMAT_BGR_32);
	CHECK_EQ(frame.data_width, 1088);
	wire.data_width = 1024; /* 4096 bytes < 4098 */
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), -EBADMSG);
	wire.data_width = 1200; /* more texels than a row has */
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.data_width, 1088);
	wire.pitch = 4354;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), -EBADMSG);
	/* the host's arithmetic may lose one row (kvmfr.md 3.3): no truncation */
	wire.pitch = 4352;
	wire.data_width = 1088;
	wire.data_height = 1;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.rows, 1);
	CHECK_EQ(frame.height, 2);
	CHECK_EQ(frame.flags, 0);
	wire.type = KVMFR_TYPE_RGB_24;
	wire.pitch = 1366 * 3;
	wire.data_width = 1366;
	CHECK_EQ(read20(&wire, GOOD_SIZE, &frame), 0);
	CHECK_EQ(frame.data_width, 1366);
}

static void damage_of_skipped_frames_is_kept(void **state) {
	(void)state;
	struct frame older = guest_frame(64, 32);
	struct frame newer = older;
	older.serial = 4;
	older.damage_since = 3;
	older.damage_count = 1;
	older.damage[0] = (struct frame_rect){ 1, 1, 2, 2 };
	newer.serial = 5;
	newer.damage_since = 4;
	newer.damage_count = 1;
	newer.damage[0] = (struct frame_rect){ 8, 8, 2, 2 };

	struct frame merged = newer;
	frame_merge_damage(&merged, &older);
	CHECK_EQ(merged.damage_count, 2);
	CHECK_EQ(merged.damage_since, 3);
	CHECK_EQ(merged.damage[1].x, 1);
	/* and once more on top of it */
	struct frame next = newer;
	next.serial = 6;
	next.damage_since = 5;
	frame_merge_damage(&next, &merged);
	CHECK_EQ(next.damage_count, 3);
	CHECK_EQ(next.damage_since, 3);

	merged = newer;
	merged.damage_since = 9; /* a gap */
	frame_merge_damage(&merged, &older);
	CHECK_EQ(merged.damage_count, 0);
	merged = newer;
	merged.damage_count = 0; /* all */
	frame_merge_damage(&merged, &older);
	CHECK_EQ(merged.damage_count, 0);
	merged = newer;
	merged.damage_count = FRAME_DAMAGE_MAX;
	frame_merge_damage(&merged, &older);
	CHECK_EQ(merged.damage_count, 0);
	merged = newer;
	merged.width = 32;
	frame_merge_damage(&merged, &older);
	CHECK_EQ(merged.damage_count, 0);
	CHECK(!frame_same_geometry(&merged, &older));
}

/* --- pointer ------------------------------------------------------------------------------ */

static struct cursor_shape shape;

static int read_cursor(const struct kvmfr_cursor_wire *wire, const void *data, size_t size,
		uint32_t flags, bool straight, struct cursor_update *update) {
	memcpy(shm_base(shm) + BLOCK, wire, sizeof *wire);
	memcpy(shm_base(shm) + BLOCK + sizeof *wire, data, size);
	return cursor_read(shm, 20, flags, BLOCK, (uint32_t)(sizeof *wire + size), straight, update,
			&shape);
}

static void positions_are_signed(void **state) {
	(void)state;
	struct cursor_update update;
	struct kvmfr_cursor_wire wire = { .x = -5, .y = -32768 };
	const uint32_t serial = shape.serial;
	CHECK_EQ(read_cursor(&wire, "", 0, 3, false, &update), 0);
	CHECK(update.has_position && update.visible && update.has_visible && !update.has_shape);
	CHECK_EQ(update.x, -5);
	CHECK_EQ(update.y, -32768);
	CHECK_EQ(shape.serial, serial);
	CHECK_EQ(read_cursor(&wire, "", 0, 0, false, &update), 0);
	CHECK(!update.has_position && !update.visible);
	CHECK_EQ(cursor_read(shm, 20, 3, BLOCK, 23, false, &update, &shape), -EBADMSG);
	CHECK_EQ(cursor_read(shm, 20, 3, MEMORY - 23, 24, false, &update, &shape), -ERANGE);
}

/* The example of kvmfr.md 11. */
static void monochrome_has_four_kinds_of_pixel(void **state) {
	(void)state;
	struct cursor_update update;
	struct kvmfr_cursor_wire wire = {
		.type = KVMFR_CURSOR_MONO, .width = 8, .height = 2, .pitch = 1
	};
	CHECK_EQ(read_cursor(&wire, "\xf0\xcc", 2, 7, false, &update), 0);
	CHECK(update.has_shape);
	CHECK_EQ(shape.width, 8);
	CHECK_EQ(shape.height, 1);
	CHECK(shape.has_invert);
	static const uint32_t color[8] = { 0, 0, 0, 0, 0xffffffff, 0xffffffff, 0xff000000,
		0xff000000 };
	static const uint32_t invert[8] = { 0xffffffff, 0xffffffff, 0, 0, 0, 0, 0, 0 };
	assert_memory_equal(shape.color, color, sizeof color);
	assert_memory_equal(shape.invert, invert, sizeof invert);
	wire.height = 3; /* no two masks */
	CHECK_EQ(read_cursor(&wire, "\xf0\xcc\xcc", 3, 7, false, &update), -EBADMSG);

	/* Two rows, in a pitch of their own: the XOR rows come after all AND rows. */
	wire.height = 4;
	wire.pitch = 2;
	CHECK_EQ(read_cursor(&wire, "\xff\0\x0f\0\x80\0\x11", 8, 7, false, &update), 0);
	CHECK_EQ(shape.width, 8);
	CHECK_EQ(shape.height, 2);
	CHECK_EQ(shape.color[0], 0);
	CHECK_EQ(shape.invert[0], 0xffffffff);
	CHECK_EQ(shape.invert[7], 0);
	CHECK_EQ(shape.color[8 + 0], 0xff000000);
	CHECK_EQ(shape.color[8 + 3], 0xffffffff);
	CHECK_EQ(shape.invert[8 + 3], 0);
	CHECK_EQ(shape.invert[8 + 7], 0xffffffff);
	CHECK_EQ(read_cursor(&wire, "\xff\0\xff\0\0\0\0", 8, 7, false, &update), 0);
	CHECK(!shape.has_invert);
	CHECK_EQ(shape.invert[0], 0);
	CHECK_EQ(shape.invert[15], 0);
}

static void masked_colour_replaces_or_inverts(void **state) {
	(void)state;
	struct cursor_update update;
	struct kvmfr_cursor_wire wire = {
		.type = KVMFR_CURSOR_MASKED, .width = 3, .height = 1, .pitch = 12
	};
	static const uint32_t pixels[3] = { 0x00112233, 0xff000000, 0xff0f00f0 };
	CHECK_EQ(read_cursor(&wire, pixels, sizeof pixels, 7, false, &update), 0);
	CHECK_EQ(shape.color[0], 0xff112233);
	CHECK_EQ(shape.invert[0], 0);
	CHECK_EQ(shape.color[1], 0);
	CHECK_EQ(shape.invert[1], 0);
	CHECK_EQ(shape.color[2], 0);
	CHECK_EQ(shape.invert[2], 0xff0f00f0);
	CHECK(shape.has_invert);

	static const uint32_t rows[6] = { 0x00112233, 0xff0000ff, 0, 0xff00ff00, 0x00445566, 0 };
	wire = (struct kvmfr_cursor_wire){
		.type = KVMFR_CURSOR_MASKED, .width = 2, .height = 2, .pitch = 12
	};
	CHECK_EQ(read_cursor(&wire, rows, sizeof rows, 7, false, &update), 0);
	CHECK_EQ(shape.color[0], 0xff112233);
	CHECK_EQ(shape.invert[0], 0);
	CHECK_EQ(shape.color[1], 0);
	CHECK_EQ(shape.invert[1], 0xff0000ff);
	CHECK_EQ(shape.color[2], 0);
	CHECK_EQ(shape.invert[2], 0xff00ff00);
	CHECK_EQ(shape.color[3], 0xff445566);
	CHECK_EQ(shape.invert[3], 0);
}

static void colour_is_premultiplied_or_made_so(void **state) {
	(void)state;
	struct cursor_update update;
	struct kvmfr_cursor_wire wire = { .type = KVMFR_CURSOR_COLOR,
		.hot_x = -128,
		.hot_y = 127,
		.width = 2,
		.height = 2,
		.pitch = 12 }; /* one pixel of padding */
	static const uint32_t pixels[6] = { 0x80ffffff, 0x00ffffff, 1, 0xff102030, 0x40404040, 1 };
	const uint32_t serial = shape.serial;
	CHECK_EQ(read_cursor(&wire, pixels, sizeof pixels, 7, false, &update), 0);
	CHECK_EQ(shape.serial, serial + 1);
	CHECK(!shape.has_invert);
	CHECK_EQ(shape.hot_x, -2);
	CHECK_EQ(shape.hot_y, 2); /* clamped */
	CHECK_EQ(shape.color[0], 0x80ffffff);
	CHECK_EQ(shape.color[2], 0xff102030);
	CHECK_EQ(read_cursor(&wire, pixels, sizeof pixels, 7, true, &update), 0);
	CHECK_EQ(shape.color[0], 0x80808080);
	CHECK_EQ(shape.color[1], 0);
	CHECK_EQ(shape.color[2], 0xff102030);
	CHECK_EQ(shape.color[3], 0x40101010);
}

static void lies_of_the_pointer_are_refused(void **state) {
	(void)state;
	static const struct {
		uint32_t type, width, height, pitch;
	} lies[] = {
		{ 0, 0, 4, 16 },
		{ 0, 4, 0, 16 },
		{ 0, 513, 4, 4096 },
		{ 0, 4, 513, 16 },
		{ 0, 4, 4, 15 },
		{ 0, 4, 4, 4097 },
		{ 0, 4, 4, UINT32_MAX },
		{ 0, 4, UINT32_MAX, 16 },
		{ 0, UINT32_MAX, 4, 16 },
		{ 0, 4, 5, 16 }, /* 80 bytes where 64 are */
		{ 1, 9, 4, 1 },
		{ 1, 4, 1026, 1 },
		{ 2, 4, 4, 12 },
	};
	struct cursor_update update;
	uint8_t data[64] = { 0 };
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct kvmfr_cursor_wire wire = { .type = lies[i].type,
			.width = lies[i].width,
			.height = lies[i].height,
			.pitch = lies[i].pitch };
		const uint32_t serial = shape.serial;
		CHECK_EQ(read_cursor(&wire, data, sizeof data, 7, false, &update), -EBADMSG);
		CHECK_EQ(shape.serial, serial);
	}
	/* an unknown kind: the rest of the message counts */
	struct kvmfr_cursor_wire wire = { .x = 3, .type = 3, .width = 4, .height = 4, .pitch = 16 };
	CHECK_EQ(read_cursor(&wire, data, sizeof data, 7, false, &update), 0);
	CHECK(!update.has_shape);
	CHECK(update.has_position);
	CHECK_EQ(update.x, 3);
	/* pitch * height wraps to 64 in 32 bits */
	wire = (struct kvmfr_cursor_wire){ .type = 0, .width = 4, .height = 512, .pitch = 4096 };
	CHECK_EQ(read_cursor(&wire, data, sizeof data, 7, false, &update), -EBADMSG);
}

static void the_demo_shapes_are_readable(void **state) {
	(void)state;
	for (unsigned type = 0; type < 3; type++) {
		struct demo_cursor_shape demo;
		struct cursor_update update;
		demo_cursor_draw(type, &demo);
		const struct kvmfr_host_shape *from = &demo.shape;
		struct kvmfr_cursor_wire wire = { .type = type,
			.width = from->width,
			.height = from->height,
			.pitch = from->pitch };
		CHECK_EQ(read_cursor(&wire, from->data, (size_t)from->pitch * from->height, 7,
					 false, &update),
				0);
		CHECK_EQ(shape.width, 32);
		CHECK_EQ(shape.height, 32);
		CHECK_EQ(shape.has_invert, (type != 0));
	}
}

/* --- user data ---------------------------------------------------------------------------- */

static void user_data_is_bounded(void **state) {
	(void)state;
	struct kvmfr_info info;
	uint8_t data[256] = KVMFR_MAGIC;
	data[8] = 20;
	memset(data + 12, 'A', 32); /* no NUL */
	data[44] = 1;
	CHECK_EQ(kvmfr_info_read(data, 47, &info), -EBADMSG);
	CHECK_EQ(kvmfr_info_read(data, 48, &info), 0);
	CHECK_EQ(info.version, 20);
	CHECK_EQ(strlen(info.host_version), 32);
	CHECK_EQ(info.features, 1);
	CHECK(!info.has_vm && !info.has_os);

	/* control characters cannot reach a terminal */
	static const uint8_t escape[] = { 0x1b, '[', '2', 'J', 'x', '\n', '\0' };
	memcpy(data + 12, escape, sizeof escape);
	/* an unknown record, an OS record without a NUL, one that is too long, in this order */
	uint8_t *at = data + 48;
	const uint8_t records[] = { 9, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 2, 0, 0, 0, 4, 0, 0, 0, 3, 'W',
		'i', 'n', 1, 0, 0, 0, 200, 0, 0, 0, 'x' };
	memcpy(at, records, sizeof records);
	CHECK_EQ(kvmfr_info_read(data, 48 + sizeof records, &info), 0);
	assert_string_equal(info.host_version, "?[2Jx?");
	CHECK(info.has_os);
	CHECK_EQ(info.os, 3);
	CHECK(!info.has_vm);
	assert_string_equal(info.os_name, "Win");

	data[0] = 'k';
	CHECK_EQ(kvmfr_info_read(data, sizeof data, &info), -EBADMSG);
	CHECK(kvmfr_version_find(5, 19) && kvmfr_version_find(6, 20));
	CHECK(!kvmfr_version_find(5, 20) && !kvmfr_version_find(7, 20));
	CHECK_EQ(kvmfr_version_find(12, 34)->kvmfr, 34);
	CHECK_EQ(kvmfr_version_find(12, 36)->kvmfr, 34); /* tried */
	CHECK(!kvmfr_version_find(12, 33) && !kvmfr_version_find(6, 21));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_frame_is_read_as_it_is),
		cmocka_unit_test(the_header_of_release_b6_has_no_data_size),
		cmocka_unit_test(lies_in_the_header_are_refused),
		cmocka_unit_test(the_limits_themselves_are_allowed),
		cmocka_unit_test(oddities_are_made_harmless),
		cmocka_unit_test(what_was_not_understood_is_said),
		cmocka_unit_test(what_is_claimed_is_in_proportion_to_the_memory),
		cmocka_unit_test(rows_that_are_not_in_the_block_are_not_read),
		cmocka_unit_test(packed_rows_are_checked_in_texels),
		cmocka_unit_test(damage_of_skipped_frames_is_kept),
		cmocka_unit_test(positions_are_signed),
		cmocka_unit_test(monochrome_has_four_kinds_of_pixel),
		cmocka_unit_test(masked_colour_replaces_or_inverts),
		cmocka_unit_test(colour_is_premultiplied_or_made_so),
		cmocka_unit_test(lies_of_the_pointer_are_refused),
		cmocka_unit_test(the_demo_shapes_are_readable),
		cmocka_unit_test(user_data_is_bounded),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
