#define LOG_MODULE "lgmp"
#include "client/video/source_lgmp.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "client/video/frame_predictor.h"
#include "client/video/host_offers.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/input_port.h"
#include "host-proto/shm.h"

#include "base/clock.h"
#include "base/cpu_wait.h"
#include "base/log.h"
#include "base/thread.h"

/* Below input and sound. A guest that makes us work for longer than that in 100 ms, and again and
 * again (pointer shapes without end), shares the CPU with everybody. */
#define REALTIME_PRIORITY 1
#define REALTIME_MOST_NS  (30 * NS_PER_MS)
#define REALTIME_MISUSES  5

/* A look takes a few microseconds: the shortest turn that the kernel takes. */
#define SLICE_US 100

/* Then pointers, requests of this client and the session get their turn. */
#define WATCH_NS (200 * NS_PER_US)

#define STALE_FRAMES 16

struct source_lgmp {
	/* constant */
	struct source_lgmp_config config;
	struct source_lgmp_events events;
	pthread_t thread;
	int wake_fd;
	enum cpu_wait cpu_wait; /* NONE: it sleeps between looks */

	/* pg-lgmp only; lgmp_client_finish() alone from others */
	struct lgmp_client *client;
	struct frame_predictor frame_predictor;
	uint64_t used_ns;                       /* of the CPU, at the last account() */
	unsigned busy_count;                    /* times in a row that it was much */
	uint64_t changes;                       /* of the status that was told last */
	uint64_t generations[LGMP_QUEUE_COUNT]; /* of the subscriptions to frames */
	enum lgmp_queue frame_queue;            /* where the newest came from */
	struct frame_schedule schedule;
	bool has_serial;
	uint32_t last_serial;
	struct frame last_frame;
	struct cursor_shape *read_shape;
	struct source_pointer read_pointer;

	uint64_t clipboard_generation; /* of the subscription */
	uint64_t asked_session;        /* of the status: the session that was asked for its sound */
	uint64_t sized_session;        /* of the status: the session that was told a size */
	uint32_t reported_width, reported_height;

	atomic_bool stop;
	atomic_bool input_moved;
	atomic_bool window_sized;
	atomic_bool clipboard_waits; /* there is something to be sent */
	atomic_bool wants_times;     /* of the display, for its schedule */
	atomic_bool shown_waits;     /* the display told a time */
	atomic_uint_fast64_t live_generations[LGMP_QUEUE_COUNT]; /* 0 = no session */
	atomic_bool takes_pointer;

	struct newest_frame newest; /* any thread */

	pthread_mutex_t lock;
	/* under the lock */
	struct source_pointer pointer;
	struct cursor_shape *shape;
	struct source_lgmp_counts counts;
	bool path_changed, move_wanted;
	uint32_t window_width, window_height; /* for the guest's monitor; 0 = not to be told */
	char path[256];
	int move_x, move_y;
	uint64_t shown_seen_ns, shown_ns, refresh_ns;
};

static void wake_thread(struct source_lgmp *source) {
	const uint64_t one = 1;
	ssize_t n = write(source->wake_fd, &one, sizeof one);
	(void)n; /* full = it will wake anyway */
}

bool source_lgmp_alive(struct source_lgmp *source, const struct source_frame *frame) {
	const enum lgmp_queue queue = frame->message.queue;
	return atomic_load(&source->live_generations[queue]) == frame->message.generation &&
	       !shm_lost(frame->message.shm);
}

/* ---- messages ---- */

static void start_over(struct source_lgmp *source, const struct lgmp_message *message) {
	source->generations[message->queue] = message->generation;
	source->has_serial = false;
	atomic_store(&source->live_generations[message->queue], message->generation);
	newest_frame_drop(&source->newest);
}

/* Frames come on up to three queues; what one of them still holds may be older than what another
 * gave. A host that begins to count anew is farther away than a ring is long. */
static bool is_older(const struct source_lgmp *source, const struct source_frame *frame) {
	const int32_t ahead = (int32_t)(frame->frame.serial - source->last_serial);
	return source->has_serial && frame->message.queue != source->frame_queue && ahead < 0 &&
	       ahead > -STALE_FRAMES;
}

