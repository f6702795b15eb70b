#include "client/ui/hud_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "client/config/config.h"
#include "client/config/options.h"
#include "client/render/overlay.h"
#include "client/ui/app_status.h"
#include "input/key_names.h"

/* While figures are on the screen they are renewed this often. */
#define FIGURES_PERIOD_NS 500000000ull
#define FADE_STEP_NS      40000000ull
/* A chord has up to four names of keys: session_config.escape_key. */
#define LABEL_BYTES 64

static void add_state(struct overlay *o, enum overlay_level level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

static void add_state(struct overlay *o, enum overlay_level level, const char *format, ...) {
	if (o->state_count == OVERLAY_STATE_MAX) {
		return;
	}
	struct overlay_line *line = &o->state[o->state_count++];
	va_list args;
	va_start(args, format);
	vsnprintf(line->text, sizeof line->text, format, args);
	va_end(args);
	line->level = level;
}

static void add_figure(struct overlay *o, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

static void add_figure(struct overlay *o, const char *format, ...) {
	if (o->figures_count == OVERLAY_FIGURES_MAX) {
		return;
	}
	va_list args;
	va_start(args, format);
	vsnprintf(o->figures[o->figures_count], sizeof o->figures[0], format, args);
	va_end(args);
	o->figures_count++;
}

static enum overlay_level level_of(enum part_state state) {
	switch (state) {
	case PART_OFF:
		return OVERLAY_INFO;
	case PART_WAITING:
		return OVERLAY_WARN;
	case PART_RUNNING:
		return OVERLAY_GOOD;
	case PART_FAILED:
		return OVERLAY_BAD;
	}
	return OVERLAY_INFO;
}

static void add_part(struct overlay *o, const char *name, const struct part_status *part) {
	if (part->state != PART_OFF) {
		add_state(o, level_of(part->state), "%s: %s", name, part->reason);
	}
}

/* One line per source, then what would help if the picture does not come. */
static void add_states(struct overlay *o, const struct app_status *s, const struct config *config) {
	add_part(o, _("VM"), &s->discovery);
	add_part(o, _("Picture"), &s->video.part);
	add_part(o, _("Input"), &s->session.spice);
	add_part(o, _("Devices"), &s->session.evdev);
	add_part(o, _("Sound"), &s->audio);
	if (s->show_states && s->session.connected && !s->session.agent &&
			(config->session.clipboard_to_vm || config->session.clipboard_to_local)) {
		add_state(o, OVERLAY_INFO, "%s", _(HUD_TEXT_NO_AGENT));
	}
	if (s->session.needs_password) {
		char dots[64] = "";
		for (size_t i = 0; i < s->password_typed && i < sizeof dots - 1; i++) {
			dots[i] = '*';
		}
		add_state(o, OVERLAY_WARN, _("The VM asks for a password, then Enter: %s"), dots);
	}
	bool waits = s->video.part.state != PART_RUNNING && s->video.showing != VIDEO_SOURCE_LG;
	uint64_t waited_ns = s->now_ns - s->start_ns;
	if (waits && !s->demo && waited_ns > HUD_TEXT_PATIENCE_NS) {
		add_state(o, OVERLAY_INFO,
				_("Is the Looking Glass host running in Windows? Its log: "
				  "%%ProgramData%%\\Looking Glass (host)\\looking-glass-host.txt"));
	}
	if (waits && !s->demo && waited_ns > HUD_TEXT_HINT_NS) {
		add_state(o, OVERLAY_INFO, _("`pierglass doctor` checks the whole set-up"));
	}
}

/* The files that were dropped on the window. */
static void add_files(struct overlay *o, const struct session_files *files) {
	if (files->active == 0) {
		return;
	}
	double percent = files->total_bytes ? 100.0 * (double)files->sent_bytes /
							      (double)files->total_bytes
					    : 0;
	add_state(o, OVERLAY_INFO,
			_("Sending %s to the guest: %.0f %% (files left: %u; Esc cancels)"),
			files->name, percent, files->active);
}

/* As it stands on the keyboard, not as the configuration spells it. */
static const char *key_label(const char *name, char label[static LABEL_BYTES]) {
	static const struct {
		const char *name, *label;
	} labels[] = {
		{ "equal", "=" },
		{ "minus", "-" },
		{ "leftmeta", "Left Win" },
		{ "rightmeta", "Right Win" },
		{ "scrolllock", "Scroll Lock" },
		{ "pageup", "Page Up" },
		{ "pagedown", "Page Down" },
	};
	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
		if (strcmp(name, labels[i].name) == 0) {
			return labels[i].label;
		}
	}
	snprintf(label, LABEL_BYTES, "%s", name);
	label[0] = (char)toupper((unsigned char)label[0]);
	return label;
}

static const char *key_text(unsigned binding, char *text, size_t size) {
	char label[LABEL_BYTES];
	const char *name = key_name(binding & ~KEY_BINDING_SHIFT);
	snprintf(text, size, "%s%s", binding & KEY_BINDING_SHIFT ? "Shift+" : "",
			name ? key_label(name, label) : "?");
	return text;
}

/* The guest records and nobody said yet that it may. No key is taken from the guest for it. */
static void add_microphone(
		struct overlay *o, const struct app_status *s, const struct config *config) {
	char key[32], label[LABEL_BYTES];
	unsigned binding = config->input.bindings[KEY_ACTION_MICROPHONE];
	if (s->session.microphone != SESSION_MIC_ASKING) {
		return;
	}
	if (binding == 0) {
		add_state(o, OVERLAY_WARN,
				_("The VM wants the microphone; --microphone=on gives it"));
		return;
	}
	add_state(o, OVERLAY_WARN,
			_("The VM wants the microphone: %s+%s gives it, otherwise it stays off"),
			key_label(config->session.escape_key, label),
			key_text(binding, key, sizeof key));
}

static void add_help(struct overlay *o, const char *key, const char *text) {
	if (o->help_count == OVERLAY_HELP_MAX) {
		return;
	}
	snprintf(o->help[o->help_count].key, sizeof o->help[0].key, "%s", key);
	snprintf(o->help[o->help_count].text, sizeof o->help[0].text, "%s", text);
	o->help_count++;
}

static void add_help_list(struct overlay *o, const struct config *config) {
	char key[32], label[LABEL_BYTES], title[LABEL_BYTES + 80];
	snprintf(title, sizeof title, _("with %s held:"),
			key_label(config->session.escape_key, label));
	add_help(o, "", title);
	for (int action = 1; action < KEY_ACTION_COUNT; action++) {
		unsigned binding = config->input.bindings[action];
		if (binding != 0) {
			add_help(o, key_text(binding, key, sizeof key), _(key_action_help(action)));
		}
	}
	add_help(o, "F1..F12", _("send Ctrl+Alt+Fn"));
	add_help(o, _("(alone)"), _("capture the pointer and keyboard, or let them go"));
}

static void add_picture_figures(struct overlay *o, const struct app_status *s) {
	add_figure(o, _("%ux%u %s %s KVMFR %u"), s->video.width, s->video.height,
			s->video.host.session ? s->video.host.version : "-",
			s->video.host.session ? s->video.host.capture : "", s->video.host.kvmfr);
	add_figure(o, _("upload %.0f us  swap %.0f us  superseded %llu"),
			s->video_stats.seen_to_uploaded_us, s->video_stats.seen_to_swapped_us,
			(unsigned long long)s->video_stats.superseded);
}

static void add_sound_figures(struct overlay *o, const struct app_status *s) {
	const struct audio_stats *a = &s->audio_stats;
	double offset;
	if (!a->playing) {
		add_figure(o, _("sound: silent"));
		return;
	}
	add_figure(o, _("sound %u Hz %u bit %u ch  %.1f of %.0f ms  %+.0f ppm"), a->rate, a->bits,
			a->channels, a->latency_us / 1000, a->target_us / 1000, a->rate_ppm);
	add_figure(o, _("underruns %llu  skips %llu  lost %llu  rejected %llu"),
			(unsigned long long)a->underruns, (unsigned long long)a->skips,
			(unsigned long long)a->lost, (unsigned long long)a->rejected);
	if (app_status_av_offset(s, &offset)) {
		if (offset < 0) {
			add_figure(o, _("sound %.1f ms before the picture"), -offset / 1000);
		} else {
			add_figure(o, _("sound %.1f ms after the picture"), offset / 1000);
		}
	}
}

static void add_figures(struct overlay *o, const struct app_status *s) {
	if (s->show_fps || s->show_stats) {
		add_figure(o, _("%.1f frames/s  %.1f swaps/s"), s->video_stats.fps,
				s->video_stats.ups);
	}
	if (s->show_stats) {
		add_picture_figures(o, s);
		add_sound_figures(o, s);
	}
}

static unsigned icons_of(const struct app_status *s) {
	return (s->video.showing == VIDEO_SOURCE_SPICE ? OVERLAY_ICON_SPICE : 0u) |
	       (s->session.microphone == SESSION_MIC_OPEN ? OVERLAY_ICON_MICROPHONE : 0u) |
	       (s->session.grabbed ? OVERLAY_ICON_GRABBED : 0u) |
	       (s->muted ? OVERLAY_ICON_MUTED : 0u) | (s->input_on ? 0u : OVERLAY_ICON_INPUT_OFF);
}

static void add_alert(struct overlay *o, const struct app_status *s) {
	if (s->now_ns >= s->alert_until_ns) {
		return;
	}
	uint64_t left = s->alert_until_ns - s->now_ns;
	o->alert.level = (enum overlay_level)s->alert_level;
	snprintf(o->alert.text, sizeof o->alert.text, "%s", s->alert);
	o->alert_opacity = left >= HUD_TEXT_ALERT_FADE_NS
					   ? 0.8f
					   : 0.8f * (float)left / (float)HUD_TEXT_ALERT_FADE_NS;
}

void hud_text_overlay(const struct app_status *s, const struct config *config,
		struct overlay *ret_overlay) {
	struct overlay *o = ret_overlay;
	memset(o, 0, sizeof *o);
	o->font_px = (unsigned)config->window.ui_size;
	o->splash = s->video.showing == VIDEO_SOURCE_AUTO;
	if (o->splash) {
		snprintf(o->title, sizeof o->title, "%s", s->demo ? "pierglass demo" : "pierglass");
	}
	if (o->splash || s->show_states) {
		add_states(o, s, config);
	} else {
		/* A picture is there: only what is wrong with it. */
		if (s->video.stale) {
			add_part(o, _("Picture"), &s->video.part);
		}
		if (s->session.needs_password) {
			add_part(o, _("Input"), &s->session.spice);
		}
	}
	if (s->video.truncated) {
		add_state(o, OVERLAY_WARN,
				_("The shared memory is too small for %ux%u: give the VM %u MiB"),
				s->video.width, s->video.height, s->video.needed_mib);
	}
	add_files(o, &s->session.files);
	add_microphone(o, s, config);
	if (s->show_help) {
		add_help_list(o, config);
	}
	add_figures(o, s);
	o->icons = icons_of(s);
	o->dim = s->show_states && config->window.dim_overlay;
	add_alert(o, s);
}

uint64_t hud_text_next_change_ns(const struct app_status *s) {
	uint64_t next = 0;
	if (s->now_ns < s->alert_until_ns) {
		uint64_t fade = s->alert_until_ns - HUD_TEXT_ALERT_FADE_NS;
		next = s->now_ns < fade ? fade : s->now_ns + FADE_STEP_NS;
	}
	if (s->show_fps || s->show_stats || s->show_states) {
		uint64_t figures = s->now_ns + FIGURES_PERIOD_NS;
		next = next == 0 || figures < next ? figures : next;
	}
	uint64_t hint = s->start_ns + HUD_TEXT_HINT_NS;
	if (s->now_ns > hint) {
		hint = s->start_ns + HUD_TEXT_PATIENCE_NS;
	}
	if (s->video.part.state != PART_RUNNING && s->now_ns <= hint &&
			(next == 0 || hint + 1 < next)) {
		next = hint + 1;
	}
	return next;
}
