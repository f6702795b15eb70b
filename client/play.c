#define LOG_MODULE "play"
#include "client/play.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"
#include "client/app.h"
#include "client/config.h"
#include "client/demo.h"
#include "client/discovery.h"
#include "client/fallback.h"
#include "client/instance.h"
#include "client/session.h"
#include "client/signals.h"
#include "client/video.h"
#include "client/window.h"
#include "client/window_input.h"

/* Everything that one run owns, in the order in which it is made. */
struct play {
	struct config *config;
	struct demo *demo;
	struct loop *loop; /* pg-io's */
	struct window *window;
	struct app *app;
	struct fallback *fallback;
	struct audio *audio;
	struct session *session;
	struct signals *signals;
	struct instance *instance;
	struct discovery *discovery;
	struct video *video;
	pthread_t io_thread;
	bool io_runs;
	bool window_system;
};

/* ---- the embedded guest ---- */

static bool is_qemu(const char *pid) {
	char path[288];
	char name[32] = "";
	snprintf(path, sizeof path, "/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	bool qemu = fgets(name, sizeof name, file) && strncmp(name, "qemu-system-", 12) == 0;
	fclose(file);
	return qemu;
}

static bool qemu_runs(void) {
	DIR *dir = opendir("/proc");
	bool found = false;
	for (struct dirent *entry;
			dir && !found && (entry = readdir(dir));) { // NOLINT(concurrency-mt-unsafe)
		found = isdigit((unsigned char)entry->d_name[0]) && is_qemu(entry->d_name);
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* A domain's definition in libvirt's own folders; readable without a daemon, if at all. */
static bool libvirt_knows_a_vm(void) {
	char session[512];
	const char *home = getenv("HOME"); // NOLINT(concurrency-mt-unsafe): before any thread
	snprintf(session, sizeof session, "%s/.config/libvirt/qemu", home ? home : "");
	const char *const folders[] = { "/etc/libvirt/qemu", session };
	bool found = false;
	for (size_t i = 0; i < 2 && !found; i++) {
		DIR *dir = opendir(folders[i]);
		for (struct dirent *entry;
				dir && !found &&
				(entry = readdir(dir));) { // NOLINT(concurrency-mt-unsafe)
			const char *dot = strrchr(entry->d_name, '.');
			found = dot && strcmp(dot, ".xml") == 0;
		}
		if (dir) {
			closedir(dir);
		}
	}
	return found;
}

int play_has_vm(const struct config *config) {
	return config->domain[0] || access("/dev/kvmfr0", F_OK) == 0 ||
	       access("/dev/shm/looking-glass", F_OK) == 0 || qemu_runs() || libvirt_knows_a_vm();
}

static int start_demo(struct play *play) {
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

/* ---- starting and stopping ---- */

static void *run_io(void *data) {
	struct play *play = data;
	int r = loop_run(play->loop);
	if (r < 0) {
		log_error("the event loop failed: %s", strerrordesc_np(-r));
	}
	return NULL;
}

static int open_window(struct play *play) {
	const struct window_options *options = &play->config->window;
	const char *error = NULL;
	/* SDL's own variable: also what its hint becomes. */
	if (options->driver == WINDOW_WAYLAND) {
		setenv("SDL_VIDEODRIVER", "wayland",
				1); // NOLINT(concurrency-mt-unsafe): no thread yet
	} else if (options->driver == WINDOW_X11) {
		setenv("SDL_VIDEODRIVER", "x11", 1); // NOLINT(concurrency-mt-unsafe): no thread yet
	}
	window_input_hints();
	int r = window_system_start(options->app_id, &error);
	if (r < 0) {
		log_error("no window can be opened: %s. Start it in a desktop session, or use "
			  "--audio-only, or --screenshot FILE.png",
				error ? error : strerrordesc_np(-r));
		return r;
	}
	play->window_system = true;
	struct window_config window = {
		.width = options->width,
		.height = options->height,
		.position_set = !options->center,
		.x = options->x,
		.y = options->y,
		.full_screen = options->full_screen,
		.borderless = options->borderless,
		.maximized = options->maximize,
		.resizable = options->allow_resize,
	};
	snprintf(window.title, sizeof window.title, "%s", options->title);
	r = window_create(&play->window, &window);
	if (r < 0) {
		log_error("no window: %s", strerrordesc_np(-r));
	}
	return r;
}

/* The parts that live on pg-io's loop. Nothing here fails for want of another end. */
static int start_session(struct play *play, const struct session_events *events) {
	int r = session_create(&play->session, play->loop, &play->config->session, play->fallback,
			play->audio, events);
	if (r < 0) {
		log_error("the session does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

static void start_discovery(struct play *play) {
	const struct config *config = play->config;
	if (!config->discover || play->demo) {
		return;
	}
	const struct discovery_config wanted = {
		.domain = config->domain[0] ? config->domain : NULL,
		.uri = config->connect_uri[0] ? config->connect_uri : NULL,
	};
	int r = discovery_start(&play->discovery, play->loop, &wanted, app_on_discovery, play->app);
	if (r == -ENOENT && config->domain[0]) {
		log_error("\"%s\" cannot be looked up: pierglass-vm-info is not installed",
				config->domain);
	} else if (r < 0 && r != -ENOENT) {
		log_warn("no look-up of virtual machines: %s", strerrordesc_np(-r));
	}
}

static int start_audio(struct play *play, const struct audio_events *events) {
	if (!play->config->sound) {
		return 0;
	}
	int r = audio_start(&play->audio, &play->config->audio, events);
	if (r < 0) {
		log_error("the sound does not start: %s", strerrordesc_np(-r));
	}
	return r;
}

/* In the order of style: release grabs and keys (session), picture, sound, window. The session
 * stops first so that nothing stays held while a driver takes its time. */
static void stop(struct play *play) {
	if (play->io_runs) {
		loop_quit(play->loop, 0);
		pthread_join(play->io_thread, NULL);
	}
	session_destroy(play->session);
	discovery_stop(play->discovery);
	instance_destroy(play->instance);
	signals_destroy(play->signals);
	video_stop(play->video);
	audio_stop(play->audio);
	fallback_destroy(play->fallback);
	app_destroy(play->app);
	window_destroy(play->window);
	demo_stop(play->demo);
	loop_destroy(play->loop);
	if (play->window_system) {
		window_system_stop();
	}
}

static int start_parts(struct play *play) {
	struct config *config = play->config;
	int r = app_create(&play->app, config, play->window, config->mode == RUN_DEMO);
	if (r < 0) {
		return r;
	}
	r = signals_create(&play->signals, play->loop, app_on_signal, play->app);
	if (r < 0) {
		return r;
	}
	const struct session_events session_events = app_session_events(play->app);
	const struct audio_events audio_events = app_audio_events(play->app);
	const struct video_events video_events = app_video_events(play->app);
	r = fallback_create(&play->fallback);
	if (r < 0 || (r = start_audio(play, &audio_events)) < 0 ||
			(r = start_session(play, &session_events)) < 0) {
		return r;
	}
	r = video_start(&play->video, &config->video, window_get_surface(play->window),
			play->fallback, &video_events);
	if (r < 0) {
		log_error("the picture does not start: %s", strerrordesc_np(-r));
		return r;
	}
	start_discovery(play);
	app_attach(play->app, play->video, play->session, play->audio);
	r = thread_start(&play->io_thread, "pg-io", run_io, play);
	play->io_runs = r == 0;
	return r;
}

/* On pg-io, which runs only while there is an app. */
static void on_raise(void *data) {
	app_on_raise(((struct play *)data)->app);
}

/* One window per memory: 1 = another one shows it and was called to the front. */
static int claim(struct play *play) {
	const struct config *config = play->config;
	if (config->mode == RUN_DEMO) {
		return 0;
	}
	int r = instance_create(&play->instance, play->loop,
			config->domain[0] ? config->domain : config->video.shm_path, on_raise,
			play);
	if (r == 1) {
		log_info("a window for this VM is open already: it was asked to come to the front");
	}
	return r == 1 ? 1 : 0;
}

int run_play(struct config *config) {
	struct play play = { .config = config };
	int r = loop_create(&play.loop);
	if (r == 0 && claim(&play) == 1) {
		stop(&play);
		return 0;
	}
	if (r == 0 && config->mode == RUN_DEMO) {
		r = start_demo(&play);
	}
	if (r == 0) {
		r = open_window(&play);
	}
	if (r == 0) {
		r = start_parts(&play);
	}
	int status = 1;
	if (r == 0) {
		status = app_run(play.app);
	}
	stop(&play);
	return status;
}

/* ---- without a window ---- */

struct quiet {
	struct loop *loop;
	struct loop_source *end;
};

static void quiet_signal(int number, void *data) {
	log_info("signal %d: leaving", number);
	loop_quit(((struct quiet *)data)->loop, 0);
}

static void quiet_end(void *data) {
	loop_quit(((struct quiet *)data)->loop, 0);
}

static void quiet_session(const struct session_status *status, void *data) {
	(void)data;
	log_info("input: %s; devices: %s%s", status->spice.reason, status->evdev.reason,
			status->grabbed ? " (the guest has them)" : "");
}

static void quiet_action(enum session_action action, unsigned code, void *data) {
	(void)action;
	(void)code;
	(void)data;
}

static void quiet_audio(const struct part_status *status, void *data) {
	(void)data;
	log_info("sound: %s", status->reason);
}

static void quiet_moved(void *data) {
	(void)data;
}

int run_without_window(struct config *config) {
	struct play play = { .config = config };
	struct quiet quiet = { 0 };
	const struct session_events session_events = {
		.status = quiet_session,
		.action = quiet_action,
		.moved = quiet_moved,
		.data = &quiet,
	};
	const struct audio_events audio_events = { .status = quiet_audio, .data = &quiet };
	int r = loop_create(&play.loop);
	if (r == 0 && config->mode == RUN_DEMO) {
		r = start_demo(&play);
	}
	quiet.loop = play.loop;
	if (r < 0 || (r = signals_create(&play.signals, play.loop, quiet_signal, &quiet)) < 0 ||
			(r = start_audio(&play, &audio_events)) < 0 ||
			(r = start_session(&play, &session_events)) < 0) {
		stop(&play);
		return 1;
	}
	if (config->seconds > 0) {
		quiet.end = loop_add_timer(play.loop, quiet_end, &quiet);
		loop_set_timer(quiet.end,
				clock_now_ns() + (uint64_t)(config->seconds * (double)NS_PER_S));
	}
	r = loop_run(play.loop);
	loop_remove(quiet.end);
	stop(&play);
	return r < 0 ? 1 : 0;
}

/* ---- one screenshot ---- */

struct shot {
	struct loop *loop;
	struct loop_source *wake;
	struct video *video;
	struct config *config;
	atomic_int width, height; /* of the guest, once known */
	atomic_int result;        /* 1 = not done yet */
	bool asked;
	char waiting_for[PART_REASON_BYTES];
};

static void shot_status(const struct video_status *status, void *data) {
	struct shot *shot = data;
	if (status->showing != VIDEO_SOURCE_AUTO && !status->stale) {
		atomic_store(&shot->width, (int)status->width);
		atomic_store(&shot->height, (int)status->height);
	} else {
		log_info("waiting for a picture: %s", status->part.reason);
	}
	loop_wake(shot->wake);
}

static void shot_geometry(const struct video_geometry *geometry, void *data) {
	(void)geometry;
	(void)data;
}

static void shot_pointer(const struct video_pointer *pointer, void *data) {
	(void)pointer;
	(void)data;
}

static void shot_done(int result, void *data) {
	struct shot *shot = data;
	atomic_store(&shot->result, result);
	loop_wake(shot->wake);
}

/* On the main thread: ask once there is a frame, leave once it is written. */
static void shot_look(void *data) {
	struct shot *shot = data;
	int result = atomic_load(&shot->result);
	if (result <= 0) {
		loop_quit(shot->loop, result);
		return;
	}
	if (!shot->asked && shot->video && atomic_load(&shot->width) > 0) {
		shot->asked = true;
		int r = video_screenshot(shot->video, shot->config->screenshot_path,
				shot->config->screenshot_pointer, shot_done, shot);
		if (r < 0) {
			loop_quit(shot->loop, r);
		}
	}
}

static void shot_signal(int number, void *data) {
	(void)number;
	loop_quit(((struct shot *)data)->loop, -EINTR);
}

static void shot_timeout(void *data) {
	loop_quit(((struct shot *)data)->loop, -ETIMEDOUT);
}

static int take_shot(struct play *play, struct shot *shot, struct window_surface *surface) {
	const struct video_events events = {
		.status = shot_status,
		.geometry = shot_geometry,
		.pointer = shot_pointer,
		.data = shot,
	};
	struct config *config = play->config;
	config->video.settings.source = VIDEO_SOURCE_LG;
	int r = video_start(&play->video, &config->video, surface, NULL, &events);
	if (r < 0) {
		log_error("no renderer: %s (is EGL installed?)", strerrordesc_np(-r));
		return r;
	}
	shot->video = play->video;
	loop_wake(shot->wake);
	if (config->seconds > 0) {
		struct loop_source *end = loop_add_timer(play->loop, shot_timeout, shot);
		loop_set_timer(end,
				clock_now_ns() + (uint64_t)(config->seconds * (double)NS_PER_S));
	}
	r = loop_run(play->loop);
	video_stop(play->video);
	play->video = NULL;
	return r;
}

int run_screenshot(struct config *config) {
	struct play play = { .config = config };
	struct shot shot = { .config = config, .result = 1 };
	struct window_surface *surface = NULL;
	int r = loop_create(&play.loop);
	if (r == 0 && config->demo) {
		r = start_demo(&play);
	}
	if (r == 0) {
		shot.loop = play.loop;
		shot.wake = loop_add_wake(play.loop, shot_look, &shot);
		r = shot.wake ? signals_create(&play.signals, play.loop, shot_signal, &shot)
			      : -ENOMEM;
	}
	if (r == 0) {
		r = window_surface_create_offscreen(&surface, 64, 64);
	}
	if (r == 0) {
		r = take_shot(&play, &shot, surface);
	}
	window_surface_destroy(surface);
	stop(&play);
	if (r < 0) {
		log_error("no screenshot: %s", strerrordesc_np(-r));
		return 1;
	}
	log_info("%dx%d written to %s", atomic_load(&shot.width), atomic_load(&shot.height),
			config->screenshot_path);
	return 0;
}
