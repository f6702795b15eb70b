#define LOG_MODULE "play"
#include "client/play.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <SDL.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/thread.h"
#include "client/clipboard/clipboard.h"
#include "client/config/config.h"
#include "client/gl/spice_surface.h"
#include "client/platform/instance.h"
#include "client/play_parts.h"
#include "client/session/guest_link.h"
#include "client/text/glyph_font.h"
#include "client/ui/app.h"
#include "client/ui/window_placement.h"
#include "client/video/video.h"
#include "client/vm/vm_apply.h"
#include "client/window/display_watch.h"
#include "client/window/window.h"
#include "client/window/window_input.h"

static void *run_io(void *data) {
	struct play *play = data;
	thread_ask_priority(&play->broker);
	int r = loop_run(play->loop);
	if (r < 0) {
		log_error("the event loop failed: %s", strerrordesc_np(-r));
	}
	return NULL;
}

/* What the window is remembered by; the embedded guest's is not. */
static const char *window_key(const struct config *config) {
	return config->domain[0] ? config->domain : config->video.shm_path;
}

static bool remembers(const struct config *config) {
	return config->window.remember && !config->demo;
}

static void recall_window(struct config *config, const char *key, struct window_config *window) {
	struct window_placement geometry;
	if (!remembers(config) || !window_placement_load(key, &geometry)) {
		return;
	}
	window->width = geometry.width;
	window->height = geometry.height;
	window->position_set = geometry.placed;
	window->x = geometry.x;
	window->y = geometry.y;
	window->maximized |= geometry.maximized;
	if (!config->window.full_screen_chosen) {
		window->full_screen |= geometry.full_screen;
	}
	config->window.size_chosen = true;
}

static void remember_window(const struct play *play, const char *key) {
	const struct config *config = play->config;
	SDL_Window *window = window_sdl(play->window);
	struct window_placement geometry = { .width = 1024, .height = 768 };
	if (!remembers(config)) {
		return;
	}
	Uint32 flags = SDL_GetWindowFlags(window);
	window_placement_load(key, &geometry);
	geometry.maximized = flags & SDL_WINDOW_MAXIMIZED;
	geometry.full_screen = window_is_full_screen(play->window);
	/* Of a full or maximised window the size before that is kept. */
	if (!geometry.full_screen && !(flags & (SDL_WINDOW_MAXIMIZED | SDL_WINDOW_MINIMIZED))) {
		int left = 0;
		int top = 0;
		SDL_GetWindowSize(window, &geometry.width, &geometry.height);
		SDL_GetWindowPosition(window, &geometry.x, &geometry.y);
		SDL_GetWindowBordersSize(window, &top, &left, NULL, NULL);
		/* A new window is placed by its frame. Wayland tells nobody where it is. */
		geometry.x -= left;
		geometry.y -= top;
		geometry.placed = strcmp(window_kind(play->window), "x11") == 0;
	}
	int r = window_placement_save(key, &geometry);
	if (r < 0) {
		log_debug("the window is not remembered: %s", strerrordesc_np(-r));
	}
}

/* Nothing of ours that must be let go has begun. */
static void on_x11_gone_at_start(void *data) {
	play_display_is_gone(data);
	ending_now(1);
}

/* On pg-ending, with the display server's own connection or before there is one. */
static void on_compositor_gone(void *data) {
	play_display_is_gone(data);
}

static int open_window(struct play *play, const char *key) {
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
	display_watch_start(on_compositor_gone, play);
	window_when_x11_is_gone(on_x11_gone_at_start, play);
	int r = window_system_start(options->app_id, &error);
	if (r == -EAGAIN) {
		log_warn("this desktop has no screen now: the window opens as soon as there is one");
	}
	while (r == -EAGAIN) { /* a signal ends the program all the same (base/ending.h) */
		clock_sleep_ns(NS_PER_S / 2);
		r = window_system_start(options->app_id, &error);
	}
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
		.size_set = options->size_chosen,
		.position_set = !options->center,
		.x = options->x,
		.y = options->y,
		.full_screen = options->full_screen,
		.borderless = options->borderless,
		.maximized = options->maximize,
		.resizable = options->allow_resize,
	};
	recall_window(play->config, key, &window);
	snprintf(window.monitor, sizeof window.monitor, "%s", options->monitor);
	snprintf(window.title, sizeof window.title, "%s",
			options->title[0] ? options->title : "pierglass");
	r = window_create(&play->window, &window);
	if (r < 0) {
		log_error("no window: %s", strerrordesc_np(-r));
		return r;
	}
	display_watch_end_start();
	return 0;
}

