#include "client/platform/rtkit.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/thread.h"
#include "tests/support/check.h"
#include "tests/support/find_thread.h"
#include "tests/support/loop_wait.h"

#ifdef PG_HAVE_SYSTEMD
#include "tests/support/mock_bus.h"

#define MOST_US 200000

struct asked {
	uint64_t thread;
	int level;
};

struct fixture {
	char folder[40];
	struct loop *loop;
	struct mock_bus bus;
	struct rtkit *rtkit;
	int64_t most_us;
	bool refuses;
	struct asked asked[8];
	unsigned count;
};

static int answer(struct fixture *f, sd_bus_message *message, uint64_t thread, int level,
		sd_bus_error *error) {
	f->asked[f->count++ % 8] = (struct asked){ thread, level };
	if (f->refuses) {
		return sd_bus_error_set(error, "org.freedesktop.DBus.Error.AccessDenied", "no");
	}
	return sd_bus_reply_method_return(message, "");
}

static int on_realtime(sd_bus_message *message, void *data, sd_bus_error *error) {
	uint64_t thread;
	uint32_t priority;
	CHECK(sd_bus_message_read(message, "tu", &thread, &priority) > 0);
	return answer(data, message, thread, (int)priority, error);
}

static int on_high_priority(sd_bus_message *message, void *data, sd_bus_error *error) {
	uint64_t thread;
	int32_t nice;
	CHECK(sd_bus_message_read(message, "ti", &thread, &nice) > 0);
	return answer(data, message, thread, nice, error);
}

