/*
 * pierglass-bench: what `pierglass --bench` becomes, so that nothing that measures is in the
 * program that plays. It reads the command line and the configuration as pierglass does.
 */
#define LOG_MODULE "bench"
#include <stdio.h>

#include "base/ending.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/bench/bench_audio.h"
#include "client/bench/bench_input.h"
#include "client/bench/bench_video.h"
#include "client/config/config.h"
#include "client/platform/sandbox.h"
#include "client/vm/vm_profile.h"

#define EXIT_USAGE 2

static int run(struct config *config) {
	switch (config->bench.kind) {
	case BENCH_NONE:
	case BENCH_VIDEO:
		return run_bench_video(config);
	case BENCH_AUDIO:
		return run_bench_audio(config);
	case BENCH_INPUT:
		return run_bench_input(config);
	}
	return EXIT_USAGE;
}

int main(int argc, char **argv) {
	static struct config config; /* large, and lives as long as the program */
	char error[CONFIG_ERROR_BYTES];
	audio_own_latency();
	if (ending_start() < 0) {
		log_debug("signals end the program as they like");
	}
	i18n_init();
	if (config_load(&config, argc, argv, NULL, error) < 0 ||
			vm_profile_load(&config, error) < 0) {
		fprintf(stderr, "%s\n", error); /* begins with where: "pierglass:", FILE:LINE: */
		return EXIT_USAGE;
	}
	if (config.mode != RUN_BENCH) {
		log_error("pierglass-bench needs --bench=video, --bench=audio or --bench=input");
		return EXIT_USAGE;
	}
	if (config.sandbox) {
		struct sandbox_state state;
		const struct sandbox_request request = { .mode = SANDBOX_BENCH,
			.paths.home = sandbox_home(),
			.paths.memory = config.video.shm_path,
			.paths.write = { config.record_path },
			.paths.run = { config.record_path[0] ? "ffmpeg" : NULL } };
		sandbox_enter(&request, &state);
	}
	return run(&config);
}
