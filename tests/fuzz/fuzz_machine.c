/*
 * What a stranger's machine says of itself, to the doctor and to setup: all they read of /proc,
 * /sys and /etc, and what the programs print that they ask. The input is lines of a copied machine
 * (tests/fuzz/tree.h), most begin with one of tests/data/setup; "run WORDS" is what is asked for.
 *
 * Whatever it is, the doctor writes its report as JSON in UTF-8, and setup makes a plan or refuses
 * with a reason, prints it and leaves an XML that can be read.
 *
 * Covers: base/owners.c tools/doctor/doctor_facts.c tools/doctor/doctor_expert.c
 * tools/doctor/doctor_procs.c tools/doctor/doctor_usb.c tools/vm-model/boot_config.c
 * tools/vm-model/distro.c tools/firewall/firewall.c tools/firewall/firewalld_zone.c
 * tools/vm-model/host_use_read.c tools/vm-model/libvirt_hook.c tools/vm-model/pci.c
 * tools/vm-model/qemu.c tools/vm-model/sysroot.c tools/vm-model/memory_config.c
 * tools/setup/setup_boot.c tools/setup/setup_check.c tools/setup/setup_files.c
 * tools/setup/setup_memory.c tools/vm-model/vfio_config.c input/finder.c input/seat.c
 */
#include <stdint.h>

#include "base/loop.h"
#include "input/device.h"
#include "input/finder.h"
#include "input/seat.h"
#include "tests/fuzz/tree.h"
#include "tests/support/utf8_check.h"
#include "tools/doctor/doctor.h"
#include "tools/setup/setup.h"

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): they stand in for others

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct tree tree;

static void expect(bool condition) {
	if (!condition) {
		abort();
	}
}

/* ---- the programs that are asked ---- */

FILE *popen(const char *command, const char *mode) {
	(void)command, (void)mode;
	return tree.command && tree.command[0] ? fmemopen(tree.command, strlen(tree.command), "r")
					       : NULL;
}

int pclose(FILE *pipe) {
	const size_t len = tree.command ? strlen(tree.command) : 0;
	fclose(pipe);
	return len % 3 == 0 ? 0 : len % 3 == 1 ? 127 << 8 : 1 << 8;
}

/* ---- the doctor ---- */

static void examine(const struct facts *facts) {
	struct report report = { 0 };
	char *json = NULL;
	size_t len = 0;
	doctor_run(facts, &report);
	FILE *out = open_memstream(&json, &len);
	expect(out != NULL);
	report_json(&report, out);
	fflush(out);
	expect(utf8_valid(json, len) && strlen(json) == len);
	report_print(&report, out, false);
	doctor_groups(facts, out);
	fclose(out);
	free(json);
	report_finish(&report);
}

static void ask_doctor(const struct sysroot *root, const char *xml) {
	static struct facts facts;
	const struct doctor_options options = {
		.xml = xml, .width = 2560, .height = 1440, .hdr = true
	};
	if (facts_gather(&facts, &options, root) == 0) {
		examine(&facts);
	}
}

/* ---- setup ---- */

static void plan_what(struct setup *setup) {
	static void (*const files[])(struct setup *) = { files_vfio, files_tmpfiles, files_audio,
		files_desktop, files_input };
	if (setup->has_vm) {
		const bool gpu = !setup->options.gpu ||
				 (setup_handover(setup, false) && xml_add_gpu(setup));
		(void)(gpu && xml_pci_fix(setup) && xml_shmem(setup, "looking-glass", 64) &&
				xml_input_own(setup) && xml_audio(setup) && xml_extras(setup));
	}
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		files[i](setup);
	}
	if (strstr(tree.run, "kvmfr")) {
		(void)(setup->has_vm && xml_kvmfr(setup, 128));
		files_kvmfr(setup,
				strstr(tree.run, "kvmfr1")   ? "/dev/kvmfr1"
				: strstr(tree.run, "kvmfrx") ? "/dev/kvmfrx"
							     : "/dev/kvmfr0",
				128);
	}
	windows_steps(setup);
}

/* All of the program that is said is said on stdout. */
static void print(const struct plan *plan) {
	FILE *real = stdout;
	stdout = fopen("/dev/null", "we");
	expect(stdout != NULL);
	plan_print(plan, true, "again");
	plan_print_private(plan);
	fclose(stdout);
	stdout = real;
}

static void ask_setup(const struct sysroot *root) {
	struct setup *setup = xmalloc(sizeof *setup);
	char error[160];
	*setup = (struct setup){ .options = { .command = "all",
						 .keyboard = "/dev/input/event3",
						 .mouse = "/dev/input/event4",
						 .width = 2560,
						 .height = 1440 },
		.root = *root };
	domain_init(&setup->document.domain);
	setup->options.gpu = strstr(tree.run, "gpu") ? "01:00.0" : NULL;
	sysroot_me(&setup->root, &setup->me);
	setup_read_host(setup);
	setup->has_vm = tree.xml &&
			document_load(&setup->document, tree.xml, error, sizeof error) == 0;
	plan_what(setup);
	print(&setup->plan);
	if (setup->has_vm) {
		struct document again;
		expect(document_load(&again, setup->document.text, error, sizeof error) == 0);
		document_free(&again);
	}
	plan_free(&setup->plan);
	document_free(&setup->document);
	host_use_free(&setup->use);
	free(setup);
}

/* ---- the player's part: keyboards, mice, and whose turn it is at them ---- */

static void on_seat(bool active, void *data) {
	(void)active, (void)data;
}

static void ask_input(void) {
	static struct loop *loop;
	struct device_info infos[16];
	struct device_finder finder;
	struct seat *seat = NULL;
	char node[DEVICE_NODE_BYTES];
	expect(loop || loop_create(&loop) == 0);
	if (finder_create(&finder, tree.folder) == 0) {
		const unsigned count = finder.list(finder.data, infos, 16);
		for (unsigned i = 0; i < count; i++) {
			expect(utf8_valid(infos[i].name, strlen(infos[i].name)));
		}
		(void)finder.resolve(finder.data, "/dev/input/event3", node);
		finder.destroy(finder.data);
	}
	if (seat_create(&seat, loop, tree.folder, "c1", on_seat, NULL) == 0 && seat) {
		expect(!seat_reason(seat) || strlen(seat_reason(seat)) < 1000);
		(void)seat_active(seat);
		(void)loop_run_once(loop, 0);
	}
	seat_destroy(seat);
	seat = NULL;
	(void)seat_create(&seat, loop, tree.folder, "", on_seat, NULL);
	seat_destroy(seat);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	char xml[TREE_PATH];
	struct sysroot root;
	char *lines = xmalloc(len + 1);
	if (len > 0) {
		memcpy(lines, bytes, len);
	}
	lines[len] = '\0';
	tree_start(&tree, FUZZ_TREES);
	tree_unpack(&tree, lines, 0);
	snprintf(xml, sizeof xml, "%s/vm.xml", tree.folder);
	FILE *file = tree.xml && tree.xml[0] ? fopen(xml, "we") : NULL;
	if (file) {
		fputs(tree.xml, file);
		fclose(file);
	}
	expect(sysroot_open(&root, tree.folder) == 0);
	if (strncmp(tree.run, "setup", 5) == 0) {
		ask_setup(&root);
	} else if (strncmp(tree.run, "input", 5) == 0) {
		ask_input();
	} else {
		ask_doctor(&root, file || strstr(tree.run, "lost") ? xml : NULL);
	}
	sysroot_close(&root);
	tree_finish(&tree);
	free(lines);
	return 0;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
