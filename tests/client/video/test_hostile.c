/*
 * Sessions of a hostile producer through map, subscribe, decode and a copy of all pixels: words
 * that lie, that change between two reads (a second process changes them while we read), files that
 * are cut and replaced. None may end the process or read outside the mapping (run it under ASan).
 *
 * PG_HOSTILE_SESSIONS: how many (default 300); a tenth of them with the second process.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/support/hostile_session.h"

static void lies_in_one_process(void **state) {
	(void)state;
	struct hostile hostile;
	const unsigned count = hostile_sessions_wanted("PG_HOSTILE_SESSIONS", 300);
	hostile_open(&hostile, 1);
	for (unsigned i = 0; i < count; i++) {
		hostile.random.state = 1000 + i; /* a failure names its seed */
		hostile_run_session(&hostile, i % 2);
	}
	/* The lies must not be all that was seen. */
	CHECK(hostile.reader.frames > count && hostile.reader.pointers > count);
	CHECK(hostile.reader.refused > count / 20);
	hostile_close(&hostile);
}

static void lies_from_another_process_while_we_read(void **state) {
	(void)state;
	struct hostile hostile;
	const unsigned count = hostile_sessions_wanted("PG_HOSTILE_SESSIONS", 300) / 10 + 20;
	hostile_open(&hostile, 2);
	const pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		hostile_mutate_for_ever(hostile.guest.path, 99);
	}
	for (unsigned i = 0; i < count; i++) {
		hostile.random.state = 500000 + i;
		hostile_run_session(&hostile, false);
	}
	kill(child, SIGKILL);
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGKILL); /* it was at work to the end */
	CHECK(hostile.reader.frames > 0 && hostile.reader.pointers > 0);
	hostile_close(&hostile);
}

/* The file is cut under the reader's hands, then it is whole again, then it is another one. */
static void files_that_are_cut_and_replaced(void **state) {
	(void)state;
	struct hostile_reader reader;
	struct hostile_random random = { 7 };
	hostile_reader_init(&reader);
	const unsigned count = hostile_sessions_wanted("PG_HOSTILE_SESSIONS", 300) / 20 + 10;
	for (unsigned i = 0; i < count; i++) {
		struct guest guest;
		struct lgmp_client *client;
		struct lgmp_message message;
		guest_open(&guest, i % 2 ? 19 : 20, HOSTILE_MEMORY);
		CHECK_EQ(lgmp_client_create(&client, guest.path), 0);
		guest_connect(&guest, client);
		CHECK_EQ(guest_post(&guest, 100, 50), 0);
		CHECK_EQ(lgmp_client_next(client, LGMP_QUEUE_FRAME, &message), 1);
		/* any page may be the last one */
		const off_t left = (off_t)hostile_below(&random, HOSTILE_MEMORY / 4096) * 4096;
		CHECK_EQ(truncate(guest.path, i % 3 ? left : 0), 0);
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
		CHECK_EQ(rename(next.path, guest.path), 0);
		strcpy(next.path, guest.path);
		next.now_ns = guest.now_ns;
		guest_connect(&next, client);
		CHECK_EQ(guest_post(&next, 20, 20), 0);
		const uint64_t before = reader.frames;
		hostile_drain(&reader, client);
		CHECK_EQ(reader.frames, before + 1);
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
