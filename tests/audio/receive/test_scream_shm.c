#include "audio/receive/scream_shm.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/check.h"

#define SLOT 3840

struct heard {
	unsigned packets;
	unsigned frames;
	uint64_t last_arrived, now;
	uint8_t first[4];
};

static char path[] = "/tmp/scream-shm.XXXXXX";
static int fd;
static const struct owners owners;
static uint8_t image[16384];

static void hear(struct heard *heard, const struct scream_packet *packet, uint64_t arrived_ns,
		uint64_t now_ns) {
	if (heard->packets++ == 0) {
		memcpy(heard->first, packet->pcm, 4);
	}
	CHECK(packet->frames <= SCREAM_FRAMES_MAX && arrived_ns <= now_ns);
	CHECK(arrived_ns >= heard->last_arrived);
	heard->frames += packet->frames;
	heard->last_arrived = arrived_ns;
	heard->now = now_ns;
}

static void load(const char *name) {
	char from[200];
	snprintf(from, sizeof from, "tests/data/scream/scream-shm-%s.bin", name);
	FILE *file = fopen(from, "rb");
	assert_non_null(file);
	assert_int_equal(fread(image, 1, sizeof image, file), sizeof image);
	fclose(file);
	assert_int_equal(pwrite(fd, image, sizeof image, 0), sizeof image);
}

static void set_newest(unsigned slot) {
	image[4] = (uint8_t)slot;
	assert_int_equal(pwrite(fd, image + 4, 1, 4), 1);
}

static int poll_at(struct scream_shm *shm, unsigned ms, struct heard *heard) {
	char reason[160];
	struct scream_packet packet;
	uint64_t arrived_ns;
	const uint64_t now_ns = NS_PER_S + ms * NS_PER_MS;
	memset(heard, 0, sizeof *heard);
	const int r = scream_shm_poll(shm, now_ns, reason, sizeof reason);
	while (scream_shm_next(shm, now_ns, &packet, &arrived_ns)) {
		hear(heard, &packet, arrived_ns, now_ns);
	}
	return r;
}

static void new_slots_are_played_in_order(void **state) {
	struct scream_shm *shm;
	struct heard heard;
	(void)state;
	load("s16-48000-2"); /* newest is 2 of 4 */
	CHECK_EQ(scream_shm_create(&shm, path, &owners), 0);
	CHECK_EQ(poll_at(shm, 0, &heard), 0);
	CHECK_EQ(heard.packets, 0); /* what is there is past */
	set_newest(3);
	CHECK_EQ(poll_at(shm, 20, &heard), 0);
	CHECK_EQ(heard.frames, 960);
	CHECK_EQ(memcmp(heard.first, image + 24 + 3 * SLOT, 4), 0);
	CHECK_EQ(heard.last_arrived, heard.now);
	CHECK_EQ(poll_at(shm, 30, &heard), 0);
	CHECK_EQ(heard.frames, 0);
	set_newest(1); /* wrapped, and two of them */
	CHECK_EQ(poll_at(shm, 60, &heard), 0);
	CHECK_EQ(heard.frames, 2 * 960);
	CHECK_EQ(memcmp(heard.first, image + 24, 4), 0);
	scream_shm_destroy(shm);
}

static void an_ended_sender_and_a_lost_file_are_states(void **state) {
	struct scream_shm *shm;
	struct heard heard;
	(void)state;
	load("s16-48000-2");
	CHECK_EQ(scream_shm_create(&shm, path, &owners), 0);
	CHECK_EQ(poll_at(shm, 0, &heard), 0);
	load("closed");
	CHECK(poll_at(shm, 20, &heard) < 0);
	CHECK_EQ(heard.packets, 0);
	load("bad-widx");
	CHECK(poll_at(shm, 40, &heard) < 0);
	CHECK_EQ(heard.packets, 0);
	load("wrap");
	CHECK_EQ(poll_at(shm, 60, &heard), 0);
	CHECK_EQ(heard.packets, 0);
	CHECK_EQ(ftruncate(fd, 5000), 0); /* shrinks under us: the slot cannot be read */
	set_newest(3);
	poll_at(shm, 80, &heard);
	CHECK_EQ(heard.packets, 0);
	CHECK(poll_at(shm, 2000, &heard) < 0); /* and the header no longer fits it */
	CHECK_EQ(ftruncate(fd, sizeof image), 0);
	load("s16-48000-2");
	CHECK_EQ(poll_at(shm, 4000, &heard), 0);
	scream_shm_destroy(shm);

	CHECK_EQ(scream_shm_create(&shm, "/no/such/file", &owners), 0);
	CHECK(poll_at(shm, 0, &heard) < 0);
	scream_shm_destroy(shm);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_slots_are_played_in_order),
		cmocka_unit_test(an_ended_sender_and_a_lost_file_are_states),
	};
	fd = mkstemp(path);
	if (fd < 0) {
		return 1;
	}
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	close(fd);
	unlink(path);
	return r;
}
