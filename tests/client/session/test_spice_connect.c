#include "client/session/spice_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/loop.h"
#include "tests/support/check.h"
#include "tests/support/loop_wait.h"

static void on_connected(int fd, void *data) {
	*(int *)data = fd;
}

static int dialed(struct loop *loop, const char *uri) {
	struct spice_address address;
	struct spice_connect *connecting;
	int fd = -1;
	CHECK_EQ(spice_address_parse(uri, &address), 0);
	CHECK_EQ(spice_connect_start(&connecting, loop, &address, NULL, on_connected, &fd), 0);
	WAIT_ON(loop, fd >= 0, 5);
	return fd;
}

/* Two addresses of one machine are one machine; tests/integration/sound-qemu has another one. */
static void this_machine_is_not_elsewhere(void **state) {
	(void)state;
	struct loop *loop;
	char uri[64];
	const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t len = sizeof any;
	CHECK(listening >= 0);
	CHECK_EQ(bind(listening, (struct sockaddr *)&any, sizeof any), 0);
	CHECK_EQ(listen(listening, 4), 0);
	CHECK_EQ(getsockname(listening, (struct sockaddr *)&any, &len), 0);
	CHECK_EQ(loop_create(&loop), 0);
	static const char *const hosts[] = { "127.0.0.1", "127.0.0.2", "localhost" };
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		snprintf(uri, sizeof uri, "%s:%u", hosts[i], ntohs(any.sin_port));
		const int fd = dialed(loop, uri);
		const int accepted = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		CHECK(accepted >= 0 && !spice_connect_is_elsewhere(fd));
		close(accepted);
		close(fd);
	}
	int pair[2];
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK(!spice_connect_is_elsewhere(pair[0]) && !spice_connect_is_elsewhere(-1));
	CHECK(!spice_connect_is_elsewhere(listening)); /* leads nowhere */
	close(pair[0]);
	close(pair[1]);
	close(listening);
	loop_destroy(loop);
}

/* Not the word for a wrong password, for which the window would ask. */
static void a_closed_socket_is_told_as_such(void **state) {
	(void)state;
	struct loop *loop = NULL;
	struct spice_address address;
	struct spice_connect *connecting;
	char path[] = "/tmp/pierglass-closed-XXXXXX", uri[120];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	CHECK(mkdtemp(path) != NULL);
	CHECK_EQ(chmod(path, 0755), 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/spice", path);
	const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(listening >= 0);
	CHECK_EQ(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
	CHECK_EQ(listen(listening, 1), 0);
	CHECK_EQ(chmod(at.sun_path, 0), 0);
	snprintf(uri, sizeof uri, "unix:%s", at.sun_path);
	CHECK_EQ(spice_address_parse(uri, &address), 0);
	CHECK_EQ(loop_create(&loop), 0);
	const bool root = geteuid() == 0;
	CHECK(!root || seteuid(65534) == 0);
	int fd = 0;
	CHECK_EQ(spice_connect_start(&connecting, loop, &address, NULL, on_connected, &fd), 0);
	WAIT_ON(loop, fd != 0, 5);
	CHECK(!root || seteuid(0) == 0);
	CHECK_EQ(fd, -EPERM);
	close(listening);
	unlink(at.sun_path);
	rmdir(path);
	loop_destroy(loop);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_socket_is_told_as_such),
		cmocka_unit_test(this_machine_is_not_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
