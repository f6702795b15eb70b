#define LOG_MODULE "play"
#include "client/play_parts.h"

#include <stdio.h>
#include <string.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clipboard/clipboard.h"
#include "client/config/config.h"
#include "client/gl/spice_surface.h"
#include "client/platform/instance.h"
#include "client/platform/rtkit.h"
#include "client/session/guest_link.h"
#include "client/ui/app.h"
#include "client/video/video.h"
#include "client/vm/demo.h"
#include "client/vm/discovery.h"
#include "client/window/display_watch.h"
#include "client/window/window.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/input_port.h"

#define PLAY_DISPLAY_GONE_NS (800 * NS_PER_MS)

int play_start_loop(struct play *play) {
	int r = loop_create(&play->loop);
	if (r == 0) {
		r = rtkit_create(&play->rtkit, play->loop);
	}
	if (r < 0) {
		log_error("cannot start: %s", strerrordesc_np(-r));
		return r;
	}
	play->broker = (struct scheduling_broker){ rtkit_ask, play->rtkit };
	return 0;
}

int play_start_demo(struct play *play) {
	struct config *config = play->config;
	struct demo_info info;
	unsigned features = (config->sound ? DEMO_SOUND : 0u) | DEMO_SPICE | DEMO_SCENE;
	int r = demo_start(&play->demo, &config->guest, features, &info);
	if (r == 0) {
		r = demo_watch(play->demo, play->loop);
	}
	if (r < 0) {
		log_error("the demo guest does not start: %s (is pierglass-demo-guest beside this program?)",
				strerrordesc_np(-r));
		return r;
	}
	snprintf(config->video.shm_path, sizeof config->video.shm_path, "%s", info.shm_path);
	snprintf(config->session.uri, sizeof config->session.uri, "%s", info.spice_uri);
	if (strcmp(info.group, "off") == 0) {
		config->sound = false;
	} else {
		snprintf(config->audio.interface, sizeof config->audio.interface, "%s",
				info.interface);
		snprintf(config->audio.group, sizeof config->audio.group, "%s", info.group);
		config->audio.port = info.port;
	}
	return 0;
}

int play_start_audio(struct play *play, const struct audio_events *events) {
	const struct config *config = play->config;
	struct audio_config audio = config->audio;
	bool spice = strcmp(config->session.uri, "off") != 0;
	audio.microphone = spice;
	audio.broker = play->broker;
	if (!config->sound) {
		if (!spice || config->session.microphone == GUEST_LINK_MICROPHONE_OFF) {
			return 0;
		}
		audio.output = AUDIO_OUTPUT_NONE;
	}
	int r = audio_start(&play->audio, &audio, events);
	if (r < 0) {
		log_error("the sound does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

int play_make_ports(struct play *play) {
	struct config *config = play->config;
	int r = 0;
	if (config->host_input) {
		r = input_port_create(&play->host_input);
	}
	const bool shared = config->session.clipboard_to_vm || config->session.clipboard_to_local;
	if (r == 0 && config->host_clipboard && shared) {
		r = clipboard_port_create(&play->host_clipboard);
	}
	if (r < 0) {
		log_error("cannot start: %s", strerrordesc_np(-r));
	}
	config->session.host_input = config->video.host_input = play->host_input;
	config->session.host_clipboard = config->video.host_clipboard = play->host_clipboard;
	return r;
}

int play_make_clipboard(struct play *play, const struct clipboard_events *events,
		struct guest_link_events *ret_session_events) {
	const struct clipboard_config config = {
		.max_bytes = play->config->session.clipboard_max_bytes
	};
	int r = clipboard_create(
			&play->clipboard, &config, window_get_surface(play->window), events);
	if (r < 0) {
		log_error("the clipboard does not start: %s", strerrordesc_np(-r));
		return r;
	}
	ret_session_events->clipboard = clipboard_put;
	ret_session_events->clipboard_data = play->clipboard;
	return 0;
}

/* Also when nothing is shared: text can be typed as keys. */
int play_start_clipboard(struct play *play) {
	int r = clipboard_start(play->clipboard, guest_link_clipboard_queue(play->session));
	if (r < 0) {
		log_error("the clipboard does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

/* The parts that live on pg-io's loop. Nothing here fails for want of another end. */
int play_start_session(struct play *play, const struct guest_link_events *events) {
	int r = guest_link_create(&play->session, play->loop, &play->config->session,
			play->spice_surface, play->audio, events);
	if (r < 0) {
		log_error("the session does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

void play_display_is_gone(struct play *play) {
	/* Whoever comes second may end the program at once: only after the first one's word. */
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&one);
	if (!atomic_load(&play->display_gone)) {
		log_error("the display server is gone: leaving");
		ending_begin(PLAY_DISPLAY_GONE_NS);
		atomic_store(&play->display_gone, true);
	}
	pthread_mutex_unlock(&one);
}

static void stop_io(struct play *play) {
	if (play->io_runs) {
		loop_quit(play->loop, 0);
		pthread_join(play->io_thread, NULL);
		play->io_runs = false;
	}
	guest_link_let_go(play->session);
	ending_released();
}

/* pg-io may stand in Xlib: then it has let go itself, or never will. */
static void wait_for_io(struct play *play) {
	loop_quit(play->loop, 0);
	for (int i = 0; i < 40 && !atomic_load(&play->io_let_go); i++) {
		if (pthread_tryjoin_np(play->io_thread, NULL) == 0) {
			play->io_runs = false;
			stop_io(play);
			return;
		}
		clock_sleep_ns(5 * NS_PER_MS);
	}
}

/* Threads that stand in a driver or in Xlib may use all of it: nothing is freed. */
void play_end_without_display(struct play *play) {
	const bool io = !pthread_equal(pthread_self(), play->main_thread);
	if (io) {
		guest_link_let_go(play->session);
		ending_released();
		atomic_store(&play->io_let_go, true);
	}
	while (atomic_exchange(&play->ends_without_display, true)) {
		clock_sleep_ns(NS_PER_S); /* the other one does */
	}
	app_wake_no_more(play->app);
	if (!io && play->io_runs) {
		wait_for_io(play);
	}
	audio_halt(play->audio);
	ending_now(1);
}

void play_x11_is_gone(void *data) {
	struct play *play = data;
	const pthread_t self = pthread_self();
	play_display_is_gone(play);
	if (pthread_equal(self, play->main_thread) ||
			(play->io_runs && pthread_equal(self, play->io_thread))) {
		play_end_without_display(play);
	}
}

/* In the order of style: release grabs and keys (session), picture, sound, window. The session
 * stops first so that nothing stays held while a driver takes its time. */
void play_stop(struct play *play) {
	ending_begin(ENDING_CALM_NS);
	stop_io(play);
	clipboard_stop(play->clipboard); /* it sends to the session */
	guest_link_destroy(play->session);
	clipboard_destroy(play->clipboard); /* the session sends to it */
	discovery_stop(play->discovery);
	instance_destroy(play->instance);
	ending_ask(NULL, NULL, NULL);
	video_stop(play->video);
	input_port_destroy(play->host_input);
	clipboard_port_destroy(play->host_clipboard);
	audio_stop(play->audio);
	spice_surface_destroy(play->spice_surface);
	app_destroy(play->app);
	window_destroy(play->window);
	demo_stop(play->demo);
	rtkit_destroy(play->rtkit);
	loop_destroy(play->loop);
	if (play->window_system && !atomic_load(&play->display_gone)) {
		window_system_stop(); /* libdecor may crash there without its compositor */
	}
	display_watch_stop();
}
