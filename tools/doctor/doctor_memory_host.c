/* The host program in the VM, as the shared memory tells it: which one runs, and what of its offers
 * is used. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "host-proto/frame.h"
#include "host-proto/kvmfr.h"
#include "host-proto/lgmp_client.h"
#include "tools/doctor/doctor.h"

#define KVMFR_OFFERS 34u                /* hosts with more than a picture and a pointer */
#define LOOK_NS      (1200 * NS_PER_MS) /* two heartbeats of a host of KVMFR 34, and some room */

static void note_picture(struct facts_live *live, struct lgmp_client *client) {
	struct frame frame;
	if (lgmp_client_peek_frame(client, &frame) < 0) {
		return;
	}
	live->host_picture.width = frame.width;
	live->host_picture.height = frame.height;
	live->host_picture.hdr = (frame.flags & FRAME_HDR) != 0;
	live->host_picture.metadata = (frame.flags & FRAME_HDR_METADATA) != 0;
	live->host_picture.nits = frame.hdr.max_nits;
	live->host_picture.cll_nits = frame.hdr.max_cll_nits;
	live->host_picture.fall_nits = frame.hdr.max_fall_nits;
}

void doctor_ask_host(struct facts *facts) {
	struct facts_live *live = &facts->live;
	struct lgmp_client *client;
	if (!facts->has_vm || facts->vm.state != DOMAIN_RUNNING || !facts->memory.present ||
			!facts->memory.may_use ||
			lgmp_client_create(&client, facts->memory.path) < 0) {
		return;
	}
	lgmp_client_look_only(client);
	const struct lgmp_status *status = lgmp_client_status(client);
	const uint64_t end_ns = clock_now_ns() + LOOK_NS;
	uint64_t now_ns = clock_now_ns();
	while (now_ns < end_ns && status->state != LGMP_STATE_FOUND &&
			status->state != LGMP_STATE_VERSION && status->state != LGMP_STATE_KVMFR &&
			status->state != LGMP_STATE_UNREADABLE) {
		(void)lgmp_client_step(client, now_ns);
		clock_sleep_ns(5 * NS_PER_MS);
		now_ns = clock_now_ns();
	}
	if (status->state == LGMP_STATE_FOUND) {
		live->host = HOST_FOUND;
		snprintf(live->host_version, sizeof live->host_version, "%s",
				status->info.host_version);
		live->host_kvmfr = status->info.version;
		live->host_features = status->info.features;
		live->host_recovery = status->recovery;
		note_picture(live, client);
	} else if (status->state != LGMP_STATE_UNREADABLE) {
		live->host = HOST_OTHER;
		snprintf(live->host_reason, sizeof live->host_reason, "%s", status->reason);
	}
	lgmp_client_destroy(client);
}

static void add(char *text, size_t size, const char *word) {
	const size_t len = strlen(text);
	snprintf(text + len, size - len, "%s%s", len ? ", " : "", word);
}

/* Of the guest's picture, as the newest frame in the memory says. */
static void check_picture(const struct facts_live *live, struct report *report) {
	const unsigned width = live->host_picture.width;
	const unsigned height = live->host_picture.height;
	if (width == 0) {
		report_ok(report,
				_("the host has made no picture yet: it does while a player runs"));
	} else if (!live->host_picture.hdr) {
		report_ok(report, _("its newest picture: %ux%u, SDR"), width, height);
	} else if (!live->host_picture.metadata) {
		report_ok(report, _("its newest picture: %ux%u, HDR without metadata"), width,
				height);
	} else {
		report_ok(report,
				_("its newest picture: %ux%u, HDR for a display of %u nits (MaxCLL %u, "
				  "MaxFALL %u)"),
				width, height, live->host_picture.nits, live->host_picture.cll_nits,
				live->host_picture.fall_nits);
	}
}

static void check_host_program(const struct facts *facts, struct report *report) {
	static const struct {
		unsigned feature;
		const char *name;
	} features[] = {
		{ KVMFR_FEATURE_SET_CURSOR_POS, N_("pointer") },
		{ KVMFR_FEATURE_WINDOW_SIZE, N_("window size") },
		{ KVMFR_FEATURE_INPUT, N_("keys and mouse") },
		{ KVMFR_FEATURE_FRAME_SCHEDULE, N_("frames by the display") },
		{ KVMFR_FEATURE_CLIPBOARD, N_("clipboard (text and images)") },
		{ KVMFR_FEATURE_AUDIO, N_("sound (not used)") },
	};
	const struct facts_live *live = &facts->live;
	char offers[320] = "";
	if (live->host == HOST_OTHER) {
		report_warn(report, "%s", live->host_reason);
		return;
	}
	if (live->host != HOST_FOUND) {
		return;
	}
	for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
		if (live->host_features & features[i].feature) {
			add(offers, sizeof offers, _(features[i].name));
		}
	}
	if (live->host_recovery) {
		add(offers, sizeof offers, _("recovery region"));
	}
	report_ok(report, _("the Looking Glass host %s runs (KVMFR %u); it offers: %s"),
			live->host_version, live->host_kvmfr, offers[0] ? offers : "-");
	check_picture(live, report);
	if (live->host_features & KVMFR_FEATURE_AUDIO) {
		report_ok(report,
				_("the host offers its own sound, which is not played: its inner layout is "
				  "not verified; the VM's sound goes its other way, and --stats=1 tells "
				  "the host's answer (video.audio_claim)"));
	}
	if (live->host_kvmfr >= KVMFR_OFFERS) {
		report_ok(report,
				_("which ways keys, clipboard and frames go is known while the player "
				  "runs: --stats=1 tells them (input.way, clipboard.way, "
				  "video.schedule)"));
	}
}

const struct check checks_host_program[] = {
	{ N_("Shared memory"), "host-program", true, check_host_program },
	{ NULL, NULL, false, NULL },
};
