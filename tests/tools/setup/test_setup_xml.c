/* Changing XML byte by byte, diffs, the guest's PCI addresses on random topologies, GRUB's line. */
#include "tests/support/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/setup/edit.h"
#include "tools/setup/setup.h"
#include "tools/vm-model/domain.h"
#include "tools/vm-model/shell_value.h"

static struct document *load(const char *xml) {
	struct document *document = xmalloc(sizeof *document);
	char error[160];
	if (document_load(document, xml, error, sizeof error) < 0) {
		fail_msg("%s", error);
	}
	return document;
}

static void becomes(struct document *document, const char *want) {
	char error[160] = "";
	CHECK_EQ(document_commit(document, error, sizeof error), 1);
	assert_string_equal(document->text, want);
	document_free(document);
	free(document);
}

static const char strange[] =
		"<?xml version='1.0'?>\n<!-- <domain> -->\n<domain type='kvm'\n\n  >\n"
		"\t<name>a &amp; b</name>\n\t<metadata><![CDATA[</domain>]]></metadata>\n"
		"\t<devices>\n\t\t<input type=\"tablet\" bus='usb'/> <!-- > -->\n"
		"\t\t<memballoon model = 'virtio' />\n\t</devices>\n</domain>\n<!-- end -->";

static void only_the_element_changes(void **state) {
	(void)state;
	struct document *document = load(strange);
	CHECK_EQ(document->domain.input_count, 1);
	document_remove(document, document->domain.input[0].node);
	becomes(document,
			"<?xml version='1.0'?>\n<!-- <domain> -->\n<domain type='kvm'\n\n  >\n"
			"\t<name>a &amp; b</name>\n\t<metadata><![CDATA[</domain>]]></metadata>\n"
			"\t<devices> <!-- > -->\n"
			"\t\t<memballoon model = 'virtio' />\n\t</devices>\n</domain>\n<!-- end -->");

	document = load(strange);
	document_set_attribute(document, document->domain.balloon[0].node, "model", "none");
	document_set_attribute(document, document->domain.input[0].node, "extra", "\"<&'");
	becomes(document,
			"<?xml version='1.0'?>\n<!-- <domain> -->\n<domain type='kvm'\n\n  >\n"
			"\t<name>a &amp; b</name>\n\t<metadata><![CDATA[</domain>]]></metadata>\n"
			"\t<devices>\n\t\t<input type=\"tablet\" bus='usb' "
			"extra='&quot;&lt;&amp;&apos;'/> <!-- > -->\n"
			"\t\t<memballoon model = 'none' />\n\t</devices>\n</domain>\n<!-- end -->");
}

static void children_take_the_indentation_of_the_place(void **state) {
	(void)state;
	struct document *document = load(strange);
	document_add(document, document->domain.node_devices, -1, "<a>\n  <b/>\n</a>");
	becomes(document,
			"<?xml version='1.0'?>\n<!-- <domain> -->\n<domain type='kvm'\n\n  >\n"
			"\t<name>a &amp; b</name>\n\t<metadata><![CDATA[</domain>]]></metadata>\n"
			"\t<devices>\n\t\t<input type=\"tablet\" bus='usb'/> <!-- > -->\n"
			"\t\t<memballoon model = 'virtio' />\n\t\t<a>\n\t\t  <b/>\n\t\t</a>\n\t</devices>"
			"\n</domain>\n<!-- end -->");

	document = load("<domain>\n  <devices/>\n</domain>");
	document_add(document, document->domain.node_devices, -1, "<a/>");
	becomes(document, "<domain>\n  <devices>\n    <a/>\n  </devices>\n</domain>");

	document = load("<domain>\n  <devices></devices>\n</domain>");
	document_add(document, document->domain.node_devices, -1, "<a/>");
	document_add(document, document->domain.node_devices, -1, "<b/>");
	char error[160];
	CHECK_EQ(document_commit(document, error, sizeof error), 1);
	CHECK_EQ(document->spans.count, 4);
	document_free(document);
	free(document);
}

static void tags_that_do_not_match_are_refused(void **state) {
	(void)state;
	static const char *const broken[] = { "", "text", "<a>", "<a></b>", "</a>",
		"<a><b></a></b>", "<!DOCTYPE a><a/>", "<a", "<a b='>", "<!-- ",
		"<a><![CDATA[</a>" };
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct xml_spans spans;
		CHECK(xml_scan(broken[i], strlen(broken[i]), &spans) < 0);
	}
}

