#define LOG_MODULE "files"
#include "client/files/file_sender.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "client/files/file_names.h"
#include "client/files/file_worker.h"
#include "host-proto/spice/agent.h"

#define ACTIVE_MAX 4u  /* that the guest was told of at a time */
#define LOG_LINES  20u /* of each kind in a batch: then they are only counted */
#define TELL_NS    (250 * NS_PER_MS)

enum state {
	FILE_NONE,
	FILE_OPENING, /* by the worker */
	FILE_OPEN,    /* the guest could not be told yet */
	FILE_OFFERED, /* the guest was told and did not answer yet */
	FILE_SENDING,
	FILE_SENT, /* all bytes are on their way: the guest's word is missing */
};

struct file {
	enum state state;
	uint32_t id;
	int fd;
	uint64_t size, sent;
	char path[FILE_NAME_BYTES]; /* as it was dropped, for people; printable */
	char name[FILE_NAME_BYTES]; /* in the guest */
};

/* What was dropped and not looked at yet. */
struct dropped {
	struct dropped *next;
	char path[];
};

struct file_sender {
	struct loop *loop;
	void (*changed)(void *data);
	void *data;
	struct spice_agent *agent;
	struct loop_source *next_wake; /* time for the next step */
	struct loop_source *tell_timer;
	bool telling;

	struct file_worker *worker;
	struct dropped *dropped; /* the oldest first */
	struct dropped **dropped_end;
	struct file_list queue; /* walked: from `next` on they wait */
	size_t next;
	bool walking;             /* a drop of this batch is with the worker */
	struct file_names *names; /* of this batch */

	struct file files[ACTIVE_MAX];
	bool piece_waits; /* a piece that was read and found no room: of file piece_id */
	uint32_t piece_id;
	size_t piece_len;
	uint32_t next_id;
	unsigned turn;    /* round robin over the files that are being sent */
	unsigned unnamed; /* failures that found no room in status.failures */
	struct file_sender_status status;
};

/* ---- status ---- */

static void tell(struct file_sender *sender) {
	if (!sender->telling) {
		sender->telling = true;
		loop_set_timer(sender->tell_timer, clock_now_ns() + TELL_NS);
	}
}

static void on_tell(void *data) {
	struct file_sender *sender = data;
	sender->telling = false;
	sender->changed(sender->data);
}

static bool agent_is_windows(const struct file_sender *sender) {
	return sender->agent && spice_agent_crlf(sender->agent);
}

/* Everything that was dropped is through. */
static void end_batch(struct file_sender *sender) {
	struct file_sender_status *status = &sender->status;
	size_t used = strlen(status->failures);
	if (sender->unnamed > 0) {
		snprintf(status->failures + used, sizeof status->failures - used,
				_("; and %u more"), sender->unnamed);
	}
	log_info("files to the guest: %u of %u sent, %u failed, %u under another name",
			status->done, status->done + status->failed, status->failed,
			status->renamed);
	file_names_destroy(sender->names);
	sender->names = NULL;
	sender->unnamed = 0;
	status->batches++;
	sender->telling = true;
	loop_set_timer(sender->tell_timer, clock_now_ns());
}

static void one_less(struct file_sender *sender) {
	sender->status.active--;
	if (sender->status.active == 0) {
		end_batch(sender);
	}
	tell(sender);
}

/* Adds "name: reason" while it fits, with room for "and n more". */
static void name_failure(struct file_sender *sender, const char *name, const char *reason) {
	struct file_sender_status *status = &sender->status;
	snprintf(status->error, sizeof status->error, "%.60s: %.90s", name, reason);
	size_t used = strlen(status->failures);
	const size_t room = sizeof status->failures - used;
	char text[256];
	int n = snprintf(text, sizeof text, "%s%.100s: %.100s", used ? "; " : "", name, reason);
	if (sender->unnamed > 0 || n < 0 || (size_t)n + 48 > room) {
		sender->unnamed++;
	} else {
		memcpy(status->failures + used, text, (size_t)n + 1);
	}
}

