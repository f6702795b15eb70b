/*
 * scream-send: a sender of Scream packets for tests and for trying a receiver. Sends as the Windows
 * driver does (scream-audio.md 1), with every fault that a test wants: skew, bursts, jitter, loss,
 * stalls, other formats, malformed packets beside the good ones.
 *
 * Left (and every further channel) is a tone; right is silent but for a 2 ms burst of 3 kHz once a
 * second, the marker. With --log, a line of JSON on stdout says when each marker's first frame was
 * sent; at the end one line with the totals.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "audio/codec/scream.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/parse.h"

#define MARKER_HZ 3000.0
#define MARKER_S  0.002

enum { FLOOD_NONE, FLOOD_MALFORMED, FLOOD_HEADERS };

struct sender {
	struct sockaddr_in to;
	char interface[IF_NAMESIZE];
	struct scream_format format;
	double ppm, burst_ms, jitter_ms, loss, seconds, level, hertz;
	double stall_every_s, stall_ms, pause_every_s, pause_s;
	double flood; /* packets a second */
	int flood_kind;
	double change_every_s; /* to the other format and back */
	struct scream_format other;
	bool log, realtime, silence;
	int fd;
	uint64_t start_ns;
	uint64_t random;
	uint64_t sent, lost, flooded;
};

static volatile sig_atomic_t stop;

static void on_signal(int signal_number) {
	(void)signal_number;
	stop = 1;
}

static double next_random(struct sender *s) {
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(s->random >> 11) * 0x1p-53;
}

static float sample(const struct sender *s, const struct scream_format *format, uint64_t frame,
		unsigned channel) {
	if (s->silence) {
		return 0;
	}
	if (channel != 1) {
		double phase = fmod((double)frame * s->hertz / format->rate, 1);
		return (float)(s->level * sin(2 * M_PI * phase));
	}
	uint64_t in_second = frame % format->rate;
	if ((double)in_second >= MARKER_S * format->rate) {
		return 0;
	}
	return (float)(0.5 * sin(2 * M_PI * MARKER_HZ * (double)in_second / format->rate));
}

static size_t make_packet(const struct sender *s, const struct scream_format *format,
		uint64_t first_frame, uint8_t *packet) {
	float frames[SCREAM_FRAMES_MAX];
	unsigned count = scream_packet_frames(format);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned c = 0; c < format->channels; c++) {
			frames[i * format->channels + c] = sample(s, format, first_frame + i, c);
		}
	}
	scream_pack_header(packet, format);
	scream_from_float(packet + 5, frames, count, format);
	return 5 + (size_t)count * scream_frame_bytes(format);
}

static void send_bytes(const struct sender *s, const uint8_t *data, size_t len) {
	/* Nobody may be listening, the interface may be away: not an error. */
	(void)!sendto(s->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			(const struct sockaddr *)&s->to, sizeof s->to);
}

/* What no receiver may be hurt by. */
static void flood(struct sender *s) {
	uint64_t now = clock_now_ns();
	if (now < s->start_ns) {
		return;
	}
	uint64_t due = (uint64_t)((double)(now - s->start_ns) * 1e-9 * s->flood);
	uint8_t packet[SCREAM_DATAGRAM_MAX + 1] = { 0 };
	for (; s->flooded < due && !stop; s->flooded++) {
		if (s->flood_kind == FLOOD_HEADERS) {
			/* Well formed, but every one says something else. */
			const struct scream_format formats[] = { { 96000, 24, 2, 3 },
				{ 44100, 16, 2, 3 }, { 192000, 32, 8, 0x63f } };
			const struct scream_format *format = &formats[s->flooded % 3];
			size_t len = make_packet(s, format, 0, packet);
			send_bytes(s, packet, len);
			continue;
		}
		packet[0] = (uint8_t)(next_random(s) * 256);
		packet[1] = (uint8_t)(next_random(s) * 256);
		packet[2] = (uint8_t)(next_random(s) * 256);
		packet[0] |= 0x08; /* no rate is multiplied by 8 */
		send_bytes(s, packet, (size_t)(next_random(s) * sizeof packet));
	}
}

