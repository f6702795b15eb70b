#include "client/config/options_lg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "base/parse.h"

enum lg_type { LG_BOOL, LG_INT, LG_TEXT };

struct lg_option {
	const char *name;
	char letter;
	enum lg_type type;
	enum lg_support support;
	const char *target; /* an option of ours */
	/* Value of theirs to one of ours; false = it does not fit. NULL: by the list below. */
	bool (*convert)(const struct config *config, const char *value, char *text, size_t size);
	const char *values; /* "theirs:ours theirs:ours", any case */
	const char *note;
};

/* Their latency is what is added to the device's own; ours is all of it. 13, their default, is no
 * request of the user. */
static bool buffer_latency(
		const struct config *config, const char *value, char *text, size_t size) {
	(void)config;
	int64_t ms;
	if (!parse_int(value, 0, 10000, &ms)) {
		return false;
	}
	if (ms == 13) {
		snprintf(text, size, "auto");
	} else {
		ms += 20;
		snprintf(text, size, "%d", (int)(ms > 200 ? 200 : ms));
	}
	return true;
}

/* One thread looks for frames and for pointers: the shorter of both intervals counts. */
static bool cursor_poll(const struct config *config, const char *value, char *text, size_t size) {
	int64_t us;
	if (!parse_int(value, 0, 100000, &us)) {
		return false;
	}
	unsigned frame_us = config->video.poll_us;
	snprintf(text, size, "%u", frame_us && frame_us < us ? frame_us : (unsigned)us);
	return true;
}

/* Off is what it is without it: whatever egl:scale said. */
static bool super_resolution(
		const struct config *config, const char *value, char *text, size_t size) {
	static const char *const names[] = {
		[VIDEO_SCALE_NEAREST] = "nearest",
		[VIDEO_SCALE_LINEAR] = "linear",
		[VIDEO_SCALE_SHARP] = "sharp",
	};
	bool on = ascii_casecmp(value, "yes") == 0 || ascii_casecmp(value, "on") == 0 ||
		  ascii_casecmp(value, "true") == 0 || strcmp(value, "1") == 0;
	size_t scale = config->video.settings.scale;
	bool named = scale < sizeof names / sizeof names[0] && names[scale];
	snprintf(text, size, "%s", on ? "fsr" : named ? names[scale] : "auto");
	return true;
}

static bool test_width(const struct config *config, const char *value, char *text, size_t size) {
	snprintf(text, size, "%sx%d", value, config->guest.height);
	return true;
}

static bool test_height(const struct config *config, const char *value, char *text, size_t size) {
	snprintf(text, size, "%dx%s", config->guest.width, value);
	return true;
}

static bool device(const struct config *config, const char *value, char *text, size_t size) {
	(void)config;
	snprintf(text, size, "%s", ascii_casecmp(value, "none") == 0 ? "" : value);
	return true;
}

#define IGNORED(name_, type_, note_) \
	{ .name = name_, .type = type_, .support = LG_IGNORED, .note = note_ }
#define UNSUPPORTED(name_, type_, note_) \
	{ .name = name_, .type = type_, .support = LG_UNSUPPORTED, .note = note_ }
#define MAPPED(name_, type_, target_, values_) \
	{ .name = name_, .type = type_, .support = LG_MAPPED, .target = target_, .values = values_ }
#define CONVERTED(name_, type_, target_, function_)                                    \
	{                                                                              \
		.name = name_, .type = type_, .support = LG_MAPPED, .target = target_, \
		.convert = function_                                                   \
	}

static const char note_filter[] = N_("the only filter is FidelityFX Super Resolution: --scale=fsr");
static const char note_colours[] =
		N_("the guest's colours are not changed: Windows has colour filters of its own");
static const char note_opengl[] = N_("the picture is drawn with OpenGL ES through EGL only");
static const char note_gl[] = N_("pierglass chooses this by itself");
static const char note_sdl[] = N_("SDL takes care of this");
static const char note_test[] = N_("see the options of --demo");

