/* `--help`, from the table of options, at 80 columns. */
#pragma once

#include <stdio.h>

/* topic: "common", "all", "keys", "lg", or the name of a group. */
void help_print(FILE *out, const char *topic);

/* text (UTF-8) from column `column` on, broken so that no line is wider than 79; further lines
 * start at indent. Ends the line. Wide letters (Chinese) count two and may be parted anywhere. */
void help_wrap(FILE *out, const char *text, unsigned column, unsigned indent);