static void count_failure(struct file_sender *sender, const char *name, const char *reason) {
	name_failure(sender, name, reason);
	if (sender->status.failed < LOG_LINES) {
		log_warn("%s was not sent: %s", name, reason);
	}
	sender->status.failed++;
	one_less(sender);
}

static void file_clear(struct file *file) {
	if (file->fd >= 0) {
		close(file->fd);
	}
	file->state = FILE_NONE;
	file->fd = -1;
}

/* A file that the worker still has is closed when it gives it back. */
static void file_end(struct file_sender *sender, struct file *file) {
	if (sender->piece_waits && sender->piece_id == file->id) {
		sender->piece_waits = false;
	}
	file_clear(file);
	loop_wake(sender->next_wake);
}

static void file_failed(struct file_sender *sender, struct file *file, const char *reason) {
	sender->status.total_bytes -= file->size - file->sent;
	file_end(sender, file);
	count_failure(sender, file->path, reason);
}

static const char *result_text(uint32_t result, uint64_t detail, char *text, size_t size) {
	switch (result) {
	case SPICE_FILE_CANCELLED:
		return _("the guest cancelled it");
	case SPICE_FILE_NO_SPACE:
		if (detail == 0) { /* it does not say how much */
			return _("the guest has too little free space");
		}
		snprintf(text, size, _("the guest has only %llu MiB free"),
				(unsigned long long)(detail >> 20));
		return text;
	case SPICE_FILE_LOCKED:
		return _("the guest's session is locked");
	case SPICE_FILE_NO_AGENT:
		return _("no agent runs in the guest's session");
	case SPICE_FILE_DISABLED:
		return _("the guest has file transfer disabled");
	default:
		return _("the guest reports an error");
	}
}

/* ---- what the worker does ---- */

static struct file *find(struct file_sender *sender, uint32_t id) {
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		if (sender->files[i].state != FILE_NONE && sender->files[i].id == id) {
			return &sender->files[i];
		}
	}
	return NULL;
}

static struct file *find_state(struct file_sender *sender, enum state state) {
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		if (sender->files[i].state == state) {
			return &sender->files[i];
		}
	}
	return NULL;
}

static const char *error_text(int error) {
	switch (error) {
	case -EISDIR:
		return _("it is a link to a folder");
	case -ENOTSUP:
		return _("it is not a regular file");
	case -ENODATA:
		return _("its size is not known before it is read: copy it first");
	case -EREMOTE:
		return _("it is on another machine and not mounted here");
	case -E2BIG:
		return _("it holds more than a million files: the rest was left out");
	default:
		return strerrordesc_np(-error);
	}
}

static void printable(char *text, size_t size, const char *name) {
	utf8_printable(text, size, name, strlen(name));
}

/* Gives the worker the oldest thing that was dropped. */
static void start_walk(struct file_sender *sender) {
	struct dropped *dropped = sender->dropped;
	sender->dropped = dropped->next;
	if (!sender->dropped) {
		sender->dropped_end = &sender->dropped;
	}
	const struct file_job job = { .kind = FILE_JOB_WALK, .path = strdup(dropped->path) };
	int r = job.path ? file_worker_start(sender->worker, &job) : -ENOMEM;
	if (r < 0) {
		char name[128];
		printable(name, sizeof name, dropped->path);
		count_failure(sender, name, strerrordesc_np(-r));
	}
	sender->walking = r == 0;
	free(dropped);
}

/* A drop is one that is active; now it is the files that it holds. */
static void on_walked(struct file_sender *sender, struct file_job *job) {
	struct file_list *queue = &sender->queue;
	if (!sender->walking) {
		file_list_free(&job->list, 0); /* cancelled */
		return;
	}
	sender->walking = false;
	if (sender->next == queue->count) {
		file_list_free(queue, sender->next);
		sender->next = 0;
	}
	struct walked_file *files = reallocarray(
			queue->files, queue->count + job->list.count + 1, sizeof *files);
	if (files) {
		queue->files = files;
		memcpy(files + queue->count, job->list.files, job->list.count * sizeof *files);
		queue->count += job->list.count;
		sender->status.active += (unsigned)job->list.count;
		free(job->list.files);
	} else {
		file_list_free(&job->list, 0);
		job->result = -ENOMEM;
	}
	if (job->result < 0) {
		count_failure(sender, _("a folder"), strerrordesc_np((int)-job->result));
	} else {
		one_less(sender);
	}
}

