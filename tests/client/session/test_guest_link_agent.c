/* What crosses through the guest's agent: clipboard, files, the size of the monitor. */
#include "base/queue.h"
#include "client/session/guest_link_agent.h"

#include <dirent.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "host-proto/spice/agent.h"
#include "tests/support/session_world.h"

static void clip(struct fixture *f, enum clipboard_message_kind kind, unsigned types,
		uint32_t serial, const void *data, size_t len) {
	struct clipboard_message message = {
		.kind = kind, .types = types, .serial = serial, .len = len
	};
	if (data) {
		message.data = malloc(len + 1);
		memcpy(message.data, data, len);
	}
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f->session), &message), 0);
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void the_clipboard_crosses_both_ways(void **state) {
	(void)state;
	static const uint32_t kinds[2] = { GUEST_LINUX, GUEST_WINDOWS };
	for (int i = 0; i < 2; i++) {
		struct fixture f = { .peer_config = { .agent = true },
			.guest = { .caps = kinds[i] } };
		start(&f);
		WAIT(f.status.agent, 3);
		/* Guest to host, text. */
		guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "eins\r\nzwei", 10);
		WAIT(f.offered == CLIPBOARD_TEXT, 3);
		clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 11, NULL, 0);
		WAIT(f.data == 1, 3);
		CHECK_EQ(f.content_len, 10);
		CHECK_EQ(memcmp(f.content, "eins\r\nzwei", 10), 0);
		CHECK_EQ(f.crlf, (i == 1)); /* whose line ends these are */
		/* A type that it does not have. */
		clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_PNG, 12, NULL, 0);
		WAIT(f.data == 2, 3);
		CHECK_EQ(f.content, NULL);

		/* Host to guest. */
		clip(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT | CLIPBOARD_PNG, 0, NULL, 0);
		WAIT(f.guest.offered == (1u << SPICE_CLIPBOARD_TEXT | 1u << SPICE_CLIPBOARD_PNG),
				3);
		guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
		WAIT(f.requests == 1, 3);
		CHECK_EQ(f.crlf, (i == 1)); /* which line ends it wants */
		clip(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, f.serial, "a\nb", 3);
		WAIT(f.guest.pastes == 1, 3);
		CHECK_EQ(f.guest.pasted_len, 3);
		CHECK_EQ(memcmp(f.guest.pasted, "a\nb", 3), 0);
		stop(&f);
	}
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void large_images_cross_and_larger_ones_are_refused(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	start(&f);
	WAIT(f.status.agent, 3);
	const size_t len = 10u << 20;
	uint8_t *image = malloc(len);
	for (size_t i = 0; i < len; i++) {
		image[i] = (uint8_t)(i * 2654435761u >> 13);
	}
	guest_copy(&f.guest, SPICE_CLIPBOARD_PNG, image, len);
	WAIT(f.offered == CLIPBOARD_PNG, 3);
	clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_PNG, 1, NULL, 0);
	/* Keys go on meanwhile. */
	const struct spice_peer_state *s = spice_peer_state(f.peer);
	unsigned keys = 0;
	while (f.data == 0) {
		uint64_t before = s->key_events;
		input(&f, INPUT_KEY, KEY_A, keys++ % 2 == 0, 0, 0);
		WAIT(s->key_events != before, 5);
	}
	CHECK_EQ(f.content_len, len);
	CHECK_EQ(memcmp(f.content, image, len), 0);
	CHECK(keys > 10);

	clip(&f, CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, NULL, 0);
	WAIT(f.guest.offered == 1u << SPICE_CLIPBOARD_PNG, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_PNG);
	WAIT(f.requests == 1, 3);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_PNG, f.serial, image, len);
	WAIT(f.guest.pastes == 1, 10);
	CHECK_EQ(f.guest.pasted_len, len);
	CHECK_EQ(memcmp(f.guest.pasted, image, len), 0);
	free(image);

	/* 100 MiB: the cap says no, in both directions, and the session goes on. */
	image = calloc(1, 100u << 20);
	guest_copy(&f.guest, SPICE_CLIPBOARD_PNG, image, 100u << 20);
	WAIT(f.offers == 2, 3);
	clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_PNG, 2, NULL, 0);
	WAIT(f.data == 2, 20);
	CHECK_EQ(f.content, NULL);
	CHECK_EQ(f.failure, CLIPBOARD_FAILURE_SIZE);
	CHECK(f.content_len == 100u << 20);
	f.guest.offered = 0;
	clip(&f, CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, NULL, 0);
	WAIT(f.guest.offered != 0, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_PNG);
	WAIT(f.requests == 2, 5);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_PNG, f.serial, image, 100u << 20);
	WAIT(f.guest.pastes == 2, 10);
	CHECK_EQ(f.guest.pasted_len, 0);
	CHECK_EQ(f.guest.pasted_type, 0);
	CHECK(f.status.connected);
	free(image);
	stop(&f);
}

