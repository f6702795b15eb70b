/*
 * pierglass-demo-guest: a guest without a VM. Picture and pointer in shared memory as a Looking
 * Glass host program writes them, a quiet tone as Scream packets, and a SPICE server whose input is
 * drawn in the picture. For --demo, the bench, tests, and for trying another client.
 *
 * stdin: commands, one a line (host-proto/demo_guest.h, and those in obey_line() here).
 * stdout: one line "ready shm=PATH spice=URI group=G port=P interface=I"; with --report JSON lines.
 * All files are in one private folder and are removed at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "demo-guest"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/parse.h"
#include "host-proto/shm.h"
#include "host-proto/spice/peer.h"
#include "tools/demo_keys.h"
#include "tools/demo_producer.h"
#include "tools/demo_tone.h"

#define COMMANDS_MAX 16
#define LINE_BYTES   256

struct options {
	struct demo_guest_config guest;
	char shm_path[SHM_PATH_BYTES]; /* "" = in the folder */
	char dir[200];                 /* "" = a fresh one */
	uint64_t memory_mib;           /* 0 = as much as needed */
	bool spice, spice_tcp, absolute;
	char password[64];
	bool sound;
	struct demo_tone_config tone;
	bool report, parent;
	int64_t seconds;
	unsigned command_count;
	const char *commands[COMMANDS_MAX];
};

struct program {
	struct options options;
	bool own_dir;
	char shm_path[SHM_PATH_BYTES];
	char spice_path[SHM_PATH_BYTES];
	struct shm *shm;
	struct loop *loop;
	struct loop_source *input;
	struct demo_producer *producer;
	struct demo_tone *tone;
	struct spice_peer *peer;
	struct demo_keys keys;
	int signal_fd;
	char line[LINE_BYTES];
	size_t line_used;
};

/* --- options ------------------------------------------------------------------------------ */

static const char help_text[] =
		"Usage: pierglass-demo-guest [OPTION]...\n"
		"A guest without a VM: picture, pointer, sound and a SPICE server.\n"
		"\n"
		"  --size WxH          of the picture (1920x1080)\n"
		"  --fps N             frames a second, 0 = a still picture (60)\n"
		"  --format NAME       bgra rgba rgba10 rgba16f bgr_32 rgb_24 (bgra)\n"
		"  --host NAME         B6, B7 or 34: KVMFR 19, 20, 34 (B7)\n"
		"  --damage NAME       full, rects, or a percentage of the picture (full)\n"
		"  --screen WxH        size of the screen that was captured (as the picture)\n"
		"  --padding N         bytes after each row (0)\n"
		"  --rotation N        0..3 (0)\n"
		"  --flags N           frame flags: 8 = HDR, 16 = PQ (0)\n"
		"  --cursor NAME       cycle color mono masked hidden none (cycle)\n"
		"  --cursor-still      the pointer does not move by itself\n"
		"  --session N         id of the first session (any)\n"
		"  --memory MIB        size of the shared memory (as needed)\n"
		"  --shm PATH          the shared memory file (in the folder)\n"
		"  --dir PATH          the folder (a fresh one)\n"
		"  --spice unix|tcp|off (unix)\n"
		"  --spice-password-file FILE\n"
		"  --no-absolute       the SPICE server offers relative motion only\n"
		"  --sound on|off      (on)\n"
		"  --group A.B.C.D     multicast group (239.255.77.99)\n"
		"  --port N            (a free one)\n"
		"  --interface NAME    (lo)\n"
		"  --tone HZ           (440)\n"
		"  --command TEXT      as if it were read at the start; may repeat\n"
		"  --report            JSON lines on stdout\n"
		"  --parent            end with the process that started this one\n"
		"  --seconds N         leave after that time\n"
		"  --help\n";