/* On pg-io, which runs only while there is an app. */
static void on_raise(int reply_fd, void *data) {
	app_on_raise(((struct play *)data)->app, reply_fd);
}

/* For what the guest has in the clipboard to stay there after the end. */
#define SAVE_CLIPBOARD_NS (500 * NS_PER_MS)

/* A window that does not answer for so long hangs. */
#define PATIENCE_MS 3000

/* One more name of what this window shows. 1 = another window shows it and came to the front. */
static int claim_name(struct play *play, const char *key, unsigned patience_ms) {
	pid_t pid = 0;
	int r = instance_claim(play->instance, key, patience_ms, &pid);
	if (r == 1) {
		log_info("a window for this VM is open already: it was asked to come to the front");
	} else if (r == -ETIMEDOUT) {
		log_error("a window for this VM is open already and does not answer (process %ld): end "
			  "it with `kill %ld`, then start again",
				(long)pid, (long)pid);
	} else if (r < 0) {
		log_debug("this window is not guarded against a second one: %s",
				strerrordesc_np(-r));
	}
	return r;
}

/* The memory by its path and by its inode; patience_ms as for claim_name(). */
static int claim_memory(struct play *play, const char *path, unsigned patience_ms) {
	char key[INSTANCE_KEY_BYTES];
	instance_path_key(path, key);
	int r = claim_name(play, key, patience_ms);
	if (r != 1 && r != -ETIMEDOUT && instance_file_key(path, key)) {
		r = claim_name(play, key, patience_ms);
	}
	return r;
}

static bool same_memory(const char *a, const char *b) {
	char key_a[INSTANCE_KEY_BYTES], key_b[INSTANCE_KEY_BYTES];
	instance_path_key(a, key_a);
	instance_path_key(b, key_b);
	return strcmp(key_a, key_b) == 0;
}

/* On pg-io. The names of a VM become known one after the other, each may be in use already. */
static void on_discovery(const struct discovery_info *info, void *data) {
	struct play *play = data;
	char key[INSTANCE_KEY_BYTES];
	bool shown = info->status == DISCOVERY_FOUND && play->instance &&
		     (play->config->domain[0] ||
				     (info->shm[0] && same_memory(info->shm, play->memory)));
	if (shown) {
		int r = 0;
		if (info->uuid[0]) {
			snprintf(key, sizeof key, "vm:%s", info->uuid);
			r = claim_name(play, key, 0);
		}
		if (r != 1 && info->domain[0]) {
			snprintf(key, sizeof key, "domain:%s", info->domain);
			r = claim_name(play, key, 0);
		}
		if (r != 1 && info->shm[0]) {
			r = claim_memory(play, info->shm, 0);
		}
		if (r == 1) {
			app_quit(play->app);
		}
	}
	app_on_discovery(info, play->app);
}

/* 0 = go on; 1 = another window shows it and came to the front; -ETIMEDOUT = another hangs. */
static int claim(struct play *play) {
	const struct config *config = play->config;
	const struct instance_events events = { .raise = on_raise, .data = play };
	char key[INSTANCE_KEY_BYTES];
	if (config->demo) {
		return 0;
	}
	int r = instance_create(&play->instance, play->loop, &events);
	if (r < 0) {
		return 0;
	}
	snprintf(play->memory, sizeof play->memory, "%s", config->video.shm_path);
	if (config->domain[0]) {
		snprintf(key, sizeof key, "%s:%s", strlen(config->domain) == 36 ? "vm" : "domain",
				config->domain);
		r = claim_name(play, key, PATIENCE_MS);
	} else {
		r = claim_memory(play, config->video.shm_path, PATIENCE_MS);
	}
	return r == 1 || r == -ETIMEDOUT ? r : 0;
}

/* On pg-io: before anything that may hang, nobody is left with a held key or without a keyboard. */
static void on_signal(int number, void *data) {
	struct play *play = data;
	guest_link_let_go(play->session);
	app_on_signal(number, play->app);
}