static void log_marker(const struct sender *s, uint64_t first, unsigned count,
		const struct scream_format *format, uint64_t sent_ns) {
	uint64_t second = (first + format->rate - 1) / format->rate;
	uint64_t marker = second * format->rate;
	if (!s->log || marker < first || marker >= first + count) {
		return;
	}
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "marker", (int64_t)second);
	json_int(&json, "sent_ns", (int64_t)sent_ns);
	json_finish(&json);
}

static bool within(double t_s, double every_s, double for_s, double *ret_end_s) {
	if (every_s <= 0 || t_s < every_s) {
		return false;
	}
	double start = floor(t_s / every_s) * every_s;
	*ret_end_s = start + for_s;
	return t_s < *ret_end_s;
}

/* When the packet that was due at t_s is really sent: later within bursts, jitter and stalls.
 * Negative: never, the guest is silent then. */
static double send_time_s(struct sender *s, double due_s) {
	double end;
	double t = due_s;
	if (within(t, s->pause_every_s, s->pause_s, &end)) {
		return -1;
	}
	if (s->burst_ms > 0) {
		t = ceil(t / (s->burst_ms * 1e-3)) * s->burst_ms * 1e-3;
	}
	if (s->jitter_ms > 0) {
		t += next_random(s) * s->jitter_ms * 1e-3;
	}
	if (within(t, s->stall_every_s, s->stall_ms * 1e-3, &end)) {
		t = end;
	}
	return t;
}

static const struct scream_format *format_at(const struct sender *s, double t_s) {
	bool other = s->change_every_s > 0 && fmod(floor(t_s / s->change_every_s), 2) == 1;
	return other ? &s->other : &s->format;
}

static void wait_until(struct sender *s, uint64_t at_ns) {
	while (s->flood > 0 && clock_now_ns() + NS_PER_MS < at_ns && !stop) {
		flood(s);
		clock_sleep_ns(NS_PER_MS / 2);
	}
	clock_sleep_until_ns(at_ns);
}

static void run(struct sender *s) {
	uint8_t packet[SCREAM_DATAGRAM_MAX];
	const struct scream_format *format = &s->format;
	double base_s = 0;
	uint64_t frame = 0;
	s->start_ns = clock_now_ns() + 10 * NS_PER_MS;
	for (;;) {
		double rate = format->rate * (1 + s->ppm * 1e-6);
		unsigned count = scream_packet_frames(format);
		double due_s = base_s + (double)(frame + count) / rate;
		if (stop || (s->seconds > 0 && due_s > s->seconds)) {
			return;
		}
		double at_s = send_time_s(s, due_s);
		bool lost = s->loss > 0 && next_random(s) < s->loss;
		wait_until(s, s->start_ns + (uint64_t)((at_s < 0 ? due_s : at_s) * 1e9));
		if (lost) {
			s->lost++;
		} else if (at_s >= 0) {
			size_t len = make_packet(s, format, frame, packet);
			send_bytes(s, packet, len);
			s->sent++;
			log_marker(s, frame, count, format, clock_now_ns());
		}
		frame += count;
		if (format_at(s, due_s) != format) {
			format = format_at(s, due_s);
			base_s = due_s;
			frame = 0;
		}
	}
}

/* ---- options ---- */

static const char help[] =
		"Usage: scream-send [OPTION]...\n"
		"Sends a tone (left) and a marker each second (right) as Scream's driver does.\n\n"
		"  --interface NAME    send multicast by this interface\n"
		"  --to ADDRESS        group or host (239.255.77.77)      --port N (4010)\n"
		"  --rate HZ --bits N --channels N --mask N               48000 16 2\n"
		"  --ppm N             the guest's clock is so much faster\n"
		"  --burst MS          send at multiples of MS what is due\n"
		"  --jitter MS         send each packet up to MS later\n"
		"  --loss P            leave out each packet with probability P (--seed N)\n"
		"  --stall S,MS        every S seconds stall for MS, then send the backlog\n"
		"  --pause S,FOR       every S seconds be silent for FOR seconds\n"
		"  --change S,RATE,BITS,CHANNELS  every S seconds change the format, and back\n"
		"  --flood N           beside it, N malformed packets a second\n"
		"  --flood-headers N   beside it, N packets a second of other formats\n"
		"  --hertz N (997) --level N (0.5) --silence\n"
		"  --seconds N         end after N seconds\n"
		"  --realtime          ask for real-time scheduling\n"
		"  --log               tell when each marker was sent\n";

