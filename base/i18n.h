/*
 * Texts for people go through gettext (po/): _("…") where the text is used, N_("…") where it only
 * stands in a table and is translated later. The log translates its errors and warnings by itself.
 * Not for names of options, JSON or anything that a program reads.
 */
#pragma once

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)

/*
 * First thing in every main(), before any thread: the user's language for messages and letters, and
 * nothing else of the locale, so numbers keep their decimal point everywhere. Catalogues are taken
 * from beside the program (build folder, moved installation) or from where it was installed.
 */
void i18n_init(void);

/* The texts from now on are the English ones of the sources, those of children, too. What was
 * translated before stays good. Before any thread. */
void i18n_stay_english(void);
