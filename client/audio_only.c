#define LOG_MODULE "main"
#include "client/audio_only.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/part.h"
#include "client/config/config.h"
#include "client/platform/notify.h"
#include "client/platform/rtkit.h"
#include "client/ui/app_status.h"
#include "client/ui/stats.h"
#include "client/vm/vm_apply.h"

#include "base/log.h"

struct audio_only {
	struct config *config;
	struct loop *loop;
	struct rtkit *rtkit;
	struct audio *audio;
	struct discovery *discovery;
	struct vm_apply vm;
	struct mailbox status;
	struct loop_source *status_wake;
	struct loop_source *seconds;
	struct loop_source *stats;
	struct part_status shown;
	uint64_t start_ns;
	uint64_t next_stats_ns;
};

/* On pg-audio. */
static void on_status(const struct part_status *status, void *data) {
	struct audio_only *h = data;
	mailbox_put(&h->status, status);
	loop_wake(h->status_wake);
}

static void show_status(void *data) {
	struct audio_only *h = data;
	char text[PART_REASON_BYTES + 16];
	if (!mailbox_take(&h->status, &h->shown)) {
		return;
	}
	log_info("%s", h->shown.reason);
	snprintf(text, sizeof text, "STATUS=%s", h->shown.reason);
	notify_systemd(text);
	/* Raw sound has one reader; without it there is nothing left to do. */
	if (h->config->audio.output == AUDIO_OUTPUT_RAW && h->shown.state == PART_FAILED) {
		loop_quit(h->loop, 1);
	}
}

/* The bridge of a VM that was named. */
static void on_vm(const struct discovery_info *info, void *data) {
	struct audio_only *h = data;
	if (info->status != DISCOVERY_FOUND) {
		log_info("VM: %s", info->reason);
	}
	vm_apply_info(&h->vm, h->config, info);
}

static void on_signal(int signal, void *data) {
	struct audio_only *h = data;
	(void)signal;
	loop_quit(h->loop, 0);
}

static void on_seconds(void *data) {
	struct audio_only *h = data;
	loop_quit(h->loop, 0);
}

static void on_stats(void *data) {
	struct audio_only *h = data;
	struct app_status status = {
		.now_ns = clock_now_ns(),
		.start_ns = h->start_ns,
		.audio = h->shown,
		.confined = h->config->confined,
	};
	audio_get_stats(h->audio, &status.audio_stats);
	/* Raw sound owns stdout. */
	stats_write(h->config->audio.output == AUDIO_OUTPUT_RAW ? stats_stderr() : stats_stdout(),
			&status);
	h->next_stats_ns += (uint64_t)(h->config->stats_period * 1e9);
	loop_set_timer(h->stats, h->next_stats_ns);
}

static int start_timers(struct audio_only *h) {
	h->start_ns = clock_now_ns();
	h->status_wake = loop_add_wake(h->loop, show_status, h);
	h->seconds = loop_add_timer(h->loop, on_seconds, h);
	h->stats = loop_add_timer(h->loop, on_stats, h);
	if (!h->status_wake || !h->seconds || !h->stats) {
		return -1;
	}
	if (h->config->seconds > 0) {
		loop_set_timer(h->seconds, h->start_ns + (uint64_t)(h->config->seconds * 1e9));
	}
	if (h->config->stats && h->config->stats_period > 0) {
		h->next_stats_ns = h->start_ns + (uint64_t)(h->config->stats_period * 1e9);
		loop_set_timer(h->stats, h->next_stats_ns);
	}
	return 0;
}

static int run(struct config *config) {
	struct audio_only h = { .config = config };
	int result = 1;
	config->audio.saves_power =
			true; /* there may be days of it, and no picture to keep up with */
	/* One arena: the parts of a program this small need no more, and each would hold pages. */
	mallopt(M_ARENA_MAX, 1);
	if (mailbox_init(&h.status, sizeof(struct part_status), NULL, NULL) < 0 ||
			loop_create(&h.loop) < 0 || ending_ask(h.loop, on_signal, &h) < 0 ||
			rtkit_create(&h.rtkit, h.loop) < 0 || start_timers(&h) < 0) {
		log_error("cannot start: out of memory or file descriptors");
		goto finish;
	}
	const struct audio_events events = { .status = on_status, .data = &h };
	config->audio.broker = (struct scheduling_broker){ rtkit_ask, h.rtkit };
	int r = audio_start(&h.audio, &config->audio, &events);
	if (r < 0) {
		log_error("cannot start the sound: %s", strerrordesc_np(-r));
		goto finish;
	}
	h.vm.audio = h.audio;
	if (config->domain[0]) {
		vm_apply_start(&h.discovery, h.loop, config, on_vm, &h);
	}
	notify_systemd("READY=1");
	result = loop_run(h.loop);
	if (result < 0) {
		log_error("the main loop failed: %s", strerrordesc_np(-result));
		result = 1;
	}
	notify_systemd("STOPPING=1");
finish:
	ending_begin(ENDING_CALM_NS);
	ending_released(); /* nothing is ever held here */
	discovery_stop(h.discovery);
	audio_stop(h.audio);
	ending_ask(NULL, NULL, NULL);
	rtkit_destroy(h.rtkit);
	if (h.loop) {
		loop_destroy(h.loop);
	}
	mailbox_finish(&h.status);
	return result;
}

int run_audio_only(struct config *config) {
	/* There is no picture, so no SPICE sound either. */
	config->audio.spice_when_silent = false;
	config->audio.scream = true;
	return run(config);
}

int run_sound(struct config *config) {
	config->audio.spice_when_silent = false;
	config->audio.scream = true;
	if (config->audio.output == AUDIO_OUTPUT_RAW && config->audio.raw_fd < 0) {
		config->audio.raw_fd = STDOUT_FILENO;
	}
	return run(config);
}
