/*
 * Writes lines to a descriptor that may have no reader: a stopped pager, a full pipe, a terminal
 * with its output held. A write never waits; a line that does not fit now is dropped and counted,
 * and the count is written once the descriptor takes lines again.
 *
 * Callable from any thread, several at once. The descriptor's own flags are not changed, because
 * other programs share them: a pipe or terminal is opened a second time, without blocking.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* A longer line may block: it is cut, with its newline kept. */
#define LINE_WRITER_MAX 4096

struct line_writer {
	int fd;
	pthread_mutex_t lock; /* held for the system calls below, none of which waits */
	unsigned lost;
	int own; /* -1 = fd itself */
	bool looked;
	unsigned long long file; /* what fd was when own was opened */
};

#define LINE_WRITER(fd_) \
	{ .fd = (fd_), .lock = PTHREAD_MUTEX_INITIALIZER, .own = -1 }

/* line ends with a newline. Returns false if it was dropped. */
bool line_writer_put(struct line_writer *writer, const char *line, size_t len);
