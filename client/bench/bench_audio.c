#define LOG_MODULE "bench"
#include "client/bench/bench_audio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audio/audio.h"
#include "audio/server/monitor_capture.h"
#include "base/clock.h"
#include "base/ending.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/samples.h"
#include "base/thread.h"
#include "client/bench/bench_sender.h"
#include "client/config/config.h"
#include "client/platform/rtkit.h"

#include "base/log.h"

#define SINK_PPM 150.0
#define SETTLE_S 2.0
/* The capture of its monitor makes a server work in smaller blocks; that takes a while to settle.
 */
#define SERVER_SETTLE_S 5.0
#define STALL_EVERY_S   3.0
#define CAPTURE_TURN_NS (50 * NS_PER_MS)
#define WAIT_TURN_MS    20
#define SECONDS         10.0
#define SAMPLES         65536
#define RESIDUAL        0.01
#define QUIET           1e-4
#define LISTEN_EVERY    16 /* frames: the latency of each is not needed */
#define LATENCY_MOST    0.7e9

static const struct bench_scenario scenarios[] = {
	{ .name = "even, +300 ppm", .ppm = 300, .jitter_ms = 0.2, .latency_ms = 40 },
	{ .name = "10 ms bursts, -300 ppm, auto", .ppm = -300, .burst_ms = 10 },
	{ .name = "15.6 ms bursts", .burst_ms = 15.6, .latency_ms = 40 },
	{ .name = "1 % loss", .loss = 0.01, .jitter_ms = 0.2, .latency_ms = 40 },
	{ .name = "stalls of 150 ms", .stall_every_s = 3, .stall_ms = 150, .latency_ms = 40 },
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

/* A null sink of the sound server's, and a thread that hears it. */
struct listener {
	struct monitor_capture *capture; /* NULL: the built-in sink is listened to */
	pthread_t thread;
	atomic_bool stop;
	uint64_t cpu_ns; /* what it used, when it has ended */
	struct result *result;
};

/* What one scenario gave. Until both have ended, packet_to_sink is written on pg-audio, the rest of
 * the first half by whoever hears: pg-audio or a listener's thread. */
struct result {
	const struct bench_sender *sender;
	uint64_t judge_ns, judge_end_ns; /* before it settles, after it fades out */
	struct samples heard, packet_to_sink;
	struct samples first;  /* heard before judge_ns */
	struct samples steady; /* the part of heard in the second half of the judged time */
	double before[2], left_before;
	uint64_t last_glitch_ns;
	unsigned glitches;
	uint64_t silence_frames, gap_now, gap_longest;
	unsigned skipped;

	const struct bench_scenario *scenario;
	struct audio_stats stats;
	double cpu_percent, seconds, settle_s;
	const char *sink;
	double clock_ppm; /* of the sink, as measured from outside */
};

/* ---- listening, on pg-audio ---- */

static void hear_tone(struct result *r, double x, uint64_t at_ns) {
	static const double tone = 2 * M_PI * BENCH_TONE_HZ / BENCH_RATE;
	double residual = fabs(x - 2 * cos(tone) * r->before[0] + r->before[1]);
	r->before[1] = r->before[0];
	r->before[0] = x;
	if (at_ns < r->judge_ns || at_ns >= r->judge_end_ns) {
		return;
	}
	if (residual > RESIDUAL && at_ns - r->last_glitch_ns > 10 * NS_PER_MS) {
		r->glitches++;
		r->last_glitch_ns = at_ns;
	}
	if (fabs(x) < QUIET && fabs(r->before[1]) < QUIET) {
		r->silence_frames++;
		r->gap_now++;
		r->gap_longest = r->gap_now > r->gap_longest ? r->gap_now : r->gap_longest;
	} else {
		r->gap_now = 0;
	}
}

/* A sound may begin with more in flight than wanted, because nothing of its beginning is lost. The
 * player regains that over seconds: the beginning and the steady state have figures of their own.
 */
static void note_heard(struct result *r, double latency_us, uint64_t at_ns) {
	if (at_ns < r->judge_ns) {
		samples_add(&r->first, latency_us);
		return;
	}
	samples_add(&r->heard, latency_us);
	if (at_ns - r->judge_ns >= (r->judge_end_ns - r->judge_ns) / 2) {
		samples_add(&r->steady, latency_us);
	}
}

/* The ramp tells the frame modulo its period; the present tells which period. */
static void hear_ramp(struct result *r, double x, double at_ns) {
	double rise = x - r->left_before;
	r->left_before = x;
	if (rise <= 0 || rise > 4.0 / BENCH_RAMP || fabs(x) > 0.98 ||
			at_ns >= (double)r->judge_end_ns || ++r->skipped % LISTEN_EVERY != 0) {
		return;
	}
	double rate = BENCH_RATE * (1 + r->scenario->ppm * 1e-6);
	double now = (at_ns - (double)bench_sender_start_ns(r->sender)) * 1e-9 * rate;
	double phase = (x + 1) / 2 * BENCH_RAMP;
	double frame = floor((now - phase) / BENCH_RAMP) * BENCH_RAMP + phase;
	if (frame < 0) {
		return;
	}
	uint64_t sent = bench_sender_sent_ns(r->sender, (uint64_t)(frame / BENCH_FRAMES));
	double latency = at_ns - (double)sent;
	if (sent != 0 && latency > 0 && latency < LATENCY_MOST) {
		note_heard(r, latency * 1e-3, (uint64_t)at_ns);
	}
}

static void on_heard(const float *frames, unsigned count, unsigned channels, uint64_t at_ns,
		double frame_ns, void *data) {
	struct result *r = data;
	for (unsigned i = 0; channels == 2 && i < count; i++) {
		double at = (double)at_ns + i * frame_ns;
		hear_ramp(r, (double)frames[i * 2], at);
		hear_tone(r, (double)frames[i * 2 + 1], (uint64_t)at);
	}
}

static void on_capture(const float *frames, unsigned count, uint64_t first, void *data) {
	struct listener *listener = data;
	const uint64_t at_ns = monitor_capture_heard_at(listener->capture, first);
	if (at_ns != 0) {
		on_heard(frames, count, CAPTURE_CHANNELS, at_ns,
				monitor_capture_frame_ns(listener->capture), listener->result);
	}
}

static void on_packet(uint64_t arrived_ns, uint64_t handled_ns, void *data) {
	struct result *r = data;
	if (handled_ns > r->judge_ns) {
		samples_add(&r->packet_to_sink, (double)(handled_ns - arrived_ns) * 1e-3);
	}
}

/* ---- running ---- */

/* A port that nobody uses now. */
static uint16_t free_port(void) {
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
			getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		address.sin_port = htons(14010);
	}
	if (fd >= 0) {
		close(fd);
	}
	return ntohs(address.sin_port);
}