static void handle_frame(struct source_lgmp *source, const struct lgmp_message *message) {
	if (message->generation != source->generations[message->queue]) {
		start_over(source, message);
	}
	struct source_frame frame = { .message = *message, .seen_ns = clock_now_ns() };
	int r = frame_read(
			message->shm, message->kvmfr, message->offset, message->size, &frame.frame);
	if (r < 0) {
		char what[96];
		frame_describe(message->shm, message->kvmfr, message->offset, message->size, what,
				sizeof what);
		lgmp_client_finish(source->client, message);
		source->has_serial = false; /* its damage is lost: all of the next one */
		pthread_mutex_lock(&source->lock);
		source->counts.bad++;
		pthread_mutex_unlock(&source->lock);
		log_warn_limited("a frame of the host is invalid and was skipped: KVMFR %u, %s",
				message->kvmfr, what);
		return;
	}
	frame_predictor_frame(&source->frame_predictor, frame.seen_ns);
	if (is_older(source, &frame) ||
			(source->has_serial && frame.frame.serial == source->last_serial &&
					frame_same_geometry(&frame.frame, &source->last_frame))) {
		/* Sent again for another client (kvmfr.md 3.6). */
		lgmp_client_finish(source->client, message);
		return;
	}
	frame_schedule_frame(&source->schedule, &frame.frame, message->queue != LGMP_QUEUE_FRAME,
			frame.seen_ns);
	frame.repeated = !source->has_serial;
	source->has_serial = true;
	source->frame_queue = message->queue;
	source->last_serial = frame.frame.serial;
	source->last_frame = frame.frame;
	newest_frame_put(&source->newest, &frame);
}

static void tell_pointer(struct source_lgmp *source, int hot_x, int hot_y) {
	if (!source->events.pointer) {
		return;
	}
	const struct video_pointer pointer = {
		.known = source->read_pointer.known,
		.visible = source->read_pointer.visible,
		.x = source->read_pointer.x + hot_x,
		.y = source->read_pointer.y + hot_y,
	};
	source->events.pointer(&pointer, source->events.data);
}

/* Once in a session. Nothing is bound: the sound itself is not spoken. */
static void ask_for_sound(struct source_lgmp *source, uint64_t now_ns) {
	const struct lgmp_status *status = lgmp_client_status(source->client);
	if (status->state != LGMP_STATE_RUNNING || status->sessions == source->asked_session) {
		return;
	}
	source->asked_session = status->sessions;
	(void)lgmp_client_claim_audio(source->client, now_ns); /* most hosts offer none */
}

static void handle_pointer(struct source_lgmp *source, const struct lgmp_message *message) {
	if (kvmfr_audio_is_answer(message->udata)) {
		host_offers_audio(source->client, message);
		return;
	}
	struct cursor_update update;
	struct cursor_shape *shape = source->read_shape;
	int r = cursor_read(message->shm, message->kvmfr, (uint32_t)message->udata, message->offset,
			message->size, source->config.straight_alpha, &update, shape);
	const bool torn = lgmp_client_finish(source->client, message) < 0;
	if (r < 0) {
		log_warn_limited(
				"a pointer of the host is invalid and was skipped: KVMFR %u, block of "
				"%u bytes, flags %#x",
				message->kvmfr, message->size, (unsigned)message->udata);
		return;
	}
	if (torn) {
		return;
	}
	struct source_pointer *pointer = &source->read_pointer;
	if (update.has_visible) {
		pointer->visible = update.visible;
	}
	if (update.has_position) {
		pointer->known = true;
		pointer->x = update.x;
		pointer->y = update.y;
	}
	pthread_mutex_lock(&source->lock);
	if (update.has_shape) {
		pointer->shape_serial++;
		pointer->shape_serial += pointer->shape_serial == 0;
		shape->serial = pointer->shape_serial;
		source->read_shape = source->shape;
		source->shape = shape;
	}
	source->pointer = *pointer;
	const int hot_x = source->shape->hot_x;
	const int hot_y = source->shape->hot_y;
	pthread_mutex_unlock(&source->lock);
	tell_pointer(source, hot_x, hot_y);
}

static void handle_clipboard(struct source_lgmp *source, const struct lgmp_message *message) {
	if (message->generation != source->clipboard_generation) {
		/* Subscribed anew: what was said between is lost. */
		clipboard_port_withdraw(source->config.clipboard);
		source->clipboard_generation = message->generation;
	}
	host_offers_clipboard(source->client, source->config.clipboard, message);
}

