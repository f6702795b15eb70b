#define LOG_MODULE "demo-guest"
#include "tools/demo-guest/demo_producer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "base/cpu_wait.h"
#include "base/json.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "host-proto/kvmfr_schedule.h"
#include "tools/demo-guest/demo_clipboard.h"

#define LOOK_NS (20 * NS_PER_US)
/* What draws the frame takes the cores as soon as it was released: whoever sleeps then sees the
 * release when the drawing is done. */
#define SPIN_NS (300 * NS_PER_US)
#define ORDERS  64

struct demo_producer {
	/* constant after the start */
	bool report;
	pthread_t thread;

	/* any thread */
	struct queue orders;
	atomic_bool quit;

	/* the producer's thread */
	struct demo_guest *guest;
	struct demo_clipboard clipboard;
};

static void report_frame(const struct demo_guest_times *times, void *data) {
	(void)data;
	struct json json;
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", "frame");
	json_int(&json, "serial", times->serial);
	json_int(&json, "posted_ns", (int64_t)times->posted_ns);
	json_int(&json, "written_ns", (int64_t)times->written_ns);
	json_int(&json, "released_ns", (int64_t)times->released_ns);
	json_finish(&json);
	funlockfile(stdout);
}

static void report_refused(uint64_t now_ns, void *data) {
	(void)data;
	struct json json;
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", "refused");
	json_int(&json, "time_ns", (int64_t)now_ns);
	json_finish(&json);
	funlockfile(stdout);
}

static void report_move(int x, int y, void *data) {
	(void)data;
	struct json json;
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", "set-cursor");
	json_int(&json, "x", x);
	json_int(&json, "y", y);
	json_finish(&json);
	funlockfile(stdout);
}

static void report_size(uint32_t width, uint32_t height, bool taken, void *data) {
	(void)data;
	struct json json;
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", "window-size");
	json_int(&json, "width", width);
	json_int(&json, "height", height);
	json_bool(&json, "taken", taken);
	json_finish(&json);
	funlockfile(stdout);
}

static void report_schedule(const struct kvmfr_schedule *said, bool owns, void *data) {
	(void)data;
	struct json json;
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", "schedule");
	json_int(&json, "client", said->client_id);
	json_int(&json, "generation", said->generation);
	json_bool(&json, "owns", owns);
	json_int(&json, "period_ns", (int64_t)said->period_ns);
	json_int(&json, "deadline", said->deadline_serial);
	json_int(&json, "phase_error_ns", said->phase_error_ns);
	json_finish(&json);
	funlockfile(stdout);
}

static void report_end(const struct demo_guest *guest) {
	struct demo_guest_counters counters;
	struct json json;
	demo_guest_counters(guest, &counters);
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", "end");
	json_int(&json, "posted", (int64_t)counters.posted);
	json_int(&json, "refused", (int64_t)counters.refused);
	json_int(&json, "unseen", (int64_t)counters.unseen);
	json_int(&json, "sessions", (int64_t)counters.sessions);
	json_int(&json, "moves", (int64_t)counters.moves);
	json_finish(&json);
	funlockfile(stdout);
}

static void obey(struct demo_producer *producer, const struct demo_order *order) {
	const uint64_t now_ns = clock_now_ns();
	int r;
	switch (order->kind) {
	case DEMO_ORDER_COMMAND:
		r = demo_guest_command(producer->guest, order->text);
		if (r < 0) {
			log_warn("cannot carry out \"%s\" (%s)", order->text, strerrordesc_np(-r));
		}
		break;
	case DEMO_ORDER_SHOW:
		demo_guest_show(producer->guest, order->line, order->text);
		break;
	case DEMO_ORDER_BY:
		demo_guest_pointer_by(producer->guest, order->x, order->y, now_ns);
		break;
	case DEMO_ORDER_TO:
		demo_guest_pointer_to(producer->guest, order->x, order->y, now_ns);
		break;
	case DEMO_ORDER_LEDS:
		demo_guest_set_leds(producer->guest, order->leds);
		break;
	case DEMO_ORDER_CLIP:
		if (!demo_clipboard_command(&producer->clipboard,
				    demo_guest_clipboard(producer->guest), order->text)) {
			log_warn("no such command of the clipboard: %s", order->text);
		}
		break;
	}
}

static void *run(void *data) {
	struct demo_producer *producer = data;
	/* Sleeps end when they should, not 50 us later. */
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	while (!atomic_load_explicit(&producer->quit, memory_order_acquire)) {
		struct demo_order order;
		while (queue_pop(&producer->orders, &order)) {
			obey(producer, &order);
		}
		const uint64_t due_ns = demo_guest_step(producer->guest, clock_now_ns());
		/* The time of release is worth looking finely for only when it is wanted. */
		const uint64_t spin_until_ns = clock_now_ns() + SPIN_NS;
		while (producer->report && clock_now_ns() + LOOK_NS < due_ns &&
				demo_guest_look(producer->guest, clock_now_ns())) {
			if (clock_now_ns() < spin_until_ns) {
				cpu_pause();
			} else {
				clock_sleep_ns(LOOK_NS);
			}
		}
		clock_sleep_until_ns(due_ns);
	}
	return NULL;
}

int demo_producer_order(struct demo_producer *producer, const struct demo_order *order) {
	return queue_push(&producer->orders, order);
}

static void producer_free(struct demo_producer *producer) {
	demo_guest_destroy(producer->guest);
	queue_finish(&producer->orders);
	free(producer);
}

int demo_producer_start(struct demo_producer **ret_producer, struct shm *shm,
		const struct demo_guest_config *config, const struct input_host_events *input,
		demo_agent_report clip, void *clip_data, bool report) {
	struct demo_guest_events events = { .released = report ? report_frame : NULL,
		.refused = report ? report_refused : NULL,
		.moved = report ? report_move : NULL,
		.sized = report ? report_size : NULL,
		.scheduled = report ? report_schedule : NULL,
		.input = *input };
	struct demo_producer *producer = calloc(1, sizeof *producer);
	if (!producer) {
		return -ENOMEM;
	}
	producer->report = report;
	producer->clipboard = (struct demo_clipboard){ .report = clip, .data = clip_data };
	events.clipboard = demo_clipboard_events(&producer->clipboard);
	atomic_init(&producer->quit, false);
	int r = queue_init(&producer->orders, sizeof(struct demo_order), ORDERS, NULL, NULL);
	if (r < 0) {
		free(producer);
		return r;
	}
	r = demo_guest_create(&producer->guest, shm, config, &events);
	producer->clipboard.host = r == 0 ? demo_guest_clipboard(producer->guest) : NULL;
	if (r == 0) {
		r = thread_start(&producer->thread, "guest-picture", run, producer);
	}
	if (r < 0) {
		producer_free(producer);
		return r;
	}
	*ret_producer = producer;
	return 0;
}

void demo_producer_stop(struct demo_producer *producer) {
	if (!producer) {
		return;
	}
	atomic_store_explicit(&producer->quit, true, memory_order_release);
	pthread_join(producer->thread, NULL);
	if (producer->report) {
		report_end(producer->guest);
	}
	producer_free(producer);
}
