#include "base/thread_place.h"

#include "base/clock.h"

#define LATE_NS       (250 * NS_PER_US)
#define MOVE_EVERY_NS (10 * NS_PER_MS) /* at most: the other one is moved about, too */
#define HOLD_NS       (1 * NS_PER_S)
#define HOLD_MOST_NS  (30 * NS_PER_S)

void thread_place_init(struct thread_place *place) {
	*place = (struct thread_place){ .hold_ns = HOLD_NS };
	if (sched_getaffinity(0, sizeof place->allowed, &place->allowed) < 0) {
		CPU_ZERO(&place->allowed); /* more CPUs than fit: nothing is done */
	}
}

void thread_place_leave(struct thread_place *place) {
	cpu_set_t now;
	if (!place->away) {
		return;
	}
	place->away = false;
	/* Unless somebody else has chosen CPUs for us meanwhile. */
	if (sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, &place->set)) {
		(void)sched_setaffinity(0, sizeof place->allowed, &place->allowed);
	}
}

void thread_place_late(struct thread_place *place, uint64_t late_ns, uint64_t now_ns) {
	const int cpu = sched_getcpu();
	if (late_ns < LATE_NS || cpu < 0 || cpu >= CPU_SETSIZE ||
			(place->moved_ns != 0 && now_ns - place->moved_ns < MOVE_EVERY_NS)) {
		return;
	}
	cpu_set_t others = place->allowed;
	CPU_CLR((unsigned)cpu, &others);
	if (CPU_COUNT(&others) == 0) {
		return;
	}
	/* Soon after it came back: stay away for longer the next time. */
	const bool again = !place->away && place->until_ns != 0 &&
			   now_ns - place->until_ns < place->hold_ns;
	place->hold_ns = !again                              ? HOLD_NS
			 : place->hold_ns < HOLD_MOST_NS / 2 ? place->hold_ns * 2
							     : HOLD_MOST_NS;
	place->moved_ns = now_ns;
	place->until_ns = now_ns + place->hold_ns;
	if (sched_setaffinity(0, sizeof others, &others) == 0) {
		place->set = others;
		place->away = true;
	}
}

void thread_place_tick(struct thread_place *place, uint64_t now_ns) {
	if (place->away && now_ns >= place->until_ns) {
		thread_place_leave(place);
	}
}
