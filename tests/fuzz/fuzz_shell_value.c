/*
 * /etc/default/grub and os-release of others: read, changed, and what was written is read again.
 *
 * Covers: tools/vm-model/shell_value.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vm-model/shell_value.h"
#include "tools/vm-model/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void change(const char *text, const char *name, const char *old) {
	char *words = kernel_with(old, "iommu=pt", "quiet");
	char *changed = shell_with_value(text, name, words);
	char *now = NULL;
	/* A value that was plain, or that was not there, is what was written. */
	if (shell_value(changed, name, &now) != SHELL_PLAIN || strcmp(now, words) != 0 ||
			(kernel_is_whole(old) && !kernel_has(now, "iommu=pt"))) {
		abort();
	}
	free(now);
	free(changed);
	free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	static const char name[] = "GRUB_CMDLINE_LINUX";
	char *text = xmalloc(len + 1);
	memcpy(text, bytes, len);
	char *value = NULL;
	if (shell_value(text, name, &value) == SHELL_PLAIN) {
		change(text, name, value);
	}
	char *line = shell_assignment(text, name);
	free(line);
	free(value);
	free(text);
	return 0;
}
