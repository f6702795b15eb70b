/*
 * pierglass: one program for the picture, the sound and the input of a Windows VM.
 *
 * main() reads the configuration and calls one composition. Nobody else calls exit().
 */
#define LOG_MODULE "main"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ending.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/audio_only.h"
#include "client/config/completions.h"
#include "client/config/config.h"
#include "client/config/config_again.h"
#include "client/config/config_show.h"
#include "client/config/help.h"
#include "client/platform/process.h"
#include "client/platform/programs.h"
#include "client/platform/sandbox.h"
#include "client/play.h"
#include "client/scream_cli.h"
#include "client/vm/has_vm.h"
#include "client/vm/vm_profile.h"
#include "client/vm/vm_start.h"

#define EXIT_USAGE 2

/* Becomes another program of ours, which reads these words; those[0] is where its name belongs. */
static int run_program(const char *name, char *const those[], int those_count) {
	char *words[256] = { NULL };
	size_t count = (size_t)those_count;
	if (count >= sizeof words / sizeof words[0]) {
		log_error("%s: %zu arguments are too many, 255 are allowed", name, count);
		return EXIT_USAGE;
	}
	memcpy(words, those, count * sizeof words[0]);
	char own_name[32];
	snprintf(own_name, sizeof own_name, "%s", name);
	words[0] = own_name;
	int r = program_exec(name, words);
	log_error("%s does not start: %s. It belongs beside pierglass or in %s", name,
			strerrordesc_np(-r), PG_LIBEXECDIR);
	return 1;
}

/* "pierglass doctor WORDS". */
static int run_command(const char *name, const struct config *config) {
	return run_program(name, config->rest, config->rest_count);
}

/* --demo-if-no-vm */
static void demo_without_vm(struct config *config) {
	if (config->mode == RUN_PLAY && config->demo_if_no_vm && !config->domain[0] &&
			!has_vm(&config->owners)) {
		log_info("no virtual machine on this computer: showing the demo guest. With a VM: "
			 "`pierglass setup` and `pierglass doctor` help");
		config->mode = RUN_DEMO;
		config->demo = true;
	}
}

/* Until the window closes; then, if another VM was chosen in it, the program begins anew for that.
 */
static int play(struct config *config) {
	const int status = run_play(config);
	if (config->next_vm[0] == '\0') {
		return status;
	}
	int r = config->next_starts ? vm_start(config->next_vm, config->next_uri) : 0;
	if (r < 0) {
		log_error("%s is not started: virsh does not run (%s)", config->next_vm,
				strerrordesc_np(-r));
	}
	char **argv = config_again(config);
	r = argv ? program_exec(argv[0], argv) : -ENOMEM;
	free(argv);
	log_error("cannot go on with %s (%s)", config->next_vm, strerrordesc_np(-r));
	return 1;
}

static int run(struct config *config, int argc, char **argv) {
	if (config->near_command) {
		log_warn("\"%s\" is taken for the name of a VM. The command is: pierglass %s",
				config->domain, config->near_command);
	}
	switch (config->mode) {
	case RUN_PLAY:
	case RUN_DEMO:
		return config->picture ? play(config) : run_without_window(config);
	case RUN_BENCH:
		return run_program("pierglass-bench", argv, argc);
	case RUN_AUDIO_ONLY:
		return run_audio_only(config);
	case RUN_SCREENSHOT:
		return run_screenshot(config);
	case RUN_DOCTOR:
		return run_command("pierglass-doctor", config);
	case RUN_SETUP:
		return run_command("pierglass-setup", config);
	case RUN_VM_INFO:
		return run_command("pierglass-vm-info", config);
	case RUN_CONFIG:
		return config_show(config, stdout);
	case RUN_SCREAM:
		return run_scream(config);
	case RUN_HELP:
		help_print(stdout, config->help_topic);
		return 0;
	case RUN_VERSION:
		puts("pierglass " PG_VERSION);
		return 0;
	case RUN_LICENSE:
		puts("pierglass " PG_VERSION " - GPL-2.0-or-later\n"
		     "This program is free software: you can redistribute it and/or modify it under\n"
		     "the terms of the GNU General Public License, version 2 or (at your option) any\n"
		     "later version. It comes without any warranty.");
		return 0;
	case RUN_COMPLETIONS:
		return completions_print(stdout, config->help_topic) < 0 ? EXIT_USAGE : 0;
	}
	return EXIT_USAGE;
}

