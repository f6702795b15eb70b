/* The handshake's two readers, and a ticket under whatever key the reply carries. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "host-proto/spice/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct spice_link_request request;
	struct spice_link_reply reply;
	int r = spice_link_read_request(data, size, &request);
	if (r > 0 && (size_t)r > size) {
		abort();
	}
	r = spice_link_read_reply(data, size, &reply);
	if (r > 0 && (size_t)r > size) {
		abort();
	}
	if (r > 0 && reply.error == SPICE_LINK_OK) {
		uint8_t ticket[SPICE_TICKET_BYTES];
		(void)spice_link_ticket(reply.key, "password", ticket);
	}
	return 0;
}
