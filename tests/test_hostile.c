/*
 * Sessions of a hostile producer through map, subscribe, decode and a copy of all pixels: words
 * that lie, that change between two reads (a second process changes them while we read), files that
 * are cut and replaced. None may end the process or read outside the mapping (run it under ASan).
 *
 * PG_HOSTILE_SESSIONS: how many (default 300); a tenth of them with the second process.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "host-proto/demo_cursor.h"
#include "tests/support/hostile.h"

#define FRAMES 8u

static unsigned sessions_wanted(void) {
	const char *text = getenv("PG_HOSTILE_SESSIONS");
	const unsigned long value = text ? strtoul(text, NULL, 10) : 0;
	return value ? (unsigned)value : 300;
}

static const unsigned versions[] = { 20, 19, 20, 34 };

struct hostile {
	struct guest guest;
	struct hostile_random random;
	struct hostile_reader reader;
	unsigned kvmfr;
	const struct lgmp_layout *layout;
};

static struct frame random_frame(struct hostile_random *random, unsigned kvmfr) {
	struct frame frame = guest_frame(
			16 + hostile_below(random, 200), 16 + hostile_below(random, 100));
	frame.format = (enum frame_format)(1 + hostile_below(random, kvmfr == 19 ? 4 : 6));
	frame.pitch = frame.width * frame_bytes_per_pixel(frame.format);
	if (frame.format == FRAME_FORMAT_BGR_32) {
		frame.data_width = (frame.width * 3 + 3) / 4;
		frame.pitch = frame.data_width * 4;
	}
	frame.rotation = hostile_below(random, 4);
	frame.damage_count = hostile_below(random, 3);
	for (unsigned i = 0; i < frame.damage_count; i++) {
		frame.damage[i] = (struct frame_rect){ hostile_below(random, 16),
			hostile_below(random, 16), 8, 8 };
	}
	return frame;
}

/* What an honest producer would do next; its own code must survive the memory as well. */
static void produce(struct hostile *hostile) {
	struct hostile_random *random = &hostile->random;
	struct frame frame = random_frame(random, hostile->kvmfr);
	struct kvmfr_host_frame at;
	struct demo_cursor_shape shape;
	frame.serial = hostile->guest.serial++;
	if (kvmfr_host_post_frame(hostile->guest.host, &frame, guest_ms(&hostile->guest), &at) ==
			0) {
		const uint32_t bytes = frame.pitch * frame.rows;
		memset(at.pixels, (int)frame.serial, bytes);
		kvmfr_host_written(&at, bytes);
	}
	demo_cursor_draw(hostile_below(random, 3), &shape);
	kvmfr_host_post_pointer(hostile->guest.host, true, true, 5, 5,
			hostile_below(random, 2) ? &shape.shape : NULL, guest_ms(&hostile->guest));
}

static void beat(struct hostile *hostile) {
	hostile->guest.now_ns += 10 * NS_PER_MS;
	(void)kvmfr_host_periodic(hostile->guest.host, guest_ms(&hostile->guest));
	/* alive, whatever became of the rest */
	lgmp_store64(lgmp_at64(shm_base(hostile->guest.shm), hostile->layout->timestamp),
			guest_ms(&hostile->guest));
}

static void begin(struct hostile *hostile) {
	hostile->kvmfr = versions[hostile_below(&hostile->random, 4)];
	hostile->layout = hostile_layout(hostile->kvmfr);
	kvmfr_host_destroy(hostile->guest.host);
	hostile->guest.host = NULL;
	const struct kvmfr_info info = guest_info(hostile->kvmfr);
	CHECK(kvmfr_host_create(&hostile->guest.host, hostile->guest.shm, &info) == 0);
	CHECK(kvmfr_host_begin(hostile->guest.host, hostile_next(&hostile->random),
			      guest_ms(&hostile->guest)) == 0);
}

static void change_some(struct hostile *hostile, unsigned most) {
	const unsigned count = hostile_below(&hostile->random, most + 1);
	for (unsigned i = 0; i < count; i++) {
		hostile_change(&hostile->random, shm_base(hostile->guest.shm), hostile->layout,
				HOSTILE_MEMORY);
	}
}

/* One session; early: lies stand there before anybody subscribes. */
static void run_session(struct hostile *hostile, bool early) {
	struct lgmp_client *client;
	begin(hostile);
	if (early) {
		change_some(hostile, 3);
	}
	CHECK(lgmp_client_create(&client, hostile->guest.path) == 0);
	for (unsigned i = 0; i < 4; i++) {
		beat(hostile);
		lgmp_client_step(client, hostile->guest.now_ns);
	}
	for (unsigned i = 0; i < FRAMES; i++) {
		produce(hostile);
		change_some(hostile, early ? 1 : 2);
		hostile_drain(&hostile->reader, client);
		if (hostile_below(&hostile->random, 4) == 0) {
			lgmp_client_move_pointer(client, 1, 2, hostile->guest.now_ns);
		}
		beat(hostile);
		lgmp_client_step(client, hostile->guest.now_ns);
	}
	lgmp_client_destroy(client);
}

