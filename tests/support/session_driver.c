/*
 * The session part alone, driven by lines on stdin: for the integration tests. Prints one JSON
 * object a line whenever the status changed and for every action; ends at SIGTERM, SIGINT or the
 * end of stdin as the program does: the session is destroyed.
 *
 *	session_driver [--uri=URI] [--password-file=FILE] [--ca-file=FILE] [--evdev=PATH]
 *	               [--display] [--playback] [--clipboard]
 *
 *	key CODE 0|1     button N 0|1     motion DX DY     position X Y     wheel N
 *	keys CODE...     text TEXT        release          absolute 0|1     leds N
 *	password TEXT    uri URI          retry            display 0|1      size W H
 *	grab 0|1         files PATH       cancel           sleep MS
 *	shot FILE.ppm    (the SPICE picture)
 *	copy TEXT        (the local clipboard has this text)
 *	paste            (asks for the guest's text and prints it)
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/queue.h"
#include "client/clipboard/clipboard_message.h"
#include "client/gl/spice_surface.h"
#include "client/session/guest_link.h"
#include "input/led.h"

struct driver {
	struct loop *loop;
	struct guest_link *session;
	struct spice_surface *spice_surface;
	struct loop_source *stdin_source;
	struct loop_source *sleep_timer;
	char *copied;
	char line[65536];
	size_t len;
	bool sleeping;
	unsigned offered;
	uint32_t serial;
};

static void print_text(const char *name, const char *text) {
	printf(",\"%s\":\"", name);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			printf("\\%c", *text);
		} else if ((unsigned char)*text < ' ') {
			printf("\\u%04x", (unsigned char)*text);
		} else {
			putchar(*text);
		}
	}
	putchar('"');
}

static void on_status(const struct guest_link_status *status, void *data) {
	(void)data;
	printf("{\"state\":\"%s\",\"connected\":%d,\"password\":%d,\"kicked\":%d,\"absolute\":%d,"
	       "\"possible\":%d,\"agent\":%d,\"display\":%d,\"playback\":%d,\"record\":%d,"
	       "\"grabbed\":%d,\"leds\":%u,\"files\":%u,\"done\":%u,\"failed\":%u,\"sent\":%llu",
			part_state_name(status->spice.state), status->connected,
			status->needs_password, status->kicked, status->absolute,
			status->absolute_possible, status->agent, status->has_display,
			status->has_playback, status->has_record, status->grabbed, status->leds,
			status->files.active, status->files.done, status->files.failed,
			(unsigned long long)status->files.sent_bytes);
	print_text("reason", status->spice.reason);
	print_text("name", status->name);
	print_text("error", status->files.error);
	puts("}");
}

static void on_action(enum guest_link_action action, unsigned code, void *data) {
	(void)data;
	printf("{\"action\":%d,\"code\":%u}\n", (int)action, code);
}

static void clipboard_send(
		struct driver *driver, struct clipboard_message message, const char *text) {
	if (text) {
		message.data = strdup(text);
		message.len = strlen(text);
	}
	if (queue_push(guest_link_clipboard_queue(driver->session), &message) < 0) {
		free(message.data);
	}
}

static void on_clipboard(const struct clipboard_message *message, void *data) {
	struct driver *driver = data;
	switch (message->kind) {
	case CLIPBOARD_OFFER:
		driver->offered = message->types;
		printf("{\"offer\":%u}\n", message->types);
		break;
	case CLIPBOARD_RELEASE:
		driver->offered = 0;
		puts("{\"offer\":0}");
		break;
	case CLIPBOARD_REQUEST:
		clipboard_send(driver,
				(struct clipboard_message){ .kind = CLIPBOARD_DATA,
						.types = message->types,
						.serial = message->serial },
				driver->copied);
		break;
	case CLIPBOARD_DATA: {
		char *text = calloc(1, message->len + 1);
		if (text && message->data) {
			memcpy(text, message->data, message->len);
		}
		printf("{\"len\":%zu", message->len);
		print_text("pasted", text ? text : "");
		puts("}");
		free(text);
		free(message->data);
		break;
	}
	}
}

static void write_shot(struct driver *driver, const char *path) {
	struct spice_surface_view view;
	spice_surface_take(driver->spice_surface, &view);
	FILE *file = view.pixels ? fopen(path, "wb") : NULL;
	if (file) {
		fprintf(file, "P6\n%u %u\n255\n", view.width, view.height);
		for (uint32_t y = 0; y < view.height; y++) {
			for (uint32_t x = 0; x < view.width; x++) {
				uint32_t pixel = view.pixels[(size_t)y * view.stride + x];
				const unsigned char rgb[3] = { (unsigned char)(pixel >> 16),
					(unsigned char)(pixel >> 8), (unsigned char)pixel };
				fwrite(rgb, 1, 3, file);
			}
		}
		fclose(file);
	}
	spice_surface_take_done(driver->spice_surface, true);
	printf("{\"shot\":%d,\"width\":%u,\"height\":%u}\n", file != NULL, view.width, view.height);
}

static void input(struct driver *driver, enum input_kind kind, unsigned code, bool pressed, int x,
		int y) {
	const struct guest_input_event event = { .time_ns = clock_now_ns(),
		.kind = kind,
		.code = code,
		.pressed = pressed,
		.x = x,
		.y = y };
	guest_link_input(&event, driver->session);
}

static void command(struct driver *driver, struct guest_link_command c, const char *text) {
	c.text = text ? strdup(text) : NULL;
	if (guest_link_command(driver->session, &c) < 0) {
		free(c.text);
	}
}

static bool run_input(struct driver *driver, const char *word, long a, long b) {
	if (strcmp(word, "key") == 0) {
		input(driver, INPUT_KEY, (unsigned)a, b != 0, 0, 0);
	} else if (strcmp(word, "button") == 0) {
		input(driver, INPUT_BUTTON, (unsigned)a, b != 0, 0, 0);
	} else if (strcmp(word, "motion") == 0) {
		input(driver, INPUT_MOTION, 0, false, (int)a, (int)b);
	} else if (strcmp(word, "position") == 0) {
		input(driver, INPUT_POSITION, 0, false, (int)a, (int)b);
	} else if (strcmp(word, "wheel") == 0) {
		input(driver, INPUT_WHEEL, 0, false, 0, (int)a * 120);
	} else {
		return false;
	}
	return true;
}

static void send_keys(struct driver *driver, char *rest) {
	struct guest_link_command c = { .kind = GUEST_LINK_SEND_KEYS };
	for (char *at = rest; *at && c.count < 8;) {
		c.keys[c.count++] = (unsigned)strtoul(at, &at, 10);
		at += *at == ' ';
	}
	command(driver, c, NULL);
}

static void paste(struct driver *driver) {
	clipboard_send(driver,
			(struct clipboard_message){ .kind = CLIPBOARD_REQUEST,
					.types = CLIPBOARD_TEXT,
					.serial = ++driver->serial },
			NULL);
}

static void copy(struct driver *driver, const char *text) {
	free(driver->copied);
	driver->copied = strdup(text);
	clipboard_send(driver,
			(struct clipboard_message){
					.kind = CLIPBOARD_OFFER, .types = CLIPBOARD_TEXT },
			NULL);
}

static void send_files(struct driver *driver, const char *path) {
	struct guest_link_command c = { .kind = GUEST_LINK_SEND_FILES };
	size_t len = strlen(path);
	c.text = calloc(1, len + 2); /* ended by an empty one */
	memcpy(c.text, path, len);
	if (guest_link_command(driver->session, &c) < 0) {
		free(c.text);
	}
}

