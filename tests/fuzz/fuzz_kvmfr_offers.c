/*
 * What the host offers beside the picture. First byte 0: the rest is a recovery region; 1: a
 * client's schedule, as the guest hears it; else the host's answer to an audio claim.
 *
 * Covers: host-proto/kvmfr_audio.c host-proto/kvmfr_recovery.c host-proto/kvmfr_schedule.c
 */
#include "host-proto/kvmfr_audio.h"
#include "host-proto/kvmfr_recovery.h"
#include "host-proto/kvmfr_schedule.h"
#include "tests/fuzz/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint32_t sink;

/* What was taken goes out again as it came. */
static int hear_schedule(const uint8_t *data, size_t size) {
	struct kvmfr_schedule schedule;
	struct kvmfr_schedule again;
	uint8_t bytes[KVMFR_SCHEDULE_BYTES];
	if (kvmfr_schedule_read(data, size, &schedule) == 0) {
		kvmfr_schedule_write(&schedule, bytes);
		if (kvmfr_schedule_read(bytes, sizeof bytes, &again) < 0 ||
				again.phase_error_ns != schedule.phase_error_ns) {
			__builtin_trap();
		}
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct shm *shm = fuzz_memory();
	struct kvmfr_recovery recovery;
	struct kvmfr_audio_answer answer;
	if (size < 1 || size > 4096) {
		return 0;
	}
	if (data[0] == 0) {
		memset(shm_base(shm), 0, 4096);
		memcpy(shm_base(shm), data + 1, size - 1); /* all of this memory is the region */
		if (kvmfr_recovery_read(shm, &recovery) == 0) {
			if (memchr(recovery.program, '\0', sizeof recovery.program) == NULL) {
				__builtin_trap();
			}
			sink = recovery.lgmp;
		}
		return 0;
	}
	if (data[0] == 1) {
		return hear_schedule(data + 1, size - 1);
	}
	const uint64_t at = fuzz_place(shm, data + 1, size - 1);
	if (kvmfr_audio_answer_read(shm, at, (uint32_t)(FUZZ_MEMORY - at), 7, &answer) == 0) {
		sink = (uint32_t)kvmfr_audio_result_name(answer.result)[0];
	}
	/* Past the memory. */
	if (kvmfr_audio_answer_read(shm, FUZZ_MEMORY - 4, 4096, 7, &answer) == 0) {
		__builtin_trap();
	}
	return 0;
}
