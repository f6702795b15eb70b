/* The memory of a recording, both ends in one process. */
#include "recording/recording_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "recording/recording_seat.h"
#include "tests/support/check.h"

struct ends {
	struct recording_memory *player, *recorder;
};

static struct ends make(void) {
	struct ends ends;
	CHECK_EQ(recording_memory_create(&ends.player, 8, 4), 0);
	CHECK_EQ(recording_memory_open(&ends.recorder, recording_memory_fd(ends.player)), 0);
	return ends;
}

static void finish(struct ends *ends) {
	recording_memory_unref(ends->recorder);
	recording_memory_unref(ends->player);
}

static void put(struct recording_memory *player, unsigned char value, uint64_t at_ns) {
	unsigned char *pixels = recording_frame_begin(player);
	CHECK(pixels);
	memset(pixels, value, 8 * 4 * 4);
	recording_frame_end(player, at_ns, false);
}

static void nothing_is_wanted_before_it_is_ready(void **state) {
	struct ends ends = make();
	struct recording_state now;
	(void)state;
	CHECK(!recording_frame_begin(ends.player));
	recording_memory_state(ends.player, &now);
	CHECK_EQ(now.offered, 0);
	CHECK_EQ(now.end, RECORDING_GOES_ON);
	finish(&ends);
}

static void pictures_come_in_order_and_full_is_counted(void **state) {
	struct ends ends = make();
	struct recording_frame frame;
	struct recording_state now;
	(void)state;
	recording_tell_ready(ends.recorder);
	for (unsigned char i = 1; i <= 3; i++) {
		put(ends.player, i, i);
	}
	CHECK(!recording_frame_begin(ends.player));
	for (unsigned char i = 1; i <= 3; i++) {
		CHECK(recording_frame_take(ends.recorder, &frame));
		CHECK_EQ(frame.at_ns, i);
		CHECK_EQ(frame.pixels[8 * 4 * 4 - 1], i);
	}
	CHECK(!recording_frame_take(ends.recorder, &frame));
	CHECK(!recording_frame_begin(ends.player)); /* taken is not free */
	recording_frame_give_back(ends.recorder, 1);
	put(ends.player, 9, 9);
	CHECK(recording_frame_take(ends.recorder, &frame));
	CHECK_EQ(frame.slot, 1);
	recording_memory_state(ends.player, &now);
	CHECK_EQ(now.offered, 6);
	CHECK_EQ(now.missed, 2);
	finish(&ends);
}

static void sound_has_a_bound(void **state) {
	struct ends ends = make();
	static float stereo[2 * 2000];
	static struct recording_block block;
	struct recording_state now;
	unsigned frames = 0;
	(void)state;
	recording_tell_ready(ends.recorder);
	for (int i = 0; i < 100; i++) {
		recording_sound_put(ends.player, stereo, 2000, 48000, 5);
	}
	CHECK(recording_sound_take(ends.recorder, &block));
	CHECK_EQ(block.at_ns, 5);
	CHECK_EQ(block.frames, RECORDING_BLOCK_FRAMES);
	frames += block.frames;
	CHECK(recording_sound_take(ends.recorder, &block));
	CHECK_EQ(block.at_ns, 0);
	frames += block.frames;
	while (recording_sound_take(ends.recorder, &block)) {
		frames += block.frames;
	}
	recording_memory_state(ends.player, &now);
	CHECK(now.sound_missed > 0);
	CHECK_EQ(frames + now.sound_missed, 100 * 2000);
	finish(&ends);
}

static void the_end_is_told_in_letters_that_can_be_shown(void **state) {
	struct ends ends = make();
	struct recording_state now;
	(void)state;
	CHECK(!recording_is_asked_to_end(ends.recorder));
	recording_memory_finish(ends.player);
	CHECK(recording_is_asked_to_end(ends.recorder));
	recording_tell_bytes(ends.recorder, 77);
	recording_tell_end(ends.recorder, RECORDING_ENCODER_ENDED, 0, "a\033b\n");
	recording_memory_state(ends.player, &now);
	CHECK_EQ(now.end, RECORDING_ENCODER_ENDED);
	CHECK_EQ(now.bytes, 77);
	CHECK(strcmp(now.text, "a?b?") == 0);
	recording_tell_end(ends.recorder, (enum recording_end)99, 0, "");
	recording_memory_state(ends.player, &now);
	CHECK_EQ(now.end, RECORDING_ENCODER_ENDED);
	finish(&ends);
}

static void what_is_no_memory_is_refused(void **state) {
	struct recording_memory *memory = NULL;
	int fds[2];
	(void)state;
	CHECK_EQ(pipe(fds), 0);
	CHECK_EQ(recording_memory_open(&memory, fds[0]), -EBADMSG);
	CHECK_EQ(recording_memory_open(&memory, -1), -EBADMSG);
	close(fds[0]);
	close(fds[1]);
	CHECK_EQ(recording_memory_create(&memory, 0, 4), -EINVAL);
	CHECK_EQ(recording_memory_create(&memory, RECORDING_SIDE_MAX + 1, 4), -EINVAL);
}

/* The recorder learns of the last one who lets go. */
static void the_last_reference_closes_the_wake(void **state) {
	struct recording_seat seat = { .now = NULL };
	struct recording_memory *memory;
	char byte;
	int fds[2];
	(void)state;
	CHECK_EQ(pipe2(fds, O_NONBLOCK), 0);
	CHECK_EQ(recording_memory_create(&memory, 8, 4), 0);
	recording_memory_set_wake(memory, fds[1]);
	recording_seat_init(&seat);
	CHECK(!recording_seat_look(&seat));
	recording_seat_put(&seat, memory);
	CHECK(recording_seat_look(&seat) == memory);
	recording_memory_unref(memory);
	CHECK_EQ(read(fds[0], &byte, 1), -1);
	recording_seat_put(&seat, NULL);
	CHECK(!recording_seat_look(&seat));
	CHECK_EQ(read(fds[0], &byte, 1), 0);
	recording_seat_finish(&seat);
	close(fds[0]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_wanted_before_it_is_ready),
		cmocka_unit_test(pictures_come_in_order_and_full_is_counted),
		cmocka_unit_test(sound_has_a_bound),
		cmocka_unit_test(the_end_is_told_in_letters_that_can_be_shown),
		cmocka_unit_test(what_is_no_memory_is_refused),
		cmocka_unit_test(the_last_reference_closes_the_wake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
