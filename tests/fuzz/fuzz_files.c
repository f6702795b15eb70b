/*
 * Files to a guest whose agent answers anything, in any order, and a disk that does what it likes:
 * the worker of client/files/file_worker.h is played here, so that its answers come when the
 * input says. What was begun ends exactly once, and no descriptor stays behind.
 *
 * Covers: client/files/file_sender.c client/files/file_names.c
 * host-proto/spice/agent_files.c
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/loop.h"
#include "client/files/file_sender.h"
#include "client/files/file_worker.h"
#include "client/session/guest_link.h"
#include "host-proto/spice/agent.h"
#include "host-proto/spice/reader.h"
#include "tests/fuzz/clock.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/quiet.h"

#define STEPS_MAX 400u
#define DROPS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct fuzz_input input;
	struct loop *loop;
	struct spice_agent *agent;
	struct file_sender *sender;
	struct file_job job; /* at the disk; kind NONE: idle */
	bool answered;
	void (*done)(void *data);
	void *done_data;
	unsigned room; /* messages that main takes */
	unsigned drops;
} f;

static volatile unsigned sum;

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

/* ---- the disk ---- */

int file_worker_create(struct file_worker **ret_worker, struct loop *loop, void (*done)(void *data),
		void *data) {
	static int worker;
	(void)loop;
	f.done = done;
	f.done_data = data;
	f.job = (struct file_job){ .kind = FILE_JOB_NONE };
	*ret_worker = (struct file_worker *)&worker;
	return 0;
}

void file_worker_destroy(struct file_worker *worker) {
	(void)worker;
	free(f.job.path);
	if (f.job.kind == FILE_JOB_READ ||
			(f.answered && f.job.kind == FILE_JOB_OPEN && f.job.result == 0)) {
		close(f.job.fd);
	}
	file_list_free(&f.job.list, 0);
	f.job = (struct file_job){ .kind = FILE_JOB_NONE };
}

bool file_worker_is_idle(const struct file_worker *worker) {
	(void)worker;
	return f.job.kind == FILE_JOB_NONE;
}

int file_worker_start(struct file_worker *worker, const struct file_job *job) {
	expect(file_worker_is_idle(worker));
	expect(job->kind != FILE_JOB_READ || job->want <= SPICE_AGENT_FILE_CHUNK);
	if (fuzz_u8(&f.input) == 0xff) {
		free(job->path);
		return -EAGAIN; /* no thread */
	}
	f.job = *job;
	f.answered = false;
	return 0;
}

struct file_job file_worker_take(struct file_worker *worker) {
	struct file_job job = f.job;
	(void)worker;
	if (!f.answered) {
		return (struct file_job){ .kind = FILE_JOB_NONE };
	}
	f.job = (struct file_job){ .kind = FILE_JOB_NONE };
	free(job.path);
	job.path = NULL;
	return job;
}

void file_worker_stop_walk(struct file_worker *worker) {
	(void)worker;
}

const uint8_t *file_worker_bytes(const struct file_worker *worker) {
	static const uint8_t bytes[SPICE_AGENT_FILE_CHUNK];
	(void)worker;
	return bytes;
}

/* Files of any name, as the file systems of Linux have them. */
static void find_files(unsigned count) {
	struct file_list *list = &f.job.list;
	list->files = calloc(count + 1, sizeof *list->files);
	list->room = count + 1;
	for (; list->count < count; list->count++) {
		static const int errors[] = { -EISDIR, -ENOTSUP, -EREMOTE, -E2BIG, -EACCES };
		const uint8_t how = fuzz_u8(&f.input);
		size_t len;
		char *path = fuzz_bytes(&f.input, how & 0x7f, &len);
		list->files[list->count] = (struct walked_file){ .path = path,
			.name_at = strlen(path) / 4,
			.error = how & 0x80 ? errors[len % 5] : 0 };
	}
}

static void answer_job(unsigned how) {
	if (f.job.kind == FILE_JOB_NONE || f.answered) {
		return;
	}
	f.answered = true;
	f.job.result = how == 0 ? -EIO : 0;
	if (f.job.kind == FILE_JOB_WALK) {
		find_files(how % 8);
	} else if (f.job.kind == FILE_JOB_OPEN && how != 0) {
		f.job.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		f.job.size = how < 8 ? how * 30000u : how < 12 ? 0 : UINT64_MAX >> how;
	} else if (f.job.kind == FILE_JOB_READ && how != 0) {
		f.job.result = how == 1 ? 0 : (ssize_t)f.job.want;
	}
	f.done(f.done_data);
}

/* ---- the agent ---- */

static int on_send(unsigned type, const void *body, size_t len, void *data) {
	const uint8_t *bytes = body;
	(void)type, (void)data;
	expect(len > 0 && len <= SPICE_AGENT_PAYLOAD_BYTES);
	sum += (unsigned)bytes[0] + bytes[len - 1];
	f.room -= f.room > 0;
	return 0;
}

static bool has_room(void *data) {
	(void)data;
	return f.room > 0;
}

static void on_ready(void *data) {
	(void)data;
	file_sender_set_agent(f.sender, f.agent);
}

