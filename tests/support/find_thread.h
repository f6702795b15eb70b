/* Threads of a process by their names, for tests that look at how they are scheduled. */
#pragma once

#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The newest thread of the process with that name; 0 = none. */
static inline pid_t find_thread(pid_t process, const char *name) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task", (int)process);
	DIR *tasks = opendir(path);
	pid_t found = 0;
	for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
		char comm[350];
		char text[32] = "";
		snprintf(comm, sizeof comm, "%s/%s/comm", path, entry->d_name);
		FILE *file = fopen(comm, "re");
		if (file && fgets(text, sizeof text, file) &&
				strncmp(text, name, strlen(name)) == 0) {
			found = (pid_t)strtol(entry->d_name, NULL, 10);
		}
		if (file) {
			fclose(file);
		}
	}
	if (tasks) {
		closedir(tasks);
	}
	return found;
}

static inline bool is_realtime(pid_t thread) {
	return (sched_getscheduler(thread) & ~SCHED_RESET_ON_FORK) == SCHED_RR;
}
