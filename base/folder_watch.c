#include "base/folder_watch.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int folder_watch_open(void) {
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int folder_watch_add(int fd, const char *path, uint32_t mask) {
	int folder = inotify_add_watch(fd, path, mask);
	return folder < 0 ? -errno : folder;
}

void folder_watch_remove(int fd, int folder) {
	(void)inotify_rm_watch(fd, folder);
}

void folder_watch_read(int fd, folder_watch_fn fn, void *data) {
	char buffer[8 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
		for (const char *at = buffer; at < buffer + n;) {
			struct inotify_event event;
			memcpy(&event, at, sizeof event);
			/* The kernel ends the name with a NUL, and pads it with more. */
			fn(event.wd, event.mask, event.len > 0 ? at + sizeof event : "", data);
			at += sizeof event + event.len;
		}
	}
}
