#include "client/ui/app_decide.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "client/config/config.h"
#include "client/ui/app_status.h"
#include "client/ui/key_label.h"

static const struct {
	const char *word;
	enum overlay_level level;
	bool lasts;
} signs[APP_SIGN_COUNT] = {
	[APP_SIGN_STALE] = { N_("OLD PICTURE"), OVERLAY_BAD, true },
	[APP_SIGN_WRONG_VM] = { N_("TWO VMS"), OVERLAY_BAD, true },
	[APP_SIGN_NO_INPUT] = { N_("NO INPUT"), OVERLAY_BAD, true },
	[APP_SIGN_INPUT_OFF] = { N_("INPUT OFF"), OVERLAY_WARN, false },
	[APP_SIGN_RECORDING] = { N_("MIC ON"), OVERLAY_BAD, false },
	[APP_SIGN_RECORDED] = { N_("REC"), OVERLAY_BAD, false },
	[APP_SIGN_CLIPBOARD] = { N_("CLIPBOARD"), OVERLAY_WARN, true },
	[APP_SIGN_NO_DEVICE] = { N_("NO DEVICE"), OVERLAY_WARN, false },
	[APP_SIGN_PAUSED] = { N_("PAUSED"), OVERLAY_WARN, true },
	[APP_SIGN_NO_SOUND] = { N_("NO SOUND"), OVERLAY_WARN, false },
	[APP_SIGN_NO_HOST] = { N_("NO HOST"), OVERLAY_WARN, false },
	[APP_SIGN_NO_GL] = { N_("NO OPENGL"), OVERLAY_WARN, false },
	[APP_SIGN_MUTED] = { N_("MUTED"), OVERLAY_WARN, false },
	[APP_SIGN_CAPTURED] = { N_("CAPTURED"), OVERLAY_INFO, false },
	[APP_SIGN_GRABBED] = { N_("DEVICES"), OVERLAY_GOOD, false },
	[APP_SIGN_SPICE_ONLY] = { N_("SPICE"), OVERLAY_INFO, false },
};

const char *app_sign_word(enum app_sign sign) {
	return _(signs[sign].word);
}

enum overlay_level app_sign_level(enum app_sign sign) {
	return signs[sign].level;
}

bool app_sign_lasts(enum app_sign sign) {
	return signs[sign].lasts;
}

/* ---- what is so ---- */

static bool missing(const struct part_status *part) {
	return part->state == PART_WAITING || part->state == PART_FAILED;
}

/* Nothing moves in the picture, though the guest's may. */
static bool is_stale(const struct app_status *s) {
	switch (s->video.showing) {
	case VIDEO_SOURCE_AUTO:
		return false; /* there is none */
	case VIDEO_SOURCE_LG:
		return s->video.stale || s->source == VIDEO_SOURCE_SPICE ||
		       s->video.part.state == PART_FAILED;
	case VIDEO_SOURCE_SPICE:
		return missing(&s->session.spice) || s->source == VIDEO_SOURCE_LG;
	}
	return false;
}

static bool lacks_input(const struct app_status *s) {
	return s->input_on && missing(&s->session.spice);
}

static unsigned sign_if(enum app_sign sign, bool on) {
	return on ? 1u << sign : 0;
}

