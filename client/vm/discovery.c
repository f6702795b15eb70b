#define LOG_MODULE "discovery"
#include "client/vm/discovery.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "client/platform/programs.h"

#include "base/log.h"

#define PROGRAM    "pierglass-vm-info"
#define ARGS_MAX   10
#define RETRY_MIN  NS_PER_S
#define CANNOT_RUN 127 /* the exit status of a program without its libraries */
#define RETRY_MAX  (30 * NS_PER_S)

void discovery_reader_init(struct discovery_reader *reader) {
	memset(reader, 0, sizeof *reader);
}

static int hex(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	int lower = ascii_lower((unsigned char)c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* One character of an escaped value; moves *text on. */
static char unescape(const char **text) {
	const char *t = *text;
	if (t[0] != '\\' || t[1] == '\0') {
		*text = t + 1;
		return t[0];
	}
	if (t[1] == 'x' && hex(t[2]) >= 0 && hex(t[3]) >= 0) {
		*text = t + 4;
		return (char)(unsigned char)(hex(t[2]) * 16 + hex(t[3]));
	}
	*text = t + 2;
	if (t[1] == 'n') {
		return '\n';
	}
	return t[1];
}

/* A value that does not fit is dropped, not cut: half a path is another path. */
static void set_text(char *dst, size_t size, const char *value) {
	char plain[DISCOVERY_LINE_MAX];
	size_t len = 0;
	while (*value && len + 1 < sizeof plain) {
		char c = unescape(&value);
		if (c == '\0') {
			return;
		}
		plain[len++] = c;
	}
	plain[len] = '\0';
	if (len < size) {
		utf8_printable(dst, size, plain, len);
	}
	explicit_bzero(plain, len);
}

static enum discovery_status status_of(const char *value) {
	static const struct {
		const char *name;
		enum discovery_status status;
	} names[] = {
		{ "found", DISCOVERY_FOUND },
		{ "waiting", DISCOVERY_WAITING },
		{ "ambiguous", DISCOVERY_AMBIGUOUS },
		{ "error", DISCOVERY_ERROR },
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(value, names[i].name) == 0) {
			return names[i].status;
		}
	}
	return DISCOVERY_NONE;
}

static bool take_text(struct discovery_info *info, const char *key, const char *value) {
	const struct {
		const char *key;
		char *dst;
		size_t size;
	} texts[] = {
		{ "reason", info->reason, sizeof info->reason },
		{ "domain", info->domain, sizeof info->domain },
		{ "uuid", info->uuid, sizeof info->uuid },
		{ "state", info->state, sizeof info->state },
		{ "source", info->source, sizeof info->source },
		{ "shm", info->shm, sizeof info->shm },
		{ "spice", info->spice, sizeof info->spice },
		{ "spice_password", info->spice_password, sizeof info->spice_password },
		{ "bridge", info->bridge, sizeof info->bridge },
		{ "sender", info->sender, sizeof info->sender },
		{ "scream_shm", info->scream_shm, sizeof info->scream_shm },
		{ "evdev_toggle", info->evdev_toggle, sizeof info->evdev_toggle },
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (strcmp(key, texts[i].key) == 0) {
			set_text(texts[i].dst, texts[i].size, value);
			return true;
		}
	}
	return false;
}

static void take_line(struct discovery_info *info, char *line) {
	char *equal = strchr(line, '=');
	if (!equal) {
		return;
	}
	*equal = '\0';
	const char *value = equal + 1;
	if (take_text(info, line, value)) {
		return;
	}
	int64_t number;
	if (strcmp(line, "status") == 0) {
		info->status = status_of(value);
	} else if (strcmp(line, "shm_size") == 0) {
		if (parse_int(value, 0, INT64_MAX, &number)) {
			info->shm_bytes = (uint64_t)number;
		}
	} else if (strcmp(line, "evdev") == 0 && info->evdev_count < DISCOVERY_EVDEV_MAX) {
		char *dst = info->evdev[info->evdev_count];
		dst[0] = '\0';
		set_text(dst, sizeof info->evdev[0], value);
		info->evdev_count += dst[0] != '\0';
	}
}

static void end_block(struct discovery_reader *reader, discovery_fn fn, void *data) {
	if (reader->info.status != DISCOVERY_NONE) {
		fn(&reader->info, data);
	}
	explicit_bzero(&reader->info, sizeof reader->info); /* a password may be in it */
	reader->lines = 0;
}

static void end_line(struct discovery_reader *reader, discovery_fn fn, void *data) {
	bool empty = reader->len == 0 && !reader->too_long;
	reader->line[reader->len] = '\0';
	/* A NUL inside would hide the rest of the line: such a line is skipped. */
	bool whole = !reader->too_long && strlen(reader->line) == reader->len;
	if (empty) {
		end_block(reader, fn, data);
	} else if (whole && reader->lines < DISCOVERY_LINES_MAX) {
		reader->lines++;
		take_line(&reader->info, reader->line);
	}
	explicit_bzero(reader->line, reader->len);
	reader->len = 0;
	reader->too_long = false;
}

void discovery_reader_feed(struct discovery_reader *reader, const char *bytes, size_t len,
		discovery_fn fn, void *data) {
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			end_line(reader, fn, data);
		} else if (reader->len + 1 < sizeof reader->line) {
			reader->line[reader->len++] = bytes[i];
		} else {
			reader->too_long = true;
		}
	}
}

struct discovery {
	/* constant */
	struct loop *loop;
	discovery_fn fn;
	void *data;
	char domain[128];
	char uri[256];
	char owner[128];
	struct loop_source *ask; /* wake: discovery_ask_password() */

