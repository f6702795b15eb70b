/* Completions for a shell, from the table of options. */
#pragma once

#include <stdio.h>

/* "bash", "zsh" or "fish". Returns 0, or -EINVAL for another shell. */
int completions_print(FILE *out, const char *shell);
