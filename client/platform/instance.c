#include "client/platform/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
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

#include "base/clock.h"
#include "base/loop.h"
#include "base/runtime_folder.h"

/* Later starts that have connected and not yet said what they want. */
#define CALLERS_MAX 4
/* A start that lost the race for the lock asks again until the winner listens. */
#define RETRY_MS 10

struct claim {
	struct instance *instance;
	int lock_fd;
	int listen_fd;
	struct loop_source *source;
	struct sockaddr_un address;
};

struct caller {
	struct instance *instance;
	int fd;
	struct loop_source *source; /* NULL: free */
};

struct instance {
	struct loop *loop;
	struct instance_events events;
	struct claim claims[INSTANCE_KEYS_MAX];
	unsigned claim_count;
	struct caller callers[CALLERS_MAX];
	unsigned next_caller;
};

/* FNV-1a: the key may be a path of any length, a socket's may not. */
static uint64_t hash(const char *key) {
	uint64_t h = 0xcbf29ce484222325ull;
	for (; *key; key++) {
		h = (h ^ (unsigned char)*key) * 0x100000001b3ull;
	}
	return h;
}

/* ---- the later start ---- */

static pid_t pid_of(int fd) {
	struct ucred peer;
	socklen_t len = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.pid : 0;
}

/* 1 = the owner has answered, or nobody waits for that; -ECONNREFUSED, -ENOENT = it does not listen
 * yet, or not any more; -ETIMEDOUT = it listens and is silent. */
static int ask_to_raise(const struct sockaddr_un *address, int patience_ms, pid_t *ret_pid) {
	char word[4];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -errno;
	}
	int r = 1;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ||
			send(fd, "raise", 5, MSG_NOSIGNAL) < 0) {
		/* EAGAIN: its queue of callers is full, it takes none of them. */
		r = errno == EAGAIN ? -ETIMEDOUT : -errno;
	} else if (patience_ms > 0) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		*ret_pid = pid_of(fd);
		r = poll(&wait, 1, patience_ms) <= 0     ? -ETIMEDOUT
		    : recv(fd, word, sizeof word, 0) > 0 ? 1
							 : -ECONNREFUSED; /* it leaves just now */
	}
	close(fd);
	return r;
}

/* ---- the owner ---- */

static void drop_caller(struct caller *caller) {
	loop_remove(caller->source);
	caller->source = NULL;
}

static void on_word(int fd, uint32_t events, void *data) {
	struct caller *caller = data;
	char word[16];
	(void)events;
	ssize_t len = recv(fd, word, sizeof word, 0);
	drop_caller(caller);
	if (len == 5 && memcmp(word, "raise", 5) == 0) {
		caller->instance->events.raise(fd, caller->instance->events.data);
	} else {
		close(fd);
	}
}

/* The word may come later than the connection: it is waited for on the loop. Who connects and says
 * nothing gives way to the fourth after it. */
static void on_connection(int fd, uint32_t events, void *data) {
	struct instance *instance = ((struct claim *)data)->instance;
	(void)events;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (peer < 0) {
		return;
	}
	struct caller *caller = &instance->callers[instance->next_caller++ % CALLERS_MAX];
	if (caller->source) {
		drop_caller(caller);
		close(caller->fd);
	}
	caller->instance = instance;
	caller->fd = peer;
	caller->source = loop_add_fd(instance->loop, peer, EPOLLIN, on_word, caller);
	if (!caller->source) {
		close(peer);
	}
}

