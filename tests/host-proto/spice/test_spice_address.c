#include "host-proto/spice/address.h"

#include <errno.h>
#include <string.h>

#include "tests/support/check.h"

/* One byte too many for a socket's name. */
static const char long_path[] = "unix:/00000000000000000000000000000000000000000000000000000"
				"/00000000000000000000000000000000000000000000000000000";

static void addresses_are_read(void **state) {
	(void)state;
	static const struct {
		const char *uri;
		enum spice_address_kind kind;
		const char *where; /* path or host */
		uint16_t port;
		bool tls, local;
	} good[] = {
		{ "off", SPICE_ADDRESS_OFF, "", 0, false, false },
		{ "", SPICE_ADDRESS_OFF, "", 0, false, false },
		{ "unix:/run/spice.sock", SPICE_ADDRESS_UNIX, "/run/spice.sock", 0, false, true },
		{ "Unix:/run/spice.sock", SPICE_ADDRESS_UNIX, "/run/spice.sock", 0, false, true },
		{ "unix:///run/s", SPICE_ADDRESS_UNIX, "/run/s", 0, false, true },
		{ "spice+unix:///run/s", SPICE_ADDRESS_UNIX, "/run/s", 0, false, true },
		{ "SPICE+UNIX:///run/s?password=x", SPICE_ADDRESS_UNIX, "/run/s", 0, false, true },
		{ "spice://vm?port=5900", SPICE_ADDRESS_TCP, "vm", 5900, false, false },
		{ "spice://vm:5900/", SPICE_ADDRESS_TCP, "vm", 5900, false, false },
		{ "spice://vm?tls-port=5901", SPICE_ADDRESS_TCP, "vm", 5901, true, false },
		{ "spice://[::1]?tls-port=5901", SPICE_ADDRESS_TCP, "::1", 5901, true, true },
		{ "spice://vm:5900?tls-port=5901", SPICE_ADDRESS_TCP, "vm", 5900, false, false },
		{ "spice+tls://vm?tls-port=5901", SPICE_ADDRESS_TCP, "vm", 5901, true, false },
		{ "spice://vm/?colour=red&port=1", SPICE_ADDRESS_TCP, "vm", 1, false, false },
		{ "/run/spice.sock", SPICE_ADDRESS_UNIX, "/run/spice.sock", 0, false, true },
		{ "127.0.0.1:5900", SPICE_ADDRESS_TCP, "127.0.0.1", 5900, false, true },
		{ "localhost:5900", SPICE_ADDRESS_TCP, "localhost", 5900, false, true },
		{ "[::1]:5900", SPICE_ADDRESS_TCP, "::1", 5900, false, true },
		{ "spice://vm.example:1", SPICE_ADDRESS_TCP, "vm.example", 1, false, false },
		{ "spice+tls://[fe80::1]:65535", SPICE_ADDRESS_TCP, "fe80::1", 65535, true, false },
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct spice_address address;
		CHECK_EQ(spice_address_parse(good[i].uri, &address), 0);
		CHECK_EQ(address.kind, good[i].kind);
		CHECK_EQ(address.tls, good[i].tls);
		CHECK_EQ(address.port, good[i].port);
		const char *where =
				address.kind == SPICE_ADDRESS_UNIX ? address.path : address.host;
		CHECK_EQ(strcmp(where, good[i].where), 0);
		CHECK(address.kind == SPICE_ADDRESS_OFF ||
				spice_address_is_local(&address) == good[i].local);
	}
}

static void nonsense_is_refused(void **state) {
	(void)state;
	static const char *const bad[] = { "foo", "host:", "host:0", "host:65536", "host:5900x",
		":5900", "::1:5900", "[::1]5900", "host/x:5900", "spice+tls://",
		"unix:", "spice+unix://", "spice://vm", "spice://vm?port=0", "spice://?port=5900",
		"spice://vm?port=5900&tls-port=x", "vm:5900?tls-port=5901", "[::1", "spice://[]:1",
		"spice://vm:5900/path", "spice://vm:1?password=%", "spice://vm:1?password=%0",
		"spice://vm:1?password=%00", long_path };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct spice_address address = { .port = 7 };
		CHECK_EQ(spice_address_parse(bad[i], &address), -EINVAL);
		CHECK_EQ(address.port, 7);
	}
}

static void what_virsh_prints_with_both_ports(void **state) {
	(void)state;
	struct spice_address address;
	CHECK_EQ(spice_address_parse("spice://127.0.0.1:5900?tls-port=5901&password=a%20%25b",
				 &address),
			0);
	CHECK(!address.tls);
	CHECK_EQ(address.port, 5900);
	CHECK_EQ(address.tls_port, 5901);
	assert_string_equal(address.password, "a %b");
	CHECK_EQ(spice_address_parse("spice+unix:///run/s?password=geheim", &address), 0);
	assert_string_equal(address.password, "geheim");
	CHECK_EQ(spice_address_parse("spice://vm?tls-port=5901", &address), 0);
	CHECK_EQ(address.tls_port, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(what_virsh_prints_with_both_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
