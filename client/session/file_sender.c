#include "client/session/file_sender.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "files"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"
#include "client/session/guest_link.h"
#include "host-proto/spice/agent.h"

#define FILES_MAX  64u
#define ACTIVE_MAX 4u /* that the guest was told of at a time */
#define TELL_NS    (250 * NS_PER_MS)

enum state {
	FILE_NONE,
	FILE_QUEUED,  /* not opened yet */
	FILE_OFFERED, /* the guest was told and did not answer yet */
	FILE_SENDING,
	FILE_SENT, /* all bytes are on their way: the guest's word is missing */
};

struct file {
	enum state state;
	uint32_t id;
	int fd;
	uint64_t size, sent;
	char *path;
	char name[256];
};

/* One read at a time, handed to the thread and back. */
struct reading {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under the lock */
	bool quit, wanted, done;
	int fd;
	size_t want;
	ssize_t result;
	/* the thread's while wanted, else ours */
	uint8_t bytes[SPICE_AGENT_FILE_CHUNK];
};

struct file_sender {
	struct loop *loop;
	void (*changed)(void *data);
	void *data;
	struct spice_agent *agent;
	struct loop_source *next_wake; /* time for the next piece */
	struct loop_source *read_wake; /* the thread has read */
	struct loop_source *tell_timer;
	bool telling;

	pthread_t thread;
	bool has_thread;
	struct reading reading;
	uint32_t reading_id; /* 0 = nothing is being read */

	struct file files[FILES_MAX];
	uint32_t next_id;
	unsigned turn; /* round robin over the files that are being sent */
	struct session_files status;
};

/* ---- the reading thread ---- */

static void *read_files(void *data) {
	struct file_sender *sender = data;
	struct reading *reading = &sender->reading;
	pthread_mutex_lock(&reading->lock);
	while (!reading->quit) {
		if (!reading->wanted) {
			pthread_cond_wait(&reading->wake, &reading->lock);
			continue;
		}
		const int fd = reading->fd;
		const size_t want = reading->want;
		pthread_mutex_unlock(&reading->lock);
		size_t got = 0;
		ssize_t n = 1;
		while (got < want && (n = read(fd, reading->bytes + got, want - got)) > 0) {
			got += (size_t)n;
		}
		ssize_t result = n < 0 ? -errno : (ssize_t)got;
		pthread_mutex_lock(&reading->lock);
		reading->wanted = false;
		reading->done = true;
		reading->result = result;
		loop_wake(sender->read_wake);
	}
	pthread_mutex_unlock(&reading->lock);
	return NULL;
}

static int start_thread(struct file_sender *sender) {
	if (sender->has_thread) {
		return 0;
	}
	int r = thread_start(&sender->thread, "pg-file", read_files, sender);
	sender->has_thread = r == 0;
	return r;
}

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

static unsigned count(const struct file_sender *sender, enum state state) {
	unsigned n = 0;
	for (unsigned i = 0; i < FILES_MAX; i++) {
		n += sender->files[i].state == state;
	}
	return n;
}

static void file_end(struct file_sender *sender, struct file *file) {
	/* The thread may still be reading from it: on_read() closes it then. */
	if (file->fd >= 0 && sender->reading_id != file->id) {
		close(file->fd);
	}
	free(file->path);
	*file = (struct file){ .fd = -1 };
	sender->status.active--;
	if (sender->status.active == 0) {
		log_info("files to the guest: %u sent, %u failed", sender->status.done,
				sender->status.failed);
	}
	tell(sender);
}

