/*
 * spice-stub: a SPICE server without a VM, for trying a client. It speaks the protocol as
 * host-proto/spice/peer.h does, byte by byte, and says in JSON lines what the client did; its
 * screen is one colour, its agent hashes files and keeps one text.
 *
 * stdout: one line "ready spice=URI", then JSON lines. stdin: commands, one a line:
 *
 *	leds N            lock lights of the guest, enum spice_modifier
 *	absolute 0|1      the client mouse mode is offered or withdrawn
 *	agent 0|1         the guest's agent comes or goes
 *	fill RRGGBB       the colour of the screen
 *	stream CODEC      a video over the screen begins, enum spice_video_codec
 *	monitor X Y W H   the part of the screen that is the monitor
 *	copy TEXT         the guest's user copies this
 *	paste             the guest's user pastes what the client has
 *	refuse N [BYTES]  files are answered with this enum spice_file_result, after BYTES;
 *	                  0 = they are taken
 *	kick              ends the session, as another client would
 *	cut CHANNEL       closes one channel: inputs, display, cursor
 *	freeze 0|1        nothing is read or answered
 */
#define LOG_MODULE "spice-stub"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/parse.h"
#include "host-proto/sim/peer.h"
#include "host-proto/sim/peer_agent.h"
#include "host-proto/spice/reader.h"
#include "tools/dev/stub_files.h"

#define LINE_BYTES 4096

static const char help_text[] =
		"Usage: spice-stub [OPTION]...\n"
		"A SPICE server without a VM; says on stdout what a client does.\n"
		"\n"
		"  --unix PATH         listen there (the default is --tcp 0)\n"
		"  --tcp PORT          listen on 127.0.0.1; 0 = any port\n"
		"  --password-file FILE its first line is asked for\n"
		"  --name NAME         of the VM\n"
		"  --vm N              which VM the server tells to be of, 1..255 (none)\n"
		"  --size WxH          of the screen (800x600)\n"
		"  --no-display        without a screen\n"
		"  --absolute          offer the client mouse mode\n"
		"  --agent linux|windows|none (linux)\n"
		"  --parent            end with the process that started this one\n"
		"  --help\n";

struct stub {
	struct loop *loop;
	struct loop_source *input;
	struct spice_peer *peer;
	struct peer_agent *agent;
	struct stub_files files;
	char *text; /* that the guest's user copied */
	int width, height;
	uint32_t color;
	int signal_fd;
	char line[LINE_BYTES];
	size_t used;
	bool parent;
};

/* ---- what the client does ---- */

static void tell(const char *event, const char *name, int64_t a, int64_t b) {
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "event", event);
	json_int(&json, name, a);
	json_int(&json, "value", b);
	json_finish(&json);
}

static void on_key(unsigned scancode, bool pressed, void *data) {
	(void)data;
	tell("key", "code", scancode, pressed);
}

static void on_button(unsigned button, bool pressed, void *data) {
	(void)data;
	tell("button", "code", button, pressed);
}

static void on_wheel(int notches, void *data) {
	(void)data;
	tell("wheel", "code", 0, notches);
}

static void on_motion(int32_t dx, int32_t dy, void *data) {
	(void)data;
	tell("motion", "x", dx, dy);
}

static void on_position(uint32_t x, uint32_t y, void *data) {
	(void)data;
	tell("position", "x", x, y);
}

static void on_session(bool connected, void *data) {
	(void)data;
	tell("session", "connected", connected, 0);
}

static void send_fill(struct stub *stub) {
	uint8_t bytes[64];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, 0); /* surface; then the box: top, left, bottom, right */
	write_i32(&w, 0);
	write_i32(&w, 0);
	write_i32(&w, stub->height);
	write_i32(&w, stub->width);
	write_u8(&w, 0); /* no clips */
	write_u8(&w, 1); /* a solid brush */
	write_u32(&w, stub->color);
	write_u16(&w, SPICE_ROP_PUT);
	write_bytes(&w, "\0\0\0\0\0\0\0\0\0\0\0\0", 13); /* no mask */
	(void)spice_peer_send(stub->peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_DRAW_FILL, bytes,
			writer_len(&w));
}

static void send_screen(struct stub *stub) {
	uint8_t bytes[20];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, 0);
	write_u32(&w, (uint32_t)stub->width);
	write_u32(&w, (uint32_t)stub->height);
	write_u32(&w, SPICE_SURFACE_32_XRGB);
	write_u32(&w, 1); /* primary */
	(void)spice_peer_send(stub->peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_SURFACE_CREATE,
			bytes, writer_len(&w));
	send_fill(stub);
}

