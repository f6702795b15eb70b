#define LOG_MODULE "audio"
#include "audio/audio.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "audio/audio_internal.h"
#include "audio/server/microphone.h"
#include "base/deadline.h"
#include "base/thread.h"

#include "base/log.h"

#define REALTIME_PRIORITY 5
#define SERVER_LATE_NS    (20 * NS_PER_MS)
#define PUBLISH_LATE_NS   (20 * NS_PER_MS) /* a packet comes before */
#define RAW_WAIT_NS       (2 * NS_PER_MS)
#define STOP_WITHIN_NS    (400 * NS_PER_MS)
#define FAILED_WAIT_NS    (5 * NS_PER_MS)
/* Of what is in flight, the server is asked to hold at most so much: with less than the target, it
 * never has to ask for more. */
#define LATENCY_AUTO_MS       25
#define LATENCY_SERVER_SHARE  0.65
#define LATENCY_SERVER_MIN_MS 10
#define LATENCY_SERVER_MAX_MS 40

void audio_wake(void *data) {
	const struct audio *audio = data;
	const uint64_t one = 1;
	(void)!write(audio->wake_fd, &one, sizeof one);
}

/* ---- Scream ---- */

static void write_raw(struct audio *audio, const struct scream_packet *packet) {
	size_t bytes = (size_t)packet->frames * scream_frame_bytes(&packet->format);
	if (!scream_format_equal(&audio->raw_format, &packet->format)) {
		audio->raw_format = packet->format;
		log_info("raw sound: %u Hz, %u bit, %u channels", packet->format.rate,
				packet->format.bits, packet->format.channels);
	}
	size_t done = 0;
	while (done < bytes && !audio->raw_broken) {
		ssize_t n = write(audio->config.raw_fd, packet->pcm + done, bytes - done);
		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			clock_sleep_ns(RAW_WAIT_NS); /* a full pipe: its reader sets the pace */
		} else if (errno != EINTR) {
			log_warn("the reader of the raw sound is gone");
			audio->raw_broken = true;
		}
	}
	audio->raw_frames += packet->frames;
}

static void play_scream(struct audio *audio, const struct scream_packet *packet,
		uint64_t arrived_ns, uint64_t now_ns) {
	if (audio->config.output == AUDIO_OUTPUT_RAW) {
		write_raw(audio, packet);
		return;
	}
	audio_play(audio, SOURCE_SCREAM, packet, arrived_ns, now_ns);
	if (audio->config.null_packet) {
		audio->config.null_packet(arrived_ns, clock_now_ns(), audio->config.null_data);
	}
}

static void tell_lost(struct audio *audio, unsigned packets) {
	log_warn_limited("the kernel dropped %u packets before pierglass could read them", packets);
	if (audio->playout) {
		playout_lost(audio->playout, packets);
	}
}

static void run_receiver(struct audio *audio, uint64_t now_ns) {
	struct received received;
	while (receiver_next(audio->receiver, now_ns, &received)) {
		if (received.lost > 0) {
			tell_lost(audio, received.lost);
		}
		if (received.is_played) {
			play_scream(audio, &received.packet, received.arrived_ns, now_ns);
		}
	}
	if (receiver_tend(audio->receiver, now_ns)) {
		log_info("a player takes the sound over");
		if (audio->playout) {
			playout_break(audio->playout, clock_now_ns());
		}
	}
}

/* ---- the thread ---- */

static int make_receiver(struct audio *audio) {
	const struct audio_config *config = &audio->config;
	struct receiver_config receiver = {
		.port = config->port,
		.unicast = config->unicast,
		.owners = config->owners,
		.port_owner = config->port_owner,
		.any_sender = config->any_sender,
		.can_own = config->can_own,
		.preemptible = config->preemptible,
	};
	snprintf(receiver.interface, sizeof receiver.interface, "%s", config->interface);
	snprintf(receiver.sender, sizeof receiver.sender, "%s", config->sender);
	snprintf(receiver.group, sizeof receiver.group, "%s", config->group);
	snprintf(receiver.shm_path, sizeof receiver.shm_path, "%s", config->shm_path);
	return receiver_create(&audio->receiver, &receiver);
}

