/*
 * The embedded guest of --demo and --bench: pierglass-demo-guest as a child process on private
 * files, so that what plays or is measured is what runs with a VM. On the main thread or, after
 * demo_watch(), on the loop's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/config/config.h"

struct demo;
struct loop;

enum demo_feature {
	DEMO_SOUND = 0x1,
	DEMO_SPICE = 0x2,
	DEMO_REPORT = 0x4, /* JSON lines of every frame: read them, or the guest stalls */
	DEMO_SCENE = 0x8,  /* for people: a desktop in the place of the moving test picture */
};

struct demo_info {
	char shm_path[256];
	char spice_uri[256]; /* "off" without DEMO_SPICE */
	char group[16];      /* "off" when there is no sound */
	uint16_t port;
	char interface[64];
};

/* Starts it and waits for its word that it is ready (some 50 ms; at most 5 s). features: enum
 * demo_feature. Returns 0 or a negative errno: -ENOENT when the program is not installed,
 * -ETIMEDOUT, -ECHILD when it ended at once. */
int demo_start(struct demo **ret_demo, const struct guest_options *guest, unsigned features,
		struct demo_info *ret_info);

/* Ends it and removes its files. Accepts NULL. */
void demo_stop(struct demo *demo);

/* From now on it is started again on the same paths a second after it died. Stop watching with
 * demo_stop(), before the loop is destroyed. */
int demo_watch(struct demo *demo, struct loop *loop);

/* Where its reports come from (DEMO_REPORT), non-blocking; -1 while it is dead. What came with the
 * ready line is lost: a client must have subscribed before frames exist. */
int demo_report_fd(const struct demo *demo);

/* As the guest's --format and the bench's report call it: "bgra", "rgba10", "bgr_32". */
const char *demo_format_name(enum guest_format format);
