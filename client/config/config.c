#define LOG_MODULE "config"
#include "client/config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/i18n.h"
#include "client/config/config_set.h"
#include "client/config/options.h"
#include "client/config/options_lg.h"
#include "client/platform/xdg.h"

#include "base/log.h"

static struct config_origin *origin_of(struct config *config, const struct config_option *option) {
	return &config->origins[option_index(option)];
}

static enum config_rank rank_of(const struct config *config, const char *name) {
	return (enum config_rank)config->origins[option_index(option_find(name))].rank;
}

static void config_finish(struct config *config);

int config_set(struct config *config, const struct config_option *option, const char *text,
		const struct config_place *place) {
	struct config_origin *origin = origin_of(config, option);
	struct config *tried = malloc(sizeof *tried);
	char before[OPTION_TEXT_MAX];
	char after[OPTION_TEXT_MAX];
	if (!tried) {
		return -ENOMEM;
	}
	*tried = *config;
	if (option->flags & OPTION_LIST && place->rank > origin->rank) {
		option_clear(tried, option);
	}
	int r = -EINVAL;
	if (option_set(tried, option, text)) {
		r = 0;
	}
	if (r == 0 && place->rank >= origin->rank) {
		option_get(config, option, before, sizeof before);
		option_get(tried, option, after, sizeof after);
		r = strcmp(before, after) != 0;
		*config = *tried;
		*origin = (struct config_origin){
			.rank = (uint8_t)place->rank,
			.file = (uint8_t)place->file,
			.where = (uint16_t)(place->where < UINT16_MAX ? place->where : UINT16_MAX),
		};
	}
	free(tried);
	return r;
}

static void log_support(const char *name, const struct lg_value *value) {
	const char *note = value->note ? _(value->note) : "";
	const char *colon = value->note ? ": " : "";
	switch (value->support) {
	case LG_UNSUPPORTED:
		log_warn(_("%s is not supported%s%s"), name, colon, note);
		break;
	case LG_IGNORED:
		log_debug("%s has no effect%s%s", name, colon, note);
		break;
	case LG_UNKNOWN:
	case LG_KEPT:
	case LG_MAPPED:
		break;
	}
}

int config_set_lg(struct config *config, const char *name, const char *text, bool loose,
		const struct config_place *place, const struct config_option **ret_option) {
	struct lg_value *value = malloc(sizeof *value);
	if (!value) {
		return -ENOMEM;
	}
	lg_translate(config, name, text, loose, value);
	*ret_option = value->option;
	int r = 0;
	if (value->support == LG_UNKNOWN) {
		r = -ENOENT;
	} else if (!value->fits) {
		r = -EINVAL;
	} else if (value->option) {
		r = config_set(config, value->option, value->text, place);
	} else {
		log_support(name, value);
	}
	free(value);
	/* What the other program can be told by a key of its own. */
	if (r >= 0 && ascii_casecmp(name, "app:transport") == 0 &&
			ascii_casecmp(text, "test") == 0) {
		return config_set(config, option_find("demo"), "yes", place);
	}
	return r;
}

/* "file:line: ", or nothing for the command line. Returns its length. */
static size_t start_message(char error[static CONFIG_ERROR_BYTES], const char *where) {
	int n = where ? snprintf(error, CONFIG_ERROR_BYTES, "%.250s: ", where) : 0;
	return n > 0 ? (size_t)n : 0;
}

void config_unknown(char error[static CONFIG_ERROR_BYTES], const char *where, const char *name,
		const char *near) {
	size_t at = start_message(error, where);
	if (near) {
		snprintf(error + at, CONFIG_ERROR_BYTES - at,
				_("there is no option %s; did you mean %s?"), name, near);
	} else {
		snprintf(error + at, CONFIG_ERROR_BYTES - at, _("there is no option %s"), name);
	}
}

void config_misfit(char error[static CONFIG_ERROR_BYTES], const char *where, const char *name,
		const char *value, const struct config_option *option) {
	size_t at = start_message(error, where);
	char allowed[400] = "";
	if (option) {
		option_allowed(option, allowed, sizeof allowed);
	}
	snprintf(error + at, CONFIG_ERROR_BYTES - at, _("%s = %.60s does not fit: allowed is %s"),
			name, value, allowed[0] ? allowed : _("another kind of value"));
}

/* --- what follows from several options ------------------------------------------------------ */

