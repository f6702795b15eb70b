/*
 * looking-glass-client's options: every name of its release B7 and of its development, and what
 * becomes of it here. Names with the same meaning stand in the table of options itself; here are
 * those that are mapped, ignored or unsupported. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/config/options.h"

enum lg_support {
	LG_UNKNOWN,     /* it has no such option */
	LG_KEPT,        /* the same meaning */
	LG_MAPPED,      /* another name or value of ours */
	LG_IGNORED,     /* nothing to do: accepted */
	LG_UNSUPPORTED, /* we do not have it: the user is told once */
};

struct lg_value {
	enum lg_support support;
	const struct config_option *option; /* of ours; NULL unless kept or mapped */
	char text[OPTION_TEXT_MAX];         /* for option_set() */
	bool fits;                          /* false: the value is nothing that option can have */
	const char *note;                   /* for a log line, maybe NULL */
};

/* name is "module:name", any case. loose: the value stands in one of its files, where whatever is
 * not true is false. */
void lg_translate(const struct config *config, const char *name, const char *value, bool loose,
		struct lg_value *ret_value);

/* Words of virt-viewer and looking-glass-client in our own way of writing, with or without "no-",
 * that old command lines and files may have and that change nothing: the program always does so. */
bool lg_is_idle_word(const char *name);

/* Only what becomes of a name. */
enum lg_support lg_support_of(const char *name);
bool lg_is_bool(const char *name);
/* "app:renderer" for 'g': letters of options that have no row of ours. NULL = none. */
const char *lg_find_letter(char letter);
/* Whether "name" of "name:something" is one of its modules. */
bool lg_is_module(const char *name, size_t len);
/* The nearest of its names to a wrong one, or NULL. */
const char *lg_nearest(const char *name);
/* Names that are not in the table of config_options, in order, until NULL. */
const char *lg_name_at(size_t index);
/* What --help=lg says of it. */
const char *lg_note_of(const char *name);
