/* Files to a guest: whole, in order, several at a time; each that is not sent with its reason. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "client/files/file_sender.h"
#include "client/session/guest_link.h"
#include "tests/support/agent_pair.h"

struct received {
	uint32_t id;
	char name[PEER_AGENT_NAME_BYTES];
	uint64_t size, got;
	uint32_t sum;
	bool ended, whole;
};

struct fixture {
	struct agent_pair pair; /* first: the agents' data */
	struct loop *loop;
	struct file_sender *sender;
	char folder[64];
	struct received files[16];
	unsigned count, begun_at_once;
	const char *refused; /* name that the guest does not take */
};

static void ignore(void *data) {
	(void)data;
}

static void on_file(uint32_t id, uint32_t result, uint64_t detail, void *data) {
	file_sender_status(((struct fixture *)data)->sender, id, result, detail);
}

static void on_drained(void *data) {
	file_sender_drained(((struct fixture *)data)->sender);
}

static struct received *find(struct fixture *f, uint32_t id) {
	for (unsigned i = 0; i < f->count; i++) {
		if (f->files[i].id == id) {
			return &f->files[i];
		}
	}
	CHECK(false);
	return NULL;
}

static uint32_t guest_start(uint32_t id, const char *name, uint64_t size, void *data) {
	struct fixture *f = data;
	CHECK(f->count < 16);
	struct received *file = &f->files[f->count++];
	*file = (struct received){ .id = id, .size = size };
	snprintf(file->name, sizeof file->name, "%s", name);
	if (f->refused && strcmp(name, f->refused) == 0) {
		file->ended = true;
		return SPICE_FILE_ERROR;
	}
	unsigned open = 0;
	for (unsigned i = 0; i < f->count; i++) {
		open += !f->files[i].ended;
	}
	f->begun_at_once = open > f->begun_at_once ? open : f->begun_at_once;
	return SPICE_FILE_CAN_SEND;
}

static uint32_t guest_data(uint32_t id, const uint8_t *bytes, size_t len, void *data) {
	struct received *file = find(data, id);
	for (size_t i = 0; i < len; i++) {
		file->sum = file->sum * 31 + bytes[i];
	}
	file->got += len;
	return SPICE_FILE_CAN_SEND;
}

static void guest_end(uint32_t id, bool whole, void *data) {
	struct received *file = find(data, id);
	file->ended = true;
	file->whole = whole;
}

static void start(struct fixture *f) {
	const struct spice_agent_events client = { .send = agent_pair_from_client,
		.has_room = agent_pair_has_room,
		.ready = ignore,
		.file = on_file,
		.drained = on_drained,
		.data = f };
	const struct peer_agent_events guest = { .send = agent_pair_from_guest,
		.file_start = guest_start,
		.file_data = guest_data,
		.file_end = guest_end,
		.data = f };
	*f = (struct fixture){ .folder = "/tmp/test-file-sender-XXXXXX" };
	CHECK(mkdtemp(f->folder));
	CHECK_EQ(loop_create(&f->loop), 0);
	CHECK_EQ(file_sender_create(&f->sender, f->loop, ignore, f), 0);
	agent_pair_start(&f->pair, &client, &guest, PEER_AGENT_LINUX, 1u << 20);
	file_sender_set_agent(f->sender, f->pair.client);
}

static void stop(struct fixture *f) {
	char command[100];
	file_sender_destroy(f->sender);
	agent_pair_stop(&f->pair);
	loop_destroy(f->loop);
	snprintf(command, sizeof command, "rm -r %s", f->folder);
	CHECK_EQ(system(command), 0);
}

/* Returns what the guest's sum must be. */
static uint32_t make(const struct fixture *f, const char *name, size_t size) {
	char path[300];
	uint32_t sum = 0;
	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	FILE *file = fopen(path, "w");
	CHECK(file);
	for (size_t i = 0; i < size; i++) {
		const uint8_t byte = (uint8_t)(i * 7 + size);
		sum = sum * 31 + byte;
		putc(byte, file);
	}
	CHECK_EQ(fclose(file), 0);
	return sum;
}

static void drop(struct fixture *f, const char *name) {
	char paths[300] = { 0 };
	snprintf(paths, sizeof paths - 1, "%s/%s", f->folder, name);
	file_sender_add(f->sender, paths);
}

static struct file_sender_status finish(struct fixture *f) {
	struct file_sender_status status;
	const uint64_t until_ns = clock_now_ns() + 8 * NS_PER_S;
	do {
		agent_pair_turn(&f->pair);
		CHECK(loop_run_once(f->loop, 20) >= 0);
		file_sender_get(f->sender, &status);
		CHECK(clock_now_ns() < until_ns);
	} while (status.active > 0 || f->pair.first);
	return status;
}

