#include "client/ui/hud_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/deadline.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "client/config/config.h"
#include "client/config/options.h"
#include "client/render/overlay.h"
#include "client/ui/app_decide.h"
#include "client/ui/app_status.h"
#include "client/ui/graphs.h"
#include "client/ui/key_label.h"
#include "client/vm/first_screen.h"

/* While figures are on the screen they are renewed this often. */
#define FIGURES_PERIOD_NS 500000000ull
#define FADE_STEP_NS      40000000ull
#define PAGE_NS           4000000000ull /* where a small window has no room for all */

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

/* Waits for so long are told with their time. */
#define WAITS_LONG_S 10u

static void add_part(struct overlay *o, const struct app_status *s, const char *name,
		const struct part_status *part, uint64_t since_ns) {
	const unsigned waits_s = since_ns != 0 && s->now_ns > since_ns
						 ? (unsigned)((s->now_ns - since_ns) / 1000000000u)
						 : 0;
	if (part->state == PART_WAITING && waits_s >= WAITS_LONG_S) {
		add_state(o, level_of(part->state), _("%s: %s (for %u s)"), name, part->reason,
				waits_s);
	} else if (part->state != PART_OFF) {
		add_state(o, level_of(part->state), "%s: %s", name, part->reason);
	}
}

static void add_password(struct overlay *o, const struct app_status *s) {
	char dots[64] = "";
	if (!s->session.needs_password) {
		return;
	}
	for (size_t i = 0; i < s->password_typed && i < sizeof dots - 1; i++) {
		dots[i] = '*';
	}
	add_state(o, OVERLAY_WARN, _("The VM asks for a password, then Enter: %s"), dots);
}

/* What would help if no picture comes from the shared memory. */
static void add_hints(struct overlay *o, const struct app_status *s) {
	const uint64_t waited_ns = s->now_ns - s->start_ns;
	if (s->demo || (!o->splash && waited_ns > HUD_TEXT_PATIENCE_NS + HUD_TEXT_HINT_READ_NS)) {
		return;
	}
	if (waited_ns > HUD_TEXT_PATIENCE_NS) {
		add_state(o, OVERLAY_INFO,
				_("Is the Looking Glass host running in Windows? Its log: "
				  "%%ProgramData%%\\Looking Glass (host)\\looking-glass-host.txt"));
	}
	/* Where it has been asked, its answer stands in this line's place. */
	const bool answered = o->splash && s->first && s->first->finding[0];
	if (waited_ns > HUD_TEXT_HINT_NS && !answered &&
			(o->splash || waited_ns > HUD_TEXT_PATIENCE_NS)) {
		add_state(o, OVERLAY_INFO, _("`pierglass doctor` checks the whole set-up"));
	}
}

/* As many as a sentence has room for: the panel has all. */
static void add_machines(struct overlay *o, const struct first_screen *first) {
	char list[320] = "";
	size_t used = 0;
	unsigned named = 0;
	for (; named < first->vm_count; named++) {
		const struct first_screen_vm *vm = &first->vms[named];
		char one[96];
		/* Translators: a VM in a list, with its state. */
		const int n = snprintf(one, sizeof one,
				vm->running ? _("%s%.*s (runs)") : _("%s%.*s (off)"),
				used ? _(", ") : "", utf8_fit(vm->name, 40), vm->name);
		if (n < 0 || (size_t)n >= sizeof one || used + (size_t)n >= sizeof list) {
			break;
		}
		memcpy(list + used, one, (size_t)n + 1);
		used += (size_t)n;
	}
	if (named < first->vm_count) {
		add_state(o, OVERLAY_GOOD,
				_("VMs here: %s, and %u more. Enter or a click chooses one"), list,
				first->vm_count - named);
	} else if (named > 0) {
		add_state(o, OVERLAY_GOOD, _("VMs here: %s. Enter or a click chooses one"), list);
	}
}

/* Without a picture: what can be chosen, what is wrong, and the keys. */
static void add_first_screen(
		struct overlay *o, const struct app_status *s, const struct config *config) {
	const struct first_screen *first = s->first;
	char label[KEY_LABEL_BYTES];
	if (!first || s->demo || s->now_ns < s->start_ns + HUD_TEXT_HINT_NS) {
		return;
	}
	add_machines(o, first);
	if (first->finding[0]) {
		add_state(o, OVERLAY_WARN, "pierglass doctor: %s%s%s", first->finding,
				first->remedy[0] ? " -> " : "", first->remedy);
	}
	add_state(o, OVERLAY_INFO,
			_("Hold %s for the keys; on a keyboard without it, a click and the page Input "
			  "choose another. Without a VM: pierglass --demo"),
			key_label(config->session.escape_key, label));
}

