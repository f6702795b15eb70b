/*
 * The part of a plan that only root can do: this program again under sudo, once, with the files of
 * the host only. It reads the VM from a copy of what was defined, because root does not see a
 * user's own (session) VMs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "tools/setup/setup.h"
#include "tools/setup/setup_store.h"
#include "tools/vm-model/own_command.h"

#define WORDS_MAX 64

struct words {
	char *word[WORDS_MAX + 1]; /* ends with NULL */
	unsigned count;
};

static void add(struct words *words, const char *word) {
	if (words->count < WORDS_MAX) {
		words->word[words->count++] = xstrdup(word);
	}
}

static void words_free(struct words *words) {
	for (unsigned i = 0; i < words->count; i++) {
		free(words->word[i]);
	}
}

static void add_program(struct words *words) {
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	self[len > 0 ? len : 0] = '\0';
	add(words, "sudo");
	add(words, "--");
	add(words, self[0] ? self : "pierglass-setup");
}

/* Returns the exit status, 127 if there is no sudo. */
static int run(struct words *words) {
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		execvp(words->word[0], words->word);
		_exit(127);
	}
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		return 126;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/* The same request by hand. */
static void say_by_hand(const struct setup *setup) {
	struct text line = { 0 };
	struct text own = { 0 };
	own_command(&own, OWN_UNDER_SUDO);
	for (int i = 1; i < setup->argc; i++) {
		text_add(&line, " ");
		text_add_shell(&line, setup->typed[i]);
	}
	fprintf(stderr,
			_("pierglass setup: the part that needs root was not done. "
			  "To do it alone:\n    sudo %s setup%s\n"),
			text_get(&own), text_get(&line));
	text_finish(&own);
	text_finish(&line);
}

unsigned root_part_apply(const struct setup *setup, unsigned count) {
	struct words words = { 0 };
	unsigned before = store_newest(STORE_OF_ROOT);
	char vm[MEMORY_FILE_PATH];
	int fd = setup->has_vm ? memory_file(setup->document.text, vm) : -1;
	int i = 1;
	add_program(&words);
	/* Behind the user's own, because the last one counts, but in front of a "--". */
	for (; i < setup->argc && strcmp(setup->argv[i], "--") != 0; i++) {
		add(&words, setup->argv[i]);
	}
	add(&words, "--files-only");
	if (fd >= 0) {
		add(&words, "--xml");
		add(&words, vm);
	}
	for (; i < setup->argc; i++) {
		add(&words, setup->argv[i]);
	}
	printf(_("Root is needed for %u of the changes: asking sudo, once.\n"), count);
	int status = run(&words);
	unsigned after = store_newest(STORE_OF_ROOT);
	if (fd >= 0) {
		close(fd);
	}
	words_free(&words);
	if (status != 0 || after <= before) {
		say_by_hand(setup);
		return 0;
	}
	return after;
}

bool root_part_undo(const struct setup *setup, unsigned number) {
	struct words words = { 0 };
	char text[16];
	snprintf(text, sizeof text, "%u", number);
	add_program(&words);
	add(&words, "--undo");
	add(&words, "--number");
	add(&words, text);
	if (setup->options.force) {
		add(&words, "--force");
	}
	puts(_("Taking back root's part needs root: asking sudo, once."));
	bool ok = run(&words) == 0;
	if (!ok) {
		struct text own = { 0 };
		own_command(&own, OWN_UNDER_SUDO);
		fprintf(stderr,
				_("pierglass setup: root's part was not taken back. By hand:\n"
				  "    sudo %s setup --undo --number %u\n"),
				text_get(&own), number);
		text_finish(&own);
	}
	words_free(&words);
	return ok;
}
