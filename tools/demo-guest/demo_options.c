#include "tools/demo-guest/demo_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "base/parse.h"

static void usage(FILE *out) {
	fputs(_("Usage: pierglass-demo-guest [OPTION]...\n"
		"A guest without a VM: picture, pointer, sound and a SPICE server.\n"
		"\n"
		"  --size WxH          of the picture (1920x1080)\n"
		"  --fps N             frames a second, 0 = a still picture (60)\n"
		"  --format NAME       bgra rgba rgba10 rgba16f bgr_32 rgb_24 (bgra)\n"
		"  --host NAME         B6, B7 or 34: KVMFR 19, 20, 34 (B7)\n"
		"  --damage NAME       full, rects, scene (a desktop), or a percentage (full)\n"
		"  --screen WxH        size of the screen that was captured (as the picture)\n"
		"  --padding N         bytes after each row (0)\n"
		"  --rotation N        0..3 (0)\n"
		"  --flags N           frame flags: 8 = HDR, 16 = PQ, 32 = HDR metadata (0)\n"
		"  --cursor NAME       cycle color mono masked hidden none (cycle)\n"
		"  --cursor-still      the pointer does not move by itself\n"
		"  --session N         id of the first session (any)\n"
		"  --vm N              the VM that the picture names as its own, 1..255 (none)\n"
		"  --memory MIB        size of the shared memory (as needed)\n"
		"  --shm PATH          the shared memory file (in the folder)\n"
		"  --dir PATH          the folder (a fresh one)\n"
		"  --spice unix|tcp|off (unix)\n"
		"  --spice-password-file FILE\n"
		"  --no-absolute       the SPICE server offers relative motion only\n"
		"  --agent NAME        an agent with a clipboard: linux, windows or none (none)\n"
		"  --sound on|off      (on)\n"
		"  --group A.B.C.D     multicast group (239.255.77.99)\n"
		"  --port N            (a free one)\n"
		"  --interface NAME    (lo)\n"
		"  --tone HZ           (440)\n"
		"  --command TEXT      as if it were read at the start; may repeat\n"
		"  --report            JSON lines on stdout\n"
		"  --parent            end with the process that started this one\n"
		"  --seconds N         leave after that time\n"
		"  --help\n"),
			out);
}

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
	OPT_VM,
	OPT_MEMORY,
	OPT_SHM,
	OPT_DIR,
	OPT_SPICE,
	OPT_PASSWORD_FILE,
	OPT_NO_ABSOLUTE,
	OPT_AGENT,
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
	{ "vm", required_argument, NULL, OPT_VM },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "shm", required_argument, NULL, OPT_SHM },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "spice", required_argument, NULL, OPT_SPICE },
	{ "spice-password-file", required_argument, NULL, OPT_PASSWORD_FILE },
	{ "no-absolute", no_argument, NULL, OPT_NO_ABSOLUTE },
	{ "agent", required_argument, NULL, OPT_AGENT },
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
	if (ascii_casecmp(name, "B6") == 0) {
		*ret_kvmfr = 19;
	} else if (ascii_casecmp(name, "B7") == 0) {
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
static bool add_command(struct demo_options *options, const char *name, const char *value) {
	static char texts[DEMO_COMMANDS_MAX][DEMO_COMMAND_BYTES];
	if (options->command_count == DEMO_COMMANDS_MAX) {
		return false;
	}
	char *text = texts[options->command_count];
	options->commands[options->command_count++] = text;
	return (size_t)snprintf(text, sizeof texts[0], "%s%s%s", name, value[0] ? " " : "", value) <
	       sizeof texts[0];
}

static bool take_peer_option(struct demo_options *options, int id, const char *value) {
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
	case OPT_AGENT:
		options->agent_windows = strcmp(value, "windows") == 0;
		options->agent = options->agent_windows || strcmp(value, "linux") == 0;
		options->guest.windows = options->agent_windows;
		return options->agent || strcmp(value, "none") == 0;
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

static bool take_option(struct demo_options *options, int id, const char *value) {
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
	case OPT_VM:
		if (!read_number(value, UINT8_MAX, &number)) {
			return false;
		}
		options->guest.vm = (uint8_t)number;
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

int demo_options_read(struct demo_options *options, int argc, char **argv) {
	*options = (struct demo_options){ .guest = demo_guest_defaults(),
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
			usage(stdout);
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
