#include "audio/receive/sound_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/runtime_folder.h"

#define KEY_BYTES   38
#define PLAYERS_MAX 8

struct key {
	char name[KEY_BYTES];
	bool held;
	int lock_fd;   /* open while held */
	int listen_fd; /* the unit's: where players ask */
	int asked_fd;  /* the player's: its connection to the unit, kept while it plays */
	int players[PLAYERS_MAX]; /* the unit's: connections of players */
};

struct sound_owner {
	bool disabled;
	bool preemptible;
	int epoll_fd;
	char folder[58]; /* a socket's path must fit in 108 bytes */
	unsigned count;
	struct key keys[SOUND_OWNER_KEYS];
};

static void shut(int *fd) {
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

static void path_of(const struct sound_owner *owner, const struct key *key, const char *suffix,
		char *ret_path, size_t room) {
	snprintf(ret_path, room, "%s/sound-%s.%s", owner->folder, key->name, suffix);
}

static int find_folder(struct sound_owner *owner, const char *folder) {
	if (!folder) {
		return runtime_folder_make(owner->folder, sizeof owner->folder);
	}
	if (snprintf(owner->folder, sizeof owner->folder, "%s", folder) >=
			(int)sizeof owner->folder) {
		return -ENAMETOOLONG;
	}
	return mkdir(owner->folder, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int sound_owner_create(struct sound_owner **ret_owner, const char *folder, bool preemptible) {
	struct sound_owner *owner = calloc(1, sizeof *owner);
	if (!owner) {
		return -ENOMEM;
	}
	owner->preemptible = preemptible;
	owner->disabled = find_folder(owner, folder) < 0;
	owner->epoll_fd = owner->disabled ? -1 : epoll_create1(EPOLL_CLOEXEC);
	if (!owner->disabled && owner->epoll_fd < 0) {
		int r = -errno;
		free(owner);
		return r;
	}
	*ret_owner = owner;
	return 0;
}

static void unlock(struct key *key) {
	shut(&key->lock_fd); /* ends the lock */
	key->held = false;
}

static void forget(struct sound_owner *owner, struct key *key) {
	if (key->listen_fd >= 0 && key->held) {
		char path[sizeof((struct sockaddr_un *)0)->sun_path];
		path_of(owner, key, "ask", path, sizeof path);
		unlink(path);
	}
	shut(&key->listen_fd);
	unlock(key);
	shut(&key->asked_fd);
	for (int i = 0; i < PLAYERS_MAX; i++) {
		shut(&key->players[i]);
	}
}

void sound_owner_destroy(struct sound_owner *owner) {
	if (!owner) {
		return;
	}
	for (unsigned i = 0; i < owner->count; i++) {
		forget(owner, &owner->keys[i]);
	}
	shut(&owner->epoll_fd);
	free(owner);
}

/* A socket's path has no room for more: the end of a long name is its sum. */
static void shorten(const char *name, char ret_name[KEY_BYTES]) {
	uint32_t sum = 2166136261U;
	for (const char *c = name; *c; c++) {
		sum = (sum ^ (uint8_t)*c) * 16777619U;
	}
	if (snprintf(ret_name, KEY_BYTES, "%s", name) >= KEY_BYTES) {
		snprintf(ret_name + KEY_BYTES - 10, 10, "-%08x", sum);
	}
	for (char *c = ret_name; *c; c++) {
		if (*c == '/') {
			*c = '_';
		}
	}
}

static struct key *key_of(struct sound_owner *owner, const char *long_name, bool make) {
	char name[KEY_BYTES];
	shorten(long_name, name);
	for (unsigned i = 0; i < owner->count; i++) {
		if (strcmp(owner->keys[i].name, name) == 0) {
			return &owner->keys[i];
		}
	}
	if (!make || owner->count == SOUND_OWNER_KEYS) {
		return NULL;
	}
	struct key *key = &owner->keys[owner->count++];
	*key = (struct key){ .lock_fd = -1, .listen_fd = -1, .asked_fd = -1 };
	for (int i = 0; i < PLAYERS_MAX; i++) {
		key->players[i] = -1;
	}
	memcpy(key->name, name, sizeof key->name);
	return key;
}

static void watch(struct sound_owner *owner, int fd) {
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	epoll_ctl(owner->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static struct sockaddr_un address_of(const struct sound_owner *owner, const struct key *key) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	path_of(owner, key, "ask", address.sun_path, sizeof address.sun_path);
	return address;
}

/* The unit, holding the lock: players may ask from now on. */
static void listen_for_players(struct sound_owner *owner, struct key *key) {
	struct sockaddr_un address = address_of(owner, key);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return;
	}
	unlink(address.sun_path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 8) < 0) {
		close(fd);
		return;
	}
	key->listen_fd = fd;
	watch(owner, fd);
}

static bool has_players(const struct key *key) {
	for (int i = 0; i < PLAYERS_MAX; i++) {
		if (key->players[i] >= 0) {
			return true;
		}
	}
	return false;
}

static bool lock(struct sound_owner *owner, struct key *key, bool shared, int *ret_pid) {
	char path[160];
	char text[32] = "";
	path_of(owner, key, "lock", path, sizeof path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	*ret_pid = 0;
	if (fd < 0) {
		return true; /* a broken folder must not cost the sound */
	}
	if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
		int64_t pid;
		ssize_t n = pread(fd, text, sizeof text - 1, 0);
		if (n > 0 && parse_int(text, 1, INT32_MAX, &pid)) {
			*ret_pid = (int)pid;
		}
		close(fd);
		return false;
	}
	int n = snprintf(text, sizeof text, "%d", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0) {
		/* Only the number for people is missing. */
	}
	key->lock_fd = fd;
	key->held = true;
	return true;
}

/* A player: asks the unit that has the lock, if it is one. The connection stays: its end tells the
 * unit that the sound is free again, however the player ends. */
static bool ask_unit(struct sound_owner *owner, struct key *key) {
	if (key->asked_fd >= 0) {
		return true;
	}
	struct sockaddr_un address = address_of(owner, key);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return false;
	}
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return false;
	}
	key->asked_fd = fd;
	return true;
}