static int name_file(struct file_sender *sender, struct file *file, const char *path) {
	sender->names = sender->names ? sender->names : file_names_create();
	int r = sender->names ? file_names_take(sender->names, path, agent_is_windows(sender),
						file->name)
			      : -ENOMEM;
	if (r > 0) {
		char shown[FILE_NAME_BYTES];
		printable(shown, sizeof shown, file->name);
		if (sender->status.renamed++ < LOG_LINES) {
			log_info("%s is called %s in the guest", file->path, shown);
		}
	}
	return r;
}

/* Gives the worker the next file to open. False: it failed at once. */
static void start_open(struct file_sender *sender, struct file *file) {
	struct walked_file *next = &sender->queue.files[sender->next++];
	sender->next_id += sender->next_id == UINT32_MAX ? 2 : 1;
	*file = (struct file){ .state = FILE_OPENING, .id = sender->next_id, .fd = -1 };
	const char *path = next->path + next->name_at;
	printable(file->path, sizeof file->path, path);
	int r = next->error;
	if (r == 0) {
		r = name_file(sender, file, path);
	}
	if (r < 0) {
		free(next->path);
		file_failed(sender, file, error_text(r));
		return;
	}
	const struct file_job job = {
		.kind = FILE_JOB_OPEN, .id = file->id, .path = next->path, .fd = -1
	};
	r = file_worker_start(sender->worker, &job);
	if (r < 0) {
		file_failed(sender, file, _("no thread to read it could be started"));
	}
}

static void on_opened(struct file_sender *sender, const struct file_job *job) {
	struct file *file = find(sender, job->id);
	if (!file) {
		if (job->result == 0) {
			close(job->fd); /* it ended meanwhile */
		}
	} else if (job->result < 0) {
		file_failed(sender, file, error_text((int)job->result));
	} else {
		file->fd = job->fd;
		file->size = job->size;
		file->state = FILE_OPEN;
		sender->status.total_bytes += file->size;
	}
}

/* ---- sending ---- */

/* False: there is no room for now. */
static bool offer(struct file_sender *sender, struct file *file) {
	int r = spice_agent_file_start(sender->agent, file->id, file->name, file->size);
	if (r == -ENOBUFS) {
		return false;
	}
	if (r < 0) {
		file_failed(sender, file, strerrordesc_np(-r));
		return true;
	}
	file->state = FILE_OFFERED;
	snprintf(sender->status.name, sizeof sender->status.name, "%.127s", file->path);
	return true;
}

/* A piece that finds no room is kept until there is. */
static void send_piece(struct file_sender *sender, struct file *file, size_t len) {
	int r = spice_agent_file_data(
			sender->agent, file->id, file_worker_bytes(sender->worker), len);
	sender->piece_waits = r == -ENOBUFS;
	sender->piece_id = file->id;
	sender->piece_len = len;
	if (r == -ENOBUFS) {
		return;
	}
	if (r < 0) {
		(void)spice_agent_file_cancel(sender->agent, file->id);
		file_failed(sender, file, strerrordesc_np(-r));
		return;
	}
	file->sent += len;
	sender->status.sent_bytes += len;
	if (file->sent == file->size) {
		file->state = FILE_SENT;
	}
	tell(sender);
}

/* Without an agent there is no file any more: file_sender_set_agent(). */
static void on_read(struct file_sender *sender, const struct file_job *job) {
	struct file *file = find(sender, job->id);
	if (!file) {
		close(job->fd); /* it ended meanwhile */
		return;
	}
	file->fd = job->fd;
	if (job->result < (ssize_t)job->want) {
		/* Also a file that became shorter: the guest was told its size. */
		(void)spice_agent_file_cancel(sender->agent, file->id);
		file_failed(sender, file,
				job->result < 0 ? strerrordesc_np((int)-job->result)
						: _("it became shorter while it was read"));
		return;
	}
	send_piece(sender, file, job->want);
}

