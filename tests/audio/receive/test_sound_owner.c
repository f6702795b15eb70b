#include "audio/receive/sound_owner.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/check.h"

#define KEY   "virbr0-239.255.77.77-4010"
#define OTHER "virbr1-239.255.77.77-4010"

static char folder[] = "/tmp/owner.XXXXXX";

static bool waited(struct sound_owner *owner) {
	struct pollfd fd = { .fd = sound_owner_fd(owner), .events = POLLIN };
	return poll(&fd, 1, 1000) == 1 && sound_owner_dispatch(owner);
}

static void a_player_takes_over_and_the_unit_resumes(void **state) {
	struct sound_owner *unit;
	struct sound_owner *player;
	int pid;
	(void)state;
	CHECK_EQ(sound_owner_create(&unit, folder, true), 0);
	CHECK_EQ(sound_owner_create(&player, folder, false), 0);
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(player, KEY, false, &pid), SOUND_OWNER_ASKED);
	CHECK(waited(unit));
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_OTHER);
	CHECK_EQ(sound_owner_try(player, KEY, false, &pid), SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_OTHER);
	sound_owner_destroy(player);
	CHECK(waited(unit));
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_HELD);
	sound_owner_destroy(unit);
}

static void two_players_do_not_take_from_each_other(void **state) {
	struct sound_owner *first;
	struct sound_owner *second;
	int pid;
	(void)state;
	CHECK_EQ(sound_owner_create(&first, folder, false), 0);
	CHECK_EQ(sound_owner_create(&second, folder, false), 0);
	CHECK_EQ(sound_owner_try(first, KEY, false, &pid), SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(second, KEY, false, &pid), SOUND_OWNER_OTHER);
	CHECK_EQ(pid, getpid());
	CHECK_EQ(sound_owner_try(second, OTHER, false, &pid), SOUND_OWNER_HELD);
	sound_owner_release(first, KEY);
	CHECK_EQ(sound_owner_try(second, KEY, false, &pid), SOUND_OWNER_HELD);
	sound_owner_destroy(first);
	sound_owner_destroy(second);
}

/* Two windows, each with a VM of its own on one bridge, and a unit that has neither's sound then.
 */
static void players_of_different_vms_share(void **state) {
	struct sound_owner *unit;
	struct sound_owner *player[3];
	int pid;
	(void)state;
	CHECK_EQ(sound_owner_create(&unit, folder, true), 0);
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_HELD);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sound_owner_create(&player[i], folder, false), 0);
	}
	CHECK_EQ(sound_owner_try(player[0], KEY, true, &pid), SOUND_OWNER_ASKED);
	CHECK(waited(unit));
	CHECK_EQ(sound_owner_try(player[0], KEY, true, &pid), SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(player[1], KEY, true, &pid), SOUND_OWNER_HELD);
	CHECK(sound_owner_try(player[2], KEY, false, &pid) != SOUND_OWNER_HELD);
	/* Names that only differ at their ends, longer than a path has room for. */
	CHECK_EQ(sound_owner_try(player[0], KEY "-52:54:00:12:34:56", false, &pid),
			SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(player[1], KEY "-52:54:00:12:34:57", false, &pid),
			SOUND_OWNER_HELD);
	CHECK_EQ(sound_owner_try(player[2], KEY "-52:54:00:12:34:57", false, &pid),
			SOUND_OWNER_OTHER);
	sound_owner_destroy(player[2]);
	sound_owner_destroy(player[0]);
	while (waited(unit)) {
	}
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_OTHER);
	sound_owner_destroy(player[1]);
	CHECK_EQ(sound_owner_try(unit, KEY, false, &pid), SOUND_OWNER_HELD);
	sound_owner_destroy(unit);
}

static void without_a_folder_everything_is_ours(void **state) {
	struct sound_owner *owner;
	int pid;
	(void)state;
	CHECK_EQ(sound_owner_create(&owner, "/proc/no/such/folder", false), 0);
	CHECK_EQ(sound_owner_fd(owner), -1);
	CHECK_EQ(sound_owner_try(owner, KEY, false, &pid), SOUND_OWNER_HELD);
	sound_owner_destroy(owner);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_player_takes_over_and_the_unit_resumes),
		cmocka_unit_test(two_players_do_not_take_from_each_other),
		cmocka_unit_test(players_of_different_vms_share),
		cmocka_unit_test(without_a_folder_everything_is_ours),
	};
	if (!mkdtemp(folder)) {
		return 1;
	}
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	static const char *const left[] = { KEY ".lock", OTHER ".lock", KEY ".ask" };
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		char path[64];
		snprintf(path, sizeof path, "%s/sound-%s", folder, left[i]);
		unlink(path);
	}
	rmdir(folder);
	return r;
}
