/*
 * pierglass-demo-guest: a guest without a VM. Picture and pointer in shared memory as a Looking
 * Glass host program writes them, a quiet tone as Scream packets, and a SPICE server whose input is
 * drawn in the picture. For --demo, the bench, tests, and for trying another client.
 *
 * stdin: commands, one a line (host-proto/demo_guest.h, and those in obey_line() here).
 * stdout: one line "ready shm=PATH spice=URI group=G port=P interface=I"; with --report JSON lines.
 * All files are in one private folder and are removed at the end.
 */
#define LOG_MODULE "demo-guest"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/parse.h"
#include "base/runtime_folder.h"
#include "host-proto/kvmfr_input.h"
#include "host-proto/shm.h"
#include "host-proto/sim/peer.h"
#include "host-proto/spice/wire.h"
#include "tools/demo-guest/demo_agent.h"
#include "tools/demo-guest/demo_keys.h"
#include "tools/demo-guest/demo_options.h"
#include "tools/demo-guest/demo_producer.h"
#include "tools/demo-guest/demo_tone.h"

struct program {
	struct demo_options options;
	bool own_dir;
	char shm_path[SHM_PATH_BYTES];
	char spice_path[SHM_PATH_BYTES];
	struct shm *shm;
	struct loop *loop;
	struct loop_source *input;
	struct demo_producer *producer;
	struct demo_tone *tone;
	struct spice_peer *peer;
	struct demo_agent *agent;  /* NULL: none runs in the guest */
	pthread_mutex_t keys_lock; /* SPICE's come on this thread, the stream's on the producer's */
	struct demo_keys keys;
	struct loop_source *leds_wake;
	atomic_bool host_clip; /* the newest content is the desktop's, over the host's streams */
	atomic_uint host_leds; /* after a lock key over the stream: enum spice_modifier */
	unsigned spice_leds;   /* those that SPICE is known to have */
	int signal_fd;
	char line[DEMO_COMMAND_BYTES];
	size_t line_used;
};

/* --- files -------------------------------------------------------------------------------- */

static int make_dir(struct program *program) {
	char *dir = program->options.dir;
	if (dir[0]) {
		program->own_dir = true; /* also one that is there: a killed player's */
		return mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : 0;
	}
	int r = runtime_folder_temporary("pierglass-demo-", dir, sizeof program->options.dir);
	program->own_dir = r == 0;
	return r;
}

/* A new file, never an old one with a client's mapping on it. */
static int make_memory(struct program *program) {
	const struct demo_options *options = &program->options;
	const uint64_t bytes = options->memory_mib ? options->memory_mib << 20
						   : demo_guest_memory_bytes(&options->guest);
	if (bytes == 0) {
		return -EINVAL;
	}
	(void)unlink(program->shm_path);
	int fd = open(program->shm_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return -errno;
	}
	int r = ftruncate(fd, (off_t)bytes) < 0 ? -errno : 0;
	close(fd);
	return r < 0 ? r : shm_map(&program->shm, program->shm_path);
}

static void remove_files(struct program *program) {
	if (program->shm_path[0]) {
		(void)unlink(program->shm_path);
	}
	if (program->spice_path[0]) {
		(void)unlink(program->spice_path);
	}
	if (program->own_dir) {
		(void)rmdir(program->options.dir);
	}
}

/* --- input that arrives by SPICE, or over the host's own stream ----------------------------- */

static void order(struct program *program, const struct demo_order *what) {
	if (!program->producer) {
		return; /* its memory could not be made anew: we are leaving */
	}
	if (demo_producer_order(program->producer, what) < 0) {
		log_warn_limited("the guest is too busy for more commands");
	}
}

static void show(struct program *program, unsigned line, const char *text) {
	struct demo_order what = { .kind = DEMO_ORDER_SHOW, .line = line };
	snprintf(what.text, sizeof what.text, "%s", text);
	order(program, &what);
}

static void show_keys(struct program *program) {
	char text[DEMO_TEXT_BYTES];
	pthread_mutex_lock(&program->keys_lock);
	demo_keys_held(&program->keys, text, sizeof text);
	pthread_mutex_unlock(&program->keys_lock);
	show(program, 0, text);
}

