/*
 * The thread that touches the disk for the files that are sent ("pg-file"): it walks through
 * folders, opens and reads, one job at a time, so that a slow disk never holds a key.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "client/files/file_walk.h"
#include "host-proto/spice/agent.h"

struct file_worker;
struct loop;

enum file_job_kind { FILE_JOB_NONE, FILE_JOB_WALK, FILE_JOB_OPEN, FILE_JOB_READ };

struct file_job {
	enum file_job_kind kind;
	uint32_t id;   /* OPEN, READ: of the file, for the caller */
	char *path;    /* WALK, OPEN: heap, the job's */
	int fd;        /* READ: the worker's until the answer. Answer of OPEN: goes to the caller */
	size_t want;   /* READ: bytes, at most SPICE_AGENT_FILE_CHUNK */
	uint64_t size; /* answer of OPEN */
	struct file_list list; /* answer of WALK; goes to the caller */
	/* The answer: 0 or bytes read, or a negative errno (OPEN: -EISDIR, -ENOTSUP = not a regular
	 * file). */
	ssize_t result;
};

/* done runs on the loop when a job is done: file_worker_take() then. Starts no thread yet. */
int file_worker_create(struct file_worker **ret_worker, struct loop *loop, void (*done)(void *data),
		void *data);
/* Waits for the job at hand and throws its answer away. Accepts NULL. */
void file_worker_destroy(struct file_worker *worker);

/* No job is under way, and no answer is to be taken. */
bool file_worker_is_idle(const struct file_worker *worker);
/* While idle only. path is taken over also on failure, which is that no thread starts. */
int file_worker_start(struct file_worker *worker, const struct file_job *job);
/* The answer, path freed; kind NONE: not yet. */
struct file_job file_worker_take(struct file_worker *worker);
/* A walk under way ends early. */
void file_worker_stop_walk(struct file_worker *worker);
/* What the last READ gave, until the next one. */
const uint8_t *file_worker_bytes(const struct file_worker *worker);
