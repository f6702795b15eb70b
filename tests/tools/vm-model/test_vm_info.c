/* What vm-info understands: QEMU's options in both syntaxes, domain XML, and which VM is meant. */
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/domain.h"
#include "tools/vm-model/info_block.h"
#include "tools/vm-model/props.h"
#include "tools/vm-model/text.h"

#define ARGV(text) text, sizeof(text)

static void props_of_both_syntaxes(void **state) {
	(void)state;
	struct props props;
	CHECK_EQ(props_parse("memory-backend-file,id=lg,mem-path=/dev/shm/a,,b,size=32M,share",
				 "qom-type", &props),
			0);
	assert_string_equal(props_get(&props, "qom-type"), "memory-backend-file");
	assert_string_equal(props_get(&props, "mem_path"), "/dev/shm/a,b");
	CHECK(props_is_on(&props, "share"));
	CHECK_EQ(props_get(&props, "nothing"), NULL);

	CHECK_EQ(props_parse("{ \"qom-type\" : \"x\", \"size\":33554432, \"share\":true, \"a\":{\"b\":[1,"
			     "\"\\u4e2d\\n\"]}}",
				 "", &props),
			0);
	assert_string_equal(props_get(&props, "size"), "33554432");
	CHECK(props_is_on(&props, "share"));
	assert_string_equal(props_get(&props, "a.b.1"), "\xe4\xb8\xad\n");

	static const char *const broken[] = { "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{\"a\":\"\\u00", "{\"a\":1}x", "{\"a\":[[[[[[[[1]]]]]]]]}",
		"{\"a\":\"\\u0000\"}" };
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		CHECK(props_parse(broken[i], "", &props) < 0);
		CHECK_EQ(props.count, 0);
	}
}

static void sizes(void **state) {
	(void)state;
	uint64_t bytes = 0;
	CHECK(props_size("32M", 1, &bytes) && bytes == 32u << 20);
	CHECK(props_size("1GiB", 1, &bytes) && bytes == 1u << 30);
	CHECK(props_size("64", 1 << 20, &bytes) && bytes == 64u << 20);
	CHECK(!props_size("M", 1, &bytes));
	CHECK(!props_size("-1", 1, &bytes));
	CHECK(!props_size("32Q", 1, &bytes));
	CHECK(!props_size("99999999999T", 1, &bytes));
}

static void check_machine(const struct domain *domain) {
	const struct domain_shmem *shmem = domain_looking_glass(domain);
	CHECK(shmem != NULL);
	assert_string_equal(shmem->path, "/dev/shm/looking-glass");
	CHECK_EQ(shmem->bytes, 33554432);
	CHECK(domain->shmem_count == 1); /* the VM's own memory file does not count */
	CHECK_EQ(domain->evdev_count, 1);
	assert_string_equal(domain->evdev[0].path, "/dev/input/by-id/kbd");
	assert_string_equal(domain->evdev[0].grab_toggle, "ctrl-scrolllock");
	CHECK(domain->evdev[0].grab_all && domain->evdev[0].repeat);
	CHECK(domain->hostdev_count == 1 && domain->hostdev[0].source.bus == 1);
	CHECK_EQ(domain->agent_channels, 1);
	CHECK_EQ(domain->state, DOMAIN_RUNNING);
}

static void argv_old_syntax(void **state) {
	(void)state;
	struct domain *domain = xmalloc(sizeof *domain);
	CHECK_EQ(domain_read_argv(domain,
				 ARGV("/usr/bin/qemu-system-x86_64\0-enable-kvm\0-name\0win10\0-device\0"
				      "ivshmem-plain,memdev=lg,bus=pcie.0\0-object\0memory-backend-file,id="
				      "ram,mem-path=/dev/hugepages,size=8G\0-object\0memory-backend-file,id="
				      "lg,share=on,mem-path=/dev/shm/looking-glass,size=32M\0-object\0input-"
				      "linux,id=k,evdev=/dev/input/by-id/kbd,grab_all=on,repeat=on,grab-"
				      "toggle=ctrl-scrolllock\0-device\0vfio-pci,host=01:00.0,multifunction="
				      "on\0-device\0virtserialport,chardev=c,name=com.redhat.spice.0\0-spice\0"
				      "unix,addr=/run/user/1000/spice.sock,disable-ticketing=on,"
				      "streaming-video=all\0-netdev\0"
				      "bridge,id=n,br=br7\0-device\0virtio-net-pci,netdev=n,"
				      "mac=52:54:00:12:34:56\0-uuid\0"
				      "11111111-2222-3333-4444-555555555555\0-nographic")),
			0);
	check_machine(domain);
	assert_string_equal(domain->name, "win10");
	assert_string_equal(domain->uuid, "11111111-2222-3333-4444-555555555555");
	char uri[400];
	domain_spice_uri(domain_spice(domain), uri, sizeof uri);
	assert_string_equal(uri, "unix:/run/user/1000/spice.sock");
	CHECK(!domain_spice(domain)->password);
	assert_string_equal(domain_spice(domain)->streaming, "all");
	assert_string_equal(domain->interface[0].bridge, "br7");
	assert_string_equal(domain->interface[0].mac, "52:54:00:12:34:56");
	free(domain);
}

