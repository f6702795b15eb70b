#include "base/owners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check.h"

#define STRANGER 4321

static char root[] = "/tmp/owners.XXXXXX";

static void write_file(const char *path, const char *text) {
	char full[200];
	snprintf(full, sizeof full, "%s%s", root, path);
	FILE *file = fopen(full, "w");
	CHECK(file);
	CHECK(fputs(text, file) >= 0);
	CHECK_EQ(fclose(file), 0);
}

static void make_tree(void) {
	char path[200];
	CHECK(mkdtemp(root));
	const char *const folders[] = { "/etc", "/etc/libvirt", "/usr", "/usr/lib" };
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s%s", root, folders[i]);
		CHECK_EQ(mkdir(path, 0755), 0);
	}
	write_file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nmallory:x:1001:1001::/:/bin/sh\n"
				  "anna:x:1002:1002::/:/bin/sh\n");
	write_file("/usr/lib/passwd", "qemu:x:107:107::/:/sbin/nologin\n");
}

static void test_reads_names_and_numbers(void **state) {
	(void)state;
	struct owners owners;
	char name[OWNER_NAME_BYTES];
	CHECK_EQ(owners_read(&owners, root, "", name), 0);
	CHECK(owners_trust(&owners, 0) && owners_trust(&owners, geteuid()));
	CHECK(owners_trust(&owners, 107) && !owners_trust(&owners, 1001)); /* of image systems */
	CHECK_EQ(owners_read(&owners, root, "anna, 1005 +1006", name), 0);
	CHECK(owners_trust(&owners, 1002) && owners_trust(&owners, 1005));
	CHECK(owners_trust(&owners, 1006) && !owners_trust(&owners, 1001));
	CHECK_EQ(owners_read(&owners, root, "anna,bob", name), -EINVAL);
	CHECK(!strcmp(name, "bob"));
	CHECK_EQ(owners_read(&owners, root, "any", name), 0);
	CHECK(owners_trust(&owners, 1001));
	owner_name(root, 1001, name);
	CHECK_EQ(strcmp(name, "mallory"), 0);
	owner_name(root, 77, name);
	CHECK_EQ(strcmp(name, "77"), 0);
	owner_name(root, OWNER_UNKNOWN, name);
	CHECK_EQ(strcmp(name, "unknown"), 0);
}

static void test_reads_qemu_conf(void **state) {
	(void)state;
	struct owners owners;
	char name[OWNER_NAME_BYTES];
	write_file("/etc/libvirt/qemu.conf",
			"#user = \"mallory\"\n user =  \"anna\"\ngroup = \"kvm\"\n");
	CHECK_EQ(owners_read(&owners, root, "", name), 0);
	CHECK(owners_trust(&owners, 1002) && !owners_trust(&owners, 1001));
	write_file("/etc/libvirt/qemu.conf", "user = \"+1007\"\n");
	CHECK_EQ(owners_read(&owners, root, "", name), 0);
	CHECK(owners_trust(&owners, 1007));
	write_file("/etc/libvirt/qemu.conf", "");
}

static int listen_at(int family, struct sockaddr_storage *address, socklen_t *len) {
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int one = 1;
	*address = (struct sockaddr_storage){ .ss_family = (sa_family_t)family };
	*len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (family == AF_INET) {
		((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	} else if (fd >= 0) {
		CHECK_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one), 0);
		((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)address, *len) < 0) {
		if (fd >= 0) {
			close(fd);
		}
		return -1; /* no IPv6 here */
	}
	CHECK_EQ(listen(fd, 4), 0);
	CHECK_EQ(getsockname(fd, (struct sockaddr *)address, len), 0);
	return fd;
}

static void test_names_who_listens(void **state) {
	(void)state;
	const int families[] = { AF_INET, AF_INET6 };
	for (size_t i = 0; i < 2; i++) {
		struct sockaddr_storage address;
		socklen_t len;
		struct tcp_listener listener = { .uid = OWNER_UNKNOWN };
		struct stat st;
		int fd = listen_at(families[i], &address, &len);
		if (fd < 0) {
			continue;
		}
		CHECK_EQ(owner_of_listener((struct sockaddr *)&address, &listener), 0);
		CHECK_EQ(listener.uid, geteuid());
		CHECK_EQ(fstat(fd, &st), 0);
		CHECK_EQ(listener.inode, st.st_ino);
		close(fd);
		CHECK_EQ(owner_of_listener((struct sockaddr *)&address, &listener), -ENOENT);
	}
	const struct sockaddr other = { .sa_family = AF_UNIX };
	struct tcp_listener listener;
	CHECK_EQ(owner_of_listener(&other, &listener), -EAFNOSUPPORT);
}

/* As somebody else, who also hides as well as a user can: not dumpable, so that /proc/PID is
 * root's. */
static void test_names_a_stranger(void **state) {
	(void)state;
	const struct owners none = { 0 };
	const struct owners known = { .count = 1, .uid = { STRANGER } };
	const struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "\0pierglass-owners" };
	struct sockaddr_storage address;
	socklen_t len;
	uid_t uid = OWNER_UNKNOWN;
	int pipes[2];
	if (geteuid() != 0) {
		skip();
	}
	CHECK_EQ(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		bool well = setgid(STRANGER) == 0 && setuid(STRANGER) == 0 &&
			    prctl(PR_SET_DUMPABLE, 0) == 0;
		int tcp = listen_at(AF_INET, &address, &len);
		int local = socket(AF_UNIX, SOCK_STREAM, 0);
		well = well && tcp >= 0 &&
		       bind(local, (const struct sockaddr *)&at, sizeof at) == 0 &&
		       listen(local, 4) == 0 && write(pipes[1], &address, sizeof address) > 0;
		pause();
		_exit(well ? 0 : 1);
	}
	CHECK_EQ(read(pipes[0], &address, sizeof address), sizeof address);
	struct tcp_listener listener = { .uid = OWNER_UNKNOWN };
	CHECK_EQ(owner_of_listener((struct sockaddr *)&address, &listener), 0);
	CHECK_EQ(listener.uid, STRANGER);
	CHECK(owner_of_process(child, &none, &uid));
	CHECK_EQ(uid, STRANGER);
	CHECK(!owners_trust(&none, uid) && owners_trust(&known, uid));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK_EQ(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	CHECK_EQ(owner_of_peer(fd, &uid), 0);
	CHECK_EQ(uid, STRANGER);
	close(fd);
	kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK(!owner_of_process(child, &none, &uid));
	close(pipes[0]);
	close(pipes[1]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_names_and_numbers),
		cmocka_unit_test(test_reads_qemu_conf),
		cmocka_unit_test(test_names_who_listens),
		cmocka_unit_test(test_names_a_stranger),
	};
	make_tree();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char remove_it[60];
	snprintf(remove_it, sizeof remove_it, "rm -r %s", root);
	return system(remove_it) == 0 ? failed : 1; // NOLINT(cert-env33-c)
}
