/* What each mode gives up, tried from inside; and what must go on working. */
#include "client/platform/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ending.h"
#include "base/thread.h"
#include "client/platform/xdg.h"
#include "tests/support/check.h"

static char home[] = "/tmp/sandbox.XXXXXX";

/* In a child a failure is its number. */
#define NEED(condition)                            \
	do {                                       \
		if (!(condition)) {                \
			_exit(__LINE__ % 250 + 1); \
		}                                  \
	} while (0)

static const char *at(const char *name) {
	static char path[200];
	snprintf(path, sizeof path, "%s/%s", home, name);
	return path;
}

static void make(const char *name, bool folder) {
	if (folder) {
		CHECK_EQ(mkdir(at(name), 0700), 0);
		return;
	}
	int fd = open(at(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(close(fd), 0);
}

static bool opens(const char *name, int how) {
	int fd = open(at(name), how | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
	}
	return fd >= 0;
}

static bool refuses(long result, int error) {
	return result < 0 && errno == error;
}

static void try_calls(void) {
#ifndef PG_SANITIZED
	NEED(refuses(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM));
#endif
	NEED(refuses(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0), EPERM));
	NEED(refuses(socket(AF_PACKET, SOCK_RAW, 0), EPERM));
	NEED(refuses(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1), EPERM));
	NEED(refuses(socket(AF_INET6, SOCK_RAW, 58), EPERM));
	NEED(refuses(socket(38 /* AF_ALG */, SOCK_SEQPACKET, 0), EPERM));
	NEED(refuses(unshare(CLONE_NEWUSER), EPERM));
	NEED(refuses(syscall(SYS_bpf, 0, NULL, 0), EPERM));
	NEED(refuses(syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0), EPERM));
	NEED(refuses(syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM));
	NEED(refuses(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS));
	NEED(refuses(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL), EPERM));
	NEED(refuses(ioctl(0, TIOCSTI, "x"), EPERM));
	NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	/* What the parts use. */
	NEED(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	NEED(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
	NEED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15 /* udev's */) >= 0);
}

static void try_files(enum sandbox_mode mode) {
	const bool settings = mode == SANDBOX_PLAY || mode == SANDBOX_AUDIO_ONLY;
	NEED(!opens(".ssh/id", O_RDONLY) && errno == EACCES);
	NEED(!opens(".config/gh/token", O_RDONLY) &&
			!opens(".local/share/keyrings/login", O_RDONLY));
	NEED(opens("Documents/a", O_RDONLY) && opens(".config/other", O_RDONLY));
	NEED(opens(".bashrc", O_RDONLY));
	NEED(!opens(".bashrc", O_WRONLY | O_APPEND) && errno == EACCES);
	NEED(!opens(".profile", O_WRONLY | O_CREAT) && errno == EACCES);
	NEED(!opens("Documents/b", O_WRONLY | O_CREAT) &&
			!opens(".config/autostart", O_WRONLY | O_CREAT));
	NEED(unlink(at(".bashrc")) < 0 && rename(at("Documents/a"), at("a")) < 0);
	NEED(symlink(".ssh", at("link")) < 0);
	NEED(opens("link-to-ssh/id", O_RDONLY) == false);
	NEED(opens(".config/pierglass/x.ini", O_WRONLY | O_CREAT) == settings);
	/* Of the folders of caches what drivers keep there, not what shells run. */
	const bool cache = mode != SANDBOX_AUDIO_ONLY;
	NEED(opens("cache/mesa_shader_cache/x", O_WRONLY | O_CREAT) == cache);
	NEED(opens("cache/fontconfig/x", O_WRONLY | O_CREAT) == cache);
	NEED(opens("shaders/mesa_shader_cache_db/x", O_WRONLY | O_CREAT) == cache);
	NEED(!opens("cache/theme.zsh", O_WRONLY | O_CREAT) && errno == EACCES);
	NEED(!opens("shaders/x", O_WRONLY | O_CREAT) && !opens(".cache/x", O_WRONLY | O_CREAT));
	NEED(opens("Pictures/x.png", O_WRONLY | O_CREAT) == (mode == SANDBOX_PLAY));
	NEED(opens("out/shot.png", O_WRONLY | O_CREAT));
	/* A secret that is kept elsewhere, with a link in its place. */
	NEED(!opens(".gnupg/key", O_RDONLY) && !opens("dotfiles/gnupg/key", O_RDONLY));
	NEED(opens("dotfiles/vimrc", O_RDONLY));
	/* libpulse's configuration names a program, and libraries. */
	NEED(opens(".config/pulse/cookie", O_RDWR));
	NEED(!opens(".config/pulse/client.conf", O_WRONLY | O_CREAT));
	/* And outside of the home folder and what is above it as ever. */
	char path[] = "/dev/shm/sandbox-file.XXXXXX";
	int fd = mkstemp(path);
	NEED(fd >= 0 && unlink(path) == 0);
	execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
	NEED(errno == EACCES);
}