static void drain_offers(struct source_lgmp *source) {
	struct lgmp_message message;
	for (int i = 0; i < 8; i++) {
		if (lgmp_client_next(source->client, LGMP_QUEUE_INPUT, &message) <= 0) {
			break;
		}
		host_offers_input(source->client, source->config.input, &message);
	}
	for (int i = 0; i < 32; i++) {
		if (lgmp_client_next(source->client, LGMP_QUEUE_CLIPBOARD, &message) <= 0) {
			break;
		}
		handle_clipboard(source, &message);
	}
	if (atomic_exchange(&source->clipboard_waits, false) &&
			!host_offers_send(source->client, source->config.clipboard)) {
		atomic_store(&source->clipboard_waits, true); /* at the next look */
	}
}

static const enum lgmp_queue frame_queues[] = { LGMP_QUEUE_FRAME, LGMP_QUEUE_OWNER_A,
	LGMP_QUEUE_OWNER_B };

/* Everything that is there, and who is to know of it. */
static void drain(struct source_lgmp *source) {
	bool frames = false, pointers = false;
	struct lgmp_message message;
	/* Bounded: a host that posts without end must not keep us from the session's checks. */
	for (unsigned q = 0; q < sizeof frame_queues / sizeof frame_queues[0]; q++) {
		for (int i = 0; i < 64; i++) {
			if (lgmp_client_next(source->client, frame_queues[q], &message) <= 0) {
				break;
			}
			handle_frame(source, &message);
			frames = true;
		}
	}
	for (int i = 0; i < 64; i++) {
		if (lgmp_client_next(source->client, LGMP_QUEUE_POINTER, &message) <= 0) {
			break;
		}
		handle_pointer(source, &message);
		pointers = true;
	}
	if (frames) {
		source->events.wake(source->events.data);
	} else if (pointers && source->events.wake_for_pointer) {
		source->events.wake_for_pointer(source->events.data);
	}
	drain_offers(source);
}

static void withdraw_offers(struct source_lgmp *source) {
	if (source->config.input) {
		input_port_withdraw(source->config.input);
	}
	if (source->config.clipboard) {
		clipboard_port_withdraw(source->config.clipboard);
	}
}

/* Returns whether there were any. */
static bool forget_frames(struct source_lgmp *source) {
	bool any = false;
	for (unsigned i = 0; i < LGMP_QUEUE_COUNT; i++) {
		any = atomic_exchange(&source->live_generations[i], 0) != 0 || any;
		source->generations[i] = 0;
	}
	source->has_serial = false;
	source->frame_queue = LGMP_QUEUE_FRAME;
	return any;
}

static void look_at_status(struct source_lgmp *source) {
	const struct lgmp_status *status = lgmp_client_status(source->client);
	if (status->changes == source->changes) {
		return;
	}
	source->changes = status->changes;
	if (status->state != LGMP_STATE_RUNNING) {
		withdraw_offers(source);
	}
	frame_schedule_offer(&source->schedule,
			source->config.schedule && status->state == LGMP_STATE_RUNNING &&
					(status->info.features & KVMFR_FEATURE_FRAME_SCHEDULE) != 0,
			clock_now_ns());
	if (status->state != LGMP_STATE_RUNNING && forget_frames(source)) {
		frame_predictor_reset(&source->frame_predictor);
		source->read_pointer.known = false;
		source->read_pointer.visible = false;
		newest_frame_drop(&source->newest);
		pthread_mutex_lock(&source->lock);
		source->pointer.known = false;
		source->pointer.visible = false;
		pthread_mutex_unlock(&source->lock);
	}
	pthread_mutex_lock(&source->lock);
	source->counts.sessions = status->sessions;
	source->counts.lost = status->lost;
	source->counts.resubscriptions = status->resubscriptions;
	pthread_mutex_unlock(&source->lock);
	atomic_store(&source->takes_pointer,
			status->state == LGMP_STATE_RUNNING &&
					(status->info.features & KVMFR_FEATURE_SET_CURSOR_POS) !=
							0);
	if (source->events.status) {
		source->events.status(status, source->events.data);
	}
	source->events.wake(source->events.data);
}

/* ---- the thread ---- */