enum via { VIA_SPICE, VIA_HOST };

static void report_input(const struct program *program, const char *event, const char *name,
		int64_t code, int64_t value, enum via via) {
	struct json json;
	if (!program->options.report) {
		return;
	}
	flockfile(stdout);
	json_begin(&json, stdout);
	json_string(&json, "event", event);
	json_string(&json, "name", name);
	json_int(&json, "code", code);
	json_int(&json, "value", value);
	json_string(&json, "via", via == VIA_HOST ? "host" : "spice");
	json_int(&json, "time_ns", (int64_t)clock_now_ns());
	json_finish(&json);
	funlockfile(stdout);
}

static void key(struct program *program, unsigned scancode, bool pressed, enum via via) {
	pthread_mutex_lock(&program->keys_lock);
	demo_keys_key(&program->keys, scancode, pressed);
	pthread_mutex_unlock(&program->keys_lock);
	report_input(program, "key", demo_keys_name(scancode), scancode, pressed, via);
	show_keys(program);
}

static void button(struct program *program, unsigned number, bool pressed, enum via via) {
	pthread_mutex_lock(&program->keys_lock);
	demo_keys_button(&program->keys, number, pressed);
	pthread_mutex_unlock(&program->keys_lock);
	report_input(program, "button", demo_keys_button_name(number), number, pressed, via);
	show_keys(program);
}

static void wheel(struct program *program, int notches, enum via via) {
	pthread_mutex_lock(&program->keys_lock);
	program->keys.wheel += notches;
	pthread_mutex_unlock(&program->keys_lock);
	report_input(program, "wheel", "wheel", 0, notches, via);
	show_keys(program);
}

static void motion(struct program *program, int32_t dx, int32_t dy, enum via via) {
	struct demo_order what = { .kind = DEMO_ORDER_BY, .x = dx, .y = dy };
	report_input(program, "motion", "motion", dx, dy, via);
	order(program, &what);
}

/* One guest, one state of its lock keys, whichever keyboard they were pressed on. */
static const struct {
	unsigned spice, host;
} lock_leds[] = { { SPICE_NUM_LOCK, KVMFR_LED_NUM }, { SPICE_CAPS_LOCK, KVMFR_LED_CAPS },
	{ SPICE_SCROLL_LOCK, KVMFR_LED_SCROLL } };

static void tell_host_leds(struct program *program) {
	const unsigned leds = spice_peer_state(program->peer)->leds;
	struct demo_order what = { .kind = DEMO_ORDER_LEDS };
	if (leds == program->spice_leds) {
		return;
	}
	program->spice_leds = leds;
	for (size_t i = 0; i < sizeof lock_leds / sizeof *lock_leds; i++) {
		what.leds |= leds & lock_leds[i].spice ? lock_leds[i].host : 0u;
	}
	order(program, &what);
}

static void on_host_leds(unsigned leds, void *data) {
	struct program *program = data;
	unsigned spice = 0;
	for (size_t i = 0; i < sizeof lock_leds / sizeof *lock_leds; i++) {
		spice |= leds & lock_leds[i].host ? lock_leds[i].spice : 0u;
	}
	atomic_store(&program->host_leds, spice);
	loop_wake(program->leds_wake);
}

static void on_leds_wake(void *data) {
	struct program *program = data;
	if (program->peer) {
		program->spice_leds = atomic_load(&program->host_leds);
		spice_peer_set_leds(program->peer, program->spice_leds);
	}
}

static void on_key(unsigned scancode, bool pressed, void *data) {
	key(data, scancode, pressed, VIA_SPICE);
	tell_host_leds(data);
}

static void on_button(unsigned number, bool pressed, void *data) {
	button(data, number, pressed, VIA_SPICE);
}

static void on_wheel(int notches, void *data) {
	wheel(data, notches, VIA_SPICE);
}

static void on_motion(int32_t dx, int32_t dy, void *data) {
	motion(data, dx, dy, VIA_SPICE);
}

static void on_host_key(unsigned scancode, bool pressed, void *data) {
	key(data, scancode, pressed, VIA_HOST);
}

static void on_host_button(unsigned number, bool pressed, void *data) {
	button(data, number, pressed, VIA_HOST);
}