static void on_message(enum spice_channel_type channel, unsigned type, const uint8_t *body,
		size_t len, void *data) {
	struct stub *stub = data;
	if (channel == SPICE_CHANNEL_MAIN && stub->agent) {
		peer_agent_message(stub->agent, type, body, len);
	} else if (channel == SPICE_CHANNEL_DISPLAY && type == SPICE_DISPLAY_INIT) {
		send_screen(stub);
	}
}

/* ---- its agent ---- */

static int on_agent_send(const void *bytes, size_t len, void *data) {
	struct stub *stub = data;
	return spice_peer_send(stub->peer, SPICE_CHANNEL_MAIN, SPICE_MAIN_AGENT_DATA, bytes, len);
}

static void on_ready(void *data) {
	(void)data;
	tell("agent", "ready", 1, 0);
}

static void on_offered(unsigned types, void *data) {
	(void)data;
	tell("offered", "types", types, 0);
}

static void on_wanted(unsigned type, void *data) {
	struct stub *stub = data;
	const bool has = stub->text && type == SPICE_CLIPBOARD_TEXT;
	tell("wanted", "type", type, has);
	(void)peer_agent_answer(
			stub->agent, type, has ? stub->text : NULL, has ? strlen(stub->text) : 0);
}

static void on_content(unsigned type, const uint8_t *bytes, size_t len, void *data) {
	struct json json;
	(void)data;
	char *text = type == SPICE_CLIPBOARD_TEXT ? strndup((const char *)bytes, len) : NULL;
	json_begin(&json, stdout);
	json_string(&json, "event", "pasted");
	json_int(&json, "type", type);
	json_int(&json, "bytes", (int64_t)len);
	json_string(&json, "text", text);
	json_finish(&json);
	free(text);
}

static void on_monitor(uint32_t width, uint32_t height, void *data) {
	(void)data;
	tell("monitor", "width", width, height);
}

static uint32_t on_file_start(uint32_t id, const char *name, uint64_t size, void *data) {
	return stub_files_start(&((struct stub *)data)->files, id, name, size);
}

static uint32_t on_file_data(uint32_t id, const uint8_t *bytes, size_t len, void *data) {
	return stub_files_data(&((struct stub *)data)->files, id, bytes, len);
}

static void on_file_end(uint32_t id, bool whole, void *data) {
	stub_files_end(&((struct stub *)data)->files, id, whole);
}

static int create_agent(struct stub *stub, uint32_t caps) {
	const struct peer_agent_events events = { .send = on_agent_send,
		.ready = on_ready,
		.offered = on_offered,
		.wanted = on_wanted,
		.content = on_content,
		.monitor = on_monitor,
		.file_start = on_file_start,
		.file_data = on_file_data,
		.file_end = on_file_end,
		.data = stub };
	return peer_agent_create(&stub->agent, caps, &events);
}

/* ---- commands ---- */

static void send_monitor(struct stub *stub, const char *numbers) {
	uint8_t bytes[32];
	struct writer w = writer_of(bytes, sizeof bytes);
	uint32_t n[4]; /* x, y, width, height */
	char *end = NULL;
	for (unsigned i = 0; i < 4; i++) {
		n[i] = (uint32_t)strtoul(i == 0 ? numbers : end, &end, 10);
	}
	write_u16(&w, 1);
	write_u16(&w, 1);
	write_u32(&w, 0);
	write_u32(&w, 0);
	write_u32(&w, n[2]);
	write_u32(&w, n[3]);
	write_u32(&w, n[0]);
	write_u32(&w, n[1]);
	write_u32(&w, 0);
	(void)spice_peer_send(stub->peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_MONITORS_CONFIG,
			bytes, writer_len(&w));
}

/* A video over the whole screen, of which nothing comes. */
static void send_stream(struct stub *stub, unsigned codec) {
	uint8_t bytes[80];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, 0); /* surface, stream */
	write_u32(&w, 0);
	write_u8(&w, 1); /* the top row first */
	write_u8(&w, (uint8_t)codec);
	write_u64(&w, 0);
	for (unsigned i = 0; i < 2; i++) { /* its size, that of its source */
		write_u32(&w, (uint32_t)stub->width);
		write_u32(&w, (uint32_t)stub->height);
	}
	write_i32(&w, 0);
	write_i32(&w, 0);
	write_i32(&w, stub->height);
	write_i32(&w, stub->width);
	write_u8(&w, 0); /* no clips */
	(void)spice_peer_send(stub->peer, SPICE_CHANNEL_DISPLAY, SPICE_DISPLAY_STREAM_CREATE, bytes,
			writer_len(&w));
}