static const sd_bus_vtable service[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("MakeThreadRealtime", "tu", "", on_realtime, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("MakeThreadHighPriority", "ti", "", on_high_priority,
			SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("RTTimeUSecMax", "x", NULL, offsetof(struct fixture, most_us), 0),
	SD_BUS_VTABLE_END,
};

static void offer_service(struct fixture *f) {
	CHECK(sd_bus_add_object_vtable(f->bus.bus, NULL, "/org/freedesktop/RealtimeKit1",
			      "org.freedesktop.RealtimeKit1", service, f) >= 0);
	CHECK(sd_bus_request_name(f->bus.bus, "org.freedesktop.RealtimeKit1", 0) >= 0);
}

static bool begin(struct fixture *f) {
	*f = (struct fixture){ .most_us = MOST_US };
	snprintf(f->folder, sizeof f->folder, "/tmp/pierglass-rtkit-XXXXXX");
	CHECK(mkdtemp(f->folder));
	CHECK_EQ(chmod(f->folder, 0755), 0);
	CHECK_EQ(loop_create(&f->loop), 0);
	return mock_bus_start(&f->bus, f->loop, f->folder);
}

static void finish(struct fixture *f) {
	char command[64];
	rtkit_destroy(f->rtkit);
	if (f->bus.bus) {
		mock_bus_stop(&f->bus);
	}
	loop_destroy(f->loop);
	snprintf(command, sizeof command, "rm -r %s", f->folder);
	CHECK_EQ(system(command), 0);
}

static pid_t own_thread(void) {
	return (pid_t)syscall(SYS_gettid);
}

static void without_a_service_nothing_happens(void **state) {
	(void)state;
	struct fixture f;
	struct rlimit before;
	struct rlimit after;
	if (!begin(&f)) {
		finish(&f);
		skip();
	}
	getrlimit(RLIMIT_RTTIME, &before);
	CHECK_EQ(rtkit_create(&f.rtkit, f.loop), 0);
	rtkit_ask(own_thread(), 5, f.rtkit);
	loop_run_for(f.loop, 200);
	getrlimit(RLIMIT_RTTIME, &after);
	CHECK_EQ(after.rlim_max, before.rlim_max);
	CHECK_EQ(f.count, 0);
	rtkit_ask(1, 5, NULL); /* nobody to ask */
	finish(&f);
}

static void wishes_are_asked_within_a_limit(void **state) {
	(void)state;
	struct fixture f;
	struct rlimit limit;
	if (!begin(&f)) {
		finish(&f);
		skip();
	}
	offer_service(&f);
	CHECK_EQ(rtkit_create(&f.rtkit, f.loop), 0);
	rtkit_ask(own_thread(), 5, f.rtkit);
	rtkit_ask(4711, -11, f.rtkit);
	WAIT_ON(f.loop, f.count == 2, 5);
	CHECK_EQ(f.asked[0].thread, (uint64_t)own_thread());
	CHECK_EQ(f.asked[0].level, 5);
	CHECK_EQ(f.asked[1].thread, 4711);
	CHECK_EQ(f.asked[1].level, -11);
	getrlimit(RLIMIT_RTTIME, &limit);
	CHECK_EQ(limit.rlim_max, MOST_US);
	CHECK_EQ(limit.rlim_cur, MOST_US / 2);
	/* A refusal is no end; who comes later is asked for, too. */
	f.refuses = true;
	rtkit_ask(4712, 1, f.rtkit);
	WAIT_ON(f.loop, f.count == 3, 5);
	CHECK_EQ(f.asked[2].thread, 4712);
	CHECK_EQ(f.asked[2].level, 1);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.count, 3);
	finish(&f);
}

struct worker {
	struct rtkit *rtkit;
	bool breathes;
	uint64_t for_ns;
	int policy_before, policy_after;
};

static void *work(void *data) {
	struct worker *worker = data;
	const struct sched_param param = { .sched_priority = 1 };
	(void)pthread_setschedparam(pthread_self(), SCHED_RR | SCHED_RESET_ON_FORK, &param);
	worker->policy_before = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	rtkit_ask(own_thread(), 1, worker->rtkit); /* so that it is known */
	struct thread_breath breath = { 0 };
	const uint64_t end_ns = clock_thread_cpu_ns() + worker->for_ns;
	while (clock_thread_cpu_ns() < end_ns) {
		if (worker->breathes) {
			thread_breathe(&breath);
		}
	}
	worker->policy_after = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
	return NULL;
}

/* RLIMIT_RTTIME stands from the test before. The loop's thread does nothing meanwhile: whoever
 * works for too long must not need it. */
static void run_workers(struct worker *workers, unsigned count) {
	struct fixture f;
	if (!begin(&f)) {
		finish(&f);
		skip();
	}
	CHECK_EQ(rtkit_create(&f.rtkit, f.loop), 0);
	for (unsigned i = 0; i < count; i++) {
		pthread_t thread;
		workers[i].rtkit = f.rtkit;
		CHECK_EQ(thread_start(&thread, "worker", work, &workers[i]), 0);
		pthread_join(thread, NULL);
	}
	loop_run_for(f.loop, 50);
	finish(&f);
	if (workers[0].policy_before != SCHED_RR) {
		print_message("real-time scheduling is not to be had here\n");
		skip();
	}
}

static void who_pauses_keeps_it(void **state) {
	(void)state;
	struct worker worker = { .breathes = true, .for_ns = 400 * NS_PER_MS };
	run_workers(&worker, 1);
	CHECK_EQ(worker.policy_after, SCHED_RR);
}

static void who_does_not_pause_loses_it_and_lives(void **state) {
	(void)state;
	struct worker workers[] = { { .for_ns = 400 * NS_PER_MS }, { .for_ns = 400 * NS_PER_MS } };
	run_workers(workers, 2);
	CHECK_EQ(workers[0].policy_after, SCHED_OTHER);
	CHECK_EQ(workers[1].policy_after, SCHED_OTHER);
}

/* ---- the real one ---- */

static const char *real_service(void) {
	static const char *const paths[] = { "/usr/libexec/rtkit-daemon",
		"/usr/lib/rtkit/rtkit-daemon", "/usr/lib/rtkit-daemon" };
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (access(paths[i], X_OK) == 0) {
			return paths[i];
		}
	}
	return NULL;
}

/* Whom rtkit asks whether the user may. */
static int on_may(sd_bus_message *message, void *data, sd_bus_error *error) {
	(void)error;
	++*(unsigned *)data;
	return sd_bus_reply_method_return(message, "(bba{ss})", 1, 0, 0);
}

static const sd_bus_vtable authority[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_may,
			SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static pid_t start_real_service(const char *path) {
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, path, "--no-canary", (char *)NULL);
		_exit(127);
	}
	return pid;
}

#define USER 65534

static bool become_a_user(void) {
	const struct rlimit none = { 0 };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return setgroups(0, NULL) == 0 && setrlimit(RLIMIT_RTPRIO, &none) == 0 &&
	       setrlimit(RLIMIT_NICE, &none) == 0 && setresgid(USER, USER, USER) == 0 &&
	       setresuid(USER, USER, USER) == 0 &&
	       /* Other ids made the process one that nobody may look into, rtkit included. */
	       prctl(PR_SET_DUMPABLE, 1) == 0;
}

