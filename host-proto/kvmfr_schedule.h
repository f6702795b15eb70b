/*
 * The frame schedule of KVMFR 34 (doc/protocol/kvmfr.md A.4): the client's wish for frames at the
 * period and in the phase of its display, as a message of 64 bytes. Pure. kvmfr_schedule_read() is
 * the guest's end: what comes out of it was checked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define KVMFR_SCHEDULE_BYTES         64u
#define KVMFR_SCHEDULE_PERIOD_MIN_NS 2000000ull
#define KVMFR_SCHEDULE_PERIOD_MAX_NS 1000000000ull
#define KVMFR_SCHEDULE_LEASE_MS      1000u

enum kvmfr_schedule_flag {
	KVMFR_SCHEDULE_ACTIVE = 0x1,
	KVMFR_SCHEDULE_RELEASE = 0x2,
	KVMFR_SCHEDULE_RESET = 0x4,     /* not sent */
	KVMFR_SCHEDULE_IMMEDIATE = 0x8, /* not sent */
};

struct kvmfr_schedule {
	uint32_t client_id;
	uint32_t generation; /* the client's choice, +1 for each schedule; frames carry it back */
	unsigned flags;      /* enum kvmfr_schedule_flag */
	uint64_t period_ns;
	uint64_t slack_ns; /* how much earlier than needed a frame is to come */
	/* Of the frame named below, against that aim: positive = it came early. All zero = nothing
	 * is known yet. */
	int64_t phase_error_ns;
	uint32_t frame_serial, epoch, deadline_serial;
	unsigned lease_ms;
};

void kvmfr_schedule_write(const struct kvmfr_schedule *schedule, uint8_t *ret_bytes);

/* -EBADMSG: another message, or a period or a phase that no display has. */
int kvmfr_schedule_read(const uint8_t *bytes, size_t size, struct kvmfr_schedule *ret_schedule);
