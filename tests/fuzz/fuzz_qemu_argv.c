/*
 * Another process's arguments, and single option values in both syntaxes.
 *
 * Covers: tools/vm-model/domain_argv.c tools/vm-model/props.c tools/vm-model/info_block.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/domain.h"
#include "tools/vm-model/info_block.h"
#include "tools/vm-model/props.h"
#include "tools/vm-model/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	struct domain *domain = xmalloc(sizeof *domain);
	struct props *props = xmalloc(sizeof *props);
	static const char program[] = "qemu-system-x86_64";
	size_t total = sizeof program + len + 1;
	char *argv = xmalloc(total);
	memcpy(argv, program, sizeof program);
	memcpy(argv + sizeof program, bytes, len);
	if (domain_read_argv(domain, argv, total) == 0) {
		struct vm_candidate vm = { .domain = domain, .source = VM_SOURCE_QEMU };
		struct text block = { 0 };
		vm_block(&block, &vm, 1, NULL, true, NULL, NULL);
		/* One block, whatever the names are: the only empty line is the last one. */
		const char *end = strstr(text_get(&block), "\n\n");
		if (!end || end[2] != '\0') {
			abort();
		}
		text_finish(&block);
	}
	props_parse(argv + sizeof program, "driver", props);
	for (unsigned i = 0; i < props->count; i++) {
		uint64_t size;
		props_size(props->item[i].value, 1, &size);
	}
	free(argv);
	free(props);
	free(domain);
	return 0;
}
