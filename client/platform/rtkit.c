#define LOG_MODULE "rtkit"
#include "client/platform/rtkit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/queue.h"
#include "base/system_bus.h"

#ifdef PG_HAVE_SYSTEMD
#include <systemd/sd-bus.h>

#define SERVICE "org.freedesktop.RealtimeKit1"
#define PATH    "/org/freedesktop/RealtimeKit1"
#define WISHES  16

struct request {
	pid_t thread;
	int level;
};

struct rtkit {
	struct loop *loop;
	struct queue requests; /* any thread */

	/* the loop's thread */
	struct loop_source *wake;
	struct system_bus *bus; /* NULL: nobody has asked yet */
	bool limited;           /* the limit that rtkit wants is set */
	struct request known[WISHES];
	unsigned count, sent;
	struct loop_source *overrun;
};

/* ---- asking ---- */

static int on_answer(sd_bus_message *message, void *data, sd_bus_error *error) {
	(void)data;
	(void)error;
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	log_debug("rtkit: %s", refusal ? refusal->message : "granted");
	return 0;
}

static void send_requests(struct rtkit *rtkit, sd_bus *bus) {
	for (; rtkit->sent < rtkit->count; rtkit->sent++) {
		const struct request *request = &rtkit->known[rtkit->sent];
		const uint64_t thread = (uint64_t)request->thread;
		if (request->level < 0) {
			(void)sd_bus_call_method_async(bus, NULL, SERVICE, PATH, SERVICE,
					"MakeThreadHighPriority", on_answer, NULL, "ti", thread,
					(int32_t)request->level);
		} else {
			(void)sd_bus_call_method_async(bus, NULL, SERVICE, PATH, SERVICE,
					"MakeThreadRealtime", on_answer, NULL, "tu", thread,
					(uint32_t)request->level);
		}
	}
}

static bool set_limit(int64_t most_us) {
	struct rlimit limit;
	if (most_us <= 0 || getrlimit(RLIMIT_RTTIME, &limit) < 0) {
		return false;
	}
	const rlim_t most = (rlim_t)most_us;
	limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
	limit.rlim_cur = limit.rlim_max / 2;
	return setrlimit(RLIMIT_RTTIME, &limit) == 0;
}

static int on_limit(sd_bus_message *message, void *data, sd_bus_error *error) {
	struct rtkit *rtkit = data;
	int64_t most_us = 0;
	(void)error;
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	if (refusal) {
		log_debug("no rtkit here: %s", refusal->message);
		return 0;
	}
	if (sd_bus_message_enter_container(message, 'v', "x") > 0) {
		(void)sd_bus_message_read(message, "x", &most_us);
	}
	rtkit->limited = set_limit(most_us);
	if (rtkit->limited) {
		send_requests(rtkit, sd_bus_message_get_bus(message));
	}
	return 0;
}

static int on_up(sd_bus *bus, void *data) {
	struct rtkit *rtkit = data;
	if (rtkit->limited) {
		send_requests(rtkit, bus); /* what was granted before stays granted */
		return 0;
	}
	return sd_bus_call_method_async(bus, NULL, SERVICE, PATH, "org.freedesktop.DBus.Properties",
			"Get", on_limit, rtkit, "ss", SERVICE, "RTTimeUSecMax");
}

static void on_request(void *data) {
	struct rtkit *rtkit = data;
	struct request request;
	while (queue_pop(&rtkit->requests, &request)) {
		if (rtkit->count < WISHES) {
			rtkit->known[rtkit->count++] = request;
		}
	}
	if (!rtkit->bus) {
		const struct system_bus_events events = { .up = on_up, .data = rtkit };
		(void)system_bus_create(&rtkit->bus, rtkit->loop, &events);
	} else if (rtkit->limited && system_bus_get(rtkit->bus)) {
		send_requests(rtkit, system_bus_get(rtkit->bus));
		system_bus_flush(rtkit->bus);
	}
}

static void wake_loop(void *data) {
	loop_wake(((struct rtkit *)data)->wake);
}