static void on_host_wheel(int notches, void *data) {
	wheel(data, notches, VIA_HOST);
}

static void on_host_motion(int32_t dx, int32_t dy, void *data) {
	motion(data, dx, dy, VIA_HOST);
}

static void on_host_owner(bool owned, void *data) {
	struct program *program = data;
	report_input(program, "input", owned ? "owned" : "free", 0, owned, VIA_HOST);
}

static void on_host_clip(const char *name, int64_t code, int64_t value, void *data) {
	struct program *program = data;
	if (strcmp(name, "offered") == 0 || strcmp(name, "gone") == 0) {
		atomic_store(&program->host_clip, code != 0);
	}
	report_input(program, "clip", name, code, value, VIA_HOST);
}

static int start_producer(struct program *program, struct demo_producer **ret_producer) {
	const struct input_host_events input = { .key = on_host_key,
		.button = on_host_button,
		.wheel = on_host_wheel,
		.motion = on_host_motion,
		.owner = on_host_owner,
		.leds = on_host_leds,
		.data = program };
	return demo_producer_start(ret_producer, program->shm, &program->options.guest, &input,
			on_host_clip, program, program->options.report);
}

static void on_position(uint32_t x, uint32_t y, void *data) {
	struct program *program = data;
	struct demo_order what = { .kind = DEMO_ORDER_TO,
		.x = x < INT16_MAX ? (int)x : INT16_MAX,
		.y = y < INT16_MAX ? (int)y : INT16_MAX };
	report_input(program, "position", "position", what.x, what.y, VIA_SPICE);
	order(program, &what);
}

static void on_session(bool connected, void *data) {
	struct program *program = data;
	report_input(program, "spice", connected ? "connected" : "gone", 0, connected, VIA_SPICE);
	show(program, 1, connected ? "SPICE CONNECTED" : "");
}

static void on_message(enum spice_channel_type channel, unsigned type, const uint8_t *body,
		size_t len, void *data) {
	struct program *program = data;
	if (channel == SPICE_CHANNEL_MAIN && program->agent) {
		demo_agent_message(program->agent, type, body, len);
	}
}

static void on_agent(const char *name, int64_t code, int64_t value, void *data) {
	report_input(data, "clip", name, code, value, VIA_SPICE);
}

static void on_peer(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	struct program *program = data;
	int r = spice_peer_step(program->peer);
	if (r < 0) {
		log_error("the SPICE server failed (%s)", strerrordesc_np(-r));
		loop_quit(program->loop, r);
	}
}

static int start_peer(struct program *program, char *ret_uri, size_t size) {
	const struct demo_options *options = &program->options;
	snprintf(ret_uri, size, "off");
	if (!options->spice) {
		program->spice_path[0] = '\0';
		return 0;
	}
	const struct spice_peer_config config = {
		.unix_path = options->spice_tcp ? NULL : program->spice_path,
		.tcp = options->spice_tcp,
		.password = options->password[0] ? options->password : NULL,
		.name = "pierglass demo",
		.absolute = options->absolute,
		.agent = options->agent,
	};
	const struct spice_peer_events events = { .key = on_key,
		.button = on_button,
		.wheel = on_wheel,
		.motion = on_motion,
		.position = on_position,
		.session = on_session,
		.message = on_message,
		.data = program };
	int r = options->agent ? demo_agent_create(&program->agent, options->agent_windows,
						 on_agent, program)
			       : 0;
	if (r == 0) {
		r = spice_peer_create(&program->peer, &config, &events);
	}
	if (r < 0) {
		return r;
	}
	if (program->agent) {
		demo_agent_set_peer(program->agent, program->peer);
	}
	if (options->spice_tcp) {
		program->spice_path[0] = '\0';
		snprintf(ret_uri, size, "127.0.0.1:%u", spice_peer_port(program->peer));
	} else {
		snprintf(ret_uri, size, "unix:%s", program->spice_path);
	}
	return loop_add_fd(program->loop, spice_peer_fd(program->peer), EPOLLIN, on_peer, program)
			       ? 0
			       : -ENOMEM;
}

/* --- commands ----------------------------------------------------------------------------- */