static void on_worker(void *data) {
	struct file_sender *sender = data;
	struct file_job job = file_worker_take(sender->worker);
	switch (job.kind) {
	case FILE_JOB_WALK:
		on_walked(sender, &job);
		break;
	case FILE_JOB_OPEN:
		on_opened(sender, &job);
		break;
	case FILE_JOB_READ:
		on_read(sender, &job);
		break;
	case FILE_JOB_NONE:
		return;
	}
	loop_wake(sender->next_wake);
}

/* Asks for the next piece of the file whose turn it is. The worker has its descriptor meanwhile. */
static void start_read(struct file_sender *sender) {
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		struct file *file = &sender->files[(sender->turn + i) % ACTIVE_MAX];
		if (file->state != FILE_SENDING) {
			continue;
		}
		sender->turn = (sender->turn + i + 1) % ACTIVE_MAX;
		const uint64_t left = file->size - file->sent;
		const struct file_job job = {
			.kind = FILE_JOB_READ,
			.id = file->id,
			.fd = file->fd,
			.want = left < SPICE_AGENT_FILE_CHUNK ? (size_t)left
							      : SPICE_AGENT_FILE_CHUNK,
		};
		file->fd = -1;
		if (file_worker_start(sender->worker, &job) < 0) {
			file->fd = job.fd;
			file_failed(sender, file, _("no thread to read it could be started"));
		}
		return;
	}
}

/* What there is to do now: one step. Folders are read first, so that their number is known. */
static void on_next(void *data) {
	struct file_sender *sender = data;
	struct file *file;
	if (!sender->agent) {
		return;
	}
	while ((file = find_state(sender, FILE_OPEN)) && offer(sender, file)) {
	}
	if (sender->piece_waits) {
		file = find(sender, sender->piece_id);
		if (file) {
			send_piece(sender, file, sender->piece_len);
		}
	}
	if (sender->piece_waits || !file_worker_is_idle(sender->worker)) {
		return;
	}
	if (sender->dropped) {
		start_walk(sender);
	} else if (sender->next < sender->queue.count && (file = find_state(sender, FILE_NONE))) {
		start_open(sender, file);
	} else if (spice_agent_queued(sender->agent) == 0) {
		start_read(sender);
		return;
	} else {
		return;
	}
	if (file_worker_is_idle(sender->worker)) {
		loop_wake(sender->next_wake); /* it failed at once */
	}
}

void file_sender_status(struct file_sender *sender, uint32_t id, uint32_t result, uint64_t detail) {
	char text[96];
	struct file *file = find(sender, id);
	if (!file || file->state < FILE_OFFERED) {
		return; /* not one of these */
	}
	if (result == SPICE_FILE_CAN_SEND) {
		if (file->state == FILE_OFFERED) {
			file->state = FILE_SENDING; /* an empty one, too: an empty piece */
		}
	} else if (result == SPICE_FILE_SUCCESS) {
		if (sender->status.done++ < LOG_LINES) {
			log_info("%s was sent to the guest", file->path);
		}
		file_end(sender, file);
		one_less(sender);
	} else {
		file_failed(sender, file, result_text(result, detail, text, sizeof text));
	}
	loop_wake(sender->next_wake);
}

void file_sender_drained(struct file_sender *sender) {
	if (sender->status.active > 0) {
		loop_wake(sender->next_wake);
	}
}

