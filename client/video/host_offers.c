#define LOG_MODULE "lgmp"
#include "client/video/host_offers.h"

#include <errno.h>

#include "base/log.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/input_port.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/shm.h"

#define OS_WINDOWS 3u

/* What every offer says: whose it is, and the mapping that it is in. */
static struct host_offer offer_in(struct lgmp_client *client, const struct lgmp_message *message) {
	struct host_offer offer = {
		.session = true, .shm = message->shm, .lgmp = lgmp_client_status(client)->lgmp
	};
	lgmp_client_identity(client, &offer.session_id, &offer.client_id);
	return offer;
}

void host_offers_input(struct lgmp_client *client, struct input_port *port,
		const struct lgmp_message *message) {
	struct input_offer offer = { .host = offer_in(client, message) };
	int r = kvmfr_input_status_read(message->shm, message->offset, message->size,
			offer.host.client_id, &offer.status);
	if (r < 0) {
		char what[96];
		kvmfr_input_status_describe(
				message->shm, message->offset, message->size, what, sizeof what);
		log_warn_limited("the host's offer of an input stream makes no sense, input goes "
				 "over SPICE: %s",
				what);
	}
	if (lgmp_client_finish(client, message) == 0) {
		input_port_put(port, &offer);
	}
}

static void take_status(struct lgmp_client *client, struct clipboard_port *port,
		const struct lgmp_message *message) {
	const struct kvmfr_info *info = &lgmp_client_status(client)->info;
	struct clipboard_offer offer = { .host = offer_in(client, message),
		.windows = info->has_os && info->os == OS_WINDOWS };
	int r = kvmfr_clipboard_status_read(
			message->shm, message->offset, message->size, &offer.status);
	if (r < 0) {
		char what[96];
		kvmfr_clipboard_status_describe(
				message->shm, message->offset, message->size, what, sizeof what);
		log_warn_limited("the host's offer of its clipboard makes no sense, the clipboard "
				 "goes over SPICE: %s",
				what);
	}
	if (lgmp_client_finish(client, message) == 0) {
		clipboard_port_put(port, &offer);
	}
}

void host_offers_clipboard(struct lgmp_client *client, struct clipboard_port *port,
		const struct lgmp_message *message) {
	struct kvmfr_clipboard_message said;
	uint8_t bytes[KVMFR_CLIPBOARD_BYTES];
	if (message->udata >> 32 == KVMFR_CLIPBOARD_KIND_STATUS) {
		take_status(client, port, message);
		return;
	}
	int r = -EBADMSG;
	if (message->udata >> 32 == KVMFR_CLIPBOARD_KIND_MESSAGE && message->size >= sizeof bytes) {
		r = shm_copy(message->shm, message->offset, bytes, sizeof bytes);
	}
	const bool torn = lgmp_client_finish(client, message) < 0;
	if (r == 0) {
		r = kvmfr_clipboard_message_read(bytes, sizeof bytes, &said);
	}
	if (r < 0) {
		log_warn_limited("a message of the host about its clipboard is not understood: "
				 "kind %u, block of %u bytes",
				(unsigned)(message->udata >> 32), message->size);
	} else if (!torn && clipboard_port_push(port, &said) < 0) {
		log_warn_limited("the host sends more about its clipboard than can be taken");
	}
}

void host_offers_audio(struct lgmp_client *client, const struct lgmp_message *message) {
	struct kvmfr_audio_answer answer;
	uint32_t session;
	uint32_t client_id;
	lgmp_client_identity(client, &session, &client_id);
	int r = kvmfr_audio_answer_read(
			message->shm, message->offset, message->size, client_id, &answer);
	const bool torn = lgmp_client_finish(client, message) < 0;
	if (r < 0) {
		log_warn_limited("the host's answer about its sound makes no sense, left out: "
				 "block of %u bytes",
				message->size);
	} else if (!torn) {
		lgmp_client_audio_answered(client, &answer);
	}
}

bool host_offers_send(struct lgmp_client *client, struct clipboard_port *port) {
	uint8_t bytes[KVMFR_CLIPBOARD_BYTES];
	while (clipboard_port_next(port, bytes)) {
		/* Without a subscription there is nobody to hear it. */
		if (lgmp_client_send(client, LGMP_QUEUE_CLIPBOARD, bytes, sizeof bytes) ==
				-EAGAIN) {
			return false;
		}
		clipboard_port_sent(port);
	}
	return true;
}
