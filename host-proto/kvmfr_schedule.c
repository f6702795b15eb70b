#include "host-proto/kvmfr_schedule.h"

#include <errno.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"

static_assert(KVMFR_SCHEDULE_BYTES == sizeof(struct kvmfr_schedule_wire), "the same message");

void kvmfr_schedule_write(const struct kvmfr_schedule *schedule, uint8_t *ret_bytes) {
	const struct kvmfr_schedule_wire wire = { .type = KVMFR_MESSAGE_SCHEDULE,
		.client_id = schedule->client_id,
		.generation = schedule->generation,
		.flags = schedule->flags,
		.period_ns = schedule->period_ns,
		.slack_ns = schedule->slack_ns,
		.phase_error_ns = schedule->phase_error_ns,
		.frame_serial = schedule->frame_serial,
		.epoch = schedule->epoch,
		.deadline_serial = schedule->deadline_serial,
		.lease_ms = schedule->lease_ms };
	memcpy(ret_bytes, &wire, sizeof wire);
}

int kvmfr_schedule_read(const uint8_t *bytes, size_t size, struct kvmfr_schedule *ret_schedule) {
	struct kvmfr_schedule_wire wire;
	if (size != sizeof wire) {
		return -EBADMSG;
	}
	memcpy(&wire, bytes, sizeof wire);
	const int64_t most = (int64_t)KVMFR_SCHEDULE_PERIOD_MAX_NS;
	if (wire.type != KVMFR_MESSAGE_SCHEDULE) {
		return -EBADMSG;
	}
	if ((wire.flags & KVMFR_SCHEDULE_ACTIVE) != 0 &&
			(wire.period_ns < KVMFR_SCHEDULE_PERIOD_MIN_NS ||
					wire.period_ns > KVMFR_SCHEDULE_PERIOD_MAX_NS ||
					wire.phase_error_ns < -most ||
					wire.phase_error_ns > most)) {
		return -EBADMSG;
	}
	*ret_schedule = (struct kvmfr_schedule){ .client_id = wire.client_id,
		.generation = wire.generation,
		.flags = wire.flags,
		.period_ns = wire.period_ns,
		.slack_ns = wire.slack_ns,
		.phase_error_ns = wire.phase_error_ns,
		.frame_serial = wire.frame_serial,
		.epoch = wire.epoch,
		.deadline_serial = wire.deadline_serial,
		.lease_ms = wire.lease_ms };
	return 0;
}
