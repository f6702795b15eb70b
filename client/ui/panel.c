#include "client/ui/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/input-event-codes.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "base/utf8.h"
#include "client/config/options.h"
#include "client/render/overlay_panel.h"
#include "client/ui/key_label.h"
#include "client/vm/first_screen.h"

enum row_kind {
	ROW_OPTION,  /* an option of the table */
	ROW_STATE,   /* a state of the program, turned over by an action */
	ROW_ACTION,  /* does something at once */
	ROW_STATES,  /* as ROW_STATE, without a key */
	ROW_INFO,    /* a text to read */
	ROW_CAPTURE, /* leaves the panel for capture mode */
	ROW_SAVE,
};

struct row {
	enum row_kind kind;
	const char *label;      /* translatable */
	const char *option;     /* ROW_OPTION */
	const char *steps;      /* values in order, blanks between; NULL: by the option's type */
	enum key_action action; /* ROW_STATE, ROW_ACTION */
	size_t state;           /* offset in struct panel_state: a bool, of ROW_INFO a text */
	size_t why;             /* … of its sentence at the foot; 0 = none */
	bool next_start;        /* comes into force with the next start */
};

#define OPTION(name_, label_) \
	{ .kind = ROW_OPTION, .option = name_, .label = label_ }
#define STEPS(name_, label_, steps_) \
	{ .kind = ROW_OPTION, .option = name_, .label = label_, .steps = steps_ }
#define LATER(name_, label_, steps_)                                                   \
	{                                                                              \
		.kind = ROW_OPTION, .option = name_, .label = label_, .steps = steps_, \
		.next_start = true                                                     \
	}
#define STATE(member_, action_, label_)                                \
	{                                                              \
		.kind = ROW_STATE, .label = label_, .action = action_, \
		.state = offsetof(struct panel_state, member_)         \
	}
#define ACTION(action_, label_) \
	{ .kind = ROW_ACTION, .label = label_, .action = action_ }
#define INFO_WHY(member_, label_, why_)                                                            \
	{                                                                                          \
		.kind = ROW_INFO, .label = label_, .state = offsetof(struct panel_state, member_), \
		.why = offsetof(struct panel_state, why_)                                          \
	}
#define INFO(member_, label_) \
	{ .kind = ROW_INFO, .label = label_, .state = offsetof(struct panel_state, member_) }

static const struct row picture_rows[] = {
	STATE(full_screen, KEY_ACTION_FULL_SCREEN, N_("Full screen")),
	STEPS("source", N_("Source of the picture"), "auto lg spice"),
	STEPS("monitor", N_("Screen"), "1 2 3 4 5 6"),
	OPTION("scale", N_("Scaling")),
	OPTION("keep-aspect", N_("Keep the aspect")),
	OPTION("integer-upscale", N_("Enlarge by whole numbers only")),
	OPTION("dont-upscale", N_("Never enlarge")),
	OPTION("rotate", N_("Turn the picture")),
	OPTION("vsync", N_("Wait for the screen (no tearing, more delay)")),
	OPTION("map-hdr", N_("Map HDR to the screen's range")),
	STEPS("peak-luminance", N_("Brightest the screen can show (nits)"),
			"100 200 250 300 400 500 600 800 1000"),
	ACTION(KEY_ACTION_GUEST_SIZE, N_("Ask the guest for the window's size")),
	ACTION(KEY_ACTION_SCREENSHOT, N_("Save a picture of the guest's screen")),
	STATE(recorded, KEY_ACTION_RECORD, N_("Record picture and sound")),
};

static const struct row sound_rows[] = {
	STATE(muted, KEY_ACTION_MUTE, N_("Mute")),
	LATER("audio", N_("Where sound comes from"), "auto scream spice off"),
	STEPS("audio-volume", N_("Volume (%)"), "auto 10 25 50 75 100 125 150"),
	STEPS("audio-latency", N_("Delay (ms)"), "auto 20 30 40 50 60 80 100 150 200"),
	STEPS("microphone", N_("Microphone"), "off ask on"),
	ACTION(KEY_ACTION_GUEST_VOLUME_DOWN, N_("The guest's volume: less")),
	ACTION(KEY_ACTION_GUEST_VOLUME_UP, N_("The guest's volume: more")),
};

