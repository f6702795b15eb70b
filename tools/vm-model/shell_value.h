/*
 * One variable of a shell file that is a list of assignments (/etc/default/grub): read and changed
 * in the shell's own grammar. Pure; nothing is executed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum shell_found {
	SHELL_NONE,    /* not assigned */
	SHELL_PLAIN,   /* *ret_value is what the shell makes of it, at the end of the file */
	SHELL_COMPLEX, /* assigned with an expansion, inside if or a function, by += or twice */
};

/* ret_value: heap, the caller's; only for SHELL_PLAIN. */
enum shell_found shell_value(const char *text, const char *name, char **ret_value);

/* The text with another value of that variable, which is SHELL_PLAIN in it or SHELL_NONE (then a
 * line is added at the end). Heap. What stays of the old value keeps its own quoting where the
 * value is one quoted word. */
char *shell_with_value(const char *text, const char *name, const char *value);

/* The assignment as it is written, "NAME=…"; heap, NULL if there is none. */
char *shell_assignment(const char *text, const char *name);

/* ---- the kernel's words: separated by blanks, which double quotes protect ---- */

/* False: an open quote, which would swallow a word that is added. */
bool kernel_is_whole(const char *words);
/* Also where it is one of several: "intel_iommu=on,igfx_off" has "intel_iommu=on". */
bool kernel_has(const char *words, const char *word);
/* With `word` (unless NULL or there) and without `without` (likewise). Heap. */
char *kernel_with(const char *words, const char *word, const char *without);
