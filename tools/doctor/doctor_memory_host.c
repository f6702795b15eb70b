/* The host program in the VM, as the shared memory tells it: which one runs, and what of its offers
 * is used. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "host-proto/frame.h"
#include "host-proto/host_facts.h"
#include "host-proto/kvmfr.h"
#include "host-proto/kvmfr_audio.h"
#include "host-proto/lgmp_client.h"
#include "tools/doctor/doctor.h"

#define LOOK_NS   (1200 * NS_PER_MS) /* two heartbeats of a host of KVMFR 34, and some room */
#define MESSAGES  64u                /* at once */
#define ANSWER_NS (500 * NS_PER_MS)  /* to a question */

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

/* The messages that wait. Whether the answer was among them. */
static bool read_answer(struct lgmp_client *client) {
	struct kvmfr_audio_answer answer;
	struct lgmp_message message;
	uint32_t session;
	uint32_t client_id;
	bool answered = false;
	lgmp_client_identity(client, &session, &client_id);
	for (unsigned i = 0;
			i < MESSAGES && lgmp_client_next(client, LGMP_QUEUE_POINTER, &message) > 0;
			i++) {
		const bool is_answer = kvmfr_audio_is_answer(message.udata) &&
				       kvmfr_audio_answer_read(message.shm, message.offset,
						       message.size, client_id, &answer) == 0;
		if (lgmp_client_finish(client, &message) == 0 && is_answer) {
			lgmp_client_audio_answered(client, &answer);
			answered = true;
		}
	}
	return answered;
}

/*
 * What the player asks, too, and what a look at the memory cannot tell (kvmfr.md A.8): whether the
 * host would give its sound. A place among its clients is taken for that long and given back, so
 * no signal may end the process meanwhile.
 */
static void ask_about_sound(struct facts_live *live, struct lgmp_client *client) {
	const struct lgmp_status *status = lgmp_client_status(client);
	const uint64_t end_ns = clock_now_ns() + ANSWER_NS;
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	lgmp_client_ask_only(client);
	bool answered = false;
	bool asked = false;
	for (uint64_t now_ns = clock_now_ns(); now_ns < end_ns && !answered;
			now_ns = clock_now_ns()) {
		(void)lgmp_client_step(client, now_ns);
		asked = asked || lgmp_client_claim_audio(client, now_ns) == 0;
		answered = read_answer(client);
		clock_sleep_ns(2 * NS_PER_MS);
	}
	if (asked) {
		snprintf(live->host_audio, sizeof live->host_audio, "%s",
				kvmfr_audio_result_name(status->audio));
	}
	lgmp_client_set_path(client, ""); /* leaves */
	pthread_sigmask(SIG_SETMASK, &before, NULL);
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
		if (live->host_kvmfr >= KVMFR_OFFERS &&
				(live->host_features & KVMFR_FEATURE_AUDIO) != 0) {
			ask_about_sound(live, client);
		}
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

static const char *audio_answer(const char *name) {
	static const struct {
		enum kvmfr_audio_result result;
		const char *text;
	} answers[] = {
		{ KVMFR_AUDIO_BOUND, N_("yes") },
		{ KVMFR_AUDIO_BUSY, N_("another client has it") },
		{ KVMFR_AUDIO_INCOMPATIBLE, N_("in another protocol only") },
		{ KVMFR_AUDIO_ERROR, N_("not now, an error") },
	};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		if (strcmp(name, kvmfr_audio_result_name(answers[i].result)) == 0) {
			return _(answers[i].text);
		}
	}
	return _("nothing");
}

/* What such a host has, and why it goes another way. */
static void check_unused(const struct facts_live *live, struct report *report) {
	if (live->host_kvmfr < KVMFR_OFFERS) {
		return;
	}
	if (live->host_features & KVMFR_FEATURE_AUDIO && live->host_audio[0]) {
		report_ok(report, _("asked whether it would give its sound, the host answers: %s"),
				audio_answer(live->host_audio));
	}
	if (live->host_features & KVMFR_FEATURE_AUDIO) {
		report_ok(report, "%s", _(HOST_FACTS_UNUSED_SOUND));
	}
	if (live->host_features & KVMFR_FEATURE_CLIPBOARD) {
		report_ok(report, "%s", _(HOST_FACTS_UNUSED_FILES));
	}
	report_ok(report, "%s", _(HOST_FACTS_UNUSED_SOFTWARE));
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
	check_unused(live, report);
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
