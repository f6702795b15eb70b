/* The block reader of client/discovery: cuts, bounds, escapes. */
#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

#include "client/vm/discovery.h"

struct seen {
	unsigned blocks;
	struct discovery_info last;
};

static void on_block(const struct discovery_info *info, void *data) {
	struct seen *seen = data;
	seen->blocks++;
	seen->last = *info;
}

static const char good[] = "status=found\n"
			   "domain=win11\n"
			   "uuid=8f2d3a4e-1111-2222-3333-444455556666\n"
			   "state=running\n"
			   "shm=/dev/shm/looking-glass\n"
			   "shm_size=33554432\n"
			   "spice=127.0.0.1:5901\n"
			   "bridge=virbr0\n"
			   "sender=52:54:00:12:34:56\n"
			   "evdev=/dev/input/by-id/a\n"
			   "evdev=/dev/input/by-id/b c\\\\d\n"
			   "evdev_toggle=ctrl-scrolllock\n"
			   "color=blue\n"
			   "\n";

static void check_good(const struct seen *seen) {
	CHECK_EQ(seen->blocks, 1);
	const struct discovery_info *info = &seen->last;
	CHECK_EQ(info->status, DISCOVERY_FOUND);
	assert_string_equal(info->domain, "win11");
	assert_string_equal(info->shm, "/dev/shm/looking-glass");
	CHECK_EQ(info->shm_bytes, 33554432);
	assert_string_equal(info->spice, "127.0.0.1:5901");
	assert_string_equal(info->bridge, "virbr0");
	assert_string_equal(info->sender, "52:54:00:12:34:56");
	CHECK_EQ(info->evdev_count, 2);
	assert_string_equal(info->evdev[1], "/dev/input/by-id/b c\\d");
	assert_string_equal(info->evdev_toggle, "ctrl-scrolllock");
}

static void any_cut_gives_the_same_block(void **state) {
	(void)state;
	for (size_t cut = 0; cut < sizeof good - 1; cut++) {
		struct discovery_reader reader;
		struct seen seen = { 0 };
		discovery_reader_init(&reader);
		discovery_reader_feed(&reader, good, cut, on_block, &seen);
		discovery_reader_feed(&reader, good + cut, sizeof good - 1 - cut, on_block, &seen);
		check_good(&seen);
	}
}

static struct seen feed(const char *text) {
	struct discovery_reader reader;
	struct seen seen = { 0 };
	discovery_reader_init(&reader);
	discovery_reader_feed(&reader, text, strlen(text), on_block, &seen);
	return seen;
}

static void nonsense_is_skipped(void **state) {
	(void)state;
	CHECK_EQ(feed("\n\n\n").blocks, 0);
	CHECK_EQ(feed("domain=x\n\n").blocks, 0); /* no status */
	CHECK_EQ(feed("status=maybe\n\n").blocks, 0);
	struct seen seen = feed("status=found\nshm_size=-5\nshm_size=1x\nnothing\n=\n\n");
	CHECK_EQ(seen.blocks, 1);
	CHECK_EQ(seen.last.shm_bytes, 0);
}

static void a_long_value_is_dropped_not_cut(void **state) {
	(void)state;
	char text[4000];
	int n = snprintf(text, sizeof text, "status=found\nshm=/%01000d\nbridge=%020d\n", 0, 0);
	n += snprintf(text + n, sizeof text - (size_t)n, "domain=%02000d\nstate=running\n\n", 0);
	struct seen seen = feed(text);
	CHECK_EQ(seen.blocks, 1);
	assert_string_equal(seen.last.shm, "");
	assert_string_equal(seen.last.bridge, "");
	assert_string_equal(seen.last.domain, "");
	assert_string_equal(seen.last.state, "running");
}

static void a_block_does_not_inherit(void **state) {
	(void)state;
	struct seen seen = feed("status=found\nshm=/a\nevdev=/b\n\nstatus=waiting\nreason=off\n\n");
	CHECK_EQ(seen.blocks, 2);
	CHECK_EQ(seen.last.status, DISCOVERY_WAITING);
	assert_string_equal(seen.last.shm, "");
	CHECK_EQ(seen.last.evdev_count, 0);
	assert_string_equal(seen.last.reason, "off");
}

static void control_characters_do_not_pass(void **state) {
	(void)state;
	struct seen seen = feed("status=found\ndomain=a\\x1b[2Jb\\nc\nbridge=a\\x00b\n\n");
	assert_string_equal(seen.last.domain, "a?[2Jb?c");
	assert_string_equal(seen.last.bridge, "");
}

static void the_block_is_bounded(void **state) {
	(void)state;
	char text[8000] = "status=found\n";
	for (int i = 0; i < 100; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "evdev=/dev/input/event%d\n", i);
	}
	strcat(text, "domain=late\n\n");
	struct seen seen = feed(text);
	CHECK_EQ(seen.last.evdev_count, DISCOVERY_EVDEV_MAX);
	assert_string_equal(seen.last.domain, "");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_gives_the_same_block),
		cmocka_unit_test(nonsense_is_skipped),
		cmocka_unit_test(a_long_value_is_dropped_not_cut),
		cmocka_unit_test(a_block_does_not_inherit),
		cmocka_unit_test(control_characters_do_not_pass),
		cmocka_unit_test(the_block_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
