#include "client/platform/xdg.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fits(int printed, size_t size) {
	return printed >= 0 && (size_t)printed < size;
}

bool xdg_passwd_home(char *path, size_t size) {
	char buffer[4096];
	struct passwd entry;
	struct passwd *found;
	if (getpwuid_r(getuid(), &entry, buffer, sizeof buffer, &found) != 0 || !found) {
		return false;
	}
	return found->pw_dir[0] == '/' && fits(snprintf(path, size, "%s", found->pw_dir), size);
}

bool xdg_home(char *path, size_t size) {
	const char *home = getenv("HOME"); // NOLINT(concurrency-mt-unsafe): nobody sets it
	if (home && home[0] == '/') {
		return fits(snprintf(path, size, "%s", home), size);
	}
	return xdg_passwd_home(path, size);
}

static bool base(const char *variable, const char *below_home, char *path, size_t size) {
	const char *value = getenv(variable); // NOLINT(concurrency-mt-unsafe): nobody sets it
	if (value && value[0] == '/') {
		return fits(snprintf(path, size, "%s", value), size);
	}
	char home[1024];
	return xdg_home(home, sizeof home) &&
	       fits(snprintf(path, size, "%s/%s", home, below_home), size);
}

bool xdg_config(const char *name, char *path, size_t size) {
	char folder[1024];
	return base("XDG_CONFIG_HOME", ".config", folder, sizeof folder) &&
	       fits(snprintf(path, size, "%s%s%s", folder, name[0] ? "/" : "", name), size);
}

bool xdg_make_folder(const char *path) {
	char part[1200];
	if (!fits(snprintf(part, sizeof part, "%s", path), sizeof part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST) {
			return false;
		}
		*slash = '/';
	}
	return mkdir(part, 0700) == 0 || errno == EEXIST;
}

bool xdg_state(const char *name, char *path, size_t size) {
	char folder[1024];
	char ours[1100];
	return base("XDG_STATE_HOME", ".local/state", folder, sizeof folder) &&
	       fits(snprintf(ours, sizeof ours, "%s/pierglass", folder), sizeof ours) &&
	       xdg_make_folder(ours) && fits(snprintf(path, size, "%s/%s", ours, name), size);
}

bool xdg_folder_has(const char *path, const char *ending) {
	DIR *dir = opendir(path);
	bool found = false;
	size_t end = strlen(ending);
	for (struct dirent *entry;
			dir && !found && (entry = readdir(dir));) { // NOLINT(concurrency-mt-unsafe)
		size_t len = strlen(entry->d_name);
		found = len > end && strcmp(entry->d_name + len - end, ending) == 0;
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* Undoes the shell's quoting of one "..." value. Returns the length, or 0. */
static size_t unquote(const char *text, char *value, size_t size) {
	size_t at = 0;
	if (*text++ != '"') {
		return 0;
	}
	for (; *text && *text != '"' && *text != '\n'; text++) {
		if (*text == '\\' && text[1] && text[1] != '\n') {
			text++;
		}
		if (at + 1 >= size) {
			return 0;
		}
		value[at++] = *text;
	}
	value[at] = '\0';
	return *text == '"' ? at : 0;
}

bool xdg_user_dir(
		const char *text, const char *variable, const char *home, char *path, size_t size) {
	size_t len = strlen(variable);
	bool found = false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		char value[1024] = "";
		while (*line == ' ' || *line == '\t' || *line == '\n' || *line == '\r') {
			line++;
		}
		if (strncmp(line, variable, len) != 0 || line[len] != '=' ||
				unquote(line + len + 1, value, sizeof value) == 0) {
			continue;
		}
		/* The last one counts, as in a shell. */
		if (strncmp(value, "$HOME", 5) == 0 && (value[5] == '/' || value[5] == '\0')) {
			found = fits(snprintf(path, size, "%s%s", home, value + 5), size);
		} else {
			found = value[0] == '/' && fits(snprintf(path, size, "%s", value), size);
		}
	}
	return found;
}

/* False: user-dirs.dirs does not have it. */
static bool user_dir(const char *variable, const char *home, char *path, size_t size) {
	char file[1100];
	char text[8192];
	FILE *stream = NULL;
	if (xdg_config("user-dirs.dirs", file, sizeof file)) {
		stream = fopen(file, "re");
	}
	if (!stream) {
		return false;
	}
	size_t len = fread(text, 1, sizeof text - 1, stream);
	fclose(stream);
	text[len] = '\0';
	return xdg_user_dir(text, variable, home, path, size);
}

bool xdg_holds(const char *folder, const char *path) {
	char above[PATH_MAX], whole[PATH_MAX];
	if (!realpath(folder, above) || !realpath(path, whole)) {
		return false;
	}
	const size_t len = above[1] ? strlen(above) : 0; /* of the root: nothing before a slash */
	return strncmp(above, whole, len) == 0 && (whole[len] == '/' || whole[len] == '\0');
}

/* A folder of user-dirs.dirs; said to be the home folder, it is none. */
static bool own_dir(const char *variable, const char *home, char *path, size_t size) {
	return user_dir(variable, home, path, size) && !xdg_holds(path, home);
}

bool xdg_pictures(char *path, size_t size) {
	char home[1024];
	if (!xdg_home(home, sizeof home)) {
		return false;
	}
	return own_dir("XDG_PICTURES_DIR", home, path, size) ||
	       (fits(snprintf(path, size, "%s/Pictures", home), size) && xdg_make_folder(path));
}

bool xdg_videos(char *path, size_t size) {
	char home[1024];
	struct stat st;
	return (xdg_home(home, sizeof home) && own_dir("XDG_VIDEOS_DIR", home, path, size) &&
			       stat(path, &st) == 0 && S_ISDIR(st.st_mode)) ||
	       xdg_pictures(path, size);
}
