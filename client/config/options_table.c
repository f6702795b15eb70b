/* The table of options. How the few values that are not a plain member are read and written stands
 * in options_custom.c. */
#include "client/config/options.h"

#include <assert.h>

#include "base/i18n.h"
#include "client/config/options_custom.h"

#define AT(member) \
	.offset = offsetof(struct config, member), .size = sizeof(((struct config *)NULL)->member)
#define SWITCH(name_, member_, default_) \
	.name = name_, .type = OPTION_BOOL, .default_text = default_, AT(member_)
#define INT(name_, member_, min_, max_, default_, value_)                                      \
	.name = name_, .type = OPTION_INT, .min = min_, .max = max_, .default_text = default_, \
	.value = value_, AT(member_)
#define NUMBER(name_, member_, min_, max_, default_, value_)                                      \
	.name = name_, .type = OPTION_NUMBER, .min = min_, .max = max_, .default_text = default_, \
	.value = value_, AT(member_)
#define TEXT(name_, member_, default_, value_) \
	.name = name_, .type = OPTION_TEXT, .default_text = default_, .value = value_, AT(member_)
#define CHOICE(name_, member_, choices_, default_, value_)                                   \
	.name = name_, .type = OPTION_CHOICE, .choices = choices_, .default_text = default_, \
	.value = value_, AT(member_)
#define CUSTOM(name_, function_, default_, value_, allowed_)                                  \
	.name = name_, .type = OPTION_CUSTOM, .set = set_##function_, .get = get_##function_, \
	.default_text = default_, .value = value_, .allowed = allowed_
#define KEY(name_, action_, default_)                                         \
	.name = "key-" name_, .type = OPTION_KEY, .group = OPTION_GROUP_KEYS, \
	.default_text = default_, .value = "KEY", AT(input.bindings[action_])
#define IN(group_) .group = OPTION_GROUP_##group_

static const char *const log_levels[] = { "none", "error", "warn", "info", "debug", "trace", NULL };
static const char *const scales[] = { "auto", "nearest", "linear", "sharp", "fsr", NULL };
static const char *const polls[] = { "auto", "sleep", "phase", "umwait", NULL };
static const char *const draws[] = { "auto", "gl", "cpu", NULL };
static const char *const uploads[] = { "auto", "direct", "pbo", "persistent", "dmabuf", NULL };
static const char *const drivers[] = { "auto", "wayland", "x11", "offscreen", NULL };
static const char *const rotations[] = { "0", "90", "180", "270", NULL };
static const char *const qualities[] = { "fast", "medium", NULL };
static const char *const microphones[] = { "off", "ask", "on", NULL };
static const char *const hosts[] = { "B6", "B7", "34", NULL };
static const char *const formats[] = { "bgra", "rgba", "rgba10", "rgba16f", "bgr32", "rgb24",
	NULL };
static const char *const bench_sinks[] = { "builtin", "server", NULL };
static const char *const damages[] = { "moving", "full", "none", "desktop", NULL };

const char *const option_group_names[OPTION_GROUP_COUNT] = {
	"general",
	"vm",
	"picture",
	"window",
	"sound",
	"input",
	"clipboard",
	"keys",
	"demo",
	"config",
};

const char *const option_group_titles[OPTION_GROUP_COUNT] = {
	N_("What to do"),
	N_("The virtual machine"),
	N_("Picture"),
	N_("Window"),
	N_("Sound"),
	N_("Keyboard and mouse"),
	N_("Clipboard"),
	N_("Keys, each pressed while the escape key is held"),
	N_("The embedded guest of --demo and --bench"),
	N_("Configuration"),
};