/* From the network to the VM's memory, or back where the next VM has none. */
static void change_way(struct audio *audio, const char *shm_path) {
	snprintf(audio->config.shm_path, sizeof audio->config.shm_path, "%s", shm_path);
	receiver_destroy(audio->receiver);
	audio->receiver = NULL;
	int r = make_receiver(audio);
	if (r < 0) {
		log_error("Scream's sound cannot be taken from %s: %s",
				shm_path[0] ? shm_path : "the network", strerrordesc_np(-r));
	} else {
		log_info("Scream's sound comes from %s", shm_path[0] ? shm_path : "the network");
	}
}

static void apply_settings(struct audio *audio) {
	struct settings settings;
	(void)recording_seat_look(&audio->recording); /* lets go of one that is over */
	if (!atomic_exchange(&audio->settings_changed, false)) {
		return;
	}
	pthread_mutex_lock(&audio->settings_lock);
	settings = audio->settings;
	pthread_mutex_unlock(&audio->settings_lock);
	if (audio->receiver && strcmp(settings.shm_path, audio->config.shm_path) != 0) {
		change_way(audio, settings.shm_path);
	}
	if (audio->receiver) {
		receiver_set_interface(audio->receiver, settings.interface);
		receiver_set_sender(audio->receiver, settings.sender);
	}
	if (audio->config.output == AUDIO_OUTPUT_PULSE) {
		sink_pulse_set_mute(audio->sink, settings.mute);
	}
	if (settings.latency_ms != audio->config.latency_ms && audio->playout) {
		audio->config.latency_ms = settings.latency_ms;
		playout_set_latency(audio->playout, settings.latency_ms);
	}
	if (settings.volume_percent != audio->config.volume_percent) {
		audio->config.volume_percent = settings.volume_percent;
		if (audio->config.output == AUDIO_OUTPUT_PULSE) {
			sink_pulse_set_percent(audio->sink, settings.volume_percent);
		}
	}
	if (settings.retries != audio->retries) {
		audio->retries = settings.retries;
		if (audio->receiver) {
			receiver_retry(audio->receiver);
		}
		if (audio->config.output == AUDIO_OUTPUT_PULSE) {
			sink_pulse_retry(audio->sink);
		}
	}
}

static void run_sink(struct audio *audio, uint64_t now_ns) {
	if (audio->config.output == AUDIO_OUTPUT_PULSE) {
		if (deadline_is_over(sink_pulse_deadline(audio->sink), now_ns)) {
			sink_pulse_tick(audio->sink, now_ns);
		}
	} else if (audio->config.output == AUDIO_OUTPUT_NULL) {
		sink_null_run(audio->sink, now_ns);
	}
}

/* Once for each time that the server comes. */
static void warm_up(struct audio *audio, uint64_t now_ns) {
	const char *reason;
	if (audio->config.output != AUDIO_OUTPUT_PULSE) {
		return;
	}
	const bool up = sink_pulse_connected(audio->sink, &reason);
	if (up && !audio->warmed) {
		playout_warm(audio->playout, now_ns);
	}
	audio->warmed = up;
}

/* Before every wait, so that nothing that was written lies here meanwhile. */
static void flush_sink(struct audio *audio) {
	if (audio->config.output == AUDIO_OUTPUT_PULSE) {
		sink_pulse_flush(audio->sink);
	}
}

/* What is due. Packets first: a gap is only one if none waits. */
static void run_due(struct audio *audio) {
	uint64_t now_ns = clock_now_ns();
	apply_settings(audio);
	audio_spice_run(audio, now_ns);
	const bool tick = audio->playout && deadline_is_over(playout_due(audio->playout), now_ns);
	if (audio->receiver) {
		if (tick || deadline_is_over(receiver_deadline(audio->receiver), now_ns)) {
			run_receiver(audio, now_ns);
		}
	}
	if (tick) {
		now_ns = clock_now_ns();
		if (deadline_is_over(playout_due(audio->playout), now_ns)) {
			playout_tick(audio->playout, now_ns);
		}
	}
	run_sink(audio, now_ns);
	warm_up(audio, now_ns);
	flush_sink(audio);
	if (now_ns >= audio->publish_ns ||
			(audio->playout && playout_state(audio->playout) != audio->published)) {
		audio_publish(audio, now_ns);
	}
}

