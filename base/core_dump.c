#include "base/core_dump.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

void core_dump_forbid(void) {
	/* Not 0: the kernel looks at no limit before it pipes the dump to a program
	 * (systemd-coredump, apport, abrt) but at this one, by which it knows its own helpers; of a
	 * file it is too small for the first page. */
	const struct rlimit least = { 1, 1 };
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &least) < 0) {
		(void)setrlimit(RLIMIT_CORE, &none); /* it was 0 for good */
	}
	/* And where it is dumped all the same, as to a socket: no memory. */
	const int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		close(fd);
	}
}