static const struct row input_rows[] = {
	STATE(input_on, KEY_ACTION_INPUT, N_("Input to the guest")),
	{ .kind = ROW_CAPTURE, .label = N_("Capture keyboard and mouse now") },
	STATE(grabbed, KEY_ACTION_GRAB, N_("Keyboards and mice given to the guest")),
	STEPS("escape-key", N_("Key that is held for all keys"),
			"scrolllock rightctrl rightalt pause compose f12"),
	OPTION("mouse-sens", N_("Speed of the captured mouse")),
	OPTION("scale-pointer", N_("The guest's pointer keeps its size")),
	LATER("capture-on-start", N_("Capture as the window opens"), NULL),
	STEPS("clipboard-to-vm", N_("The guest may read the clipboard"), "no ask focus always"),
	STEPS("clipboard-to-local", N_("The clipboard takes what the guest copies"),
			"no ask focus always"),
	ACTION(KEY_ACTION_CTRL_ALT_DEL, N_("Send Ctrl+Alt+Del")),
	ACTION(KEY_ACTION_TYPE_CLIPBOARD, N_("Type the clipboard's text as keys")),
};

static const struct row vm_rows[] = {
	{ .kind = ROW_SAVE, .label = N_("Save the changes for this VM") },
	ACTION(KEY_ACTION_RECONNECT, N_("Connect again at once")),
	{ .kind = ROW_STATES,
			.label = N_("States of all parts"),
			.state = offsetof(struct panel_state, states) },
	ACTION(KEY_ACTION_FPS, N_("Frames a second, on or off")),
	ACTION(KEY_ACTION_QUIT, N_("Leave")),
	INFO(host, N_("Host program")),
	INFO(capture, N_("Its way of capturing")),
	INFO(system, N_("The guest's system")),
	INFO(keys_way, N_("Keys and mouse go")),
	INFO(clipboard_way, N_("Text and images of the clipboard go")),
	INFO_WHY(files_way, N_("Files for the guest go"), files_why),
	INFO_WHY(sound_way, N_("Sound comes"), sound_why),
	INFO(frames, N_("The guest's frames follow this display")),
	INFO(sizes, N_("The guest takes the window's size")),
	INFO(hdr, N_("HDR of the guest")),
	INFO(recovery, N_("The host program's recovery region")),
	INFO_WHY(software, N_("The host program's software mode"), software_why),
};

static const char *const page_names[PANEL_PAGE_COUNT] = {
	[PANEL_PICTURE] = N_("Picture"),
	[PANEL_SOUND] = N_("Sound"),
	[PANEL_INPUT] = N_("Input"),
	[PANEL_KEYS] = N_("Keys"),
	[PANEL_VM] = N_("VM"),
	[PANEL_VMS] = N_("All VMs"),
};

static const struct row *rows_of(enum panel_page page, unsigned *ret_count) {
	switch (page) {
	case PANEL_PICTURE:
		*ret_count = sizeof picture_rows / sizeof *picture_rows;
		return picture_rows;
	case PANEL_SOUND:
		*ret_count = sizeof sound_rows / sizeof *sound_rows;
		return sound_rows;
	case PANEL_INPUT:
		*ret_count = sizeof input_rows / sizeof *input_rows;
		return input_rows;
	case PANEL_VM:
		*ret_count = sizeof vm_rows / sizeof *vm_rows;
		return vm_rows;
	case PANEL_VMS: /* as many as this machine has */
		*ret_count = 0;
		return NULL;
	case PANEL_KEYS: /* the rows are the actions */
	case PANEL_PAGE_COUNT:
		break;
	}
	*ret_count = KEY_ACTION_COUNT - 1;
	return NULL;
}

static unsigned row_count(const struct panel *panel) {
	unsigned count;
	rows_of(panel->page, &count);
	return panel->page == PANEL_VMS ? panel->vm_count : count;
}