/* A user's program: 0 = its thread is a real-time one in the end. */
static int be_a_user(void) {
	struct loop *loop;
	struct rtkit *rtkit;
	if (!become_a_user() || loop_create(&loop) < 0 || rtkit_create(&rtkit, loop) < 0) {
		return 2;
	}
	const struct scheduling_broker broker = { rtkit_ask, rtkit };
	if (thread_ask_realtime(3, &broker)) {
		return 3; /* the limits did not refuse */
	}
	const uint64_t until_ns = clock_now_ns() + 5 * NS_PER_S;
	while (!thread_is_realtime() && clock_now_ns() < until_ns) {
		loop_run_once(loop, 20);
	}
	struct sched_param param;
	sched_getparam(0, &param);
	const int result = thread_is_realtime() && param.sched_priority == 3 ? 0 : 1;
	rtkit_destroy(rtkit);
	loop_destroy(loop);
	return result;
}

/* Skips where there is no rtkit or we may not start it. */
static pid_t begin_real(struct fixture *f, unsigned *asked) {
	const char *path = real_service();
	if (!path || geteuid() != 0) {
		print_message("no rtkit here, or not root\n");
		skip();
	}
	if (!begin(f)) {
		finish(f);
		skip();
	}
	CHECK(sd_bus_add_object_vtable(f->bus.bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
			      "org.freedesktop.PolicyKit1.Authority", authority, asked) >= 0);
	CHECK(sd_bus_request_name(f->bus.bus, "org.freedesktop.PolicyKit1", 0) >= 0);
	const pid_t daemon = start_real_service(path);
	int has = 0;
	for (int i = 0; i < 250 && has <= 0; i++) {
		has = sd_bus_get_name_creds(f->bus.bus, "org.freedesktop.RealtimeKit1", 0, NULL);
		has = has >= 0;
		loop_run_for(f->loop, 20);
	}
	CHECK(has > 0);
	return daemon;
}

static void end_real(struct fixture *f, pid_t daemon) {
	kill(daemon, SIGTERM);
	waitpid(daemon, NULL, 0);
	finish(f);
}

static void the_real_service_grants_it(void **state) {
	(void)state;
	struct fixture f;
	unsigned asked = 0;
	const pid_t daemon = begin_real(&f, &asked);
	const pid_t user = fork();
	CHECK(user >= 0);
	if (user == 0) {
		_exit(be_a_user());
	}
	int status = -1;
	pid_t ended = 0;
	WAIT_ON(f.loop, ended == user || (ended = waitpid(user, &status, WNOHANG)) == user, 10);
	print_message("asked whether the user may: %u times\n", asked);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
	end_real(&f, daemon);
}

/* pierglass itself, copied to where the user may run it. */
static pid_t start_player(const struct fixture *f) {
	char own[256] = "";
	char command[640];
	CHECK(readlink("/proc/self/exe", own, sizeof own - 1) > 0);
	*strrchr(own, '/') = '\0';
	snprintf(command, sizeof command, "cp '%s/../bin/pierglass' %s/", own, f->folder);
	CHECK_EQ(system(command), 0);
	CHECK_EQ(chown(f->folder, USER, USER), 0);
	const pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		char path[64];
		snprintf(path, sizeof path, "%s/pierglass", f->folder);
		setenv("XDG_RUNTIME_DIR", f->folder, 1);
		setenv("HOME", f->folder, 1);
		unsetenv("XDG_CONFIG_HOME");
		unsetenv("TSAN_OPTIONS"); /* names a file that the user may not read */
		if (become_a_user()) {
			execl(path, path, "--source=off", "--audio-interface=lo", "--no-lg-config",
					"--log-level=none", (char *)NULL);
		}
		_exit(127);
	}
	return pid;
}

static void the_player_asks_for_its_threads(void **state) {
	(void)state;
	struct fixture f;
	unsigned asked = 0;
	const pid_t daemon = begin_real(&f, &asked);
	const pid_t player = start_player(&f);
	pid_t audio = 0;
	WAIT_ON(f.loop, (audio = find_thread(player, "pg-audio")) != 0, 10);
	WAIT_ON(f.loop, is_realtime(audio), 5);
	WAIT_ON(f.loop, getpriority(PRIO_PROCESS, (id_t)player) < 0, 5); /* runs the loop */
	CHECK(!is_realtime(player));
	int status = -1;
	kill(player, SIGTERM);
	CHECK_EQ(waitpid(player, &status, 0), player);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
	end_real(&f, daemon);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_service_nothing_happens),
		cmocka_unit_test(the_real_service_grants_it),
		cmocka_unit_test(the_player_asks_for_its_threads),
		cmocka_unit_test(wishes_are_asked_within_a_limit),
		cmocka_unit_test(who_pauses_keeps_it),
		cmocka_unit_test(who_does_not_pause_loses_it_and_lives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
	puts("built without libsystemd");
	return 77;
}

#endif
