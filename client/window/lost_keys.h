/*
 * Keys that SDL (2.26) does not know by their Linux code, or takes for others: F21 to F24 and the
 * comma of a Japanese keypad reach no program, the dot of a Brazilian keypad comes as its comma,
 * and Zenkaku/Hankaku as AltGr. Where the display server's own events say which key it was
 * (window_held.h, wayland_locks.h), they are put into SDL's queue from there. Main thread only.
 */
#pragma once

#include <stdbool.h>

/* Whether it is one of them, by its Linux code. */
bool lost_key(unsigned code);
/* The Linux code of what SDL takes it for; 0 = it tells nothing. */
unsigned lost_key_taken_for(unsigned code);
/* An event of SDL's for it. */
void lost_key_tell(unsigned code, bool pressed, bool repeat);