/* clang-format off */
static const struct lg_option lg_options[] = {
	{ .name = "app:renderer", .letter = 'g', .type = LG_TEXT, .support = LG_MAPPED,
		.values = "auto: EGL:", .note = note_opengl },
	CONVERTED("app:cursorPollInterval", LG_INT, "poll-interval", cursor_poll),
	CONVERTED("lgmp:cursorPollInterval", LG_INT, "poll-interval", cursor_poll),
	UNSUPPORTED("win:jitRender", LG_BOOL, N_("a frame is drawn as soon as it arrives")),
	IGNORED("spice:waitForServer", LG_BOOL, N_("the server is always waited for")),
	IGNORED("win:quickSplash", LG_BOOL, N_("there is no fade")),
	IGNORED("input:rawMouse", LG_BOOL, N_("captured motion is never accelerated")),
	IGNORED("input:releaseKeysOnFocusLoss", LG_BOOL, N_("held keys are always released")),
	IGNORED("input:mouseSmoothing", LG_BOOL, N_("motion is never smoothed")),
	MAPPED("spice:audio", LG_BOOL, "audio", "yes:auto no:scream"),
	IGNORED("audio:periodSize", LG_INT, N_("the sound server is asked for what --audio-latency needs")),
	CONVERTED("audio:bufferLatency", LG_INT, "audio-latency", buffer_latency),
	MAPPED("audio:micDefault", LG_TEXT, "microphone", "prompt:ask allow:on deny:off"),
	IGNORED("audio:micShowIndicator", LG_BOOL, N_("the sign is shown whenever the VM hears the microphone")),
	CONVERTED("pipewire:outDevice", LG_TEXT, "audio-sink", device),
	IGNORED("pipewire:recDevice", LG_TEXT, N_("the sound server's default source is recorded")),
	IGNORED("wayland:warpSupport", LG_BOOL, note_sdl),
	IGNORED("wayland:fractionScale", LG_BOOL, note_sdl),
	UNSUPPORTED("i3:globalFullScreen", LG_BOOL, NULL),
	IGNORED("egl:doubleBuffer", LG_BOOL, note_gl),
	IGNORED("egl:multisample", LG_BOOL, note_gl),
	UNSUPPORTED("egl:nvGainMax", LG_INT, note_colours),
	UNSUPPORTED("egl:nvGain", LG_INT, note_colours),
	UNSUPPORTED("egl:cbMode", LG_INT, note_colours),
	MAPPED("egl:scale", LG_INT, "scale", "0:auto 1:nearest 2:linear"),
	IGNORED("egl:debug", LG_BOOL, note_gl),
	IGNORED("egl:noBufferAge", LG_BOOL, note_gl),
	IGNORED("egl:noSwapDamage", LG_BOOL, note_gl),
	UNSUPPORTED("egl:preset", LG_TEXT, note_filter),
	UNSUPPORTED("eglFilter:order", LG_TEXT, note_filter),
	UNSUPPORTED("eglFilter:downscale", LG_BOOL, note_filter),
	UNSUPPORTED("eglFilter:downscalePixelSize", LG_INT, note_filter),
	UNSUPPORTED("eglFilter:downscaleHOffset", LG_INT, note_filter),
	UNSUPPORTED("eglFilter:downscaleVOffset", LG_INT, note_filter),
	UNSUPPORTED("eglFilter:downscaleFilter", LG_INT, note_filter),
	UNSUPPORTED("eglFilter:ffxCAS", LG_BOOL, note_filter),
	UNSUPPORTED("eglFilter:ffxCASSharpness", LG_INT, note_filter),
	CONVERTED("eglFilter:ffxFSR", LG_BOOL, "scale", super_resolution),
	UNSUPPORTED("eglFilter:ffxFSRSharpness", LG_INT, note_filter),
	IGNORED("opengl:mipmap", LG_BOOL, note_opengl),
	IGNORED("opengl:vsync", LG_BOOL, note_opengl),
	IGNORED("opengl:preventBuffer", LG_BOOL, note_opengl),
	IGNORED("opengl:amdPinnedMem", LG_BOOL, note_opengl),
	/* Of its development after B7. */
	{ .name = "app:transport", .type = LG_TEXT, .support = LG_MAPPED, .target = "source",
		.values = "lgmp:auto spice:spice", .note = note_test },
	IGNORED("win:disableWaitingMessage", LG_BOOL, N_("waiting never covers the picture")),
	MAPPED("input:evdev", LG_TEXT, "evdev", NULL),
	IGNORED("input:evdevExclusive", LG_BOOL, N_("grabbed devices are always exclusive")),
	IGNORED("input:mouseTrace", LG_BOOL, NULL),
	IGNORED("audio:debug", LG_BOOL, N_("see --log-level")),
	IGNORED("audio:latencyOffset", LG_INT, N_("the sound server's own report is used")),
	IGNORED("audio:resampler", LG_TEXT, N_("see --audio-quality")),
	UNSUPPORTED("spice:usbAudio", LG_BOOL, N_("there is no USB sound: use Scream or SPICE's")),
	UNSUPPORTED("eglFilter:glslPath", LG_TEXT, note_filter),
	UNSUPPORTED("eglFilter:glslEnabled", LG_BOOL, note_filter),
	CONVERTED("test:width", LG_INT, "demo-size", test_width),
	CONVERTED("test:height", LG_INT, "demo-size", test_height),
	MAPPED("test:format", LG_TEXT, "demo-format", NULL),
	MAPPED("test:damage", LG_TEXT, "demo-damage", "moving:moving full:full null:full zero:full"),
	IGNORED("test:stride", LG_INT, note_test),
	IGNORED("test:frameCount", LG_INT, note_test),
	IGNORED("test:realtime", LG_BOOL, note_test),
	IGNORED("test:holdLastFrame", LG_BOOL, note_test),
	IGNORED("test:captureFile", LG_TEXT, note_test),
	IGNORED("test:captureFrame", LG_INT, note_test),
	IGNORED("test:captureDelay", LG_INT, note_test),
};
/* clang-format on */

