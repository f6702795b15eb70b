/*
 * Preloaded: a program of pierglass's tries from inside of its sandbox what is forbidden there, and
 * what is not. It tries when its first thread begins after the sandbox was entered, or at its start
 * when it was started inside; and adds one line to the file $PG_SANDBOX_PROBE: its name, and for
 * each attempt 0 or the errno. Files are those of the home folder that
 * tests/integration/sandbox-inside has made.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): it stands in for another

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
		void *(*run)(void *), void *restrict data);

static atomic_flag tried = ATOMIC_FLAG_INIT;

static const char *at(const char *name) {
	static char path[4096];
	(void)snprintf(path, sizeof path, "%s/%s", getenv("HOME"), name);
	return path;
}

static int result(long r) {
	return r < 0 ? errno : 0;
}

static int opens(const char *name, int how) {
	const int fd = open(at(name), how | O_CLOEXEC, 0600);
	const int error = result(fd);
	if (fd >= 0) {
		close(fd);
	}
	return error;
}

static int runs(const char *program) {
	int status = 0;
	const pid_t child = fork();
	if (child == 0) {
		unsetenv("LD_PRELOAD");                   /* it tries nothing itself */
		(void)dup2(STDERR_FILENO, STDOUT_FILENO); /* where somebody may read on */
		execl(program, program, "--version", (char *)NULL);
		_exit(errno);
	}
	return child < 0 ? errno : waitpid(child, &status, 0) < 0 ? errno : WEXITSTATUS(status);
}

static int makes(int family, int type, int protocol) {
	const int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	const int error = result(fd);
	if (fd >= 0) {
		close(fd);
	}
	return error;
}

static void try_all(FILE *out) {
	const char *own = getenv("PG_SANDBOX_OWN");
	const struct {
		const char *name;
		int got;
	} all[] = {
		{ "exec-other", runs("/bin/true") },
		{ "exec-shell", runs("/bin/sh") },
		{ "exec-own", runs(own ? own : "") },
		{ "ptrace", result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)) },
		{ "process_vm_readv", result(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL,
						      0, 0)) },
		{ "packet-socket", makes(AF_PACKET, SOCK_RAW, 0) },
		{ "raw-socket", makes(AF_INET, SOCK_RAW, 1) },
		{ "namespace", result(unshare(CLONE_NEWUSER)) },
		{ "unix-socket", makes(AF_UNIX, SOCK_STREAM, 0) },
		{ "udp-socket", makes(AF_INET, SOCK_DGRAM, 0) },
		{ "netlink-socket", makes(AF_NETLINK, SOCK_RAW, 15) },
		{ "read-ssh", opens(".ssh/id", O_RDONLY) },
		{ "read-browser", opens(".mozilla/key", O_RDONLY) },
		{ "read-document", opens("Documents/a", O_RDONLY) },
		{ "write-document", opens("Documents/a", O_WRONLY) },
		{ "write-bashrc", opens(".bashrc", O_WRONLY | O_APPEND) },
		{ "write-autostart", opens(".config/autostart/x", O_WRONLY | O_CREAT) },
		{ "write-home", opens("new", O_WRONLY | O_CREAT) },
		{ "write-cache-of-others", opens(".cache/theme.zsh", O_WRONLY | O_CREAT) },
		{ "write-shader-cache", opens(".cache/mesa_shader_cache/x", O_WRONLY | O_CREAT) },
		{ "write-settings", opens(".config/pierglass/x.ini", O_WRONLY | O_CREAT) },
		{ "write-pictures", opens("Pictures/x.png", O_WRONLY | O_CREAT) },
	};
	fprintf(out, "%s", program_invocation_short_name);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		fprintf(out, " %s=%d", all[i].name, all[i].got);
	}
	fputc('\n', out);
}

static void look(void) {
	const char *path = getenv("PG_SANDBOX_PROBE");
	if (!path || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2 || atomic_flag_test_and_set(&tried)) {
		return;
	}
	FILE *out = fopen(path, "ae");
	if (out) {
		setvbuf(out, NULL, _IOFBF, 4096); /* one line, in one piece */
		try_all(out);
		fclose(out);
	}
}

__attribute__((constructor)) static void prepare(void) {
	look();
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
		void *(*run)(void *), void *restrict data) {
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	look();
	return real(thread, attributes, run, data);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
