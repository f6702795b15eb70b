/*
 * The outcome of app_decide(): a part of the program's status.
 */
#pragma once

#include <stdbool.h>

/* Each is a small sign at the top right for as long as the state lasts, the weightiest first. */
enum app_sign {
	APP_SIGN_STALE,      /* the picture is the last one of a source that is gone */
	APP_SIGN_WRONG_VM,   /* picture and input belong to two VMs */
	APP_SIGN_NO_INPUT,   /* keyboard and mouse do not reach the guest */
	APP_SIGN_INPUT_OFF,  /* the same, by the user's key */
	APP_SIGN_RECORDING,  /* the guest hears the microphone */
	APP_SIGN_RECORDED,   /* picture and sound go into a file */
	APP_SIGN_CLIPBOARD,  /* the guest used the clipboard while nobody looked */
	APP_SIGN_NO_DEVICE,  /* a keyboard or mouse that the guest is to have is missing */
	APP_SIGN_PAUSED,     /* by the user's key */
	APP_SIGN_NO_SOUND,   /* sound is wanted and something is missing for it */
	APP_SIGN_NO_HOST,    /* SPICE's picture stands in for that of the shared memory */
	APP_SIGN_NO_GL,      /* the CPU draws, for want of OpenGL ES 3 */
	APP_SIGN_MUTED,      /* by the user's key */
	APP_SIGN_CAPTURED,   /* the window has keyboard and mouse */
	APP_SIGN_GRABBED,    /* the guest has the evdev devices */
	APP_SIGN_SPICE_ONLY, /* by the user's choice */
	APP_SIGN_COUNT
};

/* A sign that calls for no action has its sentence on the screen for so long after it began; the
 * others for as long as they last. Each sentence is read again by pointing at the sign, or while
 * the escape key is held. */
#define APP_SIGN_READ_NS 8000000000ull

struct app_decision {
	/* What is wanted of the parts. */
	bool display;         /* the SPICE server's display channel */
	bool input;           /* forward input to the guest */
	bool screensaver_off; /* the desktop must not blank or lock */

	/* What is shown. */
	unsigned signs; /* 1 << enum app_sign */
	bool frozen;    /* the picture is not what the guest shows now: it is darkened */
};