static void finish_spice(struct config *config) {
	enum config_rank uri = rank_of(config, "spice");
	enum config_rank host = rank_of(config, "spice-host");
	enum config_rank port = rank_of(config, "spice-port");
	enum config_rank parts = host > port ? host : port;
	const char *name = config->raw.spice_host;
	char *out = config->session.uri;
	size_t size = sizeof config->session.uri;
	bool whole = config->raw.spice[0] != '\0' && uri >= parts;
	if (whole) {
		snprintf(out, size, "%s", config->raw.spice);
	} else if (config->raw.spice_port == 0 || name[0] == '/') {
		snprintf(out, size, "unix:%s", name);
	} else if (strchr(name, ':')) {
		snprintf(out, size, "[%s]:%d", name, config->raw.spice_port);
	} else {
		snprintf(out, size, "%s:%d", name, config->raw.spice_port);
	}
	const char *decided = whole ? "spice" : host >= port ? "spice-host" : "spice-port";
	if (!config->raw.spice_enable && rank_of(config, "spice-enable") >= (whole ? uri : parts)) {
		snprintf(out, size, "off");
		decided = "spice-enable";
	}
	config->raw.spice_origin = option_index(option_find(decided));
}

/* A key that the user gave to one action is taken from another one that only has it by default. */
static void finish_keys(struct config *config) {
	for (unsigned i = 1; i < KEY_ACTION_COUNT; i++) {
		const struct config_option *option = key_action_option((enum key_action)i);
		unsigned key = config->input.bindings[i];
		for (unsigned j = 1; key && j < KEY_ACTION_COUNT; j++) {
			const struct config_option *other = key_action_option((enum key_action)j);
			if (j != i && config->input.bindings[j] == key &&
					origin_of(config, option)->rank <
							origin_of(config, other)->rank) {
				log_debug("%s is not bound: its key is that of %s", option->name,
						other->name);
				config->input.bindings[i] = 0;
				break;
			}
		}
	}
}

static void finish_mode(struct config *config) {
	if (config->mode != RUN_PLAY && config->mode != RUN_DEMO) {
		return; /* a sub-command */
	}
	config->mode = config->demo ? RUN_DEMO : RUN_PLAY;
	if (config->raw.audio_only) {
		config->mode = RUN_AUDIO_ONLY;
	}
	if (config->bench.kind != BENCH_NONE) {
		config->mode = RUN_BENCH;
	}
	if (config->screenshot_path[0]) {
		config->mode = RUN_SCREENSHOT;
	}
	if (config->raw.license) {
		config->mode = RUN_LICENSE;
	}
	if (config->raw.version) {
		config->mode = RUN_VERSION;
	}
	if (config->raw.shell[0]) {
		config->mode = RUN_COMPLETIONS;
		snprintf(config->help_topic, sizeof config->help_topic, "%s", config->raw.shell);
	} else if (config->help_topic[0]) {
		config->mode = RUN_HELP;
	}
}

void config_share_clipboard(struct config *config) {
	const bool share = config->raw.clipboard;
	config->session.clipboard_to_vm = share ? config->raw.clipboard_to_vm : CLIPBOARD_NO;
	config->session.clipboard_to_local = share ? config->raw.clipboard_to_local : CLIPBOARD_NO;
}

static void config_finish(struct config *config) {
	finish_mode(config);
	finish_spice(config);
	finish_keys(config);
	struct guest_link_config *session = &config->session;
	config_share_clipboard(config);
	session->display = config->picture && config->video.settings.source != VIDEO_SOURCE_LG;
	config->window.remember = config->raw.remember &&
				  rank_of(config, "size") == CONFIG_DEFAULT &&
				  rank_of(config, "position") == CONFIG_DEFAULT;
	config->window.size_chosen = rank_of(config, "size") != CONFIG_DEFAULT;
	config->window.full_screen_chosen = rank_of(config, "full-screen") != CONFIG_DEFAULT;
	config->window.title_chosen = rank_of(config, "title") != CONFIG_DEFAULT;
	config->video.owners = config->audio.owners = session->owners = config->owners;
	config->audio.preemptible = config->mode == RUN_AUDIO_ONLY;
	/* As the only picture, SPICE's is the guest's whole desktop: it fits the window. */
	config->window.set_guest_size =
			config->raw.set_guest_size ||
			(config->video.settings.source == VIDEO_SOURCE_SPICE &&
					rank_of(config, "set-guest-size") == CONFIG_DEFAULT);
}

