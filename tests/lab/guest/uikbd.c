/* uikbd - self-test of /dev/uinput: create a keyboard and a mouse, open them through evdev, grab,
 * send, read back. exit 0 when every event came back through the grabbing reader and none through a
 * second, ungrabbed one. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/uinput.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
static void emit(int f, int t, int c, int v) {
	struct input_event e = { 0 };
	e.type = t;
	e.code = c;
	e.value = v;
	if (write(f, &e, sizeof e) < 0)
		perror("write");
}
static uint64_t ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}
int main(void) {
	int u = open("/dev/uinput", O_RDWR | O_NONBLOCK);
	if (u < 0) {
		perror("uinput");
		return 1;
	}
	ioctl(u, UI_SET_EVBIT, EV_KEY);
	ioctl(u, UI_SET_EVBIT, EV_REL);
	for (int k = 1; k < 120; k++)
		ioctl(u, UI_SET_KEYBIT, k);
	ioctl(u, UI_SET_KEYBIT, BTN_LEFT);
	ioctl(u, UI_SET_RELBIT, REL_X);
	ioctl(u, UI_SET_RELBIT, REL_Y);
	struct uinput_setup s = { 0 };
	s.id.bustype = BUS_USB;
	s.id.vendor = 0x1234;
	s.id.product = 0x5678;
	strcpy(s.name, "lab keyboard+mouse");
	if (ioctl(u, UI_DEV_SETUP, &s) || ioctl(u, UI_DEV_CREATE)) {
		perror("create");
		return 1;
	}
	char sys[64] = { 0 }, path[512] = "";
	ioctl(u, UI_GET_SYSNAME(63), sys);
	char d[256];
	snprintf(d, sizeof d, "/sys/devices/virtual/input/%s", sys);
	DIR *D = opendir(d);
	struct dirent *e;
	while (D && (e = readdir(D)))
		if (!strncmp(e->d_name, "event", 5))
			snprintf(path, sizeof path, "/dev/input/%s", e->d_name);
	int a = -1, b;
	for (int i = 0; i < 100 && a < 0; i++) {
		a = open(path, O_RDONLY | O_NONBLOCK);
		if (a < 0)
			usleep(10000);
	}
	b = open(path, O_RDONLY | O_NONBLOCK);
	printf("device %s a=%d\n", path, a);
	if (a < 0)
		return 1;
	if (ioctl(a, EVIOCGRAB, 1)) {
		perror("grab");
		return 1;
	}
	printf("second grab refused: %s\n", ioctl(b, EVIOCGRAB, 1) ? "yes" : "NO");
	int got = 0, leak = 0;
	uint64_t worst = 0;
	for (int i = 0; i < 200; i++) {
		uint64_t t = ns();
		emit(u, EV_KEY, KEY_A, !(i & 1));
		emit(u, EV_REL, REL_X, 3);
		emit(u, EV_SYN, SYN_REPORT, 0);
		struct input_event x;
		int n = 0;
		for (int w = 0; w < 1000 && n < 3; w++) {
			while (read(a, &x, sizeof x) == sizeof x)
				n++;
			if (n < 3)
				usleep(100);
		}
		uint64_t dt = ns() - t;
		if (dt > worst)
			worst = dt;
		got += n;
		while (read(b, &x, sizeof x) == sizeof x)
			leak++;
	}
	printf("events got=%d of 600 leaked=%d worst %.1f us\n", got, leak, worst / 1e3);
	ioctl(u, UI_DEV_DESTROY);
	return got == 600 && !leak ? 0 : 1;
}