static uint64_t time_left_ns(const struct audio *audio) {
	uint64_t now_ns = clock_now_ns();
	deadline next = now_ns + NS_PER_S;
	if (audio->receiver) {
		next = deadline_first(next, receiver_deadline(audio->receiver));
	}
	if (audio->playout) {
		next = deadline_first(next, playout_deadline(audio->playout));
		enum playout_state state = playout_state(audio->playout);
		if (state == PLAYOUT_PLAYING) {
			next = deadline_first(next, audio->publish_ns + PUBLISH_LATE_NS);
		} else if (state != PLAYOUT_IDLE && state != PLAYOUT_CORKED) {
			next = deadline_first(next, audio->publish_ns);
		}
	}
	if (audio->config.output == AUDIO_OUTPUT_PULSE) {
		next = deadline_first(next, sink_pulse_deadline(audio->sink));
	} else if (audio->config.output == AUDIO_OUTPUT_NULL) {
		next = deadline_first(next, sink_null_deadline(audio->sink));
	}
	next = deadline_first(next, pulse_loop_deadline(audio->pulse));
	next = deadline_first(next, audio_spice_deadline(audio));
	return next <= now_ns ? 0 : next - now_ns;
}

/*
 * While sound flows, packets set the pace: what the server says meanwhile (a message for each block
 * that it has played) is read when the next one comes, not by a wake-up of its own. That halves
 * them, and they are most of what playing costs.
 */
static bool server_may_wait(const struct audio *audio) {
	return audio->playout && playout_state(audio->playout) == PLAYOUT_PLAYING &&
	       !(audio->microphone && microphone_is_wanted(audio->microphone)) &&
	       !pulse_loop_is_writing(audio->pulse);
}

/* Until when packets may wait in the socket; 0 = they wake us. Where others that are not played
 * come in between, the socket would overflow. */
static uint64_t packets_wait_until(struct audio *audio, uint64_t now_ns) {
	if (!audio->playout || audio->source != SOURCE_SCREAM || audio->config.shm_path[0] ||
			audio->ending) {
		return 0;
	}
	struct receiver_stats stats;
	receiver_get_stats(audio->receiver, &stats);
	const bool clean = stats.rejected == audio->rejected;
	audio->rejected = stats.rejected;
	return clean ? playout_pickup(audio->playout, now_ns) : 0;
}

/* A wait that fails (no memory; a limit of descriptors below what is open) is a short one without
 * an answer: the sound goes on. */
static void wait_for_fds(struct pollfd *fds, unsigned count, uint64_t wait_ns) {
	const struct timespec wait = { (time_t)(wait_ns / NS_PER_S), (long)(wait_ns % NS_PER_S) };
	if (ppoll(fds, count, &wait, NULL) < 0 && errno != EINTR) {
		clock_sleep_ns(wait_ns < FAILED_WAIT_NS ? wait_ns : FAILED_WAIT_NS);
		fds[1].revents = fds[1].fd >= 0 ? POLLIN : 0; /* reading waits for nothing */
	}
}

/* Packets first, then the server gets what came of them. */
static void wait_and_dispatch(struct audio *audio, uint64_t wait_ns) {
	struct pollfd fds[2 + PULSE_LOOP_FDS] = {
		{ .fd = audio->wake_fd, .events = POLLIN },
		{ .fd = audio->receiver && !audio->ending ? receiver_fd(audio->receiver) : -1,
				.events = POLLIN },
	};
	unsigned count = 2;
	if (!server_may_wait(audio)) {
		count += pulse_loop_fds(audio->pulse, fds + count);
	} else if (wait_ns > SERVER_LATE_NS) {
		wait_ns = SERVER_LATE_NS;
	}
	uint64_t now_ns = clock_now_ns();
	const uint64_t pickup_ns = packets_wait_until(audio, now_ns);
	if (pickup_ns > 0) {
		wait_ns = pickup_ns - now_ns < wait_ns ? pickup_ns - now_ns : wait_ns;
		fds[1].fd = -1;
	}
	wait_for_fds(fds, count, wait_ns);
	if (fds[0].revents) {
		uint64_t n;
		(void)!read(audio->wake_fd, &n, sizeof n); /* the next round looks */
	}
	now_ns = clock_now_ns();
	if (fds[1].revents || (pickup_ns > 0 && now_ns >= pickup_ns)) {
		run_receiver(audio, now_ns);
	}
	flush_sink(audio);
	pulse_loop_run(audio->pulse);
}