/* --- load order ----------------------------------------------------------------------------- */

static void set_defaults(struct config *config, const struct config_paths *paths) {
	*config = (struct config){ .picture = true };
	options_defaults(config);
	config->audio.output = AUDIO_OUTPUT_PULSE;
	config->audio.raw_fd = -1;
	config->audio.can_own = true;
	config->video.settings.guest_cursor = true;
	struct stat st;
	bool kvmfr = paths->kvmfr && stat(paths->kvmfr, &st) == 0 && S_ISCHR(st.st_mode);
	snprintf(config->video.shm_path, sizeof config->video.shm_path, "%s",
			kvmfr ? paths->kvmfr : "/dev/shm/looking-glass");
}

struct user_paths {
	char lg_home[1100];
	char lg_user[1100];
	char dir[1100];
	struct config_paths paths;
};

static void find_user_paths(struct user_paths *user) {
	*user = (struct user_paths){ .paths = { .kvmfr = "/dev/kvmfr0" } };
	user->paths.lg_files[0] = "/etc/looking-glass-client.ini";
	char home[1024];
	if (xdg_passwd_home(home, sizeof home)) {
		snprintf(user->lg_home, sizeof user->lg_home, "%s/.looking-glass-client.ini", home);
		user->paths.lg_files[1] = user->lg_home;
	}
	if (xdg_config("looking-glass/client.ini", user->lg_user, sizeof user->lg_user)) {
		user->paths.lg_files[2] = user->lg_user;
	}
	if (xdg_config("pierglass", user->dir, sizeof user->dir)) {
		user->paths.dir = user->dir;
	}
}

static int load_ours(struct config *config, const struct config_paths *paths,
		const struct config_arguments *arguments, char error[static CONFIG_ERROR_BYTES]) {
	char path[1200];
	int r = 0;
	if (paths->dir) {
		snprintf(path, sizeof path, "%s/pierglass.ini", paths->dir);
		r = config_read_file(config, path, CONFIG_FILE, error);
	}
	if (r >= 0 && arguments->extra_file) {
		r = config_read_file(config, arguments->extra_file, CONFIG_EXTRA_FILE, error);
		if (r == 0) {
			snprintf(error, CONFIG_ERROR_BYTES, _("%s: there is no such file"),
					arguments->extra_file);
			r = -EINVAL;
		}
	}
	return r;
}

