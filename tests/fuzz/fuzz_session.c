/*
 * A server that says anything, in any order, on any channel, to the whole session part: steps of
 * the server, of the user, of the local clipboard, and of time. The channels are linked by our own
 * peer, which has the key; what it then says is the input's.
 *
 * Whatever happened, the guest holds no key in the end, and was sent nothing that ends a real QEMU.
 *
 * Covers: client/session/channel_link.c client/session/guest_link_clipboard.c
 * client/session/guest_link_microphone.c client/session/guest_link_sound.c
 * client/session/spice_session.c host-proto/spice/agent.c host-proto/spice/agent_clipboard.c
 * host-proto/spice/channel.c host-proto/spice/inputs.c host-proto/spice/main.c
 * host-proto/spice/playback.c audio/codec/opus_stream.c
 */
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/audio.h"
#include "audio/codec/opus_stream.h"
#include "audio/server/microphone.h"
#include "base/loop.h"
#include "base/queue.h"
#include "client/gl/spice_surface.h"
#include "client/session/guest_link.h"
#include "host-proto/sim/peer.h"
#include "tests/fuzz/clock.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/quiet.h"

#define STEPS_MAX  200u
#define ROUNDS_MAX 200u
#define BODY_MAX   4096u
/* Longer than any password of SPICE. */
#define LONG_TEXT "0123456789012345678901234567890123456789012345678901234567890123456789"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct loop *loop;
	struct spice_peer *peer;
	struct loop_source *source;
	uint64_t unsafe; /* that the peer counted before */
	char folder[32], path[64];
	struct guest_link *session;
	struct guest_link_status status;
	struct clipboard_message wanted; /* the newest request of the guest */
	int microphone_fd, password_fd;
	struct opus_stream *opus;
	bool microphone_on;
	unsigned blocks; /* that the microphone has */
} f = { .folder = "/tmp/pierglass-fuzz-XXXXXX", .microphone_fd = -1 };

static volatile unsigned sum;

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

/* ---- the sound part, as far as the session asks it for something ---- */

void audio_push(struct audio *audio, const void *samples, unsigned frames, unsigned channels,
		unsigned rate, uint64_t arrived_ns) {
	const uint8_t *bytes = samples;
	(void)audio, (void)rate, (void)arrived_ns;
	sum += frames > 0 ? (unsigned)bytes[0] + bytes[(size_t)frames * channels * 2 - 1] : 0;
}

void audio_push_stop(struct audio *audio) {
	(void)audio;
}

void audio_push_linked(struct audio *audio) {
	(void)audio;
}

void audio_push_volume(struct audio *audio, unsigned channels, const uint16_t *volume, bool mute) {
	(void)audio;
	for (unsigned i = 0; i < channels; i++) {
		sum += volume[i] + mute;
	}
}

void audio_set_microphone(struct audio *audio, const struct microphone_request *request) {
	(void)audio;
	expect(!request->on || (request->rate >= 8000 && request->rate <= 192000));
	expect(request->volume_channels <= 2);
	f.microphone_on = request->on;
}

int audio_microphone_fd(const struct audio *audio) {
	(void)audio;
	return f.microphone_fd;
}

bool audio_microphone_take(struct audio *audio, struct microphone_block *ret_block) {
	(void)audio;
	if (f.blocks == 0) {
		uint64_t count;
		sum += (unsigned)read(f.microphone_fd, &count, sizeof count);
		return false;
	}
	f.blocks--;
	*ret_block = (struct microphone_block){ .frames = MICROPHONE_FRAMES };
	return true;
}

/* ---- what the session says ---- */

static void on_status(const struct guest_link_status *status, void *data) {
	(void)data;
	expect(memchr(status->name, '\0', sizeof status->name) != NULL);
	f.status = *status;
}

static void on_action(enum guest_link_action action, unsigned code, void *data) {
	(void)data;
	sum += (unsigned)action + code;
}

static void on_clipboard(const struct clipboard_message *message, void *data) {
	const uint8_t *bytes = message->data;
	(void)data;
	if (bytes && message->len > 0) {
		sum += (unsigned)bytes[0] + bytes[message->len - 1];
	}
	free(message->data);
	if (message->kind == CLIPBOARD_REQUEST) {
		f.wanted = *message;
	}
}