static void fade_out(struct audio *audio) {
	uint64_t now_ns = clock_now_ns();
	uint64_t left = audio->playout ? playout_fade_out(audio->playout, now_ns) : 0;
	uint64_t end = now_ns + (left < STOP_WITHIN_NS ? left : STOP_WITHIN_NS);
	flush_sink(audio); /* the tail must be there before what is in flight is over */
	pulse_loop_run(audio->pulse);
	while ((now_ns = clock_now_ns()) < end) {
		run_sink(audio, now_ns);
		wait_and_dispatch(audio, end - now_ns);
	}
}

static void *run(void *data) {
	struct audio *audio = data;
	struct thread_breath breath = { 0 };
	thread_ask_realtime(REALTIME_PRIORITY, &audio->config.broker);
	while (!atomic_load(&audio->stop)) {
		run_due(audio);
		wait_and_dispatch(audio, time_left_ns(audio));
		thread_breathe(&breath); /* packets without end */
	}
	audio->ending = true;
	fade_out(audio);
	return NULL;
}

/* ---- life ---- */

static int make_sink(struct audio *audio) {
	const struct audio_config *config = &audio->config;
	if (config->output == AUDIO_OUTPUT_NULL) {
		const struct sink_null_config null = {
			.rate = 48000,
			.block_frames = 240,
			.ppm = config->null_ppm,
			.heard = config->null_heard,
			.data = config->null_data,
		};
		return sink_null_create(&audio->sink, &null);
	}
	unsigned target = config->latency_ms ? config->latency_ms : LATENCY_AUTO_MS;
	unsigned bound = config->max_ms ? config->max_ms : target + 120;
	unsigned held = (unsigned)(target * LATENCY_SERVER_SHARE);
	held = held < LATENCY_SERVER_MIN_MS ? LATENCY_SERVER_MIN_MS : held;
	struct sink_pulse_config pulse = {
		.latency_ms = held < LATENCY_SERVER_MAX_MS ? held : LATENCY_SERVER_MAX_MS,
		.max_ms = bound + 100,
		.volume_percent = config->volume_percent,
	};
	snprintf(pulse.server, sizeof pulse.server, "%s", config->server);
	snprintf(pulse.device, sizeof pulse.device, "%s", config->sink);
	snprintf(pulse.stream_name, sizeof pulse.stream_name, "%s", config->stream_name);
	return sink_pulse_create(&audio->sink, pulse_loop_api(audio->pulse), &pulse);
}

static int make_player(struct audio *audio) {
	const struct playout_config config = {
		.latency_ms = audio->config.latency_ms,
		.max_ms = audio->config.max_ms,
		.high_quality = audio->config.high_quality,
		.saves_power = audio->config.saves_power && !audio->config.shm_path[0],
	};
	int r = make_sink(audio);
	if (r == 0) {
		r = playout_create(&audio->playout, &config, audio->sink);
	}
	if (r == 0) {
		audio_listen(audio);
	}
	return r;
}

static void audio_free(struct audio *audio) {
	receiver_destroy(audio->receiver);
	playout_destroy(audio->playout);
	if (audio->sink) {
		audio->sink->ops->destroy(audio->sink);
	}
	audio_spice_destroy(audio);
	pulse_loop_destroy(audio->pulse);
	if (audio->wake_fd >= 0) {
		close(audio->wake_fd);
	}
	mailbox_finish(&audio->stats);
	recording_seat_finish(&audio->recording);
	pthread_mutex_destroy(&audio->settings_lock);
	free(audio);
}

void audio_own_latency(void) {
	if (getenv("PULSE_LATENCY_MSEC")) {
		log_info("PULSE_LATENCY_MSEC is not used: --audio-latency says how late the sound is");
		unsetenv("PULSE_LATENCY_MSEC"); // NOLINT(concurrency-mt-unsafe): no thread yet
	}
}

void audio_look_around(struct audio_config *config) {
	if (config->scream && !config->shm_path[0]) {
		(void)port_owner_find(config->port, &config->port_owner);
	}
}

