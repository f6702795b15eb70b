/*
 * The log: lines on stderr, never on stdout. Callable from any thread.
 *
 * error = the user must act; warn = degraded, the program goes on; info = a state changed; debug =
 * per connection or message; trace = per frame or packet, compiled in only with PG_TRACE. A line
 * never waits for its reader: what stderr does not take now is dropped, counted and reported
 * (base/line_writer.h). Each place that says error, warn or info has a budget of 40 lines at once
 * and one a second after that, told as "(n more like this)"; all places together one of 300 and 5 a
 * second. What is beyond is counted and reported too.
 *
 * Who logs: parts and the program. Libraries (host-proto, pure modules) return and stay silent.
 *
 * Before including this header a source file defines its module:
 *	#define LOG_MODULE "audio"
 */
#pragma once

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_NONE, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

/* One of all threads: set by main() before any exists. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* "none", "error", "warn", "info", "debug", "trace"; false if it is none of them. */
bool log_level_parse(const char *name, enum log_level *ret_level);

/* One line. Control characters in the result are replaced by '?', so text that came from a guest
 * cannot write escape sequences to a terminal; lines are cut at 1000 bytes. */
void log_line(enum log_level level, const char *module, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* The newest lines that were logged, each with its newline, the oldest first: 50 at most, each cut
 * at 239 bytes. Fills text as far as whole lines fit; 12 KiB have room for all. */
#define LOG_RECENT_BYTES 12288
void log_recent(char *text, size_t size);

/* Limits one place in the code to a line a second; what was held back is counted and told with the
 * next line. One static instance per place; see log_warn_limited(). */
struct log_limit {
	atomic_uint_fast64_t next_ns;
	atomic_uint held_back;
};

void log_line_limited(struct log_limit *limit, enum log_level level, const char *module,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

#define log_error(...) log_line(LOG_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, LOG_MODULE, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, LOG_MODULE, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, LOG_MODULE, __VA_ARGS__)

#ifdef PG_TRACE
#define log_trace(...) log_line(LOG_TRACE, LOG_MODULE, __VA_ARGS__)
#else
#define log_trace(...)                                                \
	do {                                                          \
		if (0) {                                              \
			log_line(LOG_TRACE, LOG_MODULE, __VA_ARGS__); \
		}                                                     \
	} while (0)
#endif

/* For everything that a guest or another machine can cause. */
#define log_warn_limited(...)  log_limited_at(LOG_WARN, __VA_ARGS__)
#define log_debug_limited(...) log_limited_at(LOG_DEBUG, __VA_ARGS__)

#define log_limited_at(level, ...)                                                 \
	do {                                                                       \
		static struct log_limit log_limit_here;                            \
		log_line_limited(&log_limit_here, level, LOG_MODULE, __VA_ARGS__); \
	} while (0)
