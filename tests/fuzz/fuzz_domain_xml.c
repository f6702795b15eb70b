/*
 * Domain XML of others: what libxml2 accepts must be followed by our scanner with the same number
 * of elements, and edits must leave a document that can be read again; what setup has done to a VM,
 * it does not do again.
 *
 * Covers: tools/vm-model/domain_xml.c tools/vm-model/domain.c tools/vm-model/pci_fix.c
 * tools/vm-model/xml_node.c tools/setup/edit.c tools/setup/setup_xml.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/setup/edit.h"
#include "tools/setup/setup.h"
#include "tools/vm-model/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void edit(struct document *document) {
	const struct domain *vm = &document->domain;
	char error[160];
	for (unsigned i = 0; i < vm->hostdev_count; i++) {
		document_set_attribute(document, vm->hostdev[i].address_node, "bus", "0x07");
	}
	if (vm->balloon_count > 0) {
		document_replace(document, vm->balloon[0].node, "<memballoon model='none'/>");
	}
	if (vm->input_count > 0) {
		document_remove(document, vm->input[0].node);
	}
	document_add(document, vm->node_devices, -1,
			"<shmem name='x'>\n  <size>4</size>\n</shmem>");
	document_commit(document, error, sizeof error);
}

static bool step(struct setup *setup, size_t which) {
	switch (which % 3) {
	case 0:
		return xml_shmem(setup, "looking-glass", 64) && xml_pci_fix(setup) &&
		       xml_input_own(setup) && xml_audio(setup) && xml_extras(setup);
	case 1:
		return xml_kvmfr(setup, 128);
	default:
		return xml_virtiofs(setup) && xml_input_qemu(setup);
	}
}

/* All that setup changes in a VM, in one of three orders: the first refusal ends it. */
static bool in_order(struct setup *setup, size_t which) {
	bool ok = true;
	for (size_t i = 0; i < 3 && ok; i++) {
		ok = step(setup, which + i);
	}
	return ok;
}

static void begin(struct setup *setup) {
	memset(setup, 0, sizeof *setup);
	setup->options = (struct setup_options){ .keyboard = "/dev/input/by-id/k",
		.mouse = "/dev/input/by-id/m",
		.source = "/srv/games",
		.target = "games",
		.low_latency = true,
		.card = true };
	setup->has_vm = true;
}

/* What a step has done, it does not do again: edit(edit(x)) == edit(x). */
static void same_twice(const char *text, size_t which) {
	static struct setup setup;
	char error[160];
	char *once = NULL;
	for (unsigned i = 0; i < 2; i++) {
		begin(&setup);
		if (document_load(&setup.document, once ? once : text, error, sizeof error) < 0 ||
				!step(&setup, which)) {
			if (once) {
				abort(); /* what was done is refused */
			}
			i = 2;
		} else if (once && strcmp(once, setup.document.text) != 0) {
			abort();
		} else if (!once) {
			once = xstrdup(setup.document.text);
		}
		plan_free(&setup.plan);
		document_free(&setup.document);
	}
	free(once);
}

/* Whatever it makes of the document can be read again. */
static void set_up(const char *text, size_t which) {
	static struct setup setup;
	char error[160];
	begin(&setup);
	if (document_load(&setup.document, text, error, sizeof error) == 0) {
		if (in_order(&setup, which) == !!setup.plan.refused) {
			abort(); /* done, or refused with a reason */
		}
		struct document again;
		if (document_load(&again, setup.document.text, error, sizeof error) < 0) {
			abort();
		}
		document_free(&again);
	}
	plan_free(&setup.plan);
	document_free(&setup.document);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	char *text = xmalloc(len + 1);
	memcpy(text, bytes, len);
	text[len] = '\0';
	struct xml_spans spans; /* alone: libxml2 keeps most nonsense away from it */
	if (xml_scan(text, len, &spans) == 0) {
		for (int i = 0; i < spans.count; i++) {
			const struct xml_span *span = &spans.span[i];
			if (span->start > span->open_end || span->open_end > span->close_start ||
					span->close_start > span->end || span->end > len) {
				abort();
			}
		}
		xml_spans_free(&spans);
	}
	struct document *document = xmalloc(sizeof *document);
	char error[160];
	struct pci_fix *fix = xmalloc(sizeof *fix);
	static struct pci_list none;
	if (document_load(document, text, error, sizeof error) == 0) {
		pci_fix(&document->domain, &none, fix);
		if (document->domain.node_devices >= document->spans.count) {
			abort(); /* the two do not see the same elements */
		}
		edit(document);
	}
	set_up(text, len % 3);
	same_twice(text, len);
	document_free(document);
	free(document);
	free(fix);
	free(text);
	return 0;
}
