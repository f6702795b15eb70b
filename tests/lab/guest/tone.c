/* tone - plays through the kernel's ALSA what the sound tests listen for: a sine on the left, on
 * the right a marker each second (2 ms of 3 kHz). usage: tone HERTZ SECONDS PORT Each byte that
 * comes from PORT (a virtio port) is answered with a line: the frames that the card has taken so
 * far, the frames that were written, underruns. Every mixer control is opened first. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sound/asound.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RATE   48000
#define PERIOD 480
#define BUFFER (20 * PERIOD)

static unsigned long long underruns, lost;

static void interval(struct snd_pcm_hw_params *p, int which, unsigned least, unsigned most) {
	struct snd_interval *i = &p->intervals[which - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
	i->min = least;
	i->max = most;
	i->integer = 1;
}

static void mask(struct snd_pcm_hw_params *p, int which, unsigned bit) {
	struct snd_mask *m = &p->masks[which - SNDRV_PCM_HW_PARAM_FIRST_MASK];
	memset(m, 0, sizeof *m);
	m->bits[bit / 32] = 1u << bit % 32;
}

static int open_pcm(const char *path) {
	int pcm = open(path, O_RDWR | O_NONBLOCK);
	struct snd_pcm_hw_params p = { 0 };
	for (int i = 0; i <= SNDRV_PCM_HW_PARAM_LAST_MASK - SNDRV_PCM_HW_PARAM_FIRST_MASK; i++)
		memset(&p.masks[i], 0xff, sizeof p.masks[i]);
	for (int i = 0; i <= SNDRV_PCM_HW_PARAM_LAST_INTERVAL - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL;
			i++)
		p.intervals[i].max = ~0u;
	p.rmask = ~0u;
	mask(&p, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	mask(&p, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	interval(&p, SNDRV_PCM_HW_PARAM_CHANNELS, 2, 2);
	interval(&p, SNDRV_PCM_HW_PARAM_RATE, RATE, RATE);
	interval(&p, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, PERIOD, PERIOD);
	interval(&p, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, BUFFER, BUFFER);
	if (pcm < 0 || ioctl(pcm, SNDRV_PCM_IOCTL_HW_PARAMS, &p) < 0) {
		perror(path);
		return -1;
	}
	struct snd_pcm_sw_params s = {
		.tstamp_mode = SNDRV_PCM_TSTAMP_ENABLE,
		.period_step = 1,
		.avail_min = PERIOD,
		.start_threshold = BUFFER / 2,
		.stop_threshold = BUFFER,
		.boundary = (unsigned long)BUFFER << 40,
	};
	if (ioctl(pcm, SNDRV_PCM_IOCTL_SW_PARAMS, &s) < 0 ||
			ioctl(pcm, SNDRV_PCM_IOCTL_PREPARE) < 0) {
		perror("parameters");
		return -1;
	}
	return pcm;
}

/* All switches on, all volumes up: cards start muted. */
static void open_mixer(const char *path) {
	struct snd_ctl_elem_id ids[256];
	struct snd_ctl_elem_list list = { .space = 256, .pids = ids };
	int ctl = open(path, O_RDWR);
	if (ctl < 0 || ioctl(ctl, SNDRV_CTL_IOCTL_ELEM_LIST, &list) < 0) {
		perror(path);
		return;
	}
	for (unsigned i = 0; i < list.used; i++) {
		struct snd_ctl_elem_info info = { .id = ids[i] };
		struct snd_ctl_elem_value value = { .id = ids[i] };
		const char *name = (const char *)ids[i].name;
		int wanted = strstr(name, "Playback") && !strstr(name, "3D") &&
			     !strstr(name, "IEC958");
		if (!wanted || ioctl(ctl, SNDRV_CTL_IOCTL_ELEM_INFO, &info) < 0)
			continue;
		for (unsigned k = 0; k < info.count && k < 8; k++)
			value.value.integer.value[k] = info.value.integer.max;
		if (info.type == SNDRV_CTL_ELEM_TYPE_BOOLEAN ||
				info.type == SNDRV_CTL_ELEM_TYPE_INTEGER) {
			ioctl(ctl, SNDRV_CTL_IOCTL_ELEM_WRITE, &value);
			printf("%s: %ld\n", name, value.value.integer.value[0]);
		}
	}
	close(ctl);
}

static void answer(int pcm, int port, unsigned long long written) {
	char byte[64], line[128];
	struct snd_pcm_status status = { 0 };
	if (read(port, byte, sizeof byte) <= 0)
		return;
	ioctl(pcm, SNDRV_PCM_IOCTL_STATUS, &status);
	int n = snprintf(line, sizeof line, "%llu %llu %llu %d\n",
			lost + (unsigned long long)status.hw_ptr, written, underruns, status.state);
	if (write(port, line, (size_t)n) < 0)
		perror("port");
}

/* Returns the frames that were taken, 0 for none. */
static unsigned long feed(int pcm, unsigned long long at, unsigned hertz) {
	short frames[PERIOD * 2];
	for (int i = 0; i < PERIOD; i++) {
		unsigned long long n = at + (unsigned)i;
		double t = (double)(n % RATE) / RATE;
		frames[2 * i] = (short)lrint(16000 * sin(2 * M_PI * hertz * t));
		frames[2 * i + 1] =
				(short)(t < 0.002 ? lrint(16000 * sin(2 * M_PI * 3000 * t)) : 0);
	}
	struct snd_xferi x = { .buf = frames, .frames = PERIOD };
	if (ioctl(pcm, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &x) == 0)
		return (unsigned long)x.result;
	if (errno == EPIPE) {
		underruns++;
		lost = at; /* the card counts from 0 again */
		ioctl(pcm, SNDRV_PCM_IOCTL_PREPARE);
	}
	return 0;
}

int main(int c, char **v) {
	if (c < 4)
		return 2;
	unsigned hertz = (unsigned)atoi(v[1]);
	unsigned long long until = (unsigned long long)atoi(v[2]) * RATE, written = 0;
	int port = open(v[3], O_RDWR | O_NONBLOCK);
	open_mixer("/dev/snd/controlC0");
	int pcm = open_pcm("/dev/snd/pcmC0D0p");
	if (pcm < 0 || port < 0) {
		perror(v[3]);
		return 1;
	}
	fflush(stdout);
	while (written < until) {
		struct pollfd fds[2] = { { .fd = pcm, .events = POLLOUT },
			{ .fd = port, .events = POLLIN } };
		poll(fds, 2, 100);
		if (fds[1].revents & POLLIN)
			answer(pcm, port, written);
		if (fds[0].revents)
			written += feed(pcm, written, hertz);
		if (fds[1].revents & POLLHUP)
			usleep(1000);
	}
	printf("%llu underruns\n", underruns);
	return 0;
}
