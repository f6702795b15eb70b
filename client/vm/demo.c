#define LOG_MODULE "demo"
#include "client/vm/demo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/runtime_folder.h"
#include "client/config/config.h"
#include "client/platform/programs.h"

#define PROGRAM       "pierglass-demo-guest"
#define READY_NS      (5 * NS_PER_S)
#define STOP_NS       (2 * NS_PER_S)
#define RESTART_NS    NS_PER_S
#define ARGUMENTS_MAX 24
#define ARGUMENT_SIZE 224
#define LINE_SIZE     1024

struct demo {
	char dir[160];
	unsigned count;
	char arguments[ARGUMENTS_MAX][ARGUMENT_SIZE];
	bool report;
	struct demo_info info;

	pid_t pid; /* 0 = dead */
	int in, out;
	int pidfd;

	struct loop *loop;
	struct loop_source *exit_source;
	struct loop_source *timer;
};

__attribute__((format(printf, 2, 3))) static void add(struct demo *demo, const char *format, ...) {
	va_list args;
	if (demo->count < ARGUMENTS_MAX - 1) {
		va_start(args, format);
		vsnprintf(demo->arguments[demo->count++], ARGUMENT_SIZE, format, args);
		va_end(args);
	}
}

const char *demo_format_name(enum guest_format format) {
	switch (format) {
	case GUEST_FORMAT_BGRA:
		return "bgra";
	case GUEST_FORMAT_RGBA:
		return "rgba";
	case GUEST_FORMAT_RGBA10:
		return "rgba10";
	case GUEST_FORMAT_RGBA16F:
		return "rgba16f";
	case GUEST_FORMAT_BGR32:
		return "bgr_32";
	case GUEST_FORMAT_RGB24:
		return "rgb_24";
	}
	return "bgra";
}

static const char *damage_name(enum guest_damage damage) {
	switch (damage) {
	case GUEST_DAMAGE_MOVING:
		return "rects";
	case GUEST_DAMAGE_DESKTOP:
		return "1"; /* per cent */
	case GUEST_DAMAGE_FULL:
	case GUEST_DAMAGE_NONE:
		break;
	}
	return "full";
}

static void build_arguments(
		struct demo *demo, const struct guest_options *guest, unsigned features) {
	uint8_t random[4] = { 77, 99, 0, 0 };
	(void)!getrandom(random, sizeof random, GRND_NONBLOCK);
	add(demo, "%s", PROGRAM);
	add(demo, "--parent");
	add(demo, "--dir=%s", demo->dir);
	add(demo, "--size=%dx%d", guest->width, guest->height);
	add(demo, "--fps=%d", guest->damage == GUEST_DAMAGE_NONE ? 0 : guest->fps);
	add(demo, "--format=%s", demo_format_name(guest->format));
	if (guest->damage == GUEST_DAMAGE_NONE) {
		add(demo, "--cursor-still");
	}
	static const char *const hosts[] = { "B6", "B7", "34" };
	add(demo, "--host=%s", hosts[guest->host]);
	const bool scene = features & DEMO_SCENE && guest->damage == GUEST_DAMAGE_MOVING;
	add(demo, "--damage=%s", scene ? "scene" : damage_name(guest->damage));
	add(demo, "--spice=%s", features & DEMO_SPICE ? "unix" : "off");
	add(demo, "--sound=%s", features & DEMO_SOUND ? "on" : "off");
	/* A group that nobody else sends to, also when several demos run. */
	add(demo, "--group=239.255.%u.%u", random[0], random[1] % 254 + 1);
	if (features & DEMO_REPORT) {
		add(demo, "--report");
	}
}

static void close_pipes(struct demo *demo) {
	if (demo->in >= 0) {
		close(demo->in);
	}
	if (demo->out >= 0) {
		close(demo->out);
	}
	demo->in = -1;
	demo->out = -1;
}

static int spawn(struct demo *demo) {
	char *argv[ARGUMENTS_MAX];
	for (unsigned i = 0; i < demo->count; i++) {
		argv[i] = demo->arguments[i];
	}
	argv[demo->count] = NULL;
	int r = program_spawn(PROGRAM, argv, &demo->pid, &demo->in, &demo->out);
	if (r < 0) {
		demo->pid = 0;
		return r;
	}
	(void)fcntl(demo->out, F_SETFL, O_NONBLOCK);
	demo->pidfd = (int)syscall(SYS_pidfd_open, demo->pid, 0);
	return 0;
}

/* --- the ready line ----------------------------------------------------------------------- */

static bool take_word(const char *word, struct demo_info *info) {
	const char *value = strchr(word, '=');
	if (!value) {
		return false;
	}
	value++;
	if (strncmp(word, "shm=", 4) == 0) {
		snprintf(info->shm_path, sizeof info->shm_path, "%s", value);
	} else if (strncmp(word, "spice=", 6) == 0) {
		snprintf(info->spice_uri, sizeof info->spice_uri, "%s", value);
	} else if (strncmp(word, "group=", 6) == 0) {
		snprintf(info->group, sizeof info->group, "%s", value);
	} else if (strncmp(word, "port=", 5) == 0) {
		info->port = (uint16_t)strtoul(value, NULL, 10);
	} else if (strncmp(word, "interface=", 10) == 0) {
		snprintf(info->interface, sizeof info->interface, "%s", value);
	}
	return true;
}