static void run_line(struct driver *driver, char *line) {
	static const struct {
		const char *word;
		enum guest_link_command_kind kind;
	} switches[] = {
		{ "absolute", GUEST_LINK_MOUSE_MODE },
		{ "display", GUEST_LINK_DISPLAY_WANTED },
		{ "grab", GUEST_LINK_GRAB },
		{ "input", GUEST_LINK_INPUT },
		{ "release", GUEST_LINK_RELEASE_ALL },
		{ "retry", GUEST_LINK_RECONNECT },
		{ "cancel", GUEST_LINK_CANCEL_FILES },
		{ "leds", GUEST_LINK_SYNC_LEDS },
		{ "microphone", GUEST_LINK_MICROPHONE },
	};
	char *space = strchr(line, ' ');
	char *rest = space ? space + 1 : line + strlen(line);
	if (space) {
		*space = '\0';
	}
	char *second;
	long a = strtol(rest, &second, 10);
	long b = strtol(second, NULL, 10);
	if (run_input(driver, line, a, b)) {
		return;
	}
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		if (strcmp(line, switches[i].word) == 0) {
			command(driver,
					(struct guest_link_command){ .kind = switches[i].kind,
							.on = a != 0,
							.value = (int)a,
							.locks = INPUT_LED_NUM | INPUT_LED_CAPS |
								 INPUT_LED_SCROLL },
					NULL);
			return;
		}
	}
	if (strcmp(line, "keys") == 0) {
		send_keys(driver, rest);
	} else if (strcmp(line, "text") == 0) {
		command(driver, (struct guest_link_command){ .kind = GUEST_LINK_TYPE_TEXT }, rest);
	} else if (strcmp(line, "password") == 0) {
		command(driver, (struct guest_link_command){ .kind = GUEST_LINK_PASSWORD }, rest);
	} else if (strcmp(line, "uri") == 0) {
		command(driver, (struct guest_link_command){ .kind = SESSION_URI }, rest);
	} else if (strcmp(line, "size") == 0) {
		command(driver,
				(struct guest_link_command){ .kind = GUEST_LINK_MONITOR_SIZE,
						.value = (int)(a << 16 | b) },
				NULL);
	} else if (strcmp(line, "files") == 0) {
		send_files(driver, rest);
	} else if (strcmp(line, "shot") == 0) {
		write_shot(driver, rest);
	} else if (strcmp(line, "copy") == 0) {
		copy(driver, rest);
	} else if (strcmp(line, "paste") == 0) {
		paste(driver);
	} else if (strcmp(line, "sleep") == 0) {
		driver->sleeping = true;
		loop_set_timer(driver->sleep_timer, clock_now_ns() + (uint64_t)a * NS_PER_MS);
	} else {
		fprintf(stderr, "unknown command \"%s\"\n", line);
	}
}

