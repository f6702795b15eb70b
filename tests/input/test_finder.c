#include "input/finder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "tests/support/check.h"
#include "tests/support/loop_wait.h"

/* A machine's /sys/class/input and /dev/input as files. */
struct fixture {
	char root[40];
	struct device_finder finder;
	struct loop *loop;
	int changes;
};

static void make_parents(char *full, const struct fixture *f) {
	for (char *slash = full + strlen(f->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(full, 0700);
		*slash = '/';
	}
}

static void write_file(const struct fixture *f, const char *path, const char *text) {
	char full[256];
	snprintf(full, sizeof full, "%s%s", f->root, path);
	make_parents(full, f);
	FILE *file = fopen(full, "w");
	CHECK(file);
	CHECK(fputs(text, file) >= 0);
	CHECK_EQ(fclose(file), 0);
}

static void attribute(
		const struct fixture *f, unsigned number, const char *name, const char *text) {
	char path[128];
	snprintf(path, sizeof path, "/sys/class/input/event%u/device/%s", number, name);
	write_file(f, path, text);
}

static void add_device(const struct fixture *f, unsigned number, const char *name, const char *phys,
		const char *key, const char *rel) {
	char node[64];
	attribute(f, number, "name", name);
	attribute(f, number, "phys", phys);
	attribute(f, number, "uniq", "\n");
	attribute(f, number, "id/bustype", "0003\n");
	attribute(f, number, "id/vendor", "046d\n");
	attribute(f, number, "id/product", "c08b\n");
	attribute(f, number, "id/version", "0111\n");
	attribute(f, number, "capabilities/key", key);
	attribute(f, number, "capabilities/rel", rel);
	snprintf(node, sizeof node, "/dev/input/event%u", number);
	write_file(f, node, "");
}

static void setup(struct fixture *f) {
	memset(f, 0, sizeof *f);
	snprintf(f->root, sizeof f->root, "/tmp/pierglass-finder-XXXXXX");
	CHECK(mkdtemp(f->root));
	/* Capability words as real machines show them. */
	add_device(f, 0, "Power Button\n", "PNP0C0C/button/input0\n", "10000000000000 0\n", "0\n");
	add_device(f, 10, "Logitech G502\n", "usb-0000:00:14.0-3/input0\n", "ffff0000 0 0 0 0\n",
			"1943\n");
	add_device(f, 2, "Logitech G502 Keyboard\n", "usb-0000:00:14.0-3/input1\n",
			"1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n",
			"1040\n");
	/* Media keys beside the keyboard; the keys of a monitor; a mouse of a VM. */
	add_device(f, 20, "Logitech G502 Consumer Control\n", "usb-0000:00:14.0-3/input1\n",
			"3f000301ff 0 0 483ffff17aff32d bfd4444600000000 1 130ff38b17c000 "
			"677bfad9415fed 9ed68000004400 10000002\n",
			"1040\n");
	add_device(f, 21, "Monitor\n", "usb-0000:00:14.0-7/input0\n", "e000000000000 0\n", "0\n");
	add_device(f, 22, "QEMU USB Tablet\n", "usb-0000:00:14.0-8/input0\n", "1f0000 0 0 0 0\n",
			"100\n");
	attribute(f, 22, "capabilities/abs", "3\n");
	add_device(f, 3, "Touch\x1b[31mpad\n", "i8042/serio1/input0\n", "e520 10000 0 0 0 0\n",
			"0\n");
	write_file(f, "/sys/class/input/mouse0/device/name", "not an event device\n");
	CHECK_EQ(finder_create(&f->finder, f->root), 0);
	CHECK_EQ(loop_create(&f->loop), 0);
}

static void teardown(struct fixture *f) {
	char command[64];
	f->finder.destroy(f->finder.data);
	loop_destroy(f->loop);
	snprintf(command, sizeof command, "rm -r %s", f->root);
	CHECK_EQ(system(command), 0);
}

static void devices_are_told_apart(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	struct device_info infos[8];
	CHECK_EQ(f.finder.list(f.finder.data, infos, 8), 7);
	/* by number, not by letter */
	CHECK_EQ(strcmp(infos[1].node, "/dev/input/event2"), 0);
	CHECK_EQ(strcmp(infos[3].node, "/dev/input/event10"), 0);
	CHECK(!infos[0].keyboard && !infos[0].mouse);
	CHECK(infos[1].keyboard && !infos[1].mouse);
	CHECK(!infos[2].keyboard && !infos[2].mouse);
	CHECK(!infos[3].keyboard && infos[3].mouse);
	CHECK_EQ(strcmp(infos[3].name, "Logitech G502"), 0);
	CHECK_EQ(strcmp(infos[3].phys, "usb-0000:00:14.0-3/input0"), 0);
	CHECK_EQ(infos[3].bus, 3);
	CHECK_EQ(infos[3].vendor, 0x46d);
	CHECK_EQ(infos[3].product, 0xc08b);
	CHECK_EQ(strcmp(infos[2].name, "Touch?[31mpad"), 0);
	CHECK(infos[4].media && !infos[4].keyboard && !infos[5].media && !infos[0].media);
	CHECK(infos[6].absolute && !infos[6].mouse && !infos[3].absolute);
	CHECK(strstr(device_reach(&infos[6]), "positions"));
	CHECK_EQ(f.finder.list(f.finder.data, infos, 2), 2);
	teardown(&f);
}

static void paths_are_resolved(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	char full[256];
	char node[DEVICE_NODE_BYTES];
	snprintf(full, sizeof full, "%s/dev/input/by-id/", f.root);
	make_parents(full, &f);
	snprintf(full, sizeof full, "%s/dev/input/by-id/usb-G502-event-mouse", f.root);
	CHECK_EQ(symlink("../event10", full), 0);
	CHECK_EQ(f.finder.resolve(f.finder.data, "/dev/input/by-id/usb-G502-event-mouse", node), 0);
	CHECK_EQ(strcmp(node, "/dev/input/event10"), 0);
	CHECK_EQ(f.finder.resolve(f.finder.data, "/dev/input/by-id/absent", node), -ENOENT);
	struct device device;
	const struct device_info info = { .node = "/dev/input/event10" };
	CHECK(f.finder.open(f.finder.data, &info, &device) < 0); /* a plain file is no device */
	teardown(&f);
}

static void on_change(void *data) {
	((struct fixture *)data)->changes++;
}

static void wait_change(struct fixture *f) {
	int before = f->changes;
	WAIT_ON(f->loop, f->changes != before, 5);
	while (loop_run_once(f->loop, 0) > 0) {
	}
}

static void changes_are_noticed(void **state) {
	(void)state;
	struct fixture f;
	setup(&f);
	CHECK_EQ(f.finder.watch(f.finder.data, f.loop, on_change, &f), 0);
	write_file(&f, "/dev/input/event11", "");
	wait_change(&f);
	/* A rule gives access later. */
	char full[256];
	snprintf(full, sizeof full, "%s/dev/input/event11", f.root);
	CHECK_EQ(chmod(full, 0600), 0);
	wait_change(&f);
	/* A folder that did not exist is watched as soon as it does. */
	write_file(&f, "/dev/input/by-id/usb-x-event-kbd", "");
	wait_change(&f);
	write_file(&f, "/dev/input/by-id/usb-y-event-kbd", "");
	wait_change(&f);
	CHECK_EQ(unlink(full), 0);
	wait_change(&f);
	/* Others do not matter. */
	int before = f.changes;
	write_file(&f, "/dev/null", "");
	write_file(&f, "/dev/input/js0", "");
	CHECK(loop_run_once(f.loop, 0) >= 0);
	CHECK_EQ(f.changes, before);
	teardown(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_told_apart),
		cmocka_unit_test(paths_are_resolved),
		cmocka_unit_test(changes_are_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
