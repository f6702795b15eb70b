#include "tests/support/check.h"

#include "client/video/upload_choice.h"

/* Offers whole frames that cost what `cost` says by way; returns how many it took. */
static unsigned feed(struct upload_choice *choice, const double *cost) {
	unsigned frames = 0;
	while (!choice->decided && frames < 100) {
		const enum video_upload way = upload_choice_way(choice);
		/* The first frame of each way is dear: its buffers are made. */
		const double extra = frames % UPLOAD_CHOICE_ROUNDS == 0 ? 1000 : frames % 3;
		const bool decided = upload_choice_note(choice, way, cost[way] + extra);
		CHECK_EQ(decided, choice->decided);
		frames++;
	}
	return frames;
}

static void the_cheapest_way_is_kept(void **state) {
	(void)state;
	static const struct {
		double direct, pbo, persistent;
		bool mapped;
		enum video_upload best;
	} cases[] = {
		{ 100, 200, 150, true, VIDEO_UPLOAD_DIRECT },
		{ 200, 100, 150, true, VIDEO_UPLOAD_PBO },
		{ 200, 150, 100, true, VIDEO_UPLOAD_PERSISTENT },
		{ 200, 150, 100, false, VIDEO_UPLOAD_PBO },
		{ 100, 95, 96, true, VIDEO_UPLOAD_DIRECT }, /* not worth buffers */
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const double cost[] = { [VIDEO_UPLOAD_DIRECT] = cases[i].direct,
			[VIDEO_UPLOAD_PBO] = cases[i].pbo,
			[VIDEO_UPLOAD_PERSISTENT] = cases[i].persistent };
		struct upload_choice choice;
		upload_choice_init(&choice, VIDEO_UPLOAD_AUTO, cases[i].mapped);
		CHECK_EQ(feed(&choice, cost), UPLOAD_CHOICE_ROUNDS * (cases[i].mapped ? 3 : 2));
		CHECK_EQ(upload_choice_way(&choice), cases[i].best);
		/* Kept, whatever comes. */
		CHECK(!upload_choice_note(&choice, VIDEO_UPLOAD_DIRECT, 0));
		CHECK_EQ(upload_choice_way(&choice), cases[i].best);
	}
}

static void a_way_that_does_not_work_is_left_out(void **state) {
	(void)state;
	struct upload_choice choice;
	upload_choice_init(&choice, VIDEO_UPLOAD_AUTO, true);
	while (!choice.decided) {
		const enum video_upload way = upload_choice_way(&choice);
		upload_choice_note(&choice,
				way == VIDEO_UPLOAD_PERSISTENT ? VIDEO_UPLOAD_DIRECT : way,
				way == VIDEO_UPLOAD_DIRECT ? 100 : 50);
	}
	CHECK_EQ(upload_choice_way(&choice), VIDEO_UPLOAD_PBO);
}

static void an_option_is_taken_at_its_word(void **state) {
	(void)state;
	struct upload_choice choice;
	upload_choice_init(&choice, VIDEO_UPLOAD_PBO, true);
	CHECK(choice.decided);
	CHECK_EQ(upload_choice_way(&choice), VIDEO_UPLOAD_PBO);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cheapest_way_is_kept),
		cmocka_unit_test(a_way_that_does_not_work_is_left_out),
		cmocka_unit_test(an_option_is_taken_at_its_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