/* One line per source, then what would help if the picture does not come. */
static void add_states(struct overlay *o, const struct app_status *s, const struct config *config) {
	add_part(o, s, _("VM"), &s->discovery, s->waits_since_ns[0]);
	add_part(o, s, _("Picture"), &s->video.part, s->waits_since_ns[1]);
	add_part(o, s, _("Input"), &s->session.spice, s->waits_since_ns[2]);
	add_part(o, s, _("Devices"), &s->session.evdev, 0);
	add_part(o, s, _("Sound"), &s->audio, s->waits_since_ns[3]);
	if (s->show_states && s->session.connected && !s->session.agent &&
			(config->session.clipboard_to_vm || config->session.clipboard_to_local)) {
		add_state(o, OVERLAY_INFO, "%s", _(HUD_TEXT_NO_AGENT));
	}
	if (s->video.part.state != PART_RUNNING && s->video.showing != VIDEO_SOURCE_LG) {
		add_hints(o, s);
	}
	if (o->splash) {
		add_first_screen(o, s, config);
	}
}

/* The files that were dropped on the window. */
static void add_files(struct overlay *o, const struct file_sender_status *files) {
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

/* The guest records and nobody said yet that it may. No key is taken from the guest for it. */
static void add_microphone(
		struct overlay *o, const struct app_status *s, const struct config *config) {
	char key[KEY_LABEL_BYTES], label[KEY_LABEL_BYTES];
	unsigned binding = config->input.bindings[KEY_ACTION_MICROPHONE];
	if (s->session.microphone != GUEST_LINK_MIC_ASKING) {
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
			key_binding_label(binding, key));
}

/* What it wants with --clipboard-to-vm=ask, --clipboard-to-local=ask. */
static void add_clipboard(
		struct overlay *o, const struct app_status *s, const struct config *config) {
	char keys[KEY_ACTION_KEYS_BYTES];
	key_action_keys(config, KEY_ACTION_CLIPBOARD, keys);
	switch (s->session.clipboard_question) {
	case CLIPBOARD_QUESTION_NONE:
		break;
	case CLIPBOARD_QUESTION_TO_VM:
		add_state(o, OVERLAY_WARN,
				_("The VM wants to read your clipboard: %s lets it, otherwise it gets "
				  "nothing"),
				keys);
		break;
	case CLIPBOARD_QUESTION_TO_LOCAL:
		add_state(o, OVERLAY_WARN,
				_("Something was copied in the VM: %s takes it over, otherwise your "
				  "clipboard stays"),
				keys);
		break;
	}
}

static void add_help(struct overlay *o, const char *key, const char *text) {
	if (o->help_count == OVERLAY_HELP_MAX) {
		return;
	}
	snprintf(o->help[o->help_count].key, sizeof o->help[0].key, "%s", key);
	snprintf(o->help[o->help_count].text, sizeof o->help[0].text, "%s", text);
	o->help_count++;
}

/* In the order in which they are read. */
static const struct {
	const char *heading;
	enum key_action actions[12]; /* ends with KEY_ACTION_NONE */
} help_groups[] = {
	{ N_("Window"), { KEY_ACTION_MENU, KEY_ACTION_FULL_SCREEN, KEY_ACTION_FPS, KEY_ACTION_BENCH,
					KEY_ACTION_GRAPHS, KEY_ACTION_REPORT, KEY_ACTION_RECONNECT,
					KEY_ACTION_QUIT } },
	{ N_("Picture"), { KEY_ACTION_VIDEO, KEY_ACTION_ROTATE, KEY_ACTION_SOURCE,
					 KEY_ACTION_GUEST_SIZE, KEY_ACTION_RECOVER,
					 KEY_ACTION_SCREENSHOT, KEY_ACTION_RECORD } },
	{ N_("Keyboard, mouse, clipboard"),
			{ KEY_ACTION_INPUT, KEY_ACTION_GRAB, KEY_ACTION_SENSITIVITY_UP,
					KEY_ACTION_SENSITIVITY_DOWN, KEY_ACTION_TYPE_CLIPBOARD,
					KEY_ACTION_CLIPBOARD } },
	{ N_("Sound"), { KEY_ACTION_MUTE, KEY_ACTION_MICROPHONE, KEY_ACTION_MICROPHONE_POLICY } },
	{ N_("Keys sent to the guest"),
			{ KEY_ACTION_CTRL_ALT_DEL, KEY_ACTION_LEFT_META, KEY_ACTION_RIGHT_META,
					KEY_ACTION_GUEST_VOLUME_UP, KEY_ACTION_GUEST_VOLUME_DOWN,
					KEY_ACTION_GUEST_MUTE } },
};

static void add_help_group(struct overlay *o, const struct config *config, unsigned group) {
	char key[KEY_LABEL_BYTES];
	add_help(o, "", _(help_groups[group].heading));
	for (const enum key_action *action = help_groups[group].actions; *action != KEY_ACTION_NONE;
			action++) {
		const unsigned binding = config->input.bindings[*action];
		if (binding != 0) {
			add_help(o, key_binding_label(binding, key), _(key_action_help(*action)));
		}
	}
}

static void add_help_list(
		struct overlay *o, const struct app_status *s, const struct config *config) {
	char label[KEY_LABEL_BYTES], title[KEY_LABEL_BYTES + 80];
	snprintf(title, sizeof title, _("with %s held:"),
			key_label(config->session.escape_key, label));
	add_help(o, "", title);
	add_help(o, _("(alone)"), _("capture the pointer and keyboard, or let them go"));
	for (unsigned i = 0; i < sizeof help_groups / sizeof help_groups[0]; i++) {
		add_help_group(o, config, i);
	}
	add_help(o, "F1..F12", _("send Ctrl+Alt+Fn"));
	o->help_page = (unsigned)((s->now_ns - s->help_since_ns) / PAGE_NS);
}

/* What of all this a player asks for first, in one line. */
static void add_line(struct overlay *o, const struct app_status *s) {
	const struct video_stats *v = &s->video_stats;
	const double old_ms = (v->seen_to_presented_us > 0 ? v->seen_to_presented_us
							   : v->seen_to_swapped_us) /
			      1000;
	if (s->video.showing == VIDEO_SOURCE_LG && old_ms > 0) {
		add_figure(o, _("%.1f frames/s, the picture is %.1f ms old when shown"),
				s->video_stats.fps, old_ms);
	} else {
		add_figure(o, _("%.1f frames/s"), s->video_stats.fps);
	}
}

static void add_picture_figures(struct overlay *o, const struct app_status *s) {
	const struct video_host *host = &s->video.host;
	const struct video_stats *v = &s->video_stats;
	if (s->video.width > 0 && host->session) {
		add_figure(o, _("%ux%u from %s by %s (KVMFR %u)"), s->video.width, s->video.height,
				host->version, host->capture, host->kvmfr);
	} else if (s->video.width > 0) {
		add_figure(o, _("%ux%u from SPICE"), s->video.width, s->video.height);
	}
	add_figure(o, _("copied after %.1f ms, on the screen after %.1f ms; passed over: %llu"),
			v->seen_to_uploaded_us / 1000, v->seen_to_swapped_us / 1000,
			(unsigned long long)v->superseded);
	if (v->seen_to_presented_us > 0) {
		add_figure(o, _("on the display after %.1f ms, as its server reports"),
				v->seen_to_presented_us / 1000);
	}
}

static void add_sound_figures(struct overlay *o, const struct app_status *s) {
	const struct audio_stats *a = &s->audio_stats;
	double offset;
	if (!a->playing) {
		add_figure(o, _("sound: silent"));
		return;
	}
	add_figure(o, _("sound: %u Hz, %u bit, %u channels; heard after %.0f ms (wanted: %.0f ms)"),
			a->rate, a->bits, a->channels, a->latency_us / 1000, a->target_us / 1000);
	add_figure(o, _("ran dry: %llu, cut: %llu, lost: %llu, refused: %llu; clock %+.0f ppm"),
			(unsigned long long)a->underruns, (unsigned long long)a->skips,
			(unsigned long long)a->lost, (unsigned long long)a->rejected, a->rate_ppm);
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
		add_line(o, s);
	}
	if (s->show_stats) {
		add_picture_figures(o, s);
		add_sound_figures(o, s);
	}
}

