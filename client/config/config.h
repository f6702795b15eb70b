/*
 * The user's choices: one struct, filled from the command line, the ini files and the defaults by
 * the one table of options (client/config/options.h).
 *
 * Precedence: command line > connection file > profile of the VM > discovery > file of -C >
 * pierglass.ini > looking-glass-client's ini files > defaults. Every option remembers where its
 * value came from, so values may be applied in any order: a weaker source never replaces a
 * stronger one.
 *
 * Plain data, no threads: main() fills it before any thread exists and passes it down; parts copy
 * what they need. Texts are UTF-8 and terminated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/audio.h"
#include "base/log.h"
#include "client/platform/sandbox.h"
#include "client/session/guest_link.h"
#include "client/video/video.h"

enum run_mode {
	RUN_PLAY,
	RUN_DEMO,       /* play, against the embedded guest */
	RUN_BENCH,      /* see bench.kind */
	RUN_AUDIO_ONLY, /* sound, no window */
	RUN_SCREENSHOT, /* one frame into screenshot_path, no window */
	RUN_DOCTOR,     /* execute pierglass-doctor with rest */
	RUN_SETUP,      /* execute pierglass-setup with rest */
	RUN_VM_INFO,    /* execute pierglass-vm-info with rest */
	RUN_CONFIG,     /* config_show() */
	RUN_SCREAM,     /* the old receiver: audio is filled from its own flags */
	RUN_HELP,
	RUN_VERSION,
	RUN_LICENSE,
	RUN_COMPLETIONS, /* print the completions of help_topic ("bash", "zsh", "fish") */
};

enum bench_sink { BENCH_SINK_BUILTIN, BENCH_SINK_SERVER };
enum bench_kind { BENCH_NONE, BENCH_VIDEO, BENCH_AUDIO, BENCH_INPUT };
enum guest_host { GUEST_HOST_B6, GUEST_HOST_B7, GUEST_HOST_34 };
enum guest_format {
	GUEST_FORMAT_BGRA,
	GUEST_FORMAT_RGBA,
	GUEST_FORMAT_RGBA10,
	GUEST_FORMAT_RGBA16F,
	GUEST_FORMAT_BGR32,
	GUEST_FORMAT_RGB24,
};
enum guest_damage {
	GUEST_DAMAGE_MOVING,
	GUEST_DAMAGE_FULL,
	GUEST_DAMAGE_NONE,
	GUEST_DAMAGE_DESKTOP, /* 1 % of it */
};
enum window_driver { WINDOW_AUTO, WINDOW_WAYLAND, WINDOW_X11, WINDOW_OFFSCREEN };

/* The embedded guest, for --demo and --bench. */
struct guest_options {
	int width, height; /* px */
	int fps;
	enum guest_format format;
	enum guest_host host;
	enum guest_damage damage;
};

struct bench_options {
	enum bench_kind kind;
	bool compare; /* run every way of polling and uploading, one after the other */
	bool real;    /* measure the shared memory of --shm instead of the embedded guest */
	bool pin;     /* the embedded guest has a CPU of its own, as a VM with pinned vCPUs has */
	/* The sender of --bench=audio; all 0 = a row of scenarios. */
	double ppm, burst_ms, jitter_ms, loss_percent, stall_ms;
	enum bench_sink sink;
};

#define WINDOW_SIDE_MAX 32768 /* of sizes and positions */

struct window_options {
	enum window_driver driver;
	char title[128];
	char app_id[64];
	int width, height; /* px, at start */
	bool size_chosen;  /* by --size, or as the window was left */
	bool center;       /* else at x, y */
	int x, y;
	char monitor[64]; /* "" = the desktop chooses */
	bool remember;    /* open where the window was left; off once size or position are given */
	bool borderless;
	bool full_screen;
	bool full_screen_chosen; /* by an option: as the window was left does not count */
	bool title_chosen;
	bool maximize;
	bool auto_resize;       /* the window follows the guest */
	bool allow_resize;      /* the user may resize */
	bool force_aspect;      /* snap the window to the guest's aspect after a resize */
	bool shrink_on_upscale; /* with no_upscale: the window is never larger than the guest */
	bool set_guest_size;    /* ask the guest for the window's size where it can do so */
	bool ignore_quit;
	bool no_screensaver;   /* always keep the screen awake */
	bool auto_screensaver; /* keep it awake while the guest asks for it */
	bool minimize_on_focus_loss;
	bool request_activation; /* the guest may ask for attention */
	bool alerts;             /* short messages */
	bool dim_overlay;        /* dim the picture behind the menu */
	bool show_fps;
	bool show_graphs;
	int ui_size; /* px */
};