static void on_peer(int fd, uint32_t events, void *data) {
	(void)fd, (void)events, (void)data;
	expect(spice_peer_step(f.peer) == 0);
}

static void run(void) {
	for (unsigned i = 0; i < ROUNDS_MAX && loop_run_once(f.loop, 0) > 0; i++) {
	}
}

/* ---- steps ---- */

static void say(struct fuzz_input *input, unsigned channel) {
	static const enum spice_channel_type channels[] = { SPICE_CHANNEL_MAIN,
		SPICE_CHANNEL_INPUTS, SPICE_CHANNEL_DISPLAY, SPICE_CHANNEL_CURSOR,
		SPICE_CHANNEL_PLAYBACK, SPICE_CHANNEL_RECORD, SPICE_CHANNEL_MAIN,
		SPICE_CHANNEL_MAIN };
	const uint8_t number = fuzz_u8(input);
	/* The types that all channels have, then the channel's own. */
	const unsigned type = number < 0x20 ? number : 100 + (number - 0x20u);
	size_t len = fuzz_u16(input) % BODY_MAX;
	char *body = fuzz_bytes(input, len, &len);
	(void)spice_peer_send(f.peer, channels[channel & 7], type, body, len);
	free(body);
}

/* Another server in the old one's place, at once. */
static void start_peer(void) {
	const struct spice_peer_config config = {
		.unix_path = f.path,
		.name = "vm",
		.agent = true,
		.absolute = true,
		.channels = 1u << SPICE_CHANNEL_DISPLAY | 1u << SPICE_CHANNEL_CURSOR |
			    1u << SPICE_CHANNEL_PLAYBACK | 1u << SPICE_CHANNEL_RECORD,
	};
	const struct spice_peer_events events = { .data = NULL };
	loop_remove(f.source);
	spice_peer_destroy(f.peer);
	expect(spice_peer_create(&f.peer, &config, &events) == 0);
	f.source = loop_add_fd(f.loop, spice_peer_fd(f.peer), EPOLLIN, on_peer, NULL);
	expect(f.source != NULL);
	f.unsafe = 0;
}