static bool pair(const char *text, double *ret_a, double *ret_b) {
	char first[32];
	const char *comma = strchr(text, ',');
	if (!comma || (size_t)(comma - text) >= sizeof first) {
		return false;
	}
	memcpy(first, text, (size_t)(comma - text));
	first[comma - text] = '\0';
	return parse_double(first, 0, 1e6, ret_a) && parse_double(comma + 1, 0, 1e6, ret_b);
}

static bool parse_change(struct sender *s, const char *text) {
	int n = 0;
	// NOLINTNEXTLINE(cert-err34-c): a test tool; the packing checks the values
	bool ok = sscanf(text, "%lf,%u,%u,%u%n", &s->change_every_s, &s->other.rate, &s->other.bits,
				  &s->other.channels, &n) == 4 &&
		  text[n] == '\0';
	s->other.mask = scream_default_mask(s->other.channels);
	uint8_t header[5];
	return ok && scream_pack_header(header, &s->other) == 0;
}

static bool number(const char *text, double min, double max, double *ret_value) {
	return parse_double(text, min, max, ret_value);
}

static bool whole(const char *text, int64_t min, int64_t max, unsigned *ret_value) {
	int64_t value;
	if (!parse_int(text, min, max, &value)) {
		return false;
	}
	*ret_value = (unsigned)value;
	return true;
}

enum {
	ARG_INTERFACE = 1,
	ARG_TO,
	ARG_PORT,
	ARG_RATE,
	ARG_BITS,
	ARG_CHANNELS,
	ARG_MASK,
	ARG_PPM,
	ARG_BURST,
	ARG_JITTER,
	ARG_LOSS,
	ARG_SEED,
	ARG_STALL,
	ARG_PAUSE,
	ARG_CHANGE,
	ARG_FLOOD,
	ARG_FLOOD_HEADERS,
	ARG_HERTZ,
	ARG_LEVEL,
	ARG_SILENCE,
	ARG_SECONDS,
	ARG_REALTIME,
	ARG_LOG,
	ARG_HELP
};

static const struct option options[] = {
	{ "interface", required_argument, NULL, ARG_INTERFACE },
	{ "to", required_argument, NULL, ARG_TO },
	{ "port", required_argument, NULL, ARG_PORT },
	{ "rate", required_argument, NULL, ARG_RATE },
	{ "bits", required_argument, NULL, ARG_BITS },
	{ "channels", required_argument, NULL, ARG_CHANNELS },
	{ "mask", required_argument, NULL, ARG_MASK },
	{ "ppm", required_argument, NULL, ARG_PPM },
	{ "burst", required_argument, NULL, ARG_BURST },
	{ "jitter", required_argument, NULL, ARG_JITTER },
	{ "loss", required_argument, NULL, ARG_LOSS },
	{ "seed", required_argument, NULL, ARG_SEED },
	{ "stall", required_argument, NULL, ARG_STALL },
	{ "pause", required_argument, NULL, ARG_PAUSE },
	{ "change", required_argument, NULL, ARG_CHANGE },
	{ "flood", required_argument, NULL, ARG_FLOOD },
	{ "flood-headers", required_argument, NULL, ARG_FLOOD_HEADERS },
	{ "hertz", required_argument, NULL, ARG_HERTZ },
	{ "level", required_argument, NULL, ARG_LEVEL },
	{ "silence", no_argument, NULL, ARG_SILENCE },
	{ "seconds", required_argument, NULL, ARG_SECONDS },
	{ "realtime", no_argument, NULL, ARG_REALTIME },
	{ "log", no_argument, NULL, ARG_LOG },
	{ "help", no_argument, NULL, ARG_HELP },
	{ 0 },
};

static bool set_stream(struct sender *s, int option, const char *text) {
	unsigned value;
	switch (option) {
	case ARG_INTERFACE:
		return snprintf(s->interface, sizeof s->interface, "%s", text) <
		       (int)sizeof s->interface;
	case ARG_TO:
		return inet_pton(AF_INET, text, &s->to.sin_addr) == 1;
	case ARG_PORT:
		if (!whole(text, 1, 65535, &value)) {
			return false;
		}
		s->to.sin_port = htons((uint16_t)value);
		return true;
	case ARG_RATE:
		return whole(text, 44100, 192000, &s->format.rate);
	case ARG_BITS:
		return whole(text, 16, 32, &s->format.bits);
	case ARG_CHANNELS:
		return whole(text, 1, 8, &s->format.channels);
	case ARG_MASK:
		if (!whole(text, 0, 65535, &value)) {
			return false;
		}
		s->format.mask = (uint16_t)value;
		return true;
	case ARG_HERTZ:
		return number(text, 1, 20000, &s->hertz);
	case ARG_LEVEL:
		return number(text, 0, 1, &s->level);
	case ARG_SECONDS:
		return number(text, 0, 1e6, &s->seconds);
	default:
		return false;
	}
}