static void on_offer(unsigned types, void *data) {
	(void)types, (void)data;
}

static void on_wanted(enum spice_clipboard_type type, void *data) {
	(void)data;
	(void)spice_agent_answer(f.agent, type, NULL, 0);
}

static void on_content(enum spice_clipboard_type type, uint8_t *heap, size_t len, void *data) {
	(void)type, (void)len, (void)data;
	free(heap);
}

static void on_file(uint32_t id, uint32_t result, uint64_t detail, void *data) {
	(void)data;
	file_sender_status(f.sender, id, result, detail);
}

static void on_drained(void *data) {
	(void)data;
	file_sender_drained(f.sender);
}

/* What the guest says, with the head that its agent puts before it. */
static void hear(uint32_t type, const void *bytes, size_t len) {
	uint8_t message[SPICE_AGENT_HEADER_BYTES + 128];
	struct writer w = writer_of(message, sizeof message);
	write_u32(&w, SPICE_AGENT_PROTOCOL);
	write_u32(&w, type);
	write_u64(&w, 0);
	write_u32(&w, (uint32_t)len);
	write_bytes(&w, bytes, len);
	spice_agent_data(f.agent, message, SPICE_AGENT_HEADER_BYTES + len);
}

static void be_agent(unsigned what) {
	uint8_t body[16];
	size_t len;
	char *bytes;
	struct writer w = writer_of(body, sizeof body);
	switch (what) {
	case 0:
		spice_agent_set_connected(f.agent, false, 0);
		file_sender_set_agent(f.sender, NULL);
		spice_agent_set_connected(f.agent, true, 50);
		break;
	case 1: /* its capabilities */
		write_u32(&w, 1);
		write_u32(&w, fuzz_u32(&f.input));
		hear(SPICE_AGENT_ANNOUNCE, body, 8);
		break;
	case 2:
		spice_agent_add_tokens(f.agent, fuzz_u8(&f.input));
		break;
	case 3:
		bytes = fuzz_bytes(&f.input, fuzz_u8(&f.input) % 100, &len);
		spice_agent_data(f.agent, (uint8_t *)bytes, len);
		free(bytes);
		break;
	default: /* its word about a file */
		write_u32(&w, fuzz_u8(&f.input));
		write_u32(&w, what - 4);
		write_u64(&w, (uint64_t)fuzz_u8(&f.input) << 16);
		hear(SPICE_AGENT_FILE_STATUS, body, what & 8 ? 16 : 8);
		break;
	}
}

/* ---- the user ---- */

static void on_changed(void *data) {
	struct file_sender_status status;
	(void)data;
	file_sender_get(f.sender, &status);
	expect(memchr(status.failures, '\0', sizeof status.failures) != NULL);
	expect(memchr(status.name, '\0', sizeof status.name) != NULL);
	expect(status.active == 0 || f.drops > 0);
}

static void drop(unsigned count) {
	char paths[64] = "";
	size_t used = 0;
	for (unsigned i = 0; i < count && f.drops < DROPS_MAX; i++, f.drops++) {
		used += (size_t)snprintf(paths + used, sizeof paths - used - 1, "/a/%u", i) + 1;
	}
	paths[used] = '\0';
	file_sender_add(f.sender, paths);
}

static void step(void) {
	const uint8_t what = fuzz_u8(&f.input);
	switch (what >> 4 & 7) {
	case 0:
	case 1:
		answer_job(what & 31);
		break;
	case 2:
	case 3:
		be_agent(what & 15);
		break;
	case 4:
		drop(what & 3);
		break;
	case 5:
		f.room = what & 15;
		spice_agent_pump(f.agent);
		break;
	case 6:
		fuzz_now_ns += (what & 15) * 50 * NS_PER_MS;
		break;
	default:
		if (what & 1) {
			file_sender_cancel(f.sender);
		}
		break;
	}
	for (unsigned i = 0; i < 50 && loop_run_once(f.loop, 0) > 0; i++) {
	}
}

static void check_end(int lowest) {
	struct file_sender_status status;
	file_sender_set_agent(f.sender, NULL);
	file_sender_get(f.sender, &status);
	expect(status.active == 0);
	file_sender_destroy(f.sender);
	spice_agent_destroy(f.agent);
	(void)loop_run_once(f.loop, 0); /* what was removed is freed */
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	expect(fd == lowest);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	const struct spice_agent_events events = { on_send, has_room, on_ready, on_offer, on_wanted,
		on_content, on_file, on_drained, NULL };
	if (!f.loop) {
		expect(loop_create(&f.loop) == 0);
	}
	f.input = (struct fuzz_input){ data, size };
	f.room = 1000;
	f.drops = 0;
	const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(lowest);
	expect(file_sender_create(&f.sender, f.loop, on_changed, NULL) == 0);
	expect(spice_agent_create(&f.agent, 4096, &events) == 0);
	spice_agent_set_connected(f.agent, true, 1000);
	for (unsigned i = 0; i < STEPS_MAX && f.input.left > 0; i++) {
		step();
	}
	check_end(lowest);
	return 0;
}
