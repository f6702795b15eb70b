#include "host-proto/shm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kvmfr module's requests (kvmfr.md 9.2). */
#define KVMFR_DMABUF_GETSIZE _IO('u', 0x44)
#define KVMFR_DMABUF_CREATE  _IOW('u', 0x42, struct kvmfr_dmabuf_create)
#define KVMFR_DMABUF_CLOEXEC 0x1

struct kvmfr_dmabuf_create {
	uint8_t flags;
	uint64_t offset;
	uint64_t size;
};
static_assert(KVMFR_DMABUF_GETSIZE == 0x7544, "the module's number");
static_assert(KVMFR_DMABUF_CREATE == 0x40187542, "the module's number");

struct shm {
	unsigned char *base;
	uint64_t size;
	uint64_t page; /* bytes; the kernel replaces no less */
	int fd;
	bool device;
	dev_t dev;
	ino_t ino;
	char path[SHM_PATH_BYTES]; /* "" = mapped from a descriptor */
	atomic_uint refs;
	atomic_bool lost;
};

/*
 * The SIGBUS guard. Mappings stand in a table that the handler can read at any moment: a slot is
 * valid while its shm is set. A slot is taken back only when the last reference is gone, that is
 * when nobody can fault in it any more.
 */
#define GUARD_SLOTS 64

static struct {
	pthread_mutex_t lock; /* for adding and removing */
	struct sigaction before;
	_Atomic(struct shm *) slots[GUARD_SLOTS];
} guard = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void guard_chain(int number, siginfo_t *info, void *context) {
	if (guard.before.sa_flags & SA_SIGINFO) {
		guard.before.sa_sigaction(number, info, context);
	} else if (guard.before.sa_handler != SIG_DFL && guard.before.sa_handler != SIG_IGN) {
		guard.before.sa_handler(number);
	} else {
		/* Back to the default action; the instruction faults again and gets it. */
		const struct sigaction fallback = { .sa_handler = SIG_DFL };
		sigaction(number, &fallback, NULL);
	}
}

/* ThreadSanitizer holds a lock of its own through an atomic operation, which may be what faults:
 * the handler would wait for that lock for ever. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define NO_TSAN __attribute__((disable_sanitizer_instrumentation))
#endif
#endif
#ifndef NO_TSAN
#define NO_TSAN
#endif

NO_TSAN static void guard_handle(int number, siginfo_t *info, void *context) {
	const uintptr_t address = (uintptr_t)info->si_addr;
	for (size_t i = 0; i < GUARD_SLOTS; i++) {
		struct shm *shm = atomic_load_explicit(&guard.slots[i], memory_order_acquire);
		if (!shm || address < (uintptr_t)shm->base ||
				address - (uintptr_t)shm->base >= shm->size) {
			continue;
		}
		const int saved_errno = errno;
		unsigned char *start =
				shm->base + ((address - (uintptr_t)shm->base) & ~(shm->page - 1));
		/* The raw system call: it is safe in a signal handler, and a sanitizer's wrapper
		 * around mmap() is not. */
		long r = syscall(SYS_mmap, start, shm->page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0L);
		errno = saved_errno;
		if (r == -1) {
			break;
		}
		atomic_store_explicit(&shm->lost, true, memory_order_release);
		return;
	}
	guard_chain(number, info, context);
}

static int guard_add(struct shm *shm) {
	int r = -ENOMEM;
	pthread_mutex_lock(&guard.lock);
	/* With every mapping: some library may have put its own handler over ours meanwhile. */
	struct sigaction current;
	sigaction(SIGBUS, NULL, &current);
	if (!(current.sa_flags & SA_SIGINFO) || current.sa_sigaction != guard_handle) {
		struct sigaction action = { .sa_sigaction = guard_handle,
			.sa_flags = SA_SIGINFO | SA_ONSTACK };
		sigemptyset(&action.sa_mask);
		guard.before = current;
		sigaction(SIGBUS, &action, NULL);
	}
	for (size_t i = 0; i < GUARD_SLOTS; i++) {
		if (!atomic_load_explicit(&guard.slots[i], memory_order_relaxed)) {
			atomic_store_explicit(&guard.slots[i], shm, memory_order_release);
			r = 0;
			break;
		}
	}
	pthread_mutex_unlock(&guard.lock);
	return r;
}

static void guard_remove(const struct shm *shm) {
	pthread_mutex_lock(&guard.lock);
	for (size_t i = 0; i < GUARD_SLOTS; i++) {
		if (atomic_load_explicit(&guard.slots[i], memory_order_relaxed) == shm) {
			atomic_store_explicit(&guard.slots[i], NULL, memory_order_release);
		}
	}
	pthread_mutex_unlock(&guard.lock);
}

/* The size of an open file or device: positive, or a negative errno. */
static int64_t memory_size(int fd, const struct stat *st) {
	if (S_ISREG(st->st_mode)) {
		return st->st_size > 0 ? st->st_size : -ENODATA;
	}
	if (S_ISDIR(st->st_mode)) {
		return -EISDIR;
	}
	if (!S_ISCHR(st->st_mode)) {
		return -ENODEV;
	}
	int size = ioctl(fd, KVMFR_DMABUF_GETSIZE, 0);
	return size > 0 ? size : -ENODEV;
}