static void *listen_to_server(void *data) {
	struct listener *listener = data;
	while (!atomic_load(&listener->stop) &&
			monitor_capture_listen(
					listener->capture, clock_now_ns() + CAPTURE_TURN_NS) == 0) {
	}
	listener->cpu_ns = clock_thread_cpu_ns();
	return NULL;
}

static int start_listener(struct listener *listener) {
	const struct monitor_capture_config config = {
		.name = "pierglass-bench", .heard = on_capture, .data = listener
	};
	int error = monitor_capture_create(&listener->capture, &config);
	if (error < 0) {
		log_error("no null sink at the sound server (%s): --bench-sink=builtin measures "
			  "without one",
				strerrordesc_np(-error));
		return error;
	}
	error = thread_start(&listener->thread, "bench-listen", listen_to_server, listener);
	if (error < 0) {
		monitor_capture_destroy(listener->capture);
		listener->capture = NULL;
	}
	return error;
}

static void stop_listener(struct listener *listener) {
	if (!listener->capture) {
		return;
	}
	atomic_store(&listener->stop, true);
	pthread_join(listener->thread, NULL);
	listener->result->clock_ppm = monitor_capture_sink_ppm(listener->capture);
	listener->result->sink =
			monitor_capture_is_pipewire(listener->capture) ? "PipeWire" : "PulseAudio";
	monitor_capture_destroy(listener->capture);
}

/* The loop is for rtkit alone. */
static int wait_for(struct loop *loop, double seconds) {
	const uint64_t end_ns = clock_now_ns() + (uint64_t)(seconds * 1e9);
	while (clock_now_ns() < end_ns) {
		if (loop_run_once(loop, WAIT_TURN_MS) < 0 || ending_signalled() > 0) {
			return -EINTR;
		}
	}
	return 0;
}

