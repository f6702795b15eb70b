/*
 * shm-dump PATH [FILE.ppm]: what is in a Looking Glass shared memory, as text: the state of the
 * host, what it says about itself, the frames and pointer messages of one second. With a second
 * argument the first whole frame of 8-bit colour is written there. It takes part as one more
 * client.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "host-proto/cursor.h"
#include "host-proto/frame.h"
#include "host-proto/lgmp_client.h"
#include "host-proto/shm.h"

#define WAIT_NS  (2 * NS_PER_S)
#define WATCH_NS NS_PER_S

static struct cursor_shape shape;

static int write_ppm(const struct frame *frame, const char *path) {
	const bool red_first =
			frame->format == FRAME_FORMAT_RGBA || frame->format == FRAME_FORMAT_RGB_24;
	const unsigned bytes = frame_bytes_per_pixel(frame->format);
	if (frame->format == FRAME_FORMAT_RGBA10 || frame->format == FRAME_FORMAT_RGBA16F) {
		return -ENOTSUP;
	}
	FILE *file = fopen(path, "wbe");
	if (!file) {
		return -errno;
	}
	fprintf(file, "P6\n%u %u\n255\n", frame->width, frame->rows);
	for (uint32_t y = 0; y < frame->rows; y++) {
		const unsigned char *row = frame->pixels + (size_t)y * frame->pitch;
		for (uint32_t x = 0; x < frame->width; x++) {
			const unsigned char *pixel = row + (size_t)x * bytes;
			fputc(pixel[red_first ? 0 : 2], file);
			fputc(pixel[1], file);
			fputc(pixel[red_first ? 2 : 0], file);
		}
	}
	return fclose(file) == 0 ? 0 : -EIO;
}

static void say_status(const struct lgmp_status *status) {
	printf("%s: %s\n", lgmp_state_name(status->state), status->reason);
	if (status->lgmp) {
		printf("  LGMP %u, KVMFR %u%s, %llu bytes\n", status->lgmp, status->kvmfr,
				status->experimental ? " (newer than known)" : "",
				(unsigned long long)status->memory_bytes);
	}
	if (status->kvmfr) {
		const struct kvmfr_info *info = &status->info;
		printf("  host %s, features %#x, capture %s, %u/%u/%u cpus/cores/sockets, %s, OS "
		       "%u %s\n",
				info->host_version, info->features, info->capture, info->cpus,
				info->cores, info->sockets, info->model, info->os, info->os_name);
	}
}

static void say_frame(const struct lgmp_message *message, const char **ppm) {
	struct frame frame;
	int r = frame_read(message->shm, message->kvmfr, message->offset, message->size, &frame);
	if (r < 0) {
		printf("frame: %s\n", strerrordesc_np(-r));
		return;
	}
	const uint64_t all = (uint64_t)frame.pitch * frame.rows;
	const uint64_t give_up_ns = clock_now_ns() + 100 * NS_PER_MS;
	while (frame_written(&frame) < all && clock_now_ns() < give_up_ns) {
		clock_sleep_ns(100 * NS_PER_US);
	}
	printf("frame %u: version %u %s %ux%u of %ux%u, %u rows, pitch %u, rotation %u, flags %#x, "
	       "%u damage, %llu of %llu written\n",
			frame.serial, frame.format_version, frame_format_name(frame.format),
			frame.width, frame.height, frame.screen_width, frame.screen_height,
			frame.rows, frame.pitch, frame.rotation, frame.flags, frame.damage_count,
			(unsigned long long)frame_written(&frame), (unsigned long long)all);
	if (*ppm && frame_written(&frame) == all) {
		r = write_ppm(&frame, *ppm);
		printf("%s: %s\n", *ppm, r < 0 ? strerrordesc_np(-r) : "written");
		*ppm = NULL;
	}
}

static void say_pointer(const struct lgmp_message *message) {
	struct cursor_update update;
	int r = cursor_read(message->shm, message->kvmfr, (uint32_t)message->udata, message->offset,
			message->size, false, &update, &shape);
	if (r < 0) {
		printf("pointer: %s\n", strerrordesc_np(-r));
		return;
	}
	printf("pointer:%s", !update.has_visible ? "" : update.visible ? " visible" : " hidden");
	if (update.has_position) {
		printf(" at %d,%d", update.x, update.y);
	}
	if (update.has_shape) {
		printf(" shape %ux%u hot %d,%d%s", shape.width, shape.height, shape.hot_x,
				shape.hot_y, shape.has_invert ? " inverting" : "");
	}
	putchar('\n');
}

static void drain(struct lgmp_client *client, const char **ppm, uint64_t end_ns) {
	struct lgmp_message message;
	while (lgmp_client_next(client, LGMP_QUEUE_POINTER, &message) > 0) {
		say_pointer(&message);
		lgmp_client_finish(client, &message);
	}
	/* Frames that are never completed take 100 ms each. */
	while (clock_now_ns() < end_ns &&
			lgmp_client_next(client, LGMP_QUEUE_FRAME, &message) > 0) {
		say_frame(&message, ppm);
		lgmp_client_finish(client, &message);
	}
}

int main(int argc, char **argv) {
	struct lgmp_client *client;
	if (argc < 2 || argc > 3 || lgmp_client_create(&client, argv[1]) < 0) {
		fputs("Usage: shm-dump PATH [FILE.ppm]\n", stderr);
		return 2;
	}
	const char *ppm = argc == 3 ? argv[2] : NULL;
	const struct lgmp_status *status = lgmp_client_status(client);
	uint64_t changes = 0;
	bool watching = false;
	uint64_t end_ns = clock_now_ns() + WAIT_NS;
	while (clock_now_ns() < end_ns) {
		const uint64_t due_ns = lgmp_client_step(client, clock_now_ns());
		if (status->changes != changes) {
			changes = status->changes;
			say_status(status);
			if (status->state == LGMP_STATE_RUNNING && !watching) {
				watching = true;
				end_ns = clock_now_ns() + WATCH_NS;
			}
		}
		drain(client, &ppm, end_ns);
		const uint64_t look_ns = clock_now_ns() + NS_PER_MS;
		clock_sleep_until_ns(due_ns < look_ns ? due_ns : look_ns);
	}
	const int result = status->sessions > 0 ? 0 : 1;
	lgmp_client_destroy(client);
	return result;
}
