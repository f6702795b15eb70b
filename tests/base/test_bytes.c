/* A growing buffer: nothing is lost, and no peer gets more room than what it sent, twice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/support/check.h"

static void what_is_added_is_there(void **state) {
	(void)state;
	struct bytes bytes = { 0 };
	for (unsigned i = 0; i < 100000; i++) {
		const uint8_t byte = (uint8_t)(i * 7);
		CHECK_EQ(bytes_add(&bytes, &byte, 1, 100000), 0);
	}
	CHECK_EQ(bytes.len, 100000u);
	for (unsigned i = 0; i < 100000; i++) {
		CHECK_EQ(bytes.data[i], (uint8_t)(i * 7));
	}
	bytes_finish(&bytes);
	CHECK(!bytes.data);
}

static void the_cap_is_exact(void **state) {
	(void)state;
	struct bytes bytes = { 0 };
	CHECK_EQ(bytes_reserve(&bytes, 1001, 1000), -ENOBUFS);
	CHECK(!bytes.data);
	CHECK_EQ(bytes_add(&bytes, "0123456789", 10, 10), 0);
	CHECK_EQ(bytes.size, 10u); /* never beyond the cap, also by doubling */
	CHECK_EQ(bytes_add(&bytes, "x", 1, 10), -ENOBUFS);
	CHECK_EQ(bytes_add(&bytes, NULL, 0, 10), 0);
	CHECK_EQ(bytes_add(&bytes, "x", 1, 9), -ENOBUFS); /* the cap came down since */
	CHECK_EQ(bytes.len, 10u);
	CHECK_EQ(memcmp(bytes.data, "0123456789", 10), 0);
	bytes_finish(&bytes);
}

/* Under a sanitizer a request that cannot be met returns NULL, as it does without one. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void) {
	return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void) {
	return "allocator_may_return_null=1";
}

static void sums_do_not_wrap(void **state) {
	(void)state;
	struct bytes bytes = { 0 };
	CHECK_EQ(bytes_add(&bytes, "abc", 3, SIZE_MAX), 0);
	CHECK_EQ(bytes_reserve(&bytes, SIZE_MAX, SIZE_MAX), -ENOBUFS);
	CHECK_EQ(bytes_reserve(&bytes, SIZE_MAX - 2, SIZE_MAX), -ENOBUFS);
	/* No machine has that, and what was there stays. */
	CHECK_EQ(bytes_reserve(&bytes, SIZE_MAX / 2, SIZE_MAX), -ENOMEM);
	CHECK_EQ(bytes.len, 3u);
	CHECK_EQ(memcmp(bytes.data, "abc", 3), 0);
	bytes_finish(&bytes);
}

static void room_is_for_what_came_and_as_much_again(void **state) {
	(void)state;
	static const uint8_t piece[1000];
	struct bytes bytes = { 0 };
	for (unsigned i = 0; i < 300; i++) {
		CHECK_EQ(bytes_add(&bytes, piece, sizeof piece, 100u << 20), 0);
		CHECK(bytes.size <= 2 * bytes.len);
	}
	bytes_finish(&bytes);
}

static void taken_data_is_the_takers(void **state) {
	(void)state;
	struct bytes bytes = { 0 };
	uint8_t *nothing = bytes_take(&bytes);
	CHECK(nothing); /* content of no bytes is content */
	free(nothing);
	CHECK_EQ(bytes_add(&bytes, "abc", 4, 4), 0);
	uint8_t *data = bytes_take(&bytes);
	assert_string_equal((char *)data, "abc");
	CHECK(!bytes.data);
	CHECK_EQ(bytes.len, 0);
	CHECK_EQ(bytes.size, 0);
	free(data);
}

static void a_reset_keeps_small_room_only(void **state) {
	(void)state;
	struct bytes bytes = { 0 };
	CHECK_EQ(bytes_reserve(&bytes, 4096, 1 << 20), 0);
	bytes.len = 17;
	bytes_reset(&bytes, 4096);
	CHECK(bytes.data);
	CHECK_EQ(bytes.len, 0);
	CHECK_EQ(bytes.size, 4096);
	CHECK_EQ(bytes_reserve(&bytes, 5000, 1 << 20), 0);
	bytes_reset(&bytes, 4096);
	CHECK(!bytes.data);
	CHECK_EQ(bytes.size, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_there),
		cmocka_unit_test(the_cap_is_exact),
		cmocka_unit_test(sums_do_not_wrap),
		cmocka_unit_test(room_is_for_what_came_and_as_much_again),
		cmocka_unit_test(taken_data_is_the_takers),
		cmocka_unit_test(a_reset_keeps_small_room_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
