/* evdump - print every event of every /dev/input/event* device for N seconds; optional EVIOCGRAB of
 * all. usage: evdump SECONDS [grab|-] [RESOURCE2] Times are CLOCK_REALTIME.  The last line is the
 * count of key events.  With RESOURCE2 (an ivshmem BAR in sysfs) the running count of key-down
 * events is also stored, as a 32-bit number, at offset 256 of it and a 1 at offset 260 once ready:
 * see "spice-send keylat:N". */
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static struct pollfd p[32];
static char nm[32][80], seen[32];
static int n;
static void scan(int grab) {
	for (int i = 0; i < 32; i++) {
		if (seen[i])
			continue;
		char f[64];
		snprintf(f, sizeof f, "/dev/input/event%d", i);
		int fd = open(f, O_RDONLY | O_NONBLOCK);
		if (fd < 0)
			continue;
		seen[i] = 1;
		ioctl(fd, EVIOCGNAME(79), nm[n]);
		struct input_id id = { 0 };
		ioctl(fd, EVIOCGID, &id);
		printf("dev %s '%s' bus %x %04x:%04x grab=%s\n", f, nm[n], id.bustype, id.vendor,
				id.product,
				grab ? (ioctl(fd, EVIOCGRAB, 1) ? "fail" : "ok") : "no");
		p[n].fd = fd;
		p[n++].events = POLLIN;
	}
	fflush(stdout);
}
int main(int c, char **v) {
	double secs = c > 1 ? atof(v[1]) : 5;
	int grab = c > 2 && !strcmp(v[2], "grab"), keys = 0;
	volatile unsigned *shm = 0, downs = 0;
	if (c > 3) {
		int f = open(v[3], O_RDWR);
		shm = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
		if (shm == MAP_FAILED) {
			perror(v[3]);
			return 1;
		}
	}
	scan(grab);
	printf("READY\n");
	fflush(stdout);
	if (shm)
		shm[65] = 1;
	struct timespec t0, t;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		double el = t.tv_sec - t0.tv_sec + (t.tv_nsec - t0.tv_nsec) * 1e-9;
		if (el > secs)
			break;
		if (!poll(p, n, 100))
			scan(grab);
		for (int i = 0; i < n; i++) {
			struct input_event e;
			while (read(p[i].fd, &e, sizeof e) == sizeof e) {
				if (e.type == EV_SYN)
					continue;
				struct timespec r;
				clock_gettime(CLOCK_REALTIME, &r);
				if (e.type == EV_KEY) {
					keys++;
					if (e.value == 1 && shm) {
						downs++;
						shm[64] = downs;
					}
				}
				printf("%ld.%06ld (read %ld.%06ld) %-30s type %d code %d value %d\n",
						(long)e.input_event_sec, (long)e.input_event_usec,
						(long)r.tv_sec, r.tv_nsec / 1000, nm[i], e.type,
						e.code, e.value);
				fflush(stdout);
			}
		}
	}
	printf("keys=%d\n", keys);
	return 0;
}