static void run_lines(struct driver *driver) {
	char *end;
	while (!driver->sleeping && (end = memchr(driver->line, '\n', driver->len))) {
		*end = '\0';
		size_t used = (size_t)(end - driver->line) + 1;
		char line[sizeof driver->line];
		memcpy(line, driver->line, used);
		memmove(driver->line, driver->line + used, driver->len - used);
		driver->len -= used;
		run_line(driver, line);
	}
}

static void on_sleep(void *data) {
	struct driver *driver = data;
	driver->sleeping = false;
	run_lines(driver);
}

static void on_stdin(int fd, uint32_t events, void *data) {
	struct driver *driver = data;
	(void)events;
	ssize_t n = read(fd, driver->line + driver->len, sizeof driver->line - driver->len);
	if (n <= 0) {
		loop_quit(driver->loop, 0);
		return;
	}
	driver->len += (size_t)n;
	run_lines(driver);
}

static void on_signal(int fd, uint32_t events, void *data) {
	struct driver *driver = data;
	(void)fd;
	(void)events;
	loop_quit(driver->loop, 0);
}

static void parse(struct guest_link_config *config, const char *argument) {
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = {
		{ "--uri=", offsetof(struct guest_link_config, uri) },
		{ "--password-file=", offsetof(struct guest_link_config, password_file) },
		{ "--ca-file=", offsetof(struct guest_link_config, ca_file) },
		{ "--host-subject=", offsetof(struct guest_link_config, host_subject) },
		{ "--evdev=", offsetof(struct guest_link_config, evdev) },
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		size_t len = strlen(texts[i].name);
		if (strncmp(argument, texts[i].name, len) == 0) {
			snprintf((char *)config + texts[i].offset, 256, "%s", argument + len);
		}
	}
	config->evdev_count |= strncmp(argument, "--evdev=", 8) == 0;
	config->display |= strcmp(argument, "--display") == 0;
	config->playback |= strcmp(argument, "--playback") == 0;
	if (strcmp(argument, "--clipboard") == 0) {
		config->clipboard_to_vm = CLIPBOARD_ALWAYS;
	}
	config->clipboard_to_local = config->clipboard_to_vm;
}

int main(int argc, char **argv) {
	static struct driver driver;
	struct guest_link_config config = { .input = true,
		.grab_toggle = "ctrl-ctrl",
		.escape_key = "scrolllock",
		.clipboard_max_bytes = 16u << 20 };
	for (int i = 1; i < argc; i++) {
		parse(&config, argv[i]);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_set_level(LOG_DEBUG);
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	const struct guest_link_events events = { .status = on_status,
		.action = on_action,
		.clipboard = on_clipboard,
		.clipboard_data = &driver,
		.data = &driver };
	if (signal_fd < 0 || loop_create(&driver.loop) < 0 ||
			spice_surface_create(&driver.spice_surface) < 0) {
		return 1;
	}
	driver.stdin_source = loop_add_fd(driver.loop, 0, EPOLLIN, on_stdin, &driver);
	driver.sleep_timer = loop_add_timer(driver.loop, on_sleep, &driver);
	loop_add_fd(driver.loop, signal_fd, EPOLLIN, on_signal, &driver);
	int r = guest_link_create(
			&driver.session, driver.loop, &config, driver.spice_surface, NULL, &events);
	if (r < 0) {
		fprintf(stderr, "guest_link_create: %s\n", strerror(-r));
		return 1;
	}
	r = loop_run(driver.loop);
	guest_link_destroy(driver.session);
	spice_surface_destroy(driver.spice_surface);
	loop_destroy(driver.loop);
	close(signal_fd);
	free(driver.copied);
	return r < 0;
}