/* What a key does after the escape key. Names and defaults: options_table.c. */
enum key_action {
	KEY_ACTION_NONE,
	KEY_ACTION_FULL_SCREEN,
	KEY_ACTION_VIDEO,
	KEY_ACTION_ROTATE,
	KEY_ACTION_RECOVER,
	KEY_ACTION_QUIT,
	KEY_ACTION_MENU,
	KEY_ACTION_FPS,
	KEY_ACTION_GRAPHS,
	KEY_ACTION_INPUT,
	KEY_ACTION_GUEST_SIZE,
	KEY_ACTION_SENSITIVITY_UP,
	KEY_ACTION_SENSITIVITY_DOWN,
	KEY_ACTION_GUEST_VOLUME_UP,
	KEY_ACTION_GUEST_VOLUME_DOWN,
	KEY_ACTION_GUEST_MUTE,
	KEY_ACTION_LEFT_META,
	KEY_ACTION_RIGHT_META,
	KEY_ACTION_MICROPHONE,
	KEY_ACTION_MICROPHONE_POLICY,
	KEY_ACTION_CLIPBOARD,
	KEY_ACTION_SCREENSHOT,
	KEY_ACTION_RECORD,
	KEY_ACTION_SOURCE,
	KEY_ACTION_CTRL_ALT_DEL,
	KEY_ACTION_TYPE_CLIPBOARD,
	KEY_ACTION_MUTE,
	KEY_ACTION_BENCH,
	KEY_ACTION_GRAB,
	KEY_ACTION_RECONNECT,
	KEY_ACTION_REPORT,
	KEY_ACTION_COUNT,
};

#define KEY_BINDING_SHIFT 0x10000u

struct input_options {
	bool capture_on_start;
	bool capture_on_focus;
	bool capture_only;           /* forward input only while captured */
	bool auto_capture;           /* grab the keyboard while the pointer is in the picture */
	bool grab_keyboard;          /* while captured */
	bool grab_keyboard_on_focus; /* whenever the pointer is in the picture */
	bool hide_cursor;            /* the local one, over the picture */
	bool always_show_cursor;
	bool show_cursor_dot; /* while the window has no focus */
	bool large_cursor_dot;
	bool scale_cursor; /* motion is scaled as the picture is */
	int help_delay_ms; /* of holding the escape key */
	/* KEY_*, maybe with KEY_BINDING_SHIFT; 0 = not bound. The index is an enum key_action. */
	unsigned bindings[KEY_ACTION_COUNT];
};

/* The strength of a source of values; a greater one wins. */
enum config_rank {
	CONFIG_DEFAULT,
	CONFIG_LG_FILE,
	CONFIG_FILE,
	CONFIG_EXTRA_FILE, /* -C */
	CONFIG_DISCOVERY,
	CONFIG_PROFILE,
	CONFIG_VV, /* a connection file of virt-viewer */
	CONFIG_ARGV,
	CONFIG_RANK_COUNT,
};

struct config_origin {
	uint8_t rank;   /* enum config_rank */
	uint8_t file;   /* of config.files, for the ranks that are files */
	uint16_t where; /* line of the file, or index in argv */
};

#define CONFIG_OPTIONS_MAX 224
#define CONFIG_FILES_MAX   8
#define CONFIG_SHOW_MAX    32
#define CONFIG_ERROR_BYTES 512

struct config {
	enum run_mode mode;
	bool json;
	double seconds;      /* leave after so long; 0 = never */
	bool stats;          /* print figures while it runs ... */
	double stats_period; /* ... every so many seconds */
	enum log_level log_level;
	bool no_lg_config;
	const char *config_file;       /* -C, of argv; NULL = none */
	bool sandbox;                  /* give up what is not needed (client/platform/sandbox.h) */
	struct sandbox_state confined; /* what was given up; no option */
	char help_topic[32];           /* "" = the common config_options, "all", or a group */
	char screenshot_path[256];
	bool screenshot_pointer;
	char record_path[256]; /* "" = by the key only */
	int record_limit_mib;

