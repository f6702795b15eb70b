#include "tools/vm-model/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colour_wanted(FILE *out) {
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	return !(no && no[0]) && term && strcmp(term, "dumb") != 0 && isatty(fileno(out));
}

const char *colour_on(bool wanted, enum colour colour) {
	static const char *const bytes[] = { [COLOUR_NONE] = "",
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_WARN] = "\033[33m",
		[COLOUR_BAD] = "\033[1;31m",
		[COLOUR_STRONG] = "\033[1m" };
	return wanted ? bytes[colour] : "";
}

const char *colour_off(bool wanted, enum colour colour) {
	return wanted && colour != COLOUR_NONE ? "\033[0m" : "";
}
