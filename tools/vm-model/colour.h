/* Colours for people: on a terminal only, and not where NO_COLOR is set (https://no-color.org). */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WARN, COLOUR_BAD, COLOUR_STRONG };

bool colour_wanted(FILE *out);
/* The bytes that switch it on, and colour_off() off; "" unless wanted. */
const char *colour_on(bool wanted, enum colour colour);
const char *colour_off(bool wanted, enum colour colour);
