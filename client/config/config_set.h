/* Shared by config.c, config_argv.c and config_file.c. */
#pragma once

#include "client/config/config.h"
#include "client/config/options.h"

struct ini_entry;

/* One place that values come from. */
struct config_place {
	enum config_rank rank;
	unsigned file;  /* of config.files */
	unsigned where; /* line, or index in argv */
};

/* Gives an option its value, unless a stronger place has given one; the value is checked either
 * way. 1 = the effective value changed, 0 = it did not, -EINVAL = it does not fit. */
int config_set(struct config *config, const struct config_option *option, const char *text,
		const struct config_place *place);

/* An option of looking-glass-client ("module:name"), with the log lines that its fate deserves.
 * As config_set(), and -ENOENT = there is no such option. *ret_option (for messages) is ours, or
 * NULL. */
int config_set_lg(struct config *config, const char *name, const char *text, bool loose,
		const struct config_place *place, const struct config_option **ret_option);

/* The text of one file; path is only for messages and origins. 0 or -EINVAL with error. */
int config_parse(struct config *config, const char *text, size_t len, const char *path,
		enum config_rank rank, char error[static CONFIG_ERROR_BYTES]);

/* Reads one file. 1 = read, 0 = there is none, -EINVAL with error. */
int config_read_file(struct config *config, const char *path, enum config_rank rank,
		char error[static CONFIG_ERROR_BYTES]);

/* The option that an entry of a file in our own grammar names; NULL = none. */
const struct config_option *config_entry_option(const struct ini_entry *entry);

/* Where the profile of that VM is, or would be. False: no file can have that name. */
bool config_profile_path(
		const struct config_paths *paths, const char *vm_name, char *path, size_t size);

/* Defaults and looking-glass-client's files alone. */
int config_load_lg(struct config *config, char **argv, const struct config_paths *paths,
		char error[static CONFIG_ERROR_BYTES]);

/* What the command line says, before it is applied. */
struct config_argument {
	const struct config_option *option; /* NULL: one of theirs, lg */
	const char *lg;
	const char *value; /* NULL: turn it over */
	unsigned index;
};

struct config_arguments {
	struct config_argument *items; /* heap */
	unsigned count;
	const char *extra_file; /* -C */
	const char *domain;
	const char *vv; /* a connection file */
	const char *log_level;
	bool no_lg_config;
};

/* Fills *ret and config's mode and rest if there is a sub-command. 0 or -EINVAL with error; free
 * ret->items either way. */
int config_parse_arguments(struct config *config, int argc, char **argv,
		struct config_arguments *ret, char error[static CONFIG_ERROR_BYTES]);
int config_apply_arguments(struct config *config, const struct config_arguments *arguments,
		char error[static CONFIG_ERROR_BYTES]);

/* Reads a connection file of virt-viewer and applies it below the command line. 0, 1 (it asks to be
 * deleted once used) or -EINVAL with error. */
int config_load_vv(struct config *config, const char *path, char error[static CONFIG_ERROR_BYTES]);
void config_delete_vv(const char *path);

/* "where: there is no option name; did you mean near?"; where NULL = the command line. */
void config_unknown(char error[static CONFIG_ERROR_BYTES], const char *where, const char *name,
		const char *near);
/* "where: name = value: allowed is ..." */
void config_misfit(char error[static CONFIG_ERROR_BYTES], const char *where, const char *name,
		const char *value, const struct config_option *option);
