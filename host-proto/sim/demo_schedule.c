/* The guest's end of the frame schedule: whose display the frames follow, and in which phase. */
#include <stdlib.h>

#include "host-proto/sim/demo_guest_internal.h"
#include "host-proto/sim/lgmp_host.h"

/* Of a period: a phase is never corrected by more at once, so that no frame is left out. */
#define STEP_SHARE 4

static void tell(struct demo_guest *guest, const struct kvmfr_schedule *said, bool owns) {
	const struct kvmfr_host_owner owner = {
		.client_id = guest->schedule.held.client_id,
		.generation = guest->schedule.held.generation,
		.epoch = guest->schedule.epoch,
	};
	kvmfr_host_set_owner(guest->host, &owner);
	if (guest->events.scheduled) {
		guest->events.scheduled(said, owns, guest->events.data);
	}
}

/* Positive = it came early: the next ones come later. What is said of a frame that was made before
 * the last correction counts no more. */
static void correct(struct demo_guest *guest, const struct kvmfr_schedule *said) {
	struct demo_schedule *schedule = &guest->schedule;
	if (schedule->deaf || said->epoch != schedule->epoch || said->deadline_serial == 0 ||
			(int32_t)(said->deadline_serial - schedule->fed) <= 0) {
		return;
	}
	schedule->fed = kvmfr_host_deadline(guest->host);
	const int64_t most = (int64_t)(said->period_ns / STEP_SHARE);
	int64_t step = said->phase_error_ns;
	step = step > most ? most : step < -most ? -most : step;
	guest->frame_ns = (uint64_t)((int64_t)guest->frame_ns + step);
}

void demo_schedule_hear(struct demo_guest *guest, const uint8_t *data, size_t size) {
	struct demo_schedule *schedule = &guest->schedule;
	struct kvmfr_schedule said;
	if (!guest->config.offers_schedule || guest->config.kvmfr < 34 ||
			kvmfr_schedule_read(data, size, &said) < 0) {
		return;
	}
	/* Whoever sent it, not who it says that it is. */
	said.client_id = lgmp_host_sender(kvmfr_host_lgmp(guest->host));
	const bool owns = schedule->held.client_id == said.client_id;
	if ((said.flags & KVMFR_SCHEDULE_RELEASE) != 0) {
		if (owns) {
			schedule->held.client_id = 0;
		}
		tell(guest, &said, false);
		return;
	}
	if ((said.flags & KVMFR_SCHEDULE_ACTIVE) == 0 || schedule->busy ||
			(schedule->held.client_id != 0 && !owns)) {
		tell(guest, &said, false);
		return;
	}
	if (!owns || schedule->held.generation != said.generation) {
		schedule->epoch++;
		schedule->fed = 0;
	}
	schedule->held = said;
	const unsigned lease_ms = said.lease_ms < KVMFR_SCHEDULE_LEASE_MS ? said.lease_ms
									  : KVMFR_SCHEDULE_LEASE_MS;
	schedule->until_ns = guest->now_ns + lease_ms * NS_PER_MS;
	correct(guest, &said);
	tell(guest, &said, true);
}

void demo_schedule_forget(struct demo_guest *guest) {
	guest->schedule.held.client_id = 0;
}

void demo_schedule_age(struct demo_guest *guest) {
	const struct kvmfr_schedule nobody = { .client_id = 0 };
	struct demo_schedule *schedule = &guest->schedule;
	if (schedule->held.client_id != 0 &&
			(guest->now_ns >= schedule->until_ns || schedule->busy)) {
		schedule->held.client_id = 0;
		tell(guest, &nobody, false);
	}
}

uint64_t demo_schedule_period_ns(const struct demo_guest *guest, uint64_t own_ns) {
	const uint64_t wanted_ns = guest->schedule.held.period_ns;
	if (guest->schedule.held.client_id == 0 || wanted_ns == 0) {
		return own_ns;
	}
	const uint64_t times = (own_ns + wanted_ns / 2) / wanted_ns;
	return wanted_ns * (times > 0 ? times : 1);
}