/* clang-format off */
const struct config_option config_options[] = {
	/* What to do */
	{ SWITCH("demo", demo, "no"), IN(GENERAL), .flags = OPTION_BASIC | OPTION_ARGV,
		.help = N_("play against an embedded guest: no VM is needed") },
	{ SWITCH("demo-if-no-vm", demo_if_no_vm, "no"), IN(GENERAL),
		.help = N_("the same, but only if this machine has no VM to show") },
	{ SWITCH("audio-only", raw.audio_only, "no"), IN(GENERAL), .flags = OPTION_BASIC | OPTION_ARGV,
		.help = N_("sound without a window, until a signal comes") },
	{ TEXT("screenshot", screenshot_path, NULL, "FILE"), IN(GENERAL),
		.flags = OPTION_BASIC | OPTION_ARGV | OPTION_FILE,
		.help = N_("wait for a frame, write the guest's true pixels as PNG, leave") },
	{ SWITCH("screenshot-pointer", screenshot_pointer, "no"), IN(GENERAL),
		.help = N_("screenshots contain the mouse pointer") },
	{ TEXT("record", record_path, NULL, "FILE"), IN(GENERAL),
		.flags = OPTION_BASIC | OPTION_ARGV | OPTION_FILE,
		.help = N_("record picture and sound from the first picture on, as Matroska (.mkv); needs ffmpeg") },
	{ INT("record-limit", record_limit_mib, 1, 1048576, "8192", "MIB"), IN(GENERAL),
		.help = N_("a recording ends when its file is so large") },
	{ CUSTOM("bench", bench, NULL, "KIND", N_("video, audio or input")), IN(GENERAL),
		.flags = OPTION_BASIC | OPTION_ARGV | OPTION_OPTIONAL,
		.help = N_("measure video (or audio, input) and print a table") },
	{ NUMBER("seconds", seconds, 0, 1e6, "0", "N"), IN(GENERAL), .flags = OPTION_BASIC | OPTION_ARGV,
		.help = N_("quit after N seconds; 0 = never (the bench: 10)") },
	{ CUSTOM("stats", stats, NULL, "SECONDS", N_("a number from 0.1 to 3600, or off")), .examples = "0.5 10 off", IN(GENERAL),
		.flags = OPTION_BASIC | OPTION_OPTIONAL,
		.help = N_("print the figures as a line of JSON every SECONDS (1)") },
	{ SWITCH("json", json, "no"), IN(GENERAL), .flags = OPTION_BASIC | OPTION_ARGV,
		.help = N_("machine-readable output of --bench and of config") },
	{ CHOICE("log-level", log_level, log_levels, "info", "LEVEL"), IN(GENERAL), .flags = OPTION_BASIC,
		.help = N_("how much is written to stderr") },
	{ CUSTOM("help", help, NULL, "TOPIC", N_("all, keys, lg or the name of a group")), IN(GENERAL), .letter = 'h',
		.flags = OPTION_BASIC | OPTION_ARGV | OPTION_OPTIONAL,
		.help = N_("show this text; --help=all lists every option") },
	{ SWITCH("version", raw.version, "no"), IN(GENERAL), .letter = 'V', .flags = OPTION_BASIC | OPTION_ARGV,
		.help = N_("print the version") },
	{ SWITCH("license", raw.license, "no"), .lg = "app:license", IN(GENERAL), .letter = 'l', .flags = OPTION_ARGV,
		.help = N_("print the licence") },
	{ CUSTOM("generate-completions", completions, NULL, "SHELL", N_("bash, zsh or fish")), IN(GENERAL),
		.flags = OPTION_ARGV, .help = N_("print the completions for a shell") },

	{ SWITCH("sandbox", sandbox, "yes"), IN(GENERAL),
		.help = N_("give up what playing does not need, in case a VM breaks in") },

	/* The virtual machine */
	{ TEXT("domain", domain, "", "DOMAIN"), IN(VM), .flags = OPTION_ARGV,
		.help = N_("libvirt domain: name, id or UUID, also without --domain") },
	{ TEXT("connect", connect_uri, "", "URI"), IN(VM), .flags = OPTION_BASIC,
		.help = N_("libvirt connection, as for virsh") },
	{ SWITCH("discover", discover, "yes"), IN(VM),
		.help = N_("look up what a domain has; without a name, if only one domain fits") },
	{ CUSTOM("vm-owner", vm_owner, "", "USERS", N_("names or numbers of users of this machine, or any")), IN(VM),
		.examples = "root 1000,1001 any",
		.help = N_("users who may be the VM, beside root, you and the one QEMU runs as") },
	{ TEXT("shm", video.shm_path, NULL, "PATH"), .lg = "app:shmFile lgmp:shmDevice", IN(VM), .letter = 'f',
		.flags = OPTION_BASIC | OPTION_FILE,
		.help = N_("shared memory file or kvmfr device") },
	{ CUSTOM("spice", spice, "", "URI", N_("off, unix:PATH, HOST:PORT, [V6]:PORT, spice+tls://HOST:PORT, or what virsh domdisplay prints")), IN(VM), .flags = OPTION_BASIC | OPTION_RAW,
		.examples = "off unix:/run/vm.sock /run/vm.sock spice+unix:///run/vm.sock localhost:5900 [::1]:5900 spice://localhost:5900 spice://localhost?tls-port=5901 spice+tls://localhost:5901",
		.help = N_("where the VM's SPICE server is, or off") },
	{ TEXT("spice-host", raw.spice_host, "127.0.0.1", "HOST"), .lg = "spice:host", IN(VM), .letter = 'c',
		.flags = OPTION_RAW, .help = N_("SPICE host, or path of its socket") },
	{ INT("spice-port", raw.spice_port, 0, 65535, "5900", "PORT"), .lg = "spice:port", IN(VM), .letter = 'p',
		.flags = OPTION_RAW, .help = N_("SPICE port; 0 = --spice-host is a socket") },
	{ SWITCH("spice-enable", raw.spice_enable, "yes"), .lg = "spice:enable", IN(VM), .letter = 's',
		.flags = OPTION_RAW, .help = N_("use SPICE at all") },
	{ TEXT("spice-password-file", session.password_file, "", "FILE"), IN(VM), .flags = OPTION_BASIC | OPTION_FILE,
		.help = N_("its first line is the SPICE password") },
	{ TEXT("spice-ca-file", session.ca_file, "", "FILE"), IN(VM), .flags = OPTION_FILE,
		.help = N_("authority (PEM) that signs the server of spice+tls://") },

	/* Picture */
	{ CUSTOM("source", source, "auto", "SOURCE", N_("auto, lg, spice or off")), .examples = "lg spice off", IN(PICTURE), .flags = OPTION_BASIC,
		.help = N_("which picture to show; off = no window at all") },
	{ CHOICE("scale", video.settings.scale, scales, "auto", "HOW"), IN(PICTURE),
		.help = N_("how the picture is scaled; sharp = cubic, fsr = FidelityFX Super Resolution 1") },
	{ SWITCH("keep-aspect", video.settings.keep_aspect, "yes"), .lg = "win:keepAspect", .letter = 'r', IN(PICTURE),
		.help = N_("borders instead of a stretched picture") },
	{ SWITCH("integer-upscale", video.settings.integer_upscale, "no"), .lg = "win:intUpscale", IN(PICTURE),
		.help = N_("enlarge by whole numbers only") },
	{ SWITCH("dont-upscale", video.settings.no_upscale, "no"), .lg = "win:dontUpscale", IN(PICTURE),
		.help = N_("never larger than the guest's pixels") },
	{ CHOICE("rotate", video.settings.rotate, rotations, "0", "DEGREES"), .lg = "win:rotate", IN(PICTURE),
		.help = N_("turn the picture clockwise") },
	{ SWITCH("vsync", video.settings.vsync, "no"), .lg = "egl:vsync", IN(PICTURE),
		.help = N_("wait for the screen's refresh: no tearing, more delay") },
	{ SWITCH("host-schedule", video.host_schedule, "yes"), IN(PICTURE),
		.help = N_("the guest's frames follow this display, where host and display can do it") },
	{ SWITCH("map-hdr", video.settings.map_hdr, "yes"), .lg = "egl:mapHDRtoSDR", IN(PICTURE),
		.help = N_("map an HDR picture to the screen's range") },
	{ INT("peak-luminance", video.settings.peak_nits, 1, 10000, "250", "NITS"), .lg = "egl:peakLuminance", IN(PICTURE),
		.help = N_("brightest the screen can show") },
	{ INT("max-cll", video.settings.max_cll_nits, 1, 10000, "10000", "NITS"), .lg = "egl:maxCLL", IN(PICTURE),
		.help = N_("brightest the HDR picture contains") },
	{ SWITCH("allow-dma", video.allow_dma, "yes"), .lg = "app:allowDMA lgmp:allowDMA", IN(PICTURE),
		.help = N_("hand frames of a kvmfr device to the GPU without a copy") },
	{ CHOICE("draw", video.draw, draws, "auto", "HOW"), IN(PICTURE),
		.help = N_("what draws the window: OpenGL if it starts (auto), only that (gl), or the CPU (cpu)") },
	{ CHOICE("upload", video.upload, uploads, "auto", "HOW"), IN(PICTURE),
		.help = N_("how pixels reach the GPU") },
	{ CHOICE("poll", video.poll, polls, "auto", "HOW"), IN(PICTURE),
		.help = N_("how the shared memory is watched for frames") },
	{ INT("poll-interval", video.poll_us, 0, 100000, "0", "US"),
		.lg = "app:framePollInterval lgmp:framePollInterval", IN(PICTURE),
		.help = N_("longest sleep between two looks, in microseconds; 0 = choose") },
	{ SWITCH("straight-alpha", video.straight_alpha, "no"), IN(PICTURE),
		.help = N_("colour pointers are not multiplied by their alpha") },

	/* Window */
	{ CUSTOM("size", size, "1024x768", "WxH", N_("WIDTHxHEIGHT, each 1 to 32768")), .examples = "1920x1080", .lg = "win:size",
		IN(WINDOW), .flags = OPTION_BASIC, .help = N_("size of the window at start") },
	{ CUSTOM("position", position, "center", "XxY", N_("center or XxY")), .examples = "0x0 -1920x0", .lg = "win:position",
		IN(WINDOW), .flags = OPTION_BASIC, .help = N_("where the window opens, if the desktop allows that") },
	{ TEXT("monitor", window.monitor, "", "NAME"), IN(WINDOW), .flags = OPTION_BASIC,
		.help = N_("which screen the window opens on: its number from 1, or a part of its name") },
	{ SWITCH("borderless", window.borderless, "no"), .lg = "win:borderless", .letter = 'd', IN(WINDOW),
		.flags = OPTION_BASIC, .help = N_("no decorations") },
	{ SWITCH("full-screen", window.full_screen, "no"), .lg = "win:fullScreen", .letter = 'F', IN(WINDOW),
		.flags = OPTION_BASIC, .help = N_("start full screen") },
	{ SWITCH("maximize", window.maximize, "no"), .lg = "win:maximize", .letter = 'T', IN(WINDOW),
		.help = N_("start maximised") },
	{ CHOICE("window", window.driver, drivers, "auto", "SYSTEM"), IN(WINDOW),
		.help = N_("which window system; auto takes Wayland where there is one") },
	{ SWITCH("remember-window", raw.remember, "yes"), IN(WINDOW),
		.help = N_("open as the window was left: place, size, full screen, unless an option says otherwise") },
	{ TEXT("title", window.title, "", "TEXT"), .lg = "win:title", IN(WINDOW),
		.help = N_("title of the window; empty = the VM's name, and how the mouse gets free") },
	{ TEXT("app-id", window.app_id, "io.github.pierglass.Pierglass", "ID"), .lg = "win:appId", IN(WINDOW),
		.help = N_("Wayland application id and X11 class") },
	{ SWITCH("auto-resize", window.auto_resize, "no"), .lg = "win:autoResize", .letter = 'a', IN(WINDOW),
		.help = N_("the window follows the guest's resolution, as far as the screen has room") },
	{ SWITCH("allow-resize", window.allow_resize, "yes"), .lg = "win:allowResize", .letter = 'n', IN(WINDOW),
		.help = N_("the window may be resized") },
	{ SWITCH("force-aspect", window.force_aspect, "yes"), .lg = "win:forceAspect", IN(WINDOW),
		.help = N_("a resized window takes the guest's aspect (with --auto-resize)") },
	{ SWITCH("shrink-on-upscale", window.shrink_on_upscale, "no"), .lg = "win:shrinkOnUpscale", IN(WINDOW),
		.help = N_("with --dont-upscale: no window larger than the guest") },
	{ SWITCH("set-guest-size", raw.set_guest_size, "no"), .lg = "win:setGuestRes", IN(WINDOW),
		.help = N_("ask the guest for the window's size, if it can (yes with --source=spice)") },
	{ SWITCH("minimize-on-focus-loss", window.minimize_on_focus_loss, "no"), .lg = "win:minimizeOnFocusLoss", IN(WINDOW),
		.help = N_("minimise when the window loses the focus") },
	{ SWITCH("ignore-quit", window.ignore_quit, "no"), .lg = "win:ignoreQuit", .letter = 'Q', IN(WINDOW),
		.help = N_("requests to close do nothing while the pointer is in the picture") },
	{ SWITCH("no-screensaver", window.no_screensaver, "no"), .lg = "win:noScreensaver", .letter = 'S', IN(WINDOW),
		.help = N_("keep the screen awake") },
	{ SWITCH("auto-screensaver", window.auto_screensaver, "no"), .lg = "win:autoScreensaver", IN(WINDOW),
		.help = N_("keep it awake while the guest asks for that") },
	{ SWITCH("request-activation", window.request_activation, "yes"), .lg = "win:requestActivation", IN(WINDOW),
		.help = N_("the guest may ask for your attention") },
	{ SWITCH("alerts", window.alerts, "yes"), .lg = "win:alerts", .letter = 'q', IN(WINDOW),
		.help = N_("short messages in the picture") },
	{ SWITCH("dim-menu", window.dim_overlay, "yes"), .lg = "win:overlayDimsDesktop", IN(WINDOW),
		.help = N_("the picture is darker behind the menu") },
	{ SWITCH("show-fps", window.show_fps, "no"), .lg = "win:showFPS", .letter = 'k', IN(WINDOW),
		.help = N_("frames a second, in the picture") },
	{ SWITCH("show-graphs", window.show_graphs, "no"), IN(WINDOW), .help = N_("graphs of times at start: frames, delays, sound") },
	{ INT("fps-min", video.settings.fps_min, -1, 1000, "-1", "N"), .lg = "win:fpsMin", .letter = 'K', IN(WINDOW),
		.help = N_("redraws a second when nothing changes; 0 or -1 = none") },
	{ TEXT("ui-font", video.ui_font, "", "FAMILY"), .lg = "win:uiFont", IN(WINDOW),
		.help = N_("font of texts in other scripts (Latin letters are built in)") },
	{ INT("ui-size", window.ui_size, 6, 96, "16", "PIXELS"), .lg = "win:uiSize", IN(WINDOW),
		.help = N_("size of pierglass's texts on a screen of scale 1") },

	/* Sound */
	{ CUSTOM("audio", audio, "auto", "SOURCE", N_("auto, scream, spice or off")), .examples = "scream spice off", IN(SOUND), .flags = OPTION_BASIC,
		.help = N_("which sound; auto = Scream's or SPICE's, whichever sounds") },
	{ TEXT("audio-interface", audio.interface, "virbr0", "NAME"), .letter = 'i', IN(SOUND), .flags = OPTION_BASIC | OPTION_INTERFACE,
		.help = N_("bridge that Scream comes from: name, IPv4 address or auto") },
	{ CUSTOM("audio-latency", latency, "auto", "MS", N_("auto or a whole number from 10 to 200")), .examples = "10 200", IN(SOUND), .flags = OPTION_BASIC,
		.help = N_("a fixed target in milliseconds, or auto to adapt it (10 to 80)") },
	{ CUSTOM("audio-max", audio_max, "auto", "MS", N_("auto or a whole number from 20 to 1000")), .examples = "20 1000", IN(SOUND),
		.help = N_("sound later than this is cut; auto = target + 40, at least 120") },
	{ TEXT("audio-sink", audio.sink, "", "NAME"), IN(SOUND), .flags = OPTION_BASIC,
		.help = N_("PulseAudio sink; empty = the default one") },
	{ TEXT("audio-server", audio.server, "", "NAME"), IN(SOUND), .help = N_("PulseAudio server; empty = its own choice") },
	{ TEXT("audio-name", audio.stream_name, "pierglass", "TEXT"), IN(SOUND), .help = N_("name of the stream in the mixer") },
	{ TEXT("audio-shm", audio.shm_path, "", "PATH"), IN(SOUND), .flags = OPTION_BASIC | OPTION_FILE,
		.help = N_("Scream's shared memory instead of the network") },
	{ CUSTOM("audio-group", group, "239.255.77.77", "ADDRESS", N_("an IPv4 multicast address")), IN(SOUND),
		.help = N_("multicast group of Scream") },
	{ INT("audio-port", audio.port, 1, 65535, "4010", "PORT"), IN(SOUND), .help = N_("UDP port of Scream") },
	{ SWITCH("audio-unicast", audio.unicast, "no"), IN(SOUND), .help = N_("take packets sent to this host, join no group") },
	{ TEXT("audio-sender", audio.sender, "", "ADDRESS"), IN(SOUND),
		.help = N_("play only what this VM sends, by IPv4 address or MAC; empty = whichever sounds") },
	{ SWITCH("audio-any-sender", audio.any_sender, "no"), IN(SOUND), .help = N_("do not lock on to one sender") },
	{ CHOICE("audio-quality", audio.high_quality, qualities, "fast", "HOW"), IN(SOUND), .help = N_("converter of the sample rate") },
	{ CUSTOM("audio-volume", volume, "auto", "PERCENT", N_("auto or a whole number from 0 to 150")), .examples = "0 100 150", IN(SOUND),
		.help = N_("set at start; auto = what the sound server remembers") },
	{ SWITCH("audio-sync-volume", session.sync_volume, "yes"), .lg = "audio:syncVolume", IN(SOUND),
		.help = N_("SPICE sound follows the guest's volume") },
	{ CHOICE("microphone", session.microphone, microphones, "ask", "HOW"), IN(SOUND),
		.help = N_("give the guest the microphone when it records") },

	/* Keyboard and mouse */
	{ SWITCH("input", session.input, "yes"), .lg = "spice:input", IN(INPUT), .flags = OPTION_BASIC, .help = N_("forward input to the guest") },
	{ SWITCH("host-input", host_input, "yes"), IN(INPUT),
		.help = N_("keyboard and mouse over the Looking Glass host's own stream, where it has one") },
	{ CUSTOM("evdev", evdev, NULL, "PATH", N_("a path of a device, keyboards, mice, all, or none")), IN(INPUT),
		.examples = "/dev/input/by-id/usb-Keyboard-event-kbd keyboards mice all none",
		.flags = OPTION_BASIC | OPTION_LIST | OPTION_FILE,
		.help = N_("read this device directly (may repeat): a path, keyboards, mice, all") },
	{ CUSTOM("grab-toggle", grab_toggle, "ctrl-ctrl", "CHORD", N_("ctrl-ctrl, alt-alt, shift-shift, meta-meta, scrolllock, ctrl-scrolllock, or names of keys with - or + between")),
		IN(INPUT), .flags = OPTION_BASIC, .examples = "alt-alt shift-shift meta-meta scrolllock ctrl-scrolllock ctrl-alt-g ctrl+alt+g rightctrl-f12 pause none", .help = N_("keys that grab and release the evdev devices") },
	{ SWITCH("grab-on-start", session.grab_on_start, "no"), IN(INPUT), .flags = OPTION_BASIC, .help = N_("grab the evdev devices at start") },
	{ CUSTOM("escape-key", escape_key, "scrolllock", "KEY", N_("the name or number of a key, or names with - or + between (--help=keys lists them)")),
		.examples = "rightctrl rightctrl-rightalt ctrl+alt KEY_PAUSE 70",
		.lg = "input:escapeKey", .letter = 'm', IN(INPUT), .flags = OPTION_BASIC,
		.help = N_("tap: capture the mouse; hold: the keys and what they do") },
	{ INT("help-delay", input.help_delay_ms, 0, 10000, "200", "MS"), .lg = "input:helpMenuDelay", IN(INPUT),
		.help = N_("how long the escape key is held before the list shows") },
	{ SWITCH("capture-on-start", input.capture_on_start, "no"), .lg = "spice:captureOnStart input:captureOnStart", IN(INPUT),
		.help = N_("start with the mouse captured") },
	{ SWITCH("capture-on-focus", input.capture_on_focus, "no"), .lg = "input:captureOnFocus", IN(INPUT),
		.help = N_("capture the mouse when the window gets the focus") },
	{ SWITCH("capture-only", input.capture_only, "no"), .lg = "input:captureOnly", IN(INPUT),
		.help = N_("forward input only while the mouse is captured") },
	{ SWITCH("auto-capture", input.auto_capture, "no"), .lg = "input:autoCapture", IN(INPUT),
		.help = N_("grab the keyboard while the pointer is in the picture") },
	{ SWITCH("grab-keyboard", input.grab_keyboard, "yes"), .lg = "input:grabKeyboard", .letter = 'G', IN(INPUT),
		.help = N_("capture takes the desktop's shortcuts too") },
	{ SWITCH("grab-keyboard-on-focus", input.grab_keyboard_on_focus, "no"), .lg = "input:grabKeyboardOnFocus", IN(INPUT),
		.help = N_("take the desktop's shortcuts whenever the window has the focus") },
	{ SWITCH("ignore-windows-keys", session.ignore_windows_keys, "no"), .lg = "input:ignoreWindowsKeys", IN(INPUT),
		.help = N_("do not send the two Windows keys") },
	{ SWITCH("hide-cursor", input.hide_cursor, "yes"), .lg = "input:hideCursor", .letter = 'M', IN(INPUT),
		.help = N_("no local pointer over the picture") },
	{ SWITCH("always-show-cursor", input.always_show_cursor, "no"), .lg = "spice:alwaysShowCursor input:alwaysShowCursor", IN(INPUT),
		.help = N_("draw the guest's pointer also while yours is elsewhere") },
	{ SWITCH("show-cursor-dot", input.show_cursor_dot, "yes"), .lg = "spice:showCursorDot input:showCursorDot", IN(INPUT),
		.help = N_("a dot for the local pointer while the window has no focus") },
	{ SWITCH("large-cursor-dot", input.large_cursor_dot, "no"), .lg = "spice:largeCursorDot input:largeCursorDot", IN(INPUT),
		.help = N_("a larger dot") },
	{ SWITCH("scale-cursor", input.scale_cursor, "yes"), .lg = "spice:scaleCursor input:scaleCursor", .letter = 'j', IN(INPUT),
		.help = N_("motion is scaled as the picture is") },
	{ SWITCH("scale-pointer", video.settings.scale_pointer, "yes"), .lg = "egl:scalePointer", IN(INPUT),
		.help = N_("the guest's pointer keeps its size where the picture is shrunk") },
	{ INT("mouse-sens", session.sensitivity, -9, 9, "0", "N"), .lg = "input:mouseSens", IN(INPUT),
		.help = N_("captured motion times (N + 10) / 10") },
	{ SWITCH("mouse-redraw", video.settings.mouse_redraw, "yes"), .lg = "input:mouseRedraw", IN(INPUT),
		.help = N_("pointer motion alone draws a new picture") },
	{ CUSTOM("hotkeys", hotkeys, NULL, "LIST", N_("ACTION=KEY with commas between; actions are toggle-fullscreen, release-cursor, secure-attention and those of --help=keys")), IN(INPUT),
		.examples = "toggle-fullscreen=shift+f11,release-cursor=ctrl+alt secure-attention=ctrl+alt+end screenshot=f9",
		.help = N_("several keys at once, in virt-viewer's words") },

	/* Clipboard */
	{ SWITCH("clipboard", raw.clipboard, "yes"), .lg = "spice:clipboard", IN(CLIPBOARD), .flags = OPTION_BASIC | OPTION_RAW,
		.help = N_("share the clipboard") },
	{ CUSTOM("clipboard-to-vm", clipboard_to_vm, "focus", "WHEN", N_("always (or yes), focus, ask or no")), .lg = "spice:clipboardToVM clipboard:toVM", IN(CLIPBOARD),
		.examples = "always focus ask no yes", .flags = OPTION_RAW | OPTION_OPTIONAL | OPTION_NEGATED,
		.help = N_("when the guest may read the desktop's clipboard: focus = while it has the keyboard") },
	{ CUSTOM("clipboard-to-local", clipboard_to_local, "focus", "WHEN", N_("always (or yes), focus, ask or no")), .lg = "spice:clipboardToLocal clipboard:toLocal", IN(CLIPBOARD),
		.examples = "always focus ask no yes", .flags = OPTION_RAW | OPTION_OPTIONAL | OPTION_NEGATED,
		.help = N_("when the guest may set the desktop's clipboard") },
	{ SWITCH("host-clipboard", host_clipboard, "yes"), IN(CLIPBOARD),
		.help = N_("text and images over the Looking Glass host's own streams, where it has them") },
	{ CUSTOM("clipboard-max", clipboard_max, "64M", "SIZE", N_("a size from 1K to 1024M, such as 64M")), IN(CLIPBOARD), .examples = "1K 500000 1024M",
		.help = N_("larger content is not pasted, and pierglass says so; text at most 16M") },

	/* Keys */
	{ KEY("full-screen", KEY_ACTION_FULL_SCREEN, "f"), .help = N_("full screen on or off") },
	{ KEY("video", KEY_ACTION_VIDEO, "v"), .help = N_("pause the picture or go on") },
	{ KEY("rotate", KEY_ACTION_ROTATE, "r"), .help = N_("turn the picture by 90 degrees") },
	{ KEY("recover", KEY_ACTION_RECOVER, "shift-r"), .help = N_("subscribe to the picture anew") },
	{ KEY("quit", KEY_ACTION_QUIT, "q"), .help = N_("leave") },
	{ KEY("menu", KEY_ACTION_MENU, "o"), .help = N_("settings; Esc leaves them") },
	{ KEY("fps", KEY_ACTION_FPS, "d"), .help = N_("frames a second and delay on or off") },
	{ KEY("graphs", KEY_ACTION_GRAPHS, "t"), .help = N_("graphs of times on or off") },
	{ KEY("input", KEY_ACTION_INPUT, "i"), .help = N_("input to the guest on or off") },
	{ KEY("guest-size", KEY_ACTION_GUEST_SIZE, "="), .help = N_("ask the guest for the window's size") },
	{ KEY("sensitivity-up", KEY_ACTION_SENSITIVITY_UP, "insert"), .help = N_("captured mouse faster") },
	{ KEY("sensitivity-down", KEY_ACTION_SENSITIVITY_DOWN, "delete"), .help = N_("captured mouse slower") },
	{ KEY("guest-volume-up", KEY_ACTION_GUEST_VOLUME_UP, "up"), .help = N_("send the volume-up key") },
	{ KEY("guest-volume-down", KEY_ACTION_GUEST_VOLUME_DOWN, "down"), .help = N_("send the volume-down key") },
	{ KEY("guest-mute", KEY_ACTION_GUEST_MUTE, "m"), .help = N_("send the mute key") },
	{ KEY("left-meta", KEY_ACTION_LEFT_META, "leftmeta"), .help = N_("send the left Windows key") },
	{ KEY("right-meta", KEY_ACTION_RIGHT_META, "rightmeta"), .help = N_("send the right Windows key") },
	{ KEY("microphone", KEY_ACTION_MICROPHONE, "e"), .help = N_("microphone on or off") },
	{ KEY("microphone-policy", KEY_ACTION_MICROPHONE_POLICY, "c"), .help = N_("microphone: ask, on, off") },
	{ KEY("clipboard", KEY_ACTION_CLIPBOARD, "w"), .help = N_("let the guest have the clipboard that it asks for") },
	{ KEY("screenshot", KEY_ACTION_SCREENSHOT, "p"), .help = N_("save a picture of the guest's screen") },
	{ KEY("record", KEY_ACTION_RECORD, "n"), .help = N_("begin or end a recording of picture and sound") },
	{ KEY("source", KEY_ACTION_SOURCE, "s"), .help = N_("next source of the picture: auto, LG, SPICE") },
	{ KEY("ctrl-alt-del", KEY_ACTION_CTRL_ALT_DEL, "k"), .help = N_("send Ctrl+Alt+Del") },
	{ KEY("type-clipboard", KEY_ACTION_TYPE_CLIPBOARD, "x"), .help = N_("type the clipboard's text as keys") },
	{ KEY("mute", KEY_ACTION_MUTE, "a"), .help = N_("mute pierglass's sound") },
	{ KEY("bench", KEY_ACTION_BENCH, "b"), .help = N_("delays and counts on or off") },
	{ KEY("grab-devices", KEY_ACTION_GRAB, "g"), .help = N_("give the evdev devices to the guest or take them back") },
	{ KEY("reconnect", KEY_ACTION_RECONNECT, "y"), .help = N_("connect again at once") },
	{ KEY("report", KEY_ACTION_REPORT, "l"), .help = N_("copy a bug report: versions, states, log") },

	/* The embedded guest */
	{ CUSTOM("demo-size", guest_size, "1920x1080", "WxH", N_("WIDTHxHEIGHT, each 1 to 32768")), IN(DEMO), .flags = OPTION_BASIC,
		.help = N_("its resolution") },
	{ INT("demo-fps", guest.fps, 1, 1000, "60", "N"), .lg = "test:frameRate", IN(DEMO), .flags = OPTION_BASIC,
		.help = N_("its frames a second") },
	{ CHOICE("demo-format", guest.format, formats, "bgra", "FORMAT"), IN(DEMO), .help = N_("its pixels") },
	{ CHOICE("demo-host", guest.host, hosts, "B7", "RELEASE"), IN(DEMO), .help = N_("which release of the host program it plays") },
	{ CHOICE("demo-damage", guest.damage, damages, "moving", "HOW"), IN(DEMO), .help = N_("what changes in its picture: some of it, all, nothing, or a hundredth of it in one place") },
	{ SWITCH("bench-compare", bench.compare, "no"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("measure every way of polling and uploading") },
	{ SWITCH("bench-pin", bench.pin, "no"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("give the embedded guest a CPU of its own, as pinned vCPUs have") },
	{ NUMBER("bench-ppm", bench.ppm, -2000, 2000, "0", "N"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("audio bench: how fast the sender's clock is, in millionths") },
	{ NUMBER("bench-burst", bench.burst_ms, 0, 100, "0", "MS"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("audio bench: the time from one batch of packets to the next") },
	{ NUMBER("bench-jitter", bench.jitter_ms, 0, 50, "0", "MS"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("audio bench: the most by which a packet comes later") },
	{ NUMBER("bench-loss", bench.loss_percent, 0, 50, "0", "PERCENT"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("audio bench: the share of packets that are lost") },
	{ NUMBER("bench-stall", bench.stall_ms, 0, 1000, "0", "MS"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("audio bench: how long the sender stands still, every 3 s") },
	{ CHOICE("bench-sink", bench.sink, bench_sinks, "builtin", "SINK"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("audio bench: into a sink with a made-up clock, or a null sink of the sound server") },
	{ SWITCH("bench-real", bench.real, "no"), IN(DEMO), .flags = OPTION_ARGV, .help = N_("measure the real guest instead of the embedded one") },

	/* Configuration */
	{ CUSTOM("config-file", config_file, NULL, "FILE", NULL), .lg = "app:configFile", .letter = 'C', IN(CONFIG), .flags = OPTION_BASIC | OPTION_ARGV | OPTION_FILE,
		.help = N_("one more ini file; the command line still wins") },
	{ SWITCH("no-lg-config", no_lg_config, "no"), IN(CONFIG), .flags = OPTION_BASIC,
		.help = N_("do not read looking-glass-client's ini files") },
	{ SWITCH("import", import, "no"), IN(CONFIG), .flags = OPTION_ARGV, .help = N_("config: write pierglass.ini from looking-glass-client's files") },
	{ SWITCH("force", force, "no"), IN(CONFIG), .flags = OPTION_ARGV, .help = N_("config --import: replace pierglass.ini") },
};
/* clang-format on */

const unsigned config_options_count = sizeof config_options / sizeof *config_options;
static_assert(sizeof config_options / sizeof *config_options <= CONFIG_OPTIONS_MAX,
		"more room for origins");