int audio_start(struct audio **ret_audio, const struct audio_config *config,
		const struct audio_events *events) {
	struct audio *audio = calloc(1, sizeof *audio);
	if (!audio) {
		return -ENOMEM;
	}
	audio->config = *config;
	audio->events = *events;
	audio->status.state = PART_OFF;
	audio->wake_fd = -1;
	audio->microphone_fd = -1;
	audio->settings.volume_percent = config->volume_percent;
	audio->settings.latency_ms = config->latency_ms;
	memcpy(audio->settings.interface, config->interface, sizeof audio->settings.interface);
	memcpy(audio->settings.sender, config->sender, sizeof audio->settings.sender);
	memcpy(audio->settings.shm_path, config->shm_path, sizeof audio->settings.shm_path);
	pthread_mutex_init(&audio->settings_lock, NULL);
	recording_seat_init(&audio->recording);
	int r = mailbox_init(&audio->stats, sizeof(struct audio_stats), NULL, NULL);
	if (r == 0) {
		r = pulse_loop_create(&audio->pulse);
	}
	audio->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r == 0 && audio->wake_fd < 0) {
		r = -errno;
	}
	if (r < 0) {
		goto fail;
	}
	if (config->output != AUDIO_OUTPUT_RAW && config->output != AUDIO_OUTPUT_NONE) {
		r = make_player(audio);
		if (r < 0) {
			goto fail;
		}
	}
	if (config->scream && config->output != AUDIO_OUTPUT_NONE) {
		r = make_receiver(audio);
		if (r < 0) {
			goto fail;
		}
	}
	r = audio_spice_create(audio);
	if (r < 0) {
		goto fail;
	}
	r = thread_start(&audio->thread, "pg-audio", run, audio);
	if (r < 0) {
		goto fail;
	}
	*ret_audio = audio;
	return 0;
fail:
	audio_free(audio);
	return r;
}

void audio_halt(struct audio *audio) {
	if (!audio || atomic_exchange(&audio->stop, true)) {
		return;
	}
	audio_wake(audio);
	pthread_join(audio->thread, NULL);
}

void audio_stop(struct audio *audio) {
	if (!audio) {
		return;
	}
	audio_halt(audio);
	audio_free(audio);
}

/* ---- from any thread ---- */

void audio_get_stats(struct audio *audio, struct audio_stats *ret_stats) {
	if (!mailbox_peek(&audio->stats, ret_stats)) {
		*ret_stats = (struct audio_stats){ 0 };
	}
}

static void settings_done(struct audio *audio) {
	pthread_mutex_unlock(&audio->settings_lock);
	atomic_store(&audio->settings_changed, true);
	audio_wake(audio);
}

void audio_set_mute(struct audio *audio, bool mute) {
	pthread_mutex_lock(&audio->settings_lock);
	audio->settings.mute = mute;
	settings_done(audio);
}

void audio_set_volume(struct audio *audio, int percent) {
	pthread_mutex_lock(&audio->settings_lock);
	audio->settings.volume_percent = percent;
	settings_done(audio);
}

void audio_set_latency(struct audio *audio, unsigned latency_ms) {
	pthread_mutex_lock(&audio->settings_lock);
	audio->settings.latency_ms = latency_ms;
	settings_done(audio);
}

void audio_set_interface(struct audio *audio, const char *name) {
	pthread_mutex_lock(&audio->settings_lock);
	snprintf(audio->settings.interface, sizeof audio->settings.interface, "%s", name);
	settings_done(audio);
}

void audio_set_sender(struct audio *audio, const char *senders) {
	pthread_mutex_lock(&audio->settings_lock);
	snprintf(audio->settings.sender, sizeof audio->settings.sender, "%s", senders);
	settings_done(audio);
}

void audio_set_shm_path(struct audio *audio, const char *path) {
	pthread_mutex_lock(&audio->settings_lock);
	snprintf(audio->settings.shm_path, sizeof audio->settings.shm_path, "%s", path);
	settings_done(audio);
}

void audio_retry(struct audio *audio) {
	pthread_mutex_lock(&audio->settings_lock);
	audio->settings.retries++;
	settings_done(audio);
}