/* Each size is told once in a session: what the guest makes of it comes back as frames. */
static void tell_window_size(struct source_lgmp *source, uint64_t now_ns) {
	const struct lgmp_status *status = lgmp_client_status(source->client);
	pthread_mutex_lock(&source->lock);
	const uint32_t width = source->window_width;
	const uint32_t height = source->window_height;
	pthread_mutex_unlock(&source->lock);
	if (status->state != LGMP_STATE_RUNNING || width == 0 ||
			!(status->info.features & KVMFR_FEATURE_WINDOW_SIZE)) {
		return;
	}
	if (status->sessions == source->sized_session && width == source->reported_width &&
			height == source->reported_height) {
		/* Again where nobody knows what became of it. */
		if (lgmp_client_request_state(source->client, LGMP_WINDOW_SIZE, now_ns) !=
				LGMP_SEND_LOST) {
			return;
		}
	}
	if (lgmp_client_window_size(source->client, width, height, now_ns) == 0) {
		source->sized_session = status->sessions;
		source->reported_width = width;
		source->reported_height = height;
		log_debug("the host is told the window's size: %ux%u", width, height);
	}
}

/* What the display told of pictures, to the host whose frames may follow it. */
static void keep_schedule(struct source_lgmp *source, uint64_t now_ns) {
	struct kvmfr_schedule message;
	if (atomic_exchange(&source->shown_waits, false)) {
		pthread_mutex_lock(&source->lock);
		const uint64_t seen_ns = source->shown_seen_ns;
		const uint64_t shown_ns = source->shown_ns;
		const uint64_t refresh_ns = source->refresh_ns;
		pthread_mutex_unlock(&source->lock);
		frame_schedule_shown(&source->schedule, seen_ns, shown_ns, refresh_ns);
	}
	if (frame_schedule_due(&source->schedule, now_ns, &message)) {
		(void)lgmp_client_schedule(source->client, &message);
	}
}

static void take_requests(struct source_lgmp *source, uint64_t now_ns) {
	if (atomic_exchange(&source->input_moved, false)) {
		frame_predictor_input(&source->frame_predictor, now_ns);
	}
	if (atomic_exchange(&source->window_sized, false)) {
		tell_window_size(source, now_ns);
	}
	char path[256];
	int x = 0, y = 0;
	pthread_mutex_lock(&source->lock);
	const bool path_changed = source->path_changed;
	const bool move = source->move_wanted;
	source->path_changed = false;
	source->move_wanted = false;
	memcpy(path, source->path, sizeof path);
	x = source->move_x;
	y = source->move_y;
	pthread_mutex_unlock(&source->lock);
	if (path_changed) {
		lgmp_client_set_path(source->client, path);
	}
	if (move) {
		lgmp_client_move_pointer(source->client, x, y, now_ns);
		frame_predictor_input(&source->frame_predictor, now_ns);
	}
}

static void sleep_until(struct source_lgmp *source, uint64_t deadline_ns) {
	const uint64_t now_ns = clock_now_ns();
	if (deadline_ns <= now_ns) {
		return;
	}
	const uint64_t left_ns = deadline_ns - now_ns;
	const struct timespec left = { .tv_sec = (time_t)(left_ns / NS_PER_S),
		.tv_nsec = (long)(left_ns % NS_PER_S) };
	struct pollfd fd = { .fd = source->wake_fd, .events = POLLIN };
	if (ppoll(&fd, 1, &left, NULL) > 0) {
		uint64_t count;
		ssize_t n = read(source->wake_fd, &count, sizeof count);
		(void)n;
	}
}

/* In the moment in which a frame is due, the processor watches for it. Returns whether it did. */
static bool watch_word(struct source_lgmp *source, uint64_t now_ns) {
	const uint32_t *word;
	uint32_t value;
	if (source->cpu_wait == CPU_WAIT_NONE) {
		return false;
	}
	const uint64_t until_ns = frame_predictor_watch(&source->frame_predictor, now_ns);
	if (until_ns == 0 ||
			!lgmp_client_doorbell(source->client, source->frame_queue, &word, &value)) {
		return false;
	}
	const uint64_t most_ns = now_ns + WATCH_NS;
	(void)cpu_wait_change(
			source->cpu_wait, word, value, until_ns < most_ns ? until_ns : most_ns);
	return true;
}

static void account(struct source_lgmp *source) {
	const uint64_t used_ns = clock_thread_cpu_ns();
	const bool busy = used_ns - source->used_ns > REALTIME_MOST_NS;
	source->busy_count = busy ? source->busy_count + 1 : 0;
	if (source->busy_count >= REALTIME_MISUSES && thread_is_realtime()) {
		thread_leave_realtime();
		thread_be_prompt(SLICE_US);
		log_info("the host sends without end: looking without real-time scheduling from now on");
	}
	source->used_ns = used_ns;
	pthread_mutex_lock(&source->lock);
	source->counts.cpu_ns = used_ns;
	source->counts.schedule = source->schedule.state;
	atomic_store(&source->wants_times, source->schedule.state != FRAME_SCHEDULE_OFF);
	source->counts.followed = source->schedule.followed;
	source->counts.restless = source->schedule.restless;
	source->counts.missed = source->schedule.misses;
	pthread_mutex_unlock(&source->lock);
}