/* The option of a row; NULL if it has none. */
static const struct config_option *option_of(enum panel_page page, unsigned row) {
	unsigned count;
	const struct row *rows = rows_of(page, &count);
	if (page == PANEL_VMS) {
		return NULL;
	}
	if (!rows) {
		return key_action_option((enum key_action)(row + 1));
	}
	return rows[row].kind == ROW_OPTION ? option_find(rows[row].option) : NULL;
}

/* ---- the next value of an option ---- */

/* Of words with blanks between, the one before or after `now`; where `now` is none of them, the
 * first or the last. False at the end. */
static bool step_in_words(const char *words, const char *now, int by, char *text, size_t size) {
	char before[32] = "";
	bool found = false;
	while (*words) {
		char word[32];
		const size_t len = strcspn(words, " ");
		snprintf(word, sizeof word, "%.*s", (int)len, words);
		words += len + strspn(words + len, " ");
		if (found) {
			snprintf(text, size, "%s", word);
			return true;
		}
		found = strcmp(word, now) == 0;
		if (found && by < 0) {
			snprintf(text, size, "%s", before);
			return before[0] != '\0';
		}
		snprintf(before, sizeof before, "%s", word);
	}
	if (!found) {
		snprintf(text, size, "%s", before);
	}
	return !found;
}

static bool step_in_choices(const struct config_option *option, const char *now, int by, char *text,
		size_t size) {
	for (int i = 0; option->choices[i]; i++) {
		if (strcmp(option->choices[i], now) == 0) {
			if (i + by < 0 || !option->choices[i + by]) {
				return false;
			}
			snprintf(text, size, "%s", option->choices[i + by]);
			return true;
		}
	}
	return false;
}

static bool next_value(const struct config_option *option, const char *steps, const char *now,
		int by, char *text, size_t size) {
	if (steps) {
		return step_in_words(steps, now, by, text, size);
	}
	switch (option->type) {
	case OPTION_BOOL:
		snprintf(text, size, "%s", strcmp(now, "yes") == 0 ? "no" : "yes");
		return true;
	case OPTION_CHOICE:
		return step_in_choices(option, now, by, text, size);
	case OPTION_INT:
		snprintf(text, size, "%d", atoi(now) + by); // NOLINT(cert-err34-c): our own text
		return true;
	case OPTION_NUMBER:
	case OPTION_TEXT:
	case OPTION_KEY:
	case OPTION_CUSTOM:
		break;
	}
	return false;
}