static void open_hostile(struct hostile *hostile, uint64_t seed) {
	memset(hostile, 0, sizeof *hostile);
	hostile->random.state = seed;
	guest_file(&hostile->guest, HOSTILE_MEMORY);
	CHECK(shm_map(&hostile->guest.shm, hostile->guest.path) == 0);
	hostile_reader_init(&hostile->reader);
}

static void close_hostile(struct hostile *hostile) {
	print_message("%llu frames and %llu pointers read, %llu refused\n",
			(unsigned long long)hostile->reader.frames,
			(unsigned long long)hostile->reader.pointers,
			(unsigned long long)hostile->reader.refused);
	hostile_reader_finish(&hostile->reader);
	guest_close(&hostile->guest);
}

static void lies_in_one_process(void **state) {
	(void)state;
	struct hostile hostile;
	const unsigned count = sessions_wanted();
	open_hostile(&hostile, 1);
	for (unsigned i = 0; i < count; i++) {
		hostile.random.state = 1000 + i; /* a failure names its seed */
		run_session(&hostile, i % 2);
	}
	/* The lies must not be all that was seen. */
	CHECK(hostile.reader.frames > count && hostile.reader.pointers > count);
	CHECK(hostile.reader.refused > count / 20);
	close_hostile(&hostile);
}

/* Ends when its parent does. */
static void mutate_for_ever(const char *path, uint64_t seed) {
	struct shm *shm;
	struct hostile_random random = { seed };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (shm_map(&shm, path) < 0) {
		_exit(1);
	}
	for (;;) {
		/* The layout of the moment is not known here: all of them in turn. */
		const struct lgmp_layout *layout =
				hostile_layout(versions[hostile_below(&random, 4)]);
		hostile_change(&random, shm_base(shm), layout, HOSTILE_MEMORY);
		for (unsigned i = hostile_below(&random, 4000); i > 0; i--) {
			__asm__ volatile("" ::: "memory");
		}
	}
}

static void lies_from_another_process_while_we_read(void **state) {
	(void)state;
	struct hostile hostile;
	const unsigned count = sessions_wanted() / 10 + 20;
	open_hostile(&hostile, 2);
	const pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		mutate_for_ever(hostile.guest.path, 99);
	}
	for (unsigned i = 0; i < count; i++) {
		hostile.random.state = 500000 + i;
		run_session(&hostile, false);
	}
	kill(child, SIGKILL);
	int status;
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it was at work to the end */
	close_hostile(&hostile);
}

/* The file is cut under the reader's hands, then it is whole again, then it is another one. */
static void files_that_are_cut_and_replaced(void **state) {
	(void)state;
	struct hostile_reader reader;
	struct hostile_random random = { 7 };
	hostile_reader_init(&reader);
	const unsigned count = sessions_wanted() / 20 + 10;
	for (unsigned i = 0; i < count; i++) {
		struct guest guest;
		struct lgmp_client *client;
		struct lgmp_message message;
		guest_open(&guest, i % 2 ? 19 : 20, HOSTILE_MEMORY);
		CHECK(lgmp_client_create(&client, guest.path) == 0);
		guest_connect(&guest, client);
		CHECK(guest_post(&guest, 100, 50) == 0);
		CHECK(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message) == 1);
		/* any page may be the last one */
		const off_t left = (off_t)hostile_below(&random, HOSTILE_MEMORY / 4096) * 4096;
		CHECK(truncate(guest.path, i % 3 ? left : 0) == 0);
		hostile_read_frame(&reader, &message);
		lgmp_client_finish(client, &message);
		hostile_drain(&reader, client);
		for (unsigned t = 0; t < 30; t++) {
			lgmp_client_step(client, guest.now_ns += 10 * NS_PER_MS);
			hostile_drain(&reader, client);
		}
		CHECK(client_state(client) != LGMP_STATE_RUNNING);

		struct guest next;
		guest_open(&next, 20, HOSTILE_MEMORY);
		CHECK(rename(next.path, guest.path) == 0);
		strcpy(next.path, guest.path);
		next.now_ns = guest.now_ns;
		guest_connect(&next, client);
		CHECK(guest_post(&next, 20, 20) == 0);
		const uint64_t before = reader.frames;
		hostile_drain(&reader, client);
		CHECK(reader.frames == before + 1);
		lgmp_client_destroy(client);
		guest_close(&guest);
		guest_close(&next);
	}
	hostile_reader_finish(&reader);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies_in_one_process),
		cmocka_unit_test(lies_from_another_process_while_we_read),
		cmocka_unit_test(files_that_are_cut_and_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