/* libvirt by ssh, and a VM started from the first screen. */
static void a_program_that_the_run_needs_is_run(void **state) {
	(void)state;
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct sandbox_request request = {
			.paths = { .home = home, .run = { "true" }, .ssh_keys = true }
		};
		struct sandbox_state got;
		NEED(setenv("HOME", home, 1) == 0 && setenv("PATH", "/none:/usr/bin:/bin", 1) == 0);
		sandbox_enter(&request, &got);
		sandbox_enter(&request, &(struct sandbox_state){
							0 }); /* as a player that a player starts */
		NEED(opens(".ssh/id", O_RDONLY) &&
				(got.files == 0 || !opens(".config/gh/token", O_RDONLY)));
		execl("/bin/sh", "sh", "-c", "exit 1", (char *)NULL);
		execlp("true", "true", (char *)NULL);
		_exit(1);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static void *try_thread(void *data) {
	try_files(*(const enum sandbox_mode *)data);
	return NULL;
}

/* pg-ending was there before. */
static void try_there(void *data) {
	try_files(*(const enum sandbox_mode *)data);
	try_calls();
}

static void enter_and_try(enum sandbox_mode mode) {
	struct sandbox_request request = { .mode = mode, .paths.home = home };
	struct sandbox_state state;
	char shot[200];
	char text[64];
	pthread_t thread;
	snprintf(shot, sizeof shot, "%s/out/shot.png", home);
	request.paths.write[0] = shot;
	NEED(setenv("HOME", home, 1) == 0 && unsetenv("XDG_CONFIG_HOME") == 0);
	NEED(unsetenv("XDG_STATE_HOME") == 0 && ending_start() == 0);
	NEED(setenv("XDG_CACHE_HOME", at("cache"), 1) == 0);
	NEED(setenv("MESA_SHADER_CACHE_DIR", at("shaders"), 1) == 0);
	/* A folder of caches that is said to be the home folder is none. */
	NEED(setenv("MESA_GLSL_CACHE_DIR", home, 1) == 0);
	sandbox_enter(&request, &state);
	sandbox_text(&state, text, sizeof text);
	NEED(state.privileges && state.calls && strstr(text, "privileges, calls"));
	try_calls();
	if (state.files > 0) {
		ending_run_there(try_there, &mode);
		NEED(thread_start(&thread, "other", try_thread, &mode) == 0);
		pthread_join(thread, NULL);
		try_files(mode);
	}
	_exit(state.files > 0 ? 0 : 77);
}

static void every_mode_gives_up_what_its_row_says(void **state) {
	(void)state;
	for (int mode = 0; mode < SANDBOX_MODES; mode++) {
		int status;
		pid_t child = fork();
		if (child == 0) {
			enter_and_try((enum sandbox_mode)mode);
		}
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK(WIFEXITED(status));
		if (WEXITSTATUS(status) == 77) {
			print_message("this kernel has no Landlock: files were not tried\n");
		} else {
			CHECK_EQ(WEXITSTATUS(status), 0); /* else the line, modulo 250, plus 1 */
		}
	}
}

/* The home folder itself is none that is written, whichever way it becomes the folder for files. */
static void write_into_home(const char *pictures, const char *shot) {
	struct sandbox_request request = { .mode = SANDBOX_PLAY,
		.paths = { .home = home, .write = { shot } } };
	struct sandbox_state got;
	char path[1024];
	FILE *dirs = fopen(at("empty/user-dirs.dirs"), "we");
	NEED(dirs && fputs(pictures, dirs) >= 0 && fclose(dirs) == 0);
	NEED(setenv("HOME", home, 1) == 0 && setenv("XDG_CONFIG_HOME", at("empty"), 1) == 0);
	NEED(chdir(home) == 0);
	sandbox_enter(&request, &got);
	if (got.files == 0) {
		_exit(0);
	}
	NEED(!opens(".bashrc", O_WRONLY | O_APPEND) && !opens(".profile", O_WRONLY | O_CREAT));
	NEED(!opens(".ssh/rc", O_WRONLY | O_CREAT) && unlink(at(".bashrc")) < 0);
	NEED(xdg_pictures(path, sizeof path));
	NEED(strlen(path) + 9 < sizeof path && strcat(path, "/new.png"));
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	NEED(fd >= 0 && close(fd) == 0);
	fd = open(shot, O_WRONLY | O_TRUNC | O_CLOEXEC);
	NEED(fd >= 0 && close(fd) == 0);
	_exit(0);
}

static void the_home_folder_is_not_written(void **state) {
	(void)state;
	const char *const pictures[] = { "", "XDG_PICTURES_DIR=\"$HOME\"\n",
		"XDG_PICTURES_DIR=\"$HOME/\"\nXDG_VIDEOS_DIR=\"$HOME/.\"\n",
		"XDG_PICTURES_DIR=\"/tmp\"\nXDG_VIDEOS_DIR=\"/\"\n",
		"XDG_PICTURES_DIR=\"$HOME/link-to-home\"\n" };
	for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
		int status;
		pid_t child = fork();
		if (child == 0) {
			static char whole[200];
			snprintf(whole, sizeof whole, "%s", at("link-to-home/clip.mkv"));
			write_into_home(pictures[i], i % 2 ? whole : "clip.mkv");
		}
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK(WIFEXITED(status));
		CHECK_EQ(WEXITSTATUS(status), 0); /* else the line, modulo 250, plus 1 */
		(void)unlink(at("clip.mkv"));
	}
}

