/*
 * An outside watcher of an X screen: which frames of the demo guest can really be seen there, and
 * how many. It knows nothing of the player but the stamp in the pixels (host-proto/stamp.h).
 *
 *	xwatch [--seconds S] [--wait S] [--every US]
 *
 * Finds the stamp's place on the screen (a picture shown at 1:1), then looks at it again and again
 * through shared memory, and prints one line:
 *
 *	at=X,Y stripes=N looks=N distinct=N first=SERIAL last=SERIAL torn=N unread=N longest_ms=T
 *seconds=S
 *
 * distinct: serials seen; torn: looks whose stripes carried more than one serial; unread: looks
 * without any stamp; longest: time between a new serial and the next one. A look is one request, so
 *the X server cannot draw in the middle of it. Exit: 0, 1 when no stamp appeared within --wait
 *seconds, 2 usage, 77 no display.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>

#include "base/clock.h"
#include "host-proto/stamp.h"

struct screen {
	Display *display;
	Window root;
	XShmSegmentInfo segment;
	XImage *image; /* the part that is looked at */
	int x, y;
};

static void release_image(struct screen *screen) {
	if (screen->image) {
		XShmDetach(screen->display, &screen->segment);
		XSync(screen->display, False);
		shmdt(screen->segment.shmaddr);
		XDestroyImage(screen->image);
		screen->image = NULL;
	}
}

/* From now on this part of the screen is looked at. */
static bool choose(struct screen *screen, int x, int y, int width, int height) {
	release_image(screen);
	int number = DefaultScreen(screen->display);
	XImage *image = XShmCreateImage(screen->display, DefaultVisual(screen->display, number),
			(unsigned)DefaultDepth(screen->display, number), ZPixmap, NULL,
			&screen->segment, (unsigned)width, (unsigned)height);
	if (!image || image->bits_per_pixel != 32) {
		fprintf(stderr, "xwatch: no image of 32 bits a pixel\n");
		return false;
	}
	size_t size = (size_t)image->bytes_per_line * (size_t)height;
	screen->segment.shmid = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
	screen->segment.shmaddr = image->data = shmat(screen->segment.shmid, NULL, 0);
	screen->segment.readOnly = False;
	if (!XShmAttach(screen->display, &screen->segment)) {
		fprintf(stderr, "xwatch: no shared memory with the X server\n");
		return false;
	}
	XSync(screen->display, False);
	shmctl(screen->segment.shmid, IPC_RMID, NULL);
	screen->image = image;
	screen->x = x;
	screen->y = y;
	return true;
}

static bool look(struct screen *screen) {
	return XShmGetImage(screen->display, screen->root, screen->image, screen->x, screen->y,
			AllPlanes);
}

static const uint8_t *row_at(const struct screen *screen, int x, unsigned y) {
	return (const uint8_t *)screen->image->data + (size_t)screen->image->bytes_per_line * y +
	       (size_t)x * 4;
}

/* The top left corner of a frame whose stripe 0 can be read somewhere in the image. */
static bool find_frame(const struct screen *screen, int *ret_x, int *ret_y) {
	uint32_t serial;
	int end = screen->image->width - (int)STAMP_WIDTH_PX;
	for (int y = (int)STAMP_TOP_PX; y < screen->image->height; y++) {
		for (int x = 0; x <= end; x++) {
			if (!stamp_read(row_at(screen, x, (unsigned)y), 4, 0, &serial)) {
				continue;
			}
			/* A cell is read in its middle, so it also reads from a little aside: up
			 * to the last column where each sample is still inside its cell. */
			while (x < end && stamp_read(row_at(screen, x + 1, (unsigned)y), 4, 0,
							  &serial)) {
				x++;
			}
			*ret_x = x - (int)(STAMP_CELL_PX / 2 - 1);
			*ret_y = y - (int)STAMP_TOP_PX; /* the first row of the cells */
			return true;
		}
	}
	return false;
}

static unsigned count_stripes(const struct screen *screen, int x, int y) {
	unsigned stripe = 0;
	uint32_t serial;
	while (y + (int)stamp_row(stripe) < screen->image->height &&
			stamp_read(row_at(screen, x, (unsigned)y + stamp_row(stripe)), 4, stripe,
					&serial)) {
		stripe++;
	}
	return stripe;
}