void rtkit_ask(pid_t thread, int level, void *data) {
	struct rtkit *rtkit = data;
	const struct request request = { .thread = thread, .level = level };
	if (rtkit) {
		(void)queue_push(&rtkit->requests, &request);
	}
}

/* ---- a thread that worked for too long ---- */

/* What the signal handler shares with the loop; there is one handler per process. */
static struct loop_source *_Atomic overrun_wake;
static _Atomic pid_t overrun_thread;

/* In the thread that reached the soft limit, which cannot wait until the loop's thread gets a CPU.
 */
static void on_soft_limit(int number) {
	const int error = errno;
	const struct sched_param none = { 0 };
	struct rlimit limit;
	(void)number;
	(void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
	/* The kernel has moved the soft limit past the hard one: the next thread would get no
	 * signal. */
	if (getrlimit(RLIMIT_RTTIME, &limit) == 0 && limit.rlim_max != RLIM_INFINITY) {
		limit.rlim_cur = limit.rlim_max / 2;
		(void)setrlimit(RLIMIT_RTTIME, &limit);
	}
	atomic_store(&overrun_thread, (pid_t)syscall(SYS_gettid));
	struct loop_source *wake = atomic_load(&overrun_wake);
	if (wake) {
		loop_wake(wake);
	}
	errno = error;
}

static void on_overrun(void *data) {
	const pid_t thread = atomic_load(&overrun_thread);
	char name[32] = "";
	char path[64];
	(void)data;
	snprintf(path, sizeof path, "/proc/self/task/%d/comm", (int)thread);
	FILE *file = fopen(path, "re");
	if (file) {
		name[fread(name, 1, sizeof name - 1, file)] = '\0';
		fclose(file);
		name[strcspn(name, "\n")] = '\0';
	}
	log_warn("thread %d (%s) worked for too long without a pause: it goes on without real-time "
		 "scheduling",
			(int)thread, name[0] ? name : "ended");
}

static int watch_overrun(struct rtkit *rtkit) {
	rtkit->overrun = loop_add_wake(rtkit->loop, on_overrun, rtkit);
	if (!rtkit->overrun) {
		return -ENOMEM;
	}
	atomic_store(&overrun_wake, rtkit->overrun);
	/* Stays for good: the limit does, too. */
	const struct sigaction action = { .sa_handler = on_soft_limit, .sa_flags = SA_RESTART };
	return sigaction(SIGXCPU, &action, NULL) == 0 ? 0 : -errno;
}

/* ---- life ---- */

int rtkit_create(struct rtkit **ret_rtkit, struct loop *loop) {
	struct rtkit *rtkit = calloc(1, sizeof *rtkit);
	if (!rtkit) {
		return -ENOMEM;
	}
	rtkit->loop = loop;
	int r = queue_init(&rtkit->requests, sizeof(struct request), WISHES, wake_loop, rtkit);
	if (r == 0) {
		rtkit->wake = loop_add_wake(loop, on_request, rtkit);
		r = rtkit->wake ? watch_overrun(rtkit) : -ENOMEM;
	}
	if (r < 0) {
		rtkit_destroy(rtkit);
		return r;
	}
	*ret_rtkit = rtkit;
	return 0;
}

void rtkit_destroy(struct rtkit *rtkit) {
	if (!rtkit) {
		return;
	}
	system_bus_destroy(rtkit->bus);
	atomic_store(&overrun_wake, NULL);
	loop_remove(rtkit->overrun);
	loop_remove(rtkit->wake);
	queue_finish(&rtkit->requests);
	free(rtkit);
}

#else

int rtkit_create(struct rtkit **ret_rtkit, struct loop *loop) {
	(void)loop;
	*ret_rtkit = NULL;
	return 0;
}

void rtkit_destroy(struct rtkit *rtkit) {
	(void)rtkit;
}

void rtkit_ask(pid_t thread, int level, void *data) {
	(void)thread;
	(void)level;
	(void)data;
}

#endif