static void argv_json_syntax(void **state) {
	(void)state;
	struct domain *domain = xmalloc(sizeof *domain);
	CHECK_EQ(domain_read_argv(domain,
				 ARGV("qemu-system-x86_64\0-name\0guest=win11,debug-threads=on\0-S\0-object\0{"
				      "\"qom-type\":\"memory-backend-memfd\",\"id\":\"pc.ram\"}\0-object\0{"
				      "\"qom-type\":\"memory-backend-file\",\"id\":\"shmmem-shmem0\",\"mem-"
				      "path\":\"/dev/shm/looking-glass\",\"size\":33554432,\"share\":true}\0-"
				      "device\0{\"driver\":\"ivshmem-plain\",\"id\":\"shmem0\",\"memdev\":"
				      "\"shmmem-shmem0\"}\0-object\0{\"qom-type\":\"input-linux\",\"id\":\"i\","
				      "\"evdev\":\"/dev/input/by-id/kbd\",\"repeat\":true,\"grab_all\":true,"
				      "\"grab-toggle\":\"ctrl-scrolllock\"}\0-device\0{\"driver\":\"vfio-pci\","
				      "\"host\":\"0000:01:00.0\"}\0-device\0{\"driver\":\"virtserialport\","
				      "\"name\":\"com.redhat.spice.0\"}\0-spice\0port=0,tls-port=5901,addr=::1")),
			0);
	check_machine(domain);
	assert_string_equal(domain->name, "win11");
	char uri[400];
	domain_spice_uri(domain_spice(domain), uri, sizeof uri);
	assert_string_equal(uri, "spice+tls://[::1]:5901");
	CHECK(domain_spice(domain)->password);
	free(domain);
}

static void argv_of_others(void **state) {
	(void)state;
	struct domain *domain = xmalloc(sizeof *domain);
	CHECK(domain_read_argv(domain, ARGV("/bin/bash\0-c")) < 0);
	CHECK(domain_read_argv(domain, "", 0) < 0);
	CHECK(domain_read_argv(domain, "qemu-system-x86_64", 18) < 0); /* not terminated */
	CHECK_EQ(domain_read_argv(domain, ARGV("qemu-system-x86_64")), 0);
	CHECK_EQ(domain_looking_glass(domain), NULL);
	free(domain);
}

static struct domain *read_xml(const char *xml) {
	struct domain *domain = xmalloc(sizeof *domain);
	if (domain_read_xml(domain, xml, strlen(xml)) < 0) {
		free(domain);
		return NULL;
	}
	return domain;
}