static bool set_fault(struct sender *s, int option, const char *text) {
	unsigned seed;
	switch (option) {
	case ARG_PPM:
		return number(text, -5000, 5000, &s->ppm);
	case ARG_BURST:
		return number(text, 0, 1000, &s->burst_ms);
	case ARG_JITTER:
		return number(text, 0, 1000, &s->jitter_ms);
	case ARG_LOSS:
		return number(text, 0, 1, &s->loss);
	case ARG_SEED:
		if (!whole(text, 0, INT32_MAX, &seed)) {
			return false;
		}
		s->random = seed * 2654435761u + 1;
		return true;
	case ARG_STALL:
		return pair(text, &s->stall_every_s, &s->stall_ms);
	case ARG_PAUSE:
		return pair(text, &s->pause_every_s, &s->pause_s);
	case ARG_CHANGE:
		return parse_change(s, text);
	case ARG_FLOOD:
		s->flood_kind = FLOOD_MALFORMED;
		return number(text, 0, 1e6, &s->flood);
	case ARG_FLOOD_HEADERS:
		s->flood_kind = FLOOD_HEADERS;
		return number(text, 0, 1e6, &s->flood);
	default:
		return false;
	}
}

static int parse(struct sender *s, int argc, char **argv) {
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case ARG_HELP:
			fputs(help, stdout);
			return -1;
		case ARG_LOG:
			s->log = true;
			break;
		case ARG_REALTIME:
			s->realtime = true;
			break;
		case ARG_SILENCE:
			s->silence = true;
			break;
		case '?':
			return 2;
		default:
			if (!set_stream(s, option, optarg) && !set_fault(s, option, optarg)) {
				fprintf(stderr, "scream-send: bad value: %s\n", optarg);
				return 2;
			}
		}
	}
	if (s->format.mask == 0 && s->format.channels != 0) {
		s->format.mask = scream_default_mask(s->format.channels);
	}
	uint8_t header[5];
	if (optind < argc || scream_pack_header(header, &s->format) < 0) {
		fprintf(stderr, "scream-send: Scream cannot send that (see --help)\n");
		return 2;
	}
	return 0;
}

static int open_socket(struct sender *s) {
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		return -errno;
	}
	if (s->interface[0]) {
		const struct ip_mreqn by = { .imr_ifindex = (int)if_nametoindex(s->interface) };
		if (by.imr_ifindex == 0 || setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &by,
							   sizeof by) < 0) {
			return -errno;
		}
	}
	return 0;
}

int main(int argc, char **argv) {
	struct sender s = {
		.to = { .sin_family = AF_INET, .sin_port = htons(SCREAM_PORT) },
		.format = { 48000, 16, 2, 0 },
		.hertz = 997,
		.level = 0.5,
		.random = 1,
	};
	inet_pton(AF_INET, SCREAM_GROUP, &s.to.sin_addr);
	int r = parse(&s, argc, argv);
	if (r != 0) {
		return r < 0 ? 0 : r;
	}
	r = open_socket(&s);
	if (r < 0) {
		fprintf(stderr, "scream-send: %s: %s\n", s.interface, strerrordesc_np(-r));
		return 1;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (s.realtime) {
		/* A test that is ended must not leave this behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		const struct sched_param param = { .sched_priority = 7 };
		(void)!sched_setscheduler(0, SCHED_RR, &param);
		(void)!mlockall(MCL_CURRENT | MCL_FUTURE);
	}
	run(&s);
	struct json json;
	json_begin(&json, stdout);
	json_int(&json, "sent", (int64_t)s.sent);
	json_int(&json, "lost", (int64_t)s.lost);
	json_int(&json, "flooded", (int64_t)s.flooded);
	json_finish(&json);
	return 0;
}
