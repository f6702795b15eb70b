/* The picture part's options, and frames that are imported instead of uploaded. Needs EGL; without
 * it the test is skipped. */
#include <dirent.h>
#include <string.h>

#include "tests/support/dmabuf_standin.h"
#include "tests/support/viewer.h"

/* Swaps over a second with the given settings, while the guest sends pointers but no frames. */
static double swaps_with(struct viewer *viewer, const struct video_settings *settings) {
	struct video_stats stats;
	video_set(viewer->video, settings);
	clock_sleep_ns(1200 * NS_PER_MS);
	video_get_stats(viewer->video, &stats);
	return stats.ups;
}

static unsigned sleeps_of(const char *status) {
	char line[96];
	unsigned count = 0;
	FILE *file = fopen(status, "re");
	while (file && fgets(line, sizeof line, file) &&
			sscanf(line, "voluntary_ctxt_switches: %u", &count) != 1) {
	}
	if (file) {
		fclose(file);
	}
	return count;
}

/* How often pg-video went to sleep, and the threads that a driver has started there. */
static unsigned sleeps(void) {
	unsigned count = 0;
	DIR *tasks = opendir("/proc/self/task");
	for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
		char path[300], name[32] = "";
		snprintf(path, sizeof path, "/proc/self/task/%.200s/comm", entry->d_name);
		FILE *file = fopen(path, "re");
		if (file && fgets(name, sizeof name, file) && strcmp(name, "pg-video\n") == 0) {
			snprintf(path, sizeof path, "/proc/self/task/%.200s/status", entry->d_name);
			count += sleeps_of(path);
		}
		if (file) {
			fclose(file);
		}
	}
	if (tasks) {
		closedir(tasks);
	}
	CHECK(count > 0);
	return count;
}

static void pointer_alone_is_drawn_as_wanted(void **state) {
	(void)state;
	struct guest guest;
	struct viewer viewer;
	struct demo_guest_config config = small();
	config.cursor_moves = true;
	guest_start(&guest, "pointer", config);
	viewer_start(&viewer, guest.path, NULL);
	CHECK(wait_for(&viewer, has_shown, 10));
	guest_command(&guest, "pause");
	struct video_settings settings = plain_settings;
	/* At the display's rate, not at that of the messages (2000 a second here). */
	const double moving = swaps_with(&viewer, &settings);
	settings.mouse_redraw = false;
	const unsigned before = sleeps();
	const double held = swaps_with(&viewer, &settings);
	const unsigned woken = sleeps() - before;
	settings.mouse_redraw = true;
	settings.guest_cursor = false;
	const double hidden = swaps_with(&viewer, &settings);
	settings.fps_min = 20;
	const double forced = swaps_with(&viewer, &settings);
	settings.fps_min = -1;
	const double still = swaps_with(&viewer, &settings);
	print_message("swaps a second: pointer %.0f, with frames only %.0f, not drawn %.0f, "
		      "fps-min 20 %.0f, -1 %.0f\n",
			moving, held, hidden, forced, still);
	CHECK(moving > 5 && moving <= 62);
	print_message("%u times woken while none of them is drawn\n", woken);
	CHECK(woken < 15);
	CHECK(held <= 2 && hidden <= 2 && still <= 2);
	CHECK(forced >= 5 && forced <= 23);
	viewer_stop(&viewer);
	guest_stop(&guest);
}

static bool pointer_hidden(struct viewer *viewer, uint64_t value) {
	(void)value;
	return viewer->pointer.known && !viewer->pointer.visible;
}

static const char *upload_of(struct viewer *viewer, struct video_stats *stats) {
	video_get_stats(viewer->video, stats);
	return stats->upload;
}

static void check_picture(struct viewer *viewer) {
	CHECK(wait_for(viewer, has_shown, shown_so_far(viewer) + 10));
	struct image image = take_shot(viewer);
	check_background(&image, 1);
	free(image.rgb);
}

