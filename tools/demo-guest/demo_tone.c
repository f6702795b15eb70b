#include "tools/demo-guest/demo_tone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audio/codec/scream.h"
#include "base/clock.h"
#include "base/loop.h"

#define RATE      48000u
#define CHANNELS  2u
#define FRAMES    288u /* 1152 bytes of 16 bit stereo: 6 ms */
#define PERIOD_NS (FRAMES * NS_PER_S / RATE)
#define LEVEL     0.05
#define LATE_NS   (200 * NS_PER_MS) /* later than that: do not catch up */

struct demo_tone {
	struct demo_tone_config config;
	struct loop_source *timer;
	int fd;
	struct sockaddr_in to;
	uint64_t next_ns;
	uint64_t frame; /* since the start of the tone */
};

static void send_packet(struct demo_tone *tone) {
	uint8_t packet[SCREAM_DATAGRAM_MAX];
	const struct scream_format format = {
		.rate = RATE, .bits = 16, .channels = CHANNELS, .mask = 3
	};
	const size_t header = SCREAM_DATAGRAM_MAX - FRAMES * CHANNELS * sizeof(int16_t);
	scream_pack_header(packet, &format);
	for (unsigned i = 0; i < FRAMES; i++) {
		const double phase = fmod((double)tone->frame * tone->config.hertz / RATE, 1);
		const int16_t value = (int16_t)lrint(sin(phase * 2 * M_PI) * LEVEL * 32767);
		for (unsigned c = 0; c < CHANNELS; c++) {
			memcpy(packet + header + (i * CHANNELS + c) * sizeof value, &value,
					sizeof value);
		}
		tone->frame++;
	}
	/* Nobody may be listening: not an error. */
	(void)sendto(tone->fd, packet, header + FRAMES * CHANNELS * sizeof(int16_t),
			MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&tone->to,
			sizeof tone->to);
}

static void on_timer(void *data) {
	struct demo_tone *tone = data;
	const uint64_t now_ns = clock_now_ns();
	if (now_ns > tone->next_ns + LATE_NS) {
		tone->next_ns = now_ns;
	}
	while (tone->next_ns <= now_ns) {
		send_packet(tone);
		tone->next_ns += PERIOD_NS;
	}
	loop_set_timer(tone->timer, tone->next_ns);
}

void demo_tone_set_playing(struct demo_tone *tone, bool playing) {
	tone->next_ns = clock_now_ns();
	loop_set_timer(tone->timer, playing ? tone->next_ns : 0);
}

static int open_socket(struct demo_tone *tone) {
	const unsigned index = if_nametoindex(tone->config.interface);
	if (index == 0) {
		return -ENODEV;
	}
	tone->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (tone->fd < 0) {
		return -errno;
	}
	const struct ip_mreqn from = { .imr_ifindex = (int)index };
	const int on = 1;
	if (setsockopt(tone->fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from) < 0 ||
			setsockopt(tone->fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) < 0) {
		return -errno;
	}
	tone->to = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(tone->config.port) };
	return inet_pton(AF_INET, tone->config.group, &tone->to.sin_addr) == 1 ? 0 : -EINVAL;
}

int demo_tone_create(struct demo_tone **ret_tone, struct loop *loop,
		const struct demo_tone_config *config) {
	struct demo_tone *tone = calloc(1, sizeof *tone);
	if (!tone) {
		return -ENOMEM;
	}
	tone->config = *config;
	tone->fd = -1;
	int r = open_socket(tone);
	if (r == 0) {
		tone->timer = loop_add_timer(loop, on_timer, tone);
		r = tone->timer ? 0 : -ENOMEM;
	}
	if (r < 0) {
		demo_tone_destroy(tone);
		return r;
	}
	demo_tone_set_playing(tone, true);
	*ret_tone = tone;
	return 0;
}

void demo_tone_destroy(struct demo_tone *tone) {
	if (!tone) {
		return;
	}
	loop_remove(tone->timer);
	if (tone->fd >= 0) {
		close(tone->fd);
	}
	free(tone);
}

uint16_t demo_tone_free_port(void) {
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	uint16_t port = 0;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
			getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
		port = ntohs(address.sin_port);
	}
	if (fd >= 0) {
		close(fd);
	}
	return port;
}