static void cut(struct stub *stub, const char *name) {
	static const struct {
		const char *name;
		enum spice_channel_type type;
	} channels[] = { { "inputs", SPICE_CHANNEL_INPUTS }, { "display", SPICE_CHANNEL_DISPLAY },
		{ "cursor", SPICE_CHANNEL_CURSOR } };
	for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
		if (strcmp(name, channels[i].name) == 0) {
			spice_peer_close(stub->peer, channels[i].type);
		}
	}
}

static void copy(struct stub *stub, const char *text) {
	free(stub->text);
	stub->text = strdup(text);
	if (stub->agent) {
		peer_agent_offer(stub->agent, 1u << SPICE_CLIPBOARD_TEXT);
	}
}

static bool agent_command(struct stub *stub, const char *word, const char *rest) {
	char *end;
	if (strcmp(word, "agent") == 0) {
		spice_peer_set_agent(stub->peer, strcmp(rest, "0") != 0);
	} else if (strcmp(word, "copy") == 0) {
		copy(stub, rest);
	} else if (strcmp(word, "paste") == 0) {
		if (stub->agent) {
			peer_agent_request(stub->agent, SPICE_CLIPBOARD_TEXT);
		}
	} else if (strcmp(word, "refuse") == 0) {
		stub->files.refuse = (uint32_t)strtoul(rest, &end, 10);
		stub->files.refuse_after = strtoull(end, NULL, 10);
	} else {
		return false;
	}
	return true;
}

static void obey(struct stub *stub, char *line) {
	char *space = strchr(line, ' ');
	const char *rest = space ? space + 1 : "";
	if (space) {
		*space = '\0';
	}
	if (agent_command(stub, line, rest)) {
		return;
	}
	if (strcmp(line, "leds") == 0) {
		spice_peer_set_leds(stub->peer, (unsigned)strtoul(rest, NULL, 10));
	} else if (strcmp(line, "absolute") == 0) {
		spice_peer_set_absolute_possible(stub->peer, strcmp(rest, "0") != 0);
	} else if (strcmp(line, "fill") == 0) {
		stub->color = (uint32_t)strtoul(rest, NULL, 16) & 0xffffffu;
		send_fill(stub);
	} else if (strcmp(line, "stream") == 0) {
		send_stream(stub, (unsigned)strtoul(rest, NULL, 10));
	} else if (strcmp(line, "monitor") == 0) {
		send_monitor(stub, rest);
	} else if (strcmp(line, "kick") == 0) {
		spice_peer_close(stub->peer, SPICE_CHANNEL_NONE);
	} else if (strcmp(line, "cut") == 0) {
		cut(stub, rest);
	} else if (strcmp(line, "freeze") == 0) {
		spice_peer_set_frozen(stub->peer, strcmp(rest, "0") != 0);
	} else {
		log_warn("\"%s\" is not a command", line);
	}
}

static void on_stdin(int fd, uint32_t events, void *data) {
	struct stub *stub = data;
	(void)events;
	ssize_t n = read(fd, stub->line + stub->used, sizeof stub->line - stub->used);
	if (n <= 0) {
		loop_remove(stub->input); /* it goes on without commands */
		stub->input = NULL;
		return;
	}
	stub->used += (size_t)n;
	char *end;
	while ((end = memchr(stub->line, '\n', stub->used))) {
		*end = '\0';
		obey(stub, stub->line);
		stub->used -= (size_t)(end - stub->line) + 1;
		memmove(stub->line, end + 1, stub->used);
	}
	if (stub->used == sizeof stub->line) {
		stub->used = 0; /* too long to be a command */
	}
}

/* ---- life ---- */

static void on_peer(int fd, uint32_t events, void *data) {
	struct stub *stub = data;
	(void)fd;
	(void)events;
	int r = spice_peer_step(stub->peer);
	if (r < 0) {
		log_error("the server stopped: %s", strerrordesc_np(-r));
		loop_quit(stub->loop, 1);
	}
}

static void on_signal(int fd, uint32_t events, void *data) {
	struct stub *stub = data;
	(void)fd;
	(void)events;
	loop_quit(stub->loop, 0);
}

struct options {
	struct spice_peer_config peer;
	char password[64];
	uint32_t agent_caps;
};

static void read_password(struct options *options, const char *path) {
	FILE *file = fopen(path, "re");
	if (!file || !fgets(options->password, sizeof options->password, file)) {
		log_error("cannot read %s", path);
		exit(2);
	}
	fclose(file);
	options->password[strcspn(options->password, "\r\n")] = '\0';
	options->peer.password = options->password;
}

static void usage(int status) {
	fputs(help_text, status ? stderr : stdout);
	exit(status);
}

static uint32_t agent_caps(const char *name) {
	if (strcmp(name, "linux") != 0 && strcmp(name, "windows") != 0 &&
			strcmp(name, "none") != 0) {
		usage(2);
	}
	return name[0] == 'l' ? PEER_AGENT_LINUX : name[0] == 'w' ? PEER_AGENT_WINDOWS : 0;
}

