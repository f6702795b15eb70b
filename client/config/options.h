/*
 * The one table of options. The command line, the ini files, --help, the manual, the completions
 * and the test that they agree all read it; nothing else knows an option's name.
 *
 * Pure: no files, no log. Values are strict here; options_lg.c first turns the looser values of
 * looking-glass-client's files into these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/config/config.h"

enum option_type {
	OPTION_BOOL,
	OPTION_INT,    /* any integer member; the range fits it */
	OPTION_NUMBER, /* double */
	OPTION_TEXT,   /* char[size] */
	OPTION_CHOICE, /* int, enum or bool: the index in choices */
	OPTION_KEY,    /* unsigned: KEY_*, maybe with KEY_BINDING_SHIFT; "none" = 0 */
	OPTION_CUSTOM, /* set() and get() */
};

enum option_group {
	OPTION_GROUP_GENERAL,
	OPTION_GROUP_VM,
	OPTION_GROUP_PICTURE,
	OPTION_GROUP_WINDOW,
	OPTION_GROUP_SOUND,
	OPTION_GROUP_INPUT,
	OPTION_GROUP_CLIPBOARD,
	OPTION_GROUP_KEYS,
	OPTION_GROUP_DEMO,
	OPTION_GROUP_CONFIG,
	OPTION_GROUP_COUNT,
};

#define OPTION_BASIC     1u   /* in the short help */
#define OPTION_ARGV      2u   /* not in ini files */
#define OPTION_OPTIONAL  4u   /* the value may be left out: "" is set */
#define OPTION_LIST      8u   /* may be repeated; a stronger source starts a new list */
#define OPTION_FILE      16u  /* the value is a path (completions) */
#define OPTION_RAW       32u  /* part of another option, see config_finish() */
#define OPTION_INTERFACE 64u  /* a network interface (completions) */
#define OPTION_NEGATED   128u /* --no-NAME is NAME = no */

#define OPTION_TEXT_MAX 4096

struct config_option {
	const char *name;
	const char *lg; /* names of looking-glass-client with the same meaning, blanks between */
	char letter;    /* 0 = none */
	enum option_type type;
	enum option_group group;
	unsigned flags;
	size_t offset, size; /* of the member of struct config */
	double min, max;
	const char *const *choices; /* ends with NULL */
	bool (*set)(struct config *config, const char *text);
	void (*get)(const struct config *config, char *text, size_t size);
	const char *allowed;      /* for messages, where the type does not say it */
	const char *examples;     /* for the manual, blanks between; a test starts with each */
	const char *value;        /* "PATH", for help */
	const char *default_text; /* the default; NULL = nothing is set */
	const char *help;         /* translatable; no full stop */
};

extern const struct config_option config_options[];
extern const unsigned config_options_count;
extern const char *const option_group_names[OPTION_GROUP_COUNT];  /* "picture": for --help=… */
extern const char *const option_group_titles[OPTION_GROUP_COUNT]; /* translatable */

/* By our name; NULL = none. */
const struct config_option *option_find(const char *name);
/* By one of looking-glass-client's names with the same meaning, any case. */
const struct config_option *option_find_lg(const char *lg);
const struct config_option *option_find_letter(char letter);
/* The name of ours nearest to a wrong one; NULL = none is near. */
const char *option_nearest(const char *name);
unsigned option_index(const struct config_option *option);
/* Takes no value on the command line: --name, --no-name. */
bool option_is_switch(const struct config_option *option);

/* Sets the member. False = the text does not fit: nothing changed, see option_allowed(). */
bool option_set(struct config *config, const struct config_option *option, const char *text);
/* The value in force, as option_set() would take it. */
void option_get(const struct config *config, const struct config_option *option, char *text,
		size_t size);
/* Empties a list before a stronger source fills it. */
void option_clear(struct config *config, const struct config_option *option);

/* "a whole number from 10 to 200", "auto, lg, spice or off", ... */
void option_allowed(const struct config_option *option, char *text, size_t size);

/* "full-screen", and what it does in few words (translatable; for the list in the window). */
const char *key_action_name(enum key_action action);
const char *key_action_help(enum key_action action);
const struct config_option *key_action_option(enum key_action action);

/* Sets every default. */
void options_defaults(struct config *config);