void instance_answer(int reply_fd) {
	if (send(reply_fd, "ok", 2, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		/* It waits no more: the window is in front all the same. */
	}
	close(reply_fd);
}

static int listen_on(struct claim *claim) {
	claim->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (claim->listen_fd < 0) {
		return -errno;
	}
	unlink(claim->address.sun_path); /* the lock is ours: whoever left it is gone */
	if (bind(claim->listen_fd, (struct sockaddr *)&claim->address, sizeof claim->address) < 0 ||
			listen(claim->listen_fd, 4) < 0) {
		return -errno;
	}
	claim->source = loop_add_fd(
			claim->instance->loop, claim->listen_fd, EPOLLIN, on_connection, claim);
	return claim->source ? 0 : -ENOMEM;
}

static void give_back(struct claim *claim) {
	loop_remove(claim->source);
	if (claim->listen_fd >= 0) {
		close(claim->listen_fd);
		unlink(claim->address.sun_path);
	}
	/* The lock file stays: removing it would race with a new start. */
	if (claim->lock_fd >= 0) {
		close(claim->lock_fd);
	}
}

static bool is_mine(const struct instance *instance, const struct claim *claim) {
	for (unsigned i = 0; i < instance->claim_count; i++) {
		if (strcmp(instance->claims[i].address.sun_path, claim->address.sun_path) == 0) {
			return true;
		}
	}
	return false;
}

/* Takes the lock, or has its owner come to the front. */
static int lock_or_raise(
		struct claim *claim, const char *lock_path, unsigned patience_ms, pid_t *ret_pid) {
	const uint64_t end_ns = clock_now_ns() + patience_ms * NS_PER_MS;
	claim->lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (claim->lock_fd < 0) {
		return -errno;
	}
	for (;;) {
		if (flock(claim->lock_fd, LOCK_EX | LOCK_NB) == 0) {
			return 0;
		}
		if (errno != EWOULDBLOCK) {
			return -errno;
		}
		uint64_t now_ns = clock_now_ns();
		int left_ms = now_ns < end_ns ? (int)((end_ns - now_ns) / NS_PER_MS) : 0;
		if (patience_ms > 0 && left_ms == 0) {
			return -ETIMEDOUT;
		}
		int r = ask_to_raise(&claim->address, left_ms, ret_pid);
		if (r == 1 || r == -ETIMEDOUT) {
			return r;
		}
		if (patience_ms == 0) {
			return 1; /* somebody has it, and does not listen yet */
		}
		clock_sleep_ns(RETRY_MS * NS_PER_MS);
	}
}

int instance_claim(
		struct instance *instance, const char *key, unsigned patience_ms, pid_t *ret_pid) {
	char folder[80];
	char lock_path[108];
	pid_t pid = 0;
	struct claim claim = { .instance = instance, .lock_fd = -1, .listen_fd = -1 };
	int r = runtime_folder_make(folder, sizeof folder);
	if (r < 0) {
		return r;
	}
	claim.address.sun_family = AF_UNIX;
	snprintf(claim.address.sun_path, sizeof claim.address.sun_path, "%s/%016llx.ctl", folder,
			(unsigned long long)hash(key));
	snprintf(lock_path, sizeof lock_path, "%s/%016llx.lock", folder,
			(unsigned long long)hash(key));
	if (is_mine(instance, &claim)) {
		return 0;
	}
	if (instance->claim_count == INSTANCE_KEYS_MAX) {
		return -ENOSPC;
	}
	r = lock_or_raise(&claim, lock_path, patience_ms, &pid);
	if (r == 0) {
		/* The loop keeps the address of the claim: it is put where it stays first. */
		struct claim *kept = &instance->claims[instance->claim_count];
		*kept = claim;
		r = listen_on(kept);
		if (r == 0) {
			instance->claim_count++;
			return 0;
		}
		claim = *kept;
	}
	give_back(&claim);
	if (ret_pid) {
		*ret_pid = pid;
	}
	return r;
}

/* ---- names ---- */

bool instance_file_key(const char *path, char key[static INSTANCE_KEY_BYTES]) {
	struct stat file;
	if (stat(path, &file) < 0) {
		return false;
	}
	if (S_ISCHR(file.st_mode)) {
		snprintf(key, INSTANCE_KEY_BYTES, "device:%llx", (unsigned long long)file.st_rdev);
	} else {
		snprintf(key, INSTANCE_KEY_BYTES, "inode:%llx:%llx",
				(unsigned long long)file.st_dev, (unsigned long long)file.st_ino);
	}
	return true;
}

void instance_path_key(const char *path, char key[static INSTANCE_KEY_BYTES]) {
	char *real = realpath(path, NULL);
	snprintf(key, INSTANCE_KEY_BYTES, "path:%.*s", INSTANCE_KEY_BYTES - 8, real ? real : path);
	free(real);
}

/* ---- life ---- */

int instance_create(struct instance **ret_instance, struct loop *loop,
		const struct instance_events *events) {
	struct instance *instance = calloc(1, sizeof *instance);
	if (!instance) {
		return -ENOMEM;
	}
	instance->loop = loop;
	instance->events = *events;
	*ret_instance = instance;
	return 0;
}

void instance_destroy(struct instance *instance) {
	if (!instance) {
		return;
	}
	for (unsigned i = 0; i < CALLERS_MAX; i++) {
		if (instance->callers[i].source) {
			drop_caller(&instance->callers[i]);
			close(instance->callers[i].fd);
		}
	}
	for (unsigned i = 0; i < instance->claim_count; i++) {
		give_back(&instance->claims[i]);
	}
	free(instance);
}
