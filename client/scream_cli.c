#include "client/scream_cli.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/parse.h"
#include "client/audio_only.h"
#include "client/config/config.h"

static void print_help(FILE *out) {
	fputs(_("Usage: pierglass scream [-u] [-p PORT] [-i INTERFACE] [-g GROUP] [-m PATH]\n"
		"                        [-o pulse|raw] [-s SINK] [-n NAME] [-t MS] [-l MS] [-v]\n\n"
		"Plays the sound of Scream's driver, as the receiver of that project does.\n\n"
		"  -u            unicast: do not join a group\n"
		"  -p PORT       4010\n"
		"  -i INTERFACE  name or IPv4 address; all virbr* bridges if not given\n"
		"  -g GROUP      239.255.77.77\n"
		"  -m PATH       shared memory instead of the network\n"
		"  -o OUTPUT     pulse, or raw: PCM to stdout\n"
		"  -s SINK       of PulseAudio; -n NAME of the stream\n"
		"  -t MS         target latency, 10..200 (50); -l MS the longest (100)\n"
		"  -v            say more; -h this text\n"),
			out);
}

static int wrong(const char *what) {
	fprintf(stderr, _("pierglass scream: %s (see pierglass scream -h)\n"), what);
	return 2;
}

/* What a flag wants; of the outputs that the old receiver had, why not. */
static int wrong_value(int flag, const char *value) {
	static const struct {
		int flag;
		const char *wants;
	} flags[] = {
		{ 'p', N_("a port, 1..65535") },
		{ 'g', N_("an IPv4 multicast group such as 239.255.77.77") },
		{ 'o', N_("pulse or raw (ALSA, JACK and sndio are reached through PulseAudio or PipeWire)") },
		{ 't', N_("a number of milliseconds, 10..200") },
		{ 'l', N_("a number of milliseconds, 10..1000") },
	};
	const char *wants = N_("a shorter text");
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		wants = flags[i].flag == flag ? flags[i].wants : wants;
	}
	fprintf(stderr, _("pierglass scream: -%c %s does not fit: it takes %s\n"), flag, value,
			_(wants));
	return 2;
}

static bool take_text(char *dst, size_t size, const char *text) {
	return snprintf(dst, size, "%s", text) < (int)size;
}

static bool take_number(const char *text, int64_t min, int64_t max, unsigned *ret_value) {
	int64_t value;
	if (!parse_int(text, min, max, &value)) {
		return false;
	}
	*ret_value = (unsigned)value;
	return true;
}

static bool take_group(struct audio_config *audio, const char *text) {
	struct in_addr group;
	return inet_pton(AF_INET, text, &group) == 1 && IN_MULTICAST(ntohl(group.s_addr)) &&
	       take_text(audio->group, sizeof audio->group, text);
}

static bool take_output(struct audio_config *audio, const char *text) {
	audio->output = strcmp(text, "raw") == 0 ? AUDIO_OUTPUT_RAW : AUDIO_OUTPUT_PULSE;
	return strcmp(text, "raw") == 0 || strcmp(text, "pulse") == 0;
}

/* A flag with a value. */
static bool take(struct audio_config *audio, int flag, const char *text) {
	unsigned port;
	switch (flag) {
	case 'p':
		if (!take_number(text, 1, 65535, &port)) {
			return false;
		}
		audio->port = (uint16_t)port;
		return true;
	case 'i':
		return take_text(audio->interface, sizeof audio->interface, text);
	case 'g':
		return take_group(audio, text);
	case 'm':
		return take_text(audio->shm_path, sizeof audio->shm_path, text);
	case 'o':
		return take_output(audio, text);
	case 's':
		return take_text(audio->sink, sizeof audio->sink, text);
	case 'n':
		return take_text(audio->stream_name, sizeof audio->stream_name, text);
	case 't':
		return take_number(text, 10, 200, &audio->latency_ms);
	case 'l':
		return take_number(text, 10, 1000, &audio->max_ms);
	default:
		return false;
	}
}

/* Fills config->audio. 0, -1 = help was printed, or the exit status. */
static int parse(struct config *config) {
	struct audio_config *audio = &config->audio;
	take_text(audio->interface, sizeof audio->interface, "auto");
	take_text(audio->stream_name, sizeof audio->stream_name, "Audio");
	audio->latency_ms = 50;
	audio->max_ms = 100;
	for (int i = 1; i < config->rest_count && strcmp(config->rest[i], "--") != 0; i++) {
		if (strcmp(config->rest[i], "--help") == 0) {
			print_help(stdout);
			return -1;
		}
	}
	opterr = 0;
	optind = 1;
	// NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
	for (int flag; (flag = getopt(config->rest_count, config->rest,
					"+up:i:g:m:Po:d:s:n:t:l:cvh")) != -1;) {
		switch (flag) {
		case 'u':
			audio->unicast = true;
			break;
		case 'v':
			log_set_level(LOG_DEBUG);
			break;
		case 'c':
			break; /* of jack alone */
		case 'h':
			print_help(stdout);
			return -1;
		case 'P':
			return wrong(_("capturing with libpcap (-P) is not offered: packets of the "
				       "interface are received without it"));
		case 'd':
			return wrong(_("-d chooses a device of ALSA or sndio: use -s with "
				       "PulseAudio's name of the sink"));
		default:
			if (flag == '?') {
				fprintf(stderr,
						_("pierglass scream: -%c is not a flag, or its value is "
						  "missing (see pierglass scream -h)\n"),
						optopt);
				return 2;
			}
			if (!take(audio, flag, optarg)) {
				return wrong_value(flag, optarg);
			}
		}
	}
	if (optind < config->rest_count) {
		fprintf(stderr, _("pierglass scream: what is \"%s\"? (see pierglass scream -h)\n"),
				config->rest[optind]);
		return 2;
	}
	return 0;
}

int run_scream(struct config *config) {
	int r = parse(config);
	if (r != 0) {
		return r < 0 ? 0 : r;
	}
	if (config->audio.max_ms < config->audio.latency_ms + 20) {
		config->audio.max_ms = config->audio.latency_ms + 20;
	}
	return run_sound(config);
}
