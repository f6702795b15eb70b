/*
 * The audio claim of KVMFR 34 and its answer (doc/protocol/kvmfr.md A.8). The claim asks whether
 * the host would give its sound; nothing is bound or decoded, because the inner layouts of that
 * sound are unverified. The answer is hostile input; what is returned was checked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct shm;

enum kvmfr_audio_result {
	KVMFR_AUDIO_NOT_ASKED,
	KVMFR_AUDIO_BOUND, /* values of the wire from here on */
	KVMFR_AUDIO_BUSY,
	KVMFR_AUDIO_INCOMPATIBLE,
	KVMFR_AUDIO_ERROR,
	KVMFR_AUDIO_NO_ANSWER, /* ours: asked, and not answered (yet) */
};
const char *kvmfr_audio_result_name(enum kvmfr_audio_result result); /* "busy", for --stats */

struct kvmfr_audio_answer {
	enum kvmfr_audio_result result;
	unsigned protocol;
	uint32_t generation, granted;
};

#define KVMFR_AUDIO_CLAIM_BYTES 64u
/* A claim that asks without binding. */
void kvmfr_audio_claim(uint32_t generation, uint64_t token, void *ret_claim);

/* Whether a pointer message with that LGMP udata is an answer; no pointer is in it then. */
bool kvmfr_audio_is_answer(uint64_t udata);
/* -ERANGE, -EBADMSG (nonsense, or not for that client), -EPROTONOSUPPORT (another version). */
int kvmfr_audio_answer_read(const struct shm *shm, uint64_t offset, uint32_t size,
		uint32_t client_id, struct kvmfr_audio_answer *ret_answer);
