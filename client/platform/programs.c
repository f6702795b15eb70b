#include "client/platform/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/ending.h"

int program_find(const char *name, char *ret_path, size_t size) {
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len > 0) {
		self[len] = '\0';
		char *slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
		}
		int n = snprintf(ret_path, size, "%s/%s", self, name);
		if (n > 0 && (size_t)n < size && access(ret_path, X_OK) == 0) {
			return 0;
		}
	}
	static const char *const folders[] = { PG_LIBEXECDIR, PG_BINDIR };
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		int n = snprintf(ret_path, size, "%s/%s", folders[i], name);
		if (n > 0 && (size_t)n < size && access(ret_path, X_OK) == 0) {
			return 0;
		}
	}
	return -ENOENT;
}

int program_exec(const char *name, char *const argv[]) {
	char path[4096];
	int r = program_find(name, path, sizeof path);
	if (r < 0) {
		return r;
	}
	ending_in_child();
	execv(path, argv);
	return -errno;
}

static int open_pair(int fds[2], int *wanted) {
	fds[0] = -1;
	fds[1] = -1;
	if (wanted && pipe2(fds, O_CLOEXEC) < 0) {
		return -errno;
	}
	return 0;
}

static void close_pair(const int fds[2]) {
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
}

/* What the child gets; -1 = /dev/null, or nothing. */
struct given {
	int in, out, shared;
};

/* In the child: only async-signal-safe calls. */
static void become(const char *path, char *const argv[], const struct given *given, pid_t parent) {
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(given->in >= 0 ? given->in : null, STDIN_FILENO);
	dup2(given->out >= 0 ? given->out : null, STDOUT_FILENO);
	if (given->shared == PROGRAM_SHARED_FD) {
		(void)fcntl(given->shared, F_SETFD, 0);
	} else if (given->shared >= 0) {
		dup2(given->shared, PROGRAM_SHARED_FD);
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) {
		_exit(127); /* it died before prctl() took effect */
	}
	ending_in_child();
	execv(path, argv);
	_exit(127);
}

static int spawn(const char *name, char *const argv[], int shared, pid_t *ret_pid, int *ret_stdin,
		int *ret_stdout) {
	char path[4096];
	int in[2];
	int out[2];
	int r = program_find(name, path, sizeof path);
	if (r < 0) {
		return r;
	}
	r = open_pair(in, ret_stdin);
	if (r < 0) {
		return r;
	}
	r = open_pair(out, ret_stdout);
	if (r < 0) {
		close_pair(in);
		return r;
	}
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0) {
		r = -errno;
		close_pair(in);
		close_pair(out);
		return r;
	}
	if (pid == 0) {
		const struct given given = { .in = in[0], .out = out[1], .shared = shared };
		become(path, argv, &given, parent);
	}
	if (ret_stdin) {
		close(in[0]);
		*ret_stdin = in[1];
	}
	if (ret_stdout) {
		close(out[1]);
		*ret_stdout = out[0];
	}
	*ret_pid = pid;
	return 0;
}

int program_spawn(const char *name, char *const argv[], pid_t *ret_pid, int *ret_stdin,
		int *ret_stdout) {
	return spawn(name, argv, -1, ret_pid, ret_stdin, ret_stdout);
}

int program_spawn_sharing(
		const char *name, char *const argv[], int shared, pid_t *ret_pid, int *ret_stdin) {
	return spawn(name, argv, shared, ret_pid, ret_stdin, NULL);
}
