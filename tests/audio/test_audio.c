/* The part as a whole with the built-in sink: SPICE sound plays while no Scream packets come,
 * Scream takes over, and SPICE comes back; start and stop at any time. */
#include "audio/audio.h"

#include <arpa/inet.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audio/codec/scream.h"
#include "base/clock.h"
#include "tests/support/check.h"

#define GROUP "239.255.77.79"
#define RATE  48000
#define BLOCK 480

#define LATE_NS  (20 * NS_PER_MS) /* the buffer is 60 ms, of which the sink's steps take some */
#define ATTEMPTS 3

struct heard {
	atomic_uint loud;  /* frames */
	atomic_uint jumps; /* steps no sound makes */
	float before;
};

static void hear(const float *frames, unsigned count, unsigned channels, uint64_t at_ns,
		double frame_ns, void *data) {
	struct heard *heard = data;
	(void)at_ns;
	(void)frame_ns;
	for (unsigned i = 0; i < count; i++) {
		float x = frames[(size_t)i * channels];
		if (fabsf(x) > 0.01f) {
			atomic_fetch_add(&heard->loud, 1);
		}
		/* A 100 Hz tone of 0.5 moves 0.0066 a frame. */
		if (fabsf(x - heard->before) > 0.03f) {
			atomic_fetch_add(&heard->jumps, 1);
		}
		heard->before = x;
	}
}

struct guest {
	struct audio *audio;
	int fd;
	struct sockaddr_in to;
	uint64_t next_ns;
	uint64_t frame;
	uint64_t latest_ns; /* the most that a block was sent too late */
};

static void tone(const struct guest *g, int16_t *samples, unsigned frames) {
	for (unsigned i = 0; i < frames; i++) {
		double phase = 2 * M_PI * 100 * (double)(g->frame + i) / RATE;
		samples[i * 2] = samples[i * 2 + 1] = (int16_t)lrint(16384 * sin(phase));
	}
}

/* For so long, in real time, SPICE blocks or Scream packets or both. */
static void send_for(struct guest *g, unsigned ms, bool spice, bool scream) {
	uint64_t end = clock_now_ns() + ms * NS_PER_MS;
	uint8_t packet[5 + 288 * 4];
	const struct scream_format format = { RATE, 16, 2, 3 };
	int16_t samples[BLOCK * 2];
	scream_pack_header(packet, &format);
	g->next_ns = clock_now_ns();
	while (g->next_ns < end) {
		unsigned frames = scream ? 288 : BLOCK;
		tone(g, samples, frames);
		clock_sleep_until_ns(g->next_ns);
		const uint64_t late_ns = clock_now_ns() - g->next_ns;
		g->latest_ns = late_ns > g->latest_ns ? late_ns : g->latest_ns;
		if (spice) {
			audio_push(g->audio, samples, frames, 2, RATE, clock_now_ns());
		}
		if (scream) {
			memcpy(packet + 5, samples, 288 * 4);
			CHECK(sendto(g->fd, packet, sizeof packet, 0, (struct sockaddr *)&g->to,
					      sizeof g->to) > 0);
		}
		g->frame += frames;
		g->next_ns += frames * NS_PER_S / RATE;
	}
}

static void guest_open(struct guest *g, uint16_t port) {
	const struct ip_mreqn by = { .imr_ifindex = (int)if_nametoindex("lo") };
	memset(g, 0, sizeof *g);
	g->fd = socket(AF_INET, SOCK_DGRAM, 0);
	g->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, GROUP, &g->to.sin_addr);
	CHECK(g->fd >= 0);
	CHECK_EQ(setsockopt(g->fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by), 0);
}

static void config_for(struct audio_config *config, struct heard *heard, uint16_t port) {
	*config = (struct audio_config){
		.scream = true,
		.spice_when_silent = true,
		.interface = "lo",
		.group = GROUP,
		.port = port,
		.output = AUDIO_OUTPUT_NULL,
		.raw_fd = -1,
		.latency_ms = 60,
		.volume_percent = -1,
		.null_heard = heard ? hear : NULL,
		.null_data = heard,
	};
}

