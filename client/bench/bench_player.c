#define LOG_MODULE "bench"
#include "client/bench/bench_player.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/config/config.h"
#include "client/platform/programs.h"
#include "client/vm/demo.h"

#define PROGRAM  "pierglass"
#define TICK_MS  50
#define START_NS (15 * NS_PER_S) /* until its first line about a picture */
#define STOP_NS  (5 * NS_PER_S)
/* Lines of --stats, one a second, before it is measured: it starts, and what it looks for is found.
 */
#define WARM_UP_LINES 2

#define WORDS_MAX 20
#define WORD_SIZE 300

struct words {
	unsigned count;
	char text[WORDS_MAX][WORD_SIZE];
};

__attribute__((format(printf, 2, 3))) static void add(
		struct words *words, const char *format, ...) {
	va_list args;
	if (words->count < WORDS_MAX) {
		va_start(args, format);
		vsnprintf(words->text[words->count++], WORD_SIZE, format, args);
		va_end(args);
	}
}

/* What a player of this guest would type; everything else is as it is without options. */
static void build_words(
		struct words *words, const struct config *config, const struct demo_info *guest) {
	static const char *const windows[] = {
		[WINDOW_AUTO] = "auto",
		[WINDOW_WAYLAND] = "wayland",
		[WINDOW_X11] = "x11",
		[WINDOW_OFFSCREEN] = "auto",
	};
	add(words, "%s", PROGRAM);
	if (config->no_lg_config) {
		add(words, "--no-lg-config");
	}
	if (config->connect_uri[0]) {
		add(words, "--connect=%s", config->connect_uri);
	}
	add(words, "--shm=%s", guest->shm_path);
	add(words, "--spice=%s", guest->spice_uri);
	if (strcmp(guest->group, "off") != 0) {
		add(words, "--audio-interface=%s", guest->interface);
		add(words, "--audio-group=%s", guest->group);
		add(words, "--audio-port=%u", guest->port);
	}
	add(words, "--window=%s", windows[config->window.driver]);
	add(words, "--size=%dx%d", config->guest.width, config->guest.height);
	add(words, "--position=0x0");
	add(words, "--borderless");
	add(words, "--no-remember-window");
	add(words, "--stats=1");
}

/* The child, and the line of its --stats that is being read. */
struct child {
	pid_t pid;
	int out;
	size_t used;
	char line[8192];
	unsigned lines; /* that came, with a picture */
	uint64_t shown; /* as the last one says */
};

/* Our own line: the picture's part stands before all others. */
static void take_line(struct child *child) {
	const char *showing = strstr(child->line, "\"showing\":\"lg\"");
	const char *shown = strstr(child->line, "\"shown\":");
	if (showing && shown) {
		child->lines++;
		child->shown = strtoull(shown + strlen("\"shown\":"), NULL, 10);
	}
}

/* Reads what is there; true when a line was complete, and then no further. */
static bool read_line(struct child *child) {
	char byte;
	while (read(child->out, &byte, 1) == 1) {
		if (byte == '\n') {
			child->line[child->used] = '\0';
			child->used = 0;
			take_line(child);
			return true;
		}
		if (child->used < sizeof child->line - 1) {
			child->line[child->used++] = byte;
		}
	}
	return false;
}

/* Waits until so many lines have come; the last one is at most some milliseconds old then. */
static int wait_lines(struct child *child, unsigned lines, uint64_t until_ns,
		bool (*tick)(void *data), void *data) {
	while (child->lines < lines) {
		struct pollfd fd = { .fd = child->out, .events = POLLIN };
		(void)poll(&fd, 1, TICK_MS);
		if (!read_line(child) && fd.revents & (POLLHUP | POLLERR)) {
			return -ECHILD;
		}
		if (!tick(data)) {
			return -EINTR;
		}
		if (clock_now_ns() > until_ns) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

static int measure(struct child *child, double seconds, bool (*tick)(void *data), void *data,
		struct bench_player *player) {
	const unsigned last = WARM_UP_LINES + (unsigned)(seconds < 1 ? 1 : seconds);
	int r = wait_lines(child, WARM_UP_LINES, clock_now_ns() + START_NS, tick, data);
	if (r < 0) {
		return r;
	}
	const uint64_t shown = child->shown;
	r = bench_tree_read(&player->from, child->pid);
	if (r == 0) {
		r = wait_lines(child, last,
				clock_now_ns() + (uint64_t)(seconds * 2e9) + 5 * NS_PER_S, tick,
				data);
	}
	if (r == 0) {
		r = bench_tree_read(&player->to, child->pid);
	}
	if (r < 0) {
		return r;
	}
	const double ns = (double)(player->to.at_ns - player->from.at_ns);
	const double cpu_ns = (double)bench_tree_cpu_ns(&player->from, &player->to);
	player->seconds = ns / 1e9;
	player->frames = child->shown - shown;
	player->cpu_percent = cpu_ns / ns * 100;
	player->cpu_us = player->frames > 0 ? cpu_ns / 1e3 / (double)player->frames : 0;
	player->known = true;
	return 0;
}

static void end(struct child *child, bool (*tick)(void *data), void *data) {
	kill(child->pid, SIGTERM);
	const uint64_t until_ns = clock_now_ns() + STOP_NS;
	while (waitpid(child->pid, NULL, WNOHANG) == 0) {
		(void)read_line(child);
		if (clock_now_ns() > until_ns) {
			kill(child->pid, SIGKILL);
			(void)waitpid(child->pid, NULL, 0);
			break;
		}
		(void)tick(data);
		clock_sleep_ns(5 * NS_PER_MS);
	}
	close(child->out);
}

int bench_player_measure(struct bench_player *ret_player, const struct config *config,
		const struct demo_info *guest, double seconds, bool (*tick)(void *data),
		void *data) {
	static struct child child;
	static struct words words;
	char *argv[WORDS_MAX + 1] = { NULL };
	memset(ret_player, 0, sizeof *ret_player);
	memset(&child, 0, sizeof child);
	words.count = 0;
	build_words(&words, config, guest);
	for (unsigned i = 0; i < words.count; i++) {
		argv[i] = words.text[i];
	}
	int r = program_spawn(PROGRAM, argv, &child.pid, NULL, &child.out);
	if (r == 0) {
		(void)fcntl(child.out, F_SETFL, O_NONBLOCK);
		r = measure(&child, seconds, tick, data, ret_player);
		end(&child, tick, data);
	}
	if (r < 0 && r != -EINTR) {
		log_warn("the whole cost of playing is not measured: pierglass, started as a player starts it, "
			 "shows no picture (%s)",
				strerrordesc_np(-r));
		return 0;
	}
	return r;
}
