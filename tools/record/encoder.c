#include "tools/record/encoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/utf8.h"

#define PROGRAM "ffmpeg"

/* In the order in which they are liked: what is cheap while a game runs and plays everywhere first.
 * Distributions leave some of them out. */
static const struct {
	const char *name;
	const char *options[7];
} codecs[] = {
	{ "libx264", { "-preset", "superfast", "-tune", "zerolatency", "-crf", "21" } },
	{ "libopenh264", { "-b:v", "12M" } },
	{ "libvpx", { "-deadline", "realtime", "-cpu-used", "8", "-b:v", "12M" } },
	{ "mpeg4", { "-q:v", "3" } },
};

static int spawn(char *const argv[], int in, int out, int errors, pid_t *ret_pid) {
	const pid_t pid = fork();
	if (pid < 0) {
		return -errno;
	}
	if (pid == 0) {
		const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		dup2(in >= 0 ? in : null, STDIN_FILENO);
		dup2(out >= 0 ? out : null, STDOUT_FILENO);
		dup2(errors >= 0 ? errors : null, STDERR_FILENO);
		setpgid(0, 0); /* a Ctrl+C in the terminal is not for it: its input ends */
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	*ret_pid = pid;
	return 0;
}

static int wait_for(pid_t pid) {
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return status;
}

/* Which encoders it has, as it lists them. Returns 0, -ENOENT or a negative errno. */
static int list_encoders(char *text, size_t size) {
	char program[] = PROGRAM, banner[] = "-hide_banner", encoders[] = "-encoders";
	char *argv[] = { program, banner, encoders, NULL };
	int fds[2];
	pid_t pid = 0;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		return -errno;
	}
	int r = spawn(argv, -1, fds[1], -1, &pid);
	close(fds[1]);
	size_t len = 0;
	ssize_t n = 1;
	while (r == 0 && n > 0) {
		char rest[512];
		const bool room = len + 1 < size;
		n = read(fds[0], room ? text + len : rest, room ? size - 1 - len : sizeof rest);
		len += room && n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
	close(fds[0]);
	if (r < 0) {
		return r;
	}
	const int status = wait_for(pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 127   ? -ENOENT
	       : WIFEXITED(status) && WEXITSTATUS(status) == 126 ? -EACCES
								 : 0;
}

/* The first of ours that it lists; the last where it lists none. */
static unsigned choose(const char *list) {
	const unsigned count = sizeof codecs / sizeof *codecs;
	for (unsigned i = 0; i < count; i++) {
		char word[32];
		snprintf(word, sizeof word, " %s ", codecs[i].name);
		if (strstr(list, word)) {
			return i;
		}
	}
	return count - 1;
}

static int start_with(struct encoder *encoder, unsigned codec, const char *file) {
	char target[4200];
	int in[2], errors[2];
	/* The colours of HDTV, said in the file; a side of odd length has no half. */
	static const char filter[] = "pad=ceil(iw/2)*2:ceil(ih/2)*2,"
				     "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p";
	const char *argv[48] = { PROGRAM, "-hide_banner", "-nostdin", "-loglevel", "error", "-f",
		"matroska", "-i", "pipe:0", "-vf", filter, "-colorspace", "bt709", "-color_range",
		"tv", "-color_primaries", "bt709", "-color_trc", "bt709", "-c:v",
		codecs[codec].name };
	static const char *const rest[] = { "-c:a", "aac", "-b:a", "192k", "-f", "matroska",
		"-cluster_time_limit", "1000", "-max_interleave_delta", "1000000", "-flush_packets",
		"1", "-y" };
	size_t n = 0;
	while (argv[n]) {
		n++;
	}
	for (size_t i = 0; codecs[codec].options[i]; i++) {
		argv[n++] = codecs[codec].options[i];
	}
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
		argv[n++] = rest[i];
	}
	snprintf(target, sizeof target, "file:%s", file);
	argv[n++] = target;
	if (pipe2(in, O_CLOEXEC) < 0) {
		return -errno;
	}
	if (pipe2(errors, O_CLOEXEC) < 0) {
		const int r = -errno;
		close(in[0]);
		close(in[1]);
		return r;
	}
	char *copy[48];
	memcpy(copy, argv, sizeof copy); /* exec takes what it only reads without const */
	const int r = spawn(copy, in[0], -1, errors[1], &encoder->pid);
	close(in[0]);
	close(errors[1]);
	encoder->in = in[1];
	encoder->errors = errors[0];
	(void)fcntl(encoder->in, F_SETPIPE_SZ, 1 << 20);
	(void)fcntl(encoder->errors, F_SETFL, O_NONBLOCK);
	if (r < 0) {
		close(in[1]);
		close(errors[0]);
	}
	return r;
}

int encoder_start(struct encoder *encoder, const char *file) {
	static char list[64 * 1024];
	*encoder = (struct encoder){ .in = -1, .errors = -1 };
	const int r = list_encoders(list, sizeof list);
	return r < 0 ? r : start_with(encoder, choose(list), file);
}

void encoder_listen(struct encoder *encoder) {
	char text[1024];
	ssize_t n;
	while ((n = read(encoder->errors, text, sizeof text - 1)) > 0) {
		text[n] = '\0';
		/* Its last line says most. */
		char *end = text + n;
		while (end > text && (end[-1] == '\n' || end[-1] == '\r')) {
			*--end = '\0';
		}
		const char *line = strrchr(text, '\n');
		line = line ? line + 1 : text;
		if (*line) {
			utf8_printable(encoder->text, sizeof encoder->text, line, strlen(line));
		}
	}
}

int encoder_finish(struct encoder *encoder) {
	close(encoder->in);
	encoder->in = -1;
	struct pollfd fd = { .fd = encoder->errors, .events = POLLIN };
	do {
		encoder_listen(encoder);
		fd.revents = 0;
	} while (poll(&fd, 1, -1) >= 0 ? !(fd.revents & POLLHUP) : errno == EINTR);
	encoder_listen(encoder);
	close(encoder->errors);
	const int status = wait_for(encoder->pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}
