#include "client/platform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/core_dump.h"

#define DESCRIPTORS_MIN 128u /* the parts, the desktop's libraries, files on their way */
#define DESCRIPTORS_MAX 1024u

void process_prepare(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
			/* The lowest free number is this one; it stays open, also in children. */
			const int null =
					open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
			(void)null;
		}
	}
	core_dump_forbid();
}

bool process_allow_descriptors(unsigned *ret_count) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		return true;
	}
	/* No more: some library may still use select() or close each one that may be open. */
	const rlim_t most = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	if (limit.rlim_cur < most) {
		limit.rlim_cur = most;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	*ret_count = (unsigned)(limit.rlim_cur < UINT_MAX ? limit.rlim_cur : UINT_MAX);
	return limit.rlim_cur >= DESCRIPTORS_MIN;
}

bool process_has_little_space(unsigned *ret_mebibytes) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) {
		return false;
	}
	*ret_mebibytes = (unsigned)(limit.rlim_cur >> 20);
	return true;
}

bool process_has_borrowed_rights(void) {
	return getuid() != geteuid() || getgid() != getegid();
}