	bool demo; /* the embedded guest instead of a VM, also for bench and screenshot */

	/* The virtual machine. "" = none was named. */
	char domain[128];
	char connect_uri[256]; /* libvirt's; "" = its own choice */
	bool discover;         /* look the domain up at all */
	char vm_owner[128];    /* users beside root, oneself and QEMU's own that may be the VM */
	struct owners owners;  /* all of them; video, audio and session have copies */

	bool host_clipboard; /* text and images over the host's own streams, where it has them */
	bool host_input;     /* keyboard and mouse over the host's own stream, where it has one */
	bool demo_if_no_vm;
	struct guest_options guest;
	struct bench_options bench;

	bool picture; /* false with --source=off: no window at all */
	bool sound;   /* false with --audio=off */
	struct video_config video;
	struct audio_config audio;
	struct guest_link_config session;
	struct window_options window;
	struct input_options input;

	/* A sub-command and its arguments, into main()'s argv: rest[0] is "doctor", "setup", ...
	 * Not for `config`, whose options are ours. */
	int rest_count;
	char **rest;
	const char *near_command; /* the sub-command that DOMAIN looks like; NULL = none */

	/* Chosen in the window: the program goes on as that of this VM. "" = none was. */
	char next_vm[128];
	char next_uri[256]; /* of the libvirt that has it */
	bool next_starts;   /* it is off: libvirt is asked to start it */

	/* `pierglass config`: names of options to show; none = all. */
	unsigned show_count;
	const char *show[CONFIG_SHOW_MAX];
	bool import, force;

	/* Values that config_finish() combines into the ones above; nobody else reads them. */
	struct {
		bool audio_only, version, license, remember, set_guest_size;
		char shell[8]; /* of --generate-completions */
		bool spice_enable;
		char spice_host[200];
		int spice_port;
		char spice[256];
		unsigned spice_origin; /* the option that decided session.uri */
		bool clipboard;
		enum clipboard_policy clipboard_to_vm, clipboard_to_local;
	} raw;

	/* Where each value came from; the index is that of the option in the table. */
	struct config_origin origins[CONFIG_OPTIONS_MAX];
	unsigned file_count;
	char files[CONFIG_FILES_MAX][512]; /* the ones that were read */
};

/* Where things are looked for. NULL members are skipped. */
struct config_paths {
	const char *lg_files[3]; /* weakest first */
	const char *dir;         /* of pierglass.ini and vms/NAME.ini */
	const char *kvmfr;       /* "/dev/kvmfr0": the default shared memory if it is a device */
};

/*
 * Fills *config from the arguments, the files and the defaults, and sets the log's level. paths
 * NULL = this user's. argv must live as long as config. Returns 0, or -EINVAL with what is wrong,
 * where, and what would be right in error (maybe several lines, no newline at the end): exit 2.
 */
int config_load(struct config *config, int argc, char **argv, const struct config_paths *paths,
		char error[static CONFIG_ERROR_BYTES]);

/* A value that discovery found, by option name: "shm", "spice", "audio-interface", ... Returns 1
 * if the effective value changed, 0 if it did not (the user chose another, or it is the same),
 * -EINVAL with error if there is no such option or the value does not fit. */
int config_apply_discovery(struct config *config, const char *name, const char *value,
		char error[static CONFIG_ERROR_BYTES]);

/* Whether there is any profile of a VM. paths here and below: NULL = this user's. */
bool config_has_profiles(const struct config_paths *paths);

/* Whether there is a profile of that VM that was not read; path is then where. */
bool config_profile_unread(const struct config *config, const char *vm_name,
		const struct config_paths *paths, char *path, size_t size);

/* The profile of a VM whose name became known later (vm_profile.h). 1 = there is one, 0 = none,
 * -EINVAL with error. */
int config_apply_profile(struct config *config, const char *vm_name,
		const struct config_paths *paths, char error[static CONFIG_ERROR_BYTES]);

/* The directions of the clipboard, of what was chosen for each and of the switch for both. */
void config_share_clipboard(struct config *config);

/* "command line", "/home/u/.config/pierglass/pierglass.ini:12", "default", ... into text. */
void config_origin_text(const struct config *config, unsigned option, char *text, size_t size);
