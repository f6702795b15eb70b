#include "base/log.h"

#include <errno.h>
#include <libintl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/line_writer.h"
#include "base/utf8.h"

#define LINE_BYTES 1000

/* What log_recent() has: the newest lines, cut. */
#define RECENT_LINES 50
#define RECENT_BYTES 240

/* A place in the code that speaks: so many lines at once, then one every PLACE_NS. What a guest
 * makes one place repeat hides nothing of the others. */
#define PLACE_LINES 40u
#define PLACE_NS    NS_PER_S
#define PLACES      256u /* more than there are; two may share an entry */
#define PROBES      8u

/* All lines together: so many at once, then one every BUDGET_NS. A guest or a server can cause
 * lines in many places. */
#define BUDGET_LINES 300u
#define BUDGET_NS    (200 * NS_PER_MS)

static atomic_int current_level = LOG_INFO;

void log_set_level(enum log_level level) {
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void) {
	return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

static const char *const level_names[] = { "none", "error", "warn", "info", "debug", "trace" };

bool log_level_parse(const char *name, enum log_level *ret_level) {
	for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* stderr of a systemd unit goes to the journal, which takes the level from a "<N>" prefix. It says
 * so by the device and inode of the stream; a redirected stderr has another inode. */
static bool stderr_is_journal(void) {
	const char *stream = getenv("JOURNAL_STREAM"); // NOLINT(concurrency-mt-unsafe): never set
	struct stat st;
	char here[64];
	if (!stream || fstat(STDERR_FILENO, &st) < 0) {
		return false;
	}
	snprintf(here, sizeof here, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(here, stream) == 0;
}

static uint64_t start_ns;
static bool to_journal;

__attribute__((constructor)) static void log_init(void) {
	start_ns = clock_now_ns();
	to_journal = stderr_is_journal();
}

static struct {
	pthread_mutex_t lock; /* held for a copy */
	unsigned long count;  /* ever */
	char lines[RECENT_LINES][RECENT_BYTES];
} recent = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void keep_line(enum log_level level, const char *module, const char *text) {
	pthread_mutex_lock(&recent.lock);
	snprintf(recent.lines[recent.count++ % RECENT_LINES], RECENT_BYTES,
			"%8.3f %-5s %.20s: %.190s", (double)(clock_now_ns() - start_ns) / 1e9,
			level_names[level], module, text);
	pthread_mutex_unlock(&recent.lock);
}

void log_recent(char *text, size_t size) {
	size_t used = 0;
	text[0] = '\0';
	pthread_mutex_lock(&recent.lock);
	unsigned long i = recent.count > RECENT_LINES ? recent.count - RECENT_LINES : 0;
	for (; i < recent.count && used + RECENT_BYTES + 1 < size; i++) {
		used += (size_t)snprintf(
				text + used, size - used, "%s\n", recent.lines[i % RECENT_LINES]);
	}
	pthread_mutex_unlock(&recent.lock);
}

static void write_line(enum log_level level, const char *module, const char *text) {
	static const int journal_priority[] = { 3, 3, 4, 6, 7, 7 };
	char line[LINE_BYTES + 96];
	int len;
	if (to_journal) {
		len = snprintf(line, sizeof line, "<%d>%s: %s\n", journal_priority[level], module,
				text);
	} else {
		uint64_t since = clock_now_ns() - start_ns;
		len = snprintf(line, sizeof line, "%4llu.%03llu %-5s %s: %s\n",
				(unsigned long long)(since / NS_PER_S),
				(unsigned long long)(since / NS_PER_MS % 1000), level_names[level],
				module, text);
	}
	if (len <= 0) {
		return;
	}
	/* One write, so that lines of different threads do not mix; never one that waits. */
	static struct line_writer to_stderr = LINE_WRITER(STDERR_FILENO);
	line_writer_put(&to_stderr, line,
			(size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

struct place {
	const char *module, *format; /* the addresses are what it is known by */
	uint64_t spent_until_ns;
	unsigned held_back;
};

static struct {
	pthread_mutex_t lock; /* held for a look */
	uint64_t spent_until_ns;
	struct place places[PLACES];
} budget = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_uint over_budget; /* lines of all that were left out since the last one */

static struct place *place_of(const char *module, const char *format) {
	const uint64_t mixed = ((uint64_t)(uintptr_t)format ^ (uint64_t)(uintptr_t)module << 20) *
			       0x9e3779b97f4a7c15u;
	const unsigned hash = (unsigned)(mixed >> 40);
	for (unsigned i = 0; i < PROBES; i++) {
		struct place *place = &budget.places[(hash + i) % PLACES];
		if (!place->format) {
			place->module = module;
			place->format = format;
		}
		if (place->format == format && place->module == module) {
			return place;
		}
	}
	return &budget.places[hash % PLACES];
}

static bool spend(uint64_t *spent_until_ns, uint64_t now_ns, unsigned lines, uint64_t each_ns) {
	const uint64_t begin_ns = *spent_until_ns > now_ns ? *spent_until_ns : now_ns;
	if (begin_ns + each_ns - now_ns > lines * each_ns) {
		return false;
	}
	*spent_until_ns = begin_ns + each_ns;
	return true;
}

/* Whether a line may be written now; lines of the levels that somebody asked for (debug, trace) may
 * always. *held_back grows by how many of its place were not, since the last one. */
static bool may_log(
		enum log_level level, const char *module, const char *format, unsigned *held_back) {
	if (level > LOG_INFO) {
		return true;
	}
	const uint64_t now_ns = clock_now_ns();
	pthread_mutex_lock(&budget.lock);
	struct place *place = place_of(module, format);
	bool may = spend(&place->spent_until_ns, now_ns, PLACE_LINES, PLACE_NS);
	if (!may) {
		place->held_back++;
	} else if (!spend(&budget.spent_until_ns, now_ns, BUDGET_LINES, BUDGET_NS)) {
		may = false;
		atomic_fetch_add(&over_budget, 1);
	} else {
		*held_back += place->held_back;
		place->held_back = 0;
	}
	pthread_mutex_unlock(&budget.lock);
	return may;
}

static void log_va(enum log_level level, const char *module, unsigned held_back, const char *format,
		va_list args) __attribute__((format(printf, 4, 0)));

static void log_va(enum log_level level, const char *module, unsigned held_back, const char *format,
		va_list args) {
	int saved_errno = errno;
	char raw[LINE_BYTES];
	char text[LINE_BYTES];
	/* What a user has to act on comes in the user's language; xgettext knows these calls. */
	vsnprintf(raw, sizeof raw, level <= LOG_WARN ? gettext(format) : format, args);
	if (held_back > 0) {
		size_t used = strlen(raw);
		snprintf(raw + used, sizeof raw - used, " (%u more like this)", held_back);
	}
	const unsigned left_out = level <= LOG_INFO ? atomic_exchange(&over_budget, 0) : 0;
	if (left_out > 0) {
		char lines[80];
		snprintf(lines, sizeof lines,
				"%u lines before this one were left out: too many at once",
				left_out);
		write_line(LOG_WARN, "log", lines);
	}
	utf8_printable(text, sizeof text, raw, sizeof raw);
	keep_line(level, module, text);
	write_line(level, module, text);
	errno = saved_errno;
}

void log_line(enum log_level level, const char *module, const char *format, ...) {
	unsigned held_back = 0;
	if (level > log_get_level() || !may_log(level, module, format, &held_back)) {
		return;
	}
	va_list args;
	va_start(args, format);
	log_va(level, module, held_back, format, args);
	va_end(args);
}

void log_line_limited(struct log_limit *limit, enum log_level level, const char *module,
		const char *format, ...) {
	if (level > log_get_level()) {
		return;
	}
	uint64_t now = clock_now_ns();
	uint_fast64_t next = atomic_load(&limit->next_ns);
	if (now < next || !atomic_compare_exchange_strong(&limit->next_ns, &next, now + NS_PER_S)) {
		atomic_fetch_add(&limit->held_back, 1);
		return;
	}
	unsigned held_back = 0;
	if (!may_log(level, module, format, &held_back)) {
		return;
	}
	held_back += atomic_exchange(&limit->held_back, 0);
	va_list args;
	va_start(args, format);
	log_va(level, module, held_back, format, args);
	va_end(args);
}