/* The file that the session reads, by its descriptor. NULL: one that cannot be read. */
static void set_password_file(const char *text) {
	const int fd = text ? memfd_create("password", MFD_CLOEXEC)
			    : open("/", O_RDONLY | O_CLOEXEC);
	expect(fd >= 0);
	if (text) {
		expect(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	}
	expect(dup2(fd, f.password_fd) == f.password_fd);
	close(fd);
}

static void be_server(struct fuzz_input *input) {
	const uint8_t what = fuzz_u8(input);
	const unsigned value = fuzz_u8(input);
	size_t len;
	char *bytes;
	switch (what % 8) {
	case 0:
		spice_peer_close(f.peer, value % SPICE_CHANNEL_COUNT);
		break;
	case 1:
		spice_peer_set_leds(f.peer, value);
		break;
	case 2:
		spice_peer_set_absolute_possible(f.peer, value & 1);
		break;
	case 3:
		spice_peer_set_agent(f.peer, value & 1);
		break;
	case 4:
		spice_peer_set_frozen(f.peer, value & 1);
		break;
	case 5:
		if (value >= 0xf4) {
			start_peer();
		} else if (value >= 0xf0) {
			set_password_file(value & 1 ? LONG_TEXT : NULL);
		} else {
			(void)spice_peer_set_password(f.peer, value & 1 ? "secret" : NULL);
		}
		break;
	default: /* no whole message */
		bytes = fuzz_bytes(input, value, &len);
		(void)spice_peer_send_raw(f.peer, what >> 3 & 7, bytes, len);
		free(bytes);
		break;
	}
}

/* By a number of our own, so that the corpus keeps its meaning when a command is added. */
static const enum guest_link_command_kind commands[] = { GUEST_LINK_RELEASE_ALL,
	GUEST_LINK_SEND_KEYS, GUEST_LINK_TYPE_TEXT, GUEST_LINK_GRAB, GUEST_LINK_MOUSE_MODE,
	GUEST_LINK_INPUT, GUEST_LINK_SENSITIVITY, GUEST_LINK_SYNC_LEDS, GUEST_LINK_PASSWORD,
	SESSION_URI, GUEST_LINK_RECONNECT, GUEST_LINK_DISPLAY_WANTED, GUEST_LINK_MONITOR_SIZE,
	GUEST_LINK_CLIPBOARD, GUEST_LINK_MICROPHONE, GUEST_LINK_MICROPHONE_POLICY,
	GUEST_LINK_SEND_FILES, GUEST_LINK_CANCEL_FILES, GUEST_LINK_FOCUS, GUEST_LINK_X11_MOTION };
#define COMMANDS (sizeof commands / sizeof commands[0])

static void be_user(struct fuzz_input *input, unsigned number) {
	const enum guest_link_command_kind kind = commands[number % COMMANDS];
	static const unsigned keys[] = { KEY_A, KEY_LEFTSHIFT, KEY_SCROLLLOCK, KEY_ENTER };
	const unsigned value = fuzz_u8(input);
	struct guest_link_command command = { .kind = kind,
		.on = value & 1,
		.value = (int)(value % 3),
		.locks = value & 7,
		.count = value % 4,
		.keys = { KEY_A, KEY_LEFTCTRL, KEY_B } };
	if (kind == GUEST_LINK_MONITOR_SIZE) {
		command.value = (int)(value << 20 | value << 3);
	} else if (number < COMMANDS && kind == GUEST_LINK_SEND_FILES) {
		return; /* fuzz_files */
	} else if (number < COMMANDS &&
			(kind == GUEST_LINK_PASSWORD || kind == GUEST_LINK_TYPE_TEXT)) {
		command.text = strdup(value == 0xff ? LONG_TEXT
				      : value & 1   ? "secret"
						    : "other\xc3\xa9");
	} else if (number < COMMANDS && kind == SESSION_URI) {
		static const char *const uris[] = { "off", "unix:", "spice://127.0.0.1:1",
			"unix:/nonexistent", "spice+tls://127.0.0.1:1" };
		char uri[80];
		snprintf(uri, sizeof uri, "unix:%s", f.path);
		command.text = strdup(value < 5 ? uris[value] : uri);
	}
	if (number >= COMMANDS) {
		const enum input_kind what = INPUT_KEY + value % 5;
		const struct guest_input_event event = { .time_ns = fuzz_now_ns,
			.kind = what,
			.source = INPUT_SOURCE_WINDOW,
			.code = what == INPUT_BUTTON ? INPUT_BUTTON_LEFT + value / 5 % 5
						     : keys[value / 5 % 4],
			.pressed = value & 0x80,
			.x = (int)value - 100,
			.y = what == INPUT_WHEEL ? (int)value * 4 - 240 : 3 };
		(void)guest_link_input(&event, f.session);
	} else if (guest_link_command(f.session, &command) < 0) {
		free(command.text);
	}
}

static void be_desktop(struct fuzz_input *input) {
	const unsigned value = fuzz_u8(input);
	struct clipboard_message message = { .kind = value % 4,
		.types = 1u << (value >> 2) % CLIPBOARD_TYPES,
		.serial = 7,
		.crlf = value & 0x80 };
	if (message.kind == CLIPBOARD_DATA) {
		message.serial = f.wanted.serial;
		message.types = f.wanted.types;
		message.failure = value >> 2 & 3;
		if (message.failure == 0) {
			message.len = (size_t)value << 8;
			message.data = calloc(message.len + 1, 1);
		} else {
			message.failure--;
		}
	}
	if (queue_push(guest_link_clipboard_queue(f.session), &message) < 0) {
		free(message.data);
	}
}

static void step(struct fuzz_input *input) {
	const uint8_t what = fuzz_u8(input);
	switch (what >> 5) {
	case 0:
	case 1:
	case 2:
		say(input, what);
		break;
	case 3:
		fuzz_now_ns += fuzz_u8(input) * 100 * NS_PER_MS;
		break;
	case 4:
		be_server(input);
		break;
	case 5:
		be_user(input, what & 31);
		break;
	case 6:
		be_desktop(input);
		break;
	default: {
		const uint64_t one = 1;
		f.blocks = f.microphone_on ? what & 7 : 0;
		sum += (unsigned)write(f.microphone_fd, &one, sizeof one);
		break;
	}
	}
	if (!(what & 0x10) || what >> 5 > 2) {
		run(); /* else together with the next */
	}
}

/* ---- life ---- */

static void at_end(void) {
	spice_peer_destroy(f.peer); /* removes the socket */
	(void)rmdir(f.folder);
}

static void set_up(void) {
	if (f.loop) {
		return;
	}
	/* A folder of its own: the session watches it, and one with much in it takes long. */
	expect(mkdtemp(f.folder) != NULL);
	snprintf(f.path, sizeof f.path, "%s/s", f.folder);
	f.microphone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f.password_fd = memfd_create("password", MFD_CLOEXEC);
	expect(f.password_fd >= 0);
	expect(f.microphone_fd >= 0 && loop_create(&f.loop) == 0);
	start_peer();
	atexit(at_end);
}

static void start(unsigned choice, struct spice_surface *surface) {
	struct guest_link_config config = { .input = true,
		.display = choice & 1,
		.playback = true,
		.sync_volume = choice & 2,
		.microphone = choice >> 2 & 1 ? GUEST_LINK_MICROPHONE_ON
					      : GUEST_LINK_MICROPHONE_ASK,
		.clipboard_to_local = choice >> 3 & 3,
		.clipboard_to_vm = choice >> 5 & 3,
		.clipboard_max_bytes = 32768,
		.grab_toggle = "ctrl-ctrl",
		.escape_key = "scrolllock" };
	const struct guest_link_events events = {
		.status = on_status, .action = on_action, .clipboard = on_clipboard
	};
	static int no_audio; /* there is a sound part: the functions above */
	snprintf(config.uri, sizeof config.uri, "unix:%s", f.path);
	if (choice & 0x80) {
		snprintf(config.password_file, sizeof config.password_file, "/proc/self/fd/%d",
				f.password_fd);
	}
	expect(guest_link_create(&f.session, f.loop, &config, surface, (struct audio *)&no_audio,
			       &events) == 0);
	run();
	expect(f.status.connected);
}

/* The input as one packet of Opus; an empty one, which libopus would take for a lost one. */
static void decode(const uint8_t *data, size_t size) {
	const int16_t *samples;
	if (!opus_stream_built_in()) {
		return;
	}
	if (!f.opus) {
		expect(opus_stream_create(&f.opus, 48000, 2) == 0);
	}
	expect(opus_stream_decode(f.opus, data, 0, &samples) < 0);
	const int frames = opus_stream_decode(f.opus, data, size < 1500 ? size : 1500, &samples);
	expect(frames <= (int)OPUS_STREAM_FRAMES_MAX);
	sum += frames > 0 ? (unsigned)samples[2 * frames - 1] : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct fuzz_input input = { data, size };
	struct spice_surface *surface;
	set_up();
	decode(data, size);
	set_password_file("of old\n");
	spice_peer_set_frozen(f.peer, false);
	(void)spice_peer_set_password(f.peer, NULL);
	spice_peer_set_agent(f.peer, true);
	spice_peer_set_absolute_possible(f.peer, true);
	f.status = (struct guest_link_status){ 0 };
	f.wanted = (struct clipboard_message){ 0 };
	f.microphone_on = false;
	expect(spice_surface_create(&surface) == 0);
	f.unsafe = spice_peer_state(f.peer)->unsafe;
	start(fuzz_u8(&input), surface);
	for (unsigned i = 0; i < STEPS_MAX && input.left > 0; i++) {
		step(&input);
	}
	spice_peer_set_frozen(f.peer, false);
	guest_link_destroy(f.session);
	run();
	spice_peer_close(f.peer, SPICE_CHANNEL_NONE);
	run();
	expect(spice_peer_state(f.peer)->keys_held == 0);
	expect(spice_peer_state(f.peer)->unsafe == f.unsafe);
	spice_surface_destroy(surface);
	return 0;
}
