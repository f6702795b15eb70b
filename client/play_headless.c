/* Play without a window: --source=off. */
#define LOG_MODULE "play"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "client/config/config.h"
#include "client/play.h"
#include "client/play_parts.h"
#include "client/session/guest_link.h"
#include "client/ui/app_status.h"
#include "client/ui/stats.h"
#include "client/vm/vm_apply.h"

/* SPICE, evdev and sound on the main thread's loop; nothing is drawn. */
struct headless {
	struct play *play;
	struct app_status now;
	struct vm_apply vm;
	struct mailbox audio_status; /* from pg-audio */
	struct loop_source *audio_wake, *end, *stats;
};

static void headless_quit(struct headless *headless) {
	loop_quit(headless->play->loop, 0);
}

static void headless_signal(int number, void *data) {
	struct headless *headless = data;
	guest_link_let_go(headless->play->session);
	log_info("signal %d: leaving", number);
	headless_quit(headless);
}

static void headless_end(void *data) {
	headless_quit(data);
}

static void headless_session(const struct guest_link_status *status, void *data) {
	struct headless *headless = data;
	struct guest_link_status *last = &headless->now.session;
	vm_apply_session(&headless->vm, status, headless->play->discovery);
	if (!part_status_equal(&status->spice, &last->spice)) {
		log_info("input: %s", status->spice.reason);
	}
	if (!part_status_equal(&status->evdev, &last->evdev)) {
		log_info("devices: %s", status->evdev.reason);
	}
	if (status->grabbed != last->grabbed) {
		log_info("devices: %s",
				status->grabbed ? "given to the guest" : "back on the host");
	}
	if (status->microphone == GUEST_LINK_MIC_ASKING &&
			last->microphone != GUEST_LINK_MIC_ASKING) {
		log_warn("the VM wants the microphone and there is no window to ask in: "
			 "--microphone=on gives it");
	}
	*last = *status;
}

static void headless_discovery(const struct discovery_info *info, void *data) {
	struct headless *headless = data;
	if (info->status != DISCOVERY_FOUND && headless->play->config->domain[0]) {
		log_info("VM: %s", info->reason);
	}
	vm_apply_info(&headless->vm, headless->play->config, info);
}

static void headless_action(enum guest_link_action action, unsigned code, void *data) {
	/* There is no help list to show and no window to act on; the grab itself has changed. */
	(void)action;
	(void)code;
	(void)data;
}

static void headless_moved(void *data) {
	(void)data;
}

static void headless_audio(const struct part_status *status, void *data) {
	mailbox_put(&((struct headless *)data)->audio_status, status);
}

static void headless_wake_audio(void *data) {
	loop_wake(data);
}

static void headless_look_audio(void *data) {
	struct headless *headless = data;
	if (mailbox_take(&headless->audio_status, &headless->now.audio)) {
		log_info("sound: %s", headless->now.audio.reason);
	}
}

static void headless_stats(void *data) {
	struct headless *headless = data;
	headless->now.now_ns = clock_now_ns();
	if (headless->play->audio) {
		audio_get_stats(headless->play->audio, &headless->now.audio_stats);
	}
	stats_write(stats_stdout(), &headless->now);
	loop_set_timer(headless->stats,
			headless->now.now_ns + (uint64_t)(headless->play->config->stats_period *
							       (double)NS_PER_S));
}

static int headless_timers(struct headless *headless) {
	const struct config *config = headless->play->config;
	struct loop *loop = headless->play->loop;
	headless->audio_wake = loop_add_wake(loop, headless_look_audio, headless);
	headless->end = loop_add_timer(loop, headless_end, headless);
	headless->stats = loop_add_timer(loop, headless_stats, headless);
	if (!headless->audio_wake || !headless->end || !headless->stats) {
		return -ENOMEM;
	}
	if (config->seconds > 0) {
		loop_set_timer(headless->end,
				clock_now_ns() + (uint64_t)(config->seconds * (double)NS_PER_S));
	}
	if (config->stats) {
		loop_set_timer(headless->stats, clock_now_ns() + (uint64_t)(config->stats_period *
										 (double)NS_PER_S));
	}
	return mailbox_init(&headless->audio_status, sizeof(struct part_status),
			headless_wake_audio, headless->audio_wake);
}

static int headless_start(struct headless *headless) {
	struct play *play = headless->play;
	const struct guest_link_events guest_link_events = {
		.status = headless_session,
		.action = headless_action,
		.moved = headless_moved,
		.data = headless,
	};
	const struct audio_events audio_events = { .status = headless_audio, .data = headless };
	int r = play->config->demo ? play_start_demo(play) : 0;
	if (r < 0 || (r = ending_ask(play->loop, headless_signal, headless)) < 0 ||
			(r = play_start_audio(play, &audio_events)) < 0) {
		return r;
	}
	r = play_start_session(play, &guest_link_events);
	if (r == 0) {
		headless->vm.session = play->session;
		headless->vm.audio = play->audio;
		vm_apply_start(&play->discovery, play->loop, play->config, headless_discovery,
				headless);
	}
	return r;
}

int run_without_window(struct config *config) {
	struct play play = { .config = config };
	struct headless headless = {
		.play = &play,
		.now.start_ns = clock_now_ns(),
		.now.input_on = true,
		.now.confined = config->confined,
	};
	int r = play_start_loop(&play);
	if (r == 0) {
		r = headless_timers(&headless);
	}
	if (r == 0) {
		r = headless_start(&headless);
	}
	if (r == 0) {
		thread_ask_priority(&play.broker);
		r = loop_run(play.loop);
	}
	play_stop(&play);
	mailbox_finish(&headless.audio_status);
	return r < 0 ? 1 : 0;
}
