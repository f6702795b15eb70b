#define LOG_MODULE "clipboard"
#include "client/clipboard/clipboard_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/loop.h"

#define PIPES_MAX  24u
#define GROW_FIRST (256u * 1024)
#define TURN_BYTES (1024u * 1024) /* of one pipe before others have their turn */

struct pipe {
	struct clipboard_pipes *pipes;
	enum { PIPE_FREE, PIPE_READ, PIPE_WRITE } kind;
	int fd;
	struct loop_source *source;
	uint32_t id;
	struct bytes bytes;
	size_t sent; /* PIPE_WRITE */
	size_t max_bytes;
	uint64_t deadline_ns;
};

struct clipboard_pipes {
	struct loop *loop;
	struct loop_source *timer;
	uint64_t timeout_ns;
	struct clipboard_pipes_events events;
	struct pipe all[PIPES_MAX];
};

static void arm(struct clipboard_pipes *pipes) {
	deadline first = DEADLINE_NONE;
	for (unsigned i = 0; i < PIPES_MAX; i++) {
		const struct pipe *pipe = &pipes->all[i];
		if (pipe->kind != PIPE_FREE) {
			first = deadline_first(first, pipe->deadline_ns);
		}
	}
	loop_set_timer(pipes->timer, first);
}

static void progress(struct pipe *pipe) {
	pipe->deadline_ns = clock_now_ns() + pipe->pipes->timeout_ns;
	arm(pipe->pipes);
}

static void pipe_close(struct pipe *pipe) {
	loop_remove(pipe->source);
	close(pipe->fd);
	bytes_finish(&pipe->bytes);
	*pipe = (struct pipe){ .pipes = pipe->pipes };
}

/* The read is over. failure NONE: with what came. */
static void finish_read(struct pipe *pipe, bool good, enum clipboard_failure failure) {
	struct clipboard_pipes *pipes = pipe->pipes;
	const uint32_t id = pipe->id;
	const size_t len = pipe->bytes.len;
	uint8_t *heap = NULL;
	if (good) {
		heap = bytes_take(&pipe->bytes);
	}
	pipe_close(pipe);
	arm(pipes);
	pipes->events.read(id, heap, len, failure, pipes->events.data);
}

/* One byte more than the limit tells "too large" from "just so". */
static int make_room(struct pipe *pipe) {
	const size_t left = pipe->max_bytes + 1 - pipe->bytes.len;
	const size_t more = pipe->bytes.size == 0 && left > GROW_FIRST ? GROW_FIRST : 1;
	return bytes_reserve(&pipe->bytes, more, pipe->max_bytes + 1);
}

static void on_readable(int fd, uint32_t events, void *data) {
	struct pipe *pipe = data;
	struct bytes *bytes = &pipe->bytes;
	(void)events;
	for (size_t turn = 0; turn < TURN_BYTES;) {
		if (make_room(pipe) < 0) {
			finish_read(pipe, false, CLIPBOARD_FAILURE_NONE);
			return;
		}
		const ssize_t got = read(fd, bytes->data + bytes->len, bytes->size - bytes->len);
		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			break;
		}
		if (got <= 0) {
			finish_read(pipe, got == 0, CLIPBOARD_FAILURE_NONE);
			return;
		}
		bytes->len += (size_t)got;
		turn += (size_t)got;
		if (bytes->len > pipe->max_bytes) {
			finish_read(pipe, false, CLIPBOARD_FAILURE_SIZE);
			return;
		}
	}
	progress(pipe);
}

static void on_writable(int fd, uint32_t events, void *data) {
	struct pipe *pipe = data;
	const struct bytes *bytes = &pipe->bytes;
	(void)events;
	for (size_t turn = 0; turn < TURN_BYTES && pipe->sent < bytes->len;) {
		/* Where nobody reads any more, SIGPIPE is blocked as in all our threads. */
		const ssize_t sent = write(fd, bytes->data + pipe->sent, bytes->len - pipe->sent);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
			break;
		}
		if (sent < 0) {
			pipe->sent = bytes->len; /* it does not want the rest */
			break;
		}
		pipe->sent += (size_t)sent;
		turn += (size_t)sent;
	}
	if (pipe->sent == bytes->len) {
		pipe_close(pipe);
		arm(pipe->pipes);
	} else {
		progress(pipe);
	}
}

