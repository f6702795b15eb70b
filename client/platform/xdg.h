/*
 * Where this user's files are, by the XDG base directory rules: a variable counts only if it is an
 * absolute path. All return false if there is no answer or it does not fit; nothing is created
 * unless said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* $HOME, else the password database. */
bool xdg_home(char *path, size_t size);
/* The password database alone, as looking-glass-client looks for its file. */
bool xdg_passwd_home(char *path, size_t size);

/* $XDG_CONFIG_HOME/name, else ~/.config/name; name may be "". */
bool xdg_config(const char *name, char *path, size_t size);
/* $XDG_STATE_HOME/pierglass/name; the folder is made (0700). */
bool xdg_state(const char *name, char *path, size_t size);
/* mkdir -p, each new folder for this user alone (0700). False: see errno. */
bool xdg_make_folder(const char *path);

/* Whether the folder has an entry whose name ends so. */
bool xdg_folder_has(const char *path, const char *ending);

/* Whether the folder is this path or above it, by whichever links. False where one is missing. */
bool xdg_holds(const char *folder, const char *path);

/* $XDG_PICTURES_DIR of user-dirs.dirs; where that is not set, or the home folder itself,
 * ~/Pictures, which is made. */
bool xdg_pictures(char *path, size_t size);
/* $XDG_VIDEOS_DIR, if that folder is there; else as xdg_pictures(). */
bool xdg_videos(char *path, size_t size);

/* The value of one variable in the text of user-dirs.dirs; home replaces a leading $HOME. Pure. */
bool xdg_user_dir(
		const char *text, const char *variable, const char *home, char *path, size_t size);