static int load_files(struct config *config, const struct config_paths *paths,
		const struct config_arguments *arguments, char error[static CONFIG_ERROR_BYTES]) {
	int r = load_ours(config, paths, arguments, error);
	if (r < 0) {
		return r;
	}
	if (arguments->domain) {
		r = config_apply_profile(config, arguments->domain, paths, error);
		if (r < 0) {
			return r;
		}
	}
	for (size_t i = 0; i < 3 && !config->no_lg_config && !arguments->no_lg_config; i++) {
		r = paths->lg_files[i] ? config_read_file(config, paths->lg_files[i],
							 CONFIG_LG_FILE, error)
				       : 0;
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* What is wrong with the command line has no file to begin with. */
static int blame_command_line(int r, char error[static CONFIG_ERROR_BYTES]) {
	if (r == -EINVAL) {
		char text[CONFIG_ERROR_BYTES];
		memcpy(text, error, sizeof text);
		snprintf(error, CONFIG_ERROR_BYTES, "pierglass: %.490s", text);
	}
	return r;
}

static bool opens_something(const struct config *config) {
	return config->mode == RUN_PLAY || config->mode == RUN_AUDIO_ONLY ||
	       config->mode == RUN_SCREENSHOT;
}

int config_load(struct config *config, int argc, char **argv, const struct config_paths *paths,
		char error[static CONFIG_ERROR_BYTES]) {
	struct user_paths user;
	struct config_arguments arguments = { 0 };
	bool deletes = false;
	error[0] = '\0';
	if (!paths) {
		find_user_paths(&user);
		paths = &user.paths;
	}
	set_defaults(config, paths);
	int r = blame_command_line(
			config_parse_arguments(config, argc, argv, &arguments, error), error);
	config->config_file = arguments.extra_file;
	if (r == 0) {
		/* So that the files' notes are seen if they are asked for. */
		enum log_level level = LOG_INFO;
		if (arguments.log_level) {
			log_level_parse(arguments.log_level, &level);
		}
		log_set_level(level);
		r = load_files(config, paths, &arguments, error);
	}
	if (r == 0 && arguments.vv) {
		r = config_load_vv(config, arguments.vv, error);
		deletes = r > 0;
		r = r > 0 ? 0 : r;
	}
	if (r == 0) {
		r = blame_command_line(config_apply_arguments(config, &arguments, error), error);
	}
	if (r == 0) {
		config_finish(config);
		log_set_level(config->log_level);
		if (deletes && opens_something(config)) {
			config_delete_vv(arguments.vv);
		}
	}
	free(arguments.items);
	return r;
}

int config_load_lg(struct config *config, char **argv, const struct config_paths *paths,
		char error[static CONFIG_ERROR_BYTES]) {
	struct user_paths user;
	if (!paths) {
		find_user_paths(&user);
		user.paths.dir = NULL;
		paths = &user.paths;
	}
	return config_load(config, 1, argv, paths, error);
}

int config_apply_discovery(struct config *config, const char *name, const char *value,
		char error[static CONFIG_ERROR_BYTES]) {
	const struct config_place place = { .rank = CONFIG_DISCOVERY };
	const struct config_option *option = option_find(name);
	if (!option || option->flags & OPTION_ARGV) {
		config_unknown(error, _("discovery"), name, NULL);
		return -EINVAL;
	}
	int r = config_set(config, option, value, &place);
	if (r == -EINVAL) {
		config_misfit(error, _("discovery"), name, value, option);
	} else if (r > 0) {
		config_finish(config);
	}
	return r;
}

/* The folder of the profiles, of paths or of this user. */
static bool profiles_folder(const struct config_paths *paths, char *path, size_t size) {
	if (!paths) {
		return xdg_config("pierglass/vms", path, size);
	}
	int n = paths->dir ? snprintf(path, size, "%s/vms", paths->dir) : -1;
	return n >= 0 && (size_t)n < size;
}

bool config_profile_path(
		const struct config_paths *paths, const char *vm_name, char *path, size_t size) {
	char folder[1200];
	/* libvirt allows no "/" in a name; a URI or a path given by mistake must not become one. */
	if (vm_name[0] == '\0' || vm_name[0] == '.' || strchr(vm_name, '/') ||
			!profiles_folder(paths, folder, sizeof folder)) {
		return false;
	}
	int n = snprintf(path, size, "%s/%s.ini", folder, vm_name);
	return n >= 0 && (size_t)n < size;
}

bool config_has_profiles(const struct config_paths *paths) {
	char folder[1200];
	return profiles_folder(paths, folder, sizeof folder) && xdg_folder_has(folder, ".ini");
}

bool config_profile_unread(const struct config *config, const char *vm_name,
		const struct config_paths *paths, char *path, size_t size) {
	if (!config_profile_path(paths, vm_name, path, size) || access(path, R_OK) < 0) {
		return false;
	}
	for (unsigned i = 0; i < config->file_count; i++) {
		if (strcmp(config->files[i], path) == 0) {
			return false;
		}
	}
	return true;
}

int config_apply_profile(struct config *config, const char *vm_name,
		const struct config_paths *paths, char error[static CONFIG_ERROR_BYTES]) {
	char path[1400];
	if (!config_profile_path(paths, vm_name, path, sizeof path)) {
		return 0;
	}
	int r = config_read_file(config, path, CONFIG_PROFILE, error);
	if (r > 0) {
		config_finish(config);
	}
	return r;
}

void config_origin_text(const struct config *config, unsigned option, char *text, size_t size) {
	const struct config_origin *origin = &config->origins[option];
	switch ((enum config_rank)origin->rank) {
	case CONFIG_DEFAULT:
		snprintf(text, size, "%s", _("default"));
		break;
	case CONFIG_DISCOVERY:
		snprintf(text, size, "%s", _("discovery"));
		break;
	case CONFIG_VV:
		snprintf(text, size, "%s", _("connection file"));
		break;
	case CONFIG_ARGV:
		snprintf(text, size, "%s", _("command line"));
		break;
	case CONFIG_LG_FILE:
	case CONFIG_FILE:
	case CONFIG_EXTRA_FILE:
	case CONFIG_PROFILE:
		snprintf(text, size, "%s:%u", config->files[origin->file], origin->where);
		break;
	case CONFIG_RANK_COUNT:
		break;
	}
}
