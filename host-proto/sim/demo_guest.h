/*
 * The demo guest: a producer with a picture, a pointer and faults, in place of the host program in
 * a VM. For `pierglass --demo`, the bench and tests. No thread and no waiting: the caller runs
 * demo_guest_step() when it asks for it. All calls from one thread.
 *
 * Order of a frame as the stock host has it (doc/protocol/kvmfr.md 4): header, write pointer 0,
 * post, then the pixels in steps of 1 MiB. Nothing is captured while nobody is subscribed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/frame.h"
#include "host-proto/sim/clipboard_host.h"
#include "host-proto/sim/demo_picture.h"
#include "host-proto/sim/input_host.h"

struct demo_guest;
struct kvmfr_schedule;
struct shm;

enum demo_cursor {
	DEMO_CURSOR_CYCLE, /* another kind every two seconds */
	DEMO_CURSOR_COLOR,
	DEMO_CURSOR_MONO,
	DEMO_CURSOR_MASKED,
	DEMO_CURSOR_HIDDEN,
	DEMO_CURSOR_NONE, /* no pointer message at all */
};

struct demo_guest_config {
	unsigned kvmfr; /* 19, 20, 34 */
	uint32_t width, height;
	uint32_t screen_width, screen_height; /* 0 = width, height */
	double fps;                           /* 0 = one frame, then a still picture */
	enum frame_format format;
	unsigned padding; /* bytes after each row, beyond what the format asks for */
	unsigned rotation;
	unsigned flags; /* enum frame_flag */
	enum demo_damage damage;
	double damage_percent;
	enum demo_cursor cursor;
	bool cursor_moves;
	bool accepts_cursor_position;
	bool accepts_window_size; /* KVMFR 34: its mode follows the client's window */
	bool offers_audio;        /* KVMFR 34: answers the audio claim; there is no sound in it */
	bool offers_input;        /* KVMFR 34: a stream for keyboard and mouse */
	bool offers_clipboard;    /* KVMFR 34: streams for text and images */
	bool offers_schedule;     /* KVMFR 34: its frames follow a client's display */
	bool windows;             /* it says that it is one: text has CR LF */
	uint32_t session;         /* 0 = any */
	uint8_t vm;               /* which VM it belongs to; 0 = it does not tell */
};

/* Figures of one frame that was posted and given back. CLOCK_MONOTONIC. */
struct demo_guest_times {
	uint32_t serial;
	uint64_t posted_ns, written_ns;
	uint64_t released_ns; /* when we saw that all had finished it; 0 = not yet known */
};

struct demo_guest_counters {
	uint64_t posted;   /* to at least one subscriber */
	uint64_t refused;  /* all blocks were still in use when a frame was due */
	uint64_t unseen;   /* captured while a subscriber had just left */
	uint64_t sessions; /* begun */
	uint64_t moves;    /* requests of clients to move the pointer */
	uint64_t sizes;    /* window sizes of clients */
};

struct demo_guest_events {
	/* All may be NULL. Called from step(). */
	void (*released)(const struct demo_guest_times *times, void *data);
	void (*refused)(uint64_t now_ns,
			void *data);             /* a frame's turn came, and no block was free */
	void (*moved)(int x, int y, void *data); /* SetCursorPos */
	/* WindowSize; taken: it became the guest's mode. */
	void (*sized)(uint32_t width, uint32_t height, bool taken, void *data);
	/* FrameSchedule, by whom and with what; owns: the frames follow that client now. Zeros: the
	 * lease of one is over. */
	void (*scheduled)(const struct kvmfr_schedule *said, bool owns, void *data);
	/* With data of their own. */
	struct input_host_events input;
	struct clipboard_host_events clipboard;
	void *data;
};

/* Defaults: B7, 1920x1080 at 60, BGRA, moving pointer. */
struct demo_guest_config demo_guest_defaults(void);

/* What the memory must hold for this configuration: a power of two. */
uint64_t demo_guest_memory_bytes(const struct demo_guest_config *config);

/* Borrows shm, copies the rest; begins a session. Returns 0, -EINVAL (configuration), -ENOMEM,
 * -EMSGSIZE (memory too small). A frame that does not fit whole is sent truncated. */
int demo_guest_create(struct demo_guest **ret_guest, struct shm *shm,
		const struct demo_guest_config *config, const struct demo_guest_events *events);
/* The memory stays as a host that died leaves it. Accepts NULL. */
void demo_guest_destroy(struct demo_guest *guest);

/* Heartbeat, frame, pointer: whatever is due. Returns when it wants to be called again. */
uint64_t demo_guest_step(struct demo_guest *guest, uint64_t now_ns);

/* Look for finished frames while step() is not due: 1 = some are still out. */
bool demo_guest_look(struct demo_guest *guest, uint64_t now_ns);

/*
 * A command in words, as pierglass-demo-guest reads them from its standard input:
 *	size WxH | format NAME | fps N | padding N | rotation N | flags N
 *	damage full|rects|scene|PERCENT | screen WxH
 *	cursor cycle|color|mono|masked|hidden|none | pointer X Y | pointer free
 *	session            a new session in the same memory, as after a restart of the host
 *	input on|off|busy|free|stall|read|rebind	the service behind the input stream
 *	clipboard on|off|busy|free|deaf|hear|stall|read|rebind|honest	that of the clipboard
 *	clipboard nosize|offset|more|less|endless|huge|other|length	… and how its pieces lie
 *	schedule busy|free|deaf|hear	another client paces the guest; no phase is heard
 *	pause | resume     no frames, but a heartbeat
 *	freeze | thaw      neither
 *	truncate ROWS      0 = not any more
 *	stall N            the next N frames are never written to the end
 *	back N             in the next N frames the write pointer jumps back and stays there
 *	late N             the write pointer moves only at the end, for N frames
 *	lie FIELD VALUE N  in the next N frames that header field has the value (0 = all frames)
 *	lgmp FIELD VALUE   writes a word of the LGMP header or frame queue, once
 *	wipe               the whole memory is zeroed, as at guest boot; frames go on in a second
 * Returns 0, -EINVAL, or -EMSGSIZE.
 */
int demo_guest_command(struct demo_guest *guest, const char *command);

/* A line in the picture, for what is received (keys, buttons). */
void demo_guest_show(struct demo_guest *guest, unsigned line, const char *text);

/* The user moved the guest's pointer (by SPICE). It stops moving by itself for five seconds. */
void demo_guest_pointer_by(struct demo_guest *guest, int dx, int dy, uint64_t now_ns);
void demo_guest_pointer_to(struct demo_guest *guest, int x, int y, uint64_t now_ns);

/* The service behind the clipboard's streams; NULL: none is offered. */
struct clipboard_host *demo_guest_clipboard(struct demo_guest *guest);

/* A lock key was pressed on another keyboard of the guest (enum kvmfr_input_led). */
void demo_guest_set_leds(struct demo_guest *guest, unsigned leds);

void demo_guest_counters(const struct demo_guest *guest, struct demo_guest_counters *ret_counters);