static struct panel_request change(struct panel *panel, struct config *config,
		const struct config_option *option, const char *value) {
	if (!option_set(config, option, value)) {
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	panel->changed[option_index(option)] = true;
	return (struct panel_request){ .kind = PANEL_REQUEST_OPTION, .option = option };
}

/* PANEL_DO goes on to the next value, and from the last one to the first. */
static struct panel_request change_row(struct panel *panel, struct config *config,
		const struct row *row, enum panel_step step) {
	const struct config_option *option = option_find(row->option);
	char now[OPTION_TEXT_MAX];
	char value[OPTION_TEXT_MAX];
	if (!option) {
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	option_get(config, option, now, sizeof now);
	bool has = next_value(
			option, row->steps, now, step == PANEL_LESS ? -1 : 1, value, sizeof value);
	if (!has && step == PANEL_DO) {
		while (next_value(option, row->steps, now, -1, value, sizeof value)) {
			snprintf(now, sizeof now, "%s", value);
		}
		snprintf(value, sizeof value, "%s", now);
		has = true;
	}
	if (has && row->next_start) {
		panel_tell(panel, _("This takes effect at the next start, once saved"));
	}
	return has ? change(panel, config, option, value)
		   : (struct panel_request){ .kind = PANEL_REQUEST_NONE };
}

/* ---- keys ---- */

static enum key_action holder_of(
		const struct config *config, unsigned binding, enum key_action but) {
	for (int i = 1; i < KEY_ACTION_COUNT; i++) {
		if (i != (int)but && config->input.bindings[i] == binding) {
			return (enum key_action)i;
		}
	}
	return KEY_ACTION_NONE;
}

static struct panel_request start_binding(struct panel *panel, enum key_action action) {
	panel->rebinds = action;
	panel->contested = 0;
	panel_tell(panel,
			_("Press the new key. Esc leaves it as it is, Backspace takes the key away"));
	return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
}

struct panel_request panel_bind(
		struct panel *panel, struct config *config, unsigned key, bool shift) {
	const enum key_action action = panel->rebinds;
	const struct config_option *option = key_action_option(action);
	const unsigned binding = key == KEY_BACKSPACE ? 0 : key | (shift ? KEY_BINDING_SHIFT : 0);
	const enum key_action holder =
			binding ? holder_of(config, binding, action) : KEY_ACTION_NONE;
	if (key == KEY_LEFTSHIFT || key == KEY_RIGHTSHIFT) {
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	if (key == KEY_ESC) {
		panel->rebinds = KEY_ACTION_NONE;
		panel_tell(panel, "");
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	if (holder != KEY_ACTION_NONE && panel->contested != binding) {
		panel->contested = binding;
		snprintf(panel->notice, sizeof panel->notice,
				_("That key does this already: %s. Press it again to take it from there"),
				_(key_action_help(holder)));
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	panel_tell(panel, "");
	if (holder != KEY_ACTION_NONE) {
		config->input.bindings[holder] = 0;
		panel->changed[option_index(key_action_option(holder))] = true;
		snprintf(panel->notice, sizeof panel->notice, _("No key is left for this: %s"),
				_(key_action_help(holder)));
	}
	config->input.bindings[action] = binding;
	panel->changed[option_index(option)] = true;
	panel->rebinds = KEY_ACTION_NONE;
	return (struct panel_request){ .kind = PANEL_REQUEST_OPTION, .option = option };
}

/* ---- steps ---- */

void panel_tell(struct panel *panel, const char *text) {
	snprintf(panel->notice, sizeof panel->notice, "%s", text);
}

void panel_open(struct panel *panel) {
	panel->open = true;
	panel->rebinds = KEY_ACTION_NONE;
	panel_tell(panel, "");
}

void panel_show_page(struct panel *panel, enum panel_page page) {
	panel->page = page;
	panel->row = 0;
	panel->rebinds = KEY_ACTION_NONE;
	panel_tell(panel, "");
}

static struct panel_request use_row(
		struct panel *panel, struct config *config, enum panel_step step) {
	unsigned count;
	const struct row *rows = rows_of(panel->page, &count);
	if (panel->page == PANEL_VMS) {
		return (struct panel_request){
			.kind = step == PANEL_DO && panel->row < panel->vm_count
						? PANEL_REQUEST_VM
						: PANEL_REQUEST_NONE,
			.row = panel->row,
		};
	}
	if (!rows) {
		return step == PANEL_DO ? start_binding(panel, (enum key_action)(panel->row + 1))
					: (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	const struct row *row = &rows[panel->row];
	panel_tell(panel, "");
	switch (row->kind) {
	case ROW_OPTION:
		return change_row(panel, config, row, step);
	case ROW_STATE:
		return (struct panel_request){ .kind = PANEL_REQUEST_ACTION,
			.action = row->action };
	case ROW_STATES:
		return (struct panel_request){ .kind = PANEL_REQUEST_STATES };
	case ROW_INFO:
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	case ROW_ACTION:
	case ROW_CAPTURE:
	case ROW_SAVE:
		break;
	}
	if (step != PANEL_DO) {
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	return (struct panel_request){
		.kind = row->kind == ROW_SAVE      ? PANEL_REQUEST_SAVE
			: row->kind == ROW_CAPTURE ? PANEL_REQUEST_CAPTURE
						   : PANEL_REQUEST_ACTION,
		.action = row->action,
	};
}

struct panel_request panel_step(struct panel *panel, struct config *config, enum panel_step step) {
	const unsigned count = row_count(panel);
	switch (step) {
	case PANEL_UP:
		panel->row = panel->row > 0 ? panel->row - 1 : count > 0 ? count - 1 : 0;
		panel_tell(panel, "");
		break;
	case PANEL_DOWN:
		panel->row = panel->row + 1 < count ? panel->row + 1 : 0;
		panel_tell(panel, "");
		break;
	case PANEL_PAGE_BEFORE:
		panel_show_page(panel, (panel->page + PANEL_PAGE_COUNT - 1) % PANEL_PAGE_COUNT);
		break;
	case PANEL_PAGE_AFTER:
		panel_show_page(panel, (panel->page + 1) % PANEL_PAGE_COUNT);
		break;
	case PANEL_LEAVE:
		panel->open = false;
		return (struct panel_request){ .kind = PANEL_REQUEST_CLOSED };
	case PANEL_LESS:
	case PANEL_MORE:
	case PANEL_DO:
		return use_row(panel, config, step);
	}
	return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
}

struct panel_request panel_press(
		struct panel *panel, struct config *config, unsigned row, enum panel_step step) {
	if (row >= row_count(panel)) {
		return (struct panel_request){ .kind = PANEL_REQUEST_NONE };
	}
	panel->row = row;
	panel->rebinds = KEY_ACTION_NONE;
	return use_row(panel, config, step);
}

/* ---- what is shown ---- */

static unsigned unsaved(const struct panel *panel) {
	unsigned count = 0;
	for (unsigned i = 0; i < config_options_count; i++) {
		count += panel->changed[i];
	}
	return count;
}

void panel_saved(struct panel *panel, const char *path) {
	memset(panel->changed, 0, sizeof panel->changed);
	snprintf(panel->notice, sizeof panel->notice, _("Saved in %.120s"), path);
}

static const char *on_or_off(bool on) {
	return on ? _("On") : _("Off"); /* "off" is a VM that does not run */
}

/* A value of the configuration as a reader's word. */
static const char *value_word(const char *value) {
	static const char *const words[][2] = {
		{ "", N_("auto") },
		{ "auto", N_("auto") },
		{ "no", N_("Off") },
		{ "off", N_("Off") },
		{ "on", N_("On") },
		{ "ask", N_("ask") },
		{ "focus", N_("with focus") },
		{ "always", N_("always") },
		{ "nearest", N_("nearest") },
		{ "linear", N_("linear") },
		{ "sharp", N_("sharp") },
		{ "fsr", "FSR" },
		{ "lg", "Looking Glass" },
		{ "spice", "SPICE" },
		{ "scream", "Scream" },
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(value, words[i][0]) == 0) {
			return _(words[i][1]);
		}
	}
	return value;
}

static void fill_value(const struct row *row, const struct config *config,
		const struct panel_state *state, char *text, size_t size) {
	char value[OPTION_TEXT_MAX];
	char label[KEY_LABEL_BYTES];
	const struct config_option *option =
			row->kind == ROW_OPTION ? option_find(row->option) : NULL;
	text[0] = '\0';
	if (option) {
		option_get(config, option, value, sizeof value);
		const char *word = value_word(value);
		if (option->type == OPTION_BOOL) {
			word = on_or_off(strcmp(value, "yes") == 0);
		} else if (strcmp(option->name, "escape-key") == 0) {
			word = key_label(value, label);
		}
		snprintf(text, size, "%.*s", utf8_fit(word, size - 1), word);
	} else if (row->kind == ROW_INFO) {
		const char *const *known = (const char *const *)(const void *)((const char *)state +
									       row->state);
		snprintf(text, size, "%s", *known && **known ? *known : _("unknown"));
	} else if (row->kind == ROW_STATE || row->kind == ROW_STATES) {
		const bool *on = (const bool *)((const char *)state + row->state);
		snprintf(text, size, "%s", on_or_off(*on));
	}
}

static void fill_machines(const struct panel *panel, const struct panel_state *state,
		struct overlay_panel *ret) {
	ret->row_count = panel->vm_count > 0 ? panel->vm_count : 1;
	if (panel->vm_count == 0) {
		snprintf(ret->rows[0].label, sizeof ret->rows[0].label, "%s",
				_("No virtual machine was found here"));
	}
	for (unsigned i = 0; i < panel->vm_count && i < OVERLAY_PANEL_ROWS; i++) {
		const struct first_screen_vm *vm = &state->machines->vms[i];
		snprintf(ret->rows[i].label, sizeof ret->rows[i].label, "%.*s",
				utf8_fit(vm->name, sizeof ret->rows[i].label - 1), vm->name);
		snprintf(ret->rows[i].value, sizeof ret->rows[i].value, "%.36s",
				vm->running ? _("runs: go to it") : _("off: start it"));
	}
}

static const char *label_of(const struct row *row, const struct panel_state *state) {
	const bool named = state->vm && state->vm[0];
	return row->kind == ROW_SAVE && !named ? _("Save the changes for all VMs") : _(row->label);
}

static void fill_rows(const struct panel *panel, const struct config *config,
		const struct panel_state *state, struct overlay_panel *ret) {
	unsigned count;
	const struct row *rows = rows_of(panel->page, &count);
	if (panel->page == PANEL_VMS) {
		fill_machines(panel, state, ret);
		return;
	}
	ret->row_count = count < OVERLAY_PANEL_ROWS ? count : OVERLAY_PANEL_ROWS;
	for (unsigned i = 0; i < ret->row_count; i++) {
		struct overlay_panel_row *row = &ret->rows[i];
		const struct config_option *option = option_of(panel->page, i);
		row->changed = option && panel->changed[option_index(option)];
		if (rows) {
			snprintf(row->label, sizeof row->label, "%s", label_of(&rows[i], state));
			fill_value(&rows[i], config, state, row->value, sizeof row->value);
			row->adjustable = rows[i].kind == ROW_OPTION || rows[i].kind == ROW_STATE ||
					  rows[i].kind == ROW_STATES;
			continue;
		}
		char key[KEY_LABEL_BYTES];
		const enum key_action action = (enum key_action)(i + 1);
		const unsigned binding = config->input.bindings[action];
		snprintf(row->label, sizeof row->label, "%s", _(key_action_help(action)));
		row->label[0] = (char)ascii_upper((unsigned char)row->label[0]);
		snprintf(row->value, sizeof row->value, "%.30s",
				panel->rebinds == action ? "..."
				: binding == 0           ? _("none")
							 : key_binding_label(binding, key));
	}
}

/* The sentence of the chosen row; NULL if it has none. */
static const char *const *why_of(const struct panel *panel, const struct panel_state *state) {
	unsigned count;
	const struct row *rows = rows_of(panel->page, &count);
	if (!rows || panel->row >= count || rows[panel->row].why == 0) {
		return NULL;
	}
	return (const char *const *)(const void *)((const char *)state + rows[panel->row].why);
}

static void fill_foot(const struct panel *panel, const struct panel_state *state, char *text,
		size_t size) {
	const unsigned count = unsaved(panel);
	const char *const *why = why_of(panel, state);
	char vm[61] = "";
	if (state->vm) {
		snprintf(vm, sizeof vm, "%.*s", utf8_fit(state->vm, sizeof vm - 1), state->vm);
	}
	if (panel->notice[0]) {
		snprintf(text, size, "%s", panel->notice);
	} else if (count > 0 && vm[0]) {
		snprintf(text, size,
				ngettext("%u change is not saved for %.60s: page VM",
						"%u changes are not saved for %.60s: page VM",
						count),
				count, vm);
	} else if (count > 0) {
		snprintf(text, size,
				ngettext("%u change is not saved: page VM",
						"%u changes are not saved: page VM", count),
				count);
	} else if (why && *why) {
		snprintf(text, size, "%s", _(*why));
	} else {
		snprintf(text, size, "%s", _("Arrows, Enter, Tab, Esc; or mouse and touch"));
	}
}

void panel_fill(const struct panel *panel, const struct config *config,
		const struct panel_state *state, struct overlay_panel *ret) {
	memset(ret, 0, sizeof *ret);
	ret->open = panel->open;
	if (!panel->open) {
		return;
	}
	const char *title = state->vm && state->vm[0] ? state->vm : "pierglass";
	snprintf(ret->title, sizeof ret->title, "%.*s", utf8_fit(title, sizeof ret->title - 1),
			title);
	ret->page_count = PANEL_PAGE_COUNT;
	ret->page = panel->page;
	for (unsigned i = 0; i < PANEL_PAGE_COUNT; i++) {
		snprintf(ret->pages[i], sizeof ret->pages[i], "%s", _(page_names[i]));
	}
	ret->row = panel->row;
	fill_rows(panel, config, state, ret);
	fill_foot(panel, state, ret->foot, sizeof ret->foot);
}
