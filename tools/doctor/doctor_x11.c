/* What the X server can do for a player: XInput 2 has the raw motion that a locked pointer needs.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

#define XI_QUERY_VERSION 47

static bool has_extension(xcb_connection_t *x, const char *name, uint8_t *ret_opcode) {
	xcb_query_extension_reply_t *reply = xcb_query_extension_reply(
			x, xcb_query_extension(x, (uint16_t)strlen(name), name), NULL);
	bool here = reply && reply->present;
	if (here && ret_opcode) {
		*ret_opcode = reply->major_opcode;
	}
	free(reply);
	return here;
}

/* XIQueryVersion by hand: two numbers do not deserve another library. */
static bool xinput_version(xcb_connection_t *x, uint8_t opcode, unsigned *major, unsigned *minor) {
	struct {
		uint8_t opcode, request;
		uint16_t length;
		uint16_t major, minor;
	} body = {
		.opcode = opcode, .request = XI_QUERY_VERSION, .length = 2, .major = 2, .minor = 4
	};
	struct iovec parts[4] = { [2] = { .iov_base = &body, .iov_len = sizeof body } };
	const xcb_protocol_request_t request = { .count = 1, .opcode = opcode };
	unsigned sequence = xcb_send_request(x, XCB_REQUEST_CHECKED, parts + 2, &request);
	struct {
		uint8_t type, pad;
		uint16_t sequence;
		uint32_t length;
		uint16_t major, minor;
		uint8_t rest[20];
	} *reply = xcb_wait_for_reply(x, sequence, NULL);
	if (reply) {
		*major = reply->major;
		*minor = reply->minor;
	}
	free(reply);
	return reply != NULL;
}

int doctor_ask_x11(const char *display, struct text *ret_abilities) {
	xcb_connection_t *x = xcb_connect(display, NULL);
	int r = xcb_connection_has_error(x) ? ECONNREFUSED : 0;
	uint8_t opcode;
	unsigned major;
	unsigned minor;
	if (r == 0 && has_extension(x, "XInputExtension", &opcode) &&
			xinput_version(x, opcode, &major, &minor)) {
		text_add(ret_abilities, "xinput-%u.%u", major, minor);
	}
	if (r == 0 && has_extension(x, "XWAYLAND", NULL)) {
		text_add(ret_abilities, "%sxwayland", ret_abilities->len ? " " : "");
	}
	xcb_disconnect(x);
	return r;
}
