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

#include "base/folder_watch.h"
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

struct looked {
	struct socket_watch *watch;
	bool appeared;
};

static void on_change(int folder, uint32_t mask, const char *name, void *data) {
	struct looked *looked = data;
	struct socket_watch *watch = looked->watch;
	if ((mask & IN_Q_OVERFLOW) || strcmp(name, watch->file) == 0) {
		looked->appeared = true;
	}
	if ((mask & IN_IGNORED) && folder == watch->folder) {
		watch->folder = -1; /* it is gone */
	}
}

static void on_readable(int fd, uint32_t events, void *data) {
	struct looked looked = { .watch = data };
	(void)events;
	folder_watch_read(fd, on_change, &looked);
	if (looked.appeared) {
		looked.watch->appeared(looked.watch->data);
	}
}

void socket_watch_set(struct socket_watch *watch, const char *path) {
	if (watch->folder >= 0) {
		folder_watch_remove(watch->fd, watch->folder);
		watch->folder = -1;
	}
	if (!path || watch->fd < 0) {
		return;
	}
	char copy[PATH_BYTES];
	snprintf(copy, sizeof copy, "%s", path);
	snprintf(watch->file, sizeof watch->file, "%s", basename(copy));
	snprintf(copy, sizeof copy, "%s", path);
	watch->folder = folder_watch_add(
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
	watch->fd = folder_watch_open();
	if (watch->fd >= 0) {
		watch->source = loop_add_fd(loop, watch->fd, EPOLLIN, on_readable, watch);
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
