#include "tools/vm-model/virt_opening.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libvirt/virterror.h>

#include "base/clock.h"
#include "tools/vm-model/text.h"

struct opening {
	/* constant after opening_start() */
	char uri[VIRT_URI_BYTES];
	enum virt_right right;
	pthread_mutex_t lock;
	pthread_cond_t wake;

	/* under lock */
	bool done;
	bool abandoned; /* by the caller: the thread frees it */

	/* of the thread until done, then of the caller */
	virConnectPtr connection;
	bool manages;
	char error[200];
};

static void opening_free(struct opening *opening) {
	pthread_cond_destroy(&opening->wake);
	pthread_mutex_destroy(&opening->lock);
	free(opening);
}

/* The right to manage is asked for only of one that answers: it may put a question to the user, and
 * a follower comes here every few seconds. */
static void open_it(struct opening *opening) {
	enum virt_right right = opening->right;
	const char *uri = opening->uri;
	virConnectPtr reads = right == VIRT_MANAGE ? NULL : virConnectOpenReadOnly(uri);
	virConnectPtr manages = right != VIRT_READ && (reads || right == VIRT_MANAGE)
						? virConnectOpen(uri)
						: NULL;
	if (!reads && !manages) {
		virErrorPtr error = virGetLastError(); /* this thread's */
		const char *words = error && error->message ? error->message : "unknown error";
		snprintf(opening->error, sizeof opening->error, "%.*s", (int)strcspn(words, "\n"),
				words);
	}
	if (reads && manages) {
		virConnectClose(reads);
	}
	opening->connection = manages ? manages : reads;
	opening->manages = manages != NULL;
}

static void *run(void *data) {
	struct opening *opening = data;
	open_it(opening);
	pthread_mutex_lock(&opening->lock);
	opening->done = true;
	bool abandoned = opening->abandoned;
	pthread_cond_signal(&opening->wake);
	pthread_mutex_unlock(&opening->lock);
	if (abandoned) {
		if (opening->connection) {
			virConnectClose(opening->connection);
		}
		opening_free(opening);
	}
	return NULL;
}

struct opening *opening_start(const char *uri, enum virt_right right) {
	struct opening *opening = xmalloc(sizeof *opening);
	copy_text(opening->uri, sizeof opening->uri, uri);
	opening->right = right;
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&opening->lock, NULL);
	pthread_cond_init(&opening->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, opening) != 0) {
		opening_free(opening);
		return NULL;
	}
	pthread_detach(thread);
	return opening;
}

int opening_take(struct opening *opening, unsigned wait_ms, virConnectPtr *ret_connection,
		bool *ret_manages, char *error, size_t error_size) {
	uint64_t until_ns = clock_now_ns() + wait_ms * NS_PER_MS;
	struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
		.tv_nsec = (long)(until_ns % NS_PER_S) };
	pthread_mutex_lock(&opening->lock);
	int r = 0;
	while (!opening->done && r == 0) {
		r = pthread_cond_timedwait(&opening->wake, &opening->lock, &until);
	}
	bool done = opening->done;
	pthread_mutex_unlock(&opening->lock);
	if (!done) {
		return -EAGAIN;
	}
	r = opening->connection ? 0 : -ENOTCONN;
	if (r == 0) {
		*ret_connection = opening->connection;
		*ret_manages = opening->manages;
	} else {
		copy_text(error, error_size, opening->error);
	}
	opening_free(opening);
	return r;
}

void opening_abandon(struct opening *opening) {
	if (!opening) {
		return;
	}
	pthread_mutex_lock(&opening->lock);
	opening->abandoned = true;
	bool done = opening->done;
	pthread_mutex_unlock(&opening->lock);
	if (done) {
		if (opening->connection) {
			virConnectClose(opening->connection);
		}
		opening_free(opening);
	}
}