enum option_id {
	OPT_SIZE = 256,
	OPT_FPS,
	OPT_FORMAT,
	OPT_HOST,
	OPT_DAMAGE,
	OPT_SCREEN,
	OPT_PADDING,
	OPT_ROTATION,
	OPT_FLAGS,
	OPT_CURSOR,
	OPT_CURSOR_STILL,
	OPT_SESSION,
	OPT_MEMORY,
	OPT_SHM,
	OPT_DIR,
	OPT_SPICE,
	OPT_PASSWORD_FILE,
	OPT_NO_ABSOLUTE,
	OPT_SOUND,
	OPT_GROUP,
	OPT_PORT,
	OPT_INTERFACE,
	OPT_TONE,
	OPT_COMMAND,
	OPT_REPORT,
	OPT_PARENT,
	OPT_SECONDS,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "fps", required_argument, NULL, OPT_FPS },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "host", required_argument, NULL, OPT_HOST },
	{ "damage", required_argument, NULL, OPT_DAMAGE },
	{ "screen", required_argument, NULL, OPT_SCREEN },
	{ "padding", required_argument, NULL, OPT_PADDING },
	{ "rotation", required_argument, NULL, OPT_ROTATION },
	{ "flags", required_argument, NULL, OPT_FLAGS },
	{ "cursor", required_argument, NULL, OPT_CURSOR },
	{ "cursor-still", no_argument, NULL, OPT_CURSOR_STILL },
	{ "session", required_argument, NULL, OPT_SESSION },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "shm", required_argument, NULL, OPT_SHM },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "spice", required_argument, NULL, OPT_SPICE },
	{ "spice-password-file", required_argument, NULL, OPT_PASSWORD_FILE },
	{ "no-absolute", no_argument, NULL, OPT_NO_ABSOLUTE },
	{ "sound", required_argument, NULL, OPT_SOUND },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "interface", required_argument, NULL, OPT_INTERFACE },
	{ "tone", required_argument, NULL, OPT_TONE },
	{ "command", required_argument, NULL, OPT_COMMAND },
	{ "report", no_argument, NULL, OPT_REPORT },
	{ "parent", no_argument, NULL, OPT_PARENT },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool copy_text(char *dst, size_t size, const char *src) {
	return (size_t)snprintf(dst, size, "%s", src) < size;
}

static bool read_number(const char *text, int64_t max, unsigned *ret_value) {
	int64_t value;
	if (!parse_int(text, 0, max, &value)) {
		return false;
	}
	*ret_value = (unsigned)value;
	return true;
}

static bool read_host(const char *name, unsigned *ret_kvmfr) {
	if (strcasecmp(name, "B6") == 0) {
		*ret_kvmfr = 19;
	} else if (strcasecmp(name, "B7") == 0) {
		*ret_kvmfr = 20;
	} else if (strcmp(name, "34") == 0) {
		*ret_kvmfr = 34;
	} else {
		return false;
	}
	return true;
}

static bool read_password(const char *path, char *password, size_t size) {
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	const bool good = fgets(password, (int)size, file) != NULL;
	fclose(file);
	password[strcspn(password, "\r\n")] = '\0';
	return good;
}

/* The picture's own options are commands of the guest: one parser for both. */
static bool add_command(struct options *options, const char *name, const char *value) {
	static char texts[COMMANDS_MAX][64];
	if (options->command_count == COMMANDS_MAX) {
		return false;
	}
	char *text = texts[options->command_count];
	options->commands[options->command_count++] = text;
	return (size_t)snprintf(text, sizeof texts[0], "%s%s%s", name, value[0] ? " " : "", value) <
	       sizeof texts[0];
}

static bool take_peer_option(struct options *options, int id, const char *value) {
	bool on;
	unsigned port;
	switch (id) {
	case OPT_SPICE:
		options->spice = strcmp(value, "off") != 0;
		options->spice_tcp = strcmp(value, "tcp") == 0;
		return !options->spice || options->spice_tcp || strcmp(value, "unix") == 0;
	case OPT_PASSWORD_FILE:
		return read_password(value, options->password, sizeof options->password);
	case OPT_NO_ABSOLUTE:
		options->absolute = false;
		return true;
	case OPT_SOUND:
		if (!parse_bool(value, &on)) {
			return false;
		}
		options->sound = on;
		return true;
	case OPT_GROUP:
		return copy_text(options->tone.group, sizeof options->tone.group, value);
	case OPT_PORT:
		if (!read_number(value, 65535, &port)) {
			return false;
		}
		options->tone.port = (uint16_t)port;
		return true;
	case OPT_INTERFACE:
		return copy_text(options->tone.interface, sizeof options->tone.interface, value);
	case OPT_TONE:
		return parse_double(value, 20, 20000, &options->tone.hertz);
	default:
		return false;
	}
}