static void memory_sizes_of_the_guide(void **state) {
	(void)state;
	CHECK_EQ(shmem_mib(1920, 1080, false, SHMEM_FRAMES), 32);
	CHECK_EQ(shmem_mib(1920, 1080, true, SHMEM_FRAMES), 64);
	CHECK_EQ(shmem_mib(2560, 1440, false, SHMEM_FRAMES), 64);
	CHECK_EQ(shmem_mib(2560, 1440, true, SHMEM_FRAMES), 128);
	CHECK_EQ(shmem_mib(3840, 2160, false, SHMEM_FRAMES), 128);
	CHECK_EQ(shmem_mib(3840, 2160, true, SHMEM_FRAMES), 256);
	/* The host of today keeps three frames: wide screens need more than with B6 and B7. */
	CHECK_EQ(shmem_mib(3440, 1440, false, SHMEM_FRAMES), 128);
	CHECK_EQ(shmem_mib(3440, 1440, false, SHMEM_FRAMES_OLD), 64);
	CHECK_EQ(shmem_mib(2560, 1080, false, SHMEM_FRAMES), 64);
	CHECK_EQ(shmem_mib(2560, 1080, false, SHMEM_FRAMES_OLD), 32);
	CHECK_EQ(shmem_mib(5120, 2880, false, SHMEM_FRAMES), 256);
	CHECK_EQ(shmem_mib(5120, 2880, true, SHMEM_FRAMES_OLD), 256);
}