struct tally {
	unsigned long looks, distinct, torn, unread;
	uint32_t first, last;
	uint64_t last_ns, longest_ns; /* between one new serial and the next */
};

static void count_look(struct tally *tally, const struct screen *screen, unsigned stripes) {
	bool any = false, torn = false;
	uint32_t newest = 0;
	for (unsigned stripe = 0; stripe < stripes; stripe++) {
		uint32_t serial;
		if (!stamp_read(row_at(screen, 0, stamp_row(stripe)), 4, stripe, &serial)) {
			continue;
		}
		torn |= any && serial != newest;
		newest = !any || serial > newest ? serial : newest;
		any = true;
	}
	tally->looks++;
	tally->torn += torn;
	if (!any) {
		tally->unread++;
		return;
	}
	if (tally->distinct == 0) {
		tally->first = newest;
	}
	/* Serials only grow, so a new one is one never seen before. */
	if (tally->distinct == 0 || newest != tally->last) {
		uint64_t now_ns = clock_now_ns();
		if (tally->distinct > 0 && now_ns - tally->last_ns > tally->longest_ns) {
			tally->longest_ns = now_ns - tally->last_ns;
		}
		tally->distinct++;
		tally->last = newest;
		tally->last_ns = now_ns;
	}
}

static bool wait_for_frame(struct screen *screen, double wait_s, int *ret_x, int *ret_y) {
	uint64_t end_ns = clock_now_ns() + (uint64_t)(wait_s * 1e9);
	do {
		if (look(screen) && find_frame(screen, ret_x, ret_y)) {
			return true;
		}
		clock_sleep_ns(50000000);
	} while (clock_now_ns() < end_ns);
	return false;
}

static int watch(struct screen *screen, double seconds, double wait_s, unsigned every_us) {
	int number = DefaultScreen(screen->display);
	int x, y;
	if (!choose(screen, 0, 0, DisplayWidth(screen->display, number),
			    DisplayHeight(screen->display, number))) {
		return 77;
	}
	if (!wait_for_frame(screen, wait_s, &x, &y)) {
		fprintf(stderr, "xwatch: no stamp on the screen within %g s\n", wait_s);
		return 1;
	}
	unsigned stripes = count_stripes(screen, x, y);
	if (!choose(screen, x, y, STAMP_WIDTH_PX, (int)(stripes * STAMP_STRIPE_ROWS))) {
		return 77;
	}

	struct tally tally = { 0 };
	uint64_t start_ns = clock_now_ns();
	uint64_t end_ns = start_ns + (uint64_t)(seconds * 1e9);
	while (clock_now_ns() < end_ns) {
		if (look(screen)) {
			count_look(&tally, screen, stripes);
		}
		clock_sleep_ns(every_us * 1000ull);
	}
	printf("at=%d,%d stripes=%u looks=%lu distinct=%lu first=%u last=%u torn=%lu unread=%lu "
	       "longest_ms=%.1f seconds=%.3f\n",
			x, y, stripes, tally.looks, tally.distinct, tally.first, tally.last,
			tally.torn, tally.unread, (double)tally.longest_ns / 1e6,
			(double)(clock_now_ns() - start_ns) / 1e9);
	return 0;
}

int main(int argc, char **argv) {
	double seconds = 5, wait_s = 10;
	unsigned every_us = 2000;
	for (int i = 1; i < argc; i += 2) {
		double value = i + 1 < argc ? strtod(argv[i + 1], NULL) : 0;
		if (!strcmp(argv[i], "--seconds") && value > 0) {
			seconds = value;
		} else if (!strcmp(argv[i], "--wait") && value > 0) {
			wait_s = value;
		} else if (!strcmp(argv[i], "--every") && value > 0) {
			every_us = (unsigned)value;
		} else {
			fprintf(stderr, "usage: xwatch [--seconds S] [--wait S] [--every US]\n");
			return 2;
		}
	}
	struct screen screen = { .display = XOpenDisplay(NULL) };
	if (!screen.display || !XShmQueryExtension(screen.display)) {
		fprintf(stderr, "xwatch: no X display with shared memory\n");
		return 77;
	}
	screen.root = DefaultRootWindow(screen.display);
	int r = watch(&screen, seconds, wait_s, every_us);
	release_image(&screen);
	XCloseDisplay(screen.display);
	return r;
}
