#include "client/bench/bench_tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PIDS_MAX 8192 /* of the machine; of more the rest is left out */

struct line {
	pid_t pid, parent;
	bool ours;
};

/* NOLINTBEGIN(cert-err34-c): numbers of the kernel's */

/* /proc/PID/stat behind the name, which may contain anything. False: it is gone. */
static bool read_stat(pid_t pid, char *text, size_t size, const char **ret_after) {
	char path[40];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
	const char *after = strrchr(text, ')');
	*ret_after = after ? after + 1 : NULL;
	return after != NULL;
}

static uint64_t wakes_of(pid_t pid, pid_t thread) {
	char path[64], text[96];
	unsigned long long wakes = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)thread);
	FILE *file = fopen(path, "re");
	if (!file) {
		return 0;
	}
	while (fgets(text, sizeof text, file)) {
		if (sscanf(text, "voluntary_ctxt_switches: %llu", &wakes) == 1) {
			break;
		}
	}
	fclose(file);
	return wakes;
}

static uint64_t wakes_of_threads(pid_t pid) {
	char path[40];
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	if (!tasks) {
		return 0;
	}
	uint64_t wakes = 0;
	struct dirent *entry;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a folder of its own */
	while ((entry = readdir(tasks))) {
		const pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		wakes += thread > 0 ? wakes_of(pid, thread) : 0;
	}
	closedir(tasks);
	return wakes;
}

static bool read_process(pid_t pid, struct bench_process *ret_process) {
	char text[1024];
	const char *after;
	clockid_t clock;
	struct timespec cpu;
	long user = 0, system = 0;
	if (!read_stat(pid, text, sizeof text, &after) || clock_getcpuclockid(pid, &clock) != 0 ||
			clock_gettime(clock, &cpu) != 0 ||
			sscanf(after,
					" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld "
					"%ld",
					&user, &system) != 2) {
		return false;
	}
	*ret_process = (struct bench_process){
		.pid = pid,
		.cpu_ns = (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec,
		.reaped_ns = (uint64_t)(user + system) *
			     (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK)),
		.wakes = wakes_of_threads(pid),
	};
	const char *name = strchr(text, '(') + 1;
	snprintf(ret_process->name, sizeof ret_process->name, "%.*s", (int)(after - 1 - name),
			name);
	return true;
}

static unsigned read_all(struct line *lines) {
	unsigned count = 0;
	struct dirent *entry;
	DIR *processes = opendir("/proc");
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a folder of its own */
	while (processes && count < PIDS_MAX && (entry = readdir(processes))) {
		char text[1024];
		const char *after;
		int parent;
		const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && read_stat(pid, text, sizeof text, &after) &&
				sscanf(after, " %*c %d", &parent) == 1) {
			lines[count++] = (struct line){ pid, parent, false };
		}
	}
	if (processes) {
		closedir(processes);
	}
	return count;
}

/* NOLINTEND(cert-err34-c) */

/* Marks the children of what is marked, until there are no more: a child may have a lower number
 * than its parent. */
static void mark(struct line *lines, unsigned count, pid_t root) {
	for (unsigned i = 0; i < count; i++) {
		lines[i].ours = lines[i].pid == root;
	}
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < count; i++) {
			for (unsigned k = 0; k < count && !lines[i].ours; k++) {
				if (lines[k].ours && lines[i].parent == lines[k].pid) {
					lines[i].ours = true;
					more = true;
				}
			}
		}
	}
}

int bench_tree_read(struct bench_tree *ret_tree, pid_t root) {
	struct line *lines = calloc(PIDS_MAX, sizeof *lines);
	if (!lines) {
		return -ENOMEM;
	}
	const unsigned count = read_all(lines);
	mark(lines, count, root);
	ret_tree->count = 0;
	ret_tree->at_ns = clock_now_ns();
	for (unsigned i = 0; i < count && ret_tree->count < BENCH_TREE_MAX; i++) {
		if (lines[i].ours &&
				read_process(lines[i].pid, &ret_tree->processes[ret_tree->count])) {
			ret_tree->count++;
		}
	}
	free(lines);
	return ret_tree->count > 0 ? 0 : -ESRCH;
}

static const struct bench_process *find(const struct bench_tree *tree, pid_t pid) {
	for (unsigned i = 0; i < tree->count; i++) {
		if (tree->processes[i].pid == pid) {
			return &tree->processes[i];
		}
	}
	return NULL;
}

struct bench_process bench_tree_before(
		const struct bench_tree *from, const struct bench_process *process) {
	const struct bench_process *before = find(from, process->pid);
	return before ? *before : (struct bench_process){ .pid = process->pid };
}

uint64_t bench_tree_cpu_ns(const struct bench_tree *from, const struct bench_tree *to) {
	uint64_t ns = 0, known_ns = 0;
	for (unsigned i = 0; i < to->count; i++) {
		const struct bench_process *process = &to->processes[i];
		const struct bench_process before = bench_tree_before(from, process);
		ns += process->cpu_ns - before.cpu_ns + process->reaped_ns - before.reaped_ns;
	}
	/* A process that ended is in its parent's sum with all that it ever used. */
	for (unsigned i = 0; i < from->count; i++) {
		if (!find(to, from->processes[i].pid)) {
			known_ns += from->processes[i].cpu_ns;
		}
	}
	return ns > known_ns ? ns - known_ns : 0;
}