static int replace_memory(struct program *program) {
	struct shm *before = program->shm;
	int r = make_memory(program);
	if (r < 0) {
		return r;
	}
	/* The guest goes on in the new file as a new process would. */
	struct demo_producer *producer;
	demo_producer_stop(program->producer);
	program->producer = NULL;
	r = start_producer(program, &producer);
	shm_unref(before);
	if (r == 0) {
		program->producer = producer;
	}
	return r;
}

/* One user, whichever way a program outside takes what was copied. */
static void obey_clip(struct program *program, const char *line) {
	const bool paste = strncmp(line, "paste ", 6) == 0;
	const bool host = program->options.guest.kvmfr >= 34 && strncmp(line, "agent ", 6) != 0;
	if (host && (!paste || atomic_load(&program->host_clip) || !program->agent)) {
		struct demo_order what = { .kind = DEMO_ORDER_CLIP };
		snprintf(what.text, sizeof what.text, "%s", line);
		order(program, &what);
		if (paste) {
			return;
		}
	}
	if (program->agent && !demo_agent_command(program->agent, line)) {
		log_warn("no such command of the clipboard: %s", line);
	}
}

/* Those that concern files, sound and SPICE; the rest goes to the guest. */
static void obey_line(struct program *program, const char *line) {
	int64_t number;
	if (line[0] == '\0' || line[0] == '#') {
		return;
	}
	if (strcmp(line, "quit") == 0) {
		loop_quit(program->loop, 0);
	} else if (strncmp(line, "cut ", 4) == 0 && parse_int(line + 4, 0, INT64_MAX, &number)) {
		if (truncate(program->shm_path, number) < 0) {
			log_warn("cannot cut %s (%m)", program->shm_path);
		}
	} else if (strcmp(line, "replace") == 0) {
		int r = replace_memory(program);
		if (r < 0) {
			log_error("cannot create the memory again (%s)", strerrordesc_np(-r));
			loop_quit(program->loop, r);
		}
	} else if (strcmp(line, "remove") == 0) {
		(void)unlink(program->shm_path);
	} else if (strcmp(line, "sound on") == 0 || strcmp(line, "sound off") == 0) {
		if (program->tone) {
			demo_tone_set_playing(program->tone, line[7] == 'n');
		}
	} else if (strncmp(line, "clip ", 5) == 0) {
		obey_clip(program, line + 5);
	} else if (strcmp(line, "spice close") == 0 && program->peer) {
		spice_peer_close(program->peer, SPICE_CHANNEL_NONE);
	} else if (strcmp(line, "spice migrate") == 0 && program->peer) {
		static const uint8_t flags[4];
		(void)spice_peer_send(program->peer, SPICE_CHANNEL_MAIN, SPICE_MIGRATE, flags,
				sizeof flags);
	} else {
		struct demo_order what = { .kind = DEMO_ORDER_COMMAND };
		if ((size_t)snprintf(what.text, sizeof what.text, "%s", line) >= sizeof what.text) {
			log_warn("no such command: %s", line);
			return;
		}
		order(program, &what);
	}
}

static void take_bytes(struct program *program, const char *bytes, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n') {
			if (program->line_used < sizeof program->line) {
				program->line[program->line_used++] = bytes[i];
			}
		} else if (program->line_used == sizeof program->line) {
			log_warn("a command of more than %zu bytes is ignored",
					sizeof program->line - 1);
			program->line_used = 0;
		} else {
			program->line[program->line_used] = '\0';
			program->line_used = 0;
			obey_line(program, program->line);
		}
	}
}

static void on_stdin(int fd, uint32_t events, void *data) {
	(void)events;
	struct program *program = data;
	char bytes[256];
	const ssize_t got = read(fd, bytes, sizeof bytes);
	if (got > 0) {
		take_bytes(program, bytes, (size_t)got);
	} else if (got == 0 || errno != EAGAIN) {
		/* No more commands; the guest goes on. */
		loop_remove(program->input);
		program->input = NULL;
	}
}

static void on_signal(int fd, uint32_t events, void *data) {
	(void)events;
	struct program *program = data;
	struct signalfd_siginfo info;
	if (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		loop_quit(program->loop, 0);
	}
}

