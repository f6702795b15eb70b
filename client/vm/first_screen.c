#include "client/vm/first_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/utf8.h"
#include "client/platform/programs.h"
#include "client/vm/discovery.h"

#define LIST_NS   (1500 * NS_PER_MS) /* without a picture: then the VMs are looked for */
#define DOCTOR_NS (5 * NS_PER_S)     /* ... and then what is wrong */
#define LOOK_NS   (100 * NS_PER_MS)  /* at a child that runs */

/* The string of that name from `at` on, before `end`. */
static void read_string(
		const char *at, const char *end, const char *name, char *text, size_t size) {
	char raw[512];
	size_t used = 0;
	text[0] = '\0';
	at = memmem(at, (size_t)(end - at), name, strlen(name));
	if (!at) {
		return;
	}
	for (at += strlen(name); at < end && *at != '"' && used + 1 < sizeof raw; at++) {
		if (*at == '\\' && at + 1 < end) {
			at++;
			const bool plain = *at == '"' || *at == '\\' || *at == '/';
			raw[used++] = *at;
			if (!plain) {
				raw[used - 1] = ' ';
			}
		} else {
			raw[used++] = *at;
		}
	}
	utf8_printable(text, size, raw, used);
}

void first_screen_read_list(struct first_screen *screen, const char *text) {
	screen->vm_count = 0;
	while (*text && screen->vm_count < FIRST_SCREEN_VMS) {
		struct first_screen_vm *vm = &screen->vms[screen->vm_count];
		char source[16], state[16], memory[8];
		const char *end = text + strcspn(text, "\n");
		const bool whole = end > text && end[-1] == '}'; /* a long answer is cut */
		read_string(text, end, "\"name\":\"", vm->name, sizeof vm->name);
		read_string(text, end, "\"state\":\"", state, sizeof state);
		read_string(text, end, "\"source\":\"", source, sizeof source);
		read_string(text, end, "\"uri\":\"", vm->uri, sizeof vm->uri);
		read_string(text, end, "\"memory\":\"", memory, sizeof memory);
		text = end + (*end == '\n');
		if (whole && vm->name[0] && strcmp(source, "libvirt") == 0) {
			vm->running = strcmp(state, "off") != 0;
			vm->memory = memory[0] == '/';
			screen->vm_count++;
		}
	}
}

void first_screen_read_findings(struct first_screen *screen, const char *json) {
	static const char *const verdicts[] = { "\"verdict\":\"failure\"",
		"\"verdict\":\"warning\"" };
	screen->finding[0] = screen->remedy[0] = '\0';
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		const char *at = strstr(json, verdicts[i]);
		if (at) {
			const char *end = strstr(at + 1, "\"verdict\"");
			end = end ? end : at + strlen(at);
			read_string(at, end, "\"seen\":\"", screen->finding,
					sizeof screen->finding);
			read_string(at, end, "\"remedy\":\"", screen->remedy,
					sizeof screen->remedy);
			return;
		}
	}
}

static void start(struct first_screen *screen, const struct discovery_config *wanted) {
	char lister[] = "pierglass-vm-info", doctor[] = "pierglass-doctor";
	char json_option[] = "--json", list_option[] = "--list";
	char connect[272] = "", owner[160] = "", vm[160] = "";
	const bool list = screen->asked++ == 0;
	char *const given[] = { list ? list_option : NULL, json_option, connect, owner,
		list ? NULL : vm };
	char *argv[7] = { list ? lister : doctor };
	unsigned n = 1;
	if (wanted->uri && wanted->uri[0]) {
		snprintf(connect, sizeof connect, "--connect=%s", wanted->uri);
	}
	if (list && wanted->owner && wanted->owner[0]) {
		snprintf(owner, sizeof owner, "--vm-owner=%s", wanted->owner);
	}
	snprintf(vm, sizeof vm, "%s", wanted->domain ? wanted->domain : "");
	for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
		if (given[i] && given[i][0]) {
			argv[n++] = given[i];
		}
	}
	screen->text = malloc(FIRST_SCREEN_BYTES);
	screen->len = 0;
	if (!screen->text || program_spawn(argv[0], argv, &screen->pid, NULL, &screen->fd) < 0) {
		free(screen->text);
		screen->text = NULL;
		return;
	}
	(void)fcntl(screen->fd, F_SETFL, O_NONBLOCK);
}

static void end(struct first_screen *screen) {
	close(screen->fd);
	kill(screen->pid, SIGTERM); /* it has closed its end, or said more than is taken */
	waitpid(screen->pid, NULL, 0);
	free(screen->text);
	screen->text = NULL;
}

/* True: the child has said everything. */
static bool read_child(struct first_screen *screen) {
	for (;;) {
		const size_t room = FIRST_SCREEN_BYTES - 1 - screen->len;
		const ssize_t n = room > 0 ? read(screen->fd, screen->text + screen->len, room) : 0;
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return n == 0 || errno != EAGAIN;
		}
		screen->len += (size_t)n;
	}
}

deadline first_screen_look(struct first_screen *screen, uint64_t missing_since_ns, uint64_t now_ns,
		const struct discovery_config *wanted, bool *ret_changed) {
	static const uint64_t due_ns[] = { LIST_NS, DOCTOR_NS };
	*ret_changed = false;
	if (screen->text) {
		if (!read_child(screen)) {
			return now_ns + LOOK_NS;
		}
		screen->text[screen->len] = '\0';
		if (screen->asked == 1) {
			first_screen_read_list(screen, screen->text);
		} else {
			first_screen_read_findings(screen, screen->text);
		}
		*ret_changed = true;
		end(screen);
	}
	if (screen->asked == 2 || missing_since_ns == 0) {
		return DEADLINE_NONE;
	}
	const uint64_t at_ns = missing_since_ns + due_ns[screen->asked];
	if (now_ns < at_ns) {
		return at_ns;
	}
	start(screen, wanted);
	return now_ns + LOOK_NS;
}

void first_screen_finish(struct first_screen *screen) {
	if (screen->text) {
		end(screen);
	}
}
