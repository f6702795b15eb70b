/*
 * pierglass-record FILE LIMIT_MIB: writes what a playing pierglass puts into the memory that it
 * gave as descriptor 3 to a file, until it is asked to end, the player is gone (its stdin ends), or
 * the disk has no more room. It runs inside the player's sandbox, as ffmpeg does, below the
 * player's priority.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "recording/recording_memory.h"
#include "tools/record/encoder.h"
#include "tools/record/raw_stream.h"
#include "tools/record/sound_line.h"

#define MEMORY_FD    3
#define MIB          (1024ull * 1024)
#define KEPT_FREE    (512 * MIB)
#define LOOK_MS      20
#define LATE_NS      (100 * NS_PER_MS) /* sound that has not come by then is silence */
#define REPEAT_MS    500               /* a still picture comes again, so that the file goes on */
#define DISK_LOOK_NS (500 * NS_PER_MS)
#define NICE         10

struct record {
	struct recording_memory *memory;
	const char *file;
	uint64_t limit_bytes;
	struct encoder encoder;
	struct raw_stream stream;
	struct sound_line *sound;
	uint32_t width, height;

	struct recording_frame shown; /* the newest picture; pixels NULL = none yet */
	bool rgba;                    /* as the stream has it */
	uint64_t zero_ns;
	uint64_t last_ms; /* of the newest picture */
	uint64_t disk_ns;
	enum recording_end end;
};

static volatile sig_atomic_t ends_by_signal;

static void on_signal(int number) {
	(void)number;
	ends_by_signal = 1;
}

/* ---- picture ---- */

static void swap_red_and_blue(unsigned char *pixels, size_t count) {
	for (size_t i = 0; i < count; i++) {
		const unsigned char first = pixels[4 * i];
		pixels[4 * i] = pixels[4 * i + 2];
		pixels[4 * i + 2] = first;
	}
}

static int write_picture(struct record *record, uint64_t at_ms) {
	if (record->last_ms != 0 && at_ms <= record->last_ms) {
		at_ms = record->last_ms + 1;
	}
	record->last_ms = at_ms;
	return raw_stream_picture(&record->stream, at_ms, record->shown.pixels);
}

static int begin(struct record *record, const struct recording_frame *frame) {
	record->rgba = frame->rgba;
	record->zero_ns = frame->at_ns;
	int r = sound_line_create(&record->sound, record->zero_ns);
	if (r == 0) {
		r = raw_stream_begin(&record->stream, record->encoder.in, record->width,
				record->height, record->rgba);
	}
	return r;
}

static int take_pictures(struct record *record) {
	struct recording_frame frame;
	int r = 0;
	while (r == 0 && recording_frame_take(record->memory, &frame)) {
		if (record->shown.pixels) {
			recording_frame_give_back(record->memory, record->shown.slot);
		} else {
			r = begin(record, &frame);
		}
		if (frame.rgba != record->rgba) {
			swap_red_and_blue(frame.pixels, (size_t)record->width * record->height);
		}
		record->shown = frame;
		const uint64_t since_ns =
				frame.at_ns > record->zero_ns ? frame.at_ns - record->zero_ns : 0;
		if (r == 0) {
			r = write_picture(record, since_ns / NS_PER_MS);
		}
	}
	return r;
}

static int repeat_picture(struct record *record, uint64_t now_ns, uint64_t after_ms) {
	if (!record->shown.pixels) {
		return 0;
	}
	const uint64_t now_ms = (now_ns - record->zero_ns) / NS_PER_MS;
	return now_ms >= record->last_ms + after_ms ? write_picture(record, now_ms) : 0;
}

/* ---- sound ---- */

static int take_sound(struct record *record, uint64_t until_ns) {
	static struct recording_block block;
	static float piece[2 * SOUND_LINE_PIECE_FRAMES];
	uint64_t at_ms;
	int r = 0;
	while (recording_sound_take(record->memory, &block)) {
		if (record->sound) {
			sound_line_put(record->sound, &block);
		}
	}
	while (r == 0 && record->sound && sound_line_take(record->sound, until_ns, &at_ms, piece)) {
		r = raw_stream_sound(&record->stream, at_ms, piece, SOUND_LINE_PIECE_FRAMES);
	}
	return r;
}

/* ---- the disk ---- */

