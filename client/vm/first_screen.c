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

#define LIST_NS   (1500 * NS_PER_MS) /* without a picture: then the VMs are looked for */
#define DOCTOR_NS (5 * NS_PER_S)     /* ... and then what is wrong */
#define LOOK_NS   (100 * NS_PER_MS)  /* at a child that runs */

/* "NAME STATE libvirt MEMORY", where NAME may have blanks: what follows it is looked for from the
 * end of the line. Cuts the line behind the name; false: this is no such line. */
static bool read_machine(char *line, bool *ret_running, bool *ret_memory) {
	static const char source[] = " libvirt ";
	char *at = NULL;
	for (char *next = line; (next = strstr(next, source)); next++) {
		at = next;
	}
	if (!at) {
		return false;
	}
	const char *memory = at + strlen(source);
	memory += strspn(memory, " ");
	while (at > line && at[-1] == ' ') {
		at--;
	}
	*at = '\0';
	char *state = strrchr(line, ' ');
	char *end = state;
	while (end && end > line && end[-1] == ' ') {
		end--;
	}
	if (!end || end == line) {
		return false;
	}
	*ret_running = strcmp(state + 1, "off") != 0;
	*ret_memory = memory[0] == '/';
	*end = '\0';
	return true;
}

void first_screen_read_list(struct first_screen *screen, const char *text) {
	screen->vm_count = 0;
	while (*text && screen->vm_count < FIRST_SCREEN_VMS) {
		struct first_screen_vm *vm = &screen->vms[screen->vm_count];
		char line[1024];
		const size_t len = strcspn(text, "\n");
		snprintf(line, sizeof line, "%.*s",
				(int)(len < sizeof line ? len : sizeof line - 1), text);
		text += len + (text[len] == '\n');
		if (!read_machine(line, &vm->running, &vm->memory)) {
			continue;
		}
		utf8_printable(vm->name, sizeof vm->name, line, strlen(line));
		screen->vm_count++;
	}
}

/* The string of that name from `at` on, before `end`. */
static void read_string(
		const char *at, const char *end, const char *name, char *text, size_t size) {
	char raw[512];
	size_t used = 0;
	text[0] = '\0';
	at = strstr(at, name);
	if (!at || at >= end) {
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

static void start(struct first_screen *screen, const char *domain, const char *uri) {
	char lister[] = "pierglass-vm-info", doctor[] = "pierglass-doctor";
	char list_option[] = "--list", json_option[] = "--json", connect_option[] = "--connect";
	char vm[160], at[256];
	const bool list = screen->asked++ == 0;
	char *argv[6] = { list ? lister : doctor, list ? list_option : json_option };
	unsigned n = 2;
	snprintf(vm, sizeof vm, "%s", domain);
	snprintf(at, sizeof at, "%s", uri);
	if (at[0]) {
		argv[n++] = connect_option;
		argv[n++] = at;
	}
	if (!list && vm[0]) {
		argv[n++] = vm;
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
		const char *domain, const char *uri, bool *ret_changed) {
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
	start(screen, domain, uri);
	return now_ns + LOOK_NS;
}

void first_screen_finish(struct first_screen *screen) {
	if (screen->text) {
		end(screen);
	}
}