static void on_timeout(void *data) {
	struct program *program = data;
	loop_quit(program->loop, 0);
}

/* --- life --------------------------------------------------------------------------------- */

static void say_ready(const struct program *program, const char *uri) {
	const struct demo_options *options = &program->options;
	printf("ready shm=%s spice=%s group=%s port=%u interface=%s\n", program->shm_path, uri,
			program->tone ? options->tone.group : "off", options->tone.port,
			options->tone.interface);
	fflush(stdout);
}

static void start_sound(struct program *program) {
	struct demo_options *options = &program->options;
	if (!options->sound) {
		return;
	}
	if (options->tone.port == 0) {
		options->tone.port = demo_tone_free_port();
	}
	int r = demo_tone_create(&program->tone, program->loop, &options->tone);
	if (r < 0) {
		/* Picture and input are worth having without it. */
		log_warn("no sound on %s (%s)", options->tone.interface, strerrordesc_np(-r));
		program->tone = NULL;
	}
}

static int say_failed(const char *what, const char *where, int r) {
	log_error("%s cannot be made: %s: %s", what, where, strerrordesc_np(-r));
	return r;
}

static int start(struct program *program) {
	struct demo_options *options = &program->options;
	char uri[SHM_PATH_BYTES + 8];
	int r = make_dir(program);
	if (r < 0) {
		return say_failed(_("the folder"), options->dir, r);
	}
	snprintf(program->shm_path, sizeof program->shm_path, "%s", options->shm_path);
	if (!program->shm_path[0]) {
		snprintf(program->shm_path, sizeof program->shm_path, "%s/looking-glass",
				options->dir);
	}
	snprintf(program->spice_path, sizeof program->spice_path, "%s/spice", options->dir);
	r = make_memory(program);
	if (r < 0) {
		return say_failed(_("the shared memory"), program->shm_path, r);
	}
	program->leds_wake = loop_add_wake(program->loop, on_leds_wake, program);
	if (!program->leds_wake) {
		return -ENOMEM;
	}
	r = start_producer(program, &program->producer);
	if (r < 0) {
		return say_failed(_("the picture (is --memory too small for it?)"),
				program->shm_path, r);
	}
	start_sound(program);
	r = start_peer(program, uri, sizeof uri);
	if (r < 0) {
		return say_failed(_("the SPICE server"),
				options->spice_tcp ? "127.0.0.1" : program->spice_path, r);
	}
	for (unsigned i = 0; i < options->command_count; i++) {
		obey_line(program, options->commands[i]);
	}
	struct loop_source *timer = loop_add_timer(program->loop, on_timeout, program);
	if (!timer || !loop_add_fd(program->loop, program->signal_fd, EPOLLIN, on_signal,
				      program)) {
		return -ENOMEM;
	}
	/* A file cannot be watched; then there are no commands. */
	program->input = loop_add_fd(program->loop, STDIN_FILENO, EPOLLIN, on_stdin, program);
	if (options->seconds > 0) {
		loop_set_timer(timer, clock_now_ns() + (uint64_t)options->seconds * NS_PER_S);
	}
	say_ready(program, uri);
	return 0;
}

static void stop(struct program *program) {
	demo_tone_destroy(program->tone);
	demo_agent_destroy(program->agent);
	program->agent = NULL;
	spice_peer_destroy(program->peer);
	demo_producer_stop(program->producer);
	shm_unref(program->shm);
	loop_destroy(program->loop);
	remove_files(program);
}

static int block_signals(void) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv) {
	static struct program program = { .keys_lock = PTHREAD_MUTEX_INITIALIZER };
	i18n_init();
	int status = demo_options_read(&program.options, argc, argv);
	if (status >= 0) {
		return status;
	}
	const pid_t parent = getppid();
	program.signal_fd = block_signals();
	if (program.options.parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent) {
			return 0;
		}
	}
	umask(077);
	int r = program.signal_fd < 0 ? -errno : loop_create(&program.loop);
	if (r == 0) {
		r = start(&program);
		if (r == 0) {
			r = loop_run(program.loop);
		}
	} else {
		log_error("no event loop: %s", strerrordesc_np(-r));
	}
	stop(&program);
	return r < 0 ? 1 : 0;
}
