/*
 * Preloaded: the time of day is ahead by as many seconds as the first 8 bytes of the file
 * $PG_CLOCK_JUMP say (an int64_t), at every moment. The monotonic clock stays what it is.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): they stand in for others

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int clock_gettime(clockid_t clock, struct timespec *now);
EXPORTED int gettimeofday(struct timeval *restrict now, void *restrict zone);
EXPORTED time_t time(time_t *ret_now);
EXPORTED int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		struct timespec *limit);

static int (*real_clock_gettime)(clockid_t clock, struct timespec *now);
static const volatile int64_t *ahead_s;

__attribute__((constructor)) static void prepare(void) {
	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	const char *path = getenv("PG_CLOCK_JUMP"); // NOLINT(concurrency-mt-unsafe)
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		void *page = mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, fd, 0);
		ahead_s = page == MAP_FAILED ? NULL : page;
		close(fd);
	}
}

int clock_gettime(clockid_t clock, struct timespec *now) {
	if (!real_clock_gettime) {
		prepare(); /* another library's constructor came first */
	}
	int r = real_clock_gettime(clock, now);
	if (r == 0 && ahead_s && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		now->tv_sec += (time_t)*ahead_s;
	}
	return r;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
	struct timespec spec;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &spec) == 0) {
		now->tv_sec = spec.tv_sec;
		now->tv_usec = spec.tv_nsec / 1000;
	}
	return 0;
}

time_t time(time_t *ret_now) {
	struct timespec spec = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &spec);
	if (ret_now) {
		*ret_now = spec.tv_sec;
	}
	return spec.tv_sec;
}

/* The kernel stamps packets with the time of day, too. */
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit) {
	static int (*real_recvmmsg)(int fd, struct mmsghdr *messages, unsigned count, int flags,
			struct timespec *limit);
	if (!real_recvmmsg) {
		*(void **)&real_recvmmsg = dlsym(RTLD_NEXT, "recvmmsg");
	}
	const int got = real_recvmmsg(fd, messages, count, flags, limit);
	for (int i = 0; ahead_s && i < got; i++) {
		struct msghdr *message = &messages[i].msg_hdr;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
			if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
				struct timespec stamp;
				memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
				stamp.tv_sec += (time_t)*ahead_s;
				memcpy(CMSG_DATA(c), &stamp, sizeof stamp);
			}
		}
	}
	return got;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