static int measure(struct result *r, const struct config *config, struct loop *loop,
		struct rtkit *rtkit) {
	static const char group[] = "239.255.77.78";
	struct audio_config audio_config = {
		.scream = true,
		.interface = "lo",
		.port = free_port(),
		.output = AUDIO_OUTPUT_NULL,
		.raw_fd = -1,
		.latency_ms = r->scenario->latency_ms,
		.high_quality = config->audio.high_quality,
		.volume_percent = -1,
		.null_ppm = SINK_PPM,
		.null_heard = on_heard,
		.null_packet = on_packet,
		.null_data = r,
		.broker = { rtkit_ask, rtkit },
	};
	const struct audio_events events = { 0 };
	struct listener listener = { .result = r };
	struct bench_sender *sender = NULL;
	struct audio *audio = NULL;
	uint64_t sender_cpu = 0;
	memcpy(audio_config.group, group, sizeof group);

	int error = 0;
	r->sink = "built-in";
	r->clock_ppm = SINK_PPM;
	if (config->bench.sink == BENCH_SINK_SERVER) {
		error = start_listener(&listener);
		if (error < 0) {
			return error;
		}
		audio_config.output = AUDIO_OUTPUT_PULSE;
		snprintf(audio_config.sink, sizeof audio_config.sink, "%s",
				monitor_capture_sink(listener.capture));
	}
	error = bench_sender_start(&sender, r->scenario, group, audio_config.port,
			r->seconds + r->settle_s + 2);
	if (error < 0) {
		stop_listener(&listener);
		return error;
	}
	r->sender = sender;
	r->judge_ns = clock_now_ns() + (uint64_t)(r->settle_s * 1e9);
	r->judge_end_ns = r->judge_ns + (uint64_t)(r->seconds * 1e9);
	uint64_t cpu = clock_process_cpu_ns();
	uint64_t started = clock_now_ns();
	error = audio_start(&audio, &audio_config, &events);
	if (error == 0) {
		error = wait_for(loop, r->seconds + r->settle_s);
		audio_get_stats(audio, &r->stats);
	}
	cpu = clock_process_cpu_ns() - cpu;
	uint64_t took = clock_now_ns() - started;
	audio_stop(audio);
	stop_listener(&listener);
	bench_sender_stop(sender, &sender_cpu);
	const uint64_t others = sender_cpu + listener.cpu_ns;
	r->cpu_percent = cpu > others ? 100.0 * (double)(cpu - others) / (double)took : 0;
	return error;
}

/* ---- telling ---- */

static void write_figures(struct json *json, struct result *r) {
	json_number(json, "target_us", r->stats.target_us);
	json_object(json, "us");
	samples_json(&r->packet_to_sink, json, "packet_to_sink");
	samples_json(&r->heard, json, "heard");
	samples_json(&r->first, json, "heard_first");
	samples_json(&r->steady, json, "heard_steady");
	json_end(json);
	json_number(json, "heard_mean_us", samples_mean(&r->heard));
	json_number(json, "reported_us", r->stats.latency_us);
	json_int(json, "glitches", r->glitches);
	json_number(json, "silence_ms", (double)r->silence_frames * 1e3 / BENCH_RATE);
	json_number(json, "longest_gap_ms", (double)r->gap_longest * 1e3 / BENCH_RATE);
	json_int(json, "underruns", (int64_t)r->stats.underruns);
	json_int(json, "skips", (int64_t)r->stats.skips);
	json_int(json, "missing", (int64_t)r->stats.missing);
	json_number(json, "rate_ppm", r->stats.rate_ppm);
	json_number(json, "sink_ppm", r->stats.sink_ppm);
	json_number(json, "source_ppm", r->stats.source_ppm);
	json_number(json, "cpu_percent", r->cpu_percent);
}

static void write_json(struct result *results, size_t count) {
	struct json json;
	json_begin(&json, stdout);
	json_string(&json, "bench", "audio");
	json_string(&json, "scenario", results[0].scenario->name);
	json_string(&json, "sink", results[0].sink);
	json_number(&json, "sink_clock_ppm", results[0].clock_ppm);
	json_number(&json, "seconds", results[0].seconds);
	write_figures(&json, &results[0]);
	json_null(&json, "av_offset_us"); /* there is no picture here */
	json_array(&json, "scenarios");
	for (size_t i = 0; i < count; i++) {
		json_object(&json, NULL);
		json_string(&json, "name", results[i].scenario->name);
		write_figures(&json, &results[i]);
		json_end(&json);
	}
	json_end(&json);
	json_finish(&json);
}

