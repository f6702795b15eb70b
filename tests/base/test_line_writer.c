/* Lines that nobody reads: no write waits, what is lost is counted and told. The log above it. */
#define LOG_MODULE "test"
#include "base/line_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tests/support/check.h"

static char text[1 << 20];

/* All that is there now. */
static size_t read_all(int fd) {
	size_t len = 0;
	ssize_t n;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (len < sizeof text - 1 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0) {
		len += (size_t)n;
	}
	text[len] = '\0';
	return len;
}

static unsigned count(const char *needle) {
	unsigned n = 0;
	for (const char *at = text; (at = strstr(at, needle)); at += strlen(needle)) {
		n++;
	}
	return n;
}

static void nobody_reads(int fds[2]) {
	static const char line[] = "a line of the log that nobody reads at all\n";
	struct line_writer writer = LINE_WRITER(fds[1]);
	unsigned taken = 0;
	const uint64_t begin = clock_now_ns();
	for (int i = 0; i < 20000; i++) {
		taken += line_writer_put(&writer, line, sizeof line - 1);
	}
	CHECK(clock_now_ns() - begin < 5 * NS_PER_S);
	CHECK(taken > 0 && taken < 20000);
	CHECK_EQ(writer.lost, 20000 - taken);
	/* The descriptor itself blocks as before: other programs share its flags. */
	CHECK_EQ((fcntl(fds[1], F_GETFL) & O_NONBLOCK), 0);
	read_all(fds[0]);
	CHECK_EQ(count("a line of the log"), taken);
	CHECK(line_writer_put(&writer, line, sizeof line - 1));
	read_all(fds[0]);
	char reported[80];
	snprintf(reported, sizeof reported, "(%u lines before this one were lost", 20000 - taken);
	CHECK_EQ(count(reported), 1);
	CHECK_EQ(count("a line of the log"), 1);
	CHECK_EQ(writer.lost, 0);
	if (writer.own >= 0) {
		close(writer.own);
	}
	close(fds[0]);
	close(fds[1]);
}

static void a_pipe_that_nobody_reads(void **state) {
	(void)state;
	int fds[2];
	CHECK_EQ(pipe(fds), 0);
	nobody_reads(fds);
}

static void a_socket_that_nobody_reads(void **state) {
	(void)state;
	int fds[2];
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	nobody_reads(fds);
}

static void a_terminal_that_is_held(void **state) {
	(void)state;
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		skip();
	}
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	CHECK(slave >= 0);
	struct line_writer writer = LINE_WRITER(slave);
	const uint64_t begin = clock_now_ns();
	for (int i = 0; i < 20000; i++) {
		line_writer_put(&writer, "a line for a terminal\n", 22);
	}
	CHECK(writer.lost > 0 && clock_now_ns() - begin < 5 * NS_PER_S);
	close(writer.own);
	close(slave);
	close(master);
}

static void a_file_takes_all_and_keeps_what_it_has(void **state) {
	(void)state;
	FILE *file = tmpfile();
	CHECK(file != NULL);
	fputs("before\n", file);
	fflush(file);
	struct line_writer writer = LINE_WRITER(fileno(file));
	for (int i = 0; i < 100; i++) {
		CHECK(line_writer_put(&writer, "after\n", 6));
	}
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	CHECK_EQ(strncmp(text, "before\nafter\n", 13), 0);
	CHECK_EQ(count("after"), 100);
	fclose(file);
}

static void a_long_line_is_cut(void **state) {
	(void)state;
	int fds[2];
	static char line[3 * LINE_WRITER_MAX];
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	CHECK_EQ(pipe(fds), 0);
	struct line_writer writer = LINE_WRITER(fds[1]);
	CHECK(line_writer_put(&writer, line, sizeof line));
	CHECK_EQ(read_all(fds[0]), LINE_WRITER_MAX);
	CHECK_EQ(text[LINE_WRITER_MAX - 1], '\n');
	close(writer.own);
	close(fds[0]);
	close(fds[1]);
}

/* stderr into a pipe; returns its reading end, and in *ret_kept what stderr was. */
static int take_stderr(int *ret_kept) {
	int fds[2];
	CHECK_EQ(pipe(fds), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	*ret_kept = dup(STDERR_FILENO);
	CHECK(dup2(fds[1], STDERR_FILENO) >= 0);
	close(fds[1]);
	return fds[0];
}

static void give_stderr(int kept) {
	dup2(kept, STDERR_FILENO);
	close(kept);
}

/* From however many places: 300 lines at once, then few, and the rest is told. */
static void all_lines_have_one_budget(void **state) {
	(void)state;
	static char places[1000][2]; /* modules: each is a place of its own */
	int kept;
	int fd = take_stderr(&kept);
	for (int i = 0; i < 5000; i++) {
		places[i % 1000][0] = 'm';
		log_line(LOG_INFO, places[i % 1000], "a state that a guest changes %d", i);
	}
	read_all(fd);
	const unsigned lines = count("\n");
	nanosleep(&(struct timespec){ .tv_nsec = 450 * 1000 * 1000 }, NULL);
	log_info("later");
	read_all(fd);
	give_stderr(kept);
	CHECK(lines >= 200 && lines <= 320);
	CHECK_EQ(count("lines before this one were left out: too many at once"), 1);
	CHECK_EQ(count("later"), 1);
	close(fd);
}

static void say(int i) {
	log_info("a state that a guest changes %d", i);
}

/* Whoever repeats one thing hides nothing else, and is told by a number. */
static void a_place_has_a_budget(void **state) {
	(void)state;
	int kept;
	int fd = take_stderr(&kept);
	for (int i = 0; i < 5000; i++) {
		say(i);
		log_warn("another place %d", i);
	}
	log_info("a third place");
	read_all(fd);
	const unsigned lines = count("\n");
	const unsigned third = count("a third place");
	nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 100 * 1000 * 1000 }, NULL);
	say(5000);
	read_all(fd);
	give_stderr(kept);
	CHECK(lines >= 75 && lines <= 95);
	CHECK_EQ(third, 1);
	CHECK_EQ(count(" more like this)"), 1);
	CHECK_EQ(count("left out: too many"), 0);
	close(fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_that_nobody_reads),
		cmocka_unit_test(a_socket_that_nobody_reads),
		cmocka_unit_test(a_terminal_that_is_held),
		cmocka_unit_test(a_file_takes_all_and_keeps_what_it_has),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(a_place_has_a_budget),
		cmocka_unit_test(all_lines_have_one_budget),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