static void a_home_for_all_is_no_home(void **state) {
	(void)state;
	const char *const none[] = { "/", "", "/tmp", "/tmp/u", "/run/user/0", "relative" };
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		CHECK_EQ(setenv("HOME", none[i], 1), 0);
		CHECK_EQ(sandbox_home()[0], '\0');
	}
	CHECK_EQ(setenv("HOME", "/home/u", 1), 0);
	CHECK_EQ(strcmp(sandbox_home(), "/home/u"), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_gives_up_what_its_row_says),
		cmocka_unit_test(a_program_that_the_run_needs_is_run),
		cmocka_unit_test(the_home_folder_is_not_written),
		cmocka_unit_test(a_home_for_all_is_no_home),
	};
	const char *const folders[] = { ".ssh", ".config", ".config/gh", ".local", ".local/share",
		".local/share/keyrings", ".cache", ".config/pulse", "Documents", "Pictures", "out",
		"cache", "shaders", "dotfiles", "dotfiles/gnupg", "empty" };
	const char *const files[] = { ".ssh/id", ".config/gh/token", ".local/share/keyrings/login",
		"Documents/a", ".config/other", ".bashrc", ".config/pulse/cookie",
		"dotfiles/gnupg/key", "dotfiles/vimrc" };
	if (!mkdtemp(home)) {
		return 1;
	}
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		make(folders[i], true);
	}
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		make(files[i], false);
	}
	FILE *dirs = fopen(at(".config/user-dirs.dirs"), "we");
	bool made = dirs && fputs("XDG_PICTURES_DIR=\"$HOME/Pictures\"\n", dirs) >= 0 &&
		    fclose(dirs) == 0 && symlink(".ssh", at("link-to-ssh")) == 0 &&
		    symlink("dotfiles/gnupg", at(".gnupg")) == 0 &&
		    symlink(".", at("link-to-home")) == 0;
	int failed = made ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
	char command[64];
	snprintf(command, sizeof command, "rm -r %s", home);
	return system(command) == 0 ? failed : 1; // NOLINT(cert-env33-c)
}