static void an_agent_that_goes_answers_nothing_more(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true },
		.guest = { .caps = GUEST_WINDOWS, .silent = true } };
	start(&f);
	WAIT(f.status.agent, 3);
	guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "x", 1);
	WAIT(f.offered == CLIPBOARD_TEXT, 3);
	clip(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 1, NULL, 0);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.data, 0);
	/* Who waits for it is told at once. */
	spice_peer_set_agent(f.peer, false);
	WAIT(f.data == 1 && f.offered == 0 && !f.status.agent, 3);
	CHECK_EQ(f.content, NULL);
	stop(&f);
}

static unsigned open_fds(void) {
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir)) {
		n++;
	}
	closedir(dir);
	return n;
}

static void make_file(const char *path, size_t size, uint64_t *ret_hash) {
	FILE *file = fopen(path, "wb");
	uint8_t block[4096];
	uint64_t hash = 0;
	for (size_t at = 0; at < size; at += sizeof block) {
		size_t n = size - at < sizeof block ? size - at : sizeof block;
		for (size_t i = 0; i < n; i++) {
			block[i] = (uint8_t)((at + i) * 2654435761u >> 11);
		}
		hash = guest_hash(hash, block, n);
		CHECK_EQ(fwrite(block, 1, n, file), n);
	}
	fclose(file);
	*ret_hash = hash;
}

static void send_file(struct fixture *f, const char *path) {
	struct guest_link_command c = { .kind = GUEST_LINK_SEND_FILES };
	c.text = calloc(1, strlen(path) + 2);
	strcpy(c.text, path);
	CHECK_EQ(guest_link_command(f->session, &c), 0);
}

/* The default: nothing crosses while neither the window nor the devices are in use. */
static void the_clipboard_follows_the_focus(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	f.config.clipboard_to_vm = f.config.clipboard_to_local = CLIPBOARD_FOCUS;
	start(&f);
	WAIT(f.status.agent, 3);
	const struct clipboard_message offer = { .kind = CLIPBOARD_OFFER, .types = CLIPBOARD_TEXT };
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f.session), &offer), 0);
	guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "guest", 5);
	loop_run_for(f.loop, 200);
	CHECK_EQ(f.guest.offered, 0);
	CHECK_EQ(f.offers, 0);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT); /* it asks without an offer */
	WAIT(f.guest.pastes == 1 && f.guest.pasted_len == 0, 3);
	CHECK_EQ(f.requests, 0);
	/* With the focus comes what the guest copied last, and then what is copied here. */
	command(&f, GUEST_LINK_FOCUS, true);
	WAIT(f.offers == 1 && f.offered == CLIPBOARD_TEXT, 3);
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f.session), &offer), 0);
	WAIT(f.guest.offered != 0, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.requests == 1, 3);
	CHECK_EQ(f.status.clipboard_read_unfocused, 0);
	/* What was offered is not read any more when the focus is gone. */
	command(&f, GUEST_LINK_FOCUS, false);
	loop_run_for(f.loop, 100);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	loop_run_for(f.loop, 200);
	CHECK_EQ(f.requests, 1);
	stop(&f);
}