/* Returns how late the guest was, who shares the machine with others. */
static uint64_t change_sources(struct heard *heard) {
	struct audio_config config;
	const struct audio_events events = { 0 };
	struct audio_stats stats;
	struct guest g;
	guest_open(&g, 24010);
	config_for(&config, heard, 24010);
	CHECK_EQ(audio_start(&g.audio, &config, &events), 0);

	send_for(&g, 900, true, false);
	audio_get_stats(g.audio, &stats);
	CHECK(stats.playing && stats.is_spice && atomic_load(&heard->loud) > RATE / 4);

	send_for(&g, 600, true, true); /* who sounds is not interrupted */
	audio_get_stats(g.audio, &stats);
	CHECK(stats.playing && stats.is_spice && stats.packets > 50);

	send_for(&g, 900, false, true);
	audio_get_stats(g.audio, &stats);
	CHECK(stats.playing && !stats.is_spice);

	send_for(&g, 600, true, true);
	audio_get_stats(g.audio, &stats);
	CHECK(stats.playing && !stats.is_spice);

	send_for(&g, 900, true, false);
	audio_get_stats(g.audio, &stats);
	CHECK(stats.playing && stats.is_spice);
	audio_push_stop(g.audio);
	audio_stop(g.audio);
	close(g.fd);
	return g.latest_ns;
}

static void whichever_sounds_is_heard(void **state) {
	(void)state;
	for (unsigned attempt = 1; attempt <= ATTEMPTS; attempt++) {
		struct heard heard = { 0 };
		const uint64_t late_ns = change_sources(&heard);
		const unsigned jumps = atomic_load(&heard.jumps);
		if (jumps == 0 || IS_SANITIZED) {
			return; /* no switch clicked */
		}
		/* A guest that is kept from sending makes gaps of its own. */
		print_message("%u jumps, a block was sent %u ms too late\n", jumps,
				(unsigned)(late_ns / NS_PER_MS));
		CHECK(late_ns > LATE_NS);
	}
	fail_msg("every one of %u attempts has jumps", ATTEMPTS);
}

static void it_starts_and_stops_at_any_time(void **state) {
	const struct audio_events events = { 0 };
	struct audio_config config;
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct guest g;
		guest_open(&g, 24011);
		config_for(&config, NULL, 24011);
		config.scream = i % 3 != 0;
		CHECK_EQ(audio_start(&g.audio, &config, &events), 0);
		audio_set_mute(g.audio, true);
		audio_retry(g.audio);
		if (i % 2) {
			send_for(&g, 30, true, true);
		}
		audio_set_interface(g.audio, "nosuchbridge");
		audio_stop(g.audio);
		close(g.fd);
	}
	config_for(&config, NULL, 24011);
	struct audio *audio;
	memcpy(config.group, "10.0.0.1", 9); /* no group */
	CHECK(audio_start(&audio, &config, &events) < 0);
	audio_stop(NULL);
}

/* poll() is refused meanwhile. */
static void a_limit_of_descriptors_below_what_is_open_is_survived(void **state) {
	const struct audio_events events = { 0 };
	struct audio_config config;
	struct heard heard = { 0 };
	struct rlimit limit;
	struct guest g;
	(void)state;
	guest_open(&g, 24012);
	config_for(&config, &heard, 24012);
	CHECK_EQ(audio_start(&g.audio, &config, &events), 0);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	const struct rlimit none = { 1, limit.rlim_max };
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	send_for(&g, 50, true, false);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (const uint64_t end = clock_now_ns() + 20 * NS_PER_S;
			clock_now_ns() < end && atomic_load(&heard.loud) < RATE / 10;) {
		send_for(&g, 50, true, false);
	}
	CHECK(atomic_load(&heard.loud) >= RATE / 10);
	audio_stop(g.audio);
	close(g.fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whichever_sounds_is_heard),
		cmocka_unit_test(it_starts_and_stops_at_any_time),
		cmocka_unit_test(a_limit_of_descriptors_below_what_is_open_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
