#include "client/video/frame_schedule.h"

#include <string.h>

#include "base/clock.h"
#include "host-proto/frame.h"

#define RENEW_NS       (250 * NS_PER_MS) /* the lease is a second */
#define FEEDBACK_NS    (50 * NS_PER_MS)
#define SLACK_NS       (NS_PER_MS / 2)
#define SILENT_NS      (1 * NS_PER_S) /* frames come, and the display tells nothing any more */
#define UNANSWERED_NS  (2 * NS_PER_S) /* frames come, and none by our schedule */
#define ASK_AGAIN_NS   (10 * NS_PER_S)
#define CAREFUL_NS     (20 * NS_PER_S) /* after the first miss; twice as long after each */
#define CAREFUL_MAX_NS (600 * NS_PER_S)
#define LEAD_FIRST     2    /* the period's part that is tried first */
#define LEAD_STEP      128  /* … by which it is tried lower, each time */
#define LEAD_RAISE     16   /* … by which it is raised above what missed */
#define UNREST_SHARE   16   /* of each new difference */
#define RESTLESS       6    /* the period's part that differences may be on average */
#define RESTFUL        10   /* … and must fall below again */
#define PERIOD_DIFFERS 1500 /* 59.94 Hz are not 60 */
#define PERIOD_SURE    8 /* pictures in a row: a window on two displays has two periods in turn */

const char *frame_schedule_name(enum frame_schedule_state state) {
	switch (state) {
	case FRAME_SCHEDULE_OFF:
		return "off";
	case FRAME_SCHEDULE_NO_TIMES:
		return "no-times";
	case FRAME_SCHEDULE_ASKED:
		return "asked";
	case FRAME_SCHEDULE_OURS:
		return "ours";
	case FRAME_SCHEDULE_UNANSWERED:
		return "unanswered";
	}
	return "?";
}

static void enter(
		struct frame_schedule *schedule, enum frame_schedule_state state, uint64_t now_ns) {
	schedule->state = state;
	schedule->since_ns = now_ns;
}

static bool is_asking(const struct frame_schedule *schedule) {
	return schedule->state == FRAME_SCHEDULE_ASKED || schedule->state == FRAME_SCHEDULE_OURS;
}

static bool is_other_period(uint64_t a_ns, uint64_t b_ns) {
	const uint64_t apart_ns = a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns;
	return apart_ns > b_ns / PERIOD_DIFFERS;
}

/* A schedule of its own for each period: what the host learned of the one before counts no more.
 * What the compositor needs is known if the period is the same. */
static void ask(struct frame_schedule *schedule, uint64_t period_ns, uint64_t now_ns) {
	if (is_other_period(schedule->period_ns, period_ns)) {
		schedule->lead_ns = period_ns / LEAD_FIRST;
	}
	schedule->period_ns = period_ns;
	schedule->other_count = 0;
	schedule->unrest_ns = 0;
	schedule->restless = false;
	schedule->generation++;
	schedule->generation += schedule->generation == 0;
	schedule->after_ns = 0;
	schedule->known = false;
	schedule->sent_ns = 0;
	schedule->release = false;
	memset(schedule->seen, 0, sizeof schedule->seen);
	enter(schedule, FRAME_SCHEDULE_ASKED, now_ns);
}

static void stop(
		struct frame_schedule *schedule, enum frame_schedule_state state, uint64_t now_ns) {
	schedule->release = is_asking(schedule);
	schedule->known = false;
	enter(schedule, state, now_ns);
}

void frame_schedule_offer(struct frame_schedule *schedule, bool offered, uint64_t now_ns) {
	if (!offered) {
		if (schedule->state != FRAME_SCHEDULE_OFF) {
			stop(schedule, FRAME_SCHEDULE_OFF, now_ns);
			schedule->release = false; /* the session is gone: nobody hears it */
		}
	} else if (schedule->state == FRAME_SCHEDULE_OFF) {
		enter(schedule, FRAME_SCHEDULE_NO_TIMES, now_ns);
	}
}