static void shell_values(void **state) {
	(void)state;
	static const struct {
		const char *text, *want; /* NULL = complex, "-" = none */
	} cases[] = {
		{ "A=1\nX=\"\"\nB=2\n", "" },
		{ "X='quiet splash'", "quiet splash" },
		{ "X=quiet", "quiet" },
		{ "X=\"a \\\"b c\\\" d\" # x", "a \"b c\" d" },
		{ "X='a'\"b\"\\ c;Y=2", "ab c" },
		{ "export X=\"a\\\nb\"", "ab" },
		{ "X=\"a\\$b\"", "a$b" },
		{ "#X=\"x\"\nXY=1\nMY_X=2\necho X=3\n", "-" },
		{ "Y=`echo X=1; echo 'b'`\nX=2", "2" },
		{ "Y=\"$(sed 's, X=.*$,,g' /x)\"\nX=2", "2" },
		{ "X=\"$Y z\"", NULL },
		{ "X=`date`", NULL },
		{ "X=1\nX=2", NULL },
		{ "X=1\nX+=2", NULL },
		{ "if [ -e /x ]; then\n  X=1\nfi", NULL },
		{ "[ -e /x ] && X=1", NULL },
		{ "f() { X=1; }", NULL },
		{ "X=\"open", NULL },
		{ "cat <<EOF\nX=1\nEOF\n", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *value = NULL;
		enum shell_found found = shell_value(cases[i].text, "X", &value);
		if ((found == SHELL_COMPLEX) != !cases[i].want) {
			print_message("%s\n", cases[i].text);
		}
		CHECK_EQ((found == SHELL_COMPLEX), !cases[i].want);
		if (found == SHELL_PLAIN) {
			assert_string_equal(value, cases[i].want);
			char *text = shell_with_value(cases[i].text, "X", "it's \"$1\" \\ new");
			free(value);
			CHECK_EQ(shell_value(text, "X", &value), SHELL_PLAIN);
			assert_string_equal(value, "it's \"$1\" \\ new");
			free(text);
		}
		CHECK(found != SHELL_NONE || strcmp(cases[i].want, "-") == 0);
		free(value);
	}
	char *added = shell_with_value("A=1", "X", "b c");
	assert_string_equal(added, "A=1\nX=\"b c\"\n");
	free(added);
}

static void kernel_words(void **state) {
	(void)state;
	static const struct {
		const char *words, *word, *without, *want;
	} cases[] = {
		{ "", "iommu=pt", NULL, "iommu=pt" },
		{ "a iommu=pt b", "iommu=pt", NULL, "a iommu=pt b" },
		{ "a iommu=off b", "iommu=pt", "iommu=off", "a b iommu=pt" },
		{ "iommu=off", NULL, "iommu=off", "" },
		{ " iommu=off b ", NULL, "iommu=off", "b " },
		{ "x=\"a iommu=off b\" c", "d", "iommu=off", "x=\"a iommu=off b\" c d" },
		{ "iommu=pt,x", "iommu=pt", NULL, "iommu=pt,x" },
		{ "x,iommu=pt", "iommu=pt", NULL, "x,iommu=pt iommu=pt" },
		{ "intel_iommu=on,igfx_off", "intel_iommu=on", NULL, "intel_iommu=on,igfx_off" },
		{ "intel_iommu=sm_on,on", "intel_iommu=on", NULL, "intel_iommu=sm_on,on" },
		{ "intel_iommu=sm_on", "intel_iommu=on", NULL, "intel_iommu=sm_on intel_iommu=on" },
		{ "iommu.passthrough=1", "iommu=pt", NULL, "iommu.passthrough=1" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *got = kernel_with(cases[i].words, cases[i].word, cases[i].without);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

/* ---- the guest's PCI addresses ---- */

static uint32_t random_state = 1;

static unsigned pick(unsigned n) {
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

static void random_topology(struct domain *domain, struct pci_list *host) {
	domain_init(domain);
	host->count = 0;
	unsigned ports = pick(14);
	for (unsigned i = 0; i <= ports; i++) {
		struct domain_named *port = &domain->pci[domain->pci_count++];
		port->index = i;
		copy_text(port->model, sizeof port->model, i ? "pcie-root-port" : "pcie-root");
	}
	for (unsigned i = pick(6); i > 0; i--) {
		domain->used[domain->used_count++] =
				(struct pci_address){ .bus = pick(ports + 1), .slot = pick(3) };
	}
	unsigned slots = 1 + pick(4);
	for (unsigned s = 0; s < slots; s++) {
		struct pci_address slot = { .domain = pick(8) == 0, .bus = 1 + s, .slot = pick(3) };
		unsigned mask = 1 + pick(255);
		for (unsigned f = 0; f < 8; f++) {
			if (!(mask >> f & 1)) {
				continue;
			}
			slot.function = f;
			if (pick(200) != 0) { /* else: not in the machine */
				host->device[host->count++] =
						(struct pci_device){ .address = slot };
			}
			for (unsigned times = pick(300) == 0 ? 2 : 1; times > 0; times--) {
				struct domain_hostdev *hostdev =
						&domain->hostdev[domain->hostdev_count++];
				hostdev->source = slot;
				hostdev->has_address = pick(4) != 0;
				hostdev->address = (struct pci_address){
					.bus = pick(ports + 4), .slot = pick(2), .function = pick(8)
				};
				hostdev->multifunction = pick(2);
			}
		}
	}
	for (unsigned i = domain->hostdev_count; i > 1; i--) { /* in any order */
		unsigned j = pick(i);
		struct domain_hostdev other = domain->hostdev[i - 1];
		domain->hostdev[i - 1] = domain->hostdev[j];
		domain->hostdev[j] = other;
	}
}

/* Whether the fix-up had to refuse, by a rule of its own. */
static bool is_hopeless(const struct domain *domain, const struct pci_list *host) {
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		const struct pci_address *a = &domain->hostdev[i].source;
		if (host->count && !pci_find(host, a)) {
			return true;
		}
		for (unsigned j = 0; j < domain->hostdev_count; j++) {
			const struct pci_address *b = &domain->hostdev[j].source;
			if (i != j && pci_address_equal(a, b)) {
				return true;
			}
		}
	}
	return false;
}

static bool bus_is_there(const struct domain *domain, const struct pci_fix *fix, unsigned bus) {
	for (unsigned i = 0; i < domain->pci_count; i++) {
		if (domain->pci[i].index == bus) {
			return true;
		}
	}
	for (unsigned i = 0; i < fix->new_bus_count; i++) {
		if (fix->new_bus[i] == bus) {
			return true;
		}
	}
	return bus == 0;
}

/* Without it the other functions of a slot are devices of their own. */
static bool has_function_zero(const struct domain *domain, const struct pci_address *slot) {
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		const struct pci_address *source = &domain->hostdev[i].source;
		if (pci_same_slot(source, slot) && source->function == 0) {
			return true;
		}
	}
	return false;
}

static void check_fix(const struct domain *domain, const struct pci_fix *fix) {
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		const struct pci_address *to = &fix->hostdev[i].address;
		const struct pci_address *from = &domain->hostdev[i].source;
		bool alone = true;
		CHECK(bus_is_there(domain, fix, to->bus));
		for (unsigned u = 0; u < domain->used_count; u++) {
			CHECK(!pci_same_slot(to, &domain->used[u]));
		}
		for (unsigned j = 0; j < domain->hostdev_count; j++) {
			const struct pci_address *other = &fix->hostdev[j].address;
			bool same_source = i == j ||
					   (pci_same_slot(from, &domain->hostdev[j].source) &&
							   has_function_zero(domain, from));
			CHECK_EQ(pci_same_slot(to, other), same_source); /* a slot for a slot */
			alone = alone && (i == j || !same_source);
		}
		CHECK(to->function == (alone ? 0 : from->function));
		CHECK(fix->hostdev[i].multifunction == (!alone && from->function == 0));
	}
}

static void take_over(struct domain *domain, const struct pci_fix *fix) {
	for (unsigned i = 0; i < domain->hostdev_count; i++) {
		domain->hostdev[i].has_address = true;
		domain->hostdev[i].address = fix->hostdev[i].address;
		domain->hostdev[i].multifunction =
				domain->hostdev[i].multifunction || fix->hostdev[i].multifunction;
	}
	for (unsigned i = 0; i < fix->new_bus_count; i++) {
		struct domain_named *port = &domain->pci[domain->pci_count++];
		port->index = fix->new_bus[i];
		copy_text(port->model, sizeof port->model, "pcie-root-port");
	}
}

static void pci_fix_on_random_topologies(void **state) {
	(void)state;
	struct domain *domain = xmalloc(sizeof *domain);
	struct pci_list *host = xmalloc(sizeof *host);
	struct pci_fix *fix = xmalloc(sizeof *fix);
	unsigned fixed = 0;
	for (unsigned seed = 1; seed <= 20000; seed++) {
		random_state = seed * 2654435761u | 1;
		random_topology(domain, host);
		bool ok = pci_fix(domain, host, fix);
		CHECK_EQ(ok, !is_hopeless(domain, host));
		if (!ok) {
			CHECK(fix->problem[0] != '\0');
			continue;
		}
		fixed++;
		check_fix(domain, fix);
		take_over(domain, fix);
		CHECK(pci_fix(domain, host, fix)); /* twice is once */
		CHECK_EQ(fix->new_bus_count, 0);
		for (unsigned i = 0; i < domain->hostdev_count; i++) {
			CHECK(!fix->hostdev[i].change);
		}
	}
	CHECK(fixed > 2000);
	free(domain);
	free(host);
	free(fix);
}

static void a_prefix_of_another_namespace_is_left_alone(void **state) {
	(void)state;
	static const char *const uris[] = { "http://libvirt.org/schemas/domain/qemu/1.0",
		"https://libvirt.org/schemas/domain/qemu/1.0",
		"http://libvirt.org/schemas/domain/qemu" };
	for (unsigned i = 0; i < sizeof uris / sizeof uris[0]; i++) {
		struct document *document = calloc(1, sizeof *document);
		char xml[512], error[160] = "";
		snprintf(xml, sizeof xml,
				"<domain type='kvm' xmlns:qemu='%s'><name>w</name><devices/><qemu:commandline>"
				"<qemu:arg value='-snapshot'/></qemu:commandline></domain>",
				uris[i]);
		CHECK_EQ(document_load(document, xml, error, sizeof error), i == 0 ? 0 : -EBADMSG);
		CHECK_EQ(strstr(error, "xmlns:qemu") != NULL, i > 0);
		document_free(document);
		free(document);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_of_another_namespace_is_left_alone),
		cmocka_unit_test(only_the_element_changes),
		cmocka_unit_test(children_take_the_indentation_of_the_place),
		cmocka_unit_test(tags_that_do_not_match_are_refused),
		cmocka_unit_test(memory_sizes_of_the_guide),
		cmocka_unit_test(shell_values),
		cmocka_unit_test(kernel_words),
		cmocka_unit_test(pci_fix_on_random_topologies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
