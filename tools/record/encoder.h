/*
 * ffmpeg as a child: raw picture and sound (raw_stream.h) into its stdin, a Matroska file out. It
 * gets the encoder that it has of a list, and its last words are kept.
 */
#pragma once

#include <sys/types.h>

struct encoder {
	pid_t pid;
	int in;     /* its stdin, blocking; -1 = closed */
	int errors; /* its stderr, not blocking */
	char text[160];
};

/* Returns 0, -ENOENT (there is no ffmpeg), or a negative errno. */
int encoder_start(struct encoder *encoder, const char *file);
/* Reads what it said meanwhile. */
void encoder_listen(struct encoder *encoder);
/* Lets it finish the file. Returns 0, or -EIO if it failed: see text. */
int encoder_finish(struct encoder *encoder);