void frame_schedule_frame(struct frame_schedule *schedule, const struct frame *frame,
		bool own_queue, uint64_t seen_ns) {
	if (seen_ns > schedule->frame_ns + SILENT_NS / 2) {
		schedule->busy_ns = seen_ns;
	}
	schedule->frame_ns = seen_ns;
	if (!own_queue || !is_asking(schedule) ||
			frame->schedule_generation != schedule->generation) {
		return;
	}
	schedule->followed++;
	if (schedule->state == FRAME_SCHEDULE_ASKED) {
		enter(schedule, FRAME_SCHEDULE_OURS, seen_ns);
	}
	schedule->since_ns = seen_ns;
	schedule->seen[schedule->seen_at] = (struct frame_schedule_seen){ .seen_ns = seen_ns,
		.serial = frame->serial,
		.epoch = frame->schedule_epoch,
		.deadline = frame->schedule_deadline };
	schedule->seen_at = (schedule->seen_at + 1) % FRAME_SCHEDULE_KEPT;
}

/* How much of that was too much, to the nearest refresh. */
static int64_t phase_error(const struct frame_schedule *schedule, uint64_t after_ns) {
	const int64_t period = (int64_t)schedule->period_ns;
	const int64_t error = (int64_t)(after_ns % schedule->period_ns) -
			      (int64_t)((schedule->lead_ns + SLACK_NS) % schedule->period_ns);
	return error > period / 2 ? error - period : error < -period / 2 ? error + period : error;
}

/* Whether the errors of one frame after the other agree. */
static bool is_restless(struct frame_schedule *schedule, int64_t error_ns) {
	const int64_t period = (int64_t)schedule->period_ns;
	int64_t apart = error_ns - schedule->error_ns;
	apart = apart < 0 ? -apart : apart;
	apart = apart > period / 2 ? period - apart : apart;
	schedule->unrest_ns += (uint64_t)apart / UNREST_SHARE;
	schedule->unrest_ns -= schedule->unrest_ns / UNREST_SHARE;
	schedule->restless =
			schedule->unrest_ns > schedule->period_ns / RESTLESS ||
			(schedule->restless && schedule->unrest_ns > schedule->period_ns / RESTFUL);
	return schedule->restless;
}

/* A frame was on the display so long after it had come. */
static void learn(struct frame_schedule *schedule, uint64_t after_ns, uint64_t now_ns) {
	const uint64_t before_ns = schedule->after_ns;
	schedule->after_ns = after_ns;
	if (before_ns != 0 && is_restless(schedule, phase_error(schedule, after_ns))) {
		schedule->error_ns = phase_error(schedule, after_ns);
		schedule->known = false;
		return;
	}
	if (before_ns != 0 && after_ns > before_ns + schedule->period_ns / 2 &&
			before_ns < schedule->lead_ns + schedule->period_ns / 2) {
		/* Just too late for the refresh that those before it had. */
		const uint64_t lead_ns = before_ns + schedule->period_ns / LEAD_RAISE;
		schedule->lead_ns = lead_ns > schedule->lead_ns ? lead_ns : schedule->lead_ns;
		uint64_t careful_ns = CAREFUL_MAX_NS;
		if (schedule->misses < 5) {
			careful_ns = CAREFUL_NS << schedule->misses;
		}
		schedule->misses++;
		schedule->careful_ns = now_ns + careful_ns;
	} else if (now_ns >= schedule->careful_ns && before_ns != 0 &&
			after_ns < schedule->lead_ns + 2 * SLACK_NS) {
		schedule->lead_ns -= schedule->period_ns / LEAD_STEP < schedule->lead_ns
						     ? schedule->period_ns / LEAD_STEP
						     : schedule->lead_ns;
	}
	const int64_t error = phase_error(schedule, after_ns);
	const int64_t near = (int64_t)schedule->period_ns / LEAD_RAISE;
	if (after_ns > schedule->period_ns && error > -near && error < near) {
		/* Frames come when they were asked for, and all miss the refresh that was meant. */
		schedule->lead_ns += schedule->period_ns / LEAD_RAISE;
		schedule->careful_ns = now_ns + CAREFUL_NS;
	}
	if (schedule->lead_ns > schedule->period_ns) {
		schedule->lead_ns = schedule->period_ns;
	}
	schedule->error_ns = phase_error(schedule, after_ns);
	schedule->known = true;
}