/* ---- states that last ---- */

static bool is_read(const struct app_status *s, enum app_sign sign) {
	return app_sign_lasts(sign) || s->show_help || s->sign_pointed_at == (int)sign ||
	       s->now_ns < s->sign_since_ns[sign] + APP_SIGN_READ_NS;
}

static void add_signs(struct overlay *o, const struct app_status *s, const struct config *config) {
	char text[OVERLAY_TEXT_BYTES];
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		if ((s->decision.signs & 1u << sign) == 0 || o->sign_count == OVERLAY_SIGN_MAX) {
			continue;
		}
		struct overlay_sign *shown = &o->sign[o->sign_count++];
		shown->level = app_sign_level((enum app_sign)sign);
		snprintf(shown->word, sizeof shown->word, "%s", app_sign_word((enum app_sign)sign));
		/* The lines of the parts say the same, where they are shown. */
		if (!o->splash && !s->show_states && is_read(s, (enum app_sign)sign)) {
			app_sign_text(s, config, (enum app_sign)sign, text, sizeof text);
			add_state(o, shown->level, "%s", text);
		}
	}
}

int hud_text_sign_at(const struct app_status *s, unsigned index) {
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		if ((s->decision.signs & 1u << sign) != 0 && index-- == 0) {
			return sign;
		}
	}
	return -1;
}

