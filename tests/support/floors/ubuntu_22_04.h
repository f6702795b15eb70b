/*
 * What Ubuntu 22.04 has and Debian 11 has not, for tests/long/floors, which compiles on Debian 11:
 * two names of the C library up to 2.35, one of OpenSSL 3.0, system calls up to Linux 5.15, names
 * of SDL up to 2.0.18. Read before every other file.
 */
#pragma once

#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif

/* C library 2.32. */
static inline const char *strerrordesc_np(int error) {
	return strerror(error);
}

/* C library 2.35. */
static inline int epoll_pwait2(int epoll, struct epoll_event *events, int count,
		const struct timespec *timeout, const sigset_t *mask) {
	return (int)syscall(SYS_epoll_pwait2, epoll, events, count, timeout, mask, sizeof(long));
}

/* OpenSSL 3.0: its old name went on as a macro of this one. */
#define SSL_get1_peer_certificate SSL_get_peer_certificate

/* SDL 2.0.16 and 2.0.18; here their older like. */
#include <SDL.h>
#define SDL_HINT_ALLOW_ALT_TAB_WHILE_GRABBED "SDL_ALLOW_ALT_TAB_WHILE_GRABBED"
#define SDL_SetWindowKeyboardGrab            SDL_SetWindowGrab
#define SDL_SetWindowMouseGrab               SDL_SetWindowGrab
#define preciseX                             x
#define preciseY                             y
#define SDL_WINDOW_KEYBOARD_GRABBED          SDL_WINDOW_INPUT_GRABBED
#define SDL_FLASH_UNTIL_FOCUSED              2
#define SDL_FlashWindow(window, how)         ((void)(window), 0)
