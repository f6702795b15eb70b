/*
 * Sessions of a hostile producer, driven step by step on a clock of their own; and a process that
 * changes words meanwhile. For the tests that let them through the decoders, or into GL.
 */
#pragma once

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "host-proto/sim/demo_cursor.h"
#include "tests/support/hostile.h"

#define HOSTILE_FRAMES 8u

static inline unsigned hostile_sessions_wanted(const char *variable, unsigned otherwise) {
	const char *text = getenv(variable);
	const unsigned long value = text ? strtoul(text, NULL, 10) : 0;
	return value ? (unsigned)value : otherwise;
}

static const unsigned hostile_versions[] = { 20, 19, 20, 34 };

struct hostile {
	struct guest guest;
	struct hostile_random random;
	struct hostile_reader reader;
	unsigned kvmfr;
	const struct lgmp_layout *layout;
	struct frame newest; /* as it was meant */
};

static inline struct frame hostile_frame(struct hostile_random *random, unsigned kvmfr) {
	struct frame frame = guest_frame(
			16 + hostile_below(random, 200), 16 + hostile_below(random, 100));
	frame.format = (enum frame_format)(1 + hostile_below(random, kvmfr == 19 ? 4 : 6));
	frame.pitch = frame.width * frame_bytes_per_pixel(frame.format);
	if (frame.format == FRAME_FORMAT_BGR_32) {
		frame.data_width = (frame.width * 3 + 3) / 4;
		frame.pitch = frame.data_width * 4;
	}
	frame.rotation = hostile_below(random, 4);
	frame.damage_count = hostile_below(random, 3);
	for (unsigned i = 0; i < frame.damage_count; i++) {
		frame.damage[i] = (struct frame_rect){ hostile_below(random, 16),
			hostile_below(random, 16), 8, 8 };
	}
	return frame;
}

/* What an honest producer would do next; its own code must survive the memory as well. */
static inline void hostile_produce(struct hostile *hostile) {
	struct hostile_random *random = &hostile->random;
	struct frame frame = hostile->newest;
	/* Half of them with the geometry of the one before, so that damage counts. */
	if (frame.format == FRAME_FORMAT_NONE || hostile_below(random, 2)) {
		frame = hostile_frame(random, hostile->kvmfr);
	}
	hostile->newest = frame;
	struct kvmfr_host_frame at;
	struct demo_cursor_shape shape;
	frame.serial = hostile->guest.serial++;
	if (kvmfr_host_post_frame(hostile->guest.host, &frame, guest_ms(&hostile->guest), &at) ==
			0) {
		const uint32_t bytes = frame.pitch * frame.rows;
		memset(at.pixels, (int)frame.serial, bytes);
		kvmfr_host_written(&at, bytes);
	}
	demo_cursor_draw(hostile_below(random, 3), &shape);
	kvmfr_host_post_pointer(hostile->guest.host, true, true, 5, 5,
			hostile_below(random, 2) ? &shape.shape : NULL, guest_ms(&hostile->guest));
}

static inline void hostile_beat(struct hostile *hostile) {
	hostile->guest.now_ns += 10 * NS_PER_MS;
	(void)kvmfr_host_periodic(hostile->guest.host, guest_ms(&hostile->guest));
	/* alive, whatever became of the rest */
	lgmp_store64(lgmp_at64(shm_base(hostile->guest.shm), hostile->layout->timestamp),
			guest_ms(&hostile->guest));
}

static inline void hostile_begin(struct hostile *hostile) {
	hostile->kvmfr = hostile_versions[hostile_below(&hostile->random, 4)];
	hostile->layout = hostile_layout(hostile->kvmfr);
	hostile->newest.format = FRAME_FORMAT_NONE;
	kvmfr_host_destroy(hostile->guest.host);
	hostile->guest.host = NULL;
	const struct kvmfr_info info = guest_info(hostile->kvmfr);
	CHECK(kvmfr_host_create(&hostile->guest.host, hostile->guest.shm, &info) == 0);
	CHECK(kvmfr_host_begin(hostile->guest.host, hostile_next(&hostile->random),
			      guest_ms(&hostile->guest)) == 0);
}

static inline void hostile_change_some(struct hostile *hostile, unsigned most) {
	const unsigned count = hostile_below(&hostile->random, most + 1);
	for (unsigned i = 0; i < count; i++) {
		hostile_change(&hostile->random, shm_base(hostile->guest.shm), hostile->layout,
				HOSTILE_MEMORY);
	}
}

/* One session; early: lies stand there before anybody subscribes. */
static inline void hostile_run_session(struct hostile *hostile, bool early) {
	struct lgmp_client *client;
	hostile_begin(hostile);
	if (early) {
		hostile_change_some(hostile, 3);
	}
	CHECK(lgmp_client_create(&client, hostile->guest.path) == 0);
	for (unsigned i = 0; i < 4; i++) {
		hostile_beat(hostile);
		lgmp_client_step(client, hostile->guest.now_ns);
	}
	for (unsigned i = 0; i < HOSTILE_FRAMES; i++) {
		hostile_produce(hostile);
		hostile_change_some(hostile, early ? 1 : 2);
		hostile_drain(&hostile->reader, client);
		if (hostile_below(&hostile->random, 4) == 0) {
			lgmp_client_move_pointer(client, 1, 2, hostile->guest.now_ns);
		}
		hostile_beat(hostile);
		lgmp_client_step(client, hostile->guest.now_ns);
	}
	lgmp_client_destroy(client);
}

static inline void hostile_open(struct hostile *hostile, uint64_t seed) {
	memset(hostile, 0, sizeof *hostile);
	hostile->random.state = seed;
	guest_file(&hostile->guest, HOSTILE_MEMORY);
	CHECK(shm_map(&hostile->guest.shm, hostile->guest.path) == 0);
	hostile_reader_init(&hostile->reader);
}

static inline void hostile_close(struct hostile *hostile) {
	print_message("%llu frames and %llu pointers read, %llu refused\n",
			(unsigned long long)hostile->reader.frames,
			(unsigned long long)hostile->reader.pointers,
			(unsigned long long)hostile->reader.refused);
	hostile_reader_finish(&hostile->reader);
	guest_close(&hostile->guest);
}

/* Ends when its parent does. */
static inline void hostile_mutate_for_ever(const char *path, uint64_t seed) {
	struct shm *shm;
	struct hostile_random random = { seed };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (shm_map(&shm, path) < 0) {
		_exit(1);
	}
	for (;;) {
		/* The layout of the moment is not known here: all of them in turn. */
		const struct lgmp_layout *layout =
				hostile_layout(hostile_versions[hostile_below(&random, 4)]);
		hostile_change(&random, shm_base(shm), layout, HOSTILE_MEMORY);
		for (unsigned i = hostile_below(&random, 40000); i > 0; i--) {
			__asm__ volatile("" ::: "memory");
		}
	}
}