static void write_table(struct result *results, size_t count) {
	printf("%-30s %7s %26s %14s %9s %8s %11s %9s %6s\n", "", "target",
			"heard ms: mean (p50, p99)", "first, steady", "reported", "glitches",
			"silence ms", "underruns", "CPU %");
	for (size_t i = 0; i < count; i++) {
		struct result *r = &results[i];
		char heard[64];
		char settling[64];
		snprintf(heard, sizeof heard, "%.1f (%.1f, %.1f)", samples_mean(&r->heard) * 1e-3,
				samples_percentile(&r->heard, 0.5) * 1e-3,
				samples_percentile(&r->heard, 0.99) * 1e-3);
		snprintf(settling, sizeof settling, "%.1f, %.1f",
				samples_percentile(&r->first, 0.5) * 1e-3,
				samples_percentile(&r->steady, 0.5) * 1e-3);
		printf("%-30s %7.1f %26s %14s %9.1f %8u %11.1f %9llu %6.2f\n", r->scenario->name,
				r->stats.target_us * 1e-3, heard, settling,
				r->stats.latency_us * 1e-3, r->glitches,
				(double)r->silence_frames * 1e3 / BENCH_RATE,
				(unsigned long long)r->stats.underruns, r->cpu_percent);
	}
	printf("%.0f s each, %s sink %+.0f ppm; packet to sink: p50 %.0f us, p99 %.0f us\n",
			results[0].seconds, results[0].sink, results[0].clock_ppm,
			samples_percentile(&results[0].packet_to_sink, 0.5),
			samples_percentile(&results[0].packet_to_sink, 0.99));
}

/* ---- what is measured ---- */

/* The sender that the command line describes; false = it describes none. */
static bool asked_for(const struct config *config, struct bench_scenario *ret_asked) {
	const struct bench_options *bench = &config->bench;
	*ret_asked = (struct bench_scenario){
		.name = "as asked",
		.ppm = bench->ppm,
		.burst_ms = bench->burst_ms,
		.jitter_ms = bench->jitter_ms,
		.loss = bench->loss_percent / 100,
		.stall_every_s = bench->stall_ms > 0 ? STALL_EVERY_S : 0,
		.stall_ms = bench->stall_ms,
		.latency_ms = config->audio.latency_ms,
	};
	return bench->ppm != 0 || bench->burst_ms > 0 || bench->jitter_ms > 0 ||
	       bench->loss_percent > 0 || bench->stall_ms > 0;
}

static int run_scenario(struct result *r, const struct config *config,
		const struct bench_scenario *scenario) {
	r->scenario = scenario;
	r->seconds = config->seconds > 0 ? config->seconds : SECONDS;
	r->settle_s = config->bench.sink == BENCH_SINK_SERVER ? SERVER_SETTLE_S : SETTLE_S;
	struct samples *const all[] = { &r->heard, &r->first, &r->steady, &r->packet_to_sink };
	int error = 0;
	for (size_t i = 0; i < sizeof all / sizeof all[0] && error == 0; i++) {
		error = samples_init(all[i], SAMPLES);
	}
	struct loop *loop = NULL;
	struct rtkit *rtkit = NULL;
	if (error == 0) {
		error = loop_create(&loop);
	}
	if (error == 0) {
		error = rtkit_create(&rtkit, loop);
	}
	if (error == 0) {
		error = measure(r, config, loop, rtkit);
	}
	rtkit_destroy(rtkit);
	loop_destroy(loop);
	if (error < 0) {
		log_error("cannot measure \"%s\": %s", scenario->name, strerrordesc_np(-error));
	}
	return error;
}

int run_bench_audio(struct config *config) {
	struct bench_scenario asked;
	const bool one = asked_for(config, &asked);
	const size_t count = one ? 1 : SCENARIOS;
	struct result *results = calloc(count, sizeof *results);
	int status = results ? 0 : 1;
	for (size_t i = 0; i < count && status == 0; i++) {
		status = run_scenario(&results[i], config, one ? &asked : &scenarios[i]) < 0;
	}
	if (status == 0 && config->json) {
		write_json(results, count);
	} else if (status == 0) {
		write_table(results, count);
	}
	for (size_t i = 0; results && i < count; i++) {
		samples_finish(&results[i].heard);
		samples_finish(&results[i].first);
		samples_finish(&results[i].steady);
		samples_finish(&results[i].packet_to_sink);
	}
	free(results);
	return status;
}
