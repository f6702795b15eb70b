#include "client/video/screenshot.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"

struct screenshot {
	pthread_t thread;
	char path[1024];
	uint32_t width, height;
	unsigned char *rgb;
	void (*wake)(void *data);
	void *data;
	int result;
	atomic_bool done;
};

/* libpng leaves errors by longjmp: nothing that it would skip lives in this function. */
static bool encode(FILE *file, uint32_t width, uint32_t height, const unsigned char *rgb) {
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	if (!png) {
		return false;
	}
	png_infop info = png_create_info_struct(png);
	if (!info || setjmp(png_jmpbuf(png)) != 0) {
		png_destroy_write_struct(&png, &info);
		return false;
	}
	png_init_io(png, file);
	png_set_compression_level(png, 4);
	png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
			PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
	png_write_info(png, info);
	for (uint32_t y = 0; y < height; y++) {
		png_write_row(png, rgb + (size_t)y * width * 3);
	}
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	return true;
}

int screenshot_write(const char *path, uint32_t width, uint32_t height, const unsigned char *rgb) {
	char temporary[1024 + 32];
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid()) >=
			sizeof temporary) {
		return -ENAMETOOLONG;
	}
	/* Not mkstemp(), whose files are for the user alone: who may see it is the umask's affair.
	 */
	unlink(temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int r = fd < 0 ? -errno : 0;
	const bool in_place = r == -EACCES;
	if (in_place) {
		/* In the home folder the sandbox gives that one file. */
		fd = open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0) {
		return r;
	}
	r = -EIO;
	FILE *file = fdopen(fd, "wb");
	if (!file) {
		close(fd);
	} else {
		bool ok = encode(file, width, height, rgb);
		ok = fflush(file) == 0 && ok;
		ok = fclose(file) == 0 && ok;
		r = ok ? 0 : -EIO;
	}
	if (in_place) {
		return r;
	}
	if (r == 0 && rename(temporary, path) < 0) {
		r = -errno;
	}
	if (r < 0) {
		unlink(temporary);
	}
	return r;
}

static void *run(void *data) {
	struct screenshot *shot = data;
	shot->result = screenshot_write(shot->path, shot->width, shot->height, shot->rgb);
	atomic_store(&shot->done, true);
	shot->wake(shot->data);
	return NULL;
}

int screenshot_start(struct screenshot **ret_screenshot, const char *path, uint32_t width,
		uint32_t height, unsigned char *rgb, void (*wake)(void *data), void *data) {
	struct screenshot *shot = calloc(1, sizeof *shot);
	if (!shot) {
		return -ENOMEM;
	}
	if (strlen(path) >= sizeof shot->path) {
		free(shot);
		return -ENAMETOOLONG;
	}
	snprintf(shot->path, sizeof shot->path, "%s", path);
	shot->width = width;
	shot->height = height;
	shot->rgb = rgb;
	shot->wake = wake;
	shot->data = data;
	int r = thread_start(&shot->thread, "pg-screenshot", run, shot);
	if (r < 0) {
		free(shot);
		return r;
	}
	*ret_screenshot = shot;
	return 0;
}

int screenshot_wait(struct screenshot *screenshot) {
	if (!screenshot) {
		return 0;
	}
	pthread_join(screenshot->thread, NULL);
	const int r = screenshot->result;
	free(screenshot->rgb);
	free(screenshot);
	return r;
}

int screenshot_finish(struct screenshot *screenshot) {
	return atomic_load(&screenshot->done) ? screenshot_wait(screenshot) : -EAGAIN;
}
