/*
 * golden-guest NAME PATH [SECONDS]: brings a recorded session of a real host program back to life
 * at PATH ("b7-640x360-3"; see tests/support/golden.h), for tests of the whole client. Prints
 * "ready" and, for each frame that it posts, "frame SERIAL". Image 6 has no heartbeat: its host is
 * dead.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/golden.h"

static volatile sig_atomic_t quit;

static void on_signal(int number) {
	(void)number;
	quit = 1;
}

static void post_pointers(struct golden *golden, uint64_t now_ns) {
	for (unsigned i = 0; i < golden->pointer_count; i++) {
		golden_post_pointer(golden, i, now_ns);
	}
}

int main(int argc, char **argv) {
	if (argc < 3) {
		fputs("Usage: golden-guest NAME PATH [SECONDS]\n", stderr);
		return 2;
	}
	const char *source = getenv("PG_SOURCE");
	char folder[512];
	snprintf(folder, sizeof folder, "%s/tests/data/shm", source ? source : ".");
	struct golden golden;
	int r = golden_open(&golden, folder, argv[1], argv[2], clock_now_ns());
	if (r < 0) {
		fprintf(stderr, "golden-guest: %s: %s\n", argv[1], strerror(-r));
		return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	puts("ready");
	fflush(stdout);

	const bool dead = argv[1][strlen(argv[1]) - 1] == '6';
	const uint64_t end_ns =
			clock_now_ns() + (argc > 3 ? strtoull(argv[3], NULL, 10) : 3600) * NS_PER_S;
	uint64_t frame_ns = 0;
	unsigned frame = 0;
	while (!quit && clock_now_ns() < end_ns) {
		const uint64_t now_ns = clock_now_ns();
		if (!dead) {
			golden_beat(&golden, now_ns);
		}
		if (golden_new_subscribers(&golden)) {
			post_pointers(&golden, now_ns);
		}
		if (golden.frame_count > 0 && golden_has_subscribers(&golden) &&
				now_ns >= frame_ns &&
				golden_post_frame(&golden, frame, now_ns) > 0) {
			printf("frame %u\n", golden.frames[frame].serial);
			fflush(stdout);
			frame = (frame + 1) % golden.frame_count;
			frame_ns = now_ns + NS_PER_S / 5;
		}
		clock_sleep_ns(10 * NS_PER_MS);
	}
	golden_close(&golden);
	unlink(argv[2]);
	return 0;
}