	/* the loop's thread */
	bool password;
	struct discovery_reader reader;
	struct loop_source *output;
	struct loop_source *retry;
	uint64_t retry_ns;
	pid_t pid;
	int in, out;
};

/* Returns how it ended, as waitpid() tells; 0 if there was none. */
static int end_child(struct discovery *discovery) {
	int status = 0;
	loop_remove(discovery->output);
	discovery->output = NULL;
	if (discovery->out >= 0) {
		close(discovery->out);
		close(discovery->in);
		discovery->out = discovery->in = -1;
	}
	if (discovery->pid > 0) {
		/* It only reads: there is nothing to finish, and libvirt may make it slow. */
		kill(discovery->pid, SIGKILL);
		while (waitpid(discovery->pid, &status, 0) < 0 && errno == EINTR) {
		}
		discovery->pid = 0;
	}
	return status;
}

static void on_block(const struct discovery_info *info, void *data) {
	struct discovery *discovery = data;
	discovery->retry_ns = RETRY_MIN;
	discovery->fn(info, discovery->data);
}

static void try_again_later(struct discovery *discovery) {
	loop_set_timer(discovery->retry, clock_now_ns() + discovery->retry_ns);
	discovery->retry_ns *= 2;
	if (discovery->retry_ns > RETRY_MAX) {
		discovery->retry_ns = RETRY_MAX;
	}
}

static void on_output(int fd, uint32_t events, void *data) {
	struct discovery *discovery = data;
	(void)events;
	char bytes[4096];
	ssize_t len = read(fd, bytes, sizeof bytes);
	if (len > 0) {
		discovery_reader_feed(&discovery->reader, bytes, (size_t)len, on_block, discovery);
		explicit_bzero(bytes, (size_t)len);
	} else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
		int status = end_child(discovery);
		if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN) {
			log_error("pierglass-vm-info cannot run here: most likely one of its "
				  "libraries is missing (libvirt0, libxml2), or the file may not "
				  "be run. No VM is looked up; name what it has with --shm, "
				  "--spice and --audio-interface");
			discovery->retry_ns = RETRY_MAX;
		} else {
			log_warn("pierglass-vm-info ended, starting it again in %u s",
					(unsigned)(discovery->retry_ns / NS_PER_S));
		}
		try_again_later(discovery);
	}
}

static int start_child(struct discovery *discovery) {
	char name[] = PROGRAM, password[] = "--password", connect[] = "--connect", dashes[] = "--",
	     owner[] = "--vm-owner";
	char *argv[ARGS_MAX];
	unsigned n = 0;
	argv[n++] = name;
	if (discovery->password) {
		argv[n++] = password;
	}
	if (discovery->uri[0]) {
		argv[n++] = connect;
		argv[n++] = discovery->uri;
	}
	if (discovery->owner[0]) {
		argv[n++] = owner;
		argv[n++] = discovery->owner;
	}
	if (discovery->domain[0]) {
		argv[n++] = dashes;
		argv[n++] = discovery->domain;
	}
	argv[n] = NULL;
	int r = program_spawn(PROGRAM, argv, &discovery->pid, &discovery->in, &discovery->out);
	if (r < 0) {
		discovery->in = discovery->out = -1;
		discovery->pid = 0;
		return r;
	}
	discovery_reader_init(&discovery->reader);
	fcntl(discovery->out, F_SETFL, fcntl(discovery->out, F_GETFL) | O_NONBLOCK);
	discovery->output =
			loop_add_fd(discovery->loop, discovery->out, EPOLLIN, on_output, discovery);
	if (!discovery->output) {
		end_child(discovery);
		return -ENOMEM;
	}
	return 0;
}

static void on_retry(void *data) {
	struct discovery *discovery = data;
	if (start_child(discovery) < 0) {
		try_again_later(discovery);
	}
}

static void on_ask(void *data) {
	struct discovery *discovery = data;
	discovery->password = true;
	end_child(discovery);
	loop_set_timer(discovery->retry, 0);
	on_retry(discovery);
}

void discovery_ask_password(struct discovery *discovery) {
	loop_wake(discovery->ask);
}

static bool copy(char *dst, size_t size, const char *src) {
	int n = snprintf(dst, size, "%s", src ? src : "");
	return n >= 0 && (size_t)n < size;
}

int discovery_start(struct discovery **ret_discovery, struct loop *loop,
		const struct discovery_config *config, discovery_fn fn, void *data) {
	struct discovery *discovery = calloc(1, sizeof *discovery);
	if (!discovery) {
		return -ENOMEM;
	}
	discovery->loop = loop;
	discovery->fn = fn;
	discovery->data = data;
	discovery->in = discovery->out = -1;
	discovery->retry_ns = RETRY_MIN;
	int r = -EINVAL;
	if (!copy(discovery->domain, sizeof discovery->domain, config->domain) ||
			!copy(discovery->uri, sizeof discovery->uri, config->uri) ||
			!copy(discovery->owner, sizeof discovery->owner, config->owner)) {
		goto fail;
	}
	r = -ENOMEM;
	discovery->retry = loop_add_timer(loop, on_retry, discovery);
	discovery->ask = loop_add_wake(loop, on_ask, discovery);
	if (!discovery->retry || !discovery->ask) {
		goto fail;
	}
	r = start_child(discovery);
	if (r < 0) {
		goto fail;
	}
	*ret_discovery = discovery;
	return 0;
fail:
	discovery_stop(discovery);
	return r;
}

void discovery_stop(struct discovery *discovery) {
	if (!discovery) {
		return;
	}
	end_child(discovery);
	loop_remove(discovery->ask);
	loop_remove(discovery->retry);
	free(discovery);
}
