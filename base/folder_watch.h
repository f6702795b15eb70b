/*
 * Watches folders by inotify; the caller's own loop waits for the descriptor. A machine has few
 * inotify instances (fs.inotify.max_user_instances), so every caller also has a way without one.
 */
#pragma once

#include <stdint.h>

/* One change. mask: the IN_* bits that occurred; IN_Q_OVERFLOW alone: some were lost, look at
 * everything. name: of the file in the folder, "" = the folder itself. */
typedef void (*folder_watch_fn)(int folder, uint32_t mask, const char *name, void *data);

/* A descriptor that becomes readable with a change, for close(); or a negative errno. */
int folder_watch_open(void);

/* mask: IN_*. Returns the folder's number, or a negative errno; a second time the same number. */
int folder_watch_add(int fd, const char *path, uint32_t mask);
void folder_watch_remove(int fd, int folder);

/* Reads all that has come, and calls fn for each. */
void folder_watch_read(int fd, folder_watch_fn fn, void *data);