static bool take_option(struct options *options, int id, const char *value) {
	unsigned number;
	int width;
	int height;
	switch (id) {
	case OPT_SIZE: /* needed before the memory is made */
		if (!parse_size(value, FRAME_SIDE_MAX, &width, &height)) {
			return false;
		}
		options->guest.width = (uint32_t)width;
		options->guest.height = (uint32_t)height;
		return true;
	case OPT_FORMAT:
		for (int i = FRAME_FORMAT_BGRA; i <= FRAME_FORMAT_RGB_24; i++) {
			if (strcmp(frame_format_name((enum frame_format)i), value) == 0) {
				options->guest.format = (enum frame_format)i;
				return true;
			}
		}
		return false;
	case OPT_FPS:
		return parse_double(value, 0, 1000, &options->guest.fps);
	case OPT_HOST:
		return read_host(value, &options->guest.kvmfr);
	case OPT_PADDING:
		return read_number(value, 4096, &options->guest.padding);
	case OPT_DAMAGE:
		return add_command(options, "damage", value);
	case OPT_SCREEN:
		return add_command(options, "screen", value);
	case OPT_ROTATION:
		return add_command(options, "rotation", value);
	case OPT_FLAGS:
		return add_command(options, "flags", value);
	case OPT_CURSOR:
		return add_command(options, "cursor", value);
	case OPT_CURSOR_STILL:
		options->guest.cursor_moves = false;
		return true;
	case OPT_SESSION:
		if (!read_number(value, INT32_MAX, &number)) {
			return false;
		}
		options->guest.session = number;
		return true;
	case OPT_MEMORY:
		if (!read_number(value, 16384, &number)) {
			return false;
		}
		options->memory_mib = number;
		return true;
	case OPT_SHM:
		return copy_text(options->shm_path, sizeof options->shm_path, value);
	case OPT_DIR:
		return copy_text(options->dir, sizeof options->dir, value);
	case OPT_COMMAND:
		return add_command(options, value, "");
	case OPT_REPORT:
		options->report = true;
		return true;
	case OPT_PARENT:
		options->parent = true;
		return true;
	case OPT_SECONDS:
		return parse_int(value, 0, 1000000, &options->seconds);
	default:
		return take_peer_option(options, id, value);
	}
}

/* Returns the exit status to leave with, or -1 to go on. */
static int read_options(struct options *options, int argc, char **argv) {
	*options = (struct options){ .guest = demo_guest_defaults(),
		.spice = true,
		.absolute = true,
		.sound = true,
		.tone = { .interface = "lo", .group = "239.255.77.99", .hertz = 440 } };
	for (;;) {
		int index = 0;
		const int id = getopt_long(argc, argv, "", long_options, &index);
		if (id == -1) {
			break;
		}
		if (id == OPT_HELP) {
			fputs(help_text, stdout);
			return 0;
		}
		if (id == '?') {
			return 2;
		}
		if (!take_option(options, id, optarg)) {
			fprintf(stderr, "pierglass-demo-guest: --%s: cannot use \"%s\"\n",
					long_options[index].name, optarg ? optarg : "");
			return 2;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "pierglass-demo-guest: what is \"%s\"? See --help\n", argv[optind]);
		return 2;
	}
	return -1;
}

/* --- files -------------------------------------------------------------------------------- */

static int make_dir(struct program *program) {
	char *dir = program->options.dir;
	if (dir[0]) {
		program->own_dir = true;
		return mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : 0;
	}
	const char *base = getenv("XDG_RUNTIME_DIR"); /* NOLINT(concurrency-mt-unsafe) */
	snprintf(dir, sizeof program->options.dir, "%s/pierglass-demo-XXXXXX",
			base && base[0] == '/' ? base : "/tmp");
	if (!mkdtemp(dir)) {
		snprintf(dir, sizeof program->options.dir, "/tmp/pierglass-demo-XXXXXX");
		if (!mkdtemp(dir)) {
			return -errno;
		}
	}
	program->own_dir = true;
	return 0;
}

