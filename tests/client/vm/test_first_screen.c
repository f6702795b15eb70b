#include "client/vm/first_screen.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

/* A line of pierglass-vm-info --list --json. */
#define VM(name, state, source, uri, memory)                                                    \
	"{\"name\":\"" name "\",\"state\":\"" state "\",\"source\":\"" source "\",\"uri\":" uri \
	",\"memory\":" memory "}\n"

static struct first_screen screen;

/* clang-format off */
static const char list[] =
	VM("win11", "running", "libvirt", "\"qemu:///system\"", "\"/dev/shm/looking-glass\"")
	VM("Windows 11 \\\"games\\\"", "off", "libvirt", "\"qemu:///session\"", "null")
	VM("", "running", "qemu", "null", "\"/dev/shm/x\"")
	"broken\n"
	VM("\xe7\x8e\xa9\xe5\xae\xb6", "paused", "libvirt", "\"qemu:///system\"", "\"/dev/kvmfr0\"")
	"{\"name\":\"cut\",\"source\":\"libvirt\",\"sta";
/* clang-format on */

static void the_machines_are_listed(void **state) {
	(void)state;
	first_screen_read_list(&screen, list);
	CHECK_EQ(screen.vm_count, 3);
	assert_string_equal(screen.vms[0].name, "win11");
	assert_string_equal(screen.vms[0].uri, "qemu:///system");
	CHECK(screen.vms[0].running);
	CHECK(screen.vms[0].memory);
	assert_string_equal(screen.vms[1].name, "Windows 11 \"games\"");
	assert_string_equal(screen.vms[1].uri, "qemu:///session");
	CHECK(!screen.vms[1].running);
	CHECK(!screen.vms[1].memory);
	CHECK(screen.vms[2].running);
	first_screen_read_list(&screen, "");
	CHECK_EQ(screen.vm_count, 0);
	/* More than there is room for, and without an end. */
	static const char one[] = VM("vm", "off", "libvirt", "null", "null");
	char *many = calloc(100, sizeof one);
	for (int i = 0; i < 100; i++) {
		strcat(many, one);
	}
	first_screen_read_list(&screen, many);
	CHECK_EQ(screen.vm_count, FIRST_SCREEN_VMS);
	free(many);
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
		cmocka_unit_test(the_first_failure_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