#define LG_COUNT (sizeof lg_options / sizeof *lg_options)

bool lg_is_idle_word(const char *name) {
	static const char *const words[] = {
		"quick-splash",
		"raw-mouse",
		"reconnect",
		"release-keys-on-focus-loss",
		"wait",
	};
	const char *bare = strncmp(name, "no-", 3) == 0 ? name + 3 : name;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i], bare) == 0) {
			return true;
		}
	}
	return false;
}

static const struct lg_option *find(const char *name) {
	for (size_t i = 0; i < LG_COUNT; i++) {
		if (ascii_casecmp(lg_options[i].name, name) == 0) {
			return &lg_options[i];
		}
	}
	return NULL;
}

static bool loose_bool(const char *value) {
	bool on = false;
	return parse_bool(value, &on) && on;
}

/* "theirs:ours theirs:ours": false = the value is none of theirs. */
static bool by_list(const char *list, const char *value, char *text, size_t size) {
	size_t len = strlen(value);
	while (*list) {
		size_t theirs = strcspn(list, ":");
		size_t ours = strcspn(list + theirs + 1, " ");
		if (theirs == len && ascii_ncasecmp(list, value, len) == 0) {
			snprintf(text, size, "%.*s", (int)ours, list + theirs + 1);
			return true;
		}
		list += theirs + 1 + ours;
		list += *list == ' ';
	}
	return false;
}

static void kept(const struct config_option *option, const char *value, bool loose,
		struct lg_value *ret) {
	ret->support = LG_KEPT;
	ret->option = option;
	ret->fits = true;
	if (option->type == OPTION_BOOL && loose) {
		value = loose_bool(value) ? "yes" : "no";
	}
	snprintf(ret->text, sizeof ret->text, "%s", value);
}

