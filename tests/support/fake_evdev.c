/*
 * Preloaded: what is a socket below /dev/input is a keyboard of evdev, which a test plays at the
 * other end: struct input_event comes out of it, and its end is that the device was unplugged.
 * Enough of the kernel's ioctls for libevdev.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): they stand in for others

#define EXPORTED __attribute__((visibility("default")))
#define FDS      1024
#define FOLDER   "/dev/input/event"

EXPORTED int open(const char *path, int flags, ...);
EXPORTED int open64(const char *path, int flags, ...);
EXPORTED int __open_2(const char *path, int flags);
EXPORTED int __open64_2(const char *path, int flags);
EXPORTED int ioctl(int fd, unsigned long request, ...);
EXPORTED ssize_t read(int fd, void *bytes, size_t size);
EXPORTED int close(int fd);

static volatile bool ours[FDS];

static bool is_ours(int fd) {
	return fd >= 0 && fd < FDS && ours[fd];
}

/* -1: it is none of these devices, -2: it could not be had (errno). */
static int plug(const char *path, int flags) {
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	if (strncmp(path, FOLDER, sizeof FOLDER - 1) != 0 || stat(path, &st) < 0 ||
			!S_ISSOCK(st.st_mode)) {
		return -1;
	}
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || fd >= FDS ||
			connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		const int error = errno == ECONNREFUSED ? EBUSY : fd < 0 ? errno : ENODEV;
		if (fd >= 0) {
			close(fd);
		}
		errno = error; /* what is bound does not listen at once */
		return -2;
	}
	if (flags & O_NONBLOCK) {
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	}
	ours[fd] = true;
	return fd;
}

static int open_by(const char *name, const char *path, int flags, mode_t mode) {
	int (*next)(const char *, int, ...);
	const int fd = plug(path, flags);
	if (fd != -1) {
		return fd < 0 ? -1 : fd;
	}
	*(void **)&next = dlsym(RTLD_NEXT, name);
	return next(path, flags, mode);
}

static mode_t mode_of(int flags, va_list args) {
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
	va_list args;
	va_start(args, flags);
	const mode_t mode = mode_of(flags, args);
	va_end(args);
	return open_by("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
	va_list args;
	va_start(args, flags);
	const mode_t mode = mode_of(flags, args);
	va_end(args);
	return open_by("open64", path, flags, mode);
}

int __open_2(const char *path, int flags) {
	return open_by("open", path, flags, 0);
}

int __open64_2(const char *path, int flags) {
	return open_by("open64", path, flags, 0);
}

static void set_bit(unsigned char *bits, size_t size, unsigned bit) {
	if (bit / 8 < size) {
		bits[bit / 8] = (unsigned char)(bits[bit / 8] | 1u << bit % 8);
	}
}

/* The keys of a plain keyboard. */
static int answer_bits(unsigned type, unsigned char *bits, size_t size) {
	memset(bits, 0, size);
	if (type == 0) {
		set_bit(bits, size, EV_SYN);
		set_bit(bits, size, EV_KEY);
	} else if (type == EV_KEY) {
		for (unsigned key = KEY_ESC; key <= KEY_KPDOT; key++) {
			set_bit(bits, size, key);
		}
	}
	return (int)size;
}

static int answer(unsigned long request, void *to) {
	const unsigned number = _IOC_NR(request);
	const size_t size = _IOC_SIZE(request);
	static const struct input_id id = { .bustype = BUS_USB, .vendor = 1, .product = 1 };
	if (request == EVIOCGVERSION) {
		*(int *)to = EV_VERSION;
		return 0;
	}
	if (request == EVIOCGID) {
		*(struct input_id *)to = id;
		return 0;
	}
	if (number == _IOC_NR(EVIOCGNAME(0))) {
		return snprintf(to, size, "a keyboard of the tests") + 1;
	}
	if (number >= 0x20 && number < 0x40) {
		return answer_bits(number - 0x20, to, size);
	}
	if (_IOC_DIR(request) & _IOC_READ) { /* phys, uniq, properties, keys down, lights: none */
		if (number == _IOC_NR(EVIOCGPHYS(0)) || number == _IOC_NR(EVIOCGUNIQ(0))) {
			errno = ENOENT;
			return -1;
		}
		memset(to, 0, size);
		return (int)size;
	}
	return 0; /* grabs, the clock */
}

int ioctl(int fd, unsigned long request, ...) {
	int (*next)(int, unsigned long, ...);
	va_list args;
	va_start(args, request);
	void *argument = va_arg(args, void *);
	va_end(args);
	if (is_ours(fd) && _IOC_TYPE(request) == 'E') {
		return answer(request, argument);
	}
	*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	return next(fd, request, argument);
}

ssize_t read(int fd, void *bytes, size_t size) {
	static ssize_t (*next)(int, void *, size_t);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "read");
	}
	const ssize_t got = next(fd, bytes, size);
	if (is_ours(fd) && (got == 0 || (got < 0 && errno == ECONNRESET))) {
		errno = ENODEV;
		return -1;
	}
	return got;
}

int close(int fd) {
	static int (*next)(int);
	if (!next) {
		*(void **)&next = dlsym(RTLD_NEXT, "close");
	}
	if (is_ours(fd)) {
		ours[fd] = false;
	}
	return next(fd);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
