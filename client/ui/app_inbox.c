#include "client/ui/app_inbox.h"

#include <errno.h>
#include <stdlib.h>

#include <SDL.h>

#include "base/clock.h"

/* Motion after so long is news: the screen must stay on from now on. */
#define DEVICE_PAUSE_NS (30 * NS_PER_S)

/* One SDL event for any number of wakes until the app has looked. */
void app_inbox_wake(struct app_inbox *inbox) {
	if (!atomic_exchange(&inbox->woken, true) && !atomic_load(&inbox->wake_no_more)) {
		SDL_Event event = { .type = inbox->wake_event };
		SDL_PushEvent(&event);
	}
}

static void wake(void *data) {
	app_inbox_wake(data);
}

int app_inbox_init(struct app_inbox *inbox) {
	struct {
		struct mailbox *box;
		size_t size;
		void (*wake)(void *data);
	} const boxes[] = {
		{ &inbox->video_status, sizeof(struct video_status), wake },
		{ &inbox->geometry, sizeof(struct video_geometry), wake },
		{ &inbox->pointer, sizeof(struct video_pointer), NULL },
		{ &inbox->guest_link_status, sizeof(struct guest_link_status), wake },
		{ &inbox->audio_status, sizeof(struct part_status), wake },
		{ &inbox->vm_found, sizeof(struct discovery_info), wake },
	};
	inbox->wake_event = SDL_RegisterEvents(1);
	if (inbox->wake_event == UINT32_MAX) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
		int r = mailbox_init(boxes[i].box, boxes[i].size, boxes[i].wake, inbox);
		if (r < 0) {
			return r;
		}
	}
	return queue_init(&inbox->events, sizeof(struct app_event), 256, wake, inbox);
}

void app_inbox_finish(struct app_inbox *inbox) {
	struct app_event event;
	while (inbox->events.items && queue_pop(&inbox->events, &event)) {
		free(event.text);
	}
	queue_finish(&inbox->events);
	mailbox_finish(&inbox->vm_found);
	mailbox_finish(&inbox->audio_status);
	mailbox_finish(&inbox->guest_link_status);
	mailbox_finish(&inbox->pointer);
	mailbox_finish(&inbox->geometry);
	mailbox_finish(&inbox->video_status);
}

int app_inbox_push(struct app_inbox *inbox, const struct app_event *event) {
	int r = queue_push(&inbox->events, event);
	if (r < 0) {
		free(event->text);
	}
	return r;
}

void app_inbox_quit(struct app_inbox *inbox) {
	atomic_store(&inbox->quit, true);
	app_inbox_wake(inbox);
}

/* ---- event tables ---- */

static void on_video_status(const struct video_status *status, void *data) {
	mailbox_put(&((struct app_inbox *)data)->video_status, status);
}

static void on_geometry(const struct video_geometry *geometry, void *data) {
	mailbox_put(&((struct app_inbox *)data)->geometry, geometry);
}

static void on_pointer(const struct video_pointer *pointer, void *data) {
	mailbox_put(&((struct app_inbox *)data)->pointer, pointer);
}

static void on_session_status(const struct guest_link_status *status, void *data) {
	mailbox_put(&((struct app_inbox *)data)->guest_link_status, status);
}

static void on_session_action(enum guest_link_action action, unsigned code, void *data) {
	const struct app_event event = {
		.kind = APP_SESSION_ACTION,
		.action = action,
		.code = (int)code,
	};
	(void)app_inbox_push(data, &event);
}

static void on_moved(void *data) {
	struct app_inbox *inbox = data;
	const uint64_t now_ns = clock_now_ns();
	const uint64_t before_ns = atomic_exchange(&inbox->device_input_ns, now_ns);
	if (inbox->video) {
		video_input_moved(inbox->video);
	}
	if (now_ns - before_ns > DEVICE_PAUSE_NS) {
		app_inbox_wake(inbox); /* it is played again */
	}
}

static void on_audio_status(const struct part_status *status, void *data) {
	mailbox_put(&((struct app_inbox *)data)->audio_status, status);
}

static void on_refused(bool to_vm, enum clipboard_failure failure, size_t len, void *data) {
	(void)app_inbox_push(data, &(struct app_event){ .kind = APP_CLIPBOARD,
						   .refused = { .to_vm = to_vm,
								   .failure = failure,
								   .len = len } });
}

static void on_text(char *text, void *data) {
	(void)app_inbox_push(data, &(struct app_event){ .kind = APP_TYPE_TEXT, .text = text });
}

static void on_ask_toolkit(void *data) {
	(void)app_inbox_push(data, &(struct app_event){ .kind = APP_TOOLKIT_TEXT });
}

static void on_dropped(char *paths, void *data) {
	(void)app_inbox_push(data, &(struct app_event){ .kind = APP_DROPPED, .text = paths });
}

struct clipboard_events app_inbox_clipboard_events(struct app_inbox *inbox) {
	return (struct clipboard_events){
		.refused = on_refused,
		.text = on_text,
		.dropped = on_dropped,
		.ask_toolkit = on_ask_toolkit,
		.data = inbox,
	};
}

struct video_events app_inbox_video_events(struct app_inbox *inbox) {
	return (struct video_events){
		.status = on_video_status,
		.geometry = on_geometry,
		.pointer = on_pointer,
		.data = inbox,
	};
}

struct guest_link_events app_inbox_session_events(struct app_inbox *inbox) {
	return (struct guest_link_events){
		.status = on_session_status,
		.action = on_session_action,
		.moved = on_moved,
		.data = inbox,
	};
}

struct audio_events app_inbox_audio_events(struct app_inbox *inbox) {
	return (struct audio_events){ .status = on_audio_status, .data = inbox };
}