static unsigned decide_signs(const struct app_status *s, const struct config *config) {
	const bool picture = s->video.showing != VIDEO_SOURCE_AUTO;
	const bool stale = is_stale(s);
	return sign_if(APP_SIGN_STALE, stale && !s->paused) |
	       sign_if(APP_SIGN_WRONG_VM, s->wrong_vm) |
	       sign_if(APP_SIGN_NO_INPUT, lacks_input(s) && !s->wrong_vm) |
	       sign_if(APP_SIGN_INPUT_OFF, !s->input_on && s->session.spice.state != PART_OFF) |
	       sign_if(APP_SIGN_RECORDING, s->session.microphone == GUEST_LINK_MIC_OPEN) |
	       sign_if(APP_SIGN_RECORDED, s->recorded) |
	       sign_if(APP_SIGN_CLIPBOARD, s->session.clipboard_used_unfocused) |
	       sign_if(APP_SIGN_NO_DEVICE, missing(&s->session.evdev)) |
	       sign_if(APP_SIGN_PAUSED, s->paused && picture) |
	       sign_if(APP_SIGN_NO_SOUND, config->sound && s->sound_came && missing(&s->audio)) |
	       sign_if(APP_SIGN_NO_HOST, s->source == VIDEO_SOURCE_AUTO &&
							 s->video.showing == VIDEO_SOURCE_SPICE &&
							 !stale) |
	       sign_if(APP_SIGN_NO_GL, s->video.no_gl) | sign_if(APP_SIGN_MUTED, s->muted) |
	       sign_if(APP_SIGN_CAPTURED, s->captured) |
	       sign_if(APP_SIGN_GRABBED, s->session.grabbed) |
	       sign_if(APP_SIGN_SPICE_ONLY, s->source == VIDEO_SOURCE_SPICE && picture && !stale);
}

/* The guest is being played: no input reaches the desktop, or nothing else can be seen. */
static bool is_played(const struct app_status *s) {
	return (s->session.grabbed && s->device_input) || (s->full_screen && s->focused);
}

void app_decide(const struct app_status *s, const struct config *config,
		struct app_decision *ret_decision) {
	const bool live = s->video.showing != VIDEO_SOURCE_AUTO && !is_stale(s);
	const bool asked = config->window.auto_screensaver && s->video.block_screensaver;
	*ret_decision = (struct app_decision){
		/* It costs the VM time: only while its picture is needed. */
		.display = s->source == VIDEO_SOURCE_SPICE ||
			   (s->source == VIDEO_SOURCE_AUTO &&
					   (s->video.showing != VIDEO_SOURCE_LG || s->video.stale)),
		.input = s->input_on && !s->wrong_vm,
		.screensaver_off = config->window.no_screensaver ||
				   (live && !s->paused && (asked || is_played(s))),
		.signs = decide_signs(s, config),
		.frozen = is_stale(s),
	};
}

/* ---- what is said ---- */

/* The sentence with the keys where its %s is. */
static void fill(char *text, size_t size, const char *sentence, const char *keys) {
	const char *at = strstr(sentence, "%s");
	const int before = at ? (int)(at - sentence) : (int)strlen(sentence);
	snprintf(text, size, "%.*s%s%s", before, sentence, at ? keys : "", at ? at + 2 : "");
}

static void stale_text(
		const struct app_status *s, const struct config *config, char *text, size_t size) {
	char keys[KEY_ACTION_KEYS_BYTES];
	key_action_keys(config, KEY_ACTION_SOURCE, keys);
	if (s->video.showing == VIDEO_SOURCE_LG && s->source == VIDEO_SOURCE_SPICE) {
		if (s->session.spice.state == PART_OFF) {
			snprintf(text, size,
					_("SPICE is off, so its picture does not come: %s shows "
					  "the shared memory again"),
					keys);
		} else {
			snprintf(text, size,
					_("Waiting for SPICE's picture (%s): %s shows the shared "
					  "memory again"),
					s->session.spice.reason, keys);
		}
	} else if (s->video.showing == VIDEO_SOURCE_SPICE && s->source == VIDEO_SOURCE_LG) {
		snprintf(text, size, _("Picture: %s; %s shows the SPICE screen"),
				s->video.part.reason, keys);
	} else if (s->video.showing == VIDEO_SOURCE_SPICE) {
		snprintf(text, size, _("This is the last picture that SPICE sent: %s"),
				s->session.spice.reason);
	} else {
		snprintf(text, size, _("This is the last picture that came: %s"),
				s->video.part.reason);
	}
}

/* The sentence of the old picture has the reason already. */
static bool spice_is_explained(const struct app_status *s) {
	return is_stale(s) && !s->paused && s->session.spice.state != PART_OFF &&
	       (s->video.showing == VIDEO_SOURCE_SPICE ? s->source != VIDEO_SOURCE_LG
						       : s->source == VIDEO_SOURCE_SPICE);
}

