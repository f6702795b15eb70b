/* What is said of a picture whose lower part is missing: a memory that would do. */
#include <string.h>

#include "client/video/video_canvas.h"
#include "client/video/video_report.h"
#include "host-proto/frame.h"
#include "tests/support/check.h"

static unsigned needed(unsigned kvmfr, unsigned memory_mib, unsigned frames, uint32_t width,
		uint32_t height, uint32_t lines) {
	static struct video_report report;
	const struct video_events events = { .data = NULL };
	const struct lgmp_status lgmp = { .state = LGMP_STATE_RUNNING,
		.kvmfr = kvmfr,
		.memory_bytes = (uint64_t)memory_mib << 20 };
	struct frame frame = { .format = FRAME_FORMAT_BGRA,
		.screen_width = width,
		.screen_height = height,
		.width = width,
		.height = kvmfr < 20 ? lines : height,
		.rows = lines,
		.pitch = (width * 4 + 255) & ~255u,
		.flags = FRAME_TRUNCATED,
		.block_offset = 1 << 20 };
	frame.pixels_offset = frame.block_offset + 4096;
	frame.block_bytes = (memory_mib - 8) / frames << 20;
	memset(&report, 0, sizeof report);
	video_report_init(&report, &events, VIDEO_SOURCE_AUTO);
	video_report_lgmp(&report, &lgmp);
	video_report_frame(&report, &frame, false);
	const unsigned mib = report.status.needed_mib;
	video_report_finish(&report);
	return mib;
}

static void what_is_asked_for_would_do(void **state) {
	(void)state;
	/* An ultrawide guest whose memory was made for two frames. */
	CHECK_EQ(needed(34, 64, 3, 3440, 1440, 1415), 128);
	CHECK_EQ(needed(34, 32, 3, 2560, 1080, 800), 64);
	CHECK_EQ(needed(34, 32, 3, 3840, 2160, 500), 128);
	CHECK_EQ(needed(20, 32, 2, 2560, 1440, 1000), 64);
	CHECK_EQ(needed(19, 32, 2, 2560, 1440, 1000), 64); /* says a lower height instead */
	/* One that has room and says so all the same: more than there is, never the same again. */
	CHECK_EQ(needed(34, 64, 3, 1920, 1080, 1000), 128);
}

static void keep(const struct video_status *status, void *data) {
	*(struct video_status *)data = *status;
}

/* SPICE's picture was chosen and stays, for want of another one: what is waited for is said. */
static void another_source_is_spoken_of_at_once(void **state) {
	(void)state;
	static struct video_report report;
	static struct video_status told;
	const struct video_events events = { .status = keep, .data = &told };
	const struct video_picture picture = {
		.source = VIDEO_SOURCE_SPICE, .width = 800, .height = 600
	};
	video_report_init(&report, &events, VIDEO_SOURCE_SPICE);
	const struct lgmp_status lgmp = { .state = LGMP_STATE_NO_HEARTBEAT, .reason = "no host" };
	video_report_lgmp(&report, &lgmp);
	video_report_picture(&report, &picture);
	CHECK_EQ(told.part.state, PART_RUNNING);
	video_report_wanted(&report, VIDEO_SOURCE_AUTO);
	video_report_again(&report);
	CHECK_EQ(told.part.state, PART_WAITING);
	assert_string_equal(told.part.reason, "no host");
	video_report_finish(&report);
}

int main(void) {
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_asked_for_would_do),
		cmocka_unit_test(another_source_is_spoken_of_at_once) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
