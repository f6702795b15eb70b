/* Which GPUs are a guest's, by a stand-in for sysfs. */
#include "client/gl/gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/check.h"

static char root[64];

/* name as DRM calls it, bound to the driver; NULL = to none. */
static void add_device(const char *name, const char *driver) {
	char path[200], target[200];
	snprintf(path, sizeof path, "%s/class/drm/%s", root, name);
	CHECK_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/class/drm/%s/device", root, name);
	CHECK_EQ(mkdir(path, 0700), 0);
	if (driver != NULL) {
		snprintf(path, sizeof path, "%s/class/drm/%s/device/driver", root, name);
		snprintf(target, sizeof target, "../../../../../bus/pci/drivers/%s", driver);
		CHECK_EQ(symlink(target, path), 0);
	}
}

static void only_those_of_vfio_are_held(void **state) {
	(void)state;
	char path[200];
	snprintf(root, sizeof root, "/tmp/pierglass-gpu-XXXXXX");
	CHECK(mkdtemp(root) != NULL);
	snprintf(path, sizeof path, "%s/class", root);
	CHECK_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/class/drm", root);
	CHECK_EQ(mkdir(path, 0700), 0);
	add_device("card0", "amdgpu");
	add_device("card1", "vfio-pci");
	add_device("renderD129", "nvgrace_gpu_vfio_pci");
	add_device("card2", "pci-stub");
	add_device("card3", NULL);
	add_device("card4", "nvidia");
	CHECK(!gpu_is_held(root, "/dev/dri/card0"));
	CHECK(gpu_is_held(root, "/dev/dri/card1"));
	CHECK(gpu_is_held(root, "/dev/dri/renderD129"));
	CHECK(gpu_is_held(root, "/dev/dri/card2"));
	CHECK(!gpu_is_held(root, "/dev/dri/card3"));
	CHECK(!gpu_is_held(root, "/dev/dri/card4"));
	CHECK(!gpu_is_held(root, "/dev/dri/card9"));
	CHECK(!gpu_is_held(root, "") && !gpu_is_held("", "/"));

	/* The first that may be opened and is no guest's. */
	char found[200] = "";
	snprintf(path, sizeof path, "%s/dri", root);
	CHECK_EQ(mkdir(path, 0700), 0);
	CHECK(!gpu_find(root, root, found, sizeof found));
	for (int number = 129; number <= 130; number++) {
		snprintf(path, sizeof path, "%s/dri/renderD%d", root, number);
		FILE *file = fopen(path, "we");
		CHECK(file);
		CHECK_EQ(fclose(file), 0);
	}
	CHECK(gpu_find(root, root, found, sizeof found));
	assert_string_equal(found, path); /* renderD129 is held */
	CHECK(!gpu_find(root, root, found, 8));

	snprintf(path, sizeof path, "rm -r %s", root);
	CHECK_EQ(system(path), 0); // NOLINT(cert-env33-c,concurrency-mt-unsafe)
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_of_vfio_are_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