static void xml_units(void **state) {
	(void)state;
	static const struct {
		const char *size;
		uint64_t bytes;
	} cases[] = {
		{ "<size unit='M'>32</size>", 32u << 20 },
		{ "<size unit='MiB'>32</size>", 32u << 20 },
		{ "<size unit='KiB'>32768</size>", 32u << 20 },
		{ "<size>33554432</size>", 32u << 20 },
		{ "<size unit='MB'>32</size>", 32000000 },
		{ "", 4u << 20 },
		{ "<size unit='pigs'>3</size>", 0 },
		{ "<size unit='M'>-3</size>", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char xml[400];
		snprintf(xml, sizeof xml,
				"<domain type='kvm'><name>a</name><devices><shmem name='x'><model "
				"type='ivshmem-plain'/>%s</shmem></devices></domain>",
				cases[i].size);
		struct domain *domain = read_xml(xml);
		CHECK(domain != NULL);
		CHECK_EQ(domain->shmem_count, 1);
		CHECK_EQ(domain->shmem[0].bytes, cases[i].bytes);
		free(domain);
	}
}

static void xml_refused(void **state) {
	(void)state;
	CHECK_EQ(read_xml(""), NULL);
	CHECK_EQ(read_xml("<network/>"), NULL);
	CHECK_EQ(read_xml("<domain>"), NULL);
	CHECK_EQ(read_xml("<!DOCTYPE d [<!ENTITY a 'b'>]><domain><name>&a;</name></domain>"), NULL);
	CHECK_EQ(read_xml("<!DOCTYPE domain SYSTEM 'http://example.org/x'><domain/>"), NULL);
}

static void spice_addresses(void **state) {
	(void)state;
	static const struct {
		const char *graphics, *uri;
	} cases[] = {
		{ "<graphics type='spice' port='5900' autoport='yes' listen='127.0.0.1'/>",
				"127.0.0.1:5900" },
		{ "<graphics type='spice' port='-1' autoport='yes'/>", "" },
		{ "<graphics type='spice' autoport='yes'/>", "" },
		{ "<graphics type='spice' port='5905'><listen type='address' "
		  "address='0.0.0.0'/></graphics>",
				"127.0.0.1:5905" },
		{ "<graphics type='spice' port='5905'><listen type='address' address='::'/></graphics>",
				"[::1]:5905" },
		{ "<graphics type='spice' tlsPort='5906' port='-1'><listen type='address' "
		  "address='10.0.0.1'/></graphics>",
				"spice+tls://10.0.0.1:5906" },
		{ "<graphics type='spice'><listen type='socket' socket='/run/s'/></graphics>",
				"unix:/run/s" },
		{ "<graphics type='spice'><listen type='none'/></graphics>", "" },
		{ "<graphics type='vnc' port='5900'/><graphics type='spice' port='5901'/>",
				"127.0.0.1:5901" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char xml[400];
		char uri[400];
		snprintf(xml, sizeof xml, "<domain><devices>%s</devices></domain>",
				cases[i].graphics);
		struct domain *domain = read_xml(xml);
		CHECK(domain != NULL);
		CHECK(domain_spice(domain) != NULL);
		domain_spice_uri(domain_spice(domain), uri, sizeof uri);
		assert_string_equal(uri, cases[i].uri);
		free(domain);
	}
}

static struct domain *vm(const char *name, const char *uuid, enum domain_state state, bool memory) {
	struct domain *domain = xmalloc(sizeof *domain);
	domain_init(domain);
	copy_text(domain->name, sizeof domain->name, name);
	copy_text(domain->uuid, sizeof domain->uuid, uuid);
	domain->state = state;
	if (memory) {
		domain->shmem_count = 1;
		copy_text(domain->shmem[0].model, sizeof domain->shmem[0].model, "ivshmem-plain");
		domain->shmem[0].bytes = 32u << 20;
	}
	return domain;
}

static void which_is_meant(void **state) {
	(void)state;
	struct domain *a = vm("a", "u1", DOMAIN_RUNNING, true);
	struct domain *b = vm("b", "u2", DOMAIN_RUNNING, false);
	struct domain *c = vm("c", "u3", DOMAIN_OFF, true);
	struct domain *d = vm("d", "u4", DOMAIN_RUNNING, true);
	struct vm_candidate list[] = { { .domain = b }, { .domain = c }, { .domain = a },
		{ .domain = a, .source = VM_SOURCE_QEMU }, { .domain = d } };
	unsigned index = 99;
	CHECK_EQ(vm_choose(list, 0, NULL, &index), VM_CHOICE_NONE);
	CHECK_EQ(vm_choose(list, 2, NULL, &index), VM_CHOICE_NONE);
	CHECK_EQ(vm_choose(list, 4, NULL, &index), VM_CHOICE_ONE);
	CHECK_EQ(index, 2);
	CHECK_EQ(vm_choose(list, 5, NULL, &index), VM_CHOICE_SEVERAL);
	CHECK_EQ(vm_choose(list, 5, "c", &index), VM_CHOICE_ONE);
	CHECK_EQ(index, 1);
	CHECK_EQ(vm_choose(list, 5, "U4", &index), VM_CHOICE_ONE);
	CHECK_EQ(index, 4);
	CHECK_EQ(vm_choose(list, 5, "e", &index), VM_CHOICE_NONE);

	struct text block = { 0 };
	vm_block(&block, list, 5, NULL, false, NULL, NULL);
	assert_string_equal(text_get(&block),
			"status=ambiguous\nreason=several VMs run, name one: a, d\n\n");
	text_finish(&block);
	free(a);
	free(b);
	free(c);
	free(d);
}

static void nasty_names_cannot_forge_lines(void **state) {
	(void)state;
	struct domain *a = vm("x\nspice=evil:1\\", "u\x1b", DOMAIN_RUNNING, true);
	struct vm_candidate one = { .domain = a };
	struct text block = { 0 };
	vm_block(&block, &one, 1, NULL, false, NULL, NULL);
	CHECK(strstr(text_get(&block), "domain=x\\x0aspice=evil:1\\\\\n") != NULL);
	CHECK(strstr(text_get(&block), "uuid=u\\x1b\n") != NULL);
	CHECK_EQ(strstr(text_get(&block), "\nspice=evil"), NULL);
	text_finish(&block);
	free(a);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(props_of_both_syntaxes),
		cmocka_unit_test(sizes),
		cmocka_unit_test(argv_old_syntax),
		cmocka_unit_test(argv_json_syntax),
		cmocka_unit_test(argv_of_others),
		cmocka_unit_test(xml_units),
		cmocka_unit_test(xml_refused),
		cmocka_unit_test(spice_addresses),
		cmocka_unit_test(which_is_meant),
		cmocka_unit_test(nasty_names_cannot_forge_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
