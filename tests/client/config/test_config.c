/* Load order, origins and messages, on real files in a folder of the test's own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/config/config.h"
#include "client/config/config_again.h"
#include "client/config/config_show.h"
#include "client/config/options.h"
#include "tests/support/check.h"

struct place {
	char root[64];
	char lg[3][96];
	char dir[80];
	struct config_paths paths;
	struct config *config;
	char error[CONFIG_ERROR_BYTES];
};

static void put(const char *folder, const char *name, const char *text) {
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	CHECK(file != NULL);
	fputs(text, file);
	CHECK_EQ(fclose(file), 0);
}

static int set_up(void **state) {
	struct place *place = calloc(1, sizeof *place);
	strcpy(place->root, "/tmp/pierglass-config-XXXXXX");
	CHECK(mkdtemp(place->root) != NULL);
	for (int i = 0; i < 3; i++) {
		snprintf(place->lg[i], sizeof place->lg[i], "%s/lg%d.ini", place->root, i);
		place->paths.lg_files[i] = place->lg[i];
	}
	snprintf(place->dir, sizeof place->dir, "%s/pg", place->root);
	place->paths.dir = place->dir;
	place->paths.kvmfr = "/dev/null"; /* a character device */
	char vms[96];
	snprintf(vms, sizeof vms, "%s/vms", place->dir);
	CHECK_EQ(mkdir(place->dir, 0700), 0);
	CHECK_EQ(mkdir(vms, 0700), 0);
	place->config = calloc(1, sizeof *place->config);
	*state = place;
	return 0;
}

static int tear_down(void **state) {
	struct place *place = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", place->root);
	CHECK_EQ(system(command), 0);
	free(place->config);
	free(place);
	return 0;
}

