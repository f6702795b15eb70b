#define LOG_MODULE "audio"
#include "audio/server/pulse_server.h"

#include <errno.h>
#include <pulse/pulseaudio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/folder_watch.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/runtime_folder.h"

#define RETRY_FIRST_MS 250u
#define RETRY_MOST_MS  1000u
#define APPEARED_NS    (30 * NS_PER_MS) /* after its socket is there, until it listens */

struct pulse_server {
	struct pulse_server_config config;
	struct pulse_server_events events;
	pa_mainloop_api *api;

	pa_context *context;
	bool up;
	bool lost;      /* free the context at the next tick: not from within its callback */
	deadline retry; /* while there is no context */
	unsigned failures;
	char reason[128];
	bool pipewire;

	int watch_fd;
	pa_io_event *watch_event;
};

void pulse_forget(pa_operation *operation) {
	if (operation) {
		pa_operation_unref(operation);
	}
}

static void set_reason(struct pulse_server *server, const char *text) {
	snprintf(server->reason, sizeof server->reason, "%s", text);
}

/* ---- looking for it ---- */

unsigned pulse_backoff_ms(unsigned failures) {
	unsigned ms = failures < 3 ? RETRY_FIRST_MS << failures : RETRY_MOST_MS;
	ms = ms > RETRY_MOST_MS ? RETRY_MOST_MS : ms;
	/* 20 % of jitter: not every program of the desktop in the same instant. */
	return ms - (unsigned)(clock_now_ns() / 1000 % (ms / 5 + 1));
}

/* The folder in which its socket will appear, or the nearest one that exists. */
static void server_folder(const struct pulse_server *server, char *ret_path, size_t room) {
	// NOLINTBEGIN(concurrency-mt-unsafe): nobody changes the environment
	const char *address =
			server->config.server[0] ? server->config.server : getenv("PULSE_SERVER");
	// NOLINTEND(concurrency-mt-unsafe)
	const char *path = address ? strchr(address, '/') : NULL;
	if (path && path != address && path[-1] == '/') {
		path = NULL; /* tcp:// */
	}
	if (path) {
		snprintf(ret_path, room, "%s", path);
		char *slash = strrchr(ret_path, '/');
		*(slash == ret_path ? slash + 1 : slash) = '\0';
	} else if ((runtime_folder("pulse", ret_path, room) < 0 || access(ret_path, F_OK) < 0) &&
			runtime_folder("", ret_path, room) < 0) {
		ret_path[0] = '\0';
	}
}

static void on_change(int folder, uint32_t mask, const char *name, void *data) {
	struct pulse_server *server = data;
	(void)folder;
	(void)mask;
	(void)name;
	const uint64_t soon_ns = clock_now_ns() + APPEARED_NS;
	server->retry = deadline_first(server->retry, soon_ns);
}

static void on_folder(pa_mainloop_api *api, pa_io_event *event, int fd, pa_io_event_flags_t flags,
		void *data) {
	(void)api;
	(void)event;
	(void)flags;
	folder_watch_read(fd, on_change, data);
}

static void stop_watching(struct pulse_server *server) {
	if (server->watch_event) {
		server->api->io_free(server->watch_event);
		server->watch_event = NULL;
	}
	if (server->watch_fd >= 0) {
		close(server->watch_fd);
		server->watch_fd = -1;
	}
}