static void *run(void *data) {
	struct source_lgmp *source = data;
	/* Without it a look comes when the guest's vCPU thread has had its turn: 1.3 ms late. The
	 * short slice mostly helps where real-time scheduling is not granted; looking takes a
	 * fiftieth of a CPU. */
	thread_be_prompt(SLICE_US);
	thread_ask_realtime(REALTIME_PRIORITY, &source->config.broker);
	struct thread_breath breath = { 0 };
	uint64_t step_ns = 0, account_ns = 0;
	while (!atomic_load(&source->stop)) {
		uint64_t now_ns = clock_now_ns();
		take_requests(source, now_ns);
		keep_schedule(source, now_ns);
		if (now_ns >= step_ns) {
			step_ns = lgmp_client_step(source->client, now_ns);
			tell_window_size(source, now_ns);
			ask_for_sound(source, now_ns);
			newest_frame_age(&source->newest, now_ns);
		}
		drain(source);
		look_at_status(source);
		now_ns = clock_now_ns();
		if (now_ns >= account_ns) {
			account_ns = now_ns + 100 * NS_PER_MS;
			account(source);
		}
		if (watch_word(source, now_ns)) {
			continue;
		}
		uint64_t next_ns = step_ns;
		if (lgmp_client_status(source->client)->state == LGMP_STATE_RUNNING) {
			const uint64_t look_ns =
					frame_predictor_next(&source->frame_predictor, now_ns);
			next_ns = look_ns < next_ns ? look_ns : next_ns;
		}
		sleep_until(source, next_ns);
		thread_breathe(&breath);
	}
	return NULL;
}

/* On pg-io. */
static void clipboard_has_words(void *data) {
	struct source_lgmp *source = data;
	atomic_store(&source->clipboard_waits, true);
	wake_thread(source);
}

static void source_free(struct source_lgmp *source) {
	if (source->config.clipboard) {
		clipboard_port_listen(source->config.clipboard, true, NULL, NULL);
	}
	if (source->wake_fd >= 0) {
		close(source->wake_fd);
	}
	newest_frame_finish(&source->newest);
	lgmp_client_destroy(source->client);
	pthread_mutex_destroy(&source->lock);
	free(source->read_shape);
	free(source->shape);
	free(source);
}

int source_lgmp_start(struct source_lgmp **ret_source, const struct source_lgmp_config *config,
		const struct source_lgmp_events *events) {
	struct source_lgmp *source = calloc(1, sizeof *source);
	if (!source) {
		return -ENOMEM;
	}
	source->config = *config;
	source->events = *events;
	pthread_mutex_init(&source->lock, NULL);
	newest_frame_init(&source->newest);
	if (config->poll == VIDEO_POLL_AUTO || config->poll == VIDEO_POLL_UMWAIT) {
		source->cpu_wait = cpu_wait_find();
		if (source->cpu_wait == CPU_WAIT_NONE && config->poll == VIDEO_POLL_UMWAIT) {
			log_warn("this processor has neither UMWAIT nor MWAITX: sleeping between looks");
		}
	}
	frame_predictor_init(&source->frame_predictor, config->poll == VIDEO_POLL_SLEEP,
			config->poll_us * NS_PER_US);
	source->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	source->read_shape = calloc(1, sizeof *source->read_shape);
	source->shape = calloc(1, sizeof *source->shape);
	int r = -ENOMEM;
	if (source->wake_fd < 0 || !source->read_shape || !source->shape) {
		goto fail;
	}
	r = lgmp_client_create(&source->client, config->path);
	if (r < 0) {
		goto fail;
	}
	lgmp_client_set_owners(source->client, &config->owners);
	if (config->input) {
		lgmp_client_want(source->client, LGMP_QUEUE_INPUT);
	}
	if (config->schedule) {
		lgmp_client_want(source->client, LGMP_QUEUE_OWNER_A);
		lgmp_client_want(source->client, LGMP_QUEUE_OWNER_B);
	}
	source->newest.client = source->client;
	if (config->clipboard) {
		lgmp_client_want(source->client, LGMP_QUEUE_CLIPBOARD);
		clipboard_port_listen(config->clipboard, true, clipboard_has_words, source);
	}
	source->changes = UINT64_MAX; /* tell the first state, too */
	r = thread_start(&source->thread, "pg-lgmp", run, source);
	if (r < 0) {
		goto fail;
	}
	*ret_source = source;
	return 0;

fail:
	source_free(source);
	return r;
}