static void file_failed(struct file_sender *sender, struct file *file, const char *reason) {
	snprintf(sender->status.error, sizeof sender->status.error, "%.60s: %.90s", file->name,
			reason);
	log_warn("%s was not sent: %s", file->name, reason);
	sender->status.failed++;
	sender->status.total_bytes -= file->size - file->sent;
	file_end(sender, file);
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

/* ---- sending ---- */

static struct file *find(struct file_sender *sender, uint32_t id) {
	for (unsigned i = 0; i < FILES_MAX; i++) {
		if (sender->files[i].state != FILE_NONE && sender->files[i].id == id) {
			return &sender->files[i];
		}
	}
	return NULL;
}

static const char *open_file(struct file_sender *sender, struct file *file) {
	struct stat st;
	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0) {
		return strerrordesc_np(errno);
	}
	if (fstat(file->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		return S_ISDIR(st.st_mode) ? _("it is a folder") : _("it is not a regular file");
	}
	(void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	file->size = (uint64_t)st.st_size;
	sender->status.total_bytes += file->size;
	return NULL;
}

static void offer_next(struct file_sender *sender) {
	unsigned active = count(sender, FILE_OFFERED) + count(sender, FILE_SENDING) +
			  count(sender, FILE_SENT);
	for (unsigned i = 0; i < FILES_MAX && active < ACTIVE_MAX && sender->agent; i++) {
		struct file *file = &sender->files[i];
		if (file->state != FILE_QUEUED) {
			continue;
		}
		const char *problem = open_file(sender, file);
		if (!problem) {
			int r = spice_agent_file_start(
					sender->agent, file->id, file->name, file->size);
			problem = r < 0 ? strerrordesc_np(-r) : NULL;
		}
		if (problem) {
			file_failed(sender, file, problem);
			continue;
		}
		file->state = FILE_OFFERED;
		snprintf(sender->status.name, sizeof sender->status.name, "%.127s", file->name);
		active++;
	}
}

/* Asks the thread for the next piece of the file whose turn it is. */
static void on_next(void *data) {
	struct file_sender *sender = data;
	offer_next(sender);
	if (sender->reading_id != 0 || !sender->agent || spice_agent_queued(sender->agent) > 0) {
		return;
	}
	for (unsigned i = 0; i < FILES_MAX; i++) {
		struct file *file = &sender->files[(sender->turn + i) % FILES_MAX];
		if (file->state != FILE_SENDING) {
			continue;
		}
		sender->turn = (sender->turn + i + 1) % FILES_MAX;
		sender->reading_id = file->id;
		const uint64_t left = file->size - file->sent;
		struct reading *reading = &sender->reading;
		pthread_mutex_lock(&reading->lock);
		reading->fd = file->fd;
		reading->want = left < sizeof reading->bytes ? (size_t)left : sizeof reading->bytes;
		reading->wanted = true;
		pthread_cond_signal(&reading->wake);
		pthread_mutex_unlock(&reading->lock);
		return;
	}
}

/* A piece that cannot be sent is gone: the next read is behind it. */
static void send_piece(
		struct file_sender *sender, struct file *file, const uint8_t *bytes, size_t len) {
	int r = spice_agent_file_data(sender->agent, file->id, bytes, len);
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

static void on_read(void *data) {
	struct file_sender *sender = data;
	struct reading *reading = &sender->reading;
	pthread_mutex_lock(&reading->lock);
	const bool done = reading->done;
	const ssize_t result = reading->result;
	const size_t want = reading->want;
	const int fd = reading->fd;
	reading->done = false;
	pthread_mutex_unlock(&reading->lock);
	if (!done) {
		return;
	}
	/* Without an agent there is no file any more: file_sender_set_agent(). */
	struct file *file = find(sender, sender->reading_id);
	sender->reading_id = 0;
	if (!file) {
		close(fd); /* it ended meanwhile */
	} else if (result < (ssize_t)want) {
		/* Also a file that became shorter: the guest was told its size. */
		(void)spice_agent_file_cancel(sender->agent, file->id);
		file_failed(sender, file,
				result < 0 ? strerrordesc_np((int)-result)
					   : _("it became shorter while it was read"));
	} else {
		send_piece(sender, file, reading->bytes, want);
	}
	loop_wake(sender->next_wake);
}

void file_sender_status(struct file_sender *sender, uint32_t id, uint32_t result, uint64_t detail) {
	char text[96];
	struct file *file = find(sender, id);
	if (!file || file->state == FILE_QUEUED) {
		return; /* not ours */
	}
	if (result == SPICE_FILE_CAN_SEND) {
		if (file->state == FILE_OFFERED) {
			file->state = FILE_SENDING;
			if (start_thread(sender) < 0) {
				file_failed(sender, file, _("no thread to read it with"));
			}
			loop_wake(sender->next_wake);
		}
		return;
	}
	if (result == SPICE_FILE_SUCCESS) {
		sender->status.done++;
		log_info("%s was sent to the guest", file->name);
		file_end(sender, file);
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

void file_sender_set_agent(struct file_sender *sender, struct spice_agent *agent) {
	sender->agent = agent;
	for (unsigned i = 0; i < FILES_MAX && !agent; i++) {
		if (sender->files[i].state != FILE_NONE) {
			file_failed(sender, &sender->files[i], _("the guest's agent went away"));
		}
	}
}

static void add(struct file_sender *sender, const char *path) {
	struct file *file = NULL;
	for (unsigned i = 0; i < FILES_MAX && !file; i++) {
		if (sender->files[i].state == FILE_NONE) {
			file = &sender->files[i];
		}
	}
	if (sender->status.active == 0) {
		sender->status = (struct session_files){ 0 }; /* a new batch */
	}
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (!file) {
		log_warn("%s was not sent: too many files at once", name);
		sender->status.failed++;
		return;
	}
	*file = (struct file){ .state = FILE_QUEUED, .fd = -1, .path = strdup(path) };
	sender->next_id += sender->next_id == UINT32_MAX ? 2 : 1;
	file->id = sender->next_id;
	log_printable(file->name, sizeof file->name, name, strlen(name));
	sender->status.active++;
	if (!file->path) {
		file_failed(sender, file, _("out of memory"));
	} else if (!sender->agent) {
		file_failed(sender, file, _("no agent runs in the guest"));
	} else if (spice_agent_caps(sender->agent) & SPICE_AGENT_CAP_FILE_XFER_DISABLED) {
		file_failed(sender, file, _("the guest has file transfer disabled"));
	}
}

void file_sender_add(struct file_sender *sender, const char *paths) {
	for (const char *path = paths; *path; path += strlen(path) + 1) {
		add(sender, path);
	}
	loop_wake(sender->next_wake);
	tell(sender);
}

void file_sender_cancel(struct file_sender *sender) {
	for (unsigned i = 0; i < FILES_MAX; i++) {
		struct file *file = &sender->files[i];
		if (file->state == FILE_NONE) {
			continue;
		}
		if (file->state != FILE_QUEUED && sender->agent) {
			(void)spice_agent_file_cancel(sender->agent, file->id);
		}
		file_failed(sender, file, _("cancelled"));
	}
}

void file_sender_get(const struct file_sender *sender, struct session_files *ret_status) {
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
	for (unsigned i = 0; i < FILES_MAX; i++) {
		sender->files[i].fd = -1;
	}
	pthread_mutex_init(&sender->reading.lock, NULL);
	pthread_cond_init(&sender->reading.wake, NULL);
	sender->next_wake = loop_add_wake(loop, on_next, sender);
	sender->read_wake = loop_add_wake(loop, on_read, sender);
	sender->tell_timer = loop_add_timer(loop, on_tell, sender);
	if (!sender->next_wake || !sender->read_wake || !sender->tell_timer) {
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
	if (sender->has_thread) {
		pthread_mutex_lock(&sender->reading.lock);
		sender->reading.quit = true;
		pthread_cond_signal(&sender->reading.wake);
		pthread_mutex_unlock(&sender->reading.lock);
		pthread_join(sender->thread, NULL);
	}
	if (sender->reading_id != 0 && !find(sender, sender->reading_id)) {
		close(sender->reading.fd);
	}
	for (unsigned i = 0; i < FILES_MAX; i++) {
		if (sender->files[i].fd >= 0) {
			close(sender->files[i].fd);
		}
		free(sender->files[i].path);
	}
	loop_remove(sender->next_wake);
	loop_remove(sender->read_wake);
	loop_remove(sender->tell_timer);
	pthread_cond_destroy(&sender->reading.wake);
	pthread_mutex_destroy(&sender->reading.lock);
	free(sender);
}