/* words: arguments with single blanks between. */
static int load(struct place *place, const char *words) {
	static char text[1024];
	static char *argv[64];
	int argc = 1;
	argv[0] = text;
	snprintf(text, sizeof text, "pierglass");
	char *at = text + strlen(text) + 1;
	snprintf(at, sizeof text - (size_t)(at - text), "%s", words);
	char *save;
	for (char *word = strtok_r(at, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return config_load(place->config, argc, argv, &place->paths, place->error);
}

static const char *origin(struct place *place, const char *name) {
	static char text[700];
	config_origin_text(place->config, option_index(option_find(name)), text, sizeof text);
	return text;
}

static void defaults(void **state) {
	struct place *place = *state;
	assert_int_equal(load(place, "--log-level error"), 0);
	const struct config *config = place->config;
	assert_int_equal(config->mode, RUN_PLAY);
	assert_string_equal(config->video.shm_path, "/dev/null");
	assert_string_equal(config->session.uri, "127.0.0.1:5900");
	assert_string_equal(config->audio.interface, "virbr0");
	assert_string_equal(config->audio.group, "239.255.77.77");
	assert_int_equal(config->audio.port, 4010);
	assert_int_equal(config->audio.latency_ms, 0);
	assert_string_equal(config->session.grab_toggle, "ctrl-ctrl");
	CHECK(config->picture && config->sound && config->audio.scream &&
			config->audio.spice_when_silent);
	CHECK(config->window.remember && !config->session.grab_on_start);
	CHECK(config->session.clipboard_to_vm && config->session.clipboard_to_local);
	assert_string_equal(origin(place, "shm"), "default");
	place->paths.kvmfr = place->dir; /* there, but no device */
	assert_int_equal(load(place, ""), 0);
	assert_string_equal(config->video.shm_path, "/dev/shm/looking-glass");
	CHECK(!config->window.set_guest_size);
	assert_int_equal(load(place, "--source spice"), 0);
	CHECK(config->window.set_guest_size); /* a plain SPICE viewer */
	assert_int_equal(load(place, "--source spice --set-guest-size=no"), 0);
	CHECK(!config->window.set_guest_size);
}

static void precedence(void **state) {
	struct place *place = *state;
	const struct config *config = place->config;
	char text[128];
	put(place->root, "lg0.ini", "[win]\ntitle=lg0\nsize=1x1\n[audio]\nnothing=1\nstray\n");
	assert_int_equal(load(place, ""), 0);
	assert_string_equal(config->window.title, "lg0");
	put(place->root, "lg2.ini", "[win]\ntitle=lg2\n");
	assert_int_equal(load(place, ""), 0);
	assert_string_equal(config->window.title, "lg2");
	assert_int_equal(config->window.width, 1);
	CHECK(!config->window.remember); /* a size was given */
	assert_int_equal(load(place, "--no-lg-config"), 0);
	assert_string_equal(config->window.title, "");

	put(place->dir, "pierglass.ini", "# ours\ntitle = ours\n[win]\nborderless = yes\n");
	assert_int_equal(load(place, ""), 0);
	assert_string_equal(config->window.title, "ours");
	CHECK(config->window.borderless);
	snprintf(text, sizeof text, "%s/pierglass.ini:2", place->dir);
	assert_string_equal(origin(place, "title"), text);

	put(place->root, "extra.ini", "title = extra\n");
	snprintf(text, sizeof text, "-C %s/extra.ini", place->root);
	assert_int_equal(load(place, text), 0);
	assert_string_equal(config->window.title, "extra");

	/* Discovery comes later, and beats the files but neither the profile nor the words. */
	CHECK_EQ(config_apply_discovery(place->config, "shm", "/dev/shm/found", place->error), 1);
	CHECK_EQ(config_apply_discovery(place->config, "shm", "/dev/shm/found", place->error), 0);
	assert_string_equal(config->video.shm_path, "/dev/shm/found");
	CHECK_EQ(config_apply_discovery(place->config, "spice", "unix:/x", place->error), 1);
	assert_string_equal(config->session.uri, "unix:/x");
	CHECK_EQ(config_apply_discovery(place->config, "spice", "nonsense", place->error), -EINVAL);
	CHECK_EQ(config_apply_discovery(place->config, "nonsense", "1", place->error), -EINVAL);
	CHECK_EQ(config_apply_discovery(place->config, "screenshot", "/x", place->error), -EINVAL);

	snprintf(text, sizeof text, "%s/vms", place->dir);
	CHECK(!config_has_profiles(&place->paths));
	put(text, "win10.ini", "title = profile\nshm = /dev/shm/profile\n");
	CHECK(config_has_profiles(&place->paths));
	assert_int_equal(load(place, "win10"), 0);
	assert_string_equal(config->domain, "win10");
	assert_string_equal(config->window.title, "profile");
	CHECK_EQ(config_apply_discovery(place->config, "shm", "/dev/shm/found", place->error), 0);
	assert_string_equal(config->video.shm_path, "/dev/shm/profile");

	assert_int_equal(load(place, "win10 --title argv -f /a"), 0);
	assert_string_equal(config->window.title, "argv");
	assert_string_equal(origin(place, "title"), "command line");

	/* A domain that was given by id: its name comes later. */
	assert_int_equal(load(place, "7 -f /a"), 0);
	CHECK(config_profile_unread(config, "win10", &place->paths, text, sizeof text));
	CHECK(!config_profile_unread(config, "other", &place->paths, text, sizeof text));
	CHECK(!config_profile_unread(config, "../vms/win10", &place->paths, text, sizeof text));
	CHECK_EQ(config_apply_profile(place->config, "win10", &place->paths, place->error), 1);
	assert_string_equal(config->window.title, "profile");
	assert_string_equal(config->video.shm_path, "/a");
	CHECK(!config_profile_unread(config, "win10", &place->paths, text, sizeof text));
	CHECK_EQ(config_apply_profile(place->config, "other", &place->paths, place->error), 0);
	CHECK_EQ(config_apply_profile(place->config, "../pierglass", &place->paths, place->error),
			0);
}

static void spice_pieces(void **state) {
	struct place *place = *state;
	const char *uri = place->config->session.uri;
	put(place->root, "lg0.ini", "[spice]\nhost=/run/lg.sock\nport=0\n");
	assert_int_equal(load(place, ""), 0);
	assert_string_equal(uri, "unix:/run/lg.sock");
	assert_int_equal(load(place, "-p 5901 -c localhost"), 0);
	assert_string_equal(uri, "localhost:5901");
	assert_int_equal(load(place, "-c ::1 -p 5901"), 0);
	assert_string_equal(uri, "[::1]:5901");
	assert_int_equal(load(place, "--spice unix:/mine"), 0);
	assert_string_equal(uri, "unix:/mine");
	assert_int_equal(load(place, "-s"), 0);
	assert_string_equal(uri, "off");
	put(place->root, "lg0.ini", "[spice]\nenable=no\n");
	assert_int_equal(load(place, ""), 0);
	assert_string_equal(uri, "off");
	assert_int_equal(load(place, "-s"), 0); /* turned over again */
	assert_string_equal(uri, "127.0.0.1:5900");
	assert_int_equal(load(place, "--spice localhost:1"), 0);
	assert_string_equal(uri, "localhost:1");
	/* What was given is not lost to discovery. */
	CHECK_EQ(config_apply_discovery(place->config, "spice", "unix:/x", place->error), 0);
	assert_string_equal(uri, "localhost:1");
}

static void lists(void **state) {
	struct place *place = *state;
	const struct guest_link_config *session = &place->config->session;
	put(place->dir, "pierglass.ini", "evdev = /dev/a\nevdev = /dev/b\n");
	assert_int_equal(load(place, ""), 0);
	assert_int_equal(session->evdev_count, 2);
	assert_string_equal(session->evdev[1], "/dev/b");
	/* Old words that change nothing. */
	assert_int_equal(load(place, "--no-wait --reconnect --quick-splash=yes"), 0);
	assert_int_equal(load(place, "--evdev=/dev/c --evdev /dev/d"), 0);
	assert_int_equal(session->evdev_count, 2);
	assert_string_equal(session->evdev[0], "/dev/c");
	assert_int_equal(load(place, "--evdev none"), 0);
	assert_int_equal(session->evdev_count, 0);
}

static void ways_of_writing(void **state) {
	struct place *place = *state;
	const struct config *config = place->config;
	assert_int_equal(load(place, "-F -d -S win:maximize win:alerts=no -q"), 0);
	CHECK(config->window.full_screen && config->window.borderless);
	CHECK(config->window.no_screensaver && config->window.maximize);
	CHECK(config->window.alerts); /* off, then turned over */
	assert_int_equal(load(place, "--full-screen --no-keep-aspect --borderless=yes"), 0);
	CHECK(config->window.full_screen && !config->video.settings.keep_aspect);
	assert_int_equal(load(place, "--full-screen --full-screen"), 0);
	CHECK(config->window.full_screen);
	assert_int_equal(load(place, "-F -F"), 0);
	CHECK(!config->window.full_screen);
	assert_int_equal(load(place, "app:shmFile=/x LGMP:shmdevice=/y"), 0);
	assert_string_equal(config->video.shm_path, "/y");
	assert_int_equal(load(place, "-- config"), 0);
	assert_string_equal(config->domain, "config");
	assert_int_equal(load(place, "--domain doctor"), 0);
	assert_string_equal(config->domain, "doctor");
	assert_int_equal(load(place, "my:vm"), 0);
	assert_string_equal(config->domain, "my:vm");
	assert_int_equal(load(place, "--stats -i br0"), 0);
	CHECK(config->stats);
	assert_string_equal(config->audio.interface, "br0");
	assert_int_equal(load(place, "app:renderer=OpenGL -g EGL i3:globalFullScreen"), 0);
}

static void modes(void **state) {
	struct place *place = *state;
	static const struct {
		const char *words;
		enum run_mode mode;
	} cases[] = {
		{ "", RUN_PLAY },
		{ "--demo", RUN_DEMO },
		{ "--bench", RUN_BENCH },
		{ "--bench=audio --demo", RUN_BENCH },
		{ "--audio-only", RUN_AUDIO_ONLY },
		{ "--demo --screenshot /x.png", RUN_SCREENSHOT },
		{ "doctor --json win10", RUN_DOCTOR },
		{ "--log-level error setup all --apply", RUN_SETUP },
		{ "vm-info", RUN_VM_INFO },
		{ "help", RUN_HELP },
		{ "help keys", RUN_HELP },
		{ "help setup", RUN_SETUP },
		{ "help scream", RUN_SCREAM },
		{ "help config", RUN_HELP },
		{ "version", RUN_VERSION },
		{ "--domain=help", RUN_PLAY },
		{ "-- version", RUN_PLAY },
		{ "win10 --help", RUN_HELP },
		{ "scream -i virbr0 -p 4011", RUN_SCREAM },
		{ "config -f /x shm", RUN_CONFIG },
		{ "--help", RUN_HELP },
		{ "-h", RUN_HELP },
		{ "--version", RUN_VERSION },
		{ "-l", RUN_LICENSE },
		{ "--generate-completions fish", RUN_COMPLETIONS },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(load(place, cases[i].words), 0);
		assert_int_equal(place->config->mode, cases[i].mode);
	}
	assert_int_equal(load(place, "--demo --screenshot /x.png"), 0);
	CHECK(place->config->demo);
	assert_int_equal(load(place, "--log-level error setup all --apply"), 0);
	assert_int_equal(place->config->rest_count, 3);
	assert_string_equal(place->config->rest[0], "setup");
	assert_string_equal(place->config->rest[2], "--apply");
	assert_int_equal(load(place, "help doctor"), 0);
	assert_int_equal(place->config->rest_count, 2);
	assert_string_equal(place->config->rest[1], "--help");
	assert_int_equal(load(place, "--audio-only"), 0);
	CHECK(place->config->audio.preemptible);
}

static void wrong(struct place *place, const char *words, const char *part) {
	assert_int_equal(load(place, words), -EINVAL);
	if (!strstr(place->error, part)) {
		fail_msg("%s: \"%s\" lacks \"%s\"", words, place->error, part);
	}
}

static void messages(void **state) {
	struct place *place = *state;
	wrong(place, "--audio-latancy 5", "did you mean --audio-latency?");
	wrong(place, "--audio-latency 5", "auto or a whole number from 10 to 200");
	wrong(place, "--audio-latency", "--audio-latency needs a value");
	wrong(place, "--size=800", "WIDTHxHEIGHT");
	wrong(place, "--log-level=loud", "none, error, warn, info, debug or trace");
	wrong(place, "--full-screen=perhaps", "yes or no");
	wrong(place, "--no-size", "there is no option --no-size");
	wrong(place, "-x", "there is no option -x");
	wrong(place, "-f/dev/kvmfr0", "-f VALUE");
	wrong(place, "-f", "needs a value");
	wrong(place, "win:fulscreen=yes", "did you mean win:fullScreen?");
	wrong(place, "win:size", "needs a value");
	wrong(place, "win:fullScreen=garbage", "yes or no");
	wrong(place, "spice:audio=garbage", "allowed");
	wrong(place, "one two", "already named, one");
	wrong(place, "config nothing", "there is no option nothing");
	wrong(place, "-C /does/not/exist", "there is no such file");
	wrong(place, "-", "there is no option -");
	wrong(place, "--evdev /dev/a, ", "does not fit");
}

static void ini_messages(void **state) {
	struct place *place = *state;
	static const struct {
		const char *text;
		const char *part;
	} cases[] = {
		{ "\naudio-latancy = 5\n", "pierglass.ini:2: there is no option audio-latancy; did "
					   "you mean audio-latency?" },
		{ "audio-latency = 5\n", ":1: audio-latency = 5 does not fit: allowed is auto or" },
		{ "[nowhere]\nx = y\n", ":2: there is no section [nowhere]" },
		{ "[win]\nfulscreen = 1\n", ":2: there is no option win:fulscreen; did you mean" },
		{ "[win]\nfullScreen = si\n", ":2: win:fullScreen = si does not fit" },
		{ "demo = yes\n", ":1: demo can only be given on the command line" },
		{ "full-screen\n", ":1: expected name = value" },
		{ "[keys]\nquit = foo\n", ":2: key-quit = foo does not fit" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(place->dir, "pierglass.ini", cases[i].text);
		wrong(place, "", cases[i].part);
		/* A value that the command line replaces is still wrong. */
		wrong(place, "--audio-latency=50", cases[i].part);
	}
	char path[128];
	snprintf(path, sizeof path, "-C %s", place->dir);
	put(place->dir, "pierglass.ini", "");
	wrong(place, path, "cannot be read");
}

static void groups_and_keys(void **state) {
	struct place *place = *state;
	put(place->dir, "pierglass.ini",
			"[window]\nborderless = yes\n[input]\nmouse-sens = 2\nrawMouse = yes\n"
			"raw-mouse = yes\nrelease-keys-on-focus-loss = no\n"
			"[keys]\nquit = shift-q\nmenu = f\n[pierglass]\naudio = scream\n"
			"spice:clipboard = no\n");
	assert_int_equal(load(place, ""), 0);
	const struct config *config = place->config;
	CHECK(config->window.borderless);
	assert_int_equal(config->session.sensitivity, 2);
	assert_int_equal(config->input.bindings[KEY_ACTION_QUIT], 16 | KEY_BINDING_SHIFT);
	/* "f" was that of full-screen by default only. */
	assert_int_equal(config->input.bindings[KEY_ACTION_MENU], 33);
	assert_int_equal(config->input.bindings[KEY_ACTION_FULL_SCREEN], 0);
	CHECK(!config->audio.spice_when_silent && !config->session.playback);
	CHECK(!config->session.clipboard_to_vm && !config->session.clipboard_to_local);
}

static char *slurp(const char *folder, const char *name) {
	static char text[4096];
	char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	if (!file) {
		return NULL;
	}
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void import(void **state) {
	struct place *place = *state;
	static const char lg[] =
			"[win]\nfullScreen=on\ntitle=\xe6\xb8\xb8\xe6\x88\x8f\n[audio]\n"
			"bufferLatency=40\n[spice]\nhost=/run/s\nport=0\n[egl]\nnvGain=2\n";
	put(place->root, "lg1.ini", lg);
	FILE *out = fopen("/dev/null", "w");
	assert_int_equal(config_import(&place->paths, 0, out), 0);
	const char *text = slurp(place->dir, "pierglass.ini");
	CHECK(text && strstr(text, "\nfull-screen = yes\n"));
	CHECK(strstr(text, "\ntitle = \xe6\xb8\xb8\xe6\x88\x8f\n"));
	CHECK(strstr(text, "\naudio-latency = 60\n") && strstr(text, "\nspice-host = /run/s\n"));
	CHECK(strstr(text, "lg1.ini:2\n") && !strstr(text, "nvGain"));

	/* What it wrote means the same. */
	assert_int_equal(load(place, "--no-lg-config"), 0);
	CHECK(place->config->window.full_screen);
	assert_int_equal(place->config->audio.latency_ms, 60);
	assert_string_equal(place->config->session.uri, "unix:/run/s");

	/* Neither ours nor theirs is ever overwritten unasked. */
	put(place->dir, "pierglass.ini", "title = mine\n");
	assert_int_equal(config_import(&place->paths, 0, out), 1);
	assert_string_equal(slurp(place->dir, "pierglass.ini"), "title = mine\n");
	assert_int_equal(config_import(&place->paths, 1, out), 0);
	CHECK(strstr(slurp(place->dir, "pierglass.ini"), "full-screen = yes"));
	assert_string_equal(slurp(place->root, "lg1.ini"), lg);
	fclose(out);
}

static void show(void **state) {
	struct place *place = *state;
	char *text = NULL;
	size_t size;
	put(place->root, "lg1.ini", "[spice]\nhost=/run/s\nport=0\n");
	assert_int_equal(load(place, "config --size 3x4"), 0);
	FILE *out = open_memstream(&text, &size);
	assert_int_equal(config_show(place->config, out), 0);
	fclose(out);
	CHECK(strstr(text, "size                       = 3x4"));
	CHECK(strstr(text, "# command line, win:size"));
	CHECK(strstr(text, "= unix:/run/s") && strstr(text, "lg1.ini:3"));
	CHECK(strstr(text, "audio-latency              = auto"));
	free(text);
	assert_int_equal(load(place, "config --json title win:size"), 0);
	out = open_memstream(&text, &size);
	assert_int_equal(config_show(place->config, out), 0);
	fclose(out);
	CHECK(strstr(text, "{\"name\":\"title\",\"value\":\"\",\"source\":\"default\""));
	CHECK(strstr(text, "\"name\":\"size\"") && !strstr(text, "audio"));
	free(text);
}

/* The output of `pierglass config --json` that names where the title came from. */
static void check_source(struct place *place, const char *arguments, const char *source) {
	char *text = NULL;
	size_t size = 0;
	char wanted[64];
	CHECK_EQ(load(place, arguments), 0);
	place->config->show[place->config->show_count++] = "title";
	FILE *out = open_memstream(&text, &size);
	place->config->json = true;
	CHECK_EQ(config_show(place->config, out), 0);
	fclose(out);
	snprintf(wanted, sizeof wanted, "\"source\":\"%s\"", source);
	if (!strstr(text, wanted)) {
		fail_msg("%s is not in %s", wanted, text);
	}
	free(text);
}

static void every_source_has_a_name(void **state) {
	struct place *place = *state;
	char arguments[128];
	check_source(place, "win10", "default");
	put(place->dir, "pierglass.ini", "title = file\n");
	check_source(place, "win10", "file");
	put(place->root, "extra.ini", "title = extra\n");
	snprintf(arguments, sizeof arguments, "-C %s/extra.ini", place->root);
	check_source(place, arguments, "extra-file");
	put(place->root, "vm.vv", "[virt-viewer]\ntype=spice\nhost=::1\nport=5900\ntitle=vv\n");
	snprintf(arguments, sizeof arguments, "%s/vm.vv", place->root);
	check_source(place, arguments, "connection-file");
	snprintf(arguments, sizeof arguments, "--title=argv %s/vm.vv", place->root);
	check_source(place, arguments, "argv");
}

/* A VM is chosen in the window: what was said of the program stays, what was said of a VM does not.
 */
static void another_vm_keeps_what_was_said_of_the_program(void **state) {
	struct place *place = *state;
	char arguments[256];
	char words[1024] = "";
	char file[128];
	put(place->root, "extra.ini", "title = extra\n");
	snprintf(file, sizeof file, "--config-file=%s/extra.ini ", place->root);
	snprintf(arguments, sizeof arguments,
			"old -C %s/extra.ini --no-sandbox -F --shm=/dev/shm/old --spice=off -i br7 "
			"--record=/tmp/x.mkv --evdev=mice --evdev /dev/input/event3 app:allowDMA=no",
			place->root);
	CHECK_EQ(load(place, arguments), 0);
	strcpy(place->config->next_vm, "Windows 11");
	strcpy(place->config->next_uri, "qemu:///session");
	char **argv = config_again(place->config);
	for (int i = 1; argv[i]; i++) {
		strcat(strcat(words, argv[i]), " ");
	}
	CHECK(strstr(words, file));
	CHECK(strstr(words, "--sandbox=no "));
	CHECK(strstr(words, "--full-screen=yes "));
	CHECK(strstr(words, "--allow-dma=no "));
	CHECK(strstr(words, "--evdev=mice,/dev/input/event3 "));
	CHECK(strstr(words, "--domain=Windows 11 --connect=qemu:///session "));
	CHECK(!strstr(words, "=old") && !strstr(words, "/old") && !strstr(words, "--spice"));
	CHECK(!strstr(words, "br7") && !strstr(words, "--record"));
	/* The program takes them. */
	int argc = 0;
	while (argv[argc]) {
		argc++;
	}
	CHECK_EQ(config_load(place->config, argc, argv, &place->paths, place->error), 0);
	assert_string_equal(place->config->domain, "Windows 11");
	CHECK(!place->config->sandbox && place->config->window.full_screen);
	CHECK_EQ(place->config->session.evdev_count, 2);
	free(argv);
}

int main(void) {
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(defaults),
		TEST(precedence),
		TEST(spice_pieces),
		TEST(lists),
		TEST(ways_of_writing),
		TEST(modes),
		TEST(messages),
		TEST(ini_messages),
		TEST(groups_and_keys),
		TEST(import),
		TEST(show),
		TEST(every_source_has_a_name),
		TEST(another_vm_keeps_what_was_said_of_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
