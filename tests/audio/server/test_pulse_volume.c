/* A guest's volume, and ours where the server's would be the device's. */
#include "audio/server/pulse_volume.h"

#include <math.h>

#include "tests/support/check.h"

static void a_gain_is_reached_without_a_step(void **test) {
	struct pulse_gain gain;
	pa_cvolume volume;
	float frames[2 * 480];
	(void)test;
	pulse_gain_init(&gain);
	for (unsigned i = 0; i < 2 * 480; i++) {
		frames[i] = 1;
	}
	pulse_gain_apply(&gain, frames, 480, 2);
	CHECK(frames[0] == 1 && frames[2 * 480 - 1] == 1);
	const uint16_t guest[] = { 0xffff, 0 };
	CHECK(pulse_volume_guest(&volume, 2, guest, 2));
	pulse_gain_set(&gain, &volume);
	pulse_gain_apply(&gain, frames, 480, 2);
	CHECK(frames[0] == 1 && frames[2 * 479] == 1);
	for (unsigned i = 1; i < 480; i++) {
		CHECK(frames[2 * i + 1] <= frames[2 * i - 1]);
		CHECK(frames[2 * i - 1] - frames[2 * i + 1] < 0.01F);
	}
	CHECK(fabsf(frames[2 * 480 - 1]) < 1e-4F);
	frames[1] = 1;
	pulse_gain_apply(&gain, frames, 1, 2);
	CHECK(frames[1] == 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gain_is_reached_without_a_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