static void a_folder_comes_whole(void **state) {
	struct fixture f;
	uint32_t sums[6];
	char path[128];
	static const size_t sizes[6] = { 0, 1, 65536, 65537, 300000, 12345 };
	(void)state;
	start(&f);
	snprintf(path, sizeof path, "%s/all", f.folder);
	CHECK_EQ(mkdir(path, 0700), 0);
	for (unsigned i = 0; i < 6; i++) {
		char name[16];
		snprintf(name, sizeof name, "all/%u", i);
		sums[i] = make(&f, name, sizes[i]);
	}
	drop(&f, "all");
	const struct file_sender_status status = finish(&f);
	CHECK_EQ(status.done, 6u);
	CHECK_EQ(status.failed, 0u);
	CHECK_EQ(status.batches, 1u);
	CHECK_EQ(f.count, 6u);
	for (unsigned i = 0; i < 6; i++) { /* in the order of their names */
		CHECK(f.files[i].whole);
		CHECK_EQ(f.files[i].size, sizes[i]);
		CHECK_EQ(f.files[i].got, sizes[i]);
		CHECK_EQ(f.files[i].sum, sums[i]);
	}
	CHECK(f.begun_at_once > 1 && f.begun_at_once <= 4);
	stop(&f);
}

static void one_that_fails_holds_up_none(void **state) {
	struct fixture f;
	(void)state;
	start(&f);
	make(&f, "first", 1000);
	make(&f, "refused", 1000);
	make(&f, "last", 1000);
	f.refused = "refused";
	drop(&f, "first");
	drop(&f, "missing");
	drop(&f, "refused");
	drop(&f, "last");
	const struct file_sender_status status = finish(&f);
	CHECK_EQ(status.done, 2u);
	CHECK_EQ(status.failed, 2u);
	CHECK(strstr(status.failures, "missing"));
	CHECK(strstr(status.failures, "refused"));
	CHECK(!strstr(status.failures, "first"));
	stop(&f);
}

static void two_of_one_name_stay_two(void **state) {
	struct fixture f;
	char path[128];
	(void)state;
	start(&f);
	for (unsigned i = 0; i < 2; i++) {
		char name[16];
		snprintf(path, sizeof path, "%s/%u", f.folder, i);
		CHECK_EQ(mkdir(path, 0700), 0);
		snprintf(name, sizeof name, "%u/same", i);
		make(&f, name, 10 + i);
		drop(&f, name);
	}
	const struct file_sender_status status = finish(&f);
	CHECK_EQ(status.done, 2u);
	CHECK_EQ(status.renamed, 1u);
	CHECK(strcmp(f.files[0].name, f.files[1].name) != 0);
	stop(&f);
}

static void without_an_agent_all_fail_with_the_reason(void **state) {
	struct fixture f;
	struct file_sender_status status;
	(void)state;
	start(&f);
	make(&f, "large", 2000000);
	drop(&f, "large");
	while (f.count == 0 || f.files[0].got == 0) {
		agent_pair_turn(&f.pair);
		CHECK(loop_run_once(f.loop, 20) >= 0);
	}
	file_sender_set_agent(f.sender, NULL); /* in the middle of it */
	file_sender_get(f.sender, &status);
	CHECK_EQ(status.active, 0u);
	CHECK_EQ(status.failed, 1u);
	CHECK(strstr(status.failures, "large"));
	drop(&f, "large");
	file_sender_get(f.sender, &status);
	CHECK_EQ(status.failed, 1u);
	CHECK_EQ(status.batches, 2u);
	stop(&f);
}

static void a_cancel_reaches_the_guest(void **state) {
	struct fixture f;
	struct file_sender_status status;
	(void)state;
	start(&f);
	make(&f, "large", 4000000);
	drop(&f, "large");
	while (f.count == 0 || f.files[0].got == 0) {
		agent_pair_turn(&f.pair);
		CHECK(loop_run_once(f.loop, 20) >= 0);
	}
	file_sender_cancel(f.sender);
	file_sender_get(f.sender, &status);
	CHECK_EQ(status.active, 0u);
	CHECK_EQ(status.failed, 1u);
	agent_pair_turn(&f.pair);
	CHECK(f.files[0].ended && !f.files[0].whole);
	stop(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_comes_whole),
		cmocka_unit_test(one_that_fails_holds_up_none),
		cmocka_unit_test(two_of_one_name_stay_two),
		cmocka_unit_test(without_an_agent_all_fail_with_the_reason),
		cmocka_unit_test(a_cancel_reaches_the_guest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