/* Of the mapping: a file on hugetlbfs has pages of its own size. */
static uint64_t page_size(int fd) {
	const uint64_t usual = (uint64_t)sysconf(_SC_PAGESIZE);
	struct statfs fs;
	const bool huge = fstatfs(fd, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC && fs.f_bsize > 0;
	return huge && (uint64_t)fs.f_bsize > usual ? (uint64_t)fs.f_bsize : usual;
}

/* Takes the descriptor over, also on failure. */
static int map_owned(struct shm **ret_shm, int fd, const char *path) {
	struct stat st;
	int r;
	struct shm *shm = calloc(1, sizeof *shm);
	if (!shm) {
		close(fd);
		return -ENOMEM;
	}
	shm->fd = fd;
	shm->base = MAP_FAILED;
	atomic_init(&shm->refs, 1);
	if (fstat(fd, &st) < 0) {
		r = -errno;
		goto fail;
	}
	int64_t size = memory_size(fd, &st);
	if (size < 0) {
		r = (int)size;
		goto fail;
	}
	shm->size = (uint64_t)size;
	shm->page = page_size(fd);
	shm->device = S_ISCHR(st.st_mode);
	shm->dev = st.st_dev;
	shm->ino = st.st_ino;
	strncpy(shm->path, path, sizeof shm->path - 1);
	shm->base = mmap(NULL, shm->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm->base == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	/* Other people's pixels do not belong into a core file. */
	(void)madvise(shm->base, shm->size, MADV_DONTDUMP);
	r = guard_add(shm);
	if (r < 0) {
		goto fail;
	}
	*ret_shm = shm;
	return 0;

fail:
	if (shm->base != MAP_FAILED) {
		munmap(shm->base, shm->size);
	}
	close(shm->fd);
	free(shm);
	return r;
}

static int open_memory(const char *path) {
	if (strlen(path) >= SHM_PATH_BYTES) {
		return -ENAMETOOLONG;
	}
	/* Not blocking: someone may have put a FIFO there. */
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int shm_map(struct shm **ret_shm, const char *path) {
	int fd = open_memory(path);
	return fd < 0 ? fd : map_owned(ret_shm, fd, path);
}

int shm_map_trusted(struct shm **ret_shm, const char *path, const struct owners *owners,
		uid_t *ret_owner) {
	struct stat st;
	int fd = open_memory(path);
	if (fd < 0) {
		return fd;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !owners_trust(owners, st.st_uid)) {
		*ret_owner = st.st_uid;
		close(fd);
		return -OWNER_REFUSED;
	}
	return map_owned(ret_shm, fd, path);
}

int shm_map_fd(struct shm **ret_shm, int fd) {
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0) {
		return -errno;
	}
	return map_owned(ret_shm, copy, "");
}

struct shm *shm_ref(struct shm *shm) {
	atomic_fetch_add_explicit(&shm->refs, 1, memory_order_relaxed);
	return shm;
}

void shm_unref(struct shm *shm) {
	if (!shm || atomic_fetch_sub_explicit(&shm->refs, 1, memory_order_acq_rel) != 1) {
		return;
	}
	guard_remove(shm);
	munmap(shm->base, shm->size);
	close(shm->fd);
	free(shm);
}

uint64_t shm_size(const struct shm *shm) {
	return shm->size;
}

bool shm_is_device(const struct shm *shm) {
	return shm->device;
}

bool shm_lost(const struct shm *shm) {
	return atomic_load_explicit(&shm->lost, memory_order_acquire);
}

int shm_check(const struct shm *shm) {
	struct stat st;
	if (shm_lost(shm) || fstat(shm->fd, &st) < 0) {
		return -ESTALE;
	}
	if (!shm->device && (uint64_t)st.st_size != shm->size) {
		return -ESTALE;
	}
	if (shm->path[0] && (stat(shm->path, &st) < 0 || st.st_dev != shm->dev ||
					    st.st_ino != shm->ino)) {
		return -ESTALE;
	}
	return 0;
}

bool shm_in_range(const struct shm *shm, uint64_t off, uint64_t len) {
	return len <= shm->size && off <= shm->size - len;
}

unsigned char *shm_base(const struct shm *shm) {
	return shm->base;
}

/* Relaxed atomic reads, so that the compiler reads each byte exactly once and never again. */
int shm_copy(const struct shm *shm, uint64_t off, void *dst, size_t len) {
	if (!shm_in_range(shm, off, len)) {
		return -ERANGE;
	}
	const unsigned char *from = shm->base + off;
	unsigned char *to = dst;
	while (len > 0 && ((uintptr_t)from & (sizeof(uint32_t) - 1)) != 0) {
		*to++ = __atomic_load_n(from++, __ATOMIC_RELAXED);
		len--;
	}
	for (; len >= sizeof(uint32_t); len -= sizeof(uint32_t)) {
		const uint32_t word = __atomic_load_n(
				(const uint32_t *)(const void *)from, __ATOMIC_RELAXED);
		memcpy(to, &word, sizeof word);
		from += sizeof word;
		to += sizeof word;
	}
	for (; len > 0; len--) {
		*to++ = __atomic_load_n(from++, __ATOMIC_RELAXED);
	}
	return 0;
}

int shm_span(const struct shm *shm, uint64_t off, uint64_t len, const unsigned char **ret_span) {
	if (!shm_in_range(shm, off, len)) {
		return -ERANGE;
	}
	*ret_span = shm->base + off;
	return 0;
}

int shm_dmabuf(const struct shm *shm, uint64_t off, uint64_t len) {
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	if (!shm->device) {
		return -ENOTSUP;
	}
	if (len == 0 || off % page != 0 || len % page != 0 || !shm_in_range(shm, off, len)) {
		return -ERANGE;
	}
	const struct kvmfr_dmabuf_create create = {
		.flags = KVMFR_DMABUF_CLOEXEC, .offset = off, .size = len
	};
	int fd = ioctl(shm->fd, KVMFR_DMABUF_CREATE, &create);
	return fd < 0 ? -errno : fd;
}