/* Whether the display has another period by now. */
static bool changes_period(struct frame_schedule *schedule, uint64_t refresh_ns) {
	if (!is_other_period(schedule->period_ns, refresh_ns)) {
		schedule->other_count = 0;
		return false;
	}
	if (is_other_period(schedule->other_ns, refresh_ns)) {
		schedule->other_count = 0;
	}
	schedule->other_ns = refresh_ns;
	return ++schedule->other_count >= PERIOD_SURE;
}

void frame_schedule_shown(struct frame_schedule *schedule, uint64_t seen_ns, uint64_t shown_ns,
		uint64_t refresh_ns) {
	if (schedule->state == FRAME_SCHEDULE_OFF || shown_ns <= seen_ns ||
			refresh_ns < KVMFR_SCHEDULE_PERIOD_MIN_NS ||
			refresh_ns > KVMFR_SCHEDULE_PERIOD_MAX_NS) {
		return;
	}
	schedule->shown_ns = shown_ns;
	if (schedule->state == FRAME_SCHEDULE_NO_TIMES ||
			(is_asking(schedule) && changes_period(schedule, refresh_ns))) {
		ask(schedule, refresh_ns, shown_ns);
		return;
	}
	if (schedule->other_count > 0) {
		return; /* a time of the other display teaches nothing of this one */
	}
	for (unsigned i = 0; i < FRAME_SCHEDULE_KEPT; i++) {
		const struct frame_schedule_seen *seen = &schedule->seen[i];
		if (seen->seen_ns == seen_ns && shown_ns - seen_ns < NS_PER_S) {
			schedule->of_error = *seen;
			learn(schedule, shown_ns - seen_ns, shown_ns);
		}
	}
}

static uint64_t later(uint64_t a_ns, uint64_t b_ns) {
	return a_ns > b_ns ? a_ns : b_ns;
}

/* What became of the state meanwhile. Times of the display may lie a little ahead. */
static void age(struct frame_schedule *schedule, uint64_t now_ns) {
	const bool frames_come = now_ns < schedule->frame_ns + SILENT_NS / 2;
	if (schedule->state == FRAME_SCHEDULE_UNANSWERED &&
			now_ns > schedule->since_ns + ASK_AGAIN_NS) {
		enter(schedule, FRAME_SCHEDULE_NO_TIMES, now_ns); /* the next time asks */
	}
	if (!is_asking(schedule) || !frames_come) {
		return;
	}
	/* The first frame after a silence is on its way to the display. */
	if (now_ns > later(schedule->shown_ns, schedule->busy_ns) + SILENT_NS) {
		stop(schedule, FRAME_SCHEDULE_NO_TIMES, now_ns);
	} else if (now_ns > later(schedule->since_ns, schedule->busy_ns) + UNANSWERED_NS) {
		stop(schedule, FRAME_SCHEDULE_UNANSWERED, now_ns);
	}
}

bool frame_schedule_due(struct frame_schedule *schedule, uint64_t now_ns,
		struct kvmfr_schedule *ret_message) {
	age(schedule, now_ns);
	struct kvmfr_schedule message = { .generation = schedule->generation,
		.period_ns = schedule->period_ns,
		.slack_ns = SLACK_NS,
		.lease_ms = KVMFR_SCHEDULE_LEASE_MS };
	if (schedule->release) {
		schedule->release = false;
		message.flags = KVMFR_SCHEDULE_RELEASE;
		*ret_message = message;
		return true;
	}
	if (!is_asking(schedule) ||
			now_ns < schedule->sent_ns + (schedule->known ? FEEDBACK_NS : RENEW_NS)) {
		return false;
	}
	message.flags = KVMFR_SCHEDULE_ACTIVE;
	if (schedule->known) {
		schedule->known = false;
		message.phase_error_ns = schedule->error_ns;
		message.frame_serial = schedule->of_error.serial;
		message.epoch = schedule->of_error.epoch;
		message.deadline_serial = schedule->of_error.deadline;
	}
	schedule->sent_ns = now_ns;
	*ret_message = message;
	return true;
}
