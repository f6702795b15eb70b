#include "client/session/spice_reason.h"

#include <errno.h>
#include <string.h>

#include "host-proto/spice/address.h"
#include "tests/support/check.h"

static struct spice_address address_of(const char *text) {
	struct spice_address address;
	CHECK_EQ(spice_address_parse(text, &address), 0);
	return address;
}

static const char *failed(int error, uint32_t link_error, const char *text) {
	static char reason[300];
	const struct spice_address address = address_of(text);
	spice_reason_failed(reason, sizeof reason, error, link_error, 0, &address);
	return reason;
}

/* Each sentence names the place, and what the player waits for or may do. */
static void each_failure_has_its_sentence(void **state) {
	(void)state;
	static const struct {
		int error;
		const char *words;
		bool final;
	} rows[] = {
		{ -ENOENT, "waiting for the VM: no SPICE socket", false },
		{ -ECONNREFUSED, "waiting for the VM: nothing answers", false },
		{ -OWNER_REFUSED, "see --vm-owner", true },
		{ -EPERM, "pierglass doctor", true },
		{ -EACCES, "wants a password", true },
		{ -ETIMEDOUT, "no way to", false },
		{ -EPROTONOSUPPORT, "another version of SPICE", true },
		{ -ENOMSG, "is not SPICE", false },
		{ -EBADMSG, "does not speak SPICE properly", true },
		{ -EKEYREJECTED, "see --spice-ca-file", true },
		{ -ENOTCONN, "closed the connection", false },
		{ -ENOMEM, "cannot reach", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CHECK(strstr(failed(rows[i].error, 0, "unix:/run/win.sock"), rows[i].words));
		CHECK(strstr(failed(rows[i].error, 0, "unix:/run/win.sock"), "/run/win.sock"));
		CHECK(strstr(failed(rows[i].error, 0, "host:5900"), "host, port 5900"));
		CHECK_EQ(spice_reason_is_final(rows[i].error), rows[i].final);
	}
}

static void a_refused_link_says_which_way_is_wanted(void **state) {
	(void)state;
	CHECK(strstr(failed(-EPROTO, SPICE_LINK_NEED_SECURED, "host:5900"), "spice+tls://"));
	CHECK(strstr(failed(-EPROTO, SPICE_LINK_NEED_UNSECURED, "host:5900"), "without TLS"));
	CHECK(strstr(failed(-EPROTO, 4242, "host:5900"), "refused the link"));
}

static void a_password_is_not_repeated(void **state) {
	(void)state;
	char reason[300];
	const struct spice_address address = address_of("spice://host?port=5900&password=secret");
	spice_reason_refused(reason, sizeof reason, &address);
	CHECK(strstr(reason, "wrong or has expired") && !strstr(reason, "secret"));
	spice_reason_not_yet(reason, sizeof reason, &address);
	CHECK(strstr(reason, "trying again") && !strstr(reason, "secret"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_has_its_sentence),
		cmocka_unit_test(a_refused_link_says_which_way_is_wanted),
		cmocka_unit_test(a_password_is_not_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
