#include "client/platform/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/loop.h"

struct instance {
	int lock_fd;
	int listen_fd;
	struct loop_source *source;
	struct sockaddr_un address;
	void (*raise)(void *data);
	void *data;
};

/* FNV-1a: the key may be a path of any length, a socket's may not. */
static uint64_t hash(const char *key) {
	uint64_t h = 0xcbf29ce484222325ull;
	for (; *key; key++) {
		h = (h ^ (unsigned char)*key) * 0x100000001b3ull;
	}
	return h;
}

static int runtime_folder(char *path, size_t size) {
	const char *base =
			getenv("XDG_RUNTIME_DIR"); // NOLINT(concurrency-mt-unsafe): never set by us
	if (!base || base[0] != '/') {
		return -ENOENT;
	}
	int n = snprintf(path, size, "%s/pierglass", base);
	if (n <= 0 || (size_t)n >= size) {
		return -ENAMETOOLONG;
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int ask_to_raise(const struct sockaddr_un *address) {
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	int r = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 1;
	if (r == 1 && send(fd, "raise", 5, MSG_NOSIGNAL) < 0) {
		r = -errno;
	}
	close(fd);
	return r;
}

static void on_connection(int fd, uint32_t events, void *data) {
	struct instance *instance = data;
	char word[16];
	(void)events;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (peer < 0) {
		return;
	}
	ssize_t len = recv(peer, word, sizeof word, 0);
	close(peer);
	/* The word was sent before we accepted; whoever sends nothing wants nothing. */
	if (len == 5 && memcmp(word, "raise", 5) == 0) {
		instance->raise(instance->data);
	}
}

static int listen_on(struct instance *instance, struct loop *loop) {
	instance->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (instance->listen_fd < 0) {
		return -errno;
	}
	unlink(instance->address.sun_path); /* the lock is ours: whoever left it is gone */
	if (bind(instance->listen_fd, (struct sockaddr *)&instance->address,
			    sizeof instance->address) < 0 ||
			listen(instance->listen_fd, 4) < 0) {
		return -errno;
	}
	instance->source = loop_add_fd(loop, instance->listen_fd, EPOLLIN, on_connection, instance);
	return instance->source ? 0 : -ENOMEM;
}

int instance_create(struct instance **ret_instance, struct loop *loop, const char *key,
		void (*raise)(void *data), void *data) {
	char folder[80];
	char lock_path[108];
	int r = runtime_folder(folder, sizeof folder);
	if (r < 0) {
		return r;
	}
	struct instance *instance = calloc(1, sizeof *instance);
	if (!instance) {
		return -ENOMEM;
	}
	instance->listen_fd = -1;
	instance->raise = raise;
	instance->data = data;
	instance->address.sun_family = AF_UNIX;
	snprintf(instance->address.sun_path, sizeof instance->address.sun_path, "%s/%016llx.ctl",
			folder, (unsigned long long)hash(key));
	snprintf(lock_path, sizeof lock_path, "%s/%016llx.lock", folder,
			(unsigned long long)hash(key));
	instance->lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (instance->lock_fd < 0) {
		r = -errno;
		goto fail;
	}
	if (flock(instance->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? ask_to_raise(&instance->address) : -errno;
		goto fail;
	}
	r = listen_on(instance, loop);
	if (r < 0) {
		goto fail;
	}
	*ret_instance = instance;
	return 0;
fail:
	if (instance->lock_fd >= 0) {
		close(instance->lock_fd);
	}
	if (instance->listen_fd >= 0) {
		close(instance->listen_fd);
	}
	free(instance);
	return r;
}

void instance_destroy(struct instance *instance) {
	if (!instance) {
		return;
	}
	loop_remove(instance->source);
	close(instance->listen_fd);
	unlink(instance->address.sun_path);
	close(instance->lock_fd); /* the lock file stays: removing it would race with a new start */
	free(instance);
}
