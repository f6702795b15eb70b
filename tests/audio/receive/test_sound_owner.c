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
	CHECK(sound_owner_create(&unit, folder, true) == 0);
	CHECK(sound_owner_create(&player, folder, false) == 0);
	CHECK(sound_owner_try(unit, KEY, &pid) == SOUND_OWNER_HELD);
	CHECK(sound_owner_try(unit, KEY, &pid) == SOUND_OWNER_HELD);
	CHECK(sound_owner_try(player, KEY, &pid) == SOUND_OWNER_ASKED);
	CHECK(waited(unit));
	CHECK(sound_owner_try(unit, KEY, &pid) == SOUND_OWNER_OTHER);
	CHECK(sound_owner_try(player, KEY, &pid) == SOUND_OWNER_HELD);
	CHECK(sound_owner_try(unit, KEY, &pid) == SOUND_OWNER_OTHER);
	sound_owner_destroy(player);
	CHECK(waited(unit));
	CHECK(sound_owner_try(unit, KEY, &pid) == SOUND_OWNER_HELD);
	sound_owner_destroy(unit);
}

static void two_players_do_not_take_from_each_other(void **state) {
	struct sound_owner *first;
	struct sound_owner *second;
	int pid;
	(void)state;
	CHECK(sound_owner_create(&first, folder, false) == 0);
	CHECK(sound_owner_create(&second, folder, false) == 0);
	CHECK(sound_owner_try(first, KEY, &pid) == SOUND_OWNER_HELD);
	CHECK(sound_owner_try(second, KEY, &pid) == SOUND_OWNER_OTHER && pid == getpid());
	CHECK(sound_owner_try(second, OTHER, &pid) == SOUND_OWNER_HELD);
	sound_owner_release(first, KEY);
	CHECK(sound_owner_try(second, KEY, &pid) == SOUND_OWNER_HELD);
	sound_owner_destroy(first);
	sound_owner_destroy(second);
}

static void without_a_folder_everything_is_ours(void **state) {
	struct sound_owner *owner;
	int pid;
	(void)state;
	CHECK(sound_owner_create(&owner, "/proc/no/such/folder", false) == 0);
	CHECK_EQ(sound_owner_fd(owner), -1);
	CHECK(sound_owner_try(owner, KEY, &pid) == SOUND_OWNER_HELD);
	sound_owner_destroy(owner);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_player_takes_over_and_the_unit_resumes),
		cmocka_unit_test(two_players_do_not_take_from_each_other),
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
