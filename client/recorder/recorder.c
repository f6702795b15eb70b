#define LOG_MODULE "recorder"
#include "client/recorder/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/platform/programs.h"

#define PROGRAM      "pierglass-record"
#define WAIT_STEP_NS (10 * NS_PER_MS)

struct recorder {
	struct recording_memory *memory;
	char file[RECORDER_PATH_BYTES];
	pid_t pid; /* 0 = it has ended */
};

static int start(struct recorder *recorder, unsigned limit_mib) {
	char program[] = PROGRAM, limit[16];
	char *argv[] = { program, recorder->file, limit, NULL };
	int in;
	snprintf(limit, sizeof limit, "%u", limit_mib);
	const int r = program_spawn_sharing(
			PROGRAM, argv, recording_memory_fd(recorder->memory), &recorder->pid, &in);
	if (r == 0) {
		recording_memory_set_wake(recorder->memory, in);
	}
	return r;
}

int recorder_create(struct recorder **ret_recorder, const char *file, unsigned limit_mib,
		uint32_t width, uint32_t height) {
	struct recorder *recorder = calloc(1, sizeof *recorder);
	if (!recorder) {
		return -ENOMEM;
	}
	int r = strlen(file) < sizeof recorder->file ? 0 : -ENAMETOOLONG;
	if (r == 0) {
		snprintf(recorder->file, sizeof recorder->file, "%s", file);
		r = recording_memory_create(&recorder->memory, width, height);
	}
	if (r == 0) {
		r = start(recorder, limit_mib);
	}
	if (r < 0) {
		recording_memory_unref(recorder->memory);
		free(recorder);
		return r;
	}
	log_info("recording %ux%u into %s", width, height, file);
	*ret_recorder = recorder;
	return 0;
}

struct recording_memory *recorder_memory(const struct recorder *recorder) {
	return recorder->memory;
}

const char *recorder_file(const struct recorder *recorder) {
	return recorder->file;
}

void recorder_finish(struct recorder *recorder) {
	recording_memory_finish(recorder->memory);
}

bool recorder_look(struct recorder *recorder, struct recording_state *ret_state) {
	if (recorder->pid > 0 && waitpid(recorder->pid, NULL, WNOHANG) != 0) {
		recorder->pid = 0;
	}
	recording_memory_state(recorder->memory, ret_state);
	if (recorder->pid > 0) {
		return false;
	}
	if (ret_state->end == RECORDING_GOES_ON) {
		ret_state->end = RECORDING_DIED;
	}
	return true;
}

bool recorder_has_encoder(void) {
	const char *folder = getenv("PATH"); // NOLINT(concurrency-mt-unsafe): nobody sets it
	while (folder && *folder) {
		const int len = (int)strcspn(folder, ":");
		char path[1024];
		const int n = snprintf(path, sizeof path, "%.*s/ffmpeg", len, folder);
		if (n > 0 && (size_t)n < sizeof path && access(path, X_OK) == 0) {
			return true;
		}
		folder += len + (folder[len] == ':');
	}
	return false;
}

static const char *encoder_text(const struct recording_state *state) {
	return state->code == ENOENT ? _("No recording: install ffmpeg, which writes it")
				     : _("No recording: ffmpeg does not start");
}

bool recorder_text(const struct recording_state *state, const char *file, char *text, size_t size) {
	switch (state->end) {
	case RECORDING_GOES_ON:
	case RECORDING_END_COUNT:
		break;
	case RECORDING_ASKED:
		snprintf(text, size, _("Saved %s: %llu of %llu pictures are in it"), file,
				(unsigned long long)(state->offered - state->missed),
				(unsigned long long)state->offered);
		return true;
	case RECORDING_LIMIT:
		snprintf(text, size,
				_("The recording ended, as it is as large as --record-limit "
				  "allows: saved %s"),
				file);
		return true;
	case RECORDING_DISK_FULL:
		snprintf(text, size,
				_("The recording ended, because the disk is nearly full: saved %s"),
				file);
		return true;
	case RECORDING_NO_ENCODER:
		snprintf(text, size, "%s", encoder_text(state));
		return false;
	case RECORDING_NO_FILE:
		snprintf(text, size, _("No recording: %s: %s"), file,
				strerrordesc_np(state->code) ? strerrordesc_np(state->code) : "?");
		return false;
	case RECORDING_ENCODER_ENDED:
		snprintf(text, size, _("The recording broke off, and %s has what came before: %s"),
				file, state->text[0] ? state->text : _("ffmpeg ended"));
		return true;
	case RECORDING_DIED:
		snprintf(text, size, _("The recording broke off, and %s has what came before: %s"),
				file, _("pierglass-record ended"));
		return true;
	}
	snprintf(text, size, "%s", file);
	return true;
}

/* At the end of the program nobody else does. */
static void tell_end(const struct recorder *recorder, const struct recording_state *state) {
	char text[1024];
	if (recorder->pid == 0) {
		(void)recorder_text(state, recorder->file, text, sizeof text);
		log_info("%s", text);
	} else {
		log_info("%s is finished in the background", recorder->file);
	}
}

void recorder_destroy(struct recorder *recorder, uint64_t wait_ns) {
	struct recording_state state;
	if (!recorder) {
		return;
	}
	recorder_finish(recorder);
	const uint64_t until_ns = clock_now_ns() + wait_ns;
	while (!recorder_look(recorder, &state) && clock_now_ns() < until_ns) {
		clock_sleep_ns(WAIT_STEP_NS);
	}
	if (wait_ns > 0) {
		tell_end(recorder, &state);
	}
	recording_memory_unref(recorder->memory);
	free(recorder);
}
