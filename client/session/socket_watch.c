#include "client/session/socket_watch.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/loop.h"

#define PATH_BYTES 108 /* of a unix socket's address */

struct socket_watch {
	struct loop *loop;
	void (*appeared)(void *data);
	void *data;
	int fd;
	int folder; /* -1 = none */
	struct loop_source *source;
	char file[PATH_BYTES];
};

static void on_inotify(int fd, uint32_t events, void *data) {
	struct socket_watch *watch = data;
	(void)events;
	union {
		struct inotify_event event;
		char bytes[4096];
	} buffer;
	bool ours = false;
	ssize_t n;
	while ((n = read(fd, buffer.bytes, sizeof buffer.bytes)) > 0) {
		for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= n;) {
			struct inotify_event event;
			memcpy(&event, buffer.bytes + at, sizeof event);
			const char *name = buffer.bytes + at + sizeof event;
			ours = ours ||
			       (event.len > 0 && strncmp(name, watch->file, event.len) == 0);
			if ((event.mask & IN_IGNORED) && event.wd == watch->folder) {
				watch->folder = -1; /* it is gone */
			}
			at += (ssize_t)(sizeof event + event.len);
		}
	}
	if (ours) {
		watch->appeared(watch->data);
	}
}

void socket_watch_set(struct socket_watch *watch, const char *path) {
	if (watch->folder >= 0) {
		inotify_rm_watch(watch->fd, watch->folder);
		watch->folder = -1;
	}
	if (!path || watch->fd < 0) {
		return;
	}
	char copy[PATH_BYTES];
	snprintf(copy, sizeof copy, "%s", path);
	snprintf(watch->file, sizeof watch->file, "%s", basename(copy));
	snprintf(copy, sizeof copy, "%s", path);
	watch->folder = inotify_add_watch(
			watch->fd, dirname(copy), IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR);
}

int socket_watch_create(struct socket_watch **ret_watch, struct loop *loop,
		void (*appeared)(void *data), void *data) {
	struct socket_watch *watch = calloc(1, sizeof *watch);
	if (!watch) {
		return -ENOMEM;
	}
	*watch = (struct socket_watch){
		.loop = loop, .appeared = appeared, .data = data, .folder = -1
	};
	/* Without inotify (its instances are limited) the timer alone has to do. */
	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd >= 0) {
		watch->source = loop_add_fd(loop, watch->fd, EPOLLIN, on_inotify, watch);
		if (!watch->source) {
			socket_watch_destroy(watch);
			return -ENOMEM;
		}
	}
	*ret_watch = watch;
	return 0;
}

void socket_watch_destroy(struct socket_watch *watch) {
	if (!watch) {
		return;
	}
	loop_remove(watch->source);
	if (watch->fd >= 0) {
		close(watch->fd);
	}
	free(watch);
}
