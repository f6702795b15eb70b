/* Ini files: ours, in which everything must be right, and looking-glass-client's, in which what we
 * do not understand is passed over with a debug line. */
#define LOG_MODULE "config"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "client/config/config_set.h"
#include "client/config/ini.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"

#include "base/log.h"

#define FILE_MAX (1 << 20)

struct file {
	struct config *config;
	struct config_place place;
	const char *path;
	char *error;
};

static void where(const struct file *file, unsigned line, char *text, size_t size) {
	snprintf(text, size, "%.200s:%u", file->path, line);
}

static int ours_unknown_section(struct file *file, const struct ini_entry *entry) {
	char at[240];
	where(file, entry->line, at, sizeof at);
	snprintf(file->error, CONFIG_ERROR_BYTES,
			_("%s: there is no section [%s]; the names of the options need none"), at,
			entry->section);
	return -EINVAL;
}

static bool is_group(const char *section) {
	for (unsigned i = 0; i < OPTION_GROUP_COUNT; i++) {
		if (ascii_casecmp(section, option_group_names[i]) == 0) {
			return true;
		}
	}
	return section[0] == '\0' || ascii_casecmp(section, "pierglass") == 0;
}

const struct config_option *config_entry_option(const struct ini_entry *entry) {
	char name[80];
	const struct config_option *option = NULL;
	if (ascii_casecmp(entry->section, "keys") == 0) {
		snprintf(name, sizeof name, "key-%.60s", entry->name);
		option = option_find(name);
	}
	return option ? option : option_find(entry->name);
}

static int ours_lg(struct file *file, const struct ini_entry *entry, const char *at) {
	char name[160];
	const struct config_option *option;
	if (strchr(entry->name, ':')) {
		snprintf(name, sizeof name, "%.150s", entry->name);
	} else {
		snprintf(name, sizeof name, "%.60s:%.80s", entry->section, entry->name);
	}
	int r = config_set_lg(file->config, name, entry->value, false, &file->place, &option);
	if (r == -ENOENT) {
		config_unknown(file->error, at, name, lg_nearest(name));
		return -EINVAL;
	}
	if (r == -EINVAL) {
		config_misfit(file->error, at, name, entry->value, option);
	}
	return r;
}

static int ours(const struct ini_entry *entry, void *data) {
	struct file *file = data;
	char at[240];
	where(file, entry->line, at, sizeof at);
	file->place.where = entry->line;
	bool module = lg_is_module(entry->section, strlen(entry->section));
	if (!module && !is_group(entry->section)) {
		return ours_unknown_section(file, entry);
	}
	const struct config_option *option = config_entry_option(entry);
	if (!option && lg_is_idle_word(entry->name)) {
		return 0;
	}
	if (!option && (module || strchr(entry->name, ':'))) {
		return ours_lg(file, entry, at);
	}
	if (!option) {
		config_unknown(file->error, at, entry->name, option_nearest(entry->name));
		return -EINVAL;
	}
	if (option->flags & OPTION_ARGV) {
		snprintf(file->error, CONFIG_ERROR_BYTES,
				_("%s: %s can only be given on the command line"), at,
				option->name);
		return -EINVAL;
	}
	int r = config_set(file->config, option, entry->value, &file->place);
	if (r == -EINVAL) {
		config_misfit(file->error, at, option->name, entry->value, option);
	}
	return r < 0 ? r : 0;
}

static int ours_bad(unsigned line, const char *why, void *data) {
	struct file *file = data;
	char at[240];
	where(file, line, at, sizeof at);
	snprintf(file->error, CONFIG_ERROR_BYTES, "%s: %s", at, _(why));
	return -EINVAL;
}

static int theirs(const struct ini_entry *entry, void *data) {
	struct file *file = data;
	const struct config_option *option;
	char name[160];
	snprintf(name, sizeof name, "%.60s:%.80s", entry->section, entry->name);
	file->place.where = entry->line;
	int r = config_set_lg(file->config, name, entry->value, true, &file->place, &option);
	if (r == -ENOENT) {
		log_debug("%s:%u: looking-glass-client has no option %s", file->path, entry->line,
				name);
	} else if (r == -EINVAL) {
		log_debug("%s:%u: %s = %s is nothing it can be", file->path, entry->line, name,
				entry->value);
	}
	return r == -ENOMEM ? r : 0;
}

static int theirs_bad(unsigned line, const char *why, void *data) {
	const struct file *file = data;
	log_debug("%s:%u: %s", file->path, line, why);
	return 0;
}

/* The whole of a regular file. 1, 0 = there is none, negative errno. */
static int slurp(const char *path, char **ret_text, size_t *ret_len) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	}
	struct stat st;
	int r = 1;
	char *text = NULL;
	size_t len = 0;
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		r = -EISDIR;
	} else if (!S_ISREG(st.st_mode)) {
		st.st_size = 0; /* -C /dev/null */
		text = calloc(1, 1);
		r = text ? 1 : -ENOMEM;
	} else if (st.st_size > FILE_MAX) {
		r = -EFBIG;
	} else if (!(text = malloc((size_t)st.st_size + 1))) {
		r = -ENOMEM;
	}
	while (r == 1 && len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);
		if (n < 0) {
			r = -errno;
		}
		if (n <= 0) {
			break;
		}
		len += (size_t)n;
	}
	close(fd);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_len = len;
	return 1;
}

int config_parse(struct config *config, const char *text, size_t len, const char *path,
		enum config_rank rank, char error[static CONFIG_ERROR_BYTES]) {
	if (config->file_count == CONFIG_FILES_MAX) {
		snprintf(error, CONFIG_ERROR_BYTES, _("%.300s: too many files"), path);
		return -EINVAL;
	}
	bool lg = rank == CONFIG_LG_FILE;
	unsigned index = config->file_count++;
	snprintf(config->files[index], sizeof config->files[index], "%s", path);
	struct file file = {
		.config = config,
		.place = { .rank = rank, .file = index },
		.path = path,
		.error = error,
	};
	const struct ini_handler handler = {
		.entry = lg ? theirs : ours,
		.bad = lg ? theirs_bad : ours_bad,
		.data = &file,
	};
	return ini_parse(text, len, lg ? INI_LG : INI_OURS, &handler);
}

int config_read_file(struct config *config, const char *path, enum config_rank rank,
		char error[static CONFIG_ERROR_BYTES]) {
	char *text = NULL;
	size_t len = 0;
	int r = slurp(path, &text, &len);
	if (r == 0) {
		return 0;
	}
	if (r < 0 && rank == CONFIG_LG_FILE) {
		log_debug("%s: %s", path, strerrordesc_np(-r));
		return 0;
	}
	if (r < 0) {
		snprintf(error, CONFIG_ERROR_BYTES, _("%.300s: cannot be read: %s"), path,
				strerrordesc_np(-r));
		return -EINVAL;
	}
	r = config_parse(config, text, len, path, rank, error);
	free(text);
	return r < 0 ? r : 1;
}