/* Everything that is left fails for one reason, which is said once. */
static void fail_all(struct file_sender *sender, const char *reason) {
	struct file_sender_status *status = &sender->status;
	if (status->active == 0) {
		return;
	}
	file_worker_stop_walk(sender->worker);
	sender->walking = false;
	char only[64] = ""; /* its name, when it is one */
	if (sender->dropped) {
		const char *slash = strrchr(sender->dropped->path, '/');
		printable(only, sizeof only, slash && slash[1] ? slash + 1 : sender->dropped->path);
	}
	for (struct dropped *next; sender->dropped; sender->dropped = next) {
		next = sender->dropped->next;
		free(sender->dropped);
	}
	sender->dropped_end = &sender->dropped;
	file_list_free(&sender->queue, sender->next);
	sender->next = 0;
	char left[64];
	const struct file *first = NULL;
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		struct file *file = &sender->files[i];
		if (file->state != FILE_NONE) {
			first = first ? first : file;
			file_end(sender, file);
		}
	}
	if (status->active == 1 && (first || only[0])) {
		name_failure(sender, first ? first->path : only, reason);
	} else {
		snprintf(left, sizeof left, _("files left: %u"), status->active);
		name_failure(sender, left, reason);
	}
	log_warn("%u files were not sent: %s", status->active, reason);
	status->failed += status->active;
	status->active = 0;
	end_batch(sender);
	tell(sender);
}

void file_sender_set_agent(struct file_sender *sender, struct spice_agent *agent) {
	sender->agent = agent;
	if (!agent) {
		fail_all(sender, _("the guest's agent went away"));
	}
}

static int add(struct file_sender *sender, const char *path) {
	const size_t len = strlen(path);
	struct dropped *dropped = malloc(sizeof *dropped + len + 1);
	if (!dropped) {
		return -ENOMEM;
	}
	dropped->next = NULL;
	memcpy(dropped->path, path, len + 1);
	*sender->dropped_end = dropped;
	sender->dropped_end = &dropped->next;
	return 0;
}

void file_sender_add(struct file_sender *sender, const char *paths) {
	if (sender->status.active == 0) {
		sender->status = (struct file_sender_status){ .batches = sender->status.batches };
	}
	for (const char *path = paths; *path; path += strlen(path) + 1) {
		sender->status.active++;
		if (add(sender, path) < 0) {
			count_failure(sender, path, _("out of memory"));
		}
	}
	if (!sender->agent) {
		fail_all(sender, _("no agent runs in the guest"));
	} else if (spice_agent_caps(sender->agent) & SPICE_AGENT_CAP_FILE_XFER_DISABLED) {
		fail_all(sender, _("the guest has file transfer disabled"));
	}
	loop_wake(sender->next_wake);
	tell(sender);
}

void file_sender_cancel(struct file_sender *sender) {
	for (unsigned i = 0; i < ACTIVE_MAX && sender->agent; i++) {
		if (sender->files[i].state >= FILE_OFFERED) {
			(void)spice_agent_file_cancel(sender->agent, sender->files[i].id);
		}
	}
	fail_all(sender, _("cancelled"));
}

void file_sender_get(const struct file_sender *sender, struct file_sender_status *ret_status) {
	*ret_status = sender->status;
}

int file_sender_create(struct file_sender **ret_sender, struct loop *loop,
		void (*changed)(void *data), void *data) {
	struct file_sender *sender = calloc(1, sizeof *sender);
	if (!sender) {
		return -ENOMEM;
	}
	sender->loop = loop;
	sender->changed = changed;
	sender->data = data;
	sender->dropped_end = &sender->dropped;
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		sender->files[i].fd = -1;
	}
	sender->next_wake = loop_add_wake(loop, on_next, sender);
	sender->tell_timer = loop_add_timer(loop, on_tell, sender);
	if (!sender->next_wake || !sender->tell_timer ||
			file_worker_create(&sender->worker, loop, on_worker, sender) < 0) {
		file_sender_destroy(sender);
		return -ENOMEM;
	}
	*ret_sender = sender;
	return 0;
}

void file_sender_destroy(struct file_sender *sender) {
	if (!sender) {
		return;
	}
	if (sender->worker && !file_worker_is_idle(sender->worker)) {
		file_worker_stop_walk(sender->worker);
	}
	file_worker_destroy(sender->worker);
	for (struct dropped *next; sender->dropped; sender->dropped = next) {
		next = sender->dropped->next;
		free(sender->dropped);
	}
	file_list_free(&sender->queue, sender->next);
	for (unsigned i = 0; i < ACTIVE_MAX; i++) {
		file_clear(&sender->files[i]);
	}
	file_names_destroy(sender->names);
	loop_remove(sender->next_wake);
	loop_remove(sender->tell_timer);
	free(sender);
}