void lg_translate(const struct config *config, const char *name, const char *value, bool loose,
		struct lg_value *ret) {
	*ret = (struct lg_value){ .support = LG_UNKNOWN };
	const struct config_option *same = option_find_lg(name);
	if (same) {
		kept(same, value, loose, ret);
		return;
	}
	const struct lg_option *lg = find(name);
	if (!lg) {
		return;
	}
	bool on;
	if (lg->type == LG_BOOL && (loose || parse_bool(value, &on))) {
		value = loose_bool(value) ? "yes" : "no";
	}
	ret->support = lg->support;
	ret->note = lg->note;
	ret->fits = true;
	if (lg->support != LG_MAPPED) {
		/* What is only passed over must still be a value, unless it stands in a file of
		 * theirs. */
		int64_t number;
		if (!loose && lg->type == LG_BOOL) {
			ret->fits = parse_bool(value, &on);
		} else if (!loose && lg->type == LG_INT &&
				strncmp(lg->name, "eglFilter:", 10) != 0) {
			ret->fits = parse_int(value, INT32_MIN, INT32_MAX, &number);
		}
		return;
	}
	ret->option = lg->target ? option_find(lg->target) : NULL;
	if (lg->convert) {
		ret->fits = lg->convert(config, value, ret->text, sizeof ret->text);
	} else if (lg->values) {
		ret->fits = by_list(lg->values, value, ret->text, sizeof ret->text);
	} else {
		snprintf(ret->text, sizeof ret->text, "%s", value);
	}
	if (!ret->option && !ret->fits) {
		/* A renderer that we do not have: nothing breaks without it. */
		ret->support = LG_UNSUPPORTED;
		ret->fits = true;
	}
}

enum lg_support lg_support_of(const char *name) {
	if (option_find_lg(name)) {
		return LG_KEPT;
	}
	const struct lg_option *lg = find(name);
	return lg ? lg->support : LG_UNKNOWN;
}

bool lg_is_bool(const char *name) {
	const struct config_option *same = option_find_lg(name);
	if (same) {
		return same->type == OPTION_BOOL;
	}
	const struct lg_option *lg = find(name);
	return lg && lg->type == LG_BOOL;
}

const char *lg_find_letter(char letter) {
	for (size_t i = 0; letter != '\0' && i < LG_COUNT; i++) {
		if (lg_options[i].letter == letter) {
			return lg_options[i].name;
		}
	}
	return NULL;
}

bool lg_is_module(const char *name, size_t len) {
	static const char *const modules[] = {
		"app",
		"win",
		"input",
		"spice",
		"audio",
		"pipewire",
		"wayland",
		"i3",
		"egl",
		"eglFilter",
		"opengl",
		"lgmp",
		"clipboard",
		"test",
	};
	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
		if (strlen(modules[i]) == len && ascii_ncasecmp(modules[i], name, len) == 0) {
			return true;
		}
	}
	return false;
}

static void nearer(const char *name, size_t len, const char *wanted, unsigned *least, char *best,
		size_t size) {
	char candidate[64];
	snprintf(candidate, sizeof candidate, "%.*s", (int)len, name);
	unsigned distance = parse_distance(wanted, candidate);
	if (distance < *least) {
		*least = distance;
		snprintf(best, size, "%s", candidate);
	}
}

const char *lg_nearest(const char *name) {
	static _Thread_local char best[64];
	unsigned least = 5;
	best[0] = '\0';
	for (size_t i = 0; i < LG_COUNT; i++) {
		nearer(lg_options[i].name, strlen(lg_options[i].name), name, &least, best,
				sizeof best);
	}
	for (unsigned i = 0; i < config_options_count; i++) {
		for (const char *at = config_options[i].lg; at && *at;) {
			size_t len = strcspn(at, " ");
			nearer(at, len, name, &least, best, sizeof best);
			at += len + (at[len] == ' ');
		}
	}
	return best[0] ? best : NULL;
}

const char *lg_name_at(size_t index) {
	return index < LG_COUNT ? lg_options[index].name : NULL;
}

const char *lg_note_of(const char *name) {
	const struct lg_option *lg = find(name);
	return lg ? lg->note : NULL;
}