static uint64_t free_bytes(const char *file) {
	struct statvfs fs;
	return statvfs(file, &fs) < 0 ? UINT64_MAX : (uint64_t)fs.f_bavail * fs.f_frsize;
}

static enum recording_end look_at_disk(struct record *record, uint64_t now_ns) {
	struct stat st;
	if (now_ns < record->disk_ns) {
		return RECORDING_GOES_ON;
	}
	record->disk_ns = now_ns + DISK_LOOK_NS;
	const uint64_t bytes = stat(record->file, &st) == 0 ? (uint64_t)st.st_size : 0;
	recording_tell_bytes(record->memory, bytes);
	return bytes >= record->limit_bytes           ? RECORDING_LIMIT
	       : free_bytes(record->file) < KEPT_FREE ? RECORDING_DISK_FULL
						      : RECORDING_GOES_ON;
}

/* ---- the run ---- */

/* Waits for a picture or a while. False: the player is gone. */
static bool wait_a_little(void) {
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[64];
	if (poll(&fd, 1, LOOK_MS) <= 0) {
		return true;
	}
	const ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static int write_on(struct record *record) {
	const uint64_t now_ns = clock_now_ns();
	int r = take_pictures(record);
	if (r == 0) {
		r = take_sound(record, now_ns - LATE_NS);
	}
	if (r == 0) {
		r = repeat_picture(record, now_ns, REPEAT_MS);
	}
	encoder_listen(&record->encoder);
	return r;
}

static void run(struct record *record) {
	int r = 0;
	recording_tell_ready(record->memory);
	while (r == 0 && record->end == RECORDING_GOES_ON) {
		const bool alive = wait_a_little();
		r = write_on(record);
		record->end = !alive || ends_by_signal || recording_is_asked_to_end(record->memory)
					      ? RECORDING_ASKED
					      : look_at_disk(record, clock_now_ns());
	}
	if (r == 0) {
		const uint64_t now_ns = clock_now_ns();
		r = take_sound(record, now_ns);
		r = r == 0 ? repeat_picture(record, now_ns, 1) : r;
	}
	if (encoder_finish(&record->encoder) < 0 || r < 0) {
		record->end = free_bytes(record->file) < KEPT_FREE ? RECORDING_DISK_FULL
								   : RECORDING_ENCODER_ENDED;
	}
	struct stat st;
	recording_tell_bytes(
			record->memory, stat(record->file, &st) == 0 ? (uint64_t)st.st_size : 0);
	recording_tell_end(record->memory, record->end, 0, record->encoder.text);
	sound_line_destroy(record->sound);
}

/* So that the reason is the file's where it is, and nothing is replaced. An empty one is what the
 * player's sandbox makes in the home folder. */
static int make_file(const char *file) {
	const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		const int r = -errno;
		struct stat st;
		const bool empty = lstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
		return r == -EEXIST && empty ? 0 : r;
	}
	close(fd);
	return 0;
}

static void catch_signals(void) {
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv) {
	static struct record record;
	int64_t mebibytes;
	if (argc != 3 || !parse_int(argv[2], 1, INT32_MAX, &mebibytes)) {
		fputs("pierglass-record: the player starts it; see --record\n", stderr);
		return 2;
	}
	catch_signals();
	(void)setpriority(PRIO_PROCESS, 0, NICE);
	record.file = argv[1];
	record.limit_bytes = (uint64_t)mebibytes * MIB;
	int r = recording_memory_open(&record.memory, MEMORY_FD);
	if (r < 0) {
		fprintf(stderr, "pierglass-record: no recording's memory is descriptor %d: %s\n",
				MEMORY_FD, strerrordesc_np(-r));
		return 2;
	}
	(void)fcntl(MEMORY_FD, F_SETFD, FD_CLOEXEC);
	recording_memory_size(record.memory, &record.width, &record.height);
	r = make_file(record.file);
	if (r < 0) {
		recording_tell_end(record.memory, RECORDING_NO_FILE, -r, "");
		return 1;
	}
	r = encoder_start(&record.encoder, record.file);
	if (r < 0) {
		unlink(record.file);
		recording_tell_end(record.memory, RECORDING_NO_ENCODER, -r, "");
		return 1;
	}
	run(&record);
	return record.end == RECORDING_ASKED ? 0 : 1;
}
