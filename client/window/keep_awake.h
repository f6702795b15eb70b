/*
 * Keeps the desktop from blanking or locking the screen, and lets it again. SDL does so, and this
 * module gives back what SDL2 does not: where no org.freedesktop.ScreenSaver answers, SDL 2.26
 * takes the inhibition through Wayland or the X server and, when it should end the inhibition,
 * believes that there was none. Main thread only.
 */
#pragma once

#include <stdbool.h>

struct keep_awake;
struct SDL_Window;

/* NULL: no memory; the others accept it. */
struct keep_awake *keep_awake_create(struct SDL_Window *window);
/* Before the window goes. */
void keep_awake_destroy(struct keep_awake *awake);
void keep_awake_set(struct keep_awake *awake, bool on);