static bool plays(enum run_mode mode) {
	return mode == RUN_PLAY || mode == RUN_DEMO || mode == RUN_AUDIO_ONLY ||
	       mode == RUN_SCREENSHOT;
}

/* What the rest would tell as something else. */
static bool may_play(void) {
	unsigned count = 0;
	unsigned mebibytes = 0;
	if (!process_allow_descriptors(&count)) {
		log_error("only %u files may be open here, which is too few: ulimit -n 1024 in this shell, or "
			  "LimitNOFILE= of the unit",
				count);
		return false;
	}
	if (process_has_little_space(&mebibytes)) {
		log_warn("only %u MiB of addresses are allowed here (ulimit -v): graphics drivers and the VM's "
			 "memory may not fit",
				mebibytes);
	}
	if (geteuid() == 0) {
		log_warn("this program runs as root, and so would a VM that breaks into it: "
			 "start it as your own user");
	}
	return true;
}

static void confine(struct config *config) {
	struct sandbox_request request = { .mode = config->mode == RUN_AUDIO_ONLY
								   ? SANDBOX_AUDIO_ONLY
						   : config->mode == RUN_SCREENSHOT
								   ? SANDBOX_SCREENSHOT
								   : SANDBOX_PLAY,
		.paths.home = sandbox_home(),
		.paths.memory = config->video.shm_path,
		.paths.write = { config->screenshot_path, config->record_path } };
	char text[64];
	size_t run = 0;
	if (config->mode == RUN_PLAY && config->picture) {
		request.paths.run[run++] = "virsh"; /* the first screen starts VMs with it */
	}
	if ((config->mode == RUN_PLAY || config->mode == RUN_DEMO) && config->picture) {
		request.paths.run[run++] = "ffmpeg"; /* pierglass-record encodes with it */
	}
	if (strstr(config->connect_uri, "+ssh:") || strstr(config->connect_uri, "+libssh")) {
		request.paths.run[run++] = "ssh";
		request.paths.ssh_keys = true;
	}
	if (!config->sandbox) {
		log_warn("no sandbox (--no-sandbox): a VM that breaks into this program can do what you can");
		return;
	}
	audio_look_around(&config->audio);
	sandbox_enter(&request, &config->confined);
	sandbox_text(&config->confined, text, sizeof text);
	config->video.confined = config->confined.calls || config->confined.files > 0;
	log_debug("given up: %s", text[0] ? text : "nothing, this kernel has no means for it");
}

int main(int argc, char **argv) {
	static struct config config; /* large, and lives as long as the program */
	char error[CONFIG_ERROR_BYTES];
	process_prepare();
	if (process_has_borrowed_rights()) {
		fputs("pierglass: it must not be installed set-uid or set-gid: chmod ug-s PROGRAM\n",
				stderr);
		return EXIT_USAGE;
	}
	audio_own_latency();
	if (ending_start() < 0) {
		log_debug("signals end the program as they like");
	}
	i18n_init();
	if (config_load(&config, argc, argv, NULL, error) < 0) {
		fprintf(stderr, "%s\n", error); /* begins with where: "pierglass:", FILE:LINE: */
		return EXIT_USAGE;
	}
	demo_without_vm(&config);
	if (vm_profile_load(&config, error) < 0) {
		fprintf(stderr, "%s\n", error);
		return EXIT_USAGE;
	}
	if (plays(config.mode)) {
		if (!may_play()) {
			return 1;
		}
		confine(&config);
	}
	return run(&config, argc, argv);
}