/* Frames are imported (by a stand-in); whatever of it fails, they are uploaded, and with the next
 * session it is tried again. */
static void imports_and_falls_back(void **state) {
	(void)state;
	struct guest guest;
	struct viewer viewer;
	struct video_stats stats;
	struct standin standin = { 0 };
	const struct dmabuf_ops ops = standin_ops(&standin);
	guest_start(&guest, "import", small());
	viewer_start_as(&viewer, guest.path, NULL,
			(struct video_config){ .upload = VIDEO_UPLOAD_DMABUF, .dmabuf = &ops });
	CHECK(wait_for(&viewer, has_shown, 20));
	assert_string_equal(upload_of(&viewer, &stats), "dmabuf");
	check_picture(&viewer);
	static const char *const formats[] = { "format rgba", "format bgr_32", "format rgba10",
		"format rgb_24", "size 384x216", "format bgra" };
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		guest_command(&guest, formats[i]);
		check_picture(&viewer);
	}
	assert_string_equal(upload_of(&viewer, &stats), "dmabuf");
	CHECK_EQ(viewer.torn, 0);
	guest_command(&guest, "stall 3");
	check_picture(&viewer);

	/* What was released is not looked at again: drawing needs no import. */
	guest_command(&guest, "pause");
	clock_sleep_ns(200 * NS_PER_MS);
	const unsigned attaches = standin.attaches;
	for (int i = 0; i < 5; i++) {
		video_resize(viewer.video, 300 + i, 200);
		clock_sleep_ns(40 * NS_PER_MS);
	}
	CHECK_EQ(standin.attaches, attaches);
	guest_command(&guest, "resume");

	for (int fault = 0; fault < 3; fault++) {
		standin.fail_export = fault == 0 ? EMFILE : 0;
		standin.fail_create = fault == 1;
		standin.fail_attach = fault == 2;
		guest_command(&guest, "session");
		CHECK(wait_for(&viewer, has_shown, shown_so_far(&viewer) + 20));
		assert_string_equal(upload_of(&viewer, &stats), "direct");
		check_picture(&viewer);
	}
	standin.fail_attach = false;
	guest_command(&guest, "session");
	CHECK(wait_for(&viewer, has_shown, shown_so_far(&viewer) + 20));
	assert_string_equal(upload_of(&viewer, &stats), "dmabuf");
	CHECK_EQ(viewer.torn, 0);
	viewer_stop(&viewer);
	CHECK_EQ(standin.creates, standin.destroys);

	/* The real one: here is no kvmfr device, and the picture comes all the same. */
	viewer_start_as(&viewer, guest.path, NULL,
			(struct video_config){ .upload = VIDEO_UPLOAD_DMABUF });
	check_picture(&viewer);
	assert_string_equal(upload_of(&viewer, &stats), "direct");
	viewer_stop(&viewer);
	guest_stop(&guest);
}

/* A host of each version of the wire: picture and pointer come. */
static void every_host_is_shown(void **state) {
	(void)state;
	static const unsigned versions[] = { 19, 20, 34 };
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		struct guest guest;
		struct viewer viewer;
		struct demo_guest_config config = small();
		config.kvmfr = versions[i];
		guest_start(&guest, "version", config);
		viewer_start(&viewer, guest.path, NULL);
		CHECK(wait_for(&viewer, is_running, 0));
		CHECK(wait_for(&viewer, pointer_known, 0));
		CHECK_EQ(viewer.status.host.kvmfr, versions[i]);
		check_picture(&viewer);
		CHECK_EQ(viewer.torn, 0);
		CHECK(viewer.pointer.visible);
		guest_command(&guest, "cursor hidden");
		CHECK(wait_for(&viewer, pointer_hidden, 0));
		viewer_stop(&viewer);
		guest_stop(&guest);
	}
}

int main(void) {
	if (!has_viewer()) {
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pointer_alone_is_drawn_as_wanted),
		cmocka_unit_test(every_host_is_shown),
		cmocka_unit_test(imports_and_falls_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
