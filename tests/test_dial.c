#include "client/session/spice_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "tests/support/check.h"
#include "tests/support/loop_wait.h"

/* One byte too many for a socket's name. */
static const char long_path[] = "unix:/00000000000000000000000000000000000000000000000000000"
				"/00000000000000000000000000000000000000000000000000000";

static void addresses_are_read(void **state) {
	(void)state;
	static const struct {
		const char *uri;
		enum dial_kind kind;
		const char *where; /* path or host */
		uint16_t port;
		bool tls, local;
	} good[] = {
		{ "off", DIAL_OFF, "", 0, false, false },
		{ "", DIAL_OFF, "", 0, false, false },
		{ "unix:/run/spice.sock", DIAL_UNIX, "/run/spice.sock", 0, false, true },
		{ "/run/spice.sock", DIAL_UNIX, "/run/spice.sock", 0, false, true },
		{ "127.0.0.1:5900", DIAL_TCP, "127.0.0.1", 5900, false, true },
		{ "localhost:5900", DIAL_TCP, "localhost", 5900, false, true },
		{ "[::1]:5900", DIAL_TCP, "::1", 5900, false, true },
		{ "spice://vm.example:1", DIAL_TCP, "vm.example", 1, false, false },
		{ "spice+tls://[fe80::1]:65535", DIAL_TCP, "fe80::1", 65535, true, false },
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct dial_address address;
		CHECK(dial_parse(good[i].uri, &address) == 0);
		CHECK(address.kind == good[i].kind && address.tls == good[i].tls);
		CHECK(address.port == good[i].port);
		const char *where = address.kind == DIAL_UNIX ? address.path : address.host;
		CHECK(strcmp(where, good[i].where) == 0);
		CHECK(address.kind == DIAL_OFF || dial_is_local(&address) == good[i].local);
	}
}

static void nonsense_is_refused(void **state) {
	(void)state;
	static const char *const bad[] = { "foo", "host:", "host:0", "host:65536", "host:5900x",
		":5900", "::1:5900", "[::1]5900", "host/x:5900", "spice+tls://",
		"unix:", long_path };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct dial_address address = { .port = 7 };
		CHECK(dial_parse(bad[i], &address) == -EINVAL);
		CHECK(address.port == 7);
	}
}

static void on_dialed(int fd, void *data) {
	*(int *)data = fd;
}

static int dialed(struct loop *loop, const char *uri) {
	struct dial_address address;
	struct dial *dial;
	int fd = -1;
	CHECK(dial_parse(uri, &address) == 0);
	CHECK(dial_start(&dial, loop, &address, on_dialed, &fd) == 0);
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
	CHECK(listening >= 0 && bind(listening, (struct sockaddr *)&any, sizeof any) == 0);
	CHECK(listen(listening, 4) == 0);
	CHECK(getsockname(listening, (struct sockaddr *)&any, &len) == 0);
	CHECK(loop_create(&loop) == 0);
	static const char *const hosts[] = { "127.0.0.1", "127.0.0.2", "localhost" };
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		snprintf(uri, sizeof uri, "%s:%u", hosts[i], ntohs(any.sin_port));
		const int fd = dialed(loop, uri);
		const int accepted = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		CHECK(accepted >= 0 && !dial_is_elsewhere(fd));
		close(accepted);
		close(fd);
	}
	int pair[2];
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(!dial_is_elsewhere(pair[0]) && !dial_is_elsewhere(-1));
	CHECK(!dial_is_elsewhere(listening)); /* leads nowhere */
	close(pair[0]);
	close(pair[1]);
	close(listening);
	loop_destroy(loop);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(this_machine_is_not_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