static int parse_ready(char *line, struct demo_info *info) {
	char *rest = NULL;
	const char *word = strtok_r(line, " ", &rest);
	if (!word || strcmp(word, "ready") != 0) {
		return -EPROTO;
	}
	memset(info, 0, sizeof *info);
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (!take_word(word, info)) {
			return -EPROTO;
		}
	}
	return info->shm_path[0] ? 0 : -EPROTO;
}

/* Byte by byte up to the end of the line: what follows is reports. */
static int wait_ready(struct demo *demo) {
	char line[LINE_SIZE];
	size_t used = 0;
	const uint64_t give_up_ns = clock_now_ns() + READY_NS;
	for (;;) {
		const ssize_t got = read(demo->out, line + used, 1);
		if (got == 1 && line[used] == '\n') {
			line[used] = '\0';
			return parse_ready(line, &demo->info);
		}
		if (got == 1 && ++used < sizeof line) {
			continue;
		}
		if (got >= 0 || errno != EAGAIN) {
			return got == 1 ? -EPROTO : -ECHILD;
		}
		const uint64_t now_ns = clock_now_ns();
		if (now_ns >= give_up_ns) {
			return -ETIMEDOUT;
		}
		struct pollfd fd = { .fd = demo->out, .events = POLLIN };
		(void)poll(&fd, 1, (int)((give_up_ns - now_ns) / NS_PER_MS) + 1);
	}
}

/* --- dying and being started again -------------------------------------------------------- */

static void reap(struct demo *demo) {
	if (demo->pid > 0) {
		(void)waitpid(demo->pid, NULL, 0);
		demo->pid = 0;
	}
	loop_remove(demo->exit_source);
	demo->exit_source = NULL;
	if (demo->pidfd >= 0) {
		close(demo->pidfd);
		demo->pidfd = -1;
	}
	close_pipes(demo);
}

static void on_exit_of_child(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	struct demo *demo = data;
	reap(demo);
	log_warn("the demo guest ended, starting it again");
	loop_set_timer(demo->timer, clock_now_ns() + RESTART_NS);
}

static int watch(struct demo *demo) {
	demo->exit_source = loop_add_fd(demo->loop, demo->pidfd, EPOLLIN, on_exit_of_child, demo);
	return demo->exit_source ? 0 : -ENOMEM;
}

static void on_restart(void *data) {
	struct demo *demo = data;
	int r = spawn(demo);
	if (r == 0) {
		r = watch(demo);
	}
	if (r < 0) {
		log_warn("cannot start the demo guest (%s), trying again", strerrordesc_np(-r));
		loop_set_timer(demo->timer, clock_now_ns() + RESTART_NS);
	}
}

int demo_watch(struct demo *demo, struct loop *loop) {
	demo->loop = loop;
	demo->timer = loop_add_timer(loop, on_restart, demo);
	if (!demo->timer || demo->pidfd < 0) {
		return demo->timer ? -ENOSYS : -ENOMEM;
	}
	return watch(demo);
}

/* --- life --------------------------------------------------------------------------------- */

int demo_start(struct demo **ret_demo, const struct guest_options *guest, unsigned features,
		struct demo_info *ret_info) {
	struct demo *demo = calloc(1, sizeof *demo);
	if (!demo) {
		return -ENOMEM;
	}
	demo->in = -1;
	demo->out = -1;
	demo->pidfd = -1;
	demo->report = features & DEMO_REPORT;
	int r = runtime_folder_temporary("pierglass-demo-", demo->dir, sizeof demo->dir);
	if (r < 0) {
		free(demo);
		return r;
	}
	build_arguments(demo, guest, features);
	r = spawn(demo);
	if (r == 0) {
		r = wait_ready(demo);
	}
	if (r < 0) {
		demo_stop(demo);
		return r;
	}
	/* A restarted one must be found where this one was. */
	add(demo, "--port=%u", demo->info.port);
	*ret_info = demo->info;
	*ret_demo = demo;
	return 0;
}

/* SIGTERM, and SIGKILL when that is not enough. */
static void end_child(struct demo *demo) {
	if (demo->pid <= 0) {
		return;
	}
	kill(demo->pid, SIGTERM);
	const uint64_t give_up_ns = clock_now_ns() + STOP_NS;
	while (clock_now_ns() < give_up_ns) {
		const pid_t r = waitpid(demo->pid, NULL, WNOHANG);
		if (r != 0) {
			demo->pid = 0;
			return;
		}
		/* Its last reports may fill the pipe that it waits on. */
		char sink[4096];
		if (demo->out >= 0 && read(demo->out, sink, sizeof sink) > 0) {
			continue;
		}
		clock_sleep_ns(2 * NS_PER_MS);
	}
	kill(demo->pid, SIGKILL);
}

static void remove_left_overs(const struct demo *demo) {
	char path[sizeof demo->dir + 32];
	snprintf(path, sizeof path, "%s/looking-glass", demo->dir);
	(void)unlink(path);
	snprintf(path, sizeof path, "%s/spice", demo->dir);
	(void)unlink(path);
	(void)rmdir(demo->dir);
}

void demo_stop(struct demo *demo) {
	if (!demo) {
		return;
	}
	end_child(demo);
	reap(demo);
	loop_remove(demo->timer);
	remove_left_overs(demo);
	free(demo);
}

int demo_report_fd(const struct demo *demo) {
	return demo->report ? demo->out : -1;
}
