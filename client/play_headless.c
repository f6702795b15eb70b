/* Play without a window: --source=off. */
#define LOG_MODULE "play"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "client/config/config.h"
#include "client/platform/signals.h"
#include "client/play.h"
#include "client/play_parts.h"
#include "client/session/guest_link.h"
#include "client/ui/app_status.h"
#include "client/ui/stats.h"
#include "client/vm/vm_apply.h"

/* SPICE, evdev and sound on the main thread's loop; nothing is drawn. */
struct quiet {
	struct play *play;
	struct snapshot now;
	struct discovered vm;
	struct mailbox audio_status; /* from pg-audio */
	struct loop_source *audio_wake, *end, *stats;
};

static void quiet_quit(struct quiet *quiet) {
	loop_quit(quiet->play->loop, 0);
}

static void quiet_signal(int number, void *data) {
	log_info("signal %d: leaving", number);
	quiet_quit(data);
}

static void quiet_end(void *data) {
	quiet_quit(data);
}

static void quiet_session(const struct session_status *status, void *data) {
	struct quiet *quiet = data;
	struct session_status *last = &quiet->now.session;
	discovered_session(&quiet->vm, status, quiet->play->discovery);
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
	if (status->microphone == SESSION_MIC_ASKING && last->microphone != SESSION_MIC_ASKING) {
		log_warn("the VM wants the microphone and there is no window to ask in: "
			 "--microphone=on gives it");
	}
	*last = *status;
}

static void quiet_discovery(const struct discovery_info *info, void *data) {
	struct quiet *quiet = data;
	if (info->status != DISCOVERY_FOUND && quiet->play->config->domain[0]) {
		log_info("VM: %s", info->reason);
	}
	discovered_use(&quiet->vm, quiet->play->config, info);
}

static void quiet_action(enum session_action action, unsigned code, void *data) {
	/* There is no help list to show and no window to act on; the grab itself has changed. */
	(void)action;
	(void)code;
	(void)data;
}

static void quiet_moved(void *data) {
	(void)data;
}

static void quiet_audio(const struct part_status *status, void *data) {
	mailbox_put(&((struct quiet *)data)->audio_status, status);
}

static void quiet_wake_audio(void *data) {
	loop_wake(data);
}

static void quiet_look_audio(void *data) {
	struct quiet *quiet = data;
	if (mailbox_take(&quiet->audio_status, &quiet->now.audio)) {
		log_info("sound: %s", quiet->now.audio.reason);
	}
}

static void quiet_stats(void *data) {
	struct quiet *quiet = data;
	quiet->now.now_ns = clock_now_ns();
	if (quiet->play->audio) {
		audio_get_stats(quiet->play->audio, &quiet->now.audio_stats);
	}
	stats_write(stdout, &quiet->now);
	loop_set_timer(quiet->stats,
			quiet->now.now_ns + (uint64_t)(quiet->play->config->stats_period *
							    (double)NS_PER_S));
}

static int quiet_timers(struct quiet *quiet) {
	const struct config *config = quiet->play->config;
	struct loop *loop = quiet->play->loop;
	quiet->audio_wake = loop_add_wake(loop, quiet_look_audio, quiet);
	quiet->end = loop_add_timer(loop, quiet_end, quiet);
	quiet->stats = loop_add_timer(loop, quiet_stats, quiet);
	if (!quiet->audio_wake || !quiet->end || !quiet->stats) {
		return -ENOMEM;
	}
	if (config->seconds > 0) {
		loop_set_timer(quiet->end,
				clock_now_ns() + (uint64_t)(config->seconds * (double)NS_PER_S));
	}
	if (config->stats) {
		loop_set_timer(quiet->stats, clock_now_ns() + (uint64_t)(config->stats_period *
									      (double)NS_PER_S));
	}
	return mailbox_init(&quiet->audio_status, sizeof(struct part_status), quiet_wake_audio,
			quiet->audio_wake);
}

static int quiet_start(struct quiet *quiet) {
	struct play *play = quiet->play;
	const struct session_events session_events = {
		.status = quiet_session,
		.action = quiet_action,
		.moved = quiet_moved,
		.data = quiet,
	};
	const struct audio_events audio_events = { .status = quiet_audio, .data = quiet };
	int r = play->config->demo ? play_start_demo(play) : 0;
	if (r < 0 || (r = signals_create(&play->signals, play->loop, quiet_signal, quiet)) < 0 ||
			(r = play_start_audio(play, &audio_events)) < 0) {
		return r;
	}
	r = play_start_session(play, &session_events);
	if (r == 0) {
		quiet->vm.session = play->session;
		quiet->vm.audio = play->audio;
		discovered_start(
				&play->discovery, play->loop, play->config, quiet_discovery, quiet);
	}
	return r;
}

int run_without_window(struct config *config) {
	struct play play = { .config = config };
	struct quiet quiet = {
		.play = &play, .now.start_ns = clock_now_ns(), .now.input_on = true
	};
	int r = play_start_loop(&play);
	if (r == 0) {
		r = quiet_timers(&quiet);
	}
	if (r == 0) {
		r = quiet_start(&quiet);
	}
	if (r == 0) {
		thread_ask_priority(&play.broker);
		r = loop_run(play.loop);
	}
	play_stop(&play);
	mailbox_finish(&quiet.audio_status);
	return r < 0 ? 1 : 0;
}
