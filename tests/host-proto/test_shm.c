#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/support/guest.h"

#define PAGE 4096

static void copy_and_span_stay_inside(void **state) {
	(void)state;
	struct guest guest;
	guest_file(&guest, 3 * PAGE);
	struct shm *shm;
	CHECK_EQ(shm_map(&shm, guest.path), 0);
	CHECK_EQ(shm_size(shm), 3 * PAGE);
	CHECK(!shm_is_device(shm));
	for (unsigned i = 0; i < 64; i++) {
		shm_base(shm)[i] = (unsigned char)i;
	}

	/* every alignment and length around a word */
	for (unsigned off = 0; off < 9; off++) {
		for (unsigned len = 0; len < 20; len++) {
			unsigned char bytes[24];
			memset(bytes, 0xee, sizeof bytes);
			CHECK_EQ(shm_copy(shm, off, bytes, len), 0);
			for (unsigned i = 0; i < len; i++) {
				CHECK_EQ(bytes[i], off + i);
			}
			CHECK_EQ(bytes[len], 0xee);
		}
	}

	unsigned char byte;
	const unsigned char *span;
	CHECK_EQ(shm_copy(shm, 3 * PAGE - 1, &byte, 1), 0);
	CHECK_EQ(shm_copy(shm, 3 * PAGE, &byte, 0), 0);
	CHECK_EQ(shm_copy(shm, 3 * PAGE, &byte, 1), -ERANGE);
	CHECK_EQ(shm_copy(shm, UINT64_MAX, &byte, 1), -ERANGE);
	CHECK_EQ(shm_copy(shm, UINT64_MAX - 1, &byte, 4), -ERANGE);
	CHECK_EQ(shm_span(shm, 0, 3 * PAGE, &span), 0);
	CHECK_EQ(span, shm_base(shm));
	CHECK_EQ(shm_span(shm, 1, 3 * PAGE, &span), -ERANGE);
	CHECK_EQ(shm_span(shm, 8, UINT64_MAX - 4, &span), -ERANGE);
	CHECK_EQ(shm_dmabuf(shm, 0, PAGE), -ENOTSUP);
	shm_unref(shm);
	unlink(guest.path);
}

static void refuses_what_is_no_memory(void **state) {
	(void)state;
	struct guest guest;
	struct shm *shm;
	guest_file(&guest, 0);
	CHECK_EQ(shm_map(&shm, guest.path), -ENODATA);
	unlink(guest.path);
	CHECK_EQ(shm_map(&shm, guest.path), -ENOENT);
	CHECK_EQ(shm_map(&shm, "/tmp"), -EISDIR);
	CHECK_EQ(shm_map(&shm, "/dev/null"), -ENODEV);
	CHECK_EQ(mkfifo(guest.path, 0600), 0);
	CHECK_EQ(shm_map(&shm, guest.path), -ENODEV);
	unlink(guest.path);
}

static void check_sees_every_change_of_the_file(void **state) {
	(void)state;
	struct guest guest;
	struct shm *shm;
	guest_file(&guest, 2 * PAGE);
	CHECK_EQ(shm_map(&shm, guest.path), 0);
	CHECK_EQ(shm_check(shm), 0);
	CHECK_EQ(truncate(guest.path, 3 * PAGE), 0);
	CHECK_EQ(shm_check(shm), -ESTALE);
	CHECK_EQ(truncate(guest.path, 2 * PAGE), 0);
	CHECK_EQ(shm_check(shm), 0);
	unlink(guest.path);
	CHECK_EQ(shm_check(shm), -ESTALE);
	/* another file of the same name and size */
	int fd = open(guest.path, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 2 * PAGE), 0);
	close(fd);
	CHECK_EQ(shm_check(shm), -ESTALE);
	shm_unref(shm);
	unlink(guest.path);
}

