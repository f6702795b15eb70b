/*
 * Whether the Wayland compositor is still there, while nobody of ours reads its connection: SDL and
 * libdecor begin, open the window, and wait in loops that a dead compositor never ends (SDL 2.26
 * turns in one until the window is configured), or take down what they have not got. A connection
 * of our own, on which nothing is said, ends with the compositor.
 */
#pragma once

/* One at a time. gone runs once, on pg-ending, and must not block. From now on until
 * display_watch_end_start() a crash of the calling thread that comes with the compositor's end is
 * that end: the thread then stands still, and gone ends the program. Does nothing where there is no
 * Wayland. */
void display_watch_start(void (*gone)(void *data), void *data);
/* The window is there. The compositor is watched on, where SDL's window is its. */
void display_watch_end_start(void);
/* gone does not run any more when it returns. */
void display_watch_stop(void);