static void on_timer(void *data) {
	struct clipboard_pipes *pipes = data;
	const uint64_t now = clock_now_ns();
	for (unsigned i = 0; i < PIPES_MAX; i++) {
		struct pipe *pipe = &pipes->all[i];
		if (pipe->kind == PIPE_FREE || pipe->deadline_ns > now) {
			continue;
		}
		if (pipe->kind == PIPE_READ) {
			log_info("the program that has the clipboard does not answer");
			finish_read(pipe, false, CLIPBOARD_FAILURE_TIME);
		} else {
			log_info("a program stopped reading the clipboard after %zu of %zu bytes",
					pipe->sent, pipe->bytes.len);
			pipe_close(pipe);
		}
	}
	arm(pipes);
}

static struct pipe *find_free(struct clipboard_pipes *pipes) {
	for (unsigned i = 0; i < PIPES_MAX; i++) {
		if (pipes->all[i].kind == PIPE_FREE) {
			return &pipes->all[i];
		}
	}
	return NULL;
}

int clipboard_pipes_read(
		struct clipboard_pipes *pipes, uint32_t id, size_t max_bytes, int *ret_fd) {
	struct pipe *pipe = find_free(pipes);
	int fds[2];
	if (!pipe) {
		return -ENOBUFS;
	}
	if (pipe2(fds, O_CLOEXEC) < 0) {
		return -errno;
	}
	/* Only our end: the other program may not expect a write to fail. */
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	struct loop_source *source = loop_add_fd(pipes->loop, fds[0], EPOLLIN, on_readable, pipe);
	if (!source) {
		close(fds[0]);
		close(fds[1]);
		return -ENOMEM;
	}
	*pipe = (struct pipe){ .pipes = pipes,
		.kind = PIPE_READ,
		.fd = fds[0],
		.source = source,
		.id = id,
		.max_bytes = max_bytes };
	progress(pipe);
	*ret_fd = fds[1];
	return 0;
}

void clipboard_pipes_cancel_reads(struct clipboard_pipes *pipes, uint32_t keep) {
	for (unsigned i = 0; i < PIPES_MAX; i++) {
		if (pipes->all[i].kind == PIPE_READ && pipes->all[i].id != keep) {
			finish_read(&pipes->all[i], false, CLIPBOARD_FAILURE_NONE);
		}
	}
}

void clipboard_pipes_write(struct clipboard_pipes *pipes, int fd, void *heap, size_t len) {
	struct pipe *pipe = heap ? find_free(pipes) : NULL;
	if (pipe) {
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
		*pipe = (struct pipe){ .pipes = pipes,
			.kind = PIPE_WRITE,
			.fd = fd,
			.source = loop_add_fd(pipes->loop, fd, EPOLLOUT, on_writable, pipe),
			.bytes = { .data = heap, .len = len, .size = len } };
		if (pipe->source) {
			progress(pipe);
			return;
		}
		/* A plain file cannot be watched; nobody hands one over. */
		*pipe = (struct pipe){ .pipes = pipes };
	}
	free(heap);
	close(fd);
}

int clipboard_pipes_create(struct clipboard_pipes **ret_pipes, struct loop *loop,
		uint64_t timeout_ns, const struct clipboard_pipes_events *events) {
	struct clipboard_pipes *pipes = calloc(1, sizeof *pipes);
	if (!pipes) {
		return -ENOMEM;
	}
	pipes->loop = loop;
	pipes->timeout_ns = timeout_ns;
	pipes->events = *events;
	pipes->timer = loop_add_timer(loop, on_timer, pipes);
	if (!pipes->timer) {
		free(pipes);
		return -ENOMEM;
	}
	*ret_pipes = pipes;
	return 0;
}

void clipboard_pipes_destroy(struct clipboard_pipes *pipes) {
	if (!pipes) {
		return;
	}
	for (unsigned i = 0; i < PIPES_MAX; i++) {
		if (pipes->all[i].kind != PIPE_FREE) {
			pipe_close(&pipes->all[i]);
		}
	}
	loop_remove(pipes->timer);
	free(pipes);
}