enum sound_owner_state sound_owner_try(
		struct sound_owner *owner, const char *name, bool shared, int *ret_pid) {
	*ret_pid = 0;
	if (owner->disabled) {
		return SOUND_OWNER_HELD;
	}
	struct key *key = key_of(owner, name, true);
	if (!key || key->held) {
		return SOUND_OWNER_HELD;
	}
	if (owner->preemptible && has_players(key)) {
		return SOUND_OWNER_OTHER;
	}
	if (lock(owner, key, shared, ret_pid)) {
		if (owner->preemptible && key->listen_fd < 0) {
			listen_for_players(owner, key);
		}
		return SOUND_OWNER_HELD;
	}
	if (!owner->preemptible && ask_unit(owner, key)) {
		return SOUND_OWNER_ASKED;
	}
	return SOUND_OWNER_OTHER;
}

void sound_owner_release(struct sound_owner *owner, const char *name) {
	struct key *key = key_of(owner, name, false);
	if (key) {
		forget(owner, key);
	}
}

int sound_owner_fd(const struct sound_owner *owner) {
	return owner->epoll_fd;
}

static bool accept_player(struct sound_owner *owner, struct key *key) {
	int fd = accept4(key->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		return false;
	}
	for (int i = 0; i < PLAYERS_MAX; i++) {
		if (key->players[i] < 0) {
			key->players[i] = fd;
			watch(owner, fd);
			unlock(key);
			return true;
		}
	}
	close(fd);
	return false;
}

static bool dispatch_key(struct sound_owner *owner, struct key *key, int fd) {
	if (fd == key->listen_fd) {
		return accept_player(owner, key);
	}
	for (int i = 0; i < PLAYERS_MAX; i++) {
		char byte;
		if (key->players[i] == fd && read(fd, &byte, 1) <= 0) {
			shut(&key->players[i]); /* the player has left */
			return true;
		}
	}
	return false;
}

bool sound_owner_dispatch(struct sound_owner *owner) {
	struct epoll_event events[8];
	bool changed = false;
	int n = epoll_wait(owner->epoll_fd, events, 8, 0);
	for (int i = 0; i < n; i++) {
		for (unsigned k = 0; k < owner->count; k++) {
			changed |= dispatch_key(owner, &owner->keys[k], events[i].data.fd);
		}
	}
	return changed;
}
