/*
 * Sessions of a hostile producer to the end of the way: decoded, and their pixels uploaded by the
 * player's own code into textures that are drawn from. What lies in one process and what another
 * process changes meanwhile may garble the picture; it may not end the process, nor read outside of
 * the mapping (run it under ASan).
 *
 * PG_HOSTILE_GL_SESSIONS: how many (default 40); a tenth of them more with the second process.
 */
#include <errno.h>
#include <sys/wait.h>

#include "base/log.h"
#include "client/gl/egl.h"
#include "client/render/layout.h"
#include "client/render/renderer.h"
#include "client/video/video_upload.h"
#include "client/window/window.h"
#include "tests/support/egl_loaded.h"
#include "tests/support/hostile_session.h"

#define SIDE 64

struct screen {
	struct window_surface *surface;
	struct egl *egl;
	struct renderer *renderer;
	uint64_t whole, damaged, torn, refused, drawn;
	bool keeps; /* wanted: in memory of ours */
	uint64_t kept;
};

static bool do_not_wait(void *data) {
	(void)data;
	return false;
}

static void draw(struct screen *screen, const struct frame *frame) {
	struct egl_target target;
	struct layout layout;
	const struct layout_input input = { .image_width = frame->width,
		.image_height = frame->height,
		.desktop_width = frame->screen_width,
		.desktop_height = frame->screen_height,
		.guest_rotation = frame->rotation,
		.window_width = SIDE,
		.window_height = SIDE,
		.keep_aspect = true };
	const struct rect all = { 0, 0, SIDE, SIDE };
	layout_compute(&layout, &input);
	const struct renderer_scene scene = { .layout = &layout, .dim = 1 };
	CHECK_EQ(egl_begin(screen->egl, &target), 0);
	renderer_draw(screen->renderer, &target, &scene, &all, 1);
	CHECK_EQ(egl_swap(screen->egl, &all, 1), 0);
	screen->drawn++;
}

/* What pg-video does with a frame (video_frames.c). */
static void upload(const struct frame *frame, void *data) {
	struct screen *screen = data;
	const struct renderer_picture picture = { .format = frame->format,
		.width = frame->width,
		.height = frame->height,
		.data_width = frame->data_width,
		.rows = frame->rows,
		.hdr = (frame->flags & FRAME_HDR) != 0,
		.pq = (frame->flags & FRAME_HDR_PQ) != 0 };
	/* A side of 16384 is allowed, and a gigabyte for it: not thousands of times. */
	if ((uint64_t)frame->width * frame->height > 4u << 20) {
		screen->refused++;
		return;
	}
	const int anew = renderer_set_picture(screen->renderer, &picture);
	if (anew < 0) {
		screen->refused++;
		return;
	}
	const struct rect at = { 0, 0, (int)frame->width, (int)frame->height };
	renderer_keep(screen->renderer, screen->keeps ? &at : NULL, NULL);
	const bool all = anew == 1 || frame->damage_count == 0;
	screen->kept += renderer_keeps(screen->renderer);
	const struct video_follow follow = { .go_on = do_not_wait };
	uint64_t spent_ns;
	if (!video_upload(screen->renderer, frame, all, &follow, &spent_ns)) {
		screen->torn++;
		return;
	}
	screen->whole += all;
	screen->damaged += !all;
	renderer_uploaded(screen->renderer, frame->damage, all ? 0 : frame->damage_count);
	if ((screen->whole + screen->damaged) % 8 == 0) {
		draw(screen, frame);
	}
}

static bool open_screen(struct screen *screen) {
	memset(screen, 0, sizeof *screen);
	CHECK_EQ(window_surface_create_offscreen(&screen->surface, SIDE, SIDE), 0);
	if (egl_create(&screen->egl, screen->surface) < 0) {
		window_surface_destroy(screen->surface);
		return false;
	}
	CHECK_EQ(renderer_create(&screen->renderer, egl_is_software(screen->egl),
				 VIDEO_UPLOAD_AUTO),
			0);
	return true;
}

static void close_screen(struct screen *screen) {
	renderer_destroy(screen->renderer);
	egl_destroy(screen->egl);
	window_surface_destroy(screen->surface);
}

static void open_session(struct hostile *hostile, uint64_t seed, struct screen *screen) {
	hostile_open(hostile, seed);
	hostile->reader.use = upload;
	hostile->reader.data = screen;
}

static void lies_reach_the_textures(void **state) {
	(void)state;
	static const enum video_upload ways[] = { VIDEO_UPLOAD_DIRECT, VIDEO_UPLOAD_PBO,
		VIDEO_UPLOAD_PERSISTENT };
	struct hostile hostile;
	struct screen screen;
	const unsigned count = hostile_sessions_wanted("PG_HOSTILE_GL_SESSIONS", 40);
	CHECK(open_screen(&screen));
	open_session(&hostile, 1, &screen);
	for (unsigned i = 0; i < count; i++) {
		hostile.random.state = 7000 + i; /* a failure names its seed */
		renderer_set_upload(screen.renderer, ways[i % 8 == 1 ? 1 : i % 8 == 2 ? 2 : 0]);
		screen.keeps = i % 8 >= 5;
		hostile_run_session(&hostile, i % 2);
	}
	print_message("%u sessions: %llu whole and %llu damaged frames uploaded, %llu torn, %llu too "
		      "large, %llu drawn\n",
			count, (unsigned long long)screen.whole, (unsigned long long)screen.damaged,
			(unsigned long long)screen.torn, (unsigned long long)screen.refused,
			(unsigned long long)screen.drawn);
	CHECK(screen.whole > count && screen.damaged > count && screen.drawn > 0);
	CHECK(screen.kept > 0 || !egl_is_software(screen.egl));
	hostile_close(&hostile);
	close_screen(&screen);
}

static void pixels_change_while_they_are_uploaded(void **state) {
	(void)state;
	struct hostile hostile;
	struct screen screen;
	const unsigned count = hostile_sessions_wanted("PG_HOSTILE_GL_SESSIONS", 40) / 10 + 5;
	hostile_open(&hostile, 2);
	/* Before GL has threads. */
	const pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		hostile_mutate_for_ever(hostile.guest.path, 99);
	}
	CHECK(open_screen(&screen));
	hostile.reader.use = upload;
	hostile.reader.data = &screen;
	/* Where everything is slow, until at least one frame was there. */
	for (unsigned i = 0; i < count || (screen.whole + screen.damaged == 0 && i < 20 * count);
			i++) {
		hostile.random.state = 800000 + i;
		screen.keeps = i % 2;
		hostile_run_session(&hostile, false);
	}
	kill(child, SIGKILL);
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGKILL); /* it was at work to the end */
	CHECK(screen.whole + screen.damaged > 0);
	hostile_close(&hostile);
	close_screen(&screen);
}

int main(void) {
	struct screen screen;
	log_set_level(LOG_ERROR);
	keep_egl_loaded();
	if (!open_screen(&screen)) {
		puts("no EGL with OpenGL ES 3 on this machine");
		return 77;
	}
	close_screen(&screen);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies_reach_the_textures),
		cmocka_unit_test(pixels_change_while_they_are_uploaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
