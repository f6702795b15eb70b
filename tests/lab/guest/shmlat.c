/* shmlat - one-way flag latency over a shared mapping (IVSHMEM BAR2 in the guest, the backing file
 * outside). usage: shmlat pong MAP            wait for a counter at +0, echo it at +64, until
 * 0xffffffff arrives shmlat ping MAP COUNT      send COUNT values, print round trip and half of it
 * MAP is a file (/dev/shm/x) or "ivshmem": the first PCI device 1af4:1110, BAR2 through sysfs. */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
static uint64_t ns(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}
static unsigned hexfile(const char *d, const char *f) {
	char p[512], b[32] = { 0 };
	snprintf(p, sizeof p, "/sys/bus/pci/devices/%s/%s", d, f);
	FILE *x = fopen(p, "r");
	if (!x)
		return 0;
	if (!fgets(b, sizeof b, x))
		b[0] = 0;
	fclose(x);
	return strtoul(b, 0, 16);
}
static int cmp(const void *a, const void *b) {
	uint64_t x = *(uint64_t *)a, y = *(uint64_t *)b;
	return x < y ? -1 : x > y;
}
int main(int c, char **v) {
	if (c < 3)
		return 2;
	char path[600];
	snprintf(path, sizeof path, "%s", v[2]);
	if (!strcmp(v[2], "ivshmem")) {
		DIR *d = opendir("/sys/bus/pci/devices");
		struct dirent *e;
		path[0] = 0;
		while (d && (e = readdir(d)))
			if (hexfile(e->d_name, "vendor") == 0x1af4 &&
					hexfile(e->d_name, "device") == 0x1110) {
				snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/enable",
						e->d_name);
				int f = open(path, O_WRONLY);
				if (f >= 0) {
					if (write(f, "1", 1) < 0) {
					}
					close(f);
				}
				snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/resource2_wc",
						e->d_name);
				if (access(path, F_OK))
					snprintf(path, sizeof path,
							"/sys/bus/pci/devices/%s/resource2",
							e->d_name);
				break;
			}
		if (!path[0]) {
			printf("no ivshmem device\n");
			return 1;
		}
	}
	int fd = open(path, O_RDWR);
	struct stat st;
	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		return 1;
	}
	volatile uint32_t *m = mmap(0, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("%s %lld bytes\n", path, (long long)st.st_size);
	fflush(stdout);
	if (!strcmp(v[1], "pong")) {
		uint32_t last = 0;
		m[32] = 0x50304e47;
		for (uint64_t spin = 0;; spin++) {
			uint32_t x = m[0];
			if (x != last) {
				last = x;
				m[16] = x;
				if (x == 0xffffffffu)
					break;
			}
			if ((spin & 1023) == 1023)
				sched_yield();
		}
		printf("pong done\n");
		return 0;
	}
	int n = c > 3 ? atoi(v[3]) : 1000;
	uint64_t *r = calloc(n, 8);
	for (uint64_t t = ns(); m[32] != 0x50304e47;) {
		usleep(1000);
		if (ns() - t > 60000000000ull) {
			printf("no peer\n");
			return 1;
		}
	}
	for (int i = 0; i < n; i++) {
		usleep(200);
		uint64_t t = ns();
		m[0] = i + 1;
		while (m[16] != (uint32_t)(i + 1)) {
			if (ns() - t > 5000000000ull) {
				printf("lost at %d\n", i);
				return 1;
			}
		}
		r[i] = ns() - t;
	}
	m[0] = 0xffffffffu;
	qsort(r, n, 8, cmp);
	printf("round trip us: min %.1f median %.1f p95 %.1f max %.1f ; one way (half) median %.1f\n",
			r[0] / 1e3, r[n / 2] / 1e3, r[n * 95 / 100] / 1e3, r[n - 1] / 1e3,
			r[n / 2] / 2e3);
	return 0;
}
