#include "client/vm/first_screen.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

static struct first_screen screen;

static void the_machines_are_listed(void **state) {
	(void)state;
	first_screen_read_list(&screen,
			"win11                    running  libvirt  /dev/shm/looking-glass\n"
			"work                     off      libvirt  no shared memory\n"
			"-                        running  qemu     /dev/shm/x\n"
			"broken\n"
			"\xe7\x8e\xa9\xe5\xae\xb6                     paused   libvirt  /dev/kvmfr0");
	CHECK_EQ(screen.vm_count, 3);
	CHECK_EQ(strcmp(screen.vms[0].name, "win11"), 0);
	CHECK(screen.vms[0].running);
	CHECK(screen.vms[0].memory);
	CHECK_EQ(strcmp(screen.vms[1].name, "work"), 0);
	CHECK(!screen.vms[1].running);
	CHECK(!screen.vms[1].memory);
	CHECK(screen.vms[2].running);
	first_screen_read_list(&screen, "");
	CHECK_EQ(screen.vm_count, 0);
	/* More than there is room for, and without an end. */
	char *many = calloc(1, 100 * 40);
	for (int i = 0; i < 100; i++) {
		strcat(many, "vm off libvirt no shared memory\n");
	}
	first_screen_read_list(&screen, many);
	CHECK_EQ(screen.vm_count, FIRST_SCREEN_VMS);
	free(many);
}

static void names_are_as_people_give_them(void **state) {
	(void)state;
	static const struct first_screen_vm wanted[] = {
		{ .name = "Windows 11 Pro", .running = true, .memory = true },
		{ .name = "a  libvirt b off" },
		{ .name = "a name that is longer than its column, libvirt takes it",
				.running = true,
				.memory = true },
	};
	first_screen_read_list(&screen,
			"Windows 11 Pro           running  libvirt  /dev/shm/looking-glass\n"
			"a  libvirt b off         off      libvirt  no shared memory\n"
			"a name that is longer than its column, libvirt takes it running libvirt /dev/shm/x y\n"
			" running  libvirt /dev/shm/x\n"
			"running  libvirt /dev/shm/x\n"
			" libvirt \n");
	CHECK_EQ(screen.vm_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(screen.vms[i].name, wanted[i].name);
		CHECK_EQ(screen.vms[i].running, wanted[i].running);
		CHECK_EQ(screen.vms[i].memory, wanted[i].memory);
	}
}

static void the_first_failure_is_told(void **state) {
	(void)state;
	first_screen_read_findings(&screen,
			"{\"checks\":[{\"verdict\":\"ok\",\"seen\":\"fine\",\"remedy\":null},"
			"{\"verdict\":\"warning\",\"seen\":\"not so good\",\"remedy\":\"look\"},"
			"{\"verdict\":\"failure\",\"seen\":\"no \\\"IOMMU\\\"\",\"remedy\":\"run x\"}]}");
	CHECK_EQ(strcmp(screen.finding, "no \"IOMMU\""), 0);
	CHECK_EQ(strcmp(screen.remedy, "run x"), 0);
	first_screen_read_findings(&screen,
			"{\"verdict\":\"warning\",\"seen\":\"a\",\"remedy\":null},"
			"{\"verdict\":\"ok\",\"seen\":\"b\",\"remedy\":\"not this\"}");
	CHECK_EQ(strcmp(screen.finding, "a"), 0);
	CHECK_EQ(screen.remedy[0], '\0');
	first_screen_read_findings(&screen, "{\"verdict\":\"failure\",\"seen\":\"cut off\\");
	CHECK(strcmp(screen.finding, "cut off") == 0 || screen.finding[0] == 'c');
	first_screen_read_findings(&screen, "");
	CHECK_EQ(screen.finding[0], '\0');
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_machines_are_listed),
		cmocka_unit_test(names_are_as_people_give_them),
		cmocka_unit_test(the_first_failure_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