/* Each content by the user's word; a question stands once. */
/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void the_clipboard_is_asked_for(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	f.config.clipboard_to_vm = f.config.clipboard_to_local = CLIPBOARD_ASK;
	start(&f);
	WAIT(f.status.agent, 3);
	command(&f, GUEST_LINK_FOCUS, true);
	const struct clipboard_message offer = { .kind = CLIPBOARD_OFFER, .types = CLIPBOARD_TEXT };
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f.session), &offer), 0);
	WAIT(f.guest.offered != 0, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_TO_VM, 3);
	loop_run_for(f.loop, 100);
	CHECK_EQ(f.requests, 0);
	CHECK_EQ(f.guest.pastes, 0);
	/* The yes counts for what is there, also a second time. */
	command(&f, GUEST_LINK_CLIPBOARD, true);
	WAIT(f.requests == 1 && f.status.clipboard_question == CLIPBOARD_QUESTION_NONE, 3);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, f.serial, "host", 4);
	WAIT(f.guest.pastes == 1 && f.guest.pasted_len == 4, 3);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.requests == 2, 3);
	clip(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, f.serial, "host", 4);
	WAIT(f.guest.pastes == 2, 3);
	/* And not for what comes after it. Something newer answers the question. */
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f.session), &offer), 0);
	loop_run_for(f.loop, 50);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_TO_VM, 3);
	CHECK_EQ(f.requests, 2);
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f.session), &offer), 0);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_NONE, 3);
	/* The other way, once the guest has seen that offer. */
	loop_run_for(f.loop, 100);
	guest_copy(&f.guest, SPICE_CLIPBOARD_TEXT, "guest", 5);
	WAIT(f.status.clipboard_question == CLIPBOARD_QUESTION_TO_LOCAL, 3);
	CHECK_EQ(f.offers, 0);
	command(&f, GUEST_LINK_CLIPBOARD, true);
	WAIT(f.offers == 1 && f.offered == CLIPBOARD_TEXT, 3);
	CHECK_EQ(f.status.clipboard_question, CLIPBOARD_QUESTION_NONE);
	CHECK(!f.status.clipboard_used_unfocused);
	/* Without the focus whatever it does is kept as a sign. */
	command(&f, GUEST_LINK_FOCUS, false);
	CHECK_EQ(queue_push(guest_link_clipboard_queue(f.session), &offer), 0);
	loop_run_for(f.loop, 50);
	command(&f, GUEST_LINK_CLIPBOARD, true);
	loop_run_for(f.loop, 50);
	guest_paste(&f.guest, SPICE_CLIPBOARD_TEXT);
	WAIT(f.status.clipboard_used_unfocused, 3);
	CHECK_EQ(f.status.clipboard_read_unfocused, 1);
	stop(&f);
}

static void ignore_message(const struct clipboard_message *message, void *data) {
	*(unsigned *)data += message->kind == CLIPBOARD_OFFER;
}

/* However often the guest offers, nobody is asked twice without having been away. */
static void a_question_that_nobody_answers_is_over(void **state) {
	(void)state;
	struct loop *loop;
	struct guest_link_clipboard *clipboard;
	unsigned offers = 0;
	const struct guest_link_clipboard_config config = {
		.to_vm = CLIPBOARD_ASK, .to_local = CLIPBOARD_ASK, .question_ns = 20000000
	};
	const unsigned text = CLIPBOARD_TEXT;
	CHECK_EQ(loop_create(&loop), 0);
	CHECK_EQ(guest_link_clipboard_create(&clipboard, loop, &config, ignore_message, &offers),
			0);
	guest_link_clipboard_set_focus(clipboard, true);
	guest_link_clipboard_offer(clipboard, text);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_TO_LOCAL);
	loop_run_for(loop, 50);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_NONE);
	guest_link_clipboard_offer(clipboard, text);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_NONE);
	CHECK_EQ(offers, 0);
	/* The key takes it all the same. */
	guest_link_clipboard_allow(clipboard);
	CHECK_EQ(offers, 1);
	guest_link_clipboard_set_focus(clipboard, false);
	guest_link_clipboard_set_focus(clipboard, true);
	guest_link_clipboard_offer(clipboard, text);
	CHECK_EQ(guest_link_clipboard_question(clipboard), CLIPBOARD_QUESTION_TO_LOCAL);
	guest_link_clipboard_destroy(clipboard);
	loop_destroy(loop);
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void files_arrive_whole(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_WINDOWS } };
	start(&f);
	WAIT(f.status.agent, 3);
	char path[128];
	uint64_t hash;
	static const size_t sizes[] = { 0, 1, 65536, 65537, 3000000 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		snprintf(path, sizeof path, "%s/a file", f.folder);
		make_file(path, sizes[i], &hash);
		send_file(&f, path);
		WAIT(f.status.files.done == 1 && f.status.files.active == 0, 5);
		CHECK_EQ(f.guest.file_got, sizes[i]);
		CHECK_EQ(f.guest.file_hash, hash);
		CHECK_EQ(f.guest.files_done, i + 1);
		CHECK_EQ(strcmp(f.guest.file_name, "a file"), 0);
		loop_run_for(f.loop, 300); /* the status of the next batch is a new one */
		f.status.files.done = 0;
	}
	unsigned fds = open_fds();

	/* Refused by the guest, with the reason. */
	f.guest.refuse = SPICE_FILE_NO_SPACE;
	send_file(&f, path);
	WAIT(f.status.files.failed == 1, 5);
	CHECK(strstr(f.status.files.error, "free space"));
	f.guest.refuse = 0;

	/* Not a file (the socket in the folder); not there. */
	send_file(&f, f.path);
	WAIT(strstr(f.status.files.error, "regular") != NULL, 5);
	send_file(&f, "/nonexistent/x");
	WAIT(strstr(f.status.files.error, "No such file") != NULL, 5);

	/* Cancelled in the middle: no handle stays open. A sparse file of 5 GiB. */
	CHECK_EQ(truncate(path, 5ll << 30), 0);
	send_file(&f, path);
	WAIT(f.guest.file_got > 1000000, 5);
	CHECK(f.guest.file_size == 5ull << 30);
	command(&f, GUEST_LINK_CANCEL_FILES, true);
	WAIT(f.guest.files_cancelled == 1 && f.status.files.active == 0, 5);
	loop_run_for(f.loop, 100);
	CHECK_EQ(open_fds(), fds);

	/* The guest's agent goes while a file is on its way. */
	send_file(&f, path);
	WAIT(f.guest.file_got > 1000000 && f.status.files.active == 1, 5);
	spice_peer_set_agent(f.peer, false);
	WAIT(f.status.files.active == 0 && f.status.files.failed == 1, 5);
	loop_run_for(f.loop, 100);
	CHECK_EQ(open_fds(), fds);
	unlink(path);
	stop(&f);
}