/* The sentence needs no key of the user. */
static bool plain_text(const struct app_status *s, enum app_sign sign, char *text, size_t size) {
	switch (sign) {
	case APP_SIGN_WRONG_VM:
		snprintf(text, size,
				_("Input is off because SPICE belongs to another VM (%s): "
				  "give --spice the address of the VM that is shown"),
				s->session.name);
		return true;
	case APP_SIGN_NO_INPUT:
		if (spice_is_explained(s)) {
			snprintf(text, size, "%s",
					_("Nor do keyboard and mouse reach the VM meanwhile"));
		} else {
			snprintf(text, size, _("Keyboard and mouse do not reach the VM: %s"),
					s->session.spice.reason);
		}
		return true;
	case APP_SIGN_CLIPBOARD:
		snprintf(text, size, "%s",
				_("The VM used the clipboard while the window had no focus: see "
				  "--clipboard-to-vm and --clipboard-to-local"));
		return true;
	case APP_SIGN_NO_DEVICE:
		snprintf(text, size,
				_("Devices: %s. They go to the VM as soon as they are there; `pierglass "
				  "doctor` looks at them"),
				s->session.evdev.reason);
		return true;
	case APP_SIGN_NO_SOUND:
		snprintf(text, size,
				_("No sound: %s. It begins by itself when that is mended; `pierglass "
				  "doctor` looks at it"),
				s->audio.reason);
		return true;
	case APP_SIGN_NO_HOST:
		snprintf(text, size, _("This is the SPICE screen: %s"), s->video.part.reason);
		return true;
	case APP_SIGN_NO_GL:
		snprintf(text, size,
				_("The CPU draws the picture, without its best scaling, because OpenGL "
				  "ES 3 does not start: install the graphics driver, or choose this "
				  "with --draw=cpu"));
		return true;
	default: /* app_sign_text() */
		return false;
	}
}

void app_sign_text(const struct app_status *s, const struct config *config, enum app_sign sign,
		char *text, size_t size) {
	char keys[KEY_ACTION_KEYS_BYTES], label[KEY_LABEL_BYTES];
	static const struct {
		enum key_action action;
		const char *text;
	} by_key[APP_SIGN_COUNT] = {
		[APP_SIGN_INPUT_OFF] = { KEY_ACTION_INPUT,
				N_("Keyboard and mouse are kept from the VM: %s gives them back") },
		[APP_SIGN_RECORDING] = { KEY_ACTION_MICROPHONE,
				N_("The VM hears your microphone: %s takes it away") },
		[APP_SIGN_PAUSED] = { KEY_ACTION_VIDEO,
				N_("The picture is paused: %s lets it go on") },
		[APP_SIGN_MUTED] = { KEY_ACTION_MUTE, N_("The sound is off: %s turns it on") },
		[APP_SIGN_GRABBED] = { KEY_ACTION_GRAB,
				N_("The VM has the keyboards and mice given to it: %s, or the keys of "
				   "--grab-toggle, take them back") },
		[APP_SIGN_SPICE_ONLY] = { KEY_ACTION_SOURCE,
				N_("Only SPICE's picture is shown: %s shows the other one") },
	};
	text[0] = '\0';
	if (sign == APP_SIGN_STALE) {
		stale_text(s, config, text, size);
	} else if (sign == APP_SIGN_RECORDED) {
		snprintf(text, size, _("Picture and sound are recorded into %s: %s ends it"),
				s->recorded_file, key_action_keys(config, KEY_ACTION_RECORD, keys));
	} else if (sign == APP_SIGN_CAPTURED) {
		snprintf(text, size, _("Keyboard and mouse belong to the VM: %s lets them go"),
				key_label(config->session.escape_key, label));
	} else if (!plain_text(s, sign, text, size) && by_key[sign].text) {
		fill(text, size, _(by_key[sign].text),
				key_action_keys(config, by_key[sign].action, keys));
	}
}
