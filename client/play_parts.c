#define LOG_MODULE "play"
#include "client/play_parts.h"

#include <stdio.h>
#include <string.h>

#include "audio/audio.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/config/config.h"
#include "client/gl/spice_surface.h"
#include "client/platform/instance.h"
#include "client/platform/rtkit.h"
#include "client/platform/signals.h"
#include "client/session/guest_link.h"
#include "client/ui/app.h"
#include "client/video/video.h"
#include "client/vm/demo.h"
#include "client/vm/discovery.h"
#include "client/window/window.h"

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
	unsigned features = (config->sound ? DEMO_SOUND : 0u) | DEMO_SPICE;
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
		if (!spice || config->session.microphone == SESSION_MICROPHONE_OFF) {
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

/* The parts that live on pg-io's loop. Nothing here fails for want of another end. */
int play_start_session(struct play *play, const struct session_events *events) {
	int r = session_create(&play->session, play->loop, &play->config->session,
			play->spice_surface, play->audio, events);
	if (r < 0) {
		log_error("the session does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

/* In the order of style: release grabs and keys (session), picture, sound, window. The session
 * stops first so that nothing stays held while a driver takes its time. */
void play_stop(struct play *play) {
	if (play->io_runs) {
		loop_quit(play->loop, 0);
		pthread_join(play->io_thread, NULL);
	}
	if (play->app) {
		app_stop_clipboard(play->app); /* it sends to the session */
	}
	session_destroy(play->session);
	discovery_stop(play->discovery);
	instance_destroy(play->instance);
	signals_destroy(play->signals);
	video_stop(play->video);
	audio_stop(play->audio);
	spice_surface_destroy(play->spice_surface);
	app_destroy(play->app);
	window_destroy(play->window);
	demo_stop(play->demo);
	rtkit_destroy(play->rtkit);
	loop_destroy(play->loop);
	if (play->window_system) {
		window_system_stop();
	}
}