/* More files than any table holds, in folders; some that cannot be sent are named in the sum. */
static void a_tree_of_files_arrives(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_WINDOWS } };
	start(&f);
	WAIT(f.status.agent, 3);
	char tree[] = "/tmp/pierglass-tree-XXXXXX";
	char path[128];
	uint64_t hash;
	CHECK(mkdtemp(tree));
	for (unsigned i = 0; i < 700; i++) {
		if (i % 100 == 0) {
			snprintf(path, sizeof path, "%s/%u", tree, i / 100);
			CHECK_EQ(mkdir(path, 0700), 0);
		}
		snprintf(path, sizeof path, "%s/%u/%u", tree, i / 100, i % 100);
		make_file(path, i % 3 * 40, &hash);
	}
	snprintf(path, sizeof path, "%s/pipe", tree);
	CHECK_EQ(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/gone", tree);
	CHECK_EQ(symlink("nowhere", path), 0);
	const unsigned batches = f.status.files.batches;
	send_file(&f, tree);
	WAIT(f.status.files.batches == batches + 1, 8);
	CHECK_EQ(f.guest.files_done, 700);
	CHECK_EQ(f.status.files.done, 700);
	CHECK_EQ(f.status.files.failed, 2);
	CHECK_EQ(f.status.files.renamed, 700);
	CHECK(strstr(f.status.files.failures, "gone: No such file"));
	CHECK(strstr(f.status.files.failures, "pipe: it is not a regular file"));
	CHECK(strstr(f.guest.file_name, " - 6 - 99"));

	/* A cancelled batch counts what was left, and the next one goes on. */
	f.guest.refuse = SPICE_FILE_NO_SPACE;
	send_file(&f, tree);
	WAIT(f.status.files.failed > 3, 5);
	f.guest.refuse = 0;
	command(&f, GUEST_LINK_CANCEL_FILES, true);
	WAIT(f.status.files.batches == batches + 2, 5);
	CHECK_EQ(f.status.files.done + f.status.files.failed, 702);
	CHECK(strstr(f.status.files.failures, "more"));
	snprintf(path, sizeof path, "%s/0/7", tree);
	send_file(&f, path);
	WAIT(f.status.files.batches == batches + 3 && f.status.files.done == 1, 5);
	snprintf(path, sizeof path, "rm -r %s", tree);
	CHECK_EQ(system(path), 0);
	stop(&f);
}

static void the_guest_is_told_the_window_size(void **state) {
	(void)state;
	struct fixture f = { .peer_config = { .agent = true }, .guest = { .caps = GUEST_LINUX } };
	start(&f);
	const struct guest_link_command c = { .kind = GUEST_LINK_MONITOR_SIZE,
		.value = 1280 << 16 | 800 };
	CHECK_EQ(guest_link_command(f.session, &c), 0); /* before the agent is there */
	WAIT(f.guest.width == 1280 && f.guest.height == 800, 3);
	stop(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clipboard_crosses_both_ways),
		cmocka_unit_test(large_images_cross_and_larger_ones_are_refused),
		cmocka_unit_test(an_agent_that_goes_answers_nothing_more),
		cmocka_unit_test(the_clipboard_follows_the_focus),
		cmocka_unit_test(the_clipboard_is_asked_for),
		cmocka_unit_test(a_question_that_nobody_answers_is_over),
		cmocka_unit_test(files_arrive_whole),
		cmocka_unit_test(a_tree_of_files_arrives),
		cmocka_unit_test(the_guest_is_told_the_window_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
