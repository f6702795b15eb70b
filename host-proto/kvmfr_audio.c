#include "host-proto/kvmfr_audio.h"

#include <errno.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

const char *kvmfr_audio_result_name(enum kvmfr_audio_result result) {
	switch (result) {
	case KVMFR_AUDIO_NOT_ASKED:
		return "not-asked";
	case KVMFR_AUDIO_BOUND:
		return "possible"; /* nothing was bound: the claim asked only */
	case KVMFR_AUDIO_BUSY:
		return "busy";
	case KVMFR_AUDIO_INCOMPATIBLE:
		return "incompatible";
	case KVMFR_AUDIO_ERROR:
		return "error";
	case KVMFR_AUDIO_NO_ANSWER:
		return "no-answer";
	}
	return "?";
}

void kvmfr_audio_claim(uint32_t generation, uint64_t token, void *ret_claim) {
	const struct kvmfr_audio_claim_wire wire = { .type = KVMFR_MESSAGE_AUDIO_CLAIM,
		.version = KVMFR_AUDIO_VERSION,
		.size = sizeof wire,
		.generation = generation,
		.token = token,
		.lowest = KVMFR_AUDIO_VERSION,
		.highest = KVMFR_AUDIO_VERSION,
		.capabilities = KVMFR_AUDIO_PLAYBACK };
	memcpy(ret_claim, &wire, sizeof wire);
}

bool kvmfr_audio_is_answer(uint64_t udata) {
	return udata >> 32 == KVMFR_AUDIO_UDATA;
}

int kvmfr_audio_answer_read(const struct shm *shm, uint64_t offset, uint32_t size,
		uint32_t client_id, struct kvmfr_audio_answer *ret_answer) {
	struct kvmfr_audio_answer_wire wire;
	if (size < sizeof wire) {
		return -EBADMSG;
	}
	int r = shm_copy(shm, offset, &wire, sizeof wire);
	if (r < 0) {
		return r;
	}
	if (wire.magic != KVMFR_AUDIO_ANSWER_MAGIC || wire.client_id != client_id ||
			wire.result < KVMFR_AUDIO_BOUND || wire.result > KVMFR_AUDIO_ERROR) {
		return -EBADMSG;
	}
	if (wire.version != KVMFR_AUDIO_VERSION) {
		return -EPROTONOSUPPORT;
	}
	*ret_answer = (struct kvmfr_audio_answer){ .result = (enum kvmfr_audio_result)wire.result,
		.protocol = wire.protocol,
		.generation = wire.generation,
		.granted = wire.granted };
	return 0;
}