/* A new file, never an old one with a client's mapping on it. */
static int make_memory(struct program *program) {
	const struct options *options = &program->options;
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

/* --- input that arrives by SPICE ---------------------------------------------------------- */

static void order(struct program *program, const struct demo_order *what) {
	if (demo_producer_order(program->producer, what) < 0) {
		log_warn_limited("the guest is too busy for more orders");
	}
}

static void show(struct program *program, unsigned line, const char *text) {
	struct demo_order what = { .kind = DEMO_ORDER_SHOW, .line = line };
	snprintf(what.text, sizeof what.text, "%s", text);
	order(program, &what);
}

static void show_keys(struct program *program) {
	char text[DEMO_TEXT_BYTES];
	demo_keys_held(&program->keys, text, sizeof text);
	show(program, 0, text);
}

static void report_input(const struct program *program, const char *event, const char *name,
		int64_t code, int64_t value) {
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
	json_int(&json, "time_ns", (int64_t)clock_now_ns());
	json_finish(&json);
	funlockfile(stdout);
}

static void on_key(unsigned scancode, bool pressed, void *data) {
	struct program *program = data;
	demo_keys_key(&program->keys, scancode, pressed);
	report_input(program, "key", demo_keys_name(scancode), scancode, pressed);
	show_keys(program);
}

static void on_button(unsigned button, bool pressed, void *data) {
	struct program *program = data;
	demo_keys_button(&program->keys, button, pressed);
	report_input(program, "button", demo_keys_button_name(button), button, pressed);
	show_keys(program);
}

static void on_wheel(int notches, void *data) {
	struct program *program = data;
	program->keys.wheel += notches;
	report_input(program, "wheel", "wheel", 0, notches);
	show_keys(program);
}

static void on_motion(int32_t dx, int32_t dy, void *data) {
	struct program *program = data;
	struct demo_order what = { .kind = DEMO_ORDER_BY, .x = dx, .y = dy };
	report_input(program, "motion", "motion", dx, dy);
	order(program, &what);
}

static void on_position(uint32_t x, uint32_t y, void *data) {
	struct program *program = data;
	struct demo_order what = { .kind = DEMO_ORDER_TO,
		.x = x < INT16_MAX ? (int)x : INT16_MAX,
		.y = y < INT16_MAX ? (int)y : INT16_MAX };
	report_input(program, "position", "position", what.x, what.y);
	order(program, &what);
}

static void on_session(bool connected, void *data) {
	struct program *program = data;
	report_input(program, "spice", connected ? "connected" : "gone", 0, connected);
	show(program, 1, connected ? "SPICE CONNECTED" : "");
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
	const struct options *options = &program->options;
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
	};
	const struct spice_peer_events events = { .key = on_key,
		.button = on_button,
		.wheel = on_wheel,
		.motion = on_motion,
		.position = on_position,
		.session = on_session,
		.data = program };
	int r = spice_peer_create(&program->peer, &config, &events);
	if (r < 0) {
		return r;
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
	r = demo_producer_start(
			&producer, program->shm, &program->options.guest, program->options.report);
	shm_unref(before);
	if (r == 0) {
		program->producer = producer;
	}
	return r;
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
			log_error("cannot make the memory anew (%s)", strerrordesc_np(-r));
			loop_quit(program->loop, r);
		}
	} else if (strcmp(line, "remove") == 0) {
		(void)unlink(program->shm_path);
	} else if (strcmp(line, "sound on") == 0 || strcmp(line, "sound off") == 0) {
		if (program->tone) {
			demo_tone_set_playing(program->tone, line[7] == 'n');
		}
	} else if (strcmp(line, "spice close") == 0 && program->peer) {
		spice_peer_close(program->peer, SPICE_CHANNEL_NONE);
	} else {
		struct demo_order what = { .kind = DEMO_ORDER_COMMAND };
		snprintf(what.text, sizeof what.text, "%s", line);
		order(program, &what);
	}
}

static void take_bytes(struct program *program, const char *bytes, size_t count) {
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			program->line[program->line_used] = '\0';
			program->line_used = 0;
			obey_line(program, program->line);
		} else if (program->line_used < sizeof program->line - 1) {
			program->line[program->line_used++] = bytes[i];
		}
	}
}

static void on_stdin(int fd, uint32_t events, void *data) {
	(void)events;
	struct program *program = data;
	char bytes[LINE_BYTES];
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
	const struct options *options = &program->options;
	printf("ready shm=%s spice=%s group=%s port=%u interface=%s\n", program->shm_path, uri,
			program->tone ? options->tone.group : "off", options->tone.port,
			options->tone.interface);
	fflush(stdout);
}

static int start_sound(struct program *program) {
	struct options *options = &program->options;
	if (!options->sound) {
		return 0;
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
	return 0;
}

static int start(struct program *program) {
	struct options *options = &program->options;
	char uri[SHM_PATH_BYTES + 8];
	int r = make_dir(program);
	if (r < 0) {
		return r;
	}
	snprintf(program->shm_path, sizeof program->shm_path, "%s", options->shm_path);
	if (!program->shm_path[0]) {
		snprintf(program->shm_path, sizeof program->shm_path, "%s/looking-glass",
				options->dir);
	}
	snprintf(program->spice_path, sizeof program->spice_path, "%s/spice", options->dir);
	r = make_memory(program);
	if (r < 0) {
		return r;
	}
	r = demo_producer_start(&program->producer, program->shm, &options->guest, options->report);
	if (r < 0) {
		return r;
	}
	for (unsigned i = 0; i < options->command_count; i++) {
		obey_line(program, options->commands[i]);
	}
	r = start_sound(program);
	if (r == 0) {
		r = start_peer(program, uri, sizeof uri);
	}
	if (r < 0) {
		return r;
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
	static struct program program;
	int status = read_options(&program.options, argc, argv);
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
		if (r < 0) {
			log_error("cannot start (%s)", strerrordesc_np(-r));
		} else {
			r = loop_run(program.loop);
		}
	}
	stop(&program);
	return r < 0 ? 1 : 0;
}