static void watch_folder(struct pulse_server *server) {
	char path[512];
	stop_watching(server);
	server_folder(server, path, sizeof path);
	if (path[0] == '\0') {
		return;
	}
	server->watch_fd = folder_watch_open();
	if (server->watch_fd < 0) {
		return;
	}
	if (folder_watch_add(server->watch_fd, path, IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0) {
		stop_watching(server);
		return;
	}
	server->watch_event = server->api->io_new(
			server->api, server->watch_fd, PA_IO_EVENT_INPUT, on_folder, server);
}

/* ---- the connection ---- */

static void on_server_info(pa_context *context, const pa_server_info *info, void *data) {
	struct pulse_server *server = data;
	(void)context;
	if (!info) {
		server->lost = true;
		return;
	}
	server->pipewire = info->server_name && strstr(info->server_name, "PipeWire");
	server->up = true;
	server->failures = 0;
	server->events.up(info, server->events.data);
}

static void on_state(pa_context *context, void *data) {
	struct pulse_server *server = data;
	switch (pa_context_get_state(context)) {
	case PA_CONTEXT_READY:
		pulse_forget(pa_context_get_server_info(context, on_server_info, server));
		break;
	case PA_CONTEXT_FAILED:
	case PA_CONTEXT_TERMINATED:
		set_reason(server, pa_strerror(pa_context_errno(context)));
		server->lost = true;
		break;
	case PA_CONTEXT_UNCONNECTED:
	case PA_CONTEXT_CONNECTING:
	case PA_CONTEXT_AUTHORIZING:
	case PA_CONTEXT_SETTING_NAME:
		break;
	}
}

static void connect_server(struct pulse_server *server) {
	pa_proplist *properties = pa_proplist_new();
	pa_proplist_sets(properties, PA_PROP_APPLICATION_NAME, "Pierglass");
	pa_proplist_sets(properties, PA_PROP_APPLICATION_ID, "io.github.pierglass.Pierglass");
	pa_proplist_sets(
			properties, PA_PROP_APPLICATION_ICON_NAME, "io.github.pierglass.Pierglass");
	pa_proplist_sets(properties, PA_PROP_APPLICATION_VERSION, PG_VERSION);
	if (server->config.role) {
		pa_proplist_sets(properties, PA_PROP_MEDIA_ROLE, server->config.role);
	}
	pa_proplist_sets(properties, PA_PROP_MEDIA_SOFTWARE, "Pierglass");
	server->context = pa_context_new_with_proplist(server->api, "Pierglass", properties);
	pa_proplist_free(properties);
	if (!server->context) {
		server->lost = true;
		return;
	}
	pa_context_set_state_callback(server->context, on_state, server);
	const char *address = server->config.server[0] ? server->config.server : NULL;
	if (pa_context_connect(server->context, address, PA_CONTEXT_NOAUTOSPAWN, NULL) < 0) {
		set_reason(server, pa_strerror(pa_context_errno(server->context)));
		server->lost = true;
	}
}

static void drop_context(struct pulse_server *server) {
	if (server->context) {
		pa_context_set_state_callback(server->context, NULL, NULL);
		pa_context_disconnect(server->context);
		pa_context_unref(server->context);
		server->context = NULL;
	}
	server->up = false;
	server->lost = false;
}

static void lose_context(struct pulse_server *server, uint64_t now_ns) {
	const char *purpose = server->config.purpose;
	bool was_up = server->up;
	server->events.down(server->events.data);
	drop_context(server);
	unsigned delay_ms = pulse_backoff_ms(server->failures);
	if (was_up && purpose) {
		log_warn("the sound server is gone (%s), looking for it again", server->reason);
	} else if (server->failures == 0 && purpose) {
		log_info("no sound server for %s (%s), waiting for one", purpose, server->reason);
	}
	server->failures++;
	server->retry = now_ns + delay_ms * NS_PER_MS;
	watch_folder(server);
}

void pulse_server_tick(struct pulse_server *server, uint64_t now_ns) {
	if (server->lost) {
		lose_context(server, now_ns);
	}
	if (!server->context && deadline_is_over(server->retry, now_ns)) {
		connect_server(server);
		server->retry = now_ns + RETRY_MOST_MS * NS_PER_MS;
	}
	if (server->up && server->watch_fd >= 0) {
		stop_watching(server);
	}
}

deadline pulse_server_deadline(const struct pulse_server *server) {
	if (server->lost) {
		return DEADLINE_NOW;
	}
	return server->context ? DEADLINE_NONE : server->retry;
}

void pulse_server_retry(struct pulse_server *server) {
	server->retry = DEADLINE_NOW;
}

bool pulse_server_is_up(const struct pulse_server *server, const char **ret_reason) {
	*ret_reason = server->reason;
	return server->up;
}

bool pulse_server_is_pipewire(const struct pulse_server *server) {
	return server->pipewire;
}

pa_context *pulse_server_context(const struct pulse_server *server) {
	return server->context;
}

int pulse_server_create(struct pulse_server **ret_server, pa_mainloop_api *api,
		const struct pulse_server_config *config,
		const struct pulse_server_events *events) {
	struct pulse_server *server = calloc(1, sizeof *server);
	if (!server) {
		return -ENOMEM;
	}
	server->config = *config;
	server->events = *events;
	server->api = api;
	server->retry = DEADLINE_NOW;
	server->watch_fd = -1;
	set_reason(server, _("not tried yet"));
	*ret_server = server;
	return 0;
}

void pulse_server_destroy(struct pulse_server *server) {
	if (!server) {
		return;
	}
	stop_watching(server);
	drop_context(server);
	free(server);
}