static void a_cut_file_reads_as_zeros(void **state) {
	(void)state;
	struct guest guest;
	struct shm *shm;
	guest_file(&guest, 4 * PAGE);
	CHECK_EQ(shm_map(&shm, guest.path), 0);
	memset(shm_base(shm), 0x55, 4 * PAGE);
	CHECK_EQ(truncate(guest.path, PAGE), 0);
	CHECK(!shm_lost(shm));

	unsigned char bytes[3 * PAGE];
	CHECK_EQ(shm_copy(shm, PAGE / 2, bytes, sizeof bytes), 0);
	CHECK_EQ(bytes[0], 0x55);
	CHECK_EQ(bytes[PAGE / 2 - 1], 0x55);
	CHECK_EQ(bytes[PAGE / 2], 0);
	CHECK_EQ(bytes[sizeof bytes - 1], 0);
	CHECK(shm_lost(shm));
	CHECK_EQ(shm_check(shm), -ESTALE);
	/* writing goes nowhere, and harms nobody */
	shm_base(shm)[3 * PAGE] = 1;

	/* the file itself can be mapped anew */
	struct shm *again;
	CHECK_EQ(shm_map(&again, guest.path), 0);
	CHECK_EQ(shm_size(again), PAGE);
	CHECK(!shm_lost(again));
	shm_unref(again);
	shm_unref(shm);
	unlink(guest.path);
}

/* Pages of 2 MiB or more: what replaces one has its size, or the fault comes again and kills. */
static void a_cut_file_of_huge_pages_reads_as_zeros(void **state) {
	(void)state;
	struct shm *shm = NULL;
	const size_t huge = 2 << 20;
	int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB | 21u << 26 /* 2 MiB */);
	if (fd < 0 || ftruncate(fd, 2 * (off_t)huge) < 0 || shm_map_fd(&shm, fd) < 0) {
		print_message("no huge pages here (/proc/sys/vm/nr_hugepages)\n");
		skip();
	}
	memset(shm_base(shm), 0x55, huge);
	CHECK_EQ(ftruncate(fd, (off_t)huge), 0);
	unsigned char bytes[16];
	CHECK_EQ(shm_copy(shm, huge - 8, bytes, sizeof bytes), 0);
	CHECK_EQ(bytes[7], 0x55);
	CHECK_EQ(bytes[8], 0);
	CHECK_EQ(bytes[15], 0);
	CHECK_EQ(shm_copy(shm, 2 * huge - 8, bytes, 8), 0);
	CHECK_EQ(bytes[7], 0);
	CHECK(shm_lost(shm));
	CHECK_EQ(shm_check(shm), -ESTALE);
	shm_base(shm)[2 * huge - 1] = 1;
	shm_unref(shm);
	close(fd);
}

/* A SIGBUS that is not ours keeps its meaning. */
static void a_foreign_fault_still_kills(void **state) {
	(void)state;
#if defined(PG_SANITIZED)
	skip(); /* the sanitizer takes the signal */
#else
	struct guest guest;
	struct shm *shm;
	guest_file(&guest, PAGE);
	CHECK_EQ(shm_map(&shm, guest.path), 0);
	int fd = open(guest.path, O_RDWR);
	CHECK(fd >= 0);
	volatile unsigned char *other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(other != MAP_FAILED);
	close(fd);
	CHECK_EQ(truncate(guest.path, 0), 0);
	pid_t child = fork();
	if (child == 0) {
		signal(SIGBUS, SIG_DFL); /* cmocka's own handler would print a failure */
		struct shm *mine;
		guest_file(&guest, PAGE);
		_exit(shm_map(&mine, guest.path) == 0 && other[0] == 0 ? 0 : 1);
	}
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGBUS);
	munmap((void *)(uintptr_t)other, PAGE);
	shm_unref(shm);
	unlink(guest.path);
#endif
}

static void a_reference_keeps_the_bytes(void **state) {
	(void)state;
	struct guest guest;
	struct shm *shm;
	guest_file(&guest, PAGE);
	CHECK_EQ(shm_map(&shm, guest.path), 0);
	struct shm *held = shm_ref(shm);
	shm_base(shm)[7] = 42;
	shm_unref(shm);
	unsigned char byte = 0;
	CHECK_EQ(shm_copy(held, 7, &byte, 1), 0);
	CHECK_EQ(byte, 42);
	shm_unref(held);
	shm_unref(NULL);
	unlink(guest.path);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_and_span_stay_inside),
		cmocka_unit_test(refuses_what_is_no_memory),
		cmocka_unit_test(check_sees_every_change_of_the_file),
		cmocka_unit_test(a_cut_file_reads_as_zeros),
		cmocka_unit_test(a_cut_file_of_huge_pages_reads_as_zeros),
		cmocka_unit_test(a_foreign_fault_still_kills),
		cmocka_unit_test(a_reference_keeps_the_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