static void add_alert(struct overlay *o, const struct app_status *s) {
	if (s->now_ns >= s->alert_until_ns) {
		return;
	}
	uint64_t left = s->alert_until_ns - s->now_ns;
	o->alert.level = (enum overlay_level)s->alert_level;
	snprintf(o->alert.text, sizeof o->alert.text, "%s", s->alert);
	o->alert_opacity = left >= HUD_TEXT_ALERT_FADE_NS
					   ? 1.0f
					   : (float)left / (float)HUD_TEXT_ALERT_FADE_NS;
}

void hud_text_overlay(const struct app_status *s, const struct config *config,
		struct overlay *ret_overlay) {
	struct overlay *o = ret_overlay;
	memset(o, 0, sizeof *o);
	o->font_px = (unsigned)(config->window.ui_size * (s->text_scale > 0 ? s->text_scale : 1) +
				0.5);
	o->splash = s->video.showing == VIDEO_SOURCE_AUTO;
	if (o->splash) {
		snprintf(o->title, sizeof o->title, "%s", s->demo ? "pierglass demo" : "pierglass");
	}
	o->state_page = o->splash ? (unsigned)((s->now_ns - s->start_ns) / PAGE_NS) : 0;
	if (o->splash || s->show_states) {
		add_states(o, s, config);
	} else if (s->decision.signs & 1u << APP_SIGN_NO_HOST) {
		add_hints(o, s);
	}
	if (s->show_tab) {
		snprintf(o->tab, sizeof o->tab, "%s", _("Settings"));
	}
	add_signs(o, s, config);
	add_password(o, s);
	if (s->video.truncated) {
		add_state(o, OVERLAY_WARN,
				_("The shared memory is too small for %ux%u: give the VM %u MiB"),
				s->video.width, s->video.height, s->video.needed_mib);
	}
	add_files(o, &s->session.files);
	add_microphone(o, s, config);
	add_clipboard(o, s, config);
	if (s->show_help) {
		add_help_list(o, s, config);
	}
	add_figures(o, s);
	o->dim = s->decision.frozen || (s->show_states && config->window.dim_overlay);
	add_alert(o, s);
}

/* The first one of what is still to come. */
static deadline after_now(deadline next, deadline other, uint64_t now_ns) {
	return other > now_ns ? deadline_first(next, other) : next;
}

deadline hud_text_next_change(const struct app_status *s) {
	deadline next = DEADLINE_NONE;
	if (s->now_ns < s->alert_until_ns) {
		uint64_t fade = s->alert_until_ns - HUD_TEXT_ALERT_FADE_NS;
		next = s->now_ns < fade ? fade : s->now_ns + FADE_STEP_NS;
	}
	const bool splash = s->video.showing == VIDEO_SOURCE_AUTO;
	if (splash) {
		const uint64_t into = (s->now_ns - s->start_ns) % PAGE_NS;
		next = after_now(next, s->now_ns + PAGE_NS - into, s->now_ns);
	}
	if (splash && s->waits_since_ns[1] != 0) { /* the seconds in the lines */
		next = after_now(next, s->now_ns + 1000000000u, s->now_ns);
	}
	if (s->show_fps || s->show_stats || s->show_states) {
		next = after_now(next, s->now_ns + FIGURES_PERIOD_NS, s->now_ns);
	}
	if (s->show_graphs) {
		next = after_now(next, s->now_ns + GRAPHS_PERIOD_NS, s->now_ns);
	}
	if (s->show_help) {
		const uint64_t into = (s->now_ns - s->help_since_ns) % PAGE_NS;
		next = after_now(next, s->now_ns + PAGE_NS - into, s->now_ns);
	}
	const uint64_t hints[] = {
		s->start_ns + HUD_TEXT_HINT_NS + 1,
		s->start_ns + HUD_TEXT_PATIENCE_NS + 1,
		s->start_ns + HUD_TEXT_PATIENCE_NS + HUD_TEXT_HINT_READ_NS + 1,
	};
	for (size_t i = 0;
			s->video.part.state != PART_RUNNING && i < sizeof hints / sizeof hints[0];
			i++) {
		next = after_now(next, hints[i], s->now_ns);
	}
	for (int sign = 0; sign < APP_SIGN_COUNT; sign++) {
		if ((s->decision.signs & 1u << sign) != 0 && !app_sign_lasts((enum app_sign)sign)) {
			next = after_now(
					next, s->sign_since_ns[sign] + APP_SIGN_READ_NS, s->now_ns);
		}
	}
	return next;
}