static uint16_t number_to(const char *text, uint16_t max) {
	int64_t number;
	if (!parse_int(text, 0, max, &number)) {
		usage(2);
	}
	return (uint16_t)number;
}

static void parse_options(struct stub *stub, struct options *options, int argc, char **argv) {
	enum {
		UNIX = 256,
		TCP,
		PASSWORD,
		NAME,
		VM,
		SIZE,
		NO_DISPLAY,
		ABSOLUTE,
		AGENT,
		PARENT,
		HELP
	};
	static const struct option list[] = { { "unix", required_argument, NULL, UNIX },
		{ "tcp", required_argument, NULL, TCP },
		{ "password-file", required_argument, NULL, PASSWORD },
		{ "name", required_argument, NULL, NAME }, { "vm", required_argument, NULL, VM },
		{ "size", required_argument, NULL, SIZE },
		{ "no-display", no_argument, NULL, NO_DISPLAY },
		{ "absolute", no_argument, NULL, ABSOLUTE },
		{ "agent", required_argument, NULL, AGENT },
		{ "parent", no_argument, NULL, PARENT }, { "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 } };
	int option;
	while ((option = getopt_long(argc, argv, "", list, NULL)) >= 0) {
		switch (option) {
		case UNIX:
			options->peer.unix_path = optarg;
			break;
		case TCP:
			options->peer.tcp = true;
			options->peer.tcp_port = number_to(optarg, UINT16_MAX);
			break;
		case PASSWORD:
			read_password(options, optarg);
			break;
		case NAME:
			options->peer.name = optarg;
			break;
		case VM:
			options->peer.uuid[15] = (uint8_t)number_to(optarg, UINT8_MAX);
			break;
		case SIZE:
			if (!parse_size(optarg, 8192, &stub->width, &stub->height)) {
				usage(2);
			}
			break;
		case NO_DISPLAY:
			options->peer.channels = 0;
			break;
		case ABSOLUTE:
			options->peer.absolute = true;
			break;
		case AGENT:
			options->agent_caps = agent_caps(optarg);
			break;
		case PARENT:
			stub->parent = true;
			break;
		case HELP:
			usage(0);
			break;
		default:
			usage(2);
		}
	}
	if (optind < argc) {
		usage(2);
	}
	options->peer.tcp = options->peer.tcp || !options->peer.unix_path;
	options->peer.agent = options->agent_caps != 0;
}

static int start(struct stub *stub, const struct options *options) {
	const struct spice_peer_events events = { .key = on_key,
		.button = on_button,
		.wheel = on_wheel,
		.motion = on_motion,
		.position = on_position,
		.session = on_session,
		.message = on_message,
		.data = stub };
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	stub->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	int r = stub->signal_fd < 0 ? -errno : loop_create(&stub->loop);
	if (r == 0 && options->agent_caps) {
		r = create_agent(stub, options->agent_caps);
	}
	if (r == 0) {
		r = spice_peer_create(&stub->peer, &options->peer, &events);
	}
	if (r < 0) {
		return r;
	}
	stub->input = loop_add_fd(stub->loop, STDIN_FILENO, EPOLLIN, on_stdin, stub);
	if (!loop_add_fd(stub->loop, stub->signal_fd, EPOLLIN, on_signal, stub) ||
			!loop_add_fd(stub->loop, spice_peer_fd(stub->peer), EPOLLIN, on_peer,
					stub)) {
		return -ENOMEM;
	}
	if (options->peer.unix_path) {
		printf("ready spice=unix:%s\n", options->peer.unix_path);
	} else {
		printf("ready spice=127.0.0.1:%u\n", spice_peer_port(stub->peer));
	}
	return 0;
}

int main(int argc, char **argv) {
	static struct stub stub = { .width = 800, .height = 600, .color = 0x204060 };
	struct options options = { .agent_caps = PEER_AGENT_LINUX,
		.peer.channels = 1u << SPICE_CHANNEL_DISPLAY | 1u << SPICE_CHANNEL_CURSOR };
	const pid_t parent = getppid();
	setvbuf(stdout, NULL, _IOLBF, 0);
	parse_options(&stub, &options, argc, argv);
	if (stub.parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent) {
			return 0;
		}
	}
	int r = start(&stub, &options);
	if (r < 0) {
		log_error("cannot start: %s", strerrordesc_np(-r));
	} else {
		r = loop_run(stub.loop);
	}
	peer_agent_destroy(stub.agent);
	spice_peer_destroy(stub.peer);
	loop_destroy(stub.loop);
	free(stub.text);
	return r == 0 ? 0 : 1;
}
