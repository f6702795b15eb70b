/*
 * Where a VM's display is, as others write it: an address after the first byte, a connection file
 * of virt-viewer otherwise. What was read is whole and bounded, and the address of a file is one.
 *
 * Covers: client/config/vv_file.c host-proto/spice/address.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "client/config/vv_file.h"
#include "host-proto/spice/address.h"
#include "tests/support/utf8_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

static void read_address(const char *text) {
	struct spice_address address;
	if (spice_address_parse(text, &address) == 0) {
		expect(strnlen(address.path, sizeof address.path) < sizeof address.path);
		expect(strnlen(address.host, sizeof address.host) < sizeof address.host);
		expect(strnlen(address.password, sizeof address.password) <
				sizeof address.password);
		expect(address.kind != SPICE_ADDRESS_TCP || (address.host[0] && address.port));
	}
}

static void read_file(const char *text, size_t len) {
	struct vv_file file;
	struct spice_address address;
	char what[64];
	if (vv_parse(text, len, &file, what) == VV_OK) {
		expect(spice_address_parse(file.uri, &address) == 0);
		expect(utf8_valid(file.title, strlen(file.title)));
		expect(!file.ca || strlen(file.ca) <= len);
	}
	expect(utf8_valid(what, strnlen(what, sizeof what)));
	vv_finish(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	char *text = malloc(len + 1);
	expect(text != NULL);
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (len > 0 && text[0] == '@') {
		read_address(text + 1);
	} else {
		/* Not terminated. */
		char *exact = malloc(len ? len : 1);
		expect(exact != NULL);
		memcpy(exact, bytes, len);
		read_file(exact, len);
		free(exact);
	}
	free(text);
	return 0;
}
