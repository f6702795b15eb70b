/*
 * Unified diffs, as diff -u prints them. Where more than a thousand lines differ in both texts, the
 * diff replaces all of them, which takes neither memory nor time.
 */
#pragma once

#include "tools/vm-model/text.h"

/* old_name "/dev/null" for a new file. Appends nothing if the texts are equal. */
void diff_unified(struct text *out, const char *old_name, const char *old_text,
		const char *new_name, const char *new_text);