void source_lgmp_stop(struct source_lgmp *source) {
	if (!source) {
		return;
	}
	atomic_store(&source->stop, true);
	wake_thread(source);
	pthread_join(source->thread, NULL);
	withdraw_offers(source);
	source_free(source);
}

/* ---- from other threads ---- */

struct newest_frame *source_lgmp_newest(struct source_lgmp *source) {
	return &source->newest;
}

const char *source_lgmp_poll_name(const struct source_lgmp *source) {
	if (source->config.poll == VIDEO_POLL_SLEEP) {
		return "sleep";
	}
	return source->cpu_wait == CPU_WAIT_NONE ? "phase" : cpu_wait_name(source->cpu_wait);
}

void source_lgmp_get_pointer(struct source_lgmp *source, struct source_pointer *ret_pointer) {
	pthread_mutex_lock(&source->lock);
	*ret_pointer = source->pointer;
	pthread_mutex_unlock(&source->lock);
}

bool source_lgmp_get_cursor(struct source_lgmp *source, struct cursor_shape *ret_shape) {
	pthread_mutex_lock(&source->lock);
	const bool has = source->pointer.shape_serial != 0;
	if (has) {
		const struct cursor_shape *shape = source->shape;
		const size_t bytes = (size_t)shape->width * shape->height * sizeof(uint32_t);
		ret_shape->serial = shape->serial;
		ret_shape->width = shape->width;
		ret_shape->height = shape->height;
		ret_shape->hot_x = shape->hot_x;
		ret_shape->hot_y = shape->hot_y;
		ret_shape->has_invert = shape->has_invert;
		memcpy(ret_shape->color, shape->color, bytes);
		memcpy(ret_shape->invert, shape->invert, bytes);
	}
	pthread_mutex_unlock(&source->lock);
	return has;
}

void source_lgmp_shown(struct source_lgmp *source, uint64_t seen_ns, uint64_t shown_ns,
		uint64_t refresh_ns) {
	pthread_mutex_lock(&source->lock);
	source->shown_seen_ns = seen_ns;
	source->shown_ns = shown_ns;
	source->refresh_ns = refresh_ns;
	pthread_mutex_unlock(&source->lock);
	atomic_store(&source->shown_waits, true); /* pg-lgmp looks often enough while frames come */
}

bool source_lgmp_wants_shown(const struct source_lgmp *source) {
	return atomic_load(&source->wants_times);
}

void source_lgmp_get_counts(struct source_lgmp *source, struct source_lgmp_counts *ret_counts) {
	pthread_mutex_lock(&source->lock);
	*ret_counts = source->counts;
	pthread_mutex_unlock(&source->lock);
	newest_frame_get_counts(&source->newest, &ret_counts->seen, &ret_counts->superseded);
}

void source_lgmp_set_path(struct source_lgmp *source, const char *path) {
	pthread_mutex_lock(&source->lock);
	snprintf(source->path, sizeof source->path, "%s", path);
	source->path_changed = true;
	pthread_mutex_unlock(&source->lock);
	wake_thread(source);
}

int source_lgmp_move_pointer(struct source_lgmp *source, int x, int y) {
	if (!atomic_load(&source->takes_pointer)) {
		return -EOPNOTSUPP;
	}
	pthread_mutex_lock(&source->lock);
	source->move_wanted = true;
	source->move_x = x;
	source->move_y = y;
	pthread_mutex_unlock(&source->lock);
	wake_thread(source);
	return 0;
}

void source_lgmp_window_size(struct source_lgmp *source, uint32_t width, uint32_t height) {
	pthread_mutex_lock(&source->lock);
	source->window_width = width;
	source->window_height = height;
	pthread_mutex_unlock(&source->lock);
	atomic_store(&source->window_sized, true);
	wake_thread(source);
}

void source_lgmp_input_moved(struct source_lgmp *source) {
	if (!atomic_exchange(&source->input_moved, true)) {
		wake_thread(source);
	}
}
