#include "client/config/vv_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/config/config.h"
#include "tests/support/check.h"

#define HEAD "[virt-viewer]\ntype=spice\n"

static void servers(void **state) {
	(void)state;
	static const struct {
		const char *text, *uri;
	} cases[] = {
		{ HEAD "host=vm\nport=5900\n", "spice://vm:5900" },
		{ HEAD "host=vm\ntls-port=5901\nport=-1", "spice+tls://vm:5901" },
		{ HEAD "host=fe80::1\ntls-port=5901\nport=5900\n",
				"spice://[fe80::1]?port=5900&tls-port=5901" },
		{ HEAD "host=[::1]\nport=5900\n", "spice://[::1]:5900" },
		{ HEAD "unix-path=/run/vm.sock\n", "unix:/run/vm.sock" },
		{ "\xef\xbb\xbf# from a browser\r\n[virt-viewer]\r\n type = Spice \r\nhost = vm\r\nport=5900\r\n",
				"spice://vm:5900" },
		{ HEAD ";host=no\n;tls-port=1\nhost=vm\nport=5900\n", "spice://vm:5900" },
		{ "[ovirt]\nhost=engine\n" HEAD "host=vm\nhost=vm2\nport=5900\n[x]\nhost=no\n",
				"spice://vm2:5900" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct vv_file file;
		char what[64];
		const enum vv_result result =
				vv_parse(cases[i].text, strlen(cases[i].text), &file, what);
		if (result != VV_OK || strcmp(file.uri, cases[i].uri) != 0) {
			fail_msg("%s: %d %s %s", cases[i].text, result, what, file.uri);
		}
		vv_finish(&file);
	}
}

static void what_is_refused(void **state) {
	(void)state;
	static const struct {
		const char *text;
		enum vv_result result;
		const char *what;
	} cases[] = {
		{ "", VV_NO_GROUP, "" },
		{ "type=spice\nhost=vm\nport=5900\n", VV_NO_GROUP, "" },
		{ "[virt-viewer]\nhost=vm\nport=5900\n", VV_NOT_SPICE, "" },
		{ "[virt-viewer]\ntype=vnc\nhost=vm\nport=5900\n", VV_NOT_SPICE, "vnc" },
		{ HEAD "host=pvespiceproxy:x\ntls-port=61000\nproxy=http://pve:3128\n", VV_PROXY,
				"http://pve:3128" },
		{ HEAD, VV_NO_SERVER, "" },
		{ HEAD "host=vm\n", VV_NO_SERVER, "" },
		{ HEAD "host=vm\nport=0\n", VV_NO_SERVER, "" },
		{ HEAD "host=vm\nport=65536\n", VV_NO_SERVER, "" },
		{ HEAD "host=a/b\nport=5900\n", VV_NO_SERVER, "" },
		{ HEAD "host=vm\nport=1\npassword=0123456789012345678901234567890123456789012345678901234567890123456789\n",
				VV_TOO_LONG, "password" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct vv_file file;
		char what[64];
		const enum vv_result result =
				vv_parse(cases[i].text, strlen(cases[i].text), &file, what);
		if (result != cases[i].result || strcmp(what, cases[i].what) != 0) {
			fail_msg("%s: %d %s", cases[i].text, result, what);
		}
		vv_finish(&file);
	}
}

static void values(void **state) {
	(void)state;
	static const char text[] = HEAD
			"host=vm\nport=1\nca=-----BEGIN\\nA\\\\B\\n\npassword= a b\\s\n"
			"title=\xd0\x96\x1b[2J\nfullscreen=1\ndelete-this-file=true\nhost-subject=O=a,CN=b\n";
	struct vv_file file;
	char what[64];
	CHECK_EQ(vv_parse(text, sizeof text - 1, &file, what), VV_OK);
	assert_string_equal(file.ca, "-----BEGIN\nA\\B\n");
	assert_string_equal(file.password, "a b ");
	assert_string_equal(file.host_subject, "O=a,CN=b");
	CHECK(!strchr(file.title, '\x1b') && strstr(file.title, "\xd0\x96"));
	CHECK(file.full_screen && file.delete_file && !file.local);
	vv_finish(&file);
	CHECK(vv_is_name("a.vv") && vv_is_name("/x/Y.VV") && !vv_is_name(".vv") &&
			!vv_is_name("vv"));
}

static void first_line(const char *path, char *line, int size) {
	FILE *file = fopen(path, "r");
	CHECK(file != NULL && fgets(line, size, file) != NULL);
	fclose(file);
}

/* As from a desktop: a URI, deleted after use, weaker than the command line. */
static void on_the_command_line(void **state) {
	(void)state;
	static struct config config;
	char folder[] = "/tmp/pierglass vv-XXXXXX", path[64], uri[80], line[64];
	char error[CONFIG_ERROR_BYTES];
	const struct config_paths none = { 0 };
	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/a.vv", folder);
	snprintf(uri, sizeof uri, "file:///tmp/pierglass%%20vv-%s/a.vv", strchr(folder, '-') + 1);
	FILE *file = fopen(path, "w");
	CHECK(file != NULL);
	fputs(HEAD "host=192.0.2.1\ntls-port=5901\npassword=secret\nca=PEM\\nPEM\ntitle=a\n"
		   "delete-this-file=1\n",
			file);
	fclose(file);

	char name[] = "pierglass", help[] = "--help", title[] = "--title=mine";
	char *shows[] = { name, help, uri };
	CHECK_EQ(config_load(&config, 3, shows, &none, error), 0);
	CHECK_EQ(access(path, F_OK), 0);
	char *plays[] = { name, uri, title };
	CHECK_EQ(config_load(&config, 3, plays, &none, error), 0);
	assert_string_equal(config.session.uri, "spice+tls://192.0.2.1:5901");
	assert_string_equal(config.window.title, "mine");
	CHECK_EQ(config.video.settings.source, VIDEO_SOURCE_SPICE);
	CHECK(!config.discover);
	first_line(config.session.password_file, line, sizeof line);
	assert_string_equal(line, "secret");
	first_line(config.session.ca_file, line, sizeof line);
	assert_string_equal(line, "PEM\n");
	CHECK(access(path, F_OK) < 0);
	CHECK_EQ(errno, ENOENT);
	CHECK_EQ(config_load(&config, 2, plays, &none, error), -EINVAL);
	CHECK(strstr(error, path) != NULL);

	char spice[] = "spice://vm?tls-port=5901";
	char *address[] = { name, spice };
	CHECK_EQ(config_load(&config, 2, address, &none, error), 0);
	assert_string_equal(config.session.uri, "spice://vm?tls-port=5901");
	CHECK_EQ(rmdir(folder), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(values),
		cmocka_unit_test(on_the_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
