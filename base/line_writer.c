#include "base/line_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tells whether fd became another file: tests and daemons put another one there. */
static unsigned long long file_of(const struct stat *st) {
	return (unsigned long long)st->st_dev << 40 ^ (unsigned long long)st->st_ino ^ 1;
}

/* A second opening of the same pipe or terminal that does not block; -1 for all else. */
static int open_again(const struct line_writer *writer, const struct stat *st) {
	char path[32];
	if (!S_ISFIFO(st->st_mode) && !S_ISCHR(st->st_mode)) {
		return -1;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", writer->fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static ssize_t write_now(struct line_writer *writer, const char *line, size_t len) {
	struct stat st;
	if (fstat(writer->fd, &st) < 0) {
		return -1;
	}
	if (S_ISSOCK(st.st_mode)) {
		return send(writer->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	if (!writer->looked || writer->file != file_of(&st)) {
		if (writer->own >= 0) {
			close(writer->own);
		}
		writer->own = open_again(writer, &st);
		writer->looked = true;
		writer->file = file_of(&st);
	}
	if (writer->own >= 0) {
		return write(writer->own, line, len);
	}
	struct pollfd room = { .fd = writer->fd, .events = POLLOUT };
	if (!S_ISREG(st.st_mode) && poll(&room, 1, 0) <= 0) {
		return -1; /* no second opening: at least not into what is full */
	}
	return write(writer->fd, line, len);
}

/* The lines that were dropped before this one. */
static bool tell_lost(struct line_writer *writer) {
	char text[80];
	if (writer->lost == 0) {
		return true;
	}
	const int len = snprintf(text, sizeof text,
			"(%u lines before this one were lost: nobody read them)\n", writer->lost);
	if (write_now(writer, text, (size_t)len) != len) {
		return false;
	}
	writer->lost = 0;
	return true;
}

bool line_writer_put(struct line_writer *writer, const char *line, size_t len) {
	char cut[LINE_WRITER_MAX];
	if (len > sizeof cut) {
		memcpy(cut, line, sizeof cut - 1);
		cut[sizeof cut - 1] = '\n';
		line = cut;
		len = sizeof cut;
	}
	pthread_mutex_lock(&writer->lock);
	const bool written = tell_lost(writer) && write_now(writer, line, len) > 0;
	writer->lost += !written;
	pthread_mutex_unlock(&writer->lock);
	return written;
}
