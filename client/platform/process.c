#include "client/platform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

void process_prepare(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
			/* The lowest free number is this one; it stays open, also in children. */
			const int null =
					open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
			(void)null;
		}
	}
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
}

bool process_has_borrowed_rights(void) {
	return getuid() != geteuid() || getgid() != getegid();
}
