#include "client/files/file_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/thread.h"

struct file_worker {
	/* of the loop's thread */
	struct loop_source *wake;
	void (*done)(void *data);
	void *data;
	pthread_t thread;
	bool has_thread;
	bool busy; /* a job was given and its answer not yet taken */

	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	bool quit, given, finished;
	/* the thread's while given, else the loop's */
	struct file_job job;
	uint8_t bytes[SPICE_AGENT_FILE_CHUNK];
};

/* Files of the kernel (/proc) say that they are empty and are not: the guest wants to know the size
 * before the content. */
static int check_empty(int fd) {
	char byte;
	const ssize_t n = pread(fd, &byte, 1, 0);
	return n > 0 ? -ENODATA : n < 0 ? -errno : 0;
}

static void open_file(struct file_job *job) {
	struct stat st;
	int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		job->result = -errno;
		return;
	}
	if (fstat(fd, &st) < 0) {
		job->result = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		job->result = S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
	} else {
		job->result = st.st_size == 0 ? check_empty(fd) : 0;
		job->size = (uint64_t)st.st_size;
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	if (job->result < 0) {
		close(fd);
		fd = -1;
	}
	job->fd = fd;
}

static ssize_t read_piece(int fd, uint8_t *bytes, size_t want) {
	size_t got = 0;
	while (got < want) {
		ssize_t n = read(fd, bytes + got, want - got);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static void do_job(struct file_worker *worker) {
	struct file_job *job = &worker->job;
	switch (job->kind) {
	case FILE_JOB_WALK:
		job->result = file_walk(job->path, &worker->stop, &job->list);
		break;
	case FILE_JOB_OPEN:
		open_file(job);
		break;
	case FILE_JOB_READ:
		job->result = read_piece(job->fd, worker->bytes, job->want);
		break;
	case FILE_JOB_NONE:
		break;
	}
}

static void *run(void *data) {
	struct file_worker *worker = data;
	pthread_mutex_lock(&worker->lock);
	while (!worker->quit) {
		if (!worker->given) {
			pthread_cond_wait(&worker->changed, &worker->lock);
			continue;
		}
		pthread_mutex_unlock(&worker->lock);
		do_job(worker);
		pthread_mutex_lock(&worker->lock);
		worker->given = false;
		worker->finished = true;
		loop_wake(worker->wake);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static void on_wake(void *data) {
	struct file_worker *worker = data;
	pthread_mutex_lock(&worker->lock);
	const bool finished = worker->finished;
	pthread_mutex_unlock(&worker->lock);
	if (finished) {
		worker->done(worker->data);
	}
}

bool file_worker_is_idle(const struct file_worker *worker) {
	return !worker->busy;
}

int file_worker_start(struct file_worker *worker, const struct file_job *job) {
	if (!worker->has_thread) {
		int r = thread_start(&worker->thread, "pg-file", run, worker);
		if (r < 0) {
			free(job->path);
			return r;
		}
		worker->has_thread = true;
	}
	worker->busy = true;
	atomic_store(&worker->stop, false);
	pthread_mutex_lock(&worker->lock);
	worker->job = *job;
	worker->given = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	return 0;
}

struct file_job file_worker_take(struct file_worker *worker) {
	struct file_job job = { .kind = FILE_JOB_NONE };
	pthread_mutex_lock(&worker->lock);
	if (worker->finished) {
		worker->finished = false;
		worker->busy = false;
		job = worker->job;
		worker->job = (struct file_job){ .kind = FILE_JOB_NONE };
	}
	pthread_mutex_unlock(&worker->lock);
	free(job.path);
	job.path = NULL;
	return job;
}

void file_worker_stop_walk(struct file_worker *worker) {
	atomic_store(&worker->stop, true);
}

const uint8_t *file_worker_bytes(const struct file_worker *worker) {
	return worker->bytes;
}

int file_worker_create(struct file_worker **ret_worker, struct loop *loop, void (*done)(void *data),
		void *data) {
	struct file_worker *worker = calloc(1, sizeof *worker);
	if (!worker) {
		return -ENOMEM;
	}
	worker->done = done;
	worker->data = data;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	worker->wake = loop_add_wake(loop, on_wake, worker);
	if (!worker->wake) {
		file_worker_destroy(worker);
		return -ENOMEM;
	}
	*ret_worker = worker;
	return 0;
}

void file_worker_destroy(struct file_worker *worker) {
	if (!worker) {
		return;
	}
	if (worker->has_thread) {
		atomic_store(&worker->stop, true);
		pthread_mutex_lock(&worker->lock);
		worker->quit = true;
		pthread_cond_signal(&worker->changed);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
	}
	free(worker->job.path);
	file_list_free(&worker->job.list, 0);
	if ((worker->job.kind == FILE_JOB_OPEN || worker->job.kind == FILE_JOB_READ) &&
			worker->job.fd >= 0) {
		close(worker->job.fd);
	}
	loop_remove(worker->wake);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}
