#include "base/i18n.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bin/x and libexec/pierglass/x both have share/locale near them. */
static const char *const near[] = { "../share/locale", "../../share/locale" };

void i18n_init(void) {
	char program[PATH_MAX];
	char folder[PATH_MAX + 32] = PG_LOCALEDIR;
	setlocale(LC_CTYPE, "");    // NOLINT(concurrency-mt-unsafe): before any thread
	setlocale(LC_MESSAGES, ""); // NOLINT(concurrency-mt-unsafe)
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
	program[len > 0 ? len : 0] = '\0';
	char *slash = strrchr(program, '/');
	for (size_t i = 0; slash && i < sizeof near / sizeof *near; i++) {
		char candidate[PATH_MAX + 32];
		*slash = '\0';
		snprintf(candidate, sizeof candidate, "%s/%s", program, near[i]);
		if (access(candidate, R_OK | X_OK) == 0) {
			snprintf(folder, sizeof folder, "%s", candidate);
			break;
		}
	}
	bindtextdomain("pierglass", folder);
	bind_textdomain_codeset("pierglass", "UTF-8");
	textdomain("pierglass");
}

void i18n_stay_english(void) {
	textdomain("pierglass-english"); /* which has no catalogue */
	setenv("LANGUAGE", "en", 1);     // NOLINT(concurrency-mt-unsafe): before any thread
}