/* On pg-io. */
static void on_display(int fd, uint32_t events, void *data) {
	struct play *play = data;
	(void)fd;
	(void)events;
	loop_remove(play->display_source);
	play->display_source = NULL;
	guest_link_let_go(play->session);
	play_display_is_gone(play);
	ending_released();
	app_quit(play->app); /* on X11 it does not come back */
}

static int watch_display(struct play *play) {
	const int fd = window_display_fd(play->window);
	window_when_x11_is_gone(play_x11_is_gone, play);
	if (fd < 0) {
		return 0;
	}
	/* What comes on it is SDL's; an end is ours. */
	play->display_source = loop_add_fd(play->loop, fd, EPOLLRDHUP, on_display, play);
	return play->display_source ? 0 : -ENOMEM;
}

static void take_x11_motion(struct play *play) {
	uint32_t window;
	const char *display = window_x11(play->window, &window);
	if (!display) {
		return;
	}
	int r = guest_link_take_x11_motion(play->session, display, window);
	if (r == 0) {
		app_has_x11_motion(play->app);
	} else {
		log_debug("the mouse is heard by SDL: %s", strerrordesc_np(-r));
	}
}

static int start_parts(struct play *play) {
	struct config *config = play->config;
	int r = app_create(&play->app, config, play->window, config->demo);
	if (r < 0) {
		return r;
	}
	r = ending_ask(play->loop, on_signal, play);
	if (r < 0 || (r = watch_display(play)) < 0) {
		return r;
	}
	const struct clipboard_events clipboard_events = app_clipboard_events(play->app);
	struct guest_link_events guest_link_events = app_session_events(play->app);
	const struct audio_events audio_events = app_audio_events(play->app);
	const struct video_events video_events = app_video_events(play->app);
	r = spice_surface_create(&play->spice_surface);
	if (r < 0 || (r = play_start_audio(play, &audio_events)) < 0 ||
			(r = play_make_ports(play)) < 0 ||
			(r = play_make_clipboard(play, &clipboard_events, &guest_link_events)) <
					0 ||
			(r = play_start_session(play, &guest_link_events)) < 0) {
		return r;
	}
	r = play_start_clipboard(play);
	if (r < 0) {
		return r;
	}
	take_x11_motion(play);
	config->video.broker = play->broker;
	r = video_start(&play->video, &config->video, window_get_surface(play->window),
			play->spice_surface, &video_events);
	if (r < 0) {
		log_error("the picture does not start: %s", strerrordesc_np(-r));
		return r;
	}
	vm_apply_start(&play->discovery, play->loop, config, on_discovery, play);
	app_attach(play->app, play->video, play->session, play->audio, play->clipboard,
			play->discovery);
	r = thread_start(&play->io_thread, "pg-io", run_io, play);
	play->io_runs = r == 0;
	return r;
}

/* A window full of boxes says nothing. */
static void choose_language(const struct config *config) {
	if (!glyph_font_writes(config->video.ui_font, _("Settings"))) {
		log_warn("no font has the letters of this language, so the window speaks English: install one "
			 "(Debian: fonts-noto-cjk)");
		i18n_stay_english();
	}
}

int run_play(struct config *config) {
	struct play play = { .config = config, .main_thread = pthread_self() };
	char key[sizeof config->video.shm_path];
	/* As it is now: discovery may find another memory later. */
	snprintf(key, sizeof key, "%s", window_key(config));
	int r = play_start_loop(&play);
	if (r == 0 && (r = claim(&play)) != 0) {
		play_stop(&play);
		return r == 1 ? 0 : 1;
	}
	choose_language(config);
	if (r == 0 && config->demo) {
		r = play_start_demo(&play);
	}
	if (r == 0) {
		r = open_window(&play, key);
	}
	if (r == 0) {
		r = start_parts(&play);
	}
	int status = 1;
	if (r == 0) {
		status = app_run(play.app);
		if (atomic_load(&play.display_gone)) {
			play_end_without_display(&play);
		}
		clipboard_save(play.clipboard, SAVE_CLIPBOARD_NS); /* while the guest answers */
		remember_window(&play, key);
	}
	play_stop(&play);
	return status;
}
