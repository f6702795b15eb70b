/*
 * Texts for people go through gettext (po/): _("…") where the text is used, N_("…") where it only
 * stands in a table and is translated later. Not for log lines at debug level, names of options,
 * JSON or anything that a program reads. main() sets LC_MESSAGES and LC_CTYPE only, so numbers keep
 * their decimal point everywhere.
 */
#pragma once

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)
