/*
 * A list of what is refused, not of what is allowed: graphics drivers and the desktop's libraries
 * use whatever they like, and change. What is refused is for looking into other processes, for
 * becoming somebody else, and the kernel's large and young interfaces.
 */
#include "client/platform/sandbox_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef ARCHITECTURE

int sandbox_calls_enter(void) {
	return -EOPNOTSUPP;
}

#else

#define X32_BIT 0x40000000u
#define NEW_SPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | \
			CLONE_NEWCGROUP)

#define ARGUMENT(n)         ((uint32_t)offsetof(struct seccomp_data, args[n])) /* its low half */
#define LOAD(at)            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define REFUSE(e)           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (e))
#define ALLOW               BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define IF_NOT(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
#define IF(value, skip)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), skip, 0)
/* The number is loaded; it stays so. */
#define NEVER(call)         IF_NOT(__NR_##call, 1), REFUSE(EPERM)
/* As on a kernel that lacks it: callers have another way. */
#define LACKS(call)         IF_NOT(__NR_##call, 1), REFUSE(ENOSYS)

/* clang-format off */
static const struct sock_filter filter[] = {
	LOAD(offsetof(struct seccomp_data, arch)),
	IF(ARCHITECTURE, 1), REFUSE(ENOSYS), /* 32-bit calls */
	LOAD(offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1), REFUSE(ENOSYS),
#endif
	/* other processes; the leak finder of a sanitizer looks into its own */
#ifndef PG_SANITIZED
	NEVER(ptrace),
#endif
	NEVER(process_vm_readv), NEVER(process_vm_writev), /* not kcmp: Mesa compares its descriptors */
#ifdef __NR_pidfd_getfd
	NEVER(pidfd_getfd),
#endif
	/* becoming somebody else, seeing another machine */
	NEVER(unshare), NEVER(setns), NEVER(chroot), NEVER(pivot_root), NEVER(mount), NEVER(umount2),
	NEVER(open_by_handle_at), NEVER(add_key), NEVER(request_key), NEVER(keyctl),
#if defined(__NR_fsopen) && defined(__NR_fsmount)
	NEVER(open_tree), NEVER(move_mount), NEVER(fsopen), NEVER(fsconfig), NEVER(fsmount), NEVER(fspick),
#endif
#ifdef __NR_mount_setattr
	NEVER(mount_setattr),
#endif
	/* the kernel itself */
	NEVER(init_module), NEVER(finit_module), NEVER(delete_module), NEVER(kexec_load),
#ifdef __NR_kexec_file_load
	NEVER(kexec_file_load),
#endif
	NEVER(bpf), NEVER(perf_event_open), NEVER(userfaultfd), NEVER(syslog), NEVER(reboot), NEVER(acct),
	NEVER(swapon), NEVER(swapoff), NEVER(quotactl), NEVER(settimeofday), NEVER(clock_settime),
	NEVER(adjtimex), NEVER(clock_adjtime), NEVER(sethostname), NEVER(setdomainname), NEVER(vhangup),
#ifdef __x86_64__
	NEVER(iopl), NEVER(ioperm), NEVER(modify_ldt),
#endif
#ifdef __NR_io_uring_setup
	LACKS(io_uring_setup), LACKS(io_uring_enter), LACKS(io_uring_register),
#endif
	/* Its flags are in memory, where a filter cannot look; glibc then uses clone(). */
#ifdef __NR_clone3
	LACKS(clone3),
#endif
	IF_NOT(__NR_clone, 4),
		LOAD(ARGUMENT(0)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_SPACES, 0, 1), REFUSE(EPERM),
		ALLOW,
	/* typing into the terminal that this was started from */
	IF_NOT(__NR_ioctl, 5),
		LOAD(ARGUMENT(1)),
		IF(TIOCSTI, 1), IF_NOT(0x541c /* TIOCLINUX */, 1), REFUSE(EPERM),
		ALLOW,
	IF_NOT(__NR_socket, 11),
		LOAD(ARGUMENT(0)),
		IF(AF_UNIX, 8), IF(AF_NETLINK, 7), /* udev's */
		IF(AF_INET, 2), IF(AF_INET6, 1), REFUSE(EPERM), /* packets, cryptography, buses, ... */
		LOAD(ARGUMENT(1)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
		IF_NOT(SOCK_RAW, 1), REFUSE(EPERM),
		ALLOW,
	ALLOW,
};
/* clang-format on */

int sandbox_calls_enter(void) {
	struct sock_fprog program = { .len = sizeof filter / sizeof filter[0] };
	union {
		const struct sock_filter *ours;
		struct sock_filter *theirs; /* which does not write there */
	} rules = { .ours = filter };
	program.filter = rules.theirs;
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	return r < 0 ? -errno : r > 0 ? -EBUSY : 0;
}

#endif
